package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/graph"
	"github.com/foretop/foretop/query/ql"
	"github.com/foretop/foretop/query/saved"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"foretop": func() { os.Exit(execute(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) },
	})
}

// TestVerbs runs testdata/script against the real graph over a small fleet that is held in memory: what the verbs
// ask must fit the schema, what they print and how they exit is written in the scripts.
func TestVerbs(t *testing.T) {
	const token = "test-token"
	control := statetest.Open(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			fleet := newSmallFleet()
			server, err := query.New(query.Deps{Reader: fleetReader{smallFleet: fleet}, Actions: fleetActions{smallFleet: fleet}, Saved: saved.New(control, checkQuery), UI: fstest.MapFS{}, Token: token, Log: slog.New(slog.DiscardHandler), Version: "v1.2.3"})
			if err != nil {
				return err
			}
			hub := httptest.NewServer(server.Handler())
			env.Defer(hub.Close)
			env.Setenv("HUB", hub.URL)
			env.Setenv("FORETOP_SERVER", hub.URL)
			env.Setenv("FORETOP_TOKEN", token)
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			env.Setenv("XDG_DATA_HOME", env.WorkDir+"/data")
			env.Setenv("TZ", "UTC")
			env.Setenv("BROWSER", "true")
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"code": exitsWith,
		},
	})
}

