package owners

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// stored makes an object as a reader has it.
func stored(t *testing.T, cluster, resource, text string) *records.Object {
	t.Helper()
	s, err := kube.SummarizeJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	Note(&s, nil)
	return &records.Object{ClusterUID: "uid-" + cluster, Summary: s, JSON: []byte(text),
		Ref: kube.Ref{Cluster: cluster, Namespace: s.Namespace, GroupResource: kube.GroupResource{Group: s.Group, Resource: resource}, Name: s.Name}}
}

// among looks for objects in a list.
func among(list ...*records.Object) Lookup {
	return func(_ context.Context, gr kube.GroupResource, namespace, name string) (found []*records.Object, _ error) {
		for _, o := range list {
			if o.Ref.GroupResource == gr && o.Name == name && (namespace == "" || o.Namespace == namespace) {
				found = append(found, o)
			}
		}
		return found, nil
	}
}

const (
	keeps    = "keeps"    // nothing becomes of it
	perhaps  = "perhaps"  // a warning
	takeback = "takeback" // certainly
)

func TestEffects(t *testing.T) {
	deployment := func(meta string) *records.Object {
		return stored(t, "zone1", "deployments", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"u",`+meta+`},"spec":{"replicas":2}}`)
	}
	free := func(o *records.Object) *records.Object {
		o.Traits = append(slices.Clone(o.Traits), TraitFreeReplicas)
		return o
	}
	// in the order restart, scale, set image, set env, label, delete
	f := func(name string, o *records.Object, look Lookup, want string) {
		t.Helper()
		var got []string
		for _, verb := range []string{actions.Restart, actions.Scale, actions.SetImage, actions.SetEnv, actions.Label, actions.Delete} {
			v, err := Judge(t.Context(), o, verb, look)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch {
			case v.Reverts:
				got = append(got, takeback)
				if v.Sentence == "" || v.Remedy == "" || v.By.System == "" {
					t.Errorf("%s, %s: %+v does not say why, who, and what to do instead", name, verb, v)
				}
			case len(v.Warnings) > 0:
				got = append(got, perhaps)
			default:
				got = append(got, keeps)
			}
		}
		if s := strings.Join(got, " "); s != want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, s, want)
		}
		for _, verb := range []string{actions.Evict, actions.Drain, actions.Trigger, actions.Rerun} {
			if v, _ := Judge(t.Context(), o, verb, look); v.Reverts || len(v.Warnings) > 0 {
				t.Errorf("%s: %s makes no change that an owner sees, got %+v", name, verb, v)
			}
		}
	}

	f("nobody's", deployment(`"labels":{}`), nil, "keeps keeps keeps keeps keeps keeps")

	argo := deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web"}`)
	app := func(cluster, spec, more string) *records.Object {
		return stored(t, cluster, "applications", `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"shop","namespace":"argocd"`+more+`},"spec":{`+spec+`},
			"status":{"resources":[{"group":"apps","kind":"Deployment","namespace":"shop","name":"web"}]}}`)
	}
	heals := `"syncPolicy":{"automated":{"selfHeal":true}}`
	f("Argo CD, not known", argo, among(), "keeps perhaps perhaps perhaps keeps perhaps")
	f("Argo CD, manual", argo, among(app("hub", "", "")), "keeps perhaps perhaps perhaps keeps perhaps")
	f("Argo CD, automated", argo, among(app("hub", `"syncPolicy":{"automated":{}}`, "")), "keeps perhaps perhaps perhaps keeps perhaps")
	f("Argo CD, self-heal", argo, among(app("hub", heals, "")), "keeps takeback takeback perhaps keeps takeback")
	f("Argo CD, self-heal that is not enabled", argo, among(app("hub", `"syncPolicy":{"automated":{"enabled":false,"selfHeal":true}}`, "")), "keeps perhaps perhaps perhaps keeps perhaps")
	f("Argo CD, told to skip", argo, among(app("hub", heals, `,"annotations":{"argocd.argoproj.io/skip-reconcile":"true"}`)), "keeps perhaps perhaps perhaps keeps perhaps")
	ignore := heals + `,"ignoreDifferences":[{"group":"apps","kind":"Deployment","jsonPointers":["/spec/replicas"]}]`
	f("Argo CD, ignores replicas until it syncs", argo, among(app("hub", ignore, "")), "keeps perhaps takeback perhaps keeps takeback")
	f("Argo CD, ignores replicas", argo, among(app("hub", strings.Replace(ignore, `"automated"`, `"syncOptions":["RespectIgnoreDifferences=true"],"automated"`, 1), "")), "keeps keeps takeback perhaps keeps takeback")
	f("Argo CD, replicas not in Git", free(deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web"}`)), among(app("hub", heals, "")), "keeps keeps takeback perhaps keeps takeback")
	other := stored(t, "hub", "applications", `{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","metadata":{"name":"shop","namespace":"argocd"},"spec":{`+heals+`},"status":{"resources":[{"group":"apps","kind":"Deployment","namespace":"other","name":"web"}]}}`)
	f("another Argo CD's application of that name", argo, among(other), "keeps perhaps perhaps perhaps keeps perhaps")
	f("two that could be, one of its own cluster", argo, among(app("hub", "", ""), app("zone1", heals, "")), "keeps takeback takeback perhaps keeps takeback")
	f("two that could be, elsewhere", argo, among(app("hub", heals, ""), app("hub2", heals, "")), "keeps perhaps perhaps perhaps keeps perhaps")

	kustomized := deployment(`"labels":{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}`)
	kustomization := func(spec string) *records.Object {
		return stored(t, "zone1", "kustomizations", `{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"apps","namespace":"flux-system"},"spec":{`+spec+`}}`)
	}
	f("Flux, not known", kustomized, among(), "keeps takeback takeback perhaps keeps takeback")
	f("Flux", kustomized, among(kustomization(`"interval":"10m"`)), "keeps takeback takeback perhaps keeps takeback")
	f("Flux, suspended", kustomized, among(kustomization(`"interval":"10m","suspend":true`)), "keeps perhaps perhaps perhaps keeps perhaps")
	f("Flux, replicas not in Git", free(deployment(`"labels":{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}`)), among(kustomization(`"interval":"10m"`)), "keeps keeps takeback perhaps keeps takeback")
	f("Flux, told to leave it alone", deployment(`"labels":{"kustomize.toolkit.fluxcd.io/name":"apps"},"annotations":{"kustomize.toolkit.fluxcd.io/reconcile":"disabled"}`), among(kustomization(`"interval":"10m"`)), "keeps keeps keeps keeps keeps keeps")
	released := deployment(`"labels":{"helm.toolkit.fluxcd.io/name":"web","helm.toolkit.fluxcd.io/namespace":"flux-system"}`)
	release := func(spec string) *records.Object {
		return stored(t, "zone1", "helmreleases", `{"apiVersion":"helm.toolkit.fluxcd.io/v2","kind":"HelmRelease","metadata":{"name":"web","namespace":"flux-system"},"spec":{"interval":"5m",`+spec+`}}`)
	}
	f("a HelmRelease", released, among(release(`"chart":{}`)), "keeps perhaps perhaps perhaps keeps perhaps")
	f("a HelmRelease that corrects drift", released, among(release(`"driftDetection":{"mode":"enabled"}`)), "keeps takeback takeback perhaps keeps takeback")
	f("a HelmRelease that warns of drift", released, among(release(`"driftDetection":{"mode":"warn"}`)), "keeps perhaps perhaps perhaps keeps perhaps")

	f("Helm", deployment(`"annotations":{"meta.helm.sh/release-name":"web"}`), among(), "keeps perhaps perhaps perhaps keeps perhaps")

	karmada := `"labels":{"karmada.io/managed":"true"},"annotations":{"propagationpolicy.karmada.io/name":"web"}`
	f("Karmada", deployment(karmada), among(), "takeback takeback takeback takeback perhaps takeback")
	f("Karmada, retained replicas", deployment(strings.Replace(karmada, `"labels":{`, `"labels":{"resourcetemplate.karmada.io/retain-replicas":"true",`, 1)), among(), "takeback keeps takeback takeback perhaps takeback")

	work := func(strategy string) *records.Object {
		return stored(t, "hub", "manifestworks", `{"apiVersion":"work.open-cluster-management.io/v1","kind":"ManifestWork","metadata":{"name":"web","namespace":"zone1"},"spec":{"manifestConfigs":[
			{"resourceIdentifier":{"group":"","resource":"configmaps","name":"web","namespace":"shop"},"updateStrategy":{"type":"ReadOnly"}},
			{"resourceIdentifier":{"group":"apps","resource":"deployments","name":"web","namespace":"shop"},"updateStrategy":{`+strategy+`}}]}}`)
	}
	placed := deployment(`"ownerReferences":[{"kind":"AppliedManifestWork","name":"8cfe-web","uid":"1"}]`)
	f("OCM, not known", placed, among(), "takeback takeback takeback takeback perhaps takeback")
	f("OCM, Update", placed, among(work(`"type":"Update"`)), "takeback takeback takeback takeback perhaps takeback")
	f("OCM, CreateOnly", placed, among(work(`"type":"CreateOnly"`)), "keeps keeps keeps keeps keeps takeback")
	f("OCM, ReadOnly", placed, among(work(`"type":"ReadOnly"`)), "keeps keeps keeps keeps keeps keeps")
	f("OCM, ServerSideApply", placed, among(work(`"type":"ServerSideApply"`)), "keeps takeback takeback perhaps keeps takeback")
	f("OCM, ServerSideApply but for replicas", placed, among(work(`"type":"ServerSideApply","serverSideApply":{"ignoreFields":[{"condition":"OnSpokeChange","jsonPointers":["/spec/replicas"]}]}`)), "keeps keeps takeback perhaps keeps takeback")

	federated := stored(t, "hub", "federateddeployments", `{"apiVersion":"types.kubefed.io/v1beta1","kind":"FederatedDeployment","metadata":{"name":"web","namespace":"shop"},"spec":{"retainReplicas":true}}`)
	f("KubeFed", deployment(`"labels":{"kubefed.io/managed":"true"}`), among(), "takeback takeback takeback takeback perhaps takeback")
	f("KubeFed, retained replicas", deployment(`"labels":{"kubefed.io/managed":"true"}`), among(federated), "takeback keeps takeback takeback perhaps takeback")

	f("Clusternet", deployment(`"annotations":{"apps.clusternet.io/owned-by-description":"c1.web"}`), among(), "takeback takeback takeback takeback perhaps takeback")
	f("Clusternet, no updates", deployment(`"annotations":{"apps.clusternet.io/owned-by-description":"c1.web","clusternet.io/autoupdate":"false"}`), among(), "keeps keeps keeps keeps keeps keeps")

	bundled := deployment(`"annotations":{"objectset.rio.cattle.io/id":"default-web"}`)
	bundle := func(spec string) *records.Object {
		return stored(t, "hub", "bundledeployments", `{"apiVersion":"fleet.cattle.io/v1alpha1","kind":"BundleDeployment","metadata":{"name":"web","namespace":"cluster-fleet-x"},"spec":{`+spec+`}}`)
	}
	f("Fleet, not known", bundled, among(), "perhaps perhaps perhaps perhaps keeps perhaps")
	f("Fleet", bundled, among(bundle(``)), "keeps perhaps perhaps perhaps keeps perhaps")
	f("Fleet that corrects drift", bundled, among(bundle(`"correctDrift":{"enabled":true}`)), "takeback takeback takeback takeback keeps takeback")
	f("Fleet that is paused", bundled, among(bundle(`"paused":true,"correctDrift":{"enabled":true}`)), "keeps perhaps perhaps perhaps keeps perhaps")

	f("Config Sync", deployment(`"annotations":{"configmanagement.gke.io/managed":"enabled"}`), nil, "keeps perhaps perhaps perhaps keeps perhaps")
	terraformed := deployment(`"labels":{}`)
	terraformed.ManagedBy = []string{Terraform}
	f("Terraform", terraformed, nil, "keeps perhaps perhaps perhaps perhaps perhaps")
	f("a ReplicaSet of a Deployment", stored(t, "zone1", "replicasets", `{"apiVersion":"apps/v1","kind":"ReplicaSet","metadata":{"name":"web-1","ownerReferences":[{"kind":"Deployment","name":"web","uid":"1","controller":true}]}}`), nil,
		"takeback takeback takeback takeback keeps keeps")
}

func TestVerdict(t *testing.T) {
	text := `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"karmada.io/managed":"true"},
		"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web"}}}`
	o := stored(t, "zone1", "deployments", text)
	template := stored(t, "karmada", "deployments", strings.Replace(text, `"karmada.io/managed":"true"`, `"propagationpolicy.karmada.io/permanent-id":"x"`, 1))
	v, err := Judge(t.Context(), o, actions.Restart, among(template))
	if err != nil {
		t.Fatal(err)
	}
	if !v.Reverts || v.By.System != Karmada || v.After != 5*time.Second || !v.Evict || v.At != template {
		t.Errorf("a restart under Karmada: got %+v", v)
	}
	if want := "Restart it by eviction, which no owner takes back. Or: change the template karmada:shop/deployments.apps/web, or an OverridePolicy for one cluster."; v.Remedy != want {
		t.Errorf("remedy: got %q, want %q", v.Remedy, want)
	}

	flux := stored(t, "zone1", "deployments", `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"kustomize.toolkit.fluxcd.io/name":"apps"}}}`)
	run := stored(t, "zone1", "kustomizations", `{"apiVersion":"kustomize.toolkit.fluxcd.io/v1","kind":"Kustomization","metadata":{"name":"apps","namespace":"flux-system"},"spec":{"interval":"10m0s"}}`)
	if v, _ := Judge(t.Context(), flux, actions.Restart, among(run)); v.Reverts || v.Manager != "flux-client-side-apply" {
		t.Errorf("a restart under Flux: got %+v", v)
	}
	v, _ = Judge(t.Context(), flux, actions.SetImage, among(run))
	if want := "Flux Kustomization apps takes back a direct change within about 10 minutes."; v.Sentence != want || v.After != 10*time.Minute {
		t.Errorf("an image under Flux: got %q, %s", v.Sentence, v.After)
	}

	for o, want := range map[*records.Object]string{
		o:    "Karmada takes back a direct change within seconds.",
		flux: "Flux Kustomization apps takes back a direct change within about 10 minutes. A restart stays.",
	} {
		effects, err := Effects(t.Context(), o, "", among(run))
		if err != nil || effects[0].Sentence != want {
			t.Errorf("in general: got %q, %v, want %q", effects[0].Sentence, err, want)
		}
	}

	broken := errors.New("the database is away")
	if _, err := Judge(t.Context(), flux, actions.SetImage, func(context.Context, kube.GroupResource, string, string) ([]*records.Object, error) {
		return nil, broken
	}); !errors.Is(err, broken) {
		t.Errorf("a lookup that fails: got %v", err)
	}
}

type searcher func(records.Request) (*records.Result, error)

func (s searcher) Search(_ context.Context, _ access.Scope, r records.Request) (*records.Result, error) {
	return s(r)
}

func TestFindAsksOnce(t *testing.T) {
	var asked []string
	look := Find(searcher(func(r records.Request) (*records.Result, error) {
		asked = append(asked, r.Query)
		if strings.Contains(r.Query, "kustomizations") {
			return nil, &access.Error{Code: "QL_BAD_VALUE", Message: "No cluster has such a kind."}
		}
		return &records.Result{Objects: []*records.Object{{}}}, nil
	}), access.All("test"))
	f := func(gr kube.GroupResource, namespace, name string, want int) {
		t.Helper()
		found, err := look(t.Context(), gr, namespace, name)
		if err != nil || len(found) != want {
			t.Errorf("%s %s/%s: got %d, %v, want %d", gr, namespace, name, len(found), err, want)
		}
	}
	kustomizations := kube.GroupResource{Group: "kustomize.toolkit.fluxcd.io", Resource: "kustomizations"}
	f(applications, "", "shop", 1)
	f(applications, "", "shop", 1)
	f(applications, "argocd", "shop", 1)
	f(kustomizations, "", "apps", 0) // no member has the kind
	f(applications, "", `shop" OR name:"*`, 0)
	want := []string{`kind:applications.argoproj.io name="shop"`, `kind:applications.argoproj.io name="shop" ns="argocd"`, `kind:kustomizations.kustomize.toolkit.fluxcd.io name="apps"`}
	if !slices.Equal(asked, want) {
		t.Errorf("got  %q\nwant %q", asked, want)
	}
}

func BenchmarkNote(b *testing.B) {
	s, err := kube.SummarizeJSON([]byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","labels":{"app":"web","app.kubernetes.io/name":"web","app.kubernetes.io/instance":"shop"},
		"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web","deployment.kubernetes.io/revision":"3"}},"spec":{"replicas":2}}`))
	if err != nil {
		b.Fatal(err)
	}
	managers := []kube.Manager{{Name: "argocd-controller", Operation: "Apply", FieldsV1: []byte(`{"f:metadata":{"f:annotations":{"f:argocd.argoproj.io/tracking-id":{}}},"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:image":{},"f:name":{}}}}}}}`)}, {Name: "kube-controller-manager", Subresource: "status"}}
	none := s
	none.Annotations, none.Labels = nil, map[string]string{"app": "web"}
	b.Run("managed", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			one := s
			Note(&one, managers)
		}
	})
	b.Run("nobody's", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			one := none
			Note(&one, managers[1:])
		}
	})
}
