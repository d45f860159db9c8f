package kubeapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/munnerz/goautoneg"
	apidiscovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/records"
)

// kind is what a path names.
func (q *question) kind(info *apirequest.RequestInfo) (served, bool) {
	k, ok := q.catalog.kinds[schema.GroupVersionResource{Group: info.APIGroup, Version: info.APIVersion, Resource: info.Resource}]
	if !ok {
		return served{}, false
	}
	return *k, true
}

// aggregated is the version of the form that has all groups in one document, when the caller wants that before the other.
func aggregated(r *http.Request) string {
	for _, clause := range goautoneg.ParseAccept(strings.Join(r.Header.Values("Accept"), ",")) {
		if clause.Type != "application" && clause.Type != "*" || clause.SubType != "json" && clause.SubType != "*" {
			continue
		}
		if clause.Params["g"] == "" {
			return ""
		}
		if v := clause.Params["v"]; clause.Params["g"] == "apidiscovery.k8s.io" && clause.Params["as"] == "APIGroupDiscoveryList" && (v == "v2" || v == "v2beta1") {
			return v
		}
	}
	return ""
}

func aggregatedType(version string) string {
	return typeJSON + ";g=apidiscovery.k8s.io;v=" + version + ";as=APIGroupDiscoveryList"
}

// serveDocument answers what is not about objects: versions, discovery and OpenAPI.
func (q *question) serveDocument() (done bool, err error) {
	path := strings.TrimSuffix(q.path, "/")
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	switch {
	case path == "/version":
		return true, q.serverVersion()
	case path == "/healthz" || path == "/livez" || path == "/readyz":
		q.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = q.w.Write([]byte("ok"))
		return true, nil
	case path == "":
		write(q.w, http.StatusOK, metav1.RootPaths{Paths: []string{"/api", "/api/v1", "/apis", "/healthz", "/livez", "/openapi/v2", "/openapi/v3", "/readyz", "/version"}})
		return true, nil
	case parts[0] == "openapi":
		return true, q.openAPI(path)
	case path == "/api" || path == "/apis":
		q.w.Header().Add("Vary", "Accept")
		if v := aggregated(q.r); v != "" {
			return true, q.groupsAtOnce(path, v)
		}
		if path == "/api" { // which tells clients other addresses, at the member
			versions := metav1.APIVersions{TypeMeta: metav1.TypeMeta{Kind: "APIVersions"}, Versions: []string{}, ServerAddressByClientCIDRs: []metav1.ServerAddressByClientCIDR{}}
			for _, v := range q.group("").Versions {
				versions.Versions = append(versions.Versions, v.Version)
			}
			return true, q.say(path, typeJSON, versions)
		}
		groups := metav1.APIGroupList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupList", APIVersion: "v1"}, Groups: []metav1.APIGroup{}}
		for _, g := range q.catalog.groups {
			if g.Name != "" {
				groups.Groups = append(groups.Groups, g)
			}
		}
		return true, q.said(path, typeJSON, groups)
	case len(parts) == 2 && parts[0] == "api", len(parts) == 3 && parts[0] == "apis":
		list := q.catalog.lists[strings.Join(parts[1:], "/")]
		if list == nil {
			return true, notFound(q.path)
		}
		return true, q.said(path, typeJSON, list)
	case len(parts) == 2 && parts[0] == "apis":
		g := q.group(parts[1])
		if g.Name == "" {
			return true, notFound(q.path)
		}
		g.TypeMeta = metav1.TypeMeta{Kind: "APIGroup", APIVersion: "v1"}
		return true, q.say(path, typeJSON, g)
	default:
		return false, nil
	}
}

// group is what is served of a group; it has no versions when there is none.
func (q *question) group(name string) metav1.APIGroup {
	for _, g := range q.catalog.groups {
		if g.Name == name {
			return g
		}
	}
	return metav1.APIGroup{}
}

// say answers a document of the hub's own.
func (q *question) say(path, contentType string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return q.answerDocument(contentType, append(text, '\n'))
}

// said answers a document as the members have it, when they all have the same, else made.
func (q *question) said(path, contentType string, made any) error {
	if d := q.same(path, contentType); d != nil {
		return q.answerStored(*d, contentType)
	}
	return q.say(path, contentType, made)
}

