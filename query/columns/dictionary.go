package columns

import (
	"slices"
	"strings"
)

// dictionary gives each distinct text a code. Code 0 is the empty text. Codes are never taken back: a table that
// holds too many unused ones is written anew.
type dictionary struct {
	texts

	cut  func(string) []string // the words that free text finds of a value; nil when the column is not searched
	said spans                 // of the values, where cut is given, as the vocabulary has them
	all  *vocabulary
	bit  uint32 // of the column
}

func newDictionary(cut func(string) []string, all *vocabulary, bit uint32) *dictionary {
	d := &dictionary{cut: cut, said: newSpans(), all: all, bit: bit}
	d.add("")
	d.said.end()
	return d
}

func (d *dictionary) code(s string) uint32 {
	if c, ok := d.known(s); ok {
		return c
	}
	s = strings.Clone(s) // not to hold the batch it came in
	c := d.add(s)
	if d.cut != nil {
		for _, w := range d.cut(s) {
			d.said.parts = append(d.said.parts, d.all.code(w, d.bit))
		}
		d.said.end()
	}
	return c
}

// hits marks the codes whose value matches, and counts them.
func (d *dictionary) hits(match func(string) bool) (marks []uint8, n int) {
	marks = make([]uint8, len(d.values))
	for i, v := range d.values {
		if match(v) {
			marks[i] = 1
			n++
		}
	}
	return marks, n
}

// word is a column of one text a row.
type word struct {
	*dictionary
	rows []uint32
}

func (w *word) put(row int, s string) {
	w.rows = grown(w.rows, row)
	if w.values[w.rows[row]] != s { // most updates leave most as it was
		w.rows[row] = w.code(s)
	}
}

func (w *word) at(row uint32) string { return w.values[w.rows[row]] }

func (w *word) find(within Set, match func(string) bool) Set {
	marks, n := w.hits(match)
	switch {
	case n == 0:
		return make(Set, len(within))
	case n == len(marks):
		return within.Clone()
	}
	return pick(within, w.rows, marks)
}

// spans is lists of codes, one behind the other.
type spans struct {
	starts []uint32 // of list i in parts; the next one's is its end
	parts  []uint32
}

func newSpans() spans { return spans{starts: []uint32{0}} }

// end makes a list of the parts that were added since the one before.
func (s *spans) end() { s.starts = append(s.starts, uint32(len(s.parts))) }

// of are the codes of list id.
func (s *spans) of(id uint32) []uint32 { return s.parts[s.starts[id]:s.starts[id+1]] }

// count is the number of lists.
func (s *spans) count() int { return len(s.starts) - 1 }

// lists is a column of many codes a row. Whole lists are coded, too: what the pods of one workload have in common,
// such as labels and images, stands once.
type lists struct {
	ids slots
	spans
	rows   []uint32
	buffer []byte
}

func newLists() lists {
	l := lists{spans: newSpans()}
	l.put(0, nil)
	l.rows = nil
	return l
}

func (l *lists) put(row int, codes []uint32) {
	l.rows = grown(l.rows, row)
	var hash uint64
	hash, l.buffer = hashOf(codes, l.buffer)
	id, ok := l.known(hash, codes)
	if !ok {
		id = uint32(l.count())
		l.ids.add(hash, id)
		l.parts = append(l.parts, codes...)
		l.end()
	}
	l.rows[row] = id
}

// with are the rows whose list holds a code that is hit.
func (l *lists) with(within Set, hit func(code uint32) bool) Set {
	marks := make([]uint8, l.count())
	for id := range marks {
		if slices.ContainsFunc(l.of(uint32(id)), hit) {
			marks[id] = 1
		}
	}
	return pick(within, l.rows, marks)
}

func (l *lists) present(within Set) Set {
	return filter(within, func(row uint32) bool { id := l.rows[row]; return l.starts[id] < l.starts[id+1] })
}

// list is a column of many texts a row.
type list struct {
	*dictionary
	lists
	codesOf []uint32 // scratch
	keys    []string
	pair    []byte
}

func newList(d *dictionary) *list { return &list{dictionary: d, lists: newLists()} }

func (l *list) put(row int, values []string) {
	if row < len(l.rows) && l.holds(l.of(l.rows[row]), values) {
		return
	}
	l.codesOf = l.codesOf[:0]
	for _, v := range values {
		l.codesOf = append(l.codesOf, l.code(v))
	}
	l.lists.put(row, l.codesOf)
}

func (l *list) holds(codes []uint32, values []string) bool {
	for i, c := range codes {
		if i == len(values) || l.values[c] != values[i] {
			return false
		}
	}
	return len(codes) == len(values)
}

// putPairs stores a map as sorted pairs.
func (l *list) putPairs(row int, m map[string]string) {
	if row < len(l.rows) {
		same := 0
		for _, c := range l.of(l.rows[row]) {
			k, v, _ := strings.Cut(l.values[c], separator)
			if is, ok := m[k]; !ok || is != v {
				break
			}
			same++
		}
		if same == len(m) && same == len(l.of(l.rows[row])) {
			return
		}
	}
	l.keys = l.keys[:0]
	for k := range m {
		l.keys = append(l.keys, k)
	}
	slices.Sort(l.keys)
	l.codesOf = l.codesOf[:0]
	for _, k := range l.keys {
		l.pair = append(append(append(l.pair[:0], k...), separator...), m[k]...)
		l.codesOf = append(l.codesOf, l.codeOf(l.pair))
	}
	l.lists.put(row, l.codesOf)
}

func (l *list) at(row uint32) []string {
	codes := l.of(l.rows[row])
	values := make([]string, len(codes))
	for i, c := range codes {
		values[i] = l.values[c]
	}
	return values
}

func (l *list) find(within Set, match func(string) bool) Set {
	marks, n := l.hits(match)
	if n == 0 {
		return make(Set, len(within))
	}
	return l.lists.having(within, marks)
}

// grown makes room for row.
func grown[T any](rows []T, row int) []T {
	if row < len(rows) {
		return rows
	}
	return append(rows, make([]T, row+1-len(rows))...)
}
