package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

const ownersSpace = "owners-e2e"

// managedBy are Deployments as each system writes them: name, field manager, metadata, and who is found to manage them.
var managedBy = []struct{ name, manager, metadata, want string }{
	{"argo-heals", "argocd-controller", `annotations: {argocd.argoproj.io/tracking-id: "heals:apps/Deployment:NAMESPACE/argo-heals"}`, "argocd/heals"},
	{"argo-manual", "argocd-controller", `annotations: {argocd.argoproj.io/tracking-id: "manual:apps/Deployment:NAMESPACE/argo-manual"}`, "argocd/manual"},
	{"argo-copied", "somebody", `annotations: {argocd.argoproj.io/tracking-id: "heals:apps/Deployment:NAMESPACE/argo-heals"}`, "none"},
	{"instance-only", "somebody", `labels: {app.kubernetes.io/instance: heals}`, "none"},
	{"flux", "kustomize-controller", `labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: NAMESPACE}`, "flux/apps"},
	{"flux-helm", "helm-controller", `labels: {helm.toolkit.fluxcd.io/name: released, helm.toolkit.fluxcd.io/namespace: NAMESPACE, app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: released, meta.helm.sh/release-namespace: NAMESPACE}`, "flux/released,helm/released"},
	{"helm", "helm", `labels: {app.kubernetes.io/managed-by: Helm}, annotations: {meta.helm.sh/release-name: web, meta.helm.sh/release-namespace: NAMESPACE}`, "helm/web"},
	{"karmada", "karmada-agent", `labels: {karmada.io/managed: "true"}, annotations: {work.karmada.io/name: karmada-5f, propagationpolicy.karmada.io/name: spread, propagationpolicy.karmada.io/namespace: NAMESPACE, argocd.argoproj.io/tracking-id: "heals:apps/Deployment:NAMESPACE/karmada"}`, "karmada/spread,argocd/heals"},
	{"ocm", "work-agent", `ownerReferences: [{apiVersion: work.open-cluster-management.io/v1, kind: AppliedManifestWork, name: 8cfe-placed-by-ocm, uid: APPLIEDWORK}]`, "ocm/placed-by-ocm"},
	{"kubefed", "controller-manager", `labels: {kubefed.io/managed: "true"}`, "kubefed/kubefed"},
	{"clusternet", "clusternet-agent", `annotations: {apps.clusternet.io/owned-by-description: NAMESPACE.feed}`, "clusternet/feed"},
	{"fleet", "fleetagent", `labels: {objectset.rio.cattle.io/hash: abc, app.kubernetes.io/managed-by: Helm}, annotations: {objectset.rio.cattle.io/id: default-bundle, meta.helm.sh/release-name: bundle, meta.helm.sh/release-namespace: NAMESPACE}`, "fleet/bundle,helm/bundle"},
	{"terraform", "Terraform", `labels: {a: b}`, "terraform"},
	{"kubectl", "kubectl", `labels: {app.kubernetes.io/managed-by: kustomize-v5.4.1}`, "kustomize,kubectl"},
}

