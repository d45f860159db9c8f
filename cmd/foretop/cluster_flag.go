package main

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"
)

// clusterTerms is -C in the query language: names and globs, any of which may be, and labels, all of which must.
func clusterTerms(clusters string) ([]string, error) {
	var terms, names []string
	for _, part := range outsideParentheses(clusters) {
		if !strings.ContainsAny(part, "=!() ") { // a label that is merely there would read as a name
			names = append(names, value(part))
			continue
		}
		requirements, err := labels.ParseToRequirements(part)
		if err != nil {
			return nil, usageError{fmt.Errorf("-C %s: %q is neither a name nor a label like env=prod or region in (eu,us): %w", clusters, part, err)}
		}
		for _, r := range requirements {
			field := "cluster." + r.Key()
			values := r.Values().List()
			for i, v := range values {
				values[i] = quoted(v)
			}
			switch r.Operator() {
			case selection.Equals, selection.DoubleEquals:
				terms = append(terms, field+"="+value(r.Values().List()[0]))
			case selection.NotEquals:
				terms = append(terms, field+"!="+value(r.Values().List()[0]))
			case selection.In:
				terms = append(terms, field+":"+strings.Join(values, ","))
			case selection.NotIn:
				terms = append(terms, "-"+field+":"+strings.Join(values, ","))
			case selection.Exists:
				terms = append(terms, field+":/.*/")
			case selection.DoesNotExist:
				terms = append(terms, "-"+field+":/.*/")
			default:
				return nil, usageError{fmt.Errorf("-C %s: %q is no label like env=prod or region in (eu,us)", clusters, part)}
			}
		}
	}
	if len(names) > 0 {
		terms = append(terms, "cluster:"+strings.Join(names, ","))
	}
	return terms, nil
}

// outsideParentheses splits at commas, but not at those of in (a,b).
func outsideParentheses(list string) []string {
	var parts []string
	depth, start := 0, 0
	add := func(end int) {
		if part := strings.TrimSpace(list[start:end]); part != "" {
			parts = append(parts, part)
		}
		start = end + 1
	}
	for i, c := range list {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			add(i)
		}
	}
	add(len(list))
	return parts
}
