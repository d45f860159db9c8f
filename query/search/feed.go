package search

import (
	"context"
	"fmt"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
)

const (
	feedPause  = 200 * time.Millisecond // between looks when nobody nudges
	feedAtOnce = 5000                   // rows per look
	// rememberMost is up to how many versions of one look are put among the remembered objects.
	rememberMost = 200
	// feedBehind is how long the index may go without having seen the end of the feed and still be asked.
	feedBehind = time.Second
)

// changed is one version as the feed carries it.
type changed struct {
	key
	deleted bool
	object  *records.Object // with its tokens, and its JSON when somebody watches
}

// feed follows resource_history, which every commit of every cluster passes through. It is the only reader of it
// as a stream; the index and watchers live off it. One goroutine runs it.
type feed struct {
	s    *Service
	few  bool          // the last look with news had few
	wake chan struct{} // of size 1: a nudge during a look causes one more look
	told atomic.Uint64 // nudges

	mu       sync.Mutex
	position vector
	atEnd    time.Time     // when a look last found nothing more
	heeded   uint64        // nudges before a look that found nothing more
	looked   chan struct{} // closed at the end of a look
	watchers map[*watcher]struct{}
}

func newFeed(s *Service) *feed {
	return &feed{s: s, wake: make(chan struct{}, 1), position: vector{}, watchers: map[*watcher]struct{}{}, looked: make(chan struct{})}
}

// start sets where run begins.
func (f *feed) start(v vector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = v.clone()
}

func (f *feed) add(w *watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers[w] = struct{}{}
}

func (f *feed) remove(w *watcher) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watchers, w)
}

func (f *feed) nudge() {
	f.told.Add(1)
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// behind is how long ago the end of the feed was last seen.
func (f *feed) behind() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.atEnd.IsZero() {
		return time.Hour
	}
	return time.Since(f.atEnd)
}

// caughtUp reports whether all was followed that was committed before the call, for which it waits a while.
func (f *feed) caughtUp(ctx context.Context, wait time.Duration) bool {
	told := f.told.Load()
	deadline := time.NewTimer(wait)
	defer deadline.Stop()
	for {
		f.mu.Lock()
		behind, done, looked := time.Since(f.atEnd), f.heeded >= told, f.looked
		f.mu.Unlock()
		if behind > 10*feedBehind {
			return false // not within the wait
		}
		if done && behind < feedBehind {
			return true
		}
		select {
		case <-looked:
		case <-deadline.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
}

// run follows until ctx ends. What the database refuses is asked again at the next look.
func (f *feed) run(ctx context.Context, consume func([]changed, vector)) error {
	tick := time.NewTicker(feedPause)
	defer tick.Stop()
	failing := false
	for {
		more, err := f.look(ctx, consume)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			if !failing {
				f.s.log.Warn("change feed cannot be read, trying again", "err", err)
			}
			failing = true
		default:
			if failing {
				f.s.log.Info("change feed can be read again")
			}
			failing = false
		}
		if more && err == nil {
			continue
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		case <-f.wake:
		}
	}
}

// look reads the next versions and hands them on.
func (f *feed) look(ctx context.Context, consume func([]changed, vector)) (more bool, err error) {
	f.mu.Lock()
	position := f.position.clone()
	watched := len(f.watchers) > 0
	f.mu.Unlock()
	started, told := time.Now(), f.told.Load()
	// Most looks find nothing: they read two columns, not forty.
	news, err := f.s.isBehind(ctx, position)
	if err != nil {
		return false, err
	}
	var versions []changed
	if news {
		// What just changed is likely to be asked for: of a few, their JSON is remembered at once.
		if versions, err = f.s.readFeed(ctx, position, watched || f.few, feedAtOnce); err != nil {
			return false, err
		}
		f.few = len(versions) <= rememberMost
		for i := range versions {
			if v := &versions[i]; !v.deleted && v.object.JSON != nil && f.few {
				f.s.objects.put(v.object, true)
			}
		}
	}
	next := position.clone()
	for _, v := range versions {
		next[v.cluster] = v.object.Ver
	}
	latest := newestOf(versions)
	// Also when nothing came: an index that was built meanwhile waits for its turn.
	consume(latest, next)
	if len(versions) > 0 {
		f.mu.Lock()
		f.position = next
		watchers := make([]*watcher, 0, len(f.watchers))
		for w := range f.watchers {
			watchers = append(watchers, w)
		}
		f.mu.Unlock()
		for _, w := range watchers {
			w.take(latest)
		}
	}
	more = len(versions) >= feedAtOnce
	if !more {
		f.mu.Lock()
		f.atEnd, f.heeded = started, told
		close(f.looked)
		f.looked = make(chan struct{})
		f.mu.Unlock()
	}
	return more, nil
}

// newestOf keeps the newest version of each object, in feed order.
func newestOf(versions []changed) []changed {
	last := make(map[key]int, len(versions))
	for i, v := range versions {
		last[v.key] = i
	}
	newest := versions[:0:0]
	for i, v := range versions {
		if last[v.key] == i {
			newest = append(newest, v)
		}
	}
	return newest
}

// behindPredicate is true for versions that v has not seen. It is written for the index i_feed.
func behindPredicate(p *clickhouse.Params, v vector) string {
	if len(v) == 0 {
		return "1"
	}
	clusters := make([]string, 0, len(v))
	for c := range v {
		clusters = append(clusters, c)
	}
	sort.Strings(clusters)
	var b strings.Builder
	b.WriteString("(cluster NOT IN " + p.Strings(clusters))
	for _, c := range clusters {
		fmt.Fprintf(&b, " OR (cluster = %s AND ver > %s)", p.String(c), p.Uint(v[c]))
	}
	b.WriteString(")")
	return b.String()
}

// isBehind reports whether there are versions that v has not seen.
func (s *Service) isBehind(ctx context.Context, v vector) (behind bool, err error) {
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT 1 FROM `+s.db.Table("resource_history")+` WHERE `+behindPredicate(p, v)+` LIMIT 1`, p, func(driver.Rows) error {
		behind = true
		return nil
	})
	if err != nil {
		return false, fmt.Errorf("look for changes: %w", err)
	}
	return behind, nil
}

func (s *Service) readFeed(ctx context.Context, from vector, withJSON bool, limit int) ([]changed, error) {
	f := s.fleet(access.All("index")) // names only: the feed itself carries all clusters
	p := new(clickhouse.Params)
	var found []changed
	columns := withoutAnnotations(stateColumns) + `, tokens` // whoever needs annotations reads whole objects
	if withJSON {
		columns = stateColumns + `, tokens, object`
	}
	err := s.read(ctx, `SELECT `+columns+` FROM `+s.db.Table("resource_history")+` WHERE `+behindPredicate(p, from)+
		` ORDER BY cluster, ver LIMIT `+p.Int(int64(limit))+` WITH TIES`, p, // a list's tombstones share one version
		func(rows driver.Rows) error {
			r := &row{}
			c := changed{}
			dest := append(r.dest(), &r.object.Tokens)
			if withJSON {
				dest = append(dest, &r.object.JSON)
			}
			if err := rows.Scan(dest...); err != nil {
				return err
			}
			c.key, c.deleted, c.object = r.key, r.deleted != 0, r.record(f)
			found = append(found, c)
			return nil
		})
	if err != nil {
		return nil, fmt.Errorf("read change feed: %w", err)
	}
	return found, nil
}
