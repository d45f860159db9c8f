package search

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	registerer prometheus.Registerer
	queries    *prometheus.CounterVec
	duration   *prometheus.HistogramVec
	followed   *prometheus.CounterVec
}

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		registerer: r,
		queries:    prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_search_queries_total", Help: "Questions asked, by kind."}, []string{"kind"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "foretop_search_duration_seconds", Help: "How long answers took, by kind of question.",
			Buckets: []float64{.002, .005, .01, .02, .05, .1, .2, .5, 1, 2, 5}}, []string{"kind"}),
	}
	m.followed = prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_search_followed_versions_total",
		Help: "Versions of objects that search followed, by how it got them: handed over by the writer in this process, or read from the database."}, []string{"from"})
	if r != nil {
		r.MustRegister(m.queries, m.duration, m.followed)
	}
	return m
}

// observe counts one question now, and its duration when the result is called.
func (m *metrics) observe(kind string) func() {
	started := time.Now()
	m.queries.WithLabelValues(kind).Inc()
	return func() { m.duration.WithLabelValues(kind).Observe(time.Since(started).Seconds()) }
}

func (m *metrics) follow(f *feed, x *index) {
	if m.registerer == nil {
		return
	}
	m.registerer.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "foretop_search_index_lag_seconds", Help: "Since when the search index may be missing changes."},
			func() float64 { return f.behind().Seconds() }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "foretop_search_index_documents", Help: "Objects in the search index."},
			func() float64 { return float64(x.documents()) }))
}
