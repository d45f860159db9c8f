package ql

import (
	"regexp"
	"regexp/syntax"
	"strings"
)

// filter reads the values behind a field and an operator.
func (p *parser) filter(f *field, key string, from, end int, op string, at int) (Expr, error) {
	name := p.text[from:end]
	if !f.on(p.opts.Page) {
		return nil, p.elsewhere(f, from, end)
	}
	if f.typ == typMap && key == "" {
		return nil, p.fail(CodeSyntax, from, end, "Write "+f.name+".KEY:value, or has:"+f.name+".KEY.", "%s needs a key.", f.name)
	}
	if strings.ContainsAny(key, "*?") {
		return nil, p.fail(CodeBadValue, from, end, "Name one key.", "The key of a label or annotation cannot have wildcards.")
	}
	x := &Filter{Field: f.name, Key: key, Op: OpMatch, From: from, def: f, homes: p.homes(f)}
	list := false
	switch op {
	case ":":
		list = true
	case ":!":
		list, x.Not = true, true
	case "=", "==":
		x.Op = OpEqual
	case "!=":
		x.Op, x.Not = OpEqual, true
	case "~":
	default:
		x.Op = Op(strings.TrimPrefix(op, ":"))
	}
	if list && at < len(p.text) && p.text[at] == '!' {
		at++
		x.Not = !x.Not
	}
	values, stop, err := p.values(name, at, list, op == "~")
	if err != nil {
		return nil, err
	}
	if err := p.count(from, stop); err != nil {
		return nil, err
	}
	p.i, x.To = stop, stop
	if len(values) == 1 && values[0].Kind == Glob && strings.Trim(values[0].Text, "*") == "" {
		has, err := p.has(f, key, from, from, stop)
		if err != nil {
			return nil, err
		}
		p.terms--
		has.Not = x.Not
		return has, p.redacted(has)
	}
	for i := range values {
		if err := p.typed(f, key, x, &values[i]); err != nil {
			return nil, err
		}
	}
	x.Values = values
	if err := p.redacted(x); err != nil {
		return nil, err
	}
	if f.typ == typNumber && x.Op == OpEqual || f.typ == typTime && x.Op == OpEqual || f.typ == typBool || f.typ == typReady || f.typ == typOp || f.typ == typKind ||
		f.typ == typTrait || f.typ == typContent {
		if x.Op == OpEqual {
			x.Op = OpMatch
		}
	}
	return x, nil
}

// values reads one value, or a list of them where the operator allows it.
func (p *parser) values(name string, at int, list, regex bool) (values []Value, end int, err error) {
	if list && at < len(p.text) && p.text[at] == '(' {
		return p.valueGroup(name, at)
	}
	for end = at; ; end++ {
		v, stop, err := p.value(name, end, regex)
		if err != nil {
			return nil, 0, err
		}
		values, end = append(values, v), stop
		if len(values) > maxValues {
			return nil, 0, p.tooMany(at, end)
		}
		if end >= len(p.text) || p.text[end] != ',' {
			break
		}
		if !list {
			return nil, 0, p.fail(CodeSyntax, at, end+1, "Write "+name+":a,b for any of several values.", "Only : takes a list of values.")
		}
	}
	if !p.ends(end) || end < len(p.text) && p.text[end] == '(' {
		return nil, 0, p.fail(CodeSyntax, end, end+1, "Put the whole value into quotes, or put a space before.", "%q cannot stand inside a value.", p.text[end:end+1])
	}
	return values, end, nil
}

func (p *parser) tooMany(from, to int) error {
	return p.fail(CodeTooComplex, from, to, "Use a wildcard or a regular expression.", "The list has more than %d values.", maxValues)
}

// valueGroup reads (a OR b).
func (p *parser) valueGroup(name string, at int) (values []Value, end int, err error) {
	i := at + 1
	skip := func() {
		for i < len(p.text) && isSpace(p.text[i]) {
			i++
		}
	}
	for {
		skip()
		if i < len(p.text) && (p.text[i] == ')' || p.text[i] == ',') || strings.HasPrefix(p.text[min(i, len(p.text)):], "OR") && p.ends(i+2) {
			return nil, 0, p.fail(CodeSyntax, i, i+1, "Write "+name+":(a OR b).", "A value is missing here.")
		}
		if i >= len(p.text) {
			break
		}
		v, stop, err := p.value(name, i, false)
		if err != nil {
			return nil, 0, err
		}
		if values = append(values, v); len(values) > maxValues {
			return nil, 0, p.tooMany(at, stop)
		}
		i = stop
		skip()
		switch {
		case i < len(p.text) && p.text[i] == ')':
			if i++; !p.ends(i) || i < len(p.text) && p.text[i] == '(' {
				return nil, 0, p.fail(CodeSyntax, i, i+1, "Put a space there.", "Something follows the closing parenthesis.")
			}
			return values, i, nil
		case i < len(p.text) && p.text[i] == ',':
			i++
		case strings.HasPrefix(p.text[i:], "OR") && p.ends(i+2):
			i += 2
		case i < len(p.text):
			return nil, 0, p.fail(CodeSyntax, i, i+1, "Write "+name+":(a OR b).", "Values in parentheses are joined by OR.")
		}
		if i >= len(p.text) {
			break
		}
	}
	return nil, 0, p.fail(CodeSyntax, at, at+1, "Add a closing one.", "This parenthesis is never closed.")
}

