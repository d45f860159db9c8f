package action

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// restartedAtKey is the annotation that kubectl rollout restart sets.
const restartedAtKey = "kubectl.kubernetes.io/restartedAt"

// fleet stands in for members and their collectors, so that tests can break them at any point: it checks
// preconditions as API servers do, and answers a command id once as collectors do.
type fleet struct {
	mu         sync.Mutex
	objects    map[string]*workload // by ref
	states     map[string]records.ClusterState
	protection map[string]clusters.Protection
	answers    map[string]*ingestpb.CommandResult
	writes     []string // ref=what, in order
	inside     int      // commands being carried out now
	most       int
	// before sees every command and may answer in the member's stead; after sees it once it was carried out.
	before, after func(c *ingestpb.Command) *ingestpb.CommandResult
	stuck         bool                   // rollouts do not finish
	gaveUp        atomic.Pointer[string] // when the last rollout exceeded its deadline
	extra         atomic.Int32           // pods of the earlier revision that are still there
}

type workload struct {
	ref         kube.Ref
	uid         string
	version     int64
	generation  int64
	replicas    int32
	restartedAt string
	image       string
	hpa         string
	gone        bool
}

func newFleet(refs ...string) *fleet {
	f := &fleet{objects: map[string]*workload{}, states: map[string]records.ClusterState{}, answers: map[string]*ingestpb.CommandResult{}}
	for _, text := range refs {
		ref, err := kube.ParseRef(text)
		if err != nil {
			panic(err)
		}
		f.objects[text] = &workload{ref: ref, uid: "uid-" + text, version: 100, generation: 1, replicas: 3, image: "app:1.0"}
		f.states[ref.Cluster] = records.Live
	}
	return f
}

func (w *workload) kind() string { return kindOf(w.ref.GroupResource) }

func (w *workload) json(extra int32, gaveUp *string) []byte {
	var conditions []any
	if gaveUp != nil {
		conditions = append(conditions, map[string]any{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "lastUpdateTime": *gaveUp})
	}
	annotations := map[string]string{}
	if w.restartedAt != "" {
		annotations[restartedAtKey] = w.restartedAt
	}
	raw, err := json.Marshal(map[string]any{
		"apiVersion": "apps/v1", "kind": w.kind(),
		"metadata": map[string]any{"name": w.ref.Name, "namespace": w.ref.Namespace, "uid": w.uid, "resourceVersion": fmt.Sprint(w.version), "generation": w.generation},
		"spec": map[string]any{"replicas": w.replicas, "template": map[string]any{
			"metadata": map[string]any{"annotations": annotations},
			"spec":     map[string]any{"containers": []any{map[string]any{"name": "app", "image": w.image}}},
		}},
		"status": map[string]any{"replicas": w.replicas + extra, "conditions": conditions},
	})
	if err != nil {
		panic(err)
	}
	return raw
}

func (f *fleet) progress(w *workload) *ingestpb.Workload {
	p := &ingestpb.Workload{Generation: w.generation, ObservedGeneration: w.generation, Desired: w.replicas, Updated: w.replicas, Ready: w.replicas}
	if f.stuck {
		p.Updated, p.Ready = 1, 2
	}
	if w.hpa != "" {
		p.Autoscaler, p.AutoscalerMin, p.AutoscalerMax = w.hpa, 2, 10
	}
	return p
}

func (f *fleet) dispatch(_ context.Context, cluster string, c *ingestpb.Command) *ingestpb.CommandResult {
	f.mu.Lock()
	f.inside++
	f.most = max(f.most, f.inside)
	before, after := f.before, f.after
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.inside--
		f.mu.Unlock()
	}()
	if before != nil {
		if r := before(c); r != nil {
			return r
		}
	}
	r := f.execute(cluster, c)
	if after != nil {
		if instead := after(c); instead != nil {
			return instead
		}
	}
	return r
}

