package columns

import (
	"cmp"
	"container/heap"
	"slices"
	"strconv"
	"strings"
)

// Term is one part of an order: a number or a text a row.
type Term struct {
	Desc   bool
	number func(row uint32) int64
	most   int64 // of the numbers, none of which is below 0; 0 when that is not known
	text   func(row uint32) string
	place  func(value string) (int64, error) // of a remembered value among the numbers
	show   func(row uint32) string           // what a cursor remembers
	digits bool                              // what is remembered is a number
}

// ByNumber orders by a number that is computed for each row.
func ByNumber(desc bool, f func(row uint32) int64) Term {
	return Term{Desc: desc, digits: true, number: f, place: func(s string) (int64, error) { return strconv.ParseInt(s, 10, 64) },
		show: func(row uint32) string { return strconv.FormatInt(f(row), 10) }}
}

// By orders by a column; ok is false when there is none of that name. kinds is by plural and group.
func (v *View) By(column string, desc bool) (t Term, ok bool) {
	if column == "name" {
		return Term{Desc: desc, text: v.names.at, show: func(row uint32) string { return strings.Clone(v.names.at(row)) }}, true
	}
	if n, ok := v.number(column); ok {
		return ByNumber(desc, func(row uint32) int64 { return n[row] }), true
	}
	if w := v.word(column); w != nil {
		return v.byText(w, desc, func(s string) string { return s }), true
	}
	return t, false
}

// ByKey orders by keys, as the tables of ClickHouse do, without making ready for many rows.
func (v *View) ByKey() []Term {
	gr, cluster, namespace := v.words[grWord], v.words[clusterWord], v.words[namespaceWord]
	var order []Term
	for _, of := range []func(row uint32) string{func(row uint32) string { return groupOf(gr.at(row)) }, func(row uint32) string { return resourceOf(gr.at(row)) }, cluster.at, namespace.at, v.names.at} {
		order = append(order, Term{text: of, show: func(row uint32) string { return strings.Clone(of(row)) }})
	}
	return order
}

// ByCluster orders by the names of clusters; name is asked with their UIDs.
func (v *View) ByCluster(desc bool, name func(uid string) string) Term {
	return v.byText(v.words[clusterWord], desc, name)
}

// ByGroup and ByResource order by the parts of a kind.
func (v *View) ByGroup() Term { return v.byText(v.words[grWord], false, groupOf) }

// ByResource orders by the plural.
func (v *View) ByResource() Term { return v.byText(v.words[grWord], false, resourceOf) }

func groupOf(gr string) string    { _, group, _ := strings.Cut(gr, "."); return group }
func resourceOf(gr string) string { resource, _, _ := strings.Cut(gr, "."); return resource }

// byText orders by a text of each value. Numbers are twice a text's place, so that between two there is room for a
// remembered text that no row has any more.
func (v *View) byText(w *word, desc bool, of func(string) string) Term {
	texts := make([]string, len(w.values))
	for i, s := range w.values {
		texts[i] = of(s)
	}
	distinct := slices.Clone(texts)
	slices.Sort(distinct)
	distinct = slices.Compact(distinct)
	numbers := make([]int64, len(texts))
	for i, s := range texts {
		at, _ := slices.BinarySearch(distinct, s)
		numbers[i] = 2 * int64(at)
	}
	return Term{Desc: desc, most: 2 * int64(len(distinct)),
		number: func(row uint32) int64 { return numbers[w.rows[row]] },
		show:   func(row uint32) string { return texts[w.rows[row]] },
		place: func(s string) (int64, error) {
			at, is := slices.BinarySearch(distinct, s)
			if is {
				return 2 * int64(at), nil
			}
			return 2*int64(at) - 1, nil
		}}
}

// Remember is what a cursor keeps of a row.
func Remember(row uint32, order []Term) []string {
	values := make([]string, len(order))
	for i, t := range order {
		values[i] = t.show(row)
	}
	return values
}

// CompareRemembered orders two rows, maybe of different tables, by what is remembered of them.
func CompareRemembered(order []Term, a, b []string) int {
	for i := range order {
		n := 0
		if order[i].digits {
			x, _ := strconv.ParseInt(a[i], 10, 64) // they were written as numbers
			y, _ := strconv.ParseInt(b[i], 10, 64)
			n = cmp.Compare(x, y)
		} else {
			n = strings.Compare(a[i], b[i])
		}
		if n != 0 {
			if order[i].Desc {
				return -n
			}
			return n
		}
	}
	return 0
}

