package search

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// question is one query of one caller: everything that its SQL texts have in common.
type question struct {
	s    *Service
	f    *fleet
	text string
	q    *ql.Query
	now  time.Time
	// By canonical query; nil when ClickHouse answers alone.
	narrowed map[string]*candidates
}

// ask reads a query. now is zero for a first page and the cursor's for later ones.
func (s *Service) ask(ctx context.Context, scope access.Scope, text string, page ql.Page, now time.Time) (*question, error) {
	f := s.fleet(scope)
	if now.IsZero() {
		now = time.Now().Truncate(time.Millisecond)
	}
	q, err := ql.Parse(text, s.options(ctx, f, page, now))
	if err != nil {
		return nil, err
	}
	return &question{s: s, f: f, text: text, q: q, now: now}, nil
}

func (s *Service) options(ctx context.Context, f *fleet, page ql.Page, now time.Time) ql.Options {
	o := ql.Options{Now: now, Page: page, Typing: true}
	if f.nothing {
		return o
	}
	o.Kinds, o.Clusters = s.kinds.served(ctx), f.members()
	return o
}

// keyHash is a key in one number, for sets of many keys. A collision would only let a row through to the conditions.
const keyHash = `xxHash64(concat(api_group, '|', resource, '|', cluster, '|', namespace, '|', name))`

// from is the FROM of objects as of the query's moment: one row an object, tombstones included, of keys when they
// are given. What decides by the key alone stands in PREWHERE: FINAL and the bulky columns then work on what is left.
func (a *question) from(p *clickhouse.Params, keys *candidates) string {
	first := a.f.bounds(p)
	if keys != nil {
		first += ` AND ` + keys.predicate(p)
	}
	if a.q.At().IsZero() {
		if a.q.ReadsObject() {
			return a.s.whole(first)
		}
		return a.s.db.Table("resources") + ` FINAL PREWHERE ` + first
	}
	history := a.s.db.Table("resource_history")
	return `(` + states + ` FROM ` + history + ` PREWHERE ` + first + ` AND (` + keyHash + `, ver) IN (SELECT ` + keyHash + ` AS h, max(ver) FROM ` + history +
		` WHERE ` + first + ` AND observed_at <= ` + p.Time(a.q.At()) + ` GROUP BY h) LIMIT 1 BY ` + keyColumns + `)`
}

// matching is FROM and WHERE of the objects that q asks for, within scope.
func (a *question) matching(p *clickhouse.Params, q *ql.Query) (string, error) {
	condition, err := a.condition(p, q)
	if err != nil {
		return "", err
	}
	return a.from(p, a.narrowed[q.Canonical()]) + ` WHERE ` + condition, nil
}

// condition is q's own part.
func (a *question) condition(p *clickhouse.Params, q *ql.Query) (string, error) {
	return q.ClickHouse(p, a.env(p, q.Page()))
}

// env is the other objects that conditions ask: as of the question's moment, within scope.
func (a *question) env(p *clickhouse.Params, page ql.Page) ql.Env {
	objects := func(columns, where string) string {
		return `SELECT ` + columns + ` FROM ` + a.from(p, nil) + ` WHERE ` + where
	}
	return ql.Env{Objects: objects, UIDs: func(where string) string {
		uid := `uid`
		if page == ql.Events {
			// Kubelets put a node's name where its UID belongs.
			uid = `arrayJoin(if(api_group = '' AND resource = 'nodes', [uid, name], [uid]))`
		}
		return `(` + objects(uid, where) + `)`
	}}
}

