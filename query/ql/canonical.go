package ql

import (
	"fmt"
	"slices"
	"strings"
)

// Canonical writes the query so that Parse reads it back as the same query. "" matches everything.
func (q *Query) Canonical() string {
	var parts []string
	if q.root != nil {
		parts = append(parts, write(q.root, 0))
	}
	if q.atText != "" {
		parts = append(parts, "at:"+ValueText(q.atText))
	}
	if q.sort != nil {
		parts = append(parts, "sort:"+q.sortText)
	}
	if len(q.group) > 0 {
		names := make([]string, len(q.group))
		for i, g := range q.group {
			names[i] = g.Field
		}
		parts = append(parts, "group:"+strings.Join(names, ","))
	}
	if q.limit != 0 {
		parts = append(parts, fmt.Sprintf("limit:%d", q.limit))
	}
	if _, or := q.root.(Or); or && len(parts) > 1 {
		parts[0] = "(" + parts[0] + ")"
	}
	return strings.Join(parts, " ")
}

// write is an expression as text; binds is how tightly its surroundings bind: 0 nothing, 1 AND, 2 negation.
func write(x Expr, binds int) string {
	group := func(members []Expr, glue string, own int) string {
		texts := make([]string, len(members))
		for i, m := range members {
			texts[i] = write(m, own)
		}
		s := strings.Join(texts, glue)
		if binds >= own && binds > 0 {
			return "(" + s + ")"
		}
		return s
	}
	switch x := x.(type) {
	case And:
		return group(x, " ", 2)
	case Or:
		return group(x, " OR ", 1)
	case Not:
		if t, ok := x.X.(*Text); ok && t.Text == "l" && !t.Glob {
			return `-"l"` // -l begins a selector
		}
		return "-" + write(x.X, 2)
	case *Text:
		return x.write()
	case *Selector:
		return "selector:" + quote(x.Selector.String())
	case *Filter:
		return x.write()
	default:
		panic(fmt.Sprintf("ql: no text for %T", x))
	}
}

func (t *Text) write() string {
	switch {
	case t.Glob:
		return globText(t.Text)
	case t.Fuzzy:
		return t.Text + "~"
	case t.Quoted:
		return quote(t.Text)
	}
	return t.Text
}

func (x *Filter) name() string {
	if x.Key == "" {
		return x.Field
	}
	if plainText(x.Key) {
		return x.Field + "." + x.Key
	}
	return x.Field + "." + quote(x.Key)
}

func (x *Filter) write() string {
	switch x.Op {
	case OpHas:
		if x.Not {
			return "no:" + x.name()
		}
		return "has:" + x.name()
	case OpMatch:
		var b strings.Builder
		b.WriteString(x.name())
		b.WriteByte(':')
		if x.Not {
			b.WriteByte('!')
		}
		for i := range x.Values {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(x.Values[i].write())
		}
		return b.String()
	case OpEqual:
		if x.Not {
			return x.name() + "!=" + x.Values[0].write()
		}
		return x.name() + "=" + x.Values[0].write()
	default:
		s := x.name() + string(x.Op) + x.Values[0].write()
		if x.Not {
			return "-" + s
		}
		return s
	}
}

func (v *Value) write() string {
	switch v.Kind {
	case Glob:
		return globText(v.Text)
	case Span:
		return v.Text
	case Regex:
		var b strings.Builder
		b.WriteByte('/')
		for i := 0; i < len(v.Text); i++ {
			switch c := v.Text[i]; {
			case c == '\\' && i+1 < len(v.Text):
				b.WriteByte(c)
				i++
				b.WriteByte(v.Text[i])
			case c == '/':
				b.WriteString(`\/`)
			default:
				b.WriteByte(c)
			}
		}
		b.WriteByte('/')
		if v.NoCase {
			b.WriteByte('i')
		}
		return b.String()
	}
	if _, _, span := amountEnds(v.Text); plainValue(v.Text) && !span {
		return v.Text
	}
	return quote(v.Text)
}

// walk visits every leaf.
func walk(x Expr, visit func(Expr)) {
	switch x := x.(type) {
	case nil:
	case And:
		for _, m := range x {
			walk(m, visit)
		}
	case Or:
		for _, m := range x {
			walk(m, visit)
		}
	case Not:
		walk(x.X, visit)
	default:
		visit(x)
	}
}

// Deleted reports whether the query has a deleted: filter. Without one, ClickHouse and Eval leave tombstones out
// (but not on the Changes page, where a deletion is a change).
func (q *Query) Deleted() bool {
	found := false
	walk(q.root, func(x Expr) {
		if f, ok := x.(*Filter); ok && f.Field == "deleted" {
			found = true
		}
	})
	return found
}

// HasText reports whether the query has free text, so that an index can rank.
func (q *Query) HasText() bool {
	found := false
	walk(q.root, func(x Expr) {
		if _, ok := x.(*Text); ok {
			found = true
		}
	})
	return found
}

// Words are the tokens of free text that must match, for highlighting.
func (q *Query) Words() []string {
	var out []string
	var visit func(Expr)
	visit = func(x Expr) {
		switch x := x.(type) {
		case And:
			for _, m := range x {
				visit(m)
			}
		case Or:
			for _, m := range x {
				visit(m)
			}
		case *Text:
			for _, t := range x.Tokens {
				if x.Glob {
					t = globLiteral(t)
				}
				if !slices.Contains(out, t) {
					out = append(out, t)
				}
			}
		}
	}
	visit(q.root)
	return out
}

// Without is the query without its top-level filters on field: what a facet of that field counts over.
// field is a name or alias, or label.KEY.
func (q *Query) Without(field string) *Query {
	name, key, _ := split(field)
	if f := lookup(name, q.page); f != nil {
		name = f.name
	}
	named := func(x Expr) bool {
		f, ok := x.(*Filter)
		return ok && f.Field == name && f.Key == key
	}
	rest := *q
	switch root := q.root.(type) {
	case *Filter:
		if named(root) {
			rest.root = nil
		}
	case And:
		rest.root = join(slices.DeleteFunc(slices.Clone([]Expr(root)), named), false)
	}
	return &rest
}
