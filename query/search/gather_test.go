package search_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foretop/foretop/internal/records"
)

// Pages, totals and facets are the same whether the rows are gathered and counted here, or the database does it all,
// or more rows came than expected.
func TestGatheredAnswersAreTheDatabases(t *testing.T) {
	w := newWorld(t)
	reference(w)
	for n := range 120 {
		w.put(fmt.Sprintf("zone%d", 1+n%3), pod(n, 7), write{})
	}
	w.put("zone2", pod(4, 7), write{deleted: true})
	w.put("zone1", configMap("shop", "lastword"), write{})
	w.flush()
	w.indexed("lastword")
	facets := []string{"cluster", "kind", "resource", "ns", "status", "health", "ready", "app", "node", "reason", "image", "label.tier", "label", "restarts"}
	ask := func(query string) (pages []*records.Result) {
		t.Helper()
		r := records.Request{Query: query, First: 40, Facets: facets}
		for {
			result, err := w.service.Search(t.Context(), everyone, r)
			if err != nil {
				t.Fatalf("%s: %v", query, err)
			}
			pages = append(pages, result)
			if !result.More {
				return pages
			}
			r.After = result.Cursor
		}
	}
	for _, query := range []string{"", "kind:pod", "kind:pod status:!Ready", "app:app-3,app2 cluster:zone1", "ns:shop sort:cluster-desc", "sort:name-desc limit:50", "sort:age-asc",
		"app-1", "app-1 kind:pod", "app2 OR kind:cm", "-app2", "nothing-of-that-name", "deleted:true", "at:-1s kind:deploy", "sort:restarts-desc kind:pod", `"proxy" label.tier=cache OR app-1`} {
		w.service.GatherMost(0)
		want := ask(query)
		for _, most := range []int{30, 3000} {
			w.service.GatherMost(most)
			if diff := cmp.Diff(want, ask(query), cmpopts.IgnoreFields(records.Result{}, "Took", "Cursor", "Coverage", "Engine")); diff != "" {
				t.Errorf("%q, at most %d gathered (-database +gathered):\n%s", query, most, diff)
			}
		}
	}
}
