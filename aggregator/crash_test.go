package aggregator

import (
	"context"
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

func TestKillingTheEngineLosesNothingAndRepeatsNothing(t *testing.T) {
	db := clickhousetest.OpenWith(t, clickhouse.Config{Engine: clickhousetest.Engine(t.TempDir())})
	if db.Pid() == 0 {
		t.Skip("the database is a server, which a test must not kill")
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go db.Run(ctx)
	h := newHubOn(t, db, statetest.Open(t))
	s := h.opens(t)

	const batches, each, kills = 40, 20, 4
	ended := make(chan struct{})
	killed := 0
	go func() {
		defer close(ended)
		for killed < kills {
			before := db.Pid()
			if before == 0 || db.Ping(ctx) != nil {
				continue
			}
			syscall.Kill(before, syscall.SIGKILL)
			killed++
			mark := s.acknowledged() + 10
			for (db.Pid() == before || s.acknowledged() < mark) && ctx.Err() == nil {
				time.Sleep(5 * time.Millisecond) // polls: nobody tells
			}
		}
	}()
	sent := 0
	for b := 0; b < batches || !closed(ended); b++ {
		var records []*ingestpb.Record
		for i := range each {
			records = append(records, pod(ingestpb.Op_OP_UPDATE, fmt.Sprintf("p%03d", (b*each+i)%100), fmt.Sprint(b*each+i+1), "app:"+fmt.Sprint(b)))
			sent++
		}
		s.sends(records...)
	}
	t.Logf("%d objects in %d batches through %d kills", sent, s.batch, killed)
	h.wants(t, "every version", fmt.Sprint(sent), `SELECT toString(count()) FROM {db}.resource_history`)
	h.wants(t, "no version twice", fmt.Sprint(sent), `SELECT toString(uniqExact(name, ver)) FROM {db}.resource_history`)
	h.wants(t, "every object", "100", `SELECT toString(count()) FROM {db}.resources FINAL`)
	h.wants(t, "at its newest", fmt.Sprint(sent), `SELECT toString(max(toUInt64(resource_version))) FROM {db}.resources FINAL`)
	if got := h.asks(t, `SELECT concatWithSeparator('/', toString(count()), toString(max(batch_seq))) FROM {db}.ingest_ledger`); got != fmt.Sprintf("%d/%d", s.batch, s.batch) {
		t.Errorf("ledger: got %s, want %d batches", got, s.batch)
	}
}

func (s *sender) acknowledged() uint64 {
	s.ackMu.Lock()
	defer s.ackMu.Unlock()
	return s.durable
}

func TestPeopleAreToldWhileTheDatabaseIsAway(t *testing.T) {
	db := clickhousetest.OpenWith(t, clickhouse.Config{Engine: clickhousetest.Engine(t.TempDir())})
	if db.Pid() == 0 {
		t.Skip("the database is a server, which a test must not kill")
	}
	h := newHubOn(t, db, statetest.Open(t))
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "x"), resourceState(ingestpb.ResourceState_STATE_SYNCED, ""), heartbeat(true, ""))
	syscall.Kill(db.Pid(), syscall.SIGKILL) // nobody starts it again yet
	sent := make(chan error, 1)
	go func() {
		sent <- s.Send(t.Context(), s.seal(pod(ingestpb.Op_OP_ADD, "b", "1", "x"), heartbeat(true, "")))
	}()
	is := func(state records.ClusterState, reason string) {
		t.Helper()
		var e clusters.Entry
		for began := time.Now(); time.Since(began) < 30*time.Second; time.Sleep(20 * time.Millisecond) {
			if e, _ = h.registry.ByUID(zone1); e.State == state && e.Reason == reason {
				return
			}
		}
		t.Errorf("got %s %q, want %s %q", e.State, e.Reason, state, reason)
	}
	is(records.Degraded, "The hub's database does not answer: nothing new is stored until it does. Nothing is lost, collectors wait.")
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	go db.Run(ctx)
	if err := <-sent; err != nil {
		t.Error(err)
	}
	is(records.Live, "")
	h.wants(t, "live", "a:1 b:1", live)
}

func TestASentenceForEachTrouble(t *testing.T) {
	f := func(err error, since time.Duration, want string) {
		t.Helper()
		if got := trouble(err, since); !strings.HasPrefix(got, want) || want == "" && got != "" {
			t.Errorf("%v: got %q, want %q", err, got, want)
		}
	}
	full := &clickhouse.Error{Code: 243, Message: "Cannot reserve 1.00 MiB, not enough space"}
	f(full, 0, "The disk of the hub's database is full")
	f(syscall.ECONNREFUSED, time.Second, "")
	f(syscall.ECONNREFUSED, time.Minute, "The hub's database does not answer")
	f(&clickhouse.Error{Code: 60, Message: "no such table"}, time.Minute, "The hub's database refuses what is written")
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// BenchmarkCommit writes Pods of 4 KB that are new to the hub, from collectors that send 1 MiB at a time.
func BenchmarkCommit(b *testing.B) {
	for _, collectors := range []int{1, 3} {
		b.Run(fmt.Sprintf("collectors=%d", collectors), func(b *testing.B) { benchmarkCommit(b, collectors) })
	}
}

func benchmarkCommit(b *testing.B, collectors int) {
	h := newHub(b)
	senders := make([]*sender, collectors)
	for n := range senders {
		session, err := h.Open(b.Context(), fmt.Sprintf("cluster-%d", n), &ingestpb.Hello{})
		if err != nil {
			b.Fatal(err)
		}
		senders[n] = &sender{Session: session, t: b}
	}
	filler := strings.Repeat("configuration of the reference application, ", 70)
	made := func(i int) *ingestpb.Record {
		r := pod(ingestpb.Op_OP_ADD, fmt.Sprintf("pod-%07d", i), fmt.Sprint(i), "registry.example.com/shop/app2:1.4.0")
		o := r.GetObject()
		o.Object = []byte(strings.Replace(string(o.Object), `"spec":{`, `"spec":{"env":[`+fillers(filler, i)+`],`, 1))
		return r
	}
	const perBatch = 256
	done := 0
	for b.Loop() {
		b.StopTimer()
		batches := make([]*ingestpb.Batch, collectors)
		for n, s := range senders {
			records := make([]*ingestpb.Record, perBatch)
			for i := range records {
				records[i] = made(done)
				done++
			}
			batches[n] = s.seal(records...)
		}
		b.StartTimer()
		var all errgroup.Group
		for n, s := range senders {
			all.Go(func() error { return s.Send(b.Context(), batches[n]) })
		}
		if err := all.Wait(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(done)/b.Elapsed().Seconds(), "objects/s")
	b.ReportMetric(float64(len(made(1).GetObject().Object)), "bytes/object")
}

// fillers are env entries that add up to a Pod of 4 KB, with the structure real ones have.
func fillers(text string, seed int) string {
	var out []string
	for i := range 40 {
		from := (seed*7 + i*61) % (len(text) - 48)
		out = append(out, fmt.Sprintf(`{"name":"VARIABLE_%d","value":"%s"}`, i, text[from:from+48]))
	}
	return strings.Join(out, ",")
}

// BenchmarkTrickle is the time from Send to durable for one small change.
func BenchmarkTrickle(b *testing.B) {
	h := newHub(b)
	s := h.opens(b)
	n := 0
	for b.Loop() {
		n++
		s.sends(pod(ingestpb.Op_OP_UPDATE, "a", fmt.Sprint(n), fmt.Sprintf("app:%d", n)))
	}
}
