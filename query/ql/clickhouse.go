package ql

import (
	"fmt"
	"strings"
	"time"
)

// Params binds values; *clickhouse.Params satisfies it. Every method returns the placeholder to put into the SQL.
type Params interface {
	String(string) string
	Strings([]string) string
	Int(int64) string
	Time(time.Time) string
}

// Env is what conditions need of their surroundings.
type Env struct {
	// UIDs makes a subquery of one column, the uids of the objects for which where holds: objects as of the query's
	// moment, within the caller's scope, tombstones included. filters on the objects of events use it. It
	// may be called several times. nil: those filters are an error.
	UIDs func(where string) string
	// Objects makes a SELECT of columns of objects for which where holds, of the same objects as UIDs. zone:, region:
	// and owner: beyond the direct owner need it; nil: members' labels and direct owners are all there is.
	Objects func(columns, where string) string
}

// ClickHouse is the query as a boolean SQL expression over the columns of resources or resource_history (events on
// the Events page), in parentheses, every value bound by p. It holds everything but scope, at:, sort: and limit:,
// in particular `deleted = 0` where that is meant. A query without conditions is "1" on Changes and Events.
func (q *Query) ClickHouse(p Params, env Env) (string, error) {
	c := &compiler{p: p, env: env, page: q.page}
	where := "1"
	if q.root != nil {
		where = c.expr(q.root)
	}
	if c.err != nil {
		return "", c.err
	}
	if q.page == Resources && !q.Deleted() {
		if q.root == nil {
			return "(deleted = 0)", nil
		}
		return "(deleted = 0 AND " + where + ")", nil
	}
	return where, nil
}

type compiler struct {
	p    Params
	env  Env
	page Page
	err  error
}

func (c *compiler) fail(err error) string {
	if c.err == nil {
		c.err = err
	}
	return "0"
}

func (c *compiler) expr(x Expr) string {
	switch x := x.(type) {
	case And:
		return c.join(x, " AND ")
	case Or:
		return c.join(x, " OR ")
	case Not:
		return "(NOT " + c.expr(x.X) + ")"
	case *Text:
		return c.text(x)
	case *Selector:
		if c.page == Events {
			return c.about(func(c *compiler) string { return c.expr(x) })
		}
		parts := make([]string, len(x.Requirements))
		for i := range x.Requirements {
			parts[i] = c.requirement(&x.Requirements[i])
		}
		return "(" + strings.Join(parts, " AND ") + ")"
	case *Filter:
		return c.filter(x)
	default:
		return c.fail(fmt.Errorf("compile query: no SQL for %T", x))
	}
}

func (c *compiler) join(members []Expr, glue string) string {
	parts := make([]string, len(members))
	for i, m := range members {
		parts[i] = c.expr(m)
	}
	return "(" + strings.Join(parts, glue) + ")"
}

func (c *compiler) text(t *Text) string {
	words := c.words(t)
	if len(t.clusters) > 0 {
		return "(" + words + " OR " + c.oneOf("cluster", t.clusters) + ")"
	}
	return words
}

func (c *compiler) words(t *Text) string {
	if !t.Prefix && !t.Glob && !t.Fuzzy {
		if len(t.Tokens) == 1 {
			return "has(tokens, " + c.p.String(t.Tokens[0]) + ")"
		}
		return "hasAll(tokens, " + c.p.Strings(t.Tokens) + ")"
	}
	parts := make([]string, len(t.Tokens))
	for i, token := range t.Tokens {
		switch {
		case t.Prefix:
			parts[i] = "arrayExists(x -> startsWith(x, " + c.p.String(token) + "), tokens)"
		case t.Glob:
			parts[i] = "arrayExists(x -> x LIKE " + c.p.String(like(token)) + ", tokens)"
		case len([]rune(token)) >= fuzzyFrom:
			parts[i] = "arrayExists(x -> editDistanceUTF8(x, " + c.p.String(token) + ") <= 1, tokens)"
		default:
			parts[i] = "has(tokens, " + c.p.String(token) + ")"
		}
	}
	return "(" + strings.Join(parts, " AND ") + ")"
}

