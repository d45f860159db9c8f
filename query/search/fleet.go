package search

import (
	"maps"
	"slices"
	"sort"

	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// Directory knows the member clusters; *clusters.Registry satisfies it. Calls are cheap and safe for concurrent use.
type Directory interface {
	List() []clusters.Entry
}

// fleet is the member clusters as one request sees them: names and identities stay one pair for its whole length.
type fleet struct {
	entries   []clusters.Entry // by name
	byUID     map[string]string
	byName    map[string]string
	signature uint64 // set by sign
	nothing   bool   // scope sees nothing: not even which names and kinds there are
}

// fleet is what scope may see. A scope that sees nothing gets a fleet without members.
func (s *Service) fleet(scope access.Scope) *fleet {
	f := &fleet{byUID: map[string]string{}, byName: map[string]string{}}
	if scope.Nothing() {
		f.nothing = true
		return f
	}
	f.entries = append(f.entries, s.directory.List()...)
	sort.Slice(f.entries, func(i, j int) bool { return f.entries[i].Name < f.entries[j].Name })
	for _, e := range f.entries {
		if e.UID != "" {
			f.byUID[e.UID], f.byName[e.Name] = e.Name, e.UID
		}
	}
	return f
}

// sign makes signature of what questions are read by: two fleets with the same one have the same members, names and labels.
func (f *fleet) sign() uint64 {
	var b []byte
	for _, e := range f.entries {
		b = append(append(append(append(b, e.Name...), 0), e.UID...), 0)
		for _, k := range slices.Sorted(maps.Keys(e.Labels)) {
			b = append(append(append(append(b, k...), 0), e.Labels[k]...), 0)
		}
	}
	f.signature = xxhash.Sum64(b)
	return f.signature
}

// visible is what a position says of members.
func (f *fleet) visible(p map[string]uint64) records.Position {
	visible := records.Position(p)
	for uid := range p {
		if f.byUID[uid] == "" {
			if len(visible) == len(p) {
				visible = maps.Clone(visible)
			}
			delete(visible, uid)
		}
	}
	return visible
}

// empty reports that there is no member whose rows could be read.
func (f *fleet) empty() bool { return len(f.byUID) == 0 }

func (f *fleet) ref(k key) kube.Ref {
	return kube.Ref{Cluster: f.byUID[k.cluster], Namespace: k.namespace, GroupResource: kube.GroupResource{Group: k.group, Resource: k.resource}, Name: k.name}
}

// key answers false for a cluster that is not a member.
func (f *fleet) key(r kube.Ref) (key, bool) {
	uid, ok := f.byName[r.Cluster]
	return key{cluster: uid, group: r.Group, resource: r.Resource, namespace: r.Namespace, name: r.Name}, ok
}

func (f *fleet) uids() []string {
	uids := make([]string, 0, len(f.byUID))
	for _, e := range f.entries {
		if e.UID != "" {
			uids = append(uids, e.UID)
		}
	}
	return uids
}

// bounds is the predicate that every SQL text over the tables carries: rows of members that scope may see.
func (f *fleet) bounds(p *clickhouse.Params) string {
	return `cluster IN ` + p.Strings(f.uids())
}

// members are the clusters as the language sees them.
func (f *fleet) members() []ql.Cluster {
	list := make([]ql.Cluster, 0, len(f.entries))
	for _, e := range f.entries {
		list = append(list, ql.Cluster{Name: e.Name, UID: e.UID, Labels: e.Labels})
	}
	return list
}

// clusterName is a cluster's name in SQL, for order: people read names, not UIDs.
func (f *fleet) clusterName(p *clickhouse.Params) string {
	uids := f.uids()
	if len(uids) == 0 {
		return "''"
	}
	names := make([]string, len(uids))
	for i, uid := range uids {
		names[i] = f.byUID[uid]
	}
	return `transform(toString(cluster), ` + p.Strings(uids) + `, ` + p.Strings(names) + `, '')`
}

// coverage says how the clusters of an answer stand; named is nil when the question names none.
func (f *fleet) coverage(named func(name string) bool) records.Coverage {
	c := records.Coverage{Clusters: []records.ClusterCoverage{}}
	for _, e := range f.entries {
		if named == nil || named(e.Name) {
			c.Clusters = append(c.Clusters, records.ClusterCoverage{Cluster: e.Name, State: e.State, AsOf: e.AsOf, Reason: e.Reason})
		}
	}
	return c
}
