package aggregator

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
)

const (
	// linger is how long the first waiting batch waits for company: every commit makes a part per table.
	linger = 50 * time.Millisecond
	// fullAt is when nothing is won by waiting, unless others are about to come.
	fullAt = 512 << 10
	// While batches are being prepared, a commit waits for them up to bulkFor and bulkAt: an insert of 5,000 objects
	// costs the engine two thirds of what two of 2,500 do, and half of what ten of 500 do.
	bulkAt  = 16 << 20
	bulkFor = 250 * time.Millisecond
	// commitAt bounds one commit, in bytes of batches.
	commitAt = 24 << 20
	// attemptFor bounds one try of one table.
	attemptFor = 2 * time.Minute
	// retry pauses.
	firstPause, lastPause = 100 * time.Millisecond, 5 * time.Second
	// complainAfter is when people are told that commits do not get through: longer than an engine's restart.
	complainAfter = 4 * time.Second
	// farewell is how long a commit under way may take when the hub ends.
	farewell = 10 * time.Second
)

// writer is the one goroutine that inserts. It gathers the waiting batches of all clusters into one insert per table.
type writer struct {
	server   *Server
	queue    chan *pending
	onCommit func([]records.Commit)
}

func (w *writer) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			w.refuse(context.Cause(ctx))
			return
		case p := <-w.queue:
			group := w.gather(ctx, p)
			if err := w.commit(ctx, group); err != nil {
				for _, p := range group {
					w.release(p)
					p.finish(err)
				}
			}
		}
	}
}

// refuse fails what waits when the hub ends.
func (w *writer) refuse(err error) {
	for {
		select {
		case p := <-w.queue:
			w.release(p)
			p.finish(err)
		default:
			return
		}
	}
}

func (w *writer) release(p *pending) { w.server.waiting.Release(p.size) }

// gather waits a moment for company, unless every collector's batch is here: each has one on its way at most.
// Batches that say nothing to store do not wait.
func (w *writer) gather(ctx context.Context, first *pending) []*pending {
	group, size, all := []*pending{first}, first.size, len(w.server.open())
	timer := time.NewTimer(linger)
	defer timer.Stop()
	for size < fullAt && len(group) < all && !(len(group) == 1 && first.empty()) {
		select {
		case p := <-w.queue:
			group, size = append(group, p), size+p.size
		case <-timer.C:
			return group
		case <-ctx.Done():
			return group
		}
	}
	if size >= fullAt {
		group, size = w.gatherMore(ctx, group, size)
	}
	for size < commitAt { // whatever is there already comes along
		select {
		case p := <-w.queue:
			group, size = append(group, p), size+p.size
		default:
			return group
		}
	}
	return group
}

// gatherMore waits for the batches that are being prepared.
func (w *writer) gatherMore(ctx context.Context, group []*pending, size int64) ([]*pending, int64) {
	timer := time.NewTimer(bulkFor)
	defer timer.Stop()
	for size < bulkAt {
		select {
		case p := <-w.queue:
			group, size = append(group, p), size+p.size
			continue
		default:
		}
		if w.server.preparing.Load() == 0 {
			return group, size
		}
		select {
		case p := <-w.queue:
			group, size = append(group, p), size+p.size
		case <-w.server.prepared: // or it said nothing to store, or could not be prepared
		case <-timer.C:
			return group, size
		case <-ctx.Done():
			return group, size
		}
	}
	return group, size
}

// insert is one table's share of a commit.
type insert struct {
	table   string
	rows    int
	columns []clickhouse.Column
}

// commit makes a group durable: history first, then the current state, so that what a crash leaves undone can be
// finished from history. It tries for ever; an error says that the hub ends.
func (w *writer) commit(ctx context.Context, group []*pending) error {
	var alive []*pending
	for _, p := range group {
		if err := p.session.fenced(); err != nil {
			w.release(p)
			p.finish(err)
			continue
		}
		alive = append(alive, p)
	}
	stages := build(alive)
	if len(stages) > 0 {
		began := time.Now()
		if err := w.insertAll(ctx, stages, tokenOf(alive)); err != nil {
			return err
		}
		m := w.server.metrics
		m.commits.Inc()
		m.commitSeconds.Observe(time.Since(began).Seconds())
		for _, stage := range stages {
			for _, i := range stage {
				m.rows.WithLabelValues(i.table).Add(float64(i.rows))
			}
		}
	}
	for _, p := range alive {
		if len(p.versions) > 0 {
			w.server.metrics.freshSeconds.Observe(time.Since(p.versions[0].observedAt).Seconds())
		}
		w.release(p)
		p.committed()
	}
	if len(stages) > 0 && w.onCommit != nil {
		w.onCommit(commits(alive))
	}
	return nil
}

