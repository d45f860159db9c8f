package action

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/state"
)

// Keys in etcd. Targets have entries of their own: an action of 1,000 with their diffs is too large for one, and
// each moves on by itself.
const (
	headPrefix   = "actions/"        // ID -> Action without targets
	targetPrefix = "action-targets/" // ID/NNNNN -> Target
	ownerPrefix  = "action-owners/"  // ID -> the hub that runs it; leased
)

// States of actions and targets.
const (
	planning  = "PLANNING"
	planned   = "PLANNED"
	running   = "RUNNING"
	succeeded = "SUCCEEDED"
	failed    = "FAILED"
	stopped   = "STOPPED"
	expired   = "EXPIRED"

	pending = "PENDING"
	ready   = "READY"
	blocked = "BLOCKED"
	done    = "DONE"
	skipped = "SKIPPED"
)

type journal struct {
	store *state.Store
	kept  func() // after each step of a running action; tests end the hub there
}

func headKey(id string) string          { return headPrefix + id }
func targetKey(id string, i int) string { return fmt.Sprintf("%s%s/%05d", targetPrefix, id, i) }
func ownerKey(id string) string         { return ownerPrefix + id }

// create stores a plan: its targets first, so that a head always has all of them.
func (j journal) create(ctx context.Context, a *actions.Action) error {
	a.Count = len(a.Targets)
	ops := make([]state.Op, 0, state.MaxOps)
	const most = 512 << 10 // etcd takes 1.5 MiB in one request, and a target may have as much
	size := 0
	for i, t := range a.Targets {
		raw := encode(t)
		size += len(raw)
		ops = append(ops, state.Set(targetKey(a.ID, i), raw))
		if len(ops) < state.MaxOps && size < most && i < len(a.Targets)-1 {
			continue
		}
		size = 0
		if _, err := j.store.Commit(ctx, nil, ops...); err != nil {
			return fmt.Errorf("journal targets of %s: %w", a.ID, err)
		}
		ops = ops[:0]
	}
	if _, err := j.store.Create(ctx, headKey(a.ID), encodeHead(a)); err != nil {
		return fmt.Errorf("journal %s: %w", a.ID, err)
	}
	return nil
}

// action reads one whole, and the revision of its head.
func (j journal) action(ctx context.Context, id string) (*actions.Action, int64, error) {
	a, revision, err := j.head(ctx, id)
	if err != nil {
		return nil, 0, err
	}
	entries, err := j.store.List(ctx, targetPrefix+id+"/")
	if err != nil {
		return nil, 0, err
	}
	for _, e := range entries {
		t, err := decodeTarget(e)
		if err != nil {
			return nil, 0, err
		}
		a.Targets = append(a.Targets, t)
	}
	if len(a.Targets) != a.Count {
		return nil, 0, fmt.Errorf("read action %s: the journal holds %d of its %d targets", id, len(a.Targets), a.Count)
	}
	return a, revision, nil
}

func (j journal) head(ctx context.Context, id string) (*actions.Action, int64, error) {
	e, err := j.store.Get(ctx, headKey(id))
	if err != nil {
		return nil, 0, err
	}
	a, err := decodeHead(e)
	return a, e.Revision, err
}

func (j journal) newest(ctx context.Context, first int, after string) (list []*actions.Action, more bool, err error) {
	before := ""
	if after != "" {
		before = headKey(after)
	}
	heads, err := j.store.Newest(ctx, headPrefix, before, first+1)
	if err != nil {
		return nil, false, err
	}
	if more = len(heads) > first; more {
		heads = heads[:first]
	}
	for _, e := range heads {
		a, _, err := j.action(ctx, strings.TrimPrefix(e.Key, headPrefix))
		if errors.Is(err, state.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, false, err
		}
		list = append(list, a)
	}
	return list, more, nil
}

// edit changes a head by compare-and-swap, together with further writes. edit is called again after a conflict.
func (j journal) edit(ctx context.Context, id string, edit func(*actions.Action) ([]state.Condition, []state.Op, error)) (*actions.Action, error) {
	for {
		a, revision, err := j.head(ctx, id)
		if err != nil {
			return nil, err
		}
		conditions, ops, err := edit(a)
		if err != nil {
			return nil, err
		}
		conditions = append(conditions, state.At(headKey(id), revision))
		_, err = j.store.Commit(ctx, conditions, append(ops, state.Set(headKey(id), encodeHead(a)))...)
		if errors.Is(err, state.ErrConflict) && ctx.Err() == nil {
			continue
		}
		if err == nil {
			j.kept()
		}
		return a, err
	}
}

// own makes hub the one that runs id, for as long as its lease lives; ErrConflict when another does.
func (j journal) own(ctx context.Context, id, hub string, lease *state.Lease) error {
	_, err := j.store.Commit(ctx, []state.Condition{state.Absent(ownerKey(id))}, state.SetLeased(ownerKey(id), []byte(hub), lease))
	return err
}

func (j journal) disownOne(ctx context.Context, id, hub string) error {
	_, err := j.store.Commit(ctx, []state.Condition{state.Is(ownerKey(id), []byte(hub))}, state.Unset(ownerKey(id)))
	return err
}

func (j journal) disown(ctx context.Context) error {
	owners, err := j.store.List(ctx, ownerPrefix)
	if err != nil {
		return err
	}
	for _, e := range owners {
		if err := j.store.Delete(ctx, e.Key); err != nil {
			return err
		}
	}
	return nil
}

// save writes one target while hub owns the action; ErrConflict when it no longer does.
func (j journal) save(ctx context.Context, id, hub string, i int, t *actions.Target) error {
	_, err := j.store.Commit(ctx, []state.Condition{state.Is(ownerKey(id), []byte(hub))}, state.Set(targetKey(id, i), encode(t)))
	if err != nil {
		return fmt.Errorf("journal target %d of %s: %w", i, id, err)
	}
	j.kept()
	return nil
}

// prune removes plans made before then that were never run.
func (j journal) prune(ctx context.Context, then time.Time) error {
	heads, err := j.store.List(ctx, headPrefix)
	if err != nil {
		return err
	}
	for _, e := range heads {
		a, err := decodeHead(e)
		if err != nil || a.State != planning && a.State != planned && a.State != expired || a.CreatedAt.After(then) {
			continue
		}
		if _, err := j.store.Commit(ctx, []state.Condition{state.At(e.Key, e.Revision)}, state.Unset(e.Key)); err != nil {
			return err
		}
		for i := range a.Count {
			if err := j.store.Delete(ctx, targetKey(a.ID, i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func encodeHead(a *actions.Action) []byte {
	head := *a
	head.Targets = nil
	return encode(head)
}

func decodeHead(e state.Entry) (*actions.Action, error) {
	var a actions.Action
	if err := json.Unmarshal(e.Value, &a); err != nil {
		return nil, fmt.Errorf("read action from %s: %w", e.Key, err)
	}
	return &a, nil
}

func decodeTarget(e state.Entry) (*actions.Target, error) {
	var t actions.Target
	if err := json.Unmarshal(e.Value, &t); err != nil {
		return nil, fmt.Errorf("read target from %s: %w", e.Key, err)
	}
	return &t, nil
}

func encode(v any) []byte {
	raw, err := json.Marshal(v)
	if err != nil {
		panic(err) // our own plain structs
	}
	return raw
}