func (f *fleet) execute(cluster string, c *ingestpb.Command) *ingestpb.CommandResult {
	f.mu.Lock()
	defer f.mu.Unlock()
	writes := c.GetRead() == nil && !c.DryRun
	if had := f.answers[c.Id]; had != nil && writes {
		return had
	}
	ref := kube.Ref{Cluster: strings.TrimPrefix(cluster, "uid-"), Namespace: c.Target.Namespace, GroupResource: kube.GroupResource{Group: c.Target.Group, Resource: c.Target.Resource}, Name: c.Target.Name}.String()
	w := f.objects[ref]
	answer := func(code ingestpb.CommandResult_Code, message string) *ingestpb.CommandResult {
		return &ingestpb.CommandResult{CommandId: c.Id, Code: code, Message: message}
	}
	switch {
	case w == nil || w.gone:
		return answer(ingestpb.CommandResult_CODE_NOT_FOUND, "There is no "+ref+".")
	case c.Precondition.Uid != w.uid:
		return answer(ingestpb.CommandResult_CODE_CONFLICT, "It was deleted and created again.")
	case c.Precondition.ResourceVersion != "" && c.Precondition.ResourceVersion != fmt.Sprint(w.version):
		return answer(ingestpb.CommandResult_CODE_CONFLICT, "It changed since this was planned. Plan again.")
	case c.NotAfterMs < time.Now().UnixMilli():
		return answer(ingestpb.CommandResult_CODE_EXPIRED, "The command came too late.")
	}
	r := answer(ingestpb.CommandResult_CODE_OK, "")
	r.Before = w.json(f.extra.Load(), f.gaveUp.Load())
	r.Workload = f.progress(w)
	if c.GetRead() != nil {
		return r
	}
	was := *w
	what := ""
	switch v := c.Verb.(type) {
	case *ingestpb.Command_Scale:
		if w.hpa != "" {
			r.Code, r.Message = ingestpb.CommandResult_CODE_REFUSED, "An autoscaler owns the replicas."
			return r
		}
		w.replicas, what = v.Scale.Replicas, fmt.Sprintf("scale %d", v.Scale.Replicas)
	case *ingestpb.Command_Restart:
		w.restartedAt, what = v.Restart.RestartedAt, "restart"
	case *ingestpb.Command_Restore:
		ops, err := patch.Parse(v.Restore.Patch)
		if err != nil {
			return answer(ingestpb.CommandResult_CODE_INVALID, err.Error())
		}
		for _, p := range ops {
			switch {
			case p.Op == "test":
			case !strings.Contains(p.Path, "/spec/template/metadata"):
				return answer(ingestpb.CommandResult_CODE_INVALID, "unexpected "+p.Path)
			case p.Op == "remove":
				w.restartedAt = ""
			default:
				w.restartedAt, _ = p.Value.(string)
			}
		}
		what = "restore " + w.restartedAt
	default:
		return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("This member knows no %T.", v))
	}
	w.version++
	w.generation++
	r.After = w.json(f.extra.Load(), f.gaveUp.Load())
	r.Workload = f.progress(w)
	r.Inverse = inverse(r.After, r.Before)
	if c.DryRun {
		*w = was
		return r
	}
	f.writes = append(f.writes, ref+"="+what)
	f.answers[c.Id] = proto.Clone(r).(*ingestpb.CommandResult)
	return r
}

// inverse is the way back as a collector tells it.
func inverse(after, before []byte) []byte {
	a, err := kube.Decode(after)
	if err != nil {
		panic(err)
	}
	b, err := kube.Decode(before)
	if err != nil {
		panic(err)
	}
	ops, err := patch.Back(a, b)
	if err != nil {
		panic(err)
	}
	raw, err := json.Marshal(ops)
	if err != nil {
		panic(err)
	}
	return raw
}

// change is somebody else's edit.
func (f *fleet) change(ref string, edit func(*workload)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	edit(f.objects[ref])
	f.objects[ref].version++
}

func (f *fleet) written() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(slices.Values(f.writes))
}

func (f *fleet) object(w *workload) *records.Object {
	o := &records.Object{Ref: w.ref, ClusterUID: "uid-" + w.ref.Cluster, ChangedBy: "kubectl-edit"}
	o.Kind, o.Group, o.Version, o.UID, o.ResourceVersion = w.kind(), w.ref.Group, "v1", w.uid, fmt.Sprint(w.version)
	if w.kind() == "ReplicaSet" {
		o.OwnerRefs = []string{"Deployment/app1"}
	}
	return o
}

