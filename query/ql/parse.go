package ql

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
)

// Bounds of a query. What is over them is QL_TOO_COMPLEX.
const (
	maxText   = 4096 // bytes
	maxTerms  = 64
	maxDepth  = 8
	maxValues = 200 // in one list
	maxRegex  = 256 // bytes
	maxLimit  = 10000
)

// Codes of errors.
const (
	CodeSyntax       = "QL_SYNTAX"
	CodeUnknownField = "QL_UNKNOWN_FIELD"
	CodeBadValue     = "QL_BAD_VALUE"
	CodeTooComplex   = "QL_TOO_COMPLEX"
	CodeUnsupported  = "QL_UNSUPPORTED"
)

// Parse reads a query. Errors are *access.Error with a code (QL_SYNTAX, QL_UNKNOWN_FIELD, QL_BAD_VALUE,
// QL_TOO_COMPLEX, QL_UNSUPPORTED), a position and, where there is one, a fix.
func Parse(text string, o Options) (*Query, error) {
	p := newParser(text, o)
	if len(text) > maxText {
		return nil, p.fail(CodeTooComplex, maxText, len(text), "Ask for less at once.", "The query is longer than %d bytes.", maxText)
	}
	for i, r := range text {
		if r == 0 || r == utf8.RuneError {
			if _, size := utf8.DecodeRuneInString(text[i:]); r == 0 || size == 1 {
				return nil, p.fail(CodeSyntax, i, i+1, "Type the query anew.", "The query holds a byte that is no text.")
			}
		}
	}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.i < len(p.text) { // only a closing parenthesis or a comma stops or()
		if p.text[p.i] == ',' {
			return nil, p.fail(CodeSyntax, p.i, p.i+1, "Lists are written field:a,b; put other commas into quotes.", "A comma cannot stand here.")
		}
		return nil, p.fail(CodeSyntax, p.i, p.i+1, "Remove it, or open it before.", "This parenthesis closes nothing.")
	}
	if o.Typing {
		markTyped(root, len(text))
	}
	p.q.root = root
	return p.q, nil
}

type parser struct {
	text  string
	i     int
	opts  Options
	kinds kindTable
	q     *Query
	terms int
}

func newParser(text string, o Options) *parser {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Now = o.Now.Truncate(time.Millisecond)
	return &parser{text: text, opts: o, kinds: knownKinds(o.Kinds), q: &Query{page: o.Page, now: o.Now, clusters: o.Clusters}}
}

func (p *parser) fail(code string, from, to int, fix, message string, args ...any) *access.Error {
	return &access.Error{Code: code, Message: fmt.Sprintf(message, args...), Fix: fix, From: from, To: to}
}

