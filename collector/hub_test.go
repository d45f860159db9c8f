package collector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// testHub keeps the collector's contract from the other side: it holds what a hub would hold, and complains
// about every record that a hub would have to refuse.
type testHub struct {
	t testing.TB

	mu       sync.Mutex
	epoch    int
	batch    uint64
	seq      uint64
	objects  map[string]*ingestpb.ObjectChange // resource namespace/name
	snapshot map[string]*openSnapshot
	ended    map[string]int // snapshots ended, by resource
	ops      []string       // of changes after snapshots
	events   map[string]*ingestpb.Event
	named    map[string]bool // events, in this stream
	listed   int             // how often all events were
	states   map[string]*ingestpb.ResourceState
	beat     *ingestpb.Heartbeat
	fail     func(b *ingestpb.Batch) error
	papers   *papers // nil takes no documents, as older hubs
}

type openSnapshot struct {
	id, count, digest uint64
	seen              map[string]bool
}

func newTestHub(t testing.TB) *testHub {
	return &testHub{
		t: t, objects: map[string]*ingestpb.ObjectChange{}, snapshot: map[string]*openSnapshot{}, ended: map[string]int{},
		events: map[string]*ingestpb.Event{}, states: map[string]*ingestpb.ResourceState{},
	}
}

type testSink struct {
	hub   *testHub
	epoch int
}

func (h *testHub) Open(_ context.Context, hello *ingestpb.Hello) (Sink, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if hello.ClusterUid == "" {
		h.t.Error("hello names no cluster")
	}
	h.epoch++
	h.batch, h.seq = 0, 0
	h.snapshot = map[string]*openSnapshot{}
	h.named = map[string]bool{}
	return &testSink{h, h.epoch}, nil
}

func (s *testSink) Send(_ context.Context, b *ingestpb.Batch) error {
	h := s.hub
	h.mu.Lock()
	defer h.mu.Unlock()
	if s.epoch != h.epoch {
		return ErrFenced
	}
	if h.fail != nil {
		if err := h.fail(b); err != nil {
			return err
		}
	}
	if b.BatchSeq <= h.batch {
		return nil
	}
	if b.BatchSeq != h.batch+1 || len(b.Records) == 0 || len(b.Records) > batchRecords {
		h.t.Errorf("batch %d with %d records after batch %d", b.BatchSeq, len(b.Records), h.batch)
	}
	h.batch = b.BatchSeq
	for _, r := range b.Records {
		if h.seq++; r.Seq != h.seq {
			h.t.Errorf("record %d where %d is due", r.Seq, h.seq)
		}
		h.take(r)
	}
	return nil
}

func (h *testHub) take(r *ingestpb.Record) {
	switch m := r.Body.(type) {
	case *ingestpb.Record_Object:
		o := m.Object
		res := groupResource(o.Resource).String()
		key := res + " " + o.Namespace + "/" + o.Name
		if open := h.snapshot[res]; open != nil {
			if o.Op != ingestpb.Op_OP_SNAPSHOT {
				h.t.Errorf("%s of %s inside of a snapshot", o.Op, key)
			}
			open.count++
			open.digest ^= ingestpb.KeyDigest(o.Namespace, o.Name, o.Uid, o.ResourceVersion)
			open.seen[key] = true
		} else {
			if o.Op == ingestpb.Op_OP_SNAPSHOT {
				h.t.Errorf("snapshot of %s outside of a snapshot", key)
			}
			h.ops = append(h.ops, strings.TrimPrefix(o.Op.String(), "OP_")+" "+key+" "+o.ResourceVersion)
		}
		if o.Op == ingestpb.Op_OP_DELETE {
			delete(h.objects, key)
			return
		}
		if !json.Valid(o.Object) {
			h.t.Errorf("%s is not JSON: %s", key, o.Object)
		}
		h.objects[key] = o
	case *ingestpb.Record_SnapshotBegin:
		h.snapshot[groupResource(m.SnapshotBegin.Resource).String()] = &openSnapshot{id: m.SnapshotBegin.SnapshotId, seen: map[string]bool{}}
	case *ingestpb.Record_SnapshotEnd:
		res := groupResource(m.SnapshotEnd.Resource).String()
		open := h.snapshot[res]
		delete(h.snapshot, res)
		if open == nil || open.id != m.SnapshotEnd.SnapshotId || open.count != m.SnapshotEnd.Count || open.digest != m.SnapshotEnd.Digest {
			h.t.Errorf("snapshot of %s ends as %v, got %+v", res, m.SnapshotEnd, open)
			return
		}
		for key := range h.objects {
			if strings.HasPrefix(key, res+" ") && !open.seen[key] {
				delete(h.objects, key)
			}
		}
		h.ended[res]++
	case *ingestpb.Record_Event:
		h.takeEvent(m.Event)
	case *ingestpb.Record_EventsListed:
		h.listed++
		for uid := range h.events { // those that this stream did not name
			if !h.named[uid] {
				delete(h.events, uid)
			}
		}
		if n := len(h.events); uint64(n) != m.EventsListed.Count {
			h.t.Errorf("%d events were listed, the hub has %d", m.EventsListed.Count, n)
		}
	case *ingestpb.Record_ResourceState:
		h.states[groupResource(m.ResourceState.Resource).String()] = m.ResourceState
	case *ingestpb.Record_Heartbeat:
		h.beat = m.Heartbeat
	case *ingestpb.Record_Document, *ingestpb.Record_Documents:
		h.papers.take(h.t, r)
	default:
		h.t.Errorf("unknown record %T", m)
	}
}

