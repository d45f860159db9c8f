package collector

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// DialConfig says how to reach the hub and who to be there. Hub, DataDir and ClusterUID are required; Token and
// one of CAFile and CAPin are for the first time only.
type DialConfig struct {
	Hub string // HOST:PORT of the hub's listener for collectors
	// CAFile holds the hub's CA in PEM. CAPin is the SHA-256 of its public key instead, as the hub prints it:
	// sha256:HEX. No other authority is trusted.
	CAFile string
	CAPin  string
	Token  string // single-use, from the hub
	// DataDir keeps the key and certificate, readable by nobody else.
	DataDir           string
	ClusterUID        string // as Identify finds it
	KubernetesVersion string
	// Executor carries out the hub's commands; nil answers each that this collector only reads.
	Executor Executor
	Log      *slog.Logger
}

// Hub is an Opener over gRPC.
type Hub struct {
	cfg      DialConfig
	log      *slog.Logger
	conn     *grpc.ClientConn
	identity *identity
	work     sync.WaitGroup // everything that runs beside the caller

	// tokenTried: the token was used, or refused. It is good for one attempt.
	tokenTried atomic.Bool
}

// Dial makes sure that there is a certificate for the hub, enrolling with the token when there is none, and
// returns an Opener. It waits for a hub that is not there yet; an error is final, and a sentence.
func Dial(ctx context.Context, cfg DialConfig) (*Hub, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Hub == "" || cfg.DataDir == "" || cfg.ClusterUID == "" {
		return nil, errors.New("dial needs the hub's address, a data directory and the cluster's UID")
	}
	h := &Hub{cfg: cfg, log: cfg.Log.With("hub", cfg.Hub)}
	id, err := loadIdentity(cfg.DataDir)
	if err != nil {
		return nil, err
	}
	if id == nil || id.expired(time.Now()) && cfg.Token != "" {
		if id, err = h.enrol(ctx); err != nil {
			return nil, err
		}
	} else if id.expired(time.Now()) {
		return nil, &access.Error{Code: "UNAUTHENTICATED", Message: fmt.Sprintf("This collector's certificate expired at %s: it did not reach the hub for long.", id.notAfter().UTC().Format(time.RFC3339)), Fix: newToken}
	}
	h.identity = id
	h.conn, err = h.connect(&tls.Config{
		GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return h.identity.certificate(), nil },
		VerifyConnection:     func(s tls.ConnectionState) error { return verifyHub(s, h.identity.authorities(), "") },
	})
	return h, err
}

// Close gives up the connection, once commands that are being carried out have ended. Streams must have ended.
func (h *Hub) Close() error {
	h.work.Wait()
	return h.conn.Close()
}

// connect returns a connection that is made when needed. Names are not compared: the hub's certificate is the
// only one that its CA issues for servers, and collectors reach it under whatever name their network gives it.
func (h *Hub) connect(cfg *tls.Config) (*grpc.ClientConn, error) {
	cfg.MinVersion = tls.VersionTLS13
	cfg.InsecureSkipVerify = true // VerifyConnection does it
	conn, err := grpc.NewClient("dns:///"+h.cfg.Hub,
		grpc.WithTransportCredentials(credentials.NewTLS(cfg)),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 500 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: 10 * time.Second},
			MinConnectTimeout: 10 * time.Second,
		}),
		grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 20 * time.Second, Timeout: 10 * time.Second}),
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, fmt.Errorf("connect to the hub at %s: %w", h.cfg.Hub, err)
	}
	return conn, nil
}

// Objects shrink to an eighth even at the fastest level, and collectors are often far away.
func init() {
	if err := gzip.SetLevel(1); err != nil {
		panic(err) // the level is in range
	}
}

const (
	welcomeTimeout = 20 * time.Second
	// An acknowledgement takes a commit at the hub. One that takes longer than this is not coming.
	ackTimeout = 2 * time.Minute
	// Commands that may be carried out at a time.
	concurrentCommands = 16
)

// Open implements Opener. A hub that does not know this collector any more is asked to enrol it again, when
// there is a token that was not used yet.
func (h *Hub) Open(ctx context.Context, hello *ingestpb.Hello) (Sink, error) {
	s, err := h.open(ctx, hello)
	if access.Code(err) != "UNAUTHENTICATED" || h.cfg.Token == "" || h.tokenTried.Load() {
		return s, err
	}
	h.log.Warn("hub does not accept the stored certificate, enrolling again", "err", err)
	id, enrolErr := h.enrol(ctx)
	if enrolErr != nil {
		return nil, enrolErr
	}
	h.identity.replace(id)
	h.conn.ResetConnectBackoff()
	return h.open(ctx, hello)
}

func (h *Hub) open(ctx context.Context, hello *ingestpb.Hello) (Sink, error) {
	if h.identity.due(time.Now()) {
		if err := h.renew(ctx); err != nil && h.identity.expired(time.Now()) {
			return nil, err
		}
	}
	ctx, cancel := context.WithCancel(ctx) // ends the stream; called by receive, which ends with it
	stream, err := ingestpb.NewIngestClient(h.conn).Connect(ctx, grpc.UseCompressor(gzip.Name))
	if err != nil {
		cancel()
		return nil, h.explain(err)
	}
	s := &hubStream{
		hub: h, stream: stream, welcomed: make(chan struct{}), acked: make(chan uint64, 1), ended: make(chan struct{}),
		slots: make(chan struct{}, concurrentCommands),
	}
	if err := stream.Send(&ingestpb.Upstream{Message: &ingestpb.Upstream_Hello{Hello: hello}}); err != nil {
		_, err = stream.Recv() // Send says EOF; Recv says why
		cancel()
		return nil, h.explain(err)
	}
	h.work.Go(func() {
		defer cancel()
		s.receive(ctx)
	})
	h.work.Go(func() { h.keepRenewed(ctx) })
	t := time.NewTimer(welcomeTimeout)
	defer t.Stop()
	select {
	case <-s.welcomed:
		return s, nil
	case <-s.ended:
		return nil, s.err
	case <-t.C:
		cancel()
		<-s.ended
		return nil, &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("The hub at %s does not answer.", h.cfg.Hub)}
	}
}

