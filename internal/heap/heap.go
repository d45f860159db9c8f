// Package heap paces the garbage collector: a hub of a small fleet trades memory that nobody misses for a tenth of its
// processor time, and one of a large fleet does not.
//
// Invariant: whoever sets GOGC decides alone.
package heap

import (
	"context"
	"os"
	"runtime/debug"
	"runtime/metrics"
	"time"
)

const (
	// room is up to how much garbage is left lying where Go's own pace would leave less.
	room = 1 << 30
	// lazy and usual are the percentages of what lives that garbage may reach. Taking in 60,000 objects cost the hub
	// 56 us each with 200 percent and 68 with 100.
	lazy, usual = 200, 100

	every = 10 * time.Second
)

// Pace sets how much garbage may lie, by what lives, until ctx ends.
func Pace(ctx context.Context) error {
	if os.Getenv("GOGC") != "" {
		<-ctx.Done()
		return nil
	}
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	tick := time.NewTicker(every)
	defer tick.Stop()
	defer debug.SetGCPercent(usual)
	for is := 0; ; {
		metrics.Read(live)
		if want := percent(live[0].Value.Uint64()); want != is {
			debug.SetGCPercent(want)
			is = want
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// percent is in steps, so that it is not changed all the time.
func percent(live uint64) int {
	const step = 10
	if live <= room*100/lazy {
		return lazy
	}
	return max(usual, int(room*100/live)/step*step)
}
