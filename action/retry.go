package action

import (
	"context"
	"fmt"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

// Retry plans the targets of an ended action once more that failed or were left out, as they are now.
func (s *Service) Retry(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	old, err := s.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case old.State != failed && old.State != stopped && old.State != succeeded:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s has not ended.", id), Fix: "Wait until it has, or stop it."}
	case old.Undoes != "":
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s undoes %s and is not retried.", id, old.Undoes), Fix: fmt.Sprintf("Undo %s again.", old.Undoes)}
	}
	through, open, err := s.settled(ctx, old.RetriedBy)
	if err != nil {
		return nil, err
	}
	if !open {
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was retried by %s already.", id, old.RetriedBy)}
	}
	in := actions.Input{Verb: old.Verb, Params: old.Params, Waves: old.Waves, Reason: old.Reason, Source: old.Source}
	only := map[string]bool{}
	for _, t := range old.Targets {
		if ref := asked(t); (t.State == failed || t.State == skipped) && !through[ref] && !only[ref] {
			only[ref] = true
			if old.Verb != actions.Apply { // its manifest says what it is about
				in.Refs = append(in.Refs, ref)
			}
		}
	}
	if len(only) == 0 {
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("Nothing of %s failed or was left out: there is nothing to retry.", id)}
	}
	return s.plan(ctx, scope, in, id, only)
}
