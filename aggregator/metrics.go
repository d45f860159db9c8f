package aggregator

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	rows               *prometheus.CounterVec // by table
	rejected           *prometheus.CounterVec // by what
	snapshotsDiscarded *prometheus.CounterVec // by why
	commits            prometheus.Counter
	retries            prometheus.Counter
	duplicates         prometheus.Counter
	unchanged          prometheus.Counter
	previousRead       prometheus.Counter
	panics             prometheus.Counter
	commitSeconds      prometheus.Histogram
	freshSeconds       prometheus.Histogram
	expired            *prometheus.CounterVec // by table
	retentionFailed    prometheus.Counter
	retentionSeconds   prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, s *Server) *metrics {
	counter := func(name, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts{Namespace: "foretop", Subsystem: "aggregator", Name: name, Help: help})
	}
	vec := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "foretop", Subsystem: "aggregator", Name: name, Help: help}, labels)
	}
	gauge := func(name, help string, f func() float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "foretop", Subsystem: "aggregator", Name: name, Help: help}, f)
	}
	m := &metrics{
		rows:               vec("rows_total", "Rows made durable, by table.", "table"),
		rejected:           vec("rejected_total", "Records that could not be stored, by what was wrong with them.", "what"),
		snapshotsDiscarded: vec("snapshot_discarded_total", "Lists that were not believed, by reason: nothing was deleted by them.", "why"),
		commits:            counter("commits_total", "Commits made durable."),
		retries:            counter("retries_total", "Inserts that had to be tried again."),
		duplicates:         counter("duplicate_batches_total", "Batches that had been taken before and were acknowledged without a row."),
		unchanged:          counter("unchanged_total", "Objects and events skipped because this version of them is stored."),
		previousRead:       counter("previous_read_total", "Objects read from the database to compare a new version with."),
		panics:             counter("panics_total", "Calls of collectors that ended by a fault of the hub."),
		commitSeconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "foretop", Subsystem: "aggregator", Name: "commit_duration_seconds", Help: "Time a commit takes over all tables, with retries.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60},
		}),
	}
	m.freshSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "foretop", Subsystem: "aggregator", Name: "observed_to_durable_seconds",
		Help:    "Age of each batch's first object change when it became durable, from the collector's clock to the hub's.",
		Buckets: []float64{.025, .05, .1, .2, .3, .5, .75, 1, 2, 5, 10, 30, 60, 300},
	})
	m.expired = vec("expired_rows_total", "Rows deleted because they were older than is kept, by table.", "table")
	m.retentionFailed = counter("retention_failed_total", "Runs of the hourly deletion of what is too old that failed.")
	m.retentionSeconds = prometheus.NewHistogram(prometheus.HistogramOpts{
		Namespace: "foretop", Subsystem: "aggregator", Name: "retention_duration_seconds", Help: "Time the hourly deletion of what is too old takes.",
		Buckets: []float64{.1, .5, 1, 5, 15, 60, 300, 900},
	})
	if r == nil {
		return m
	}
	r.MustRegister(m.rows, m.rejected, m.snapshotsDiscarded, m.commits, m.retries, m.duplicates, m.unchanged, m.previousRead, m.panics, m.commitSeconds, m.freshSeconds, m.expired, m.retentionFailed, m.retentionSeconds,
		gauge("waiting_batches", "Batches that wait for a commit.", func() float64 { return float64(len(s.writer.queue)) }),
		gauge("sessions", "Clusters that have opened a stream.", func() float64 { return float64(len(s.open())) }),
	)
	return m
}
