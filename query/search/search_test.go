package search_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// reference puts app1 to app3 into all zones; app2 is broken in zone1.
func reference(w *world) {
	for _, zone := range []string{"zone1", "zone2", "zone3"} {
		for _, app := range []string{"app1", "app2", "app3"} {
			ready := 2
			if zone == "zone1" && app == "app2" {
				ready = 0
			}
			w.put(zone, deployment("shop", app, app+":1.0", 2, ready), write{})
		}
		w.put(zone, configMap("shop", "settings"), write{})
	}
	w.flush()
}

func TestSearchStructure(t *testing.T) {
	w := newWorld(t)
	reference(w)
	f := func(query string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, w.search(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	f(`app:app2 status:!Ready`, "zone1:shop/deployments.apps/app2")
	f(`app:app2`, "zone1:shop/deployments.apps/app2", "zone2:shop/deployments.apps/app2", "zone3:shop/deployments.apps/app2") // same names side by side, by cluster name
	f(`kind:deploy cluster:zone3 name:app1,app3`, "zone3:shop/deployments.apps/app1", "zone3:shop/deployments.apps/app3")
	f(`cluster:zone1 ns:shop`, "zone1:shop/deployments.apps/app1", "zone1:shop/deployments.apps/app2", "zone1:shop/deployments.apps/app3", "zone1:shop/configmaps/settings") // what runs comes first
	f(`k:cm cluster:zone2 sort:name-desc`, "zone2:shop/configmaps/settings")
	f(`cluster:zone1 kind:deploy sort:name-desc`, "zone1:shop/deployments.apps/app3", "zone1:shop/deployments.apps/app2", "zone1:shop/deployments.apps/app1")
	f(`kind:deploy sort:cluster-desc limit:2`, "zone3:shop/deployments.apps/app1", "zone3:shop/deployments.apps/app2")
	f(`name:nothing`, []string{}...)
}

func TestAQueryWithATypoIsAnErrorWithACode(t *testing.T) {
	w := newWorld(t)
	_, err := w.service.Search(t.Context(), everyone, records.Request{Query: "clutser:zone1", First: 10})
	if access.Code(err) != "QL_UNKNOWN_FIELD" {
		t.Errorf("got %v", err)
	}
	_, err = w.service.Search(t.Context(), everyone, records.Request{First: 5000})
	if access.Code(err) != "BAD_PAGE_SIZE" {
		t.Errorf("got %v", err)
	}
	_, err = w.service.Search(t.Context(), everyone, records.Request{First: 5, Facets: []string{"nonsense"}})
	if access.Code(err) == "INTERNAL" || err == nil {
		t.Errorf("got %v", err)
	}
}

func TestPages(t *testing.T) {
	w := newWorld(t)
	want := []string{}
	for i := range 57 {
		w.put("zone1", configMap("shop", fmt.Sprintf("cm-%02d", i)), write{})
		want = append(want, fmt.Sprintf("zone1:shop/configmaps/cm-%02d", i))
	}
	w.flush()
	t.Run("hold every object once, in order", func(t *testing.T) {
		if diff := cmp.Diff(want, refs(w.all(records.Request{Query: "kind:cm", First: 10}))); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("total is exact on each", func(t *testing.T) {
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:cm", First: 10})
		if err != nil || r.Total != 57 || !r.More || len(r.Objects) != 10 {
			t.Fatalf("got %+v, %v", r, err)
		}
		r, err = w.service.Search(t.Context(), everyone, records.Request{Query: "kind:cm", First: 10, After: r.Cursor})
		if err != nil || r.Total != 57 || r.Objects[0].Name != "cm-10" {
			t.Fatalf("got %+v, %v", r, err)
		}
	})
	t.Run("a cursor of another query is refused", func(t *testing.T) {
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:cm", First: 10})
		if err != nil {
			t.Fatal(err)
		}
		for _, after := range []string{r.Cursor + "x", "nonsense"} {
			if _, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:cm", First: 10, After: after}); access.Code(err) != "BAD_CURSOR" {
				t.Errorf("after %q: got %v", after, err)
			}
		}
		if _, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:pod", First: 10, After: r.Cursor}); access.Code(err) != "BAD_CURSOR" {
			t.Errorf("got %v", err)
		}
	})
	t.Run("neither repeat nor miss what stayed while the list changed", func(t *testing.T) {
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: "kind:cm", First: 20})
		if err != nil {
			t.Fatal(err)
		}
		w.put("zone1", configMap("shop", "cm-05"), write{deleted: true})
		w.put("zone1", configMap("shop", "cm-00a"), write{})
		w.put("zone1", configMap("shop", "cm-40"), write{})
		w.flush()
		got := append(refs(r.Objects), refs(w.all(records.Request{Query: "kind:cm", First: 20, After: r.Cursor}))...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("objects are whole, or bare when asked", func(t *testing.T) {
		for _, bare := range []bool{false, true} {
			r, err := w.service.Search(t.Context(), everyone, records.Request{Query: "name:cm-07", First: 1, Bare: bare})
			if err != nil || len(r.Objects) != 1 {
				t.Fatal(r, err)
			}
			o := r.Objects[0]
			if bare != (o.JSON == nil) || o.Kind != "ConfigMap" || o.ClusterUID != uidOf("zone1") || o.Namespace != "shop" || o.Version != "v1" || o.Ver == 0 || !o.DeletedAt.IsZero() {
				t.Errorf("bare %v: got %+v", bare, o)
			}
		}
	})
}

func TestPagesInAnOrderWithManyEqualValues(t *testing.T) {
	w := newWorld(t)
	for i := range 40 {
		w.put("zone1", deployment("shop", fmt.Sprintf("d-%02d", i), "x:1", i%3, 0), write{})
	}
	w.flush()
	objects := w.all(records.Request{Query: "kind:deploy sort:replicas-desc", First: 7})
	if len(objects) != 40 {
		t.Fatalf("got %d objects", len(objects))
	}
	if !slices.IsSortedFunc(objects, func(a, b *records.Object) int {
		if a.Replicas != b.Replicas {
			return int(b.Replicas - a.Replicas)
		}
		return strings.Compare(a.Name, b.Name)
	}) {
		t.Error("not in order")
	}
}

func TestFacetsEqualACountByHand(t *testing.T) {
	w := newWorld(t)
	reference(w)
	for i := range 30 {
		w.put([]string{"zone1", "zone2"}[i%2], deployment(fmt.Sprintf("ns-%d", i%4), fmt.Sprintf("d-%d", i), fmt.Sprintf("img-%d:1", i%5), 1, i%2), write{})
	}
	w.flush()
	fields := []string{"cluster", "kind", "ns", "status", "health", "ready", "app", "image", "label.tier", "resource"}
	of := func(o *records.Object) map[string][]string {
		return map[string][]string{"cluster": {o.Ref.Cluster}, "kind": {o.Kind}, "ns": {o.Namespace}, "status": {o.Status}, "health": {string(o.Health)}, "ready": {o.Ready},
			"app": {o.App}, "image": o.Images, "label.tier": {o.Labels["tier"]}, "resource": {o.Ref.GroupResource.String()}}
	}
	for _, query := range []string{"", "kind:deploy", "ns:ns-1,ns-2 -app:d-1", "cluster:zone1 ready:false"} {
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 10, Facets: fields})
		if err != nil {
			t.Fatal(err)
		}
		for _, facet := range r.Facets {
			without := query
			switch { // its own filter does not count
			case facet.Field == "kind" && query == "kind:deploy":
				without = ""
			case facet.Field == "ns" && strings.HasPrefix(query, "ns:"):
				without = "-app:d-1"
			case facet.Field == "app" && strings.HasPrefix(query, "ns:"):
				without = "ns:ns-1,ns-2"
			case facet.Field == "cluster" && strings.HasPrefix(query, "cluster"):
				without = "ready:false"
			case facet.Field == "ready" && strings.HasPrefix(query, "cluster"):
				without = "cluster:zone1"
			}
			want := map[string]int{}
			for _, o := range w.all(records.Request{Query: without, First: 1000}) {
				for _, v := range of(o)[facet.Field] {
					if v != "" {
						want[v]++
					}
				}
			}
			got := map[string]int{}
			for _, v := range facet.Values {
				got[v.Value] = v.Count
			}
			if diff := cmp.Diff(want, got); diff != "" || facet.Distinct != len(want) {
				t.Errorf("%q %s: distinct %d (-want +got):\n%s", query, facet.Field, facet.Distinct, diff)
			}
		}
		if all := w.all(records.Request{Query: query, First: 1000}); r.Total != len(all) {
			t.Errorf("%q: total %d, want %d", query, r.Total, len(all))
		}
	}
}

func TestObjectTakesKindsAndShortNames(t *testing.T) {
	w := newWorld(t)
	reference(w)
	for _, r := range []string{"zone1:shop/deployments.apps/app2", "zone1:shop/deploy/app2", "zone1:shop/Deployment/app2"} {
		o, err := w.service.Object(t.Context(), everyone, ref(t, r), time.Time{})
		if err != nil || o == nil || o.Ref.String() != "zone1:shop/deployments.apps/app2" {
			t.Errorf("%s: got %v, %v", r, o, err)
		}
	}
	objects, err := w.service.Objects(t.Context(), everyone, []kube.Ref{ref(t, "zone1:shop/deployments.apps/app2"), ref(t, "zone2:shop/deployments.apps/app1"), ref(t, "zone2:shop/deployments.apps/none")})
	if err != nil || len(objects) != 2 {
		t.Errorf("got %v, %v", objects, err)
	}
}

func TestAPathIsLookedForWhereColumnsSay(t *testing.T) {
	w := newWorld(t)
	reference(w)
	for i := range 30 {
		w.put("zone3", configMap("filler", fmt.Sprintf("cm-%02d", i)), write{})
	}
	w.flush()
	for query, want := range map[string][2]string{ // when their texts may be looked into, and when not
		"app:app2 spec.replicas:2":                      {"columns+texts", "columns+clickhouse"},
		"app:app2 (spec.replicas:2 OR name:nothing)":    {"columns+texts", "columns+clickhouse"},
		"kind:deploy -spec.replicas:3 cluster:zone1":    {"columns+texts", "columns+clickhouse"},
		"spec.replicas:2":                               {"columns+texts", "clickhouse"},
		"kind:deploy annotation.none:x cluster:zone1":   {"columns+texts", "columns+clickhouse"},
		`kind:cm content:"ConfigMap" name:cm-0*`:        {"columns+texts", "columns+clickhouse"},
		"kind:deploy app:app2 status:!Ready has:image ": {"columns", "columns"},
	} {
		var answers [2]*records.Result
		for i, engine := range want {
			if i == 1 {
				w.service.LookMost(-1)
			}
			w.eventually(query+" is answered by "+engine, func() bool {
				r, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 10, Facets: []string{"cluster", "ns"}})
				if err != nil {
					t.Fatal(err)
				}
				e, err := w.service.Explain(t.Context(), everyone, query, "resources")
				if err != nil {
					t.Fatal(err)
				}
				answers[i] = r
				return r.Engine == engine && strings.HasPrefix(e.Engine, engine+" ")
			})
		}
		w.service.LookMost(3000)
		if diff := cmp.Diff(answers[0], answers[1], cmpopts.IgnoreFields(records.Result{}, "Took", "Engine", "Coverage", "Cursor"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s (-texts +database):\n%s", query, diff)
		}
	}
	if got := len(w.search("app:app2 spec.replicas:2")); got != 3 {
		t.Errorf("%d objects have two replicas", got)
	}
	if got := len(w.search("kind:deploy -spec.replicas:3 cluster:zone1")); got != 3 {
		t.Errorf("%d objects do not have three", got)
	}
}
