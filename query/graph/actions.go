package graph

import (
	"context"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

// Actions is what the graph needs of the action module; *action.Service satisfies it.
// All methods are safe for concurrent use and answer *access.Error kinds that people can read.
type Actions interface {
	// Plan freezes the targets, dry-runs on every member and stores the plan. It writes nothing to a member.
	Plan(ctx context.Context, scope access.Scope, in actions.Input) (*actions.Action, error)
	Run(ctx context.Context, scope access.Scope, id, confirm string) (*actions.Action, error)
	// Approve notes that another than who planned it wants it run.
	Approve(ctx context.Context, scope access.Scope, id string) (*actions.Action, error)
	Stop(ctx context.Context, scope access.Scope, id string) (*actions.Action, error)
	// Undo plans the inverse of a finished action.
	Undo(ctx context.Context, scope access.Scope, id string) (*actions.Action, error)
	// Retry plans what failed or was left out of a finished action once more.
	Retry(ctx context.Context, scope access.Scope, id string) (*actions.Action, error)
	Action(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) // nil, nil when absent
	// Actions lists newest first; after is the id to continue behind.
	Actions(ctx context.Context, scope access.Scope, first int, after string) (list []*actions.Action, more bool, err error)
	// Watch sends the action now and at each change, and closes when it is finished or ctx ends.
	Watch(ctx context.Context, scope access.Scope, id string) (<-chan *actions.Action, error)
}
