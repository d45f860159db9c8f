package owners

import (
	"context"
	"regexp"
	"strings"
	"sync"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Searcher is what looking needs of the search service.
type Searcher interface {
	Search(ctx context.Context, scope access.Scope, r records.Request) (*records.Result, error)
}

// mostControlling are looked at of those that are called the same.
const mostControlling = 20

// named is what Kubernetes allows as a name. Markers are anybody's text.
var plainName = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?$`)

// Find makes a Lookup within scope that asks each question once. It may be used by many goroutines.
func Find(s Searcher, scope access.Scope) Lookup {
	type question struct {
		gr              kube.GroupResource
		namespace, name string
	}
	type answer struct {
		once  sync.Once
		found []*records.Object
		err   error
	}
	var mu sync.Mutex
	answers := map[question]*answer{}
	return func(ctx context.Context, gr kube.GroupResource, namespace, name string) ([]*records.Object, error) {
		if !plainName.MatchString(name) || namespace != "" && !plainName.MatchString(namespace) {
			return nil, nil
		}
		mu.Lock()
		a := answers[question{gr, namespace, name}]
		if a == nil {
			a = &answer{}
			answers[question{gr, namespace, name}] = a
		}
		mu.Unlock()
		a.once.Do(func() {
			query := `kind:` + gr.String() + ` name="` + name + `"`
			if namespace != "" {
				query += ` ns="` + namespace + `"`
			}
			r, err := s.Search(ctx, scope, records.Request{Query: query, First: mostControlling})
			switch {
			case strings.HasPrefix(access.Code(err), "QL_"): // no member has such a kind
			case err != nil:
				a.err = err
			default:
				a.found = r.Objects
			}
		})
		return a.found, a.err
	}
}
