package search

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/query/ql"
)

// FuzzCursor: cursors come back from anywhere. One that is not ours is an error for people, and what stands in one
// never is in SQL.
func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("x")
	f.Add(cursor{List: "l", Values: []string{"3", "web"}, Now: 1, Seen: 2}.String())
	f.Add(cursor{List: "l", Values: []string{"zqxj'", "\xff"}, Now: -1 << 63, Seen: -1 << 63}.String())
	f.Add(cursor{List: "l", Values: []string{"", "' OR 1=1"}, Now: 1<<63 - 1, Seen: 1<<63 - 1}.String())
	f.Fuzz(func(t *testing.T, text string) {
		c, err := parseCursor(text)
		if err != nil {
			if access.Code(err) != "BAD_CURSOR" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		now := c.now()
		if c != nil {
			again, err := parseCursor(c.String())
			if err != nil || len(again.Values) != len(c.Values) || again.Now != c.Now || again.Seen != c.Seen {
				t.Fatalf("%q is read back as %+v, %v", text, again, err)
			}
			if c.Values == nil {
				again.Values = nil
			}
			if !reflect.DeepEqual(again, c) {
				t.Fatalf("%q is read back as %+v", text, again)
			}
		}
		if _, err := ql.Parse("age<1h created>yesterday changed:9:00..9:20 deleted<1d", ql.Options{Now: now}); err != nil && access.Code(err) == "INTERNAL" {
			t.Fatalf("%q, of %s: %v", text, now.Format(time.RFC3339), err)
		}
		if c.of("l", 2) != nil {
			return
		}
		o := order{{sql: "restarts", desc: true}, {sql: "name", text: true}}
		sql, err := o.after(new(clickhouse.Params), c)
		if err != nil {
			if access.Code(err) != "BAD_CURSOR" {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if c != nil {
			for _, v := range c.Values {
				if len(v) > 4 && strings.Contains(sql, v) {
					t.Fatalf("%q: %q of the cursor is in the SQL: %s", text, v, sql)
				}
			}
		}
	})
}