// same is the document that all members have at a path, nil when it is not one.
func (q *question) same(path, contentType string) *records.Document {
	if !q.catalog.whole || len(q.members) == 0 {
		return nil
	}
	first := find(q.members[0], path, contentType)
	if first == nil || first.SHA256 == "" {
		return nil
	}
	for _, m := range q.members[1:] {
		if d := find(m, path, contentType); d == nil || d.SHA256 != first.SHA256 {
			return nil
		}
	}
	return first
}

// groupsAtOnce is the aggregated form, of the core group or of all others.
func (q *question) groupsAtOnce(path, version string) error {
	if d := q.same(path, aggregatedType(version)); d != nil {
		return q.answerStored(*d, aggregatedType(version))
	}
	list := apidiscovery.APIGroupDiscoveryList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/" + version}, Items: []apidiscovery.APIGroupDiscovery{}}
	for _, g := range q.catalog.groups {
		if (g.Name == "") != (path == "/api") {
			continue
		}
		item := apidiscovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: g.Name}}
		for _, v := range g.Versions {
			item.Versions = append(item.Versions, apidiscovery.APIVersionDiscovery{Version: v.Version, Freshness: apidiscovery.DiscoveryFreshnessCurrent,
				Resources: atOnceOf(schema.GroupVersion{Group: g.Name, Version: v.Version}, q.catalog.lists[v.GroupVersion].APIResources)})
		}
		list.Items = append(list.Items, item)
	}
	return q.say(path, aggregatedType(version), list) // both versions are written alike
}

// atOnceOf is a list in the aggregated form, where sub-resources stand below what they are of.
func atOnceOf(gv schema.GroupVersion, list []metav1.APIResource) []apidiscovery.APIResourceDiscovery {
	var all []apidiscovery.APIResourceDiscovery
	at := map[string]int{}
	of := func(name string, scope apidiscovery.ResourceScope) *apidiscovery.APIResourceDiscovery {
		i, known := at[name]
		if !known {
			i = len(all)
			at[name] = i
			all = append(all, apidiscovery.APIResourceDiscovery{Resource: name, Scope: scope, ResponseKind: &metav1.GroupVersionKind{}})
		}
		return &all[i]
	}
	for _, subs := range []bool{false, true} {
		for _, r := range list {
			parent, sub, isSub := strings.Cut(r.Name, "/")
			if isSub != subs {
				continue
			}
			scope := apidiscovery.ScopeCluster
			if r.Namespaced {
				scope = apidiscovery.ScopeNamespace
			}
			kind := &metav1.GroupVersionKind{Group: gv.Group, Version: gv.Version, Kind: r.Kind}
			if r.Version != "" {
				kind.Group, kind.Version = r.Group, r.Version
			}
			resource := of(parent, scope)
			if isSub {
				resource.Subresources = append(resource.Subresources, apidiscovery.APISubresourceDiscovery{Subresource: sub, ResponseKind: kind, Verbs: r.Verbs})
				continue
			}
			resource.ResponseKind, resource.SingularResource, resource.Verbs, resource.ShortNames, resource.Categories = kind, r.SingularName, r.Verbs, r.ShortNames, r.Categories
		}
	}
	return all
}

// serverVersion is the member's, or that of the oldest of the fleet, which is what all can do.
func (q *question) serverVersion() error {
	if len(q.members) == 0 {
		return q.say(q.path, typeJSON, version.Info{Platform: "foretop/" + q.version})
	}
	list := newestFirst(q.members)
	oldest := list[len(list)-1]
	if d := find(oldest, "/version", typeJSON); d != nil && d.SHA256 != "" {
		return q.answerStored(*d, typeJSON)
	}
	v := oldest.KubernetesVersion
	info := version.Info{GitVersion: v, Platform: "foretop/" + q.version}
	if digits := strings.SplitN(strings.TrimPrefix(v, "v"), ".", 3); len(digits) == 3 {
		info.Major, info.Minor = digits[0], digits[1]
	}
	return q.say(q.path, typeJSON, info)
}
