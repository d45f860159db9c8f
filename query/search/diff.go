package search

import (
	"context"
	"fmt"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Diff compares two objects, one in two clusters, or one at two moments; zero moments are now. One side may be absent,
// not both. Noise is left out and counted unless it is asked for.
func (s *Service) Diff(ctx context.Context, scope access.Scope, r records.DiffRequest) (*records.Diff, error) {
	defer s.metrics.observe("diff")()
	d := &records.Diff{}
	g, gctx := errgroup.WithContext(ctx)
	for _, side := range []struct {
		ref kube.Ref
		at  time.Time
		to  **records.Object
	}{{r.From, r.FromAt, &d.From}, {r.To, r.ToAt, &d.To}} {
		g.Go(func() (err error) {
			*side.to, err = s.Object(gctx, scope, side.ref, side.at)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if d.From == nil && d.To == nil {
		names := side(r.From, r.FromAt)
		if other := side(r.To, r.ToAt); other != names {
			names += " and no " + other
		}
		return nil, &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("There is no %s.", names), Fix: "Its history says when it was there."}
	}
	from, err := decoded(d.From)
	if err != nil {
		return nil, err
	}
	to, err := decoded(d.To)
	if err != nil {
		return nil, err
	}
	apart := d.From != nil && d.To != nil && d.From.Ref != d.To.Ref
	c, err := kube.Compare(from, to, apart, r.Noise)
	if err != nil {
		return nil, err
	}
	d.Changes, d.Hidden = c.Lines, c.Hidden
	d.Unified = strings.Replace(c.Unified, "--- before", "--- "+side(r.From, r.FromAt), 1)
	d.Unified = strings.Replace(d.Unified, "+++ after", "+++ "+side(r.To, r.ToAt), 1)
	return d, nil
}

func decoded(o *records.Object) (map[string]any, error) {
	if o == nil {
		return nil, nil
	}
	return kube.Decode(o.JSON)
}

// side is how a comparison speaks of one of its two.
func side(ref kube.Ref, at time.Time) string {
	if at.IsZero() {
		return ref.String()
	}
	return ref.String() + " at " + at.UTC().Format("2006-01-02T15:04:05Z")
}
