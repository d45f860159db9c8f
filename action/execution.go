package action

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/state"
)

// execution is one action being carried out by the hub that owns it. It may be the second one of that action, after
// a crash: everything it needs is in the journal.
type execution struct {
	*Service
	id     string
	a      *actions.Action
	failed atomic.Int64 // targets
}

// run sees every target through and then ends the action. An error means: take it up again.
func (x *execution) run(ctx context.Context) error {
	a, _, err := x.journal.action(ctx, x.id)
	if err != nil {
		return err
	}
	if a.State != running {
		return nil
	}
	x.a = a
	x.Log.Info("action runs", "action_id", a.ID, "title", a.Title, "user", a.RunBy, "targets", len(a.Targets))
	if err := x.auditIntents(ctx); err != nil {
		if ctx.Err() != nil || x.begun() {
			return err
		}
		x.Log.Error("action refused: its intents cannot be written to the audit", "action_id", a.ID, "err", err)
		return x.refuse(ctx)
	}
	if err := x.waves(ctx); err != nil {
		return err
	}
	return x.finish(ctx)
}

// begun reports that something may have been written: such an action is never called refused.
func (x *execution) begun() bool {
	for _, t := range x.a.Targets {
		if t.Intent != nil {
			return true
		}
	}
	return false
}

// auditIntents writes a row for every target that may be written to, before any is. A resumed action writes the same
// rows under the same key, so they stay one.
func (x *execution) auditIntents(ctx context.Context) error {
	var rows []auditRow
	for _, t := range x.a.Targets {
		if t.State != blocked {
			rows = append(rows, auditRow{target: t, result: "INTENDED", detail: map[string]any{"change": t.Change, "resourceVersion": t.ResourceVersion}})
		}
	}
	for deadline := x.now().Add(x.timing.reach); ; {
		err := x.audit(ctx, x.a, "intent", "", rows)
		if err == nil || ctx.Err() != nil || !clickhouse.Unavailable(err) || x.now().After(deadline) {
			return err
		}
		sleep(ctx, x.timing.poll)
	}
}

func (x *execution) refuse(ctx context.Context) error {
	for i, t := range x.a.Targets {
		if t.State == blocked {
			continue
		}
		t.State, t.Message = skipped, "Nothing was written: the audit cannot be written, and without audit there is no action."
		if err := x.save(ctx, i, t); err != nil {
			return err
		}
	}
	return x.end(ctx, failed)
}

// see takes one target as far as it goes from wherever it is.
func (x *execution) see(ctx context.Context, i int, t *actions.Target) error {
	resumed := t.State == running
	if t.State == ready {
		if err := x.begin(ctx, i, t); err != nil {
			return err
		}
	}
	if t.State == running && !t.Intent.Written {
		if err := x.write(ctx, i, t, resumed); err != nil {
			return err
		}
	}
	if t.State == running && t.Evictions != nil {
		if err := x.evict(ctx, i, t); err != nil {
			return err
		}
	}
	if t.State == running {
		if err := x.await(ctx, i, t); err != nil {
			return err
		}
	}
	return x.auditResult(ctx, i, t)
}

// fail ends a target to which nothing was written.
func (x *execution) fail(ctx context.Context, i int, t *actions.Target, message string) error {
	if t.Intent == nil || !t.Intent.Written {
		t.Inverse, t.NoWayBack = nil, ""
	}
	return x.endTarget(ctx, i, t, failed, message)
}

func (x *execution) endTarget(ctx context.Context, i int, t *actions.Target, how, message string) error {
	now := x.now().UTC()
	t.State, t.Message, t.FinishedAt = how, message, &now
	if how == failed {
		x.failed.Add(1)
	}
	x.targets.WithLabelValues(x.a.Verb, how).Inc()
	return x.save(ctx, i, t)
}

func (x *execution) save(ctx context.Context, i int, t *actions.Target) error {
	return x.journal.save(ctx, x.id, x.hub, i, t)
}

// auditResult writes what came of a target; again and again until the audit has it.
func (x *execution) auditResult(ctx context.Context, i int, t *actions.Target) error {
	detail := map[string]any{"change": t.Change, "message": t.Message}
	if t.Intent != nil {
		detail["write"], detail["resourceVersion"], detail["attempt"] = told(t.Intent.Write), t.Intent.ResourceVersion, t.Intent.Attempt
	}
	if t.Inverse != nil {
		detail["undo"] = told(t.Inverse)
	} else if t.NoWayBack != "" {
		detail["noWayBack"] = t.NoWayBack
	}
	row := auditRow{target: t, result: t.State, detail: detail}
	for {
		err := x.audit(ctx, x.a, "result", strconv.Itoa(i), []auditRow{row})
		if err == nil || ctx.Err() != nil {
			return ctx.Err()
		}
		x.Log.Warn("result of a target not in the audit yet, trying again", "action_id", x.id, "ref", t.Ref, "err", err)
		sleep(ctx, x.timing.poll)
	}
}

// told is a kept command as people read it: with manifests and patches as the JSON that they are.
func told(w *actions.Write) any {
	if w == nil {
		return nil
	}
	var c map[string]any
	if json.Unmarshal(w.Command, &c) != nil {
		return w.Command
	}
	for _, v := range c {
		verb, ok := v.(map[string]any)
		if !ok {
			continue // the field manager
		}
		for _, field := range []string{"manifest", "patch"} {
			text, _ := verb[field].(string)
			if raw, err := base64.StdEncoding.DecodeString(text); err == nil && json.Valid(raw) {
				verb[field] = json.RawMessage(raw)
			}
		}
	}
	return c
}

func (x *execution) finish(ctx context.Context) error {
	how := succeeded
	for _, t := range x.a.Targets {
		switch {
		case t.State == failed:
			return x.end(ctx, failed)
		case t.State == skipped:
			how = stopped
		}
	}
	return x.end(ctx, how)
}

func (x *execution) end(ctx context.Context, how string) error {
	a, err := x.journal.edit(ctx, x.id, func(a *actions.Action) ([]state.Condition, []state.Op, error) {
		now := x.now().UTC()
		a.State, a.FinishedAt = how, &now
		return []state.Condition{state.Is(ownerKey(x.id), []byte(x.hub))}, nil, x.stillOwner(ctx)
	})
	if err != nil {
		return err
	}
	x.Log.Info("action ended", "action_id", a.ID, "state", how)
	return nil
}

// stillOwner ends edit's retries when what conflicts is the ownership.
func (x *execution) stillOwner(ctx context.Context) error {
	e, err := x.Store.Get(ctx, ownerKey(x.id))
	if errors.Is(err, state.ErrNotFound) || err == nil && string(e.Value) != x.hub {
		return fmt.Errorf("end %s: %w", x.id, errNotOwner)
	}
	return err
}

var errNotOwner = errors.New("another hub has taken the action over")
