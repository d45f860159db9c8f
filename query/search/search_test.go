package search_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas"
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

func TestThePast(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 0), write{at: now.Add(-time.Hour)})
	w.put("zone1", configMap("shop", "gone"), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", configMap("shop", "gone"), write{at: now.Add(-2 * time.Hour), deleted: true})
	w.flush()
	f := func(query string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, want...), w.search(query)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	app2, gone := "zone1:shop/deployments.apps/app2", "zone1:shop/configmaps/gone"
	f(`image:"app2:1.0"`)
	f(`image:"app2:1.0" at:-2h`, app2)
	f(`image:"app2:2.0" at:-2h`)
	f(`at:-150m`, app2, gone)
	f(`at:-90m`, app2)
	f(`at:-4h`)
	f(`app2 at:-2h status:Ready`, app2)
	f(`ns:shop`, app2)
	f(`deleted:true`, gone)
	f(`deleted:true app2`)
	f(`gone deleted:true`, gone)

	for at, want := range map[time.Duration]string{0: "app2:2.0", 2 * time.Hour: "app2:1.0"} {
		var moment time.Time
		if at > 0 {
			moment = now.Add(-at)
		}
		o, err := w.service.Object(t.Context(), everyone, ref(t, app2), moment)
		if err != nil || o == nil || o.Images[0] != want || !strings.Contains(string(o.JSON), want) {
			t.Errorf("at -%s: got %+v, %v", at, o, err)
		}
	}
	for _, absent := range []struct {
		ref string
		at  time.Time
	}{{gone, time.Time{}}, {gone, now}, {app2, now.Add(-5 * time.Hour)}, {"zone9:shop/configmaps/gone", time.Time{}}} {
		if o, err := w.service.Object(t.Context(), everyone, ref(t, absent.ref), absent.at); o != nil || err != nil {
			t.Errorf("%+v: got %+v, %v", absent, o, err)
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

func TestFreeText(t *testing.T) {
	w := newWorld(t)
	reference(w)
	cm := configMap("shop", "notes-on-app2")
	w.put("zone1", cm, write{})
	labelled := configMap("shop", "other")
	labelled["metadata"].(object)["labels"] = object{"owner": "app2"}
	w.put("zone1", labelled, write{})
	w.put("zone1", configMap("shop", "checkout"), write{})
	w.flush()
	check := func(engine string) {
		t.Helper()
		f := func(query string, want ...string) {
			t.Helper()
			r, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 100, Facets: []string{"kind"}})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(append([]string{}, want...), refs(r.Objects)); diff != "" {
				t.Errorf("%s: %s (-want +got):\n%s", engine, query, diff)
			}
			if r.Engine != engine {
				t.Errorf("%s: answered by %s, want %s", query, r.Engine, engine)
			}
			if r.Total != len(want) {
				t.Errorf("%s: %s: total %d", engine, query, r.Total)
			}
		}
		app2 := []string{"zone1:shop/deployments.apps/app2", "zone2:shop/deployments.apps/app2", "zone3:shop/deployments.apps/app2"}
		f(`app2`, append(slices.Clone(app2), "zone1:shop/configmaps/other", "zone1:shop/configmaps/notes-on-app2")...) // name, label, rest
		f(`app2 kind:deploy`, app2...)
		f(`app2 cluster:zone2`, app2[1])
		f(`check`, "zone1:shop/configmaps/checkout") // a prefix while it is typed
		f(`chekout~`, "zone1:shop/configmaps/checkout")
		f(`app2 -kind:deploy replicas:>5`)
		f(`app2 status:!Ready`, app2[0])
		f(`app2 kind:cm -notes`, "zone1:shop/configmaps/other")
		f(`notes app2`, "zone1:shop/configmaps/notes-on-app2")
		f(`(checkout OR notes) kind:cm`, "zone1:shop/configmaps/checkout", "zone1:shop/configmaps/notes-on-app2")
		f(`nosuchword`)
	}
	w.indexed("checkout")
	check("bleve+clickhouse")
	w.stop() // without a follower, the index is behind
	w.eventually("the index is too old to be asked", func() bool {
		e, err := w.service.Explain(t.Context(), everyone, "word")
		return err == nil && strings.HasPrefix(e.Engine, "clickhouse")
	})
	check("clickhouse")
}

func TestTheIndexFollows(t *testing.T) {
	w := newWorld(t)
	reference(w)
	w.indexed("settings")
	found := func(word string, want bool) {
		t.Helper()
		w.eventually(fmt.Sprintf("%s found %v", word, want), func() bool {
			r, err := w.service.Search(t.Context(), everyone, records.Request{Query: word, First: 10})
			if err != nil {
				t.Fatal(err)
			}
			return r.Engine == "bleve+clickhouse" && (r.Total > 0) == want
		})
	}
	found("late", false)
	w.put("zone2", configMap("shop", "late"), write{})
	w.flush()
	found("late", true)
	w.put("zone2", configMap("shop", "late"), write{deleted: true})
	w.flush()
	found("late", false)

	t.Run("what was written while it was stopped", func(t *testing.T) {
		w.stop()
		w.put("zone3", configMap("shop", "meanwhile"), write{})
		w.put("zone2", configMap("shop", "settings"), write{deleted: true})
		w.flush()
		w.start()
		found("meanwhile", true)
	})
	t.Run("clusters it never saw", func(t *testing.T) {
		w.addCluster("zone4")
		w.put("zone4", configMap("shop", "newcomer"), write{})
		w.flush()
		found("newcomer", true)
	})
	for name, damage := range map[string]func(string) error{
		"its folder is gone": os.RemoveAll,
		"its folder is damaged": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "objects.bleve", "index_meta.json"), []byte("{"), 0o600)
		},
		"its content is damaged": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "objects.bleve", "store", "root.bolt"), []byte("not a bolt file"), 0o600)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w.stop()
			if err := damage(w.dir); err != nil {
				t.Fatal(err)
			}
			w.start()
			found("meanwhile", true)
		})
	}
	t.Run("it followed another database", func(t *testing.T) {
		w.stop()
		for _, table := range []string{"resources", "resource_history"} {
			if err := w.db.Exec(t.Context(), "TRUNCATE TABLE "+w.db.Table(table), nil); err != nil {
				t.Fatal(err)
			}
		}
		w.seq = 0
		w.start()
		w.put("zone1", configMap("shop", "afresh"), write{})
		w.flush()
		found("afresh", true)
		found("meanwhile", false)
	})
}

