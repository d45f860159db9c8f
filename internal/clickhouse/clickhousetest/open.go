// Package clickhousetest gives tests a real database: the embedded engine, or the server that
// FORETOP_TEST_CLICKHOUSE names.
//
// Invariant: one engine per test process, one database per test; nothing is left when the test process ends.
package clickhousetest

import (
	"context"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/engine"
	"github.com/foretop/foretop/schemas"
)

// asEngine makes a test binary run as an engine instead of running tests.
const asEngine = "FORETOP_CLICKHOUSETEST_AS_ENGINE"

// removeAtEnd makes the engine remove its folder when it ends: it outlives the test process by a moment.
const removeAtEnd = "FORETOP_CLICKHOUSETEST_REMOVE"

func init() {
	if os.Getenv(asEngine) == "" {
		return
	}
	os.Unsetenv(asEngine)
	var config engine.Config
	flags := flag.NewFlagSet("engine", flag.ExitOnError)
	config.RegisterFlags(flags)
	flags.Parse(os.Args[2:]) // after "engine"
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	err := engine.Main(ctx, config, slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})))
	if os.Getenv(removeAtEnd) != "" {
		os.RemoveAll(config.DataDir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

// Engine is how a test starts an engine of its own in dir, from the test binary itself.
func Engine(dir string) clickhouse.EngineConfig {
	return clickhouse.EngineConfig{DataDir: dir, Socket: filepath.Join(dir, "engine.sock"), MaxMemory: 2 << 30, Env: []string{asEngine + "=1"}}
}

var (
	once   sync.Once
	shared struct {
		config clickhouse.Config
		err    error
	}
	databases atomic.Int64
)

// Open gives a migrated database of its own to a test.
func Open(t testing.TB) *clickhouse.DB {
	t.Helper()
	once.Do(startShared)
	if shared.err != nil {
		t.Fatalf("start the test engine: %v", shared.err)
	}
	return OpenWith(t, shared.config)
}

// OpenWith gives a migrated database of its own in the engine or server that config names.
func OpenWith(t testing.TB, config clickhouse.Config) *clickhouse.DB {
	t.Helper()
	config.Database = fmt.Sprintf("test_%d_%d", os.Getpid(), databases.Add(1))
	db, err := clickhouse.Open(t.Context(), config, Log(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := db.Exec(ctx, "DROP DATABASE IF EXISTS `"+config.Database+"` SYNC", nil); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
		db.Close()
	})
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	return db
}

// Log shows warnings of the database's client.
func Log(testing.TB) *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
}

// startShared starts the process's engine, which ends and removes its folder when this process is gone.
func startShared() {
	if dsn := os.Getenv("FORETOP_TEST_CLICKHOUSE"); dsn != "" {
		shared.config = clickhouse.Config{DSN: dsn}
		return
	}
	dir, err := os.MkdirTemp("", "foretop-test-engine-")
	if err != nil {
		shared.err = err
		return
	}
	config := Engine(dir)
	config.Env = append(config.Env, removeAtEnd+"=1")
	shared.config = clickhouse.Config{DSN: "unix://" + config.Socket}
	holder, err := clickhouse.Open(context.Background(), clickhouse.Config{Engine: config}, slog.New(slog.DiscardHandler))
	if err != nil {
		shared.err = err
		os.RemoveAll(dir)
		return
	}
	go holder.Run(context.Background()) // the process owns it
}
