package state

import (
	"bytes"
	"context"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Change is what happened under a watched prefix.
type Change struct {
	// Reset says that Entries is everything there is: the first change, and after the watch had lost its place.
	Reset    bool
	Entries  []Entry
	Deleted  []Entry // without values; Revision is that of the deletion
	Revision int64   // of the store when this was so
}

// Watch sends everything under prefix, then every change of it, in order. The channel closes when ctx ends; until
// then the watch restarts by itself.
func (s *Store) Watch(ctx context.Context, prefix string) <-chan Change {
	out := make(chan Change) // closed by the goroutine below
	go func() {
		defer close(out)
		for ctx.Err() == nil {
			err := s.watch(ctx, prefix, out)
			if ctx.Err() != nil {
				return
			}
			s.log.Warn("watch of control state lost its place, listing again", "prefix", prefix, "err", err)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	}()
	return out
}

func (s *Store) watch(ctx context.Context, prefix string, out chan<- Change) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	send := func(c Change) error {
		select {
		case out <- c:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	all, revision, err := s.list(ctx, prefix)
	if err != nil {
		return err
	}
	if err := send(Change{Reset: true, Entries: all, Revision: revision}); err != nil {
		return err
	}
	for r := range s.client.Watch(clientv3.WithRequireLeader(ctx), root+prefix, clientv3.WithPrefix(), clientv3.WithRev(revision+1)) {
		if err := r.Err(); err != nil {
			return err
		}
		c := Change{Revision: r.Header.Revision}
		for i, e := range r.Events {
			if again(r.Events[i+1:], e.Kv.Key) {
				continue // one answer may hold several revisions: the last word counts
			}
			if e.Type == clientv3.EventTypeDelete {
				c.Deleted = append(c.Deleted, entry(e.Kv))
			} else {
				c.Entries = append(c.Entries, entry(e.Kv))
			}
		}
		if len(r.Events) == 0 {
			continue
		}
		if err := send(c); err != nil {
			return err
		}
	}
	return ctx.Err()
}

func again(events []*clientv3.Event, key []byte) bool {
	return slices.ContainsFunc(events, func(e *clientv3.Event) bool { return bytes.Equal(e.Kv.Key, key) })
}

// Lease is a sign of life: keys that were set with it vanish when its holder dies or lets it go.
type Lease struct {
	id    clientv3.LeaseID
	store *Store
	lost  chan struct{}
	stop  context.CancelFunc
}

// Lease takes a lease that is kept alive until Release, or until ctx ends: then it runs out after ttl.
func (s *Store) Lease(ctx context.Context, ttl time.Duration) (*Lease, error) {
	g, err := s.client.Grant(ctx, int64(ttl/time.Second))
	if err != nil {
		return nil, explain("take a lease", err)
	}
	ctx, stop := context.WithCancel(ctx)
	beats, err := s.client.KeepAlive(ctx, g.ID)
	if err != nil {
		stop()
		return nil, explain("keep a lease", err)
	}
	l := &Lease{id: g.ID, store: s, lost: make(chan struct{}), stop: stop}
	go func() {
		defer close(l.lost)
		for range beats {
		}
	}()
	return l, nil
}

// Lost is closed when the lease is no longer kept alive: what it protects must stop.
func (l *Lease) Lost() <-chan struct{} { return l.lost }

// Release ends the lease and removes its keys at once.
func (l *Lease) Release(ctx context.Context) error {
	l.stop()
	<-l.lost
	if _, err := l.store.client.Revoke(ctx, l.id); err != nil {
		return explain("release a lease", err)
	}
	return nil
}