func (p *parser) space() {
	for p.i < len(p.text) && isSpace(p.text[p.i]) {
		p.i++
	}
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// ends reports whether a term is over at i.
func (p *parser) ends(i int) bool {
	return i >= len(p.text) || isSpace(p.text[i]) || p.text[i] == ')' || p.text[i] == '('
}

// word reports whether the keyword w stands at the cursor.
func (p *parser) word(w string) bool {
	return strings.HasPrefix(p.text[p.i:], w) && p.ends(p.i+len(w))
}

func (p *parser) or(depth int) (Expr, error) {
	var members []Expr
	for {
		from := p.i
		x, said, err := p.and(depth)
		if err != nil {
			return nil, err
		}
		p.space()
		more := p.word("OR")
		if !said && (more || len(members) > 0) {
			return nil, p.fail(CodeSyntax, from, min(max(from+1, p.i+2), len(p.text)), `Add one, or write "OR" in quotes to search for the word.`, "OR needs a condition on both sides.")
		}
		if x != nil {
			members = append(members, x)
		}
		if !more {
			return join(members, true), nil
		}
		p.i += len("OR")
	}
}

// and reads terms up to OR, a closing parenthesis or the end; said tells whether there was a condition.
func (p *parser) and(depth int) (x Expr, said bool, err error) {
	var members []Expr
	for {
		p.space()
		if p.i >= len(p.text) || p.text[p.i] == ')' || p.text[p.i] == ',' || p.word("OR") {
			return join(members, false), said, nil
		}
		if p.word("AND") {
			at := p.i
			p.i += len("AND")
			p.space()
			if !said || p.i >= len(p.text) || p.text[p.i] == ')' || p.word("OR") || p.word("AND") {
				return nil, false, p.fail(CodeSyntax, at, at+3, `Add one, or write "AND" in quotes to search for the word.`, "AND needs a condition on both sides.")
			}
			continue
		}
		x, err := p.unary(depth)
		if err != nil {
			return nil, false, err
		}
		if x != nil {
			members = append(members, x)
			said = true
		}
	}
}

// join makes one expression of many, without nesting what needs none.
func join(members []Expr, or bool) Expr {
	var flat []Expr
	for _, m := range members {
		switch m := m.(type) {
		case And:
			if !or {
				flat = append(flat, m...)
				continue
			}
		case Or:
			if or {
				flat = append(flat, m...)
				continue
			}
		}
		flat = append(flat, m)
	}
	switch {
	case len(flat) == 0:
		return nil
	case len(flat) == 1:
		return flat[0]
	case or:
		return Or(flat)
	}
	return And(flat)
}

func negate(x Expr) Expr {
	switch x := x.(type) {
	case *Filter:
		f := *x
		f.Not = !f.Not
		return &f
	case Not:
		return x.X
	}
	return Not{x}
}

// unary reads one term; it is nil for a directive.
func (p *parser) unary(depth int) (Expr, error) {
	from := p.i
	if p.word("NOT") {
		p.i += len("NOT")
		p.space()
		if p.i >= len(p.text) || p.text[p.i] == ')' || p.word("OR") || p.word("AND") {
			return nil, p.fail(CodeSyntax, from, from+3, `Add one, or write "NOT" in quotes to search for the word.`, "NOT needs a condition after it.")
		}
		return p.negated(from, depth)
	}
	switch c := p.text[p.i]; c {
	case '-', '!':
		if c == '-' && p.selectorFlag() {
			return p.selector(from)
		}
		p.i++
		if p.ends(p.i) && !(p.i < len(p.text) && p.text[p.i] == '(') {
			return nil, p.fail(CodeSyntax, from, from+1, `Write it directly before a condition, as in -ns:shop.`, "Nothing follows the %q.", string(c))
		}
		return p.negated(from, depth)
	case '(':
		if depth++; depth > maxDepth {
			return nil, p.tooDeep(from)
		}
		p.i++
		x, err := p.or(depth)
		if err != nil {
			return nil, err
		}
		if p.i >= len(p.text) || p.text[p.i] != ')' {
			if p.i < len(p.text) {
				return nil, p.fail(CodeSyntax, p.i, p.i+1, "Lists are written field:a,b; put other commas into quotes.", "A comma cannot stand here.")
			}
			return nil, p.fail(CodeSyntax, from, from+1, "Add a closing one.", "This parenthesis is never closed.")
		}
		p.i++
		if x == nil {
			return nil, p.fail(CodeSyntax, from, p.i, "Write a condition between them, or remove them.", "These parentheses hold no condition.")
		}
		return x, nil
	}
	return p.term(from, depth)
}

func (p *parser) tooDeep(from int) error {
	return p.fail(CodeTooComplex, from, from+1, "Ask with fewer parentheses.", "The query is nested more than %d deep.", maxDepth)
}

func (p *parser) negated(from, depth int) (Expr, error) {
	if depth++; depth > maxDepth {
		return nil, p.tooDeep(from)
	}
	x, err := p.unary(depth)
	if err != nil {
		return nil, err
	}
	if x == nil {
		return nil, p.fail(CodeSyntax, from, p.i, "Remove the negation.", "at:, sort: and limit: cannot be negated.")
	}
	return negate(x), nil
}

// count takes note of one more term.
func (p *parser) count(from, to int) error {
	if p.terms++; p.terms > maxTerms {
		return p.fail(CodeTooComplex, from, to, "Write alternatives of one field as a list: ns:shop,pay.", "The query has more than %d conditions.", maxTerms)
	}
	return nil
}

func fieldByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.' || c == '/' || c == '@' || c == '[' || c == ']'
}

