// Package patch tells how one object differs from another, as JSON patches (RFC 6902).
//
// Invariant: what servers set never counts as a difference of contents, and numbers stay exactly what they are.
package patch

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"github.com/wI2L/jsondiff"
)

// ServerSet are the fields of metadata that no client sets.
var ServerSet = []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}

// Content is o as people write it: without status and without what servers set in metadata. o is not changed.
func Content(o map[string]any) map[string]any {
	o = maps.Clone(o)
	delete(o, "status")
	if meta, ok := o["metadata"].(map[string]any); ok {
		meta = maps.Clone(meta)
		for _, f := range ServerSet {
			delete(meta, f)
		}
		o["metadata"] = meta
	}
	return o
}

// A Change is one operation of a patch.
type Change struct {
	Op    string `json:"op"` // add, replace, remove, test
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Between is the patch that leads from one object to another, whole as they are; none when they are equal. Guarded,
// it tests all that it replaces or removes, so that it fails on what is otherwise by then.
func Between(from, to map[string]any, guarded bool) (jsondiff.Patch, error) {
	options := []jsondiff.Option{jsondiff.LCS()}
	if guarded {
		options = append(options, jsondiff.Invertible())
	}
	return compare(from, to, options...)
}

// Back is the guarded patch between the contents of two objects.
func Back(from, to map[string]any) ([]Change, error) {
	p, err := Between(Content(from), Content(to), true)
	return changes(p), err
}

// Changes are what differs in the content of to, item by item of lists: each path names a place of to itself, or what
// to lacks.
func Changes(from, to map[string]any) ([]Change, error) {
	p, err := compare(Content(from), Content(to))
	list := changes(p)
	added := map[string]int{}
	for i, c := range list { // "-" is behind the last item: several are added one behind the other
		dir, end := strings.CutSuffix(c.Path, "/-")
		if before, ok := At(from, dir); end && ok {
			if items, ok := before.([]any); ok {
				list[i].Path = fmt.Sprintf("%s/%d", dir, len(items)+added[dir])
				added[dir]++
			}
		}
	}
	return list, err
}

// At is the value that a JSON pointer (RFC 6901) names.
func At(v any, pointer string) (any, bool) {
	for _, step := range strings.Split(pointer, "/")[1:] {
		step = strings.NewReplacer("~1", "/", "~0", "~").Replace(step)
		switch in := v.(type) {
		case map[string]any:
			next, ok := in[step]
			if !ok {
				return nil, false
			}
			v = next
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(in) {
				return nil, false
			}
			v = in[i]
		default:
			return nil, false
		}
	}
	return v, true
}

// Parse reads what changes were encoded to.
func Parse(raw []byte) ([]Change, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var list []Change
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("read a patch: %w", err)
	}
	return list, nil
}

func compare(from, to map[string]any, options ...jsondiff.Option) (jsondiff.Patch, error) {
	a, err := json.Marshal(from)
	if err != nil {
		return nil, fmt.Errorf("encode object: %w", err)
	}
	b, err := json.Marshal(to)
	if err != nil {
		return nil, fmt.Errorf("encode object: %w", err)
	}
	exact := func(b []byte, v any) error {
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		return d.Decode(v)
	}
	p, err := jsondiff.CompareJSON(a, b, append(options, jsondiff.UnmarshalFunc(exact))...)
	if err != nil {
		return nil, fmt.Errorf("compare objects: %w", err)
	}
	return p, nil
}

func changes(p jsondiff.Patch) []Change {
	list := make([]Change, len(p))
	for i, op := range p {
		list[i] = Change{Op: op.Type, Path: op.Path, Value: op.Value}
	}
	return list
}
