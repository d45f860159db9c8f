package ql

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func TestEventsAreFoundByThemselvesAndByTheirObjects(t *testing.T) {
	db := clickhousetest.Open(t)
	var versions []*records.Version
	for _, o := range scenario(t) {
		versions = append(versions, &records.Version{Object: *o})
	}
	insert(t, db, "resources", versions)
	type event struct{ name, uid, kind, group, regarding, kindOf, reason, message string }
	events := []event{
		{"pod-warning", "p1", "Pod", "", "app2-7d9-x", "Warning", "BackOff", "Back-off restarting failed container"},
		{"deploy-normal", "d2", "Deployment", "apps", "app2", "Normal", "ScalingReplicaSet", "Scaled up"},
		{"gone-warning", "nobody", "Pod", "", "vanished", "Warning", "OOMKilled", "memory"},
	}
	list := func(get func(event) string) []string {
		var out []string
		for _, e := range events {
			out = append(out, get(e))
		}
		return out
	}
	tokens, counts, vers, times := [][]string{}, []uint32{}, []uint64{}, []time.Time{}
	for i, e := range events {
		tokens = append(tokens, kube.TokensOfText([]string{e.regarding}, e.reason, e.message))
		counts, vers, times = append(counts, uint32(5*i)), append(vers, uint64(i+1)), append(times, time.Now().Add(-time.Duration(i)*time.Hour))
	}
	same := func(s string) []string { return list(func(event) string { return s }) }
	if err := db.Insert(context.Background(), "events", []clickhouse.Column{
		{Name: "cluster", Values: same("uid-zone1")}, {Name: "namespace", Values: same("shop")},
		{Name: "name", Values: list(func(e event) string { return e.name })}, {Name: "uid", Values: list(func(e event) string { return e.name })},
		{Name: "ver", Values: vers}, {Name: "type", Values: list(func(e event) string { return e.kindOf })},
		{Name: "reason", Values: list(func(e event) string { return e.reason })}, {Name: "message", Values: list(func(e event) string { return e.message })},
		{Name: "source", Values: same("kubelet")}, {Name: "count", Values: counts},
		{Name: "first_at", Values: times}, {Name: "last_at", Values: times}, {Name: "observed_at", Values: times},
		{Name: "regarding_group", Values: list(func(e event) string { return e.group })}, {Name: "regarding_kind", Values: list(func(e event) string { return e.kind })},
		{Name: "regarding_namespace", Values: same("shop")}, {Name: "regarding_name", Values: list(func(e event) string { return e.regarding })},
		{Name: "regarding_uid", Values: list(func(e event) string { return e.uid })}, {Name: "tokens", Values: tokens},
	}, ""); err != nil {
		t.Fatal(err)
	}
	f := func(text string, want ...string) {
		t.Helper()
		q, err := Parse(text, Options{Page: Events, Clusters: []Cluster{{Name: "zone1", UID: "uid-zone1"}}})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		p := new(clickhouse.Params)
		where, err := q.ClickHouse(p, Env{Objects: func(columns, where string) string {
			return "SELECT " + columns + " FROM " + db.Table("resources") + " WHERE " + where
		}, UIDs: func(where string) string {
			return "SELECT uid FROM " + db.Table("resources") + " WHERE " + where
		}})
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		rows, err := db.Query(context.Background(), "SELECT name FROM "+db.Table("events")+" WHERE "+where, p)
		if err != nil {
			t.Fatalf("%s: %v\n%s", text, err, where)
		}
		defer rows.Close()
		var got []string
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				t.Fatal(err)
			}
			got = append(got, name)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", text, got, want)
		}
	}
	f(``, "pod-warning", "deploy-normal", "gone-warning")
	f(`type:warning`, "pod-warning", "gone-warning")
	f(`-type:Warning`, "deploy-normal")
	f(`reason:back*`, "pod-warning")
	f(`kind:po`, "pod-warning", "gone-warning")
	f(`kind:deploy,po cluster:zone1 ns:shop name:app2*`, "pod-warning", "deploy-normal")
	f(`count>4 seen<90m`, "deploy-normal")
	f(`restarting container`, "pod-warning")
	f(`app:app2`, "pod-warning", "deploy-normal")
	f(`app:app2 status:!Ready`, "pod-warning")
	f(`-label.app:app2`, "gone-warning") // of an object that was never seen, nothing holds
	f(`owner:deploy/app2`, "pod-warning")
	f(`selector:"app=app2"`, "pod-warning", "deploy-normal")
	f(`source:kubelet oomkilled`, "gone-warning")
}
