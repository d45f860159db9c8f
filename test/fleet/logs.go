package fleet

import (
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// talkers are the containers that print. Containers are named like their application.
var talkers = []string{"gateway", "app1", "app2", "app3", "db"}

const (
	requestsPerSecond = 2       // per cluster; each is a line in every application it passes
	logFileLimit      = 4 << 20 // bytes; then the file becomes the previous one
	lookEvery         = 2 * time.Second
)

func previous(path string) string { return path + ".previous" }

func (f *Fleet) startLogs() {
	ctx, cancel := context.WithCancel(context.Background())
	f.stopLogs, f.logsDone = cancel, make(chan struct{})
	go func() {
		defer close(f.logsDone) // closed once the writers have ended
		f.WriteLogs(ctx)
	}()
}

// WriteLogs prints what the applications of all clusters would, into the files that `kubectl logs` reads, until ctx ends.
// A cluster that does not answer is silent; a broken app2 makes those that call it complain.
func (f *Fleet) WriteLogs(ctx context.Context) {
	done := make(chan struct{})
	for _, c := range f.clusters {
		go func() {
			defer func() { done <- struct{}{} }()
			c.writeLogs(ctx, f)
		}()
	}
	for range f.clusters {
		<-done
	}
}

func (c *cluster) writeLogs(ctx context.Context, f *Fleet) {
	if err := os.MkdirAll(c.logDir(f.dir), 0o750); err != nil {
		f.say.line("%s has no logs: %v", c.Name, err)
		return
	}
	t := newTraffic(c.Name, time.Now())
	w := &logWriter{dir: c.logDir(f.dir)}
	defer w.close()
	ticker := time.NewTicker(time.Second / requestsPerSecond)
	defer ticker.Stop()
	var looked time.Time
	answers, broken := false, false
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			if now.Sub(looked) >= lookEvery {
				looked = now
				answers, broken = c.look(ctx, f)
			}
			if !answers {
				continue
			}
			for _, l := range t.request(now, broken) {
				if err := w.write(l); err != nil {
					f.say.line("%s has no logs: %v", c.Name, err)
					return
				}
			}
		}
	}
}

// look asks whether the cluster answers and whether app2 is broken in it.
func (c *cluster) look(ctx context.Context, f *Fleet) (answers, broken bool) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	api, err := c.api(f.dir)
	if err != nil {
		return false, false
	}
	defer api.close()
	all, err := api.deployments(ctx)
	if err != nil {
		return false, false
	}
	return true, strings.HasSuffix(all["app2"].image(), "-broken")
}

// line is one line of one application.
type line struct {
	at   time.Time
	app  string
	err  bool // written to stderr
	text string
}

// traffic makes up requests that pass gateway -> app1 -> app2 -> app3 -> db. The same seed gives the same traffic.
type traffic struct {
	random *rand.Rand
	count  int
}

func newTraffic(cluster string, _ time.Time) *traffic {
	h := fnv.New64a()
	h.Write([]byte(cluster))
	return &traffic{random: rand.New(rand.NewPCG(h.Sum64(), 1))}
}

var paths = []string{"/catalogue/shoes", "/catalogue/books", "/basket", "/checkout", "/search?q=lamp"}

func (t *traffic) request(at time.Time, broken bool) []line {
	t.count++
	trace := fmt.Sprintf("%016x%016x", t.random.Uint64(), t.random.Uint64())
	path := paths[t.random.IntN(len(paths))]
	took := 4 + t.random.IntN(40)
	status, level := 200, "info"
	// With one of three pods gone, every third request meets the version that crashes.
	failed := broken && t.random.IntN(3) == 0
	if failed {
		status, level, took = 503, "error", took+2000
	}
	entry := func(app, level, format string, args ...any) line {
		return line{at: at, app: app, err: level == "error", text: fmt.Sprintf("level=%s app=%s trace_id=%s ", level, app, trace) + fmt.Sprintf(format, args...)}
	}
	lines := []line{
		entry("gateway", level, `msg="request served" method=GET path=%q status=%d duration_ms=%d`, path, status, took+6),
		entry("app1", level, `msg="request served" path=%q status=%d duration_ms=%d`, path, status, took+3),
	}
	if failed {
		lines = append(lines,
			entry("app1", "error", `msg="call failed" upstream=app2 err="connection refused" attempt=3`),
			entry("app2", "error", `msg="cannot start" err="config: unknown key \"poolSise\"" exit_code=1`))
		return lines
	}
	lines = append(lines,
		entry("app2", "info", `msg="request served" path=%q status=200 duration_ms=%d`, path, took),
		entry("app3", "info", `msg="query" statement=%q rows=%d duration_ms=%d`, "select item", t.random.IntN(50), took/2))
	if t.count%20 == 0 {
		lines = append(lines, entry("db", "info", `msg="checkpoint complete" buffers=%d`, t.random.IntN(200)))
	}
	return lines
}

// logWriter appends lines in CRI format and keeps each application to two files of bounded size.
type logWriter struct {
	dir   string
	files map[string]*os.File
	sizes map[string]int64
}

func (w *logWriter) write(l line) error {
	if w.files == nil {
		w.files, w.sizes = map[string]*os.File{}, map[string]int64{}
	}
	path := filepath.Join(w.dir, l.app+".log")
	if w.files[l.app] != nil && w.sizes[l.app] > logFileLimit {
		if err := w.files[l.app].Close(); err != nil {
			return fmt.Errorf("close %s: %w", path, err)
		}
		w.files[l.app] = nil
		if err := os.Rename(path, previous(path)); err != nil {
			return fmt.Errorf("set %s aside: %w", path, err)
		}
	}
	if w.files[l.app] == nil {
		file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
		if err != nil {
			return fmt.Errorf("open log: %w", err)
		}
		info, err := file.Stat()
		if err != nil {
			return fmt.Errorf("look at log: %w", err)
		}
		w.files[l.app], w.sizes[l.app] = file, info.Size()
	}
	stream := "stdout"
	if l.err {
		stream = "stderr"
	}
	n, err := fmt.Fprintf(w.files[l.app], "%s %s F %s\n", l.at.UTC().Format(time.RFC3339Nano), stream, l.text)
	w.sizes[l.app] += int64(n)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func (w *logWriter) close() {
	for _, file := range w.files {
		if file != nil {
			file.Close()
		}
	}
}
