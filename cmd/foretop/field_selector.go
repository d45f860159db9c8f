package main

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/selection"
)

// selectable are fields of objects that the query language names in a word.
var selectable = map[string]string{"metadata.name": "name", "metadata.namespace": "ns", "metadata.uid": "uid", "spec.nodeName": "node"}

// fieldTerms writes kubectl's --field-selector in the query language. Any path into the object will do, where an API
// server knows a handful.
func fieldTerms(selector string) ([]string, error) {
	s, err := fields.ParseSelector(selector)
	if err != nil {
		return nil, usageError{fmt.Errorf("--field-selector %s: %w", selector, err)}
	}
	var terms []string
	for _, r := range s.Requirements() {
		name, known := selectable[r.Field]
		if !known {
			name = "." + r.Field
		}
		if r.Field == "" || strings.ContainsAny(r.Field, " \t\"'()<>=!~:/*?") {
			return nil, usageError{fmt.Errorf("--field-selector %s: %q is no path into an object, such as status.phase", selector, r.Field)}
		}
		switch {
		case r.Operator == selection.NotEquals && r.Value == "":
			terms = append(terms, "has:"+name)
		case r.Operator == selection.NotEquals:
			terms = append(terms, name+"!="+quoted(r.Value))
		case r.Value == "":
			terms = append(terms, "no:"+name)
		default:
			terms = append(terms, name+"="+quoted(r.Value))
		}
	}
	return terms, nil
}
