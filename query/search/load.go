package search

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

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

// loadedColumns are what columns keep, as they stand in resources.
const loadedColumns = keyColumns + `, ver, api_version, kind, uid, resource_version, generation, observed_at, created_at, changed_at, labels, app, status, health, ready, reasons, images, node,
	replicas, ready_replicas, restarts, owner_uids, owner_refs, changed_by, changed_paths, conditions, containers, ips, service_account, uses, traits, managed_by, words`

func (s *Service) loadColumns(ctx context.Context) (_ *columns.Table, objects int, err error) {
	t := columns.New()
	resources := s.db.Table("resources")
	err = s.db.Columns(ctx, `SELECT `+loadedColumns+` FROM `+resources+` FINAL WHERE deleted = 0`, nil, func(b *clickhouse.Block) error {
		objects += b.Rows
		return t.Load(b)
	})
	if err != nil {
		return nil, 0, fmt.Errorf("read objects for columns: %w", readable(ctx, err))
	}
	// What is gone and still owns something: owner: looks through it.
	f := s.fleet(access.All("index"))
	gone := `SELECT ` + withoutAnnotations(rowColumns) + `, words FROM ` + resources + ` WHERE deleted = 1 AND uid IN (SELECT arrayJoin(owner_uids) FROM ` + resources + `)`
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

// scanChange reads rowColumns and words.
func scanChange(rows driver.Rows, f *fleet) (columns.Change, error) {
	r := &row{}
	if err := rows.Scan(append(r.dest(), &r.object.Words)...); err != nil {
		return columns.Change{}, err
	}
	return changeOf(changed{key: r.key, deleted: r.deleted != 0, object: r.record(f)}), nil
}

func changeOf(c changed) columns.Change {
	return columns.Change{Key: columns.Key{Cluster: c.cluster, Group: c.group, Resource: c.resource, Namespace: c.namespace, Name: c.name}, Deleted: c.deleted, Object: c.object}
}
