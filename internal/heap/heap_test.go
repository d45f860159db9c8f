package heap

import "testing"

func TestGarbageMayReachAGibibyteOrWhatLives(t *testing.T) {
	f := func(live uint64, want int) {
		t.Helper()
		if got := percent(live); got != want {
			t.Errorf("of %d MiB: %d%%, want %d%%", live>>20, got, want)
		}
	}
	f(0, 200)
	f(100<<20, 200)
	f(512<<20, 200)
	f(600<<20, 170)
	f(1000<<20, 100)
	f(1024<<20, 100)
	f(8<<30, 100)
}
