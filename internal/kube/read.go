package kube

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// reader decodes JSON into maps, lists and scalars, as encoding/json does into an any, in less than half the time: strings are
// pieces of the text, and nothing is looked at twice. The hub decodes every object it is sent.
type reader struct {
	text  string
	at    int
	depth int
	stack []any  // elements of the lists that are open
	spare *spare // nil makes every map anew
}

// spare are maps that are used again: making those of an object costs as much as reading it.
type spare struct {
	free, used []map[string]any
	stack      []any
}

// bulkyMap is the number of keys from which a map is left to the garbage collector: it never shrinks.
const bulkyMap = 32

func (s *spare) take() map[string]any {
	var m map[string]any
	if n := len(s.free); n > 0 {
		m, s.free = s.free[n-1], s.free[:n-1]
	} else {
		m = map[string]any{}
	}
	s.used = append(s.used, m)
	return m
}

// giveBack takes back what was taken. Nobody may hold any of it.
func (s *spare) giveBack() {
	for _, m := range s.used {
		if len(m) < bulkyMap {
			clear(m)
			s.free = append(s.free, m)
		}
	}
	clear(s.used)
	s.used = s.used[:0]
}

// deepest is how deep objects and lists may stand in each other, as in encoding/json.
const deepest = 10_000

var errCut = errors.New("unexpected end of JSON input")

func (r *reader) bad(where string) error {
	if r.at >= len(r.text) {
		return errCut
	}
	return fmt.Errorf("invalid character %q at byte %d %s", r.text[r.at], r.at, where)
}

func (r *reader) space() {
	for r.at < len(r.text) {
		switch r.text[r.at] {
		case ' ', '\t', '\n', '\r':
			r.at++
		default:
			return
		}
	}
}

// next skips white space and is the byte there, 0 at the end.
func (r *reader) next() byte {
	r.space()
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *reader) value() (any, error) {
	switch c := r.next(); {
	case c == '{':
		return r.object()
	case c == '[':
		return r.list()
	case c == '"':
		return r.string()
	case c == '-' || digit(c):
		return r.number()
	}
	for word, v := range words {
		if strings.HasPrefix(r.text[r.at:], word) {
			r.at += len(word)
			return v, nil
		}
	}
	return nil, r.bad("where a value belongs")
}

var words = map[string]any{"true": true, "false": false, "null": nil}

func (r *reader) object() (map[string]any, error) {
	if r.depth++; r.depth > deepest {
		return nil, errors.New("exceeded max depth")
	}
	r.at++ // {
	var m map[string]any
	if r.spare != nil {
		m = r.spare.take()
	} else {
		m = map[string]any{}
	}
	if r.next() == '}' {
		r.at++
		r.depth--
		return m, nil
	}
	for {
		if r.next() != '"' {
			return nil, r.bad("where a key belongs")
		}
		key, err := r.string()
		if err != nil {
			return nil, err
		}
		if r.next() != ':' {
			return nil, r.bad("after a key")
		}
		r.at++
		if m[key], err = r.value(); err != nil {
			return nil, err
		}
		switch r.next() {
		case ',':
			r.at++
		case '}':
			r.at++
			r.depth--
			return m, nil
		default:
			return nil, r.bad("after a value of an object")
		}
	}
}

func (r *reader) list() ([]any, error) {
	if r.depth++; r.depth > deepest {
		return nil, errors.New("exceeded max depth")
	}
	r.at++ // [
	if r.next() == ']' {
		r.at++
		r.depth--
		return []any{}, nil
	}
	from := len(r.stack)
	for {
		v, err := r.value()
		if err != nil {
			return nil, err
		}
		r.stack = append(r.stack, v)
		switch r.next() {
		case ',':
			r.at++
		case ']':
			r.at++
			r.depth--
			l := append([]any(nil), r.stack[from:]...)
			clear(r.stack[from:])
			r.stack = r.stack[:from]
			return l, nil
		default:
			return nil, r.bad("after an element of a list")
		}
	}
}