// fieldName reads what may be a field's name at i: a run of name bytes, or label."ANY KEY".
func (p *parser) fieldName(i int) (name, key string, keyed bool, end int, err error) {
	end = i
	for end < len(p.text) && fieldByte(p.text[end]) {
		end++
	}
	raw := p.text[i:end]
	if end < len(p.text) && p.text[end] == '"' && strings.HasSuffix(raw, ".") && strings.Count(raw, ".") == 1 {
		if name, _, keyed = split(raw); keyed {
			key, end, err = p.quoted(end)
			return name, key, true, end, err
		}
	}
	name, key, keyed = split(raw)
	return name, key, keyed, end, nil
}

// operator reads the operator at i, if there is one.
func (p *parser) operator(i int) (op string, end int) {
	for _, op := range [...]string{":<=", ":>=", ":!", ":<", ":>", "==", "!=", "<=", ">=", ":", "=", "<", ">", "~"} {
		if strings.HasPrefix(p.text[i:], op) {
			return op, i + len(op)
		}
	}
	return "", i
}

// term reads a filter, a directive or free text.
func (p *parser) term(from, depth int) (Expr, error) {
	if p.text[from] == '"' || p.text[from] == '/' {
		return p.freeText(from)
	}
	name, key, keyed, end, err := p.fieldName(from)
	if err != nil {
		return nil, err
	}
	op, value := p.operator(end)
	if op == "" || op == "~" && p.ends(value) {
		return p.freeText(from)
	}
	if end == from {
		return nil, p.fail(CodeSyntax, from, value, "Write a field before it, as in ns:shop, or put the word into quotes.", "%q needs a field before it.", op)
	}
	switch lower := strings.ToLower(name); lower {
	case "has", "no":
		return p.presence(from, lower == "no", op, value)
	case "is":
		return p.flag(from, op, value, depth)
	case "selector":
		if op == ":" || op == "=" || op == "==" {
			p.i = value
			return p.selector(from)
		}
		return nil, p.fail(CodeSyntax, from, value, `Write selector:"app in (web,api)".`, "selector takes no %s.", op)
	case "at", "sort", "limit":
		return nil, p.directive(lower, from, op, value)
	}
	if !keyed {
		if f := lookup(name, p.opts.Page); f != nil {
			return p.filter(f, "", from, end, op, value)
		}
	} else if f := lookup(name, p.opts.Page); f != nil {
		if key == "" {
			return nil, p.fail(CodeSyntax, from, value, "Write "+name+".KEY:value.", "%s. needs a key.", name)
		}
		return p.filter(f, key, from, end, op, value)
	}
	return p.unknown(from, end, op)
}

