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

// kind resolves what a word means now.
func (p *parser) kind(v *Value) error {
	switch v.Kind {
	case Regex:
		v.kinds = p.kinds.where(func(name string) bool { return v.re.MatchString(name) })
		for i := range p.kinds {
			if v.re.MatchString(p.kinds[i].Kind) {
				v.kinds = append(v.kinds, p.kinds[i])
			}
		}
		v.kinds = distinctKinds(v.kinds)
	case Glob:
		v.re = regexp.MustCompile(v.anchored())
		v.kinds = p.kinds.where(v.re.MatchString)
	default:
		v.kinds = p.kinds.called(v.Text)
		if resource, group, ok := strings.Cut(strings.ToLower(v.Text), "."); ok && len(v.kinds) == 0 && resource != "" && group != "" {
			v.kinds = kindTable{unserved(resource, group)} // no member serves it any more; history may have it
		}
		if len(v.kinds) == 1 {
			v.Text = p.kinds.write(v.kinds[0])
		} else {
			v.Text = strings.ToLower(v.Text)
		}
	}
	if len(v.kinds) > 0 {
		return nil
	}
	fix := "Write kind:RESOURCE.GROUP for a kind that no cluster serves now."
	if near := nearest(v.Text, p.kinds.words()); near != "" && v.Kind == Literal {
		fix = "Did you mean kind:" + p.kinds.write(p.kinds.called(near)[0]) + "?"
	}
	return p.fail(CodeBadValue, v.From, v.To, fix, "No cluster has a kind %s.", quote(v.Text))
}

// owner reads KIND/NAME or NAME into patterns of KIND/NAME.
func (p *parser) owner(f *field, op Op, v *Value) error {
	if v.Kind == Regex || op == OpEqual {
		return nil
	}
	pattern := v.Text
	if v.Kind == Literal {
		pattern = globEscape(pattern)
	}
	kind, name, ok := strings.Cut(pattern, "/")
	if !ok {
		v.patterns = []string{`*/` + pattern}
	} else if strings.ContainsAny(kind, "*?") {
		v.patterns = []string{pattern}
	} else {
		kinds := p.kinds.called(globLiteral(kind))
		for _, k := range kinds {
			if s := globEscape(k.Kind) + "/" + name; !contains(v.patterns, s) {
				v.patterns = append(v.patterns, s)
			}
		}
		switch len(v.patterns) {
		case 0:
			if near := nearest(kind, p.kinds.words()); near != "" {
				return p.fail(CodeBadValue, v.From, v.To, "Did you mean "+f.name+":"+p.kinds.called(near)[0].Kind+"/"+name+"?", "No cluster has a kind %s.", quote(kind))
			}
			v.patterns = []string{pattern}
		case 1:
			if v.Kind == Literal {
				_, plain, _ := strings.Cut(v.Text, "/")
				v.Text = kinds[0].Kind + "/" + plain
			} else {
				v.Text = v.patterns[0]
			}
		}
	}
	if v.Kind == Literal && ok && !strings.ContainsAny(kind, "*?") {
		for _, s := range v.patterns {
			kind, _, _ := strings.Cut(s, "/")
			_, name, _ := strings.Cut(v.Text, "/")
			v.refs = append(v.refs, strings.ToLower(globLiteral(kind)+"/"+name))
		}
	}
	exprs := make([]string, len(v.patterns))
	for i, s := range v.patterns {
		exprs[i] = expression(Glob, s)
	}
	v.re = regexp.MustCompile("(?s)^(?:" + strings.Join(exprs, "|") + ")$")
	return nil
}
