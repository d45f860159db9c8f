package ql

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/foretop/foretop/internal/kube"
)

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
		return p.finish(&Text{Text: s, Quoted: true, From: from, To: end})
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
	return p.finish(t)
}

// finish cuts a text into tokens, or makes a filter of it when it is a UID or an address.
func (p *parser) finish(t *Text) (Expr, error) {
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
	case !t.Quoted && !t.Fuzzy && p.opts.Page != Events && isAddress(t.Text):
		r, _ := readAddress(t.Text)
		return p.addressFilter(r, t.From, t.To), nil
	default:
		for _, c := range p.opts.Clusters {
			if !t.Fuzzy && strings.EqualFold(c.Name, t.Text) {
				t.clusters = append(t.clusters, c.UID)
			}
		}
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
