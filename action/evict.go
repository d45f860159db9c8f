package action

import (
	"context"
	"fmt"
	"time"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// drainAtOnce is how many Pods of a Node are evicted in one step. Budgets hold back what must stay.
const drainAtOnce = 10

// evictions is the command of which an eviction's steps are made. Of a drain it is what comes after the cordon.
func evictions(a *actions.Action, since time.Time) (*actions.Write, error) {
	v := &ingestpb.EvictVerb{CreatedBeforeMs: since.UnixMilli(), AtMost: 1, GraceSeconds: a.Params.GraceSeconds, Whole: a.Params.Whole}
	if a.Verb == actions.Drain {
		v.AtMost, v.DeleteEmptyDir, v.Unmanaged, v.Whole = drainAtOnce, a.Params.EmptyDir, a.Params.Unmanaged, true
	}
	return keepable(&ingestpb.Command{Verb: &ingestpb.Command_Evict{Evict: v}})
}

// evicting reports whether w is a step of evictions, which are journaled by when they began.
func evicting(w *actions.Write) bool {
	c, err := commandOf(w)
	return err == nil && c.GetEvict() != nil
}

// evict has a member evict Pods step by step until none is left. A resumed one goes on: only Pods from before it began
// are meant, and a step waits while a workload has fewer Pods ready than it wants.
func (x *execution) evict(ctx context.Context, i int, t *actions.Target) error {
	w, err := evictions(x.a, t.Evictions.Since)
	if err != nil {
		return err
	}
	deadline, step := x.now().Add(x.timing.rollout), 0
	for ; ; sleep(ctx, x.timing.poll/2) {
		if stop, err := x.stopAsked(ctx); err != nil {
			return err
		} else if stop {
			return x.endTarget(ctx, i, t, failed, fmt.Sprintf("Stopped on the way: %s.", howFar(t)))
		}
		step++
		c, err := x.writeCommand(x.a, t, fmt.Sprintf("%s-%04d-evict-%d-%d", x.id, i, x.now().UnixMilli(), step), w)
		if err != nil {
			return err
		}
		r := x.ask(ctx, t.ClusterUID, c, x.timing.command)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e := r.Evictions
		switch {
		case r.Code == ingestpb.CommandResult_CODE_OK && e != nil:
			moved := len(e.Evicted) > 0 || int(e.Left) != t.Evictions.Left || e.WaitingFor != t.Evictions.WaitingFor
			if len(e.Evicted) > 0 || int(e.Left) < t.Evictions.Left {
				deadline = x.now().Add(x.timing.rollout)
			}
			t.Evictions.Evicted += len(e.Evicted)
			t.Evictions.Left, t.Evictions.WaitingFor, t.Evictions.Kept = int(e.Left), e.WaitingFor, e.Kept
			if moved {
				t.Message = howFar(t)
				if err := x.save(ctx, i, t); err != nil {
					return err
				}
			}
			if e.Left == 0 {
				t.Message = howFar(t)
				return nil
			}
		case r.Code == ingestpb.CommandResult_CODE_UNAVAILABLE, r.Code == ingestpb.CommandResult_CODE_CONFLICT && step == 1:
		default:
			return x.endTarget(ctx, i, t, failed, fmt.Sprintf("%s, then: %s", howFar(t), refusal(t, r)))
		}
		if x.now().After(deadline) {
			return x.endTarget(ctx, i, t, failed, fmt.Sprintf("%s; nothing moved for %s.", howFar(t), x.timing.rollout))
		}
	}
}

// howFar says how far the evictions of a target are.
func howFar(t *actions.Target) string {
	e := t.Evictions
	s := fmt.Sprintf("%s evicted, %d left", count(e.Evicted, "Pod"), e.Left)
	if e.Left > 0 && e.WaitingFor != "" {
		s += ": " + e.WaitingFor
	}
	if len(e.Kept) > 0 {
		s += fmt.Sprintf("; %s kept", count(len(e.Kept), "Pod"))
	}
	return s
}
