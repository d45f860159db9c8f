// Command bench brings the whole product up on three clusters, changes objects at a steady rate and looks when each
// change is found by a search. It prints the figures as JSON; test/bench keeps them with those of the other benchmarks.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
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

// result is what this program prints.
type result struct {
	Setup   string             `json:"setup"`
	Figures map[string]float64 `json:"figures"`
}

func run(ctx context.Context) (err error) {
	root := flag.String("root", "../..", "the checkout")
	changes := flag.Int("changes", 600, "changes to make")
	rate := flag.Int("rate", 50, "changes per second")
	ops := flag.String("ops", "", "address for the hub's operations listener, to take profiles from; default any")
	flag.Parse()
	program, err := filepath.Abs(filepath.Join(*root, "bin", "foretop"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "foretop-bench-")
	if err != nil {
		return err
	}
	d, err := demo.Up(ctx, demo.Options{Dir: dir, Program: program, Ops: *ops, Progress: os.Stderr})
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, d.Stop())
		if err == nil {
			err = os.RemoveAll(dir)
		}
	}()
	fresh, err := freshness(ctx, d, *changes, *rate)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(fresh)
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
