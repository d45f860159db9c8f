package graph

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) History(ctx context.Context, args struct {
	Ref   graphql.ID
	First int32
	After *string
}) (*versionConnection, error) {
	ref, err := parseRef(args.Ref)
	if err != nil {
		return nil, err
	}
	first, err := page(ctx, args.First)
	if err != nil {
		return nil, err
	}
	p, err := r.reader.History(ctx, access.FromContext(ctx), ref, first, text(args.After))
	if err != nil {
		return nil, err
	}
	return &versionConnection{p}, nil
}

type versionConnection struct {
	p *records.Page[*records.Version]
}

func (c *versionConnection) PageInfo() pageInfo { return pageInfo{c.p.More, c.p.Cursor} }
func (c *versionConnection) Total() int32       { return int32(c.p.Total) }

func (c *versionConnection) Nodes() []*versionResolver {
	list := make([]*versionResolver, len(c.p.Items))
	for i, v := range c.p.Items {
		list[i] = &versionResolver{v}
	}
	return list
}

type versionResolver struct{ v *records.Version }

func (v *versionResolver) ID() graphql.ID           { return graphql.ID(strconv.FormatUint(v.v.Ver, 10)) }
func (v *versionResolver) Ref() graphql.ID          { return graphql.ID(v.v.Ref.String()) }
func (v *versionResolver) ObservedAt() graphql.Time { return graphql.Time{Time: v.v.ObservedAt.UTC()} }
func (v *versionResolver) ResourceVersion() string  { return v.v.ResourceVersion }
func (v *versionResolver) Generation() int32        { return int32(v.v.Generation) }
func (v *versionResolver) Meaningful() bool         { return v.v.Meaningful }
func (v *versionResolver) ChangedPaths() []string   { return orEmpty(v.v.ChangedPaths) }
func (v *versionResolver) ChangedBy() string        { return v.v.ChangedBy }
func (v *versionResolver) Status() string           { return v.v.Status }
func (v *versionResolver) Health() string           { return health(v.v.Health) }
func (v *versionResolver) Images() []string         { return orEmpty(v.v.Images) }
func (v *versionResolver) Summary() string          { return v.v.Sentence }

func (v *versionResolver) Object(ctx context.Context) JSON {
	return answerOf(ctx).object(v.v.JSON)
}

func (v *versionResolver) YAML(ctx context.Context) (string, error) { return yamlOf(ctx, v.v.JSON) }

func (v *versionResolver) Type() (string, error) {
	switch v.v.Op {
	case "snapshot":
		return "SEEN", nil
	case "add":
		return "CREATED", nil
	case "update":
		return "UPDATED", nil
	case "delete":
		return "DELETED", nil
	default:
		return "", fmt.Errorf("version %d has unknown op %q", v.v.Ver, v.v.Op)
	}
}

func (v *versionResolver) Diff(ctx context.Context, args struct{ Full bool }) (string, error) {
	if v.v.Previous == nil {
		return "", nil
	}
	if err := spendBytes(ctx, len(v.v.Previous)+len(v.v.JSON)); err != nil {
		return "", err
	}
	before, err := kube.Decode(v.v.Previous)
	if err != nil {
		return "", err
	}
	after, err := kube.Decode(v.v.JSON)
	if err != nil {
		return "", err
	}
	return kube.UnifiedDiff(before, after, args.Full || !v.v.Meaningful)
}

type rangeArgs struct {
	Query string
	From  graphql.Time
	To    *graphql.Time
	First int32
	After *string
}

// check answers the size and the time range that were asked for; a missing end is now.
func (a rangeArgs) check(ctx context.Context) (first int, from, to time.Time, err error) {
	if first, err = page(ctx, a.First); err != nil {
		return 0, from, to, err
	}
	from, to = a.From.Time, time.Now()
	if a.To != nil {
		to = a.To.Time
	}
	if !from.Before(to) {
		return 0, from, to, &access.Error{Code: "BAD_REQUEST", Message: "from is not before to.", Fix: "Swap them, or leave to out for now."}
	}
	return first, from, to, nil
}

