package aggregator

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/records"
	etcd "github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/internal/texts/textstest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const zone1 = "11111111-0000-4000-8000-000000000001"

// hub is an aggregator on a real engine and a real etcd, with the cluster zone1.
type hub struct {
	*Server
	t        testing.TB
	registry *clusters.Registry
	stop     func()
}

func newHub(t testing.TB) *hub {
	t.Helper()
	return newHubOn(t, clickhousetest.Open(t), statetest.Open(t))
}

func newHubOn(t testing.TB, db *clickhouse.DB, store *etcd.Store) *hub {
	t.Helper()
	kept, _ := textstest.Open(t, t.TempDir())
	return newHubWith(t, db, store, kept)
}

func newHubWith(t testing.TB, db *clickhouse.DB, store *etcd.Store, kept *texts.Store) *hub {
	t.Helper()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
	registry := clusters.New(store, log)
	if err := registry.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := registry.Add(t.Context(), clusters.Cluster{Name: "zone1", UID: zone1, Mode: clusters.Push}); err != nil {
		t.Fatal(err)
	}
	h := &hub{t: t, registry: registry, Server: New(Deps{DB: db, Clusters: registry, Texts: kept, Log: log})}
	h.start()
	t.Cleanup(func() { h.stop() })
	return h
}

func (h *hub) start() {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		h.Server.Run(ctx)
	}()
	h.stop = func() { cancel(); <-ended }
}

// sender numbers batches and records of one session.
type sender struct {
	*Session
	t     testing.TB
	batch uint64
	seq   uint64
}

func (h *hub) opens(t testing.TB) *sender {
	t.Helper()
	s, err := h.Open(t.Context(), zone1, &ingestpb.Hello{ClusterUid: zone1, KubernetesVersion: "v1.36.0"})
	if err != nil {
		t.Fatal(err)
	}
	return &sender{Session: s, t: t}
}

func (s *sender) seal(records ...*ingestpb.Record) *ingestpb.Batch {
	s.batch++
	for _, r := range records {
		s.seq++
		r.Seq = s.seq
	}
	return &ingestpb.Batch{BatchSeq: s.batch, Records: records}
}

func (s *sender) sends(records ...*ingestpb.Record) *ingestpb.Batch {
	s.t.Helper()
	b := s.seal(records...)
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	if err := s.Send(ctx, b); err != nil {
		s.t.Fatal(err)
	}
	return b
}

var pods = &ingestpb.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, ShortNames: []string{"po"}}

func pod(op ingestpb.Op, name, rv, image string) *ingestpb.Record {
	uid := "uid-" + name
	object, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": map[string]any{"name": name, "namespace": "shop", "uid": uid, "resourceVersion": rv, "creationTimestamp": "2026-11-01T10:00:00Z", "labels": map[string]any{"app": "app2"}},
		"spec":     map[string]any{"nodeName": "node-1", "containers": []any{map[string]any{"name": "app", "image": image}}},
		"status":   map[string]any{"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}, "podIP": "10.1.2.3"},
	})
	if err != nil {
		panic(err)
	}
	return &ingestpb.Record{Body: &ingestpb.Record_Object{Object: &ingestpb.ObjectChange{
		Op: op, Resource: pods, Namespace: "shop", Name: name, Uid: uid, ResourceVersion: rv, ObservedMs: time.Now().UnixMilli(), Object: object,
		Managers: []*ingestpb.Manager{
			{Name: "kubelet", Operation: "Update", Subresource: "status", TimeUnix: 1793600000, FieldsV1: []byte(`{"f:status":{"f:phase":{}}}`)},
			{Name: "deployer", Operation: "Update", TimeUnix: 1793500000, FieldsV1: []byte(`{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}`)},
		},
	}}}
}

func deleted(name string) *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_Object{Object: &ingestpb.ObjectChange{
		Op: ingestpb.Op_OP_DELETE, Resource: pods, Namespace: "shop", Name: name, Uid: "uid-" + name, ObservedMs: time.Now().UnixMilli(),
	}}}
}

