package ql

import (
	"regexp"
	"strings"

	"github.com/blevesearch/bleve/v2/search/query"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// Bleve is the whole query for the text index, not ranked; false when the index cannot answer all of it (times,
// numbers, annotations, owners, regular expressions, leading wildcards, at:, deleted:). Then BleveText gives
// candidates and ClickHouse decides.
func (q *Query) Bleve() (query.Query, bool) {
	if q.page != Resources || !q.at.IsZero() || q.Deleted() {
		return nil, false
	}
	if q.root == nil {
		return query.NewMatchAllQuery(), true
	}
	c := indexed(q.root)
	if !c.exact {
		return nil, false
	}
	return c.query(), true
}

// BleveText is a query for the text index that every matching object matches: the part the index can answer. It is
// false when no part of the query narrows the index, or the index does not hold what is asked.
func (q *Query) BleveText() (query.Query, bool) {
	if q.page != Resources || !q.at.IsZero() || q.Deleted() || q.root == nil {
		return nil, false
	}
	c := indexed(q.root)
	return c.query(), c.q != nil
}

// candidate is a query of the index that at least all matching objects match, and exactly those if exact.
// A nil q is everything.
type candidate struct {
	q     query.Query
	exact bool
}

var everything = candidate{nil, true}

func (c candidate) query() query.Query {
	if c.q == nil {
		return query.NewMatchAllQuery()
	}
	return c.q
}

func exactly(q query.Query) candidate { return candidate{q, true} }

func indexed(x Expr) candidate {
	switch x := x.(type) {
	case And:
		parts := make([]candidate, len(x))
		for i, m := range x {
			parts[i] = indexed(m)
		}
		return both(parts)
	case Or:
		parts := make([]candidate, len(x))
		for i, m := range x {
			parts[i] = indexed(m)
		}
		return either(parts)
	case Not:
		return without(indexed(x.X))
	case *Text:
		return x.indexed()
	case *Filter:
		return x.indexed()
	case *Selector:
		parts := make([]candidate, len(x.Requirements))
		for i := range x.Requirements {
			parts[i] = requirement(&x.Requirements[i])
		}
		return both(parts)
	default:
		return candidate{}
	}
}

func requirement(r *labels.Requirement) candidate {
	key := r.Key() + "="
	present := exactly(begins(FieldLabels, key))
	var values []candidate
	for _, v := range r.Values().List() {
		values = append(values, exactly(term(FieldLabels, key+v)))
	}
	switch r.Operator() {
	case selection.In, selection.Equals, selection.DoubleEquals:
		return either(values)
	case selection.NotIn, selection.NotEquals:
		return without(either(values))
	case selection.Exists:
		return present
	case selection.DoesNotExist:
		return without(present)
	default: // numbers are not in the index
		return candidate{present.q, false}
	}
}

func both(parts []candidate) candidate {
	all := candidate{exact: true}
	var qs []query.Query
	for _, p := range parts {
		all.exact = all.exact && p.exact
		if p.q != nil {
			qs = append(qs, p.q)
		}
	}
	switch len(qs) {
	case 0:
	case 1:
		all.q = qs[0]
	default:
		all.q = query.NewConjunctionQuery(qs)
	}
	return all
}

func either(parts []candidate) candidate {
	all := candidate{exact: true}
	var qs []query.Query
	for _, p := range parts {
		all.exact = all.exact && p.exact
		if p.q == nil { // one part is everything
			return candidate{nil, p.exact}
		}
		qs = append(qs, p.q)
	}
	switch len(qs) {
	case 0:
		all.q = query.NewMatchNoneQuery()
	case 1:
		all.q = qs[0]
	default:
		all.q = query.NewDisjunctionQuery(qs)
	}
	return all
}

// without is what does not match. The complement of too much may be too little, so it must be exact.
func without(c candidate) candidate {
	switch {
	case !c.exact:
		return candidate{}
	case c.q == nil:
		return exactly(query.NewMatchNoneQuery())
	}
	return exactly(query.NewBooleanQuery([]query.Query{query.NewMatchAllQuery()}, nil, []query.Query{c.q}))
}

func term(field, value string) query.Query {
	q := query.NewTermQuery(value)
	q.SetField(field)
	return q
}

func begins(field, prefix string) query.Query { return &beginsQuery{field, prefix} }

// wild is a pattern for a field; the index walks all terms for a leading wildcard, so those are left to ClickHouse.
// It is a regular expression, since bleve's own wildcards do not match line ends.
func wild(field, pattern string) candidate {
	if pattern == "" || pattern[0] == '*' || pattern[0] == '?' {
		return candidate{}
	}
	if prefix := pattern[:len(pattern)-1]; strings.HasSuffix(pattern, "*") && !strings.ContainsAny(prefix, `*?\`) {
		return exactly(begins(field, prefix))
	}
	var b strings.Builder
	unglob(pattern, func(s string) { b.WriteString(regexp.QuoteMeta(s)) }, func(c byte) {
		b.WriteString("(?s:.)")
		if c == '*' {
			b.WriteByte('*')
		}
	})
	q := query.NewRegexpQuery(b.String())
	q.SetField(field)
	return exactly(q)
}

func (t *Text) indexed() candidate {
	words := t.indexedWords()
	if len(t.clusters) == 0 {
		return words
	}
	parts := []candidate{words}
	for _, id := range t.clusters {
		parts = append(parts, exactly(term(FieldCluster, id)))
	}
	return either(parts)
}

func (t *Text) indexedWords() candidate {
	parts := make([]candidate, len(t.Tokens))
	for i, token := range t.Tokens {
		switch {
		case t.Prefix:
			parts[i] = exactly(begins(FieldAll, token))
		case t.Glob:
			parts[i] = wild(FieldAll, token)
		case t.Fuzzy && len([]rune(token)) >= fuzzyFrom:
			q := query.NewFuzzyQuery(token)
			q.SetField(FieldAll)
			q.SetFuzziness(1)
			parts[i] = exactly(q)
		default:
			parts[i] = exactly(term(FieldAll, token))
		}
	}
	return both(parts)
}

func (x *Filter) indexed() candidate {
	switch x.Field {
	case "ready":
		return x.indexedReady()
	case "status":
		return x.indexedStatus()
	}
	c := x.indexedPositive()
	if x.Not {
		return without(c)
	}
	return c
}

func (x *Filter) indexedReady() candidate {
	yes, no := exactly(term(FieldReady, "true")), exactly(term(FieldReady, "false"))
	if x.Op == OpHas {
		if x.Not {
			return without(either([]candidate{yes, no}))
		}
		return either([]candidate{yes, no})
	}
	var parts []candidate
	if x.any(func(v *Value) bool { return v.Text == "true" }) != x.Not {
		parts = append(parts, yes)
	}
	if x.any(func(v *Value) bool { return v.Text == "false" }) != x.Not {
		parts = append(parts, no)
	}
	return either(parts)
}

func (x *Filter) indexedStatus() candidate {
	if x.Op == OpHas {
		return candidate{}
	}
	var parts []candidate
	for i := range x.Values {
		v := &x.Values[i]
		switch r := v.readiness(x.Op); {
		case r != "" && x.Not:
			parts = append(parts, without(exactly(term(FieldReady, opposite(r)))))
		case r != "":
			parts = append(parts, exactly(term(FieldReady, r)))
		default:
			parts = append(parts, v.indexed(FieldStatus, x.Op, false), v.indexed(FieldHealth, x.Op, false))
		}
	}
	c := either(parts)
	if x.Not {
		return without(c)
	}
	return c
}

// indexed is a text field against one value. Terms are lower case: an exact comparison can only narrow, unless
// Kubernetes allows nothing but lower case there.
func (v *Value) indexed(field string, op Op, lowerOnly bool) candidate {
	switch {
	case v.Kind == Literal && v.Text == "": // what is empty is not in the index
		return candidate{}
	case op == OpEqual:
		if folded := strings.ToLower(v.Text); lowerOnly && folded != v.Text {
			return exactly(query.NewMatchNoneQuery())
		} else {
			return candidate{term(field, folded), lowerOnly}
		}
	case v.Kind == Literal:
		return exactly(term(field, strings.ToLower(v.Text)))
	case v.Kind == Glob:
		return wild(field, strings.ToLower(v.Text))
	default:
		return candidate{}
	}
}

func (x *Filter) indexedPositive() candidate {
	if x.def.typ == typIP {
		return x.indexedAddress()
	}
	if x.def.typ == typPlace && len(x.def.place.nodes) == 0 {
		var homes []candidate
		for id, s := range x.homes {
			if x.Op == OpHas || x.any(func(v *Value) bool { return v.text(x.Op, s) }) {
				homes = append(homes, exactly(term(FieldCluster, id)))
			}
		}
		return either(homes)
	}
	if x.def.index == "" {
		return candidate{}
	}
	var parts []candidate
	switch x.def.typ {
	case typCluster, typKind:
		if x.Op == OpHas {
			return everything
		}
		for i := range x.Values {
			for _, id := range x.Values[i].ids {
				parts = append(parts, exactly(term(FieldCluster, id)))
			}
			for _, k := range x.Values[i].kinds {
				parts = append(parts, exactly(term(FieldGR, strings.ToLower(k.GroupResource.String()))))
			}
		}
	case typMap:
		key := x.Key + "="
		if x.Op == OpHas {
			return exactly(begins(FieldLabels, key))
		}
		for i := range x.Values {
			v := &x.Values[i]
			switch {
			case x.Op == OpEqual:
				parts = append(parts, exactly(term(FieldLabels, key+v.Text)))
			case v.Kind == Literal:
				parts = append(parts, exactly(term(FieldLabelsLow, key+strings.ToLower(v.Text))))
			case v.Kind == Glob:
				parts = append(parts, wild(FieldLabelsLow, globEscape(key)+strings.ToLower(v.Text)))
			default:
				parts = append(parts, candidate{begins(FieldLabels, key), false})
			}
		}
	default:
		if x.Op == OpHas {
			return candidate{}
		}
		for i := range x.Values {
			parts = append(parts, x.Values[i].indexed(x.def.index, x.Op, x.def.lower))
		}
	}
	return either(parts)
}
