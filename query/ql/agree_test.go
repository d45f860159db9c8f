package ql

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/records"
)

const (
	agreeObjects = 1000
	agreeQueries = 600
	agreeAtOnce  = 25 // conditions per statement
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

func TestClickHouseAgreesWithEval(t *testing.T) {
	for _, page := range []Page{Resources, Changes} {
		const table = "resource_history" // it has every column of resources, and the objects' JSON
		name := "resources"
		if page == Changes {
			name = "changes"
		}
		t.Run(name, func(t *testing.T) {
			r := seed(t)
			objects := generateObjects(r, agreeObjects)
			others := othersOf(objects)
			db := clickhousetest.Open(t)
			insert(t, db, table, objects)
			queries := readable(t, r, page, agreeQueries)
			matched, began := 0, time.Now()
			for len(queries) > 0 {
				batch := queries[:min(agreeAtOnce, len(queries))]
				queries = queries[len(batch):]
				for i, got := range ask(t, db, table, batch) {
					want := map[int64]bool{}
					for j, o := range objects {
						if batch[i].EvalVersion(o, others) {
							want[int64(j)] = true
						}
					}
					matched += len(want)
					same(t, batch[i], "ClickHouse", objects, want, got)
				}
			}
			if matched == 0 {
				t.Error("no query matched anything")
			}
			t.Logf("%d queries over %d objects, %.0f matches each, in %s", agreeQueries, len(objects), float64(matched)/agreeQueries, time.Since(began).Round(time.Millisecond))
		})
	}
}

func TestBleveAgreesWithEval(t *testing.T) {
	r := seed(t)
	objects := generateObjects(r, agreeObjects)
	index, err := bleve.NewMemOnly(IndexMapping())
	if err != nil {
		t.Fatal(err)
	}
	defer index.Close()
	batch := index.NewBatch()
	for i, o := range objects {
		if o.DeletedAt.IsZero() {
			if err := batch.Index(strconv.Itoa(i), Document(&o.Object)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := index.Batch(batch); err != nil {
		t.Fatal(err)
	}
	find := func(q query.Query) map[int64]bool {
		result, err := index.Search(bleve.NewSearchRequestOptions(q, len(objects), 0, false))
		if err != nil {
			t.Fatal(err)
		}
		found := map[int64]bool{}
		for _, hit := range result.Hits {
			n, _ := strconv.ParseInt(hit.ID, 10, 64)
			found[n] = true
		}
		return found
	}
	others := othersOf(objects)
	whole, part := 0, 0
	for _, q := range readable(t, r, Resources, agreeQueries) {
		want := map[int64]bool{}
		for j, o := range objects {
			if q.Eval(&o.Object, others) {
				want[int64(j)] = true
			}
		}
		if b, ok := q.Bleve(); ok {
			whole++
			same(t, q, "bleve", objects, want, find(b))
		}
		if b, ok := q.BleveText(); ok {
			part++
			found := find(b)
			for j := range want {
				if !found[j] {
					t.Fatalf("%s: the candidates of bleve miss %s", q.Canonical(), describe(objects[j]))
				}
			}
		}
	}
	t.Logf("of %d queries bleve answers %d whole and has candidates for %d", agreeQueries, whole, part)
	if whole < agreeQueries/10 || part < whole {
		t.Errorf("bleve answers %d queries whole and %d in part: too few to show anything", whole, part)
	}
}

func same(t *testing.T, q *Query, engine string, objects []*records.Version, want, got map[int64]bool) {
	t.Helper()
	for j := range want {
		if !got[j] {
			t.Fatalf("%s\n%s misses %s\n(%d found, %d wanted)", q.Canonical(), engine, describe(objects[j]), len(got), len(want))
		}
	}
	for j := range got {
		if !want[j] {
			t.Fatalf("%s\n%s wrongly finds %s\n(%d found, %d wanted)", q.Canonical(), engine, describe(objects[j]), len(got), len(want))
		}
	}
}

func describe(o *records.Version) string {
	s := o.Summary
	return fmt.Sprintf("%s %s, summary %+v, changed %s by %q %q, seen %s, deleted %s, op %s\n%s", o.Ref, o.ClusterUID, s, o.ChangedAt, o.ChangedBy, o.ChangedPaths, o.ObservedAt, o.DeletedAt, o.Op, o.JSON)
}

// ask answers which objects match each query. generation holds the number of the object.
func ask(t *testing.T, db *clickhouse.DB, table string, queries []*Query) []map[int64]bool {
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
	out := make([]map[int64]bool, len(queries))
	for i := range out {
		out[i] = make(map[int64]bool, len(found[i]))
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
		{Name: "tokens", Values: column(objects, func(o *records.Version) []string { return o.Tokens })},
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