// build makes the columns of a commit, in stages: the tables of one are written side by side, and a stage begins
// when the one before is durable. History comes first, so that what a crash leaves undone can be finished from it,
// the ledger's claim included. So do the revisions of events: which are current names them. Of events nothing is lost
// either: until its batch is acknowledged a collector holds an event, and after it the API server serves it again to the
// next stream.
func build(group []*pending) [][]insert {
	events, here, states, ledger, lists := &eventColumns{}, &currentEventColumns{}, &stateColumns{}, &ledgerColumns{}, &documentListColumns{}
	var documents []document
	last := map[objectKey]uint64{} // newest version of each object: resources needs no older ones
	for _, p := range group {
		for _, v := range p.versions {
			last[objectKey{p.session.cluster, v.gr, v.at}] = v.ver
		}
	}
	versions := inOrder(group)
	newest := slices.DeleteFunc(slices.Clone(versions), func(v versionOf) bool { return last[objectKey{v.cluster, v.gr, v.at}] != v.ver })
	history, current := versionColumns(versions)
	if len(newest) < len(versions) {
		_, current = versionColumns(newest)
	}
	now := time.Now().UTC()
	for _, p := range group {
		cluster := p.session.cluster
		for _, e := range p.events {
			events.add(cluster, e)
		}
		for _, e := range p.currentEvents {
			here.add(cluster, e)
		}
		for _, s := range p.states {
			states.add(cluster, s)
		}
		documents = append(documents, p.documents...)
		for _, l := range p.documentLists {
			lists.add(cluster, l)
		}
		if p.empty() {
			continue
		}
		ledger.cluster = append(ledger.cluster, cluster)
		ledger.stream = append(ledger.stream, stream)
		ledger.epoch = append(ledger.epoch, p.session.epoch)
		ledger.batchSeq = append(ledger.batchSeq, p.batchSeq)
		ledger.lastSeq = append(ledger.lastSeq, p.lastSeq)
		ledger.rows = append(ledger.rows, uint32(p.rows()))
		ledger.committedAt = append(ledger.committedAt, now)
	}
	var stages [][]insert
	for _, tables := range [][]insert{
		{
			{"resource_history", len(versions), history},
			{"documents", len(documents), documentColumns(documents, now)},
			{"events", len(events.cluster), events.columns()},
		},
		{
			{"resources", len(newest), current},
			{"current_events", len(here.cluster), here.columns()},
			{"resource_states", len(states.cluster), states.columns()},
			{"cluster_documents", len(lists.cluster), lists.columns()},
			{"ingest_ledger", len(ledger.cluster), ledger.columns()},
		},
	} {
		var stage []insert
		for _, i := range tables {
			if i.rows > 0 {
				stage = append(stage, i)
			}
		}
		if len(stage) > 0 {
			stages = append(stages, stage)
		}
	}
	return stages
}

type versionOf struct {
	cluster string
	*version
}

// inOrder are the versions of a group in the order of the primary key: the engine would sort them by copying every
// column of every row.
func inOrder(group []*pending) []versionOf {
	n := 0
	for _, p := range group {
		n += len(p.versions)
	}
	all := make([]versionOf, 0, n)
	for _, p := range group {
		for _, v := range p.versions {
			all = append(all, versionOf{p.session.cluster, v})
		}
	}
	slices.SortFunc(all, func(a, b versionOf) int {
		return cmp.Or(strings.Compare(a.gr.Group, b.gr.Group), strings.Compare(a.gr.Resource, b.gr.Resource), strings.Compare(a.cluster, b.cluster),
			strings.Compare(a.at.namespace, b.at.namespace), strings.Compare(a.at.name, b.at.name), cmp.Compare(a.ver, b.ver))
	})
	return all
}

// tokenOf names a commit by what is in it. Epochs are given once, so no other commit ever has the same name, and
// the content of this one does not change between tries.
func tokenOf(group []*pending) string {
	h := sha256.New()
	for _, p := range group {
		fmt.Fprintf(h, "%s\x00", p.session.cluster)
		var n [24]byte
		binary.BigEndian.PutUint64(n[0:], p.session.epoch)
		binary.BigEndian.PutUint64(n[8:], p.batchSeq)
		binary.BigEndian.PutUint64(n[16:], p.lastSeq)
		h.Write(n[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// insertAll writes every table.
func (w *writer) insertAll(ctx context.Context, stages [][]insert, token string) error {
	began := time.Now()
	var told atomic.Bool
	defer func() {
		if told.Load() {
			w.server.resumed(context.WithoutCancel(ctx))
		}
	}()
	for _, stage := range stages {
		var g errgroup.Group
		for _, i := range stage {
			g.Go(func() error { return w.insert(ctx, i, i.table+":"+token, began, &told) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	return nil
}

// insert writes one table: the same rows with the same token until they are there.
func (w *writer) insert(ctx context.Context, i insert, token string, began time.Time, told *atomic.Bool) error {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		err := w.attempt(ctx, i, token)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return errors.Join(context.Cause(ctx), err)
		}
		w.server.metrics.retries.Inc()
		w.server.log.Warn("commit does not get through, trying again", "table", i.table, "rows", i.rows, "err", err, "pause", pause)
		if sentence := trouble(err, time.Since(began)); sentence != "" {
			told.Store(true)
			w.server.held(ctx, sentence)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(pause):
		}
	}
}

// attempt tries one table once. When the hub ends meanwhile, the try gets a little time of its own.
func (w *writer) attempt(ctx context.Context, i insert, token string) error {
	own, cancel := context.WithTimeout(context.WithoutCancel(ctx), attemptFor)
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(farewell, cancel) })()
	return w.server.db.Insert(own, i.table, i.columns, token)
}

// trouble says in a sentence why nothing new is stored, "" while it may be a restart.
func trouble(err error, since time.Duration) string {
	switch {
	case clickhouse.DiskFull(err):
		return "The disk of the hub's database is full: nothing new is stored until there is space. Nothing is lost, collectors wait."
	case since < complainAfter:
		return ""
	case clickhouse.Unavailable(err):
		return "The hub's database does not answer: nothing new is stored until it does. Nothing is lost, collectors wait."
	}
	return "The hub's database refuses what is written to it; the hub's log says why. Nothing is lost, collectors wait."
}
