package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/blevesearch/bleve/v2"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/query/columns"
)

const (
	// replayLimit is up to how many missed versions are followed one by one. Beyond it, reading the current state
	// anew is sooner done.
	replayLimit = 50_000
)

// follow brings columns and the index into step with the database, and keeps them there until ctx ends.
//
//	          +--> columns: loaded once from the current state, then change by change
//	feed -----+--> watchers
//	          +--> pending --> index: opened where it stopped, or built from the current state
//
// The feed begins where an index that can be continued stopped, else now.
func (s *Service) follow(ctx context.Context) error {
	position, usable, err := s.begin(ctx)
	if err != nil {
		return err
	}
	s.feed.start(position)
	g, ctx := errgroup.WithContext(ctx)
	f := &follower{s: s, loaded: make(chan *columns.Table, 1), filled: make(chan struct{}), pending: map[key]bool{}, vector: position, wake: make(chan struct{}, 1)}
	g.Go(func() error { return s.feed.run(ctx, f.consume) })
	g.Go(func() error {
		defer close(f.filled)
		t, err := s.loadUntilDone(ctx)
		f.loaded <- t
		return err
	})
	g.Go(func() error { return f.index(ctx, usable) })
	return g.Wait()
}

// follower takes what the feed reads. Columns take it at once. The index takes longer, and more at a time costs less:
// it has a goroutine of its own, for which changes wait.
type follower struct {
	s       *Service
	loaded  chan *columns.Table
	filled  chan struct{}    // closed when they are
	waiting []columns.Change // what came while columns are being loaded

	mu      sync.Mutex
	pending map[key]bool // what the index has to write anew, as columns have it then
	vector  vector       // how far pending goes
	wake    chan struct{}
	noted   time.Time // when the index was last told the vector
}

func (f *follower) consume(versions []changed, v vector) {
	told := f.columns(versions)
	f.mu.Lock()
	for i, c := range versions {
		if told == nil || told[i] {
			f.pending[c.key] = true
		}
	}
	f.vector = v
	waiting := len(f.pending)
	f.s.index.waits(waiting)
	f.mu.Unlock()
	if len(versions) == 0 && waiting == 0 {
		return
	}
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// columns says which of the versions the index has to know; nil for all.
func (f *follower) columns(versions []changed) (told []bool) {
	changes := make([]columns.Change, len(versions))
	for i, c := range versions {
		changes[i] = changeOf(c)
	}
	t := f.s.table.Load()
	if t != nil {
		return t.Apply(changes)
	}
	f.waiting = append(f.waiting, changes...)
	select {
	case t = <-f.loaded:
		if t != nil {
			t.Apply(f.waiting)
			f.waiting = nil
			f.s.table.Store(t)
		}
	default:
	}
	return nil
}

const (
	// indexAtOnce is how many documents are written at once: each time makes a segment.
	indexAtOnce = 5000
	// indexSoon is how many changes in a second the index keeps up with. It costs a quarter of a millisecond a change.
	indexSoon = 1000
	// indexPatience is for how long the index leaves the machine to a feed that brings more, such as the first lists of
	// a fleet. Columns answer meanwhile.
	indexPatience = 2 * time.Minute
)

// index writes what is pending, and builds the index when there is none. An index that cannot be written is given up
// and built anew: nobody waits for it.
func (f *follower) index(ctx context.Context, usable bool) error {
	// Columns first: they answer nearly everything, and a build would take most of the machine from them.
	select {
	case <-f.filled:
	case <-ctx.Done():
		return ctx.Err()
	}
	b := f.s.index.current()
	for pause := time.Duration(0); ; {
		if !usable {
			f.mu.Lock()
			v := f.vector
			f.mu.Unlock()
			var err error
			if b, err = f.s.buildUntilDone(ctx, v, pause); err != nil {
				return err
			}
			usable = true
			f.s.index.publish(b)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-f.wake:
		}
		f.settle(ctx)
		if f.s.table.Load() == nil {
			continue // the feed is about to hand the columns over, and wakes again
		}
		f.mu.Lock()
		pending, v := f.pending, f.vector
		f.pending = map[key]bool{}
		f.mu.Unlock()
		if err := f.write(b, pending, v); err != nil {
			f.s.log.Warn("search index cannot be written, building it anew", "err", err)
			f.s.index.publish(b)
			f.s.index.close()
			f.mu.Lock()
			for k := range f.pending {
				pending[k] = true
			}
			f.pending = pending
			f.mu.Unlock()
			usable, pause = false, time.Second
			continue
		}
		f.mu.Lock()
		f.s.index.waits(0)
		f.s.index.waits(len(f.pending))
		f.mu.Unlock()
	}
}

// noteEvery is how often the index is told how far it got when nothing else is to be written.
const noteEvery = 10 * time.Second

// settle returns when the index may write: at once when little waits, else when little comes, or patience ends.
func (f *follower) settle(ctx context.Context) {
	waiting := func() int {
		f.mu.Lock()
		defer f.mu.Unlock()
		return len(f.pending)
	}
	for patience := time.Now().Add(indexPatience); time.Now().Before(patience); {
		before := waiting()
		if before < indexSoon {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Second):
		}
		if waiting()-before < indexSoon {
			return
		}
	}
}