// named reports which clusters the query can be about, for coverage; nil means all.
func (a *question) named(ctx context.Context) func(string) bool {
	type condition struct {
		q   *ql.Query
		not bool
	}
	var conditions []condition
	var walk func(ql.Expr)
	walk = func(e ql.Expr) {
		switch e := e.(type) {
		case ql.And:
			for _, m := range e {
				walk(m)
			}
		case *ql.Filter:
			if e.Field != "cluster" || e.To > len(a.text) || e.From >= e.To {
				return
			}
			q, err := ql.Parse(a.text[e.From:e.To], a.s.options(ctx, a.f, ql.Resources, a.now))
			if err != nil {
				return
			}
			if alone, ok := q.Root().(*ql.Filter); ok { // a minus before the filter is not within its range
				conditions = append(conditions, condition{q, alone.Not != e.Not})
			}
		}
	}
	walk(a.q.Root())
	if len(conditions) == 0 {
		return nil
	}
	return func(name string) bool {
		o := &records.Object{ClusterUID: a.f.byName[name]}
		o.Ref.Cluster = name
		for _, c := range conditions {
			if c.q.Eval(o, ql.Others{}) == c.not {
				return false
			}
		}
		return true
	}
}

func (a *question) coverage(ctx context.Context) records.Coverage {
	c := a.f.coverage(a.named(ctx))
	c.Missing = a.missing(ctx)
	return c
}

// order is total: the question's own, then by key.
func (a *question) order(p *clickhouse.Params) order {
	return append(a.own(p), keyOrder(a.f, p)...)
}

// own is the query's order, or else by rank when there is text, what runs before what serves it.
func (a *question) own(p *clickhouse.Params) order {
	var o order
	if by := a.q.Sort(); by != nil {
		o = append(o, a.sortTerm(p, by))
	} else {
		if a.q.HasText() {
			o = append(o, term{sql: rank(p, a.q.Root()), desc: true})
		}
		o = append(o, term{sql: kindWeight})
	}
	return o
}

func (a *question) sortTerm(p *clickhouse.Params, by *ql.Sort) term {
	t := term{sql: by.Column, desc: by.Desc}
	switch {
	case by.Column == "cluster":
		t.sql, t.text = a.f.clusterName(p), true
	case strings.HasSuffix(by.Column, "_at"):
		t.sql = "toUnixTimestamp64Milli(" + by.Column + ")"
	case by.Column == "replicas" || by.Column == "ready_replicas" || by.Column == "restarts" || by.Column == "generation":
	default:
		t.sql, t.text = "toString("+by.Column+")", true
	}
	return t
}

// rank says how well an object answers the words: by its name, the beginning of it, its app, a label, or anything
// else. It is the same whichever engine found the object, and does not move while other objects come and go.
func rank(p *clickhouse.Params, root ql.Expr) string {
	var terms []string
	words(root, func(word string) {
		v := p.String(word)
		terms = append(terms, `multiIf(lower(name) = `+v+`, 10, startsWith(lower(name), `+v+`), 6, lower(app) = `+v+`, 4, arrayExists(x -> lower(x) = `+v+`, mapValues(labels)), 2, 1)`)
	})
	if len(terms) == 0 {
		return "toInt64(0)"
	}
	return `toInt64(` + strings.Join(terms, " + ") + `)`
}

// Search answers one page of objects, exact counts and facets of everything that matches.
func (s *Service) Search(ctx context.Context, scope access.Scope, r records.Request) (*records.Result, error) {
	defer s.metrics.observe("search")()
	started := time.Now()
	first, err := pageSize(r.First)
	if err != nil {
		return nil, err
	}
	c, err := parseCursor(r.After)
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, scope, r.Query, ql.Resources, c.now())
	if err != nil {
		return nil, err
	}
	if err := c.of(a.list(), len(a.order(new(clickhouse.Params)))); err != nil {
		return nil, err
	}
	result := &records.Result{Objects: []*records.Object{}, Facets: []records.Facet{}, Coverage: a.coverage(ctx), Engine: engineClickHouse}
	facets, err := a.facets(r.Facets)
	if err != nil {
		return nil, err
	}
	if err := a.groupable(); err != nil {
		return nil, err
	}
	if a.f.empty() {
		for _, fc := range facets {
			result.Facets = append(result.Facets, records.Facet{Field: fc.field, Values: []records.FacetValue{}})
		}
		result.Took = time.Since(started)
		return result, nil
	}
	if ok, err := a.answerInColumns(ctx, facets, first, c, r.Bare, result); ok || err != nil {
		result.Took = time.Since(started)
		return result, err
	}
	if ok, err := a.answerPast(ctx, facets, first, c, r.Bare, result); ok || err != nil {
		result.Took = time.Since(started)
		return result, err
	}
	if result.Engine, err = a.narrow(ctx, facets); err != nil {
		return nil, err
	}
	if err := a.answer(ctx, facets, first, c, r.Bare, result); err != nil {
		return nil, err
	}
	if len(a.q.Group()) > 0 {
		if result.Groups, err = a.countGroups(ctx); err != nil {
			return nil, err
		}
		a.nameGroups(result.Groups)
	}
	result.Took = time.Since(started)
	return result, nil
}

