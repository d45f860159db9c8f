package texts

import (
	"math/bits"
	"sync"
)

// place is where a record stands: 16 bits of slot, 23 of its beginning and 25 of its length, both in units of 8 bytes.
// The zero value is nowhere.
type place uint64

func placeAt(slot uint16, at, size int64) place {
	return place(slot)<<48 | place(at/unit)<<25 | place(size/unit)
}

func (p place) slot() uint16 { return uint16(p >> 48) }
func (p place) at() int64    { return int64(p>>25&(1<<23-1)) * unit }
func (p place) size() int64  { return int64(p&(1<<25-1)) * unit }

// places are those of all objects by digest, 16 bytes each in tables that are filled to at least two thirds.
type places struct{ parts [64]part }

// part is a table with linear probing.
type part struct {
	mu      sync.RWMutex
	digests []uint64
	places  []place // 0: free
	n       int
}

func (p *places) part(digest uint64) *part { return &p.parts[digest%uint64(len(p.parts))] }

func (p *places) get(digest uint64) place {
	t := p.part(digest)
	t.mu.RLock()
	defer t.mu.RUnlock()
	if t.n == 0 {
		return 0
	}
	return t.places[t.find(digest)]
}

// swap changes a place from what it was, 0 where none is.
func (p *places) swap(digest uint64, from, to place) bool {
	t := p.part(digest)
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.n+1 > len(t.places)*7/8 {
		t.grow()
	}
	i := t.find(digest)
	if t.places[i] != from {
		return false
	}
	switch {
	case from == 0 && to != 0:
		t.n++
		t.digests[i], t.places[i] = digest, to
	case from != 0 && to == 0:
		t.n--
		t.remove(i)
	default:
		t.places[i] = to
	}
	return true
}

// removeAll removes the places in a slot.
func (p *places) removeAll(slot uint16) {
	for i := range p.parts {
		t := &p.parts[i]
		t.mu.Lock()
		for j := 0; j < len(t.places); {
			if t.places[j] != 0 && t.places[j].slot() == slot {
				t.n--
				t.remove(j) // what stood behind it may stand here now
			} else {
				j++
			}
		}
		t.mu.Unlock()
	}
}

func (p *places) count() (n int) {
	for i := range p.parts {
		t := &p.parts[i]
		t.mu.RLock()
		n += t.n
		t.mu.RUnlock()
	}
	return n
}

// home is where a digest would stand alone.
func (t *part) home(digest uint64) int {
	hi, _ := bits.Mul64(digest, uint64(len(t.places)))
	return int(hi)
}

// find is where a digest stands, or would.
func (t *part) find(digest uint64) int {
	i := t.home(digest)
	for t.places[i] != 0 && t.digests[i] != digest {
		if i++; i == len(t.places) {
			i = 0
		}
	}
	return i
}

// remove frees i, and moves up what stands behind it only because it was taken.
func (t *part) remove(i int) {
	n := len(t.places)
	for j := i; ; {
		t.places[i] = 0
		for {
			if j++; j == n {
				j = 0
			}
			if t.places[j] == 0 {
				return
			}
			if home := t.home(t.digests[j]); (j-home+n)%n >= (j-i+n)%n {
				break
			}
		}
		t.digests[i], t.places[i] = t.digests[j], t.places[j]
		i = j
	}
}

// grow makes the table a quarter larger.
func (t *part) grow() {
	digests, places := t.digests, t.places
	size := max(16, len(places)+len(places)/4)
	t.digests, t.places = make([]uint64, size), make([]place, size)
	for i, p := range places {
		if p != 0 {
			j := t.find(digests[i])
			t.digests[j], t.places[j] = digests[i], p
		}
	}
}
