package search

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/blevesearch/bleve/v2"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
)

const (
	buildAtOnce = 1000 // documents a batch while building
	// replayLimit is up to how many missed versions are followed one by one. Beyond it, reading the current state
	// anew is sooner done.
	replayLimit = 50_000
)

// follow opens the index or builds it, and feeds it until ctx ends.
//
//	index usable:  vector in the index ---- feed ----> index, watchers
//	otherwise:     newest versions now ---- feed ----> watchers, and kept for the index
//	               current state ------- build ------> new index <-- what was kept, then the feed
func (s *Service) follow(ctx context.Context) error {
	position, usable, err := s.begin(ctx)
	if err != nil {
		return err
	}
	s.feed.start(position)
	g, ctx := errgroup.WithContext(ctx)
	f := &follower{s: s, ctx: ctx, g: g, built: make(chan bleve.Index, 1)}
	if !usable {
		f.rebuild(position, 0)
	}
	g.Go(func() error { return s.feed.run(ctx, f.consume) })
	return g.Wait()
}

// follower feeds the index. The feed's goroutine owns it, but for built.
type follower struct {
	s     *Service
	ctx   context.Context // of follow
	g     *errgroup.Group // of follow: owns the goroutine that builds
	built chan bleve.Index
	kept  map[key]changed // what came while an index is being built; nil when none is
}

func (f *follower) rebuild(v vector, pause time.Duration) {
	f.kept = map[key]changed{}
	f.g.Go(func() error {
		b, err := f.s.buildUntilDone(f.ctx, v, pause)
		if err == nil {
			f.built <- b
		}
		return err
	})
}

// consume takes what the feed read. An index that cannot be written is given up and built anew: watchers must not
// wait for it, and ClickHouse finds words meanwhile.
func (f *follower) consume(versions []changed, v vector) {
	b := f.s.index.current()
	if f.kept != nil {
		for _, c := range versions {
			f.kept[c.key] = c
		}
		select {
		case b = <-f.built:
		default:
			return
		}
		versions = slices.Collect(maps.Values(f.kept))
		f.kept = nil
	}
	if len(versions) > 0 {
		if err := apply(b, versions, v); err != nil {
			f.s.log.Warn("search index cannot be written, building it anew", "err", err)
			f.s.index.publish(b)
			f.s.index.close()
			f.rebuild(v, time.Second)
			return
		}
	}
	f.s.index.publish(b)
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
		if len(batch) == buildAtOnce {
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
