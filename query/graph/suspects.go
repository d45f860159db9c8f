package graph

import (
	"context"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) Suspects(ctx context.Context, args struct {
	Query  string
	Before graphql.Time
	Window int32
	First  int32
}) ([]suspectResolver, error) {
	first, err := page(ctx, args.First)
	if err != nil {
		return nil, err
	}
	list, err := r.reader.Suspects(ctx, access.FromContext(ctx), args.Query, args.Before.Time, time.Duration(args.Window)*time.Second, first)
	if err != nil {
		return nil, err
	}
	suspects := make([]suspectResolver, len(list))
	for i, s := range list {
		suspects[i] = suspectResolver{s}
	}
	return suspects, nil
}

type suspectResolver struct{ s *records.Suspect }

func (s suspectResolver) Change() changeResolver { return changeResolver{s.s.Version} }
func (s suspectResolver) Score() float64         { return s.s.Score }

func (s suspectResolver) Reasons() []suspectReasonResolver {
	list := make([]suspectReasonResolver, len(s.s.Reasons))
	for i, r := range s.s.Reasons {
		list[i] = suspectReasonResolver{r}
	}
	return list
}

type suspectReasonResolver struct{ r records.SuspectReason }

func (r suspectReasonResolver) Text() string    { return r.r.Text }
func (r suspectReasonResolver) Weight() float64 { return r.r.Weight }
