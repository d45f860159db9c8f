package collector

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/schemas/ingestpb"
)

type metrics struct {
	streams, batches, sendErrors, blocked, lists, watchErrors, documentsLeftOut prometheus.Counter
	records, bytes                                                              *prometheus.CounterVec
	sendSeconds                                                                 prometheus.Histogram
	objects, kinds, reachable                                                   prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return register(reg, prometheus.NewCounter(prometheus.CounterOpts{Name: "foretop_collector_" + name, Help: help}))
	}
	gauge := func(name, help string) prometheus.Gauge {
		return register(reg, prometheus.NewGauge(prometheus.GaugeOpts{Name: "foretop_collector_" + name, Help: help}))
	}
	vec := func(name, help string) *prometheus.CounterVec {
		return register(reg, prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_collector_" + name, Help: help}, []string{"type"}))
	}
	return &metrics{
		streams:          counter("streams_total", "Streams opened to the hub."),
		batches:          counter("batches_total", "Batches sealed."),
		sendErrors:       counter("send_errors_total", "Batches the hub did not take; each is sent again."),
		blocked:          counter("blocked_seconds_total", "Time that reading the API server waited for the hub."),
		lists:            counter("lists_total", "Full lists of a kind that were begun."),
		watchErrors:      counter("watch_errors_total", "Lists and watches that ended with an error."),
		documentsLeftOut: counter("documents_left_out_total", "Documents of discovery and OpenAPI that were too large to be sent."),
		records:          vec("records_total", "Records queued, by type."),
		bytes:            vec("record_bytes_total", "Size of queued records, by type."),
		sendSeconds: register(reg, prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "foretop_collector_send_seconds", Help: "Time until the hub had a batch durably, or refused it.",
			Buckets: prometheus.ExponentialBuckets(0.002, 2.5, 10),
		})),
		objects:   gauge("objects_count", "Objects known to exist."),
		kinds:     gauge("kinds_count", "Kinds followed."),
		reachable: gauge("cluster_reachable_info", "1 when the API server answered the last probe."),
	}
}

// register returns the collector that reg knows under the name: agents of one process may share a registerer.
func register[C prometheus.Collector](reg prometheus.Registerer, c C) C {
	if reg == nil {
		return c
	}
	err := reg.Register(c)
	var already prometheus.AlreadyRegisteredError
	if errors.As(err, &already) {
		if existing, ok := already.ExistingCollector.(C); ok {
			return existing
		}
	}
	if err != nil {
		panic(err) // two metrics of one name and different shape: a mistake in this file
	}
	return c
}

func (m *metrics) record(r *ingestpb.Record) {
	t := "state"
	switch r.Body.(type) {
	case *ingestpb.Record_Object:
		t = "object"
	case *ingestpb.Record_Event:
		t = "event"
	case *ingestpb.Record_SnapshotBegin, *ingestpb.Record_SnapshotEnd:
		t = "snapshot"
	case *ingestpb.Record_Heartbeat:
		t = "heartbeat"
	case *ingestpb.Record_Document, *ingestpb.Record_Documents:
		t = "document"
	}
	m.records.WithLabelValues(t).Inc()
	m.bytes.WithLabelValues(t).Add(float64(recordBytes(r)))
}
