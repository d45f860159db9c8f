package query_test

import (
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/query"
)

const token = "the-admin-token"

// start serves a hub without readers: enough for everything that happens before a resolver.
func start(t *testing.T) *httptest.Server {
	t.Helper()
	files := fstest.MapFS{
		"index.html":         {Data: []byte("<!doctype html>page")},
		"assets/app-1.js":    {Data: []byte("plain")},
		"assets/app-1.js.br": {Data: []byte("brotli")},
	}
	s, err := query.New(query.Deps{Token: token, UI: files, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)
	return server
}

func do(t *testing.T, c *http.Client, method, url, body string, header ...string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(raw), resp.Header
}

func TestWithoutATokenOnlyHealthLoginAndThePageAnswer(t *testing.T) {
	hub := start(t)
	f := func(method, path string, want int) {
		t.Helper()
		if got, body, _ := do(t, hub.Client(), method, hub.URL+path, ""); got != want {
			t.Errorf("%s %s answers %d %s, want %d", method, path, got, body, want)
		}
	}
	f("GET", "/healthz", 200)
	f("GET", "/readyz", 200)
	f("GET", "/login", 200)
	f("GET", "/search", 200) // the page itself, which then asks for a login
	f("POST", "/graphql", 401)
	f("GET", "/graphql", 401)
	f("POST", "/login", 400)
	f("PUT", "/search", 405)
	f("GET", "/assets/gone.js", 404)
}

func TestAWrongTokenIsRefusedWithTheRemedy(t *testing.T) {
	hub := start(t)
	code, body, _ := do(t, hub.Client(), "POST", hub.URL+"/login", `{"token":"guess"}`)
	if code != 401 || !strings.Contains(body, "admin.token") {
		t.Errorf("login answers %d %s", code, body)
	}
	code, body, _ = do(t, hub.Client(), "POST", hub.URL+"/graphql", `{"query":"{__typename}"}`, "Authorization", "Bearer guess")
	if code != 401 || !strings.Contains(body, "admin.token") {
		t.Errorf("graphql answers %d %s", code, body)
	}
}

func TestLoginOpensASessionThatOtherSitesCannotUse(t *testing.T) {
	hub := start(t)
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	browser := &http.Client{Jar: jar}
	code, _, header := do(t, browser, "POST", hub.URL+"/login", `{"token":"`+token+`"}`)
	if code != 204 {
		t.Fatalf("login answers %d", code)
	}
	if c := header.Get("Set-Cookie"); !strings.Contains(c, "HttpOnly") || !strings.Contains(c, "SameSite=Strict") {
		t.Errorf("cookie %q can be read by scripts or sent by other sites", c)
	}
	ask := func(header ...string) int {
		t.Helper()
		code, _, _ := do(t, browser, "POST", hub.URL+"/graphql", `{"query":"{__typename}"}`, header...)
		return code
	}
	if got := ask(); got != 200 {
		t.Errorf("with the session: %d, want 200", got)
	}
	if got := ask("Sec-Fetch-Site", "cross-site"); got != 401 {
		t.Errorf("from another site: %d, want 401", got)
	}
	// Another port of the same host is the same site to cookies, and over plain HTTP only Origin tells.
	for _, origin := range []string{"http://127.0.0.1:1", "null", "https://evil.example"} {
		if got := ask("Origin", origin); got != 401 {
			t.Errorf("from a page of %s: %d, want 401", origin, got)
		}
	}
	if got := ask("Origin", hub.URL); got != 200 {
		t.Errorf("from the hub's own page: %d, want 200", got)
	}
	do(t, browser, "POST", hub.URL+"/logout", "")
	if got := ask(); got != 401 {
		t.Errorf("after logout: %d, want 401", got)
	}
}

func TestAForgedSessionIsRefused(t *testing.T) {
	hub := start(t)
	code, _, _ := do(t, hub.Client(), "POST", hub.URL+"/graphql", `{"query":"{__typename}"}`, "Cookie", "foretop_session=zzzzzz.AAAA.BBBB")
	if code != 401 {
		t.Errorf("answers %d, want 401", code)
	}
}

func TestThePageIsServedPreCompressedUnderAStrictPolicy(t *testing.T) {
	hub := start(t)
	_, body, header := do(t, hub.Client(), "GET", hub.URL+"/assets/app-1.js", "", "Accept-Encoding", "br, gzip")
	if body != "brotli" || header.Get("Content-Encoding") != "br" || !strings.Contains(header.Get("Content-Type"), "javascript") {
		t.Errorf("got %q as %q %q", body, header.Get("Content-Encoding"), header.Get("Content-Type"))
	}
	_, body, header = do(t, hub.Client(), "GET", hub.URL+"/r/zone1/apps/deployments/shop/app2", "", "Accept-Encoding", "identity")
	if !strings.Contains(body, "page") || header.Get("Cache-Control") != "no-cache" {
		t.Errorf("a page address answers %q, cached %q", body, header.Get("Cache-Control"))
	}
	if csp := header.Get("Content-Security-Policy"); !strings.Contains(csp, "script-src 'self';") {
		t.Errorf("policy %q lets foreign or inline scripts run", csp)
	}
}

func TestBadGraphQLRequestsAreToldApart(t *testing.T) {
	hub := start(t)
	f := func(body string, want int, says string) {
		t.Helper()
		code, got, _ := do(t, hub.Client(), "POST", hub.URL+"/graphql", body, "Authorization", "Bearer "+token)
		if code != want || !strings.Contains(got, says) {
			t.Errorf("answers %d %s, want %d with %q", code, got, want, says)
		}
	}
	f("{ clusters { name } }", 400, "must be JSON")
	f(`{"query":"`+strings.Repeat(" ", 3<<20)+`"}`, 413, "2 MiB")
	f(`{"query":"`+strings.Repeat(" ", 70<<10)+`"}`, 200, "BAD_REQUEST")
	manifest := strings.Repeat(`\"\n`, 256<<10) // 512 KiB, each character escaped
	f(`{"query":"mutation($m: String) { planAction(input: {verb: APPLY, parameters: {manifest: $m, clusters: [\"*\"]}}) { id } }","variables":{"m":"`+manifest+`"}}`, 200, "UNAVAILABLE")
	f(`{"query":"{ clusters { nam } }"}`, 200, "BAD_REQUEST")
	f(`{"query":"{ resource(ref: \"nonsense\") { name } }"}`, 200, "CLUSTER:NAMESPACE/RESOURCE.GROUP/NAME")
	f(`{"query":"{ search(query: \"\", first: 5000) { total } }"}`, 200, "from 1 to 1000")
	f(`{"query":"{ actions { nodes { id } } }"}`, 200, "UNAVAILABLE")
}

func TestATakenPortIsOneSentence(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = query.Listen(l.Addr().String(), "listen")
	var ours *access.Error
	if !errors.As(err, &ours) || !strings.Contains(ours.Message, "is taken") || !strings.Contains(ours.Fix, "--listen") {
		t.Errorf("got %v", err)
	}
}
