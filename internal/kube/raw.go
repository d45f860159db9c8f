package kube

import (
	"fmt"
	"strings"
)

// ChangedPathsOfText is ChangedPaths of undecoded versions. What both have byte for byte is never decoded: of most
// changes that leaves a few fields.
func ChangedPathsOfText(old, new string) (paths []string, meaningful bool, err error) {
	spare := spares.Get().(*spare)
	o, n, err := spare.differing(valid(old), valid(new), 0)
	if err == nil {
		paths, meaningful = ChangedPaths(o, n)
	} else {
		err = fmt.Errorf("compare versions: %w", err)
	}
	spare.giveBack()
	spares.Put(spare) // as in SummarizeText
	return paths, meaningful, err
}

// member is a field of an object in text.
type member struct{ key, value string }

// differing decodes of two objects what stands in one alone or is written differently. Lists are decoded whole, since
// their elements are told apart by fields that are the same.
func (s *spare) differing(old, new string, depth int) (o, n map[string]any, err error) {
	if depth > deepest {
		return nil, nil, fmt.Errorf("deeper than %d", deepest)
	}
	var room [2][16]member
	before, err := members(old, room[0][:0])
	if err != nil {
		return nil, nil, err
	}
	after, err := members(new, room[1][:0])
	if err != nil {
		return nil, nil, err
	}
	o, n = s.take(), s.take()
	left := len(after)
	for i, m := range before {
		at := i // both were written by the same API server, most often in the same order
		if at >= len(after) || after[at].key != m.key {
			at = placeOf(after, m.key)
		}
		if at < 0 {
			if o[m.key], err = s.decodeValue(m.value); err != nil {
				return nil, nil, err
			}
			continue
		}
		left--
		value := after[at].value
		switch {
		case value == m.value:
		case value[0] == '{' && m.value[0] == '{':
			below, now, err := s.differing(m.value, value, depth+1)
			if err != nil {
				return nil, nil, err
			}
			if len(below)+len(now) > 0 {
				o[m.key], n[m.key] = below, now
			}
		default:
			if o[m.key], err = s.decodeValue(m.value); err != nil {
				return nil, nil, err
			}
			if n[m.key], err = s.decodeValue(value); err != nil {
				return nil, nil, err
			}
		}
	}
	if left == 0 {
		return o, n, nil
	}
	for _, m := range after {
		if placeOf(before, m.key) < 0 {
			if n[m.key], err = s.decodeValue(m.value); err != nil {
				return nil, nil, err
			}
		}
	}
	return o, n, nil
}

func placeOf(list []member, key string) int {
	for i := range list {
		if list[i].key == key {
			return i
		}
	}
	return -1
}

func (s *spare) decodeValue(text string) (any, error) {
	r := reader{text: text, spare: s, stack: s.stack}
	v, err := r.value()
	s.stack = r.stack[:0]
	return v, err
}

// members cuts an object into its fields. The text was decoded before, so that only its structure is looked at.
func members(text string, into []member) ([]member, error) {
	err := eachMember(text, func(key, value string) (bool, error) {
		if at := placeOf(into, key); at >= 0 { // the last of two is the one that counts
			into[at].value = value
		} else {
			into = append(into, member{key, value})
		}
		return true, nil
	})
	return into, err
}

// eachMember calls f for the fields of an object, as they are written, until it wants no more.
func eachMember(text string, f func(key, value string) (more bool, err error)) error {
	r := reader{text: text}
	for first := true; ; first = false {
		key, more, err := r.key(first)
		if !more || err != nil {
			return err
		}
		from := r.at
		if err := r.skip(); err != nil {
			return err
		}
		if more, err := f(key, text[from:r.at]); !more || err != nil {
			return err
		}
	}
}

// valueOf is the text from the value of an object's field on, "" when it has no such field.
func valueOf(text, field string) (string, error) {
	r := reader{text: text}
	for first := true; ; first = false {
		key, more, err := r.key(first)
		if !more || err != nil {
			return "", err
		}
		if key == field {
			return text[r.at:], nil
		}
		if err := r.skip(); err != nil {
			return "", err
		}
	}
}

// key goes to the value of an object's first or next field. more is false behind the last.
func (r *reader) key(first bool) (key string, more bool, err error) {
	begins := byte(',')
	if first {
		begins = '{'
	}
	switch c := r.next(); {
	case c == begins:
	case c == '}' && !first:
		return "", false, nil
	case first:
		return "", false, r.bad("where an object belongs")
	default:
		return "", false, r.bad("after a value of an object")
	}
	r.at++
	if first && r.next() == '}' {
		return "", false, nil
	}
	if r.next() != '"' {
		return "", false, r.bad("where a key belongs")
	}
	if key, err = r.string(); err != nil {
		return "", false, err
	}
	if r.next() != ':' {
		return "", false, r.bad("after a key")
	}
	r.at++
	r.space()
	return key, true, nil
}

// skip goes to the end of a value.
func (r *reader) skip() error {
	open := 0
	for from := r.at; ; {
		if r.at >= len(r.text) {
			return errCut
		}
		switch r.text[r.at] {
		case '"':
			if err := r.skipString(); err != nil {
				return err
			}
			if open == 0 {
				return nil
			}
			continue
		case '{', '[':
			open++
		case '}', ']':
			if open--; open < 0 {
				if r.at > from {
					return nil // a number or word that ends here
				}
				return r.bad("where a value belongs")
			}
			if open == 0 {
				r.at++
				return nil
			}
		case ',', ' ', '\n', '\t', '\r':
			if open == 0 {
				if r.at > from {
					return nil
				}
				return r.bad("where a value belongs")
			}
		}
		r.at++
	}
}

func (r *reader) skipString() error {
	for from := r.at + 1; ; {
		end := strings.IndexByte(r.text[from:], '"')
		if end < 0 {
			r.at = len(r.text)
			return errCut
		}
		from += end + 1
		slashes := 0
		for i := from - 2; r.text[i] == '\\'; i-- { // it stops at the opening quote
			slashes++
		}
		if slashes%2 == 0 {
			r.at = from
			return nil
		}
	}
}
