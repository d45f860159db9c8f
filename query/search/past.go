package search

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// changedMost is up to how many objects that changed since a moment are read as they were then. What did not change
// since is in the columns of the present; beyond this many the database looks through all of history.
const changedMost = 5000

// pastTries is how often a question about a moment begins anew because something changed while it was answered.
const pastTries = 3

// answerPast answers a question about a moment like answerInColumns: from the columns, of what has not changed since,
// and from columns made for this question, of what has. ok is false when it cannot.
func (a *question) answerPast(ctx context.Context, facets []facet, first int, c *cursor, bare bool, result *records.Result) (ok bool, err error) {
	t := a.s.table.Load()
	if a.q.At().IsZero() || a.q.Deleted() || !a.q.Alone() || a.q.ReadsObject() || t == nil || !a.s.feed.caughtUp(ctx, presentWait) {
		return false, nil
	}
	var halves []*half
	var engine string
	if len(result.Coverage.Missing) == 0 { // else columns may know of versions that history no longer has
		halves, engine, err = a.remembered(t, facets, first, c, bare)
	}
	if err == nil && engine == "" {
		halves, engine, err = a.readPast(ctx, t, facets, first, c, bare)
	}
	if len(halves) < 2 || err != nil {
		return false, err
	}
	page := merge(halves[0], halves[1], facets, len(a.q.Group()), a.pageSize(first, c), result)
	result.Engine = engine
	a.nameGroups(result.Groups)
	for i := range result.Facets {
		a.nameClusters(&result.Facets[i])
	}
	return true, a.page(ctx, page, c, bare, result)
}

// remembered answers from the columns, which know the past of the last hours too. engine is empty when they do not know
// this moment; without halves they cannot answer the question.
func (a *question) remembered(t *columns.Table, facets []facet, first int, c *cursor, bare bool) (halves []*half, engine string, err error) {
	err = t.Read(func(v *columns.View) error {
		still, then, ok := v.At(a.q.At().UnixMilli())
		if !ok {
			return nil
		}
		engine = engineColumns
		halves, err = a.halves(v, still, then, facets, first, c, bare)
		return err
	})
	return halves, engine, err
}

// readings are the question about rows of the present that stand still, and about a view of the past.
func (a *question) readings(v *columns.View, still columns.Set, then *columns.View) []*reading {
	both := []*reading{{v: v, scoped: still}, {v: then, scoped: then.Living()}}
	for _, r := range both {
		r.question, r.sets = a, map[string]columns.Set{}
		r.scoped, _ = r.v.Text(r.scoped, "cluster", func(uid string) bool { return a.f.byUID[uid] != "" })
	}
	return both
}

// halves are their answers; fewer when columns cannot tell.
func (a *question) halves(v *columns.View, still columns.Set, then *columns.View, facets []facet, first int, c *cursor, bare bool) (halves []*half, err error) {
	for _, r := range a.readings(v, still, then) {
		h, ok, err := r.half(facets, a.pageSize(first, c), c, bare)
		if !ok || err != nil {
			return nil, err
		}
		halves = append(halves, h)
	}
	return halves, nil
}

// readPast answers from the columns what has not changed since the moment, and what has from columns that are made for
// this question. engine is empty when too much has.
func (a *question) readPast(ctx context.Context, t *columns.Table, facets []facet, first int, c *cursor, bare bool) (halves []*half, engine string, err error) {
	for range pastTries {
		before := t.Applied()
		keys, table, ok, err := a.asThen(ctx, facets)
		if !ok || err != nil {
			return nil, "", err
		}
		again := false
		err = t.Read(func(v *columns.View) error {
			if again = t.Applied() != before; again {
				return nil // what changed in between is in neither
			}
			still, _ := v.Number(v.Living(), "observed_at", func(ms int64) bool { return ms <= a.q.At().UnixMilli() })
			still.Without(v.Rows(keys)) // the database may know more than the columns
			return table.Read(func(then *columns.View) (err error) {
				halves, err = a.halves(v, still, then, facets, first, c, bare)
				return err
			})
		})
		if !again || err != nil {
			return halves, engineColumnsFirst, err
		}
	}
	return nil, "", nil
}

// asThen is columns of the objects that changed since the question's moment, as they were at it. ok is false when they
// are too many.
func (a *question) asThen(ctx context.Context, facets []facet) (changed []columns.Key, t *columns.Table, ok bool, err error) {
	history := a.s.db.Table("resource_history")
	q := a.q
	for _, fc := range facets { // which count over more than the page
		if fc.over.Canonical() != a.q.Canonical() {
			q = q.Without(fc.field)
		}
	}
	keys, err := a.changedSince(ctx, q, false)
	if err == nil && len(keys) > a.s.changedMost && q.Root() != nil {
		// What holds at the moment holds of a version before it.
		keys, err = a.changedSince(ctx, q, true)
	}
	if err != nil || len(keys) > a.s.changedMost {
		return nil, nil, false, err
	}
	t = columns.New()
	for part := range slices.Chunk(keys, loadAtOnce) {
		p := new(clickhouse.Params)
		err = a.s.read(ctx, `SELECT `+stateColumns+`, words FROM `+history+` WHERE `+keySet(p, part)+` AND observed_at <= `+p.Time(a.q.At())+` AND `+a.f.bounds(p)+
			` ORDER BY ver DESC LIMIT 1 BY `+keyColumns, p,
			func(rows driver.Rows) error {
				change, err := scanChange(rows, a.f)
				if err == nil && !change.Deleted {
					t.Apply([]columns.Change{change})
				}
				return err
			})
		if err != nil {
			return nil, nil, false, err
		}
		for _, k := range part {
			changed = append(changed, columns.Key{Cluster: k.cluster, Group: k.group, Resource: k.resource, Namespace: k.namespace, Name: k.name})
		}
	}
	return changed, t, true, nil
}

