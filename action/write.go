package action

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/schemas/ingestpb"
)

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
		since := now
		if ms := r.GetEvictions().GetNowMs(); ms != 0 && ms < since.UnixMilli() { // a hub that is ahead would mean the successors too
			since = time.UnixMilli(ms).UTC()
		}
		t.Evictions = &actions.Evictions{Since: since}
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