// Objects of every system on a real API server: who manages them is found, and what would become of a change.
func TestOwners(t *testing.T) {
	const cluster = "zone1"
	apply := func(manager, manifest string) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), stand.Fleet.KubectlPath(), "--kubeconfig", stand.Fleet.Kubeconfig(), "--context", cluster, "apply", "--server-side", "--force-conflicts", "--field-manager", manager, "-f", "-")
		cmd.Stdin = strings.NewReader(manifest)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("kubectl apply: %v\n%s", err, out)
		}
	}
	read := func(name string) string {
		return strings.ReplaceAll(string(must(os.ReadFile("testdata/owners/"+name))), "NAMESPACE", ownersSpace)
	}
	apply("kubectl", read("kinds.yaml"))
	kubectl(t, cluster, "create", "namespace", ownersSpace)
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		_, _ = stand.Fleet.Kubectl(ctx, cluster, "delete", "namespace", ownersSpace, "--wait=false")
		crds, _ := stand.Fleet.Kubectl(ctx, cluster, "get", "crd", "-o", "name")
		for _, crd := range strings.Fields(string(crds)) {
			for _, group := range []string{"argoproj.io", "fluxcd.io", "open-cluster-management.io", "kubefed.io", "clusternet.io", "fleet.cattle.io"} {
				if strings.HasSuffix(crd, group) {
					_, _ = stand.Fleet.Kubectl(ctx, cluster, "delete", crd, "--wait=false")
				}
			}
		}
	})
	kubectl(t, cluster, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
	apply("kubectl", read("controlling.yaml"))
	// The garbage collector looks for owners: it has to be there.
	apply("kubectl", "apiVersion: work.open-cluster-management.io/v1\nkind: AppliedManifestWork\nmetadata: {name: 8cfe-placed-by-ocm}\nspec: {hubHash: 8cfe, manifestWorkName: placed-by-ocm}")
	applied := kubectl(t, cluster, "get", "appliedmanifestworks/8cfe-placed-by-ocm", "-o", "jsonpath={.metadata.uid}")
	for _, d := range managedBy {
		metadata := strings.NewReplacer("NAMESPACE", ownersSpace, "APPLIEDWORK", applied).Replace(d.metadata)
		apply(d.manager, fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %s, namespace: %s, %s}
spec:
  replicas: 1
  selector: {matchLabels: {run: %s}}
  template:
    metadata: {labels: {run: %s}}
    spec: {containers: [{name: c, image: "registry.example.com/c:1"}]}
`, d.name, ownersSpace, metadata, d.name, d.name))
	}
	// And one whose number of replicas Git does not set.
	apply("kustomize-controller", fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: flux-free, namespace: %s, labels: {kustomize.toolkit.fluxcd.io/name: apps, kustomize.toolkit.fluxcd.io/namespace: %s}}
spec:
  selector: {matchLabels: {run: free}}
  template:
    metadata: {labels: {run: free}}
    spec: {containers: [{name: c, image: "registry.example.com/c:1"}]}
`, ownersSpace, ownersSpace))

	t.Run("who manages is a field of the language", func(t *testing.T) { ownersAreFound(t, cluster) })
	t.Run("the chain is described, up to the top", func(t *testing.T) { ownersAreDescribed(t, cluster) })
	t.Run("what becomes of a change is told by the controlling object", func(t *testing.T) { ownersJudge(t, cluster) })
	t.Run("Flux keeps what is written under its own manager", func(t *testing.T) { fluxKeeps(t, cluster) })
}

func ownersAreFound(t *testing.T, cluster string) {
	in := "cluster:" + cluster + " kind:deploy ns:" + ownersSpace + " "
	names := func(ctx context.Context, query string) ([]string, error) {
		var got struct {
			Search struct{ Nodes []struct{ Name string } }
		}
		err := stand.Ask(ctx, `query($q:String!){search(query:$q){nodes{name}}}`, map[string]any{"q": in + query}, &got)
		var list []string
		for _, n := range got.Search.Nodes {
			list = append(list, n.Name)
		}
		slices.Sort(list)
		return list, err
	}
	f := func(query string, want ...string) {
		t.Helper()
		slices.Sort(want)
		eventually(t, 30*time.Second, query, func(ctx context.Context) error {
			got, err := names(ctx, query)
			if err == nil && !slices.Equal(got, want) {
				err = fmt.Errorf("got %v, want %v", got, want)
			}
			return err
		})
	}
	byOwner := map[string][]string{}
	for _, d := range managedBy {
		for owner := range strings.SplitSeq(d.want, ",") {
			byOwner[owner] = append(byOwner[owner], d.name)
			if system, _, named := strings.Cut(owner, "/"); named {
				byOwner[system] = append(byOwner[system], d.name)
			}
		}
	}
	byOwner["flux"], byOwner["flux/apps"] = append(byOwner["flux"], "flux-free"), append(byOwner["flux/apps"], "flux-free")
	for owner, want := range byOwner {
		f("managedby:"+owner, want...)
	}
	f("managedby:karmada,ocm", "karmada", "ocm")
	f("managedby:argocd -managedby:karmada", "argo-heals", "argo-manual")
	f("trait:free.replicas", "flux-free")

	// Every pod is its ReplicaSet's, and every ReplicaSet its Deployment's.
	f2 := "cluster:" + cluster + " ns:" + ownersSpace + " kind:rs,po managedby:none"
	eventually(t, 10*time.Second, f2, func(ctx context.Context) error {
		var got struct{ Search struct{ Total int } }
		if err := stand.Ask(ctx, `query($q:String!){search(query:$q){total}}`, map[string]any{"q": f2}, &got); err != nil || got.Search.Total != 0 {
			return errors.Join(err, fmt.Errorf("%d pods and ReplicaSets are nobody's", got.Search.Total))
		}
		return nil
	})

	var counted struct {
		Search struct {
			Facets []struct {
				Values []struct {
					Value string
					Count int
				}
			}
		}
	}
	ask(t, `query($q:String!){search(query:$q,facets:["managedby"]){facets{values{value count}}}}`, map[string]any{"q": in}, &counted)
	got := map[string]int{}
	for _, v := range counted.Search.Facets[0].Values {
		got[v.Value] = v.Count
	}
	for _, system := range []string{"argocd", "flux", "helm", "karmada", "ocm", "kubefed", "clusternet", "fleet", "terraform", "kustomize", "kubectl"} {
		if got[system] != len(byOwner[system]) {
			t.Errorf("facet %s: got %d, want %d", system, got[system], len(byOwner[system]))
		}
	}

	var chain struct {
		Resource struct {
			ManagedBy []struct{ System, Name, Evidence, Effect string }
		}
	}
	ask(t, `query($r:ID!){resource(ref:$r){managedBy{system name evidence effect}}}`, map[string]any{"r": cluster + ":" + ownersSpace + "/deployments.apps/karmada"}, &chain)
	raw, _ := json.Marshal(chain.Resource.ManagedBy)
	want := `[{"System":"karmada","Name":"spread","Evidence":"label karmada.io/managed: true","Effect":"Karmada takes back a direct change within seconds."},` +
		`{"System":"argocd","Name":"heals","Evidence":"annotation argocd.argoproj.io/tracking-id: heals:apps/Deployment:owners-e2e/karmada","Effect":"Argo CD application heals manages it, and is not in any cluster of the hub: by default its next sync takes back a direct change, and with self-heal that is within seconds."}]`
	if string(raw) != want {
		t.Errorf("chain of a copy by Karmada:\ngot  %s\nwant %s", raw, want)
	}
}

