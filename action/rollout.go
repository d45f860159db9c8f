package action

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/schemas/ingestpb"
)

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
