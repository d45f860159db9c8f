package kubeapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/query/kubeapi"
	"github.com/foretop/foretop/query/search"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// stand is the API over a real database, filled by the real aggregator.
type stand struct {
	t        testing.TB
	URL      string
	registry *clusters.Registry
	agg      *aggregator.Server
}

func newStand(t testing.TB) *stand {
	t.Helper()
	return newStandWith(t, nil)
}

// newStandWith has members that can be read themselves.
func newStandWith(t testing.TB, live kubeapi.Live) *stand {
	t.Helper()
	log := clickhousetest.Log(t)
	db := clickhousetest.Open(t)
	registry := clusters.New(statetest.Open(t), log)
	if err := registry.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	service, err := search.New(search.Deps{DB: db, Clusters: registry, IndexDir: t.TempDir(), Log: log})
	if err != nil {
		t.Fatal(err)
	}
	s := &stand{t: t, registry: registry, agg: aggregator.New(aggregator.Deps{DB: db, Clusters: registry, Log: log, OnCommit: service.Committed})}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{}, 2)
	for _, run := range []func(context.Context) error{s.agg.Run, service.Run} {
		go func() {
			defer func() { ended <- struct{}{} }()
			if err := run(ctx); err != nil {
				t.Error(err)
			}
		}()
	}
	handler := kubeapi.New(kubeapi.Deps{Reader: service, Live: live, Log: log, Version: "test"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(access.NewContext(r.Context(), access.All("test"))))
	}))
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
		cancel()
		<-ended
		<-ended
	})
	s.URL = server.URL
	return s
}

// member is a cluster whose collector speaks.
type member struct {
	*aggregator.Session
	t          testing.TB
	batch, seq uint64
}

// joins adds a member of a version of Kubernetes.
func (s *stand) joins(name, kubernetes string) *member {
	s.t.Helper()
	uid := name + "-uid"
	if err := s.registry.Add(s.t.Context(), clusters.Cluster{Name: name, UID: uid, Mode: clusters.Push, KubernetesVersion: kubernetes}); err != nil {
		s.t.Fatal(err)
	}
	session, err := s.agg.Open(s.t.Context(), uid, &ingestpb.Hello{ClusterUid: uid, KubernetesVersion: kubernetes})
	if err != nil {
		s.t.Fatal(err)
	}
	return &member{Session: session, t: s.t}
}

func (m *member) sends(records ...*ingestpb.Record) {
	m.t.Helper()
	m.batch++
	for _, r := range records {
		m.seq++
		r.Seq = m.seq
	}
	ctx, cancel := context.WithTimeout(m.t.Context(), time.Minute)
	defer cancel()
	if err := m.Send(ctx, &ingestpb.Batch{BatchSeq: m.batch, Records: records}); err != nil {
		m.t.Fatal(err)
	}
}

// keeps sends whole lists of kinds; a list is its kind and the JSON of its objects.
func (m *member) keeps(r *ingestpb.Resource, objects ...string) {
	m.t.Helper()
	records := []*ingestpb.Record{
		{Body: &ingestpb.Record_ResourceState{ResourceState: &ingestpb.ResourceState{Resource: r, State: ingestpb.ResourceState_STATE_SYNCING}}},
		{Body: &ingestpb.Record_SnapshotBegin{SnapshotBegin: &ingestpb.SnapshotBegin{Resource: r, SnapshotId: m.seq + 1}}},
	}
	end := &ingestpb.SnapshotEnd{Resource: r, SnapshotId: m.seq + 1}
	for _, text := range objects {
		change := m.change(r, ingestpb.Op_OP_SNAPSHOT, text)
		end.Count++
		end.Digest ^= ingestpb.KeyDigest(change.Namespace, change.Name, change.Uid, change.ResourceVersion)
		records = append(records, &ingestpb.Record{Body: &ingestpb.Record_Object{Object: change}})
	}
	m.sends(append(records, &ingestpb.Record{Body: &ingestpb.Record_SnapshotEnd{SnapshotEnd: end}},
		&ingestpb.Record{Body: &ingestpb.Record_ResourceState{ResourceState: &ingestpb.ResourceState{Resource: r, State: ingestpb.ResourceState_STATE_SYNCED, Objects: end.Count}}})...)
}

