package collector

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// grpcHub is the hub's side of the wire over a testHub: enough of enrolment and Connect to be dialled.
type grpcHub struct {
	ingestpb.UnimplementedIngestServer
	ingestpb.UnimplementedEnrolmentServer
	*testHub
	ca      *x509.Certificate
	caKey   *ecdsa.PrivateKey
	address string
	server  *grpc.Server

	mu       sync.Mutex
	token    string        // good once
	life     time.Duration // of certificates
	serials  []string      // issued
	refuse   error         // of Connect
	commands chan *ingestpb.Command
	results  chan *ingestpb.CommandResult
	fetched  chan *ingestpb.Fetched
	more     chan *ingestpb.Downstream
	cut      chan struct{}
}

func newGRPCHub(t testing.TB) *grpcHub {
	h := &grpcHub{testHub: newTestHub(t), token: "ftbt_1.secret", life: time.Hour, commands: make(chan *ingestpb.Command), results: make(chan *ingestpb.CommandResult, 10), fetched: make(chan *ingestpb.Fetched, 10), more: make(chan *ingestpb.Downstream), cut: make(chan struct{})}
	var err error
	if h.caKey, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "hub"}, NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	h.ca = h.sign(t, template, template, h.caKey.Public())
	serverKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	leaf := h.sign(t, &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}, h.ca, serverKey.Public())
	pool := x509.NewCertPool()
	pool.AddCert(h.ca)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	h.address = l.Addr().String()
	h.server = grpc.NewServer(grpc.Creds(credentials.NewTLS(&tls.Config{
		MinVersion: tls.VersionTLS13, ClientAuth: tls.VerifyClientCertIfGiven, ClientCAs: pool,
		Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw, h.ca.Raw}, PrivateKey: serverKey}},
	})))
	ingestpb.RegisterIngestServer(h.server, h)
	ingestpb.RegisterEnrolmentServer(h.server, h)
	go h.server.Serve(l)
	t.Cleanup(h.server.Stop)
	return h
}

func (h *grpcHub) sign(t testing.TB, template, parent *x509.Certificate, public any) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, h.caKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func (h *grpcHub) issue(csrDER []byte) (*ingestpb.EnrolResponse, error) {
	csr, err := x509.ParseCertificateRequest(csrDER)
	if err != nil || csr.CheckSignature() != nil {
		return nil, status.Error(codes.InvalidArgument, "bad request")
	}
	serial := big.NewInt(int64(100 + len(h.serials)))
	leaf := h.sign(h.t, &x509.Certificate{SerialNumber: serial, NotBefore: time.Now(), NotAfter: time.Now().Add(h.life), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, h.ca, csr.PublicKey)
	h.serials = append(h.serials, serial.String())
	return &ingestpb.EnrolResponse{
		CertificatePem: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf.Raw}),
		CaPem:          h.caPEM(), ClusterName: "zone1",
	}, nil
}

func (h *grpcHub) caPEM() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: h.ca.Raw})
}

func (h *grpcHub) Enrol(_ context.Context, r *ingestpb.EnrolRequest) (*ingestpb.EnrolResponse, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Token != h.token || r.ClusterUid == "" {
		return nil, status.Error(codes.PermissionDenied, "The token was used already.")
	}
	h.token = "used"
	return h.issue(r.CsrDer)
}