func TestHistory(t *testing.T) {
	w := newWorld(t)
	for i := 1; i <= 5; i++ {
		w.put("zone1", deployment("shop", "app2", fmt.Sprintf("app2:%d.0", i), 2, 2), write{by: "kubectl"})
	}
	w.put("zone1", deployment("shop", "app2", "app2:5.0", 2, 2), write{deleted: true})
	w.flush()
	app2 := ref(t, "zone1:shop/deployments.apps/app2")
	var ops, images []string
	after := ""
	for {
		p, err := w.service.History(t.Context(), everyone, app2, 4, after)
		if err != nil {
			t.Fatal(err)
		}
		if p.Total != 6 {
			t.Errorf("total %d", p.Total)
		}
		for _, v := range p.Items {
			ops, images = append(ops, v.Op), append(images, v.Images[0])
			if v.Op == "add" != (v.Previous == nil) {
				t.Errorf("%s: previous %s", v.Op, v.Previous)
			}
			if v.Op == "update" && !strings.Contains(v.Sentence, "") {
				t.Errorf("sentence %q", v.Sentence)
			}
		}
		if !p.More {
			break
		}
		after = p.Cursor
	}
	if diff := cmp.Diff([]string{"delete", "update", "update", "update", "update", "add"}, ops); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"app2:5.0", "app2:5.0", "app2:4.0", "app2:3.0", "app2:2.0", "app2:1.0"}, images); diff != "" {
		t.Error(diff)
	}
	if _, err := w.service.History(t.Context(), everyone, ref(t, "zone1:shop/deployments.apps/app1"), 4, after); access.Code(err) != "BAD_CURSOR" {
		t.Errorf("got %v", err)
	}
}

