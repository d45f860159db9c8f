package owners

import (
	"encoding/json"
	"strings"

	"github.com/foretop/foretop/internal/kube"
)

// marked is an object with its markers.
type marked struct {
	*kube.Summary
	managers []kube.Manager
}

// rules are what each system writes on what it manages, in the order of Systems.
var rules = []struct {
	name string
	of   func(*marked) (Owner, bool)
}{
	{Controller, controller}, {Karmada, karmada}, {OCM, ocm}, {KubeFed, kubefed}, {Clusternet, clusternet}, {Fleet, fleet},
	{ConfigSync, configSync}, {Flux, flux}, {ArgoCD, argocd}, {Helm, helm}, {Terraform, terraform}, {Kustomize, kustomize}, {Kubectl, kubectl},
}

// manager is the name of a writer that is called so, or begins so when the name ends with a star.
func (m *marked) manager(names ...string) string {
	for _, one := range m.managers {
		for _, name := range names {
			prefix, open := strings.CutSuffix(name, "*")
			if one.Name == name || open && strings.HasPrefix(one.Name, prefix) {
				return one.Name
			}
		}
	}
	return ""
}

// annotated is the first annotation of keys that is there.
func (m *marked) annotated(keys ...string) (key, value string) {
	for _, k := range keys {
		if v := m.Annotations[k]; v != "" {
			return k, v
		}
	}
	return "", ""
}

func label(key, value string) string      { return "label " + key + ": " + value }
func annotation(key, value string) string { return "annotation " + key + ": " + value }
func byManager(name string) string        { return "field manager " + name }

const appliedWork = "AppliedManifestWork/"

func controller(m *marked) (Owner, bool) {
	if m.Controller == "" || strings.HasPrefix(m.Controller, appliedWork) {
		return Owner{}, false
	}
	return controllerOf(m.Controller), true
}

func controllerOf(ref string) Owner {
	return Owner{System: Controller, Name: ref, Evidence: "controller in ownerReferences"}
}

// karmada is what copies a template to members: the template's own markers come along, and stand behind.
func karmada(m *marked) (Owner, bool) {
	if m.Labels["karmada.io/managed"] != "true" {
		return Owner{}, false
	}
	o := Owner{Evidence: label("karmada.io/managed", "true")}
	if key, name := m.annotated("propagationpolicy.karmada.io/name"); key != "" {
		o.Kind = kube.GroupResource{Group: "policy.karmada.io", Resource: "propagationpolicies"}
		o.Namespace, o.Name = m.Annotations["propagationpolicy.karmada.io/namespace"], name
	} else if key, name := m.annotated("clusterpropagationpolicy.karmada.io/name"); key != "" {
		o.Kind, o.Name = kube.GroupResource{Group: "policy.karmada.io", Resource: "clusterpropagationpolicies"}, name
	} else if key, name := m.annotated("resourcebinding.karmada.io/name"); key != "" {
		o.Kind = kube.GroupResource{Group: "work.karmada.io", Resource: "resourcebindings"}
		o.Namespace, o.Name = m.Annotations["resourcebinding.karmada.io/namespace"], name
	} else if key, name := m.annotated("clusterresourcebinding.karmada.io/name"); key != "" {
		o.Kind, o.Name = kube.GroupResource{Group: "work.karmada.io", Resource: "clusterresourcebindings"}, name
	} else if key, name := m.annotated("work.karmada.io/name"); key != "" {
		o.Kind = kube.GroupResource{Group: "work.karmada.io", Resource: "works"}
		o.Namespace, o.Name = m.Annotations["work.karmada.io/namespace"], name
	}
	return o, true
}

