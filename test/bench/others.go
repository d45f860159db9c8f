package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/foretop/foretop/test/bench/report"
)

// freshness runs the program that measures it on real clusters. That has a module of its own: the clusters' programs
// are dependencies that nothing else should carry.
func freshness(ctx context.Context) (*report.Result, error) {
	cmd := exec.CommandContext(ctx, "go", "run", "./cmd/bench")
	cmd.Dir = "test/e2e"
	cmd.Stderr = os.Stderr
	printed, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("measure freshness: %w", err)
	}
	r := report.New("freshness", "")
	if err := json.Unmarshal(printed, r); err != nil {
		return nil, fmt.Errorf("read what freshness printed: %w", err)
	}
	return r, nil
}

// goBenchmarks runs the repository's benchmarks once each and keeps what they report.
func goBenchmarks(ctx context.Context) ([]*report.Result, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=.", "-benchmem", "-timeout=30m", "./...")
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
	var results []*report.Result
	for pkg, f := range figures {
		r := report.New(strings.ReplaceAll(pkg, "/", "-"), "go test -bench=. ./"+pkg)
		r.Figures = f
		results = append(results, r)
	}
	slices.SortFunc(results, func(a, b *report.Result) int { return strings.Compare(a.Name, b.Name) })
	return results, nil
}
