package aggregator

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
)

// Retention says for how long the past is kept. What is current is always kept, and so is the state at the beginning of
// the time kept: a version goes when another has replaced it for that long, a deleted object that long after its end.
type Retention struct {
	Default time.Duration            // 0 keeps everything
	Kinds   map[string]time.Duration // by RESOURCE, in every group, or RESOURCE.GROUP; 0 keeps everything; "events" are Kubernetes' own
}

// For is for how long the past of a kind is kept; 0 is for ever.
func (r Retention) For(gr kube.GroupResource) time.Duration {
	for _, name := range []string{gr.String(), gr.Resource} { // the longer name is the narrower one
		if keep, named := r.Kinds[name]; named {
			return keep
		}
	}
	return r.Default
}

const (
	retentionEvery = time.Hour
	retentionFirst = 10 * time.Minute // after a start, which has enough to do
	// expireAtOnce is about how many versions one statement looks at: it remembers 16 bytes of each object among them.
	expireAtOnce = 5_000_000
	// maskedMost is the share of a month's versions that may be hidden, before they are taken off the disk.
	maskedMost = 0.2
	// goneFor is how long it is known of an event that its member has it no longer: for those who follow from before.
	goneFor = 2 * time.Hour
	// eventsFor is how long events are kept when nothing else is said.
	eventsFor = 14 * 24 * time.Hour
)

// keyHash is an object's key in one number.
const keyHash = `xxHash64(concat(api_group, '|', resource, '|', cluster, '|', namespace, '|', name))`

// retain runs hourly until ctx ends.
func (s *Server) retain(ctx context.Context) {
	timer := time.NewTimer(retentionFirst)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		began := time.Now()
		if err := s.expire(ctx, began); err != nil && ctx.Err() == nil {
			s.metrics.retentionFailed.Inc()
			s.log.Warn("past could not be shortened, trying again in an hour", "err", err)
		}
		s.metrics.retentionSeconds.Observe(time.Since(began).Seconds())
		timer.Reset(retentionEvery)
	}
}

// expire deletes what is older than it is kept, as of now. Every statement may be done again, also when it was cut off
// between two parts of a table: none deletes what another row of its object still hides.
func (s *Server) expire(ctx context.Context, now time.Time) error {
	if err := s.expireEvents(ctx); err != nil {
		return err
	}
	if err := s.forgetDocuments(ctx, now); err != nil {
		return err
	}
	if err := s.expireGone(ctx, now); err != nil {
		return err
	}
	p := &clickhouse.Params{}
	var rows uint64
	if err := s.one(ctx, `SELECT count() FROM `+s.db.Table("resource_history")+` WHERE observed_at <= `+s.retention.horizon(p, now), p, &rows); err != nil {
		return fmt.Errorf("count what is old: %w", err)
	}
	if rows == 0 {
		return nil
	}
	parts := rows/expireAtOnce + 1
	for part := range parts {
		slice := ""
		if parts > 1 {
			slice = ` AND cityHash64(cluster) % ` + strconv.FormatUint(parts, 10) + ` = ` + strconv.FormatUint(part, 10)
		}
		if err := s.expireVersions(ctx, now, slice); err != nil {
			return err
		}
	}
	if err := s.expireTombstones(ctx, now); err != nil {
		return err
	}
	return s.compact(ctx)
}

// expireVersions deletes those that were replaced long ago, then ends that long ago.
func (s *Server) expireVersions(ctx context.Context, now time.Time, slice string) error {
	history := s.db.Table("resource_history")
	err := s.deleteWhere(ctx, "resource_history", "versions", func(p *clickhouse.Params) string {
		old := `observed_at <= ` + s.retention.horizon(p, now) + slice
		return old + ` AND (` + keyHash + `, ver) NOT IN (SELECT ` + keyHash + ` AS h, max(ver) FROM ` + history + ` WHERE ` + old + ` GROUP BY h)`
	})
	if err != nil {
		return err
	}
	return s.deleteWhere(ctx, "resource_history", "ends", func(p *clickhouse.Params) string {
		ended := `deleted = 1 AND observed_at <= ` + s.retention.horizon(p, now)
		return ended + slice + ` AND ` + keyHash + ` NOT IN (SELECT ` + keyHash + ` AS h FROM ` + history + ` WHERE 1` + slice + ` GROUP BY h HAVING min(ver) < maxIf(ver, ` + ended + `))`
	})
}