// snapshotOf lists pods; spoil changes the end record.
func snapshotOf(id uint64, spoil func(*ingestpb.SnapshotEnd), listed ...*ingestpb.Record) []*ingestpb.Record {
	end := &ingestpb.SnapshotEnd{Resource: pods, SnapshotId: id}
	for _, r := range listed {
		o := r.GetObject()
		end.Count++
		end.Digest ^= ingestpb.KeyDigest(o.Namespace, o.Name, o.Uid, o.ResourceVersion)
	}
	if spoil != nil {
		spoil(end)
	}
	all := []*ingestpb.Record{{Body: &ingestpb.Record_SnapshotBegin{SnapshotBegin: &ingestpb.SnapshotBegin{Resource: pods, SnapshotId: id}}}}
	all = append(all, listed...)
	return append(all, &ingestpb.Record{Body: &ingestpb.Record_SnapshotEnd{SnapshotEnd: end}})
}

func resourceState(st ingestpb.ResourceState_State, reason string) *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_ResourceState{ResourceState: &ingestpb.ResourceState{Resource: pods, State: st, Reason: reason, Objects: 2}}}
}

func heartbeat(reachable bool, reason string) *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_Heartbeat{Heartbeat: &ingestpb.Heartbeat{ObservedMs: time.Now().UnixMilli(), Reachable: reachable, Reason: reason, KubernetesVersion: "v1.36.3"}}}
}

// asks runs a query and joins its rows: columns by comma, rows by space.
func (h *hub) asks(t testing.TB, sql string) string {
	t.Helper()
	rows, err := h.db.Query(t.Context(), strings.ReplaceAll(sql, "{db}", "`"+h.db.Database()+"`"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func (h *hub) wants(t testing.TB, fact, want, sql string) {
	t.Helper()
	if got := h.asks(t, sql); got != want {
		t.Errorf("%s: got %q, want %q", fact, got, want)
	}
}

const (
	live    = `SELECT concat(name, ':', resource_version) FROM {db}.resources FINAL WHERE deleted = 0 ORDER BY name`
	history = `SELECT concat(name, ':', resource_version, ':', toString(op)) FROM {db}.resource_history ORDER BY ver, name`
)

func TestABatchIsInEveryTable(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	event := &ingestpb.Event{Namespace: "shop", Name: "e1", Uid: "e-1", ResourceVersion: "9", Type: "Warning", Reason: "BackOff", Message: "Back-off pulling image",
		Source: "kubelet", Count: 3, LastMs: time.Now().UnixMilli(), RegardingKind: "Pod", RegardingNamespace: "shop", RegardingName: "a", RegardingUid: "uid-a"}
	s.sends(append(snapshotOf(1, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "app2:1.4.0")),
		&ingestpb.Record{Body: &ingestpb.Record_Event{Event: event}},
		resourceState(ingestpb.ResourceState_STATE_SYNCED, ""), heartbeat(true, ""))...)

	ver := fmt.Sprint(s.Epoch()<<40 | 2)
	h.wants(t, "current", zone1+",pods,shop,a,"+ver+",1,Running,Healthy,true,app2,node-1,app2:1.4.0,deployer",
		`SELECT concatWithSeparator(',', cluster, resource, namespace, name, toString(ver), resource_version, status, health, ready, app, node, images[1], changed_by) FROM {db}.resources FINAL`)
	h.wants(t, "history", "a:1:snapshot", history)
	h.wants(t, "the first list is no news", "0", `SELECT toString(meaningful) FROM {db}.resource_history`)
	h.wants(t, "event", "BackOff,3,uid-a,1", `SELECT concatWithSeparator(',', reason, toString(count), regarding_uid, toString(has(tokens, 'pulling'))) FROM {db}.events`)
	h.wants(t, "state", "pods,synced,2", `SELECT concatWithSeparator(',', resource, state, toString(objects)) FROM {db}.resource_states FINAL`)
	h.wants(t, "ledger", "1,6,3", `SELECT concatWithSeparator(',', toString(batch_seq), toString(last_seq), toString(rows)) FROM {db}.ingest_ledger FINAL`)
	h.wants(t, "tokens", "1", `SELECT toString(hasAll(tokens, ['a', 'shop', 'app2', '1.4.0', '10.1.2.3', 'running'])) FROM {db}.resources FINAL`)
	if got := h.Status(); len(got) != 1 || got[0].Name != "zone1" || got[0].Durable != 1 || got[0].Waiting != 0 || got[0].Objects != 1 || got[0].Connected {
		t.Errorf("got status %+v", got)
	}
	e, _ := h.registry.ByUID(zone1)
	if e.State != records.Live || e.Reason != "" || e.AsOf.IsZero() || e.KubernetesVersion != "v1.36.3" {
		t.Errorf("got %+v, want a live cluster", e)
	}
}

func TestDuplicatesCountOnce(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	first := s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "app2:1.4.0"))
	s.sends(pod(ingestpb.Op_OP_UPDATE, "a", "2", "app2:1.5.0"))
	if err := s.Send(t.Context(), first); err != nil {
		t.Errorf("a batch sent again is acknowledged: %v", err)
	}
	s.sends(pod(ingestpb.Op_OP_UPDATE, "a", "2", "app2:1.5.0"))
	h.wants(t, "history", "a:1:add a:2:update", history)
	h.wants(t, "ledger", "2", `SELECT toString(count()) FROM {db}.ingest_ledger`)
}

