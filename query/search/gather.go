package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// gatherMost is up to how many rows are read once, on narrow columns, and ordered and counted here. A statement
// costs milliseconds before it reads its first row, and grouping, windows and sorting each cost some more: of few
// rows that is nearly all that an answer costs. Beyond it the database sorts and counts.
const gatherMost = 3000

// gathered is one row of narrow columns: what orders it, and what facets count of it.
type gathered struct {
	key
	ver     uint64
	cluster string   // its name
	texts   []string // of the order's own terms, where they are texts
	numbers []int64  // where they are numbers
	words   []string // a facet each
	lists   [][]string
	in      []uint8 // which queries it matches: a facet may count over more than the page shows
}

// gathering is the plan of one statement that answers several questions.
type gathering struct {
	queries []*ql.Query // distinct; the first is the page's, when it is gathered
	page    bool
	facets  []int // places in the asked facets
	of      []int // for each, the place of the query it counts over
}

// plan picks what is gathered: the questions that are known or likely to have few rows.
func (a *question) plan(facets []facet) *gathering {
	g := &gathering{}
	place := map[string]int{}
	left := a.s.sizes.most
	var narrowedOnly bool
	documents := int(a.s.index.documents())
	add := func(q *ql.Query) (int, bool) {
		canonical := q.Canonical()
		if i, ok := place[canonical]; ok {
			return i, i >= 0
		}
		place[canonical] = -1
		n := a.narrowed[canonical]
		if len(g.queries) > 0 && narrowedOnly != (n != nil) {
			return 0, false
		}
		rows := a.s.sizes.guess(q, documents)
		if n != nil {
			rows = len(n.keys.keys)
		}
		// Rows that match several queries come once, so the sum is more than will come.
		if rows > left {
			return 0, false
		}
		left -= rows
		if len(g.queries) > 0 && n == nil && documents <= a.s.sizes.most {
			left += rows // all there is cannot come twice
		}
		narrowedOnly = n != nil
		place[canonical] = len(g.queries)
		g.queries = append(g.queries, q)
		return place[canonical], true
	}
	_, g.page = add(a.q)
	for i, fc := range facets {
		if at, ok := add(fc.over); ok {
			g.facets, g.of = append(g.facets, i), append(g.of, at)
		}
	}
	return g
}

// gather reads the rows of a plan. ok is false when there were more than expected: then the database has to count.
func (a *question) gather(ctx context.Context, g *gathering, facets []facet) (rows []gathered, ok bool, err error) {
	p := new(clickhouse.Params)
	var keys *candidates
	if a.narrowed[g.queries[0].Canonical()] != nil {
		keys = &candidates{}
		seen := map[key]bool{}
		for _, q := range g.queries {
			for _, k := range a.narrowed[q.Canonical()].keys.keys {
				if len(g.queries) == 1 || !seen[k] {
					seen[k] = true
					keys.keys = append(keys.keys, k)
				}
			}
		}
		if len(keys.keys) == 0 {
			return nil, true, nil
		}
	}
	columns := []string{keyColumns, "ver"}
	var own order
	if g.page {
		own = a.own(p)
	}
	for _, t := range own {
		if t.text {
			columns = append(columns, t.sql)
		} else {
			columns = append(columns, "toInt64("+t.sql+")")
		}
	}
	for n, i := range g.facets {
		expr, array, err := a.facetColumn(facets[i].field, p)
		if err != nil {
			return nil, false, err
		}
		if array {
			columns = append(columns, fmt.Sprintf("arrayMap(x -> toString(x), arrayDistinct(%s)) AS f%d", expr, n))
		} else {
			columns = append(columns, fmt.Sprintf("toString(%s) AS f%d", expr, n))
		}
	}
	var matches []string
	for _, q := range g.queries {
		if n := a.narrowed[q.Canonical()]; n != nil {
			q = n.rest // the words are the same in all of them, and every key has them
		}
		condition, err := a.condition(p, q)
		if err != nil {
			return nil, false, err
		}
		matches = append(matches, condition)
	}
	where := matches[0]
	if len(matches) > 1 {
		for i, m := range matches {
			columns = append(columns, fmt.Sprintf("toUInt8(%s) AS m%d", m, i))
			matches[i] = fmt.Sprintf("m%d", i)
		}
		where = strings.Join(matches, " OR ")
	}
	sql := `SELECT ` + strings.Join(columns, ", ") + ` FROM ` + a.from(p, keys) + ` WHERE (` + where + `) LIMIT ` + strconv.Itoa(a.s.sizes.most+1)
	err = a.s.read(ctx, sql, p, func(r driver.Rows) error {
		row := gathered{in: []uint8{1}}
		dest := append(row.key.dest(), &row.ver)
		if len(own) > 0 {
			row.texts, row.numbers = make([]string, len(own)), make([]int64, len(own))
		}
		for i, t := range own {
			if t.text {
				dest = append(dest, &row.texts[i])
			} else {
				dest = append(dest, &row.numbers[i])
			}
		}
		row.words, row.lists = make([]string, len(g.facets)), make([][]string, len(g.facets))
		for n, i := range g.facets {
			if facets[i].array {
				dest = append(dest, &row.lists[n])
			} else {
				dest = append(dest, &row.words[n])
			}
		}
		if len(matches) > 1 {
			row.in = make([]uint8, len(matches))
			for i := range matches {
				dest = append(dest, &row.in[i])
			}
		}
		if err := r.Scan(dest...); err != nil {
			return err
		}
		row.cluster = a.f.byUID[row.key.cluster]
		rows = append(rows, row)
		return nil
	})
	if err != nil {
		return nil, false, err
	}
	counts := make([]int, len(g.queries))
	for i := range rows {
		for q, in := range rows[i].in {
			counts[q] += int(in)
		}
	}
	ok = len(rows) <= a.s.sizes.most
	for i, q := range g.queries {
		if !ok {
			counts[i] = a.s.sizes.most + 1
		}
		a.s.sizes.learn(q.Canonical(), counts[i])
	}
	return rows, ok, nil
}