// changedSince are the objects with a version after the question's moment, one more than can be read at most: those that
// q can be about by what does not change, and with held only those of which a version before the moment satisfies q.
func (a *question) changedSince(ctx context.Context, q *ql.Query, held bool) (keys []key, err error) {
	history := a.s.db.Table("resource_history")
	p := new(clickhouse.Params)
	where := a.f.bounds(p)
	if fixed, ok := q.Fixed(); ok {
		condition, err := fixed.ClickHouse(p, ql.Env{})
		if err != nil {
			return nil, err
		}
		where += ` AND ` + condition
	}
	at := p.Time(a.q.At())
	since := `observed_at > ` + at
	if held {
		condition, err := q.ClickHouse(p, ql.Env{})
		if err != nil {
			return nil, err
		}
		since += ` AND ` + keyHash + ` IN (SELECT ` + keyHash + ` FROM (` + states + ` FROM ` + history + ` PREWHERE ` + where + ` AND observed_at <= ` + at + `) WHERE ` + condition + `)`
	}
	err = a.s.read(ctx, `SELECT `+keyColumns+` FROM `+history+` WHERE `+where+` AND `+since+` GROUP BY `+keyColumns+` LIMIT `+p.Int(int64(a.s.changedMost)+1), p,
		func(rows driver.Rows) error {
			var k key
			err := rows.Scan(k.dest()...)
			keys = append(keys, k)
			return err
		})
	return keys, err
}

// half is one of two parts of an answer.
type half struct {
	total  int
	facets [][]columns.Count
	groups []records.Group
	order  []columns.Term
	rows   []found
}

// found is a row of a page with what orders it.
type found struct {
	values []string
	key    key
	ver    uint64
	object *records.Object
}

func (r *reading) half(facets []facet, first int, c *cursor, bare bool) (s *half, ok bool, err error) {
	set, ok := r.matching(r.q)
	if !ok {
		return nil, false, nil
	}
	s = &half{total: set.Count()}
	for _, fc := range facets {
		over, ok := r.matching(fc.over)
		if !ok {
			return nil, false, nil
		}
		counts, _, ok := r.counts(fc.field, over, r.v.Alive()+1)
		if !ok {
			return nil, false, nil
		}
		s.facets = append(s.facets, counts)
	}
	if len(r.q.Group()) > 0 {
		if s.groups, ok = r.groups(set, r.v.Alive()+1); !ok {
			return nil, false, nil
		}
	}
	if s.order, ok = r.order(); !ok {
		return nil, false, nil
	}
	page, rows, err := r.selectRows(set, s.order, first+1, c)
	for i, row := range rows {
		f := found{values: columns.Remember(row, s.order), key: page.keys[i], ver: page.vers[i]}
		if bare {
			f.object = r.object(row)
		}
		s.rows = append(s.rows, f)
	}
	return s, true, err
}

// merge puts two parts together.
func merge(x, y *half, facets []facet, grouped, first int, result *records.Result) selection {
	result.Total = x.total + y.total
	result.Facets = make([]records.Facet, len(facets))
	for i, fc := range facets {
		sums := map[string]int{}
		for _, n := range append(x.facets[i], y.facets[i]...) {
			sums[n.Value] += n.Rows
		}
		into := &result.Facets[i]
		into.Field, into.Distinct, into.Values = fc.field, len(sums), make([]records.FacetValue, 0, len(sums))
		for value, n := range sums {
			into.Values = append(into.Values, records.FacetValue{Value: value, Count: n})
		}
		slices.SortFunc(into.Values, func(a, b records.FacetValue) int { return cmp.Or(b.Count-a.Count, strings.Compare(a.Value, b.Value)) })
		into.Values = into.Values[:min(facetValues, len(into.Values))]
	}
	if grouped > 0 {
		place := map[string]int{}
		for _, g := range append(x.groups, y.groups...) {
			id := strings.Join(g.Values, "\x00")
			at, known := place[id]
			if !known {
				at = len(result.Groups)
				place[id] = at
				result.Groups = append(result.Groups, records.Group{Values: g.Values})
			}
			sum := &result.Groups[at]
			sum.Count, sum.Ready, sum.NotReady = sum.Count+g.Count, sum.Ready+g.Ready, sum.NotReady+g.NotReady
		}
		slices.SortFunc(result.Groups, func(a, b records.Group) int { return cmp.Or(b.Count-a.Count, slices.Compare(a.Values, b.Values)) })
		result.Groups = result.Groups[:min(groupsMost, len(result.Groups))]
	}
	rows := append(x.rows, y.rows...)
	slices.SortFunc(rows, func(a, b found) int { return columns.CompareRemembered(x.order, a.values, b.values) })
	var s selection
	if s.more = len(rows) > first; s.more {
		rows = rows[:first]
	}
	for _, f := range rows {
		s.keys, s.vers, s.last = append(s.keys, f.key), append(s.vers, f.ver), f.values
		if f.object != nil {
			result.Objects = append(result.Objects, f.object)
		}
	}
	return s
}
