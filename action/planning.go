package action

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// plan is an action while its targets are dry-run. It is journaled at once when that is quick, and on the way when
// it is not.
type plan struct {
	*Service
	blocks    func(*actions.Target, tried) string
	prechecks prechecks

	mu        sync.Mutex
	a         *actions.Action
	journaled bool
	gaveUp    error
}

// all tries every target and completes the plan.
func (p *plan) all(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(planParallel)
	for i := range p.a.Targets {
		p.mu.Lock()
		t := *p.a.Targets[i]
		p.mu.Unlock()
		if t.State != pending {
			continue
		}
		g.Go(func() error {
			p.try(ctx, i, &t)
			return p.tried(ctx, i, &t)
		})
	}
	err := g.Wait()
	if err == nil {
		err = p.complete(ctx)
	}
	if err != nil {
		p.giveUp(ctx, err)
	}
	return err
}

// giveUp ends a plan that is journaled already and cannot be completed.
func (p *plan) giveUp(ctx context.Context, why error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.gaveUp = why
	if !p.journaled {
		return
	}
	p.Log.Error("plan cannot be completed", "action_id", p.a.ID, "err", why)
	_, err := p.journal.edit(context.WithoutCancel(ctx), p.a.ID, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		a.State = expired
		a.Warnings = append(a.Warnings, "The plan could not be completed; foretop's log says why. Plan again.")
		return nil, nil, nil
	})
	if err != nil {
		p.Log.Warn("plan that was given up stays as it is until it expires", "action_id", p.a.ID, "err", err)
	}
}

// tried notes what came of one target.
func (p *plan) tried(ctx context.Context, i int, t *actions.Target) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.a.Targets[i] = t
	if !p.journaled {
		return nil
	}
	if _, err := p.Store.Put(ctx, targetKey(p.a.ID, i), encode(t)); err != nil {
		return fmt.Errorf("journal target %d of %s: %w", i, p.a.ID, err)
	}
	return nil
}

// journalNow stores a plan that is not complete yet.
func (p *plan) journalNow(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.journaled || p.gaveUp != nil {
		return p.gaveUp
	}
	p.journaled = true
	return p.journal.create(ctx, p.a)
}

// complete writes the plan down: in the audit first, since nothing of it may go unseen.
func (p *plan) complete(ctx context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	waves(p.a)
	p.guard(p.a)
	p.a.State, p.a.ConfirmPhrase = planned, p.phrase(p.a)
	if err := p.audit(ctx, p.a, "plan", "", planRow(p.a)); err != nil {
		p.a.State = planning // nobody runs what the audit does not know
		return audit.Unwritten(err)
	}
	if !p.journaled {
		p.journaled = true
		return p.journal.create(ctx, p.a)
	}
	for i, t := range p.a.Targets { // their waves are known only now
		if _, err := p.Store.Put(ctx, targetKey(p.a.ID, i), encode(t)); err != nil {
			return fmt.Errorf("journal target %d of %s: %w", i, p.a.ID, err)
		}
	}
	_, err := p.journal.edit(ctx, p.a.ID, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		a.State, a.ConfirmPhrase, a.Protection, a.FourEyes = planned, p.a.ConfirmPhrase, p.a.Protection, p.a.FourEyes
		return nil, nil, nil
	})
	return err
}

// try has the member do the change without keeping it, and notes on the target what came of it.
func (p *plan) try(ctx context.Context, i int, t *actions.Target) {
	a := p.a
	block := func(why string) { t.State, t.Message = blocked, why }
	d, r, why := p.dryRun(ctx, a, t, fmt.Sprintf("%s-%04d-plan", a.ID, i))
	if r != nil {
		t.Warnings = append(t.Warnings, r.Warnings...)
		progress(t, r.Workload)
	}
	switch {
	case why != "":
		block(why)
		return
	case r.Code == ingestpb.CommandResult_CODE_REFUSED && a.Verb == actions.Scale && t.Wanted == nil && r.Workload.GetAutoscaler() != "":
		p.tryAutoscaler(ctx, i, t, r)
		return
	}
	if d.before.object != nil {
		if r.Code == ingestpb.CommandResult_CODE_OK || r.Code == ingestpb.CommandResult_CODE_REFUSED {
			if why := p.blocks(t, d); why != "" {
				block(why)
				return
			}
		}
	}
	if r.Code == ingestpb.CommandResult_CODE_NOT_FOUND && t.Needs != "" {
		t.State, t.Change = ready, "creates it"
		t.Warnings = append(t.Warnings, fmt.Sprintf("Not tried yet: this action makes namespace %s first.", t.Needs))
		return
	}
	if r.Code != ingestpb.CommandResult_CODE_OK {
		block(refusal(t, r))
		return
	}
	t.State = ready
	t.ResourceVersion, t.Spec = d.before.ResourceVersion, d.before.Spec
	if t.UID == "" { // of a manifest; "" still when it is not there
		t.UID = d.before.UID
	}
	t.NoWayBack = r.InverseWithheld
	if r.InverseWithheld != "" {
		t.Warnings = append(t.Warnings, "This cannot be undone from here: "+r.InverseWithheld)
	}
	if d.before.Paused && verbs[a.Verb].rollout && a.Verb != actions.Resume && a.Verb != actions.Scale {
		t.Warnings = append(t.Warnings, fmt.Sprintf("%s is paused: its Pods change only once it is resumed.", nameOf(t)))
	}
	diff, err := kube.UnifiedDiff(shown(d.before), shown(d.after), false)
	if err != nil {
		p.Log.Error("answer of a dry run cannot be compared", "action_id", a.ID, "ref", t.Ref, "err", err)
		block("The member answered with something that is no object.")
		return
	}
	const most = 32 << 10
	if len(diff) > most {
		diff = strings.ToValidUTF8(diff[:most], "") + "\n... cut\n"
	}
	if !verbs[a.Verb].evicts || a.Undoes != "" {
		t.Diff = diff
	}
	t.Change = change(a, t, d, r)
	ref, _ := kube.ParseRef(t.Ref) // written by us
	warnings, err := p.prechecks.warn(ctx, ref, d.before, d.after)
	if err != nil {
		p.Log.Warn("disruption budgets not looked at", "action_id", a.ID, "ref", t.Ref, "err", err)
		warnings = []string{"Disruption budgets could not be looked at."}
	}
	t.Warnings = append(t.Warnings, warnings...)
}

// shown is what a plan's difference shows of an object: no two dry runs agree on the identity of what is to be made.
func shown(l live) map[string]any {
	if l.object == nil {
		return nil
	}
	return patch.Content(l.object)
}
