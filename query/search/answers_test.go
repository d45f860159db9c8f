package search_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/foretop/foretop/internal/records"
)

// Pages, totals, facets and objects are the same whether columns answer or the database does it all.
func TestAnswersOfColumnsAreTheDatabases(t *testing.T) {
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
	moment := time.Now().Add(time.Millisecond)
	then := moment.UTC().Format("2006-01-02T15:04:05.000Z")
	time.Sleep(5 * time.Millisecond) // moments have milliseconds
	for i := range 60 {
		p := pod(i, 7)
		if i%3 == 0 {
			p["status"] = object{"phase": "Pending"}
		}
		w.put(fmt.Sprintf("zone%d", i%3+1), p, write{deleted: i%5 == 0})
	}
	w.put("zone3", configMap("shop", "since"), write{})
	w.flush()
	w.indexed("since")
	same := func(query, who string, want, got []*records.Result) {
		t.Helper()
		if len(want) != len(got) {
			t.Errorf("%q, %s: %d pages, want %d", query, who, len(got), len(want))
			return
		}
		for i := range want {
			if diff := cmp.Diff(refs(want[i].Objects), refs(got[i].Objects)); diff != "" {
				t.Errorf("%q, page %d, %s (-database +%s):\n%s", query, i, who, who, diff)
				return
			}
			for n := range want[i].Objects {
				x, y := *want[i].Objects[n], *got[i].Objects[n]
				if !bytes.Equal(x.JSON, y.JSON) {
					t.Errorf("%q, %s: %s is %s, want %s", query, who, x.Ref, y.JSON, x.JSON)
				}
				x.JSON, y.JSON = nil, nil
				if diff := cmp.Diff(x, y, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("%q, %s, %s (-database +%s):\n%s", query, who, x.Ref, who, diff)
					return
				}
			}
			if diff := cmp.Diff(want[i], got[i], cmpopts.IgnoreFields(records.Result{}, "Took", "Cursor", "Coverage", "Engine", "Objects"), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("%q, page %d, %s (-database +%s):\n%s", query, i, who, who, diff)
				return
			}
		}
	}
	at := "at:" + then + " "
	for _, query := range []string{"", "kind:pod", "kind:pod status:!Ready", "app:app-3,app2 cluster:zone1", "ns:shop sort:cluster-desc", "sort:name-desc limit:50", "sort:age-asc",
		"app-1", "app-1 kind:pod", "app2 OR kind:cm", "-app2", "nothing-of-that-name", "deleted:true", "sort:restarts-desc kind:pod", `"proxy" label.tier=cache OR app-1`, "kind:pod group:app,ready",
		"group:image.tag", "name:*3*", "owner:rs/app-3-rs", "has:node -ns:ns-00*", at, at + "kind:pod status:!Ready", at + "app:app-3,app2 group:cluster", at + "name:since", at + "sort:name-desc limit:50",
		at + "app-1", at + "kind:pod,deploy cluster:zone1,zone2", at + "owner:rs/app-3-rs", at + "kind:pod app:app-3 spec.nodeName:node-003", at + `kind:cm content:"shop"`} {
		show := w.service.HideColumns()
		want := ask(query)
		show()
		if strings.HasPrefix(query, at) && !strings.Contains(query, "owner:") && !strings.Contains(query, "spec.") && !strings.Contains(query, "content:") { // of hours ago, which columns may have forgotten
			remember := w.service.HidePast()
			got := ask(query)
			same(query, "by what changed since", want, got)
			if got[0].Engine != "columns+clickhouse" {
				t.Errorf("%s, when columns have forgotten, is answered by %s", query, got[0].Engine)
			}
			if query == at+"app:app-3,app2 group:cluster" { // fewer held then than changed since
				w.service.ChangedMost(40)
				same(query, "by those that held", want, ask(query))
				w.service.ChangedMost(5000)
			}
			remember()
		}
		got := ask(query)
		same(query, "by "+got[0].Engine, want, got)
		if database := strings.HasPrefix(got[0].Engine, "clickhouse"); database != (query == "deleted:true" || query == at+"owner:rs/app-3-rs") {
			t.Errorf("%s is answered by %s", query, got[0].Engine)
		}
	}
	// What stood before a restart is loaded from history.
	w.stop()
	w.start()
	w.eventually("columns know the past", func() bool { return w.service.KnowsPast(moment) })
	if n, err := w.service.LoadPast(t.Context()); n != 0 || err != nil { // as when the database went away in the middle
		t.Errorf("a second try brings %d versions, %v", n, err)
	}
	for _, query := range []string{"", "kind:pod status:!Ready", "app:app-3,app2 group:cluster", "sort:name-desc limit:50", "app-1", "changed.by:kubelet"} {
		got := ask(at + query)
		if got[0].Engine != "columns" {
			t.Errorf("%q after a restart is answered by %s", query, got[0].Engine)
		}
		show := w.service.HideColumns()
		same(query, "after a restart", ask(at+query), got)
		show()
	}
}
