package search_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/records"
)

// pod is replica i of an application, about 4 KB of JSON.
func pod(i, apps int) object {
	app := i % apps
	name := fmt.Sprintf("app-%d", app)
	phase, ready, state := "Running", "True", object{"running": object{"startedAt": "2026-11-01T00:00:00Z"}}
	switch {
	case i%97 == 0:
		phase, ready, state = "Pending", "False", object{"waiting": object{"reason": "ImagePullBackOff", "message": "Back-off pulling image"}}
	case i%89 == 0:
		phase, ready, state = "Failed", "False", object{"terminated": object{"reason": "OOMKilled", "exitCode": int64(137)}}
	}
	env := []any{}
	for e := range 24 {
		env = append(env, object{"name": fmt.Sprintf("SETTING_%02d", e), "value": fmt.Sprintf("value-%d-of-%s-in-this-environment", e, name)})
	}
	container := func(n, image string) object {
		return object{"name": n, "image": image, "env": env, "resources": object{"limits": object{"cpu": "1", "memory": "1Gi"}, "requests": object{"cpu": "100m", "memory": "128Mi"}}}
	}
	image := fmt.Sprintf("registry.example.com/team-%02d/%s:v1.%d.0", app%25, name, app%30)
	return object{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": object{"name": fmt.Sprintf("%s-%08x-%05x", name, app*2654435761%(1<<32), i), "namespace": fmt.Sprintf("ns-%03d", app%200), "uid": fmt.Sprintf("pod-%d", i),
			"resourceVersion": strconv.Itoa(i), "creationTimestamp": time.Date(2026, 11, 1, 0, 0, i%86400, 0, time.UTC).Format(time.RFC3339),
			"labels":          object{"app": name, "tier": []string{"frontend", "backend", "cache", "database", "batch"}[app%5], "pod-template-hash": fmt.Sprintf("%08x", app)},
			"ownerReferences": []any{object{"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": name + "-rs", "uid": fmt.Sprintf("rs-%d", app), "controller": true}}},
		"spec": object{"nodeName": fmt.Sprintf("node-%03d", i%500), "containers": []any{container("app", image), container("sidecar", "registry.example.com/platform/proxy:2.14.3")}},
		"status": object{"phase": phase, "podIP": fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255),
			"conditions": []any{object{"type": "Ready", "status": ready}},
			"containerStatuses": []any{object{"name": "app", "ready": ready == "True", "restartCount": int64(i % 4), "state": state},
				object{"name": "sidecar", "ready": true, "restartCount": int64(0), "state": object{"running": object{}}}}},
	}
}

// multiply makes n replicas of every pod, in the engine: that is faster than making them here.
func (w *world) multiply(n int) {
	w.t.Helper()
	w.seq += 1 << 20
	for _, table := range []string{"resource_history", "resources"} {
		err := w.db.Exec(context.Background(), fmt.Sprintf(`INSERT INTO %[1]s SELECT * REPLACE (concat(name, '-', toString(r)) AS name, concat(uid, '-', toString(r)) AS uid, ver + r * 4096 AS ver,
			concat('node-', toString(cityHash64(name, r) %% 500)) AS node, arrayConcat(words, [concat(name, '-', toString(r)), toString(r)]) AS words)
			FROM (SELECT * FROM %[1]s WHERE resource = 'pods') ARRAY JOIN range(1, %[2]d) AS r`, w.db.Table(table), n), nil)
		if err != nil {
			w.t.Fatal(err)
		}
	}
	w.service.Nudge()
}

// BenchmarkSearch asks a fleet of FORETOP_BENCH_PODS pods (10,000 by default) in ten clusters and reports the
// median and the 99th percentile of whole answers.
func BenchmarkSearch(b *testing.B) {
	pods := 10_000
	if v := os.Getenv("FORETOP_BENCH_PODS"); v != "" {
		var err error
		if pods, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	w := newWorldOn(b, clickhousetest.OpenWith(b, clickhouse.Config{Engine: clickhousetest.Engine(filepath.Join(b.TempDir(), "e"))}))
	for c := 4; c <= 10; c++ {
		w.addCluster(fmt.Sprintf("zone%d", c))
	}
	started := time.Now()
	const templates = 2000
	for i := range templates {
		w.put(fmt.Sprintf("zone%d", 1+i%10), pod(i, 2000), write{})
	}
	w.flush()
	w.multiply(pods / templates)
	w.put("zone1", configMap("shop", "lastword"), write{})
	w.flush()
	b.Logf("%d pods written in %s", pods, time.Since(started).Round(time.Millisecond))
	w.stop()
	os.RemoveAll(w.dir)
	w.start()
	started = time.Now()
	w.indexed("lastword")
	b.Logf("index rebuilt in %s", time.Since(started).Round(time.Millisecond))
	facets := []string{"cluster", "kind", "ns", "status", "health", "app", "node", "image"}
	for _, q := range []struct {
		name, query string
		facets      []string
	}{
		{"everything", "", nil},
		{"everything with 8 facets", "", facets},
		{"everything with 7 facets without images", "", facets[:7]},
		{"not ready", "kind:pod status:!Ready", facets[:7]},
		{"an app", "app:app-17", facets},
		{"a namespace, facet of namespaces", "ns:ns-017", facets},
		{"a name with wildcards", "name:*017*", nil},
		{"newest", "sort:age-asc", nil},
		{"a word", "app-17", facets},
		{"a common word", "frontend", facets},
		{"a beginning", "app", facets},
		{"a beginning within a namespace", "ns:ns-017 app", facets},
		{"a word of all", "proxy", nil},
		{"a word with a mistake", "fronted~ app:app-20", nil},
		{"the past", "at:-1s app:app-17", nil},
		{"a label", "label.tier=cache cluster:zone3", facets[:7]},
	} {
		b.Run(q.name, func(b *testing.B) {
			var took []time.Duration
			var engine string
			total := 0
			before := processorTime(b, w.db.Pid())
			for range b.N {
				t := time.Now()
				r, err := w.service.Search(context.Background(), everyone, records.Request{Query: q.query, First: 50, Facets: q.facets, Bare: true})
				if err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(t))
				engine, total = r.Engine, r.Total
			}
			b.ReportMetric(float64((processorTime(b, w.db.Pid())-before).Microseconds())/1000/float64(b.N), "engine-ms")
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(total), "hits")
			_ = engine
		})
	}
}
