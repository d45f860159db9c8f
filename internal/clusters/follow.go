package clusters

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state"
)

const (
	// staleAfter is three heartbeats.
	staleAfter = 15 * time.Second
	// writeEvery is how often an unchanged state's times go to etcd, for other hubs. Every one of these is an fsync.
	writeEvery  = 2 * time.Second
	loadTimeout = 10 * time.Second
)

// Load reads the registry once. Run keeps it current.
func (r *Registry) Load(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, loadTimeout)
	defer cancel()
	c, ok := <-r.store.Watch(ctx, prefix)
	if !ok {
		return fmt.Errorf("load clusters: %w", ctx.Err())
	}
	return r.apply(c)
}

// Run follows the registry and passes statuses on to other hubs until ctx ends.
func (r *Registry) Run(ctx context.Context) error {
	changes := r.store.Watch(ctx, prefix)
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case c, ok := <-changes:
			if !ok {
				return nil
			}
			if err := r.apply(c); err != nil {
				r.log.Error("entry of the cluster registry cannot be read, skipped", "err", err)
			}
		case <-tick.C:
			r.writeStatuses(ctx)
		case <-r.kick:
			r.writeStatuses(ctx)
		case <-ctx.Done():
			return nil
		}
	}
}

// apply takes a change into memory. It goes on after an entry it cannot read and answers the last such error.
func (r *Registry) apply(c state.Change) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if c.Reset {
		// What this process wrote after the list was read stays; the rest is as listed.
		for name, h := range r.byName {
			if h.revision <= c.Revision {
				r.drop(name)
			}
		}
	}
	var problem error
	for _, e := range c.Deleted {
		if name, ok := strings.CutPrefix(e.Key, namePrefix); ok {
			r.forget(name, e.Revision)
		}
	}
	for _, e := range c.Entries {
		if err := r.take(e); err != nil {
			problem = err
		}
	}
	return problem
}

func (r *Registry) take(e state.Entry) error {
	switch rest := strings.TrimPrefix(e.Key, prefix); {
	case strings.HasPrefix(e.Key, namePrefix):
		c, err := decode(e)
		if err != nil {
			return err
		}
		r.hold(c, e.Revision)
	case strings.HasPrefix(e.Key, epochPrefix):
		n, err := strconv.ParseUint(string(e.Value), 10, 64)
		if err != nil {
			return fmt.Errorf("read epoch from %s: %w", e.Key, err)
		}
		key := strings.TrimPrefix(e.Key, epochPrefix)
		r.epochs[key] = max(r.epochs[key], n)
	case strings.HasPrefix(e.Key, statePrefix):
		var st Status
		if err := json.Unmarshal(e.Value, &st); err != nil {
			return fmt.Errorf("read status from %s: %w", e.Key, err)
		}
		name := strings.TrimPrefix(e.Key, statePrefix)
		if s := r.statuses[name]; s == nil || (!s.dirty && !st.HeardAt.Before(s.HeardAt)) {
			r.statuses[name] = &standing{Status: st, written: r.now()}
		}
	case strings.HasPrefix(e.Key, uidPrefix): // the claim; name entries carry the UID too
	default:
		return fmt.Errorf("unknown key %s under %s", rest, prefix)
	}
	return nil
}

// SetStatus notes how a cluster, given by name or UID, stands: here at once, in other hubs within two seconds.
func (r *Registry) SetStatus(_ context.Context, nameOrUID string, st Status) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	name, ok := r.nameOf[nameOrUID]
	if !ok {
		name = nameOrUID
		if _, ok := r.byName[name]; !ok {
			return notFound(nameOrUID)
		}
	}
	s := r.statuses[name]
	if s == nil {
		s = &standing{}
		r.statuses[name] = s
	}
	urgent := s.State != st.State || s.Reason != st.Reason
	s.Status, s.dirty, s.urgent = st, true, s.urgent || urgent
	if urgent {
		r.wake()
	}
	return nil
}

func (r *Registry) wake() {
	select {
	case r.kick <- struct{}{}:
	default: // one is waiting
	}
}

// aged is the status as time has made it: a cluster that is silent is not live.
func (r *Registry) aged(st Status) Status {
	switch st.State {
	case records.Live, records.Syncing, records.Degraded:
	default:
		return st
	}
	silent := r.now().Sub(st.HeardAt)
	if silent <= staleAfter {
		return st
	}
	st.State = records.Stale
	if st.HeardAt.IsZero() {
		st.Reason = "Not heard from since the hub started."
	} else {
		st.Reason = fmt.Sprintf("Not heard from for %s.", silent.Round(time.Second))
	}
	return st
}

// writeStatuses passes on what changed. What cannot be written now is written later: it is news, not truth.
func (r *Registry) writeStatuses(ctx context.Context) {
	type write struct {
		name     string
		revision int64
		raw      []byte
	}
	var writes []write
	now := r.now()
	r.mu.Lock()
	for name, s := range r.statuses {
		h, ok := r.byName[name]
		if !ok || !s.dirty || (!s.urgent && now.Sub(s.written) < writeEvery) {
			continue
		}
		s.dirty, s.urgent, s.written = false, false, now
		writes = append(writes, write{name, h.revision, encode(s.Status)})
	}
	r.mu.Unlock()
	for _, w := range writes {
		// Only while the cluster is registered: a late status must not outlive a removal.
		_, err := r.store.Commit(ctx, []state.Condition{state.At(namePrefix+w.name, w.revision)}, state.Set(statePrefix+w.name, w.raw))
		if err == nil || ctx.Err() != nil {
			continue
		}
		r.log.Warn("status of cluster not passed on, trying again", "cluster", w.name, "err", err)
		r.mu.Lock()
		if s := r.statuses[w.name]; s != nil {
			s.dirty = true
		}
		r.mu.Unlock()
	}
}
