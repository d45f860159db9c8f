package graph

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/graph-gophers/graphql-go"
	"sigs.k8s.io/yaml"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/owners"
	"github.com/foretop/foretop/internal/records"
)

func (r *resolver) Resource(ctx context.Context, args struct {
	Ref graphql.ID
	At  *graphql.Time
}) (*resourceResolver, error) {
	ref, err := parseRef(args.Ref)
	if err != nil {
		return nil, err
	}
	var at time.Time
	if args.At != nil {
		at = args.At.Time
	}
	o, err := r.reader.Object(ctx, access.FromContext(ctx), ref, at)
	if err != nil || o == nil {
		return nil, err
	}
	return r.resources(answerOf(ctx), []*records.Object{o})[0], nil
}

func parseRef(id graphql.ID) (kube.Ref, error) {
	ref, err := kube.ParseRef(string(id))
	if err != nil {
		return kube.Ref{}, &access.Error{Code: "BAD_REQUEST", Message: err.Error() + "."}
	}
	return ref, nil
}

// siblings are the objects of one list. What any of them needs from the store is loaded for all at once, the
// first time it is asked for, so that a list of n objects costs one read and not n.
type siblings struct {
	r       *resolver
	answer  *answer // nil in a subscription
	objects []*records.Object

	owners     once[map[kube.Ref]*records.Object]
	scalers    once[map[kube.Ref]*records.Object]
	looking    once[owners.Lookup]
	ownerNodes sync.Map // kube.Ref -> *resourceResolver, so that owners of owners batch too
}

type once[T any] struct {
	sync.Once
	value T
	err   error
}

func (o *once[T]) get(load func() (T, error)) (T, error) {
	o.Do(func() { o.value, o.err = load() })
	return o.value, o.err
}

func (r *resolver) resources(a *answer, list []*records.Object) []*resourceResolver {
	s := &siblings{r: r, answer: a, objects: list}
	out := make([]*resourceResolver, len(list))
	for i, o := range list {
		out[i] = &resourceResolver{o: o, s: s}
	}
	return out
}

type resourceResolver struct {
	o *records.Object
	s *siblings
}

func (x *resourceResolver) Ref() graphql.ID          { return graphql.ID(x.o.Ref.String()) }
func (x *resourceResolver) Cluster() string          { return x.o.Ref.Cluster }
func (x *resourceResolver) Group() string            { return x.o.Ref.Group }
func (x *resourceResolver) Version() string          { return x.o.Version }
func (x *resourceResolver) Resource() string         { return x.o.Ref.Resource }
func (x *resourceResolver) Kind() string             { return x.o.Kind }
func (x *resourceResolver) Namespace() *string       { return orNil(x.o.Ref.Namespace) }
func (x *resourceResolver) Name() string             { return x.o.Ref.Name }
func (x *resourceResolver) UID() string              { return x.o.UID }
func (x *resourceResolver) ResourceVersion() string  { return x.o.ResourceVersion }
func (x *resourceResolver) Labels() JSON             { return stringMap(x.o.Labels) }
func (x *resourceResolver) Annotations() JSON        { return stringMap(x.o.Annotations) }
func (x *resourceResolver) CreatedAt() graphql.Time  { return graphql.Time{Time: x.o.CreatedAt.UTC()} }
func (x *resourceResolver) ChangedAt() graphql.Time  { return graphql.Time{Time: x.o.ChangedAt.UTC()} }
func (x *resourceResolver) ChangedBy() string        { return x.o.ChangedBy }
func (x *resourceResolver) DeletedAt() *graphql.Time { return timeOrNil(x.o.DeletedAt) }
func (x *resourceResolver) Status() string           { return x.o.Status }
func (x *resourceResolver) Health() string           { return health(x.o.Health) }
func (x *resourceResolver) App() string              { return x.o.App }
func (x *resourceResolver) Node() string             { return x.o.Node }
func (x *resourceResolver) Images() []string         { return orEmpty(x.o.Images) }
func (x *resourceResolver) Reasons() []string        { return orEmpty(x.o.Reasons) }
func (x *resourceResolver) Replicas() *int32         { return countOrNil(x.o.Replicas) }
func (x *resourceResolver) ReadyReplicas() *int32    { return countOrNil(x.o.ReadyReplicas) }
func (x *resourceResolver) Restarts() *int32         { return countOrNil(x.o.Restarts) }

func health(h kube.Health) string {
	if h == "" {
		h = kube.Unknown
	}
	return strings.ToUpper(string(h))
}

// countOrNil maps the store's -1, "this kind has none", to null.
func countOrNil(n int64) *int32 {
	if n < 0 {
		return nil
	}
	v := int32(n)
	return &v
}

func (x *resourceResolver) Ready() *bool {
	switch x.o.Ready {
	case "true", "false":
		v := x.o.Ready == "true"
		return &v
	default:
		return nil
	}
}

func (x *resourceResolver) Object() JSON { return x.s.answer.object(x.o.JSON) }

func (x *resourceResolver) YAML(ctx context.Context) (string, error) { return yamlOf(ctx, x.o.JSON) }

func yamlOf(ctx context.Context, json []byte) (string, error) {
	if len(json) == 0 {
		return "", nil
	}
	if err := spendBytes(ctx, len(json)); err != nil {
		return "", err
	}
	y, err := yaml.JSONToYAML(json)
	if err != nil {
		return "", fmt.Errorf("write YAML: %w", err)
	}
	return string(y), nil
}

func (x *resourceResolver) Owner(ctx context.Context) (*resourceResolver, error) {
	owners, err := x.s.owners.get(func() (map[kube.Ref]*records.Object, error) {
		return x.s.r.reader.Owners(ctx, access.FromContext(ctx), x.s.objects)
	})
	if err != nil || owners[x.o.Ref] == nil {
		return nil, err
	}
	x.s.shareOwners(owners)
	node, ok := x.s.ownerNodes.Load(owners[x.o.Ref].Ref)
	if !ok {
		return nil, fmt.Errorf("owner of %s is not among the loaded owners", x.o.Ref)
	}
	return node.(*resourceResolver), nil
}

func (s *siblings) shareOwners(owners map[kube.Ref]*records.Object) {
	list := make([]*records.Object, 0, len(owners))
	for _, o := range owners {
		list = append(list, o)
	}
	for _, node := range s.r.resources(s.answer, list) {
		s.ownerNodes.LoadOrStore(node.o.Ref, node)
	}
}

func (x *resourceResolver) Verbs() []string {
	if !x.o.DeletedAt.IsZero() {
		return []string{}
	}
	return actions.VerbsOf(x.o.Ref.GroupResource)
}
