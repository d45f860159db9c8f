package search

import (
	"context"
	"fmt"
	"sort"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

const (
	facetValues = 100 // listed a facet; Distinct tells how many there are
	facetsMost  = 20
)

// facet is one asked field and the query it counts over: without its own filters, so that the other values of a
// chosen one stay in sight.
type facet struct {
	field string
	over  *ql.Query
	array bool // a row may count under several values
	alone bool // needs a SQL text of its own
}

func (a *question) facets(fields []string) ([]facet, error) {
	if len(fields) > facetsMost {
		return nil, &access.Error{Code: "TOO_COMPLEX", Message: fmt.Sprintf("%d facets are asked for, but at most %d are counted at once.", len(fields), facetsMost), Fix: "Ask for fewer."}
	}
	facets := make([]facet, 0, len(fields))
	for _, field := range fields {
		_, array, err := a.facetColumn(field, new(clickhouse.Params))
		if err != nil {
			return nil, err
		}
		over := a.q.Without(field)
		facets = append(facets, facet{field: field, over: over, array: array, alone: array || over.Canonical() != a.q.Canonical()})
	}
	return facets, nil
}

// facetColumn knows one field more than the language: kinds of the same name in different groups stay apart.
func (a *question) facetColumn(field string, p *clickhouse.Params) (expr string, array bool, err error) {
	if field == "resource" {
		return `if(api_group = '', toString(resource), concat(resource, '.', api_group))`, false, nil
	}
	return ql.FacetColumnOf(field, ql.Options{Page: ql.Resources, Clusters: a.f.members()}, p, a.env(p, ql.Resources))
}

// count fills in the facets and the total. Facets that count over the same rows share one pass with it.
func (a *question) count(ctx context.Context, facets []facet, result *records.Result) error {
	var shared []int
	g, ctx := errgroup.WithContext(ctx)
	for i := range facets {
		if !facets[i].alone {
			shared = append(shared, i)
			continue
		}
		g.Go(func() error { return a.countOne(ctx, facets[i], &result.Facets[i]) })
	}
	g.Go(func() error { return a.countShared(ctx, facets, shared, result) })
	return g.Wait()
}

func (a *question) countShared(ctx context.Context, facets []facet, shared []int, result *records.Result) error {
	p := new(clickhouse.Params)
	from, err := a.matching(p, a.q)
	if err != nil {
		return err
	}
	if len(shared) == 0 {
		return a.s.read(ctx, `SELECT count() FROM `+from, p, func(rows driver.Rows) error {
			var n uint64
			err := rows.Scan(&n)
			result.Total = int(n)
			return err
		})
	}
	var columns, sets, which, values []string
	for i, at := range shared {
		expr, _, err := a.facetColumn(facets[at].field, p)
		if err != nil {
			return err
		}
		f := fmt.Sprintf("f%d", i)
		columns = append(columns, expr+" AS "+f)
		sets = append(sets, "("+f+")")
		which = append(which, fmt.Sprintf("grouping(%s) = 0, %d", f, i))
		values = append(values, fmt.Sprintf("grouping(%s) = 0, toString(%s)", f, f))
	}
	total := len(shared)
	sql := fmt.Sprintf(`SELECT g, v, n, d FROM (SELECT g, v, n, count() OVER (PARTITION BY g) AS d FROM (
		SELECT toInt64(multiIf(%s, %d)) AS g, multiIf(%s, '') AS v, count() AS n FROM (SELECT %s FROM %s) GROUP BY GROUPING SETS (%s, ())) WHERE v != '' OR g = %d)
		ORDER BY g, n DESC, v LIMIT %d BY g`,
		strings.Join(which, ", "), total, strings.Join(values, ", "), strings.Join(columns, ", "), from, strings.Join(sets, ", "), total, facetValues)
	return a.s.read(ctx, sql, p, func(rows driver.Rows) error {
		var g int64
		var v string
		var n, d uint64
		if err := rows.Scan(&g, &v, &n, &d); err != nil {
			return err
		}
		if int(g) == total {
			result.Total = int(n)
			return nil
		}
		fc := &result.Facets[shared[g]]
		fc.Distinct = int(d)
		fc.Values = append(fc.Values, records.FacetValue{Value: v, Count: int(n)})
		return nil
	})
}

func (a *question) countOne(ctx context.Context, fc facet, into *records.Facet) error {
	p := new(clickhouse.Params)
	from, err := a.matching(p, fc.over)
	if err != nil {
		return err
	}
	expr, _, err := a.facetColumn(fc.field, p)
	if err != nil {
		return err
	}
	if fc.array {
		expr = `arrayJoin(arrayDistinct(` + expr + `))`
	}
	sql := fmt.Sprintf(`SELECT v, n, count() OVER () AS d FROM (SELECT toString(%s) AS v, count() AS n FROM %s GROUP BY v HAVING v != '') ORDER BY n DESC, v LIMIT %d`,
		expr, from, facetValues)
	return a.s.read(ctx, sql, p, func(rows driver.Rows) error {
		var v string
		var n, d uint64
		if err := rows.Scan(&v, &n, &d); err != nil {
			return err
		}
		into.Distinct = int(d)
		into.Values = append(into.Values, records.FacetValue{Value: v, Count: int(n)})
		return nil
	})
}

// nameClusters puts names where the tables have identities. Other fields' values never are a member's UID.
func (a *question) nameClusters(f *records.Facet) {
	named := false
	for i, v := range f.Values {
		if name, ok := a.f.byUID[v.Value]; ok {
			f.Values[i].Value = name
			named = true
		}
	}
	if named {
		sort.SliceStable(f.Values, func(i, j int) bool {
			if f.Values[i].Count != f.Values[j].Count {
				return f.Values[i].Count > f.Values[j].Count
			}
			return f.Values[i].Value < f.Values[j].Value
		})
	}
}
