package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/records"
)

// thing is an object of ns with a spec.
func thing(apiVersion, kind, ns, name string, spec object) object {
	o := object{"apiVersion": apiVersion, "kind": kind, "metadata": object{"name": name, "uid": kind + "-" + ns + "-" + name, "creationTimestamp": "2026-11-01T00:00:00Z"}, "spec": spec}
	if ns != "" {
		o["metadata"].(object)["namespace"] = ns
	}
	return o
}

// podSpec runs with the ServiceAccount and ConfigMap of that name and with the ConfigMap of all.
func podSpec(name, node string) object {
	spec := object{"serviceAccountName": name,
		"containers": []any{object{"name": "app", "image": name + ":1", "envFrom": []any{object{"configMapRef": object{"name": "shop-config"}}}}},
		"volumes":    []any{object{"name": "config", "configMap": object{"name": name + "-config"}}}}
	if node != "" {
		spec["nodeName"] = node
	}
	return spec
}

// shop is two applications of the demo's shop in a namespace.
func shop(w *world, zone, ns string) {
	put := func(o object) { w.put(zone, o, write{}) }
	put(thing("v1", "Node", "", "n1", object{}))
	put(thing("v1", "ConfigMap", ns, "shop-config", object{}))
	put(thing("v1", "Secret", ns, "cert", object{}))
	for _, name := range []string{"app1", "app2"} {
		put(thing("v1", "ServiceAccount", ns, name, object{}))
		put(thing("v1", "ConfigMap", ns, name+"-config", object{}))
		d := deployment(ns, name, name+":1", 1, 1)
		d["spec"].(object)["template"] = object{"spec": podSpec(name, "")}
		put(d)
		rs := owned("apps/v1", "ReplicaSet", name+"-rs", d)
		rs["spec"] = object{"template": object{"spec": podSpec(name, "")}}
		rs["metadata"].(object)["uid"] = "rs-" + ns + name
		put(rs)
		pod := owned("v1", "Pod", name+"-pod", rs)
		pod["spec"] = podSpec(name, "n1")
		pod["metadata"].(object)["uid"] = "pod-" + ns + name
		put(pod)
		put(thing("v1", "Service", ns, name, object{"selector": object{"app": name}}))
	}
	put(thing("policy/v1", "PodDisruptionBudget", ns, "both", object{"selector": object{"matchExpressions": []any{object{"key": "app", "operator": "In", "values": []any{"app1", "app2"}}}}}))
	put(thing("networking.k8s.io/v1", "NetworkPolicy", ns, "others", object{"podSelector": object{"matchExpressions": []any{object{"key": "app", "operator": "NotIn", "values": []any{"app1"}}}}}))
	put(thing("autoscaling/v2", "HorizontalPodAutoscaler", ns, "scaler", object{"scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app1"}}))
	put(thing("networking.k8s.io/v1", "Ingress", ns, "edge", object{"tls": []any{object{"secretName": "cert"}},
		"rules": []any{object{"http": object{"paths": []any{object{"backend": object{"service": object{"name": "app1"}}}}}}}}))
}

// edgesOf is a graph's edges but those of ownership, sorted: resource/name type resource/name.
func edgesOf(t *testing.T, w *world, of string, depth int) (edges []string, g *records.Graph) {
	t.Helper()
	g, err := w.service.Related(t.Context(), everyone, ref(t, of), depth)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range g.Edges {
		if e.From.Cluster != "zone1" || e.From.Namespace != "shop" || e.To.Cluster != "zone1" || e.To.Namespace != "shop" && e.To.Resource != "nodes" && e.To.Resource != "images" {
			t.Errorf("an edge leaves the namespace: %s %s %s", e.From, e.Type, e.To)
		}
		if e.Type != "owns" {
			edges = append(edges, fmt.Sprintf("%s/%s %s %s/%s", e.From.Resource, e.From.Name, e.Type, e.To.Resource, e.To.Name))
		}
	}
	slices.Sort(edges)
	if len(slices.Compact(slices.Clone(edges))) != len(edges) {
		t.Errorf("an edge comes twice: %s", edges)
	}
	return edges, g
}

