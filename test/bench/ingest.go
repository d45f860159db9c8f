package main

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/schemas/ingestpb"
	"github.com/foretop/foretop/test/bench/mixed"
)

// What a collector seals a batch at.
const (
	batchRecords = 5000
	batchBytes   = 2 << 20
)

// stream is one cluster's, as its collector would hold it.
type stream struct {
	session *aggregator.Session
	batches uint64
	records uint64
}

// streams are those of all members. One goroutine at a time uses a member's.
type streams struct {
	hub *hub
	src source
	mu  sync.Mutex
	all map[int]*stream
}

// register makes the members known to the hub.
func (h *hub) register(ctx context.Context, src source) error {
	for _, m := range src.members() {
		if _, known := h.registry.ByName(m.name); known {
			continue
		}
		if err := h.registry.Add(ctx, clusters.Cluster{Name: m.name, UID: m.uid, Mode: clusters.Pull, KubernetesVersion: "v1.36.3", Labels: m.labels}); err != nil {
			return err
		}
	}
	return nil
}

func (s *streams) open(ctx context.Context, m int) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if st := s.all[m]; st != nil {
		return st, nil
	}
	uid := s.src.members()[m].uid
	session, err := s.hub.agg.Open(ctx, uid, &ingestpb.Hello{ClusterUid: uid, KubernetesVersion: "v1.36.3"})
	if err != nil {
		return nil, err
	}
	st := &stream{session: session}
	s.all[m] = st
	return st, nil
}

// openAll opens every member's stream, as after a start of the hub.
func (s *streams) openAll(ctx context.Context) error {
	for m := range s.src.members() {
		if _, err := s.open(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

// sealer fills batches of a stream while the one before is on its way.
type sealer struct {
	stream *stream
	open   []*ingestpb.Record
	size   int
	out    chan *ingestpb.Batch // closed by send
	ctx    context.Context      // of send
}

func (s *sealer) put(r *ingestpb.Record) bool {
	s.stream.records++
	r.Seq = s.stream.records
	s.open = append(s.open, r)
	s.size += 128
	if o := r.GetObject(); o != nil {
		s.size += len(o.Object)
		for _, m := range o.Managers {
			s.size += 64 + len(m.FieldsV1)
		}
	}
	if len(s.open) >= batchRecords || s.size >= batchBytes {
		return s.seal()
	}
	return true
}

func (s *sealer) seal() bool {
	if len(s.open) == 0 {
		return true
	}
	s.stream.batches++
	b := &ingestpb.Batch{BatchSeq: s.stream.batches, Records: s.open}
	s.open, s.size = nil, 0
	select {
	case s.out <- b:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// send has fill make records and sends them in batches, the next one growing meanwhile.
func (st *stream) send(ctx context.Context, fill func(put func(*ingestpb.Record) bool) error) error {
	g, ctx := errgroup.WithContext(ctx)
	s := &sealer{stream: st, out: make(chan *ingestpb.Batch), ctx: ctx}
	g.Go(func() error {
		defer close(s.out)
		if err := fill(s.put); err != nil {
			return err
		}
		s.seal()
		return ctx.Err()
	})
	g.Go(func() error {
		for b := range s.out {
			if err := st.session.Send(ctx, b); err != nil {
				return err
			}
		}
		return nil
	})
	return g.Wait()
}

func object(op ingestpb.Op, o *mixed.Object, observed time.Time) *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_Object{Object: &ingestpb.ObjectChange{
		Op: op, Resource: o.Resource, Namespace: o.Namespace, Name: o.Name, Uid: o.UID, ResourceVersion: o.ResourceVersion,
		ObservedMs: observed.UnixMilli(), Object: o.JSON, Managers: o.Managers,
	}}}
}

func resourceState(r *ingestpb.Resource, objects uint64) *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_ResourceState{ResourceState: &ingestpb.ResourceState{Resource: r, State: ingestpb.ResourceState_STATE_SYNCED, Objects: objects}}}
}

func heartbeat() *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_Heartbeat{Heartbeat: &ingestpb.Heartbeat{ObservedMs: time.Now().UnixMilli(), Reachable: true, KubernetesVersion: "v1.36.3"}}}
}

// list sends all objects of a member as first lists. They were observed before the past that queries ask for.
func (s *streams) list(ctx context.Context, m int, observed time.Time, done *atomic.Int64) error {
	st, err := s.open(ctx, m)
	if err != nil {
		return err
	}
	return st.send(ctx, func(put func(*ingestpb.Record) bool) error {
		for n, r := range s.src.resources() {
			id := uint64(n + 1)
			end := &ingestpb.SnapshotEnd{Resource: r, SnapshotId: id}
			put(&ingestpb.Record{Body: &ingestpb.Record_SnapshotBegin{SnapshotBegin: &ingestpb.SnapshotBegin{Resource: r, SnapshotId: id}}})
			err := s.src.each(m, r, 0, 1, func(o *mixed.Object) bool {
				end.Count++
				end.Digest ^= ingestpb.KeyDigest(o.Namespace, o.Name, o.UID, o.ResourceVersion)
				done.Add(1)
				return put(object(ingestpb.Op_OP_SNAPSHOT, o, observed))
			})
			if err != nil {
				return err
			}
			put(&ingestpb.Record{Body: &ingestpb.Record_SnapshotEnd{SnapshotEnd: end}})
			put(resourceState(r, end.Count))
		}
		put(heartbeat())
		return nil
	})
}

// update sends a share of a member's objects in a later revision, in the order of a die.
func (s *streams) update(ctx context.Context, m, revision int, share float64, done *atomic.Int64) error {
	st, err := s.open(ctx, m)
	if err != nil {
		return err
	}
	die := rand.New(rand.NewPCG(uint64(m), uint64(revision)))
	var chosen []*mixed.Object
	for _, r := range s.src.resources() {
		err := s.src.each(m, r, revision, share, func(o *mixed.Object) bool {
			chosen = append(chosen, o)
			return ctx.Err() == nil
		})
		if err != nil {
			return err
		}
	}
	die.Shuffle(len(chosen), func(i, j int) { chosen[i], chosen[j] = chosen[j], chosen[i] })
	return st.send(ctx, func(put func(*ingestpb.Record) bool) error {
		for i, o := range chosen {
			chosen[i] = nil
			done.Add(1)
			if !put(object(ingestpb.Op_OP_UPDATE, o, time.Now())) {
				return nil
			}
		}
		put(heartbeat())
		return nil
	})
}

// each runs each member's part, so many at a time, and says how far it is.
func (s *streams) each(ctx context.Context, writers int, what string, expected int, out io.Writer, work func(ctx context.Context, m int, done *atomic.Int64) error) (objects int, took time.Duration, err error) {
	var done atomic.Int64
	began := time.Now()
	watch, stop := context.WithCancel(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for last := int64(0); ; {
			select {
			case <-watch.Done():
				return
			case <-tick.C:
			}
			n := done.Load()
			fmt.Fprintf(out, "  %s: %d of about %d, %d/s, hub %d MB, engine %d MB\n", what, n, expected, (n-last)/2, self.rss()>>20, process{s.hub.db.Pid()}.rss()>>20)
			last = n
		}
	})
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writers)
	for m := range s.src.members() {
		g.Go(func() error { return work(gctx, m, &done) })
	}
	err = g.Wait()
	took = time.Since(began)
	stop()
	watcher.Wait()
	return int(done.Load()), took, err
}
