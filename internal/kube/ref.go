// Package kube holds the words that every part uses for Kubernetes objects: references, kinds and
// what an object's JSON says about itself. It knows no cluster connection and no database.
//
// Invariant: Ref.String and ParseRef are inverse of each other, and Summarize is a pure function of the object.
package kube

import (
	"fmt"
	"strings"
)

// GroupResource names a kind of object as API paths do: group "" is the core group, Resource is the lower-case plural.
type GroupResource struct {
	Group    string
	Resource string
}

// String is the form people write: deployments.apps, pods.
func (gr GroupResource) String() string {
	if gr.Group == "" {
		return gr.Resource
	}
	return gr.Resource + "." + gr.Group
}

// ParseGroupResource reads what GroupResource.String writes.
func ParseGroupResource(s string) GroupResource {
	resource, group, _ := strings.Cut(s, ".")
	return GroupResource{Group: group, Resource: resource}
}

// Ref names one object of the fleet. Cluster is the cluster's name as people know it, not its UID.
type Ref struct {
	Cluster   string
	Namespace string // "" for cluster-scoped objects
	GroupResource
	Name string
}

// String is CLUSTER:NAMESPACE/RESOURCE[.GROUP]/NAME, with "-" for no namespace.
func (r Ref) String() string {
	ns := r.Namespace
	if ns == "" {
		ns = "-"
	}
	return r.Cluster + ":" + ns + "/" + r.GroupResource.String() + "/" + r.Name
}

// ParseRef reads what Ref.String writes. The name may hold any character but '/', except that of an image.
func ParseRef(s string) (Ref, error) {
	cluster, rest, ok := strings.Cut(s, ":")
	parts := strings.SplitN(rest, "/", 3)
	if !ok || cluster == "" || len(parts) != 3 || parts[0] == "" || parts[1] == "" || parts[2] == "" || strings.Contains(parts[2], "/") && parts[1] != Images.String() {
		return Ref{}, fmt.Errorf("%q is not a reference: write CLUSTER:NAMESPACE/RESOURCE.GROUP/NAME, with - for no namespace, as in zone1:shop/deployments.apps/app2", s)
	}
	ns := parts[0]
	if ns == "-" {
		ns = ""
	}
	return Ref{Cluster: cluster, Namespace: ns, GroupResource: ParseGroupResource(parts[1]), Name: parts[2]}, nil
}
