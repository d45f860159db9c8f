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
	// rememberMost is up to how many versions of one look are put among the texts.
	rememberMost = 200
	// feedBehind is how long columns may go without having seen the end of the feed and still answer.
	feedBehind = time.Second
)

// changed is one version as the feed carries it.
type changed struct {
	key
	deleted bool
	object  *records.Object // with its words, and its JSON when somebody watches
}

// feed follows what commits make durable of objects. Commits of this process are handed over; resource_history, which
// every commit of every cluster passes through, has those of others, and what was missed. The feed is the only reader of
// it as a stream; columns and watchers live off it. One goroutine runs it.
type feed struct {
	s      *Service
	few    bool          // the last look with news had few
	wake   chan struct{} // of size 1: a nudge during a look causes one more look
	told   atomic.Uint64 // nudges
	unread atomic.Bool   // a nudge came of what was not handed over
	hands  hands

	mu       sync.Mutex
	position vector
	atEnd    time.Time     // when a look last found nothing more
	heeded   uint64        // nudges before a look that found nothing more
	looked   chan struct{} // closed at the end of a look
	watchers map[subscriber]struct{}
}

func newFeed(s *Service) *feed {
	return &feed{s: s, wake: make(chan struct{}, 1), position: vector{}, watchers: map[subscriber]struct{}{}, looked: make(chan struct{}), hands: newHands()}
}

// look is what a look at the feed brought, for all who live off it.
type look struct {
	all, newest []changed // of each object the newest
	position    records.Position
	fleet       *fleet // signed
}

// subscriber lives off the feed, whose goroutine hands it what each look brought.
type subscriber interface{ take(look) }

// start sets where run begins.
func (f *feed) start(v vector) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.position = v.clone()
}

func (f *feed) add(w subscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.watchers[w] = struct{}{}
}

func (f *feed) remove(w subscriber) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.watchers, w)
}

// nudge says that history has something new.
func (f *feed) nudge() {
	f.unread.Store(true)
	f.tell()
}

// hand takes commits of this process. It does not block.
func (f *feed) hand(commits []records.Commit) {
	f.hands.put(commits)
	f.tell()
}

func (f *feed) tell() {
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
	for look := true; ; {
		told := f.told.Load()
		if f.take(consume) || f.unread.Swap(false) || look {
			more, err := f.look(ctx, consume)
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case err != nil:
				f.unread.Store(true)
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
		} else {
			f.heed(told, time.Time{})
		}
		look = false
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			look = true
		case <-f.wake:
		}
		if failing { // not at once again, however many nudges come
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-tick.C:
			}
		}
	}
}

// heed notes that all was followed that was told before, and when the end of history was seen, unless zero.
func (f *feed) heed(told uint64, atEnd time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !atEnd.IsZero() {
		f.atEnd = atEnd
	}
	f.heeded = max(f.heeded, told)
	close(f.looked)
	f.looked = make(chan struct{})
}

// take hands on what was handed over and follows on what was seen. missed says that something of it does not.
func (f *feed) take(consume func([]changed, vector)) (missed bool) {
	handed, dropped := f.hands.take()
	if len(handed) == 0 {
		return dropped
	}
	f.mu.Lock()
	next := f.position.clone()
	f.mu.Unlock()
	all := f.s.fleet(access.All("index"))
	var versions []changed
	for _, c := range handed {
		seen := next[c.ClusterUID]
		if seen < c.After {
			f.hands.missed(c.ClusterUID)
			missed = true
			continue
		}
		for _, o := range c.Versions {
			if o.Ver <= seen {
				continue // a look was sooner
			}
			v := changed{deleted: !o.DeletedAt.IsZero(), object: o}
			o.Ref.Cluster = c.ClusterUID
			v.key = keyOf(o)
			o.Ref = all.ref(v.key)
			next[c.ClusterUID] = o.Ver
			versions = append(versions, v)
		}
	}
	if len(versions) > 0 {
		f.few = len(versions) <= rememberMost
		f.s.metrics.followed.WithLabelValues("handed").Add(float64(len(versions)))
		f.deliver(versions, next, consume)
	}
	return missed || dropped
}

// deliver hands versions on to all that live off the feed, and moves its position.
func (f *feed) deliver(versions []changed, next vector, consume func([]changed, vector)) {
	latest := newestOf(versions)
	for i := range latest { // the writer in the same process has told the texts already
		switch v := &latest[i]; {
		case v.deleted:
			f.s.texts.Drop(textKey(v.object), v.object.Ver)
		case f.few && v.object.JSON != nil: // what just changed is likely to be asked for
			f.s.keepText(v.object)
		}
	}
	consume(versions, next) // all: columns remember what stood
	if len(versions) == 0 {
		return
	}
	f.mu.Lock()
	f.position = next
	watchers := make([]subscriber, 0, len(f.watchers))
	for w := range f.watchers {
		watchers = append(watchers, w)
	}
	f.mu.Unlock()
	if len(watchers) == 0 {
		return
	}
	l := look{all: versions, newest: latest, fleet: f.s.fleet(access.All("feed"))}
	l.fleet.sign()
	l.position = l.fleet.visible(next)
	for _, w := range watchers {
		w.take(l)
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
	news, err := f.s.newestAfter(ctx, position)
	if err != nil {
		return false, err
	}
	var versions []changed
	if len(news) > 0 && !f.hands.awaited(news, position, started) {
		// Of a few versions, their JSON is read, too.
		if versions, err = f.s.readFeed(ctx, position, watched || f.few, feedAtOnce); err != nil {
			return false, err
		}
		f.few = len(versions) <= rememberMost
		f.s.metrics.followed.WithLabelValues("read").Add(float64(len(versions)))
	}
	next := position.clone()
	for _, v := range versions {
		next[v.cluster] = v.object.Ver
	}
	// Also when nothing came: columns that were loaded meanwhile wait for their turn.
	f.deliver(versions, next, consume)
	more = len(versions) >= feedAtOnce
	if !more {
		f.heed(told, started)
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

// newestAfter is the newest version of each cluster of which there are versions that v has not seen.
func (s *Service) newestAfter(ctx context.Context, v vector) (newest vector, err error) {
	p := new(clickhouse.Params)
	newest = vector{}
	err = s.read(ctx, `SELECT cluster, max(ver) FROM `+s.db.Table("resource_history")+` WHERE `+behindPredicate(p, v)+` GROUP BY cluster`, p, func(rows driver.Rows) error {
		var cluster string
		var ver uint64
		err := rows.Scan(&cluster, &ver)
		newest[cluster] = ver
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look for changes: %w", err)
	}
	return newest, nil
}

func (s *Service) readFeed(ctx context.Context, from vector, withJSON bool, limit int) ([]changed, error) {
	f := s.fleet(access.All("index")) // names only: the feed itself carries all clusters
	p := new(clickhouse.Params)
	var found []changed
	columns := withoutAnnotations(stateColumns) + `, words` // whoever needs annotations reads whole objects
	if withJSON {
		columns = stateColumns + `, words, object`
	}
	err := s.read(ctx, `SELECT `+columns+` FROM `+s.db.Table("resource_history")+` WHERE `+behindPredicate(p, from)+
		` ORDER BY cluster, ver LIMIT `+p.Int(int64(limit))+` WITH TIES`, p, // a list's tombstones share one version
		func(rows driver.Rows) error {
			r := &row{}
			c := changed{}
			dest := append(r.dest(), &r.object.Words)
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
