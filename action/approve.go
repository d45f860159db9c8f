package action

import (
	"context"
	"fmt"
	"slices"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/state"
)

// guard notes on a plan how well its clusters are protected, and whether it takes two people to run it.
func (s *Service) guard(a *actions.Action) {
	level := clusters.Protection(a.Protection)
	for _, t := range a.Targets {
		if t.State == blocked {
			continue
		}
		ref, _ := kube.ParseRef(t.Ref) // written by us
		if e, ok := s.Clusters.ByName(ref.Cluster); ok {
			level = clusters.Stricter(level, e.Protection)
		}
	}
	a.Protection = string(level)
	a.FourEyes = a.FourEyes || level == clusters.FourEyes || slices.Contains(s.FourEyes, a.Verb)
}

// Approve notes that another than who planned an action has seen its plan and wants it run.
func (s *Service) Approve(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	plan, err := s.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	s.guard(plan)
	user := scope.User()
	switch {
	case plan.State == planning:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s is still being planned.", id), Fix: "Wait until every target was tried."}
	case plan.State != planned:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s cannot be approved: only plans can that were not run and are not too old.", id), Fix: "Plan again."}
	case !plan.FourEyes:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s needs no approval.", id), Fix: "Run it."}
	case plan.Actor == user:
		return nil, &access.Error{Code: "FORBIDDEN", Message: fmt.Sprintf("%s is your own plan: it takes another person's approval.", id), Fix: "Have a colleague look at it, who logs in with a token of their own: foretop tokens create NAME"}
	case plan.ApprovedBy(user):
		return plan, nil
	}
	row := *plan
	row.RunBy = user
	if err := s.audit(ctx, &row, "approve", user, []auditRow{{result: "APPROVED", detail: map[string]any{"title": plan.Title}}}); err != nil {
		return nil, audit.Unwritten(err)
	}
	_, err = s.journal.edit(ctx, id, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		if s.shown(a).State != planned {
			return nil, nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was run or has expired meanwhile.", id)}
		}
		if !a.ApprovedBy(user) {
			a.Approvals = append(a.Approvals, actions.Approval{By: user, At: s.now().UTC()})
		}
		return nil, nil, nil
	})
	if err != nil {
		return nil, err
	}
	return s.existing(ctx, id)
}

// approved refuses a plan that needs another person's approval and has none by anybody but who planned it and who runs it.
func (s *Service) approved(a *actions.Action, user string) error {
	now := *a
	s.guard(&now) // a cluster may be better protected than it was
	if !now.FourEyes {
		return nil
	}
	for _, p := range a.Approvals {
		if p.By != a.Actor && p.By != user {
			return nil
		}
	}
	why := fmt.Sprintf("%s needs the approval of another person", a.ID)
	if clusters.Protection(now.Protection) == clusters.FourEyes {
		why += ", since a cluster that it changes is protected by four eyes"
	}
	if len(a.Approvals) > 0 {
		return &access.Error{Code: "APPROVAL_REQUIRED", Message: why + "; you have approved it yourself.", Fix: fmt.Sprintf("Have %s run it, or another colleague approve it too.", a.Actor)}
	}
	return &access.Error{Code: "APPROVAL_REQUIRED", Message: why + ".", Fix: fmt.Sprintf("Have a colleague approve it: foretop actions approve %s", a.ID)}
}
