package action

import (
	"context"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// managed is a fleet whose objects are managed as labels and annotations say, with the objects that manage them.
type managed struct {
	*fleet
	labels      map[string]map[string]string // by ref
	controlling []*records.Object
}

func (m *managed) Objects(ctx context.Context, scope access.Scope, refs []kube.Ref) ([]*records.Object, error) {
	found, err := m.fleet.Objects(ctx, scope, refs)
	for _, o := range found {
		o.Labels, o.Annotations = m.labels[o.Ref.String()], m.labels[o.Ref.String()]
		o.Name, o.Namespace = o.Ref.Name, o.Ref.Namespace
	}
	return found, err
}

func (m *managed) Search(ctx context.Context, scope access.Scope, r records.Request) (*records.Result, error) {
	for _, o := range m.controlling {
		if strings.HasPrefix(r.Query, "kind:"+o.Ref.GroupResource.String()+" ") {
			return &records.Result{Total: 1, Objects: []*records.Object{o}}, nil
		}
	}
	return m.fleet.Search(ctx, scope, r)
}

func TestWhatOwnersTakeBackIsBlocked(t *testing.T) {
	const flux, karmada, helm, free = "zone1:shop/deployments.apps/flux", "zone1:shop/deployments.apps/karmada", "zone1:shop/deployments.apps/helm", "zone1:shop/deployments.apps/free"
	f := newFleet(flux, karmada, helm, free)
	h := newHub(t, f)
	kustomization := &records.Object{Ref: kube.Ref{Cluster: "zone1", Namespace: "flux-system", GroupResource: kube.GroupResource{Group: "kustomize.toolkit.fluxcd.io", Resource: "kustomizations"}, Name: "apps"},
		ClusterUID: "uid-zone1", JSON: []byte(`{"spec":{"interval":"10m"}}`)}
	kustomization.Name = "apps"
	h.Finder = &managed{fleet: f, controlling: []*records.Object{kustomization}, labels: map[string]map[string]string{
		flux:    {"kustomize.toolkit.fluxcd.io/name": "apps", "kustomize.toolkit.fluxcd.io/namespace": "flux-system"},
		karmada: {"karmada.io/managed": "true"},
		helm:    {"meta.helm.sh/release-name": "web"},
	}}
	all := []string{flux, karmada, helm, free}
	tell := func(a *actions.Action) (told []string) {
		for _, target := range a.Targets {
			line := target.State + " " + target.Message
			if len(target.Warnings) > 0 {
				line += " (" + strings.Join(target.Warnings, " ") + ")"
			}
			told = append(told, strings.TrimSpace(line))
		}
		return told
	}
	check := func(in actions.Input, want ...string) *actions.Action {
		t.Helper()
		a := h.plan(in)
		if got := strings.Join(tell(a), "\n"); got != strings.Join(want, "\n") {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", in.Verb, got, strings.Join(want, "\n"))
		}
		return a
	}
	two := int32(2)
	check(actions.Input{Verb: actions.Scale, Refs: all, Params: actions.Params{Replicas: &two}},
		"BLOCKED Flux Kustomization apps takes back the number of replicas within about 10 minutes. Change it in Git, or suspend zone1:flux-system/kustomizations.kustomize.toolkit.fluxcd.io/apps. To go past it, plan it as direct (--direct).",
		"BLOCKED Karmada takes back the number of replicas within seconds. Change the template on Karmada's API server, or an OverridePolicy for one cluster. To go past it, plan it as direct (--direct).",
		"READY  (The next upgrade of the Helm release web overwrites what its chart sets. Change its values too.)",
		"READY")
	check(actions.Input{Verb: actions.Scale, Refs: all[:2], Params: actions.Params{Replicas: &two, Direct: true}},
		"READY  (Flux Kustomization apps takes back the number of replicas within about 10 minutes. Change it in Git, or suspend zone1:flux-system/kustomizations.kustomize.toolkit.fluxcd.io/apps.)",
		"READY  (Karmada takes back the number of replicas within seconds. Change the template on Karmada's API server, or an OverridePolicy for one cluster.)")
	a := check(actions.Input{Verb: actions.Restart, Refs: all},
		"READY",
		"BLOCKED Karmada takes back the restart within seconds. Restart it by eviction, which no owner takes back. Or: change the template on Karmada's API server, or an OverridePolicy for one cluster. To go past it, plan it as direct (--direct).",
		"READY", "READY")

	// What Flux keeps is written under the name that it keeps, by undo as well.
	managers := map[string][]string{}
	f.mu.Lock()
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if !c.DryRun && c.GetRead() == nil {
			f.mu.Lock()
			defer f.mu.Unlock()
			managers[c.Target.Name] = append(managers[c.Target.Name], c.FieldManager)
		}
		return nil
	}
	f.mu.Unlock()
	a = h.run(a)
	back, err := h.Undo(t.Context(), operator, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.run(back)
	for _, what := range []string{"flux", "helm", "free"} {
		want := "|"
		if what == "flux" {
			want = "flux-client-side-apply|flux-client-side-apply"
		}
		f.mu.Lock()
		got := strings.Join(managers[what], "|")
		f.mu.Unlock()
		if got != want {
			t.Errorf("%s is written by %q, want %q", what, got, want)
		}
	}
}
