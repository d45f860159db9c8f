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

// Sorted are all rows of a set in an order, which must be total.
func (v *View) Sorted(set Set, order []Term) []uint32 {
	// Readers wait for a writer that waits for this: what is compared most is computed once.
	leading := 0
	for leading < len(order) && leading < len(sortable{}.leading) && order[leading].number != nil {
		leading++
	}
	list := make([]sortable, 0, set.Count())
	set.Each(func(row uint32) { list = append(list, sortable{row: row}) })
	halves := [2][]sortable{list[:len(list)/2], list[len(list)/2:]}
	before := func(a, b sortable) int {
		for i := range leading {
			if n := cmp.Compare(a.leading[i], b.leading[i]); n != 0 {
				return n
			}
		}
		return compare(order[leading:], a.row, b.row)
	}
	var g sync.WaitGroup
	for _, half := range halves {
		g.Go(func() {
			for n := range half {
				for i := range leading {
					if half[n].leading[i] = order[i].number(half[n].row); order[i].Desc {
						half[n].leading[i] = -half[n].leading[i]
					}
				}
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
	for _, left := range [2][]sortable{x, y} {
		for _, s := range left {
			rows = append(rows, s.row)
		}
	}
	return rows
}

// sortable is a row with the numbers of the first terms of an order.
type sortable struct {
	leading [4]int64
	row     uint32
}
