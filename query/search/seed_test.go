package search_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/owners"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/internal/texts/textstest"
	"github.com/foretop/foretop/query/graph"
	"github.com/foretop/foretop/query/search"
)

var _ graph.Reader = (*search.Service)(nil)

type object = map[string]any

var everyone = access.All("test")

// world is a fleet's database under test: what the aggregator would have written, and the service over it.
type world struct {
	t       testing.TB
	db      *clickhouse.DB
	dir     string
	service *search.Service
	rules   *kube.RelationRules
	kept    search.Kept
	stop    func()

	texts *texts.Store

	mu      sync.Mutex
	entries []clusters.Entry
	seq     uint64
	last    map[kube.Ref]uint64
	objects map[kube.Ref]object
	columns map[string]*columns
}

func (w *world) List() []clusters.Entry {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]clusters.Entry(nil), w.entries...)
}

func uidOf(cluster string) string { return "uid-of-" + cluster }

// newWorld has the clusters zone1, zone2 and zone3 and a service that follows them.
func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, clickhousetest.Open(t))
}

func newWorldOn(t testing.TB, db *clickhouse.DB) *world {
	t.Helper()
	w := &world{t: t, db: db, dir: t.TempDir(), last: map[kube.Ref]uint64{}, objects: map[kube.Ref]object{}, columns: map[string]*columns{}}
	w.texts, _ = textstest.Open(t, t.TempDir())
	for _, name := range []string{"zone1", "zone2", "zone3"} {
		w.addCluster(name)
	}
	w.start()
	t.Cleanup(func() { w.stop() })
	return w
}

func (w *world) addCluster(name string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, clusters.Entry{
		Cluster: clusters.Cluster{Name: name, UID: uidOf(name), Mode: "push", KubernetesVersion: "v1.36.3", Labels: map[string]string{"region": "north"}},
		Status:  clusters.Status{State: records.Live, AsOf: time.Now()},
	})
}

// start runs a new service over the same database and index folder.
func (w *world) start() {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	if testing.Verbose() {
		log = slog.New(slog.NewTextHandler(testWriter{w.t}, nil))
	}
	service, err := search.New(search.Deps{DB: w.db, Clusters: w, IndexDir: w.dir, Texts: w.texts, Relations: w.rules, Kept: w.kept, Log: log})
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- service.Run(ctx) }()
	w.service = service
	w.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			w.t.Errorf("Run: %v", err)
		}
	})
}

type testWriter struct{ t testing.TB }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// indexed waits until the index finds word, and so everything that was written before it.
func (w *world) indexed(word string) {
	w.t.Helper()
	w.eventually("the index finds "+word, func() bool {
		r, err := w.service.Search(context.Background(), everyone, records.Request{Query: word, First: 1})
		return err == nil && r.Total > 0 && r.Engine == "bleve+columns"
	})
}

