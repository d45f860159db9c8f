package kube

import (
	"encoding/json"
	"fmt"
	"maps"

	"github.com/wI2L/jsondiff"
)

// serverSet are the fields of metadata that no client sets.
var serverSet = []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields", "selfLink", "deletionTimestamp", "deletionGracePeriodSeconds"}

// Content is o as people write it: without status and without what API servers set in metadata. o is not changed.
func Content(o map[string]any) map[string]any {
	o = maps.Clone(o)
	delete(o, "status")
	if meta, ok := o["metadata"].(map[string]any); ok {
		meta = maps.Clone(meta)
		for _, f := range serverSet {
			delete(meta, f)
		}
		o["metadata"] = meta
	}
	return o
}

// A Change is one operation of a JSON patch (RFC 6902).
type Change struct {
	Op    string `json:"op"` // add, replace, remove, test
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// Patch is the JSON patch that leads from the content of one object to that of another; none when they are equal.
// It puts a test before all that it replaces or removes, so that it fails on what is otherwise by now.
func Patch(from, to map[string]any) ([]Change, error) {
	return patch(from, to, jsondiff.Invertible(), jsondiff.LCS())
}

// Changes are what differs in to, item by item of lists: each path names a place of to itself, or what it lacks.
func Changes(from, to map[string]any) ([]Change, error) { return patch(from, to) }

func patch(from, to map[string]any, options ...jsondiff.Option) ([]Change, error) {
	patch, err := jsondiff.Compare(Content(from), Content(to), options...)
	if err != nil {
		return nil, fmt.Errorf("compare two objects: %w", err)
	}
	changes := make([]Change, len(patch))
	for i, op := range patch {
		changes[i] = Change{Op: op.Type, Path: op.Path, Value: op.Value}
	}
	return changes, nil
}

// ParsePatch reads what Patch's answer was encoded to.
func ParsePatch(raw []byte) ([]Change, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var changes []Change
	if err := json.Unmarshal(raw, &changes); err != nil {
		return nil, fmt.Errorf("read a patch: %w", err)
	}
	return changes, nil
}
