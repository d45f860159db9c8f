package action

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/schemas/ingestpb"
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

// begin has the member try the change once more, as the object is now, and journals what will be written to it.
func (x *execution) begin(ctx context.Context, i int, t *actions.Target) error {
	why, err := x.halted(ctx)
	if err != nil {
		return err
	}
	if why != "" {
		t.State, t.Message = skipped, why
		return x.save(ctx, i, t)
	}
	attempt := 1
	if t.Intent != nil {
		attempt = t.Intent.Attempt + 1
	}
	now := x.now().UTC()
	t.StartedAt = &now
	var w *actions.Write
	var d tried
	var r *ingestpb.CommandResult
	for deadline := now.Add(x.timing.reach); ; sleep(ctx, x.timing.poll) {
		if w, err = typed(x.a, t, now); err != nil {
			return x.fail(ctx, i, t, "What to ask of it is not known any more.")
		}
		if d, r, err = x.rehearse(ctx, i, t, w, attempt); err != nil {
			return err
		}
		if x.a.Verb == actions.Restart && t.Wanted == nil && d.before.object != nil && d.after.object != nil && len(d.changes) == 0 && x.now().Before(deadline) {
			now = x.now().UTC() // it was restarted in this very second: only a new one is a change
			continue
		}
		// After a restart of the hub its collectors need a moment to come back.
		if r.Code != ingestpb.CommandResult_CODE_UNAVAILABLE || x.now().After(deadline) {
			break
		}
	}
	if t.Spec != "" && d.before.object != nil && d.before.Spec != t.Spec {
		return x.fail(ctx, i, t, fmt.Sprintf("The spec of %s was changed since this was planned%s. Plan again.", nameOf(t), x.by(ctx, access.All(x.a.RunBy), t)))
	}
	if r.Code != ingestpb.CommandResult_CODE_OK {
		return x.fail(ctx, i, t, refusal(t, r))
	}
	if t.Intent == nil && t.ResourceVersion == "" && d.before.object != nil {
		return x.fail(ctx, i, t, fmt.Sprintf("%s was made since this was planned%s. Plan again.", nameOf(t), x.by(ctx, access.All(x.a.RunBy), t)))
	}
	v := verbs[x.a.Verb]
	if v.evicts && t.Wanted == nil {
		t.Evictions = &actions.Evictions{Since: now}
		t.NoWayBack = "Pods that were evicted do not come back: their successors run."
	}
	t.Intent = &actions.Intent{Attempt: attempt, Write: w, ResourceVersion: d.before.ResourceVersion, Generation: d.before.Generation}
	if t.Intent.Changes, err = encodeChanges(d.changes); err != nil {
		return err
	}
	t.State = running
	switch {
	case d.before.object != nil && d.after.object != nil && len(d.changes) == 0, evicting(w):
		t.Intent.Written, t.Intent.Spec = true, d.before.Spec // there is nothing to write
	default:
		if d.before.object == nil {
			t.Intent.Spec = d.after.Spec // tells what it made from what others did
		}
		if err := x.inverse(t, d, r); err != nil {
			return err
		}
	}
	return x.save(ctx, i, t)
}

// rehearse dry-runs w at a member. Its error is only ever that ctx ended.
func (x *execution) rehearse(ctx context.Context, i int, t *actions.Target, w *actions.Write, attempt int) (tried, *ingestpb.CommandResult, error) {
	unknown := &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_INVALID, Message: "The member answered with something that is no object."}
	c, err := x.writeCommand(x.a, t, fmt.Sprintf("%s-%04d-%d-try", x.id, i, attempt), w)
	if err != nil {
		x.Log.Error("command cannot be made", "action_id", x.id, "ref", t.Ref, "err", err)
		return tried{}, unknown, nil
	}
	c.DryRun = true
	r := x.ask(ctx, t.ClusterUID, c, x.timing.dryRun)
	if ctx.Err() != nil {
		return tried{}, nil, ctx.Err()
	}
	d, err := readTried(r)
	if err != nil {
		x.Log.Error("answer of a dry run cannot be read", "action_id", x.id, "ref", t.Ref, "err", err)
		return tried{}, unknown, nil
	}
	return d, r, nil
}

