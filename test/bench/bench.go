package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/test/bench/mixed"
	"github.com/foretop/foretop/test/bench/report"
)

var self = process{os.Getpid()}

// loaded is what a kept folder says of itself.
type loaded struct {
	Setup    string
	Revision int // of the newest updates
}

func (l *loaded) path(dir string) string { return filepath.Join(dir, "bench.json") }

func (l *loaded) read(dir string) error {
	raw, err := os.ReadFile(l.path(dir))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return json.Unmarshal(raw, l)
}

func (l *loaded) write(dir string) error {
	raw, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return os.WriteFile(l.path(dir), raw, 0o600)
}

// benchmark is one run.
type benchmark struct {
	*settings
	src     source
	hub     *hub
	streams *streams
	loaded  loaded
	result  *report.Result
	// kubeResult is of the Kubernetes API, a table of its own; nil until it is measured.
	kubeResult *report.Result
	engine     atomic.Int64 // its process; another one after a restart
}

// bench does what is wanted, part after part. What was measured until an error comes back with it.
func bench(ctx context.Context, s *settings, src source) (results []*report.Result, err error) {
	b := &benchmark{settings: s, src: src, result: report.New(s.name, src.setup())}
	if err := b.loaded.read(s.dir); err != nil {
		return nil, fmt.Errorf("read %s: %w", b.loaded.path(s.dir), err)
	}
	if b.loaded.Setup != "" && b.loaded.Setup != src.setup() {
		return nil, fmt.Errorf("%s holds %s, not %s", s.dir, b.loaded.Setup, src.setup())
	}
	if b.hub, err = startHub(ctx, s.dir, quiet()); err != nil {
		return nil, err
	}
	defer func() {
		if b.hub != nil { // nil when it did not start again
			err = errors.Join(err, b.hub.close())
		}
	}()
	b.streams = &streams{hub: b.hub, src: src, all: map[int]*stream{}}
	if err := b.hub.register(ctx, src); err != nil {
		return nil, err
	}
	defer func() {
		for _, r := range []*report.Result{b.result, b.kubeResult} {
			if r != nil && len(r.Figures)+len(r.Probes) > 0 {
				results = append(results, r)
			}
		}
	}()
	defer b.followMemory()()
	parts := []struct {
		name string
		work func(context.Context) error
	}{
		{"load", b.load}, {"update", b.update}, {"restart", b.restart}, {"catch-up", b.catchUp}, {"rebuild", b.rebuild},
	}
	for _, part := range parts {
		needed := part.name == "load" && b.loaded.Setup == ""
		if !needed && (!s.wants(part.name) || part.name == "load") {
			continue
		}
		fmt.Fprintf(os.Stderr, "%s: %s\n", part.name, src.setup())
		if err := s.profiled(part.name, func() error { return part.work(ctx) }); err != nil {
			return nil, fmt.Errorf("%s: %w", part.name, err)
		}
	}
	if err := s.profiled("questions", func() error { return b.ask(ctx) }); err != nil || !s.wants("kube") && !s.wants("kube lists") && !s.wants("kube idle") && !s.wants("kube watches") {
		return nil, err
	}
	fmt.Fprintln(os.Stderr, "kube: the Kubernetes API")
	return nil, b.kube(ctx)
}

// followMemory notes the most that hub and engine held together, in all parts, when its result is called.
func (b *benchmark) followMemory() (done func()) {
	b.engine.Store(int64(b.hub.db.Pid()))
	watch, stop := context.WithCancel(context.Background())
	var top peaks
	var watcher sync.WaitGroup
	watcher.Go(func() { top.follow(watch, self, func() process { return process{int(b.engine.Load())} }) })
	return func() {
		stop()
		watcher.Wait()
		if len(b.result.Figures) > 0 {
			b.result.Figures["both_peak_mb"] = float64(top.both.Load() >> 20)
		}
	}
}

