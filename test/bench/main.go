// Command bench fills a hub with a large fleet and measures what people feel: how fast it takes objects in, what they
// cost on disk and in memory, how soon it is back after a restart, and how long each kind of question takes.
//
// Everything is real: the engine, etcd, the aggregator, the search service and GraphQL over the loopback; only the
// collectors are played, from a source of objects. Nothing passes or fails by the clock, but every count is compared
// with what the source knows.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"syscall"
	"time"

	"github.com/foretop/foretop/internal/engine"
	"github.com/foretop/foretop/test/bench/mixed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if len(os.Args) > 1 && os.Args[1] == "engine" { // this program is also the engine's, as foretop is
		exit(runEngine(ctx))
	}
	if len(os.Args) > 1 && os.Args[1] == "watchers" {
		exit(runWatchers(ctx, os.Stdin, os.Stdout))
	}
	exit(run(ctx))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runEngine(ctx context.Context) error {
	var config engine.Config
	flags := flag.NewFlagSet("engine", flag.ExitOnError)
	config.RegisterFlags(flags)
	if err := flags.Parse(os.Args[2:]); err != nil {
		return err
	}
	return engine.Main(ctx, config, quiet())
}

func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// settings are the flags.
type settings struct {
	name, pods        string
	objects, clusters int
	share             float64
	writers           int
	alone             bool
	only              *regexp.Regexp
	budget            time.Duration
	watched           time.Duration
	changes           int
	dir, out, docs    string
	profiles          string
}

func (s *settings) wants(what string) bool { return s.only.MatchString(what) }

func run(ctx context.Context) error {
	var s settings
	what := flag.String("what", "fleet", "fleet: a large one; freshness: changes on real clusters (see make fleet); go: the benchmarks of the packages")
	flag.StringVar(&s.pods, "pods", "", "file of Pods, a line {\"cluster\": NAME, \"object\": POD} each, in place of the mixed fleet")
	flag.IntVar(&s.objects, "objects", 1_000_000, "objects of the mixed fleet")
	flag.IntVar(&s.clusters, "clusters", 100, "clusters of the mixed fleet")
	flag.Float64Var(&s.share, "updates", 0.2, "share of the objects that are changed")
	flag.IntVar(&s.writers, "writers", 20, "clusters that send at the same time")
	flag.BoolVar(&s.alone, "alone", false, "search does not follow while objects are taken in")
	only := flag.String("only", "", "regular expression of parts and questions: load, update, restart, catch-up, rebuild, kube, get one ...")
	flag.DurationVar(&s.budget, "per-question", time.Second, "time for each question, in each of two ways")
	flag.DurationVar(&s.watched, "watched", time.Minute, "time that watches of the Kubernetes API are told of changes, for each way of watching")
	flag.IntVar(&s.changes, "changes", 1000, "changes a second that watches are told of")
	flag.StringVar(&s.dir, "dir", "", "folder of the hub's data, kept; one that holds this fleet is not filled again")
	flag.StringVar(&s.out, "out", "", "folder for the figures; empty for stdout alone")
	flag.StringVar(&s.docs, "docs", "", "page whose tables are brought up to date")
	flag.StringVar(&s.name, "name", "", "name of the figures; default pods or mixed")
	flag.StringVar(&s.profiles, "profiles", "", "folder for a profile of the processor for each part, and of memory")
	flag.Parse()
	var err error
	if s.only, err = regexp.Compile("(?i)" + *only); err != nil {
		return fmt.Errorf("--only: %w", err)
	}
	switch *what {
	case "fleet":
	case "freshness":
		r, err := freshness(ctx)
		if err != nil {
			return err
		}
		return finish(&s, r)
	case "go":
		all, err := goBenchmarks(ctx)
		for _, r := range all {
			err = errors.Join(err, finish(&s, r))
		}
		return err
	default:
		return fmt.Errorf("--what %s: it is fleet, freshness or go", *what)
	}
	if s.name == "" {
		s.name = "mixed"
		if s.pods != "" {
			s.name = "pods"
		}
	}
	if s.dir == "" {
		if s.dir, err = os.MkdirTemp("", "foretop-bench-"); err != nil {
			return err
		}
		defer os.RemoveAll(s.dir)
	} else if s.dir, err = filepath.Abs(s.dir); err != nil {
		return err
	}
	var src source
	if s.pods != "" {
		fmt.Fprintln(os.Stderr, "reading", s.pods)
		if src, err = openPods(ctx, s.pods); err != nil {
			return err
		}
	} else {
		src = mixedSource{mixed.New(mixed.Config{Objects: s.objects, Clusters: s.clusters})}
	}
	results, err := bench(ctx, &s, src)
	for _, r := range results {
		err = errors.Join(err, finish(&s, r))
	}
	return err
}

// profiled runs one part under the processor's profiler.
func (s *settings) profiled(part string, work func() error) error {
	if s.profiles == "" {
		return work()
	}
	if err := os.MkdirAll(s.profiles, 0o750); err != nil {
		return err
	}
	f, err := os.Create(filepath.Join(s.profiles, part+".cpu.pprof"))
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	err = work()
	pprof.StopCPUProfile()
	heap, herr := os.Create(filepath.Join(s.profiles, part+".heap.pprof"))
	if herr != nil {
		return errors.Join(err, herr)
	}
	defer heap.Close()
	return errors.Join(err, pprof.WriteHeapProfile(heap))
}
