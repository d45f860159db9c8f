package graph

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) ChangeDensity(ctx context.Context, args struct {
	Query string
	From  graphql.Time
	To    *graphql.Time
	Parts int32
}) (*densityResolver, error) {
	_, from, to, err := rangeArgs{From: args.From, To: args.To, First: 1}.check(ctx)
	if err != nil {
		return nil, err
	}
	d, err := r.reader.Density(ctx, access.FromContext(ctx), args.Query, from, to, int(args.Parts))
	if err != nil {
		return nil, err
	}
	return &densityResolver{d}, nil
}

type densityResolver struct{ d *records.Density }

func (d *densityResolver) Oldest() *graphql.Time { return timeOrNil(d.d.Oldest) }

func (d *densityResolver) Counts() []int32 {
	counts := make([]int32, len(d.d.Counts))
	for i, n := range d.d.Counts {
		counts[i] = int32(n)
	}
	return counts
}