func (h *testHub) takeEvent(e *ingestpb.Event) {
	if e.Gone {
		if h.events[e.Uid] == nil || e.Namespace == "" || e.Name == "" {
			h.t.Errorf("event %q %s/%s is gone that was not there", e.Uid, e.Namespace, e.Name)
		}
		delete(h.events, e.Uid)
		delete(h.named, e.Uid)
		return
	}
	if !json.Valid(e.Object) {
		h.t.Errorf("event %s/%s is not JSON: %s", e.Namespace, e.Name, e.Object)
	}
	h.events[e.Uid], h.named[e.Uid] = e, true
}

// Below, what tests ask. All take the lock.

func (h *testHub) keys(resource string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for key := range h.objects {
		if res, name, _ := strings.Cut(key, " "); res == resource {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

func (h *testHub) state(resource string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	s := h.states[resource]
	if s == nil {
		return ""
	}
	return strings.TrimSuffix(strings.TrimPrefix(s.State.String(), "STATE_")+": "+s.Reason, ": ")
}

func (h *testHub) snapshots(resource string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.ended[resource]
}

func (h *testHub) changes() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.ops)
}

func (h *testHub) everything() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var b strings.Builder
	for _, key := range slices.Sorted(maps.Keys(h.objects)) {
		fmt.Fprintln(&b, h.objects[key])
	}
	for _, e := range h.events {
		fmt.Fprintln(&b, e)
	}
	return b.String()
}

func (h *testHub) heartbeat() *ingestpb.Heartbeat {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.beat
}

func (h *testHub) failing(f func(b *ingestpb.Batch) error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.fail = f
}

// wait polls until got is want.
func wait[T comparable](t testing.TB, what string, got func() T, want T) {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	for {
		g := got()
		if g == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: got %v, want %v", what, g, want)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

// collect runs an Agent for server until the test ends. edit may change its configuration.
func collect(t testing.TB, server *kubetest.Server, hub Opener, edit func(*Config)) (done <-chan error, stop func()) {
	t.Helper()
	cfg := Config{
		REST: server.Config(), Opener: hub, ClusterUID: server.UID(),
		HeartbeatEvery: 50 * time.Millisecond, ProbeTimeout: 300 * time.Millisecond, DiscoverEvery: 200 * time.Millisecond,
		ConfirmAfter: 20 * time.Millisecond, StandbyDelay: 50 * time.Millisecond,
	}
	if edit != nil {
		edit(&cfg)
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		ended <- a.Run(ctx)
	}()
	stop = func() { cancel(); <-stopped }
	t.Cleanup(stop)
	return ended, stop
}

var errHubDown = errors.New("the hub is down")
