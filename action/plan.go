package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Plan freezes the targets, has every member try the change without keeping it, and stores the plan. One that takes
// long is answered while it is PLANNING, and goes on by itself.
func (s *Service) Plan(ctx context.Context, scope access.Scope, in actions.Input) (*actions.Action, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	return s.plan(ctx, scope, in, "", nil)
}

// plan plans in. A retry is of an earlier action, and about only some of its targets.
func (s *Service) plan(ctx context.Context, scope access.Scope, in actions.Input, retries string, only map[string]bool) (*actions.Action, error) {
	if err := checkInput(in); err != nil {
		return nil, err
	}
	a := &actions.Action{
		ID: s.newID(), Verb: in.Verb, State: planned, Reason: in.Reason, Actor: scope.User(), Source: in.Source,
		CreatedAt: s.now().UTC(), Params: in.Params, Waves: in.Waves, Retries: retries,
	}
	found, err := s.find(ctx, scope, a, in)
	if err != nil {
		return nil, err
	}
	if only != nil {
		found.targets = slices.DeleteFunc(found.targets, func(t *actions.Target) bool { return !only[t.Ref] })
	}
	a.Targets, a.Warnings = found.targets, found.warnings
	a.Title = title(a, found.kinds)
	v, taken := verbs[a.Verb], s.owners(ctx, scope, a)
	return s.tryAll(ctx, scope, a, func(t *actions.Target, d tried) string {
		if why := taken(t); why != "" {
			return why
		}
		if v.forgives || d.before.object == nil || d.after.object == nil || len(d.changes) > 0 {
			return ""
		}
		if a.Verb == actions.Scale && t.Wanted == nil {
			return fmt.Sprintf("%s has %s already.", nameOf(t), replicas(*a.Params.Replicas))
		}
		return fmt.Sprintf("%s is like that already: nothing would change.", nameOf(t))
	})
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
	case old.State == planning || old.State == planned || old.State == expired:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was never run: there is nothing to undo.", id)}
	case old.State == running:
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s is still running.", id), Fix: "Stop it, or wait until it ends."}
	}
	undone, open, err := s.settled(ctx, old.UndoneBy)
	if err != nil {
		return nil, err
	}
	if !open {
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s was undone by %s already.", id, old.UndoneBy), Fix: fmt.Sprintf("To bring it back, undo %s.", old.UndoneBy)}
	}
	a := &actions.Action{
		ID: s.newID(), Verb: old.Verb, State: planned, Reason: "Undo of " + id, Actor: scope.User(), Source: old.Source,
		CreatedAt: s.now().UTC(), Undoes: id, Title: "Undo " + id + ": " + old.Title,
		Waves: actions.Waves{Parallel: old.Waves.Parallel},
	}
	left := map[string]*actions.Target{}
	able := 0
	last := 0
	for _, t := range old.Targets {
		last = max(last, t.Wave)
	}
	for _, t := range old.Targets {
		if t.Intent == nil || t.Inverse == nil && t.NoWayBack == "" {
			continue
		}
		back := &actions.Target{Ref: t.Ref, ClusterUID: t.ClusterUID, Version: t.Version, UID: t.UID, State: ready, Wanted: t.Inverse, Manager: t.Manager}
		if old.Verb == actions.Apply { // what was made last goes first: others stand on what was made before
			back.Wave = last + 1 - t.Wave
		}
		if t.Inverse == nil {
			back.State, back.Message = blocked, t.NoWayBack
		} else {
			able++
			if t.Inverse.Ref != "" {
				back.Ref, back.UID, back.Version = t.Inverse.Ref, t.Inverse.UID, "v1"
			}
			if c, err := commandOf(t.Inverse); err != nil {
				return nil, err
			} else if c.GetApply().GetCreate() {
				back.UID = ""
			} else if t.Inverse.Ref != "" && t.Inverse.UID == "" { // without it somebody else's could be deleted
				back.State, back.Message = blocked, "Whether it was made is not known. Look at it, and delete it by itself."
				able--
			}
		}
		if undone[back.Ref] {
			if back.State == ready {
				able--
			}
			continue
		}
		left[back.Ref] = t
		a.Targets = append(a.Targets, back)
	}
	if able == 0 {
		for _, t := range a.Targets {
			return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s cannot be undone: %s", id, t.Message)}
		}
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("%s wrote nothing: there is nothing to undo.", id)}
	}
	return s.tryAll(ctx, scope, a, func(t *actions.Target, d tried) string { return s.mixes(ctx, scope, id, t, left[t.Ref], d.before) })
}

