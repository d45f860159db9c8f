package graph

import (
	"context"
	"encoding/json"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

type sourceKey struct{}

// WithSource notes where a request comes from (ui, cli, api), for the audit.
func WithSource(ctx context.Context, source string) context.Context {
	return context.WithValue(ctx, sourceKey{}, source)
}

// SourceOf is what WithSource noted.
func SourceOf(ctx context.Context) string {
	source, _ := ctx.Value(sourceKey{}).(string)
	return source
}

func (r *resolver) PlanAction(ctx context.Context, args struct{ Input actionInput }) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	in, err := args.Input.asked()
	if err != nil {
		return nil, err
	}
	in.Source = SourceOf(ctx)
	return resolveAction(r.actions.Plan(ctx, access.FromContext(ctx), in))
}

func (r *resolver) RunAction(ctx context.Context, args struct {
	ID      graphql.ID
	Confirm *string
}) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	return resolveAction(r.actions.Run(ctx, access.FromContext(ctx), string(args.ID), text(args.Confirm)))
}

type idArgs struct{ ID graphql.ID }

func (r *resolver) StopAction(ctx context.Context, args idArgs) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	return resolveAction(r.actions.Stop(ctx, access.FromContext(ctx), string(args.ID)))
}

func (r *resolver) ApproveAction(ctx context.Context, args idArgs) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	return resolveAction(r.actions.Approve(ctx, access.FromContext(ctx), string(args.ID)))
}

func (r *resolver) UndoAction(ctx context.Context, args idArgs) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	return resolveAction(r.actions.Undo(ctx, access.FromContext(ctx), string(args.ID)))
}

func (r *resolver) RetryAction(ctx context.Context, args idArgs) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	return resolveAction(r.actions.Retry(ctx, access.FromContext(ctx), string(args.ID)))
}

func (r *resolver) Action(ctx context.Context, args idArgs) (*actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	return resolveAction(r.actions.Action(ctx, access.FromContext(ctx), string(args.ID)))
}

func (r *resolver) Actions(ctx context.Context, args struct {
	Query string
	First int32
	After *string
}) (*actionConnection, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	filter, err := parseActionFilter(args.Query)
	if err != nil {
		return nil, err
	}
	first, err := page(ctx, args.First)
	if err != nil {
		return nil, err
	}
	if len(filter) > 0 {
		return r.narrowed(ctx, filter, first, text(args.After))
	}
	found, more, err := r.actions.Actions(ctx, access.FromContext(ctx), first, text(args.After))
	if err != nil {
		return nil, err
	}
	c := &actionConnection{more: more, nodes: make([]*actionResolver, len(found))}
	for i, a := range found {
		c.nodes[i] = &actionResolver{a}
	}
	return c, nil
}