// unknown answers a word with an operator whose left side is no field.
func (p *parser) unknown(from, end int, op string) (Expr, error) {
	run := end
	for !p.ends(run) && p.text[run] != ',' && p.text[run] != '"' {
		run++
	}
	whole, name := p.text[from:run], p.text[from:end]
	if isAddress(whole) {
		return p.text1(&Text{Text: whole, Quoted: true, From: from, To: run})
	}
	lower := strings.ToLower(name)
	head, _, _ := strings.Cut(lower, ".")
	switch {
	case strings.HasPrefix(lower, "."), strings.HasPrefix(lower, "spec."), strings.HasPrefix(lower, "metadata."), strings.HasPrefix(lower, "status."):
		p.i = run
		return nil, p.fail(CodeUnsupported, from, end, "Use the fields that are there, such as label.KEY, image or replicas.", "Paths into objects cannot be searched yet.")
	case later[lower] != "" || later[head] != "" && strings.Contains(lower, "."):
		key := lower
		if later[key] == "" {
			key = head
		}
		fix := instead[key]
		if fix == "" {
			fix = "Leave it out: it comes in a later version."
		}
		return nil, p.fail(CodeUnsupported, from, end, fix, "%s: cannot be asked yet (%s).", name, later[key])
	}
	var names []string
	for _, f := range registry {
		if f.on(p.opts.Page) {
			names = append(append(names, f.name), f.aliases...)
		}
	}
	for _, d := range directives {
		names = append(names, d.name)
	}
	for _, d := range prefixes {
		names = append(names, d.name)
	}
	rest, asText, fix := p.text[end:run], quote(whole), ""
	host, _, port := strings.Cut(whole, ":")
	prefix, key, dotted := strings.Cut(name, ".")
	near := nearest(name, names)
	if above := nearest(prefix, []string{"label", "annotation", "cluster"}); dotted && key != "" && above != "" {
		near = above + "." + key
	}
	switch {
	case near != "":
		fix = fmt.Sprintf("Did you mean %s%s? To search for the text, write %s.", near, rest, asText)
	case op == "": // has:, no:
		fix = fmt.Sprintf("Write label.%s for a label.", name)
	case port && isAddress(host):
		fix = fmt.Sprintf("Write %s for the address, or %s for the text.", host, asText)
	case strings.HasPrefix(rest, "://"):
		fix = fmt.Sprintf("Write %s for the text.", asText)
	case looksLikeImage(name, strings.TrimPrefix(rest, ":")):
		fix = fmt.Sprintf("Write image:%s for an image, or %s for the text.", asText, asText)
	default:
		fix = fmt.Sprintf("Write label.%s%s for a label, or %s for the text.", name, rest, asText)
	}
	return nil, p.fail(CodeUnknownField, from, end, fix, "There is no field %q.", name)
}

func looksLikeImage(name, tag string) bool {
	return tag != "" && (tag == "latest" || '0' <= tag[0] && tag[0] <= '9' || len(tag) > 1 && tag[0] == 'v' && '0' <= tag[1] && tag[1] <= '9' || strings.Contains(name, "/"))
}

// freeText reads words to search for: a bare run or a quoted phrase.
func (p *parser) freeText(from int) (Expr, error) {
	if p.text[from] == '"' {
		s, end, err := p.quoted(from)
		if err != nil {
			return nil, err
		}
		if !p.ends(end) {
			return nil, p.fail(CodeSyntax, end, end+1, "Put a space there.", "Something follows the closing quote.")
		}
		p.i = end
		return p.text1(&Text{Text: s, Quoted: true, From: from, To: end})
	}
	if p.text[from] == '/' {
		return nil, p.fail(CodeSyntax, from, from+1, "Write name:/.../ for a regular expression, or put the text into quotes.", "A regular expression needs a field.")
	}
	s, glob, end, err := p.bare(from)
	if err != nil {
		return nil, err
	}
	p.i = end
	if !p.ends(end) && p.text[end] != ',' {
		return nil, p.fail(CodeSyntax, end, end+1, "Put a space there, or a backslash before the quote.", "A quote stands inside a word.")
	}
	if name, _, keyed := split(s); glob && keyed && name != "cluster" && strings.ContainsAny(s, ":=") {
		return nil, p.fail(CodeBadValue, from, end, "Name one key.", "The key of a label or annotation cannot have wildcards.")
	}
	t := &Text{Text: s, Glob: glob, From: from, To: end}
	if !glob && strings.HasSuffix(s, "~") && p.text[end-1] == '~' && len(s) > 1 {
		t.Text, t.Fuzzy = s[:len(s)-1], true
		if utf8.RuneCountInString(t.Text) < 5 {
			return nil, p.fail(CodeBadValue, from, end, "Write the word without the ~.", "A word of fewer than 5 letters is too short for a search with a typing mistake.")
		}
	}
	return p.text1(t)
}

