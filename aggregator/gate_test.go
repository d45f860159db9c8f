package aggregator

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const zone2 = "22222222-0000-4000-8000-000000000002"

// gate is a hub that listens for collectors, with zone2 registered as a pull cluster.
type gate struct {
	*hub
	*Gate
	dir     string
	address string
}

func newGate(t *testing.T) *gate {
	t.Helper()
	h := newHub(t)
	if err := h.registry.Add(t.Context(), clusters.Cluster{Name: "zone2", Mode: clusters.Pull}); err != nil {
		t.Fatal(err)
	}
	g := &gate{hub: h, dir: t.TempDir()}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	g.address = l.Addr().String()
	if g.Gate, err = NewGate(h.Server, GateConfig{Address: g.address, DataDir: g.dir}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := g.Gate.Serve(ctx, l); err != nil {
			t.Error(err)
		}
	}()
	t.Cleanup(func() { cancel(); <-ended })
	return g
}

// dials connects with cfg; without one, without a client certificate.
func (g *gate) dials(t *testing.T, cfg *tls.Config) *grpc.ClientConn {
	t.Helper()
	if cfg == nil {
		cfg = &tls.Config{}
	}
	if cfg.RootCAs == nil {
		cfg.RootCAs = g.ca.pool()
	}
	c, err := grpc.NewClient("passthrough:///"+g.address, grpc.WithTransportCredentials(credentials.NewTLS(cfg)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func request(t *testing.T) (*ecdsa.PrivateKey, []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	// What it asks for must not matter.
	asked, _ := url.Parse(identityPrefix + zone1)
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "foretop:collector:" + zone1}, URIs: []*url.URL{asked}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return key, csr
}

// enrols answers a TLS configuration with the certificate that a join token gets.
func (g *gate) enrols(t *testing.T) *tls.Config {
	t.Helper()
	token, err := g.registry.NewJoinToken(t.Context(), "zone2", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	key, csr := request(t)
	r, err := ingestpb.NewEnrolmentClient(g.dials(t, nil)).Enrol(t.Context(), &ingestpb.EnrolRequest{Token: token, CsrDer: csr, ClusterUid: zone2, KubernetesVersion: "v1.36.1"})
	if err != nil {
		t.Fatal(err)
	}
	if r.ClusterName != "zone2" {
		t.Errorf("got cluster %q", r.ClusterName)
	}
	return with(t, r.CertificatePem, key)
}

func with(t *testing.T, certificate []byte, key *ecdsa.PrivateKey) *tls.Config {
	t.Helper()
	block, _ := pem.Decode(certificate)
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{block.Bytes}, PrivateKey: key, Leaf: leaf}}}
}

// connects says hello as a cluster and answers the stream once it was welcomed, or the error.
func connects(t *testing.T, conn *grpc.ClientConn, uid string) (ingestpb.Ingest_ConnectClient, *ingestpb.Welcome, error) {
	t.Helper()
	stream, err := ingestpb.NewIngestClient(conn).Connect(t.Context())
	if err != nil {
		return nil, nil, err
	}
	up(stream, &ingestpb.Upstream_Hello{Hello: &ingestpb.Hello{ClusterUid: uid}})
	m, err := stream.Recv()
	if err != nil {
		return nil, nil, err
	}
	return stream, m.GetWelcome(), nil
}

// up sends; Recv says why it could not.
func up(stream ingestpb.Ingest_ConnectClient, m any) {
	switch m := m.(type) {
	case *ingestpb.Upstream_Hello:
		stream.Send(&ingestpb.Upstream{Message: m})
	case *ingestpb.Upstream_Batch:
		stream.Send(&ingestpb.Upstream{Message: m})
	case *ingestpb.Upstream_Result:
		stream.Send(&ingestpb.Upstream{Message: m})
	}
}

func TestACollectorJoinsAndSends(t *testing.T) {
	g := newGate(t)
	conn := g.dials(t, g.enrols(t))
	stream, welcome, err := connects(t, conn, zone2)
	if err != nil {
		t.Fatal(err)
	}
	if welcome.GetClusterName() != "zone2" || welcome.GetEpoch() == 0 {
		t.Errorf("got welcome %v", welcome)
	}
	s := &sender{t: t}
	for range 3 { // without waiting in between
		up(stream, &ingestpb.Upstream_Batch{Batch: s.seal(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))})
	}
	for want := uint64(1); want <= 3; want++ {
		m, err := stream.Recv()
		if err != nil || m.GetAck().GetBatchSeq() != want {
			t.Fatalf("got %v %v, want the acknowledgement of batch %d", m, err, want)
		}
	}
	g.wants(t, "rows are the certificate's cluster's", zone2+":1", `SELECT concat(cluster, ':', resource_version) FROM {db}.resource_history`)
	if e, _ := g.registry.ByUID(zone2); e.KubernetesVersion != "v1.36.1" {
		t.Errorf("got version %q", e.KubernetesVersion)
	}
	if !g.Connected(zone2) || g.Connected(zone1) {
		t.Error("zone2 and nobody else is connected")
	}
}