// write puts objects into the index as columns have them, or takes out those that are gone; the vector with the last.
func (f *follower) write(b bleve.Index, pending map[key]bool, v vector) error {
	if len(pending) == 0 {
		if time.Since(f.noted) < noteEvery {
			return nil
		}
		f.noted = time.Now()
		return apply(b, nil, v)
	}
	f.noted = time.Now()
	t := f.s.table.Load() // the index begins when columns are there
	for part := range slices.Chunk(slices.Collect(maps.Keys(pending)), indexAtOnce) {
		batch := make([]changed, 0, len(part))
		for some := range slices.Chunk(part, 100) { // nobody waits for a whole batch
			_ = t.Read(func(v *columns.View) error {
				for _, k := range some {
					c := changed{key: k, deleted: true}
					if row, ok := v.Row(columns.Key{Cluster: k.cluster, Group: k.group, Resource: k.resource, Namespace: k.namespace, Name: k.name}); ok {
						c.deleted, c.object = false, v.Object(row)
						c.object.Tokens = v.Tokens(row)
					}
					batch = append(batch, c)
				}
				return nil
			})
		}
		if err := apply(b, batch, nil); err != nil {
			return err
		}
	}
	return apply(b, nil, v)
}

// begin answers where the feed starts, and whether there is an index that it can continue.
func (s *Service) begin(ctx context.Context) (position vector, usable bool, err error) {
	v := s.index.open()
	for {
		position, usable, err = s.check(ctx, v)
		if err == nil {
			break
		}
		if ctx.Err() == nil {
			s.log.Warn("search index cannot be compared with the database, trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-time.After(time.Second):
		}
	}
	if !usable && v != nil {
		s.index.close()
	}
	return position, usable, nil
}

// check compares an index's vector with the database. The index is of no use when the database is not the one it
// followed, when versions it has not seen are no longer in history, or when it missed too many.
func (s *Service) check(ctx context.Context, v vector) (position vector, usable bool, err error) {
	newest := vector{}
	// From resources, not from history: a commit reaches history first, and what resources does not hold yet
	// the feed has to bring.
	err = s.read(ctx, `SELECT cluster, max(ver) FROM `+s.db.Table("resources")+` GROUP BY cluster`, nil, func(rows driver.Rows) error {
		var cluster string
		var ver uint64
		err := rows.Scan(&cluster, &ver)
		newest[cluster] = ver
		return err
	})
	if err != nil || v == nil {
		return newest, false, err
	}
	for cluster, ver := range v {
		if ver > newest[cluster] {
			// The index is written after history, and history before resources: give a crash between them its due.
			var known uint64
			p := new(clickhouse.Params)
			err := s.read(ctx, `SELECT max(ver) FROM `+s.db.Table("resource_history")+` WHERE cluster = `+p.String(cluster), p, func(rows driver.Rows) error { return rows.Scan(&known) })
			if err != nil {
				return nil, false, err
			}
			if ver > known {
				s.log.Info("search index knows versions that the database does not have, rebuilding it", "cluster", cluster)
				return newest, false, nil
			}
		}
	}
	var missed uint64
	gap := ""
	err = s.read(ctx, `SELECT cluster, min(ver), max(ver) FROM `+s.db.Table("resource_history")+` GROUP BY cluster`, nil, func(rows driver.Rows) error {
		var cluster string
		var oldest, latest uint64
		err := rows.Scan(&cluster, &oldest, &latest)
		if v[cluster] < oldest && v[cluster] > 0 {
			gap = cluster
		}
		return err
	})
	if err != nil {
		return nil, false, err
	}
	if gap != "" {
		s.log.Info("search index is older than the history that is kept, rebuilding it", "cluster", gap)
		return newest, false, nil
	}
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT count() FROM `+s.db.Table("resource_history")+` WHERE `+behindPredicate(p, v), p, func(rows driver.Rows) error { return rows.Scan(&missed) })
	if err != nil {
		return nil, false, err
	}
	if missed > replayLimit {
		s.log.Info("search index missed too much to follow, rebuilding it", "versions", missed)
		return newest, false, nil
	}
	return v, true, nil
}

// buildUntilDone builds an index of the current state, again from the start when the database goes away.
func (s *Service) buildUntilDone(ctx context.Context, v vector, pause time.Duration) (bleve.Index, error) {
	for ; ; pause = min(2*pause+time.Second, 30*time.Second) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		started := time.Now()
		b, documents, err := s.build(ctx, v)
		if err == nil {
			s.log.Info("search index is built", "documents", documents, "took", time.Since(started).String())
			return b, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.log.Warn("search index cannot be built, trying again", "err", err)
	}
}

func (s *Service) build(ctx context.Context, v vector) (_ bleve.Index, documents int, err error) {
	b, err := s.index.create()
	if err != nil {
		return nil, 0, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.Close())
		}
	}()
	f := s.fleet(access.All("index"))
	var batch []changed
	flush := func(v vector) error {
		documents += len(batch)
		err := apply(b, batch, v)
		batch = batch[:0]
		return err
	}
	err = s.read(ctx, `SELECT `+rowColumns+`, tokens FROM `+s.db.Table("resources")+` FINAL WHERE deleted = 0`, nil, func(rows driver.Rows) error {
		r := &row{}
		if err := rows.Scan(append(r.dest(), &r.object.Tokens)...); err != nil {
			return err
		}
		batch = append(batch, changed{key: r.key, object: r.record(f)})
		if len(batch) == indexAtOnce {
			// A vector only once everything is in: a crash halfway must not leave an index that looks whole.
			return flush(nil)
		}
		return nil
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read objects to index: %w", err)
	}
	return b, documents, flush(v)
}
