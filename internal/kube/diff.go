package kube

import (
	"fmt"
	"maps"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"sigs.k8s.io/yaml"
)

// UnifiedDiff shows two versions of an object as YAML, three lines of context around what differs; "" when
// nothing does. resourceVersion, generation and managedFields are left out, status too unless it is asked for.
// A nil version is an empty text: the object was not there.
func UnifiedDiff(old, new map[string]any, withStatus bool) (string, error) {
	a, err := diffText(old, withStatus)
	if err != nil {
		return "", err
	}
	b, err := diffText(new, withStatus)
	if err != nil {
		return "", err
	}
	if a == b {
		return "", nil
	}
	return difflib.GetUnifiedDiffString(difflib.UnifiedDiff{
		A: lines(a), B: lines(b), FromFile: "before", ToFile: "after", Context: 3,
	})
}

// lines cuts a text after every newline. difflib's own adds an empty line at the end.
func lines(text string) []string {
	if text == "" {
		return nil
	}
	all := strings.SplitAfter(text, "\n")
	return all[:len(all)-1]
}

func diffText(obj map[string]any, withStatus bool) (string, error) {
	if obj == nil {
		return "", nil
	}
	shown := maps.Clone(obj)
	if meta, ok := obj["metadata"].(map[string]any); ok {
		meta = maps.Clone(meta)
		for _, key := range [...]string{"resourceVersion", "generation", "managedFields"} {
			delete(meta, key)
		}
		shown["metadata"] = meta
	}
	if !withStatus {
		delete(shown, "status")
	}
	text, err := yaml.Marshal(shown)
	if err != nil {
		return "", fmt.Errorf("write %s %s as YAML: %w", str(obj, "kind"), str(object(obj, "metadata"), "name"), err)
	}
	return string(text), nil
}