func (r *reader) string() (string, error) {
	r.at++ // "
	from := r.at
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			s := r.text[from:r.at]
			r.at++
			return s, nil
		case c == '\\':
			return r.escaped(from)
		case c < ' ':
			return "", r.bad("in a string")
		}
		r.at++
	}
	return "", errCut
}

var escapes = [256]byte{'"': '"', '\\': '\\', '/': '/', 'b': '\b', 'f': '\f', 'n': '\n', 'r': '\r', 't': '\t'}

// escaped reads on from the first backslash of a string.
func (r *reader) escaped(from int) (string, error) {
	out := make([]byte, r.at-from, r.at-from+64)
	copy(out, r.text[from:r.at])
	for r.at < len(r.text) {
		switch c := r.text[r.at]; {
		case c == '"':
			r.at++
			return string(out), nil
		case c < ' ':
			return "", r.bad("in a string")
		case c != '\\':
			out = append(out, c)
			r.at++
		case r.at+1 >= len(r.text):
			return "", errCut
		case r.text[r.at+1] == 'u':
			one, err := r.unit()
			if err != nil {
				return "", err
			}
			if utf16.IsSurrogate(one) {
				whole := rune(utf8.RuneError)
				if back := r.at; strings.HasPrefix(r.text[r.at:], `\u`) {
					two, err := r.unit()
					if err != nil {
						return "", err
					}
					if whole = utf16.DecodeRune(one, two); whole == utf8.RuneError {
						r.at = back // it stands for itself
					}
				}
				one = whole
			}
			out = utf8.AppendRune(out, one)
		default:
			e := escapes[r.text[r.at+1]]
			if e == 0 {
				r.at++
				return "", r.bad("in an escape of a string")
			}
			out = append(out, e)
			r.at += 2
		}
	}
	return "", errCut
}

// unit reads a \uXXXX.
func (r *reader) unit() (rune, error) {
	if r.at+6 > len(r.text) {
		return 0, errCut
	}
	n, err := strconv.ParseUint(r.text[r.at+2:r.at+6], 16, 32)
	if err != nil {
		return 0, r.bad("in an escape of a string")
	}
	r.at += 6
	return rune(n), nil
}

func (r *reader) digits() bool {
	from := r.at
	for r.at < len(r.text) && digit(r.text[r.at]) {
		r.at++
	}
	return r.at > from
}

// number is an int64 when it is written whole and fits, else a float64.
func (r *reader) number() (any, error) {
	from := r.at
	if r.text[r.at] == '-' {
		r.at++
	}
	whole := true
	switch {
	case r.at < len(r.text) && r.text[r.at] == '0':
		r.at++
	case !r.digits():
		return nil, r.bad("in a number")
	}
	if r.at < len(r.text) && r.text[r.at] == '.' {
		whole = false
		r.at++
		if !r.digits() {
			return nil, r.bad("in a number")
		}
	}
	if r.at < len(r.text) && (r.text[r.at] == 'e' || r.text[r.at] == 'E') {
		whole = false
		r.at++
		if r.at < len(r.text) && (r.text[r.at] == '+' || r.text[r.at] == '-') {
			r.at++
		}
		if !r.digits() {
			return nil, r.bad("in a number")
		}
	}
	text := r.text[from:r.at]
	if whole {
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return n, nil
		}
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, fmt.Errorf("number %s does not fit", text)
	}
	return f, nil
}

// valid is text with what is no UTF-8 replaced.
func valid(text string) string {
	if utf8.ValidString(text) {
		return text
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// decodeText decodes one object whose strings are pieces of text.
func decodeText(text string) (map[string]any, error) {
	return (&reader{text: valid(text)}).whole()
}

// whole reads a text that is one object.
func (r *reader) whole() (map[string]any, error) {
	if c := r.next(); c != '{' {
		if strings.HasPrefix(r.text[r.at:], "null") {
			return nil, errors.New("not a JSON object")
		}
		return nil, r.bad("where an object belongs")
	}
	m, err := r.object()
	if err != nil {
		return nil, err
	}
	if r.next() != 0 || r.at < len(r.text) {
		return nil, r.bad("after the object")
	}
	return m, nil
}
