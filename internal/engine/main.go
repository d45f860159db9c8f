package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Config says where an engine keeps its data and where it answers.
type Config struct {
	Library   string // path of libchdb; "" looks in FORETOP_ENGINE_LIBRARY, then in the user's cache
	DataDir   string // holds one engine's data; created when missing
	Socket    string // unix socket to answer on; "" is engine.sock in DataDir
	MaxMemory uint64 // bytes all statements together may use; 0 is half of what the machine or its cgroup gives
	Queries   int    // statements that run at a time; 0 is 8
	Inserts   int    // inserts that run at a time besides; 0 is 4
}

// Flags is a set of flags, the standard library's or pflag's.
type Flags interface {
	StringVar(p *string, name, value, usage string)
	Uint64Var(p *uint64, name string, value uint64, usage string)
}

// RegisterFlags adds the flags of `foretop engine`.
func (c *Config) RegisterFlags(flags Flags) {
	flags.StringVar(&c.Library, "library", c.Library, "path of the engine library; by default FORETOP_ENGINE_LIBRARY, then the user's cache")
	flags.StringVar(&c.DataDir, "data-dir", c.DataDir, "folder of the engine's data")
	flags.StringVar(&c.Socket, "socket", c.Socket, "unix socket to answer on; by default engine.sock in the data folder")
	flags.Uint64Var(&c.MaxMemory, "max-memory", c.MaxMemory, "bytes that all statements together may use; by default half of the machine's")
}

// ParentEnv set to "stdin" makes the engine end when its standard input closes, that is, when its parent is gone
// in whatever way. A supervisor hands it a pipe there.
const ParentEnv = "FORETOP_ENGINE_PARENT"

const (
	// orphanEnds is when an engine whose parent is gone ends, whatever it still does.
	orphanEnds = 2 * time.Second
	// orphanGone is how long the system may take for that on a machine with much else to do.
	orphanGone = 30 * time.Second
)

// Main runs an engine until ctx ends.
func Main(ctx context.Context, config Config, log *slog.Logger) error {
	if config.DataDir == "" {
		return errors.New("an engine needs a data folder: name it with --data-dir")
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if os.Getenv(ParentEnv) == "stdin" {
		go func() {
			io.Copy(io.Discard, os.Stdin)
			cancel()
			time.Sleep(orphanEnds) // an orderly end takes milliseconds; a busy library must not delay it for long
			os.Exit(1)
		}()
	}
	started := time.Now()
	path, err := findLibrary(config.Library)
	if err != nil {
		return err
	}
	unlock, err := claim(ctx, config.DataDir)
	if err != nil {
		return err
	}
	defer unlock()
	boot, err := writeBootFile(config)
	if err != nil {
		return explain(err, config.DataDir)
	}
	lib, err := load(path)
	if err != nil {
		return err
	}
	arguments := []string{"clickhouse", "--path=" + filepath.Join(config.DataDir, "data"), "--config-file=" + boot}
	baseline := baselineSettings(config)
	open := func() (*connection, error) { return openConnection(lib, arguments, baseline) }
	keep, err := open() // the library shuts its engine down with the last connection: this one stays
	if err != nil {
		return fmt.Errorf("open the data in %s: %w", config.DataDir, err)
	}
	var version string
	if err := keep.query("SELECT version()", nil, "TabSeparated", func(b []byte) error { version = strings.TrimSpace(string(b)); return nil }); err != nil {
		return fmt.Errorf("ask the engine for its version: %w", err)
	}
	s := &server{
		log: log, version: version,
		queries: newPool(orDefault(config.Queries, 8), open),
		inserts: newPool(orDefault(config.Inserts, 4), open),
		control: newPool(1, func() (*connection, error) { return keep, nil }),
	}
	listener, err := listen(config)
	if err != nil {
		return err
	}
	log.Info("engine ready", "socket", listener.Addr().String(), "data_dir", config.DataDir, "version", version, "took", time.Since(started).Round(time.Millisecond))
	err = serve(ctx, listener, s)
	// Closing in order lets the library finish its background work; what it would not finish in time is done again
	// at the next start.
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		s.queries.close()
		s.inserts.close()
		keep.close()
		lib.shutdown()
	}()
	select {
	case <-closed:
	case <-time.After(10 * time.Second):
		log.Warn("engine did not close in time and is left to the end of the process")
	}
	return err
}

func serve(ctx context.Context, listener net.Listener, handler http.Handler) error {
	requests, stop := context.WithCancel(context.Background())
	defer stop()
	server := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: 10 * time.Second,
		MaxHeaderBytes:    64 << 20, // parameters travel in the URL and may be long lists
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("answer on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if err := server.Shutdown(grace); err != nil {
		stop() // kills what still runs
		grace, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		server.Shutdown(grace)
	}
	return nil
}

