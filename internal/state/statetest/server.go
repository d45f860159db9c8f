package statetest

import (
	"net"
	"net/url"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/foretop/foretop/internal/state"
)

// Server starts an etcd that listens, for tests of hubs that share one, and answers its endpoint.
func Server(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	here := url.URL{Scheme: "http", Host: l.Addr().String()}
	l.Close() // etcd takes no listener; nobody else is quicker than the kernel's next free port
	cfg := embed.NewConfig()
	cfg.Dir = t.TempDir()
	cfg.ListenPeerUrls = nil
	cfg.ListenClientUrls, cfg.AdvertiseClientUrls = []url.URL{here}, []url.URL{here}
	cfg.TickMs, cfg.ElectionMs = 10, 50
	cfg.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	etcd, err := embed.StartEtcd(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(etcd.Close)
	select {
	case <-etcd.Server.ReadyNotify():
	case <-time.After(30 * time.Second):
		t.Fatal("etcd is not ready after 30s")
	}
	return here.String()
}

// Connect opens one hub's connection to a Server.
func Connect(t testing.TB, endpoint string) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), state.Config{Endpoints: []string{endpoint}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}
