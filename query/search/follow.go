package search

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/query/columns"
)

// vector is how far each cluster's versions were followed, by cluster UID.
type vector map[string]uint64

func (v vector) clone() vector { return maps.Clone(v) }

// follow brings columns and the index into step with the database, and keeps them there until ctx ends.
//
//	          +--> columns: loaded once from the current state, then change by change --words--> index
//	feed -----+--> watchers
func (s *Service) follow(ctx context.Context) error {
	position, err := s.begin(ctx)
	if err != nil {
		return err
	}
	s.feed.start(position)
	g, ctx := errgroup.WithContext(ctx)
	f := &follower{s: s, loaded: make(chan *columns.Table, 1), ready: make(chan *columns.Table, 1)}
	g.Go(func() error { return s.feed.run(ctx, f.consume) })
	g.Go(func() error {
		t, err := s.loadUntilDone(ctx)
		if err == nil {
			f.loaded <- t
		}
		return err
	})
	g.Go(func() error { return s.rememberPast(ctx) })
	g.Go(func() error { return f.index(ctx) })
	return g.Wait()
}

// follower takes what the feed reads into columns.
type follower struct {
	s       *Service
	loaded  chan *columns.Table // once, when they are filled
	waiting []columns.Change    // what came meanwhile
	ready   chan *columns.Table // once, when they follow
}

func (f *follower) consume(versions []changed, position vector) {
	changes := make([]columns.Change, len(versions))
	for i, c := range versions {
		changes[i] = changeOf(c)
	}
	if t := f.s.table.Load(); t != nil {
		t.Apply(changes)
		return
	}
	f.waiting = append(f.waiting, changes...)
	select {
	case t := <-f.loaded:
		t.Apply(f.waiting)
		t.Reach(position)
		f.waiting = nil
		f.s.table.Store(t)
		f.ready <- t
	default:
	}
}

const (
	// wordsPause is how often the index looks for words that it does not have.
	wordsPause = time.Second
	// wordsPatience is for how long they wait to be more: they are asked beside the index, and a few cost it as much as
	// many.
	wordsPatience = 10 * time.Second
)

// index gives the index the words of the columns. An index that cannot be written is given up and built anew: nobody
// waits for it.
func (f *follower) index(ctx context.Context) error {
	var t *columns.Table
	select {
	case <-ctx.Done():
		return ctx.Err()
	case t = <-f.ready:
	}
	x := f.s.index
	for pause := time.Duration(0); ; pause = min(2*pause+time.Second, 30*time.Second) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		started := time.Now()
		err := x.open()
		if err == nil {
			var written int
			if written, err = x.complete(t); err == nil {
				f.s.log.Info("search index has all words", "words", x.count(), "written", written, "took", time.Since(started).String())
				pause = 0
				err = f.words(ctx, t)
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		f.s.log.Warn("search index cannot be written, building it anew", "err", err)
		if err := x.create(); err != nil {
			f.s.log.Warn("search index cannot be built", "err", err)
		}
	}
}

// words writes new words until the index fails.
func (f *follower) words(ctx context.Context, t *columns.Table) error {
	tick := time.NewTicker(wordsPause)
	defer tick.Stop()
	written := time.Now()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
		fresh := t.Fresh()
		if len(fresh) == 0 || len(fresh) < wordsAtOnce && time.Since(written) < wordsPatience {
			continue
		}
		words := slices.Clone(fresh)
		slices.Sort(words)
		if err := f.s.index.write(slices.Compact(words)); err != nil {
			return err
		}
		t.Forget(len(fresh))
		written = time.Now()
		if f.s.index.stale() {
			if _, err := f.s.index.complete(t); err != nil {
				return err
			}
		}
	}
}

// begin answers where the feed starts: with what columns may find when they are loaded.
func (s *Service) begin(ctx context.Context) (position vector, err error) {
	for {
		position = vector{}
		// From resources, not from history: a commit reaches history first, and what resources does not hold yet
		// the feed has to bring.
		err = s.read(ctx, `SELECT cluster, max(ver) FROM `+s.db.Table("resources")+` GROUP BY cluster`, nil, func(rows driver.Rows) error {
			var cluster string
			var ver uint64
			err := rows.Scan(&cluster, &ver)
			position[cluster] = ver
			return err
		})
		if err == nil {
			return position, nil
		}
		if ctx.Err() == nil {
			s.log.Warn("the change feed cannot begin, trying again", "err", err)
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(time.Second):
		}
	}
}
