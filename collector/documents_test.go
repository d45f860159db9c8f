package collector

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	apidiscovery "k8s.io/api/apidiscovery/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// papers is what a hub has of documents.
type papers struct {
	contents map[string]string // by SHA-256, of whoever sent it
	list     []*ingestpb.DocumentPath
	taken    []string // contents that came, since somebody looked
}

func (p *papers) take(t testing.TB, r *ingestpb.Record) {
	switch m := r.Body.(type) {
	case *ingestpb.Record_Document:
		if p == nil {
			t.Error("an older hub is sent a document")
			return
		}
		packed, err := gzip.NewReader(bytes.NewReader(m.Document.Gzip))
		if err != nil {
			t.Error(err)
			return
		}
		text, err := io.ReadAll(packed)
		if sum := sha256.Sum256(text); err != nil || string(sum[:]) != string(m.Document.Sha256) {
			t.Errorf("a content is not what it is called: %v", err)
		}
		if _, there := p.contents[string(m.Document.Sha256)]; there {
			t.Errorf("a content is sent that is here: %.100s", text)
		}
		p.contents[string(m.Document.Sha256)] = string(text)
		p.taken = append(p.taken, string(text))
	case *ingestpb.Record_Documents:
		for _, d := range m.Documents.Documents {
			if _, there := p.contents[string(d.Sha256)]; !there && d.Reason == "" {
				t.Errorf("%s has a content that is not here", d.Path)
			}
		}
		p.list = m.Documents.Documents
	}
}

// Welcome implements Welcoming.
func (s *testSink) Welcome() *ingestpb.Welcome {
	s.hub.mu.Lock()
	defer s.hub.mu.Unlock()
	w := &ingestpb.Welcome{}
	if s.hub.papers != nil {
		w.Documents = &ingestpb.StoredDocuments{}
		for sum := range s.hub.papers.contents {
			w.Documents.Sha256 = append(w.Documents.Sha256, []byte(sum))
		}
	}
	return w
}

// document is the content that the member has at path, and its type, "" for none.
func (h *testHub) document(path string) string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []string
	for _, d := range h.papers.list {
		if d.Path == path {
			found = append(found, d.ContentType+" "+h.papers.contents[string(d.Sha256)]+d.Reason)
		}
	}
	return strings.Join(found, "\n")
}

func (h *testHub) tookDocuments() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	taken := h.papers.taken
	h.papers.taken = nil
	return taken
}

func newPapers() *papers { return &papers{contents: map[string]string{}} }

const (
	aggregatedForm = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
	protobufForm   = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
)

var allNamespaces = kubetest.Kind{Version: "v1", Resource: "namespaces", Kind: "Namespace"}

// aggregated is discovery of kinds, each in a group of its own.
func aggregated(kinds ...kubetest.Kind) string {
	list := apidiscovery.APIGroupDiscoveryList{TypeMeta: metav1.TypeMeta{Kind: "APIGroupDiscoveryList", APIVersion: "apidiscovery.k8s.io/v2"}}
	for _, k := range kinds {
		list.Items = append(list.Items, apidiscovery.APIGroupDiscovery{ObjectMeta: metav1.ObjectMeta{Name: k.Group}, Versions: []apidiscovery.APIVersionDiscovery{{Version: k.Version, Resources: []apidiscovery.APIResourceDiscovery{{
			Resource: k.Resource, ResponseKind: &metav1.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind}, Scope: apidiscovery.ScopeNamespace, Verbs: []string{"get", "list", "watch"}}}}}})
	}
	text, err := json.Marshal(list)
	if err != nil {
		panic(err) // it is made of strings
	}
	return string(text)
}

// sayAll makes a server say what API servers say.
func sayAll(server *kubetest.Server) {
	server.Say("/api", aggregatedForm, aggregated(allNamespaces))
	server.Say("/apis", aggregatedForm, aggregated(widgets))
	server.Say("/openapi/v3", "application/json", `{"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=1"},"apis/example.com/v1":{"serverRelativeURL":"/openapi/v3/apis/example.com/v1?hash=1"}}}`)
	server.Say("/openapi/v3/api/v1", "application/json", `{"of":"v1"}`)
	server.Say("/openapi/v3/apis/example.com/v1", "application/json", `{"of":"widgets"}`)
	server.Say("/openapi/v2", "application/json", `{"swagger":"2.0"}`)
	server.Say("/openapi/v2", protobufForm, "not JSON")
}