func TestAGapInTheNumbersIsRefused(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.seal()
	if err := s.Send(t.Context(), s.seal(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))); err == nil || !strings.Contains(err.Error(), "without a gap") {
		t.Errorf("got %v", err)
	}
	h.wants(t, "nothing was stored", "", history)
}

func TestAVersionSaysWhatChangedAndWho(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "app2:1.4.0"), pod(ingestpb.Op_OP_UPDATE, "a", "2", "app2:1.5.0"))
	h.wants(t, "within a batch", "spec.containers[app].image,deployer,1,1",
		`SELECT concatWithSeparator(',', arrayStringConcat(changed_paths, ' '), changed_by, toString(meaningful), toString(previous_ver > 0)) FROM {db}.resource_history WHERE op = 'update'`)

	h.texts = nil // the database is asked
	r := pod(ingestpb.Op_OP_UPDATE, "a", "3", "app2:1.5.0")
	o := r.GetObject()
	o.Object = []byte(strings.Replace(string(o.Object), `"phase":"Running"`, `"phase":"Failed"`, 1))
	s.sends(r)
	h.wants(t, "status is no meaningful change", "status.phase,kubelet,0",
		`SELECT concatWithSeparator(',', arrayStringConcat(changed_paths, ' '), changed_by, toString(meaningful)) FROM {db}.resource_history WHERE resource_version = '3'`)
	h.wants(t, "the last meaningful change stays in view", "spec.containers[app].image,deployer,Failed,1",
		`SELECT concatWithSeparator(',', arrayStringConcat(changed_paths, ' '), changed_by, health, toString(changed_at < observed_at)) FROM {db}.resources FINAL`)

	r = pod(ingestpb.Op_OP_UPDATE, "a", "4", "app2:1.5.0")
	o = r.GetObject()
	o.Object = []byte(strings.Replace(string(o.Object), `"phase":"Running"`, `"phase":"Failed"`, 1))
	o.RedactedDigest = "d2"
	s.sends(r)
	h.wants(t, "a redacted value changed", "data,1",
		`SELECT concatWithSeparator(',', arrayStringConcat(changed_paths, ' '), toString(meaningful)) FROM {db}.resource_history WHERE resource_version = '4'`)
}

