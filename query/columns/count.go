package columns

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/foretop/foretop/internal/kube"
)

// Count is a value and how many rows have it.
type Count struct {
	Value string
	Rows  int
}

// Dimension is what rows are counted by: none, one or several values a row, each with a code.
type Dimension struct {
	codes func(row uint32) uint32   // the only one; 0 for none
	many  func(row uint32) []uint32 // or all, distinct
	value func(code uint32) string
	size  int // codes are below it
}

// ByColumn counts by a column. cut takes a value apart, nil for not at all; texts that are empty count nowhere.
func (v *View) ByColumn(column string, cut func(string) string) (Dimension, bool) {
	switch column {
	case "name", "uid":
		return Dimension{}, false // a value a row: count with Texts
	}
	if w := v.word(column); w != nil {
		codes, texts := recode(w.values, cut)
		return Dimension{codes: func(row uint32) uint32 { return codes[w.rows[row]] }, value: func(c uint32) string { return texts[c] }, size: len(texts)}, true
	}
	if l := v.list(column); l != nil {
		codes, texts := recode(l.values, cut)
		return l.dimension(codes, texts), true
	}
	if n, ok := v.number(column); ok {
		ids, texts := map[int64]uint32{}, []string{""}
		// Of few values in practice: replicas, restarts.
		for row := range v.count {
			if x := n[row]; x >= 0 {
				if _, ok := ids[x]; !ok {
					ids[x] = uint32(len(texts))
					texts = append(texts, strconv.FormatInt(x, 10))
				}
			}
		}
		return Dimension{codes: func(row uint32) uint32 { return ids[n[row]] }, value: func(c uint32) string { return texts[c] }, size: len(texts)}, true
	}
	return Dimension{}, false
}

// ByKind counts by plural and group.
func (v *View) ByKind() Dimension {
	w := v.words[grWord]
	return Dimension{codes: func(row uint32) uint32 { return w.rows[row] }, value: func(c uint32) string { return w.values[c] }, size: len(w.values)}
}

// ByEntry counts by the values of a key of a map.
func (v *View) ByEntry(column, key string) (Dimension, bool) {
	l := v.list(column)
	if l == nil {
		return Dimension{}, false
	}
	key += separator
	codes, texts := recode(l.values, func(pair string) string {
		if strings.HasPrefix(pair, key) {
			return pair[len(key):]
		}
		return ""
	})
	return l.dimension(codes, texts), true
}

// ByKeys counts by the keys of a map.
func (v *View) ByKeys(column string) (Dimension, bool) {
	return v.ByColumn(column, func(pair string) string { k, _, _ := strings.Cut(pair, separator); return k })
}

// recode gives values new codes by what is cut from them.
func recode(values []string, cut func(string) string) (codes []uint32, texts []string) {
	if cut == nil {
		codes = make([]uint32, len(values))
		for i := range codes {
			codes[i] = uint32(i)
		}
		return codes, values
	}
	known := map[string]uint32{"": 0}
	texts = []string{""}
	codes = make([]uint32, len(values))
	for i, v := range values {
		if i == 0 {
			continue // no value, whatever is cut from it
		}
		s := cut(v)
		c, ok := known[s]
		if !ok {
			c = uint32(len(texts))
			known[s] = c
			texts = append(texts, s)
		}
		codes[i] = c
	}
	return codes, texts
}

// dimension of a list: what a whole list counts for is computed once.
func (l *list) dimension(codes []uint32, texts []string) Dimension {
	starts, parts := make([]uint32, 1, l.count()+1), []uint32{}
	for id := range l.count() {
		from := len(parts)
		for _, c := range l.of(uint32(id)) {
			if n := codes[c]; n != 0 && !slices.Contains(parts[from:], n) {
				parts = append(parts, n)
			}
		}
		starts = append(starts, uint32(len(parts)))
	}
	return Dimension{many: func(row uint32) []uint32 { id := l.rows[row]; return parts[starts[id]:starts[id+1]] },
		value: func(c uint32) string { return texts[c] }, size: len(texts)}
}

// Counts are the values by which a set's rows are counted, the most frequent first, at most so many of distinct.
func (v *View) Counts(set Set, by Dimension, most int) (counts []Count, distinct int) {
	parts := make([][]int32, len(set)/atOnce+1)
	parallel(len(set), func(part, from, to int) {
		n := make([]int32, by.size)
		parts[part] = n
		if by.codes != nil {
			set[from:to].each(from, func(row uint32) { n[by.codes(row)]++ })
			return
		}
		set[from:to].each(from, func(row uint32) {
			for _, c := range by.many(row) {
				n[c]++
			}
		})
	})
	sums := parts[0]
	for _, p := range parts[1:] {
		for c, n := range p {
			sums[c] += n
		}
	}
	for c, n := range sums {
		if c > 0 && n > 0 {
			if s := by.value(uint32(c)); s != "" {
				counts = append(counts, Count{s, int(n)})
			}
		}
	}
	return first(counts, most)
}