// about asks a condition of the object that an event is about.
func (c *compiler) about(condition func(*compiler) string) string {
	if c.env.UIDs == nil {
		return c.fail(fmt.Errorf("compile query: no objects to ask"))
	}
	inner := &compiler{p: c.p, env: c.env, page: Resources}
	where := condition(inner)
	if inner.err != nil {
		return c.fail(inner.err)
	}
	return "(regarding_uid IN (" + c.env.UIDs(where) + "))"
}

func (c *compiler) filter(x *Filter) string {
	column := x.def.column
	if c.page == Events {
		if column = x.def.events; column == "" && x.def.typ != typKind {
			if own := x.def.typ == typReady || x.def.typ == typStatus; own {
				return c.about(func(c *compiler) string { return c.filter(x) })
			}
			plain := *x
			plain.Not = false
			return not(x.Not, c.about(func(c *compiler) string { return c.filter(&plain) }))
		}
	}
	switch x.def.typ {
	case typReady:
		return c.ready(x)
	case typStatus:
		return c.status(x)
	}
	return not(x.Not, c.positive(x, column))
}

func not(is bool, condition string) string {
	if is {
		return "(NOT " + condition + ")"
	}
	return condition
}

func (c *compiler) ready(x *Filter) string {
	if x.Op == OpHas {
		return not(x.Not, "(ready != '')")
	}
	values := make(map[string]bool, 2)
	for i := range x.Values {
		values[x.Values[i].Text] = true
	}
	want := make([]string, 0, 2)
	for _, r := range []string{"true", "false"} {
		if values[r] != x.Not {
			want = append(want, r)
		}
	}
	switch len(want) {
	case 0:
		return "0"
	case 1:
		return "(ready = " + c.p.String(want[0]) + ")"
	}
	return "(ready != '')"
}

func (c *compiler) status(x *Filter) string {
	if x.Op == OpHas {
		return not(x.Not, "(status != '')")
	}
	var ready, texts []string
	for i := range x.Values {
		v := &x.Values[i]
		switch r := v.readiness(x.Op); {
		case r == "":
			texts = append(texts, c.compare("status", x.Op, v), c.compare("health", x.Op, v))
		case x.Not:
			ready = append(ready, "(ready = "+c.p.String(opposite(r))+")")
		default:
			ready = append(ready, "(ready = "+c.p.String(r)+")")
		}
	}
	if !x.Not {
		return anyOf(append(ready, texts...))
	}
	if len(texts) > 0 {
		ready = append(ready, "(NOT "+anyOf(texts)+")")
	}
	if len(ready) == 1 {
		return ready[0]
	}
	return "(" + strings.Join(ready, " AND ") + ")"
}

func anyOf(parts []string) string {
	switch len(parts) {
	case 0:
		return "0"
	case 1:
		return parts[0]
	}
	return "(" + strings.Join(parts, " OR ") + ")"
}

