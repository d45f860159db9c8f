package ql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/records"
)

const (
	agreeObjects = 5000
	agreeQueries = 2000
	agreeAtOnce  = 50 // conditions per statement
)

// seed is fixed, so that a failure comes again; FORETOP_TEST_SEED=7 go test tries another.
func seed(t *testing.T) *rand.Rand {
	n := uint64(20261121)
	if s := os.Getenv("FORETOP_TEST_SEED"); s != "" {
		var err error
		if n, err = strconv.ParseUint(s, 10, 64); err != nil {
			t.Fatalf("FORETOP_TEST_SEED: %v", err)
		}
	}
	return rand.New(rand.NewPCG(n, 7))
}

// readable makes n queries that can be read.
func readable(t *testing.T, r *rand.Rand, page Page, n int) []*Query {
	t.Helper()
	var out []*Query
	tried := 0
	for len(out) < n {
		tried++
		text := generateQuery(r, page, 0)
		q, err := Parse(text, testOptions(page))
		if err == nil {
			out = append(out, q)
		} else if tried > 2*n {
			t.Fatalf("too few generated queries can be read, such as %s: %v", text, err)
		}
	}
	return out
}

// agreement is what all engines are measured by: objects, queries, and which object matches which query by Eval.
type agreement struct {
	objects []*records.Version
	queries []*Query
	want    [][]bool // by query, then object
	matched int
}

// agreed is computed once, for the Resources page.
var agreed struct {
	sync.Once
	*agreement
}

func agree(t *testing.T) *agreement {
	t.Helper()
	agreed.Do(func() { agreed.agreement = newAgreement(t, Resources, agreeObjects, agreeQueries) })
	if agreed.agreement == nil {
		t.Fatal("there is nothing to agree with")
	}
	return agreed.agreement
}

func newAgreement(t *testing.T, page Page, objects, queries int) *agreement {
	t.Helper()
	r, began := seed(t), time.Now()
	a := &agreement{objects: generateObjects(r, objects), queries: readable(t, r, page, queries), want: make([][]bool, queries)}
	others := othersOf(a.objects)
	for i := range a.queries {
		a.want[i] = make([]bool, objects)
	}
	for j, o := range a.objects {
		s := &subject{Version: o, others: others}
		for i, q := range a.queries {
			if q.evalSubject(s) {
				a.want[i][j] = true
				a.matched++
			}
		}
	}
	if a.matched == 0 {
		t.Error("no query matched anything")
	}
	t.Logf("Eval of %d queries over %d objects, %.0f matches each: %s", queries, objects, float64(a.matched)/float64(queries), time.Since(began).Round(time.Millisecond))
	return a
}

func TestClickHouseAgreesWithEval(t *testing.T) {
	f := func(name string, of func(t *testing.T) *agreement) {
		t.Run(name, func(t *testing.T) {
			a := of(t)
			db := clickhousetest.Open(t)
			const table = "resource_history" // it has every column of resources, and the objects' JSON
			insert(t, db, table, a.objects)
			began := time.Now()
			for at := 0; at < len(a.queries); at += agreeAtOnce {
				batch := a.queries[at:min(at+agreeAtOnce, len(a.queries))]
				for i, got := range ask(t, db, table, batch) {
					same(t, batch[i], "ClickHouse", a.objects, a.want[at+i], got)
				}
			}
			t.Logf("ClickHouse: %s", time.Since(began).Round(time.Millisecond))
		})
	}
	f("resources", agree)
	f("changes", func(t *testing.T) *agreement { return newAgreement(t, Changes, 1000, 400) })
}

func same(t *testing.T, q *Query, engine string, objects []*records.Version, want, got []bool) {
	t.Helper()
	for j := range want {
		if want[j] && !got[j] {
			t.Fatalf("%s\n%s misses %s", q.Canonical(), engine, describe(objects[j]))
		}
		if got[j] && !want[j] {
			t.Fatalf("%s\n%s wrongly finds %s", q.Canonical(), engine, describe(objects[j]))
		}
	}
}

func describe(o *records.Version) string {
	s := o.Summary
	return fmt.Sprintf("%s %s, summary %+v, changed %s by %q %q, seen %s, deleted %s, op %s\n%s", o.Ref, o.ClusterUID, s, o.ChangedAt, o.ChangedBy, o.ChangedPaths, o.ObservedAt, o.DeletedAt, o.Op, o.JSON)
}