func TestWhoManagesAnObjectIsKnownByItsManagersToo(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	r := pod(ingestpb.Op_OP_ADD, "a", "1", "app2:1.4.0")
	o := r.GetObject()
	o.Managers = append(o.Managers, &ingestpb.Manager{Name: "Terraform", Operation: "Apply"})
	o.Object = []byte(strings.Replace(string(o.Object), `"labels":{`, `"labels":{"kustomize.toolkit.fluxcd.io/name":"apps",`, 1))
	s.sends(r, pod(ingestpb.Op_OP_ADD, "b", "1", "app2:1.4.0"))
	const managed = `SELECT concat(name, ':', arrayStringConcat(managed_by, ',')) FROM {db}.%s ORDER BY name`
	for _, table := range []string{"resources", "resource_history"} {
		h.wants(t, table, "a:flux/apps,terraform b:", fmt.Sprintf(managed, table))
	}
}

func TestDeletesKeepWhatWasLastKnown(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "app2:1.4.0"), pod(ingestpb.Op_OP_ADD, "b", "1", "app2:1.4.0"))
	h.texts = nil
	s.sends(deleted("a"), deleted("never-seen"))
	h.wants(t, "live", "b:1", live)
	h.wants(t, "tombstone", "a,1,Running,app2:1.4.0,1,1",
		`SELECT concatWithSeparator(',', name, resource_version, status, images[1], toString(length(object) > 100), toString(deleted_at > '2026-01-01')) FROM {db}.resource_history WHERE deleted = 1`)
	s.sends(deleted("a"))
	h.wants(t, "one delete", "1", `SELECT toString(count()) FROM {db}.resource_history WHERE op = 'delete'`)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "7", "app2:1.4.0"))
	h.wants(t, "it can come again", "a:7 b:1", live)
}

