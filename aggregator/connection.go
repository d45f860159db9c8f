package aggregator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	// window is how many batches of one collector may wait for their acknowledgement.
	window = 4
	// helloWithin is how long a stream may stay silent at first.
	helloWithin = 10 * time.Second
	// commandFor is how long a command may take that says nothing of it.
	commandFor = time.Minute
)

type ingestService struct {
	ingestpb.UnimplementedIngestServer
	gate *Gate
}

// link is one collector connected by gRPC:
//
//	Recv --batch--> Session.take --window--> acknowledge --+--> down --> Send
//	     --result-> answer                  Execute, Fetch --+
//	     --fetched> fetched --parts--> Fetch
type link struct {
	server  *Server
	cluster string
	name    string
	stream  ingestpb.Ingest_ConnectServer
	down    chan *ingestpb.Downstream // never closed: ctx ends it

	ctx context.Context
	cut context.CancelCauseFunc

	mu      sync.Mutex
	asked   map[string][]chan *ingestpb.CommandResult // by command ID; each has room for its one answer
	fetches map[string]*fetching                      // by command ID
	closing bool
}

// Connect is one collector's stream, from hello to its end.
func (s *ingestService) Connect(stream ingestpb.Ingest_ConnectServer) error {
	server, cluster := s.gate.server, caller(stream.Context())
	ctx, cut := context.WithCancelCause(stream.Context())
	defer cut(nil)
	hello, err := readHello(ctx, stream)
	if err != nil {
		return err
	}
	if hello.ClusterUid != cluster.UID {
		server.log.Warn("collector speaks for another cluster than its certificate", "cluster", cluster.Name, "claims", hello.ClusterUid)
		return status.Errorf(codes.PermissionDenied, "the certificate is that of cluster %s, and this is another cluster: its kube-system namespace has UID %s", cluster.Name, hello.ClusterUid)
	}
	session, err := server.Open(ctx, cluster.UID, hello)
	if err != nil {
		if ctx.Err() == nil {
			server.log.Warn("stream not opened", "cluster", cluster.Name, "err", err)
		}
		return status.Error(codes.Unavailable, "the hub cannot take batches now")
	}
	l := &link{
		server: server, cluster: cluster.UID, name: cluster.Name, stream: stream, ctx: ctx, cut: cut,
		down: make(chan *ingestpb.Downstream), asked: map[string][]chan *ingestpb.CommandResult{}, fetches: map[string]*fetching{},
	}
	server.connect(l)
	defer server.disconnect(l)

	unacked := make(chan acknowledgement, window)
	var work sync.WaitGroup
	defer work.Wait()
	work.Go(func() { l.end(l.acknowledge(session, unacked)) })
	// Send and Recv of a collector that does neither end when the handler returns, and not before: these two
	// are not waited for.
	go func() { l.end(l.send()) }()
	go func() { l.end(l.receive(session, unacked)) }()
	l.say(&ingestpb.Downstream{Message: &ingestpb.Downstream_Welcome{Welcome: session.Welcome()}})
	select {
	case <-ctx.Done():
	case <-session.life.Done():
		l.end(context.Cause(session.life))
	}
	return explain(context.Cause(ctx))
}

