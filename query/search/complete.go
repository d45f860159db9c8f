package search

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// suggestionsMost is how many values or names are offered.
const suggestionsMost = 20

// Complete offers what can stand at the cursor: fields, operators and kinds as the language knows them, values with
// their counts among what the rest of the query matches, and names of objects. On the pages of changes and events,
// values are those of objects.
func (s *Service) Complete(ctx context.Context, scope access.Scope, query string, at int, page string) ([]records.Suggestion, error) {
	defer s.metrics.observe("complete")()
	on, err := ql.ReadPage(page)
	if err != nil {
		return nil, err
	}
	f := s.fleet(scope)
	if at < 0 || at > len(query) {
		at = len(query)
	}
	c := ql.Complete(query, at, s.options(ctx, f, on, time.Now()))
	suggestions := append([]records.Suggestion{}, c.Static...)
	if f.empty() {
		return suggestions, nil
	}
	if c.Field != "" {
		values, err := s.values(ctx, scope, c)
		if err != nil {
			return nil, err
		}
		return append(suggestions, values...), nil
	}
	if c.Prefix == "" {
		return suggestions, nil
	}
	names, err := s.names(ctx, scope, c)
	return append(suggestions, names...), err
}

// names are those of objects that begin as typed, in order.
func (s *Service) names(ctx context.Context, scope access.Scope, c ql.Completion) (found []records.Suggestion, err error) {
	a, err := s.ask(ctx, scope, "", ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	_, err = a.inColumns(ctx, func(r *reading) (bool, error) {
		for _, n := range r.v.NamesThatBegin(r.scoped, strings.ToLower(c.Prefix), suggestionsMost) {
			found = append(found, records.Suggestion{Text: ql.ValueText(n.Value), Label: n.Value, Type: "resource", Detail: "name of objects", Count: n.Rows, From: c.From, To: c.To})
		}
		return true, nil
	})
	return found, err
}

// values counts the values of the field under the cursor among the objects that the rest of the query matches.
func (s *Service) values(ctx context.Context, scope access.Scope, c ql.Completion) ([]records.Suggestion, error) {
	a, err := s.ask(ctx, scope, c.Rest, ql.Resources, time.Time{})
	if err != nil {
		// The rest is not a query yet; values of everything are better than none.
		if a, err = s.ask(ctx, scope, "", ql.Resources, time.Time{}); err != nil {
			return nil, err
		}
	}
	field := c.Field
	if c.Key != "" {
		field += "." + c.Key
	}
	if c.Field == "cluster" && c.Key == "" {
		return a.clusterValues(ctx, c)
	}
	var found []records.Suggestion
	ok, err := a.inColumns(ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if !ok {
			return false, nil
		}
		counts, _, ok := r.counts(field, set, math.MaxInt)
		if !ok {
			return false, nil
		}
		prefix := strings.ToLower(c.Prefix)
		// What begins as typed comes first, then what contains it.
		for _, begins := range []bool{true, false} {
			for _, n := range counts {
				if at := strings.Index(strings.ToLower(n.Value), prefix); at >= 0 && (at == 0) == begins && len(found) < suggestionsMost {
					found = append(found, records.Suggestion{Text: ql.ValueText(n.Value), Label: n.Value, Type: "value", Detail: field, Count: n.Rows, From: c.From, To: c.To})
				}
			}
		}
		return true, nil
	})
	if ok || err != nil {
		return found, err
	}
	p := new(clickhouse.Params)
	expr, array, err := a.facetColumn(field, p)
	if err != nil {
		return nil, nil // a field without a list of values: times, numbers, free forms
	}
	if array {
		expr = `arrayJoin(arrayDistinct(` + expr + `))`
	}
	matching, err := a.matching(p, a.q)
	if err != nil {
		return nil, err
	}
	found = nil
	// What begins as typed comes first, then what contains it.
	err = s.read(ctx, fmt.Sprintf(`SELECT v, n FROM (SELECT toString(%s) AS v, count() AS n FROM %s GROUP BY v HAVING v != '' AND positionCaseInsensitive(v, %s) > 0) ORDER BY positionCaseInsensitive(v, %s) = 1 DESC, n DESC, v LIMIT %d`,
		expr, matching, p.String(c.Prefix), p.String(c.Prefix), suggestionsMost), p,
		func(rows driver.Rows) error {
			var v string
			var n uint64
			err := rows.Scan(&v, &n)
			found = append(found, records.Suggestion{Text: ql.ValueText(v), Label: v, Type: "value", Detail: field, Count: int(n), From: c.From, To: c.To})
			return err
		})
	return found, err
}

// clusterValues are members by name, also those without a matching object.
func (a *question) clusterValues(ctx context.Context, c ql.Completion) ([]records.Suggestion, error) {
	counts := map[string]int{}
	ok, err := a.inColumns(ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if !ok {
			return false, nil
		}
		found, _, ok := r.counts("cluster", set, math.MaxInt)
		for _, n := range found {
			counts[n.Value] = n.Rows
		}
		return ok, nil
	})
	if err != nil {
		return nil, err
	}
	if !ok {
		if err := a.countClusters(ctx, counts); err != nil {
			return nil, err
		}
	}
	var found []records.Suggestion
	for _, e := range a.f.entries {
		if len(found) < suggestionsMost && strings.Contains(strings.ToLower(e.Name), strings.ToLower(c.Prefix)) {
			found = append(found, records.Suggestion{Text: ql.ValueText(e.Name), Label: e.Name, Type: "value", Detail: "cluster", Count: counts[e.UID], From: c.From, To: c.To})
		}
	}
	return found, nil
}

// countClusters counts what matches in each cluster.
func (a *question) countClusters(ctx context.Context, counts map[string]int) error {
	p := new(clickhouse.Params)
	matching, err := a.matching(p, a.q)
	if err != nil {
		return err
	}
	return a.s.read(ctx, `SELECT cluster, count() FROM `+matching+` GROUP BY cluster`, p, func(rows driver.Rows) error {
		var uid string
		var n uint64
		err := rows.Scan(&uid, &n)
		counts[uid] = int(n)
		return err
	})
}
