package ql

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// directive reads at:, sort:, group: and limit:.
func (p *parser) directive(name string, from int, op string, at int) error {
	if op != ":" && op != "=" && op != "==" {
		return p.fail(CodeSyntax, from, at, "Write "+name+":value.", "%s takes one value.", name)
	}
	if name == "group" {
		return p.groups(from, at)
	}
	var text string
	var end int
	var err error
	if at < len(p.text) && p.text[at] == '"' {
		text, end, err = p.quoted(at)
	} else {
		text, _, end, err = p.bare(at)
	}
	if err != nil {
		return err
	}
	if text == "" || !p.ends(end) {
		return p.fail(CodeSyntax, from, max(end, at), "Write "+name+":value, without a space before it.", "%s takes one value.", name)
	}
	switch p.i = end; name {
	case "at":
		return p.moment(text, from, at, end)
	case "sort":
		return p.order(text, from, at, end)
	}
	n, ok := integer(text)
	if p.q.limit != 0 {
		return p.twice(name, from, end)
	}
	if !ok || n < 1 || n > maxLimit {
		return p.fail(CodeBadValue, at, end, "Write limit:500.", "limit is a number from 1 to %d.", maxLimit)
	}
	p.q.limit = int(n)
	return nil
}

// maxGroups is how many fields results are counted by together.
const maxGroups = 3

// groups reads fields, separated by commas.
func (p *parser) groups(from, at int) error {
	if len(p.q.group) > 0 {
		return p.twice("group", from, at)
	}
	if p.opts.Page != Resources {
		return p.fail(CodeUnsupported, from, at, "Ask for objects, or leave it out.", "group: counts objects; changes and events are listed one by one.")
	}
	const fix = "Write group:cluster, or group:cluster,ns for several fields."
	for i := at; ; i++ {
		start := i
		name, key, keyed, end, err := p.fieldName(i)
		if err != nil {
			return err
		}
		if end == start || !p.ends(end) && p.text[end] != ',' {
			return p.fail(CodeSyntax, from, max(end, at), fix, "group takes the names of fields.")
		}
		f := lookup(name, p.opts.Page)
		switch {
		case f == nil || keyed != (f.typ == typMap) && f.typ != typCluster || f.typ == typMap && key == "":
			if f != nil {
				return p.fail(CodeBadValue, start, end, "Write group:label.KEY, or another field.", "%s is no field to count by.", p.text[start:end])
			}
			_, err := p.unknown(start, end, "")
			return err
		case !f.on(p.opts.Page):
			return p.elsewhere(f, start, end)
		case !f.counted(p.opts.Page):
			return p.fail(CodeBadValue, start, end, "Count by cluster, kind, ns, app, status, node, image.tag, label.KEY and the like.", "Results cannot be counted by %s.", f.name)
		}
		g := GroupBy{Field: written(f, key)}
		for _, had := range p.q.group {
			if had == g {
				return p.fail(CodeSyntax, start, end, "Keep one of them.", "group names %s twice.", g.Field)
			}
		}
		if p.q.group = append(p.q.group, g); len(p.q.group) > maxGroups {
			return p.fail(CodeTooComplex, from, end, "Ask for fewer.", "Results are counted by at most %d fields.", maxGroups)
		}
		if i = end; p.ends(end) {
			p.i = end
			return nil
		}
	}
}

func (p *parser) twice(name string, from, end int) error {
	return p.fail(CodeSyntax, from, end, "Keep one of them.", "%s: is given twice.", name)
}

func (p *parser) moment(text string, from, at, end int) error {
	if !p.q.at.IsZero() {
		return p.twice("at", from, end)
	}
	if p.opts.Page != Resources {
		return p.fail(CodeUnsupported, from, end, "Choose the time range of the page instead.", "at: is a moment of objects; changes and events have a range.")
	}
	t, _, ok := moment(text, p.opts.Now)
	if !ok {
		fix := "Write at:-30m, at:9:20 or at:2026-11-20T09:10Z."
		if _, is := duration(text); is {
			fix = "Write at:-" + text + " for that long ago."
		}
		return p.fail(CodeBadValue, at, end, fix, "%s is no moment.", quote(text))
	}
	if t.After(p.opts.Now) {
		return p.fail(CodeBadValue, at, end, "Write a moment in the past, as in at:-30m.", "%s is still to come.", text)
	}
	p.q.at, p.q.atText = t.UTC().Truncate(time.Millisecond), text
	return nil
}

func (p *parser) order(text string, from, at, end int) error {
	if p.q.sort != nil {
		return p.twice("sort", from, end)
	}
	name, desc := strings.ToLower(text), false
	if s, ok := strings.CutSuffix(name, "-desc"); ok {
		name, desc = s, true
	} else {
		name = strings.TrimSuffix(name, "-asc")
	}
	if f := lookup(name, p.opts.Page); f != nil {
		name = f.name
	}
	by, ok := sorts[name]
	if !ok {
		fix := "Sort by " + SortNames() + "."
		if near := nearest(name, slices.Collect(maps.Keys(sorts))); near != "" {
			fix = "Did you mean sort:" + near + "?"
		}
		return p.fail(CodeBadValue, at, end, fix, "Results cannot be sorted by %s.", quote(name))
	}
	p.q.sort = &Sort{Field: name, Column: by.column, Desc: desc != by.minus}
	p.q.sortText = name
	if desc {
		p.q.sortText += "-desc"
	}
	return nil
}

// ReadSort reads the name of a field that sort: knows.
func ReadSort(name string, desc bool) (*Sort, bool) {
	name = strings.ToLower(name)
	if f := lookup(name, Resources); f != nil {
		name = f.name
	}
	by, ok := sorts[name]
	return &Sort{Field: name, Column: by.column, Desc: desc != by.minus}, ok
}

// SortNames are the fields that sort: knows, for people.
func SortNames() string { return strings.Join(slices.Sorted(maps.Keys(sorts)), ", ") }
