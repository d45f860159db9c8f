package search

import (
	"context"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// The engines of questions about the present, beside those that ClickHouse answers.
const (
	engineColumns = "columns"
	engineBleve   = "bleve+columns"
	engineTexts   = "columns+texts"
)

// presentWait is how long a question waits for columns to have what was committed before it was asked.
const presentWait = 200 * time.Millisecond

// current is the columns when they can answer this question, now, and why not otherwise.
func (a *question) current(ctx context.Context) (t *columns.Table, why string) {
	switch t = a.s.table.Load(); {
	case !a.q.At().IsZero():
		return nil, "at: asks for the past"
	case a.q.Deleted():
		return nil, "deleted: asks for what is gone"
	case a.q.Page() != ql.Resources:
		return nil, "it asks for more than objects"
	case t == nil:
		return nil, "the columns in memory are being loaded"
	case !a.s.feed.caughtUp(ctx, presentWait):
		return nil, "the columns in memory are behind"
	}
	return t, ""
}

// engineNow is who answers the question as things stand, and why.
func (a *question) engineNow(ctx context.Context) (engine, why string) {
	t, reason := a.current(ctx)
	if table := a.s.table.Load(); !a.q.At().IsZero() && !a.q.Deleted() && a.q.Alone() && table != nil {
		switch known := table.Knows(a.q.At().UnixMilli()); {
		case known && !a.q.ReadsObject():
			return engineColumns, "columns in memory know what stood at that moment"
		case known:
			if engine, err := a.narrowByColumns(ctx, nil); engine != "" && err == nil {
				return engine, "columns in memory find the objects that may have matched at that moment, ClickHouse looks into them"
			}
		case !a.q.ReadsObject():
			return engineColumnsFirst, "columns in memory know what has not changed since, ClickHouse what has"
		}
	}
	if t == nil {
		return engineClickHouse, reason + "; ClickHouse looks through its tables"
	}
	ok, err := a.inColumns(ctx, func(r *reading) (bool, error) {
		_, ok := r.matching(a.q)
		engine, why = r.engine()
		return ok, nil
	})
	if !ok || err != nil {
		if engine, err = a.narrowByColumns(ctx, nil); engine != "" && err == nil {
			return engine, "columns in memory find the objects that may match, ClickHouse looks into them"
		}
		return engineClickHouse, "it asks for what the columns in memory do not hold; ClickHouse looks through its tables"
	}
	return engine, why
}

// reading is a question while a view of the columns is in use.
type reading struct {
	*question
	t      *columns.Table
	v      *columns.View
	scoped columns.Set
	sets   map[string]columns.Set // by canonical query
	known  *ql.Vocabulary         // of the words of the view; nil when the index does not have them

	looked  map[uint32]*records.Object // with their JSON
	lacking []*records.Object          // of which there is no text
}

// lookMost is how many objects a question may look into, at 20 microseconds each, while columns wait.
const lookMost = 3000

// inColumns calls f with the columns, when they are there. ok is false when they, or f, cannot answer. When texts lack
// objects that are to be looked into, f is called again with what the database has of them.
func (a *question) inColumns(ctx context.Context, f func(*reading) (ok bool, err error)) (ok bool, err error) {
	ok, lacking, err := a.tryColumns(ctx, f)
	if ok || err != nil || len(lacking) == 0 {
		return ok, err
	}
	if _, err := a.s.complete(ctx, a.f, lacking); err != nil {
		return false, err
	}
	ok, _, err = a.tryColumns(ctx, f)
	return ok, err
}

func (a *question) tryColumns(ctx context.Context, f func(*reading) (ok bool, err error)) (ok bool, lacking []*records.Object, err error) {
	t, _ := a.current(ctx)
	if t == nil {
		return false, nil, nil
	}
	err = t.Read(func(v *columns.View) (err error) {
		r := &reading{question: a, t: t, v: v, sets: map[string]columns.Set{}}
		if a.q.HasText() {
			var release func()
			r.known, release = a.s.index.vocabulary(t, v)
			defer release()
		}
		r.scoped, _ = v.Text(v.Living(), "cluster", func(uid string) bool { return a.f.byUID[uid] != "" })
		ok, err = f(r)
		lacking = r.lacking
		r.complain()
		return err
	})
	return ok && err == nil, lacking, err
}

// look is ql.Objects of the present.
func (r *reading) look(rows columns.Set) (objects []*records.Object, ok bool) {
	if rows.Count() > r.s.lookMost {
		return nil, false
	}
	if r.looked == nil {
		r.looked = map[uint32]*records.Object{}
	}
	rows.Each(func(row uint32) {
		o := r.looked[row]
		if o == nil {
			o = r.object(row)
			r.looked[row] = o
		}
		objects = append(objects, o)
	})
	missing := r.s.fromTexts(objects)
	for _, i := range missing {
		r.lacking = append(r.lacking, objects[i])
	}
	return objects, len(missing) == 0
}

// matching are the rows that q asks for. ok is false when columns cannot tell.
func (r *reading) matching(q *ql.Query) (set columns.Set, ok bool) {
	canonical := q.Canonical()
	if set, ok = r.sets[canonical]; ok {
		return set, true
	}
	var objects ql.Objects
	if r.t != nil { // not columns of the past
		objects = r.look
	}
	set, exact := q.Rows(r.v, r.scoped, r.known, objects)
	if !exact {
		return nil, false
	}
	r.sets[canonical] = set
	return set, true
}

// engine is who helped the columns, and how.
func (r *reading) engine() (engine, why string) {
	switch {
	case r.looked != nil:
		return engineTexts, "columns in memory find the objects that may match, whose JSON is looked into; those that do are counted and ordered"
	case r.known != nil && r.known.Asked:
		return engineBleve, "the search index tells which words there are, columns in memory who has them; those match, count and order"
	}
	return engineColumns, "columns in memory match, count and order"
}

// complain notes what the index could not tell. Columns did.
func (r *reading) complain() {
	if r.known != nil && r.known.Err != nil {
		r.s.log.Warn("search index cannot be asked, columns answer alone", "err", r.known.Err)
	}
}

// order is question.order of rows.
func (r *reading) order() (order []columns.Term, ok bool) {
	cluster := func(uid string) string { return r.f.byUID[uid] }
	if by := r.q.Sort(); by != nil {
		t := r.v.ByCluster(by.Desc, cluster)
		if by.Column != "cluster" {
			if t, ok = r.v.By(by.Column, by.Desc); !ok {
				return nil, false
			}
		}
		order = append(order, t)
	} else {
		if r.q.HasText() {
			order = append(order, columns.ByNumber(true, r.rank()))
		}
		order = append(order, r.v.WeighKinds(weightOf))
	}
	return append(order, r.byKey()...), true
}

// byKey is keyOrder of rows.
func (r *reading) byKey() []columns.Term {
	namespace, _ := r.v.By("namespace", false)
	name, _ := r.v.By("name", false)
	return []columns.Term{r.v.ByGroup(), r.v.ByResource(), namespace, name, r.v.ByCluster(false, func(uid string) string { return r.f.byUID[uid] })}
}

// rank is the function rank of rows.
func (r *reading) rank() func(row uint32) int64 {
	var near []func(uint32) int64
	words(r.q.Root(), func(word string) { near = append(near, r.v.Nearness(word)) })
	return func(row uint32) int64 {
		n := int64(0)
		for _, f := range near {
			n += f(row)
		}
		return n
	}
}

// words are the free texts that an answer is ranked by, in lower case.
func words(root ql.Expr, f func(string)) {
	switch e := root.(type) {
	case ql.And:
		for _, m := range e {
			words(m, f)
		}
	case ql.Or:
		for _, m := range e {
			words(m, f)
		}
	case *ql.Text:
		f(strings.ToLower(e.Text))
	}
}

// weightOf is kindWeight of rows.
func weightOf(group, resource string) int64 {
	switch group {
	case "apps":
		switch resource {
		case "deployments", "statefulsets", "daemonsets":
			return 0
		}
	case "batch":
		switch resource {
		case "cronjobs", "jobs":
			return 1
		}
	case "":
		switch resource {
		case "pods":
			return 2
		case "services", "nodes", "namespaces", "configmaps", "secrets", "persistentvolumeclaims":
			return 3
		}
	}
	return 4
}

// answerInColumns fills in result from the columns, but for the JSON of objects. ok is false when they cannot answer.
func (a *question) answerInColumns(ctx context.Context, facets []facet, first int, c *cursor, bare bool, result *records.Result) (ok bool, err error) {
	var page selection
	ok, err = a.inColumns(ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if !ok {
			return false, nil
		}
		result.Facets = make([]records.Facet, len(facets))
		for i, fc := range facets {
			if ok, err := r.count(fc, &result.Facets[i]); !ok || err != nil {
				return false, err
			}
		}
		result.Total = set.Count()
		if len(a.q.Group()) > 0 {
			if result.Groups, ok = r.groups(set, groupsMost); !ok {
				return false, nil
			}
		}
		order, ok := r.order()
		if !ok {
			return false, nil
		}
		result.Engine, _ = r.engine()
		var rows []uint32
		page, rows, err = r.selectRows(set, order, a.pageSize(first, c), c)
		for _, row := range rows {
			result.Objects = append(result.Objects, r.object(row))
		}
		return true, err
	})
	if !ok || err != nil {
		return ok, err
	}
	a.nameGroups(result.Groups)
	for i := range result.Facets {
		a.nameClusters(&result.Facets[i])
	}
	return true, a.page(ctx, page, c, bare, result)
}