func (w *world) eventually(what string, f func() bool) {
	w.t.Helper()
	deadline := time.Now().Add(patience)
	for !f() {
		if time.Now().After(deadline) {
			w.t.Fatalf("never true: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// columns collects rows of one table.
type columns struct {
	names  []string
	values map[string]any
}

func appendTo[T any](c *columns, name string, v T) {
	list, ok := c.values[name].([]T)
	if !ok {
		c.names = append(c.names, name)
	}
	c.values[name] = append(list, v)
}

func (w *world) table(name string) *columns {
	if w.columns[name] == nil {
		w.columns[name] = &columns{values: map[string]any{}}
	}
	return w.columns[name]
}

// flush inserts what was put: history first, as the aggregator does.
func (w *world) flush() {
	w.t.Helper()
	w.flushQuietly()
	w.service.Nudge()
}

// flushQuietly tells nobody.
func (w *world) flushQuietly() {
	w.t.Helper()
	for _, table := range []string{"resource_history", "resources", "events", "current_events", "resource_states"} {
		c := w.columns[table]
		if c == nil {
			continue
		}
		var list []clickhouse.Column
		for _, n := range c.names {
			list = append(list, clickhouse.Column{Name: n, Values: c.values[n]})
		}
		if err := w.db.Insert(context.Background(), table, list, fmt.Sprintf("%s-%d", table, w.seq)); err != nil {
			w.t.Fatal(err)
		}
	}
	w.columns = map[string]*columns{}
}

// write is how one version is put; the zero value is a meaningful update of now.
type write struct {
	op      string
	at      time.Time
	noise   bool
	by      string
	deleted bool
}

// put adds a version of o; it is in the tables after flush.
func (w *world) put(cluster string, o object, how write) uint64 {
	w.t.Helper()
	text, err := json.Marshal(o)
	if err != nil {
		w.t.Fatal(err)
	}
	s, err := kube.Summarize(o)
	owners.Note(&s, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	if how.at.IsZero() {
		how.at = time.Now()
	}
	how.at = how.at.UTC().Truncate(time.Millisecond)
	ref := kube.Ref{Cluster: cluster, Namespace: s.Namespace, GroupResource: kube.GroupResource{Group: s.Group, Resource: kube.Plural(s.Kind)}, Name: s.Name}
	w.seq++
	ver := uint64(1)<<40 | w.seq
	previous := w.last[ref]
	if how.op == "" {
		how.op = "update"
		if previous == 0 {
			how.op = "add"
		}
	}
	w.last[ref] = ver
	paths := []string{}
	if before := w.objects[ref]; before != nil {
		changed, _ := kube.ChangedPaths(before, o)
		paths = append(paths, changed...)
	}
	w.objects[ref] = o
	deletedAt, deleted := time.Unix(0, 0).UTC(), uint8(0)
	if how.deleted {
		how.op, deletedAt, deleted = "delete", how.at, 1
	}
	meaningful := uint8(1)
	if how.noise {
		meaningful = 0
	}
	for _, name := range []string{"resource_history", "resources"} {
		c := w.table(name)
		appendTo(c, "cluster", uidOf(cluster))
		appendTo(c, "api_group", s.Group)
		appendTo(c, "resource", ref.Resource)
		appendTo(c, "namespace", s.Namespace)
		appendTo(c, "name", s.Name)
		appendTo(c, "ver", ver)
		appendTo(c, "deleted", deleted)
		appendTo(c, "api_version", s.Version)
		appendTo(c, "kind", s.Kind)
		appendTo(c, "uid", s.UID)
		appendTo(c, "resource_version", s.ResourceVersion)
		appendTo(c, "generation", s.Generation)
		appendTo(c, "observed_at", how.at)
		appendTo(c, "created_at", s.CreatedAt)
		appendTo(c, "changed_at", how.at)
		appendTo(c, "deleted_at", deletedAt)
		appendTo(c, "labels", orEmpty(s.Labels))
		appendTo(c, "annotations", orEmpty(s.Annotations))
		appendTo(c, "app", s.App)
		appendTo(c, "status", s.Status)
		appendTo(c, "health", string(s.Health))
		appendTo(c, "ready", s.Ready)
		appendTo(c, "reasons", append([]string{}, s.Reasons...))
		appendTo(c, "images", append([]string{}, s.Images...))
		appendTo(c, "node", s.Node)
		appendTo(c, "replicas", s.Replicas)
		appendTo(c, "ready_replicas", s.ReadyReplicas)
		appendTo(c, "restarts", s.Restarts)
		appendTo(c, "owner_uids", append([]string{}, s.OwnerUIDs...))
		appendTo(c, "owner_refs", append([]string{}, s.OwnerRefs...))
		appendTo(c, "words", append([]string{}, s.Words...))
		appendTo(c, "changed_by", how.by)
		appendTo(c, "changed_paths", paths)
		appendTo(c, "conditions", orEmpty(s.Conditions))
		appendTo(c, "containers", append([]string{}, s.Containers...))
		appendTo(c, "ips", append([]string{}, s.IPs...))
		appendTo(c, "service_account", s.ServiceAccount)
		appendTo(c, "uses", append([]string{}, s.Uses...))
		appendTo(c, "managed_by", append([]string{}, s.ManagedBy...))
		appendTo(c, "traits", append([]string{}, s.Traits...))
		appendTo(c, "digest", "")
		if name == "resource_history" {
			appendTo(c, "object", string(text))
			appendTo(c, "last_changed_by", how.by)
			appendTo(c, "last_changed_paths", paths)
			appendTo(c, "op", how.op)
			appendTo(c, "meaningful", meaningful)
			appendTo(c, "previous_ver", previous)
		}
	}
	return ver
}

func orEmpty(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// state says that cluster serves a kind.
func (w *world) state(cluster, group, resource, kind string, namespaced bool, short ...string) {
	w.seq++
	c := w.table("resource_states")
	appendTo(c, "cluster", uidOf(cluster))
	appendTo(c, "api_group", group)
	appendTo(c, "resource", resource)
	appendTo(c, "ver", w.seq)
	appendTo(c, "api_version", "v1")
	appendTo(c, "kind", kind)
	n := uint8(0)
	if namespaced {
		n = 1
	}
	appendTo(c, "namespaced", n)
	appendTo(c, "short_names", append([]string{}, short...))
	appendTo(c, "state", "synced")
	appendTo(c, "reason", "")
	appendTo(c, "objects", uint64(1))
	appendTo(c, "changed_at", time.Now())
}

// event is one revision of a Kubernetes event about an object.
func (w *world) event(cluster string, about object, uid, kind, reason, message string, at time.Time, count int) {
	w.seq++
	meta := about["metadata"].(object)
	c := w.table("events")
	ns, _ := meta["namespace"].(string)
	name := meta["name"].(string)
	appendTo(c, "cluster", uidOf(cluster))
	appendTo(c, "namespace", ns)
	appendTo(c, "name", name+"."+uid)
	appendTo(c, "uid", uid)
	appendTo(c, "ver", uint64(1)<<40|w.seq)
	appendTo(c, "type", kind)
	appendTo(c, "reason", reason)
	appendTo(c, "message", message)
	appendTo(c, "source", "kubelet")
	appendTo(c, "count", uint32(count))
	appendTo(c, "first_at", at)
	appendTo(c, "last_at", at)
	appendTo(c, "observed_at", at)
	appendTo(c, "regarding_kind", about["kind"].(string))
	appendTo(c, "regarding_namespace", ns)
	appendTo(c, "regarding_name", name)
	appendTo(c, "regarding_uid", meta["uid"].(string))
	appendTo(c, "tokens", kube.TokensOfText([]string{name, ns}, reason, message))
}

// deployment is a Deployment with image; ready of replicas.
func deployment(ns, name, image string, replicas, ready int) object {
	return object{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": object{"name": name, "namespace": ns, "uid": "d-" + ns + "-" + name, "resourceVersion": "1", "generation": int64(1),
			"creationTimestamp": "2026-11-01T00:00:00Z", "labels": object{"app": name, "tier": "backend"}},
		"spec": object{"replicas": int64(replicas), "template": object{"spec": object{"containers": []any{object{"name": "app", "image": image}}}}},
		"status": object{"replicas": int64(replicas), "readyReplicas": int64(ready), "availableReplicas": int64(ready), "updatedReplicas": int64(replicas), "observedGeneration": int64(1),
			"conditions": []any{object{"type": "Available", "status": map[bool]string{true: "True", false: "False"}[ready == replicas]}}},
	}
}

// owned is an object of kind that owner controls.
func owned(apiVersion, kind, name string, owner object) object {
	meta := owner["metadata"].(object)
	return object{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": object{"name": name, "namespace": meta["namespace"], "uid": "o-" + name, "creationTimestamp": "2026-11-01T00:00:00Z",
			"labels":          meta["labels"],
			"ownerReferences": []any{object{"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": meta["name"], "uid": meta["uid"], "controller": true}}},
	}
}

// configMap is an object that says nothing of itself.
func configMap(ns, name string) object {
	return object{"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": object{"name": name, "namespace": ns, "uid": "cm-" + ns + "-" + name, "creationTimestamp": "2026-11-01T00:00:00Z"}}
}

// search answers the refs of all objects of all pages.
func (w *world) search(query string) []string {
	w.t.Helper()
	return refs(w.all(records.Request{Query: query, First: 1000}))
}

func (w *world) all(r records.Request) []*records.Object {
	w.t.Helper()
	var list []*records.Object
	for {
		result, err := w.service.Search(context.Background(), everyone, r)
		if err != nil {
			w.t.Fatalf("search %s: %v", r.Query, err)
		}
		list = append(list, result.Objects...)
		if !result.More {
			return list
		}
		r.After = result.Cursor
	}
}

func refs(objects []*records.Object) []string {
	list := []string{}
	for _, o := range objects {
		list = append(list, o.Ref.String())
	}
	return list
}

func ref(t testing.TB, s string) kube.Ref {
	t.Helper()
	r, err := kube.ParseRef(s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// patience is for a machine that is busy with other things; nothing is expected to take as long.
const patience = 2 * time.Minute