func TestDocumentsOfTheMemberArrive(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, widgets)
	sayAll(server)
	hub := newTestHub(t)
	hub.papers = newPapers()
	collect(t, server, hub, nil)
	for path, want := range map[string]string{
		"/apis/example.com/v1":            `application/json {"apiVersion":"v1","groupVersion":"example.com/v1","kind":"APIResourceList","resources":[{"kind":"Widget","name":"widgets","namespaced":true,"verbs":["get","list","watch"]}]}` + "\n",
		"/openapi/v3/api/v1":              `application/json {"of":"v1"}`,
		"/openapi/v3/apis/example.com/v1": `application/json {"of":"widgets"}`,
		"/openapi/v2":                     protobufForm + " not JSON\n" + `application/json {"swagger":"2.0"}`,
		"/openapi/v3":                     "", // the hub has hashes of its own
		"/version":                        `application/json {"gitVersion":"v1.36.3"}` + "\n",
	} {
		wait(t, path, func() string { return hub.document(path) }, want)
	}
	for path, want := range map[string]string{"/api": aggregated(allNamespaces), "/apis": aggregated(widgets)} {
		wait(t, path, func() bool {
			return strings.Contains(hub.document(path), aggregatedForm+" "+want) && strings.Contains(hub.document(path), "application/json {")
		}, true)
	}
	if !slices.Contains(server.Requests("/openapi/v3/api/v1"), "GET /openapi/v3/api/v1?hash=1") {
		t.Errorf("OpenAPI was asked for as %v", server.Requests("/openapi/v3/api/v1"))
	}
}

// What has not changed is not read again, and not sent again: not even to the next stream.
func TestDocumentsAreReadAndSentOnce(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, widgets)
	sayAll(server)
	hub := newTestHub(t)
	hub.papers = newPapers()
	collect(t, server, hub, nil)
	wait(t, "documents", func() bool { return hub.document("/openapi/v2") != "" }, true)
	first := len(hub.tookDocuments())
	if first < 8 {
		t.Errorf("%d contents came", first)
	}
	server.Told()
	asked := func() int { return len(server.Requests("/openapi/v3")) }
	looks := asked()
	wait(t, "more looks", func() bool { return asked() > looks+2 }, true)
	hub.failing(func(*ingestpb.Batch) error { return ErrStreamEnded })
	wait(t, "a new stream", func() bool { hub.mu.Lock(); defer hub.mu.Unlock(); return hub.epoch > 1 }, true)
	hub.failing(nil)
	hub.mu.Lock()
	hub.papers.list = nil
	hub.mu.Unlock()
	wait(t, "the list of the next stream", func() bool { return hub.document("/openapi/v2") != "" }, true)
	for _, told := range server.Told() {
		if told != "/openapi/v3" && !strings.Contains(told, "timeout=") { // which the kinds are found by
			t.Errorf("%s was read again", told)
		}
	}
	if taken := hub.tookDocuments(); len(taken) > 0 {
		t.Errorf("%q came again", taken)
	}
}

// The second cluster of one version has nothing to send, and a hub that lost what it had is sent all of it.
func TestContentsThatTheHubHasAreNotSent(t *testing.T) {
	t.Parallel()
	one, other := newTestHub(t), newTestHub(t)
	one.papers = newPapers()
	server := kubetest.New(t, pods)
	sayAll(server)
	_, stop := collect(t, server, one, nil)
	wait(t, "documents", func() bool { return one.document("/openapi/v2") != "" }, true)
	stop()
	other.papers = newPapers()
	for sum, text := range one.papers.contents {
		other.papers.contents[sum] = text
	}
	collect(t, server, other, nil)
	wait(t, "documents", func() bool { return other.document("/openapi/v2") != "" }, true)
	if taken := other.tookDocuments(); len(taken) > 0 {
		t.Errorf("%q came", taken)
	}
	other.mu.Lock()
	other.papers = newPapers()
	other.mu.Unlock()
	other.failing(func(*ingestpb.Batch) error { return ErrStreamEnded })
	wait(t, "a new stream", func() bool { other.mu.Lock(); defer other.mu.Unlock(); return other.epoch > 1 }, true)
	other.failing(nil)
	wait(t, "documents", func() string { return other.document("/openapi/v3/api/v1") }, `application/json {"of":"v1"}`)
}

