package search_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
)

// says makes documents of a cluster: path and content, which stands for its name too.
func (w *world) says(cluster string, pairs ...string) {
	w.t.Helper()
	w.seq++
	paths, types, names, reasons := []string{}, []string{}, []string{}, []string{}
	for i := 0; i < len(pairs); i += 2 {
		paths, types, names, reasons = append(paths, pairs[i]), append(types, "application/json"), append(names, pairs[i+1]), append(reasons, "")
		w.insert("documents", clickhouse.Column{Name: "sha256", Values: []string{pairs[i+1]}}, clickhouse.Column{Name: "gzip", Values: []string{"packed " + pairs[i+1]}}, clickhouse.Column{Name: "stored_at", Values: []time.Time{time.Now()}})
	}
	w.insert("cluster_documents", clickhouse.Column{Name: "cluster", Values: []string{uidOf(cluster)}}, clickhouse.Column{Name: "ver", Values: []uint64{w.seq}}, clickhouse.Column{Name: "paths", Values: [][]string{paths}},
		clickhouse.Column{Name: "content_types", Values: [][]string{types}}, clickhouse.Column{Name: "sha256s", Values: [][]string{names}}, clickhouse.Column{Name: "reasons", Values: [][]string{reasons}}, clickhouse.Column{Name: "changed_at", Values: []time.Time{time.Now()}})
}

func (w *world) insert(table string, columns ...clickhouse.Column) {
	w.t.Helper()
	if err := w.db.Insert(context.Background(), table, columns, ""); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) member(name string) records.Member {
	w.t.Helper()
	all, err := w.service.Members(w.t.Context(), everyone)
	if err != nil {
		w.t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(m records.Member) bool { return m.Name == name })
	if i < 0 {
		w.t.Fatalf("no member is %s: %+v", name, all)
	}
	return all[i]
}

func TestMembersHaveTheirKindsAndDocuments(t *testing.T) {
	w := newWorld(t)
	w.state("zone1", "", "pods", "Pod", true, "po")
	w.flush()
	w.says("zone1", "/api/v1", "one", "/apis", "two")
	one := w.member("zone1")
	if len(one.Kinds) != 1 || one.Kinds[0].Resource != "pods" || len(one.Documents) != 2 || one.Documents[1] != (records.Document{Path: "/apis", ContentType: "application/json", SHA256: "two"}) {
		t.Errorf("zone1 is %+v", one)
	}
	if other := w.member("zone2"); len(other.Kinds)+len(other.Documents) != 0 || other.KubernetesVersion != "v1.36.3" || other.Revision == one.Revision {
		t.Errorf("zone2 is %+v", other)
	}
	w.says("zone1", "/apis", "three")
	w.eventually("what it says now", func() bool { return len(w.member("zone1").Documents) == 1 })
	said := w.member("zone1")
	if said.Revision == one.Revision {
		t.Error("other documents are the same revision")
	}
	w.state("zone1", "apps", "deployments", "Deployment", true)
	w.flush()
	w.eventually("a kind that came", func() bool { return len(w.member("zone1").Kinds) == 2 })
	if w.member("zone1").Revision == said.Revision {
		t.Error("other kinds are the same revision")
	}
}

func TestDocumentsAreThoseOfMembersOneMaySee(t *testing.T) {
	w := newWorld(t)
	w.says("zone1", "/api/v1", "one", "/apis", "two")
	w.insert("documents", clickhouse.Column{Name: "sha256", Values: []string{"nobody's"}}, clickhouse.Column{Name: "gzip", Values: []string{"x"}}, clickhouse.Column{Name: "stored_at", Values: []time.Time{time.Now()}})
	for range 2 { // from the database, then from memory
		got, err := w.service.Documents(t.Context(), everyone, []string{"one", "two", "nobody's", "no-such", ""})
		if err != nil || len(got) != 2 || string(got["one"]) != "packed one" || string(got["two"]) != "packed two" {
			t.Errorf("documents are %q, %v", got, err)
		}
		got, err = w.service.Documents(t.Context(), access.Scope{}, []string{"one"})
		if err != nil || len(got) != 0 {
			t.Errorf("nobody sees %q, %v", got, err)
		}
	}
	if all, err := w.service.Members(t.Context(), access.Scope{}); err != nil || len(all) != 0 {
		t.Errorf("nobody sees members %v, %v", all, err)
	}
}
