package search

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/query/columns"
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

func (m *metrics) follow(s *Service) {
	if m.registerer == nil {
		return
	}
	gauge := func(name, help string, f func() float64) prometheus.GaugeFunc {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, f)
	}
	m.registerer.MustRegister(
		gauge("foretop_search_lag_seconds", "Since when search may be missing changes.", func() float64 { return s.feed.behind().Seconds() }),
		gauge("foretop_search_objects", "Objects in the columns in memory; 0 while they are being loaded.", func() (n float64) {
			if t := s.table.Load(); t != nil {
				_ = t.Read(func(v *columns.View) error { n = float64(v.Alive()); return nil })
			}
			return n
		}),
		gauge("foretop_search_index_words", "Words that the search index has, or that are asked for beside it; 0 while it is being built.", func() float64 { return float64(s.index.count()) }))
}
