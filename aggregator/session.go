package aggregator

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Session is one stream of one cluster, from Open to the next. Its methods may be called from many goroutines;
// batches are taken in the order of their numbers.
type Session struct {
	server  *Server
	cluster string
	epoch   uint64

	living     atomic.Int64 // living ones that are known
	registered atomic.Bool  // the registry has had the cluster, so that its absence means removal

	newest uint64 // version that history has of the cluster's objects; of the writer's goroutine

	life   context.Context // ends with the session
	cancel context.CancelCauseFunc

	mu        sync.Mutex // held while a batch is prepared, however long that takes; the writer never waits for it
	taken     uint64     // newest batch that was prepared
	lastSeq   uint64     // of its records
	known     knownSet
	tracked   map[kube.GroupResource]bool // kinds of which the database held objects, or that were listed whole
	events    map[string]seenEvent
	unlisted  map[string]name // events that the member had before this session, until all of them are listed
	swept     time.Time
	snapshots map[kube.GroupResource]*snapshot
	contents  map[string]bool // documents that are here, or that were refused
	listed    string          // the member's documents as stored

	offered []string // documents that the database had when the session began

	ackMu   sync.Mutex
	durable uint64 // newest batch that is durable
	waiting map[uint64]*pending

	statusMu sync.Mutex
	standing standing
}

func newSession(s *Server, cluster string, epoch uint64, hello *ingestpb.Hello, known knownSet, events map[string]seenEvent, here map[string]name) *Session {
	life, cancel := context.WithCancelCause(context.Background())
	session := &Session{
		server: s, cluster: cluster, epoch: epoch, life: life, cancel: cancel,
		waiting: map[uint64]*pending{}, known: known, tracked: map[kube.GroupResource]bool{}, events: events, unlisted: here,
		swept: time.Now(), snapshots: map[kube.GroupResource]*snapshot{},
		contents: map[string]bool{},
	}
	for gr := range known {
		session.tracked[gr] = true
	}
	session.living.Store(int64(known.size()))
	session.standing = newStanding(hello.GetKubernetesVersion())
	if e, ok := s.clusters.ByUID(cluster); ok {
		session.standing.asOf = e.AsOf // what is stored is still as of then
	}
	return session
}

// Epoch fences: every version this session writes is epoch<<40 | seq.
func (s *Session) Epoch() uint64 { return s.epoch }

// Send returns nil when b is durable. It may be called again with the same batch after an error. ErrFenced says
// that a newer session of the cluster has begun.
func (s *Session) Send(ctx context.Context, b *ingestpb.Batch) error {
	p, err := s.take(ctx, b)
	if err != nil || p == nil {
		return err
	}
	return s.wait(ctx, p)
}

func (s *Session) wait(ctx context.Context, p *pending) error {
	select {
	case <-p.done:
		return p.err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.life.Done():
		select {
		case <-p.done: // it was decided before the session ended
			return p.err
		default:
			return context.Cause(s.life)
		}
	}
}

// take prepares b and queues it. nil, nil means that b is durable already.
func (s *Session) take(ctx context.Context, b *ingestpb.Batch) (*pending, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.life.Err() != nil {
		return nil, context.Cause(s.life)
	}
	if p, done := s.taking(b.BatchSeq); p != nil || done {
		s.server.metrics.duplicates.Inc()
		return p, nil
	}
	if b.BatchSeq != s.taken+1 {
		return nil, fmt.Errorf("batch %d of cluster %s follows batch %d: numbers must be without a gap", b.BatchSeq, s.cluster, s.taken)
	}
	size := min(int64(proto.Size(b))+1, s.server.maxWait)
	if err := s.room(ctx, size); err != nil {
		return nil, err
	}
	s.server.preparing.Add(1)
	defer s.server.nowPrepared()
	p, err := s.prepare(b)
	if err != nil {
		s.server.waiting.Release(size)
		return nil, err
	}
	p.size = size
	s.taken = b.BatchSeq
	s.ackMu.Lock()
	s.waiting[b.BatchSeq] = p
	s.ackMu.Unlock()
	select {
	case s.server.writer.queue <- p:
		return p, nil
	case <-s.life.Done():
		p.finish(context.Cause(s.life))
		s.server.waiting.Release(size)
		return nil, context.Cause(s.life)
	}
}

