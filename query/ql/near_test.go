package ql

import (
	"math/rand/v2"
	"testing"
)

// One character more, one less, or another: as counted by the distance of characters.
func TestWithin1(t *testing.T) {
	far := func(a, b []rune) int {
		last := make([]int, len(b)+1)
		for j := range last {
			last[j] = j
		}
		for i := range a {
			now := []int{i + 1}
			for j := range b {
				cost := 1
				if a[i] == b[j] {
					cost = 0
				}
				now = append(now, min(last[j]+cost, last[j+1]+1, now[j]+1))
			}
			last = now
		}
		return last[len(b)]
	}
	r := rand.New(rand.NewPCG(1, 2))
	word := func() []rune {
		w := make([]rune, r.IntN(6))
		for i := range w {
			w[i] = pick(r, []rune("abéèß語"))
		}
		return w
	}
	near := 0
	for range 100_000 {
		a, b := word(), word()
		want := far(a, b) <= 1
		if want {
			near++
		}
		if got := within1(string(a), string(b)); got != want {
			t.Fatalf("%q and %q: got %t", string(a), string(b), got)
		}
	}
	if near < 1000 {
		t.Errorf("only %d are near", near)
	}
}