// value reads one value at i: quoted, /re/, or a bare run.
func (p *parser) value(name string, i int, regex bool) (Value, int, error) {
	v := Value{From: i}
	missing := p.ends(i) || p.text[i] == ','
	switch {
	case missing:
		fix := "Write one, as in " + name + ":value, without a space before it."
		if i < len(p.text) && p.text[i] == '(' {
			fix = "Write " + name + ":(a OR b) for several values, or put the value into quotes."
		}
		return v, 0, p.fail(CodeSyntax, max(0, i-1), i, fix, "%s has no value.", name)
	case p.text[i] == '"':
		s, end, err := p.quoted(i)
		if err != nil {
			return v, 0, err
		}
		v.Text, v.To = s, end
	case p.text[i] == '/':
		s, noCase, end, err := p.regex(i)
		if err != nil {
			return v, 0, err
		}
		v.Text, v.NoCase, v.Kind, v.To = s, noCase, Regex, end
	case regex:
		end := i
		for !p.ends(end) && p.text[end] != '"' {
			end++
		}
		v.Text, v.To = p.text[i:end], end
	default:
		s, glob, end, err := p.bare(i)
		if err != nil {
			return v, 0, err
		}
		v.Text, v.To = s, end
		if glob {
			v.Kind = Glob
		}
		if at := strings.IndexAny(s, "“”„"); at >= 0 {
			return v, 0, p.fail(CodeSyntax, i, end, `Use the straight ones: "value".`, "These quotes are part of the value.")
		}
	}
	if regex {
		v.Kind = Regex
	}
	if v.Kind == Regex {
		return v, v.To, p.compile(&v)
	}
	return v, v.To, nil
}

func (p *parser) compile(v *Value) error {
	if len(v.Text) > maxRegex {
		return p.fail(CodeTooComplex, v.From, v.To, "Shorten it, or use a wildcard.", "The regular expression is longer than %d bytes.", maxRegex)
	}
	if v.Text == "" {
		return p.fail(CodeBadValue, v.From, v.To, "Write one between the slashes.", "The regular expression is empty.")
	}
	re, err := regexp.Compile(v.pattern())
	if err != nil {
		_, why, _ := strings.Cut(err.Error(), "error parsing regexp: ")
		why = strings.Replace(strings.Replace(why, "(?s)", "", 1), "(?si)", "", 1)
		return p.fail(CodeBadValue, v.From, v.To, `Correct it; special characters are escaped by a backslash.`, "This is no regular expression: %s.", oneLine(why))
	}
	v.re = re
	// Both engines take time that is linear in the text, whatever the expression. Its size is what can hurt.
	if p.states += size(v.pattern()); p.states > maxStates {
		return p.fail(CodeTooComplex, v.From, v.To, `Repeat less, or use [a-z] for \pL.`, "The regular expressions of the query are too large.")
	}
	return nil
}

// size is the number of states of an expression and of the ranges of characters that they look for.
func size(expression string) int {
	tree, err := syntax.Parse(expression, syntax.Perl)
	if err != nil {
		return 0
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return 0
	}
	n := len(program.Inst)
	for i := range program.Inst {
		n += len(program.Inst[i].Rune)
	}
	return n
}

// pattern is the expression as both engines compile it. ClickHouse lets a dot match line ends; so does it here.
func (v *Value) pattern() string {
	if v.NoCase {
		return "(?si)" + v.Text
	}
	return "(?s)" + v.Text
}

