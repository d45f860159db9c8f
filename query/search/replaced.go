package search

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/query/columns"
)

const (
	// pastKept is how far back columns know what stood, unless more was replaced since than they keep.
	pastKept = 24 * time.Hour
	// pastLoaded is up to how many versions are loaded, if columns keep as many.
	pastLoaded = 300_000
)

// rememberPast loads what was replaced before columns followed, so that they can be asked about moments. It is tried
// again until it succeeds: ClickHouse answers meanwhile.
func (s *Service) rememberPast(ctx context.Context) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 30*time.Second) {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
		t := s.table.Load()
		if t == nil {
			pause = 50 * time.Millisecond
			continue
		}
		started := time.Now()
		versions, since, err := s.loadPast(ctx, t)
		if err == nil {
			s.log.Info("columns know the past", "versions", versions, "since", time.UnixMilli(since).UTC(), "took", time.Since(started).String())
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		s.log.Warn("the past cannot be loaded into columns, trying again", "err", err)
	}
}

// edition is one version of an object in two numbers.
type edition struct{ hash, ver uint64 }

func (s *Service) loadPast(ctx context.Context, t *columns.Table) (versions int, since int64, err error) {
	// Up to here columns have followed: later versions they take, with what these replace, themselves.
	s.feed.mu.Lock()
	followed := s.feed.position.clone()
	s.feed.mu.Unlock()
	kept := map[edition]bool{}
	t.Kept(func(k columns.Key, ver uint64) {
		kept[edition{key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}.digest(), ver}] = true
	})
	history := s.db.Table("resource_history")
	since = time.Now().Add(-pastKept).UnixMilli()
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT toUnixTimestamp64Milli(observed_at) FROM `+history+` WHERE previous_ver > 0 AND observed_at > `+p.Time(time.UnixMilli(since))+
		` ORDER BY observed_at DESC LIMIT 1 OFFSET `+p.Int(int64(min(pastLoaded, t.Room()))), p, func(rows driver.Rows) error { return rows.Scan(&since) })
	if err != nil {
		return 0, 0, fmt.Errorf("read how far back to go: %w", err)
	}
	p = new(clickhouse.Params)
	moment := p.Time(time.UnixMilli(since))
	changed := func(what string) string {
		return `(SELECT ` + what + ` FROM ` + history + ` GROUP BY ` + keyHash + ` HAVING count() > 1 AND max(observed_at) > ` + moment + `)`
	}
	until, err := s.untils(ctx, `SELECT cluster, `+keyHash+` AS hash, ver, observed_at FROM `+history+` WHERE `+keyHash+` IN `+changed(keyHash), p, followed)
	if err != nil {
		return 0, 0, fmt.Errorf("read when versions were replaced: %w", err)
	}
	for e, at := range until {
		if at <= since || kept[e] {
			delete(until, e)
		}
	}
	if len(until) > 0 {
		sql := `SELECT ` + pastColumns + `, ` + keyHash + ` AS hash FROM ` + history + ` PREWHERE deleted = 0 AND ` + keyHash + ` IN ` + changed(keyHash) +
			` AND (` + keyHash + `, ver) NOT IN ` + changed(keyHash+`, max(ver)`) +
			` AND (observed_at > ` + moment + ` OR (` + keyHash + `, ver) IN (SELECT ` + keyHash + `, max(ver) FROM ` + history + ` WHERE observed_at <= ` + moment +
			` AND ` + keyHash + ` IN ` + changed(keyHash) + ` GROUP BY ` + keyHash + `)) SETTINGS max_block_size = 4096`
		var ends []int64
		err = s.db.Columns(ctx, sql, p, func(b *clickhouse.Block) error {
			ends = ends[:0]
			hashes, vers := b.Column("hash").Numbers, b.Column("ver").Numbers
			for i := range b.Rows {
				e := edition{uint64(hashes[i]), uint64(vers[i])}
				ends = append(ends, until[e])
				if until[e] != 0 {
					versions++
					delete(until, e) // history may have it twice
				}
			}
			return t.LoadPast(b, ends)
		})
		if err != nil {
			return 0, 0, fmt.Errorf("read what was replaced: %w", readable(ctx, err))
		}
	}
	t.KnowPast(since)
	return versions, since, nil
}

// pastColumns are loadedColumns of a version in resource_history, as stateColumns are.
var pastColumns = strings.Replace(loadedColumns, `changed_by, changed_paths`, `last_changed_by AS changed_by, last_changed_paths AS changed_paths`, 1)

// untils is when each of the versions that sql reads stopped standing: when any of those that were followed after it was
// observed. What was not replaced is left out.
func (s *Service) untils(ctx context.Context, sql string, p *clickhouse.Params, followed vector) (map[edition]int64, error) {
	type observed struct {
		edition
		at int64
	}
	var all []observed
	err := s.db.Columns(ctx, sql, p, func(b *clickhouse.Block) error {
		clusters, hashes, vers, moments := b.Column("cluster"), b.Column("hash").Numbers, b.Column("ver").Numbers, b.Column("observed_at").Numbers
		for i := range b.Rows {
			if uint64(vers[i]) <= followed[clusters.At(i)] {
				all = append(all, observed{edition{uint64(hashes[i]), uint64(vers[i])}, moments[i]})
			}
		}
		return nil
	})
	if err != nil {
		return nil, readable(ctx, err)
	}
	slices.SortFunc(all, func(a, b observed) int { return cmp.Or(cmp.Compare(a.hash, b.hash), cmp.Compare(b.ver, a.ver)) })
	until := make(map[edition]int64, len(all)/2)
	end := int64(math.MaxInt64)
	for i, o := range all {
		switch {
		case i == 0 || all[i-1].hash != o.hash:
			end = math.MaxInt64
		case all[i-1].ver == o.ver:
			continue // a batch that was inserted twice
		default:
			end = min(end, all[i-1].at)
			until[o.edition] = end
		}
	}
	return until, nil
}