// expireTombstones forgets in resources what ended long ago: first the rows that its tombstone hides.
func (s *Server) expireTombstones(ctx context.Context, now time.Time) error {
	resources := s.db.Table("resources")
	err := s.deleteWhere(ctx, "resources", "hidden", func(p *clickhouse.Params) string {
		return `deleted = 0 AND ` + keyHash + ` IN (SELECT ` + keyHash + ` FROM ` + resources + ` FINAL WHERE deleted = 1 AND deleted_at <= ` + s.retention.horizon(p, now) + `)`
	})
	if err != nil {
		return err
	}
	return s.deleteWhere(ctx, "resources", "tombstones", func(p *clickhouse.Params) string {
		return `deleted = 1 AND deleted_at <= ` + s.retention.horizon(p, now) + ` AND ` + keyHash + ` NOT IN (SELECT ` + keyHash + ` FROM ` + resources + ` WHERE deleted = 0)`
	})
}

// deleteWhere hides rows, if there are any: a statement that deletes nothing would still touch every part.
func (s *Server) deleteWhere(ctx context.Context, table, what string, where func(*clickhouse.Params) string) error {
	p := &clickhouse.Params{}
	var n uint64
	if err := s.one(ctx, `SELECT count() FROM `+s.db.Table(table)+` WHERE `+where(p), p, &n); err != nil {
		return fmt.Errorf("count %s that are too old: %w", what, err)
	}
	if n == 0 {
		return nil
	}
	p = &clickhouse.Params{}
	if err := s.db.Exec(ctx, `DELETE FROM `+s.db.Table(table)+` WHERE `+where(p), p); err != nil {
		return fmt.Errorf("delete %s that are too old: %w", what, err)
	}
	s.metrics.expired.WithLabelValues(table).Add(float64(n))
	s.log.Info("what is too old was deleted", "table", table, "what", what, "rows", n)
	return nil
}

var partitionID = regexp.MustCompile(`^[0-9]+$`)

// compact takes off the disk what was hidden in months that merge no more.
func (s *Server) compact(ctx context.Context) error {
	stored, err := s.months(ctx, `SELECT partition_id, sum(rows) FROM system.parts WHERE active AND database = {db} AND table = 'resource_history' GROUP BY partition_id`)
	if err != nil {
		return err
	}
	seen, err := s.months(ctx, `SELECT _partition_id, count() FROM `+s.db.Table("resource_history")+` GROUP BY _partition_id`)
	if err != nil {
		return err
	}
	for month, rows := range stored {
		hidden := float64(rows) - float64(seen[month])
		if hidden <= maskedMost*float64(rows) || !partitionID.MatchString(month) {
			continue
		}
		if err := s.db.Exec(ctx, `ALTER TABLE `+s.db.Table("resource_history")+` APPLY DELETED MASK IN PARTITION ID '`+month+`' SETTINGS mutations_sync = 1`, nil); err != nil {
			return fmt.Errorf("take deleted versions of month %s off the disk: %w", month, err)
		}
		s.log.Info("deleted versions were taken off the disk", "month", month, "rows", int(hidden))
	}
	return nil
}

func (s *Server) months(ctx context.Context, sql string) (map[string]uint64, error) {
	p := &clickhouse.Params{}
	if strings.Contains(sql, "{db}") {
		sql = strings.ReplaceAll(sql, "{db}", p.String(s.db.Database()))
	}
	rows, err := s.db.Query(ctx, sql, p)
	if err != nil {
		return nil, fmt.Errorf("count versions by month: %w", err)
	}
	defer rows.Close()
	out := map[string]uint64{}
	for rows.Next() {
		var month string
		var n uint64
		if err := rows.Scan(&month, &n); err != nil {
			return nil, fmt.Errorf("count versions by month: %w", err)
		}
		out[month] = n
	}
	return out, rows.Err()
}

