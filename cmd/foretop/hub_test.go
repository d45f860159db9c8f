package main

import (
	"bufio"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/internal/texts/textstest"
	"github.com/foretop/foretop/internal/tokens"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/saved"
	"github.com/foretop/foretop/query/search"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// realHub is a hub as foretop up runs it, but for collectors: tests send what members would.
type realHub struct {
	t        *testing.T
	db       *clickhouse.DB
	registry *clusters.Registry
	service  *search.Service
	keys     string // folder of the audit's key
	agg      *aggregator.Server
	url      string
	sessions map[string]*memberSession
}

type memberSession struct {
	*aggregator.Session
	batch, seq uint64
}

const hubToken = "hub-token"

// startRealHub has the members prod-eu-1, prod-us-2 and lab.
func startRealHub(t *testing.T) *realHub {
	t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	db, store := clickhousetest.Open(t), statetest.Open(t)
	registry := clusters.New(store, log)
	if err := registry.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	kept, _ := textstest.Open(t, t.TempDir())
	h := &realHub{t: t, db: db, registry: registry, sessions: map[string]*memberSession{}}
	service, err := search.New(search.Deps{DB: db, Clusters: registry, IndexDir: t.TempDir(), Texts: kept, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	h.service = service
	h.agg = aggregator.New(aggregator.Deps{DB: db, Clusters: registry, Texts: kept, Log: log, OnCommit: service.Committed})
	ctx, stop := context.WithCancel(context.Background())
	var parts sync.WaitGroup
	h.keys = t.TempDir()
	key, err := audit.OpenKey(h.keys)
	if err != nil {
		t.Fatal(err)
	}
	trail := audit.New(store, db, log)
	named := tokens.New(store, trail, log)
	sign := func(ctx context.Context) error { return trail.Run(ctx, key) }
	for _, run := range []func(context.Context) error{registry.Run, service.Run, h.agg.Run, named.Run, sign} {
		parts.Go(func() {
			if err := run(ctx); err != nil {
				t.Errorf("a part of the hub ended: %v", err)
			}
		})
	}
	t.Cleanup(func() { stop(); parts.Wait() })
	for i, c := range []clusters.Cluster{
		{Name: "prod-eu-1", Labels: map[string]string{"env": "prod", "region": "eu", "topology.kubernetes.io/zone": "eu-west-1a"}},
		{Name: "prod-us-2", Labels: map[string]string{"env": "prod", "region": "us"}},
		{Name: "lab", Labels: map[string]string{"env": "lab"}},
	} {
		c.UID, c.Mode = "1111111"+string(rune('1'+i))+"-0000-4000-8000-000000000001", clusters.Push
		if err := registry.Add(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		s, err := h.agg.Open(t.Context(), c.UID, &ingestpb.Hello{ClusterUid: c.UID, KubernetesVersion: "v1.36.0"})
		if err != nil {
			t.Fatal(err)
		}
		h.sessions[c.Name] = &memberSession{Session: s}
	}
	server, err := query.New(query.Deps{Reader: service, Saved: saved.New(store, service.Check), Audit: trail, Tokens: named, Protect: &protector{registry, trail}, UI: fstest.MapFS{}, Token: hubToken, Log: log, Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	listener := httptest.NewServer(server.Handler())
	t.Cleanup(listener.Close)
	h.url = listener.URL
	return h
}

// send has a member tell of objects, as JSON.
func (h *realHub) send(cluster string, op ingestpb.Op, objects ...string) {
	h.t.Helper()
	s := h.sessions[cluster]
	s.batch++
	b := &ingestpb.Batch{BatchSeq: s.batch}
	for _, text := range objects {
		var o struct {
			APIVersion, Kind string
			Metadata         struct{ Namespace, Name, UID, ResourceVersion string }
		}
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			h.t.Fatalf("%v in %s", err, text)
		}
		group, version, ok := strings.Cut(o.APIVersion, "/")
		if !ok {
			group, version = "", o.APIVersion
		}
		s.seq++
		change := &ingestpb.ObjectChange{
			Op: op, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Uid: o.Metadata.UID, ResourceVersion: o.Metadata.ResourceVersion, ObservedMs: time.Now().UnixMilli(), Object: []byte(text),
			Resource: &ingestpb.Resource{Group: group, Version: version, Resource: kube.Plural(o.Kind), Kind: o.Kind, Namespaced: o.Metadata.Namespace != ""},
		}
		b.Records = append(b.Records, &ingestpb.Record{Seq: s.seq, Body: &ingestpb.Record_Object{Object: change}})
	}
	if err := s.Send(h.t.Context(), b); err != nil {
		h.t.Fatal(err)
	}
}

// answers waits until a query finds so many.
func (h *realHub) answers(text string, want int) {
	h.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		r, err := h.service.Search(h.t.Context(), access.All("test"), records.Request{Query: text, First: 1})
		if err == nil && r.Total == want {
			return
		}
		if time.Now().After(deadline) {
			h.t.Fatalf("%s does not find %d: %+v %v", text, want, r, err)
		}
	}
}

// fleetObjects are what the examples of the language ask for, by cluster.
var fleetObjects = map[string][]string{
	"prod-eu-1": {
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"payments","namespace":"pay","uid":"d1","resourceVersion":"11","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"payments"}},
		  "spec":{"replicas":5,"template":{"spec":{"containers":[{"name":"app","image":"registry.example.com/payments:1.27","resources":{"limits":{"memory":"1Gi"}},"env":[{"name":"P","valueFrom":{"secretKeyRef":{"name":"db-creds","key":"p"}}}]}]}}},
		  "status":{"replicas":5,"readyReplicas":2,"updatedReplicas":5,"observedGeneration":0,"conditions":[{"type":"Available","status":"False"}]}}`,
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"web","namespace":"shop","uid":"d2","resourceVersion":"12","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"web"}},
		  "spec":{"replicas":1,"template":{"spec":{"containers":[{"name":"app","image":"nginx"}]}}},"status":{"replicas":1,"readyReplicas":1,"updatedReplicas":1,"conditions":[{"type":"Available","status":"True"}]}}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"payments-a","namespace":"pay","uid":"p1","resourceVersion":"13","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"payments"}},
		  "spec":{"nodeName":"node-1","containers":[{"name":"app","image":"registry.example.com/payments:1.27"}]},
		  "status":{"phase":"Running","podIP":"10.1.2.3","containerStatuses":[{"name":"app","restartCount":7,"state":{"waiting":{"reason":"CrashLoopBackOff"}}}],"conditions":[{"type":"Ready","status":"False"}]}}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"payments-b","namespace":"pay","uid":"p2","resourceVersion":"14","creationTimestamp":"2026-01-02T00:00:00Z","labels":{"app":"payments"}},
		  "spec":{"nodeName":"node-2","containers":[{"name":"app","image":"registry.example.com/payments:1.27"}]},
		  "status":{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"True"}]}}`,
		`{"apiVersion":"v1","kind":"Node","metadata":{"name":"node-1","uid":"n1","resourceVersion":"15","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"topology.kubernetes.io/zone":"eu-west-1a"}},"status":{"conditions":[{"type":"Ready","status":"False"}]}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"feature-flags","namespace":"shop","uid":"c1","resourceVersion":"16","creationTimestamp":"2026-01-01T00:00:00Z"},"data":{"dark":"on"}}`,
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"gone","namespace":"shop","uid":"c2","resourceVersion":"17","creationTimestamp":"2026-01-01T00:00:00Z"}}`,
	},
	"prod-us-2": {
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"payments","namespace":"pay","uid":"d3","resourceVersion":"21","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"app":"payments"}},
		  "spec":{"replicas":4,"template":{"spec":{"containers":[{"name":"app","image":"registry.example.com/payments:1.26"}]}}},
		  "status":{"replicas":4,"readyReplicas":4,"updatedReplicas":4,"conditions":[{"type":"Available","status":"True"}]}}`,
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"payments-c","namespace":"pay","uid":"p3","resourceVersion":"22","creationTimestamp":"2026-01-03T00:00:00Z","labels":{"app":"payments"}},
		  "spec":{"nodeName":"node-9","containers":[{"name":"app","image":"registry.example.com/payments:1.26"}]},
		  "status":{"phase":"Running","containerStatuses":[{"name":"app","ready":true,"restartCount":0,"state":{"running":{}}}],"conditions":[{"type":"Ready","status":"True"}]}}`,
	},
	"lab": {
		`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"feature-flags","namespace":"shop","uid":"c3","resourceVersion":"31","creationTimestamp":"2026-01-01T00:00:00Z"},"data":{"dark":"off"}}`,
	},
}

func (h *realHub) fill() {
	h.t.Helper()
	before := strings.NewReplacer("1.26", "1.25", `"21"`, `"20"`).Replace(fleetObjects["prod-us-2"][0])
	h.send("prod-us-2", ingestpb.Op_OP_ADD, before)
	for cluster, objects := range fleetObjects {
		h.send(cluster, ingestpb.Op_OP_UPDATE, objects...)
	}
	h.answers("", 10)
	h.send("prod-eu-1", ingestpb.Op_OP_DELETE, fleetObjects["prod-eu-1"][6])
	h.answers("", 9)
}

// TestOnARealHub runs testdata/hub against a hub with the real engine, real control state and the real language.
func TestOnARealHub(t *testing.T) {
	h := startRealHub(t)
	h.fill()
	testscript.Run(t, testscript.Params{
		Dir: "testdata/hub",
		Setup: func(env *testscript.Env) error {
			env.Setenv("FORETOP_SERVER", h.url)
			env.Setenv("FORETOP_TOKEN", hubToken)
			env.Setenv("XDG_CONFIG_HOME", env.WorkDir+"/config")
			env.Setenv("XDG_DATA_HOME", env.WorkDir+"/data")
			env.Setenv("TZ", "UTC")
			env.Setenv("AUDIT_PUB", filepath.Join(h.keys, "audit.pub"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"code": exitsWith},
	})
}

// What is watched is listed first, then printed as it changes; nothing in between is missed.
func TestGetWatches(t *testing.T) {
	h := startRealHub(t)
	h.fill()
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := execute(ctx, []string{"get", "cm", "-n", "shop", "-w", "--output-watch-events", "-L", "tier", "--server", h.url, "--token", hubToken}, strings.NewReader(""), w, io.Discard)
		w.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(r)
	next := func(want string) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the output ends, want %s", want)
		}
		if got := strings.Join(strings.Fields(lines.Text()), " "); !strings.HasPrefix(got, want) {
			t.Fatalf("printed %q, want %q", got, want)
		}
	}
	next("EVENT CLUSTER NAME READY STATUS AGE TIER")
	next("ADDED lab feature-flags")
	next("ADDED prod-eu-1 feature-flags")
	const flags = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"NAME","namespace":"shop","uid":"c9","resourceVersion":"RV","creationTimestamp":"2026-01-01T00:00:00Z","labels":{"tier":"TIER"}}}`
	object := func(name, rv, tier string) string {
		return strings.NewReplacer("NAME", name, "RV", rv, "TIER", tier).Replace(flags)
	}
	h.send("lab", ingestpb.Op_OP_ADD, object("new", "41", "front"))
	next("ADDED lab new - -")
	h.send("lab", ingestpb.Op_OP_UPDATE, object("new", "42", "back"))
	next("MODIFIED lab new - -")
	if !strings.HasSuffix(strings.TrimSpace(lines.Text()), "back") {
		t.Errorf("printed %q, want the label's new value", lines.Text())
	}
	h.send("lab", ingestpb.Op_OP_DELETE, object("new", "43", "back"))
	next("REMOVED lab new - Removed")
	interrupt()
	go io.Copy(io.Discard, r)
	if code := <-ended; code != 130 {
		t.Errorf("an interrupted watch exits with %d, want 130", code)
	}
}

