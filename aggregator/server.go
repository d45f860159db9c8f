// Package aggregator makes what collectors send durable: it gives each cluster's stream one writer, turns sealed
// batches into rows, and acknowledges a batch when every table has it.
//
// Invariant: a batch that was acknowledged is in every table exactly once, and nothing of a cluster is deleted
// because a list was short.
package aggregator

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/semaphore"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// stream is the one stream a collector has today: objects, events and states of its member.
const stream = "resources"

// Deps is what an aggregator stands on.
type Deps struct {
	DB         *clickhouse.DB
	Clusters   *clusters.Registry
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil leaves the metrics unregistered
	// OnCommit is called with what each commit made durable of objects, nothing if that is none, from one goroutine;
	// it must not block. May be nil.
	OnCommit func([]records.Commit)
	// Texts has the objects that new versions are compared with, and is given the new ones; what it lacks is read from
	// the database. nil lacks all.
	Texts *texts.Store
	// WaitingBytes bounds the batches of all clusters that wait for a commit; 0 is 256 MiB.
	WaitingBytes int64
	// Retention says for how long the past is kept; the zero value keeps everything but events, which stay for 14 days.
	Retention Retention
}

// Server is the aggregator of one hub. All methods may be called from many goroutines.
type Server struct {
	db        *clickhouse.DB
	clusters  *clusters.Registry
	log       *slog.Logger
	metrics   *metrics
	texts     *texts.Store
	writer    *writer
	waiting   *semaphore.Weighted
	maxWait   int64
	retention Retention

	preparing atomic.Int64  // batches that will be in the queue soon
	prepared  chan struct{} // of size 1: one of them is

	openings sync.Map // cluster UID -> *sync.Mutex: one Open at a time per cluster

	mu       sync.Mutex
	sessions map[string]*Session
	links    map[string]*link   // clusters connected by gRPC
	breakers map[breakerKey]int // snapshots that would have deleted too much, and how many objects
}

// New makes a Server. Sessions can be opened at once; batches are committed while Run runs.
func New(d Deps) *Server {
	if d.WaitingBytes == 0 {
		d.WaitingBytes = 256 << 20
	}
	if d.Log == nil {
		d.Log = slog.New(slog.DiscardHandler)
	}
	s := &Server{
		db: d.DB, clusters: d.Clusters, log: d.Log, texts: d.Texts,
		waiting: semaphore.NewWeighted(d.WaitingBytes), maxWait: d.WaitingBytes, retention: d.Retention,
		prepared: make(chan struct{}, 1),
		sessions: map[string]*Session{}, links: map[string]*link{}, breakers: map[breakerKey]int{},
	}
	s.metrics = newMetrics(d.Registerer, s)
	s.writer = &writer{server: s, queue: make(chan *pending, 1024), onCommit: d.OnCommit}
	return s
}

func (s *Server) nowPrepared() {
	s.preparing.Add(-1)
	select {
	case s.prepared <- struct{}{}:
	default:
	}
}

// Run commits batches until ctx ends. A commit under way then is given a little time; batches that wait fail and
// are sent again by their collectors.
func (s *Server) Run(ctx context.Context) error {
	var watch sync.WaitGroup
	watch.Go(func() { s.dropRemoved(ctx) })
	watch.Go(func() { s.retain(ctx) })
	s.writer.run(ctx)
	watch.Wait()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, session := range s.sessions {
		session.end(context.Canceled)
	}
	return nil
}

