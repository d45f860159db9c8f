package collector

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// counter is a hub that only counts.
type counter struct {
	objects, bytes int
	synced         chan struct{} // closed when pods are listed
}

func (c *counter) Open(context.Context, *ingestpb.Hello) (Sink, error) { return c, nil }

func (c *counter) Send(_ context.Context, b *ingestpb.Batch) error {
	for _, r := range b.Records {
		if o := r.GetObject(); o != nil {
			c.objects++
			c.bytes += len(o.Object)
		}
		if e := r.GetSnapshotEnd(); e != nil && e.Resource.Resource == "pods" {
			close(c.synced)
		}
	}
	return nil
}

// BenchmarkInitialList reads 10,000 pods of 2 KB over HTTP, redacts and seals them.
func BenchmarkInitialList(b *testing.B) {
	const n = 10_000
	server := kubetest.New(b, pods)
	server.StreamsLists = true
	for i := range n {
		env := make([]any, 0, 20)
		for j := range 20 {
			env = append(env, map[string]any{"name": fmt.Sprintf("SETTING_%d", j), "value": fmt.Sprintf("http://service-%d.example.com:8080/path", j)})
		}
		server.Put("pods", fmt.Sprintf("ns-%d", i%50), fmt.Sprintf("app-%d-5d9c7b8f6-x2x9z", i), map[string]any{
			"metadata": map[string]any{"uid": fmt.Sprintf("2c2ec622-2332-431e-9aa1-%012d", i)},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "c", "image": "registry.example.com/app:1.2.3", "env": env}}},
			"status":   map[string]any{"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}},
		})
	}
	b.ResetTimer()
	for range b.N {
		c := &counter{synced: make(chan struct{})}
		began := time.Now()
		_, stop := collect(b, server, c, nil)
		<-c.synced
		b.ReportMetric(float64(c.objects)/time.Since(began).Seconds(), "objects/s")
		stop()
	}
}

// BenchmarkMemoryOfSentObjects is what an agent keeps of each object.
func BenchmarkMemoryOfSentObjects(b *testing.B) {
	const n = 100_000
	for range b.N {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		sent := map[objectKey]version{}
		for i := range n {
			sent[objectKey{fmt.Sprintf("namespace-%d", i%50), fmt.Sprintf("app-%d-5d9c7b8f6-x2x9z", i)}] = version{fmt.Sprintf("2c2ec622-2332-431e-9aa1-%012d", i), fmt.Sprint(1_000_000 + i)}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/object")
		runtime.KeepAlive(sent)
	}
}

// What an event costs the collector: the columns of it that are searched, and the whole of it without secrets.
func BenchmarkEvent(b *testing.B) {
	text := []byte(`{"apiVersion":"v1","kind":"Event","metadata":{"name":"checkout-api-00042.18ea2eedeb985b91","namespace":"shop","uid":"2c2ec622-2332-431e-9aa1-000000000042","resourceVersion":"1000042","creationTimestamp":"2026-11-21T20:00:00Z","managedFields":[{"manager":"kubelet","operation":"Update","apiVersion":"v1","time":"2026-11-21T20:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:count":{},"f:firstTimestamp":{},"f:involvedObject":{},"f:lastTimestamp":{},"f:message":{},"f:reason":{},"f:reportingComponent":{},"f:reportingInstance":{},"f:source":{"f:component":{},"f:host":{}},"f:type":{}}}]},"involvedObject":{"kind":"Pod","namespace":"shop","name":"checkout-api-00042","uid":"3c2ec622-2332-431e-9aa1-000000000042","apiVersion":"v1","resourceVersion":"900042","fieldPath":"spec.containers{app}"},"reason":"BackOff","message":"Back-off restarting failed container app in pod checkout-api-00042_shop","source":{"component":"kubelet","host":"node-7"},"firstTimestamp":"2026-11-21T20:00:00Z","lastTimestamp":"2026-11-21T20:05:00Z","count":7,"type":"Warning","eventTime":null,"reportingComponent":"kubelet","reportingInstance":"node-7"}`)
	r := redact.New(redact.Config{})
	for what, whole := range map[string]bool{"columns": false, "whole": true} {
		b.Run(what, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				var o map[string]any
				if err := json.Unmarshal(text, &o); err != nil {
					b.Fatal(err)
				}
				b.StartTimer()
				e := eventOf(o)
				e.Message = cutText(r.Text(e.Message))
				if whole {
					e.Object = r.Object(o).JSON
				}
			}
		})
	}
}
