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
	logFileLimit      = 4 << 20 // bytes; then the file is set aside and the one before it is gone
	lookEvery         = 2 * time.Second
)

// crashed is where `kubectl logs --previous` finds what a container printed before it exited.
func crashed(path string) string { return path + ".previous" }

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
	w, err := newLogWriter(c.logDir(f.dir), logFileLimit)
	if err != nil {
		f.say.line("%s has no logs: %v", c.Name, err)
		return
	}
	defer w.close()
	api, err := c.api(f.dir)
	if err != nil {
		f.say.line("%s has no logs: %v", c.Name, err)
		return
	}
	defer api.close()
	t := newTraffic(c.Name)
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
				answers, broken = api.look(ctx)
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

// look asks whether the cluster answers and whether app2 is at a version that crashes.
func (a *api) look(ctx context.Context) (answers, broken bool) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	all, err := a.deployments(ctx)
	return err == nil, err == nil && strings.HasSuffix(all["app2"].image(), "-broken")
}

// line is one line of one application.
type line struct {
	at   time.Time
	app  string
	err  bool // written to stderr
	last bool // the container exits after it
	text string
}

// traffic makes up requests that pass gateway -> app1 -> app2 -> app3 -> db. The same seed gives the same traffic.
type traffic struct {
	random *rand.Rand
	count  int
}

func newTraffic(cluster string) *traffic {
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
		exit := entry("app2", "error", `msg="cannot start" err="config: unknown key \"poolSise\"" exit_code=1`)
		exit.last = true
		return append(lines, entry("app1", "error", `msg="call failed" upstream=app2 err="connection refused" attempt=3`), exit)
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
	limit int64 // bytes per file
	files map[string]*os.File
	sizes map[string]int64
}

func newLogWriter(dir string, limit int64) (*logWriter, error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return nil, fmt.Errorf("make folder for logs: %w", err)
	}
	w := &logWriter{dir: dir, limit: limit, files: map[string]*os.File{}, sizes: map[string]int64{}}
	for _, app := range talkers {
		if err := w.open(app); err != nil {
			w.close()
			return nil, err
		}
	}
	return w, nil
}

func (w *logWriter) open(app string) error {
	file, err := os.OpenFile(filepath.Join(w.dir, app+".log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		return fmt.Errorf("look at log: %w", err)
	}
	w.files[app], w.sizes[app] = file, info.Size()
	return nil
}

func (w *logWriter) write(l line) error {
	path := filepath.Join(w.dir, l.app+".log")
	if w.sizes[l.app] > w.limit {
		if err := w.files[l.app].Close(); err != nil {
			return fmt.Errorf("close %s: %w", path, err)
		}
		if err := os.Rename(path, path+".1"); err != nil {
			return fmt.Errorf("set %s aside: %w", path, err)
		}
		if err := w.open(l.app); err != nil {
			return err
		}
	}
	stream := "stdout"
	if l.err {
		stream = "stderr"
	}
	text := fmt.Sprintf("%s %s F %s\n", l.at.UTC().Format(time.RFC3339Nano), stream, l.text)
	n, err := w.files[l.app].WriteString(text)
	w.sizes[l.app] += int64(n)
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if l.last {
		return writeFile(crashed(path), []byte(text), 0o640)
	}
	return nil
}

func (w *logWriter) close() {
	for _, file := range w.files {
		file.Close()
	}
}
