package columns

import (
	"cmp"
	"math"
	"slices"

	"github.com/foretop/foretop/internal/clickhouse"
)

// past is versions that were replaced or whose object was deleted, each with the time for which it stood: with the rows
// of the table, all that was there at any moment since one. Its rows have the table's codes, and names of their own.
type past struct {
	count     int
	words     [len(wordColumns)][]uint32
	lists     [len(listColumns)][]uint32
	numbers   [len(numberColumns)][]int64
	names     text
	odd       Set
	uids      []uint32
	owners    []uint32
	rest      []uint32
	vers      []uint64
	revisions []uint64
	texts     map[uint32]string
	until     []int64 // when another version came, or the end; about in order
	since     int64   // of moments from here on all is known
	lost      int64   // but of none before this
	least     int     // pastLeast, but in tests
}

func newPast(least int) *past {
	return &past{texts: map[uint32]string{}, since: math.MaxInt64, least: least}
}

const (
	// pastLeast and half as many as there are objects are how many versions of the past are kept, at two hundred bytes each.
	pastLeast = 100_000
	pastShare = 2
)

// keep notes that a row is about to be another version, or gone.
func (d *data) keep(row uint32, until int64) {
	p := d.past
	if from := d.numbers[observedAt][row]; until < from {
		p.lost = max(p.lost, from) // the member's clock went back: who stood when is not told by the ends alone
	}
	p.add(d, row, until)
	if most := d.keeps(); p.count > most+most/8 {
		p.forget(p.count - most)
	}
}

// keeps is how many versions of the past are kept.
func (d *data) keeps() int { return d.past.least + d.alive/pastShare }

// add copies a row.
func (p *past) add(d *data, row uint32, until int64) {
	to := p.count
	p.count++
	for i, c := range d.words {
		p.words[i] = append(p.words[i], c.rows[row])
	}
	for i, c := range d.lists {
		p.lists[i] = append(p.lists[i], c.rows[row])
	}
	for i := range d.numbers {
		p.numbers[i] = append(p.numbers[i], d.numbers[i][row])
	}
	name := d.names.at(row)
	p.names.put(to, name)
	words := p.count/64 + 1
	p.odd = grown(p.odd, words-1)
	if !lowerASCII(name) {
		p.odd.add(uint32(to))
	}
	p.uids, p.owners, p.rest = append(p.uids, d.uids[row]), append(p.owners, d.owners.rows[row]), append(p.rest, d.rest.rows[row])
	p.vers, p.revisions = append(p.vers, d.vers[row]), append(p.revisions, d.revisions[row])
	if d.revisions[row] == 0 {
		p.texts[uint32(to)] = d.texts[row]
	}
	p.until = append(p.until, until)
}

// forget drops the first n versions.
func (p *past) forget(n int) {
	for _, until := range p.until[:n] {
		p.lost = max(p.lost, until)
	}
	old := *p
	p.count -= n
	for i := range p.words {
		p.words[i] = behind(p.words[i], n)
	}
	for i := range p.lists {
		p.lists[i] = behind(p.lists[i], n)
	}
	for i := range p.numbers {
		p.numbers[i] = behind(p.numbers[i], n)
	}
	p.uids, p.owners, p.rest = behind(p.uids, n), behind(p.owners, n), behind(p.rest, n)
	p.vers, p.revisions, p.until = behind(p.vers, n), behind(p.revisions, n), behind(p.until, n)
	p.names, p.texts, p.odd = text{}, map[uint32]string{}, make(Set, p.count/64+1)
	for row := range uint32(p.count) {
		before := row + uint32(n)
		p.names.put(int(row), old.names.at(before))
		if s, ok := old.texts[before]; ok {
			p.texts[row] = s
		}
		if old.odd.Has(before) {
			p.odd.add(row)
		}
	}
}

func behind[T any](rows []T, n int) []T { return rows[:copy(rows, rows[n:])] }

