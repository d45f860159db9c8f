package kube

import (
	"context"
	"errors"
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// Kinds is what an API server said it serves.
type Kinds struct {
	// Resources that can be listed and watched, each in its group's preferred version that has it.
	Resources map[schema.GroupResource]*ingestpb.Resource
	// Failed groups did not answer; what they serve is unknown, not gone.
	Failed map[string]error
}

// Discover asks the API server what it serves. A group that does not answer is part of the result; only no
// answer at all is an error.
func (c *Client) Discover(ctx context.Context) (Kinds, error) {
	type answer struct {
		groups []*metav1.APIGroup
		lists  []*metav1.APIResourceList
		err    error
	}
	// client-go's discovery takes no context here.
	done := make(chan answer, 1)
	go func() {
		groups, lists, err := c.Discovery.ServerGroupsAndResources()
		done <- answer{groups, lists, err}
	}()
	var got answer
	select {
	case got = <-done:
	case <-ctx.Done():
		return Kinds{}, ctx.Err()
	}
	kinds := Kinds{Resources: map[schema.GroupResource]*ingestpb.Resource{}, Failed: map[string]error{}}
	if got.err != nil {
		var partial *discovery.ErrGroupDiscoveryFailed
		if !errors.As(got.err, &partial) {
			return Kinds{}, Explain(c.host, "list the kinds it serves", got.err)
		}
		for gv, err := range partial.Groups {
			kinds.Failed[gv.Group] = fmt.Errorf("the API %s does not answer: %w", gv, Explain(c.host, "list the kinds of "+gv.String(), err))
		}
	}
	lists := map[string]*metav1.APIResourceList{}
	for _, l := range got.lists {
		lists[l.GroupVersion] = l
	}
	for _, g := range got.groups {
		versions := make([]string, 0, len(g.Versions))
		for _, v := range g.Versions {
			versions = append(versions, v.Version)
		}
		if p := g.PreferredVersion.Version; p != "" {
			versions = append([]string{p}, slices.DeleteFunc(versions, func(v string) bool { return v == p })...)
		}
		for _, v := range versions {
			l := lists[schema.GroupVersion{Group: g.Name, Version: v}.String()]
			if l == nil {
				continue
			}
			for _, r := range l.APIResources {
				gr := schema.GroupResource{Group: g.Name, Resource: r.Name}
				if _, found := kinds.Resources[gr]; found || !slices.Contains(r.Verbs, "list") || !slices.Contains(r.Verbs, "watch") {
					continue
				}
				kinds.Resources[gr] = &ingestpb.Resource{
					Group: g.Name, Version: v, Resource: r.Name, Kind: r.Kind, Namespaced: r.Namespaced, ShortNames: r.ShortNames,
				}
			}
		}
	}
	if len(kinds.Resources) == 0 {
		return Kinds{}, fmt.Errorf("the API server at %s names no kinds", c.host)
	}
	return kinds, nil
}
