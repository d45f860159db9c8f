package search

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// drawn is a graph of n nodes called 0, 1, ... with these edges, laid out.
func drawn(n int, edges ...[2]int) *records.Graph {
	g := &records.Graph{}
	ref := func(i int) kube.Ref {
		return kube.Ref{Cluster: "c", GroupResource: kube.GroupResource{Resource: "things"}, Name: fmt.Sprint(i)}
	}
	for i := range n {
		g.Nodes = append(g.Nodes, records.GraphNode{Object: &records.Object{Ref: ref(i)}})
	}
	for _, e := range edges {
		g.Edges = append(g.Edges, records.GraphEdge{From: ref(e[0]), To: ref(e[1])})
	}
	layOut(g)
	return g
}

func columnsOf(g *records.Graph) []int {
	var columns []int
	for _, n := range g.Nodes {
		columns = append(columns, int(n.X)/(boxWidth+gapX))
	}
	return columns
}

func TestLayersFollowTheEdges(t *testing.T) {
	f := func(name string, want []int, edges ...[2]int) {
		t.Helper()
		if diff := cmp.Diff(want, columnsOf(drawn(len(want), edges...))); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	f("nothing", nil)
	f("one", []int{0})
	f("a chain", []int{0, 1, 2}, [2]int{0, 1}, [2]int{1, 2})
	f("who points late stands near", []int{0, 1, 2, 1}, [2]int{0, 1}, [2]int{1, 2}, [2]int{3, 2})
	f("a long edge beside a chain", []int{0, 1, 2}, [2]int{0, 1}, [2]int{1, 2}, [2]int{0, 2})
	f("a circle", []int{0, 1, 2}, [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 0})
	f("to itself and both ways", []int{0, 1}, [2]int{0, 0}, [2]int{0, 1}, [2]int{1, 0})
}

func TestEdgesDoNotCrossWithoutNeed(t *testing.T) {
	// Two trees whose leaves are told in turns.
	g := drawn(6, [2]int{0, 2}, [2]int{1, 3}, [2]int{0, 4}, [2]int{1, 5})
	if g.Nodes[2].Y > g.Nodes[3].Y != (g.Nodes[4].Y > g.Nodes[3].Y) || g.Nodes[3].Y > g.Nodes[2].Y != (g.Nodes[5].Y > g.Nodes[2].Y) {
		t.Errorf("the leaves of one tree stand between those of the other: %v %v %v %v", g.Nodes[2].Y, g.Nodes[4].Y, g.Nodes[3].Y, g.Nodes[5].Y)
	}
	// A parent stands in the middle of its children.
	g = drawn(4, [2]int{0, 1}, [2]int{0, 2}, [2]int{0, 3})
	if g.Nodes[0].Y != g.Nodes[2].Y {
		t.Errorf("the parent is at %v, its middle child at %v", g.Nodes[0].Y, g.Nodes[2].Y)
	}
}

func TestBoxesDoNotOverlap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 50 {
		n := 1 + random.IntN(120)
		var edges [][2]int
		for range random.IntN(3 * n) {
			edges = append(edges, [2]int{random.IntN(n), random.IntN(n)})
		}
		g := drawn(n, edges...)
		for i, a := range g.Nodes {
			if a.X < 0 || a.Y < 0 || a.X+boxWidth > g.Width || a.Y+boxHeight > g.Height {
				t.Fatalf("%d is outside of %v by %v: %v %v", i, g.Width, g.Height, a.X, a.Y)
			}
			for j, b := range g.Nodes[:i] {
				if a.X == b.X && a.Y < b.Y+boxHeight && b.Y < a.Y+boxHeight {
					t.Fatalf("%d and %d overlap at %v: %v, %v", i, j, a.X, a.Y, b.Y)
				}
			}
		}
		for i, bends := range g.Bends {
			for _, b := range bends {
				if b.X < 0 || b.Y < 0 || b.X > g.Width || b.Y > g.Height {
					t.Fatalf("edge %d passes outside of the picture: %v", i, b)
				}
			}
		}
		again := drawn(n, edges...)
		for i := range g.Nodes {
			if g.Nodes[i].X != again.Nodes[i].X || g.Nodes[i].Y != again.Nodes[i].Y {
				t.Fatal("the same graph got another picture")
			}
		}
	}
}

func TestLongEdgesPassBetweenBoxes(t *testing.T) {
	// 0 to 3 by way of 1 and 2, and directly, and from 3 back to 0.
	g := drawn(4, [2]int{0, 1}, [2]int{1, 2}, [2]int{2, 3}, [2]int{0, 3}, [2]int{3, 0})
	if len(g.Bends) != 2 || len(g.Bends[3]) != 4 || len(g.Bends[4]) != 4 {
		t.Fatalf("bends: %v", g.Bends)
	}
	for i, b := range g.Bends[3] {
		if i > 0 && b.X <= g.Bends[3][i-1].X || b != g.Bends[4][3-i] {
			t.Errorf("an edge and its way back: %v, %v", g.Bends[3], g.Bends[4])
		}
		for _, n := range g.Nodes {
			if n.X <= b.X && b.X <= n.X+boxWidth && n.Y < b.Y && b.Y < n.Y+boxHeight {
				t.Errorf("an edge runs through %s at %v", n.Ref, b)
			}
		}
	}
}

func BenchmarkLayout500(b *testing.B) {
	random := rand.New(rand.NewPCG(1, 2))
	var edges [][2]int
	for range 1500 { // five layers, as owners and what they use make
		from := random.IntN(400)
		edges = append(edges, [2]int{from, (from/100+1)*100 + random.IntN(100)})
	}
	for b.Loop() {
		drawn(500, edges...)
	}
}
