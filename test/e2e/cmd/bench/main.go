// Command bench measures what users feel and writes the figures with the machine's description.
//
// It brings the whole product up on three clusters, changes objects at a steady rate and looks when each change is
// found by a search; then it runs the Go benchmarks. Nothing here passes or fails by the clock.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"text/tabwriter"
	"time"

	"github.com/foretop/foretop/test/fleet/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

// result is one benchmark's file.
type result struct {
	Name    string             `json:"name"`
	At      time.Time          `json:"at"`
	Machine machine            `json:"machine"`
	Setup   string             `json:"setup"`
	Figures map[string]float64 `json:"figures"`
}

type machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	Memory string `json:"memory"`
	System string `json:"system"`
	Go     string `json:"go"`
}

func run(ctx context.Context) error {
	out := flag.String("out", "bench/results", "folder for the figures")
	root := flag.String("root", "../..", "the checkout")
	changes := flag.Int("changes", 600, "changes to make")
	rate := flag.Int("rate", 50, "changes per second")
	only := flag.String("only", "", "fleet or go; default both")
	ops := flag.String("ops", "", "address for the hub's operations listener, to take profiles from; default any")
	flag.Parse()
	if err := os.MkdirAll(*out, 0o750); err != nil {
		return err
	}
	var results []result
	if *only != "go" {
		r, err := onFleet(ctx, *root, *ops, *changes, *rate)
		if err != nil {
			return err
		}
		results = append(results, r...)
	}
	if *only != "fleet" {
		r, err := goBenchmarks(ctx, *root)
		if err != nil {
			return err
		}
		results = append(results, r...)
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	for _, r := range results {
		raw, err := json.MarshalIndent(r, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(*out, r.Name+".json"), append(raw, '\n'), 0o644); err != nil { //nolint:gosec // figures are public
			return err
		}
		fmt.Fprintf(table, "%s\t%s\n", r.Name, r.Setup)
		names := make([]string, 0, len(r.Figures))
		for name := range r.Figures {
			names = append(names, name)
		}
		slices.Sort(names)
		for _, name := range names {
			fmt.Fprintf(table, "  %s\t%s\n", name, strconv.FormatFloat(r.Figures[name], 'f', -1, 64))
		}
	}
	return table.Flush()
}

func onFleet(ctx context.Context, root, ops string, changes, rate int) (results []result, err error) {
	program, err := filepath.Abs(filepath.Join(root, "bin", "foretop"))
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "foretop-bench-")
	if err != nil {
		return nil, err
	}
	d, err := demo.Up(ctx, demo.Options{Dir: dir, Program: program, Ops: ops, Progress: os.Stderr})
	if err != nil {
		return nil, err
	}
	defer func() {
		err = errors.Join(err, d.Stop())
		if err == nil {
			err = os.RemoveAll(dir)
		}
	}()
	fresh, err := freshness(ctx, d, changes, rate)
	if err != nil {
		return nil, err
	}
	return []result{*fresh}, nil
}

// quantiles of durations, in milliseconds.
func quantiles(prefix string, all []time.Duration, into map[string]float64) {
	slices.Sort(all)
	at := func(q float64) float64 {
		d := all[min(len(all)-1, int(q*float64(len(all))))]
		return float64(d.Round(100*time.Microsecond).Microseconds()) / 1000
	}
	into[prefix+"_p50_ms"], into[prefix+"_p90_ms"], into[prefix+"_p99_ms"], into[prefix+"_max_ms"] = at(0.5), at(0.9), at(0.99), at(1)
}

// goBenchmarks runs the repository's benchmarks once each and keeps what they report.
func goBenchmarks(ctx context.Context, root string) ([]result, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=.", "-benchmem", "-timeout=30m", "./...")
	cmd.Dir = root
	var buf bytes.Buffer
	cmd.Stdout = io.MultiWriter(&buf, os.Stderr)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("go benchmarks: %w", err)
	}
	figures := map[string]map[string]float64{}
	pkg := ""
	for lines := bufio.NewScanner(&buf); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) == 2 && fields[0] == "pkg:" {
			pkg = strings.TrimPrefix(strings.TrimPrefix(fields[1], "github.com/foretop/foretop"), "/")
		}
		if len(fields) < 4 || !strings.HasPrefix(fields[0], "Benchmark") {
			continue
		}
		name := strings.TrimPrefix(fields[0], "Benchmark")
		if i := strings.LastIndexByte(name, '-'); i > 0 {
			name = name[:i] // the number of processors
		}
		for i := 2; i+1 < len(fields); i += 2 {
			v, err := strconv.ParseFloat(fields[i], 64)
			if err != nil {
				continue
			}
			if figures[pkg] == nil {
				figures[pkg] = map[string]float64{}
			}
			figures[pkg][name+" "+fields[i+1]] = v
		}
	}
	var results []result
	for pkg, f := range figures {
		results = append(results, result{Name: strings.ReplaceAll(pkg, "/", "-"), At: time.Now().UTC().Truncate(time.Second), Machine: thisMachine(), Setup: "go test -bench=. ./" + pkg, Figures: f})
	}
	slices.SortFunc(results, func(a, b result) int { return strings.Compare(a.Name, b.Name) })
	return results, nil
}

func thisMachine() machine {
	m := machine{Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	m.CPU = firstLineWith("/proc/cpuinfo", "model name")
	m.Memory = firstLineWith("/proc/meminfo", "MemTotal")
	return m
}

func firstLineWith(path, key string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	for _, line := range strings.Split(string(raw), "\n") {
		if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == key {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