func (r *resolver) ActionProgress(ctx context.Context, args idArgs) (<-chan *actionResolver, error) {
	if r.actions == nil {
		return nil, unavailableActions()
	}
	moves, err := r.actions.Watch(ctx, access.FromContext(ctx), string(args.ID))
	if err != nil {
		return nil, err
	}
	out := make(chan *actionResolver) // closed by the goroutine below
	go func() {
		defer close(out)
		for a := range moves {
			select {
			case out <- &actionResolver{a}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

type actionConnection struct {
	nodes  []*actionResolver
	more   bool
	cursor string // "" is the last node's
}

func (c *actionConnection) Nodes() []*actionResolver { return c.nodes }

func (c *actionConnection) PageInfo() pageInfo {
	if c.cursor != "" {
		return pageInfo{c.more, c.cursor}
	}
	if len(c.nodes) == 0 {
		return pageInfo{}
	}
	return pageInfo{c.more, c.nodes[len(c.nodes)-1].a.ID}
}

type actionResolver struct{ a *actions.Action }

func resolveAction(a *actions.Action, err error) (*actionResolver, error) {
	if err != nil || a == nil {
		return nil, err
	}
	return &actionResolver{a}, nil
}

func (a *actionResolver) ID() graphql.ID            { return graphql.ID(a.a.ID) }
func (a *actionResolver) Verb() string              { return a.a.Verb }
func (a *actionResolver) State() string             { return a.a.State }
func (a *actionResolver) Title() string             { return a.a.Title }
func (a *actionResolver) Reason() string            { return a.a.Reason }
func (a *actionResolver) Actor() string             { return a.a.Actor }
func (a *actionResolver) CreatedAt() graphql.Time   { return graphql.Time{Time: a.a.CreatedAt.UTC()} }
func (a *actionResolver) StartedAt() *graphql.Time  { return pointerTime(a.a.StartedAt) }
func (a *actionResolver) FinishedAt() *graphql.Time { return pointerTime(a.a.FinishedAt) }
func (a *actionResolver) ConfirmPhrase() *string    { return orNil(a.a.ConfirmPhrase) }
func (a *actionResolver) Warnings() []string        { return orEmpty(a.a.Warnings) }
func (a *actionResolver) Undoes() *graphql.ID       { return idOrNil(a.a.Undoes) }
func (a *actionResolver) UndoneBy() *graphql.ID     { return idOrNil(a.a.UndoneBy) }
func (a *actionResolver) Retries() *graphql.ID      { return idOrNil(a.a.Retries) }
func (a *actionResolver) RetriedBy() *graphql.ID    { return idOrNil(a.a.RetriedBy) }
func (a *actionResolver) Wave() int32               { return int32(a.a.Wave) }
func (a *actionResolver) NextWaveAt() *graphql.Time { return pointerTime(a.a.NextWaveAt) }
func (a *actionResolver) Waves() wavesResolver      { return wavesResolver{a.a} }
func (a *actionResolver) Done() int32               { return a.count("DONE") }
func (a *actionResolver) Failed() int32             { return a.count("FAILED") }
func (a *actionResolver) Total() int32              { return int32(len(a.a.Targets)) }

// CanUndo holds when it has ended, wrote something, and nobody has undone it.
func (a *actionResolver) CanUndo() bool {
	switch a.a.State {
	case "SUCCEEDED", "FAILED", "STOPPED":
	default:
		return false
	}
	if a.a.UndoneBy != "" {
		return false
	}
	for _, t := range a.a.Targets {
		if t.Inverse != nil {
			return true
		}
	}
	return false
}

// CanRetry holds when it has ended with targets that failed or were left out, and nobody has retried them.
func (a *actionResolver) CanRetry() bool {
	switch a.a.State {
	case "FAILED", "STOPPED":
	default:
		return false
	}
	return a.a.RetriedBy == "" && a.count("FAILED")+a.count("SKIPPED") > 0
}

func (a *actionResolver) Parameters() (JSON, error) {
	raw, err := json.Marshal(a.a.Params)
	return JSON{raw}, err
}

type wavesResolver struct{ a *actions.Action }

func (w wavesResolver) Parallel() int32     { return int32(w.a.Waves.Parallel) }
func (w wavesResolver) Size() int32         { return int32(w.a.Waves.Size) }
func (w wavesResolver) PauseSeconds() int32 { return int32(w.a.Waves.Pause.Seconds()) }
func (w wavesResolver) MaxFailures() int32  { return int32(w.a.Waves.MaxFailures) }
func (w wavesResolver) ByCluster() bool     { return w.a.Waves.ByCluster }

func (w wavesResolver) Count() int32 {
	last := 0
	for _, t := range w.a.Targets {
		last = max(last, t.Wave)
	}
	return int32(last)
}

func (a *actionResolver) count(state string) int32 {
	n := int32(0)
	for _, t := range a.a.Targets {
		if t.State == state {
			n++
		}
	}
	return n
}

func (a *actionResolver) Targets() []targetResolver {
	list := make([]targetResolver, len(a.a.Targets))
	for i, t := range a.a.Targets {
		list[i] = targetResolver{t}
	}
	return list
}

type targetResolver struct{ t *actions.Target }

func (t targetResolver) Ref() graphql.ID           { return graphql.ID(t.t.Ref) }
func (t targetResolver) Wave() int32               { return int32(t.t.Wave) }
func (t targetResolver) CanUndo() bool             { return t.t.Inverse != nil }
func (t targetResolver) UID() string               { return t.t.UID }
func (t targetResolver) ResourceVersion() string   { return t.t.ResourceVersion }
func (t targetResolver) State() string             { return t.t.State }
func (t targetResolver) Message() string           { return t.t.Message }
func (t targetResolver) Warnings() []string        { return orEmpty(t.t.Warnings) }
func (t targetResolver) Change() string            { return t.t.Change }
func (t targetResolver) Desired() *int32           { return t.t.Desired }
func (t targetResolver) Updated() *int32           { return t.t.Updated }
func (t targetResolver) ReadyReplicas() *int32     { return t.t.ReadyReplicas }
func (t targetResolver) StartedAt() *graphql.Time  { return pointerTime(t.t.StartedAt) }
func (t targetResolver) FinishedAt() *graphql.Time { return pointerTime(t.t.FinishedAt) }

func (t targetResolver) Diff(ctx context.Context) (string, error) {
	return t.t.Diff, spendBytes(ctx, len(t.t.Diff))
}

func pointerTime(t *time.Time) *graphql.Time {
	if t == nil {
		return nil
	}
	return timeOrNil(*t)
}

func idOrNil(s string) *graphql.ID {
	if s == "" {
		return nil
	}
	id := graphql.ID(s)
	return &id
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}