func TestOnlyWhatChangedIsRead(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, definitions, widgets)
	sayAll(server)
	hub := newTestHub(t)
	hub.papers = newPapers()
	collect(t, server, hub, func(c *Config) { c.OpenAPI2Every = 3 * time.Second })
	wait(t, "documents", func() bool { return hub.document("/openapi/v2") != "" }, true)
	server.Told()
	server.Say("/openapi/v3/apis/example.com/v1", "application/json", `{"of":"other widgets"}`)
	server.Say("/openapi/v3", "application/json", `{"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=1"},"apis/example.com/v1":{"serverRelativeURL":"/openapi/v3/apis/example.com/v1?hash=2"}}}`)
	wait(t, "the new one", func() string { return hub.document("/openapi/v3/apis/example.com/v1") }, `application/json {"of":"other widgets"}`)
	for _, told := range server.Told() {
		if told != "/openapi/v3" && told != "/openapi/v3/apis/example.com/v1?hash=2" && told != "/openapi/v2" && !strings.Contains(told, "timeout=") {
			t.Errorf("%s was read again", told)
		}
	}
	server.Say("/openapi/v2", "application/json", `{"swagger":"2.0","of":"other widgets, too"}`)
	server.Say("/openapi/v3", "application/json", `{"paths":{"api/v1":{"serverRelativeURL":"/openapi/v3/api/v1?hash=1"}}}`)
	wait(t, "OpenAPI v2, which is not asked for again so soon", func() bool { return strings.Contains(hub.document("/openapi/v2"), "other widgets, too") }, true)
	wait(t, "one that is gone", func() string { return hub.document("/openapi/v3/apis/example.com/v1") }, "")

	// A kind that comes changes the aggregated discovery, and all of the other form is read.
	gadgets := kubetest.Kind{Group: "new.example.com", Version: "v1", Resource: "gadgets", Kind: "Gadget"}
	server.Serve(gadgets)
	server.Say("/apis", aggregatedForm, aggregated(widgets, gadgets))
	wait(t, "the new kind", func() bool { return strings.Contains(hub.document("/apis/new.example.com/v1"), "gadgets") }, true)
}

// A document that does not answer stays what it was; one that is too large is said to be.
func TestDocumentsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, widgets)
	sayAll(server)
	random := make([]byte, documentPackedMost)
	_, _ = rand.Read(random)
	server.Say("/openapi/v3/api/v1", "application/json", base64.StdEncoding.EncodeToString(random))
	hub := newTestHub(t)
	hub.papers = newPapers()
	collect(t, server, hub, nil)
	wait(t, "one that is too large", func() bool {
		return strings.Contains(hub.document("/openapi/v3/api/v1"), "no more than 3145728 are sent")
	}, true)
	server.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasPrefix(r.URL.Path, "/openapi/v3/apis/") || r.URL.Path == "/apis/example.com/v1" {
			return &kubetest.Failure{Code: 503, Reason: "ServiceUnavailable"}
		}
		return nil
	})
	server.Say("/apis", aggregatedForm, aggregated(widgets, kubetest.Kind{Group: "changed.example.com", Version: "v1", Resource: "gadgets", Kind: "Gadget"}))
	server.Say("/openapi/v3", "application/json", `{"paths":{"apis/example.com/v1":{"serverRelativeURL":"/openapi/v3/apis/example.com/v1?hash=3"}}}`)
	wait(t, "what answers", func() bool { return strings.Contains(hub.document("/apis"), "changed") }, true)
	for _, path := range []string{"/openapi/v3/apis/example.com/v1", "/apis/example.com/v1"} {
		if got := hub.document(path); !strings.Contains(got, "idget") {
			t.Errorf("%s is %q", path, got)
		}
	}
	server.Fail(nil)
	server.Say("/openapi/v3/apis/example.com/v1", "application/json", `{"of":"answers again"}`)
	wait(t, "one that answers again", func() string { return hub.document("/openapi/v3/apis/example.com/v1") }, `application/json {"of":"answers again"}`)
}

// A member that has neither aggregated discovery nor OpenAPI v3 is described by what it has.
func TestDocumentsOfAnOlderMember(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, widgets)
	server.Say("/openapi/v2", "application/json", `{"swagger":"2.0"}`)
	hub := newTestHub(t)
	hub.papers = newPapers()
	collect(t, server, hub, func(c *Config) { c.DiscoverEvery = 20 * time.Millisecond })
	wait(t, "OpenAPI", func() string { return hub.document("/openapi/v2") }, `application/json {"swagger":"2.0"}`)
	wait(t, "kinds", func() bool { return strings.Contains(hub.document("/apis/example.com/v1"), "widgets") }, true)
	if got := hub.document("/apis"); strings.Contains(got, "apidiscovery") || !strings.Contains(got, "APIGroupList") {
		t.Errorf("discovery is %s", got)
	}
	hub.mu.Lock()
	defer hub.mu.Unlock()
	for _, d := range hub.papers.list {
		if strings.HasPrefix(d.Path, "/openapi/v3") {
			t.Errorf("there is %s", fmt.Sprint(d))
		}
	}
}
