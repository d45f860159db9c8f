package action

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/state"
)

// Run confirms a plan. The hub that holds the journal's lease then carries it out; Watch shows how it goes.
func (s *Service) Run(ctx context.Context, scope access.Scope, id, confirm string) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	plan, err := s.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	able := 0
	for _, t := range plan.Targets {
		if t.State == ready {
			able++
		}
	}
	_, err = s.journal.edit(ctx, id, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		switch {
		case a.State == planning:
			return nil, nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s is still being planned.", id), Fix: "Wait until every target was tried."}
		case a.State == planned && s.now().Sub(a.CreatedAt) > planGoodFor, a.State == expired:
			return nil, nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("The plan %s is older than %d minutes, and the clusters may have moved on.", id, int(planGoodFor.Minutes())), Fix: "Plan again."}
		case a.State != planned:
			return nil, nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was run already: it is %s.", id, strings.ToLower(a.State))}
		case s.approved(plan, scope.User()) != nil:
			return nil, nil, s.approved(plan, scope.User())
		case able == 0:
			return nil, nil, &access.Error{Code: "CONFLICT", Message: "Nothing can be run: every target is blocked.", Fix: "See each target's message."}
		case plan.ConfirmPhrase != "" && strings.TrimSpace(confirm) != plan.ConfirmPhrase:
			return nil, nil, &access.Error{Code: "CONFIRMATION_REQUIRED", Message: fmt.Sprintf("To run this, confirm it with the words: %s", plan.ConfirmPhrase), Fix: "Type them exactly."}
		}
		now := s.now().UTC()
		a.State, a.StartedAt, a.RunBy = running, &now, scope.User()
		return s.claim(ctx, a)
	})
	if err != nil {
		return nil, err
	}
	return s.existing(ctx, id)
}

// claim notes on the action that a undoes or retries that a does so: both are written or none, so it happens once.
func (s *Service) claim(ctx context.Context, a *actions.Action) ([]state.Condition, []state.Op, error) {
	id := a.Undoes + a.Retries // never both
	if id == "" {
		return nil, nil, nil
	}
	old, revision, err := s.journal.head(ctx, id)
	if err != nil {
		return nil, nil, err
	}
	mark, how := &old.UndoneBy, "undone"
	if a.Retries != "" {
		mark, how = &old.RetriedBy, "retried"
	}
	_, open, err := s.settled(ctx, *mark)
	if err != nil {
		return nil, nil, err
	}
	if !open {
		return nil, nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was %s by %s already.", old.ID, how, *mark)}
	}
	*mark = a.ID
	return []state.Condition{state.At(headKey(old.ID), revision)}, []state.Op{state.Set(headKey(old.ID), encodeHead(old))}, nil
}

// Stop has a running action end before its next target. What is under way is seen through.
func (s *Service) Stop(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	if _, err := s.existing(ctx, id); err != nil {
		return nil, err
	}
	a, err := s.journal.edit(ctx, id, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		if a.State != running {
			return nil, nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s is not running: it is %s.", id, strings.ToLower(s.shown(a).State))}
		}
		a.StopAsked = true
		return nil, nil, nil
	})
	if err != nil {
		return nil, err
	}
	asked := *a
	asked.RunBy = scope.User()
	if err := s.audit(ctx, &asked, "stop", "", []auditRow{{result: "ASKED"}}); err != nil {
		s.Log.Warn("request to stop not in the audit", "action_id", id, "user", scope.User(), "err", err) // stopping writes to no member
	}
	return s.existing(ctx, id)
}