// exitsWith is code N COMMAND... in scripts: the command exits with N.
func exitsWith(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("%v", err)
	}
	if got != want || neg {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// checkQuery is search.Service.Check without clusters and kinds.
func checkQuery(_ context.Context, _ access.Scope, text, page string) error {
	_, err := ql.Parse(text, ql.Options{Page: map[string]ql.Page{"resources": ql.Resources, "changes": ql.Changes, "events": ql.Events}[page]})
	return err
}

// smallFleet is zone1 and zone2 with app1 and app2; zone2 is stale. It understands no query language: a query finds
// the objects of whose references all its words' values are part.
type smallFleet struct {
	mu      sync.Mutex
	objects []*records.Object
	list    []*actions.Action
}

// What the verbs do not ask for has no answer: it panics.
type (
	unasked     interface{ graph.Actions }
	restReader  struct{ graph.Reader }
	restActions struct{ unasked }
	fleetReader struct {
		*smallFleet
		restReader
	}
	fleetActions struct {
		*smallFleet
		restActions
	}
)

func newSmallFleet() *smallFleet {
	f := &smallFleet{}
	for _, cluster := range []string{"zone1", "zone2"} {
		for _, name := range []string{"app1", "app2"} {
			o := &records.Object{
				Ref:       kube.Ref{Cluster: cluster, Namespace: "shop", GroupResource: kube.GroupResource{Group: "apps", Resource: "deployments"}, Name: name},
				ChangedAt: time.Now().Add(-9 * time.Minute), ChangedBy: "helm",
				JSON: fmt.Appendf(nil, `{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":%q,"namespace":"shop","labels":{"app":%q}},"spec":{"replicas":3}}`, name, name),
			}
			o.Kind, o.Group, o.Version, o.Name, o.Namespace = "Deployment", "apps", "v1", name, "shop"
			o.Labels = map[string]string{"app": name}
			o.Status, o.Health, o.Ready = "Healthy", kube.Healthy, "true"
			o.Replicas, o.ReadyReplicas, o.Restarts = 3, 3, -1
			o.Images, o.CreatedAt = []string{"registry.example.com/" + name + ":1.0"}, time.Now().Add(-2*time.Hour)
			f.objects = append(f.objects, o)
		}
	}
	return f
}

func (f *smallFleet) coverage() records.Coverage {
	return records.Coverage{Clusters: []records.ClusterCoverage{
		{Cluster: "zone1", State: records.Live, AsOf: time.Now()},
		{Cluster: "zone2", State: records.Stale, AsOf: time.Now().Add(-4 * time.Minute), Reason: "Not heard from for 4m."},
	}}
}

func (f *smallFleet) Search(_ context.Context, _ access.Scope, r records.Request) (*records.Result, error) {
	if i := strings.Index(r.Query, "staus:"); i >= 0 {
		return nil, &access.Error{Code: "QL_UNKNOWN_FIELD", Message: `There is no field "staus".`, Fix: "Did you mean status?", From: i, To: i + len("staus")}
	}
	res := &records.Result{Coverage: f.coverage(), Engine: "clickhouse"}
	for _, o := range f.objects {
		for alternative := range strings.SplitSeq(r.Query, " OR ") {
			match := true
			for word := range strings.FieldsSeq(alternative) {
				word = strings.NewReplacer(`"`, "", "=", ":", "(", "", ")", "").Replace(word)
				_, v, ok := strings.Cut(word, ":")
				if !ok {
					v = word
				}
				v = strings.TrimPrefix(v, "app:") // of selector:"app=app2"
				match = match && strings.Contains(o.Ref.String()+" deployment deploy deployments.apps", v)
			}
			if match {
				res.Objects = append(res.Objects, o)
				break
			}
		}
	}
	res.Total = len(res.Objects)
	if res.More = len(res.Objects) > r.First; res.More {
		res.Objects = res.Objects[:r.First]
	}
	return res, nil
}

// List is one page.
func (f *smallFleet) List(ctx context.Context, s access.Scope, r records.Request) (records.Listing, error) {
	r.First = 1000
	res, err := f.Search(ctx, s, r)
	return smallListing{res}, err
}

type smallListing struct{ *records.Result }

func (l smallListing) Total() int                 { return l.Result.Total }
func (l smallListing) Position() records.Position { return nil }
func (l smallListing) Coverage() records.Coverage { return l.Result.Coverage }
func (l smallListing) Next(context.Context, int) ([]*records.Object, bool, error) {
	return l.Objects, false, nil
}

func (f *smallFleet) Object(_ context.Context, _ access.Scope, ref kube.Ref, _ time.Time) (*records.Object, error) {
	for _, o := range f.objects {
		if o.Ref == ref {
			return o, nil
		}
	}
	return nil, nil
}

func (f *smallFleet) History(_ context.Context, _ access.Scope, ref kube.Ref, _ int, _ string) (*records.Page[*records.Version], error) {
	o, _ := f.Object(context.Background(), access.Scope{}, ref, time.Time{})
	if o == nil {
		return &records.Page[*records.Version]{}, nil
	}
	v := &records.Version{Object: *o, Op: "update", Meaningful: true, Previous: []byte(strings.Replace(string(o.JSON), `"replicas":3`, `"replicas":2`, 1))}
	v.ChangedPaths, v.ObservedAt = []string{"spec.replicas"}, o.ChangedAt
	noise := &records.Version{Object: *o, Op: "update"}
	return &records.Page[*records.Version]{Items: []*records.Version{noise, v}, Total: 2, Coverage: f.coverage()}, nil
}

func (f *smallFleet) Changes(ctx context.Context, s access.Scope, _ string, _, _ time.Time, _ int, _ string) (*records.Page[*records.Version], error) {
	p, err := f.History(ctx, s, f.objects[1].Ref, 1, "")
	p.Items = p.Items[1:]
	p.Items[0].Sentence = "replicas 2 -> 3"
	return p, err
}

func (f *smallFleet) Events(context.Context, access.Scope, string, time.Time, time.Time, int, string) (*records.Page[*records.Event], error) {
	ref := f.objects[1].Ref
	return &records.Page[*records.Event]{Coverage: f.coverage(), Items: []*records.Event{{
		UID: "e1", Cluster: "zone1", Namespace: "shop", Type: "Warning", Reason: "BackOff", Message: "Back-off  pulling image", Count: 3,
		FirstAt: time.Now(), LastAt: time.Now(), RegardingKind: "Pod", RegardingName: "app2-x", Regarding: &ref,
	}}}, nil
}

func (f *smallFleet) Diff(ctx context.Context, s access.Scope, r records.DiffRequest) (*records.Diff, error) {
	d := &records.Diff{}
	d.From, _ = f.Object(ctx, s, r.From, r.FromAt)
	d.To, _ = f.Object(ctx, s, r.To, r.ToAt)
	if d.From == nil || d.To == nil {
		return d, nil
	}
	from, _ := kube.Decode(d.From.JSON)
	to, err := kube.Decode(d.To.JSON)
	if err != nil {
		return nil, err
	}
	c, err := kube.Compare(from, to, true, r.Noise)
	d.Unified, d.Changes, d.Hidden = c.Unified, c.Lines, c.Hidden
	return d, err
}

// Related is of app2: a ReplicaSet with two Pods below it, a Service at the Pods, and what the template names.
func (f *smallFleet) Related(_ context.Context, _ access.Scope, ref kube.Ref, depth int, _ ...string) (*records.Graph, error) {
	o, _ := f.Object(context.Background(), access.Scope{}, ref, time.Time{})
	if o == nil {
		return &records.Graph{}, nil
	}
	g := &records.Graph{Nodes: []records.GraphNode{{Object: o}}}
	if ref.Name != "app2" {
		return g, nil
	}
	add := func(level int, gr kube.GroupResource, kind, name string, health kube.Health) kube.Ref {
		n := &records.Object{Ref: kube.Ref{Cluster: ref.Cluster, Namespace: "shop", GroupResource: gr, Name: name}}
		n.Kind, n.Name, n.Namespace, n.Status, n.Health = kind, name, "shop", string(health), health
		g.Nodes = append(g.Nodes, records.GraphNode{Object: n, Level: level})
		return n.Ref
	}
	edge := func(from kube.Ref, kind string, to kube.Ref) {
		g.Edges = append(g.Edges, records.GraphEdge{From: from, To: to, Type: kind})
	}
	rs := add(1, kube.GroupResource{Group: "apps", Resource: "replicasets"}, "ReplicaSet", "app2-6f7d", kube.Healthy)
	edge(ref, kube.OwnsEdge, rs)
	service := add(-1, kube.GroupResource{Resource: "services"}, "Service", "app2", kube.Healthy)
	if depth > 1 {
		for _, name := range []string{"app2-6f7d-a", "app2-6f7d-b"} {
			pod := add(2, kube.GroupResource{Resource: "pods"}, "Pod", name, kube.Degraded)
			edge(rs, kube.OwnsEdge, pod)
			edge(service, kube.SelectsEdge, pod)
		}
	}
	edge(ref, kube.UsesEdge, add(1, kube.GroupResource{Resource: "configmaps"}, "ConfigMap", "app2-config", kube.Unknown))
	edge(ref, kube.UsesEdge, add(1, kube.GroupResource{Resource: "secrets"}, "Secret", "payment-api", kube.Unknown))
	edge(add(-1, kube.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}, "HorizontalPodAutoscaler", "app2", kube.Healthy), kube.SelectsEdge, ref)
	g.Truncated = depth > 5
	return g, nil
}

