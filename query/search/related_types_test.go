package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
)

// allEdges is a graph's edges, sorted, each end as NAMESPACE/RESOURCE/NAME.
func allEdges(t *testing.T, w *world, of string, depth int, types ...string) []string {
	t.Helper()
	g, err := w.service.Related(t.Context(), everyone, ref(t, of), depth, types...)
	if err != nil {
		t.Fatal(err)
	}
	edges := []string{}
	end := func(r kube.Ref) string { return r.Namespace + "/" + r.Resource + "/" + r.Name }
	for _, e := range g.Edges {
		edges = append(edges, end(e.From)+" "+e.Type+" "+end(e.To))
	}
	slices.Sort(edges)
	for _, n := range g.Nodes {
		if n.X < 0 || n.Y < 0 || n.X >= g.Width || n.Y >= g.Height {
			t.Errorf("%s is outside of the picture: %v %v", n.Ref, n.X, n.Y)
		}
	}
	return edges
}

func wantEdges(t *testing.T, got []string, want string) {
	t.Helper()
	lines := []string{}
	for line := range strings.Lines(want) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if diff := cmp.Diff(lines, got); diff != "" {
		t.Error(diff)
	}
}

func TestTypesOfRelations(t *testing.T) {
	w := newWorld(t)
	shop(w, "zone1", "shop")
	w.flush()
	const app1 = "zone1:shop/deployments.apps/app1"
	wantEdges(t, allEdges(t, w, app1, 1, kube.UsesEdge), `
		shop/deployments/app1 uses shop/configmaps/app1-config
		shop/deployments/app1 uses shop/configmaps/shop-config
		shop/deployments/app1 uses shop/serviceaccounts/app1`)
	wantEdges(t, allEdges(t, w, "zone1:shop/pods/app1-pod", 1, kube.OwnsEdge, kube.NodeEdge), `
		shop/deployments/app1 owns shop/replicasets/app1-rs
		shop/pods/app1-pod node /nodes/n1
		shop/replicasets/app1-rs owns shop/pods/app1-pod`)
	if _, err := w.service.Related(t.Context(), everyone, ref(t, app1), 1, "likes"); access.Code(err) != "BAD_REQUEST" {
		t.Errorf("a type that is none: %v", err)
	}
}

func TestAnImageIsAnObjectOfAGraph(t *testing.T) {
	w := newWorld(t)
	for _, zone := range []string{"zone1", "zone2"} {
		for _, name := range []string{"a", "b"} {
			d := deployment("shop", name, "registry.example.com/shop/"+name+":1", 1, 1)
			w.put(zone, d, write{})
			pod := owned("v1", "Pod", name+"-pod", d)
			pod["spec"] = d["spec"].(object)["template"].(object)["spec"]
			w.put(zone, pod, write{})
		}
	}
	w.flush()
	wantEdges(t, allEdges(t, w, "zone1:-/images/registry.example.com/shop/a:1", 1), `
		shop/deployments/a image /images/registry.example.com/shop/a:1
		shop/deployments/a owns shop/pods/a-pod
		shop/pods/a-pod image /images/registry.example.com/shop/a:1`)
	wantEdges(t, allEdges(t, w, "zone1:shop/pods/a-pod", 1, kube.OwnsEdge, kube.ImageEdge), `
		shop/deployments/a image /images/registry.example.com/shop/a:1
		shop/deployments/a owns shop/pods/a-pod
		shop/pods/a-pod image /images/registry.example.com/shop/a:1`)
	wantEdges(t, allEdges(t, w, "zone1:shop/deployments.apps/a", 1, kube.OwnsEdge, kube.ImageEdge), `
		shop/deployments/a image /images/registry.example.com/shop/a:1
		shop/deployments/a owns shop/pods/a-pod`)
	g, err := w.service.Related(t.Context(), everyone, ref(t, "zone1:-/images/registry.example.com/shop/never:1"), 1)
	if err != nil || len(g.Nodes) != 0 {
		t.Errorf("an image that nothing is made of: %v, %v", g, err)
	}
}

