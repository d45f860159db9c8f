package kubeapi_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/kubeapi"
	"github.com/foretop/foretop/test/bench/mixed"
)

// held is a reader of objects in memory, all of which match.
type held struct {
	kubeapi.Reader
	members []records.Member
	objects []*records.Object
	steps   chan records.Steps
}

func (h *held) Members(context.Context, access.Scope) ([]records.Member, error) {
	return h.members, nil
}

func (h *held) Documents(context.Context, access.Scope, []string) (map[string][]byte, error) {
	return nil, nil
}

func (h *held) Object(_ context.Context, _ access.Scope, ref kube.Ref, _ time.Time) (*records.Object, error) {
	for _, o := range h.objects {
		if o.Ref == ref {
			return o, nil
		}
	}
	return nil, nil
}

func (h *held) List(_ context.Context, _ access.Scope, r records.Request) (records.Listing, error) {
	l := &heldListing{h: h}
	for _, o := range h.objects {
		if strings.HasPrefix(r.Query, `kind:"`+o.Ref.Resource+`.`+o.Ref.Group+`"`) {
			l.left = append(l.left, o)
		}
	}
	l.total = len(l.left)
	return l, nil
}

func (h *held) Follow(context.Context, access.Scope, string, records.Position) (<-chan records.Steps, error) {
	return h.steps, nil
}

type heldListing struct {
	h     *held
	left  []*records.Object
	total int
}

func (l *heldListing) Next(_ context.Context, most int) (part []*records.Object, more bool, err error) {
	n := min(most, len(l.left))
	part, l.left = l.left[:n], l.left[n:]
	return part, len(l.left) > 0, nil
}

func (l *heldListing) Total() int { return l.total }

func (l *heldListing) Coverage() (c records.Coverage) {
	for _, m := range l.h.members {
		c.Clusters = append(c.Clusters, records.ClusterCoverage{Cluster: m.Name, State: m.State, AsOf: m.AsOf})
	}
	return c
}

func (l *heldListing) Position() records.Position {
	p := records.Position{}
	for _, m := range l.h.members {
		p[m.UID] = 1<<40 + 7
	}
	return p
}

var kinds = []records.Kind{
	{GroupResource: kube.GroupResource{Resource: "pods"}, Version: "v1", Kind: "Pod", Namespaced: true},
	{GroupResource: kube.GroupResource{Group: "example.com", Resource: "crons"}, Version: "v1", Kind: "Cron", Namespaced: true},
	{GroupResource: kube.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}, Version: "v1", Kind: "CustomResourceDefinition"},
}

func newHeld(clusters ...string) *held {
	h := &held{steps: make(chan records.Steps, 10)}
	for _, c := range clusters {
		h.members = append(h.members, records.Member{Name: c, UID: "uid-of-" + c, KubernetesVersion: "v1.36.3", State: records.Live, Kinds: kinds})
	}
	return h
}

// add puts an object of a kind, by its place in kinds, into a cluster.
func (h *held) add(cluster string, kind int, namespace, name, text string) *records.Object {
	o := &records.Object{Ref: kube.Ref{Cluster: cluster, Namespace: namespace, GroupResource: kinds[kind].GroupResource, Name: name}, ClusterUID: "uid-of-" + cluster, JSON: []byte(text)}
	h.objects = append(h.objects, o)
	return o
}

func (h *held) serve(t testing.TB) *httptest.Server {
	handler := kubeapi.New(kubeapi.Deps{Reader: h, Log: slog.New(slog.DiscardHandler), Version: "test"})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		handler.ServeHTTP(w, r.WithContext(access.NewContext(r.Context(), access.All("test"))))
	}))
	t.Cleanup(server.Close)
	return server
}

const asTable = "application/json;as=Table;v=v1;g=meta.k8s.io"

func get(t testing.TB, address, accept string) (string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v: %s", address, resp.Status, err, body)
	}
	return string(body), resp.Header
}

// cells are a table's names of columns and rows.
func cells(t *testing.T, text string) (lines []string) {
	t.Helper()
	var table metav1.Table
	if err := json.Unmarshal([]byte(text), &table); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	var names []string
	for _, c := range table.ColumnDefinitions {
		names = append(names, c.Name)
	}
	lines = append(lines, strings.Join(names, " "))
	for _, r := range table.Rows {
		lines = append(lines, strings.Trim(fmt.Sprint(r.Cells), "[]"))
	}
	return lines
}

