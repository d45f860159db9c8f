package search

import (
	"cmp"
	"slices"

	"github.com/foretop/foretop/internal/records"
)

// A graph is drawn from left to right in layers: who points stands left of what he points to. The order within layers
// is the one of Sugiyama's method (barycenters, sweep by sweep, the one with the fewest crossings is kept), and heights
// are as near to those of the neighbours as order and gaps allow. The same graph always gets the same picture.
const (
	boxWidth  = 220
	boxHeight = 48
	gapX      = 90
	gapY      = 14
	wireGap   = 10 // of an edge that passes a layer
	sweeps    = 12
	// A graph of so many boxes and bends is no picture: few sweeps will do. Those of objects have a tenth of it.
	tangle, sweepsOfTangle = 5000, 2
)

// layOut sets the places of all nodes, and the size of the picture.
func layOut(g *records.Graph) {
	place := make(map[string]int, len(g.Nodes))
	for i := range g.Nodes {
		place[g.Nodes[i].Ref.String()] = i
	}
	l := layout{size: len(g.Nodes), real: len(g.Nodes), out: make([][]int, len(g.Nodes)), in: make([][]int, len(g.Nodes))}
	pairs := make([][2]int, len(g.Edges))
	seen := map[[2]int]bool{}
	for i, e := range g.Edges {
		from, ok := place[e.From.String()]
		to, there := place[e.To.String()]
		pairs[i] = [2]int{from, to}
		if ok && there && from != to && !seen[pairs[i]] && !seen[[2]int{to, from}] {
			seen[pairs[i]] = true
			l.out[from] = append(l.out[from], to)
		}
	}
	l.withoutCycles()
	l.layers()
	l.wires()
	l.order()
	l.heights()
	for i := range g.Nodes {
		g.Nodes[i].X, g.Nodes[i].Y = float64(l.layer[i]*(boxWidth+gapX)), l.y[i]-boxHeight/2
		g.Width, g.Height = max(g.Width, g.Nodes[i].X+boxWidth), max(g.Height, g.Nodes[i].Y+boxHeight)
	}
	g.Bends = map[int][]records.Point{}
	for i, pair := range pairs {
		bends, turned := l.bends[pair], false
		if bends == nil {
			bends, turned = l.bends[[2]int{pair[1], pair[0]}], true
		}
		for _, n := range bends {
			x := float64(l.layer[n] * (boxWidth + gapX))
			// Two points a column: an edge passes it level.
			g.Height = max(g.Height, l.y[n]+wireGap/2)
			g.Bends[i] = append(g.Bends[i], records.Point{X: x, Y: l.y[n]}, records.Point{X: x + boxWidth, Y: l.y[n]})
		}
		if turned {
			slices.Reverse(g.Bends[i])
		}
	}
}

// layout is a graph whose nodes are numbers: those below real are drawn, the others are bends of long edges.
type layout struct {
	size, real int
	out, in    [][]int
	layer      []int
	rows       [][]int // nodes by layer, in order
	at         []int   // of each node within its row
	y          []float64
	bends      map[[2]int][]int // of each edge that passes layers
}

func (l *layout) sweeps() int {
	if l.size > tangle {
		return sweepsOfTangle
	}
	return sweeps
}

// withoutCycles turns edges that close a circle, in the order of a walk in depth, and fills in.
func (l *layout) withoutCycles() {
	const fresh, open, done = 0, 1, 2
	state := make([]int, l.size)
	turned := make([][]int, l.size)
	var visit func(int)
	visit = func(n int) {
		state[n] = open
		var kept []int
		for _, to := range l.out[n] {
			if state[to] == open {
				turned[to] = append(turned[to], n)
				continue
			}
			kept = append(kept, to)
			if state[to] == fresh {
				visit(to)
			}
		}
		l.out[n] = kept
		state[n] = done
	}
	for n := range l.size {
		if state[n] == fresh {
			visit(n)
		}
	}
	for n, more := range turned {
		for _, to := range more {
			if !slices.Contains(l.out[n], to) {
				l.out[n] = append(l.out[n], to)
			}
		}
	}
	for n, list := range l.out {
		for _, to := range list {
			l.in[to] = append(l.in[to], n)
		}
	}
}

// layers gives each node the longest way that leads to it, then moves those that point more than they are pointed to
// as near to what they point to as they may stand.
func (l *layout) layers() {
	l.layer = make([]int, l.size)
	waiting := make([]int, l.size)
	var order []int
	for n := range l.size {
		if waiting[n] = len(l.in[n]); waiting[n] == 0 {
			order = append(order, n)
		}
	}
	for i := 0; i < len(order); i++ {
		for _, to := range l.out[order[i]] {
			l.layer[to] = max(l.layer[to], l.layer[order[i]]+1)
			if waiting[to]--; waiting[to] == 0 {
				order = append(order, to)
			}
		}
	}
	for _, n := range slices.Backward(order) {
		if len(l.out[n]) > len(l.in[n]) {
			nearest := l.layer[l.out[n][0]]
			for _, to := range l.out[n] {
				nearest = min(nearest, l.layer[to])
			}
			l.layer[n] = nearest - 1
		}
	}
}