// end is to as it was asked for: the reader takes one that is missing from the cursor, so that all pages have the same.
func (a rangeArgs) end(to time.Time) time.Time {
	if a.To == nil {
		return time.Time{}
	}
	return to
}

func (r *resolver) Changes(ctx context.Context, args rangeArgs) (*changeConnection, error) {
	first, from, to, err := args.check(ctx)
	if err != nil {
		return nil, err
	}
	p, err := r.reader.Changes(ctx, access.FromContext(ctx), args.Query, from, args.end(to), first, text(args.After))
	if err != nil {
		return nil, err
	}
	return &changeConnection{p}, nil
}

type changeConnection struct {
	p *records.Page[*records.Version]
}

func (c *changeConnection) PageInfo() pageInfo         { return pageInfo{c.p.More, c.p.Cursor} }
func (c *changeConnection) Coverage() coverageResolver { return coverageResolver{c.p.Coverage} }

func (c *changeConnection) Nodes() []changeResolver {
	list := make([]changeResolver, len(c.p.Items))
	for i, v := range c.p.Items {
		list[i] = changeResolver{v}
	}
	return list
}

type changeResolver struct{ v *records.Version }

func (c changeResolver) Version() *versionResolver { return &versionResolver{c.v} }
func (c changeResolver) Cluster() string           { return c.v.Ref.Cluster }
func (c changeResolver) Namespace() *string        { return orNil(c.v.Ref.Namespace) }
func (c changeResolver) Kind() string              { return c.v.Kind }
func (c changeResolver) Resource() string          { return c.v.Ref.GroupResource.String() }
func (c changeResolver) Name() string              { return c.v.Ref.Name }
func (c changeResolver) Summary() string           { return c.v.Sentence }

func (r *resolver) Events(ctx context.Context, args rangeArgs) (*eventConnection, error) {
	first, from, to, err := args.check(ctx)
	if err != nil {
		return nil, err
	}
	p, err := r.reader.Events(ctx, access.FromContext(ctx), args.Query, from, args.end(to), first, text(args.After))
	if err != nil {
		return nil, err
	}
	return &eventConnection{p}, nil
}

type eventConnection struct {
	p *records.Page[*records.Event]
}

func (c *eventConnection) PageInfo() pageInfo         { return pageInfo{c.p.More, c.p.Cursor} }
func (c *eventConnection) Coverage() coverageResolver { return coverageResolver{c.p.Coverage} }

func (c *eventConnection) Nodes() []eventResolver {
	list := make([]eventResolver, len(c.p.Items))
	for i, e := range c.p.Items {
		list[i] = eventResolver{e}
	}
	return list
}

type eventResolver struct{ e *records.Event }

func (e eventResolver) UID() graphql.ID       { return graphql.ID(e.e.UID) }
func (e eventResolver) Cluster() string       { return e.e.Cluster }
func (e eventResolver) Namespace() *string    { return orNil(e.e.Namespace) }
func (e eventResolver) Type() string          { return e.e.Type }
func (e eventResolver) Reason() string        { return e.e.Reason }
func (e eventResolver) Message() string       { return e.e.Message }
func (e eventResolver) Source() string        { return e.e.Source }
func (e eventResolver) Count() int32          { return int32(e.e.Count) }
func (e eventResolver) FirstAt() graphql.Time { return graphql.Time{Time: e.e.FirstAt.UTC()} }
func (e eventResolver) LastAt() graphql.Time  { return graphql.Time{Time: e.e.LastAt.UTC()} }
func (e eventResolver) RegardingKind() string { return e.e.RegardingKind }
func (e eventResolver) RegardingName() string { return e.e.RegardingName }

func (e eventResolver) Regarding() *graphql.ID {
	if e.e.Regarding == nil {
		return nil
	}
	id := graphql.ID(e.e.Regarding.String())
	return &id
}
