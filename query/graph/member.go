package graph

import (
	"context"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
)

// Members is what the graph needs to add and remove member clusters.
type Members interface {
	// Join registers name and answers what its collector needs to enrol.
	Join(ctx context.Context, name string, labels map[string]string) (*Join, error)
	Remove(ctx context.Context, name string) error
}

// Join is what a collector needs to enrol, once.
type Join struct {
	Cluster, Token, Hub, CAPin, Command string
	ExpiresAt                           time.Time
}

func (r *resolver) members(ctx context.Context) (Members, error) {
	if access.FromContext(ctx).Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "Members can be changed by the hub's administrator only."}
	}
	if r.registry == nil {
		return nil, &access.Error{Code: "UNAVAILABLE", Message: "This hub takes no collectors.", Fix: "Start it with --collectors-listen."}
	}
	return r.registry, nil
}

func (r *resolver) AddCluster(ctx context.Context, args struct {
	Name   string
	Labels *[]struct{ Key, Value string }
}) (*joinResolver, error) {
	m, err := r.members(ctx)
	if err != nil {
		return nil, err
	}
	labels := map[string]string{}
	if args.Labels != nil {
		for _, l := range *args.Labels {
			labels[l.Key] = l.Value
		}
	}
	j, err := m.Join(ctx, args.Name, labels)
	if err != nil {
		return nil, err
	}
	return &joinResolver{j}, nil
}

func (r *resolver) RemoveCluster(ctx context.Context, args struct{ Name string }) (bool, error) {
	m, err := r.members(ctx)
	if err != nil {
		return false, err
	}
	return true, m.Remove(ctx, args.Name)
}

type joinResolver struct{ j *Join }

func (j *joinResolver) Cluster() string         { return j.j.Cluster }
func (j *joinResolver) Token() string           { return j.j.Token }
func (j *joinResolver) Hub() string             { return j.j.Hub }
func (j *joinResolver) CAPin() string           { return j.j.CAPin }
func (j *joinResolver) Command() string         { return j.j.Command }
func (j *joinResolver) ExpiresAt() graphql.Time { return graphql.Time{Time: j.j.ExpiresAt.UTC()} }