const cronDefinition = `{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"crons.example.com"},"spec":{"versions":[
{"name":"v1beta1","additionalPrinterColumns":[{"name":"Old","type":"string","jsonPath":".spec.old"}]},
{"name":"v1","additionalPrinterColumns":[{"name":"Spec","type":"string","jsonPath":".spec.cron"},{"name":"Replicas","type":"integer","jsonPath":".spec.replicas"}]}]}}`

func TestTablesOfCustomResourcesHaveTheirColumns(t *testing.T) {
	h := newHeld("zone1", "zone2")
	h.add("zone1", 2, "", "crons.example.com", cronDefinition)
	for i, cluster := range []string{"zone1", "zone1", "zone2"} {
		h.add(cluster, 1, "shop", fmt.Sprint("c", i), fmt.Sprintf(`{"apiVersion":"example.com/v1","kind":"Cron","metadata":{"name":"c%d","namespace":"shop"},"spec":{"cron":"* * %d","replicas":%d}}`, i, i, i))
	}
	server := h.serve(t)
	text, _ := get(t, server.URL+"/kube/apis/example.com/v1/crons", asTable)
	want := []string{"Cluster Name Spec Replicas", "zone1 c0 * * 0 0", "zone1 c1 * * 1 1", "zone2 c2 * * 2 2"}
	if got := cells(t, text); !slices.Equal(got, want) {
		t.Errorf("of the fleet: %q, want %q", got, want)
	}
}

