package ql

import (
	"slices"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Kinds are those that can match, of all that are served; the tree's other conditions may leave fewer.
func (q *Query) Kinds(served []kube.GroupResource) []kube.GroupResource {
	members, ok := q.root.(And)
	if !ok {
		members = And{q.root}
	}
	left := slices.Clone(served)
	for _, m := range members {
		x, ok := m.(*Filter)
		if !ok || x.def.typ != typKind || x.Op == OpHas {
			continue
		}
		left = slices.DeleteFunc(left, func(gr kube.GroupResource) bool {
			named := x.any(func(v *Value) bool {
				return slices.ContainsFunc(v.kinds, func(k records.Kind) bool { return k.GroupResource == gr })
			})
			return named == x.Not
		})
	}
	return left
}
