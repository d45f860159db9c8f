package ql

import (
	"fmt"
	"strconv"
	"strings"
)

const maxSteps = 16

// heads are the parts of an object that a path can start with, without a dot before them.
var heads = [...]string{"metadata", "spec", "status", "data"}

type stepKind int

const (
	stepKey   stepKind = iota // a key of an object; lists on the way are stepped into
	stepAny                   // [*], every element of a list
	stepIndex                 // [0], one element of a list
)

type step struct {
	kind  stepKind
	key   string
	index int
}

// pathEnd is where the path that may start at i ends; it is i when none does.
func (p *parser) pathEnd(i int) (end int, err error) {
	starts := strings.HasPrefix(p.text[i:], ".")
	for _, head := range heads {
		n := i + len(head)
		starts = starts || n < len(p.text) && p.text[n] == '.' && strings.EqualFold(p.text[i:n], head)
	}
	if !starts {
		return i, nil
	}
	for end = i; end < len(p.text); {
		switch c := p.text[end]; {
		case fieldByte(c) || c == '*' || c == '?':
			end++
		case c == '"' && end > i && (p.text[end-1] == '.' || p.text[end-1] == '['):
			if _, end, err = p.quoted(end); err != nil {
				return 0, err
			}
		default:
			return end, nil
		}
	}
	return end, nil
}

// path reads the path between from and end as a field of its own.
func (p *parser) path(from, end int) (*field, error) {
	var steps []step
	bad := func(at, to int, fix, message string) error {
		return p.fail(CodeSyntax, at, max(at+1, min(to, end)), fix, "%s", message)
	}
	i := from
	if p.text[i] == '.' {
		i++
	}
	for dot := true; ; dot = false { // dot: a key must come
		switch {
		case !dot && i == end:
			steps = flatKey(steps)
			for _, s := range steps {
				if s.kind == stepKey && s.key == "" {
					return nil, bad(from, end, "Write the key of the step.", "A step of the path is empty.")
				}
			}
			if len(steps) > maxSteps {
				return nil, p.fail(CodeTooComplex, from, end, "Ask for something nearer to the root.", "The path has more than %d steps.", maxSteps)
			}
			return &field{name: pathText(steps), typ: typObject, column: objectColumn, steps: steps}, nil
		case !dot && p.text[i] == '.':
			i++
			dot = true
		case !dot && p.text[i] != '[':
			return nil, bad(i, i+1, "Separate steps by dots.", "Something follows the end of a step.")
		}
		switch {
		case dot && (i == end || p.text[i] == '.' || p.text[i] == '['):
			return nil, bad(i-1, i, "Remove the dot, or write a key behind it, as in spec.replicas or spec.containers[*].image.", "A step of the path is empty.")
		case dot && p.text[i] == '"':
			key, stop, err := p.quoted(i)
			if err != nil {
				return nil, err
			}
			steps, i = append(steps, step{key: key}), stop
		case dot:
			at := i
			for i < end && p.text[i] != '.' && p.text[i] != '[' && p.text[i] != '"' {
				i++
			}
			key := p.text[at:i]
			if strings.ContainsAny(key, "*?") {
				return nil, bad(at, i, "Name the key; only elements of lists have a wildcard, as in spec.containers[*].image.", "A key of a path cannot have wildcards.")
			}
			if strings.Contains(key, "]") {
				return nil, bad(at+strings.IndexByte(key, ']'), i, "Remove it, or open it before, as in spec.containers[0].image.", "This bracket closes nothing.")
			}
			if len(steps) == 0 && p.text[from] != '.' {
				key = strings.ToLower(key)
			}
			if strings.Contains(key, "/") && !(len(steps) >= 2 && flat(steps[:2])) {
				return nil, bad(at, i, `Write the whole key in quotes, as in spec.selector."app.kubernetes.io/name".`, "A key with a slash needs quotes.")
			}
			steps = append(steps, step{key: key})
		default: // [
			at := i
			if i++; i < end && p.text[i] == '"' {
				key, stop, err := p.quoted(i)
				if err != nil {
					return nil, err
				}
				if stop >= end || p.text[stop] != ']' {
					return nil, bad(at, stop, "Add a closing one.", "This bracket is never closed.")
				}
				steps, i = append(steps, step{key: key}), stop+1
				break
			}
			size := strings.IndexByte(p.text[i:end], ']')
			if size < 0 {
				return nil, bad(at, end, "Add a closing one, as in spec.containers[0].image.", "This bracket is never closed.")
			}
			inside := p.text[i : i+size]
			i += size + 1
			if inside == "*" {
				steps = append(steps, step{kind: stepAny})
				break
			}
			n, err := strconv.ParseUint(inside, 10, 16)
			if err != nil {
				return nil, bad(at, i, "Write [*] for any element, [0] for the first, or a key in quotes.", "Brackets hold a place in a list, counted from 0.")
			}
			steps = append(steps, step{kind: stepIndex, index: int(n)})
		}
	}
}

// flat reports whether what is below is a map of texts, whose keys have dots more often than not.
func flat(steps []step) bool {
	return steps[0].key == "metadata" && (steps[1].key == "labels" || steps[1].key == "annotations")
}

// flatKey takes metadata.labels.app.kubernetes.io/name as it is meant: nothing is below a label.
func flatKey(steps []step) []step {
	if len(steps) < 4 || !flat(steps) {
		return steps
	}
	keys := make([]string, 0, len(steps)-2)
	for _, s := range steps[2:] {
		if s.kind != stepKey {
			return steps
		}
		keys = append(keys, s.key)
	}
	return append(steps[:2:2], step{key: strings.Join(keys, ".")})
}

// headed reports whether a path starts with a head and a key of it. A head is an object, never a list.
func headed(steps []step) bool {
	return len(steps) > 1 && steps[0].kind == stepKey && steps[1].kind == stepKey && contains(heads[:], steps[0].key)
}

// pathText writes a path so that it is read back.
func pathText(steps []step) string {
	var b strings.Builder
	for i, s := range steps {
		switch s.kind {
		case stepAny:
			b.WriteString("[*]")
		case stepIndex:
			fmt.Fprintf(&b, "[%d]", s.index)
		default:
			if i > 0 || !headed(steps) {
				b.WriteByte('.')
			}
			if plainStep(s.key) {
				b.WriteString(s.key)
			} else {
				b.WriteString(quote(s.key))
			}
		}
	}
	return b.String()
}

func plainStep(key string) bool {
	for i := range len(key) {
		if c := key[i]; !fieldByte(c) || c == '.' || c == '/' || c == '[' || c == ']' {
			return false
		}
	}
	return key != ""
}
