package kubeapi

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilversion "k8s.io/apimachinery/pkg/util/version"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// served is a kind as the virtual API server offers it, in one of its versions.
type served struct {
	records.Kind
	in   []string          // names of the members of which it is kept, in whatever version
	by   []string          // names of those that serve it, kept or not
	kept map[string]bool   // versions in which it is
	subs map[string]string // kinds of its sub-resources, by their names
}

// catalog is what a virtual API server offers. Nobody changes it.
type catalog struct {
	groups []metav1.APIGroup // the core group is "" and the first
	lists  map[string]*metav1.APIResourceList
	kinds  map[schema.GroupVersionResource]*served
	whole  bool // what members say of themselves is all that they serve
}

// catalogsMost is how many are remembered: one for each member, and of the fleet one for each who sees another part of it.
const catalogsMost = 1000

// catalogs remembers what was served last.
type catalogs struct {
	mu sync.Mutex
	by map[string]*catalog // by names and revisions of the members
}

// of is the catalog of a question's server.
func (c *catalogs) of(q *question) (*catalog, error) {
	var key strings.Builder
	for _, m := range q.members {
		key.WriteString(m.Name + "\x00" + m.KubernetesVersion + "\x00" + m.Revision + "\x00")
	}
	c.mu.Lock()
	known := c.by[key.String()]
	c.mu.Unlock()
	if known != nil {
		return known, nil
	}
	made, err := newCatalog(q)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.by == nil || len(c.by) >= catalogsMost {
		c.by = map[string]*catalog{}
	}
	c.by[key.String()] = made
	return made, nil
}

func newCatalog(q *question) (*catalog, error) {
	texts, err := discoveryOf(q)
	if err != nil {
		return nil, err
	}
	c := &catalog{lists: map[string]*metav1.APIResourceList{}, kinds: map[schema.GroupVersionResource]*served{}, whole: true}
	kept, serving := map[kube.GroupResource][]string{}, map[kube.GroupResource][]string{}
	versions := map[kube.GroupResource]map[string]bool{}
	merged := map[string]bool{} // lists that stand there already, since members of one version say the same
	for _, m := range newestFirst(q.members) {
		said := newSaid(m, texts)
		c.whole = c.whole && !said.added
		for _, g := range said.groups {
			c.addGroup(g)
		}
		for gv, list := range said.lists {
			id := gv + "\x00" + said.ids[gv]
			if said.ids[gv] == "" || !merged[id] {
				c.addList(gv, list)
				merged[id] = true
			}
		}
		for _, k := range m.Kinds {
			kept[k.GroupResource] = append(kept[k.GroupResource], m.Name)
			if versions[k.GroupResource] == nil {
				versions[k.GroupResource] = map[string]bool{}
			}
			versions[k.GroupResource][k.Version] = true
		}
		for gr := range said.resources() {
			serving[gr] = append(serving[gr], m.Name)
		}
	}
	for _, names := range []map[kube.GroupResource][]string{kept, serving} {
		for _, n := range names {
			slices.Sort(n)
		}
	}
	for _, g := range c.groups {
		for _, v := range g.Versions {
			gv := schema.GroupVersion{Group: g.Name, Version: v.Version}
			for _, r := range c.lists[v.GroupVersion].APIResources {
				parent, sub, isSub := strings.Cut(r.Name, "/")
				gvr := gv.WithResource(parent)
				if isSub {
					if k := c.kinds[gvr]; k != nil {
						k.subs[sub] = r.Kind
					}
					continue
				}
				gr := kube.GroupResource{Group: g.Name, Resource: r.Name}
				c.kinds[gvr] = &served{Kind: records.Kind{GroupResource: gr, Version: v.Version, Kind: r.Kind, Namespaced: r.Namespaced, ShortNames: r.ShortNames},
					in: kept[gr], by: serving[gr], kept: versions[gr], subs: map[string]string{}}
			}
		}
	}
	return c, nil
}

func (c *catalog) addGroup(g metav1.APIGroup) {
	i := slices.IndexFunc(c.groups, func(known metav1.APIGroup) bool { return known.Name == g.Name })
	if i < 0 {
		g.Versions = slices.Clone(g.Versions)
		c.groups = append(c.groups, g)
		return
	}
	for _, v := range g.Versions {
		if !slices.Contains(c.groups[i].Versions, v) {
			c.groups[i].Versions = append(c.groups[i].Versions, v)
		}
	}
}

func (c *catalog) addList(gv string, list *metav1.APIResourceList) {
	known := c.lists[gv]
	if known == nil {
		added := *list
		added.APIResources = slices.Clone(list.APIResources)
		c.lists[gv] = &added
		return
	}
	for _, r := range list.APIResources {
		if !slices.ContainsFunc(known.APIResources, func(k metav1.APIResource) bool { return k.Name == r.Name }) {
			known.APIResources = append(known.APIResources, r)
		}
	}
}

// newestFirst are members in the order in which they are believed.
func newestFirst(members []records.Member) []records.Member {
	list := slices.Clone(members)
	slices.SortStableFunc(list, func(a, b records.Member) int { return -compareReleases(a.KubernetesVersion, b.KubernetesVersion) })
	return list
}

// compareReleases orders versions of Kubernetes; one that cannot be read is older than all.
func compareReleases(a, b string) int {
	x, errX := utilversion.ParseGeneric(a)
	y, errY := utilversion.ParseGeneric(b)
	switch {
	case errX != nil && errY != nil:
		return 0
	case errX != nil:
		return -1
	case errY != nil:
		return 1
	case x.LessThan(y):
		return -1
	case y.LessThan(x):
		return 1
	}
	return 0
}