// inverse notes what undoes a write, by what its rehearsal said.
func (x *execution) inverse(t *actions.Target, d tried, r *ingestpb.CommandResult) error {
	c, err := commandOf(t.Intent.Write)
	if err != nil {
		return err
	}
	t.Inverse, t.NoWayBack = nil, r.InverseWithheld
	switch {
	case c.GetScale() != nil:
		t.Inverse, err = keepable(&ingestpb.Command{Verb: &ingestpb.Command_Scale{Scale: &ingestpb.ScaleVerb{Replicas: d.before.Replicas, EvenIfAutoscaled: c.GetScale().EvenIfAutoscaled}}})
	case c.GetCreateJob() != nil:
		ref, _ := kube.ParseRef(t.Ref) // written by us
		ref.GroupResource, ref.Name = kube.GroupResource{Group: "batch", Resource: "jobs"}, c.GetCreateJob().Name
		t.Inverse, err = undoneBy(ref.String(), "")
	case c.GetDelete() != nil && r.InverseWithheld == "":
		manifest, encodeErr := json.Marshal(patch.Content(d.before.object))
		if encodeErr != nil {
			return fmt.Errorf("keep %s: %w", t.Ref, encodeErr)
		}
		t.Inverse, err = keepable(&ingestpb.Command{Verb: &ingestpb.Command_Apply{Apply: &ingestpb.ApplyVerb{Manifest: manifest, Create: true}}})
	case c.GetApply() != nil && d.before.object == nil:
		t.Inverse, err = undoneBy(t.Ref, "")
	case len(r.Inverse) > 0:
		t.Inverse, err = keepable(&ingestpb.Command{Verb: &ingestpb.Command_Restore{Restore: &ingestpb.RestoreVerb{Patch: r.Inverse}}, FieldManager: c.FieldManager})
	case t.NoWayBack == "":
		t.NoWayBack = "The cluster's collector did not say how to undo this. Update it."
	}
	return err
}

func encodeChanges(changes []patch.Change) (json.RawMessage, error) {
	if len(changes) == 0 {
		return nil, nil
	}
	raw, err := json.Marshal(changes)
	if err != nil {
		return nil, fmt.Errorf("encode changes: %w", err)
	}
	return raw, nil
}

// conflicts is how often a write may meet a newer version: the status of an object moves all the time.
const conflicts = 5

// write sends the journaled intent until it is known what came of it. The command's id and the version it is for
// stay the same, so that it is carried out at most once however often it is sent. unsure says that it may have been
// sent before.
func (x *execution) write(ctx context.Context, i int, t *actions.Target, unsure bool) error {
	kept, err := commandOf(t.Intent.Write)
	if err != nil {
		x.Log.Error("journaled command cannot be read", "action_id", x.id, "ref", t.Ref, "err", err)
		return x.fail(ctx, i, t, "What was to be written is not known any more.")
	}
	answered, collisions := false, 0 // what came of this hub's own tries
	for deadline := x.now().Add(x.timing.reach); ; {
		if unsure && !repeatable(kept, t) {
			l, r, err := x.read(ctx, i, t)
			if err != nil {
				return err
			}
			changes, err := patch.Parse(t.Intent.Changes)
			if err != nil {
				return err
			}
			gone := r.Code == ingestpb.CommandResult_CODE_NOT_FOUND || r.Code == ingestpb.CommandResult_CODE_CONFLICT
			switch {
			case r.Code == ingestpb.CommandResult_CODE_UNAVAILABLE: // sending answers the same, and waits
			case kept.GetDelete() != nil && (gone || l.Deleting):
				return x.written(ctx, i, t, l, r)
			case r.Code != ingestpb.CommandResult_CODE_OK:
				return x.fail(ctx, i, t, refusal(t, r))
			case l.ResourceVersion == t.Intent.ResourceVersion && answered:
				// Nothing was written. The collector remembers what it answered to this command, and another one for the
				// same version cannot be carried out beside it.
				if err := x.again(ctx, i, t); err != nil || t.State != running || t.Intent.Written {
					return err
				}
				unsure, answered = false, false
			case l.ResourceVersion == t.Intent.ResourceVersion: // nothing was written
			case kept.GetDelete() == nil && l.has(changes):
				return x.written(ctx, i, t, l, r)
			case l.Generation == t.Intent.Generation: // nor here: only the status moved
				if err := x.again(ctx, i, t); err != nil || t.State != running || t.Intent.Written {
					return err
				}
				unsure = false
			default:
				return x.fail(ctx, i, t, fmt.Sprintf("%s was changed by somebody else while the hub was away%s. Look at it and plan again.", nameOf(t), x.by(ctx, access.All(x.a.RunBy), t)))
			}
		}
		c, err := x.writeCommand(x.a, t, x.commandID(i, t), t.Intent.Write)
		if err != nil {
			return err
		}
		c.Precondition.ResourceVersion = t.Intent.ResourceVersion
		r := x.ask(ctx, t.ClusterUID, c, x.timing.command)
		if ctx.Err() != nil {
			return ctx.Err() // whoever takes over finds out
		}
		switch {
		case r.Code == ingestpb.CommandResult_CODE_OK:
			t.Warnings = r.Warnings
			l, err := readLive(r.After)
			if err != nil {
				x.Log.Error("answer of a write cannot be read", "action_id", x.id, "ref", t.Ref, "err", err)
				l = live{}
			}
			return x.written(ctx, i, t, l, r)
		case r.Code == ingestpb.CommandResult_CODE_CONFLICT && !unsure && collisions < conflicts:
			collisions++
			if err := x.again(ctx, i, t); err != nil || t.State != running || t.Intent.Written {
				return err
			}
		case r.Code == ingestpb.CommandResult_CODE_CONFLICT && unsure && x.now().Before(deadline): // the next look tells by whom
			sleep(ctx, x.timing.poll/10)
		case r.Code == ingestpb.CommandResult_CODE_UNAVAILABLE && x.now().Before(deadline):
			unsure, answered = true, true
			sleep(ctx, x.timing.poll)
		case r.Code == ingestpb.CommandResult_CODE_UNAVAILABLE:
			// The inverse stays: undo looks at the object first.
			return x.endTarget(ctx, i, t, failed, "Whether the change was written is unknown. "+refusal(t, r))
		case r.Code == ingestpb.CommandResult_CODE_REFUSED && unsure && kept.GetApply().GetCreate():
			l, found, err := x.read(ctx, i, t)
			if err != nil {
				return err
			}
			if l.object == nil || l.Spec != t.Intent.Spec {
				return x.fail(ctx, i, t, refusal(t, r))
			}
			found.WrittenUid = l.UID
			return x.written(ctx, i, t, l, found)
		default:
			return x.fail(ctx, i, t, refusal(t, r))
		}
	}
}