// taking finds a batch that was taken before: on its way, or done.
func (s *Session) taking(batchSeq uint64) (p *pending, done bool) {
	s.ackMu.Lock()
	defer s.ackMu.Unlock()
	return s.waiting[batchSeq], batchSeq <= s.durable
}

// room waits until the hub holds few enough batches to take this one: that is what slows collectors down.
func (s *Session) room(ctx context.Context, size int64) error {
	if s.server.waiting.TryAcquire(size) {
		return nil
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(s.life, cancel)()
	err := s.server.waiting.Acquire(ctx, size)
	if err != nil && s.life.Err() != nil {
		return context.Cause(s.life)
	}
	return err
}

// end makes the session refuse everything from now on. What is being committed is still decided.
func (s *Session) end(why error) { s.cancel(why) }

// settle waits until nothing of an ended session is on its way to the database.
func (s *Session) settle(ctx context.Context) error {
	s.mu.Lock()
	//lint:ignore SA2001 taking it waits for what is being prepared, which ends soon: the session has ended
	s.mu.Unlock()
	s.ackMu.Lock()
	var last []*pending
	for _, p := range s.waiting {
		last = append(last, p)
	}
	s.ackMu.Unlock()
	for _, p := range last {
		select {
		case <-p.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// fenced reports that the session was ended, or that another hub process has begun a newer one.
func (s *Session) fenced() error {
	if s.life.Err() != nil {
		return context.Cause(s.life)
	}
	if s.server.clusters.CurrentEpoch(s.cluster, stream) > s.epoch {
		s.end(ingestpb.ErrFenced)
		return ingestpb.ErrFenced
	}
	return nil
}

// patiently runs a read that the session cannot go on without, until it succeeds or the session ends.
func (s *Session) patiently(f func(context.Context) error) error {
	for pause := 100 * time.Millisecond; ; pause = min(2*pause, 5*time.Second) {
		err := f(s.life)
		if err == nil || s.life.Err() != nil {
			return errors.Join(err, context.Cause(s.life))
		}
		s.server.log.Warn("read of previous objects, trying again", "cluster", s.cluster, "err", err, "pause", pause)
		select {
		case <-s.life.Done():
			return context.Cause(s.life)
		case <-time.After(pause):
		}
	}
}

// pending is one batch between its preparation and the database.
type pending struct {
	session  *Session
	batchSeq uint64
	lastSeq  uint64
	size     int64
	records  int

	versions []*version
	events   []*event
	states   []*state
	// currentEvents are what the revisions in events, and the ends of others, leave as current.
	currentEvents []*currentEvent

	documents     []document
	documentLists []*documentList

	objects map[objectKey]string // JSON by object, until the batch is durable; "" for a deleted one
	after   []func()             // once durable: what the batch says of the cluster's standing

	done chan struct{} // closed by finish
	err  error
}

// rows is how many there are of tables that keep what the member says.
func (p *pending) rows() int {
	return len(p.versions) + len(p.events) + len(p.states) + len(p.currentEvents) + len(p.documents) + len(p.documentLists)
}

func (p *pending) empty() bool { return p.rows() == 0 }

func (p *pending) finish(err error) {
	p.err = err
	close(p.done)
}

// committed notes that p is durable.
func (p *pending) committed() {
	s := p.session
	for _, v := range p.versions { // before the batch is forgotten, whose objects are looked for there first
		if v.deletedAt.IsZero() {
			s.server.texts.Publish(v.written)
		} else {
			s.server.texts.Drop(objectKey{s.cluster, v.gr, v.at}.text(), v.ver)
		}
	}
	s.ackMu.Lock()
	s.durable = max(s.durable, p.batchSeq)
	delete(s.waiting, p.batchSeq)
	s.ackMu.Unlock()
	if len(p.after) > 0 {
		for _, f := range p.after {
			f()
		}
		s.report(context.Background())
	}
	p.finish(nil)
}
