package audit

import (
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
)

func TestQueries(t *testing.T) {
	l, _, _ := openLog(t)
	at := time.Date(2026, 11, 20, 9, 0, 0, 0, time.UTC)
	l.now = func() time.Time { return at }
	add := func(name string, edit func(*Row)) {
		t.Helper()
		r := row(1)
		r.Name, r.Detail = name, "{}"
		edit(&r)
		if err := l.Append(t.Context(), name, r); err != nil {
			t.Fatal(err)
		}
		at = at.Add(time.Hour)
	}
	add("one", func(r *Row) { r.Actor, r.Verb, r.Reason = "anna", "RESTART", "Rotate certificates" })
	add("two", func(r *Row) { r.Cluster, r.ClusterUID, r.Phase, r.Result = "zone2", "uid-2", "result", "FAILED" })
	add("three", func(r *Row) {
		r.Namespace, r.Source, r.UID, r.Detail = "pay_ments", "ui", "u-3", `{"message":"50% done"}`
	})
	at = at.Add(-time.Hour) // 11:00, as three
	f := func(query, want string) {
		t.Helper()
		p, err := l.Page(t.Context(), access.All("test"), query, 10, "")
		if err != nil {
			t.Errorf("%s: %v", query, err)
			return
		}
		var names []string
		for _, r := range p.Rows {
			if r.Phase != Genesis {
				names = append(names, r.Name)
			}
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s finds %q, want %q", query, got, want)
		}
	}
	f("", "three two one")
	f("actor:anna", "one")
	f("actor:ANNA,nobody", "one")
	f("-actor:anna phase:*", "three two")
	f("verb:restart", "one")
	f("verb:re*", "one")
	f("cluster:zone2", "two")
	f("cluster:uid-2", "two")
	f("cluster:zone? result:failed", "two")
	f("ns:pay_ments", "three")
	f("ns:pay?ments", "three")
	f("namespace:pay*", "three")
	f("ns:paySments", "")
	f("name:one,two", "two one")
	f("kind:deployments ns:shop", "two one")
	f("reason:certificates", "one")
	f(`reason:"rotate cert"`, "one")
	f("action:a-1", "three two one")
	f("source:ui", "three")
	f("uid:u-3", "three")
	f("seq:2", "one")
	f("ref:zone2:shop/deployments.apps/two", "two")
	f("since:1h", "three two")
	f("since:2026-11-20T10:30:00Z", "three")
	f("until:2026-11-20T10:00:00Z", "one")
	f(`"50% done"`, "three")
	f("50_", "")
	f("anna", "one")
	f(`actor:"' OR 1=1 --"`, "")

	bad := func(query, code, says string) {
		t.Helper()
		_, err := l.Page(t.Context(), access.All("test"), query, 10, "")
		if access.Code(err) != code || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want %s %s", query, err, code, says)
		}
	}
	bad("colour:red", "QL_UNKNOWN_FIELD", "There are actor, verb")
	bad("actor:", "QL_SYNTAX", "A value is missing.")
	bad("actor:a,,b", "QL_SYNTAX", "A value is missing.")
	bad(`reason:"open`, "QL_SYNTAX", "A quote is open.")
	bad("since:yesterday", "QL_BAD_VALUE", "is no moment")
	bad("-since:1h", "QL_BAD_VALUE", "takes one moment")
	bad("seq:x", "QL_BAD_VALUE", "is no row's number")
	bad("ref:x", "QL_BAD_VALUE", "is no reference")

	first, err := l.Page(t.Context(), access.All("test"), "", 2, "")
	if err != nil || len(first.Rows) != 2 || !first.More || first.Total != 4 {
		t.Fatalf("first page %+v, %v", first, err)
	}
	rest, err := l.Page(t.Context(), access.All("test"), "", 2, "3")
	if err != nil || len(rest.Rows) != 2 || rest.More || rest.Rows[0].Name != "one" {
		t.Errorf("second page %+v, %v", rest, err)
	}
	if p, err := l.Page(t.Context(), access.Scope{}, "", 2, ""); err != nil || len(p.Rows) != 0 || p.Total != 0 {
		t.Errorf("nobody sees %+v, %v", p, err)
	}
	if err := l.Export(t.Context(), access.Scope{}, "", func(*Row) error { t.Error("nobody exports a row"); return nil }); err != nil {
		t.Error(err)
	}
}
