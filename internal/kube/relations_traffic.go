package kube

import "k8s.io/apimachinery/pkg/labels"

// Where traffic goes, and what sets how much there is to take it.

func (r *relations) service(o map[string]any) {
	spec := object(o, "spec")
	// Without a selector somebody else keeps the endpoints; an ExternalName has none.
	if s := stringMap(spec, "selector"); len(s) > 0 && str(spec, "type") != "ExternalName" {
		r.selects(labels.SelectorFromSet(s))
	}
}

func (r *relations) autoscaler(o map[string]any) {
	target := object(o, "spec", "scaleTargetRef")
	r.byKind(SelectsEdge, str(target, "apiVersion"), str(target, "kind"), str(target, "name"))
}

func (r *relations) ingress(o map[string]any) {
	spec := object(o, "spec")
	backend := func(b map[string]any) {
		r.named(RoutesEdge, services, str(object(b, "service"), "name"))
		if other := object(b, "resource"); other != nil {
			r.byKind(RoutesEdge, str(other, "apiGroup")+"/", str(other, "kind"), str(other, "name"))
		}
	}
	backend(object(spec, "defaultBackend"))
	each(spec, "rules", func(rule map[string]any) {
		each(object(rule, "http"), "paths", func(path map[string]any) { backend(object(path, "backend")) })
	})
	each(spec, "tls", func(tls map[string]any) { r.named(RoutesEdge, secrets, str(tls, "secretName")) })
	r.cluster(UsesEdge, ingressClass, str(spec, "ingressClassName"))
}

func (r *relations) gateway(o map[string]any) {
	spec := object(o, "spec")
	r.cluster(UsesEdge, gatewayClass, str(spec, "gatewayClassName"))
	each(spec, "listeners", func(l map[string]any) {
		each(object(l, "tls"), "certificateRefs", func(ref map[string]any) {
			if kind := str(ref, "kind"); kind == "" || kind == "Secret" {
				r.add(Relation{Type: RoutesEdge, GroupResource: secrets, Kind: "Secret", Namespace: r.or(str(ref, "namespace")), Name: str(ref, "name")})
			}
		})
	})
}

// route is of the Gateway API. Its Gateways lead to it, and it leads to Services; whether a ReferenceGrant allows
// what it names in other namespaces is not looked at.
func (r *relations) route(o map[string]any) {
	spec := object(o, "spec")
	each(spec, "parentRefs", func(ref map[string]any) {
		to := Relation{Type: RoutesEdge, Namespace: r.or(str(ref, "namespace")), Name: str(ref, "name"), Reverse: true}
		switch kind := str(ref, "kind"); kind {
		case "", "Gateway":
			to.GroupResource, to.Kind = gateways, "Gateway"
		case "Service": // a mesh
			to.GroupResource, to.Kind = services, kind
		default:
			return
		}
		r.add(to)
	})
	each(spec, "rules", func(rule map[string]any) {
		backends := func(ref map[string]any) {
			if kind := str(ref, "kind"); kind == "" || kind == "Service" {
				r.add(Relation{Type: RoutesEdge, GroupResource: services, Kind: "Service", Namespace: r.or(str(ref, "namespace")), Name: str(ref, "name")})
			}
		}
		each(rule, "backendRefs", backends)
		each(rule, "filters", func(f map[string]any) {
			if mirror := object(f, "requestMirror", "backendRef"); mirror != nil {
				backends(mirror)
			}
		})
	})
}

func (r *relations) webhooks(o map[string]any) {
	each(o, "webhooks", func(w map[string]any) { r.serviceOf(object(w, "clientConfig", "service")) })
}

// serviceOf is a Service that the API server itself calls.
func (r *relations) serviceOf(ref map[string]any) {
	r.add(Relation{Type: RoutesEdge, GroupResource: services, Kind: "Service", Namespace: str(ref, "namespace"), Name: str(ref, "name")})
}