func TestWhoIsNotLetIn(t *testing.T) {
	g := newGate(t)
	good := g.enrols(t)
	other, err := OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	issue := func(ca *Authority, uid string) *tls.Config {
		key, csr := request(t)
		certificate, err := ca.collectorCertificate(csr, uid)
		if err != nil {
			t.Fatal(err)
		}
		return with(t, certificate, key)
	}
	outlived := func() *tls.Config {
		key, _ := request(t)
		id, _ := url.Parse(identityPrefix + zone2)
		der, err := g.ca.issue(&x509.Certificate{URIs: []*url.URL{id}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, key.Public(), -time.Minute)
		if err != nil {
			t.Fatal(err)
		}
		return with(t, encodeCertificate(der), key)
	}
	noCluster := func() *tls.Config {
		key, _ := request(t)
		der, err := g.ca.issue(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}, key.Public(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return with(t, encodeCertificate(der), key)
	}
	f := func(fact string, cfg *tls.Config, uid string, want ...codes.Code) {
		t.Helper()
		conn := g.dials(t, cfg)
		stream, _, err := connects(t, conn, uid)
		if err == nil {
			s := &sender{t: t}
			up(stream, &ingestpb.Upstream_Batch{Batch: s.seal(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))})
			_, err = stream.Recv()
		}
		ok := false
		for _, c := range want {
			ok = ok || status.Code(err) == c
		}
		if !ok {
			t.Errorf("%s: got %v, want %v", fact, err, want)
		}
		_, csr := request(t)
		if _, err := ingestpb.NewEnrolmentClient(conn).Renew(t.Context(), &ingestpb.RenewRequest{CsrDer: csr}); err == nil && uid == zone2 {
			t.Errorf("%s: got a new certificate", fact)
		}
	}
	f("no certificate", nil, zone2, codes.Unauthenticated)
	f("another CA's certificate", issue(other, zone2), zone2, codes.Unavailable)
	f("an outlived certificate", outlived(), zone2, codes.Unavailable)
	f("a certificate without a cluster", noCluster(), zone2, codes.Unauthenticated)
	f("the hub's own certificate", serverConfig(t, g), zone2, codes.Unavailable)
	f("a cluster that is not registered", issue(g.ca, "33333333-0000-4000-8000-000000000003"), zone2, codes.Unauthenticated)
	f("a cluster that the hub dials", issue(g.ca, zone1), zone1, codes.Unauthenticated)
	f("another cluster's UID", good, zone1, codes.PermissionDenied)
	f("TLS 1.2", &tls.Config{MaxVersion: tls.VersionTLS12}, zone2, codes.Unavailable)
	g.wants(t, "no rows", "0", `SELECT toString(count()) FROM {db}.resource_history`)
}

func serverConfig(t *testing.T, g *gate) *tls.Config {
	t.Helper()
	c, err := g.ca.serverCertificate([]string{"localhost"})
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Config{Certificates: []tls.Certificate{*c}}
}

func TestAJoinTokenIsGoodOnce(t *testing.T) {
	g := newGate(t)
	token, err := g.registry.NewJoinToken(t.Context(), "zone2", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	client := ingestpb.NewEnrolmentClient(g.dials(t, nil))
	f := func(fact string, want codes.Code, r *ingestpb.EnrolRequest) *ingestpb.EnrolResponse {
		t.Helper()
		answer, err := client.Enrol(t.Context(), r)
		if status.Code(err) != want {
			t.Errorf("%s: got %v, want %s", fact, err, want)
		}
		return answer
	}
	_, csr := request(t)
	f("a wrong token", codes.PermissionDenied, &ingestpb.EnrolRequest{Token: token + "x", CsrDer: csr, ClusterUid: zone2})
	f("no token", codes.PermissionDenied, &ingestpb.EnrolRequest{CsrDer: csr, ClusterUid: zone2})
	f("no UID", codes.InvalidArgument, &ingestpb.EnrolRequest{Token: token, CsrDer: csr})
	f("no request", codes.InvalidArgument, &ingestpb.EnrolRequest{Token: token, CsrDer: []byte("x"), ClusterUid: zone2})
	f("a cluster that has a name", codes.PermissionDenied, &ingestpb.EnrolRequest{Token: token, CsrDer: csr, ClusterUid: zone1})
	answer := f("the right one", codes.OK, &ingestpb.EnrolRequest{Token: token, CsrDer: csr, ClusterUid: zone2})
	f("again", codes.PermissionDenied, &ingestpb.EnrolRequest{Token: token, CsrDer: csr, ClusterUid: zone2})

	block, _ := pem.Decode(answer.GetCertificatePem())
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if uid, ok := clusterOf(leaf); !ok || uid != zone2 || len(leaf.URIs) != 1 || leaf.Subject.CommonName != "foretop:collector:"+zone2 || leaf.IsCA {
		t.Errorf("the certificate says what the request asked for: %s %v", leaf.Subject, leaf.URIs)
	}
	if len(leaf.ExtKeyUsage) != 1 || leaf.ExtKeyUsage[0] != x509.ExtKeyUsageClientAuth || time.Until(leaf.NotAfter) > 24*time.Hour {
		t.Errorf("got usage %v until %s", leaf.ExtKeyUsage, leaf.NotAfter)
	}
}

func TestACertificateIsRenewedForItsOwnCluster(t *testing.T) {
	g := newGate(t)
	key, csr := request(t)
	r, err := ingestpb.NewEnrolmentClient(g.dials(t, g.enrols(t))).Renew(t.Context(), &ingestpb.RenewRequest{CsrDer: csr})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := connects(t, g.dials(t, with(t, r.CertificatePem, key)), zone2); err != nil {
		t.Error(err)
	}
}

func TestARemovedClusterIsCutOff(t *testing.T) {
	g := newGate(t)
	cfg := g.enrols(t)
	stream, _, err := connects(t, g.dials(t, cfg), zone2)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := g.registry.Remove(t.Context(), "zone2"); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); status.Code(err) != codes.Unauthenticated && status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v", err)
	}
	if d := time.Since(began); d > 2*time.Second {
		t.Errorf("the stream was cut after %s", d)
	}
	if _, _, err := connects(t, g.dials(t, cfg), zone2); status.Code(err) != codes.Unauthenticated {
		t.Errorf("got %v, want Unauthenticated", err)
	}
	if g.Connected(zone2) {
		t.Error("zone2 is still connected")
	}
}

