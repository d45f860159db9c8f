package state

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.uber.org/zap"

	"github.com/foretop/foretop/internal/access"
)

// startTimeout is for a folder whose log must be replayed on a slow disk; an idle machine needs well under a second.
const startTimeout = 60 * time.Second

// server is the embedded etcd: one member without any listener. Its client calls it as functions, so no other
// process or user of the machine can reach it.
type server struct {
	etcd   *embed.Etcd
	client *clientv3.Client
	lock   *os.File
	dir    string

	failed chan struct{} // closed once, under mu

	stopReserve context.CancelFunc
	reserving   sync.WaitGroup

	mu  sync.Mutex
	err error
}

func start(ctx context.Context, dir string, log *slog.Logger) (*server, error) {
	if dir == "" {
		return nil, errors.New("open control state: neither a data folder nor endpoints are given")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, diskError(dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &server{lock: lock, dir: dir, failed: make(chan struct{})}
	if err := s.start(ctx, log); err != nil {
		s.close()
		return nil, diskError(dir, err)
	}
	return s, nil
}

func (s *server) start(ctx context.Context, log *slog.Logger) error {
	cfg := embed.NewConfig()
	cfg.Name = "foretop"
	cfg.Dir = filepath.Join(s.dir, "etcd")
	cfg.ListenClientUrls, cfg.ListenPeerUrls = nil, nil
	// A member must say where its peers find it. Nobody listens there: there are no peers.
	nowhere := url.URL{Scheme: "http", Host: "127.0.0.1:2380"}
	cfg.AdvertisePeerUrls, cfg.AdvertiseClientUrls = []url.URL{nowhere}, []url.URL{nowhere}
	cfg.InitialCluster = cfg.InitialClusterFromName(cfg.Name)
	// Alone, there is no one to wait for: the shortest times etcd takes, so that it leads at once.
	cfg.TickMs, cfg.ElectionMs = 10, 50
	cfg.AutoCompactionMode, cfg.AutoCompactionRetention = embed.CompactorModePeriodic, "1h"
	cfg.QuotaBackendBytes = 2 << 30 // etcd's own default, said out loud
	cfg.MaxRequestBytes = 8 << 20
	cfg.BootstrapDefragThresholdMegabytes = 64
	cfg.EnableGRPCGateway = false
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.New(&logCore{log: log}, zap.WithFatalHook(fatal{s}), zap.WithPanicHook(fatal{s})))
	type started struct {
		etcd *embed.Etcd
		err  error
	}
	ready := make(chan started, 1)
	go func() { // its own, since etcd never returns when one of its goroutines has met fatal
		etcd, err := startEtcd(cfg)
		ready <- started{etcd, err}
	}()
	var etcd *embed.Etcd
	select {
	case r := <-ready:
		if r.err != nil {
			return r.err
		}
		etcd = r.etcd
	case <-s.failed:
		return s.failure()
	}
	s.etcd = etcd
	timeout := time.NewTimer(startTimeout)
	defer timeout.Stop()
	select {
	case <-etcd.Server.ReadyNotify():
	case err := <-etcd.Err():
		return err
	case <-s.failed:
		return s.failure()
	case <-ctx.Done():
		return ctx.Err()
	case <-timeout.C:
		return fmt.Errorf("embedded etcd is not ready after %s", startTimeout)
	}
	s.client = v3client.New(etcd.Server)
	reserve, stop := context.WithCancel(context.Background())
	s.stopReserve = stop
	s.reserving.Go(func() { s.keepRoom(reserve, log) })
	return nil
}

// startEtcd makes an error of etcd's panics: it may panic on files it cannot write or read.
func startEtcd(cfg *embed.Config) (etcd *embed.Etcd, err error) {
	defer func() {
		if p := recover(); p != nil {
			etcd, err = nil, fmt.Errorf("embedded etcd: %v", p)
		}
	}()
	return embed.StartEtcd(cfg)
}

func (s *server) close() error {
	if s.stopReserve != nil {
		s.stopReserve()
		s.reserving.Wait()
	}
	if s.client != nil {
		s.client.Close()
	}
	if s.etcd != nil {
		closed := make(chan struct{})
		go func() { s.etcd.Close(); close(closed) }()
		select {
		case <-closed:
		case <-s.failed: // its goroutines are gone: waiting would take for ever
		}
	}
	return s.lock.Close() // unlocks
}

func (s *server) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err == nil {
		s.err = diskError(s.dir, err)
		close(s.failed)
	}
}

func (s *server) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// lockDir holds dir for this process. The kernel lets go of it when the process dies, however it dies.
func lockDir(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "hub.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, diskError(dir, err)
	}
	err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if err == nil {
		return f, nil
	}
	f.Close()
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return nil, &access.Error{Code: "CONFLICT", Message: fmt.Sprintf("Another Foretop uses %s.", dir), Fix: "Stop it, or choose another folder with --data-dir."}
	}
	return nil, fmt.Errorf("lock data folder %s: %w", dir, err)
}

// diskError turns what a person can mend into a sentence and wraps the rest.
func diskError(dir string, err error) error {
	var ours *access.Error
	switch {
	case errors.As(err, &ours):
		return err
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), strings.Contains(err.Error(), syscall.ENOSPC.Error()): // a panic is text
		return &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("The disk that holds %s is full.", dir), Fix: "Free some space and start Foretop again, or choose another folder with --data-dir."}
	case errors.Is(err, os.ErrPermission), errors.Is(err, syscall.EROFS):
		return &access.Error{Code: "FORBIDDEN", Message: fmt.Sprintf("Data folder %s cannot be written.", dir), Fix: "Give this user the right to, or choose another folder with --data-dir."}
	}
	return fmt.Errorf("open control state in %s: %w", dir, err)
}
