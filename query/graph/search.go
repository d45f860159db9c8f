package graph

import (
	"context"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) Search(ctx context.Context, args struct {
	Query  string
	First  int32
	After  *string
	Facets *[]string
}) (*searchResolver, error) {
	first, err := page(ctx, args.First)
	if err != nil {
		return nil, err
	}
	req := records.Request{Query: args.Query, First: first, After: text(args.After)}
	if args.Facets != nil {
		req.Facets = *args.Facets
	}
	if !wants(ctx, "nodes.object", "nodes.yaml", "nodes.annotations") {
		req.Bare = true
	}
	res, err := r.reader.Search(ctx, access.FromContext(ctx), req)
	if err != nil {
		return nil, err
	}
	return &searchResolver{res: res, nodes: r.resources(answerOf(ctx), res.Objects)}, nil
}

// wants reports whether the request selects any of the paths below the current field.
func wants(ctx context.Context, paths ...string) bool {
	for _, p := range paths {
		if graphql.HasSelectedField(ctx, p) {
			return true
		}
	}
	return false
}

type searchResolver struct {
	res   *records.Result
	nodes []*resourceResolver
}

func (s *searchResolver) Total() int32               { return int32(s.res.Total) }
func (s *searchResolver) Nodes() []*resourceResolver { return s.nodes }
func (s *searchResolver) PageInfo() pageInfo         { return pageInfo{s.res.More, s.res.Cursor} }
func (s *searchResolver) Coverage() coverageResolver { return coverageResolver{s.res.Coverage} }
func (s *searchResolver) TookMs() float64            { return float64(s.res.Took.Microseconds()) / 1000 }
func (s *searchResolver) Engine() string             { return s.res.Engine }

func (s *searchResolver) Facets() []facetResolver {
	list := make([]facetResolver, len(s.res.Facets))
	for i, f := range s.res.Facets {
		list[i] = facetResolver{f}
	}
	return list
}

func (s *searchResolver) Groups() []groupResolver {
	list := make([]groupResolver, len(s.res.Groups))
	for i, g := range s.res.Groups {
		list[i] = groupResolver{g}
	}
	return list
}

type groupResolver struct{ g records.Group }

func (g groupResolver) Values() []string { return g.g.Values }
func (g groupResolver) Count() int32     { return int32(g.g.Count) }
func (g groupResolver) Ready() int32     { return int32(g.g.Ready) }
func (g groupResolver) NotReady() int32  { return int32(g.g.NotReady) }

type pageInfo struct {
	more   bool
	cursor string
}

func (p pageInfo) HasNextPage() bool  { return p.more }
func (p pageInfo) EndCursor() *string { return orNil(p.cursor) }

type facetResolver struct{ f records.Facet }

func (f facetResolver) Field() string   { return f.f.Field }
func (f facetResolver) Distinct() int32 { return int32(f.f.Distinct) }

func (f facetResolver) Values() []facetValue {
	list := make([]facetValue, len(f.f.Values))
	for i, v := range f.f.Values {
		list[i] = facetValue{v}
	}
	return list
}

type facetValue struct{ v records.FacetValue }

func (f facetValue) Value() string { return f.v.Value }
func (f facetValue) Count() int32  { return int32(f.v.Count) }

type coverageResolver struct{ c records.Coverage }

func (c coverageResolver) Asked() int32 { return int32(len(c.c.Clusters)) }

// Answered counts clusters whose data stands in the answer, however old it is.
func (c coverageResolver) Answered() int32 {
	n := int32(0)
	for _, x := range c.c.Clusters {
		if x.State != records.Pending {
			n++
		}
	}
	return n
}

func (c coverageResolver) Stale() int32 {
	n := int32(0)
	for _, x := range c.c.Clusters {
		if x.State == records.Stale {
			n++
		}
	}
	return n
}

func (c coverageResolver) Missing() []string { return append([]string{}, c.c.Missing...) }

func (c coverageResolver) Clusters() []clusterCoverage {
	list := make([]clusterCoverage, len(c.c.Clusters))
	for i, x := range c.c.Clusters {
		list[i] = clusterCoverage{x}
	}
	return list
}

