package search_test

import (
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/search"
)

func TestAListing(t *testing.T) {
	w := newWorld(t)
	for i := range 25 {
		w.put(fmt.Sprintf("zone%d", i%3+1), configMap("shop", fmt.Sprintf("cm-%02d", i)), write{})
	}
	w.flush()
	take := func(l records.Listing, most int) (found []*records.Object) {
		t.Helper()
		for {
			part, more, err := l.Next(t.Context(), most)
			if err != nil {
				t.Fatal(err)
			}
			if found = append(found, part...); !more {
				return found
			}
		}
	}
	list := func(query string, bare bool) records.Listing {
		t.Helper()
		l, err := w.service.List(t.Context(), everyone, records.Request{Query: query, Bare: bare})
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	t.Run("is everything, whoever answers", func(t *testing.T) {
		for _, query := range []string{"kind:cm", "kind:cm sort:name-desc", "kind:cm deleted:any"} {
			l := list(query, true)
			found := take(l, 7)
			names := map[string]bool{}
			for _, o := range found {
				names[o.Name] = true
			}
			if len(found) != 25 || len(names) != 25 || l.Total() != 25 || len(l.Coverage().Clusters) != 3 {
				t.Errorf("%s: %d objects, %d names, total %d of %d clusters", query, len(found), len(names), l.Total(), len(l.Coverage().Clusters))
			}
		}
	})
	t.Run("keeps order and limit", func(t *testing.T) {
		if diff := cmp.Diff([]string{"zone1:shop/configmaps/cm-24", "zone3:shop/configmaps/cm-23", "zone2:shop/configmaps/cm-22"}, refs(take(list("kind:cm sort:name-desc limit:3", true), 2))); diff != "" {
			t.Error(diff)
		}
	})
	w.eventually("columns answer", func() bool {
		e, err := w.service.Explain(t.Context(), everyone, "kind:cm", "resources")
		return err == nil && strings.HasPrefix(e.Engine, "columns ")
	})
	t.Run("is what matched, though it changed and went away meanwhile", func(t *testing.T) {
		l := list("kind:cm cluster:zone1 sort:name", false)
		w.put("zone1", configMap("shop", "cm-03"), write{deleted: true})
		w.put("zone1", configMap("shop", "cm-06"), write{})
		w.flush()
		w.eventually("the deletion is seen", func() bool { return len(w.search("name:cm-03")) == 0 })
		found := take(l, 4)
		if len(found) != 9 || found[1].Name != "cm-03" || len(found[1].JSON) == 0 {
			t.Errorf("got %v", refs(found))
		}
	})
}

func TestAListingThatHasToBeOfOneMomentWaitsForColumns(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", configMap("shop", "a"), write{})
	w.flush()
	loading, err := search.New(search.Deps{DB: w.db, Clusters: w, IndexDir: t.TempDir(), Texts: w.texts, Log: slog.New(slog.DiscardHandler)}) // nobody runs it
	if err != nil {
		t.Fatal(err)
	}
	if _, err := loading.List(t.Context(), everyone, records.Request{Query: "kind:cm", Moment: true}); access.Code(err) != "UNAVAILABLE" {
		t.Errorf("a hub that is loading answers %v", err)
	}
	if _, err := loading.List(t.Context(), everyone, records.Request{Query: "kind:cm"}); err != nil {
		t.Errorf("who needs no moment is answered %v", err)
	}
	w.eventually("columns have caught up", func() bool {
		l, err := w.service.List(t.Context(), everyone, records.Request{Query: "kind:cm", Moment: true})
		return err == nil && l.Position() != nil
	})
}