// ocm names its owner {hash of the hub}-{manifestwork}.
func ocm(m *marked) (Owner, bool) {
	o := Owner{Kind: kube.GroupResource{Group: "work.open-cluster-management.io", Resource: "manifestworks"}}
	for _, ref := range m.OwnerRefs {
		if name, is := strings.CutPrefix(ref, appliedWork); is {
			_, o.Name, _ = strings.Cut(name, "-")
			o.Evidence = "AppliedManifestWork " + name + " in ownerReferences"
			return o, true
		}
	}
	if key, hash := m.annotated("open-cluster-management.io/object-hash"); key != "" {
		o.Evidence = annotation(key, hash)
		return o, true
	}
	if name := m.manager("work-agent*"); name != "" {
		o.Evidence = byManager(name)
		return o, true
	}
	return Owner{}, false
}

// kubefed says false of what it was told to leave alone.
func kubefed(m *marked) (Owner, bool) {
	if m.Labels["kubefed.io/managed"] != "true" {
		return Owner{}, false
	}
	kind := "federated" + strings.ToLower(m.Kind) + "s"
	return Owner{Kind: kube.GroupResource{Group: "types.kubefed.io", Resource: kind}, Namespace: m.Namespace, Name: m.Name, Evidence: label("kubefed.io/managed", "true")}, true
}

func clusternet(m *marked) (Owner, bool) {
	o := Owner{Kind: kube.GroupResource{Group: "apps.clusternet.io", Resource: "descriptions"}}
	if key, by := m.annotated("apps.clusternet.io/owned-by-description"); key != "" {
		o.Namespace, o.Name, _ = strings.Cut(by, ".") // namespaces have no dots
		o.Evidence = annotation(key, by)
		return o, true
	}
	if key, _ := m.annotated("clusternet.io/last-applied-configuration"); key != "" {
		o.Evidence = "annotation " + key
		return o, true
	}
	return Owner{}, false
}

// fleet shares its marker with all that Rancher's libraries apply; these name an owner beside it.
func fleet(m *marked) (Owner, bool) {
	const key = "objectset.rio.cattle.io/id"
	id := m.Annotations[key]
	name, bundle := strings.CutPrefix(id, "default-")
	if id == "" || m.Annotations["objectset.rio.cattle.io/owner-gvk"] != "" || !bundle && !strings.HasPrefix(id, "fleet-agent-bootstrap") {
		return Owner{}, false
	}
	for _, suffix := range [...]string{"-cattle-fleet-local-system", "-cattle-fleet-system"} { // of agents that have one
		name = strings.TrimSuffix(name, suffix)
	}
	return Owner{Kind: kube.GroupResource{Group: "fleet.cattle.io", Resource: "bundledeployments"}, Name: name, Evidence: annotation(key, id)}, true
}

func configSync(m *marked) (Owner, bool) {
	const key = "configmanagement.gke.io/managed"
	if m.Annotations[key] != "enabled" {
		return Owner{}, false
	}
	return Owner{Evidence: annotation(key, "enabled")}, true
}

func flux(m *marked) (Owner, bool) {
	for _, of := range [...]struct{ labels, group, resource, manager string }{
		{"kustomize.toolkit.fluxcd.io/", "kustomize.toolkit.fluxcd.io", "kustomizations", "kustomize-controller"},
		{"helm.toolkit.fluxcd.io/", "helm.toolkit.fluxcd.io", "helmreleases", "helm-controller"},
	} {
		o := Owner{Kind: kube.GroupResource{Group: of.group, Resource: of.resource}}
		if name := m.Labels[of.labels+"name"]; name != "" {
			o.Namespace, o.Name, o.Evidence = m.Labels[of.labels+"namespace"], name, label(of.labels+"name", name)
			return o, true
		}
		if m.manager(of.manager) != "" {
			o.Evidence = byManager(of.manager)
			return o, true
		}
	}
	return Owner{}, false
}

var applications = kube.GroupResource{Group: "argoproj.io", Resource: "applications"}

