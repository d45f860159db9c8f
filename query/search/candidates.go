package search

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// Engines, as answers name them.
const (
	engineClickHouse = "clickhouse"
	// Columns find candidates and ClickHouse looks into them.
	engineColumnsFirst = "columns+clickhouse"
)

const (
	// candidatesMost is how many objects are handed to ClickHouse to look into. Beyond it, looking into everything costs
	// less than carrying them over; and they travel in a URL of at most 1 MiB.
	candidatesMost = 50_000
	// candidatesByKey is up to how many the primary key prunes well; above it a hash of the key is compared.
	candidatesByKey = 500
)

// candidates are the objects that columns offer for a query. ClickHouse decides which of them match.
type candidates struct{ keys []key }

func (c *candidates) predicate(p *clickhouse.Params) string {
	if len(c.keys) == 0 {
		return "0"
	}
	if len(c.keys) <= candidatesByKey {
		return keySet(p, c.keys)
	}
	// 8 bytes a key, in base64: a list of numbers would take twice the room.
	hashes := make([]byte, 0, 8*len(c.keys))
	for _, k := range c.keys {
		hashes = binary.LittleEndian.AppendUint64(hashes, k.digest())
	}
	return keyHash + ` IN (SELECT arrayJoin(arrayMap(i -> reinterpretAsUInt64(substring(h, 8 * i + 1, 8)), range(intDiv(length(h), 8)))) FROM (SELECT base64URLDecode(` +
		p.String(base64.RawURLEncoding.EncodeToString(hashes)) + `) AS h))`
}

// narrow asks columns about every query that will be counted over, and says which engines answer the first.
func (a *question) narrow(ctx context.Context, facets []facet) (engine string, err error) {
	if engine, err = a.narrowByColumns(ctx, facets); engine == "" {
		engine = engineClickHouse
	}
	return engine, err
}

// narrowByColumns finds the candidates of queries that columns cannot answer alone, such as of a path: what is left of
// the objects when all that columns know is asked. engine is empty when that is too many.
func (a *question) narrowByColumns(ctx context.Context, facets []facet) (engine string, err error) {
	a.narrowed = map[string]*candidates{}
	if a.q.Root() == nil {
		return "", nil
	}
	err = a.halved(ctx, func(halves []*reading) {
		queries := []*ql.Query{a.q}
		for _, fc := range facets {
			queries = append(queries, fc.over)
		}
		for _, q := range queries {
			canonical := q.Canonical()
			if _, done := a.narrowed[canonical]; done {
				continue
			}
			a.narrowed[canonical] = nil
			found, all := 0, 0
			sets := make([]columns.Set, len(halves))
			for i, r := range halves {
				sets[i], _ = q.Rows(r.v, r.scoped, r.known, nil)
				found, all = found+sets[i].Count(), all+r.v.Alive()
			}
			if found > candidatesMost || found > all/2 {
				continue
			}
			n := &candidates{}
			for i, r := range halves {
				sets[i].Each(func(row uint32) {
					k, _ := r.v.Version(row)
					n.keys = append(n.keys, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name})
				})
			}
			a.narrowed[canonical] = n
		}
	})
	if err == nil && a.narrowed[a.q.Canonical()] != nil {
		return engineColumnsFirst, nil
	}
	a.narrowed = map[string]*candidates{}
	return "", err
}

// halved calls f with the columns of the question's moment, when they have it: of the present, or of what stands still
// and of what stood then.
func (a *question) halved(ctx context.Context, f func([]*reading)) (err error) {
	if a.q.At().IsZero() {
		_, err = a.inColumns(ctx, func(r *reading) (bool, error) {
			f([]*reading{r})
			return true, nil
		})
		return err
	}
	t := a.s.table.Load()
	if t == nil || a.q.Deleted() || !a.q.Alone() || !a.s.feed.caughtUp(ctx, presentWait) {
		return nil
	}
	return t.Read(func(v *columns.View) error {
		if still, then, ok := v.At(a.q.At().UnixMilli()); ok {
			f(a.readings(v, still, then))
		}
		return nil
	})
}

// Explain says how a query is understood, and who would answer it.
func (s *Service) Explain(ctx context.Context, scope access.Scope, query, page string) (*records.Explanation, error) {
	defer s.metrics.observe("explain")()
	on, err := ql.ReadPage(page)
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, scope, query, on, time.Time{})
	if err != nil {
		return nil, err
	}
	engine, why := a.engineNow(ctx)
	return &records.Explanation{Engine: engine + " (" + why + ")", Canonical: a.q.Canonical(), Terms: a.q.Terms()}, nil
}