func TestANewerStreamEndsTheOlder(t *testing.T) {
	g := newGate(t)
	conn := g.dials(t, g.enrols(t))
	old, _, err := connects(t, conn, zone2)
	if err != nil {
		t.Fatal(err)
	}
	now, _, err := connects(t, conn, zone2)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := old.Recv(); status.Code(err) != codes.FailedPrecondition {
		t.Errorf("got %v, want FailedPrecondition", err)
	}
	s := &sender{t: t}
	up(now, &ingestpb.Upstream_Batch{Batch: s.seal(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))})
	if m, err := now.Recv(); err != nil || m.GetAck().GetBatchSeq() != 1 {
		t.Errorf("got %v %v", m, err)
	}
	if !g.Connected(zone2) {
		t.Error("the end of the older stream disconnected the newer")
	}
}

func TestCommands(t *testing.T) {
	g := newGate(t)
	f := func(fact string, uid string, c *ingestpb.Command, code ingestpb.CommandResult_Code, message string) {
		t.Helper()
		r := g.Execute(t.Context(), uid, c)
		if r.Code != code || r.Message != message || r.CommandId != c.Id {
			t.Errorf("%s: got %s %q, want %s %q", fact, r.Code, r.Message, code, message)
		}
	}
	restart := func(id string) *ingestpb.Command {
		return &ingestpb.Command{Id: id, Verb: &ingestpb.Command_Restart{Restart: &ingestpb.RestartVerb{}}}
	}
	f("nobody there", zone1, restart("c0"), ingestpb.CommandResult_CODE_UNAVAILABLE, "No collector of zone1 is connected: nothing was done.")

	conn := g.dials(t, g.enrols(t))
	stream, _, err := connects(t, conn, zone2)
	if err != nil {
		t.Fatal(err)
	}
	go func() { // a collector that carries out c1, forgets c2 and goes away at c3
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			switch m.GetCommand().GetId() {
			case "c1":
				up(stream, &ingestpb.Upstream_Result{Result: &ingestpb.CommandResult{CommandId: "c1", Code: ingestpb.CommandResult_CODE_OK, Message: "Restarted."}})
			case "c3":
				conn.Close()
			}
		}
	}()
	f("carried out", zone2, restart("c1"), ingestpb.CommandResult_CODE_OK, "Restarted.")
	late := restart("c2")
	late.NotAfterMs = time.Now().Add(-time.Second).UnixMilli()
	f("too late", zone2, late, ingestpb.CommandResult_CODE_EXPIRED, "The command for zone2 came too late: nothing was done.")
	late.NotAfterMs = time.Now().Add(200 * time.Millisecond).UnixMilli()
	f("not answered", zone2, late, ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of zone2 did not answer in time: whether it was done is not known.")
	f("gone meanwhile", zone2, restart("c3"), ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of zone2 disconnected before it answered: whether it was done is not known.")
}

func TestTheAuthorityIsKept(t *testing.T) {
	dir := t.TempDir()
	first, err := OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenAuthority(dir)
	if err != nil {
		t.Fatal(err)
	}
	if first.Pin() != second.Pin() || !strings.HasPrefix(first.Pin(), "sha256:") || len(first.Pin()) != 7+64 {
		t.Errorf("got pins %s and %s", first.Pin(), second.Pin())
	}
	entries, err := os.ReadDir(filepath.Join(dir, "pki"))
	if err != nil || len(entries) != 1 {
		t.Fatalf("got %v %v, want one file", entries, err)
	}
	info, err := entries[0].Info()
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got mode %s, want 0600", info.Mode())
	}
}
