package graph

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) Diff(ctx context.Context, args struct {
	From, To     graphql.ID
	FromAt, ToAt *graphql.Time
	Noise        bool
}) (*diffResolver, error) {
	request := records.DiffRequest{Noise: args.Noise}
	var err error
	if request.From, err = parseRef(args.From); err != nil {
		return nil, err
	}
	if request.To, err = parseRef(args.To); err != nil {
		return nil, err
	}
	if args.FromAt != nil {
		request.FromAt = args.FromAt.Time
	}
	if args.ToAt != nil {
		request.ToAt = args.ToAt.Time
	}
	d, err := r.reader.Diff(ctx, access.FromContext(ctx), request)
	if err != nil {
		return nil, err
	}
	return &diffResolver{r, answerOf(ctx), d}, spendBytes(ctx, len(d.Unified))
}

type diffResolver struct {
	r *resolver
	a *answer
	d *records.Diff
}

func (d *diffResolver) From() *resourceResolver { return d.side(d.d.From) }
func (d *diffResolver) To() *resourceResolver   { return d.side(d.d.To) }
func (d *diffResolver) Unified() string         { return d.d.Unified }
func (d *diffResolver) Same() bool              { return d.d.Unified == "" }
func (d *diffResolver) Hidden() int32           { return int32(d.d.Hidden) }

func (d *diffResolver) side(o *records.Object) *resourceResolver {
	if o == nil {
		return nil
	}
	return d.r.resources(d.a, []*records.Object{o})[0]
}

func (d *diffResolver) Changes() []diffLineResolver {
	list := make([]diffLineResolver, len(d.d.Changes))
	for i, c := range d.d.Changes {
		list[i] = diffLineResolver{c}
	}
	return list
}

type diffLineResolver struct{ d kube.Difference }

func (l diffLineResolver) Path() string { return l.d.Path }
func (l diffLineResolver) From() string { return l.d.From }
func (l diffLineResolver) To() string   { return l.d.To }