// ask answers which objects match each query. generation holds the number of the object.
func ask(t *testing.T, db *clickhouse.DB, table string, queries []*Query) [][]bool {
	t.Helper()
	p := new(clickhouse.Params)
	columns := make([]string, len(queries))
	for i, q := range queries {
		where, err := q.ClickHouse(p, Env{UIDs: func(where string) string {
			return "SELECT uid FROM " + db.Table(table) + " WHERE " + where
		}, Objects: func(columns, where string) string {
			return "SELECT " + columns + " FROM " + db.Table(table) + " WHERE " + where
		}})
		if err != nil {
			t.Fatalf("%s: %v", q.Canonical(), err)
		}
		columns[i] = "groupArrayIf(generation, " + where + ")"
	}
	sql := "SELECT [" + strings.Join(columns, ",\n") + "] FROM " + db.Table(table)
	rows, err := db.Query(context.Background(), sql, p)
	if err != nil && len(queries) > 1 { // find the culprit
		for _, q := range queries {
			ask(t, db, table, []*Query{q})
		}
	}
	if err != nil {
		t.Fatalf("%s: %v\n%s", queries[0].Canonical(), err, sql)
	}
	defer rows.Close()
	var found [][]int64
	for rows.Next() {
		if err := rows.Scan(&found); err != nil {
			t.Fatal(err)
		}
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	out := make([][]bool, len(queries))
	for i := range out {
		out[i] = make([]bool, agreeObjects)
		for _, n := range found[i] {
			out[i][n] = true
		}
	}
	return out
}

func insert(t testing.TB, db *clickhouse.DB, table string, objects []*records.Version) {
	t.Helper()
	stored := func(at time.Time) time.Time {
		if at.IsZero() {
			return epoch
		}
		return at
	}
	text := func(get func(*records.Version) string) []string { return column(objects, get) }
	times := func(get func(*records.Version) time.Time) []time.Time {
		return column(objects, func(o *records.Version) time.Time { return stored(get(o)) })
	}
	columns := []clickhouse.Column{
		{Name: "cluster", Values: text(func(o *records.Version) string { return o.ClusterUID })},
		{Name: "api_group", Values: text(func(o *records.Version) string { return o.Ref.Group })},
		{Name: "resource", Values: text(func(o *records.Version) string { return o.Ref.Resource })},
		{Name: "kind", Values: text(func(o *records.Version) string { return o.Kind })},
		{Name: "namespace", Values: text(func(o *records.Version) string { return o.Namespace })},
		{Name: "name", Values: text(func(o *records.Version) string { return o.Name })},
		{Name: "uid", Values: text(func(o *records.Version) string { return o.UID })},
		{Name: "created_at", Values: times(func(o *records.Version) time.Time { return o.CreatedAt })},
		{Name: "changed_at", Values: times(func(o *records.Version) time.Time { return o.ChangedAt })},
		{Name: "observed_at", Values: times(func(o *records.Version) time.Time { return o.ObservedAt })},
		{Name: "deleted_at", Values: times(func(o *records.Version) time.Time { return o.DeletedAt })},
		{Name: "labels", Values: column(objects, func(o *records.Version) map[string]string { return o.Labels })},
		{Name: "annotations", Values: column(objects, func(o *records.Version) map[string]string { return o.Annotations })},
		{Name: "app", Values: text(func(o *records.Version) string { return o.App })},
		{Name: "status", Values: text(func(o *records.Version) string { return o.Status })},
		{Name: "health", Values: text(func(o *records.Version) string { return string(o.Health) })},
		{Name: "ready", Values: text(func(o *records.Version) string { return o.Ready })},
		{Name: "reasons", Values: column(objects, func(o *records.Version) []string { return o.Reasons })},
		{Name: "images", Values: column(objects, func(o *records.Version) []string { return o.Images })},
		{Name: "node", Values: text(func(o *records.Version) string { return o.Node })},
		{Name: "replicas", Values: column(objects, func(o *records.Version) int64 { return o.Replicas })},
		{Name: "ready_replicas", Values: column(objects, func(o *records.Version) int64 { return o.ReadyReplicas })},
		{Name: "restarts", Values: column(objects, func(o *records.Version) int64 { return o.Restarts })},
		{Name: "owner_uids", Values: column(objects, func(o *records.Version) []string { return o.OwnerUIDs })},
		{Name: "owner_refs", Values: column(objects, func(o *records.Version) []string { return o.OwnerRefs })},
		{Name: "conditions", Values: column(objects, func(o *records.Version) map[string]string { return o.Conditions })},
		{Name: "containers", Values: column(objects, func(o *records.Version) []string { return o.Containers })},
		{Name: "ips", Values: column(objects, func(o *records.Version) []string { return o.IPs })},
		{Name: "service_account", Values: text(func(o *records.Version) string { return o.ServiceAccount })},
		{Name: "uses", Values: column(objects, func(o *records.Version) []string { return o.Uses })},
		{Name: "traits", Values: column(objects, func(o *records.Version) []string { return o.Traits })},
		{Name: "managed_by", Values: column(objects, func(o *records.Version) []string { return o.ManagedBy })},
		{Name: "words", Values: column(objects, func(o *records.Version) []string { return o.Words })},
		{Name: "changed_by", Values: text(func(o *records.Version) string { return o.ChangedBy })},
		{Name: "changed_paths", Values: column(objects, func(o *records.Version) []string { return o.ChangedPaths })},
		{Name: "deleted", Values: column(objects, func(o *records.Version) uint8 {
			if o.DeletedAt.IsZero() {
				return 0
			}
			return 1
		})},
	}
	numbers, versions := make([]int64, len(objects)), make([]uint64, len(objects))
	for i := range objects {
		numbers[i], versions[i] = int64(i), uint64(i)+1
	}
	columns = append(columns, clickhouse.Column{Name: "generation", Values: numbers}, clickhouse.Column{Name: "ver", Values: versions})
	if table == "resource_history" {
		columns = append(columns,
			clickhouse.Column{Name: "object", Values: text(func(o *records.Version) string { return string(o.JSON) })},
			clickhouse.Column{Name: "op", Values: text(func(o *records.Version) string { return o.Op })},
			clickhouse.Column{Name: "meaningful", Values: column(objects, func(o *records.Version) uint8 {
				if o.Meaningful {
					return 1
				}
				return 0
			})})
	}
	if err := db.Insert(context.Background(), table, columns, ""); err != nil {
		t.Fatal(err)
	}
}

func column[T any](objects []*records.Version, get func(*records.Version) T) []T {
	out := make([]T, len(objects))
	for i, o := range objects {
		out[i] = get(o)
	}
	return out
}
