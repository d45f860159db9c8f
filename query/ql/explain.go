package ql

import (
	"fmt"
	"strings"
)

// Terms says in words how each condition is understood.
func (q *Query) Terms() []string {
	var out []string
	if and, ok := q.root.(And); ok {
		for _, m := range and {
			out = append(out, say(m, true))
		}
	} else if q.root != nil {
		out = append(out, say(q.root, true))
	}
	if !q.at.IsZero() {
		out = append(out, "as of "+q.at.Format("2006-01-02 15:04:05 MST"))
	}
	if q.sort != nil {
		order := "ascending"
		if strings.HasSuffix(q.sortText, "-desc") {
			order = "descending"
		}
		out = append(out, "sorted by "+q.sort.Field+", "+order)
	}
	if len(q.group) > 0 {
		names := make([]string, len(q.group))
		for i, g := range q.group {
			names[i] = g.Field
		}
		out = append(out, "counted by "+strings.Join(names, ", "))
	}
	if q.limit != 0 {
		out = append(out, fmt.Sprintf("at most %d", q.limit))
	}
	return out
}

func say(x Expr, top bool) string {
	group := func(members []Expr, glue string) string {
		texts := make([]string, len(members))
		for i, m := range members {
			texts[i] = say(m, false)
		}
		s := strings.Join(texts, glue)
		if top {
			return s
		}
		return "(" + s + ")"
	}
	switch x := x.(type) {
	case And:
		return group(x, " and ")
	case Or:
		return group(x, " or ")
	case Not:
		return "not " + say(x.X, false)
	case *Text:
		switch {
		case x.Prefix:
			return "a word begins with " + x.Text
		case x.Glob:
			return "a word is like " + x.Text
		case x.Fuzzy:
			return "a word is about " + x.Text
		}
		words := "has the words " + strings.Join(x.Tokens, ", ")
		if len(x.clusters) > 0 {
			words += ", or is in the cluster " + x.Text
		}
		return words
	case *Selector:
		return "labels match " + x.Selector.String()
	case *Filter:
		return x.say()
	default:
		return fmt.Sprintf("%T", x)
	}
}

// sayPlainly is what does not read as "field is value"; "" for all else.
func (x *Filter) sayPlainly() string {
	texts := make([]string, len(x.Values))
	for i := range x.Values {
		texts[i] = x.Values[i].write()
	}
	values := strings.Join(texts, " or ")
	switch x.def.typ {
	case typTrait:
		s := "all its containers have " + x.Field
		if values != "" {
			s += " of " + values
		}
		if x.Not {
			return "not " + s
		}
		return s
	case typContent:
		if x.Not {
			return "its manifest does not hold " + values
		}
		return "its manifest holds " + values
	case typManager:
		switch {
		case x.Op == OpHas && x.Not, len(x.Values) == 1 && x.Values[0].isNobody() && !x.Not:
			return "no system is known to manage it"
		case x.Op == OpHas:
			return "a system manages it"
		case x.Not:
			return "is not managed by " + values
		}
		return "is managed by " + values
	case typUses:
		switch {
		case x.Op == OpHas && x.Not:
			return "uses nothing"
		case x.Op == OpHas:
			return "uses something"
		case x.Not:
			return "does not use " + values
		}
		return "uses " + values
	}
	return ""
}

func (x *Filter) say() string {
	if s := x.sayPlainly(); s != "" {
		return s
	}
	name := x.name()
	if x.Op == OpHas {
		if x.Not {
			return name + " is absent"
		}
		return name + " is present"
	}
	if x.Field == "ready" && len(x.Values) == 1 || x.Field == "status" && len(x.Values) == 1 && x.Values[0].readiness(x.Op) != "" {
		r := x.Values[0].Text
		if x.Field == "status" {
			r = x.Values[0].readiness(x.Op)
		}
		if (r == "true") != x.Not {
			return "is ready"
		}
		return "should be ready and is not"
	}
	values := make([]string, len(x.Values))
	for i := range x.Values {
		v := &x.Values[i]
		values[i] = v.write()
		switch {
		case x.def.typ == typTime && v.Text != "true" && v.Text != "false" && v.Text != "any", x.def.typ == typAge:
			values[i] += v.when()
		case x.def.typ == typKind && len(v.kinds) > 0:
			names := make([]string, len(v.kinds))
			for j, k := range v.kinds {
				names[j] = k.GroupResource.String()
			}
			values[i] = strings.Join(names, " or ")
		}
	}
	verb := map[Op]string{OpMatch: "is", OpEqual: "is exactly", OpLess: "is less than", OpAtMost: "is at most", OpMore: "is more than", OpAtLeast: "is at least"}[x.Op]
	if x.Not {
		verb = strings.Replace(verb, "is", "is not", 1)
	}
	return name + " " + verb + " " + strings.Join(values, " or ")
}

// when is the moments a value stands for.
func (v *Value) when() string {
	const layout = "2006-01-02 15:04:05 MST"
	switch {
	case v.since.IsZero():
		return " (before " + v.until.Format(layout) + ")"
	case v.until.IsZero():
		return " (since " + v.since.Format(layout) + ")"
	}
	return " (" + v.since.Format(layout) + " to " + v.until.Format(layout) + ")"
}
