package columns

import (
	"math/bits"
	"runtime"
	"sync"
)

// Set is a set of rows, a bit each. Sets of one View have one length; operations change the receiver.
type Set []uint64

func (s Set) add(row uint32) { s[row>>6] |= 1 << (row & 63) }

// Add puts a row of the set's view into it.
func (s Set) Add(row uint32) { s.add(row) }

// Has reports whether row is in the set.
func (s Set) Has(row uint32) bool { return s[row>>6]&(1<<(row&63)) != 0 }

// Clone is a copy that may be changed.
func (s Set) Clone() Set { return append(Set(nil), s...) }

// And keeps the rows that o has too.
func (s Set) And(o Set) Set {
	for i := range s {
		s[i] &= o[i]
	}
	return s
}

// Or adds the rows of o.
func (s Set) Or(o Set) Set {
	for i := range s {
		s[i] |= o[i]
	}
	return s
}

// Without removes the rows of o.
func (s Set) Without(o Set) Set {
	for i := range s {
		s[i] &^= o[i]
	}
	return s
}

// Count is the number of rows.
func (s Set) Count() int {
	n := 0
	for _, w := range s {
		n += bits.OnesCount64(w)
	}
	return n
}

// Empty reports that there is no row.
func (s Set) Empty() bool {
	for _, w := range s {
		if w != 0 {
			return false
		}
	}
	return true
}

// Each calls f with every row, in order.
func (s Set) Each(f func(row uint32)) { s.each(0, f) }

// each is Each of a part of the set whose first word is number first of the whole.
func (s Set) each(first int, f func(row uint32)) {
	for i, w := range s {
		for ; w != 0; w &= w - 1 {
			f(uint32((first+i)<<6 + bits.TrailingZeros64(w)))
		}
	}
}

// atOnce is how many words of a set are worth a goroutine of their own: about 50 microseconds of work.
const atOnce = 512

// parallel cuts the words of a set into one run for each processor, and calls f with the bounds of each. What f does
// with different runs must not meet.
func parallel(words int, f func(part, from, to int)) {
	parts := max(1, min(runtime.GOMAXPROCS(0), words/atOnce))
	if parts == 1 {
		f(0, 0, words)
		return
	}
	var g sync.WaitGroup
	for i := range parts {
		g.Go(func() { f(i, words*i/parts, words*(i+1)/parts) })
	}
	g.Wait()
}

// filter is the rows of within for which keep holds. keep is called by several goroutines at once.
func filter(within Set, keep func(row uint32) bool) Set {
	found := make(Set, len(within))
	parallel(len(within), func(_, from, to int) {
		for i := from; i < to; i++ {
			w, out := within[i], uint64(0)
			for ; w != 0; w &= w - 1 {
				bit := bits.TrailingZeros64(w)
				if keep(uint32(i<<6 + bit)) {
					out |= 1 << bit
				}
			}
			found[i] = out
		}
	})
	return found
}
