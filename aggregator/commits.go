package aggregator

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// commits are a group that was made durable, as readers in this process take it, by cluster. Only the writer's
// goroutine calls it, once for each group.
func commits(group []*pending) []records.Commit {
	var list []records.Commit
	of := map[*Session]int{}
	for _, p := range group {
		if len(p.versions) == 0 {
			continue
		}
		i, known := of[p.session]
		if !known {
			i = len(list)
			of[p.session] = i
			list = append(list, records.Commit{ClusterUID: p.session.cluster, After: p.session.newest})
		}
		c := &list[i]
		for _, v := range p.versions {
			c.Versions = append(c.Versions, v.record(c.ClusterUID))
			p.session.newest = max(p.session.newest, v.ver)
		}
	}
	for _, c := range list {
		slices.SortStableFunc(c.Versions, func(a, b *records.Object) int { return cmp.Compare(a.Ver, b.Ver) })
	}
	return list
}

// record is a version as a reader of resource_history has it.
func (v *version) record(cluster string) *records.Object {
	o := &records.Object{
		Ref: kube.Ref{Namespace: v.at.namespace, GroupResource: v.gr, Name: v.at.name}, ClusterUID: cluster, Summary: v.summary,
		Ver: v.ver, ObservedAt: v.observedAt, ChangedAt: moment(v.now.changedAt), ChangedBy: v.now.changedBy, ChangedPaths: some(v.now.changedPaths),
		DeletedAt: v.deletedAt, JSON: unsafe.Slice(unsafe.StringData(v.text), len(v.text)), // which nobody changes
	}
	s := &o.Summary
	s.Group, s.Namespace, s.Name = v.gr.Group, v.at.namespace, v.at.name
	s.Version, s.Kind, s.UID, s.ResourceVersion = v.apiVersion, v.kind, v.now.uid, v.now.resourceVersion
	s.CreatedAt = moment(s.CreatedAt)
	s.Labels, s.Annotations, s.Conditions = someMap(s.Labels), someMap(s.Annotations), someMap(s.Conditions)
	for _, list := range []*[]string{&s.Reasons, &s.Images, &s.OwnerUIDs, &s.OwnerRefs, &s.Containers, &s.IPs, &s.Uses, &s.Traits, &s.ManagedBy, &s.Words} {
		*list = some(*list)
	}
	return o
}
