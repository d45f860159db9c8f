package ql

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

type testParams struct{ values []string }

func (p *testParams) add(s string) string {
	p.values = append(p.values, s)
	return fmt.Sprintf("$%d", len(p.values))
}
func (p *testParams) String(s string) string    { return p.add(fmt.Sprintf("%q", s)) }
func (p *testParams) Strings(s []string) string { return p.add(fmt.Sprintf("%q", s)) }
func (p *testParams) Int(n int64) string        { return p.add(fmt.Sprint(n)) }
func (p *testParams) Time(t time.Time) string   { return p.add(t.UTC().Format(time.RFC3339Nano)) }

func TestSmoke(t *testing.T) {
	for _, s := range []string{
		`kind:Deployment cluster:prod-* ns:shop status:!Ready image:nginx label.app=web age<1h checkout`,
		`app:app2 status:!Ready`, `nginx:1.27`, `statu:Ready`, `app2=web`, `tier!=db`, `fe80::1`, `ns:(shop OR pay) (a OR -b) "x y"`,
		`-l "app in (web,api),!legacy" k:po restarts>=5 replicas:0..3`, `owner:deploy/web has:label.x no:owner`, `changed:9:00..9:20 at:-30m sort:age-desc limit:5`,
		`deleted<1h name:/^web-\d+$/i`, `chekout~ web*`, `image.tag:latest -is:ready`, `kind:deplyo`,
	} {
		q, err := Parse(s, Options{Now: time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC), Clusters: []Cluster{{Name: "prod-1", UID: "u1"}, {Name: "prod-2", UID: "u2"}}})
		if err != nil {
			t.Log(s, "=> ERR ", err)
			continue
		}
		p := &testParams{}
		sql, err := q.ClickHouse(p, Env{UIDs: func(w string) string { return "UIDS " + w }})
		_, ok := q.Bleve()
		t.Log(s, "\n  =>", q.Canonical(), "\n  =>", sql, "\n ", strings.Join(p.values, " "), err, ok, "\n  ", strings.Join(q.Terms(), "; "))
	}
}