// typed reads a value as the type of its field wants it.
func (p *parser) typed(f *field, key string, x *Filter, v *Value) error {
	ordered := x.Op != OpMatch && x.Op != OpEqual
	switch f.typ {
	case typNumber:
		return p.number(f, x.Op, v)
	case typAge, typTime:
		return p.time(f, x.Op, v)
	case typObject:
		if done, err := p.anything(f, x, v); done {
			return err
		}
	}
	if ordered {
		return p.fail(CodeBadValue, x.From, v.To, "Write "+written(f, key)+":value; numbers and times can be compared with < and >.", "%s has no order.", f.name)
	}
	if x.Op == OpEqual {
		if v.Kind == Regex {
			return p.fail(CodeBadValue, v.From, v.To, "Write "+written(f, key)+":/.../ instead.", "= compares texts as they are.")
		}
		if v.Kind == Glob { // = is literal: the wildcards are themselves
			v.Kind, v.Text = Literal, p.literal(v)
		}
	}
	switch f.typ {
	case typCluster:
		return p.cluster(key, x.Op, v)
	case typPlace:
		return p.inPlace(f, x, v)
	case typIP:
		return p.address(f, x.Op, v)
	case typTrait:
		return p.trait(f, v)
	case typContent:
		return p.content(f, v)
	case typKind:
		return p.kind(v)
	case typHealth:
		return p.oneOf(f, v, healths)
	case typReady, typBool:
		return p.boolean(f, v)
	case typOp:
		if v.Kind == Literal {
			v.Text = strings.ToLower(v.Text)
			if w := strings.TrimSuffix(v.Text, "d"); w == "create" || w == "update" || w == "delete" {
				v.Text = w
			}
			if v.Text == "add" {
				v.Text = "create"
			}
		}
		return p.oneOf(f, v, []string{"create", "update", "delete", "snapshot"})
	case typManager:
		return p.manager(f, v)
	case typOwner, typUses:
		return p.owner(f, x.Op, v)
	case typImage:
		if x.Op == OpMatch && v.Kind != Regex {
			v.re = regexp.MustCompile(v.image())
		}
	case typPath:
		if x.Op == OpMatch && v.Kind == Literal {
			v.re = regexp.MustCompile(v.steps())
		}
	case typStatus:
		if v.Kind == Literal && x.Op == OpMatch && strings.EqualFold(v.Text, "Ready") {
			v.Text = "Ready"
		}
		if v.Kind == Literal && x.Op == OpMatch && strings.EqualFold(v.Text, "NotReady") {
			v.Text = "NotReady"
		}
	}
	if v.Kind == Glob && v.re == nil {
		v.re = regexp.MustCompile(v.anchored())
	}
	return nil
}

// written is how people write a field.
func written(f *field, key string) string {
	if key == "" {
		return f.name
	}
	if plainText(key) {
		return f.name + "." + key
	}
	return f.name + "." + quote(key)
}

// literal is the value as it was written, wildcards and all.
func (p *parser) literal(v *Value) string {
	s, i := p.text[v.From:v.To], 0
	var b strings.Builder
	for ; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// expression is a literal or pattern in lower case as a regular expression, not anchored.
func expression(kind ValueKind, text string) string {
	if kind == Literal {
		return regexp.QuoteMeta(strings.ToLower(text))
	}
	var b strings.Builder
	unglob(strings.ToLower(text), func(s string) { b.WriteString(regexp.QuoteMeta(s)) }, func(c byte) {
		if c == '*' {
			b.WriteString(".*")
		} else {
			b.WriteByte('.')
		}
	})
	return b.String()
}

func (v *Value) anchored() string { return "(?s)^" + expression(v.Kind, v.Text) + "$" }

func (v *Value) image() string { return imagePattern(expression(v.Kind, v.Text)) }

var healths = []string{"Healthy", "Progressing", "Degraded", "Failed", "Suspended", "Terminating", "Unknown"}

// oneOf checks a literal against the values there are, and writes it as they do.
func (p *parser) oneOf(f *field, v *Value, values []string) error {
	if v.Kind == Regex {
		return nil
	}
	if v.Kind == Glob {
		v.re = regexp.MustCompile(v.anchored())
		return nil
	}
	for _, known := range values {
		if strings.EqualFold(known, v.Text) {
			v.Text = known
			return nil
		}
	}
	fix := "Values are " + strings.Join(values, ", ") + "."
	if near := nearest(v.Text, values); near != "" {
		fix = "Did you mean " + f.name + ":" + near + "?"
	}
	return p.fail(CodeBadValue, v.From, v.To, fix, "%s is never %s.", f.name, quote(v.Text))
}

func (p *parser) boolean(f *field, v *Value) error {
	switch strings.ToLower(v.Text) {
	case "true", "yes", "1":
		v.Text, v.Kind = "true", Literal
		return nil
	case "false", "no", "0":
		v.Text, v.Kind = "false", Literal
		return nil
	}
	return p.fail(CodeBadValue, v.From, v.To, "Write "+f.name+":true or "+f.name+":false.", "%s is true or false, not %s.", f.name, quote(v.Text))
}