// wires puts a bend into every layer that an edge passes, and fills rows.
func (l *layout) wires() {
	l.bends = map[[2]int][]int{}
	for n := range l.real {
		for i, to := range l.out[n] {
			from, edge := n, [2]int{n, to}
			for between := l.layer[n] + 1; between < l.layer[to]; between++ {
				bend := l.size
				l.size++
				l.bends[edge] = append(l.bends[edge], bend)
				l.layer = append(l.layer, between)
				l.in, l.out = append(l.in, []int{from}), append(l.out, []int{to})
				if from == n {
					l.out[n][i] = bend
				} else {
					l.out[from][0] = bend
				}
				from = bend
			}
			if from != n {
				l.in[to][slices.Index(l.in[to], n)] = from
			}
		}
	}
	for n := range l.size {
		for len(l.rows) <= l.layer[n] {
			l.rows = append(l.rows, nil)
		}
		l.rows[l.layer[n]] = append(l.rows[l.layer[n]], n)
	}
	l.at = make([]int, l.size)
	l.number()
}

func (l *layout) number() {
	for _, row := range l.rows {
		for i, n := range row {
			l.at[n] = i
		}
	}
}

// order sorts rows by the middle of the neighbours, forth and back, and keeps the order with the fewest crossings.
func (l *layout) order() {
	best, fewest := l.copyRows(), l.crossings()
	for sweep := 0; sweep < l.sweeps() && fewest > 0; sweep++ {
		near := l.in
		rows := l.rows
		if sweep%2 == 1 {
			near = l.out
			rows = slices.Clone(l.rows)
			slices.Reverse(rows)
		}
		middle := make([]float64, l.size)
		for _, row := range rows {
			for _, n := range row {
				middle[n] = float64(l.at[n])
				if len(near[n]) > 0 {
					sum := 0
					for _, m := range near[n] {
						sum += l.at[m]
					}
					middle[n] = float64(sum) / float64(len(near[n]))
				}
			}
			slices.SortStableFunc(row, func(a, b int) int { return cmp.Compare(middle[a], middle[b]) })
			for i, n := range row {
				l.at[n] = i
			}
		}
		if c := l.crossings(); c < fewest {
			best, fewest = l.copyRows(), c
		}
	}
	l.rows = best
	l.number()
}

func (l *layout) copyRows() [][]int {
	rows := make([][]int, len(l.rows))
	for i, row := range l.rows {
		rows[i] = slices.Clone(row)
	}
	return rows
}

// crossings counts pairs of edges between neighbouring layers that cross: the inversions of their ends, by a tree of
// partial sums.
func (l *layout) crossings() int {
	total := 0
	for i, row := range l.rows[:max(0, len(l.rows)-1)] {
		sums := make([]int, len(l.rows[i+1])+1)
		seen := 0
		for _, n := range row {
			for _, to := range l.out[n] { // those before that end further down
				below := 0
				for at := l.at[to] + 1; at > 0; at -= at & -at {
					below += sums[at]
				}
				total += seen - below
			}
			for _, to := range l.out[n] {
				seen++
				for at := l.at[to] + 1; at < len(sums); at += at & -at {
					sums[at]++
				}
			}
		}
	}
	return total
}

// heights moves each row to where its neighbours are, forth and back.
func (l *layout) heights() {
	l.y = make([]float64, l.size)
	for _, row := range l.rows {
		wanted := make([]float64, len(row))
		l.settle(row, wanted)
	}
	for sweep := range l.sweeps() {
		rows, near := l.rows, l.in
		if sweep%2 == 1 {
			rows, near = slices.Clone(l.rows), l.out
			slices.Reverse(rows)
		}
		for _, row := range rows {
			wanted := make([]float64, len(row))
			for i, n := range row {
				wanted[i] = l.y[n]
				if len(near[n]) > 0 {
					sum := 0.0
					for _, m := range near[n] {
						sum += l.y[m]
					}
					wanted[i] = sum / float64(len(near[n]))
				}
			}
			l.settle(row, wanted)
		}
	}
	top := 0.0
	for n := range l.y {
		half := float64(boxHeight / 2)
		if n >= l.real {
			half = wireGap / 2
		}
		if y := l.y[n] - half; n == 0 || y < top {
			top = y
		}
	}
	for n := range l.y {
		l.y[n] -= top
	}
}

// settle places a row as near to what is wanted as order and gaps allow: the isotonic regression of what is left
// when the gaps are taken off, by merging neighbours that would stand the wrong way round.
func (l *layout) settle(row []int, wanted []float64) {
	type block struct {
		sum   float64
		count int
	}
	offsets := make([]float64, len(row))
	var blocks []block
	for i, n := range row {
		if i > 0 {
			offsets[i] = offsets[i-1] + l.distance(row[i-1], n)
		}
		blocks = append(blocks, block{wanted[i] - offsets[i], 1})
		for k := len(blocks) - 1; k > 0 && blocks[k-1].sum/float64(blocks[k-1].count) > blocks[k].sum/float64(blocks[k].count); k-- {
			blocks[k-1] = block{blocks[k-1].sum + blocks[k].sum, blocks[k-1].count + blocks[k].count}
			blocks = blocks[:k]
		}
	}
	i := 0
	for _, b := range blocks {
		for range b.count {
			l.y[row[i]] = b.sum/float64(b.count) + offsets[i]
			i++
		}
	}
}

// distance is how far the middles of two neighbours of a row stand apart at least.
func (l *layout) distance(a, b int) float64 {
	switch {
	case a < l.real && b < l.real:
		return boxHeight + gapY
	case a >= l.real && b >= l.real:
		return wireGap
	}
	return boxHeight/2 + gapY
}
