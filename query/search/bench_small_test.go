package search_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/records"
)

// BenchmarkSmallFleet asks a fleet of 830 objects, at rest and while 50 of them change a second. Processor time of
// the engine says more than the clock on a machine that does other things.
func BenchmarkSmallFleet(b *testing.B) {
	w := newWorldOn(b, clickhousetest.OpenWith(b, clickhouse.Config{Engine: clickhousetest.Engine(filepath.Join(b.TempDir(), "e"))}))
	const objects = 830
	put := func(n int) { w.put(fmt.Sprintf("zone%d", 1+n%3), pod(n, 40), write{}) }
	for n := range objects {
		put(n)
		if n%83 == 82 {
			w.flush()
		}
	}
	w.put("zone1", configMap("shop", "lastword"), write{})
	w.flush()
	w.indexed("lastword")
	facets := []string{"cluster", "kind", "ns", "status", "health", "app", "node", "image"}
	for _, changing := range []bool{false, true} {
		for _, query := range []string{"", "kind:pod status:!Ready", "app:app-17", "app-17"} {
			b.Run(fmt.Sprintf("changing=%t/%s", changing, query), func(b *testing.B) {
				ctx, cancel := context.WithCancel(context.Background())
				var writer sync.WaitGroup
				if changing {
					writer.Go(func() {
						tick := time.NewTicker(50 * time.Millisecond)
						defer tick.Stop()
						for n := 0; ; n += 7 {
							select {
							case <-ctx.Done():
								return
							case <-tick.C:
							}
							for i := range 2 + n/7%2 {
								put((n + i) % objects)
							}
							w.flush()
						}
					})
				}
				var took []time.Duration
				before := processorTime(b, w.db.Pid())
				for range b.N {
					t := time.Now()
					if _, err := w.service.Search(context.Background(), everyone, records.Request{Query: query, First: 50, Facets: facets, Bare: true}); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(t))
				}
				spent := processorTime(b, w.db.Pid()) - before
				cancel()
				writer.Wait()
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
				b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
				if !changing { // otherwise it is the writer's, too
					b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "engine-ms")
				}
			})
		}
	}
}

// processorTime is what a process has used of the processors.
func processorTime(t testing.TB, pid int) time.Duration {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+1:]))
	var ticks int64
	for _, f := range fields[11:13] {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond
}
