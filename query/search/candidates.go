package search

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// Engines, as answers name them.
const (
	engineClickHouse = "clickhouse"
	engineBoth       = "bleve+clickhouse"
	// Columns find candidates and ClickHouse looks into them.
	engineColumnsFirst = "columns+clickhouse"
)

const (
	// candidatesMost is how many hits of the index are handed to ClickHouse. Beyond it, reading the tokens of
	// everything costs less than carrying the hits over; and they travel in a URL of at most 1 MiB.
	candidatesMost = 50_000
	// candidatesByKey is up to how many the primary key prunes well; above it a hash of the key is compared.
	candidatesByKey = 500
)

// candidates are the objects that the index offers for a query. ClickHouse decides which of them match.
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

// candidates of a query and what is left to check of it.
type narrowed struct {
	keys candidates
	rest *ql.Query // without the words that the index answered exactly: their column is the bulkiest to read
}

// narrow asks the index about every query that will be counted over, and says which engines answer the first.
func (a *question) narrow(ctx context.Context, facets []facet) (engine string, err error) {
	if engine, err = a.narrowByColumns(ctx, facets); engine != "" || err != nil {
		return engine, err
	}
	if engine, _ = a.engine(); engine != engineBoth {
		return engine, nil
	}
	rest := a.withoutWords(ctx)
	queries := []*ql.Query{a.q}
	rests := []*ql.Query{rest}
	for _, fc := range facets {
		queries = append(queries, fc.over)
		if rest == nil {
			rests = append(rests, nil)
		} else {
			rests = append(rests, rest.Without(fc.field))
		}
	}
	for i, q := range queries {
		canonical := q.Canonical()
		if _, done := a.narrowed[canonical]; done || !q.HasText() {
			continue
		}
		a.narrowed[canonical] = nil
		n := &narrowed{rest: q}
		ask, ok := q.BleveText()
		if !ok || a.s.sizes.isBroad(canonical) {
			continue
		}
		if rests[i] != nil {
			n.rest = rests[i]
		}
		keys, more, ok, err := a.s.index.find(ctx, ask, candidatesMost)
		if err != nil {
			// The index is derived: an answer without it is slower, not wrong.
			a.s.log.Warn("search index cannot be asked, clickhouse answers alone", "err", err)
			continue
		}
		if more {
			a.s.sizes.tooBroad(canonical)
		}
		if ok && !more {
			n.keys.keys = keys
			a.narrowed[canonical] = n
		}
	}
	if a.narrowed[a.q.Canonical()] == nil {
		return engineClickHouse, nil
	}
	return engineBoth, nil
}

// narrowByColumns finds the candidates of queries that columns cannot answer alone, such as of a path: what is left of
// the objects when all that columns know is asked. engine is empty when that is too many.
func (a *question) narrowByColumns(ctx context.Context, facets []facet) (engine string, err error) {
	a.narrowed = map[string]*narrowed{}
	if a.q.Root() == nil {
		return "", nil
	}
	_, err = a.inColumns(ctx, func(r *reading) (bool, error) {
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
			set, _ := q.Rows(r.v, r.hits(q))
			if n := set.Count(); n > candidatesMost || n > r.v.Alive()/2 {
				continue
			}
			n := &narrowed{rest: q}
			set.Each(func(row uint32) {
				k, _ := r.v.Version(row)
				n.keys.keys = append(n.keys.keys, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name})
			})
			a.narrowed[canonical] = n
		}
		return true, nil
	})
	if err == nil && a.narrowed[a.q.Canonical()] != nil {
		return engineColumnsFirst, nil
	}
	a.narrowed = map[string]*narrowed{}
	return "", err
}

// withoutWords is the query without the words that every match must have, nil when the index cannot answer them
// exactly. What BleveText finds has those it can.
func (a *question) withoutWords(ctx context.Context) *ql.Query {
	members, ok := a.q.Root().(ql.And)
	if !ok {
		members = ql.And{a.q.Root()}
	}
	remains, taken := []byte(a.text), ""
	for _, m := range members {
		t, ok := m.(*ql.Text)
		if !ok {
			continue
		}
		if t.From >= t.To || t.To > len(a.text) {
			return nil
		}
		taken += " " + a.text[t.From:t.To]
		for i := t.From; i < t.To; i++ {
			remains[i] = ' '
		}
	}
	if taken == "" {
		return nil
	}
	o := a.s.options(ctx, a.f, a.q.Page(), a.now)
	asked, err := ql.Parse(taken, o)
	if err != nil {
		return nil
	}
	if _, exact := asked.Bleve(); !exact {
		return nil
	}
	rest, err := ql.Parse(string(remains), o)
	if err != nil || rest.HasText() {
		return nil // words under a minus or an OR stay with the others
	}
	return rest
}

// engine is which engines answer the query as things stand, and why.
func (a *question) engine() (engine, why string) {
	switch {
	case !a.q.HasText():
		return engineClickHouse, "no free text: ClickHouse answers structure, counts and facets"
	case !a.q.At().IsZero():
		return engineClickHouse, "at: asks for the past, the search index knows the present"
	case a.q.Deleted():
		return engineClickHouse, "deleted: asks for what the search index has forgotten"
	case !a.s.index.ready():
		return engineClickHouse, "the search index is being built: ClickHouse finds the words by its own column of tokens"
	case a.s.feed.behind() > feedBehind || a.s.index.behind() > feedBehind:
		return engineClickHouse, "the search index is behind: ClickHouse finds the words by its own column of tokens"
	}
	if _, ok := a.q.BleveText(); !ok {
		return engineClickHouse, "the search index cannot narrow these words"
	}
	return engineBoth, "the search index finds the words, ClickHouse checks the rest and counts"
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