const typeJSON = "application/json"

// find is a member's document, nil for none.
func find(m records.Member, path, contentType string) *records.Document {
	for i, d := range m.Documents {
		if d.Path == path && d.ContentType == contentType {
			return &m.Documents[i]
		}
	}
	return nil
}

// discoveryOf reads the members' documents of discovery.
func discoveryOf(q *question) (map[string][]byte, error) {
	var names []string
	for _, m := range q.members {
		for _, d := range m.Documents {
			if d.ContentType == typeJSON && (strings.HasPrefix(d.Path, "/api/") || strings.HasPrefix(d.Path, "/apis")) {
				names = append(names, d.SHA256)
			}
		}
	}
	slices.Sort(names)
	packed, err := q.reader.Documents(q.r.Context(), q.scope, slices.Compact(names))
	if err != nil {
		return nil, err
	}
	texts := make(map[string][]byte, len(packed))
	for name, content := range packed {
		if texts[name], err = unpack(content); err != nil {
			return nil, err
		}
	}
	return texts, nil
}

func unpack(content []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return nil, fmt.Errorf("unpack a document: %w", err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("unpack a document: %w", err)
	}
	return text, nil
}

// said is what one member serves.
type said struct {
	groups []metav1.APIGroup
	lists  map[string]*metav1.APIResourceList // by group and version
	ids    map[string]string                  // SHA-256 of each list, "" of one that is not the member's own
	added  bool                               // of kinds that the member's documents do not have
}

// newSaid reads what a member says of itself, and adds the kinds that are kept of it but are not there: all of them, when
// its collector does not tell, and for a moment those of a new definition.
func newSaid(m records.Member, texts map[string][]byte) *said {
	s := &said{lists: map[string]*metav1.APIResourceList{}, ids: map[string]string{}}
	var all metav1.APIGroupList
	if d := find(m, "/apis", typeJSON); d != nil {
		_ = json.Unmarshal(texts[d.SHA256], &all) // of what cannot be read nothing is known
	}
	s.groups = append([]metav1.APIGroup{{}}, all.Groups...)
	for _, d := range m.Documents {
		gv := strings.TrimPrefix(strings.TrimPrefix(d.Path, "/apis/"), "/api/")
		if gv == d.Path || d.ContentType != typeJSON {
			continue
		}
		list := &metav1.APIResourceList{}
		if json.Unmarshal(texts[d.SHA256], list) != nil || list.GroupVersion != gv {
			continue
		}
		s.lists[gv], s.ids[gv] = list, d.SHA256
		if !strings.Contains(gv, "/") {
			s.groups[0].Versions = append(s.groups[0].Versions, metav1.GroupVersionForDiscovery{GroupVersion: gv, Version: gv})
		}
	}
	known := s.resources()
	for _, k := range m.Kinds {
		if !known[k.GroupResource] {
			s.add(k)
		}
	}
	if len(s.groups[0].Versions) == 0 {
		s.groups = s.groups[1:]
	}
	s.groups = slices.DeleteFunc(s.groups, func(g metav1.APIGroup) bool { // of a group that did not answer
		return !slices.ContainsFunc(g.Versions, func(v metav1.GroupVersionForDiscovery) bool { return s.lists[v.GroupVersion] != nil })
	})
	for i := range s.groups {
		g := &s.groups[i]
		g.Versions = slices.DeleteFunc(slices.Clone(g.Versions), func(v metav1.GroupVersionForDiscovery) bool { return s.lists[v.GroupVersion] == nil })
		if !slices.Contains(g.Versions, g.PreferredVersion) {
			g.PreferredVersion = g.Versions[0]
		}
	}
	return s
}

// resources are the kinds that the member serves.
func (s *said) resources() map[kube.GroupResource]bool {
	all := map[kube.GroupResource]bool{}
	for gv, list := range s.lists {
		group, _, named := strings.Cut(gv, "/")
		if !named {
			group = ""
		}
		for _, r := range list.APIResources {
			if !strings.Contains(r.Name, "/") {
				all[kube.GroupResource{Group: group, Resource: r.Name}] = true
			}
		}
	}
	return all
}

var readVerbs = metav1.Verbs{"get", "list", "watch"}

func (s *said) add(k records.Kind) {
	s.added = true
	gv := schema.GroupVersion{Group: k.Group, Version: k.Version}.String()
	i := slices.IndexFunc(s.groups, func(g metav1.APIGroup) bool { return g.Name == k.Group })
	if i < 0 {
		i = len(s.groups)
		s.groups = append(s.groups, metav1.APIGroup{Name: k.Group})
	}
	v := metav1.GroupVersionForDiscovery{GroupVersion: gv, Version: k.Version}
	if !slices.Contains(s.groups[i].Versions, v) {
		versions := append(slices.Clone(s.groups[i].Versions), v)
		slices.SortFunc(versions, func(a, b metav1.GroupVersionForDiscovery) int { return compareVersions(b.Version, a.Version) })
		s.groups[i].Versions = versions
	}
	list := &metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: gv}
	if known := s.lists[gv]; known != nil {
		*list = *known
	}
	list.APIResources = append(slices.Clone(list.APIResources), metav1.APIResource{Name: k.Resource, SingularName: strings.ToLower(k.Kind), Namespaced: k.Namespaced, Kind: k.Kind, Verbs: readVerbs, ShortNames: k.ShortNames})
	s.lists[gv], s.ids[gv] = list, ""
}