func readHello(ctx context.Context, stream ingestpb.Ingest_ConnectServer) (*ingestpb.Hello, error) {
	type first struct {
		m   *ingestpb.Upstream
		err error
	}
	got := make(chan first, 1)
	go func() {
		m, err := stream.Recv()
		got <- first{m, err}
	}()
	timer := time.NewTimer(helloWithin)
	defer timer.Stop()
	select {
	case f := <-got:
		if f.err != nil {
			return nil, f.err
		}
		if h := f.m.GetHello(); h != nil {
			return h, nil
		}
		return nil, status.Error(codes.InvalidArgument, "the first message must be Hello")
	case <-timer.C:
		return nil, status.Error(codes.DeadlineExceeded, "no Hello came")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// explain turns the reason for a stream's end into what the collector is told.
func explain(err error) error {
	if _, ok := status.FromError(err); ok {
		return err
	}
	switch {
	case errors.Is(err, ingestpb.ErrFenced):
		return status.Error(codes.FailedPrecondition, "fenced: "+ingestpb.ErrFenced.Error())
	case errors.Is(err, context.Canceled):
		return status.Error(codes.Unavailable, "the hub ends this stream")
	}
	return status.Error(codes.Aborted, err.Error())
}

func (l *link) end(err error) {
	if err != nil {
		l.cut(err)
	}
}

// say queues a message for the collector; false when the stream has ended.
func (l *link) say(m *ingestpb.Downstream) bool {
	select {
	case l.down <- m:
		return true
	case <-l.ctx.Done():
		return false
	}
}

func (l *link) send() error {
	for {
		select {
		case m := <-l.down:
			if err := l.stream.Send(m); err != nil {
				return err
			}
		case <-l.ctx.Done():
			return nil
		}
	}
}

// acknowledgement is of one batch; waiting is nil when it was durable already.
type acknowledgement struct {
	batchSeq uint64
	waiting  *pending
}

func (l *link) receive(session *Session, unacked chan<- acknowledgement) (err error) {
	defer l.server.recovered("Connect", &err) // a goroutine of its own: the interceptor's does not reach here
	for {
		m, err := l.stream.Recv()
		if err != nil {
			return err
		}
		switch m := m.Message.(type) {
		case *ingestpb.Upstream_Batch:
			p, err := session.take(l.ctx, m.Batch)
			if err != nil {
				return err
			}
			select {
			case unacked <- acknowledgement{m.Batch.BatchSeq, p}:
			case <-l.ctx.Done():
				return nil
			}
		case *ingestpb.Upstream_Result:
			l.answer(m.Result)
		case *ingestpb.Upstream_Fetched:
			l.fetched(m.Fetched)
		case *ingestpb.Upstream_Hello:
			return status.Error(codes.InvalidArgument, "a stream has one Hello")
		default:
			l.server.metrics.rejected.WithLabelValues("unknown_message").Inc()
		}
	}
}

func (l *link) acknowledge(session *Session, unacked <-chan acknowledgement) error {
	for {
		select {
		case a := <-unacked:
			if a.waiting != nil {
				if err := session.wait(l.ctx, a.waiting); err != nil {
					return err
				}
			}
			if !l.say(&ingestpb.Downstream{Message: &ingestpb.Downstream_Ack{Ack: &ingestpb.Ack{BatchSeq: a.batchSeq}}}) {
				return nil
			}
		case <-l.ctx.Done():
			return nil
		}
	}
}

// connect makes l the way to its cluster, in place of an older one.
func (s *Server) connect(l *link) {
	s.mu.Lock()
	old := s.links[l.cluster]
	s.links[l.cluster] = l
	s.mu.Unlock()
	if old != nil {
		old.cut(ingestpb.ErrFenced)
	}
}

func (s *Server) disconnect(l *link) {
	s.mu.Lock()
	if s.links[l.cluster] == l {
		delete(s.links, l.cluster)
	}
	s.mu.Unlock()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closing = true
	for id, waiting := range l.asked {
		for _, c := range waiting {
			close(c)
		}
		delete(l.asked, id)
	}
	for _, f := range l.fetches {
		f.tell(func() { f.cut = true })
	}
}

// Connected reports whether a collector of the cluster is connected by gRPC.
func (s *Server) Connected(clusterUID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.links[clusterUID] != nil
}

// Execute has a connected collector carry out a command, and waits for the answer until the command's own
// deadline or ctx ends. It answers always: failures are codes of the result.
func (s *Server) Execute(ctx context.Context, clusterUID string, c *ingestpb.Command) *ingestpb.CommandResult {
	fail := func(code ingestpb.CommandResult_Code, format string, args ...any) *ingestpb.CommandResult {
		return &ingestpb.CommandResult{CommandId: c.Id, Code: code, Message: fmt.Sprintf(format, args...)}
	}
	s.mu.Lock()
	l := s.links[clusterUID]
	s.mu.Unlock()
	if l == nil {
		return fail(ingestpb.CommandResult_CODE_UNAVAILABLE, "No collector of %s is connected: nothing was done.", s.nameOf(clusterUID))
	}
	var cancel context.CancelFunc
	switch {
	case c.NotAfterMs > 0:
		deadline := time.UnixMilli(c.NotAfterMs)
		if !deadline.After(time.Now()) {
			return fail(ingestpb.CommandResult_CODE_EXPIRED, "The command for %s came too late: nothing was done.", l.name)
		}
		ctx, cancel = context.WithDeadline(ctx, deadline)
	default:
		ctx, cancel = context.WithTimeout(ctx, commandFor)
	}
	defer cancel()
	answer, ok := l.ask(c.Id)
	if !ok {
		return fail(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of %s has just disconnected: nothing was done.", l.name)
	}
	defer l.giveUp(c.Id, answer)
	select {
	case l.down <- &ingestpb.Downstream{Message: &ingestpb.Downstream_Command{Command: c}}:
	case <-l.ctx.Done():
		return fail(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of %s has just disconnected: nothing was done.", l.name)
	case <-ctx.Done():
		return fail(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of %s does not take commands: nothing was done.", l.name)
	}
	unknown := "whether it was done is not known."
	if c.DryRun || c.GetRead() != nil {
		unknown = "nothing was changed."
	}
	select {
	case r, ok := <-answer:
		if ok {
			return r
		}
		return fail(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of %s disconnected before it answered: %s", l.name, unknown)
	case <-ctx.Done():
		return fail(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of %s did not answer in time: %s", l.name, unknown)
	}
}

// ask registers for a command's result; false when the link is closing.
func (l *link) ask(id string) (chan *ingestpb.CommandResult, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return nil, false
	}
	c := make(chan *ingestpb.CommandResult, 1)
	l.asked[id] = append(l.asked[id], c)
	return c, true
}

func (l *link) giveUp(id string, c chan *ingestpb.CommandResult) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, other := range l.asked[id] {
		if other == c {
			l.asked[id] = append(l.asked[id][:i:i], l.asked[id][i+1:]...)
		}
	}
	if len(l.asked[id]) == 0 {
		delete(l.asked, id)
	}
}

func (l *link) answer(r *ingestpb.CommandResult) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if f := l.fetches[r.CommandId]; f != nil {
		f.tell(func() { f.result = r })
		return
	}
	for _, c := range l.asked[r.CommandId] {
		c <- r
	}
	delete(l.asked, r.CommandId)
}