func ownersAreDescribed(t *testing.T, cluster string) {
	stdout, stderr, code := cli(t, "describe", "deploy/flux", "-n", ownersSpace, "-C", cluster)
	want := "Flux apps: Flux Kustomization apps takes back a direct change within about 10 minutes. A restart stays. Change it in Git, or suspend " + cluster + ":" + ownersSpace + "/kustomizations.kustomize.toolkit.fluxcd.io/apps."
	if code != 0 || !strings.Contains(stdout, want) {
		t.Errorf("describe ends with %d and does not say %q\n%s%s", code, want, stdout, stderr)
	}
	// A pod's chain goes up to what its Deployment is managed by.
	var got struct {
		Search struct {
			Nodes []struct {
				ManagedBy []struct {
					System string
					Of     *string
				}
			}
		}
	}
	ask(t, `query($q:String!){search(query:$q){nodes{managedBy{system of}}}}`, map[string]any{"q": "cluster:" + cluster + " kind:po owner:deploy/flux ns:" + ownersSpace}, &got)
	if len(got.Search.Nodes) != 1 {
		t.Fatalf("%d pods of deploy/flux", len(got.Search.Nodes))
	}
	var chain []string
	for _, m := range got.Search.Nodes[0].ManagedBy {
		if m.Of == nil {
			chain = append(chain, m.System)
			continue
		}
		kind, _, _ := strings.Cut(*m.Of, "/")
		chain = append(chain, m.System+" of "+kind)
	}
	if s := strings.Join(chain, ", "); s != "controller, controller of ReplicaSet, flux of Deployment" {
		t.Errorf("the chain of a pod: got %s", s)
	}
}

type judged struct {
	Reverts  bool
	By       string
	Sentence string
	Warnings []string
	Evict    bool
	At       *string
}

func verdictOn(t *testing.T, cluster, name, verb string) (v judged) {
	t.Helper()
	var got struct{ Resource struct{ Verdict judged } }
	ask(t, `query($r:ID!,$v:ActionVerb!){resource(ref:$r){verdict(verb:$v){reverts by sentence warnings evict at}}}`,
		map[string]any{"r": cluster + ":" + ownersSpace + "/deployments.apps/" + name, "v": verb}, &got)
	return got.Resource.Verdict
}

