package search_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/records"
)

func TestOwnersAutoscalersAndRelations(t *testing.T) {
	w := newWorld(t)
	d := deployment("shop", "app2", "app2:1.0", 2, 2)
	rs := owned("apps/v1", "ReplicaSet", "app2-abc", d)
	w.put("zone1", d, write{})
	w.put("zone1", rs, write{})
	for _, name := range []string{"app2-abc-1", "app2-abc-2"} {
		w.put("zone1", owned("v1", "Pod", name, rs), write{})
	}
	w.put("zone2", d, write{}) // the same UID in another cluster is another object
	hpa := object{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": object{"name": "scaler", "namespace": "shop", "uid": "hpa-1"},
		"spec": object{"scaleTargetRef": object{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app2"}, "minReplicas": int64(1), "maxReplicas": int64(9)}}
	w.put("zone1", hpa, write{})
	w.flush()
	ask := func(who string) {
		t.Helper()
		pods := w.all(records.Request{Query: "kind:pod", First: 10})
		owners, err := w.service.Owners(t.Context(), everyone, pods)
		if err != nil || len(owners) != 2 || owners[pods[0].Ref].Ref.String() != "zone1:shop/replicasets.apps/app2-abc" {
			t.Errorf("owners by %s: got %v, %v", who, owners, err)
		}
		deployments := w.all(records.Request{Query: "kind:deploy", First: 10})
		scalers, err := w.service.Autoscalers(t.Context(), everyone, deployments)
		if err != nil || len(scalers) != 1 || scalers[ref(t, "zone1:shop/deployments.apps/app2")].Ref.Name != "scaler" {
			t.Errorf("autoscalers by %s: got %v, %v", who, scalers, err)
		}
	}
	w.eventually("columns are there", func() bool { return w.service.KnowsPast(time.Now()) })
	ask("columns")
	show := w.service.HideColumns()
	ask("the database")
	show()
	g, err := w.service.Related(t.Context(), everyone, ref(t, "zone1:shop/replicasets.apps/app2-abc"), 2)
	if err != nil {
		t.Fatal(err)
	}
	var nodes, edges []string
	for _, n := range g.Nodes {
		nodes = append(nodes, fmt.Sprintf("%d %s", n.Level, n.Ref.Name))
	}
	for _, e := range g.Edges {
		edges = append(edges, e.From.Name+" "+e.Type+" "+e.To.Name)
	}
	slices.Sort(nodes)
	slices.Sort(edges)
	if diff := cmp.Diff([]string{"-1 app2", "-1 scaler", "0 app2-abc", "1 app2-abc-1", "1 app2-abc-2", "1 app2:1.0"}, nodes); diff != "" || g.Truncated {
		t.Error(diff, g.Truncated)
	}
	if diff := cmp.Diff([]string{"app2 image app2:1.0", "app2 owns app2-abc", "app2-abc owns app2-abc-1", "app2-abc owns app2-abc-2", "scaler selects app2"}, edges); diff != "" {
		t.Error(diff)
	}
}

func TestAGraphIsCapped(t *testing.T) {
	w := newWorld(t)
	d := deployment("shop", "app2", "app2:1.0", 2, 2)
	w.put("zone1", d, write{})
	for i := range 600 {
		w.put("zone1", owned("v1", "Pod", fmt.Sprintf("p-%03d", i), d), write{})
	}
	w.flush()
	g, err := w.service.Related(t.Context(), everyone, ref(t, "zone1:shop/deployments.apps/app2"), 1)
	if err != nil || len(g.Nodes) != 500 || !g.Truncated || len(g.Edges) != 499 || g.Nodes[0].Hidden != 102 { // 101 Pods and the image
		t.Errorf("got %d nodes, %d edges, %v, hidden %d, %v", len(g.Nodes), len(g.Edges), g.Truncated, g.Nodes[0].Hidden, err)
	}
}

func TestClustersAndKinds(t *testing.T) {
	w := newWorld(t)
	reference(w)
	for _, zone := range []string{"zone1", "zone2"} {
		w.state(zone, "apps", "deployments", "Deployment", true, "deploy")
		w.state(zone, "", "configmaps", "ConfigMap", true, "cm")
	}
	w.state("zone1", "demo.foretop.io", "gadgets", "Gadget", true, "gd")
	w.flush()
	list, err := w.service.Clusters(t.Context(), everyone, "")
	if err != nil || len(list) != 3 || list[0].Name != "zone1" || list[0].Objects != 4 || len(list[0].Resources) != 3 || list[0].State != records.Live {
		t.Errorf("got %+v, %v", list, err)
	}
	for query, want := range map[string]int{"cluster:zone2": 1, "zone2": 1, "app:app2 status:!Ready": 1, "cluster.region:north": 3, "name:nothing": 0} {
		list, err := w.service.Clusters(t.Context(), everyone, query)
		if err != nil || len(list) != want {
			t.Errorf("%s: got %d, %v", query, len(list), err)
		}
	}
	kinds, err := w.service.Kinds(t.Context(), everyone)
	got := map[string]int{}
	for _, k := range kinds {
		got[k.GroupResource.String()] = k.Clusters
	}
	if diff := cmp.Diff(map[string]int{"deployments.apps": 2, "configmaps": 2, "gadgets.demo.foretop.io": 1}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	t.Run("a new kind is soon a word of the language", func(t *testing.T) {
		w.eventually("kind:gd is understood", func() bool {
			_, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:gd", First: 1})
			return err == nil
		})
	})
	t.Run("coverage is of the clusters that a query names", func(t *testing.T) {
		for query, want := range map[string]int{"": 3, "cluster:zone2": 1, "cluster:zone1,zone3 kind:deploy": 2, "-cluster:zone1": 2, "app2": 3} {
			r, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 1})
			if err != nil || len(r.Coverage.Clusters) != want {
				t.Errorf("%q: got %+v, %v", query, r, err)
			}
		}
	})
}

// A path in the query is judged by the whole object, whenever the feed came by it.
func TestWatchByAPath(t *testing.T) {
	w := newWorld(t)
	put := func(mode string) {
		o := configMap("shop", "flags")
		o["data"] = map[string]any{"mode": mode}
		w.put("zone1", o, write{})
		w.flush()
	}
	put("off")
	changes, err := w.service.Watch(t.Context(), everyone, "kind:cm data.mode:on")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range []struct{ mode, want string }{{"on", "ADDED"}, {"off", "REMOVED"}} {
		put(f.mode)
		select {
		case c := <-changes:
			if c.Type != f.want || c.Ref.Name != "flags" {
				t.Errorf("mode %s: got %s of %s, want %s", f.mode, c.Type, c.Ref, f.want)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("mode %s: nothing came", f.mode)
		}
	}
}

func TestAWatchAsksForOwnersAndNodes(t *testing.T) {
	w := newWorld(t)
	d := deployment("shop", "app2", "app2:1.0", 2, 2)
	rs := owned("apps/v1", "ReplicaSet", "app2-abc", d)
	node := thing("v1", "Node", "", "n1", object{})
	node["metadata"].(object)["labels"] = object{"topology.kubernetes.io/zone": "z1"}
	w.put("zone1", d, write{})
	w.put("zone1", rs, write{})
	w.put("zone2", rs, write{}) // of an owner that is not there
	w.put("zone1", node, write{})
	w.flush()
	changes, err := w.service.Watch(t.Context(), everyone, "kind:pod owner:Deployment/app2 zone:z1")
	if err != nil {
		t.Fatal(err)
	}
	here, elsewhere := owned("v1", "Pod", "app2-abc-1", rs), owned("v1", "Pod", "app2-abc-2", rs)
	here["spec"], elsewhere["spec"] = object{"nodeName": "n1"}, object{"nodeName": "n2"}
	w.put("zone1", elsewhere, write{})
	w.put("zone2", here, write{})
	w.put("zone1", here, write{})
	w.flush()
	select {
	case c := <-changes:
		if c.Type != "ADDED" || c.Ref.String() != "zone1:shop/pods/app2-abc-1" {
			t.Errorf("got %s of %s", c.Type, c.Ref)
		}
	case <-time.After(10 * time.Second):
		t.Fatal("nothing came")
	}
}

func TestWatch(t *testing.T) {
	w := newWorld(t)
	reference(w)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changes, err := w.service.Watch(ctx, everyone, "kind:deploy status:!Ready")
	if err != nil {
		t.Fatal(err)
	}
	next := func(want string) {
		t.Helper()
		select {
		case c, ok := <-changes:
			got := c.Type + " " + c.Ref.String()
			if !ok || got != want {
				t.Fatalf("got %q %v, want %q", got, ok, want)
			}
			if (c.Object == nil) != (c.Type == "REMOVED") || c.Object != nil && len(c.Object.JSON) == 0 {
				t.Errorf("%s: object %+v", got, c.Object)
			}
		case <-time.After(10 * time.Second):
			t.Fatalf("nothing came, want %q", want)
		}
	}
	w.put("zone1", deployment("shop", "app1", "app1:2.0", 2, 2), write{}) // matches neither before nor after
	w.put("zone2", deployment("shop", "app1", "app1:2.0", 2, 1), write{})
	w.flush()
	next("ADDED zone2:shop/deployments.apps/app1")
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 3, 1), write{})
	w.flush()
	next("MODIFIED zone1:shop/deployments.apps/app2")
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{})
	w.flush()
	next("REMOVED zone1:shop/deployments.apps/app2")
	w.put("zone2", deployment("shop", "app1", "app1:2.0", 2, 1), write{deleted: true})
	w.flush()
	next("REMOVED zone2:shop/deployments.apps/app1")
	cancel()
	w.eventually("the channel closes", func() bool {
		select {
		case _, ok := <-changes:
			return !ok
		default:
			return false
		}
	})
}