func TestRelationsAcrossNamespaces(t *testing.T) {
	w := newWorld(t)
	put := func(o object) { w.put("zone1", o, write{}) }
	pod := thing("v1", "Pod", "shop", "web-1", object{"containers": []any{}})
	pod["metadata"].(object)["labels"] = object{"app": "web"}
	put(pod)
	put(thing("v1", "Service", "shop", "web", object{"selector": object{"app": "web"}}))
	put(thing("v1", "Service", "elsewhere", "web", object{}))
	put(thing("gateway.networking.k8s.io/v1", "Gateway", "edge", "public", object{"gatewayClassName": "envoy"}))
	put(thing("gateway.networking.k8s.io/v1", "GatewayClass", "", "envoy", object{}))
	put(thing("gateway.networking.k8s.io/v1", "HTTPRoute", "routes", "web", object{"parentRefs": []any{object{"name": "public", "namespace": "edge"}},
		"rules": []any{object{"backendRefs": []any{object{"name": "web", "namespace": "shop"}}}}}))
	put(thing("v1", "PersistentVolumeClaim", "shop", "data", object{"volumeName": "pv1", "storageClassName": "fast"}))
	put(thing("v1", "PersistentVolume", "", "pv1", object{"storageClassName": "fast"}))
	put(thing("storage.k8s.io/v1", "StorageClass", "", "fast", object{}))
	put(thing("v1", "ServiceAccount", "shop", "robot", object{}))
	binding := thing("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", "", "robots", object{})
	binding["roleRef"], binding["subjects"] = object{"kind": "ClusterRole", "name": "view"}, []any{object{"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}}
	put(binding)
	put(thing("rbac.authorization.k8s.io/v1", "ClusterRole", "", "view", object{}))
	w.flush()
	wantEdges(t, allEdges(t, w, "zone1:shop/services/web", 3, kube.RoutesEdge, kube.SelectsEdge), `
		edge/gateways/public routes routes/httproutes/web
		routes/httproutes/web routes shop/services/web
		shop/services/web selects shop/pods/web-1`)
	wantEdges(t, allEdges(t, w, "zone1:edge/gateways.gateway.networking.k8s.io/public", 3), `
		edge/gateways/public routes routes/httproutes/web
		edge/gateways/public uses /gatewayclasses/envoy
		routes/httproutes/web routes shop/services/web
		shop/services/web selects shop/pods/web-1`)
	wantEdges(t, allEdges(t, w, "zone1:-/gatewayclasses.gateway.networking.k8s.io/envoy", 1), `edge/gateways/public uses /gatewayclasses/envoy`)
	wantEdges(t, allEdges(t, w, "zone1:shop/persistentvolumeclaims/data", 2), `
		/persistentvolumes/pv1 uses /storageclasses/fast
		shop/persistentvolumeclaims/data uses /persistentvolumes/pv1
		shop/persistentvolumeclaims/data uses /storageclasses/fast`)
	wantEdges(t, allEdges(t, w, "zone1:-/storageclasses.storage.k8s.io/fast", 1), `
		/persistentvolumes/pv1 uses /storageclasses/fast
		shop/persistentvolumeclaims/data uses /storageclasses/fast`)
	wantEdges(t, allEdges(t, w, "zone1:shop/serviceaccounts/robot", 1), `/clusterrolebindings/robots binds shop/serviceaccounts/robot`)
	wantEdges(t, allEdges(t, w, "zone1:-/clusterroles.rbac.authorization.k8s.io/view", 1), `/clusterrolebindings/robots binds /clusterroles/view`)
}

// What more objects name than are looked at is counted, to the last one.
func TestHiddenNeighboursAreCounted(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", thing("v1", "Node", "", "n1", object{}), write{})
	w.put("zone1", thing("v1", "ServiceAccount", "shop", "default", object{}), write{})
	w.put("zone1", thing("v1", "ConfigMap", "shop", "all", object{}), write{})
	for i := range 1300 {
		w.put("zone1", thing("v1", "Pod", "shop", fmt.Sprintf("p-%04d", i), object{"nodeName": "n1", "containers": []any{object{"image": "a:1", "envFrom": []any{object{"configMapRef": object{"name": "all"}}}}}}), write{})
	}
	w.flush()
	for _, of := range []string{"zone1:-/nodes/n1", "zone1:shop/serviceaccounts/default", "zone1:shop/configmaps/all", "zone1:-/images/a:1"} {
		g, err := w.service.Related(t.Context(), everyone, ref(t, of), 1)
		if err != nil || len(g.Nodes) != 51 || g.Nodes[0].Hidden != 1250 || !g.Truncated {
			t.Errorf("%s: %d nodes, hidden %d, %v", of, len(g.Nodes), g.Nodes[0].Hidden, err)
		}
	}
}

func TestDeclaredRelationsLeadBothWays(t *testing.T) {
	w := newWorld(t)
	rules, err := kube.ReadRelationRules([]kube.RelationRule{
		{From: "cert-manager.io/Certificate", Path: "spec.secretName", To: "core/Secret", Type: kube.UsesEdge},
		{From: "cert-manager.io/Certificate", Path: "spec.issuerRef.name", To: "cert-manager.io/Issuer", Type: kube.UsesEdge},
		{From: "monitoring.coreos.com/ServiceMonitor", Path: "spec.selector", To: "core/Service", Type: kube.SelectsEdge},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.stop()
	w.rules = rules
	w.start()
	w.state("zone1", "cert-manager.io", "certificates", "Certificate", true)
	w.state("zone1", "cert-manager.io", "issuers", "Issuer", true)
	put := func(o object) { w.put("zone1", o, write{}) }
	put(thing("cert-manager.io/v1", "Certificate", "shop", "web", object{"secretName": "tls", "issuerRef": object{"name": "acme"}}))
	put(thing("cert-manager.io/v1", "Certificate", "other", "web", object{"secretName": "tls"}))
	put(thing("cert-manager.io/v1", "Issuer", "shop", "acme", object{}))
	put(thing("v1", "Secret", "shop", "tls", object{}))
	service := thing("v1", "Service", "shop", "web", object{})
	service["metadata"].(object)["labels"] = object{"team": "a"}
	put(service)
	put(thing("monitoring.coreos.com/v1", "ServiceMonitor", "shop", "web", object{"selector": object{"matchLabels": object{"team": "a"}}}))
	w.flush()
	wantEdges(t, allEdges(t, w, "zone1:shop/certificates.cert-manager.io/web", 1), `
		shop/certificates/web uses shop/issuers/acme
		shop/certificates/web uses shop/secrets/tls`)
	wantEdges(t, allEdges(t, w, "zone1:shop/secrets/tls", 1), `shop/certificates/web uses shop/secrets/tls`)
	wantEdges(t, allEdges(t, w, "zone1:shop/servicemonitors.monitoring.coreos.com/web", 1), `shop/servicemonitors/web selects shop/services/web`)
	wantEdges(t, allEdges(t, w, "zone1:shop/services/web", 1), `shop/servicemonitors/web selects shop/services/web`)
}
