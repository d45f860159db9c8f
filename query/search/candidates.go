package search

import (
	"context"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/query/ql"
)

// Engines, as answers name them.
const (
	engineClickHouse = "clickhouse"
	engineBoth       = "bleve+clickhouse"
	engineTooMany    = "clickhouse (the words are too common for the index to narrow)"
	engineBehind     = "clickhouse (the search index is being built)"
)

const (
	// candidatesMost is how many hits of the index are handed to ClickHouse. Beyond it, reading the tokens of
	// everything costs less than carrying the hits over.
	candidatesMost = 10_000
	// candidatesByKey is up to how many the primary key prunes well; above it a hash of the key is compared.
	candidatesByKey = 500
)

// candidates are the objects that the index offers for a query. ClickHouse still decides which of them match.
type candidates struct{ keys []key }

func (c *candidates) predicate(p *clickhouse.Params) string {
	if len(c.keys) == 0 {
		return "0"
	}
	if len(c.keys) <= candidatesByKey {
		return keySet(p, c.keys)
	}
	hashes := make([]uint64, len(c.keys))
	for i, k := range c.keys {
		hashes[i] = xxhash.Sum64String(strings.Join([]string{k.group, k.resource, k.cluster, k.namespace, k.name}, "|"))
	}
	return `xxHash64(concat(api_group, '|', resource, '|', cluster, '|', namespace, '|', name)) IN ` + p.Uints(hashes)
}

// narrow asks the index about every query that will be counted over, and says which engines answer.
func (a *question) narrow(ctx context.Context, facets []facet) (engine string, err error) {
	if engine = a.engine(); engine != engineBoth {
		return engine, nil
	}
	a.keys = map[string]*candidates{}
	queries := []*ql.Query{a.q}
	for _, fc := range facets {
		queries = append(queries, fc.over)
	}
	for i, q := range queries {
		canonical := q.Canonical()
		if a.keys[canonical] != nil || !q.HasText() {
			continue
		}
		ask, ok := q.Bleve()
		if !ok {
			ask, ok = q.BleveText()
		}
		if !ok {
			continue
		}
		keys, more, ok, err := a.s.index.find(ctx, ask, candidatesMost)
		if err != nil {
			// The index is derived: an answer without it is slower, not wrong.
			a.s.log.Warn("search index cannot be asked, ClickHouse answers alone", "err", err)
			a.keys = nil
			return engineBehind, nil
		}
		switch {
		case !ok && i == 0:
			return engineBehind, nil
		case more && i == 0:
			engine = engineTooMany
		case ok && !more:
			a.keys[canonical] = &candidates{keys: keys}
		}
	}
	return engine, nil
}

// engine is which engines could answer the query as things stand.
func (a *question) engine() string {
	switch {
	case !a.q.HasText() || !a.q.At().IsZero() || a.q.Deleted():
		return engineClickHouse
	case !a.s.index.ready() || a.s.feed.behind() > feedBehind:
		return engineBehind
	}
	if _, ok := a.q.BleveText(); !ok {
		return engineClickHouse
	}
	return engineBoth
}
