package search

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// groupsMost is how many groups are listed, the largest first.
const groupsMost = 1000

// groups counts what matches by the fields of group:, from columns.
func (r *reading) groups(set columns.Set, most int) (groups []records.Group, ok bool) {
	var by []columns.Dimension
	for _, g := range r.q.Group() {
		if g.Field == "resource" {
			by = append(by, r.v.ByKind())
			continue
		}
		f, ok := ql.FieldOf(g.Field, r.f.members())
		if !ok {
			return nil, false
		}
		d, ok := f.Dimension(r.v)
		if !ok {
			return nil, false
		}
		by = append(by, d)
	}
	found, _ := r.v.Groups(set, by, most)
	for _, g := range found {
		groups = append(groups, records.Group{Values: g.Values, Count: g.Rows, Ready: g.Ready, NotReady: g.NotReady})
	}
	return groups, true
}

// countGroups is groups by the database.
func (a *question) countGroups(ctx context.Context) (groups []records.Group, err error) {
	p := new(clickhouse.Params)
	var values []string
	for _, g := range a.q.Group() {
		expr, array, err := a.facetColumn(g.Field, p)
		if err != nil {
			return nil, err
		}
		if array {
			expr = `arrayJoin(arrayMap(x -> toString(x), if(empty(` + expr + `), [''], arrayDistinct(` + expr + `))))`
		}
		values = append(values, `toString(`+expr+`)`)
	}
	matching, err := a.matching(p, a.q)
	if err != nil {
		return nil, err
	}
	err = a.s.read(ctx, fmt.Sprintf(`SELECT [%s] AS g, count(), countIf(ready = 'true'), countIf(ready = 'false') FROM %s GROUP BY g ORDER BY count() DESC, g LIMIT %d`,
		strings.Join(values, ", "), matching, groupsMost), p,
		func(rows driver.Rows) error {
			var g records.Group
			var n, ready, notReady uint64
			err := rows.Scan(&g.Values, &n, &ready, &notReady)
			g.Count, g.Ready, g.NotReady = int(n), int(ready), int(notReady)
			groups = append(groups, g)
			return err
		})
	return groups, err
}

// nameGroups puts names where the tables have identities.
func (a *question) nameGroups(groups []records.Group) {
	for i, g := range a.q.Group() {
		if g.Field != "cluster" {
			continue
		}
		for _, group := range groups {
			if name, ok := a.f.byUID[group.Values[i]]; ok {
				group.Values[i] = name
			}
		}
	}
}

// groupable refuses fields that have no values to count before anything is read.
func (a *question) groupable() error {
	if n := len(a.q.Group()); n > columns.GroupsMost {
		return &access.Error{Code: "TOO_COMPLEX", Message: fmt.Sprintf("group: names %d fields, but at most %d are counted at once.", n, columns.GroupsMost), Fix: "Name fewer."}
	}
	for _, g := range a.q.Group() {
		if _, _, err := a.facetColumn(g.Field, new(clickhouse.Params)); err != nil {
			return err
		}
	}
	return nil
}
