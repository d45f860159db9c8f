package query_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/graph"
)

// manyObjects is a reader whose lists are as long as a test wants, and which fails where it wants.
type manyObjects struct {
	graph.Reader
	objects  int
	failAt   int // object; 0 for never
	size     int // bytes of an object beyond the least
	names    func(i int) string
	largest  int           // page that was asked for
	inside   chan struct{} // told when a search begins
	heldBack chan struct{} // what it waits for
}

func (m *manyObjects) Search(ctx context.Context, scope access.Scope, r records.Request) (*records.Result, error) {
	if scope.Nothing() {
		return nil, errors.New("asked without a scope")
	}
	if strings.Contains(r.Query, "staus:") {
		return nil, &access.Error{Code: "QL_UNKNOWN_FIELD", Message: `There is no field "staus".`, Fix: "Did you mean status?"}
	}
	m.largest = max(m.largest, r.First)
	if m.heldBack != nil {
		m.inside <- struct{}{}
		select {
		case <-m.heldBack:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	from, _ := strconv.Atoi(r.After)
	res := &records.Result{Total: m.objects, Coverage: records.Coverage{Clusters: []records.ClusterCoverage{{Cluster: "zone1", State: records.Live}, {Cluster: "zone2", State: records.Stale}, {Cluster: "zone3", State: records.Pending}}}}
	for i := from; i < min(from+r.First, m.objects); i++ {
		if m.failAt > 0 && i >= m.failAt {
			return nil, &access.Error{Code: "UNAVAILABLE", Message: "The database does not answer at the moment.", Fix: "Ask again."}
		}
		name := fmt.Sprintf("app-%d", i)
		if m.names != nil {
			name = m.names(i)
		}
		o := &records.Object{Ref: kube.Ref{Cluster: "zone1", Namespace: "shop", GroupResource: kube.GroupResource{Resource: "configmaps"}, Name: name}}
		o.Kind, o.Version, o.Name, o.Namespace, o.Labels, o.Replicas = "ConfigMap", "v1", name, "shop", map[string]string{"tier": "=1+1"}, -1
		if !r.Bare {
			o.JSON = fmt.Appendf(nil, `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":%q,"namespace":"shop"},"data":{"n":"%d","x":"%s"}}`, name, i, strings.Repeat("x", m.size))
		}
		res.Objects = append(res.Objects, o)
	}
	res.Cursor = strconv.Itoa(min(from+r.First, m.objects))
	res.More = from+r.First < m.objects
	return res, nil
}

// List is Search page by page.
func (m *manyObjects) List(_ context.Context, scope access.Scope, r records.Request) (records.Listing, error) {
	return &manyListing{m: m, scope: scope, r: r, last: &records.Result{Total: -1}}, nil
}

type manyListing struct {
	m     *manyObjects
	scope access.Scope
	r     records.Request
	last  *records.Result
}

func (l *manyListing) Total() int                 { return l.last.Total }
func (l *manyListing) Position() records.Position { return nil }
func (l *manyListing) Coverage() records.Coverage { return l.last.Coverage }
func (l *manyListing) Next(ctx context.Context, most int) ([]*records.Object, bool, error) {
	l.r.First, l.r.After = most, l.last.Cursor
	last, err := l.m.Search(ctx, l.scope, l.r)
	if err != nil {
		return nil, false, err
	}
	l.last = last
	return last.Objects, last.More, nil
}

func (m *manyObjects) Watch(ctx context.Context, _ access.Scope, _ string) (<-chan records.Change, error) {
	changes := make(chan records.Change, 1)
	changes <- records.Change{Type: "REMOVED", Ref: kube.Ref{Cluster: "zone1", GroupResource: kube.GroupResource{Resource: "nodes"}, Name: "n"}}
	context.AfterFunc(ctx, func() { close(changes) })
	return changes, nil
}

func (m *manyObjects) Events(_ context.Context, _ access.Scope, _ string, from, to time.Time, _ int, _ string) (*records.Page[*records.Event], error) {
	e := &records.Event{Cluster: "zone1", Namespace: "shop", Type: "Warning", Reason: "BackOff", Message: "line\nbreak, \"quoted\"", Count: 3, FirstAt: from, LastAt: to, RegardingKind: "Pod", RegardingName: "app2"}
	return &records.Page[*records.Event]{Items: []*records.Event{e}}, nil
}

func exporting(t *testing.T, reader graph.Reader) *httptest.Server {
	t.Helper()
	s, err := query.New(query.Deps{Reader: reader, Token: token, UI: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server
}

func export(t *testing.T, hub *httptest.Server, args url.Values, header ...string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, hub.URL+"/api/v1/export?"+args.Encode(), nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := hub.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func body(t *testing.T, resp *http.Response) string {
	t.Helper()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestAnExportHasEverythingInEachFormat(t *testing.T) {
	const objects = 2345
	hub := exporting(t, &manyObjects{objects: objects})
	f := func(args url.Values, mediaType string, count func(string) int) {
		t.Helper()
		resp := export(t, hub, args)
		text := body(t, resp)
		if got := count(text); resp.StatusCode != 200 || got != objects || resp.Trailer.Get("Foretop-Rows") != strconv.Itoa(objects) {
			t.Errorf("%v: %d, %d rows, trailer %v, begins %.200s", args, resp.StatusCode, got, resp.Trailer, text)
		}
		h := resp.Header
		if h.Get("Content-Type") != mediaType || h.Get("Foretop-Total") != strconv.Itoa(objects) || h.Get("Foretop-Clusters") != "1/3" || h.Get("Foretop-Stale") != "zone2, zone3" {
			t.Errorf("%v: headers %v", args, h)
		}
		if d := h.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="foretop-resources-2`) {
			t.Errorf("%v: %s", args, d)
		}
	}
	lines := func(s string) int { return strings.Count(s, "\n") }
	f(url.Values{"query": {"kind:cm"}}, "text/csv; charset=utf-8", func(s string) int {
		rows, err := csv.NewReader(strings.NewReader(s)).ReadAll()
		if err != nil || strings.Join(rows[0], " ") != "cluster ns kind name status ready image created changed changed.by" {
			t.Errorf("%v %v", rows[0], err)
		}
		return len(rows) - 1
	})
	f(url.Values{"format": {"ndjson"}}, "application/x-ndjson", lines)
	f(url.Values{"format": {"ndjson"}, "columns": {"name"}}, "application/x-ndjson", lines)
	f(url.Values{"format": {"yaml"}}, "application/yaml", func(s string) int { return strings.Count(s, "---\n") })
	list := func(s string) int {
		var l struct {
			Kind  string
			Items []struct {
				Metadata struct{ Annotations map[string]string }
			}
		}
		if err := json.Unmarshal([]byte(s), &l); err != nil || l.Kind != "List" || l.Items[7].Metadata.Annotations["foretop.io/cluster"] != "zone1" {
			t.Errorf("%v %.200s", err, s)
		}
		return len(l.Items)
	}
	f(url.Values{"format": {"json"}}, "application/json", list)
	f(url.Values{"format": {"json"}, "columns": {"name,label.tier"}}, "application/json", func(s string) int {
		var l []struct {
			Name string
			Tier string `json:"label.tier"`
		}
		if err := json.Unmarshal([]byte(s), &l); err != nil || l[3].Name != "app-3" || l[3].Tier != "=1+1" {
			t.Errorf("%v %.200s", err, s)
		}
		return len(l)
	})
}

func TestColumnsAreChosenAndNoCellIsAFormula(t *testing.T) {
	odd := []string{"=cmd|' /C calc'!A0", "+1", "-1", "@x", "\tx", `a"b,c`, "plain"}
	hub := exporting(t, &manyObjects{objects: len(odd), names: func(i int) string { return odd[i] }})
	got := body(t, export(t, hub, url.Values{"columns": {"name, label.tier,replicas,.data.n"}}))
	want := `name,label.tier,replicas,.data.n
'=cmd|' /C calc'!A0,'=1+1,,0
'+1,'=1+1,,1
'-1,'=1+1,,2
'@x,'=1+1,,3
'	x,'=1+1,,4
"a""b,c",'=1+1,,5
plain,'=1+1,,6
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	got = body(t, export(t, hub, url.Values{"page": {"events"}, "columns": {"reason,count,message"}, "from": {"2026-11-20T09:00:00Z"}}))
	if want := "reason,count,message\nBackOff,3,\"line\nbreak, \"\"quoted\"\"\"\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatCannotBeExportedIsSaidAtOnce(t *testing.T) {
	hub := exporting(t, &manyObjects{objects: 3})
	f := func(args string, status int, says string) {
		t.Helper()
		v, _ := url.ParseQuery(args)
		resp := export(t, hub, v)
		if text := body(t, resp); resp.StatusCode != status || !strings.Contains(text, says) {
			t.Errorf("%s answers %d %s, want %d with %q", args, resp.StatusCode, text, status, says)
		}
	}
	f("query=staus:x", 400, "Did you mean status?")
	f("format=xlsx", 400, "csv, ndjson, json or yaml")
	f("columns=nothing", 400, "QL_UNKNOWN_FIELD")
	f("columns="+strings.Repeat("name,", 51), 400, "at most 50")
	f("page=logs", 400, "resources, changes or events")
	f("page=events&columns=replicas", 400, "message")
	f("page=changes&from=yesterday", 400, "2026-11-20T09:10:00Z")
	f("page=changes&from=2026-11-20T09:10:00Z&to=2026-11-20T09:00:00Z", 400, "before its beginning")
	f("from=2026-11-20T09:10:00Z", 400, "at:")
	f("limit=3", 400, "no \\\"limit\\\"")

	if code, text, _ := do(t, hub.Client(), "GET", hub.URL+"/api/v1/export", ""); code != 401 {
		t.Errorf("without a token: %d %s", code, text)
	}
	if code, _, _ := do(t, hub.Client(), "POST", hub.URL+"/api/v1/export", "", "Authorization", "Bearer "+token); code != 405 {
		t.Errorf("POST answers %d", code)
	}
}

func TestAnErrorInTheMiddleIsSeen(t *testing.T) {
	hub := exporting(t, &manyObjects{objects: 5000, failAt: 3000})
	resp := export(t, hub, url.Values{"columns": {"name"}})
	raw, err := io.ReadAll(resp.Body)
	if err == nil || len(raw) == 0 {
		t.Errorf("the body ends well after %d bytes: %v", len(raw), err)
	}
	resp = export(t, hub, url.Values{"columns": {"name"}}, "TE", "trailers")
	if text := body(t, resp); strings.Count(text, "\n") != 3001 || resp.Trailer.Get("Foretop-Error") != "The database does not answer at the moment. Ask again." || resp.Trailer.Get("Foretop-Rows") != "" {
		t.Errorf("%d lines, trailer %v", strings.Count(text, "\n"), resp.Trailer)
	}
}

func TestExportsAreBounded(t *testing.T) {
	const most = 4
	reader := &manyObjects{objects: 10, inside: make(chan struct{}, most), heldBack: make(chan struct{})}
	hub := exporting(t, reader)
	codes := make(chan int, most)
	for range most {
		go func() {
			resp := export(t, hub, nil)
			body(t, resp)
			codes <- resp.StatusCode
		}()
	}
	for range most {
		<-reader.inside
	}
	if resp := export(t, hub, nil); resp.StatusCode != 503 || resp.Header.Get("Retry-After") == "" {
		t.Errorf("one more answers %d %v", resp.StatusCode, resp.Header)
	}
	close(reader.heldBack)
	for range most {
		if code := <-codes; code != 200 {
			t.Errorf("one of the first answers %d", code)
		}
	}
}

// A reader that goes away ends the work; large objects come in small pages.
func TestMemoryIsBoundedByAPage(t *testing.T) {
	reader := &manyObjects{objects: 100_000, size: 100 << 10}
	hub := exporting(t, reader)
	resp := export(t, hub, url.Values{"format": {"ndjson"}})
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	most := uint64(0)
	for range 1000 { // 100 MB
		if !lines.Scan() {
			t.Fatal(lines.Err())
		}
	}
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	most = max(most, m.HeapAlloc)
	resp.Body.Close()
	if reader.largest > 110 {
		t.Errorf("a page of %d objects of 100 KiB was asked for", reader.largest)
	}
	if most > 150<<20 {
		t.Errorf("%d MiB are held", most>>20)
	}
}
