package ql

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/foretop/foretop/internal/access"
)

// Bounds of a query. What is over them is QL_TOO_COMPLEX.
const (
	maxText   = 4096 // bytes
	maxTerms  = 64
	maxDepth  = 8
	maxValues = 200     // in one list
	maxRegex  = 256     // bytes
	maxStates = 150_000 // of all expressions; ClickHouse gives up at about 400,000
	maxLimit  = 10000
)

// Codes of errors.
const (
	CodeSyntax       = "QL_SYNTAX"
	CodeUnknownField = "QL_UNKNOWN_FIELD"
	CodeBadValue     = "QL_BAD_VALUE"
	CodeTooComplex   = "QL_TOO_COMPLEX"
	CodeUnsupported  = "QL_UNSUPPORTED"
	CodeRedacted     = "QL_FIELD_REDACTED"
)

// Parse reads a query. Errors are *access.Error with a code (QL_SYNTAX, QL_UNKNOWN_FIELD, QL_BAD_VALUE,
// QL_TOO_COMPLEX, QL_UNSUPPORTED, QL_FIELD_REDACTED), a position and, where there is one, a fix.
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
	p.text = asciiSpaces(text)
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
	if err := p.ofSecrets(root); err != nil {
		return nil, err
	}
	if o.Typing {
		markTyped(root, len(text))
	}
	p.q.root = root
	return p.q, nil
}

var spaces = strings.NewReplacer("\u00a0", "  ", "\u2002", "   ", "\u2003", "   ", "\u2009", "   ", "\u200b", "   ", "\u202f", "   ", "\u3000", "   ", "\ufeff", "   ", "\v", " ", "\f", " ")

// asciiSpaces makes the spaces that pasted text brings into plain ones, without moving anything.
func asciiSpaces(text string) string {
	return spaces.Replace(text)
}

type parser struct {
	text   string
	i      int
	opts   Options
	kinds  kindTable
	q      *Query
	terms  int
	states int // of regular expressions
}

func newParser(text string, o Options) *parser {
	if o.Now.IsZero() {
		o.Now = time.Now()
	}
	o.Now = o.Now.Truncate(time.Millisecond)
	return &parser{text: text, opts: o, kinds: knownKinds(o.Kinds), q: &Query{page: o.Page, now: o.Now}}
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
		return nil, p.fail(CodeSyntax, from, p.i, "Remove the negation.", "at:, sort:, group: and limit: cannot be negated.")
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

// runEnd is where a word that starts at i ends.
func (p *parser) runEnd(i int) int {
	for !p.ends(i) && p.text[i] != ',' && p.text[i] != '"' {
		i++
	}
	return i
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
	if end, err := p.pathEnd(from); err != nil {
		return nil, err
	} else if op, value := p.operator(end); end > from && op != "" && !(op == "~" && p.ends(value)) {
		f, err := p.path(from, end)
		if err != nil {
			return nil, err
		}
		return p.filter(f, "", from, end, op, value)
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
		if run := p.runEnd(from); isAddress(p.text[from:run]) { // ::1
			return p.finish(&Text{Text: p.text[from:run], From: from, To: run})
		}
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
	case "at", "sort", "group", "limit":
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