func (f *smallFleet) Kinds(context.Context, access.Scope) ([]records.Kind, error) {
	return []records.Kind{
		{GroupResource: kube.GroupResource{Resource: "configmaps"}, Version: "v1", Kind: "ConfigMap", Namespaced: true},
		{GroupResource: kube.GroupResource{Resource: "namespaces"}, Version: "v1", Kind: "Namespace"},
	}, nil
}

func (f *smallFleet) Clusters(context.Context, access.Scope, string) ([]*records.Cluster, error) {
	return []*records.Cluster{
		{Name: "zone1", UID: "uid-1", Mode: "push", State: records.Live, AsOf: time.Now(), KubernetesVersion: "v1.36.3", Objects: 280, Nodes: 5, Pods: 20},
		{Name: "zone2", UID: "uid-2", Mode: "pull", State: records.Stale, Reason: "Not heard from for 4m.", AsOf: time.Now().Add(-4 * time.Minute)},
	}, nil
}

// Plan blocks app1, as if an autoscaler owned it; Run fails zone2's targets. Of other verbs than SCALE and RESTART the
// title says what was asked for.
func (f *smallFleet) Plan(ctx context.Context, scope access.Scope, in actions.Input) (*actions.Action, error) {
	if in.Query != "" {
		r, err := f.Search(ctx, scope, records.Request{Query: in.Query, First: 1000})
		if err != nil {
			return nil, err
		}
		for _, o := range r.Objects {
			in.Refs = append(in.Refs, o.Ref.String())
		}
	}
	for _, cluster := range in.Params.Clusters {
		in.Refs = append(in.Refs, cluster+":shop/deployments.apps/app2")
	}
	a := &actions.Action{ID: fmt.Sprintf("a-%d", len(f.list)+1), Verb: in.Verb, State: "PLANNED", Title: "Scale things", Actor: scope.User() + "/" + in.Source, Reason: in.Reason, CreatedAt: time.Now()}
	if in.Verb != "SCALE" && in.Verb != "RESTART" || in.Waves != (actions.Waves{}) || in.Params.Direct {
		params, _ := json.Marshal(in.Params)
		waves, _ := json.Marshal(in.Waves)
		a.Title = fmt.Sprintf("%s %s waves %s", in.Verb, params, waves)
	}
	for _, ref := range in.Refs {
		t := &actions.Target{Ref: ref, State: "READY", Change: "replicas 3 -> 5", Diff: "--- before\n+++ after\n-  replicas: 3\n+  replicas: 5\n"}
		if strings.HasSuffix(ref, "app1") {
			t.State, t.Message, t.Diff = "BLOCKED", "HPA app1 owns the replicas of app1 (2 to 10); change the HPA instead.", ""
		}
		a.Targets = append(a.Targets, t)
	}
	if len(in.Refs) > 1 {
		a.ConfirmPhrase = fmt.Sprintf("scale %d in 2 clusters", len(in.Refs))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.list = append(f.list, a)
	if in.Waves.Size > 0 { // the answer comes before the plan is made
		planning := *a
		planning.State = "PLANNING"
		return &planning, nil
	}
	return a, nil
}

// Retry is of what failed.
func (f *smallFleet) Retry(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	a, err := f.Action(ctx, scope, id)
	if err != nil || a == nil {
		return nil, &access.Error{Code: "NOT_FOUND", Message: "There is no action " + id + "."}
	}
	var refs []string
	for _, t := range a.Targets {
		if t.State == "FAILED" {
			refs = append(refs, t.Ref)
		}
	}
	return f.Plan(ctx, scope, actions.Input{Verb: a.Verb, Refs: refs})
}

func (f *smallFleet) Run(ctx context.Context, scope access.Scope, id, confirm string) (*actions.Action, error) {
	a, err := f.Action(ctx, scope, id)
	if err != nil || a == nil {
		return a, err
	}
	if confirm != a.ConfirmPhrase && a.ConfirmPhrase != "" {
		return nil, &access.Error{Code: "CONFIRMATION_REQUIRED", Message: "wrong words"}
	}
	a.State = "SUCCEEDED"
	for _, t := range a.Targets {
		switch {
		case t.State != "READY":
		case strings.HasPrefix(t.Ref, "zone2"):
			a.State, t.State, t.Message = "FAILED", "FAILED", "Cluster zone2 did not answer."
		default:
			t.State, t.Inverse = "DONE", &actions.Write{}
		}
	}
	return a, nil
}

func (f *smallFleet) Approve(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	return f.Action(ctx, scope, id)
}

func (f *smallFleet) Undo(ctx context.Context, scope access.Scope, id string) (*actions.Action, error) {
	a, err := f.Action(ctx, scope, id)
	if err != nil || a == nil {
		return nil, &access.Error{Code: "NOT_FOUND", Message: "There is no action " + id + "."}
	}
	return f.Plan(ctx, scope, actions.Input{Verb: a.Verb, Refs: []string{a.Targets[0].Ref}})
}

func (f *smallFleet) Action(_ context.Context, _ access.Scope, id string) (*actions.Action, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if i := slices.IndexFunc(f.list, func(a *actions.Action) bool { return a.ID == id }); i >= 0 {
		return f.list[i], nil
	}
	return nil, nil
}

func (f *smallFleet) Actions(context.Context, access.Scope, int, string) ([]*actions.Action, bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := slices.Clone(f.list)
	slices.Reverse(list)
	return list, false, nil
}

func (f *smallFleet) Stop(context.Context, access.Scope, string) (*actions.Action, error) {
	return nil, &access.Error{Code: "CONFLICT", Message: "It is not running."}
}
