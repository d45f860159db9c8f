// Command run runs every suite that gates a change, one after another, shows each package as it ends and each
// failure in full, and closes with one line over all of them: "N passed, N failed, N skipped".
package main

import (
	"bufio"
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
	"strings"
	"syscall"
	"time"
)

type suite struct {
	name string
	dir  string
	run  func(ctx context.Context, s suite, t *tally) error
	args []string
}

var suites = []suite{
	{name: "unit", dir: ".", run: goTest, args: []string{"./..."}},
	{name: "page", dir: "ui", run: vitest},
	// Never from the cache: what these prove lies in programs that go test does not know of.
	{name: "fleet", dir: "test/fleet", run: goTest, args: []string{"-count=1", "./..."}},
	{name: "e2e", dir: "test/e2e", run: goTest, args: []string{"-count=1", "-p=1", "./..."}},
}

func main() {
	only := flag.String("only", "", "run these suites, comma-separated: unit, page, fleet, e2e (default all)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	t := &tally{began: time.Now()}
	for _, s := range suites {
		if *only != "" && !strings.Contains(","+*only+",", ","+s.name+",") {
			continue
		}
		fmt.Printf("=== %s (%s)\n", s.name, s.dir)
		if err := s.run(ctx, s, t); err != nil && ctx.Err() == nil {
			t.broken = append(t.broken, fmt.Sprintf("%s: %v", s.name, err))
		}
		if ctx.Err() != nil {
			t.broken = append(t.broken, "interrupted")
			break
		}
	}
	os.Exit(t.close())
}

// tally counts over all suites. A suite that breaks without a failed test counts as one failure.
type tally struct {
	began                   time.Time
	passed, failed, skipped int
	broken                  []string
}

func (t *tally) close() int {
	for _, b := range t.broken {
		fmt.Println("BROKEN", b)
		t.failed++
	}
	if t.passed == 0 && t.failed == 0 {
		fmt.Println("no test ran")
		t.failed++
	}
	fmt.Printf("in %s\n%d passed, %d failed, %d skipped\n", time.Since(t.began).Round(time.Second), t.passed, t.failed, t.skipped)
	if t.failed > 0 {
		return 1
	}
	return 0
}

// goTest counts top-level tests and their sub-tests alike, and keeps the output of those that fail.
func goTest(ctx context.Context, s suite, t *tally) error {
	if _, err := os.Stat(filepath.Join(s.dir, "go.mod")); err != nil {
		return err
	}
	args := append([]string{"test", "-json", "-timeout=60m"}, s.args...)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = s.dir
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // tests stop what they started
	cmd.WaitDelay = time.Minute
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	failedBefore := t.failed
	readGoTest(out, t)
	err = cmd.Wait()
	if err != nil && t.failed > failedBefore {
		return nil // already counted
	}
	return err
}

type goEvent struct {
	Action, Package, Test, Output, ImportPath string
	Elapsed                                   float64
}

func readGoTest(r io.Reader, t *tally) {
	output := map[string]*strings.Builder{}
	failedIn := map[string]int{}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 16<<20)
	for lines.Scan() {
		var e goEvent
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			fmt.Println(lines.Text())
			continue
		}
		key := e.Package + " " + e.Test
		switch e.Action {
		case "output", "build-output":
			if e.ImportPath != "" {
				key = e.ImportPath
			}
			if output[key] == nil {
				output[key] = &strings.Builder{}
			}
			output[key].WriteString(e.Output)
			if e.Action == "build-output" {
				fmt.Print(e.Output)
			}
		case "pass", "skip", "fail":
			t.ended(e, output[key], failedIn)
			delete(output, key)
		}
	}
}

func (t *tally) ended(e goEvent, out *strings.Builder, failedIn map[string]int) {
	if e.Test == "" {
		if e.Action != "skip" || e.Elapsed > 0 { // "skip" without a test: no test files
			fmt.Printf("%-4s %-60s %6.1fs\n", e.Action, e.Package, e.Elapsed)
		}
		if e.Action == "fail" && failedIn[e.Package] == 0 { // it did not build, or died outside a test
			t.failed++
			if out != nil {
				fmt.Print(out.String())
			}
		}
		return
	}
	switch e.Action {
	case "pass":
		t.passed++
	case "skip":
		t.skipped++
		fmt.Printf("skip %s %s\n%s", e.Package, e.Test, text(out))
	case "fail":
		t.failed++
		failedIn[e.Package]++
		fmt.Printf("FAIL %s %s\n%s", e.Package, e.Test, text(out))
	}
}

func text(b *strings.Builder) string {
	if b == nil {
		return ""
	}
	return b.String()
}

// vitest runs the page's unit tests.
func vitest(ctx context.Context, s suite, t *tally) error {
	report, err := os.CreateTemp("", "foretop-vitest-*.json")
	if err != nil {
		return err
	}
	report.Close()
	defer os.Remove(report.Name())
	cmd := exec.CommandContext(ctx, "npx", "--no-install", "vitest", "run", "--reporter=default", "--reporter=json", "--outputFile.json="+report.Name())
	cmd.Dir = s.dir
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	runErr := cmd.Run()
	raw, err := os.ReadFile(report.Name())
	if err != nil {
		return err
	}
	var result struct {
		NumPassedTests, NumFailedTests, NumPendingTests, NumTotalTests int
	}
	if err := json.Unmarshal(raw, &result); err != nil {
		return errors.Join(fmt.Errorf("read vitest's report: %w", err), runErr)
	}
	t.passed += result.NumPassedTests
	t.failed += result.NumFailedTests
	t.skipped += result.NumPendingTests
	if runErr != nil && result.NumFailedTests == 0 {
		return runErr
	}
	return nil
}
