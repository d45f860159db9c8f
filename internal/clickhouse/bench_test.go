package clickhouse_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

// podRows are rows as the aggregator writes them for Pods of 4 KB.
func podRows(from, n int) []clickhouse.Column {
	column := func(name string, value func(i int) string) clickhouse.Column {
		v := make([]string, n)
		for i := range v {
			v[i] = value(from + i)
		}
		return clickhouse.Column{Name: name, Values: v}
	}
	pad := strings.Repeat(`{"name":"kube-api-access","mountPath":"/var/run/secrets/kubernetes.io/serviceaccount","readOnly":true},`, 36)
	vers, at, labels, images := make([]uint64, n), make([]time.Time, n), make([]map[string]string, n), make([][]string, n)
	for i := range n {
		vers[i], at[i] = 1<<40|uint64(from+i), time.Now()
		labels[i] = map[string]string{"app": fmt.Sprintf("app%d", (from+i)%50), "pod-template-hash": fmt.Sprintf("%x", (from+i)/10)}
		images[i] = []string{fmt.Sprintf("registry/app%d:1.%d", (from+i)%50, i%7)}
	}
	return []clickhouse.Column{
		column("cluster", func(i int) string { return fmt.Sprintf("cluster-%d", i%3) }),
		column("api_group", func(int) string { return "" }),
		column("resource", func(int) string { return "pods" }),
		column("namespace", func(i int) string { return fmt.Sprintf("ns-%d", i%100) }),
		column("name", func(i int) string { return fmt.Sprintf("app%d-%08x", i%50, i*2654435761%(1<<32)) }),
		{Name: "ver", Values: vers},
		column("kind", func(int) string { return "Pod" }),
		column("uid", func(i int) string { return fmt.Sprintf("0b7c1c1e-8f0a-4d6c-9e52-%012x", i) }),
		{Name: "observed_at", Values: at}, {Name: "labels", Values: labels}, {Name: "images", Values: images},
		column("status", func(i int) string { return []string{"Running", "Pending", "CrashLoopBackOff"}[i%40/38] }),
		column("object", func(i int) string {
			return fmt.Sprintf(`{"metadata":{"uid":"%012x","resourceVersion":"%d"},"spec":[%s]}`, i, i*7, pad)
		}),
	}
}

func BenchmarkInsertPods(b *testing.B) {
	for _, size := range []int{1, 100, 1000, 5000} {
		b.Run(fmt.Sprintf("batch=%d", size), func(b *testing.B) {
			db := clickhousetest.Open(b)
			rows := 0
			for b.Loop() {
				if err := db.Insert(b.Context(), "resource_history", podRows(rows, size), fmt.Sprint(b.Name(), rows)); err != nil {
					b.Fatal(err)
				}
				rows += size
			}
			b.ReportMetric(float64(rows)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}

func BenchmarkReads(b *testing.B) {
	db := clickhousetest.Open(b)
	for i := range 10 {
		if err := db.Insert(b.Context(), "resource_history", podRows(i*5000, 5000), fmt.Sprint("r", i)); err != nil {
			b.Fatal(err)
		}
	}
	f := func(name string, sql func(p *clickhouse.Params) string) {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				p := &clickhouse.Params{}
				rows, err := db.Query(b.Context(), sql(p), p)
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
				}
				if err := rows.Err(); err != nil {
					b.Fatal(err)
				}
				rows.Close()
			}
		})
	}
	f("nothing", func(*clickhouse.Params) string { return "SELECT 1" })
	f("point", func(p *clickhouse.Params) string {
		return "SELECT object FROM " + db.Table("resources") + " FINAL WHERE api_group = '' AND resource = 'pods' AND cluster = " + p.String("cluster-1") + " AND namespace = " + p.String("ns-1") + " AND name = " + p.String(fmt.Sprintf("app1-%08x", 2654435761))
	})
	f("count", func(*clickhouse.Params) string { return "SELECT count() FROM " + db.Table("resources") + " FINAL" })
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		db, err := clickhouse.Open(b.Context(), clickhouse.Config{Engine: clickhousetest.Engine(b.TempDir())}, clickhousetest.Log(b))
		if err != nil {
			b.Fatal(err)
		}
		status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", db.Pid()))
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "VmRSS") {
				b.Log(strings.TrimSpace(line))
			}
		}
		db.Close()
	}
}