func (h *grpcHub) Renew(ctx context.Context, r *ingestpb.RenewRequest) (*ingestpb.EnrolResponse, error) {
	if serialOf(ctx) == "" {
		return nil, status.Error(codes.Unauthenticated, "no certificate")
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.issue(r.CsrDer)
}

func serialOf(ctx context.Context) string {
	p, _ := peer.FromContext(ctx)
	info, _ := p.AuthInfo.(credentials.TLSInfo)
	if len(info.State.VerifiedChains) == 0 {
		return ""
	}
	return info.State.VerifiedChains[0][0].SerialNumber.String()
}

func (h *grpcHub) Connect(stream ingestpb.Ingest_ConnectServer) error {
	h.mu.Lock()
	refuse, cut := h.refuse, h.cut
	h.mu.Unlock()
	if serialOf(stream.Context()) == "" {
		return status.Error(codes.Unauthenticated, "no certificate")
	}
	if refuse != nil {
		return refuse
	}
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	sink, err := h.testHub.Open(stream.Context(), first.GetHello())
	if err != nil {
		return err
	}
	var sending sync.Mutex
	say := func(m *ingestpb.Downstream) error {
		sending.Lock()
		defer sending.Unlock()
		return stream.Send(m)
	}
	if err := say(&ingestpb.Downstream{Message: &ingestpb.Downstream_Welcome{Welcome: &ingestpb.Welcome{Epoch: 1, ClusterName: "zone1"}}}); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() {
		for {
			m, err := stream.Recv()
			if err != nil {
				ended <- nil
				return
			}
			switch m := m.Message.(type) {
			case *ingestpb.Upstream_Batch:
				if err := sink.Send(stream.Context(), m.Batch); errors.Is(err, ErrFenced) {
					ended <- status.Error(codes.FailedPrecondition, "fenced")
					return
				}
				_ = say(&ingestpb.Downstream{Message: &ingestpb.Downstream_Ack{Ack: &ingestpb.Ack{BatchSeq: m.Batch.BatchSeq}}})
			case *ingestpb.Upstream_Result:
				h.results <- m.Result
			case *ingestpb.Upstream_Fetched:
				h.fetched <- m.Fetched
			}
		}
	}()
	for {
		select {
		case err := <-ended:
			return err
		case <-cut:
			return status.Error(codes.Unavailable, "the hub restarts")
		case m := <-h.more:
			if err := say(m); err != nil {
				return err
			}
		case c := <-h.commands:
			if err := say(&ingestpb.Downstream{Message: &ingestpb.Downstream_Command{Command: c}}); err != nil {
				return err
			}
		}
	}
}

func (h *grpcHub) config(t testing.TB) DialConfig {
	return DialConfig{Hub: h.address, CAPin: PinOf(h.ca), Token: "ftbt_1.secret", DataDir: t.TempDir(), ClusterUID: "uid", KubernetesVersion: "v1.36.3"}
}

func dial(t testing.TB, cfg DialConfig) *Hub {
	t.Helper()
	hub, err := Dial(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { hub.Close() })
	return hub
}

type echo struct{}

func (echo) Execute(_ context.Context, c *ingestpb.Command) *ingestpb.CommandResult {
	return &ingestpb.CommandResult{CommandId: c.Id, Code: ingestpb.CommandResult_CODE_OK, Message: c.Target.GetName()}
}

// Fetch hands on what its target is called, in as many parts as it has letters, and goes on until ctx ends for "forever".
func (echo) Fetch(ctx context.Context, c *ingestpb.Command, send func(*ingestpb.Fetched) error) *ingestpb.CommandResult {
	for _, letter := range c.Target.GetName() {
		if err := send(&ingestpb.Fetched{CommandId: c.Id, Data: []byte(string(letter))}); err != nil {
			return &ingestpb.CommandResult{CommandId: c.Id, Code: ingestpb.CommandResult_CODE_UNAVAILABLE, Message: err.Error()}
		}
	}
	if c.Target.GetName() == "forever" {
		<-ctx.Done()
		return &ingestpb.CommandResult{CommandId: c.Id, Code: ingestpb.CommandResult_CODE_UNAVAILABLE, Message: "stopped"}
	}
	return &ingestpb.CommandResult{CommandId: c.Id, Code: ingestpb.CommandResult_CODE_OK}
}

func TestCollectorOverGRPC(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	server.Put("pods", "shop", "a", nil)
	h := newGRPCHub(t)
	cfg := h.config(t)
	cfg.Executor = echo{}
	hub := dial(t, cfg)
	_, stop := collect(t, server, hub, nil)
	defer stop() // before the hub is closed
	wait(t, "pods", func() string { return h.keys("pods") }, "shop/a")
	server.Put("pods", "shop", "b", nil)
	wait(t, "pods", func() string { return h.keys("pods") }, "shop/a shop/b")

	h.commands <- &ingestpb.Command{Id: "c1", Target: &ingestpb.ObjectRef{Name: "x"}}
	if r := <-h.results; r.CommandId != "c1" || r.Message != "x" {
		t.Errorf("result is %v", r)
	}

	h.mu.Lock()
	close(h.cut)
	h.cut = make(chan struct{})
	h.mu.Unlock()
	server.Put("pods", "shop", "c", nil)
	wait(t, "pods after the hub's restart", func() string { return h.keys("pods") }, "shop/a shop/b shop/c")
}

func TestFetchesOverGRPC(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	h := newGRPCHub(t)
	cfg := h.config(t)
	cfg.Executor = echo{}
	hub := dial(t, cfg)
	_, stop := collect(t, server, hub, nil)
	defer stop() // before the hub is closed
	fetch := func(id, name string, parts uint64) {
		one := ingestpb.FetchCost(&ingestpb.Fetched{Data: []byte("x")})
		h.commands <- &ingestpb.Command{Id: id, Target: &ingestpb.ObjectRef{Name: name}, Verb: &ingestpb.Command_Fetch{Fetch: &ingestpb.FetchVerb{Window: parts * one}}}
	}
	more := func(id string, parts uint64) {
		one := ingestpb.FetchCost(&ingestpb.Fetched{Data: []byte("x")})
		h.more <- &ingestpb.Downstream{Message: &ingestpb.Downstream_FetchMore{FetchMore: &ingestpb.FetchMore{CommandId: id, Cost: parts * one}}}
	}
	come := func(id string, want string) {
		t.Helper()
		for _, letter := range want {
			if p := <-h.fetched; p.CommandId != id || string(p.Data) != string(letter) {
				t.Errorf("got %v, want %c of %s", p, letter, want)
			}
		}
	}
	fetch("f1", "abcde", 2)
	come("f1", "ab")
	fetch("f2", "forever", 100) // beside one that waits for room
	come("f2", "forever")
	select {
	case p := <-h.fetched:
		t.Errorf("without room came %v", p)
	default:
	}
	more("f1", 2)
	come("f1", "cd")
	more("nobody", 2)
	more("f1", 1)
	come("f1", "e")
	if r := <-h.results; r.CommandId != "f1" || r.Code != ingestpb.CommandResult_CODE_OK {
		t.Errorf("result is %v", r)
	}
	fetch("f2", "x", 1)
	if r := <-h.results; r.CommandId != "f2" || r.Code != ingestpb.CommandResult_CODE_INVALID {
		t.Errorf("of an ID that is used, result is %v", r)
	}
	h.more <- &ingestpb.Downstream{Message: &ingestpb.Downstream_FetchStop{FetchStop: &ingestpb.FetchStop{CommandId: "f2"}}}
	if r := <-h.results; r.CommandId != "f2" || r.Message != "stopped" {
		t.Errorf("result is %v", r)
	}
	// Many at a time do not keep the stream from what it is for.
	for i := range 40 {
		fetch(fmt.Sprint("many", i), "abc", 0)
	}
	server.Put("pods", "shop", "a", nil)
	wait(t, "pods", func() string { return h.keys("pods") }, "shop/a")
}

func TestEnrolment(t *testing.T) {
	t.Parallel()
	h := newGRPCHub(t)
	cfg := h.config(t)
	dial(t, cfg)
	info, err := os.Stat(filepath.Join(cfg.DataDir, identityFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("identity file: %v, %v; want mode 0600", info.Mode(), err)
	}
	dial(t, cfg) // with what is stored: the token is used up
	if n := len(h.serials); n != 1 {
		t.Errorf("%d certificates issued, want 1", n)
	}

	fails := func(name, code, want string, edit func(*DialConfig)) {
		t.Helper()
		cfg := h.config(t)
		edit(&cfg)
		_, err := Dial(t.Context(), cfg)
		if access.Code(err) != code || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v (%s), want %s %q", name, err, access.Code(err), code, want)
		}
	}
	fails("a used token", "UNAUTHENTICATED", "The hub refused to enrol this collector: The token was used already. Make a new token", func(*DialConfig) {})
	fails("no token", "UNAUTHENTICATED", "is not enrolled yet", func(c *DialConfig) { c.Token = "" })
	fails("another pin", "BAD_CERTIFICATE", "What answers at the hub's address is not this hub", func(c *DialConfig) { c.CAPin = "sha256:" + strings.Repeat("0", 64) })
	fails("another CA", "BAD_CERTIFICATE", "What answers at the hub's address is not this hub", func(c *DialConfig) {
		other := newGRPCHub(t)
		c.CAPin, c.CAFile = "", filepath.Join(c.DataDir, "ca.pem")
		if err := os.WriteFile(c.CAFile, other.caPEM(), 0o600); err != nil {
			t.Fatal(err)
		}
	})
	fails("a pin that is none", "INVALID", "is not the pin of a CA", func(c *DialConfig) { c.CAPin = "sha256:abc" })
	fails("nothing to recognize the hub by", "INVALID", "does not know how to recognize the hub", func(c *DialConfig) { c.CAPin = "" })
}

func TestEnrolmentByCAFile(t *testing.T) {
	t.Parallel()
	h := newGRPCHub(t)
	cfg := h.config(t)
	cfg.CAPin, cfg.CAFile = "", filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(cfg.CAFile, h.caPEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	dial(t, cfg)
}

func TestDialWaitsForTheHub(t *testing.T) {
	t.Parallel()
	h := newGRPCHub(t)
	cfg := h.config(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	cfg.Hub = l.Addr().String()
	l.Close()
	said := make(chan string, 100)
	cfg.Log = slog.New(slog.NewTextHandler(lines(said), nil))
	done := make(chan error, 1)
	go func() {
		hub, err := Dial(t.Context(), cfg)
		if err == nil {
			hub.Close()
		}
		done <- err
	}()
	if line := <-said; !strings.Contains(line, "cannot be reached") || !strings.Contains(line, "connection refused") {
		t.Errorf("log says %s", line)
	}
	// The hub comes up at the address: a pipe to the real one.
	if l, err = net.Listen("tcp", cfg.Hub); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			up, err := net.Dial("tcp", h.address)
			if err != nil {
				c.Close()
				return
			}
			go io.Copy(up, c)
			go io.Copy(c, up)
		}
	}()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Dial still waits")
	}
}

