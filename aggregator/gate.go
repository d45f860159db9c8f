package aggregator

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"runtime/debug"
	"slices"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// maxMessage bounds what one collector can make the hub hold at once; a batch is sealed at 2 MiB, and one object
// is at most 1.5 MiB.
const maxMessage = 8 << 20

// GateConfig says who the hub is to collectors.
type GateConfig struct {
	DataDir string     // holds pki/
	Address string     // host:port that the hub listens on
	Names   []string   // further DNS names and addresses that collectors reach the hub by
	CA      *Authority // nil opens the one under DataDir
}

// Gate is the collectors' way in: gRPC over TLS 1.3, on a port of its own.
type Gate struct {
	server *Server
	ca     *Authority
	grpc   *grpc.Server
	enrols *rate.Limiter
}

// Serve listens on cfg.Address and answers collectors until ctx ends.
func (s *Server) Serve(ctx context.Context, cfg GateConfig) error {
	l, err := net.Listen("tcp", cfg.Address)
	if err != nil {
		return &access.Error{
			Code: "UNAVAILABLE", Message: fmt.Sprintf("Cannot listen for collectors on %s: %v.", cfg.Address, err),
			Fix: "Give a free address with --collectors-listen.",
		}
	}
	g, err := NewGate(s, cfg)
	if err != nil {
		l.Close()
		return err
	}
	return g.Serve(ctx, l)
}

// NewGate makes a Gate, and the hub's CA the first time. Collectors are answered while Serve runs.
func NewGate(s *Server, cfg GateConfig) (*Gate, error) {
	ca := cfg.CA
	if ca == nil {
		var err error
		if ca, err = OpenAuthority(cfg.DataDir); err != nil {
			return nil, err
		}
	}
	names := serverNames(cfg)
	g := &Gate{server: s, ca: ca, enrols: rate.NewLimiter(20, 50)}
	g.grpc = grpc.NewServer(
		grpc.Creds(credentials.NewTLS(&tls.Config{
			MinVersion: tls.VersionTLS13,
			ClientAuth: tls.VerifyClientCertIfGiven, // which methods go without one, authorize decides
			ClientCAs:  ca.pool(),
			GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
				return ca.serverCertificate(names)
			},
		})),
		grpc.MaxRecvMsgSize(maxMessage),
		grpc.MaxSendMsgSize(maxMessage),
		grpc.MaxConcurrentStreams(16),
		grpc.ConnectionTimeout(10*time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: 10 * time.Second, PermitWithoutStream: true}),
		grpc.UnaryInterceptor(g.unary),
		grpc.StreamInterceptor(g.stream),
	)
	ingestpb.RegisterIngestServer(g.grpc, &ingestService{gate: g})
	ingestpb.RegisterEnrolmentServer(g.grpc, &enrolmentService{gate: g})
	return g, nil
}

