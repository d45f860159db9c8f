package graph

import (
	"context"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Reader is what the graph needs of the search service; *search.Service satisfies it. Every method is safe for
// concurrent use, sees no more than scope, and answers *access.Error for what the caller did wrong.
type Reader interface {
	Search(ctx context.Context, scope access.Scope, r records.Request) (*records.Result, error)
	// List answers all that matches, in parts.
	List(ctx context.Context, scope access.Scope, r records.Request) (records.Listing, error)
	Complete(ctx context.Context, scope access.Scope, query string, cursor int, page string) ([]records.Suggestion, error)
	Explain(ctx context.Context, scope access.Scope, query, page string) (*records.Explanation, error)
	// Object is nil, nil when absent. A zero at means now.
	Object(ctx context.Context, scope access.Scope, ref kube.Ref, at time.Time) (*records.Object, error)
	// Objects loads many at once, in any order, absent ones left out.
	Objects(ctx context.Context, scope access.Scope, refs []kube.Ref) ([]*records.Object, error)
	// Owners answers the nearest known owner per ref; refs without one are left out.
	Owners(ctx context.Context, scope access.Scope, objects []*records.Object) (map[kube.Ref]*records.Object, error)
	// Autoscalers answers the HPA that owns the replicas of a workload; workloads without one are left out.
	Autoscalers(ctx context.Context, scope access.Scope, objects []*records.Object) (map[kube.Ref]*records.Object, error)
	History(ctx context.Context, scope access.Scope, ref kube.Ref, first int, after string) (*records.Page[*records.Version], error)
	// Changes and Events of a zero to end at the moment of their first page.
	Changes(ctx context.Context, scope access.Scope, query string, from, to time.Time, first int, after string) (*records.Page[*records.Version], error)
	Density(ctx context.Context, scope access.Scope, query string, from, to time.Time, parts int) (*records.Density, error)
	Events(ctx context.Context, scope access.Scope, query string, from, to time.Time, first int, after string) (*records.Page[*records.Event], error)
	// Suspects answers changes of the window before a moment that may have broken what the query finds, worst first.
	Suspects(ctx context.Context, scope access.Scope, query string, before time.Time, window time.Duration, first int) ([]*records.Suspect, error)
	// Diff is NOT_FOUND when neither side was there.
	Diff(ctx context.Context, scope access.Scope, r records.DiffRequest) (*records.Diff, error)
	// Related follows edges of the types only, or all without any.
	Related(ctx context.Context, scope access.Scope, ref kube.Ref, depth int, types ...string) (*records.Graph, error)
	Clusters(ctx context.Context, scope access.Scope, query string) ([]*records.Cluster, error)
	Kinds(ctx context.Context, scope access.Scope) ([]records.Kind, error)
	// Watch sends changes of matching objects from now on. The channel closes when ctx ends, or when the caller
	// falls more than 10,000 changes behind.
	Watch(ctx context.Context, scope access.Scope, query string) (<-chan records.Change, error)
}