// expireEvents tells the table of events, which drops whole days by itself.
func (s *Server) expireEvents(ctx context.Context) error {
	keep, said := s.retention.Kinds["events"]
	if !said {
		keep = eventsFor
	}
	if keep == 0 {
		keep = 100 * 365 * 24 * time.Hour
	}
	ttl := `toDateTime(last_at) + toIntervalSecond(` + strconv.FormatInt(int64(keep/time.Second), 10) + `)`
	p := &clickhouse.Params{}
	var is uint8
	if err := s.one(ctx, `SELECT position(create_table_query, `+p.String(`TTL `+ttl+` `)+`) > 0 FROM system.tables WHERE database = `+p.String(s.db.Database())+` AND name = 'events'`, p, &is); err != nil {
		return fmt.Errorf("ask how long events are kept: %w", err)
	}
	if is == 1 || !said && keep == eventsFor && s.eventsAsMade(ctx) {
		return nil
	}
	if err := s.db.Exec(ctx, `ALTER TABLE `+s.db.Table("events")+` MODIFY TTL `+ttl, nil); err != nil {
		return fmt.Errorf("say how long events are kept: %w", err)
	}
	s.log.Info("events are kept for another time from now on", "for", keep.String())
	return nil
}

// expireGone forgets which events members have no longer: first the rows that say where they were. The newest row of each
// cluster stays, since it says how far what is known goes.
func (s *Server) expireGone(ctx context.Context, now time.Time) error {
	current := s.db.Table("current_events")
	gone := func(p *clickhouse.Params) string {
		return `state = 'gone' AND observed_at <= fromUnixTimestamp64Milli(` + p.Int(now.Add(-goneFor).UnixMilli()) + `, 'UTC') AND (cluster, ver) NOT IN (SELECT cluster, max(ver) FROM ` + current + ` GROUP BY cluster)`
	}
	err := s.deleteWhere(ctx, "current_events", "hidden", func(p *clickhouse.Params) string {
		return `state = 'here' AND (cluster, uid) IN (SELECT cluster, uid FROM ` + current + ` FINAL WHERE ` + gone(p) + `)`
	})
	if err != nil {
		return err
	}
	return s.deleteWhere(ctx, "current_events", "ends", func(p *clickhouse.Params) string {
		return gone(p) + ` AND (cluster, uid) NOT IN (SELECT cluster, uid FROM ` + current + ` WHERE state = 'here')`
	})
}

// eventsAsMade reports that nobody has said yet how long events are kept.
func (s *Server) eventsAsMade(ctx context.Context) bool {
	p := &clickhouse.Params{}
	var is uint8
	err := s.one(ctx, `SELECT position(create_table_query, 'toIntervalDay(14)') > 0 FROM system.tables WHERE database = `+p.String(s.db.Database())+` AND name = 'events'`, p, &is)
	return err == nil && is == 1
}

// horizon is, of a row, the moment before which the past is not kept.
func (r Retention) horizon(p *clickhouse.Params, now time.Time) string {
	moment := func(keep time.Duration) string {
		at := now.Add(-keep)
		if keep == 0 {
			at = epochStart
		}
		// A mutation keeps its parameters as text, and the text of a moment is not read back.
		return `fromUnixTimestamp64Milli(` + p.Int(at.UnixMilli()) + `, 'UTC')`
	}
	var cases []string
	// The longer name is the narrower one.
	for _, name := range slices.SortedFunc(maps.Keys(r.Kinds), func(a, b string) int {
		return cmp.Or(strings.Count(b, ".")-strings.Count(a, "."), strings.Compare(a, b))
	}) {
		if name == "events" {
			continue
		}
		gr := kube.ParseGroupResource(name)
		where := `resource = ` + p.String(gr.Resource)
		if gr.Group != "" {
			where += ` AND api_group = ` + p.String(gr.Group)
		}
		cases = append(cases, where, moment(r.Kinds[name]))
	}
	if len(cases) == 0 {
		return moment(r.Default)
	}
	return `multiIf(` + strings.Join(append(cases, moment(r.Default)), `, `) + `)`
}