// lines is a writer of one log line at a time.
type lines chan string

func (l lines) Write(b []byte) (int, error) {
	select {
	case l <- string(b):
	default:
	}
	return len(b), nil
}

func TestCertificateIsRenewedAtHalfOfItsLife(t *testing.T) {
	t.Parallel()
	h := newGRPCHub(t)
	h.life = 4 * time.Second
	cfg := h.config(t)
	hub := dial(t, cfg)
	server := kubetest.New(t, pods)
	_, stop := collect(t, server, hub, nil)
	defer stop()
	wait(t, "a second certificate", func() bool {
		h.mu.Lock()
		defer h.mu.Unlock()
		return len(h.serials) >= 2
	}, true)
	wait(t, "the stored certificate", func() bool {
		id, err := loadIdentity(cfg.DataDir)
		return err == nil && id.certificate().Leaf.SerialNumber.Int64() >= 101
	}, true)
}

func TestForgottenCollectorEnrolsAgainWithANewToken(t *testing.T) {
	t.Parallel()
	h := newGRPCHub(t)
	cfg := h.config(t)
	dial(t, cfg)
	h.mu.Lock()
	h.token, h.refuse = "ftbt_2.secret", status.Error(codes.Unauthenticated, "this cluster is not registered here")
	h.mu.Unlock()

	hub := dial(t, cfg)
	hub.tokenTried.Store(true)
	_, err := hub.Open(t.Context(), &ingestpb.Hello{ClusterUid: "uid"})
	if access.Code(err) != "UNAUTHENTICATED" || !strings.Contains(err.Error(), "this cluster is not registered here. Make a new token") {
		t.Errorf("got %v", err)
	}

	cfg.Token = "ftbt_2.secret"
	hub = dial(t, cfg)
	if _, err := hub.Open(t.Context(), &ingestpb.Hello{ClusterUid: "uid"}); err == nil {
		t.Error("opened in spite of the refusal")
	}
	h.mu.Lock()
	h.refuse = nil
	issued := len(h.serials)
	h.mu.Unlock()
	if issued != 2 {
		t.Errorf("%d certificates, want a second", issued)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if _, err := hub.Open(ctx, &ingestpb.Hello{ClusterUid: "uid"}); err != nil {
		t.Error(err)
	}
}
