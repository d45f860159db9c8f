package search

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/query/columns"
)

// loadUntilDone fills columns with the current objects, again from the start when the database goes away.
func (s *Service) loadUntilDone(ctx context.Context) (*columns.Table, error) {
	for pause := time.Duration(0); ; pause = min(2*pause+time.Second, 30*time.Second) {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(pause):
		}
		started := time.Now()
		t, objects, err := s.loadColumns(ctx)
		if err == nil {
			s.log.Info("columns are loaded", "objects", objects, "took", time.Since(started).String())
			return t, nil
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		s.log.Warn("columns cannot be loaded, trying again", "err", err)
	}
}

const (
	// loadRows is how many rows are put into the columns at a time.
	loadRows = 1000
	// loadReaders read side by side: most of the time goes into taking rows apart.
	loadReaders = 2
)

func (s *Service) loadColumns(ctx context.Context) (_ *columns.Table, objects int, err error) {
	t := columns.New()
	f := s.fleet(access.All("index"))
	resources := s.db.Table("resources")
	selected := `SELECT ` + withoutAnnotations(rowColumns) + `, tokens FROM ` + resources + ` FINAL `
	batches := make(chan []columns.Change, loadReaders)
	g, gctx := errgroup.WithContext(ctx)
	var reading sync.WaitGroup
	for part := range loadReaders {
		reading.Add(1)
		g.Go(func() error {
			defer reading.Done()
			var batch []columns.Change
			send := func() error {
				select {
				case batches <- batch:
					batch = nil
					return nil
				case <-gctx.Done():
					return gctx.Err()
				}
			}
			p := new(clickhouse.Params)
			where := `PREWHERE cityHash64(cluster) % ` + p.Int(loadReaders) + ` = ` + p.Int(int64(part)) + ` WHERE deleted = 0`
			err := s.read(gctx, selected+where, p, func(rows driver.Rows) error {
				c, err := scanChange(rows, f)
				if err != nil {
					return err
				}
				if batch = append(batch, c); len(batch) < loadRows {
					return nil
				}
				return send()
			})
			if err != nil {
				return err
			}
			return send()
		})
	}
	go func() {
		reading.Wait()
		close(batches)
	}()
	for batch := range batches { // a table has one writer
		objects += len(batch)
		t.Apply(batch)
	}
	if err = g.Wait(); err != nil {
		return nil, 0, fmt.Errorf("read objects for columns: %w", err)
	}
	// What is gone and still owns something: owner: looks through it.
	gone := selected + `WHERE deleted = 1 AND uid IN (SELECT arrayJoin(owner_uids) FROM ` + resources + `)`
	err = s.read(ctx, gone, nil, func(rows driver.Rows) error {
		c, err := scanChange(rows, f)
		if err == nil {
			t.Bury(c.Key, c.Object)
		}
		return err
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read owners for columns: %w", err)
	}
	return t, objects, nil
}

// scanChange reads rowColumns and tokens.
func scanChange(rows driver.Rows, f *fleet) (columns.Change, error) {
	r := &row{}
	if err := rows.Scan(append(r.dest(), &r.object.Tokens)...); err != nil {
		return columns.Change{}, err
	}
	return changeOf(changed{key: r.key, deleted: r.deleted != 0, object: r.record(f)}), nil
}

func changeOf(c changed) columns.Change {
	return columns.Change{Key: columns.Key{Cluster: c.cluster, Group: c.group, Resource: c.resource, Namespace: c.namespace, Name: c.name}, Deleted: c.deleted, Object: c.object}
}