// claim takes the data folder for this process. The lock goes with the process, however it ends: the engine of a hub that
// is gone is waited for.
func claim(ctx context.Context, dir string) (release func(), err error) {
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
		return nil, explain(err, dir)
	}
	f, err := os.OpenFile(filepath.Join(dir, "engine.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, explain(err, dir)
	}
	for began := time.Now(); ; {
		if err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
			break
		}
		holder, orphan := holderOf(f)
		patience := orphanEnds + time.Second
		if orphan {
			patience += orphanGone
		}
		if ctx.Err() != nil || time.Since(began) > patience {
			f.Close()
			return nil, fmt.Errorf("the data folder %s is in use by another engine (process %d): stop that one or choose another folder", dir, holder)
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
	parent := 0
	if os.Getenv(ParentEnv) == "stdin" {
		parent = os.Getppid()
	}
	f.Truncate(0)
	if _, err := f.WriteAt(fmt.Appendf(nil, "%d %d\n", os.Getpid(), parent), 0); err != nil {
		f.Close()
		return nil, explain(err, dir)
	}
	return func() { f.Close() }, nil
}

// holderOf reads who has a data folder, and whether it is an engine whose parent is gone.
func holderOf(f *os.File) (process int, orphan bool) {
	var parent int
	if _, err := fmt.Fscan(io.NewSectionReader(f, 0, 64), &process, &parent); err != nil || parent == 0 {
		return process, false // it has not written it down yet, or nobody started it
	}
	return process, errors.Is(syscall.Kill(parent, 0), syscall.ESRCH)
}

// explain turns what the file system says into a sentence with the remedy.
func explain(err error, dir string) error {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the data folder %s cannot be written: give this user write access or choose another folder (%w)", dir, err)
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return fmt.Errorf("the disk of the data folder %s is full: free some space or move the folder (%w)", dir, err)
	}
	return fmt.Errorf("prepare the data folder %s: %w", dir, err)
}

func listen(config Config) (net.Listener, error) {
	socket := config.Socket
	if socket == "" {
		socket = filepath.Join(config.DataDir, "engine.sock")
	}
	if len(socket) > 107 {
		return nil, fmt.Errorf("the socket's path %s is longer than the 107 bytes a unix socket may have: choose a shorter one", socket)
	}
	if err := os.MkdirAll(filepath.Dir(socket), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the engine's socket: %w", err)
	}
	if info, err := os.Lstat(socket); err == nil && info.Mode()&fs.ModeSocket != 0 {
		if other, err := net.DialTimeout("unix", socket, time.Second); err == nil {
			other.Close()
			return nil, fmt.Errorf("something answers on %s already: stop it or choose another socket", socket)
		}
		os.Remove(socket) // left by an engine that was killed
	}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", socket, err)
	}
	if err := os.Chmod(socket, 0o600); err != nil { // whoever may connect may read and write everything
		listener.Close()
		return nil, fmt.Errorf("protect the engine's socket: %w", err)
	}
	return listener, nil
}

// writeBootFile writes the server settings, which are only read when the engine starts.
func writeBootFile(config Config) (string, error) {
	memory := config.memory()
	var b strings.Builder
	b.WriteString("<!-- Written by Foretop at every start. -->\n<clickhouse>\n")
	set := func(name string, value any) { fmt.Fprintf(&b, "  <%s>%v</%s>\n", name, value, name) }
	set("max_server_memory_usage", memory)
	set("mark_cache_size", memory/16)
	set("uncompressed_cache_size", 0)
	set("background_pool_size", max(2, min(runtime.NumCPU(), 8)))
	set("background_merges_mutations_concurrency_ratio", 1)
	// Merges can wait, people and collectors cannot: whatever else wants a core gets it first.
	set("os_threads_nice_value_merge_mutate", 15)
	set("background_schedule_pool_size", 4)
	b.WriteString("  <merge_tree>\n")
	// A mutation waits for this many free merge slots; the default of 20 is more than the pool has.
	b.WriteString("    <number_of_free_entries_in_pool_to_execute_mutation>1</number_of_free_entries_in_pool_to_execute_mutation>\n")
	b.WriteString("    <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>\n")
	b.WriteString("    <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>1</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>\n")
	b.WriteString("    <old_parts_lifetime>60</old_parts_lifetime>\n")
	b.WriteString("  </merge_tree>\n</clickhouse>\n")
	path := filepath.Join(config.DataDir, "engine.xml")
	return path, os.WriteFile(path, []byte(b.String()), 0o600)
}

// baselineSettings are what every statement starts from. The library's own defaults differ from a server's.
func baselineSettings(config Config) map[string]string {
	return map[string]string{
		"async_insert":                       "0", // 1 in the library: an answer would not mean durable
		"insert_deduplicate":                 "1",
		"implicit_select":                    "0",
		"allow_introspection_functions":      "0",
		"log_queries":                        "0",
		"query_profiler_real_time_period_ns": "0", // its signals have no handler here
		"query_profiler_cpu_time_period_ns":  "0",
		"max_threads":                        strconv.Itoa(max(1, min(runtime.NumCPU(), 16))),
		"max_memory_usage":                   strconv.FormatUint(config.memory()/10*8, 10),
		"max_bytes_before_external_group_by": strconv.FormatUint(config.memory()/4, 10),
		"max_bytes_before_external_sort":     strconv.FormatUint(config.memory()/4, 10),
		"session_timezone":                   "UTC",
	}
}

func (c Config) memory() uint64 {
	if c.MaxMemory > 0 {
		return c.MaxMemory
	}
	return max(512<<20, machineMemory()/2)
}

// machineMemory is what the machine or the process's cgroup gives, whichever is less; 4 GiB when neither tells.
func machineMemory() uint64 {
	total := uint64(4 << 30)
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		for line := range strings.Lines(string(text)) {
			if rest, ok := strings.CutPrefix(line, "MemTotal:"); ok {
				if kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
					total = kib << 10
				}
			}
		}
	}
	for _, path := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		if text, err := os.ReadFile(path); err == nil {
			if limit, err := strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64); err == nil {
				total = min(total, limit)
			}
		}
	}
	return total
}

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}
