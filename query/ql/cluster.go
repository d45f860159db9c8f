package ql

import (
	"regexp"
	"strings"
)

// cluster resolves a name, or a value of a label of clusters, to identities.
func (p *parser) cluster(key string, op Op, v *Value) error {
	if v.Kind == Glob {
		v.re = regexp.MustCompile(v.anchored())
	}
	var names []string
	for _, c := range p.opts.Clusters {
		text, has := c.Name, true
		if key != "" {
			text, has = c.Labels[key]
		}
		if !has {
			continue
		}
		names = append(names, text)
		if v.text(op, text) || key == "" && v.Kind == Literal && c.UID == v.Text {
			v.ids = append(v.ids, c.UID)
		}
	}
	if len(v.ids) > 0 || v.Kind != Literal || p.opts.Clusters == nil {
		return nil
	}
	fix := "Look at the list of clusters, or use a wildcard."
	if near := nearest(v.Text, names); near != "" {
		fix = "Did you mean " + ValueText(near) + "?"
	} else if len(names) > 0 && len(names) <= 8 {
		fix = "There are " + strings.Join(names, ", ") + "."
	}
	if key != "" {
		return p.fail(CodeBadValue, v.From, v.To, fix, "No cluster has the label %s with the value %s.", key, quote(v.Text))
	}
	return p.fail(CodeBadValue, v.From, v.To, fix, "There is no cluster %s.", quote(v.Text))
}

// text compares a value with one text: the reference for everything that is text.
func (v *Value) text(op Op, s string) bool {
	switch {
	case op == OpEqual:
		return s == v.Text
	case v.Kind == Literal:
		return strings.ToLower(s) == strings.ToLower(v.Text)
	case v.Kind == Glob:
		return v.re.MatchString(strings.ToLower(s))
	default:
		return v.re.MatchString(s)
	}
}
