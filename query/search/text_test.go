package search_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/records"
)

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
	check("bleve+columns")
	w.stop() // without a follower, the index is behind
	w.eventually("the index is too old to be asked", func() bool {
		e, err := w.service.Explain(t.Context(), everyone, "word", "resources")
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
			return r.Engine == "bleve+columns" && (r.Total > 0) == want
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
			return os.WriteFile(filepath.Join(dir, "words.bleve", "index_meta.json"), []byte("{"), 0o600)
		},
		"its content is damaged": func(dir string) error {
			return os.WriteFile(filepath.Join(dir, "words.bleve", "store", "root.bolt"), []byte("not a bolt file"), 0o600)
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

func TestComplete(t *testing.T) {
	w := newWorld(t)
	reference(w)
	w.indexed("settings")
	f := func(query string, want string, count int) {
		t.Helper()
		w.eventually(query+" offers "+want, func() bool {
			list, err := w.service.Complete(t.Context(), everyone, query, len(query), "resources")
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
