package search_test

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// version is an object as the writer hands it over.
func (w *world) version(cluster string, ver uint64, o object) *records.Object {
	w.t.Helper()
	s, err := kube.Summarize(o)
	if err != nil {
		w.t.Fatal(err)
	}
	text, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	return &records.Object{
		Ref: kube.Ref{Namespace: s.Namespace, GroupResource: kube.GroupResource{Group: s.Group, Resource: kube.Plural(s.Kind)}, Name: s.Name}, ClusterUID: uidOf(cluster),
		Summary: s, Ver: ver, ObservedAt: time.Now(), ChangedAt: time.Now(), JSON: text,
	}
}

func TestWhatIsHandedOverIsNotRead(t *testing.T) {
	w := newWorld(t)
	last := w.put("zone1", deployment("shop", "app1", "app1:1", 1, 1), write{})
	w.flush()
	w.indexed("app1")

	// The database does not have it, so nobody can have read it.
	w.service.Committed([]records.Commit{{ClusterUID: uidOf("zone1"), After: last, Versions: []*records.Object{w.version("zone1", last+1, deployment("shop", "app2", "app2:1", 1, 1))}}})
	w.found("name:app2", "zone1:shop/deployments.apps/app2")
	o, err := w.service.Object(context.Background(), everyone, ref(t, "zone1:shop/deployments.apps/app2"), time.Time{})
	if err != nil || o == nil || len(o.JSON) == 0 || o.Ref.Cluster != "zone1" {
		t.Fatalf("the object that was handed over: %v, %v", o, err)
	}

	gone := w.version("zone1", last+2, deployment("shop", "app2", "app2:1", 1, 1))
	gone.DeletedAt = time.Now()
	w.service.Committed([]records.Commit{{ClusterUID: uidOf("zone1"), After: last + 1, Versions: []*records.Object{gone}}})
	w.found("name:app2")

	w.service.Committed([]records.Commit{{ClusterUID: uidOf("zone2"), Versions: []*records.Object{w.version("zone2", 1<<40+7, deployment("shop", "app2", "app2:1", 1, 1))}}})
	w.found("name:app2", "zone2:shop/deployments.apps/app2")
}

func TestWhatWasMissedIsRead(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", deployment("shop", "app1", "app1:1", 1, 1), write{})
	w.flush()
	w.indexed("app1")
	handed := func(name string, after uint64) {
		ver := w.put("zone1", deployment("shop", name, name+":1", 1, 1), write{})
		v := w.version("zone1", ver, deployment("shop", name, name+":1", 1, 1))
		if after == 0 {
			after = ver - 1
		}
		w.flushQuietly()
		w.service.Committed([]records.Commit{{ClusterUID: uidOf("zone1"), After: after, Versions: []*records.Object{v}}})
	}
	// A commit in between reached the database and nobody.
	w.put("zone1", deployment("shop", "app2", "app2:1", 1, 1), write{})
	handed("app3", 0)
	w.found("kind:deployment", "zone1:shop/deployments.apps/app1", "zone1:shop/deployments.apps/app2", "zone1:shop/deployments.apps/app3")

	// The writer is another process from now on, and hands nothing over.
	w.put("zone1", deployment("shop", "app4", "app4:1", 1, 1), write{})
	w.flushQuietly()
	w.eventually("what another process committed is found", func() bool { return len(w.search("name:app4")) == 1 })
}

// found says what a query answers from memory: everything that was committed before.
func (w *world) found(query string, want ...string) {
	w.t.Helper()
	r, err := w.service.Search(context.Background(), everyone, records.Request{Query: query, First: 100})
	if err != nil {
		w.t.Fatal(err)
	}
	got := refs(r.Objects)
	if len(got) != len(want) || r.Engine != "columns" {
		w.t.Fatalf("%s: %s from %s, want %s", query, got, r.Engine, want)
	}
	for i := range got {
		if got[i] != want[i] {
			w.t.Fatalf("%s: %s, want %s", query, got, want)
		}
	}
}