// text1 finishes a text: it cuts it into tokens, or makes a filter of it when it is a UID.
func (p *parser) text1(t *Text) (Expr, error) {
	p.i = t.To
	if err := p.count(t.From, t.To); err != nil {
		return nil, err
	}
	switch {
	case t.Glob:
		t.Tokens = []string{strings.ToLower(t.Text)}
		t.glob = regexp.MustCompile("(?s)^" + expression(Glob, t.Text) + "$")
		if globLiteral(t.Text) == "" {
			return nil, p.fail(CodeBadValue, t.From, t.To, "Remove it: a query without conditions finds everything.", "%s alone is no word.", t.Text)
		}
	case !t.Quoted && !t.Fuzzy && isUID(t.Text):
		return &Filter{Field: "uid", def: lookup("uid", p.opts.Page), Op: OpMatch, Values: []Value{{Text: strings.ToLower(t.Text), From: t.From, To: t.To}}, From: t.From, To: t.To}, nil
	default:
		if t.Tokens = kube.QueryTokens(t.Text); len(t.Tokens) == 0 {
			return nil, p.fail(CodeBadValue, t.From, t.To, "Search for words, or use name: with wildcards.", "%s holds no letter and no digit.", quote(t.Text))
		}
		if !t.Quoted && !t.Fuzzy && !plainText(t.Text) {
			t.Quoted = true
		}
		if t.Fuzzy && !plainText(t.Text) {
			return nil, p.fail(CodeBadValue, t.From, t.To, "Write one word of letters, digits and dashes before the ~.", "Only a plain word can be searched with a typing mistake.")
		}
	}
	return t, nil
}

// markTyped lets the last word match as a prefix when it ends the text, as it does while somebody types.
func markTyped(x Expr, end int) {
	switch x := x.(type) {
	case And:
		for _, m := range x {
			markTyped(m, end)
		}
	case Or:
		for _, m := range x {
			markTyped(m, end)
		}
	case Not:
		markTyped(x.X, end)
	case *Text:
		if x.To == end && !x.Quoted && !x.Fuzzy && !x.Glob {
			x.Prefix, x.Tokens = true, []string{strings.ToLower(x.Text)}
		}
	}
}

// presence reads the field behind has: or no:.
func (p *parser) presence(from int, not bool, op string, at int) (Expr, error) {
	if op != ":" && op != "=" && op != "==" && op != ":!" && op != "!=" {
		return nil, p.fail(CodeSyntax, from, at, "Write has:owner or no:owner.", "has: and no: take the name of a field.")
	}
	name, key, keyed, end, err := p.fieldName(at)
	if err != nil {
		return nil, err
	}
	if end == at || !p.ends(end) {
		for !p.ends(end) {
			end++
		}
		return nil, p.fail(CodeSyntax, at, end, "Write has:owner or has:label.team.", "has: and no: take the name of one field.")
	}
	f := lookup(name, p.opts.Page)
	if f == nil || f.typ == typMap && key == "" || keyed && f.typ != typMap && f.typ != typCluster {
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
	return x, nil
}

func (p *parser) has(f *field, key string, from, at, end int) (*Filter, error) {
	if err := p.count(from, end); err != nil {
		return nil, err
	}
	if !f.on(p.opts.Page) {
		return nil, p.elsewhere(f, at, end)
	}
	if f.typ == typOp || f.typ == typBool || f.typ == typCluster && key != "" {
		return nil, p.fail(CodeBadValue, from, end, "Leave the condition out, or ask for a value.", "has: has no meaning for %s.", f.name)
	}
	return &Filter{Field: f.name, Key: key, Op: OpHas, From: from, To: end, def: f}, nil
}

func (p *parser) elsewhere(f *field, from, end int) error {
	var where []string
	for _, other := range registry {
		if other.name == f.name {
			where = append(where, map[Page]string{Changes: "changes", Events: "events"}[other.pages[0]])
		}
	}
	return p.fail(CodeUnsupported, from, end, "Ask it there, or leave it out.", "%s: is a field of %s.", f.name, strings.Join(where, " and of "))
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
	if laterFlags[word] {
		return nil, p.fail(CodeUnsupported, at, end, "Leave it out.", "is:%s cannot be asked yet: it comes in a later version.", word)
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
