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
		again := drawn(n, edges...)
		for i := range g.Nodes {
			if g.Nodes[i].X != again.Nodes[i].X || g.Nodes[i].Y != again.Nodes[i].Y {
				t.Fatal("the same graph got another picture")
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