// taken notes how fast objects were taken in, and what that cost.
func (b *benchmark) taken(ctx context.Context, part string, expected int, work func(ctx context.Context, m int, done *atomic.Int64) error) error {
	eventsBefore, err := b.engineEvents(ctx)
	if err != nil {
		return err
	}
	engine := process{b.hub.db.Pid()}
	var top peaks
	watch, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { top.follow(watch, self, func() process { return engine }) })
	hubBefore, engineBefore := self.cpu(), engine.cpu()
	n, took, err := b.streams.each(ctx, b.writers, part, expected, os.Stderr, work)
	hubCPU, engineCPU := self.cpu()-hubBefore, engine.cpu()-engineBefore
	stop()
	watcher.Wait()
	if err != nil {
		return err
	}
	f := b.result.Figures
	f[part+"_objects"] = float64(n)
	f[part+"_objects_per_s"] = float64(int(float64(n) / took.Seconds()))
	f[part+"_hub_cpu_us_per_object"] = perObject(hubCPU, n)
	f[part+"_engine_cpu_us_per_object"] = perObject(engineCPU, n)
	f[part+"_hub_peak_mb"], f[part+"_engine_peak_mb"], f[part+"_both_peak_mb"] = float64(top.hub.Load()>>20), float64(top.engine.Load()>>20), float64(top.both.Load()>>20)
	fmt.Fprintf(os.Stderr, "  %d objects in %s: %.0f/s; processor per object: hub %.0f us, engine %.0f us; memory at most %d MB\n", n, took.Round(10*time.Millisecond),
		f[part+"_objects_per_s"], f[part+"_hub_cpu_us_per_object"], f[part+"_engine_cpu_us_per_object"], top.both.Load()>>20)
	if err := b.disk(ctx, part); err != nil {
		return err
	}
	events, err := b.engineEvents(ctx)
	if err != nil {
		return err
	}
	for name, v := range events {
		f[part+"_engine_"+name] = float64(v - eventsBefore[name])
	}
	return nil
}

// engineEvents are the engine's own counts of what it does for writers.
func (b *benchmark) engineEvents(ctx context.Context) (map[string]uint64, error) {
	names := map[string]string{
		"InsertQuery": "inserts", "InsertedRows": "inserted_rows", "Merge": "merges", "MergedRows": "merged_rows", "MergesTimeMilliseconds": "merges_ms",
		"MergeTotalMilliseconds": "merges_ms", "InsertQueryTimeMicroseconds": "inserts_us",
	}
	rows, err := b.hub.db.Query(ctx, `SELECT event, value FROM system.events`, nil)
	if err != nil {
		return nil, fmt.Errorf("read the engine's events: %w", err)
	}
	defer rows.Close()
	all := map[string]uint64{}
	for rows.Next() {
		var event string
		var value uint64
		if err := rows.Scan(&event, &value); err != nil {
			return nil, fmt.Errorf("read the engine's events: %w", err)
		}
		if name := names[event]; name != "" {
			all[name] = value
		}
	}
	return all, rows.Err()
}

func perObject(d time.Duration, n int) float64 {
	return float64(int(float64(d.Nanoseconds())/float64(max(n, 1))/100)) / 10
}

// load fills the hub with the fleet as it was two hours ago, search following.
func (b *benchmark) load(ctx context.Context) error {
	if !b.alone {
		if err := b.hub.startSearch(); err != nil {
			return err
		}
	}
	b.result.Figures["source_us_per_object"] = b.costOfSource(ctx)
	observed := time.Now().Add(-2 * time.Hour)
	err := b.taken(ctx, "load", total(b.src), func(ctx context.Context, m int, done *atomic.Int64) error {
		return b.streams.list(ctx, m, observed, done)
	})
	if err != nil {
		return err
	}
	b.loaded = loaded{Setup: b.src.setup()}
	return errors.Join(b.followed(ctx, "load_index_after_s"), b.loaded.write(b.dir))
}

// costOfSource is what making objects costs the processor, which load pays beside the hub.
func (b *benchmark) costOfSource(ctx context.Context) float64 {
	before, n := self.cpu(), 0
	for _, r := range b.src.resources() {
		if b.src.each(0, r, 0, 1, func(*mixed.Object) bool { n++; return ctx.Err() == nil }) != nil {
			return 0
		}
	}
	return perObject(self.cpu()-before, n)
}

// update changes a share of the objects now, search following.
func (b *benchmark) update(ctx context.Context) error {
	switch {
	case b.alone && b.hub.stopSearch != nil:
		b.hub.stopSearch()
	case !b.alone && b.hub.stopSearch == nil:
		if err := b.hub.startSearch(); err != nil {
			return err
		}
		if err := b.hub.caughtUp(ctx, total(b.src)); err != nil {
			return err
		}
	}
	if err := b.streams.openAll(ctx); err != nil {
		return err
	}
	b.loaded.Revision++
	err := b.taken(ctx, "update", int(float64(total(b.src))*b.share), func(ctx context.Context, m int, done *atomic.Int64) error {
		return b.streams.update(ctx, m, b.loaded.Revision, b.share, done)
	})
	if err != nil {
		return err
	}
	return errors.Join(b.followed(ctx, "update_index_after_s"), b.loaded.write(b.dir))
}

