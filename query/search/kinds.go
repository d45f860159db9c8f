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
	read func(context.Context) ([]records.Kind, error)

	mu   sync.Mutex
	list []records.Kind
	at   time.Time
}

// served answers the kinds. While the database does not answer, what was known before is good enough: Kubernetes'
// own kinds are known to the language anyway.
func (k *kinds) served(ctx context.Context) []records.Kind {
	k.mu.Lock()
	defer k.mu.Unlock()
	if time.Since(k.at) < kindsAge {
		return k.list
	}
	list, err := k.read(ctx)
	if err != nil {
		return k.list
	}
	k.list, k.at = list, time.Now()
	return k.list
}

func (s *Service) readKinds(ctx context.Context) ([]records.Kind, error) {
	states, err := s.readStates(ctx, s.fleet(access.All("kinds")))
	return mergeKinds(states), err
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
