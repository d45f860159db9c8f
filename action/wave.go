package action

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/state"
)

const (
	runParallel = 4
	maxParallel = 64
)

// waves sees the targets through, wave by wave. Those of an earlier hub's waves that are not through yet come first.
func (x *execution) waves(ctx context.Context) error {
	last := 0
	for _, t := range x.a.Targets {
		last = max(last, t.Wave)
		if t.State == failed {
			x.failed.Add(1)
		}
	}
	parallel := x.a.Waves.Parallel
	if parallel == 0 {
		parallel = runParallel
	}
	for wave := 0; wave <= last; wave++ {
		var in []int
		for i, t := range x.a.Targets {
			if t.State != blocked && t.Wave == wave {
				in = append(in, i)
			}
		}
		if len(in) == 0 {
			continue
		}
		if err := x.enter(ctx, wave, in); err != nil {
			return err
		}
		var g errgroup.Group
		g.SetLimit(parallel)
		for _, i := range in {
			g.Go(func() error { return x.see(ctx, i, x.a.Targets[i]) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// enter notes that a wave begins, after the pause before it. One that was entered before begins at once.
func (x *execution) enter(ctx context.Context, wave int, in []int) error {
	fresh := !slices.ContainsFunc(in, func(i int) bool { return x.a.Targets[i].State != ready })
	if x.a.Waves.Pause > 0 && wave > 1 && fresh && x.a.Wave < wave {
		var at time.Time
		note := func(a *actions.Action) {
			if a.NextWaveAt == nil { // an earlier hub may have begun the pause
				next := x.now().UTC().Add(a.Waves.Pause)
				a.NextWaveAt = &next
			}
			at = *a.NextWaveAt
		}
		if err := x.head(ctx, note); err != nil {
			return err
		}
		for x.now().Before(at) {
			if why, err := x.halted(ctx); err != nil {
				return err
			} else if why != "" {
				break
			}
			sleep(ctx, min(at.Sub(x.now()), x.timing.poll))
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	}
	return x.head(ctx, func(a *actions.Action) { a.Wave, a.NextWaveAt = wave, nil })
}

// head changes the action's head while this hub owns it.
func (x *execution) head(ctx context.Context, change func(*actions.Action)) error {
	_, err := x.journal.edit(ctx, x.id, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		change(a)
		return []state.Condition{state.Is(ownerKey(x.id), []byte(x.hub))}, nil, x.stillOwner(ctx)
	})
	return err
}

// halted says why no further target is begun, "" when it is.
func (x *execution) halted(ctx context.Context) (string, error) {
	if most := x.a.Waves.MaxFailures; most > 0 && x.failed.Load() >= int64(most) {
		return fmt.Sprintf("Left out: the action stops after %s.", count(most, "failure")), nil
	}
	stop, err := x.stopAsked(ctx)
	if stop {
		return "Stopped before its turn.", nil
	}
	return "", err
}

func (x *execution) stopAsked(ctx context.Context) (bool, error) {
	head, _, err := x.journal.head(ctx, x.id)
	return err == nil && head.StopAsked, err
}