// A table that is printed in parts by several goroutines is as long, and in the order, of the list.
func TestALongTableIsInOrder(t *testing.T) {
	h := newHeld("zone1")
	const pods = 1501
	for i := range pods {
		h.add("zone1", 0, "shop", fmt.Sprint("p", i), fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d","namespace":"shop"},"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Succeeded"}}`, i))
	}
	server := h.serve(t)
	for _, path := range []string{"/kube/api/v1/pods", "/kube/api/v1/pods?limit=5000"} {
		text, _ := get(t, server.URL+path, asTable)
		lines := cells(t, text)
		if len(lines) != pods+1 {
			t.Fatalf("%s: %d rows, want %d: %.200s", path, len(lines)-1, pods, text)
		}
		for i, line := range lines[1:] {
			if want := fmt.Sprintf("zone1 p%d 0/1 Succeeded", i); !strings.HasPrefix(line, want) {
				t.Fatalf("%s: row %d is %q, want %q", path, i, line, want)
			}
		}
		var table metav1.Table
		if err := json.Unmarshal([]byte(text), &table); err != nil {
			t.Fatal(err)
		}
		last := table.Rows[pods-1]
		if len(last.Conditions) != 1 || !strings.Contains(string(last.Object.Raw), `"shadow.clusterpedia.io/cluster-name":"zone1"`) || strings.Contains(string(last.Object.Raw), "containers") {
			t.Errorf("%s: the last row has conditions %v and object %s", path, last.Conditions, last.Object.Raw)
		}
	}
	if text, _ := get(t, server.URL+"/kube/apis/example.com/v1/crons", asTable); !slices.Equal(cells(t, text), []string{""}) {
		t.Errorf("an empty table is %s", text)
	}
}

func TestClustersThatAreNotAsTheyAreNowComeAsWarnings(t *testing.T) {
	h := newHeld("zone1", "zone2", "zone3")
	h.members[1].State, h.members[1].AsOf = records.Stale, time.Date(2026, 11, 1, 2, 3, 4, 0, time.UTC)
	h.members[2].State = records.Syncing
	server := h.serve(t)
	_, header := get(t, server.URL+"/kube/api/v1/pods", "application/json")
	want := []string{`299 - "Not heard from lately: zone2 (as of 2026-11-01T02:03:04Z)."`, `299 - "Not complete yet: zone3."`}
	if got := header.Values("Warning"); !slices.Equal(got, want) {
		t.Errorf("warnings %q, want %q", got, want)
	}
}

// Clusterpedia's clients look below its own path.
func TestClusterpediasPathAnswersTheSame(t *testing.T) {
	h := newHeld("zone1")
	h.add("zone1", 0, "shop", "p", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop"}}`)
	server := h.serve(t)
	for _, path := range []string{"/api/v1/namespaces/shop/pods/p", "/clusters/zone1/api/v1/namespaces/shop/pods/p"} {
		text, _ := get(t, server.URL+"/apis/clusterpedia.io/v1beta1/resources"+path, "application/json")
		if want := `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"shadow.clusterpedia.io/cluster-name":"zone1"`; !strings.HasPrefix(text, want) {
			t.Errorf("%s answers %s, want %s...", path, text, want)
		}
	}
}

// Watches of one shape get what was written once, and end when they are to.
func TestWatchesShareWhatIsWritten(t *testing.T) {
	h := newHeld("zone1")
	pod := h.add("zone1", 0, "shop", "p", `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"shop","resourceVersion":"5"}}`)
	server := h.serve(t)
	shared := new(records.Shared)
	watch := func(parameters string) string {
		t.Helper()
		h.steps <- records.Steps{List: []records.Step{{Type: "MODIFIED", Object: pod}}, Position: records.Position{"uid-of-zone1": 1<<40 + 8}, Shared: shared}
		text, _ := get(t, server.URL+"/kube/api/v1/pods?watch=1&timeoutSeconds=1&resourceVersion="+parameters, "application/json")
		return text
	}
	list, _ := get(t, server.URL+"/kube/api/v1/pods", "application/json")
	var at struct{ Metadata metav1.ListMeta }
	if err := json.Unmarshal([]byte(list), &at); err != nil {
		t.Fatal(err)
	}
	rv := at.Metadata.ResourceVersion
	want := `{"type":"MODIFIED","object":{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"shadow.clusterpedia.io/cluster-name":"zone1"},"name":"p","namespace":"shop","resourceVersion":"5"}}}` + "\n"
	if got := watch(rv); got != want {
		t.Errorf("a watch is told %s, want %s", got, want)
	}
	pod.JSON = []byte("{}") // what is written for the next is what was written before
	if got := watch(rv); got != want {
		t.Errorf("another watch is told %s, want %s", got, want)
	}
	pod.JSON = []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"q"}}`)
	got := watch(rv + "&allowWatchBookmarks=true")
	if lines := strings.Split(strings.TrimSpace(got), "\n"); len(lines) != 2 || !strings.Contains(lines[0], `"name":"q"`) || !strings.Contains(lines[1], `"type":"BOOKMARK"`) {
		t.Errorf("a watch with bookmarks is told %s", got)
	}
}

// Long answers are compressed for who takes that, short ones and those for others are not.
func TestLongAnswersAreCompressed(t *testing.T) {
	h := newHeld("zone1")
	for i := range 2000 {
		h.add("zone1", 0, "shop", fmt.Sprint("p", i), fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p%d","namespace":"shop"}}`, i))
	}
	server := h.serve(t)
	for _, c := range []struct {
		path, accept, encoding, want string
	}{
		{"/kube/clusters/zone1/api/v1/pods", "gzip", "gzip", "gzip"},
		{"/kube/clusters/zone1/api/v1/pods", asTable, "gzip", "gzip"},
		{"/kube/clusters/zone1/api/v1/pods", "application/json", "identity", ""},
		{"/kube/clusters/zone1/api/v1/pods?limit=10", "application/json", "gzip", ""},
		{"/kube/clusters/zone1/api/v1/namespaces/shop/pods/p7", "application/json", "gzip", ""},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		if c.accept == asTable {
			req.Header.Set("Accept", asTable)
		}
		req.Header.Set("Accept-Encoding", c.encoding)
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Encoding") != c.want {
			t.Errorf("%s for %s: %s, encoded %q, %v", c.path, c.encoding, resp.Status, resp.Header.Get("Content-Encoding"), err)
		}
		if c.want == "" {
			continue
		}
		unpacked, err := gzip.NewReader(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		var list struct{ Items, Rows []json.RawMessage }
		if err := json.NewDecoder(unpacked).Decode(&list); err != nil || len(list.Items)+len(list.Rows) != 2000 {
			t.Errorf("%s unpacks to %d objects, %v", c.path, len(list.Items)+len(list.Rows), err)
		}
	}
}

func BenchmarkTableOfPods(b *testing.B) {
	h := newHeld("zone1")
	fleet := mixed.New(mixed.Config{Objects: 40_000, Clusters: 1})
	for _, r := range fleet.Resources() {
		if r.Kind == "Pod" {
			fleet.Each(0, r, 0, func(o *mixed.Object) bool {
				h.add("zone1", 0, o.Namespace, o.Name, string(o.JSON))
				return len(h.objects) < 10_000
			})
		}
	}
	server := h.serve(b)
	for _, accept := range []string{asTable, "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io", "application/json"} {
		b.Run(accept, func(b *testing.B) {
			for b.Loop() {
				text, _ := get(b, server.URL+"/kube/api/v1/pods", accept)
				b.SetBytes(int64(len(text)))
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(h.objects)), "us/object")
		})
	}
}