func ownersJudge(t *testing.T, cluster string) {
	// keeps, perhaps or takeback of: restart, scale, image
	for name, want := range map[string]string{
		"argo-heals": "keeps takeback takeback", "argo-manual": "keeps perhaps perhaps", "argo-copied": "keeps keeps keeps", "instance-only": "keeps keeps keeps",
		"flux": "keeps takeback takeback", "flux-free": "keeps keeps takeback", "flux-helm": "keeps takeback takeback", "helm": "keeps perhaps perhaps",
		"karmada": "takeback takeback takeback", "ocm": "takeback takeback takeback", "kubefed": "takeback keeps takeback", "clusternet": "takeback takeback takeback",
		"fleet": "takeback takeback takeback", "terraform": "keeps perhaps perhaps", "kubectl": "keeps keeps keeps",
	} {
		var got []string
		for _, verb := range []string{"RESTART", "SCALE", "SET_IMAGE"} {
			v := verdictOn(t, cluster, name, verb)
			switch {
			case v.Reverts:
				got = append(got, "takeback")
			case len(v.Warnings) > 0:
				got = append(got, "perhaps")
			default:
				got = append(got, "keeps")
			}
			if v.Evict != (v.Reverts && verb == "RESTART") {
				t.Errorf("%s of %s: eviction is offered: %v", verb, name, v.Evict)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s: got %s, want %s", name, s, want)
		}
	}
	v := verdictOn(t, cluster, "flux", "SCALE")
	if want := "Flux Kustomization apps takes back the number of replicas within about 10 minutes."; v.Sentence != want {
		t.Errorf("got %q, want %q", v.Sentence, want)
	}
	if want := cluster + ":" + ownersSpace + "/kustomizations.kustomize.toolkit.fluxcd.io/apps"; v.At == nil || *v.At != want {
		t.Errorf("the controlling object: got %v, want %s", v.At, want)
	}

	plan := func(name string, direct bool) (state, message string, warnings []string) {
		t.Helper()
		var got struct {
			PlanAction struct {
				Targets []struct {
					State, Message string
					Warnings       []string
				}
			}
		}
		ask(t, `mutation($i:ActionInput!){planAction(input:$i){targets{state message warnings}}}`, map[string]any{"i": map[string]any{
			"verb": "SCALE", "refs": []string{cluster + ":" + ownersSpace + "/deployments.apps/" + name}, "replicas": 2, "parameters": map[string]any{"direct": direct}}}, &got)
		one := got.PlanAction.Targets[0]
		return one.State, one.Message, one.Warnings
	}
	if state, message, _ := plan("flux", false); state != "BLOCKED" || !strings.Contains(message, v.Sentence) {
		t.Errorf("a plan against Flux: got %s %q", state, message)
	}
	if state, _, warnings := plan("flux", true); state != "READY" || len(warnings) != 1 || !strings.Contains(warnings[0], v.Sentence) {
		t.Errorf("a direct plan: got %s %q", state, warnings)
	}
	if state, message, warnings := plan("flux-free", false); state != "READY" || len(warnings) > 0 {
		t.Errorf("a plan for what Git leaves out: got %s %q %q", state, message, warnings)
	}
	if state, _, warnings := plan("argo-manual", false); state != "READY" || len(warnings) != 1 {
		t.Errorf("a plan against an application that does not heal: got %s %q", state, warnings)
	}

	// What the controlling object says now counts.
	kubectl(t, cluster, "-n", ownersSpace, "patch", "kustomization/apps", "--type=merge", "-p", `{"spec":{"suspend":true}}`)
	eventually(t, 20*time.Second, "a suspended Kustomization takes nothing back", func(context.Context) error {
		if v := verdictOn(t, cluster, "flux", "SCALE"); v.Reverts || len(v.Warnings) != 1 {
			return fmt.Errorf("got %+v", v)
		}
		return nil
	})
	kubectl(t, cluster, "-n", ownersSpace, "patch", "kustomization/apps", "--type=merge", "-p", `{"spec":{"suspend":false}}`)
}

func fluxKeeps(t *testing.T, cluster string) {
	stdout, stderr, code := cli(t, "rollout", "restart", "deploy/flux", "-n", ownersSpace, "-C", cluster, "--yes", "--timeout", "1m")
	if code != 0 {
		t.Fatalf("restart ends with %d\n%s%s", code, stdout, stderr)
	}
	var d struct {
		Metadata struct {
			ManagedFields []struct {
				Manager  string
				FieldsV1 json.RawMessage
			}
		}
	}
	if err := json.Unmarshal([]byte(kubectl(t, cluster, "-n", ownersSpace, "get", "deploy/flux", "--show-managed-fields", "-o", "json")), &d); err != nil {
		t.Fatal(err)
	}
	var who []string
	for _, m := range d.Metadata.ManagedFields {
		if strings.Contains(string(m.FieldsV1), "kubectl.kubernetes.io/restartedAt") {
			who = append(who, m.Manager)
		}
	}
	if !slices.Equal(who, []string{"flux-client-side-apply"}) {
		t.Errorf("the restart is written by %v", who)
	}
}
