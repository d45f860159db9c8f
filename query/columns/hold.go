package columns

import "slices"

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
	rows := make([]uint32, 0, set.Count())
	set.Each(func(row uint32) { rows = append(rows, row) })
	slices.SortFunc(rows, func(a, b uint32) int { return compare(order, a, b) })
	return rows
}