// settled tells what an earlier undo or retry has brought to its end, and whether there is something left of it to do:
// not while it runs. by is "" when there was none.
func (s *Service) settled(ctx context.Context, by string) (through map[string]bool, open bool, err error) {
	if by == "" {
		return nil, true, nil
	}
	a, _, err := s.journal.action(ctx, by)
	if err != nil {
		return nil, false, err
	}
	through = map[string]bool{}
	for _, t := range a.Targets {
		if t.State == done {
			through[asked(t)] = true
		} else if a.FinishedAt != nil {
			open = true
		}
	}
	return through, open, nil
}

// asked is the reference that was asked for: that of the workload where its autoscaler is the target.
func asked(t *actions.Target) string {
	if t.For != "" {
		return t.For
	}
	return t.Ref
}

// mixes says why undoing was on t would mix with what somebody did since, "" when it would not.
func (s *Service) mixes(ctx context.Context, scope access.Scope, id string, t, was *actions.Target, l live) string {
	if l.object == nil || was.Inverse.Ref != "" {
		return "" // it is gone, or was made by the action and its identity is what counts
	}
	changes, err := patch.Parse(was.Intent.Changes)
	if err != nil {
		return "What was changed is not known any more."
	}
	switch {
	case !l.has(changes):
		for _, c := range changes {
			if now, _ := patch.At(l.object, c.Path); c.Path == "/spec/replicas" && !l.has([]patch.Change{c}) {
				return fmt.Sprintf("%s has %s now, not the %v that %s left%s. Undo would overwrite that.", nameOf(t), replicas(l.Replicas), c.Value, id, s.by(ctx, scope, t))
			} else if !l.has([]patch.Change{c}) {
				return fmt.Sprintf("%s of %s is %s now, not as %s left it%s. Undo would overwrite that.", field(c.Path), nameOf(t), brief(now), id, s.by(ctx, scope, t))
			}
		}
	case was.Intent.Spec != "" && was.Intent.Spec != l.Spec:
		return fmt.Sprintf("The spec of %s was changed since %s%s. Undo would mix with that.", nameOf(t), id, s.by(ctx, scope, t))
	}
	return ""
}

// tryAll dry-runs every target that is ready and stores the plan: when all are tried, or after a while with what is
// known by then. blocks says what about the live object forbids the change.
func (s *Service) tryAll(ctx context.Context, scope access.Scope, a *actions.Action, blocks func(*actions.Target, tried) string) (*actions.Action, error) {
	if a.Undoes == "" && len(a.Targets) == 0 {
		return nil, &access.Error{Code: "NOT_FOUND", Message: "There is nothing to act on."}
	}
	p := &plan{Service: s, a: a, blocks: blocks, prechecks: prechecks{finder: s.Finder, scope: scope}}
	a.State = planning
	for _, t := range a.Targets {
		if t.State == ready {
			t.State = pending
		}
	}
	tries, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timing.plan)
	done := make(chan error, 1)
	s.plans.Add(1)
	go func() {
		defer s.plans.Done()
		defer cancel()
		done <- p.all(tries)
	}()
	select {
	case err := <-done:
		if err != nil {
			return nil, err
		}
		return s.shown(a), nil
	case <-time.After(s.timing.planWait):
	case <-ctx.Done():
		cancel()
		return nil, ctx.Err()
	}
	// It goes on; whoever looks sees how far it is.
	if err := p.journalNow(ctx); err != nil {
		cancel()
		return nil, err
	}
	return s.existing(ctx, a.ID)
}

// dryRun asks a member what t's command would do. why is a sentence when that cannot be told.
func (s *Service) dryRun(ctx context.Context, a *actions.Action, t *actions.Target, id string) (d tried, r *ingestpb.CommandResult, why string) {
	const noObject = "The member answered with something that is no object."
	w, err := typed(a, t, s.now())
	if err == nil && verbs[a.Verb].evicts && t.Wanted == nil {
		w, err = evictions(a, s.now())
	}
	var c *ingestpb.Command
	if err == nil {
		c, err = s.writeCommand(a, t, id, w)
	}
	if err != nil {
		s.Log.Error("command cannot be made", "action_id", a.ID, "ref", t.Ref, "err", err)
		return d, nil, "What to ask of it is not known any more."
	}
	c.DryRun = true
	r = s.ask(ctx, t.ClusterUID, c, s.timing.dryRun)
	if d, err = readTried(r); err != nil {
		s.Log.Error("answer of a dry run cannot be read", "action_id", a.ID, "ref", t.Ref, "err", err)
		return d, r, noObject
	}
	return d, r, ""
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