// followed waits until search has what was taken in, and notes how long that took.
func (b *benchmark) followed(ctx context.Context, figure string) error {
	if b.alone {
		return nil
	}
	began := time.Now()
	if err := b.hub.caughtUp(ctx, total(b.src)); err != nil {
		return err
	}
	b.seconds(figure, time.Since(began))
	return nil
}

func (b *benchmark) seconds(name string, d time.Duration) {
	b.result.Figures[name] = float64(d.Round(10*time.Millisecond).Milliseconds()) / 1000
	fmt.Fprintf(os.Stderr, "  %s: %s\n", name, d.Round(10*time.Millisecond))
}

// disk notes the bytes of all tables and of the index, once the engine has merged what it was about to.
func (b *benchmark) disk(ctx context.Context, part string) error {
	deadline := time.Now().Add(30 * time.Second)
	for merges := uint64(1); merges > 0 && time.Now().Before(deadline); {
		if err := b.one(ctx, `SELECT count() FROM system.merges`, &merges); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(100 * time.Millisecond):
		}
	}
	p := new(clickhouse.Params)
	tables := []string{}
	for _, t := range []string{"resources", "resource_history", "events", "resource_states", "ingest_ledger"} {
		tables = append(tables, strings.ReplaceAll(b.hub.db.Table(t), "`", ""))
	}
	rows, err := b.hub.db.Query(ctx, `SELECT table, sum(bytes_on_disk), sum(rows) FROM system.parts WHERE active AND database || '.' || table IN `+p.Strings(tables)+` GROUP BY table`, p)
	if err != nil {
		return fmt.Errorf("read sizes of tables: %w", err)
	}
	defer rows.Close()
	var all uint64
	for rows.Next() {
		var table string
		var bytes, n uint64
		if err := rows.Scan(&table, &bytes, &n); err != nil {
			return fmt.Errorf("read sizes of tables: %w", err)
		}
		all += bytes
		if n >= 1000 {
			b.result.Figures[part+"_"+table+"_bytes_per_row"] = float64(bytes / n)
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read sizes of tables: %w", err)
	}
	n := uint64(total(b.src))
	b.result.Figures[part+"_bytes_per_object"] = float64(all / n)
	for _, folder := range []string{"index", "texts"} {
		b.result.Figures[part+"_"+folder+"_bytes_per_object"] = float64(uint64(folderBytes(filepath.Join(b.dir, folder))) / n)
	}
	fmt.Fprintf(os.Stderr, "  on disk: %d bytes an object in all tables, %.0f in the index, %.0f in texts\n", all/n, b.result.Figures[part+"_index_bytes_per_object"], b.result.Figures[part+"_texts_bytes_per_object"])
	return nil
}

func (b *benchmark) one(ctx context.Context, sql string, into any) error {
	rows, err := b.hub.db.Query(ctx, sql, new(clickhouse.Params))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := rows.Scan(into); err != nil {
			return err
		}
	}
	return rows.Err()
}

// restart ends the whole hub and its engine, and starts them again, with the streams of all clusters.
func (b *benchmark) restart(ctx context.Context) error {
	if err := b.hub.close(); err != nil {
		return err
	}
	var err error
	began := time.Now()
	if b.hub, err = startHub(ctx, b.dir, quiet()); err != nil {
		return err
	}
	b.engine.Store(int64(b.hub.db.Pid()))
	if err := b.hub.startSearch(); err != nil {
		return err
	}
	if _, err := b.hub.search.Search(ctx, everyone, records.Request{First: 1, Bare: true}); err != nil {
		return err
	}
	b.seconds("restart_answers_s", time.Since(began))
	if err := b.hub.present(ctx, total(b.src)); err != nil {
		return err
	}
	b.seconds("restart_columns_s", time.Since(began))
	if err := b.hub.caughtUp(ctx, total(b.src)); err != nil {
		return err
	}
	b.seconds("restart_index_s", time.Since(began))
	began = time.Now()
	b.streams = &streams{hub: b.hub, src: b.src, all: map[int]*stream{}}
	if err := b.streams.openAll(ctx); err != nil {
		return err
	}
	b.seconds("restart_streams_s", time.Since(began))
	return nil
}

