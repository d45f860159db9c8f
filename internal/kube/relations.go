package kube

import (
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// How one object relates to another. Owns is in metadata.ownerReferences of the owned one, the others in the spec of
// the one they come from.
const (
	OwnsEdge    = "owns"
	UsesEdge    = "uses"    // runs with a ConfigMap, Secret, PersistentVolumeClaim, ServiceAccount
	SelectsEdge = "selects" // by labels, or the target that an autoscaler names
	RoutesEdge  = "routes"  // an Ingress to what answers, and to its certificate
	NodeEdge    = "node"    // a Pod to the Node that it runs on
)

// Relation is from an object to one that it names, or to all that Selector matches in the same namespace.
type Relation struct {
	Type string
	GroupResource
	Kind      string
	Namespace string // "" for cluster-scoped objects
	Name      string // "" with a Selector
	Selector  labels.Selector
}

// Matches reports whether the relation reaches the object of ref with these labels. Clusters are the caller's to compare.
func (r *Relation) Matches(ref Ref, of map[string]string) bool {
	if r.GroupResource != ref.GroupResource || r.Namespace != ref.Namespace {
		return false
	}
	if r.Selector != nil {
		return r.Selector.Matches(labels.Set(of))
	}
	return r.Name == ref.Name
}

// template is where each kind that runs Pods keeps what they are made from.
var template = map[GroupResource][]string{
	{"", "pods"}:                   {"spec"},
	{"", "replicationcontrollers"}: {"spec", "template", "spec"},
	{"apps", "deployments"}:        {"spec", "template", "spec"},
	{"apps", "replicasets"}:        {"spec", "template", "spec"},
	{"apps", "statefulsets"}:       {"spec", "template", "spec"},
	{"apps", "daemonsets"}:         {"spec", "template", "spec"},
	{"batch", "jobs"}:              {"spec", "template", "spec"},
	{"batch", "cronjobs"}:          {"spec", "jobTemplate", "spec", "template", "spec"},
}

var (
	pods        = GroupResource{"", "pods"}
	nodes       = GroupResource{"", "nodes"}
	services    = GroupResource{"", "services"}
	configMaps  = GroupResource{"", "configmaps"}
	secrets     = GroupResource{"", "secrets"}
	claims      = GroupResource{"", "persistentvolumeclaims"}
	accounts    = GroupResource{"", "serviceaccounts"}
	budgets     = GroupResource{"policy", "poddisruptionbudgets"}
	policies    = GroupResource{"networking.k8s.io", "networkpolicies"}
	ingresses   = GroupResource{"networking.k8s.io", "ingresses"}
	autoscalers = GroupResource{"autoscaling", "horizontalpodautoscalers"}
)

// kindOf names the kinds that are related to by what they are, not by a kind in the object's text.
var kindOf = func() map[GroupResource]string {
	kinds := make(map[GroupResource]string, len(Builtins))
	for _, b := range Builtins {
		kinds[b.GroupResource] = b.Kind
	}
	return kinds
}()

// maxUses bounds how many others one object can be found by.
const maxUses = 256

// Uses is what an object names in its spec, as Kind/name: sorted, distinct. It holds every relation to one object by
// name, except the Node that a Pod runs on, which is a field of its own.
func Uses(o map[string]any) []string {
	var uses []string
	for _, r := range Relations(o) {
		if r.Selector == nil && r.Type != NodeEdge {
			uses = append(uses, r.Kind+"/"+r.Name)
		}
	}
	uses = distinct(uses)
	return uses[:min(len(uses), maxUses)]
}

// HasRelations reports whether Relations knows the kind.
func HasRelations(gr GroupResource) bool {
	return template[gr] != nil || slices.Contains([]GroupResource{services, budgets, policies, ingresses, autoscalers}, gr)
}

// IsFront reports whether objects of the kind stand before Pods and lead to them, rather than being made of them.
func IsFront(gr GroupResource) bool { return HasRelations(gr) && template[gr] == nil }

// RelatedFrom is the kinds whose objects may have a relation to one of kind gr.
func RelatedFrom(gr GroupResource) []GroupResource {
	switch gr {
	case pods:
		return []GroupResource{services, budgets, policies}
	case nodes:
		return []GroupResource{pods}
	case services:
		return []GroupResource{ingresses}
	case configMaps, secrets, claims, accounts:
		var from []GroupResource
		for k := range template {
			from = append(from, k)
		}
		if gr == secrets {
			from = append(from, ingresses)
		}
		slices.SortFunc(from, func(a, b GroupResource) int { return strings.Compare(a.String(), b.String()) })
		return from
	}
	return []GroupResource{autoscalers, ingresses} // both may name any kind
}

// Relations is what an object says of others, except of its owners: distinct, in the order of the object. It is
// empty for kinds that it does not know.
func Relations(o map[string]any) []Relation {
	group, _, ok := strings.Cut(str(o, "apiVersion"), "/")
	if !ok {
		group = ""
	}
	r := relations{namespace: str(object(o, "metadata"), "namespace")}
	gr := GroupResource{group, Plural(str(o, "kind"))}
	spec := object(o, "spec")
	if path := template[gr]; path != nil {
		if pod := object(o, path...); pod != nil {
			r.pod(pod)
		}
		if node := str(spec, "nodeName"); gr == pods && node != "" {
			r.found = append(r.found, Relation{Type: NodeEdge, GroupResource: nodes, Kind: "Node", Name: node})
		}
		return r.found
	}
	switch gr {
	case services:
		// Without a selector somebody else keeps the endpoints; an ExternalName has none.
		if s := stringMap(spec, "selector"); len(s) > 0 && str(spec, "type") != "ExternalName" {
			r.selects(labels.SelectorFromSet(s))
		}
	case budgets:
		r.selects(selector(object(spec, "selector")))
	case policies:
		r.selects(selector(object(spec, "podSelector")))
	case autoscalers:
		target := object(spec, "scaleTargetRef")
		group, _, ok := strings.Cut(str(target, "apiVersion"), "/")
		if !ok {
			group = ""
		}
		kind := str(target, "kind")
		r.byKind(SelectsEdge, GroupResource{group, Plural(kind)}, kind, str(target, "name"))
	case ingresses:
		r.ingress(spec)
	}
	return r.found
}

// relations collects those of one object.
type relations struct {
	namespace string
	found     []Relation
}

func (r *relations) named(kind string, gr GroupResource, name string) {
	r.byKind(kind, gr, kindOf[gr], name)
}

// byKind is named for a kind that stands in the object's text.
func (r *relations) byKind(kind string, gr GroupResource, of, name string) {
	to := Relation{Type: kind, GroupResource: gr, Kind: of, Namespace: r.namespace, Name: name}
	if name == "" || slices.ContainsFunc(r.found, func(had Relation) bool {
		return had.Selector == nil && had.Type == kind && had.GroupResource == gr && had.Name == name
	}) {
		return
	}
	r.found = append(r.found, to)
}

func (r *relations) selects(s labels.Selector) {
	if s == nil {
		return
	}
	r.found = append(r.found, Relation{Type: SelectsEdge, GroupResource: pods, Kind: "Pod", Namespace: r.namespace, Selector: s})
}

func (r *relations) pod(spec map[string]any) {
	account := str(spec, "serviceAccountName")
	if account == "" {
		account = str(spec, "serviceAccount") // its older name
	}
	if account == "" {
		account = "default" // what Pods of the template will get
	}
	r.named(UsesEdge, accounts, account)
	for _, containers := range [...]string{"initContainers", "containers", "ephemeralContainers"} {
		each(spec, containers, func(c map[string]any) {
			each(c, "envFrom", func(from map[string]any) {
				r.named(UsesEdge, configMaps, str(object(from, "configMapRef"), "name"))
				r.named(UsesEdge, secrets, str(object(from, "secretRef"), "name"))
			})
			each(c, "env", func(env map[string]any) {
				r.named(UsesEdge, configMaps, str(object(env, "valueFrom", "configMapKeyRef"), "name"))
				r.named(UsesEdge, secrets, str(object(env, "valueFrom", "secretKeyRef"), "name"))
			})
		})
	}
	each(spec, "volumes", r.volume)
	each(spec, "imagePullSecrets", func(s map[string]any) { r.named(UsesEdge, secrets, str(s, "name")) })
}

func (r *relations) volume(v map[string]any) {
	r.named(UsesEdge, configMaps, str(object(v, "configMap"), "name"))
	r.named(UsesEdge, secrets, str(object(v, "secret"), "secretName"))
	r.named(UsesEdge, claims, str(object(v, "persistentVolumeClaim"), "claimName"))
	each(object(v, "projected"), "sources", func(source map[string]any) {
		r.named(UsesEdge, configMaps, str(object(source, "configMap"), "name"))
		r.named(UsesEdge, secrets, str(object(source, "secret"), "name"))
	})
	r.named(UsesEdge, secrets, str(object(v, "csi", "nodePublishSecretRef"), "name"))
	r.named(UsesEdge, secrets, str(object(v, "azureFile"), "secretName"))
	for _, driver := range [...]string{"cephfs", "flexVolume", "iscsi", "rbd", "scaleIO", "storageos"} {
		r.named(UsesEdge, secrets, str(object(v, driver, "secretRef"), "name"))
	}
}

func (r *relations) ingress(spec map[string]any) {
	backend := func(b map[string]any) {
		r.named(RoutesEdge, services, str(object(b, "service"), "name"))
		if other := object(b, "resource"); other != nil {
			kind := str(other, "kind")
			r.byKind(RoutesEdge, GroupResource{str(other, "apiGroup"), Plural(kind)}, kind, str(other, "name"))
		}
	}
	backend(object(spec, "defaultBackend"))
	each(spec, "rules", func(rule map[string]any) {
		each(object(rule, "http"), "paths", func(path map[string]any) { backend(object(path, "backend")) })
	})
	each(spec, "tls", func(tls map[string]any) { r.named(RoutesEdge, secrets, str(tls, "secretName")) })
}

// selector reads a label selector: nil selects nothing, an empty one everything. One that no API server would accept
// selects nothing.
func selector(m map[string]any) labels.Selector {
	if m == nil {
		return nil
	}
	s := &metav1.LabelSelector{MatchLabels: stringMap(m, "matchLabels")}
	each(m, "matchExpressions", func(e map[string]any) {
		var values []string
		for _, v := range list(e, "values") {
			if text, ok := v.(string); ok {
				values = append(values, text)
			}
		}
		s.MatchExpressions = append(s.MatchExpressions, metav1.LabelSelectorRequirement{Key: str(e, "key"), Operator: metav1.LabelSelectorOperator(str(e, "operator")), Values: values})
	})
	read, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return nil
	}
	return read
}