// Top are the first most rows of a set in an order, which must be total. after are the values of the row that they
// stand behind, nil for the start.
func (v *View) Top(set Set, order []Term, after []string, most int) ([]uint32, error) {
	if most <= 0 || len(order) == 0 {
		return nil, nil
	}
	begin := lead(order)
	rest := order[len(begin.terms):]
	behind := func(int64, uint32) bool { return true }
	if after != nil {
		from, err := begin.remembered(after)
		if err != nil {
			return nil, err
		}
		further, err := behindOf(rest, after[len(begin.terms):])
		if err != nil {
			return nil, err
		}
		behind = func(first int64, row uint32) bool { return first > from || first == from && further(row) }
	}
	tops := make([]top, len(set)/atOnce+1)
	parallel(len(set), func(part, from, to int) {
		t := &tops[part]
		t.order = rest
		set[from:to].each(from, func(row uint32) {
			first := begin.of(row)
			if len(t.rows) == most {
				worst := t.rows[0]
				if first > worst.first || first == worst.first && compare(rest, row, worst.row) > 0 {
					return
				}
			}
			if !behind(first, row) {
				return
			}
			if len(t.rows) < most {
				heap.Push(t, place{first, row})
				return
			}
			t.rows[0] = place{first, row}
			heap.Fix(t, 0)
		})
	})
	var best []place
	for i := range tops {
		best = append(best, tops[i].rows...)
	}
	slices.SortFunc(best, func(a, b place) int { return cmp.Or(cmp.Compare(a.first, b.first), compare(rest, a.row, b.row)) })
	rows := make([]uint32, min(most, len(best)))
	for i := range rows {
		rows[i] = best[i].row
	}
	return rows, nil
}

func compare(order []Term, a, b uint32) int {
	for i := range order {
		t := &order[i]
		n := 0
		if t.number != nil {
			n = cmp.Compare(t.number(a), t.number(b))
		} else {
			n = strings.Compare(t.text(a), t.text(b))
		}
		if n != 0 {
			if t.Desc {
				return -n
			}
			return n
		}
	}
	return 0
}

func behindOf(order []Term, after []string) (func(row uint32) bool, error) {
	places := make([]int64, len(order))
	for i, t := range order {
		if t.number == nil {
			continue
		}
		var err error
		if places[i], err = t.place(after[i]); err != nil {
			return nil, err
		}
	}
	return func(row uint32) bool {
		for i := range order {
			t := &order[i]
			n := 0
			if t.number != nil {
				n = cmp.Compare(t.number(row), places[i])
			} else {
				n = strings.Compare(t.text(row), after[i])
			}
			if t.Desc {
				n = -n
			}
			if n != 0 {
				return n > 0
			}
		}
		return false
	}, nil
}

// place is a row with the number of its first terms.
type place struct {
	first int64
	row   uint32
}

// top is a heap of the best rows, the worst of them on top.
type top struct {
	order []Term // behind those of the number
	rows  []place
}

func (t *top) Len() int { return len(t.rows) }
func (t *top) Less(i, j int) bool {
	if a, b := t.rows[i], t.rows[j]; a.first != b.first {
		return a.first > b.first
	}
	return compare(t.order, t.rows[i].row, t.rows[j].row) > 0
}
func (t *top) Swap(i, j int) { t.rows[i], t.rows[j] = t.rows[j], t.rows[i] }
func (t *top) Push(x any)    { t.rows = append(t.rows, x.(place)) }
func (t *top) Pop() any {
	last := t.rows[len(t.rows)-1]
	t.rows = t.rows[:len(t.rows)-1]
	return last
}

// Nearness says how well a row answers a word of free text, in lower case: 10 by its name, 6 by the beginning of it,
// 4 by its app, 2 by the value of a label, 1 by anything else.
func (v *View) Nearness(word string) func(row uint32) int64 {
	d := v.data
	apps, labels := d.words[appWord], d.lists[labelList]
	app := apps.saying(word, func(s string) string { return s })
	pair := labels.saying(word, func(s string) string { _, value, _ := strings.Cut(s, separator); return value })
	return func(row uint32) int64 {
		name := d.names.at(row)
		if d.odd.Has(row) {
			name = strings.ToLower(name)
		}
		switch {
		case name == word:
			return 10
		case strings.HasPrefix(name, word):
			return 6
		case app != nil && app[apps.rows[row]]:
			return 4
		case pair != nil && slices.ContainsFunc(labels.of(labels.rows[row]), func(c uint32) bool { return pair[c] }):
			return 2
		}
		return 1
	}
}

// saying are the values of which a part is a token as a whole; nil for none.
func (d *dictionary) saying(token string, part func(string) string) (hits []bool) {
	code, ok := d.all.known(token)
	if !ok || d.all.in[code]&d.bit == 0 {
		return nil
	}
	hits = make([]bool, len(d.values))
	for i := range hits {
		hits[i] = slices.Contains(d.said.of(uint32(i)), code) && strings.ToLower(part(d.values[i])) == token
	}
	return hits
}

// WeighKinds orders by a number for each kind.
func (v *View) WeighKinds(weight func(group, resource string) int64) Term {
	w := v.words[grWord]
	weights := make([]int64, len(w.values))
	for i, gr := range w.values {
		weights[i] = weight(groupOf(gr), resourceOf(gr))
	}
	t := ByNumber(false, func(row uint32) int64 { return weights[w.rows[row]] })
	t.most = slices.Max(append(weights, 1))
	return t
}