// repeatable commands make something under a name of its own, and answer what is there when it was made already.
func repeatable(c *ingestpb.Command, t *actions.Target) bool {
	return c.GetCreateJob() != nil || c.GetApply() != nil && t.Intent.ResourceVersion == ""
}

// again begins anew, with a new command, after one that is known to have written nothing.
func (x *execution) again(ctx context.Context, i int, t *actions.Target) error {
	t.State, t.Inverse = ready, nil
	return x.begin(ctx, i, t)
}

// written notes that the member has the change.
func (x *execution) written(ctx context.Context, i int, t *actions.Target, l live, r *ingestpb.CommandResult) error {
	t.Intent.Written, t.Intent.Spec = true, l.Spec
	switch {
	case t.Inverse == nil || t.Inverse.Ref == "":
	case len(r.Inverse) > 0: // somebody had made it by then: it is not ours to delete
		back, err := keepable(&ingestpb.Command{Verb: &ingestpb.Command_Restore{Restore: &ingestpb.RestoreVerb{Patch: r.Inverse}}})
		if err != nil {
			return err
		}
		t.Inverse, t.UID = back, r.WrittenUid
	default:
		t.Inverse.UID = r.WrittenUid
	}
	progress(t, r.Workload)
	return x.save(ctx, i, t)
}

// await follows the rollout until it is done or has had its time.
func (x *execution) await(ctx context.Context, i int, t *actions.Target) error {
	kept, err := commandOf(t.Intent.Write)
	if err != nil {
		return err
	}
	switch {
	case kept.GetDelete() != nil:
		return x.awaitGone(ctx, i, t)
	case !verbs[x.a.Verb].rollout && kept.GetApply() == nil, kept.GetCreateJob() != nil, kept.GetAutoscale() != nil:
		return x.endTarget(ctx, i, t, done, t.Message)
	}
	deadline := x.now().Add(x.timing.rollout)
	if t.StartedAt != nil && t.Evictions == nil {
		deadline = t.StartedAt.Add(x.timing.rollout)
	}
	wait := x.timing.poll / 4
	var before string // a deadline exceeded by an earlier rollout says nothing of this one
	for first := true; ; first = false {
		l, r, err := x.read(ctx, i, t)
		if err != nil {
			return err
		}
		if first {
			before = l.GaveUp
		}
		switch w := r.Workload; {
		case r.Code == ingestpb.CommandResult_CODE_NOT_FOUND, r.Code == ingestpb.CommandResult_CODE_CONFLICT:
			return x.endTarget(ctx, i, t, failed, fmt.Sprintf("The change was written, but %s was deleted before its rollout was done.", nameOf(t)))
		case r.Code == ingestpb.CommandResult_CODE_OK && w == nil:
			return x.endTarget(ctx, i, t, done, t.Message)
		case r.Code == ingestpb.CommandResult_CODE_OK && l.Paused:
			return x.endTarget(ctx, i, t, done, fmt.Sprintf("%s is paused: the change is written, and its Pods follow once it is resumed.", nameOf(t)))
		case r.Code == ingestpb.CommandResult_CODE_OK && l.Held != "" && x.a.Verb != actions.Scale:
			return x.endTarget(ctx, i, t, done, fmt.Sprintf("The change is written; %s keeps Pods of %s from following by themselves.", l.Held, nameOf(t)))
		case r.Code == ingestpb.CommandResult_CODE_OK:
			moved := progress(t, w)
			if rolledOut(w, l) {
				return x.endTarget(ctx, i, t, done, t.Message)
			}
			if l.GaveUp != "" && l.GaveUp != before {
				return x.endTarget(ctx, i, t, failed, unfinished(t, r, "the rollout exceeded its progress deadline"))
			}
			if moved {
				if err := x.save(ctx, i, t); err != nil {
					return err
				}
			}
		}
		if x.now().After(deadline) {
			return x.endTarget(ctx, i, t, failed, unfinished(t, r, fmt.Sprintf("the rollout was not done after %s", x.timing.rollout)))
		}
		sleep(ctx, wait)
		wait = min(wait*3/2, 2*x.timing.poll)
	}
}