// argocd writes <app>:<group>/<kind>:<namespace>/<name>, which must be this object: others copy annotations. Cluster-scoped
// objects have the namespace there that the application goes to.
func argocd(m *marked) (Owner, bool) {
	const key = "argocd.argoproj.io/tracking-id"
	o := Owner{Kind: applications}
	if id := m.Annotations[key]; id != "" {
		app, object, _ := strings.Cut(id, ":")
		of, at, _ := strings.Cut(object, ":")
		group, kind, _ := strings.Cut(of, "/")
		namespace, name, _ := strings.Cut(at, "/")
		if group != m.Group || kind != m.Kind || name != m.Name || m.Namespace != "" && namespace != m.Namespace {
			return Owner{}, false
		}
		o.Name, o.Evidence = app, annotation(key, id)
		if namespace, name, apart := strings.Cut(app, "_"); apart { // of an application outside of Argo CD's own namespace
			o.Namespace, o.Name = namespace, name
		}
		return o, true
	}
	if app := m.Labels["argocd.argoproj.io/instance"]; app != "" {
		o.Name, o.Evidence = app, label("argocd.argoproj.io/instance", app)
		return o, true
	}
	if name := m.manager("argocd-controller"); name != "" {
		o.Evidence = byManager(name)
		return o, true
	}
	return Owner{}, false
}

// helm is believed by its annotations: charts that others render and apply have its label too.
func helm(m *marked) (Owner, bool) {
	const key = "meta.helm.sh/release-name"
	if name := m.Annotations[key]; name != "" {
		return Owner{Namespace: m.Annotations["meta.helm.sh/release-namespace"], Name: name, Evidence: annotation(key, name)}, true
	}
	if name := m.manager("helm"); name != "" {
		return Owner{Evidence: byManager(name)}, true
	}
	return Owner{}, false
}

func terraform(m *marked) (Owner, bool) {
	name := m.manager("Terraform", "HashiCorp*")
	return Owner{Evidence: byManager(name)}, name != ""
}

// kustomize built it; somebody else applied it.
func kustomize(m *marked) (Owner, bool) {
	if by := m.Labels["app.kubernetes.io/managed-by"]; strings.HasPrefix(by, "kustomize-") {
		return Owner{Evidence: label("app.kubernetes.io/managed-by", by)}, true
	}
	if key, _ := m.annotated("config.kubernetes.io/origin", "alpha.config.kubernetes.io/transformations"); key != "" {
		return Owner{Evidence: "annotation " + key}, true
	}
	return Owner{}, false
}

func kubectl(m *marked) (Owner, bool) {
	name := m.manager("kubectl-client-side-apply")
	if name == "" {
		for _, one := range m.managers {
			if one.Name == "kubectl" && one.Operation == "Apply" {
				name = one.Name
			}
		}
	}
	if name != "" {
		return Owner{Evidence: byManager(name)}, true
	}
	if _, ok := m.Annotations["kubectl.kubernetes.io/last-applied-configuration"]; ok {
		return Owner{Evidence: "annotation kubectl.kubernetes.io/last-applied-configuration"}, true
	}
	return Owner{}, false
}

// writers are the managers by which systems write that compare what they set, and nothing else.
var writers = map[string][]string{
	ArgoCD: {"argocd-controller", "argocd-application-controller"}, Flux: {"kustomize-controller", "helm-controller"}, OCM: {"work-agent*"},
}

// freeReplicas reports that a delivery tool is among the managers and none of them sets spec.replicas.
func freeReplicas(chain []Owner, managers []kube.Manager) bool {
	seen := false
	for _, o := range chain {
		for i := range managers {
			one := &marked{managers: managers[i : i+1]}
			if len(writers[o.System]) == 0 || one.manager(writers[o.System]...) == "" {
				continue
			}
			var fields struct {
				Spec map[string]json.RawMessage `json:"f:spec"`
			}
			if json.Unmarshal(managers[i].FieldsV1, &fields) != nil {
				return false
			}
			if _, sets := fields.Spec["f:replicas"]; sets {
				return false
			}
			seen = seen || len(fields.Spec) > 0
		}
	}
	return seen
}
