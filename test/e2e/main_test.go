// Package e2e proves the product from outside: the built program on three real clusters, asked by GraphQL, by its
// command line and in a browser, and checked with kubectl.
//
//	zone1 zone2 <--watch-- foretop up --page, GraphQL--> tests
//	zone3 <--watch-- foretop collect --gRPC-----^
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foretop/foretop/test/fleet/demo"
)

// stand is what all tests share: bringing it up takes longer than most of them.
var stand *demo.Demo

var program = must(filepath.Abs("../../bin/foretop"))

func TestMain(m *testing.M) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(runAll(ctx, m))
}

func runAll(ctx context.Context, m *testing.M) int {
	if _, err := os.Stat(program); err != nil {
		fmt.Fprintln(os.Stderr, "bin/foretop is missing: run make build engine fleet first")
		return 1
	}
	if dir := os.Getenv("FORETOP_E2E_DEMO"); dir != "" { // a demo that runs, for tests that only ask
		var err error
		if stand, err = demo.Attach(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}
	// Short, since unix sockets live below it.
	dir, err := os.MkdirTemp("", "foretop-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Fprintln(os.Stderr, "state of this run:", dir)
	stand, err = demo.Up(ctx, demo.Options{Dir: dir, Program: program, Progress: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := m.Run()
	if err := stand.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stop:", err)
		code = 1
	}
	if code == 0 {
		if err := os.RemoveAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	} else {
		fmt.Fprintln(os.Stderr, "logs and state are kept in", dir)
	}
	return code
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// patience is with a machine that has much else to do.
const patience = 3 * time.Minute

// eventually repeats try until it answers nil; the last answer is the failure.
func eventually(t *testing.T, limit time.Duration, what string, try func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := try(ctx)
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-ctx.Done():
			t.Fatalf("%s: not within %s; last: %v", what, limit, last)
		case <-tick.C:
		}
	}
}

// ask sends GraphQL to the shared hub and fails the test on an error.
func ask(t *testing.T, query string, variables map[string]any, answer any) {
	t.Helper()
	if err := stand.Ask(t.Context(), query, variables, answer); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

// refused sends GraphQL that must fail and answers the error.
func refused(t *testing.T, query string, variables map[string]any) *demo.GraphQLError {
	t.Helper()
	err := stand.Ask(t.Context(), query, variables, nil)
	var e *demo.GraphQLError
	if !errors.As(err, &e) {
		t.Fatalf("%s answers %v, want an error", query, err)
	}
	return e
}

// cli runs the program as a person would, against the shared hub.
func cli(t *testing.T, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append(os.Environ(), "FORETOP_SERVER="+stand.URL(), "FORETOP_TOKEN="+stand.Token(), "NO_COLOR=1")
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("foretop %s: %v", strings.Join(args, " "), err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// kubectl asks a cluster itself.
func kubectl(t *testing.T, cluster string, args ...string) string {
	t.Helper()
	out, err := stand.Fleet.Kubectl(t.Context(), cluster, args...)
	if err != nil {
		t.Fatalf("kubectl --context %s %s: %v", cluster, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(out)
}

func toJSON(v any) string { return string(must(json.Marshal(v))) }