func (m *member) updates(r *ingestpb.Resource, text string) {
	m.t.Helper()
	m.sends(&ingestpb.Record{Body: &ingestpb.Record_Object{Object: m.change(r, ingestpb.Op_OP_UPDATE, text)}})
}

func (m *member) change(r *ingestpb.Resource, op ingestpb.Op, text string) *ingestpb.ObjectChange {
	var o struct {
		Metadata struct{ Namespace, Name, UID, ResourceVersion string }
	}
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		m.t.Fatal(err)
	}
	return &ingestpb.ObjectChange{Op: op, Resource: r, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Uid: o.Metadata.UID, ResourceVersion: o.Metadata.ResourceVersion,
		ObservedMs: time.Now().UnixMilli(), Object: []byte(text)}
}

// document is what a member says at a path.
type document struct{ path, contentType, text string }

const (
	jsonForm       = "application/json"
	aggregatedForm = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	protobufForm   = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
)

// says sends all that a member says of itself.
func (m *member) says(all ...document) {
	m.t.Helper()
	list := &ingestpb.Documents{}
	var records []*ingestpb.Record
	for _, d := range all {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write([]byte(d.text))
		_ = w.Close()
		sum := sha256.Sum256([]byte(d.text))
		records = append(records, &ingestpb.Record{Body: &ingestpb.Record_Document{Document: &ingestpb.Document{Sha256: sum[:], Gzip: packed.Bytes()}}})
		list.Documents = append(list.Documents, &ingestpb.DocumentPath{Path: d.path, ContentType: d.contentType, Sha256: sum[:]})
	}
	m.sends(append(records, &ingestpb.Record{Body: &ingestpb.Record_Documents{Documents: list}})...)
}

// asks answers a request of the API; headers come in pairs.
func (s *stand) asks(path string, headers ...string) (*http.Response, string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp, string(body)
}

// answers is the body of an answer without fault.
func (s *stand) answers(path string, headers ...string) string {
	s.t.Helper()
	resp, body := s.asks(path, headers...)
	if resp.StatusCode != http.StatusOK {
		s.t.Fatalf("%s: %s %s", path, resp.Status, body)
	}
	return body
}

// client is how client-go reaches the fleet, "", or a member.
func (s *stand) client(cluster string) *rest.Config {
	path := "/kube"
	if cluster != "" {
		path += "/clusters/" + cluster
	}
	return &rest.Config{Host: s.URL + path}
}

// eventually polls until f has nothing to say.
func eventually(t testing.TB, what string, f func() string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		said := f()
		if said == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %s", what, said)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// list writes a list of an API, such as "apps/v1": a kind is its plural and Kind, "/" before sub-resources.
func list(groupVersion string, kinds ...string) document {
	resources := []any{}
	for _, k := range kinds {
		name, kind, _ := strings.Cut(k, " ")
		singular := strings.ToLower(kind)
		if strings.Contains(name, "/") {
			singular = ""
		}
		resources = append(resources, map[string]any{"name": name, "singularName": singular, "namespaced": true, "kind": kind, "verbs": []string{"create", "get", "list", "watch"}, "categories": []string{"all"}, "storageVersionHash": "of " + name})
	}
	path := "/apis/" + groupVersion
	if !strings.Contains(groupVersion, "/") {
		path = "/api/" + groupVersion
	}
	text, _ := json.Marshal(map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupVersion, "resources": resources})
	return document{path, jsonForm, string(text)}
}

// groups writes the list of groups: "autoscaling v2 v1".
func groups(all ...string) document {
	items := []any{}
	for _, text := range all {
		words := strings.Fields(text)
		versions := []any{}
		for _, v := range words[1:] {
			versions = append(versions, map[string]any{"groupVersion": words[0] + "/" + v, "version": v})
		}
		items = append(items, map[string]any{"name": words[0], "versions": versions, "preferredVersion": versions[0]})
	}
	text, _ := json.Marshal(map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": items})
	return document{"/apis", jsonForm, string(text)}
}
