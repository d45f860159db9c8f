package main

import (
	"slices"
	"strconv"
	"strings"

	quantity "k8s.io/apimachinery/pkg/api/resource"
)

// sortable are paths that the hub orders by; others are ordered here, once everything has come.
var sortable = map[string]string{
	"metadata.name": "name", "metadata.namespace": "ns", "metadata.creationTimestamp": "created", "spec.nodeName": "node",
	"spec.replicas": "replicas", "status.readyReplicas": "readyreplicas",
}

// sortTerm is --sort-by in the query language: a field of its own or a path that it orders by; else "".
func sortTerm(by string) string {
	path := strings.TrimPrefix(strings.TrimSuffix(strings.TrimPrefix(by, "{"), "}"), ".")
	if field := sortable[path]; field != "" {
		return "sort:" + field
	}
	if path == by && !strings.ContainsAny(by, ".[") {
		return "sort:" + value(by)
	}
	return ""
}

// sortByPath orders objects by what stands at a JSONPath; those without come first, as with kubectl.
func sortByPath(list []*resource, by string) error {
	path, err := relaxedPath(by)
	if err != nil {
		return err
	}
	keys := make(map[*resource]string, len(list))
	for _, r := range list {
		o, err := r.decode()
		if err != nil {
			return err
		}
		if keys[r], err = textAt(path, o); err != nil {
			return err
		}
	}
	slices.SortStableFunc(list, func(a, b *resource) int { return compareValues(keys[a], keys[b]) })
	return nil
}

// compareValues orders numbers and quantities by size, everything else as text.
func compareValues(a, b string) int {
	if a == b {
		return 0
	}
	if x, err := strconv.ParseFloat(a, 64); err == nil {
		if y, err := strconv.ParseFloat(b, 64); err == nil {
			if x < y {
				return -1
			}
			return 1
		}
	}
	if x, err := quantity.ParseQuantity(a); err == nil {
		if y, err := quantity.ParseQuantity(b); err == nil {
			return x.Cmp(y)
		}
	}
	return strings.Compare(a, b)
}
