package action

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Plan freezes the targets, has every member try the change without keeping it, and stores the plan.
func (s *Service) Plan(ctx context.Context, scope access.Scope, in actions.Input) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	return s.plan(ctx, scope, in, "")
}

func (s *Service) plan(ctx context.Context, scope access.Scope, in actions.Input, retries string) (*actions.Action, error) {
	if err := checkInput(in); err != nil {
		return nil, err
	}
	a := &actions.Action{
		Retries: retries,
		ID:      s.newID(), Verb: in.Verb, State: planned, Reason: in.Reason, Actor: scope.User(), Source: in.Source,
		CreatedAt: s.now().UTC(), Params: in.Params, Waves: in.Waves,
	}
	found, err := s.find(ctx, scope, in)
	if err != nil {
		return nil, err
	}
	a.Targets, a.Warnings = found.targets, found.warnings
	s.tryAll(ctx, a, func(t *actions.Target, l live) string {
		if a.Verb == scale && l.has(actions.Inverse{Replicas: a.Params.Replicas}) {
			return fmt.Sprintf("%s has %s already.", nameOf(t), replicas(*a.Params.Replicas))
		}
		return ""
	})
	a.Title = title(a, found.kinds)
	return s.keep(ctx, a)
}

// Undo plans the inverse of a finished action, for every target it wrote. It is run like any other plan.
func (s *Service) Undo(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	old, err := s.existing(ctx, id)
	if err != nil {
		return nil, err
	}
	switch {
	case old.State == planned || old.State == expired:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was never run: there is nothing to undo.", id)}
	case old.State == running:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s is still running.", id), Fix: "Stop it, or wait until it ends."}
	case old.UndoneBy != "":
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was undone by %s already.", id, old.UndoneBy), Fix: fmt.Sprintf("To bring it back, undo %s.", old.UndoneBy)}
	}
	a := &actions.Action{
		ID: s.newID(), Verb: old.Verb, State: planned, Reason: "Undo of " + id, Actor: scope.User(), Source: old.Source,
		CreatedAt: s.now().UTC(), Undoes: id,
	}
	left := map[*actions.Target]*actions.Target{}
	for _, t := range old.Targets {
		if t.Inverse == nil || t.Intent == nil {
			continue
		}
		back := &actions.Target{Ref: t.Ref, ClusterUID: t.ClusterUID, Version: t.Version, UID: t.UID, State: ready, Wanted: t.Inverse}
		left[back] = t
		a.Targets = append(a.Targets, back)
	}
	if len(a.Targets) == 0 {
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s wrote nothing: there is nothing to undo.", id)}
	}
	s.tryAll(ctx, a, func(t *actions.Target, l live) string {
		was := left[t].Intent
		switch {
		case l.has(was.Set) && (was.Spec == "" || was.Spec == l.Spec):
			return ""
		case was.Set.Replicas != nil && l.Replicas != *was.Set.Replicas:
			return fmt.Sprintf("%s has %s now, not the %d that %s left%s. Undo would overwrite that.", nameOf(t), replicas(l.Replicas), *was.Set.Replicas, id, s.by(ctx, scope, t))
		case was.Set.RestartedAt != nil && l.RestartedAt != *was.Set.RestartedAt:
			return fmt.Sprintf("%s was restarted again since %s%s.", nameOf(t), id, s.by(ctx, scope, t))
		}
		return fmt.Sprintf("The spec of %s was changed since %s%s. Undo would mix with that.", nameOf(t), id, s.by(ctx, scope, t))
	})
	a.Title = "Undo " + id + ": " + old.Title
	return s.keep(ctx, a)
}

// keep writes the plan down: in the audit first, since nothing of it may go unseen.
func (s *Service) keep(ctx context.Context, a *actions.Action) (*actions.Action, error) {
	a.ConfirmPhrase = phrase(a)
	if err := s.audit(ctx, a, "plan", "", planRow(a)); err != nil {
		return nil, noAudit(err)
	}
	if err := s.journal.create(ctx, a); err != nil {
		return nil, err
	}
	return s.shown(a), nil
}

