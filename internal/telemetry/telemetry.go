// Package telemetry is how the program speaks of itself: its log, its metrics and the operations listener with
// health, status and profiles.
//
// Invariant: nothing here is reachable from the people's listener.
package telemetry

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"sort"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Logger writes one line per record: text for people, JSON when asked for.
func Logger(w io.Writer, level slog.Level, jsonLines bool) *slog.Logger {
	opts := &slog.HandlerOptions{Level: level}
	if jsonLines {
		return slog.New(slog.NewJSONHandler(w, opts))
	}
	return slog.New(slog.NewTextHandler(w, opts))
}

// Ops is the operations face of one process. Parts add themselves before Handler is served.
type Ops struct {
	Metrics *prometheus.Registry

	mu     sync.Mutex
	ready  map[string]func() error
	status map[string]func() any
}

// New makes an Ops with the runtime's own metrics.
func New(version string) *Ops {
	reg := prometheus.NewRegistry()
	info := prometheus.NewGauge(prometheus.GaugeOpts{Name: "foretop_build_info", Help: "1, labelled with the version that runs.", ConstLabels: prometheus.Labels{"version": version}})
	info.Set(1)
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), info)
	return &Ops{Metrics: reg, ready: map[string]func() error{}, status: map[string]func() any{}}
}

// ReadyWhen adds a condition to /readyz.
func (o *Ops) ReadyWhen(part string, check func() error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ready[part] = check
}

// Status adds a part to /status.
func (o *Ops) Status(part string, report func() any) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.status[part] = report
}

// Ready is nil when every part is; else it names the first that is not.
func (o *Ops) Ready() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts := make([]string, 0, len(o.ready))
	for part := range o.ready {
		parts = append(parts, part)
	}
	sort.Strings(parts)
	for _, part := range parts {
		if err := o.ready[part](); err != nil {
			return fmt.Errorf("%s: %w", part, err)
		}
	}
	return nil
}

// Handler serves /metrics, /healthz, /readyz, /status and /debug/pprof.
func (o *Ops) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(o.Metrics, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		if err := o.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("GET /status", o.serveStatus)
	mux.HandleFunc("/debug/pprof/", pprof.Index) // without cmdline: --clickhouse may hold a password, --token is one
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return mux
}

func (o *Ops) serveStatus(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	reports := make(map[string]func() any, len(o.status))
	for part, report := range o.status {
		reports[part] = report
	}
	o.mu.Unlock()
	answer := map[string]any{}
	for part, report := range reports {
		answer[part] = report()
	}
	w.Header().Set("Content-Type", "application/json")
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	if err := enc.Encode(answer); err != nil {
		slog.Log(context.WithoutCancel(r.Context()), slog.LevelDebug, "write status", "err", err)
	}
}
