package action

import (
	"context"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/state"
)

// plan is an action while its targets are dry-run. It is journaled at once when that is quick, and on the way when
// it is not.
type plan struct {
	*Service
	blocks func(*actions.Target, tried) string

	mu        sync.Mutex
	a         *actions.Action
	journaled bool
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
			p.try(ctx, p.a, i, &t, p.blocks)
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
	if p.journaled {
		return nil
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
		return noAudit(err)
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