// hubStream is one Connect call. receive owns reading from it until it ends.
type hubStream struct {
	hub      *Hub
	stream   grpc.BidiStreamingClient[ingestpb.Upstream, ingestpb.Downstream]
	welcomed chan struct{} // closed by receive on Welcome; welcome is set before
	welcome  *ingestpb.Welcome
	acked    chan uint64   // the latest acknowledgement; receive replaces what was not taken
	ended    chan struct{} // closed by receive when it returns; err is set before
	err      error
	slots    chan struct{}
	fetches  fetches

	last uint64 // the highest acknowledged batch; only Send touches it

	sendMu sync.Mutex // gRPC wants one sender at a time
}

func (s *hubStream) up(m *ingestpb.Upstream) error {
	s.sendMu.Lock()
	defer s.sendMu.Unlock()
	return s.stream.Send(m)
}

// Welcome implements Welcoming.
func (s *hubStream) Welcome() *ingestpb.Welcome { return s.welcome }

// Send implements Sink.
func (s *hubStream) Send(ctx context.Context, b *ingestpb.Batch) error {
	if b.BatchSeq <= s.last {
		return nil
	}
	if err := s.up(&ingestpb.Upstream{Message: &ingestpb.Upstream_Batch{Batch: b}}); err != nil {
		<-s.ended // receive learns why
		return s.err
	}
	t := time.NewTimer(ackTimeout)
	defer t.Stop()
	for {
		select {
		case n := <-s.acked:
			if s.last = n; n >= b.BatchSeq {
				return nil
			}
		case <-s.ended:
			return s.err
		case <-t.C:
			return fmt.Errorf("%w: no acknowledgement of batch %d", ErrStreamEnded, b.BatchSeq)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (s *hubStream) receive(ctx context.Context) {
	defer close(s.ended)
	welcomed := false
	for {
		m, err := s.stream.Recv()
		if err != nil {
			s.err = s.hub.explain(err)
			return
		}
		switch m := m.Message.(type) {
		case *ingestpb.Downstream_Welcome:
			if !welcomed {
				welcomed = true
				s.welcome = m.Welcome
				s.hub.log.Info("hub welcomes this collector", "cluster", m.Welcome.ClusterName, "epoch", m.Welcome.Epoch)
				close(s.welcomed)
			}
		case *ingestpb.Downstream_Ack:
			select {
			case <-s.acked:
			default:
			}
			s.acked <- m.Ack.BatchSeq // has room: receive alone fills it
		case *ingestpb.Downstream_Command:
			if m.Command.GetFetch() != nil { // they may last for hours, and must not be in the way of those that write
				s.fetch(ctx, m.Command)
				continue
			}
			select {
			case s.slots <- struct{}{}:
			case <-ctx.Done():
				continue // Recv says why
			}
			ctx := context.WithoutCancel(ctx) // a write goes on when the stream does not
			s.hub.work.Go(func() { s.carryOut(ctx, m.Command) })
		case *ingestpb.Downstream_FetchMore:
			if f := s.fetches.named(m.FetchMore.CommandId); f != nil {
				f.add(m.FetchMore.Cost)
			}
		case *ingestpb.Downstream_FetchStop:
			if f := s.fetches.named(m.FetchStop.CommandId); f != nil {
				f.stop()
			}
		default:
			s.hub.log.Warn("unknown message from the hub ignored; update this collector")
		}
	}
}

func (s *hubStream) carryOut(ctx context.Context, c *ingestpb.Command) {
	defer func() { <-s.slots }()
	var result *ingestpb.CommandResult
	if s.hub.cfg.Executor == nil {
		result = &ingestpb.CommandResult{CommandId: c.Id, Code: ingestpb.CommandResult_CODE_FORBIDDEN, Message: "This collector only reads: it was started without the right to carry out commands."}
	} else {
		result = s.hub.cfg.Executor.Execute(ctx, c)
	}
	if err := s.up(&ingestpb.Upstream{Message: &ingestpb.Upstream_Result{Result: result}}); err != nil {
		s.hub.log.Warn("answer to a command was not sent, the hub will ask again", "command_id", c.Id, "err", err)
	}
}

// explain turns what gRPC says into a sentence, ErrFenced or ErrStreamEnded.
func (h *Hub) explain(err error) error {
	st, _ := status.FromError(err)
	e := func(code, message, fix string) error { return &access.Error{Code: code, Message: message, Fix: fix} }
	switch st.Code() {
	case codes.FailedPrecondition:
		return ErrFenced
	case codes.Unauthenticated, codes.PermissionDenied:
		return refusal("The hub does not accept this collector: ", st.Message())
	case codes.Unavailable:
		return fmt.Errorf("%w: %w", ErrStreamEnded, e("UNAVAILABLE", fmt.Sprintf("The hub at %s cannot be reached%s.", h.cfg.Hub, reason(st.Message())), ""))
	default:
		return fmt.Errorf("%w: %s: %s", ErrStreamEnded, st.Code(), st.Message())
	}
}