// Texts counts by name or uid, of which nearly every row has its own.
func (v *View) Texts(set Set, column string, most int) (counts []Count, distinct int) {
	n := map[string]int{}
	set.Each(func(row uint32) {
		if column == "uid" {
			n[v.identity.at(v.uids[row])]++
		} else {
			n[v.names.at(row)]++
		}
	})
	for s, rows := range n {
		if s != "" {
			counts = append(counts, Count{s, rows})
		}
	}
	counts, distinct = first(counts, most)
	for i := range counts {
		counts[i].Value = strings.Clone(counts[i].Value)
	}
	return counts, distinct
}

// NamesThatBegin are the first names of a set's rows, in lower case, that begin with a prefix, in order, each with how
// many rows have it.
func (v *View) NamesThatBegin(set Set, prefix string, most int) (names []Count) {
	begins := v.Names(set, prefix, func(name string) bool { return strings.HasPrefix(strings.ToLower(name), prefix) })
	begins.Each(func(row uint32) {
		name := strings.ToLower(v.names.at(row))
		if len(names) == most && name > names[most-1].Value {
			return
		}
		i, is := slices.BinarySearchFunc(names, name, func(c Count, name string) int { return strings.Compare(c.Value, name) })
		if is {
			names[i].Rows++
			return
		}
		names = slices.Insert(names, i, Count{strings.Clone(name), 1})
		names = names[:min(len(names), most)]
	})
	return names
}

// first are the most frequent, in order of frequency, then value.
func first(counts []Count, most int) ([]Count, int) {
	distinct := len(counts)
	order := func(a, b Count) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), strings.Compare(a.Value, b.Value)) }
	if most < distinct/16 { // of very many, leave out what cannot be among the first
		rows := make([]int, distinct)
		for i, c := range counts {
			rows[i] = c.Rows
		}
		slices.Sort(rows)
		least := rows[distinct-most]
		counts = slices.DeleteFunc(counts, func(c Count) bool { return c.Rows < least })
	}
	slices.SortFunc(counts, order)
	return counts[:min(most, len(counts))], distinct
}

// Group is the rows that have the same values, one of each dimension.
type Group struct {
	Values   []string
	Rows     int
	Ready    int
	NotReady int
}

// GroupsMost is by how many dimensions rows are grouped at once.
const GroupsMost = 4

// Groups counts a set by several dimensions at once; a row without a value of one stands under the empty text.
func (v *View) Groups(set Set, by []Dimension, most int) (groups []Group, distinct int) {
	by = by[:min(len(by), GroupsMost)]
	type counted struct{ rows, ready, notReady int }
	sums := map[[GroupsMost]uint32]*counted{}
	ready := v.words[readyWord]
	yes, _ := ready.known("true")
	no, _ := ready.known("false")
	set.Each(func(row uint32) {
		var walk func(i int, at [GroupsMost]uint32)
		walk = func(i int, at [GroupsMost]uint32) {
			if i == len(by) {
				c := sums[at]
				if c == nil {
					c = &counted{}
					sums[at] = c
				}
				c.rows++
				switch r := ready.rows[row]; {
				case r == 0:
				case r == yes:
					c.ready++
				case r == no:
					c.notReady++
				}
				return
			}
			if by[i].codes != nil {
				at[i] = by[i].codes(row)
				walk(i+1, at)
				return
			}
			codes := by[i].many(row)
			if len(codes) == 0 {
				walk(i+1, at)
			}
			for _, c := range codes {
				at[i] = c
				walk(i+1, at)
			}
		}
		walk(0, [GroupsMost]uint32{})
	})
	for at, c := range sums {
		g := Group{Rows: c.rows, Ready: c.ready, NotReady: c.notReady}
		for i := range by {
			g.Values = append(g.Values, by[i].value(at[i]))
		}
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b Group) int { return cmp.Or(cmp.Compare(b.Rows, a.Rows), slices.Compare(a.Values, b.Values)) })
	return groups[:min(most, len(groups))], len(groups)
}

// Kind is the kind of a row.
func (v *View) Kind(row uint32) kube.GroupResource {
	return kube.ParseGroupResource(v.words[grWord].at(row))
}