// positive is the filter without its negation.
func (c *compiler) positive(x *Filter, column string) string {
	f := x.def
	has := x.Op == OpHas
	switch f.typ {
	case typWord, typHealth:
		if has {
			return "(" + column + " != '')"
		}
		return c.word(x, column)
	case typWords:
		if c.page == Events { // one reason per event
			if has {
				return "(" + column + " != '')"
			}
			return c.word(x, column)
		}
		return c.elements(x, column, func(v *Value) string { return c.compare("x", x.Op, v) })
	case typCluster:
		if has {
			return "1"
		}
		var ids []string
		for i := range x.Values {
			ids = append(ids, x.Values[i].ids...)
		}
		return c.oneOf(column, ids)
	case typKind:
		if has {
			return "1"
		}
		return c.kind(x)
	case typMap:
		return c.entry(x, column)
	case typImage:
		return c.elements(x, column, func(v *Value) string {
			switch {
			case x.Op == OpEqual:
				return "x = " + c.p.String(v.Text)
			case v.Kind == Regex:
				return "match(x, " + c.p.String(v.pattern()) + ")"
			}
			return "match(lowerUTF8(x), " + c.p.String(v.image()) + ")"
		})
	case typPart:
		part := imagePart(f.name)
		if has {
			return "arrayExists(x -> " + part + " != '', " + column + ")"
		}
		return c.elements(x, column, func(v *Value) string { return c.compare(part, x.Op, v) })
	case typOwner:
		return c.owner(x, column)
	case typUses:
		return c.refs(x, column)
	case typManager:
		return c.managers(x, column)
	case typIP:
		return c.addresses(x, column)
	case typPlace:
		return c.placed(x)
	case typTrait:
		return c.traits(x, column)
	case typContent:
		return c.content(x, column)
	case typPath:
		return c.elements(x, column, func(v *Value) string {
			if v.Kind != Literal || x.Op == OpEqual {
				return c.compare("x", x.Op, v)
			}
			return "match(lowerUTF8(x), " + c.p.String(v.steps()) + ")"
		})
	case typObject:
		return c.within(x, column)
	case typNumber:
		return c.number(x, column)
	case typAge, typTime:
		return c.time(x, column)
	case typBool:
		parts := make([]string, len(x.Values))
		for i := range x.Values {
			parts[i] = "(" + column + " = 0)"
			if x.Values[i].Text == "true" {
				parts[i] = "(" + column + " = 1)"
			}
		}
		return anyOf(parts)
	case typOp:
		return c.word(x, changeTypeSQL)
	default:
		return c.fail(fmt.Errorf("compile query: no SQL for field %s", f.name))
	}
}

// word compares a column with all values; plain ones go into one list.
func (c *compiler) word(x *Filter, column string) string {
	var parts, plain []string
	for i := range x.Values {
		v := &x.Values[i]
		if v.Kind == Literal && x.Op == OpMatch {
			plain = append(plain, strings.ToLower(v.Text))
			continue
		}
		parts = append(parts, c.compare(column, x.Op, v))
	}
	if len(plain) > 0 {
		folded := column
		if !x.def.lower {
			folded = "lowerUTF8(" + column + ")"
		}
		parts = append(parts, c.oneOf(folded, plain))
	}
	return anyOf(parts)
}

func (c *compiler) oneOf(expr string, values []string) string {
	switch len(values) {
	case 0:
		return "0"
	case 1:
		return "(" + expr + " = " + c.p.String(values[0]) + ")"
	}
	return "(" + expr + " IN " + c.p.Strings(values) + ")"
}

// compare is one text against one value, as Value.text has it.
func (c *compiler) compare(expr string, op Op, v *Value) string {
	switch {
	case op == OpEqual:
		return "(" + expr + " = " + c.p.String(v.Text) + ")"
	case v.Kind == Literal:
		return "(lowerUTF8(" + expr + ") = " + c.p.String(strings.ToLower(v.Text)) + ")"
	case v.Kind == Glob:
		return "(lowerUTF8(" + expr + ") LIKE " + c.p.String(like(strings.ToLower(v.Text))) + ")"
	default:
		return "match(" + expr + ", " + c.p.String(v.pattern()) + ")"
	}
}

// like writes a pattern as LIKE wants it.
func like(pattern string) string {
	var b strings.Builder
	unglob(pattern, func(s string) {
		b.WriteString(strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s))
	}, func(c byte) {
		if c == '*' {
			b.WriteByte('%')
		} else {
			b.WriteByte('_')
		}
	})
	return b.String()
}

// elements holds when an element x of the column, an array, does for any value.
func (c *compiler) elements(x *Filter, column string, condition func(*Value) string) string {
	if x.Op == OpHas {
		return "notEmpty(" + column + ")"
	}
	if x.Op == OpEqual && x.def.typ != typPart {
		return "has(" + column + ", " + c.p.String(x.Values[0].Text) + ")"
	}
	parts := make([]string, len(x.Values))
	for i := range x.Values {
		parts[i] = condition(&x.Values[i])
	}
	return "arrayExists(x -> " + anyOf(parts) + ", " + column + ")"
}
