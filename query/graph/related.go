package graph

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

const maxRelatedDepth = 6

func (r *resolver) Related(ctx context.Context, args struct {
	Ref   graphql.ID
	Depth int32
	Types *[]string
}) (*graphResolver, error) {
	ref, err := parseRef(args.Ref)
	if err != nil {
		return nil, err
	}
	if args.Depth < 1 || args.Depth > maxRelatedDepth {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: "depth must be from 1 to 6."}
	}
	var types []string
	if args.Types != nil {
		if types = *args.Types; len(types) == 0 {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: "types is empty, so that no relation would be followed.", Fix: "Leave it out for all types, or name one: owns, uses, selects, ..."}
		}
	}
	g, err := r.reader.Related(ctx, access.FromContext(ctx), ref, int(args.Depth), types...)
	if err != nil {
		return nil, err
	}
	return &graphResolver{g}, nil
}

type graphResolver struct{ g *records.Graph }

func (g *graphResolver) Truncated() bool { return g.g.Truncated }
func (g *graphResolver) Width() float64  { return g.g.Width }
func (g *graphResolver) Height() float64 { return g.g.Height }

func (g *graphResolver) Nodes() []graphNode {
	list := make([]graphNode, len(g.g.Nodes))
	for i, n := range g.g.Nodes {
		list[i] = graphNode{n, resourceResolver{o: n.Object}}
	}
	return list
}

func (g *graphResolver) Edges() []graphEdge {
	list := make([]graphEdge, len(g.g.Edges))
	for i, e := range g.g.Edges {
		list[i] = graphEdge{e, g.g.Bends[i]}
	}
	return list
}

type graphNode struct {
	n records.GraphNode
	x resourceResolver
}

func (n graphNode) Ref() graphql.ID    { return n.x.Ref() }
func (n graphNode) Kind() string       { return n.x.Kind() }
func (n graphNode) Name() string       { return n.x.Name() }
func (n graphNode) Namespace() *string { return n.x.Namespace() }
func (n graphNode) Cluster() string    { return n.x.Cluster() }
func (n graphNode) Status() string     { return n.x.Status() }
func (n graphNode) Health() string     { return n.x.Health() }
func (n graphNode) Ready() *bool       { return n.x.Ready() }
func (n graphNode) Level() int32       { return int32(n.n.Level) }
func (n graphNode) Hidden() int32      { return int32(n.n.Hidden) }
func (n graphNode) X() float64         { return n.n.X }
func (n graphNode) Y() float64         { return n.n.Y }

type graphEdge struct {
	e     records.GraphEdge
	bends []records.Point
}

func (e graphEdge) From() graphql.ID { return graphql.ID(e.e.From.String()) }
func (e graphEdge) To() graphql.ID   { return graphql.ID(e.e.To.String()) }
func (e graphEdge) Type() string     { return e.e.Type }

func (e graphEdge) Bends() []graphPoint {
	list := make([]graphPoint, len(e.bends))
	for i, b := range e.bends {
		list[i] = graphPoint{b}
	}
	return list
}

type graphPoint struct{ p records.Point }

func (p graphPoint) X() float64 { return p.p.X }
func (p graphPoint) Y() float64 { return p.p.Y }
