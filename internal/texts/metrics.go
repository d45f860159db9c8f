package texts

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	hits, absent, otherVersion, corrupt prometheus.Counter
	failed, rewritten                   prometheus.Counter
}

func newMetrics(r prometheus.Registerer, s *Store) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "foretop", Subsystem: "texts", Name: name, Help: help})
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "foretop", Subsystem: "texts", Name: name, Help: help}, f)
	}
	misses := prometheus.NewCounterVec(prometheus.CounterOpts{
		Namespace: "foretop", Subsystem: "texts", Name: "misses_total",
		Help: "Texts asked for that the database has to be asked for, by reason: absent, other_version, corrupt.",
	}, []string{"why"})
	m := &metrics{
		hits:   counter("hits_total", "Texts asked for that were there."),
		absent: misses.WithLabelValues("absent"), otherVersion: misses.WithLabelValues("other_version"), corrupt: misses.WithLabelValues("corrupt"),
		failed:    counter("failed_writes_total", "Texts that could not be written."),
		rewritten: counter("rewritten_bytes_total", "Bytes copied out of files of which little was in use."),
	}
	if r == nil {
		return m
	}
	r.MustRegister(m.hits, misses, m.failed, m.rewritten,
		gauge("objects", "Objects whose text is kept.", func() float64 { return float64(s.places.count()) }),
		gauge("bytes", "Bytes of all files.", func() float64 { total, _ := s.bytes(); return float64(total) }),
		gauge("living_bytes", "Bytes of texts that are in use.", func() float64 { _, living := s.bytes(); return float64(living) }),
	)
	return m
}
