package search

import (
	"context"
	"sync"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// kindsAge is how old the remembered kinds may be: a new CRD is a word of the language within this time.
const kindsAge = 2 * time.Second

// kinds remembers which kinds members serve, since every question is read against them.
type kinds struct {
	read func(context.Context) (kindsRead, error)

	mu   sync.Mutex
	last kindsRead
	at   time.Time // when it was read, zero for never
}

// kindsRead is one reading. Nobody changes it.
type kindsRead struct {
	list []records.Kind            // merged
	by   map[string]records.Member // by the cluster's UID: Kinds, Documents and Revision alone
}

// known is what was read last. While the database does not answer, what was known before is good enough: an error is of
// who has never read anything.
func (k *kinds) known(ctx context.Context) (kindsRead, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.at) < kindsAge {
		return k.last, nil
	}
	last, err := k.read(ctx)
	if err != nil {
		if k.at.IsZero() {
			return k.last, err
		}
		return k.last, nil
	}
	k.last, k.at = last, time.Now()
	return k.last, nil
}

// served answers the kinds: Kubernetes' own are known to the language, whatever the database answers.
func (k *kinds) served(ctx context.Context) []records.Kind {
	last, err := k.known(ctx)
	if err != nil {
		return nil
	}
	return last.list
}

func (s *Service) readKinds(ctx context.Context) (kindsRead, error) {
	f := s.fleet(access.All("kinds"))
	states, err := s.readStates(ctx, f)
	if err != nil {
		return kindsRead{}, err
	}
	by, err := s.readMembers(ctx, f, states)
	return kindsRead{list: mergeKinds(states), by: by}, err
}

// Kinds are those that members serve, merged.
func (s *Service) Kinds(ctx context.Context, scope access.Scope) ([]records.Kind, error) {
	defer s.metrics.observe("kinds")()
	states, err := s.readStates(ctx, s.fleet(scope))
	return mergeKinds(states), err
}

// resolve takes kinds, singular and short names in place of the plural resource.
func (s *Service) resolve(ctx context.Context, ref kube.Ref) kube.Ref {
	served := s.kinds.served(ctx)
	for _, k := range served {
		if k.GroupResource == ref.GroupResource {
			return ref
		}
	}
	found := ql.ResolveKind(ref.GroupResource.String(), served)
	if len(found) > 0 {
		ref.GroupResource = found[0]
	}
	return ref
}
