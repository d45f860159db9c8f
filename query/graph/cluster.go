package graph

import (
	"context"
	"errors"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) Clusters(ctx context.Context, args struct{ Query string }) ([]*clusterResolver, error) {
	found, err := r.reader.Clusters(ctx, access.FromContext(ctx), args.Query)
	if err != nil {
		return nil, err
	}
	list := make([]*clusterResolver, len(found))
	for i, c := range found {
		list[i] = &clusterResolver{c}
	}
	return list, nil
}

type clusterResolver struct{ c *records.Cluster }

func (c *clusterResolver) Name() string              { return c.c.Name }
func (c *clusterResolver) UID() string               { return c.c.UID }
func (c *clusterResolver) Mode() string              { return c.c.Mode }
func (c *clusterResolver) State() string             { return string(c.c.State) }
func (c *clusterResolver) Reason() string            { return c.c.Reason }
func (c *clusterResolver) AsOf() *graphql.Time       { return timeOrNil(c.c.AsOf) }
func (c *clusterResolver) KubernetesVersion() string { return c.c.KubernetesVersion }
func (c *clusterResolver) Labels() JSON              { return stringMap(c.c.Labels) }
func (c *clusterResolver) Objects() int32            { return int32(c.c.Objects) }
func (c *clusterResolver) Nodes() int32              { return int32(c.c.Nodes) }
func (c *clusterResolver) Pods() int32               { return int32(c.c.Pods) }
func (c *clusterResolver) Namespaces() int32         { return int32(c.c.Namespaces) }
func (c *clusterResolver) AddedAt() graphql.Time     { return graphql.Time{Time: c.c.AddedAt.UTC()} }

func (c *clusterResolver) Protection() string { return protectionName(c.c.Protection) }

// LagMs is how far behind the member the stored state may be.
func (c *clusterResolver) LagMs() *float64 {
	if c.c.AsOf.IsZero() {
		return nil
	}
	lag := max(0, float64(time.Since(c.c.AsOf).Microseconds())/1000)
	return &lag
}

func (c *clusterResolver) Resources() []resourceState {
	list := make([]resourceState, len(c.c.Resources))
	for i, s := range c.c.Resources {
		list[i] = resourceState{s}
	}
	return list
}

type resourceState struct{ s records.ResourceState }

func (s resourceState) Group() string    { return s.s.Group }
func (s resourceState) Version() string  { return s.s.Version }
func (s resourceState) Resource() string { return s.s.Resource }
func (s resourceState) Kind() string     { return s.s.Kind }
func (s resourceState) State() string    { return s.s.State }
func (s resourceState) Reason() string   { return s.s.Reason }
func (s resourceState) Objects() int32   { return int32(s.s.Objects) }

func (r *resolver) Kinds(ctx context.Context) ([]kindResolver, error) {
	found, err := r.reader.Kinds(ctx, access.FromContext(ctx))
	if err != nil {
		return nil, err
	}
	list := make([]kindResolver, len(found))
	for i, k := range found {
		list[i] = kindResolver{k}
	}
	return list, nil
}

type kindResolver struct{ k records.Kind }

func (k kindResolver) Group() string    { return k.k.Group }
func (k kindResolver) Resource() string { return k.k.Resource }
func (k kindResolver) Kind() string     { return k.k.Kind }
func (k kindResolver) Namespaced() bool { return k.k.Namespaced }
func (k kindResolver) Clusters() int32  { return int32(k.k.Clusters) }

func (k kindResolver) ShortNames() []string {
	if k.k.ShortNames == nil {
		return []string{}
	}
	return k.k.ShortNames
}

func (r *resolver) Viewer(ctx context.Context) (*viewerResolver, error) {
	scope := access.FromContext(ctx)
	clusters, err := r.reader.Clusters(ctx, scope, "")
	if err != nil {
		return nil, err
	}
	return &viewerResolver{scope, r.version, int32(len(clusters))}, nil
}

type viewerResolver struct {
	scope    access.Scope
	version  string
	clusters int32
}

func (v *viewerResolver) User() string    { return v.scope.User() }
func (v *viewerResolver) Admin() bool     { return v.scope.Admin() }
func (v *viewerResolver) Version() string { return v.version }
func (v *viewerResolver) Clusters() int32 { return v.clusters }

// queryError is the mistake in the caller's query that err is about, nil when it is something else.
func queryError(err error) *access.Error {
	var ours *access.Error
	if errors.As(err, &ours) && len(ours.Code) > 3 && ours.Code[:3] == "QL_" {
		return ours
	}
	return nil
}