// Changes are printed oldest first, then as they come, each once.
func TestChangesAreFollowed(t *testing.T) {
	h := startRealHub(t)
	h.fill()
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan int, 1)
	go func() {
		code := execute(ctx, []string{"changes", "kind:deploy", "changed.field:image", "-w", "--no-headers", "--server", h.url, "--token", hubToken}, strings.NewReader(""), w, io.Discard)
		w.Close()
		ended <- code
	}()
	lines := bufio.NewScanner(r)
	next := func(want string) {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("the output ends, want %s", want)
		}
		if got := strings.Join(strings.Fields(lines.Text()), " "); !strings.Contains(got, want) {
			t.Fatalf("printed %q, want %q", got, want)
		}
	}
	next("prod-us-2 pay Deployment payments updated - image payments: 1.25 -> 1.26")
	for _, tag := range []string{"1.28", "1.29"} {
		h.send("prod-us-2", ingestpb.Op_OP_UPDATE, strings.NewReplacer("1.26", tag, `"21"`, `"`+tag+`"`).Replace(fleetObjects["prod-us-2"][0]))
		next("-> " + tag)
	}
	interrupt()
	go io.Copy(io.Discard, r)
	if code := <-ended; code != 130 {
		t.Errorf("interrupted, it exits with %d, want 130", code)
	}
}
