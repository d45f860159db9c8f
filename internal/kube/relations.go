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
	UsesEdge    = "uses"    // needs a ConfigMap, Secret, claim, volume, class, ServiceAccount
	SelectsEdge = "selects" // by labels, or the target that an autoscaler names
	RoutesEdge  = "routes"  // traffic: Gateway to route to Service, Ingress to Service and to its certificate, webhook to Service
	BindsEdge   = "binds"   // a RoleBinding to its role and its ServiceAccounts
	NodeEdge    = "node"    // a Pod to the Node that it runs on
	ImageEdge   = "image"   // what is made of containers to the images of these
)

// EdgeTypes are all that there are, in the order in which people are told them.
var EdgeTypes = []string{OwnsEdge, UsesEdge, SelectsEdge, RoutesEdge, BindsEdge, NodeEdge, ImageEdge}

// Relation is from an object to one that it names, or to all that Selector matches in the same namespace.
type Relation struct {
	Type string
	GroupResource
	Kind      string
	Namespace string // "" for cluster-scoped objects
	Name      string // "" with a Selector
	Selector  labels.Selector
	Reverse   bool // the edge leads from the named one: a Gateway to the route that names it
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

// Images is the kind that stands for images in graphs. No API server has it: such an object is called by the image's
// whole reference, and is there when something is made of it.
var Images = GroupResource{"", "images"}

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

// Templates are the kinds that Pods are made from, and Pods.
var Templates = func() []GroupResource {
	var kinds []GroupResource
	for gr := range template {
		kinds = append(kinds, gr)
	}
	slices.SortFunc(kinds, func(a, b GroupResource) int { return strings.Compare(a.String(), b.String()) })
	return kinds
}()

var (
	pods          = GroupResource{"", "pods"}
	nodes         = GroupResource{"", "nodes"}
	services      = GroupResource{"", "services"}
	configMaps    = GroupResource{"", "configmaps"}
	secrets       = GroupResource{"", "secrets"}
	claims        = GroupResource{"", "persistentvolumeclaims"}
	volumes       = GroupResource{"", "persistentvolumes"}
	accounts      = GroupResource{"", "serviceaccounts"}
	statefulSets  = GroupResource{"apps", "statefulsets"}
	budgets       = GroupResource{"policy", "poddisruptionbudgets"}
	policies      = GroupResource{"networking.k8s.io", "networkpolicies"}
	ingresses     = GroupResource{"networking.k8s.io", "ingresses"}
	ingressClass  = GroupResource{"networking.k8s.io", "ingressclasses"}
	autoscalers   = GroupResource{"autoscaling", "horizontalpodautoscalers"}
	classes       = GroupResource{"storage.k8s.io", "storageclasses"}
	attachments   = GroupResource{"storage.k8s.io", "volumeattachments"}
	priorities    = GroupResource{"scheduling.k8s.io", "priorityclasses"}
	runtimes      = GroupResource{"node.k8s.io", "runtimeclasses"}
	roles         = GroupResource{"rbac.authorization.k8s.io", "roles"}
	clusterRoles  = GroupResource{"rbac.authorization.k8s.io", "clusterroles"}
	bindings      = GroupResource{"rbac.authorization.k8s.io", "rolebindings"}
	fleetBindings = GroupResource{"rbac.authorization.k8s.io", "clusterrolebindings"}
	mutating      = GroupResource{"admissionregistration.k8s.io", "mutatingwebhookconfigurations"}
	validating    = GroupResource{"admissionregistration.k8s.io", "validatingwebhookconfigurations"}
	apiServices   = GroupResource{"apiregistration.k8s.io", "apiservices"}
	gateways      = GroupResource{gatewayGroup, "gateways"}
	gatewayClass  = GroupResource{gatewayGroup, "gatewayclasses"}
	routes        = []GroupResource{{gatewayGroup, "httproutes"}, {gatewayGroup, "grpcroutes"}, {gatewayGroup, "tlsroutes"}, {gatewayGroup, "tcproutes"}, {gatewayGroup, "udproutes"}}
)

const gatewayGroup = "gateway.networking.k8s.io"

// kindOf names the kinds that are related to by what they are, not by a kind in the object's text.
var kindOf = func() map[GroupResource]string {
	kinds := map[GroupResource]string{runtimes: "RuntimeClass", gateways: "Gateway", gatewayClass: "GatewayClass", Images: "Image"}
	for _, b := range Builtins {
		kinds[b.GroupResource] = b.Kind
	}
	return kinds
}()

// maxUses bounds how many others one object can be found by.
const maxUses = 256

// Uses is what an object names in its spec, as Kind/name: sorted, distinct. It holds every relation to one object by
// name, except the Node that a Pod runs on and images, which are fields of their own.
func Uses(o map[string]any) []string {
	var uses []string
	for _, r := range Relations(o) {
		if r.Selector == nil && r.Type != NodeEdge && r.Type != ImageEdge {
			uses = append(uses, r.Kind+"/"+r.Name)
		}
	}
	uses = distinct(uses)
	return uses[:min(len(uses), maxUses)]
}

// readers are the kinds that have relations but are not made of containers.
var readers = func() map[GroupResource]func(*relations, map[string]any) {
	read := map[GroupResource]func(*relations, map[string]any){
		services:    (*relations).service,
		budgets:     func(r *relations, o map[string]any) { r.selects(selector(object(o, "spec", "selector"))) },
		policies:    func(r *relations, o map[string]any) { r.selects(selector(object(o, "spec", "podSelector"))) },
		autoscalers: (*relations).autoscaler,
		ingresses:   (*relations).ingress,
		gateways:    (*relations).gateway,
		claims:      (*relations).claim,
		volumes: func(r *relations, o map[string]any) {
			r.cluster(UsesEdge, classes, str(object(o, "spec"), "storageClassName"))
		},
		attachments:   (*relations).attachment,
		accounts:      (*relations).account,
		bindings:      (*relations).binding,
		fleetBindings: (*relations).binding,
		mutating:      (*relations).webhooks,
		validating:    (*relations).webhooks,
		apiServices:   func(r *relations, o map[string]any) { r.serviceOf(object(o, "spec", "service")) },
	}
	for _, gr := range routes {
		read[gr] = (*relations).route
	}
	return read
}()

// HasRelations reports whether Relations knows the kind.
func HasRelations(gr GroupResource) bool { return template[gr] != nil || readers[gr] != nil }

// IsFront reports whether objects of the kind stand before Pods and lead to them, rather than being made of them.
func IsFront(gr GroupResource) bool {
	return slices.Contains([]GroupResource{services, ingresses, gateways, autoscalers, budgets, policies}, gr) || slices.Contains(routes, gr)
}

// RelatedFrom is the kinds whose objects may have a relation to one of kind gr.
func RelatedFrom(gr GroupResource) []GroupResource {
	switch gr {
	case pods:
		return []GroupResource{services, budgets, policies}
	case nodes:
		return []GroupResource{pods}
	case services:
		return append([]GroupResource{ingresses, mutating, validating, apiServices}, routes...)
	case configMaps, claims, priorities, runtimes:
		return Templates
	case secrets:
		return append([]GroupResource{ingresses, gateways, accounts}, Templates...)
	case accounts:
		return append([]GroupResource{bindings, fleetBindings}, Templates...)
	case volumes:
		return []GroupResource{claims, attachments}
	case classes:
		return []GroupResource{claims, volumes, statefulSets}
	case ingressClass:
		return []GroupResource{ingresses}
	case gatewayClass:
		return []GroupResource{gateways}
	case roles:
		return []GroupResource{bindings}
	case clusterRoles:
		return []GroupResource{bindings, fleetBindings}
	}
	if gr == Images {
		return Templates
	}
	return []GroupResource{autoscalers, ingresses} // both may name any kind
}

// RelatedFromReverse is the kinds whose objects may say that one of kind gr leads to them.
func RelatedFromReverse(gr GroupResource) []GroupResource {
	if gr == gateways || gr == services {
		return routes
	}
	return nil
}

// AcrossNamespaces reports whether objects of kind gr may name others in namespaces that are not their own.
func AcrossNamespaces(gr GroupResource) bool {
	switch gr {
	case bindings, fleetBindings, mutating, validating, apiServices, gateways, volumes, attachments:
		return true
	}
	return slices.Contains(routes, gr)
}

// Relations is what an object says of others, except of its owners: distinct, in the order of the object. It is
// empty for kinds that it does not know.
func Relations(o map[string]any) []Relation {
	group, _ := splitAPIVersion(str(o, "apiVersion"))
	r := relations{namespace: str(object(o, "metadata"), "namespace")}
	gr := GroupResource{group, Plural(str(o, "kind"))}
	if path := template[gr]; path != nil {
		if pod := object(o, path...); pod != nil {
			r.pod(pod)
		}
		spec := object(o, "spec")
		switch gr {
		case pods:
			r.cluster(NodeEdge, nodes, str(spec, "nodeName"))
		case statefulSets:
			each(spec, "volumeClaimTemplates", func(c map[string]any) { r.cluster(UsesEdge, classes, str(object(c, "spec"), "storageClassName")) })
		}
		return r.found
	}
	if read := readers[gr]; read != nil {
		read(&r, o)
	}
	return r.found
}

// relations collects those of one object.
type relations struct {
	namespace string
	found     []Relation
}

func (r *relations) add(to Relation) {
	if to.Name == "" && to.Selector == nil || slices.ContainsFunc(r.found, func(had Relation) bool {
		return had.Selector == nil && to.Selector == nil && had.Type == to.Type && had.GroupResource == to.GroupResource && had.Namespace == to.Namespace && had.Name == to.Name
	}) {
		return
	}
	r.found = append(r.found, to)
}

// named is a relation within the namespace.
func (r *relations) named(kind string, gr GroupResource, name string) {
	r.add(Relation{Type: kind, GroupResource: gr, Kind: kindOf[gr], Namespace: r.namespace, Name: name})
}

// cluster is a relation to an object that has no namespace.
func (r *relations) cluster(kind string, gr GroupResource, name string) {
	r.add(Relation{Type: kind, GroupResource: gr, Kind: kindOf[gr], Name: name})
}

// byKind is named for a kind that stands in the object's text.
func (r *relations) byKind(kind string, apiVersion, of, name string) {
	group, _ := splitAPIVersion(apiVersion)
	r.add(Relation{Type: kind, GroupResource: GroupResource{group, Plural(of)}, Kind: of, Namespace: r.namespace, Name: name})
}

func (r *relations) selects(s labels.Selector) {
	if s != nil {
		r.add(Relation{Type: SelectsEdge, GroupResource: pods, Kind: "Pod", Namespace: r.namespace, Selector: s})
	}
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