// pick is the page of gathered rows: those behind the cursor, in order.
func (a *question) pick(rows []gathered, first int, c *cursor) (selection, error) {
	own := a.own(new(clickhouse.Params))
	page := make([]*gathered, 0, len(rows))
	for i := range rows {
		if rows[i].in[0] != 0 {
			page = append(page, &rows[i])
		}
	}
	compare := func(x, y *gathered) int {
		for i, t := range own {
			n := cmp.Compare(x.numbers[i], y.numbers[i])
			if t.text {
				n = cmp.Compare(x.texts[i], y.texts[i])
			}
			if t.desc {
				n = -n
			}
			if n != 0 {
				return n
			}
		}
		return cmp.Or(cmp.Compare(x.group, y.group), cmp.Compare(x.resource, y.resource), cmp.Compare(x.namespace, y.namespace), cmp.Compare(x.name, y.name), cmp.Compare(x.cluster, y.cluster))
	}
	if c != nil {
		last, err := placeOf(own, c)
		if err != nil {
			return selection{}, err
		}
		page = slices.DeleteFunc(page, func(r *gathered) bool { return compare(r, last) <= 0 })
	}
	slices.SortFunc(page, compare)
	var s selection
	s.more = len(page) > first
	for _, r := range page[:min(first, len(page))] {
		s.keys, s.vers = append(s.keys, r.key), append(s.vers, r.ver)
		s.last = s.last[:0]
		for i, t := range own {
			if t.text {
				s.last = append(s.last, r.texts[i])
			} else {
				s.last = append(s.last, strconv.FormatInt(r.numbers[i], 10))
			}
		}
		s.last = append(s.last, r.group, r.resource, r.namespace, r.name, r.cluster)
	}
	return s, nil
}

// placeOf is the row that a cursor remembers.
func placeOf(own order, c *cursor) (*gathered, error) {
	r := &gathered{texts: make([]string, len(own)), numbers: make([]int64, len(own))}
	for i, t := range own {
		if t.text {
			r.texts[i] = c.Values[i]
			continue
		}
		n, err := strconv.ParseInt(c.Values[i], 10, 64)
		if err != nil {
			return nil, badCursor()
		}
		r.numbers[i] = n
	}
	v := c.Values[len(own):]
	r.group, r.resource, r.namespace, r.name, r.cluster = v[0], v[1], v[2], v[3], v[4]
	return r, nil
}

// count is facet n of the plan over the rows that match its query.
func (g *gathering) count(rows []gathered, n int, array bool, into *records.Facet) {
	counts := map[string]int{}
	for i := range rows {
		switch r := &rows[i]; {
		case r.in[g.of[n]] == 0:
		case array:
			for _, v := range r.lists[n] {
				counts[v]++
			}
		default:
			counts[r.words[n]]++
		}
	}
	delete(counts, "")
	into.Distinct = len(counts)
	into.Values = make([]records.FacetValue, 0, len(counts))
	for v, count := range counts {
		into.Values = append(into.Values, records.FacetValue{Value: v, Count: count})
	}
	slices.SortFunc(into.Values, func(x, y records.FacetValue) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Value, y.Value))
	})
	into.Values = into.Values[:min(facetValues, len(into.Values))]
}

// sizes remembers how many rows queries had, to guess how many they will have. A wrong guess costs time only.
type sizes struct {
	most  int // gatherMost, but in tests
	mu    sync.Mutex
	rows  map[string]int
	broad map[string]time.Time // when the index last had too many hits
}

const (
	sizesMost = 10_000
	broadFor  = 10 * time.Second // until the index is asked again
)

func (s *sizes) tooBroad(canonical string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broad == nil || len(s.broad) >= sizesMost {
		s.broad = map[string]time.Time{}
	}
	s.broad[canonical] = time.Now()
}

// isBroad reports that the index need not be asked: it had too many hits just now.
func (s *sizes) isBroad(canonical string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Since(s.broad[canonical]) < broadFor
}

func (s *sizes) learn(canonical string, rows int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.rows == nil || len(s.rows) >= sizesMost {
		s.rows = map[string]int{}
	}
	s.rows[canonical] = rows
}

// guess answers what is known, else the most, which is worth one try, when there are conditions, else everything.
func (s *sizes) guess(q *ql.Query, documents int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch rows, ok := s.rows[q.Canonical()]; {
	case ok:
		return rows
	case documents == 0: // or not known yet
		return s.most + 1
	case q.Root() != nil:
		return min(documents, s.most)
	}
	return documents
}
