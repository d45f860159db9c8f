package graph

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/owners"
	"github.com/foretop/foretop/internal/records"
)

type ownerResolver struct {
	e  owners.Effect
	of string // the owner of the object whose chain this is, "" for the object itself
}

func (o ownerResolver) System() string     { return o.e.System }
func (o ownerResolver) Title() string      { return o.e.Title() }
func (o ownerResolver) Namespace() *string { return orNil(o.e.Namespace) }
func (o ownerResolver) Name() string       { return o.e.Name }
func (o ownerResolver) Evidence() string   { return o.e.Evidence }
func (o ownerResolver) Reverts() bool      { return o.e.Reverts }
func (o ownerResolver) Default() bool      { return o.e.Default }
func (o ownerResolver) Remedy() string     { return o.e.Remedy }
func (o ownerResolver) Of() *string        { return orNil(o.of) }
func (o ownerResolver) Ref() *graphql.ID   { return refOrNil(o.e.Object) }

func (o ownerResolver) Effect() string {
	if o.of != "" && o.e.Sentence != "" {
		return "On " + o.of + ": " + o.e.Sentence
	}
	return o.e.Sentence
}

func refOrNil(o *records.Object) *graphql.ID {
	if o == nil {
		return nil
	}
	return idOrNil(o.Ref.String())
}

// mostLevels bounds how far up the native owners are climbed.
const mostLevels = 8

// ManagedBy is the chain of an object, with those of its native owners behind it.
func (x *resourceResolver) ManagedBy(ctx context.Context) ([]ownerResolver, error) {
	list := []ownerResolver{}
	scalers, err := x.s.scalers.get(func() (map[kube.Ref]*records.Object, error) {
		return x.s.r.reader.Autoscalers(ctx, access.FromContext(ctx), x.s.objects)
	})
	if err != nil {
		return nil, err
	}
	if hpa := scalers[x.o.Ref]; hpa != nil {
		list = append(list, ownerResolver{e: owners.ByAutoscaler(hpa)})
	}
	chain, err := x.chain(ctx, mostLevels)
	return append(list, chain...), err
}

func (x *resourceResolver) chain(ctx context.Context, levels int) ([]ownerResolver, error) {
	effects, err := owners.Effects(ctx, x.o, "", x.s.lookup(ctx))
	if err != nil {
		return nil, err
	}
	var list []ownerResolver
	controlled := false
	for _, e := range effects {
		controlled = controlled || e.System == owners.Controller
		list = append(list, ownerResolver{e: e})
	}
	if !controlled || levels == 0 {
		return list, nil
	}
	owner, err := x.Owner(ctx)
	if err != nil || owner == nil {
		return list, err
	}
	above, err := owner.chain(ctx, levels-1)
	for _, o := range above {
		if o.of == "" {
			o.of = owner.o.Kind + "/" + owner.o.Ref.Name
		}
		list = append(list, o)
	}
	return list, err
}

// lookup is one for all objects of a list.
func (s *siblings) lookup(ctx context.Context) owners.Lookup {
	look, _ := s.looking.get(func() (owners.Lookup, error) { return owners.Find(s.r.reader, access.FromContext(ctx)), nil })
	return look
}

type verdictResolver struct{ v owners.Verdict }

// Verdict is what the owners would do to a verb.
func (x *resourceResolver) Verdict(ctx context.Context, args struct{ Verb string }) (verdictResolver, error) {
	v, err := owners.Judge(ctx, x.o, args.Verb, x.s.lookup(ctx))
	return verdictResolver{v}, err
}

func (v verdictResolver) Reverts() bool      { return v.v.Reverts }
func (v verdictResolver) By() string         { return v.v.By.System }
func (v verdictResolver) Sentence() string   { return v.v.Sentence }
func (v verdictResolver) Remedy() string     { return v.v.Remedy }
func (v verdictResolver) Warnings() []string { return orEmpty(v.v.Warnings) }
func (v verdictResolver) Evict() bool        { return v.v.Evict }
func (v verdictResolver) At() *graphql.ID    { return refOrNil(v.v.At) }

func (v verdictResolver) AfterSeconds() *int32 {
	if v.v.After <= 0 {
		return nil
	}
	n := int32(v.v.After.Seconds())
	return &n
}
