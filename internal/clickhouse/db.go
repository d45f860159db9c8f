// Package clickhouse is the one way to the database: clickhouse-go against a server that a DSN names, or against
// the embedded engine, which it starts and keeps alive as a child process.
//
// Invariant: a statement that returned nil is durable, and no value from outside ever becomes SQL text.
package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
)

// Config names a database.
type Config struct {
	DSN          string                // clickhouse://, http://, https://, or unix://SOCKET of a running engine; "" starts one
	Engine       EngineConfig          // of the embedded engine
	Database     string                // "" is the DSN's, else "foretop"
	Cluster      string                // of a server: makes tables Replicated and DDL run ON CLUSTER
	MaxOpenConns int                   // 0 is 16
	Registerer   prometheus.Registerer // of the metrics; may be nil
}

// EngineConfig says how to start the embedded engine.
type EngineConfig struct {
	Binary    string   // "" is the running program
	Library   string   // "" lets the engine look for it
	DataDir   string   // holds its data
	Socket    string   // "" is one made from DataDir
	Listen    string   // TCP address for outside readers; "" for none
	MaxMemory uint64   // bytes; 0 lets the engine decide
	Env       []string // added to the child's environment
}

// patience is how long a read or an insert with a token is tried again while the database does not answer.
const patience = 3 * time.Second

// DB is a database. All methods may be called from many goroutines.
type DB struct {
	log      *slog.Logger
	conn     driver.Conn
	database string
	cluster  string
	engine   *supervisor  // nil when a server answers
	socket   string       // of the embedded engine; "" when a server answers
	native   *http.Client // on the socket
	metrics  *metrics

	migrating sync.Mutex

	mu      sync.Mutex
	columns map[string]map[string]string // table -> column -> type, for inserts
}

// Open connects, or starts the embedded engine and waits until it answers. It creates nothing: Migrate does.
func Open(ctx context.Context, config Config, log *slog.Logger) (*DB, error) {
	db := &DB{log: log, database: config.Database, cluster: config.Cluster, columns: map[string]map[string]string{}}
	var err error
	if db.metrics, err = newMetrics(config.Registerer); err != nil {
		return nil, fmt.Errorf("register the database's metrics: %w", err)
	}
	var options *ch.Options
	switch socket, ok := strings.CutPrefix(config.DSN, "unix://"); {
	case config.DSN == "":
		s, err := newSupervisor(config.Engine, db.metrics, log)
		if err != nil {
			return nil, err
		}
		if err := s.start(ctx); err != nil {
			return nil, err
		}
		db.engine, db.socket = s, s.socket
		options = overSocket(s.socket)
	case ok:
		db.socket = socket
		options = overSocket(socket)
	default:
		if options, err = parseDSN(config.DSN); err != nil {
			return nil, err
		}
		if db.database == "" {
			db.database = options.Auth.Database
		}
	}
	if db.socket != "" {
		db.native = &http.Client{Transport: &http.Transport{DialContext: dialer(db.socket), MaxIdleConnsPerHost: 8, WriteBufferSize: 256 << 10}}
	}
	// The name stands in every statement; as a default it would have to exist before Migrate creates it.
	options.Auth.Database = ""
	if db.database == "" {
		db.database = "foretop"
	}
	options.MaxOpenConns = config.MaxOpenConns
	if options.MaxOpenConns == 0 {
		options.MaxOpenConns = 16
	}
	options.MaxIdleConns = options.MaxOpenConns
	options.ReadTimeout = 10 * time.Minute
	options.ClientInfo.Products = append(options.ClientInfo.Products, struct{ Name, Version string }{"foretop", "1"})
	conn, err := ch.Open(options)
	if err == nil {
		db.conn = conn
		err = db.Ping(ctx)
	}
	if err != nil {
		db.Close()
		return nil, unreachable(config.DSN, err)
	}
	return db, nil
}

// overSocket reaches an engine by ClickHouse's HTTP protocol on a unix socket.
func overSocket(socket string) *ch.Options {
	return &ch.Options{
		Protocol: ch.HTTP,
		Addr:     []string{"engine:80"}, // only a name: every connection goes to the socket
		TransportFunc: func(t *http.Transport) (http.RoundTripper, error) {
			t.Proxy = nil
			t.DialContext = dialer(socket)
			return t, nil
		},
	}
}

func dialer(socket string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", socket)
	}
}

// Run keeps the embedded engine alive until ctx ends; with a server it only waits. Close still has to follow.
func (db *DB) Run(ctx context.Context) error {
	if db.engine == nil {
		<-ctx.Done()
		return nil
	}
	return db.engine.run(ctx)
}

// Close ends the embedded engine in order, and the connections.
func (db *DB) Close() error {
	var errs []error
	if db.native != nil {
		db.native.CloseIdleConnections()
	}
	if db.conn != nil {
		errs = append(errs, db.conn.Close())
	}
	if db.engine != nil {
		errs = append(errs, db.engine.stop())
	}
	return errors.Join(errs...)
}

// Ping asks whether the database answers.
func (db *DB) Ping(ctx context.Context) error {
	return db.retry(ctx, Unavailable, func() error { return db.conn.Ping(ctx) })
}

// Database is the name of the database that holds Foretop's tables.
func (db *DB) Database() string { return db.database }

// Table is a table's full name, quoted. The name comes from code, never from outside.
func (db *DB) Table(name string) string { return quoteName(db.database) + "." + quoteName(name) }

func quoteName(name string) string {
	return "`" + strings.NewReplacer("\\", "\\\\", "`", "\\`").Replace(name) + "`"
}

// Query runs a reading statement; p may be nil. While the database does not answer it is tried again for 3 s.
// The rows must be closed; closing them early stops the statement.
func (db *DB) Query(ctx context.Context, sql string, p *Params) (driver.Rows, error) {
	var out *rows
	began := time.Now()
	err := db.retry(ctx, Unavailable, func() error {
		own, cancel := context.WithCancel(p.into(ctx))
		r, err := db.conn.Query(own, sql)
		if err != nil {
			cancel()
			return err
		}
		out = &rows{Rows: r, ctx: ctx, cancel: cancel}
		return nil
	})
	db.metrics.observe("query", began, err)
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Exec runs a statement without result; p may be nil. It is tried again only when it cannot have begun.
func (db *DB) Exec(ctx context.Context, sql string, p *Params) error {
	began := time.Now()
	err := db.retry(ctx, neverSent, func() error { return db.conn.Exec(p.into(ctx), sql) })
	db.metrics.observe("exec", began, err)
	return err
}

// retry calls f until it succeeds, fails for another reason than again says, or patience is over.
func (db *DB) retry(ctx context.Context, again func(error) bool, f func() error) error {
	deadline := time.Now().Add(patience)
	for pause := 20 * time.Millisecond; ; pause = min(pause*2, 300*time.Millisecond) {
		err := translate(f())
		if err == nil || ctx.Err() != nil || !again(err) || time.Now().Add(pause).After(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// rows stops its statement when closed and speaks this package's errors.
type rows struct {
	driver.Rows
	ctx    context.Context // the caller's, to tell its end from ours
	cancel context.CancelFunc
}

func (r *rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.cancel()
	return false
}

func (r *rows) Err() error {
	if err := r.Rows.Err(); err != nil {
		return fmt.Errorf("read rows: %w", translate(err))
	}
	return nil
}

func (r *rows) Close() error {
	r.cancel()
	err := r.Rows.Close()
	if err != nil && errors.Is(err, context.Canceled) && r.ctx.Err() == nil {
		return nil // closed early by the caller: that is no failure
	}
	return translate(err)
}
