package search_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

// BenchmarkLoad fills columns with 20,000 pods from the database, as at the start of a hub.
func BenchmarkLoad(b *testing.B) {
	w := newWorldOn(b, clickhousetest.OpenWith(b, clickhouse.Config{Engine: clickhousetest.Engine(filepath.Join(b.TempDir(), "e"))}))
	const templates, pods = 2000, 20_000
	for i := range templates {
		w.put(fmt.Sprintf("zone%d", 1+i%3), pod(i, 2000), write{})
	}
	w.flush()
	w.multiply(pods / templates)
	w.stop()
	before := processorTime(b, w.db.Pid())
	objects := 0
	b.ResetTimer()
	for range b.N {
		n, err := w.service.Load(context.Background())
		if err != nil {
			b.Fatal(err)
		}
		objects += n
	}
	b.ReportMetric(float64((processorTime(b, w.db.Pid())-before).Microseconds())/float64(objects), "engine-us/object")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(objects), "us/object")
}