// view is the past as a table of its own. No row of it is found by its key.
func (p *past) view(d *data) *View {
	v := *d
	v.rows, v.clashes, v.past = nil, nil, nil
	v.count, v.alive = p.count, p.count
	for i, c := range d.words {
		w := *c
		w.rows = p.words[i]
		v.words[i] = &w
	}
	for i, c := range d.lists {
		l := *c
		l.rows = p.lists[i]
		v.lists[i] = &l
	}
	v.numbers, v.names, v.odd = p.numbers, p.names, p.odd
	v.uids, v.vers, v.revisions, v.texts = p.uids, p.vers, p.revisions, p.texts
	v.owners.rows, v.rest.rows = p.owners, p.rest
	v.living = make(Set, p.count/64+1)
	return &View{&v}
}

// At is what stood at a moment, in Unix milliseconds: rows of the table, and as living rows of a view of their own those
// that were replaced or are gone. ok is false for moments of which not all is known.
func (v *View) At(moment int64) (still Set, then *View, ok bool) {
	p := v.past
	if !p.knows(moment) {
		return nil, nil, false
	}
	observed := v.numbers[observedAt]
	still = filter(v.living, func(row uint32) bool { return observed[row] <= moment })
	then = p.view(v.data)
	for row, until := range p.until {
		if until > moment && p.numbers[observedAt][row] <= moment {
			then.living.add(uint32(row))
		}
	}
	return still, then, true
}

func (p *past) knows(moment int64) bool { return moment >= max(p.since, p.lost) }

// Knows reports whether a View would answer for a moment.
func (t *Table) Knows(moment int64) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return t.d.past.knows(moment)
}

// Room is how many versions of the past can be loaded before any is forgotten.
func (t *Table) Room() int {
	t.mu.RLock()
	defer t.mu.RUnlock()
	return max(0, t.d.keeps()-t.d.past.count)
}

// LoadPast takes rows of resource_history as versions that were replaced; until says when, 0 for those to leave out.
func (t *Table) LoadPast(b *clickhouse.Block, until []int64) error {
	t.writing.Lock()
	defer t.writing.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.applied.Add(1)
	d := t.d
	l := loading{data: d, b: b, rows: make([]uint32, b.Rows)}
	defer d.cut(d.count) // the rows are behind the table's for as long as this takes
	err := l.load(func() {
		for i := range l.rows {
			if l.rows[i] = nowhere; until[i] != 0 {
				l.place(i)
			}
		}
	})
	if err != nil {
		return err
	}
	for i, row := range l.rows {
		if row != nowhere {
			d.past.add(d, row, until[i])
		}
	}
	return nil
}

// cut takes rows off the end.
func (d *data) cut(count int) {
	for _, c := range d.words {
		c.rows = c.rows[:count]
	}
	for _, c := range d.lists {
		c.rows = c.rows[:count]
	}
	for i := range d.numbers {
		d.numbers[i] = d.numbers[i][:count]
	}
	for row := count; row < d.count; row++ {
		delete(d.texts, uint32(row))
	}
	if count < d.count {
		d.names.bytes = d.names.bytes[:d.names.starts[count]]
	}
	d.names.starts, d.names.lengths = d.names.starts[:count], d.names.lengths[:count]
	d.uids, d.vers, d.revisions = d.uids[:count], d.vers[:count], d.revisions[:count]
	d.owners.rows, d.rest.rows = d.owners.rows[:count], d.rest.rows[:count]
	d.count = count
}

// KnowPast says that LoadPast got all that was replaced since a moment.
func (t *Table) KnowPast(since int64) {
	t.writing.Lock()
	defer t.writing.Unlock()
	p := t.d.past
	order := make([]uint32, p.count)
	for row := range order {
		order[row] = uint32(row)
	}
	slices.SortStableFunc(order, func(a, b uint32) int { return cmp.Compare(p.until[a], p.until[b]) })
	sorted := newPast(p.least) // what is forgotten first stands first
	then := p.view(t.d)
	for _, row := range order {
		sorted.add(then.data, row, p.until[row])
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	sorted.since, sorted.lost = since, p.lost
	t.d.past = sorted
	t.applied.Add(1)
}

// Kept calls f with the identity and the version of what is kept of the past.
func (t *Table) Kept(f func(k Key, ver uint64)) {
	_ = t.Read(func(v *View) error {
		then := v.past.view(v.data)
		for row := range uint32(v.past.count) {
			f(then.Version(row))
		}
		return nil
	})
}