func TestRelationsOfKinds(t *testing.T) {
	w := newWorld(t)
	shop(w, "zone1", "shop")
	shop(w, "zone2", "shop")
	shop(w, "zone1", "other")
	w.flush()
	for _, c := range []struct {
		of    string
		depth int
		want  string
	}{
		{"zone1:shop/deployments.apps/app1", 2, `
			deployments/app1 image images/app1:1
			deployments/app1 uses configmaps/app1-config
			deployments/app1 uses configmaps/shop-config
			deployments/app1 uses serviceaccounts/app1
			horizontalpodautoscalers/scaler selects deployments/app1
			ingresses/edge routes services/app1
			poddisruptionbudgets/both selects pods/app1-pod
			pods/app1-pod node nodes/n1
			pods/app1-pod uses configmaps/app1-config
			pods/app1-pod uses configmaps/shop-config
			pods/app1-pod uses serviceaccounts/app1
			replicasets/app1-rs uses configmaps/app1-config
			replicasets/app1-rs uses configmaps/shop-config
			replicasets/app1-rs uses serviceaccounts/app1
			services/app1 selects pods/app1-pod`},
		{"zone1:shop/configmaps/app1-config", 1, `
			deployments/app1 uses configmaps/app1-config
			pods/app1-pod uses configmaps/app1-config
			replicasets/app1-rs uses configmaps/app1-config`},
		{"zone1:shop/configmaps/app1-config", 3, `
			deployments/app1 uses configmaps/app1-config
			horizontalpodautoscalers/scaler selects deployments/app1
			ingresses/edge routes services/app1
			poddisruptionbudgets/both selects pods/app1-pod
			pods/app1-pod uses configmaps/app1-config
			replicasets/app1-rs uses configmaps/app1-config
			services/app1 selects pods/app1-pod`},
		{"zone1:shop/poddisruptionbudgets.policy/both", 1, `
			poddisruptionbudgets/both selects pods/app1-pod
			poddisruptionbudgets/both selects pods/app2-pod`},
		{"zone1:shop/networkpolicies.networking.k8s.io/others", 1, `
			networkpolicies/others selects pods/app2-pod`},
		{"zone1:shop/ingresses.networking.k8s.io/edge", 2, `
			ingresses/edge routes secrets/cert
			ingresses/edge routes services/app1
			services/app1 selects pods/app1-pod`},
		{"zone1:shop/secrets/cert", 1, `
			ingresses/edge routes secrets/cert`},
		{"zone1:shop/services/app2", 1, `
			services/app2 selects pods/app2-pod`},
	} {
		t.Run(fmt.Sprintf("%s to depth %d", c.of, c.depth), func(t *testing.T) {
			edges, g := edgesOf(t, w, c.of, c.depth)
			if diff := cmp.Diff(strings.Fields(c.want), strings.Fields(strings.Join(edges, " "))); diff != "" || g.Truncated {
				t.Error(diff, g.Truncated)
			}
		})
	}
	t.Run("what points to it is above, what it points to is below", func(t *testing.T) {
		_, g := edgesOf(t, w, "zone1:shop/services/app1", 2)
		var nodes []string
		for _, n := range g.Nodes {
			nodes = append(nodes, fmt.Sprintf("%d %s", n.Level, n.Ref.Name))
		}
		slices.Sort(nodes)
		if diff := cmp.Diff([]string{"-1 edge", "0 app1", "1 app1-pod", "2 app1", "2 app1-config", "2 app1:1", "2 n1", "2 shop-config"}, nodes); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("owners among what relations led to are told", func(t *testing.T) {
		_, g := edgesOf(t, w, "zone1:shop/configmaps/app1-config", 1)
		owns := 0
		for _, e := range g.Edges {
			if e.Type == "owns" {
				owns++
			}
		}
		if owns != 2 {
			t.Errorf("got %d ownerships, want Deployment to ReplicaSet to Pod", owns)
		}
	})
}

func TestRelationsOfAHubAreCapped(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", thing("v1", "Node", "", "n1", object{}), write{})
	w.put("zone1", thing("v1", "ServiceAccount", "shop", "default", object{}), write{})
	d := deployment("shop", "zz-last", "a:1", 1, 1)
	w.put("zone1", d, write{})
	for i := range 80 {
		pod := owned("v1", "Pod", fmt.Sprintf("p-%03d", i), d)
		pod["spec"] = object{"nodeName": "n1"}
		w.put("zone1", pod, write{})
	}
	w.flush()
	edges, g := edgesOf(t, w, "zone1:-/nodes/n1", 1)
	if len(edges) != 50 || !g.Truncated || g.Nodes[0].Hidden != 30 {
		t.Errorf("of a Node: %d edges, truncated %v, hidden %d", len(edges), g.Truncated, g.Nodes[0].Hidden)
	}
	edges, g = edgesOf(t, w, "zone1:shop/serviceaccounts/default", 1)
	if len(edges) != 50 || !g.Truncated || g.Nodes[0].Hidden != 31 || !slices.Contains(edges, "deployments/zz-last uses serviceaccounts/default") {
		t.Errorf("of an account: truncated %v, hidden %d, %s", g.Truncated, g.Nodes[0].Hidden, edges)
	}
}