// Open begins the stream of a cluster and ends the one before: older Sessions answer ErrFenced from now on.
// It returns when what the older one had under way is decided, and what the database holds of the cluster is known.
func (s *Server) Open(ctx context.Context, clusterUID string, hello *ingestpb.Hello) (*Session, error) {
	if clusterUID == "" {
		return nil, errors.New("open a stream: the cluster has no identity")
	}
	if hello.GetClusterUid() != "" && hello.GetClusterUid() != clusterUID {
		return nil, fmt.Errorf("open the stream of cluster %s: the collector speaks for cluster %s", clusterUID, hello.GetClusterUid())
	}
	lock, _ := s.openings.LoadOrStore(clusterUID, &sync.Mutex{})
	lock.(*sync.Mutex).Lock()
	defer lock.(*sync.Mutex).Unlock()

	epoch, err := s.clusters.Epoch(ctx, clusterUID, stream)
	if err != nil {
		return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
	}
	s.mu.Lock()
	old := s.sessions[clusterUID]
	s.mu.Unlock()
	if old != nil {
		old.end(ingestpb.ErrFenced)
		if err := old.settle(ctx); err != nil {
			return nil, fmt.Errorf("open the stream of cluster %s: wait for the stream before: %w", clusterUID, err)
		}
	}
	last, err := s.lastVer(ctx, clusterUID)
	if err != nil {
		return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
	}
	for epoch <= last>>seqBits { // control state is younger than the data, as after a restore
		s.log.Warn("epoch is behind the data, raised", "cluster", clusterUID, "epoch", epoch, "data_epoch", last>>seqBits)
		if epoch, err = s.clusters.Epoch(ctx, clusterUID, stream); err != nil {
			return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
		}
	}
	newest, err := s.finishInterrupted(ctx, clusterUID)
	if err != nil {
		return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
	}
	known, err := s.loadKnown(ctx, clusterUID)
	if err != nil {
		return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
	}
	events, here, err := s.loadEvents(ctx, clusterUID)
	if err != nil {
		return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
	}
	session := newSession(s, clusterUID, epoch, hello, known, events, here)
	session.newest = newest
	if err := session.loadDocuments(ctx); err != nil {
		return nil, fmt.Errorf("open the stream of cluster %s: %w", clusterUID, err)
	}
	_, there := s.clusters.ByUID(clusterUID)
	session.registered.Store(there)
	s.mu.Lock()
	s.sessions[clusterUID] = session
	s.mu.Unlock()
	session.report(ctx)
	s.log.Info("stream opened", "cluster", clusterUID, "epoch", epoch, "objects", known.size())
	return session, nil
}

// dropRemoved ends the streams of clusters that leave the registry, until ctx ends.
func (s *Server) dropRemoved(ctx context.Context) {
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		for _, session := range s.open() {
			_, there := s.clusters.ByUID(session.cluster)
			switch {
			case there:
				session.registered.Store(true)
			case session.registered.Load():
				s.log.Info("cluster was removed, its stream ends", "cluster", session.cluster)
				s.Forget(session.cluster)
			}
		}
	}
}

// Forget ends the stream of a cluster that was removed from the registry, and its connection.
func (s *Server) Forget(clusterUID string) {
	s.mu.Lock()
	session, l := s.sessions[clusterUID], s.links[clusterUID]
	delete(s.sessions, clusterUID)
	s.mu.Unlock()
	if session != nil {
		session.end(ingestpb.ErrFenced)
	}
	if l != nil {
		l.cut(errRemoved)
	}
}

// StreamStatus is how one cluster's stream stands, for the operations listener.
type StreamStatus struct {
	Cluster   string `json:"cluster"`
	Name      string `json:"name,omitempty"`
	Epoch     uint64 `json:"epoch"`
	Durable   uint64 `json:"durableBatch"`
	Waiting   int    `json:"waitingBatches"`
	Objects   int64  `json:"objects"`
	Connected bool   `json:"connected"` // its collector calls in
	Ended     bool   `json:"ended,omitempty"`
}

// Status lists the streams, by cluster.
func (s *Server) Status() []StreamStatus {
	out := []StreamStatus{}
	for _, session := range s.open() {
		e, _ := s.clusters.ByUID(session.cluster)
		st := StreamStatus{
			Cluster: session.cluster, Name: e.Name, Epoch: session.epoch, Objects: session.living.Load(),
			Connected: s.Connected(session.cluster), Ended: session.life.Err() != nil,
		}
		session.ackMu.Lock()
		st.Durable, st.Waiting = session.durable, len(session.waiting)
		session.ackMu.Unlock()
		out = append(out, st)
	}
	slices.SortFunc(out, func(a, b StreamStatus) int { return strings.Compare(a.Cluster, b.Cluster) })
	return out
}

func (s *Server) open() []*Session {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*Session, 0, len(s.sessions))
	for _, session := range s.sessions {
		all = append(all, session)
	}
	return all
}
