package ql

import (
	"strconv"
	"strings"
)

// quoted reads a quoted text whose quote opens at i. \" and \\ stand for " and \; other backslashes are themselves.
func (p *parser) quoted(i int) (s string, end int, err error) {
	var b strings.Builder
	for j := i + 1; j < len(p.text); j++ {
		switch c := p.text[j]; {
		case c == '"':
			return b.String(), j + 1, nil
		case c == '\\' && j+1 < len(p.text) && (p.text[j+1] == '"' || p.text[j+1] == '\\'):
			j++
			b.WriteByte(p.text[j])
		default:
			b.WriteByte(c)
		}
	}
	return "", 0, p.fail(CodeSyntax, i, i+1, "Add a closing one.", "This quote is never closed.")
}

// bare reads a run up to a space, parenthesis, comma or quote. A backslash takes the next byte as it is.
// With wildcards (glob), the text keeps backslashes, and only before * ? and \ themselves.
func (p *parser) bare(i int) (s string, glob bool, end int, err error) {
	var plain, pattern strings.Builder
	for end = i; end < len(p.text); end++ {
		c := p.text[end]
		if isSpace(c) || c == '(' || c == ')' || c == ',' || c == '"' {
			break
		}
		switch {
		case c == '\\':
			if end++; end >= len(p.text) {
				return "", false, end, p.fail(CodeSyntax, end-1, end, `Write \\ for a backslash.`, "A backslash at the end takes nothing with it.")
			}
			c = p.text[end]
			if c == '*' || c == '?' || c == '\\' {
				pattern.WriteByte('\\')
			}
		case c == '*' || c == '?':
			glob = true
		}
		plain.WriteByte(c)
		pattern.WriteByte(c)
	}
	if glob {
		return pattern.String(), true, end, nil
	}
	return plain.String(), false, end, nil
}

// regex reads /re/ or /re/i whose slash opens at i. \/ stands for a slash.
func (p *parser) regex(i int) (s string, noCase bool, end int, err error) {
	var b strings.Builder
	for j := i + 1; j < len(p.text); j++ {
		switch c := p.text[j]; {
		case c == '/':
			if end = j + 1; end < len(p.text) && p.text[end] == 'i' {
				noCase = true
				end++
			}
			if !p.ends(end) && p.text[end] != ',' {
				return "", false, end, p.fail(CodeSyntax, i, end, `Put a text with slashes into quotes; in a regular expression write \/ for a slash.`, "The regular expression ends in the middle of a word.")
			}
			return b.String(), noCase, end, nil
		case c == '\\' && j+1 < len(p.text):
			j++
			if p.text[j] != '/' {
				b.WriteByte(c)
			}
			b.WriteByte(p.text[j])
		default:
			b.WriteByte(c)
		}
	}
	return "", false, 0, p.fail(CodeSyntax, i, len(p.text), "Add a closing slash, or put the text into quotes.", "This regular expression is never closed.")
}

// quote writes a text so that quoted reads it back.
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// plainText reports whether a free text can be written without quotes.
func plainText(s string) bool {
	if s == "" || s == "OR" || s == "AND" || s == "NOT" || s[0] == '-' || s[0] == '/' {
		return false
	}
	for i := range len(s) {
		if !fieldByte(s[i]) && s[i] < 0x80 {
			return false
		}
	}
	return true
}

// plainValue reports whether a literal can stand behind an operator without quotes.
func plainValue(s string) bool {
	if s == "" || s[0] == '/' {
		return false
	}
	for i := range len(s) {
		if !fieldByte(s[i]) && s[i] < 0x80 && !(i > 0 && (s[i] == ':' || s[i] == '+' || s[i] == '=')) {
			return false
		}
	}
	return true
}

// ValueText writes a value so that it can stand behind a field's colon and means just itself.
func ValueText(v string) string {
	if plainValue(v) && !strings.Contains(v, "..") {
		return v
	}
	return quote(v)
}

// globText writes a pattern so that bare reads it back.
func globText(pattern string) string {
	var b strings.Builder
	for i := range len(pattern) {
		c := pattern[i]
		if c == '\\' && i+1 < len(pattern) {
			b.WriteByte(c)
			continue
		}
		escaped := i > 0 && pattern[i-1] == '\\' && !(i > 1 && pattern[i-2] == '\\')
		if c < 0x80 && c != '*' && c != '?' && !escaped && (!fieldByte(c) || i == 0 && (c == '-' || c == '/')) {
			b.WriteByte('\\')
		}
		b.WriteByte(c)
	}
	return b.String()
}

// globLiteral is the text of a pattern without its wildcards.
func globLiteral(pattern string) string {
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*', '?':
		case '\\':
			if i++; i < len(pattern) {
				b.WriteByte(pattern[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// unglob visits the pieces of a pattern: literal text, and the wildcards '*' and '?'.
func unglob(pattern string, literal func(string), wildcard func(byte)) {
	start := 0
	var b strings.Builder
	flush := func() {
		if b.Len() > 0 {
			literal(b.String())
			b.Reset()
		}
	}
	for i := start; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			b.WriteByte(pattern[i])
		case c == '*' || c == '?':
			flush()
			wildcard(c)
		default:
			b.WriteByte(c)
		}
	}
	flush()
}

// globEscape writes a literal as a pattern that matches it alone.
func globEscape(s string) string {
	return strings.NewReplacer(`\`, `\\`, `*`, `\*`, `?`, `\?`).Replace(s)
}

func isUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := range len(s) {
		c := s[i] | 0x20
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return false
			}
		} else if !('0' <= s[i] && s[i] <= '9' || 'a' <= c && c <= 'f') {
			return false
		}
	}
	return true
}

// isAddress reports whether a text is an address or a range of them. A UUID or a name never is.
func isAddress(s string) bool {
	_, ok := readAddress(s)
	return ok
}

// integer reads a number of a filter.
func integer(s string) (int64, bool) {
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil && !strings.HasPrefix(s, "+")
}
