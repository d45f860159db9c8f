package clickhouse_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/schemas"
)

// openOwn starts an engine for this test alone, supervised until the test ends.
func openOwn(t *testing.T, dir string) *clickhouse.DB {
	t.Helper()
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(dir)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- db.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run: %v", err)
		}
		if err := db.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	return db
}

func count(t *testing.T, db *clickhouse.DB, what string) uint64 {
	t.Helper()
	return clickhousetest.Value[uint64](t, db, "SELECT "+what+" FROM "+db.Table("ingest_ledger"), nil)
}

func ledgerRow(n uint64) []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "cluster", Values: []string{"c"}}, {Name: "stream", Values: []string{"s"}},
		{Name: "batch_seq", Values: []uint64{n}}, {Name: "committed_at", Values: []time.Time{time.Now()}},
	}
}

// writer --insert(token)--> engine  X kill -9, three times
//
//	`--- told it is durable ---'     each of those rows must be there once
func TestEveryAcknowledgedInsertSurvivesKill(t *testing.T) {
	db := openOwn(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var mu sync.Mutex
	acknowledged := map[uint64]bool{}
	var writers sync.WaitGroup
	for w := range uint64(4) {
		writers.Go(func() {
			for n := w << 32; ctx.Err() == nil; n++ {
				for ctx.Err() == nil { // as the aggregator does: the same batch with the same token until it is in
					err := db.Insert(ctx, "ingest_ledger", ledgerRow(n), strconv.FormatUint(n, 10))
					if err == nil {
						mu.Lock()
						acknowledged[n] = true
						mu.Unlock()
						break
					}
					if ctx.Err() == nil && !clickhouse.Unavailable(err) {
						t.Errorf("insert %d: %v", n, err)
						return
					}
				}
			}
		})
	}
	for round := range 3 {
		waitFor(t, 20*time.Second, "100 more acknowledged inserts", func() bool {
			mu.Lock()
			defer mu.Unlock()
			return len(acknowledged) >= 100*(round+1)
		})
		pid := db.Pid()
		killed := time.Now()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitFor(t, 10*time.Second, "an engine with another process", func() bool { return db.Pid() != pid && db.Ping(ctx) == nil })
		if took := time.Since(killed); took > 3*time.Second {
			t.Errorf("the engine was back after %s, want at most 3 s", took)
		}
		mu.Lock()
		t.Logf("killed with %d inserts acknowledged, back in %s", len(acknowledged), time.Since(killed).Round(time.Millisecond))
		mu.Unlock()
	}
	cancel()
	writers.Wait()
	// One statement: what was under way when the writers ended still arrives.
	if twice := count(t, db, "toUInt64(count() - uniqExact(batch_seq))"); twice != 0 {
		t.Errorf("%d rows are there twice", twice)
	}
	present := clickhousetest.Value[[]uint64](t, db, "SELECT groupArray(batch_seq) FROM "+db.Table("ingest_ledger"), nil)
	for _, n := range present {
		mu.Lock()
		delete(acknowledged, n)
		mu.Unlock()
	}
	if len(acknowledged) > 0 {
		t.Errorf("%d acknowledged inserts are gone", len(acknowledged))
	}
}

func TestTokensAreRememberedAcrossRestarts(t *testing.T) {
	dir := t.TempDir()
	db := openOwn(t, dir)
	for range 2 {
		if err := db.Insert(t.Context(), "ingest_ledger", ledgerRow(1), "same"); err != nil {
			t.Fatal(err)
		}
		pid := db.Pid()
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		waitFor(t, 10*time.Second, "an engine with another process", func() bool { return db.Pid() != pid && db.Ping(t.Context()) == nil })
	}
	if got := count(t, db, "count()"); got != 1 {
		t.Errorf("%d rows, want 1", got)
	}
}

func TestReadsWaitForARestart(t *testing.T) {
	db := openOwn(t, t.TempDir())
	for range 3 {
		if err := syscall.Kill(db.Pid(), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		count(t, db, "count()") // fails the test when the read does
		waitFor(t, 5*time.Second, "an answer", func() bool { return db.Ping(t.Context()) == nil })
	}
}

// Without Run nobody starts the engine again.
func TestWithoutSupervisionTheErrorIsUnavailable(t *testing.T) {
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(t.TempDir())}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(db.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup // at a time, since each tries again for 3 s
	f := func(what string, call func() error) {
		calls.Go(func() {
			if err := call(); !clickhouse.Unavailable(err) {
				t.Errorf("%s: %v is not unavailable", what, err)
			}
		})
	}
	f("Exec", func() error { return db.Exec(t.Context(), "SELECT 1", nil) })
	f("Query", func() error { _, err := db.Query(t.Context(), "SELECT 1", nil); return err })
	f("Insert", func() error { return db.Insert(t.Context(), "ingest_ledger", ledgerRow(1), "t") })
	calls.Wait()
}

func TestCloseEndsTheEngine(t *testing.T) {
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(t.TempDir())}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	pid := db.Pid()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if alive(pid) {
		t.Errorf("process %d still runs", pid)
	}
}

// hubEnv makes the test binary a hub that opens an engine in the folder it names and waits to be killed.
const hubEnv = "FORETOP_TEST_HUB"

func TestHubToBeKilled(t *testing.T) {
	dir := os.Getenv(hubEnv)
	if dir == "" {
		return // runs only as a child of the test below
	}
	db, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(dir)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "pid.new"), []byte(strconv.Itoa(db.Pid())), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "pid.new"), filepath.Join(dir, "pid")); err != nil {
		t.Fatal(err)
	}
	db.Run(context.Background())
}