func TestASnapshotDeletesWhatItDoesNotName(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(snapshotOf(1, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"), pod(ingestpb.Op_OP_SNAPSHOT, "b", "1", "x"), pod(ingestpb.Op_OP_SNAPSHOT, "c", "1", "x"))...)
	h.wants(t, "first list", "a:1 b:1 c:1", live)

	s.sends(snapshotOf(2, func(e *ingestpb.SnapshotEnd) { e.Digest ^= 1 }, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"))...)
	h.wants(t, "wrong digest", "a:1 b:1 c:1", live)
	s.sends(snapshotOf(3, func(e *ingestpb.SnapshotEnd) { e.Count++ }, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"))...)
	h.wants(t, "wrong count", "a:1 b:1 c:1", live)
	s.sends(snapshotOf(4, func(e *ingestpb.SnapshotEnd) { e.SnapshotId++ }, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"))...)
	h.wants(t, "another list's end", "a:1 b:1 c:1", live)
	s.sends(snapshotOf(5, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"))[0])
	s.sends(snapshotOf(6, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"), pod(ingestpb.Op_OP_SNAPSHOT, "b", "2", "y"))...)
	h.wants(t, "whole list", "a:1 b:2", live)
	h.wants(t, "history has no unchanged versions", "a:1:snapshot b:1:snapshot c:1:snapshot b:2:update c:1:delete", history)
}

func TestADeleteWhileTheHubWasDownIsFound(t *testing.T) {
	db, store := clickhousetest.Open(t), statetest.Open(t)
	h := newHubOn(t, db, store)
	h.opens(t).sends(pod(ingestpb.Op_OP_ADD, "a", "1", "x"), pod(ingestpb.Op_OP_ADD, "b", "1", "x"))
	h.stop()
	h = newHubOn(t, db, store)
	h.opens(t).sends(snapshotOf(1, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"), pod(ingestpb.Op_OP_SNAPSHOT, "n", "5", "x"))...)
	h.wants(t, "live", "a:1 n:5", live)
	h.wants(t, "history", "a:1:add b:1:add n:5:snapshot b:1:delete", history)
	h.wants(t, "what came meanwhile is news", "1", `SELECT toString(meaningful) FROM {db}.resource_history WHERE name = 'n'`)
}

func TestASnapshotThatWouldDeleteMostNeedsASecond(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	var all []*ingestpb.Record
	for i := range 200 {
		all = append(all, pod(ingestpb.Op_OP_SNAPSHOT, fmt.Sprintf("p%03d", i), "1", "x"))
	}
	count := `SELECT toString(count()) FROM {db}.resources FINAL WHERE deleted = 0`
	s.sends(snapshotOf(1, nil, all...)...)
	s.sends(resourceState(ingestpb.ResourceState_STATE_SYNCED, ""))
	s.sends(append(snapshotOf(2, nil, pod(ingestpb.Op_OP_SNAPSHOT, "p000", "1", "x")), heartbeat(true, ""))...)
	h.wants(t, "after one", "200", count)
	e, _ := h.registry.ByUID(zone1)
	if want := "The newest list of pods lacks 199 of 200 objects: they stay until a second list confirms it."; e.State != records.Degraded || e.Reason != want {
		t.Errorf("got %s %q, want %q", e.State, e.Reason, want)
	}
	s.sends(append(snapshotOf(3, nil, pod(ingestpb.Op_OP_SNAPSHOT, "p000", "1", "x")), heartbeat(true, ""))...)
	h.wants(t, "after two", "1", count)
	if e, _ := h.registry.ByUID(zone1); e.State != records.Live {
		t.Errorf("got %s %q, want LIVE", e.State, e.Reason)
	}
}

func TestEventsAreKeptOncePerRevision(t *testing.T) {
	h := newHub(t)
	e := func(rv string, n uint32) *ingestpb.Record {
		return &ingestpb.Record{Body: &ingestpb.Record_Event{Event: &ingestpb.Event{Namespace: "shop", Name: "e", Uid: "e-1", ResourceVersion: rv, Count: n, LastMs: time.Now().UnixMilli(), ObservedMs: time.Now().UnixMilli()}}}
	}
	s := h.opens(t)
	s.sends(e("1", 1), e("1", 1), e("2", 2))
	h.opens(t).sends(e("2", 2), e("3", 3))
	h.wants(t, "events", "1 2 3", `SELECT toString(count) FROM {db}.events ORDER BY ver`)
}

func TestAKindThatIsNoLongerServedLeaves(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "x"), resourceState(ingestpb.ResourceState_STATE_SYNCED, ""))
	s.sends(resourceState(ingestpb.ResourceState_STATE_GONE, "the CRD was removed"))
	h.wants(t, "live", "", live)
	h.wants(t, "state", "gone", `SELECT state FROM {db}.resource_states FINAL`)
}

func TestStandingOfTheCluster(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	f := func(fact string, state records.ClusterState, reason string, r ...*ingestpb.Record) {
		t.Helper()
		s.sends(r...)
		if e, _ := h.registry.ByUID(zone1); e.State != state || e.Reason != reason {
			t.Errorf("%s: got %s %q, want %s %q", fact, e.State, e.Reason, state, reason)
		}
	}
	f("first list", records.Syncing, "0 of 1 kinds are here.", resourceState(ingestpb.ResourceState_STATE_SYNCING, ""), heartbeat(true, ""))
	f("synced", records.Live, "", resourceState(ingestpb.ResourceState_STATE_SYNCED, ""), heartbeat(true, ""))
	f("listed again", records.Live, "", resourceState(ingestpb.ResourceState_STATE_SYNCING, ""), heartbeat(true, ""))
	f("failing", records.Degraded, "pods cannot be collected: forbidden.", resourceState(ingestpb.ResourceState_STATE_FAILING, "forbidden"), heartbeat(true, ""))
	f("unreachable", records.Stale, "Its API server does not answer the collector: connection refused.", heartbeat(false, "connection refused"))
	f("well again", records.Live, "", resourceState(ingestpb.ResourceState_STATE_SYNCED, ""), heartbeat(true, ""))
}

func TestANewerSessionFencesTheOlder(t *testing.T) {
	h := newHub(t)
	old := h.opens(t)
	old.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))
	now := h.opens(t)
	if now.Epoch() <= old.Epoch() {
		t.Errorf("got epoch %d after %d", now.Epoch(), old.Epoch())
	}
	if err := old.Send(t.Context(), old.seal(pod(ingestpb.Op_OP_UPDATE, "a", "2", "x"))); !errors.Is(err, ingestpb.ErrFenced) {
		t.Errorf("got %v, want ErrFenced", err)
	}
	now.sends(pod(ingestpb.Op_OP_SNAPSHOT, "a", "3", "y"))
	h.wants(t, "history", "a:1:add a:3:update", history)

	// Another hub process takes the cluster over.
	if _, err := h.registry.Epoch(t.Context(), zone1, stream); err != nil {
		t.Fatal(err)
	}
	if err := now.Send(t.Context(), now.seal(pod(ingestpb.Op_OP_UPDATE, "a", "4", "x"))); !errors.Is(err, ingestpb.ErrFenced) {
		t.Errorf("got %v, want ErrFenced", err)
	}
	h.wants(t, "nothing of the fenced", "a:1:add a:3:update", history)
}

func TestAnInterruptedCommitIsFinished(t *testing.T) {
	db, store := clickhousetest.Open(t), statetest.Open(t)
	h := newHubOn(t, db, store)
	s := h.opens(t)
	s.sends(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))
	// The hub dies after the first table.
	b := s.seal(pod(ingestpb.Op_OP_UPDATE, "a", "2", "y"))
	s.mu.Lock()
	p, err := s.prepare(b)
	s.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	i := build([]*pending{p})[0][0]
	if err := db.Insert(t.Context(), i.table, i.columns, "half"); err != nil {
		t.Fatal(err)
	}
	h.stop()

	h = newHubOn(t, db, store)
	h.wants(t, "before", "a:1", live)
	s = h.opens(t)
	h.wants(t, "after", "a:2", live)
	s.sends(snapshotOf(1, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "2", "y"))...)
	h.wants(t, "not twice", "a:1:add a:2:update", history)
}

func TestControlStateYoungerThanTheData(t *testing.T) {
	db := clickhousetest.Open(t)
	h := newHubOn(t, db, statetest.Open(t))
	for range 3 {
		h.opens(t).sends(pod(ingestpb.Op_OP_ADD, "a", "1", "x"))
	}
	h.opens(t).sends(pod(ingestpb.Op_OP_UPDATE, "a", "2", "y"))
	h.stop()
	h = newHubOn(t, db, statetest.Open(t)) // etcd was lost
	h.opens(t).sends(pod(ingestpb.Op_OP_UPDATE, "a", "3", "z"))
	h.wants(t, "the newest wins", "a:3", live)
}

func TestClustersWaitForRoomAndAllGetThrough(t *testing.T) {
	h := newHub(t)
	h.waiting, h.maxWait = semaphore.NewWeighted(1), 1 // room for one batch at a time
	var all errgroup.Group
	for n := range 3 {
		uid := fmt.Sprintf("cluster-%d", n)
		session, err := h.Open(t.Context(), uid, &ingestpb.Hello{})
		if err != nil {
			t.Fatal(err)
		}
		s := &sender{Session: session, t: t}
		all.Go(func() error {
			var last *pending
			for i := range 10 { // without waiting for the one before, as over gRPC
				p, err := s.take(t.Context(), s.seal(pod(ingestpb.Op_OP_UPDATE, "a", fmt.Sprint(i), fmt.Sprint("app:", i))))
				if err != nil {
					return err
				}
				last = p
			}
			return s.wait(t.Context(), last)
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	h.wants(t, "versions", "30", `SELECT toString(count()) FROM {db}.resource_history`)
}

func TestObjectsThatCannotBeReadStopNobody(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	bad := pod(ingestpb.Op_OP_SNAPSHOT, "bad", "1", "x")
	bad.GetObject().Object = []byte(`{"kind": 3`)
	s.sends(snapshotOf(1, nil, bad, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "x"))...)
	h.wants(t, "live", "a:1", live)
}