// rolledOut is kubectl rollout status' rule: the controller has seen the spec, every pod is updated and ready, and
// none of an earlier revision is left, whose readiness would count too.
func rolledOut(w *ingestpb.Workload, l live) bool {
	return w.ObservedGeneration >= w.Generation && w.Updated == w.Desired && w.Ready == w.Desired && (l.Pods == nil || *l.Pods <= w.Desired)
}

// awaitGone waits until what was deleted is gone: finalizers may hold it up for good.
func (x *execution) awaitGone(ctx context.Context, i int, t *actions.Target) error {
	for deadline := x.now().Add(x.timing.reach); ; sleep(ctx, x.timing.poll/4) {
		l, r, err := x.read(ctx, i, t)
		if err != nil {
			return err
		}
		switch {
		case r.Code == ingestpb.CommandResult_CODE_NOT_FOUND, r.Code == ingestpb.CommandResult_CODE_CONFLICT:
			return x.endTarget(ctx, i, t, done, "")
		case x.now().Before(deadline):
		case r.Code != ingestpb.CommandResult_CODE_OK:
			return x.endTarget(ctx, i, t, failed, "It was deleted; whether it is gone is unknown. "+refusal(t, r))
		case len(l.Finalizers) > 0:
			return x.endTarget(ctx, i, t, failed, fmt.Sprintf("It was deleted, but is still there after %s: whoever owns the finalizer %s has not let it go.", x.timing.reach, strings.Join(l.Finalizers, ", ")))
		default:
			return x.endTarget(ctx, i, t, failed, fmt.Sprintf("It was deleted, but is still there after %s.", x.timing.reach))
		}
	}
}

func unfinished(t *actions.Target, r *ingestpb.CommandResult, why string) string {
	s := "The change was written, but " + why
	if t.Desired != nil && t.Updated != nil && t.ReadyReplicas != nil {
		s += fmt.Sprintf(": of %s wanted, %d are updated and %d are ready", replicas(*t.Desired), *t.Updated, *t.ReadyReplicas)
	}
	if r.Code != ingestpb.CommandResult_CODE_OK {
		s += ". " + refusal(t, r)
		return s
	}
	return s + "."
}

// read asks for the live object. Its error is only ever that ctx ended.
func (x *execution) read(ctx context.Context, i int, t *actions.Target) (live, *ingestpb.CommandResult, error) {
	r := x.ask(ctx, t.ClusterUID, x.readCommand(x.a, t, x.a.ID+"-"+strconv.Itoa(i)+"-read"), x.timing.dryRun)
	if ctx.Err() != nil {
		return live{}, nil, ctx.Err()
	}
	if r.Code != ingestpb.CommandResult_CODE_OK {
		return live{}, r, nil
	}
	l, err := readLive(r.Before)
	if err != nil {
		x.Log.Error("live object cannot be read", "action_id", x.id, "ref", t.Ref, "err", err)
		return live{}, &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_INVALID, Message: "The member answered with something that is no object."}, nil
	}
	return l, r, nil
}

func (x *execution) commandID(i int, t *actions.Target) string {
	return fmt.Sprintf("%s-%04d-%d", x.id, i, t.Intent.Attempt)
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

// progress notes what a workload says of its rollout and reports whether that is news.
func progress(t *actions.Target, w *ingestpb.Workload) bool {
	if w == nil {
		return false
	}
	desired, updated, ready := w.Desired, w.Updated, w.Ready
	if w.ObservedGeneration < w.Generation {
		updated = 0 // the count is of the spec before
	}
	same := func(p *int32, v int32) bool { return p != nil && *p == v }
	if same(t.Desired, desired) && same(t.Updated, updated) && same(t.ReadyReplicas, ready) {
		return false
	}
	t.Desired, t.Updated, t.ReadyReplicas = &desired, &updated, &ready
	return true
}