type clusterCoverage struct{ c records.ClusterCoverage }

func (c clusterCoverage) Cluster() string     { return c.c.Cluster }
func (c clusterCoverage) State() string       { return string(c.c.State) }
func (c clusterCoverage) AsOf() *graphql.Time { return timeOrNil(c.c.AsOf) }
func (c clusterCoverage) Reason() string      { return c.c.Reason }

func (r *resolver) SearchComplete(ctx context.Context, args struct {
	Query  string
	Cursor *int32
	Page   string
}) ([]suggestionResolver, error) {
	cursor := len(args.Query)
	if args.Cursor != nil {
		cursor = min(max(int(*args.Cursor), 0), len(args.Query))
	}
	found, err := r.reader.Complete(ctx, access.FromContext(ctx), args.Query, cursor, args.Page)
	if err != nil {
		return nil, err
	}
	list := make([]suggestionResolver, len(found))
	for i, s := range found {
		list[i] = suggestionResolver{s}
	}
	return list, nil
}

type suggestionResolver struct{ s records.Suggestion }

func (s suggestionResolver) Text() string   { return s.s.Text }
func (s suggestionResolver) Label() string  { return s.s.Label }
func (s suggestionResolver) Type() string   { return s.s.Type }
func (s suggestionResolver) Detail() string { return s.s.Detail }
func (s suggestionResolver) Count() *int32  { return countOrNil(int64(s.s.Count)) }
func (s suggestionResolver) From() int32    { return int32(s.s.From) }
func (s suggestionResolver) To() int32      { return int32(s.s.To) }

// SearchExplain answers mistakes in the query as data, so that an editor can show them while people type.
func (r *resolver) SearchExplain(ctx context.Context, args struct{ Query, Page string }) (*explanationResolver, error) {
	e, err := r.reader.Explain(ctx, access.FromContext(ctx), args.Query, args.Page)
	if err != nil {
		if ours := queryError(err); ours != nil {
			return &explanationResolver{e: records.Explanation{}, mistake: ours}, nil
		}
		return nil, err
	}
	return &explanationResolver{e: *e}, nil
}

type explanationResolver struct {
	e       records.Explanation
	mistake *access.Error
}

func (e *explanationResolver) Engine() string    { return e.e.Engine }
func (e *explanationResolver) Canonical() string { return e.e.Canonical }

func (e *explanationResolver) Terms() []string {
	if e.e.Terms == nil {
		return []string{}
	}
	return e.e.Terms
}

func (e *explanationResolver) Error() *queryErrorResolver {
	if e.mistake == nil {
		return nil
	}
	return &queryErrorResolver{e.mistake}
}

type queryErrorResolver struct{ e *access.Error }

func (q *queryErrorResolver) Code() string    { return q.e.Code }
func (q *queryErrorResolver) Message() string { return q.e.Message }
func (q *queryErrorResolver) Fix() string     { return q.e.Fix }
func (q *queryErrorResolver) From() int32     { return int32(q.e.From) }
func (q *queryErrorResolver) To() int32       { return int32(q.e.To) }

func (r *resolver) ResourceChanges(ctx context.Context, args struct{ Query string }) (<-chan *resourceChange, error) {
	changes, err := r.reader.Watch(ctx, access.FromContext(ctx), args.Query)
	if err != nil {
		return nil, err
	}
	out := make(chan *resourceChange) // closed by the goroutine below
	go func() {
		defer close(out)
		for c := range changes {
			change := &resourceChange{c: c}
			if c.Object != nil {
				change.node = r.resources(nil, []*records.Object{c.Object})[0]
			}
			select {
			case out <- change:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

type resourceChange struct {
	c    records.Change
	node *resourceResolver
}

func (c *resourceChange) Type() string                { return c.c.Type }
func (c *resourceChange) Ref() graphql.ID             { return graphql.ID(c.c.Ref.String()) }
func (c *resourceChange) Resource() *resourceResolver { return c.node }
func (c *resourceChange) ObservedAt() graphql.Time {
	return graphql.Time{Time: c.c.ObservedAt.UTC().Truncate(time.Millisecond)}
}
