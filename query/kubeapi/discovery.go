package kubeapi

import (
	"net/http"
	"slices"
	"strings"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/version"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/records"
)

// served is a kind as the virtual API server offers it.
type served struct {
	records.Kind
	in []string // names of the members that serve it
}

// kinds are those of the server's members, by group and resource.
func (q *question) kinds() []served {
	at := map[string]int{}
	var list []served
	for _, m := range q.members {
		for _, k := range m.Kinds {
			id := k.GroupResource.String()
			i, known := at[id]
			if !known {
				i = len(list)
				at[id] = i
				list = append(list, served{Kind: k})
			}
			list[i].in = append(list[i].in, m.Name)
		}
	}
	slices.SortFunc(list, func(a, b served) int {
		if n := strings.Compare(a.Group, b.Group); n != 0 {
			return n
		}
		return strings.Compare(a.Resource, b.Resource)
	})
	return list
}

// kind is what a path names.
func (q *question) kind(info *apirequest.RequestInfo) (served, bool) {
	for _, k := range q.kinds() {
		if k.Group == info.APIGroup && k.Resource == info.Resource && k.Version == info.APIVersion {
			return k, true
		}
	}
	return served{}, false
}

var verbs = metav1.Verbs{"get", "list", "watch"}

// aggregated reports whether the caller wants all groups in one document.
func aggregated(r *http.Request) bool {
	for _, accept := range r.Header.Values("Accept") {
		for _, part := range strings.Split(accept, ",") {
			if strings.Contains(part, "g=apidiscovery.k8s.io") && strings.Contains(part, "v=v2;") || strings.HasSuffix(part, "v=v2") && strings.Contains(part, "APIGroupDiscoveryList") {
				return true
			}
		}
	}
	return false
}

const aggregatedType = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"

// serveDocument answers what is not about objects: versions and discovery.
func (q *question) serveDocument() (done bool, err error) {
	path := strings.TrimSuffix(q.path, "/")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/version":
		write(q.w, http.StatusOK, q.serverVersion())
	case path == "/healthz" || path == "/livez" || path == "/readyz":
		q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = q.w.Write([]byte("ok"))
	case path == "":
		write(q.w, http.StatusOK, metav1.RootPaths{Paths: []string{"/api", "/api/v1", "/apis", "/healthz", "/livez", "/readyz", "/version"}})
	case path == "/api" && aggregated(q.r), path == "/apis" && aggregated(q.r):
		q.w.Header().Set("Content-Type", aggregatedType)
		write(q.w, http.StatusOK, q.groupsAtOnce(path == "/api"))
	case path == "/api":
		write(q.w, http.StatusOK, metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{"v1"}, ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{}})
	case path == "/apis":
		write(q.w, http.StatusOK, metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: q.groups()})
	case len(parts) == 2 && parts[0] == "api":
		return true, q.resources("", parts[1])
	case len(parts) == 3 && parts[0] == "apis":
		return true, q.resources(parts[1], parts[2])
	case len(parts) == 2 && parts[0] == "apis":
		for _, g := range q.groups() {
			if g.Name == parts[1] {
				g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
				write(q.w, http.StatusOK, g)
				return true, nil
			}
		}
		return false, nil
	default:
		return false, nil
	}
	return true, nil
}

// serverVersion is the member's, or the oldest of the fleet, which is what all can do.
func (q *question) serverVersion() version.Info {
	v := ""
	for _, m := range q.members {
		if v == "" || m.KubernetesVersion != "" && m.KubernetesVersion < v {
			v = m.KubernetesVersion
		}
	}
	major, minor := "", ""
	if digits := strings.SplitN(strings.TrimPrefix(v, "v"), ".", 3); len(digits) == 3 {
		major, minor = digits[0], digits[1]
	}
	return version.Info{Major: major, Minor: minor, GitVersion: v, Platform: "foretop/" + q.version}
}

// groups are all but the core group, each with its versions.
func (q *question) groups() []metav1.APIGroup {
	groups := []metav1.APIGroup{}
	for _, k := range q.kinds() {
		if k.Group == "" {
			continue
		}
		i := slices.IndexFunc(groups, func(g metav1.APIGroup) bool { return g.Name == k.Group })
		if i < 0 {
			i = len(groups)
			groups = append(groups, metav1.APIGroup{Name: k.Group})
		}
		v := metav1.GroupVersionForDiscovery{GroupVersion: k.Group + "/" + k.Version, Version: k.Version}
		if !slices.Contains(groups[i].Versions, v) {
			groups[i].Versions = append(groups[i].Versions, v)
			slices.SortFunc(groups[i].Versions, func(a, b metav1.GroupVersionForDiscovery) int { return compareVersions(b.Version, a.Version) })
		}
		groups[i].PreferredVersion = groups[i].Versions[0]
	}
	return groups
}

func (q *question) resources(group, version string) error {
	list := metav1.APIResourceList{TypeMeta: metav1.TypeMeta{Kind: "APIResourceList", APIVersion: "v1"}, GroupVersion: version, APIResources: []metav1.APIResource{}}
	if group != "" {
		list.GroupVersion = group + "/" + version
	}
	for _, k := range q.kinds() {
		if k.Group == group && k.Version == version {
			list.APIResources = append(list.APIResources, metav1.APIResource{Name: k.Resource, SingularName: strings.ToLower(k.Kind.Kind), Namespaced: k.Namespaced, Kind: k.Kind.Kind, Verbs: verbs, ShortNames: k.ShortNames})
		}
	}
	if len(list.APIResources) == 0 {
		return notFound(q.path)
	}
	write(q.w, http.StatusOK, list)
	return nil
}

// groupsAtOnce is the aggregated form, of the core group or of all others.
func (q *question) groupsAtOnce(core bool) apidiscovery.APIGroupDiscoveryList {
	list := apidiscovery.APIGroupDiscoveryList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"}, Items: []apidiscovery.APIGroupDiscovery{}}
	for _, k := range q.kinds() {
		if (k.Group == "") != core {
			continue
		}
		i := slices.IndexFunc(list.Items, func(g apidiscovery.APIGroupDiscovery) bool { return g.Name == k.Group })
		if i < 0 {
			i = len(list.Items)
			list.Items = append(list.Items, apidiscovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: k.Group}})
		}
		g := &list.Items[i]
		j := slices.IndexFunc(g.Versions, func(v apidiscovery.APIVersionDiscovery) bool { return v.Version == k.Version })
		if j < 0 {
			g.Versions = append(g.Versions, apidiscovery.APIVersionDiscovery{Version: k.Version, Freshness: apidiscovery.DiscoveryFreshnessCurrent})
			slices.SortFunc(g.Versions, func(a, b apidiscovery.APIVersionDiscovery) int { return compareVersions(b.Version, a.Version) })
			j = slices.IndexFunc(g.Versions, func(v apidiscovery.APIVersionDiscovery) bool { return v.Version == k.Version })
		}
		scope := apidiscovery.ScopeCluster
		if k.Namespaced {
			scope = apidiscovery.ScopeNamespace
		}
		g.Versions[j].Resources = append(g.Versions[j].Resources, apidiscovery.APIResourceDiscovery{
			Resource: k.Resource, ResponseKind: &metav1.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind.Kind}, Scope: scope,
			SingularResource: strings.ToLower(k.Kind.Kind), Verbs: verbs, ShortNames: k.ShortNames,
		})
	}
	return list
}