func (f *fleet) Search(_ context.Context, _ access.Scope, r records.Request) (*records.Result, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	res := &records.Result{}
	for _, ref := range slices.Sorted(maps.Keys(f.objects)) {
		if strings.Contains(ref, r.Query) {
			res.Total++
			switch {
			case ref <= r.After:
			case len(res.Objects) == r.First:
				res.More = true
			default:
				res.Objects, res.Cursor = append(res.Objects, f.object(f.objects[ref])), ref
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.states)) {
		res.Coverage.Clusters = append(res.Coverage.Clusters, records.ClusterCoverage{Cluster: name, State: f.states[name]})
	}
	return res, nil
}

func (f *fleet) Objects(_ context.Context, _ access.Scope, refs []kube.Ref) ([]*records.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []*records.Object
	for _, ref := range refs {
		if w := f.objects[ref.String()]; w != nil {
			list = append(list, f.object(w))
		}
	}
	return list, nil
}

func (f *fleet) Object(ctx context.Context, scope access.Scope, ref kube.Ref, _ time.Time) (*records.Object, error) {
	list, err := f.Objects(ctx, scope, []kube.Ref{ref})
	if err != nil || len(list) == 0 {
		return nil, err
	}
	return list[0], nil
}

// History and Members are asked by verbs that the fleet of test/e2e shows.
func (f *fleet) History(context.Context, access.Scope, kube.Ref, int, string) (*records.Page[*records.Version], error) {
	return &records.Page[*records.Version]{}, nil
}

func (f *fleet) Members(context.Context, access.Scope) ([]records.Member, error) { return nil, nil }

func (f *fleet) ByName(name string) (clusters.Entry, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	s, ok := f.states[name]
	return clusters.Entry{Cluster: clusters.Cluster{Name: name, UID: "uid-" + name, Protection: f.protection[name]}, Status: clusters.Status{State: s, Reason: "Not heard from for 4m."}}, ok
}

// broken is an audit that cannot be written to once it is told so.
type broken struct {
	audit.Database
	mu  sync.Mutex
	err error
}

func (b *broken) set(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.err = err
}

func (b *broken) Insert(ctx context.Context, table string, columns []clickhouse.Column, token string) error {
	b.mu.Lock()
	err := b.err
	b.mu.Unlock()
	if err != nil {
		return err
	}
	return b.Database.Insert(ctx, table, columns, token)
}

// hub is an action service over a fleet, with real etcd and a real audit, working until the test ends.
type hub struct {
	*Service
	t     *testing.T
	fleet *fleet
	db    *clickhouse.DB
	audit *broken
	stop  func()
}

var operator = access.All("olga")

func newHub(t *testing.T, f *fleet) *hub {
	t.Helper()
	db := clickhousetest.Open(t)
	return openHub(t, f, statetest.Open(t), db)
}

func openHub(t *testing.T, f *fleet, store *state.Store, db *clickhouse.DB) *hub {
	t.Helper()
	broken := &broken{Database: db}
	s := New(Deps{Store: store, Audit: audit.New(store, broken, nil), Finder: f, Clusters: f, Dispatch: f.dispatch})
	s.timing = timing{dryRun: 5 * time.Second, command: 5 * time.Second, rollout: 5 * time.Second, reach: 5 * time.Second, poll: 20 * time.Millisecond, scan: 100 * time.Millisecond, lease: 2 * time.Second, plan: 20 * time.Second, planWait: 5 * time.Second}
	h := &hub{Service: s, t: t, fleet: f, db: db, audit: broken}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Work(ctx) }()
	var once sync.Once
	h.stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Error(err)
			}
		})
	}
	t.Cleanup(h.stop)
	return h
}

func (h *hub) plan(in actions.Input) *actions.Action {
	h.t.Helper()
	a, err := h.Plan(h.t.Context(), operator, in)
	if err != nil {
		h.t.Fatal(err)
	}
	return a
}

func (h *hub) run(a *actions.Action) *actions.Action {
	h.t.Helper()
	if _, err := h.Run(h.t.Context(), operator, a.ID, a.ConfirmPhrase); err != nil {
		h.t.Fatal(err)
	}
	return h.ended(a.ID)
}

// ended waits until the action has ended, by watching it.
func (h *hub) ended(id string) *actions.Action {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), 30*time.Second)
	defer cancel()
	moves, err := h.Watch(ctx, operator, id)
	if err != nil {
		h.t.Fatal(err)
	}
	var last *actions.Action
	for last = range moves {
	}
	if ctx.Err() != nil || last == nil || last.FinishedAt == nil {
		h.t.Fatalf("action did not end: %s", text(last))
	}
	return last
}

func (h *hub) is(a *actions.Action, want string) {
	h.t.Helper()
	if got := text(a); got != want {
		h.t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

// text is an action as the tests read it.
func text(a *actions.Action) string {
	if a == nil {
		return "nil"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", a.State, a.Title)
	if a.ConfirmPhrase != "" {
		fmt.Fprintf(&b, " [%s]", a.ConfirmPhrase)
	}
	for _, t := range a.Targets {
		fmt.Fprintf(&b, "\n%s %s", t.State, t.Ref)
		if t.Change != "" {
			fmt.Fprintf(&b, " (%s)", t.Change)
		}
		if t.Message != "" {
			fmt.Fprintf(&b, " %s", t.Message)
		}
	}
	return b.String()
}

func refs(list ...string) actions.Input {
	return actions.Input{Verb: actions.Restart, Refs: list, Source: "cli", Reason: "test"}
}

func scaleTo(n int32, list ...string) actions.Input {
	return actions.Input{Verb: actions.Scale, Refs: list, Params: actions.Params{Replicas: &n}, Source: "cli", Reason: "test"}
}