// serverNames are what the hub's certificate is for.
func serverNames(cfg GateConfig) []string {
	names := append([]string{"localhost", "127.0.0.1", "::1"}, cfg.Names...)
	if host, _, err := net.SplitHostPort(cfg.Address); err == nil && host != "" {
		if ip := net.ParseIP(host); ip == nil || !ip.IsUnspecified() {
			names = append(names, host)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// CAPin is the CA's pin, for the join command.
func (g *Gate) CAPin() string { return g.ca.Pin() }

// CA is the hub's authority.
func (g *Gate) CA() *Authority { return g.ca }

// Serve answers collectors on l, which it closes, until ctx ends. Their streams are cut then: what was not
// acknowledged they send again.
func (g *Gate) Serve(ctx context.Context, l net.Listener) error {
	defer context.AfterFunc(ctx, g.grpc.Stop)()
	g.server.log.Info("listening for collectors", "address", l.Addr().String(), "ca", g.CAPin())
	if err := g.grpc.Serve(l); err != nil && !errors.Is(err, grpc.ErrServerStopped) && ctx.Err() == nil {
		return fmt.Errorf("serve collectors: %w", err)
	}
	return nil
}

type callerKey struct{}

// caller is the cluster that speaks, as its verified certificate and the registry say.
func caller(ctx context.Context) clusters.Entry {
	e, _ := ctx.Value(callerKey{}).(clusters.Entry)
	return e
}

// authorize decides by the method's full name who may call. What it does not name, nobody may.
func (g *Gate) authorize(ctx context.Context, method string) (context.Context, error) {
	switch method {
	case ingestpb.Enrolment_Enrol_FullMethodName:
		return ctx, nil
	case ingestpb.Ingest_Connect_FullMethodName, ingestpb.Enrolment_Renew_FullMethodName:
	default:
		return nil, status.Error(codes.PermissionDenied, "no such method")
	}
	p, _ := peer.FromContext(ctx)
	if p == nil {
		return nil, status.Error(codes.Unauthenticated, "no connection")
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.VerifiedChains) == 0 || len(info.State.VerifiedChains[0]) == 0 {
		return nil, status.Error(codes.Unauthenticated, "this needs a collector's certificate: enrol first")
	}
	leaf := info.State.VerifiedChains[0][0]
	if time.Now().After(leaf.NotAfter) { // the connection is older than the certificate
		return nil, status.Error(codes.Unauthenticated, "the collector's certificate has expired")
	}
	uid, ok := clusterOf(leaf)
	if !ok {
		return nil, status.Error(codes.Unauthenticated, "the certificate names no cluster")
	}
	e, ok := g.server.clusters.ByUID(uid)
	if !ok || e.Mode != clusters.Pull {
		return nil, errRemoved
	}
	return context.WithValue(ctx, callerKey{}, e), nil
}

var errRemoved = status.Error(codes.Unauthenticated, "this cluster is not registered here as one whose collector calls in")

func (g *Gate) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
	defer g.server.recovered(info.FullMethod, &err)
	if ctx, err = g.authorize(ctx, info.FullMethod); err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (g *Gate) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
	defer g.server.recovered(info.FullMethod, &err)
	ctx, err := g.authorize(stream.Context(), info.FullMethod)
	if err != nil {
		return err
	}
	return next(srv, &authorizedStream{stream, ctx})
}

type authorizedStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s *authorizedStream) Context() context.Context { return s.ctx }

// recovered keeps one collector's call from ending the hub.
func (s *Server) recovered(method string, err *error) {
	if r := recover(); r != nil {
		s.metrics.panics.Inc()
		s.log.Error("call of a collector panicked", "method", method, "panic", fmt.Sprint(r), "stack", string(debug.Stack()))
		*err = status.Error(codes.Internal, "the hub has a fault; its log says more")
	}
}

type enrolmentService struct {
	ingestpb.UnimplementedEnrolmentServer
	gate *Gate
}

// Enrol uses up a token and binds the cluster it was made for to the caller's UID.
func (s *enrolmentService) Enrol(ctx context.Context, r *ingestpb.EnrolRequest) (*ingestpb.EnrolResponse, error) {
	if !s.gate.enrols.Allow() {
		return nil, status.Error(codes.ResourceExhausted, "too many collectors enrol at once, try again")
	}
	if r.ClusterUid == "" || len(r.ClusterUid) > 128 {
		return nil, status.Error(codes.InvalidArgument, "the request names no cluster UID")
	}
	// Before the token is used up: a request that cannot be served leaves it good.
	certificate, err := s.gate.ca.collectorCertificate(r.CsrDer, r.ClusterUid)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	registry, log := s.gate.server.clusters, s.gate.server.log
	cluster, err := registry.Redeem(ctx, r.Token, r.ClusterUid)
	if err != nil {
		var told *access.Error
		if !errors.As(err, &told) {
			log.Error("enrolment", "err", err)
			return nil, status.Error(codes.Unavailable, "the hub cannot enrol collectors now")
		}
		log.Warn("enrolment refused", "cluster_uid", r.ClusterUid, "code", told.Code, "reason", told.Message)
		return nil, status.Error(codes.PermissionDenied, told.Error())
	}
	if r.KubernetesVersion != "" {
		if err := registry.SetVersion(ctx, r.ClusterUid, r.KubernetesVersion); err != nil {
			log.Warn("version of cluster not noted", "cluster", cluster.Name, "err", err)
		}
	}
	log.Info("collector enrolled", "cluster", cluster.Name, "cluster_uid", r.ClusterUid)
	return &ingestpb.EnrolResponse{CertificatePem: certificate, CaPem: s.gate.ca.PEM(), ClusterName: cluster.Name}, nil
}

// Renew issues a new certificate for the cluster of the verified one.
func (s *enrolmentService) Renew(ctx context.Context, r *ingestpb.RenewRequest) (*ingestpb.EnrolResponse, error) {
	cluster := caller(ctx)
	certificate, err := s.gate.ca.collectorCertificate(r.CsrDer, cluster.UID)
	if err != nil {
		return nil, status.Error(codes.InvalidArgument, err.Error())
	}
	return &ingestpb.EnrolResponse{CertificatePem: certificate, CaPem: s.gate.ca.PEM(), ClusterName: cluster.Name}, nil
}
