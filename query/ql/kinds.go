package ql

import (
	"sort"
	"strings"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// kindTable answers which kinds a word means.
type kindTable []records.Kind

// knownKinds is what members serve and, of Kubernetes' own kinds, what they did not mention.
func knownKinds(served []records.Kind) kindTable {
	table := make(kindTable, 0, len(served)+len(kube.Builtins))
	seen := make(map[kube.GroupResource]bool, len(served))
	for _, k := range served {
		if !seen[k.GroupResource] {
			seen[k.GroupResource] = true
			table = append(table, k)
		}
	}
	for _, b := range kube.Builtins {
		if !seen[b.GroupResource] {
			table = append(table, records.Kind{GroupResource: b.GroupResource, Version: b.Version, Kind: b.Kind, Namespaced: b.Namespaced, ShortNames: b.ShortNames})
		}
	}
	sort.SliceStable(table, func(i, j int) bool {
		if table[i].Resource != table[j].Resource {
			return table[i].Resource < table[j].Resource
		}
		return table[i].Group < table[j].Group
	})
	return table
}

// names are the words that mean k, in lower case, the plural first.
func kindNames(k *records.Kind) []string {
	names := []string{k.Resource, strings.ToLower(k.Kind)}
	for _, s := range k.ShortNames {
		names = append(names, strings.ToLower(s))
	}
	if k.Group == "" {
		return append(names, k.Resource+".") // of the core group alone
	}
	return append(names, k.GroupResource.String(), strings.ToLower(k.Kind)+"."+k.Group)
}

func (t kindTable) called(word string) []records.Kind {
	word = strings.ToLower(word)
	return t.where(func(name string) bool { return name == word })
}

func (t kindTable) where(match func(name string) bool) []records.Kind {
	var out []records.Kind
	for i := range t {
		for _, name := range kindNames(&t[i]) {
			if match(name) {
				out = append(out, t[i])
				break
			}
		}
	}
	return out
}

func (t kindTable) words() []string {
	var out []string
	for i := range t {
		out = append(out, kindNames(&t[i])...)
	}
	return out
}

// write is the shortest word that means exactly k: its Kind if no other kind has it, else resource.group, the core group
// being none.
func (t kindTable) write(k records.Kind) string {
	switch {
	case len(t.called(k.Kind)) == 1:
		return k.Kind
	case k.Group == "":
		return k.Resource + "."
	}
	return k.GroupResource.String()
}

// ResolveKind is what kind: understands a word as: pods, po, Pod, deployments.apps. Empty when it is unknown.
func ResolveKind(word string, served []records.Kind) []kube.GroupResource {
	var out []kube.GroupResource
	for _, k := range knownKinds(served).called(word) {
		out = append(out, k.GroupResource)
	}
	return out
}

// unserved is a kind that is known by its name alone.
func unserved(resource, group string) records.Kind {
	return records.Kind{GroupResource: kube.GroupResource{Group: group, Resource: resource}}
}

func distinctKinds(kinds []records.Kind) []records.Kind {
	seen := make(map[kube.GroupResource]bool, len(kinds))
	var out []records.Kind
	for _, k := range kinds {
		if !seen[k.GroupResource] {
			seen[k.GroupResource] = true
			out = append(out, k)
		}
	}
	return out
}