func TestChanges(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC()
	w.put("zone1", deployment("shop", "app2", "app2:1.0", 2, 2), write{at: now.Add(-3 * time.Hour)})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 2), write{at: now.Add(-2 * time.Hour), by: "deployer"})
	w.put("zone1", deployment("shop", "app2", "app2:2.0", 2, 0), write{at: now.Add(-time.Hour), noise: true})
	w.put("zone2", deployment("shop", "app3", "app3:1.0", 2, 2), write{at: now.Add(-30 * time.Minute)})
	w.put("zone2", deployment("shop", "app3", "app3:1.0", 2, 2), write{at: now.Add(-20 * time.Minute), deleted: true})
	w.flush()
	f := func(query string, from, to time.Duration, want ...string) {
		t.Helper()
		got := []string{}
		after := ""
		for {
			p, err := w.service.Changes(t.Context(), everyone, query, now.Add(-from), now.Add(-to), 2, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, v := range p.Items {
				got = append(got, v.Op+" "+v.Ref.Name+" "+v.Images[0])
			}
			if !p.More {
				break
			}
			after = p.Cursor
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	f("", 4*time.Hour, 0, "delete app3 app3:1.0", "add app3 app3:1.0", "update app2 app2:2.0", "add app2 app2:1.0")
	f("", 150*time.Minute, 0, "delete app3 app3:1.0", "add app3 app3:1.0", "update app2 app2:2.0")
	f("", 4*time.Hour, 150*time.Minute, "add app2 app2:1.0")
	f("app:app2", 4*time.Hour, 0, "update app2 app2:2.0", "add app2 app2:1.0")
	f("cluster:zone2", 4*time.Hour, 0, "delete app3 app3:1.0", "add app3 app3:1.0")
}

func TestEvents(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Millisecond)
	app2, gone := deployment("shop", "app2", "app2:1.0", 2, 0), deployment("shop", "gone", "gone:1.0", 1, 1)
	never := deployment("shop", "never-seen", "x:1", 1, 1)
	w.put("zone1", app2, write{})
	w.put("zone1", gone, write{})
	w.put("zone1", gone, write{deleted: true})
	w.event("zone1", app2, "e1", "Warning", "BackOff", "Back-off restarting failed container", now.Add(-30*time.Minute), 1)
	w.event("zone1", app2, "e1", "Warning", "BackOff", "Back-off restarting failed container", now.Add(-10*time.Minute), 7)
	w.event("zone1", gone, "e2", "Normal", "ScalingReplicaSet", "Scaled down replica set", now.Add(-20*time.Minute), 1)
	w.event("zone2", never, "e3", "Normal", "Pulled", "Successfully pulled image", now.Add(-5*time.Minute), 1)
	w.flush()
	f := func(query string, want ...string) {
		t.Helper()
		p, err := w.service.Events(t.Context(), everyone, query, now.Add(-time.Hour), now, 10, "")
		if err != nil {
			t.Errorf("%s: %v", query, err)
			return
		}
		got := []string{}
		for _, e := range p.Items {
			regarding := "-"
			if e.Regarding != nil {
				regarding = e.Regarding.String()
			}
			got = append(got, fmt.Sprintf("%s %s %d %s", e.Cluster, e.Reason, e.Count, regarding))
		}
		if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	pulled, backoff, scaled := "zone2 Pulled 1 -", "zone1 BackOff 7 zone1:shop/deployments.apps/app2", "zone1 ScalingReplicaSet 1 zone1:shop/deployments.apps/gone"
	f("", pulled, backoff, scaled)
	f("app:app2", backoff)
	f("app:gone", scaled)
	f("cluster:zone2", pulled)
	f("restarting", backoff)
	f("nosuchword")
}

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
	pods := w.all(records.Request{Query: "kind:pod", First: 10})
	owners, err := w.service.Owners(t.Context(), everyone, pods)
	if err != nil || len(owners) != 2 || owners[pods[0].Ref].Ref.String() != "zone1:shop/replicasets.apps/app2-abc" {
		t.Errorf("owners: got %v, %v", owners, err)
	}
	deployments := w.all(records.Request{Query: "kind:deploy", First: 10})
	scalers, err := w.service.Autoscalers(t.Context(), everyone, deployments)
	if err != nil || len(scalers) != 1 || scalers[ref(t, "zone1:shop/deployments.apps/app2")].Ref.Name != "scaler" {
		t.Errorf("autoscalers: got %v, %v", scalers, err)
	}
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
	if diff := cmp.Diff([]string{"-1 app2", "0 app2-abc", "1 app2-abc-1", "1 app2-abc-2"}, nodes); diff != "" || g.Truncated {
		t.Error(diff, g.Truncated)
	}
	if diff := cmp.Diff([]string{"app2 owns app2-abc", "app2-abc owns app2-abc-1", "app2-abc owns app2-abc-2"}, edges); diff != "" {
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
	if err != nil || len(g.Nodes) != 500 || !g.Truncated || len(g.Edges) != 499 {
		t.Errorf("got %d nodes, %d edges, %v, %v", len(g.Nodes), len(g.Edges), g.Truncated, err)
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

func TestComplete(t *testing.T) {
	w := newWorld(t)
	reference(w)
	w.indexed("settings")
	f := func(query string, want string, count int) {
		t.Helper()
		w.eventually(query+" offers "+want, func() bool {
			list, err := w.service.Complete(t.Context(), everyone, query, len(query))
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				if s.Label == want && s.Count == count {
					return true
				}
			}
			return false
		})
	}
	f("app:ap", "app2", 3)
	f("cluster:zone1 app:", "app2", 1)
	f("cluster:zo", "zone2", 4)
	f("kind:deploy cluster:", "zone2", 3)
	f("label.tier:", "backend", 9)
	f("sett", "settings", 3)
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

func TestTheZeroScopeSeesNothing(t *testing.T) {
	w := newWorld(t)
	reference(w)
	w.indexed("settings")
	ctx, nobody := t.Context(), access.Scope{}
	app2 := ref(t, "zone1:shop/deployments.apps/app2")
	for _, query := range []string{"", "app2", "app:app2", "at:-1m", "deleted:true", "cluster:zone1"} {
		r, err := w.service.Search(ctx, nobody, records.Request{Query: query, First: 10, Facets: []string{"cluster", "image"}})
		if err != nil || r.Total != 0 || len(r.Objects) != 0 || len(r.Coverage.Clusters) != 0 || len(r.Facets) != 2 || len(r.Facets[0].Values) != 0 {
			t.Errorf("search %q: got %+v, %v", query, r, err)
		}
	}
	if o, err := w.service.Object(ctx, nobody, app2, time.Time{}); o != nil || err != nil {
		t.Errorf("object: got %v, %v", o, err)
	}
	if o, err := w.service.Objects(ctx, nobody, []kube.Ref{app2}); len(o) != 0 || err != nil {
		t.Errorf("objects: got %v, %v", o, err)
	}
	known, err := w.service.Object(ctx, everyone, app2, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if o, err := w.service.Owners(ctx, nobody, []*records.Object{known}); len(o) != 0 || err != nil {
		t.Errorf("owners: got %v, %v", o, err)
	}
	if o, err := w.service.Autoscalers(ctx, nobody, []*records.Object{known}); len(o) != 0 || err != nil {
		t.Errorf("autoscalers: got %v, %v", o, err)
	}
	if p, err := w.service.History(ctx, nobody, app2, 10, ""); err != nil || len(p.Items) != 0 || len(p.Coverage.Clusters) != 0 {
		t.Errorf("history: got %v, %v", p, err)
	}
	if p, err := w.service.Changes(ctx, nobody, "", time.Now().Add(-time.Hour), time.Now(), 10, ""); err != nil || len(p.Items) != 0 {
		t.Errorf("changes: got %v, %v", p, err)
	}
	if p, err := w.service.Events(ctx, nobody, "", time.Now().Add(-time.Hour), time.Now(), 10, ""); err != nil || len(p.Items) != 0 {
		t.Errorf("events: got %v, %v", p, err)
	}
	if g, err := w.service.Related(ctx, nobody, app2, 1); err != nil || len(g.Nodes) != 0 {
		t.Errorf("related: got %v, %v", g, err)
	}
	if c, err := w.service.Clusters(ctx, nobody, ""); err != nil || len(c) != 0 {
		t.Errorf("clusters: got %v, %v", c, err)
	}
	if k, err := w.service.Kinds(ctx, nobody); err != nil || len(k) != 0 {
		t.Errorf("kinds: got %v, %v", k, err)
	}
	for _, query := range []string{"app:", "sett", "cluster:"} {
		list, err := w.service.Complete(ctx, nobody, query, len(query))
		for _, s := range list {
			if s.Type == "resource" || s.Type == "value" && s.Count > 0 || strings.HasPrefix(s.Label, "zone") {
				t.Errorf("complete %s: got %+v", query, s)
			}
		}
		if err != nil {
			t.Error(err)
		}
	}
	changes, err := w.service.Watch(ctx, nobody, "")
	if err != nil {
		t.Fatal(err)
	}
	w.put("zone1", configMap("shop", "unseen"), write{})
	w.flush()
	w.indexed("unseen")
	select {
	case c := <-changes:
		t.Errorf("watch: got %+v", c)
	default:
	}
}

func TestADatabaseThatDoesNotAnswerIsASentence(t *testing.T) {
	config := clickhousetest.Engine(t.TempDir())
	engine, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: config}, clickhousetest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{DSN: "unix://" + config.Socket}, clickhousetest.Log(t))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	w := newWorldOn(t, db)
	reference(w)
	w.indexed("settings")
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{"app:app2", "app2"} {
		if _, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 1}); access.Code(err) != "UNAVAILABLE" {
			t.Errorf("%s: got %v", query, err)
		}
	}
}
