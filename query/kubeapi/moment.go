package kubeapi

import (
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

const (
	// momentWait is how long a watch waits for a list to begin with: a hub that has just begun is loading what is current.
	// Clients that are sent away come again by themselves, but for kubectl 1.20.
	momentWait  = 10 * time.Second
	momentEvery = 50 * time.Millisecond
)

// ofOneMoment is a list that a watch can go on from.
func (q *question) ofOneMoment(r records.Request) (records.Listing, error) {
	ctx := q.r.Context()
	r.Moment = true
	for began := time.Now(); ; {
		listing, err := q.reader.List(ctx, q.scope, r)
		switch {
		case access.Code(err) == "UNAVAILABLE" && time.Since(began) < momentWait:
		case err != nil:
			return nil, err
		case listing.Position() != nil || len(listing.Coverage().Clusters) == 0:
			return listing, nil
		case time.Since(began) > momentWait:
			return nil, apierrors.NewTooManyRequests("what is current is being loaded", 1)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(momentEvery):
		}
	}
}
