package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/heap"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/search"
	"github.com/foretop/foretop/schemas"
	"github.com/foretop/foretop/ui"
)

const token = "bench"

// hub is what `foretop up` runs, but for collectors and actions: the objects come from a source.
type hub struct {
	dir      string
	log      *slog.Logger
	store    *state.Store
	db       *clickhouse.DB
	registry *clusters.Registry
	agg      *aggregator.Server
	texts    *texts.Store
	stopMost func()

	mu         sync.Mutex
	search     *search.Service // nil while it is stopped
	metrics    *prometheus.Registry
	handler    http.Handler
	http       *httptest.Server
	stopSearch func()
}

// startHub starts everything but search.
func startHub(ctx context.Context, dir string, log *slog.Logger) (h *hub, err error) {
	h = &hub{dir: dir, log: log}
	defer func() { // what was opened until an error
		if err == nil {
			return
		}
		if h.db != nil {
			err = errors.Join(err, h.db.Close())
		}
		if h.store != nil {
			err = errors.Join(err, h.store.Close())
		}
		if h.texts != nil {
			err = errors.Join(err, h.texts.Close())
		}
		h = nil
	}()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return h, err
	}
	if h.store, err = state.Open(ctx, state.Config{DataDir: dir}, log); err != nil {
		return h, err
	}
	h.db, err = clickhouse.Open(ctx, clickhouse.Config{Engine: clickhouse.EngineConfig{
		DataDir: filepath.Join(dir, "clickhouse"), Socket: filepath.Join(dir, "engine.sock"),
	}}, log)
	if err != nil {
		return h, err
	}
	if err := h.db.Migrate(ctx, schemas.ClickHouse); err != nil {
		return h, err
	}
	h.registry = clusters.New(h.store, log)
	if err := h.registry.Load(ctx); err != nil {
		return h, err
	}
	if h.texts, err = texts.Open(texts.Config{Dir: filepath.Join(dir, "texts"), Log: log}); err != nil {
		return h, err
	}
	h.agg = aggregator.New(aggregator.Deps{DB: h.db, Clusters: h.registry, Texts: h.texts, Log: log, OnCommit: h.committed})
	life, stop := context.WithCancel(context.WithoutCancel(ctx)) // Ctrl-C ends the work first, then the hub
	var parts sync.WaitGroup
	for _, run := range []func(context.Context) error{heap.Pace, h.db.Run, h.registry.Run, h.texts.Run, h.agg.Run} {
		parts.Go(func() {
			if err := run(life); err != nil {
				log.Error("a part of the hub ended", "err", err)
			}
		})
	}
	h.stopMost = func() { stop(); parts.Wait() }
	return h, nil
}

func (h *hub) committed(commits []records.Commit) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.search != nil {
		h.search.Committed(commits)
	}
}

// startSearch starts what answers people, over HTTP too. It does not wait for the index.
func (h *hub) startSearch() error {
	metrics := prometheus.NewRegistry()
	service, err := search.New(search.Deps{DB: h.db, Clusters: h.registry, IndexDir: filepath.Join(h.dir, "index"), Texts: h.texts, Log: h.log, Registerer: metrics})
	if err != nil {
		return err
	}
	server, err := query.New(query.Deps{Reader: service, Kube: service, UI: ui.Files(), Token: token, Log: h.log, Version: "bench"})
	if err != nil {
		return err
	}
	life, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- service.Run(life) }()
	handler := server.Handler()
	listener := httptest.NewServer(handler)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.search, h.metrics, h.handler, h.http = service, metrics, handler, listener
	h.stopSearch = func() {
		listener.Close()
		stop()
		if err := <-ended; err != nil {
			h.log.Error("search ended", "err", err)
		}
		h.mu.Lock()
		defer h.mu.Unlock()
		h.search, h.http, h.stopSearch = nil, nil, nil
	}
	return nil
}

func (h *hub) close() error {
	if h.stopSearch != nil {
		h.stopSearch()
	}
	h.stopMost()
	return errors.Join(h.db.Close(), h.store.Close(), h.texts.Close())
}

// gauge reads one of search's metrics, 0 when there is no such one.
func (h *hub) gauge(name string) float64 {
	families, err := h.metrics.Gather()
	if err != nil {
		return 0
	}
	for _, f := range families {
		if f.GetName() == name {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	return 0
}

// caughtUp waits until words are found by the index, which holds what the database does and follows it.
func (h *hub) caughtUp(ctx context.Context, objects int) error {
	err := h.poll(ctx, func() (bool, error) {
		return int(h.gauge("foretop_search_objects")) >= objects && h.gauge("foretop_search_index_words") > 0 && h.gauge("foretop_search_lag_seconds") < 1, nil
	})
	if err != nil {
		return fmt.Errorf("wait for search, which has %d of %d objects and %d words: %w", int(h.gauge("foretop_search_objects")), objects, int(h.gauge("foretop_search_index_words")), err)
	}
	return nil
}

// present waits until questions about the present are answered from memory, and rightly.
func (h *hub) present(ctx context.Context, objects int) error {
	r := &records.Result{}
	err := h.poll(ctx, func() (_ bool, err error) {
		r, err = h.search.Search(ctx, everyone, records.Request{First: 1, Bare: true})
		return err == nil && r.Engine == "columns" && r.Total >= objects, err
	})
	if err != nil {
		return fmt.Errorf("wait for the columns in memory; %s counts %d of %d objects: %w", r.Engine, r.Total, objects, err)
	}
	return nil
}

func (h *hub) poll(ctx context.Context, ready func() (bool, error)) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if ok, err := ready(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}
