package action

import (
	"cmp"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/actions"
)

// waves gives every target that can be run its wave, from 1. Targets that have a rank already, in Wave, never share a
// wave with those of another.
func waves(a *actions.Action) {
	var able []*actions.Target
	for _, t := range a.Targets {
		if t.State == ready {
			able = append(able, t)
		} else {
			t.Wave = 0
		}
	}
	cluster := func(t *actions.Target) string { return t.Ref[:strings.Index(t.Ref, ":")] }
	slices.SortStableFunc(able, func(x, y *actions.Target) int {
		if by := cmp.Compare(x.Wave, y.Wave); by != 0 || !a.Waves.ByCluster {
			return by
		}
		return strings.Compare(cluster(x), cluster(y))
	})
	wave, in, rank := 0, 0, 0
	for i, t := range able {
		if i == 0 || t.Wave != rank || a.Waves.Size > 0 && in == a.Waves.Size || a.Waves.ByCluster && cluster(t) != cluster(able[i-1]) {
			wave, in = wave+1, 0
		}
		rank, t.Wave = t.Wave, wave
		in++
	}
}
