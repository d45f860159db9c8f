package search

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// densityParts is into how many parts a time is divided at most.
const densityParts = 500

// Density counts the meaningful changes of objects that match in equal parts of the time from from until before to,
// and says since when anything is remembered.
func (s *Service) Density(ctx context.Context, scope access.Scope, query string, from, to time.Time, parts int) (*records.Density, error) {
	defer s.metrics.observe("density")()
	if parts < 1 || parts > densityParts {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("parts is %d; it must be from 1 to %d.", parts, densityParts), Fix: "Ask for as many as can be shown."}
	}
	span := to.UnixMilli() - from.UnixMilli()
	if span < int64(parts) {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: "The time from from until to is too short to be divided.", Fix: "Swap them, or ask for fewer parts."}
	}
	a, err := s.ask(ctx, scope, query, ql.Changes, time.Time{})
	if err != nil {
		return nil, err
	}
	d := &records.Density{Counts: make([]int, parts)}
	if a.f.empty() {
		return d, nil
	}
	p := new(clickhouse.Params)
	where, err := a.condition(p, a.q)
	if err != nil {
		return nil, err
	}
	if !mentions(a.q.Root(), "meaningful") {
		where += ` AND meaningful = 1`
	}
	where += ` AND ` + a.f.bounds(p) + ` AND observed_at >= ` + p.Time(from) + ` AND observed_at < ` + p.Time(to)
	// A version may stand twice until its parts are merged.
	err = s.read(ctx, `SELECT toInt64(intDiv((toUnixTimestamp64Milli(observed_at) - `+p.Int(from.UnixMilli())+`) * `+p.Int(int64(parts))+`, `+p.Int(span)+`)) AS part, uniq(`+keyColumns+`, ver) FROM `+
		s.db.Table("resource_history")+` WHERE `+where+` GROUP BY part`, p,
		func(rows driver.Rows) error {
			var part int64
			var n uint64
			if err := rows.Scan(&part, &n); err != nil {
				return err
			}
			if part >= 0 && part < int64(parts) {
				d.Counts[part] = int(n)
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	p = new(clickhouse.Params)
	err = s.read(ctx, `SELECT min(observed_at), count() FROM `+s.db.Table("resource_history")+` WHERE `+a.f.bounds(p), p,
		func(rows driver.Rows) error {
			var n uint64
			err := rows.Scan(&d.Oldest, &n)
			if n == 0 {
				d.Oldest = time.Time{}
			}
			return err
		})
	return d, err
}