func noAudit(err error) error {
	return errors.Join(&access.Error{Code: "UNAVAILABLE", Message: "The audit cannot be written, and without audit there is no action.", Fix: "Try again when the database answers; foretop's log says why it does not."}, err)
}

// tryAll dry-runs every target that is ready. blocks says what about the live object forbids the change.
func (s *Service) tryAll(ctx context.Context, a *actions.Action, blocks func(*actions.Target, live) string) {
	var g errgroup.Group
	g.SetLimit(planParallel)
	for i, t := range a.Targets {
		if t.State == ready {
			g.Go(func() error { s.try(ctx, a, i, t, blocks); return nil })
		}
	}
	_ = g.Wait() // never answers an error
}

// try has the member do the change without keeping it, and notes on the target what came of it.
func (s *Service) try(ctx context.Context, a *actions.Action, i int, t *actions.Target, blocks func(*actions.Target, live) string) {
	block := func(why string) { t.State, t.Message = blocked, why }
	c := s.writeCommand(a, t, fmt.Sprintf("%s-%04d-plan", a.ID, i), wanted(a, t, s.now()))
	c.DryRun = true
	r := s.ask(ctx, t.ClusterUID, c, s.timing.dryRun)
	t.Warnings = r.Warnings
	progress(t, r.Workload)
	var l live
	var err error
	if len(r.Before) > 0 {
		if l, err = readLive(r.Before); err != nil {
			block("The member answered with something that is no object.")
			s.Log.Error("answer of a dry run cannot be read", "action_id", a.ID, "ref", t.Ref, "err", err)
			return
		}
		if why := blocks(t, l); why != "" {
			block(why)
			return
		}
	}
	if r.Code != ingestpb.CommandResult_CODE_OK {
		block(refusal(t, r))
		return
	}
	t.ResourceVersion, t.Spec = l.ResourceVersion, l.Spec
	after, err := readLive(r.After)
	if err == nil {
		t.Diff, err = diff(r.Before, r.After)
	}
	if err != nil {
		block("The member answered with something that is no object.")
		s.Log.Error("answer of a dry run cannot be read", "action_id", a.ID, "ref", t.Ref, "err", err)
		return
	}
	const most = 32 << 10
	if len(t.Diff) > most {
		t.Diff = t.Diff[:most] + "\n... cut\n"
	}
	t.Change = change(a, t, l, after)
}

func diff(before, after []byte) (string, error) {
	old, err := kube.Decode(before)
	if err != nil {
		return "", err
	}
	changed, err := kube.Decode(after)
	if err != nil {
		return "", err
	}
	return kube.UnifiedDiff(old, changed, false)
}

// existing answers an action or a person's error.
func (s *Service) existing(ctx context.Context, id string) (*actions.Action, error) {
	missing := &access.Error{Code: "NOT_FOUND", Message: fmt.Sprintf("There is no action %s.", id), Fix: "List them with: foretop actions"}
	if !plausibleID(id) {
		return nil, missing
	}
	a, _, err := s.journal.action(ctx, id)
	if errors.Is(err, state.ErrNotFound) {
		return nil, missing
	}
	if err != nil {
		return nil, err
	}
	return s.shown(a), nil
}

// by names who changed a target last, as far as the hub has seen it: ", by kubectl".
func (s *Service) by(ctx context.Context, scope access.Scope, t *actions.Target) string {
	ref, err := kube.ParseRef(t.Ref)
	if err != nil {
		return ""
	}
	objects, err := s.Finder.Objects(ctx, scope, []kube.Ref{ref})
	if err != nil || len(objects) != 1 || objects[0].ChangedBy == "" {
		return ""
	}
	return ", last by " + objects[0].ChangedBy
}

// frozen is what a plan is about.
type frozen struct {
	targets  []*actions.Target
	kinds    map[string]int
	warnings []string
}
