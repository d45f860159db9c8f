package ql

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
)

// presence reads the field behind has: or no:.
func (p *parser) presence(from int, not bool, op string, at int) (Expr, error) {
	if op != ":" && op != "=" && op != "==" && op != ":!" && op != "!=" {
		return nil, p.fail(CodeSyntax, from, at, "Write has:owner or no:owner.", "has: and no: take the name of a field.")
	}
	name, key, keyed, end, err := p.fieldName(at)
	if err != nil {
		return nil, err
	}
	pathEnd, err := p.pathEnd(at)
	if err != nil {
		return nil, err
	}
	end = max(end, pathEnd)
	if end == at || !p.ends(end) {
		for !p.ends(end) {
			end++
		}
		return nil, p.fail(CodeSyntax, at, end, "Write has:owner or has:label.team.", "has: and no: take the name of one field.")
	}
	f := lookup(name, p.opts.Page)
	if pathEnd > at {
		if f, err = p.path(at, end); err != nil {
			return nil, err
		}
	} else if f == nil || f.typ == typMap && key == "" || keyed && f.typ != typMap && f.typ != typCluster {
		_, err := p.unknown(at, end, "")
		if f != nil || err == nil {
			err = p.fail(CodeBadValue, at, end, "Write has:label.KEY.", "%s needs a key.", name)
		}
		return nil, err
	}
	p.i = end
	x, err := p.has(f, key, from, at, end)
	if err != nil {
		return nil, err
	}
	x.Not = not != (op == ":!" || op == "!=")
	return x, p.redacted(x)
}

func (p *parser) has(f *field, key string, from, at, end int) (*Filter, error) {
	if err := p.count(from, end); err != nil {
		return nil, err
	}
	if !f.on(p.opts.Page) {
		return nil, p.elsewhere(f, at, end)
	}
	if f.typ == typOp || f.typ == typBool || f.typ == typContent || f.typ == typCluster && key != "" {
		return nil, p.fail(CodeBadValue, from, end, "Leave the condition out, or ask for a value.", "has: has no meaning for %s.", f.name)
	}
	return &Filter{Field: f.name, Key: key, Op: OpHas, From: from, To: end, def: f, homes: p.homes(f)}, nil
}

// flag reads what follows is: and answers the filters it is short for.
func (p *parser) flag(from int, op string, at, depth int) (Expr, error) {
	s, _, end, err := p.bare(at)
	if err != nil {
		return nil, err
	}
	word := strings.ToLower(s)
	if op != ":" && op != ":!" && op != "=" && op != "!=" || word == "" || !p.ends(end) {
		return nil, p.fail(CodeSyntax, from, max(end, at), "Write is:unhealthy.", "is: takes one flag.")
	}
	var names []string
	for _, fl := range flags {
		if fl.name != word {
			names = append(names, fl.name)
			continue
		}
		inner := newParser(fl.means, p.opts)
		inner.kinds = p.kinds
		x, err := inner.or(depth)
		if err != nil {
			return nil, fmt.Errorf("flag %s: %w", fl.name, err)
		}
		p.i = end
		if err := p.count(from, end); err != nil {
			return nil, err
		}
		if op == ":!" || op == "!=" {
			x = negate(x)
		}
		return placed(x, from, end), nil
	}
	fix := "Flags are " + strings.Join(names, ", ") + "."
	if near := nearest(word, names); near != "" {
		fix = "Did you mean is:" + near + "?"
	}
	return nil, p.fail(CodeBadValue, at, end, fix, "There is no flag %q.", s)
}

// placed gives the parts of an expression that was written elsewhere the position of what stands for them.
func placed(x Expr, from, to int) Expr {
	switch x := x.(type) {
	case And:
		for _, m := range x {
			placed(m, from, to)
		}
	case Not:
		placed(x.X, from, to)
	case *Filter:
		x.From, x.To = from, to
		for i := range x.Values {
			x.Values[i].From, x.Values[i].To = from, to
		}
	}
	return x
}

// selectorFlag reports whether a pasted -l "app=web" stands at the cursor.
func (p *parser) selectorFlag() bool {
	rest := p.text[p.i:]
	if !strings.HasPrefix(rest, "-l") || len(rest) < 4 || !isSpace(rest[2]) && rest[2] != '=' && rest[2] != '"' {
		return false
	}
	p.i += 2
	if p.text[p.i] != '"' {
		if p.text[p.i] == '=' {
			p.i++
		}
		p.space()
	}
	return true
}

// selector reads a Kubernetes label selector at the cursor, quoted or up to the next space.
func (p *parser) selector(from int) (Expr, error) {
	at, end, s := p.i, p.i, ""
	if at < len(p.text) && p.text[at] == '"' {
		var err error
		if s, end, err = p.quoted(at); err != nil {
			return nil, err
		}
	} else {
		for end < len(p.text) && !isSpace(p.text[end]) && p.text[end] != ')' && p.text[end] != '(' {
			end++
		}
		s = p.text[at:end]
	}
	sel, err := labels.Parse(s)
	if err != nil {
		return nil, p.fail(CodeBadValue, at, end, `Write it as for kubectl, as in selector:"app in (web,api),tier!=db".`, "This is no label selector: %s.", strings.TrimSuffix(oneLine(err.Error()), "."))
	}
	requirements, _ := sel.Requirements()
	if len(requirements) == 0 {
		return nil, p.fail(CodeSyntax, from, max(end, from+1), `Write selector:"app in (web,api),tier!=db".`, "The selector is empty.")
	}
	for range requirements {
		if err := p.count(from, end); err != nil {
			return nil, err
		}
	}
	p.i = end
	return &Selector{Selector: sel, Requirements: requirements, From: from, To: end}, nil
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