const missed = 20_000 // objects that change while search is away

// catchUp changes objects while search is stopped and measures how soon it has them.
func (b *benchmark) catchUp(ctx context.Context) error {
	if b.hub.stopSearch != nil {
		b.hub.stopSearch()
	}
	if err := b.streams.openAll(ctx); err != nil {
		return err
	}
	b.loaded.Revision++
	share := min(1, missed/float64(total(b.src)))
	n, _, err := b.streams.each(ctx, b.writers, "changes while search is away", int(share*float64(total(b.src))), os.Stderr, func(ctx context.Context, m int, done *atomic.Int64) error {
		return b.streams.update(ctx, m, b.loaded.Revision, share, done)
	})
	if err != nil {
		return err
	}
	if err := b.loaded.write(b.dir); err != nil {
		return err
	}
	began := time.Now()
	if err := b.hub.startSearch(); err != nil {
		return err
	}
	if err := b.hub.caughtUp(ctx, total(b.src)); err != nil {
		return err
	}
	b.result.Figures["catch_up_objects"] = float64(n)
	b.seconds("catch_up_s", time.Since(began))
	return nil
}

// rebuild removes the index and waits for it to be there again.
func (b *benchmark) rebuild(ctx context.Context) error {
	if b.hub.stopSearch != nil {
		b.hub.stopSearch()
	}
	if err := os.RemoveAll(filepath.Join(b.dir, "index")); err != nil {
		return err
	}
	began, before := time.Now(), self.cpu()
	if err := b.hub.startSearch(); err != nil {
		return err
	}
	if err := b.hub.caughtUp(ctx, total(b.src)); err != nil {
		return err
	}
	b.seconds("rebuild_index_s", time.Since(began))
	b.result.Figures["rebuild_hub_cpu_us_per_object"] = perObject(self.cpu()-before, total(b.src))
	return nil
}

// ask asks every question that is wanted.
func (b *benchmark) ask(ctx context.Context) error {
	fmt.Fprintln(os.Stderr, "questions: counting what is there")
	t, err := learn(ctx, b.src)
	if err != nil {
		return err
	}
	var wanted []probe
	for _, p := range probes(t) {
		if b.wants(p.name) || b.wants("questions") {
			wanted = append(wanted, p)
		}
	}
	if len(wanted) == 0 {
		return nil
	}
	if b.hub.stopSearch == nil {
		if err := b.hub.startSearch(); err != nil {
			return err
		}
		if err := b.hub.present(ctx, total(b.src)); err != nil {
			return err
		}
		if err := b.hub.caughtUp(ctx, total(b.src)); err != nil {
			return err
		}
	}
	b.memory("before")
	for _, p := range wanted {
		f, err := b.hub.measure(ctx, p, t, b.budget)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil { // one question that cannot be answered keeps no other from being asked
			f.Wrong = err.Error()
		}
		b.result.Probes = append(b.result.Probes, f)
		fmt.Fprintf(os.Stderr, "  %-30s %8.2f ms, p99 %8.2f; HTTP %8.2f ms; processor: hub %.1f, engine %.1f ms; %d found %s %s\n", f.Name, f.Service.P50, f.Service.P99, f.HTTP.P50, f.HubCPU, f.EngineCPU, f.Found, f.Engine, wrong(f))
	}
	b.memory("after")
	return nil
}

func wrong(f report.Probe) string {
	if f.Wrong == "" {
		return ""
	}
	return "WRONG: " + f.Wrong
}

// memory notes what hub and engine hold when the garbage is out.
func (b *benchmark) memory(when string) {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	hub, engine := self.rss()>>20, process{b.hub.db.Pid()}.rss()>>20
	f := b.result.Figures
	f["questions_"+when+"_hub_mb"], f["questions_"+when+"_engine_mb"], f["questions_"+when+"_hub_heap_mb"] = float64(hub), float64(engine), float64(stats.HeapAlloc>>20)
	fmt.Fprintf(os.Stderr, "  memory %s the questions: hub %d MB (heap %d MB), engine %d MB\n", when, hub, stats.HeapAlloc>>20, engine)
}
