package columns

import (
	"cmp"
	"slices"
	"sync"
)

// Held is rows as they stood at one moment, in an order, to be taken a part at a time while the table moves on.
type Held struct {
	t    *Table
	d    *data
	rows []uint32
	vers []uint64
}

// Hold keeps rows of a View of the table beyond it, at twelve bytes each.
func (t *Table) Hold(v *View, rows []uint32) *Held {
	h := &Held{t: t, d: v.data, rows: rows, vers: make([]uint64, len(rows))}
	for i, row := range rows {
		h.vers[i] = v.vers[row]
	}
	return h
}

// Left is how many rows were not taken yet.
func (h *Held) Left() int { return len(h.rows) }

// Take hands out the next rows: each with the identity and the version of its object then. same says that the version
// is the current one still, so that v.Object(row) is what was held.
func (h *Held) Take(most int, each func(v *View, row uint32, k Key, ver uint64, same bool)) {
	n := min(most, len(h.rows))
	h.t.mu.RLock() // a table that was written anew left this data behind, and nobody writes to it
	defer h.t.mu.RUnlock()
	v := &View{h.d}
	for i, row := range h.rows[:n] {
		k, ver := v.Version(row)
		each(v, row, k, h.vers[i], ver == h.vers[i])
	}
	h.rows, h.vers = h.rows[n:], h.vers[n:]
}

// Each hands out the identity and the version of the objects that are left, without taking them.
func (h *Held) Each(each func(k Key, ver uint64)) {
	h.t.mu.RLock()
	defer h.t.mu.RUnlock()
	v := &View{h.d}
	for i, row := range h.rows {
		k, _ := v.Version(row)
		each(k, h.vers[i])
	}
}

// Arrange puts what is left into another order: the first is the one that stands at places[0] now, and so on.
func (h *Held) Arrange(places []int) {
	rows, vers := make([]uint32, len(places)), make([]uint64, len(places))
	for i, at := range places {
		rows[i], vers[i] = h.rows[at], h.vers[at]
	}
	h.rows, h.vers = rows, vers
}

// Skip leaves out the next rows.
func (h *Held) Skip(n int) {
	n = min(n, len(h.rows))
	h.rows, h.vers = h.rows[n:], h.vers[n:]
}

// Sorted are all rows of a set in an order, which must be total.
func (v *View) Sorted(set Set, order []Term) []uint32 {
	// Readers wait for a writer that waits for this: what is compared most is computed once.
	begin := lead(order)
	rest := order[len(begin.terms):]
	list := make([]place, 0, set.Count())
	set.Each(func(row uint32) { list = append(list, place{row: row}) })
	halves := [2][]place{list[:len(list)/2], list[len(list)/2:]}
	before := func(a, b place) int {
		if a.first != b.first {
			return cmp.Compare(a.first, b.first)
		}
		return compare(rest, a.row, b.row)
	}
	var g sync.WaitGroup
	for _, half := range halves {
		g.Go(func() {
			for n := range half {
				half[n].first = begin.of(half[n].row)
			}
			slices.SortFunc(half, before)
		})
	}
	g.Wait()
	rows := make([]uint32, 0, len(list))
	x, y := halves[0], halves[1]
	for len(x) > 0 && len(y) > 0 {
		if before(x[0], y[0]) <= 0 {
			rows, x = append(rows, x[0].row), x[1:]
		} else {
			rows, y = append(rows, y[0].row), y[1:]
		}
	}
	for _, left := range [2][]place{x, y} {
		for _, p := range left {
			rows = append(rows, p.row)
		}
	}
	return rows
}
