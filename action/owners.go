package action

import (
	"context"
	"strings"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/owners"
)

// owners makes what asks who manages a target: it notes warnings and the field manager on it, and says why the change
// would be taken back for certain, "" when it would not or the plan goes past its owners. What cannot be found out
// is a warning: the change itself is none the worse for it.
func (s *Service) owners(ctx context.Context, scope access.Scope, a *actions.Action) func(*actions.Target) string {
	ctx = context.WithoutCancel(ctx) // planning goes on when whoever asked is gone
	look := owners.Find(s.Finder, scope)
	return func(t *actions.Target) string {
		ref, err := kube.ParseRef(t.Ref)
		if err != nil {
			return ""
		}
		verb := a.Verb
		if verb == actions.Scale && ref.GroupResource == autoscalers {
			verb = actions.Autoscale
		}
		v := owners.Verdict{}
		found, err := s.Finder.Objects(ctx, scope, []kube.Ref{ref})
		if err == nil && len(found) == 1 {
			v, err = owners.Judge(ctx, found[0], verb, look)
		}
		if err != nil {
			s.Log.Warn("owners of a target cannot be found out", "action_id", a.ID, "ref", t.Ref, "err", err)
			t.Warnings = append(t.Warnings, "Who manages it cannot be found out now: a controller may take the change back.")
			return ""
		}
		t.Manager = v.Manager
		why := strings.TrimSpace(v.Sentence + " " + v.Remedy)
		switch {
		case v.Reverts && !a.Params.Direct:
			return why + " To go past it, plan it as direct (--direct)."
		case v.Reverts:
			t.Warnings = append(t.Warnings, why)
		}
		t.Warnings = append(t.Warnings, v.Warnings...)
		return ""
	}
}

var autoscalers = kube.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}