func TestKillOfTheHubLeavesNoEngine(t *testing.T) {
	dir := t.TempDir()
	hub := exec.Command(os.Args[0], "-test.run=^TestHubToBeKilled$")
	hub.Env = append(os.Environ(), hubEnv+"="+dir)
	if err := hub.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	waitFor(t, 30*time.Second, "the hub's engine", func() bool {
		text, err := os.ReadFile(filepath.Join(dir, "pid"))
		if err == nil {
			pid, err = strconv.Atoi(string(text))
		}
		return err == nil
	})
	hub.Process.Kill()
	hub.Wait()
	next, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(dir)}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Errorf("the next hub does not wait for the end of the engine before: %v", err)
	} else {
		next.Close()
	}
	waitFor(t, 5*time.Second, "the engine's end", func() bool { return !alive(pid) })
}

// On a machine with much else to do, an engine takes long to end when its hub is gone.
func TestTheEngineOfAKilledHubMayEndLate(t *testing.T) {
	dir := t.TempDir()
	hub := exec.Command(os.Args[0], "-test.run=^$")
	if err := hub.Run(); err != nil {
		t.Fatal(err)
	}
	lock, err := os.OpenFile(filepath.Join(dir, "engine.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	if err := syscall.Flock(int(lock.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(lock, "%d %d\n", os.Getpid(), hub.Process.Pid); err != nil { // the engine is this process
		t.Fatal(err)
	}
	opened := make(chan error, 1)
	go func() {
		next, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: clickhousetest.Engine(dir)}, slog.New(slog.DiscardHandler))
		if err == nil {
			next.Close()
		}
		opened <- err
	}()
	select {
	case err := <-opened:
		t.Fatalf("while the engine before has not ended: %v", err)
	case <-time.After(4 * time.Second): // longer than the engine of a hub that lives is waited for
	}
	lock.Close()
	if err := <-opened; err != nil {
		t.Error(err)
	}
}

func TestASecondEngineOnAFolderIsRefusedInOneSentence(t *testing.T) {
	dir := t.TempDir()
	db := openOwn(t, dir)
	other := clickhousetest.Engine(dir)
	other.Socket = filepath.Join(t.TempDir(), "other.sock")
	_, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: other}, slog.New(slog.DiscardHandler))
	want := fmt.Sprintf("the data folder %s is in use by another engine (process %d): stop that one or choose another folder", dir, db.Pid())
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAMissingLibraryIsNamedWithTheRemedy(t *testing.T) {
	config := clickhousetest.Engine(t.TempDir())
	config.Library = "/nowhere/libchdb.so"
	_, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: config}, slog.New(slog.DiscardHandler))
	want := "the engine library is not at /nowhere/libchdb.so: run `make engine`, or name it with --library or FORETOP_ENGINE_LIBRARY"
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestAFolderThatCannotBeMadeIsNamed(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	config := clickhousetest.Engine(file)
	config.Socket = filepath.Join(t.TempDir(), "s")
	_, err := clickhouse.Open(t.Context(), clickhouse.Config{Engine: config}, slog.New(slog.DiscardHandler))
	if err == nil || !strings.Contains(err.Error(), "prepare the data folder "+file) {
		t.Errorf("got %v", err)
	}
}

func TestAWrongAddressIsExplainedInOneSentence(t *testing.T) {
	f := func(dsn, want string) {
		t.Helper()
		_, err := clickhouse.Open(t.Context(), clickhouse.Config{DSN: dsn}, slog.New(slog.DiscardHandler))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", dsn, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: the password is in %v", dsn, err)
		}
	}
	f("db:9000", "cannot be used")
	f("mysql://u:secret@db/x", `the scheme "mysql" is not known`)
	f("clickhouse://", "it names no host")
	f("clickhouse://u:secret@127.0.0.1:1/x", "does not answer")
}

func alive(pid int) bool { return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func waitFor(t *testing.T, patience time.Duration, what string, f func() bool) {
	t.Helper()
	for deadline := time.Now().Add(patience); !f(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("no %s after %s", what, patience)
		}
	}
}
