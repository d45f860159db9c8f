package search_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// names are cluster/name of everything a listing has, taken three at a time.
func names(t *testing.T, w *world, r records.Request) (names []string, total int) {
	t.Helper()
	l, err := w.service.List(t.Context(), everyone, r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	for more := true; more; {
		var part []*records.Object
		if part, more, err = l.Next(t.Context(), 3); err != nil {
			t.Fatalf("%+v: %v", r, err)
		}
		for _, o := range part {
			names = append(names, o.Ref.Cluster+"/"+o.Name)
		}
	}
	return names, l.Total()
}

func TestAListingInAnOrderOfItsOwn(t *testing.T) {
	w := newWorld(t)
	for i, weight := range []any{"10", "9", nil, "2Gi"} {
		cm := configMap("shop", fmt.Sprintf("cm-%d", i))
		if weight != nil {
			cm["spec"] = object{"weight": weight}
		}
		w.put("zone1", cm, write{})
		w.put("zone2", cm, write{})
	}
	w.flush()
	w.eventually("columns answer", func() bool {
		e, err := w.service.Explain(t.Context(), everyone, "kind:cm", "resources")
		return err == nil && strings.HasPrefix(e.Engine, "columns ")
	})
	f := func(r records.Request, want ...string) {
		t.Helper()
		r.Query = "kind:cm"
		if got, _ := names(t, w, r); !cmp.Equal(got, want) {
			t.Errorf("%+v: got %v, want %v", r, got, want)
		}
	}
	f(records.Request{Order: []records.By{{Field: "cluster", Desc: true}, {Field: "name", Desc: true}}}, // several fields
		"zone2/cm-3", "zone2/cm-2", "zone2/cm-1", "zone2/cm-0", "zone1/cm-3", "zone1/cm-2", "zone1/cm-1", "zone1/cm-0")
	f(records.Request{Order: []records.By{{Field: ".spec.weight"}}}, // numbers by size, what has none last
		"zone1/cm-1", "zone2/cm-1", "zone1/cm-0", "zone2/cm-0", "zone1/cm-3", "zone2/cm-3", "zone1/cm-2", "zone2/cm-2")
	f(records.Request{Order: []records.By{{Field: ".spec.weight", Desc: true}, {Field: "cluster", Desc: true}}},
		"zone2/cm-3", "zone1/cm-3", "zone2/cm-0", "zone1/cm-0", "zone2/cm-1", "zone1/cm-1", "zone2/cm-2", "zone1/cm-2")
	f(records.Request{Offset: 6}, "zone1/cm-3", "zone2/cm-3")
	f(records.Request{Offset: 9})
	if _, total := names(t, w, records.Request{Query: "kind:cm", Offset: 6}); total != 2 {
		t.Errorf("behind 6 of 8 there are %d", total)
	}
	if got, total := names(t, w, records.Request{Query: "kind:cm deleted:any", Order: []records.By{{Field: "name", Desc: true}}, Offset: 5}); total != 3 || len(got) != 3 || !strings.HasSuffix(got[2], "/cm-0") {
		t.Errorf("of the database, behind 5 of 8: %d, %v", total, got)
	}
	for _, r := range []records.Request{
		{Query: "kind:cm sort:name", Order: []records.By{{Field: "name"}}},
		{Query: "kind:cm", Order: []records.By{{Field: "nonsense"}}},
		{Query: "kind:cm deleted:any", Order: []records.By{{Field: ".spec.weight"}}},
		{Query: "kind:cm deleted:any", Owner: &records.Owner{UIDs: []string{"x"}}},
	} {
		if _, err := w.service.List(t.Context(), everyone, r); access.Code(err) == "" || access.Code(err) == "INTERNAL" {
			t.Errorf("%+v answers %v, want a sentence", r, err)
		}
	}
}

func TestAListingOfWhatBelongsToAnOwner(t *testing.T) {
	w := newWorld(t)
	for _, cluster := range []string{"zone1", "zone2"} {
		web := deployment("shop", "web", "nginx:1", 1, 1)
		web["metadata"].(object)["uid"] = "d-" + cluster
		set := owned("apps/v1", "ReplicaSet", "web-rs", web)
		set["metadata"].(object)["uid"] = "rs-" + cluster
		pod := owned("v1", "Pod", "web-pod", set)
		pod["metadata"].(object)["uid"] = "pod-" + cluster
		for _, o := range []object{web, set, pod, configMap("shop", "alone")} {
			w.put(cluster, o, write{})
		}
	}
	w.flush()
	w.eventually("columns answer", func() bool {
		e, err := w.service.Explain(t.Context(), everyone, "kind:pod", "resources")
		return err == nil && strings.HasPrefix(e.Engine, "columns ")
	})
	f := func(owner records.Owner, want ...string) {
		t.Helper()
		if got, _ := names(t, w, records.Request{Query: "ns:shop", Owner: &owner}); !cmp.Equal(got, want) {
			t.Errorf("%+v: got %v, want %v", owner, got, want)
		}
	}
	f(records.Owner{UIDs: []string{"d-zone1"}}, "zone1/web-rs")
	f(records.Owner{UIDs: []string{"d-zone1"}, Levels: 1}, "zone1/web-pod")
	f(records.Owner{UIDs: []string{"d-zone1"}, Levels: 2})
	f(records.Owner{UIDs: []string{"never-seen"}})
	f(records.Owner{Query: `name="web" kind:deploy`, Levels: 1}, "zone1/web-pod", "zone2/web-pod")
	f(records.Owner{Query: `name="web" kind:deploy cluster="zone2"`, Levels: 1}, "zone2/web-pod")
	f(records.Owner{Query: `name="web" kind:sts`, Levels: 1})
}
