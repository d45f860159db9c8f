package owners

import (
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func TestManagers(t *testing.T) {
	f := func(name, object string, managers []kube.Manager, want string) {
		t.Helper()
		s, err := kube.SummarizeJSON([]byte(object))
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		Note(&s, managers)
		if got := strings.Join(s.ManagedBy, " "); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
	deployment := func(meta string) string {
		return `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop",` + meta + `},"spec":{"replicas":2}}`
	}
	by := func(names ...string) (list []kube.Manager) {
		for _, n := range names {
			list = append(list, kube.Manager{Name: n, Operation: "Apply"})
		}
		return list
	}

	f("nobody", deployment(`"labels":{"app":"web"}`), by("foretop", "kube-controller-manager"), "")
	f("a controller", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-1","ownerReferences":[{"kind":"Other","name":"o","uid":"1"},{"kind":"ReplicaSet","name":"web","uid":"2","controller":true}]}}`, nil, "controller")
	f("an owner that does not control", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"web-1","ownerReferences":[{"kind":"Other","name":"o","uid":"1"}]}}`, nil, "")
	f("Argo CD", deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web"}`), nil, "argocd/shop")
	f("Argo CD of any namespace", deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"team-a_shop:apps/Deployment:shop/web"}`), nil, "argocd/shop")
	f("Argo CD, label", deployment(`"labels":{"argocd.argoproj.io/instance":"shop"}`), nil, "argocd/shop")
	f("Argo CD, server-side apply", deployment(`"labels":{}`), by("argocd-controller"), "argocd")
	f("a core kind under Argo CD", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c","namespace":"shop","annotations":{"argocd.argoproj.io/tracking-id":"shop:/ConfigMap:shop/c"}}}`, nil, "argocd/shop")
	f("a cluster-scoped kind under Argo CD", `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"c","annotations":{"argocd.argoproj.io/tracking-id":"shop:rbac.authorization.k8s.io/ClusterRole:shop/c"}}}`, nil, "argocd/shop")
	f("a tracking id of another name", deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/other"}`), nil, "")
	f("a tracking id of another namespace", deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:prod/web"}`), nil, "")
	f("a tracking id of another kind", deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/StatefulSet:shop/web"}`), nil, "")
	f("a tracking id that cannot be read", deployment(`"annotations":{"argocd.argoproj.io/tracking-id":"shop"}`), nil, "")
	f("the instance label alone", deployment(`"labels":{"app.kubernetes.io/instance":"shop"}`), nil, "")
	f("Flux, Kustomization", deployment(`"labels":{"kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system"}`), nil, "flux/apps")
	f("Flux, HelmRelease", deployment(`"labels":{"helm.toolkit.fluxcd.io/name":"web","helm.toolkit.fluxcd.io/namespace":"flux-system","app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"web","meta.helm.sh/release-namespace":"shop"}`), nil, "flux/web helm/web")
	f("Flux, without labels", deployment(`"labels":{}`), by("kustomize-controller"), "flux")
	f("Helm", deployment(`"labels":{"app.kubernetes.io/managed-by":"Helm"},"annotations":{"meta.helm.sh/release-name":"web","meta.helm.sh/release-namespace":"shop"}`), nil, "helm/web")
	f("a chart that kubectl applied", deployment(`"labels":{"app.kubernetes.io/managed-by":"Helm","helm.sh/chart":"web-1"}`), by("kubectl-client-side-apply"), "kubectl")
	f("Karmada", deployment(`"labels":{"karmada.io/managed":"true"},"annotations":{"work.karmada.io/name":"web-5f","work.karmada.io/namespace":"karmada-es-m1","propagationpolicy.karmada.io/name":"web","propagationpolicy.karmada.io/namespace":"shop","resourcebinding.karmada.io/name":"web-deployment"}`), nil, "karmada/web")
	f("Karmada, a policy of clusters", deployment(`"labels":{"karmada.io/managed":"true"},"annotations":{"clusterpropagationpolicy.karmada.io/name":"all"}`), nil, "karmada/all")
	f("a copy by Karmada of what Argo CD manages", deployment(`"labels":{"karmada.io/managed":"true"},"annotations":{"argocd.argoproj.io/tracking-id":"shop:apps/Deployment:shop/web","work.karmada.io/name":"web-5f"}`), nil, "karmada/web-5f argocd/shop")
	f("a template on Karmada's own API server", deployment(`"labels":{"propagationpolicy.karmada.io/permanent-id":"x"},"annotations":{"propagationpolicy.karmada.io/name":"web"}`), nil, "")
	f("Open Cluster Management", deployment(`"ownerReferences":[{"apiVersion":"work.open-cluster-management.io/v1","kind":"AppliedManifestWork","name":"8cfe2a-web-work","uid":"1"}]`), nil, "ocm/web-work")
	f("Open Cluster Management, server-side apply", deployment(`"labels":{}`), by("work-agent-x"), "ocm")
	f("KubeFed", deployment(`"labels":{"kubefed.io/managed":"true"}`), nil, "kubefed/web")
	f("what KubeFed was told to leave alone", deployment(`"labels":{"kubefed.io/managed":"false"}`), nil, "")
	f("Clusternet", deployment(`"annotations":{"apps.clusternet.io/owned-by-description":"clusternet-x1.web-generic"}`), nil, "clusternet/web-generic")
	f("Fleet", deployment(`"labels":{"app.kubernetes.io/managed-by":"Helm","objectset.rio.cattle.io/hash":"1"},"annotations":{"objectset.rio.cattle.io/id":"default-mcc-web-cattle-fleet-local-system","meta.helm.sh/release-name":"mcc-web","meta.helm.sh/release-namespace":"shop"}`), nil, "fleet/mcc-web helm/mcc-web")
	f("an addon of k3s", deployment(`"labels":{"objectset.rio.cattle.io/hash":"1"},"annotations":{"objectset.rio.cattle.io/id":"","objectset.rio.cattle.io/owner-gvk":"k3s.cattle.io/v1, Kind=Addon"}`), nil, "")
	f("what Rancher itself applies", deployment(`"annotations":{"objectset.rio.cattle.io/id":"default-x","objectset.rio.cattle.io/owner-gvk":"/v1, Kind=Namespace"}`), nil, "")
	f("Config Sync", deployment(`"annotations":{"configmanagement.gke.io/managed":"enabled"}`), nil, "configsync")
	f("Terraform", deployment(`"labels":{}`), by("Terraform"), "terraform")
	f("Terraform, typed resources", deployment(`"labels":{}`), by("HashiCorp"), "terraform")
	f("Kustomize and kubectl", deployment(`"labels":{"app.kubernetes.io/managed-by":"kustomize-v5.4.1"}`), by("kubectl"), "kustomize kubectl")
	f("kubectl edit declares nothing", deployment(`"labels":{}`), []kube.Manager{{Name: "kubectl", Operation: "Update"}}, "")
}

func TestFreeReplicas(t *testing.T) {
	f := func(name, fields, manager string, want bool) {
		t.Helper()
		s := kube.Summary{Kind: "Deployment", Name: "web", Replicas: 2, Traits: []string{"a", "z"},
			Labels: map[string]string{"kustomize.toolkit.fluxcd.io/name": "apps"}}
		Note(&s, []kube.Manager{{Name: "kubectl", FieldsV1: []byte(`{"f:spec":{"f:replicas":{}}}`)}, {Name: manager, Operation: "Apply", FieldsV1: []byte(fields)}})
		got := strings.Join(s.Traits, " ")
		if want != (got == "a free.replicas z") || !want && got != "a z" {
			t.Errorf("%s: got %q, want free: %v", name, got, want)
		}
	}
	f("Git sets them", `{"f:spec":{"f:replicas":{},"f:template":{}}}`, "kustomize-controller", false)
	f("Git leaves them", `{"f:spec":{"f:template":{}}}`, "kustomize-controller", true)
	f("the tool is not among the managers", `{"f:spec":{"f:template":{}}}`, "other", false)
	f("what it sets cannot be read", `{"f:spec":`, "kustomize-controller", false)
	f("it sets metadata alone", `{"f:metadata":{}}`, "kustomize-controller", false)
}

func TestChainOfWhatIsStored(t *testing.T) {
	pod := &records.Object{Summary: kube.Summary{Kind: "Pod", Name: "web-1", OwnerRefs: []string{"ReplicaSet/web"},
		ManagedBy: []string{Controller, "terraform", "argocd/shop"}}}
	var got []string
	for _, o := range Chain(pod) {
		got = append(got, o.System+" "+o.Name+" ("+o.Evidence+")")
	}
	want := "controller ReplicaSet/web (controller in ownerReferences), argocd shop (field manager), terraform  (field manager)"
	if s := strings.Join(got, ", "); s != want {
		t.Errorf("got  %s\nwant %s", s, want)
	}
}