// answer fills in result as the database counts and sorts it.
func (a *question) answer(ctx context.Context, facets []facet, first int, c *cursor, bare bool, result *records.Result) error {
	result.Facets = make([]records.Facet, len(facets))
	for i, fc := range facets {
		result.Facets[i] = records.Facet{Field: fc.field, Values: []records.FacetValue{}}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		s, err := a.keys(gctx, first, c)
		if err != nil {
			return err
		}
		return a.page(gctx, s, c, bare, result)
	})
	g.Go(func() error { return a.count(gctx, facets, result) })
	if err := g.Wait(); err != nil {
		return err
	}
	for i := range result.Facets {
		a.nameClusters(&result.Facets[i])
	}
	return nil
}

// selection is what a page holds: keys with the versions that matched, and where the last one stands.
type selection struct {
	keys []key
	vers []uint64
	last []string
	more bool
}

// pageSize is how many rows are left for the page under the query's own limit.
func (a *question) pageSize(first int, c *cursor) int {
	if limit := a.q.Limit(); limit > 0 {
		first = max(0, min(first, limit-c.seen()))
	}
	return first
}

// keys selects on narrow columns: the order would drag the objects along.
func (a *question) keys(ctx context.Context, first int, c *cursor) (s selection, err error) {
	if first = a.pageSize(first, c); first == 0 {
		return s, nil
	}
	p := new(clickhouse.Params)
	o := a.order(p)
	after, err := o.after(p, c)
	if err != nil {
		return s, err
	}
	matching, err := a.matching(p, a.q)
	if err != nil {
		return s, err
	}
	err = a.s.read(ctx, `SELECT `+keyColumns+`, ver, `+o.remember()+` FROM `+matching+` AND `+after+
		` ORDER BY `+o.by()+` LIMIT `+strconv.Itoa(first+1), p,
		func(rows driver.Rows) error {
			var k key
			var ver uint64
			var values []string
			if err := rows.Scan(append(k.dest(), &ver, &values)...); err != nil {
				return err
			}
			if len(s.keys) == first {
				s.more = true
				return nil
			}
			s.keys, s.vers, s.last = append(s.keys, k), append(s.vers, ver), values
			return nil
		})
	return s, err
}

// page reads the selected objects.
func (a *question) page(ctx context.Context, s selection, c *cursor, bare bool, result *records.Result) error {
	if len(s.keys) == 0 {
		return nil
	}
	seen := c.seen() + len(s.keys)
	result.More = s.more && (a.q.Limit() == 0 || seen < a.q.Limit())
	result.Cursor = cursor{List: a.list(), Values: s.last, Now: a.now.UnixMilli(), Seen: seen}.String()
	var err error
	if len(result.Objects) > 0 { // columns had all but the JSON
		if !bare {
			result.Objects, err = a.s.complete(ctx, a.f, result.Objects)
		}
		return err
	}
	result.Objects, err = a.read(ctx, s.keys, s.vers, !bare)
	return err
}

// read answers exactly what matched, in order, even when newer versions arrived since the keys were selected.
func (a *question) read(ctx context.Context, keys []key, vers []uint64, withJSON bool) ([]*records.Object, error) {
	return a.s.versions(ctx, a.f, keys, vers, withJSON)
}

// list names the list that cursors are bound to. Canonical holds the sort.
func (a *question) list() string { return listID("search", a.q.Canonical()) }
