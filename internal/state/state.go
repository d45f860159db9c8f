// Package state is the one seam to etcd, where the hub keeps what needs compare-and-swap, watches and leases:
// the registry of clusters, epochs, and the journal of actions. Everything else is in ClickHouse.
//
// Invariant: a write that was answered without an error survives kill -9 of every process.
package state

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"

	"github.com/foretop/foretop/internal/access"
)

// root keeps our keys apart in an etcd that others use too. It is put on and taken off by hand: the client's namespace
// package cuts keys in place, and the embedded server hands the same event to every watcher.
const root = "foretop/"

// answerTimeout is how long an external etcd may take to answer at the start before a person is told.
const answerTimeout = 5 * time.Second

// Sentinels that callers branch on.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("exists already")
	ErrConflict = errors.New("changed by somebody else meanwhile")
)

// Config says which etcd. Without Endpoints one is embedded, with its files in DataDir/etcd.
type Config struct {
	Endpoints []string // of an etcd v3 cluster: https://etcd-1:2379
	CAFile    string   // PEM; of the endpoints' certificates
	CertFile  string   // PEM; our client certificate
	KeyFile   string
	Username  string
	Password  string
	DataDir   string // the hub's data folder
}

// Store is an open etcd. All methods are safe for concurrent use.
type Store struct {
	client *clientv3.Client
	server *server // nil when external
	log    *slog.Logger
}

// Open starts the embedded etcd or connects to an external one, and returns when it answers.
func Open(ctx context.Context, cfg Config, log *slog.Logger) (*Store, error) {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Store{log: log}
	var err error
	if len(cfg.Endpoints) > 0 {
		s.client, err = connect(ctx, cfg)
	} else if s.server, err = start(ctx, cfg.DataDir, log); err == nil {
		s.client = s.server.client
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Close ends every watch and, when embedded, the server. It waits until its files are closed.
func (s *Store) Close() error {
	if s.server != nil {
		return s.server.close()
	}
	return s.client.Close()
}

// Exclusive reports that no other process can have this store open: it is embedded.
func (s *Store) Exclusive() bool { return s.server != nil }

// Failed is closed when the embedded etcd cannot go on, as when the disk is full; Err says why. The process should
// end then: nothing more can be written until it is started again. It never closes for an external etcd.
func (s *Store) Failed() <-chan struct{} {
	if s.server == nil {
		return nil
	}
	return s.server.failed
}

// Err is the reason why Failed is closed, nil before.
func (s *Store) Err() error {
	if s.server == nil {
		return nil
	}
	return s.server.failure()
}

func connect(ctx context.Context, cfg Config) (*clientv3.Client, error) {
	where := strings.Join(cfg.Endpoints, ", ")
	secure, err := tlsConfig(cfg)
	if err != nil {
		return nil, err
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: cfg.Endpoints, TLS: secure, Username: cfg.Username, Password: cfg.Password,
		DialTimeout: answerTimeout, DialKeepAliveTime: 10 * time.Second, DialKeepAliveTimeout: 5 * time.Second,
		AutoSyncInterval: 5 * time.Minute, Logger: zap.NewNop(),
	})
	if err != nil {
		return nil, unreachable(where, err)
	}
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	if _, err := client.Get(ctx, root, clientv3.WithCountOnly()); err != nil {
		client.Close()
		return nil, unreachable(where, err)
	}
	return client, nil
}

func unreachable(where string, err error) error {
	why := strings.TrimPrefix(err.Error(), "etcdserver: ")
	if errors.Is(err, context.DeadlineExceeded) {
		why = fmt.Sprintf("no answer within %s", answerTimeout)
	}
	return &access.Error{
		Code: "UNAVAILABLE", Message: fmt.Sprintf("The etcd at %s cannot be used: %s.", where, why),
		Fix: "Check --etcd, that it runs, and its certificates; or leave the flag out to use the embedded one.",
	}
}

func tlsConfig(cfg Config) (*tls.Config, error) {
	if cfg.CAFile == "" && cfg.CertFile == "" {
		if strings.HasPrefix(cfg.Endpoints[0], "https:") {
			return &tls.Config{MinVersion: tls.VersionTLS12}, nil
		}
		return nil, nil
	}
	c := &tls.Config{MinVersion: tls.VersionTLS12}
	if cfg.CAFile != "" {
		pem, err := os.ReadFile(cfg.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read etcd's CA: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read etcd's CA %s: it holds no PEM certificate", cfg.CAFile)
		}
	}
	if cfg.CertFile != "" {
		pair, err := tls.LoadX509KeyPair(cfg.CertFile, cfg.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("read our certificate for etcd: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
