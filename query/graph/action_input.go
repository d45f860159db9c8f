package graph

import (
	"fmt"
	"slices"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

type actionInput struct {
	Verb       string
	Refs       *[]graphql.ID
	Query      *string
	Replicas   *int32
	Parameters *actionParameters
	Waves      *wavesInput
	Reason     string
}

type actionParameters struct {
	Min, Max             *int32
	Container            *string
	Set                  *[]settingInput
	Remove               *[]string
	Requests, Limits     *[]settingInput
	Revision             *int32
	Version, Propagation *string
	GraceSeconds         *int32
	EmptyDir             *bool
	Unmanaged            *bool
	Whole                *bool
	Manifest             *string
	Clusters             *[]string
	Overrides            *[]overrideInput
	Force, Direct        *bool
}

type settingInput struct{ Name, Value string }

type overrideInput struct {
	Clusters []string
	Registry *string
	Replicas *int32
	Env      *[]settingInput
}

type wavesInput struct {
	Parallel, Size, PauseSeconds, MaxFailures *int32
	ByCluster                                 *bool
}

// asked is the input as the action module takes it, which checks what it means.
func (in actionInput) asked() (actions.Input, error) {
	out := actions.Input{Verb: in.Verb, Query: text(in.Query), Reason: in.Reason}
	for _, id := range valueOf(in.Refs) {
		out.Refs = append(out.Refs, string(id))
	}
	if w := in.Waves; w != nil {
		out.Waves = actions.Waves{
			Parallel: int(valueOf(w.Parallel)), Size: int(valueOf(w.Size)), Pause: time.Duration(valueOf(w.PauseSeconds)) * time.Second,
			MaxFailures: int(valueOf(w.MaxFailures)), ByCluster: valueOf(w.ByCluster),
		}
	}
	out.Params.Replicas = in.Replicas
	p := in.Parameters
	if p == nil {
		return out, nil
	}
	o := &out.Params
	o.Min, o.Max = p.Min, p.Max
	o.Container, o.Version, o.Propagation, o.Manifest = text(p.Container), text(p.Version), text(p.Propagation), text(p.Manifest)
	o.Remove, o.Clusters = valueOf(p.Remove), valueOf(p.Clusters)
	o.EmptyDir, o.Unmanaged, o.Whole, o.Force, o.Direct = valueOf(p.EmptyDir), valueOf(p.Unmanaged), valueOf(p.Whole), valueOf(p.Force), valueOf(p.Direct)
	o.Revision, o.GraceSeconds = long(p.Revision), long(p.GraceSeconds)
	var err error
	settings := func(list *[]settingInput) map[string]string {
		if list == nil {
			return nil
		}
		m := make(map[string]string, len(*list))
		for _, s := range *list {
			if _, twice := m[s.Name]; twice && err == nil {
				err = &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%s is set twice.", s.Name), Fix: "Name it once."}
			}
			m[s.Name] = s.Value
		}
		return m
	}
	o.Set, o.Requests, o.Limits = settings(p.Set), settings(p.Requests), settings(p.Limits)
	for _, v := range valueOf(p.Overrides) {
		o.Overrides = append(o.Overrides, actions.Override{Clusters: slices.Clone(v.Clusters), Registry: text(v.Registry), Replicas: v.Replicas, Env: settings(v.Env)})
	}
	return out, err
}

// valueOf is what an optional argument says, its type's zero value when it is absent.
func valueOf[T any](p *T) (zero T) {
	if p == nil {
		return zero
	}
	return *p
}

func long(p *int32) *int64 {
	if p == nil {
		return nil
	}
	v := int64(*p)
	return &v
}
