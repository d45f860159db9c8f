package clickhouse

import (
	"errors"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are of the client's side: what callers waited for, retries included.
type metrics struct {
	duration *prometheus.HistogramVec
	failures *prometheus.CounterVec
	rows     prometheus.Counter
	restarts prometheus.Counter
}

func newMetrics(r prometheus.Registerer) (*metrics, error) {
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "foretop_clickhouse_statement_duration_seconds",
			Help: "Time until a statement was done, or its first rows came.", Buckets: prometheus.ExponentialBuckets(0.001, 2.5, 12)}, []string{"kind"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "foretop_clickhouse_statements_failed_total",
			Help: "Statements that failed, by kind and reason: unavailable, disk_full, refused, ended."}, []string{"kind", "reason"}),
		rows: prometheus.NewCounter(prometheus.CounterOpts{Name: "foretop_clickhouse_inserted_rows_total",
			Help: "Rows acknowledged as durable."}),
		restarts: prometheus.NewCounter(prometheus.CounterOpts{Name: "foretop_clickhouse_engine_restarts_total",
			Help: "Times the embedded engine ended by itself and was started again."}),
	}
	if r == nil {
		return m, nil
	}
	var errs []error
	for _, c := range []prometheus.Collector{m.duration, m.failures, m.rows, m.restarts} {
		errs = append(errs, r.Register(c))
	}
	return m, errors.Join(errs...)
}

// observe counts one statement.
func (m *metrics) observe(kind string, began time.Time, err error) {
	m.duration.WithLabelValues(kind).Observe(time.Since(began).Seconds())
	var exception *Error
	switch {
	case err == nil:
	case DiskFull(err):
		m.failures.WithLabelValues(kind, "disk_full").Inc()
	case Unavailable(err):
		m.failures.WithLabelValues(kind, "unavailable").Inc()
	case errors.As(err, &exception):
		m.failures.WithLabelValues(kind, "refused").Inc()
	default: // the caller's context
		m.failures.WithLabelValues(kind, "ended").Inc()
	}
}