// object is a row as a record.
func (r *reading) object(row uint32) *records.Object {
	o := r.v.Object(row)
	o.Ref.Cluster = r.f.byUID[o.ClusterUID]
	return o
}

// selectRows is the page of a set behind the cursor.
func (r *reading) selectRows(set columns.Set, order []columns.Term, first int, c *cursor) (s selection, rows []uint32, err error) {
	var after []string
	if c != nil {
		after = c.Values
	}
	if rows, err = r.v.Top(set, order, after, first+1); err != nil {
		return s, nil, badCursor() // only a place that is none is refused
	}
	if first == 0 {
		return s, nil, nil
	}
	if s.more = len(rows) > first; s.more {
		rows = rows[:first]
	}
	for _, row := range rows {
		k, ver := r.v.Version(row)
		s.keys, s.vers = append(s.keys, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}), append(s.vers, ver)
	}
	if len(rows) > 0 {
		s.last = columns.Remember(rows[len(rows)-1], order)
	}
	return s, rows, nil
}

// count is one facet over the rows of its own query.
func (r *reading) count(fc facet, into *records.Facet) (ok bool, err error) {
	set, ok := r.matching(fc.over)
	if !ok {
		return false, nil
	}
	into.Field = fc.field
	into.Values = []records.FacetValue{}
	counts, distinct, ok := r.counts(fc.field, set, facetValues)
	into.Distinct = distinct
	for _, n := range counts {
		into.Values = append(into.Values, records.FacetValue{Value: n.Value, Count: n.Rows})
	}
	return ok, nil
}

// counts are the values of a field among the rows of a set, the most frequent first.
func (r *reading) counts(field string, set columns.Set, most int) (counts []columns.Count, distinct int, ok bool) {
	if field == "resource" {
		counts, distinct = r.v.Counts(set, r.v.ByKind(), most)
		return counts, distinct, true
	}
	f, ok := ql.FieldOf(field, r.f.members())
	if !ok {
		return nil, 0, false
	}
	if column := f.Column(); column == "name" || column == "uid" {
		counts, distinct = r.v.Texts(set, column, most)
		return counts, distinct, true
	}
	by, ok := f.Dimension(r.v)
	if !ok {
		return nil, 0, false
	}
	counts, distinct = r.v.Counts(set, by, most)
	return counts, distinct, true
}
