package query_test

import (
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/internal/tokens"
	"github.com/foretop/foretop/query"
)

func TestNamedTokensAreIdentities(t *testing.T) {
	store := statetest.Open(t)
	trail := audit.New(store, clickhousetest.Open(t), nil)
	named := tokens.New(store, trail, nil)
	s, err := query.New(query.Deps{Token: token, Tokens: named, Audit: trail, UI: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	hub := httptest.NewServer(s.Handler())
	defer hub.Close()
	_, anna, err := named.Create(t.Context(), access.All(access.AdminUser), "cli", "anna", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	const list = `{"query":"{tokens{name}}"}` // which the administrator alone may see
	ask := func(c *http.Client, want int, says string, header ...string) {
		t.Helper()
		code, text, _ := do(t, c, "POST", hub.URL+"/graphql", list, append(header, "Content-Type", "application/json")...)
		if code != want || !strings.Contains(text, says) {
			t.Errorf("got %d %s, want %d %s", code, text, want, says)
		}
	}
	login := func(token string) *http.Client {
		t.Helper()
		jar, err := cookiejar.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		c := &http.Client{Jar: jar}
		if code, text, _ := do(t, c, "POST", hub.URL+"/login", `{"token":"`+token+`"}`); code != 204 {
			t.Fatalf("login: %d %s", code, text)
		}
		return c
	}
	ask(hub.Client(), 200, `"name":"anna"`, "Authorization", "Bearer "+token)
	ask(hub.Client(), 200, "FORBIDDEN", "Authorization", "Bearer "+anna)
	ask(hub.Client(), 401, "The token of anna is wrong", "Authorization", "Bearer "+anna+"x")
	ask(hub.Client(), 401, "not this hub's", "Authorization", "Bearer ftt_")
	admin, session := login(token), login(anna)
	ask(admin, 200, `"name":"anna"`)
	ask(session, 200, "FORBIDDEN")
	if code, text, _ := do(t, session, "GET", hub.URL+"/api/v1/export/audit", ""); code != 200 || strings.Count(text, "\n") != 4 || !strings.HasPrefix(text, `{"chain":`) {
		t.Errorf("export of the audit: %d %s", code, text)
	}
	if code, text, _ := do(t, session, "GET", hub.URL+"/api/v1/export/audit?page=2", ""); code != 400 || !strings.Contains(text, "takes no") {
		t.Errorf("an unknown argument: %d %s", code, text)
	}
	if code, text, _ := do(t, hub.Client(), "GET", hub.URL+"/api/v1/export/audit", ""); code != 401 {
		t.Errorf("the audit is exported to nobody: %d %s", code, text)
	}

	if err := named.Revoke(t.Context(), access.All(access.AdminUser), "cli", "anna"); err != nil {
		t.Fatal(err)
	}
	ask(session, 401, "was revoked")
	ask(admin, 200, `"tokens":[]`)
	if _, _, err := named.Create(t.Context(), access.All(access.AdminUser), "cli", "anna", time.Hour); err != nil {
		t.Fatal(err)
	}
	ask(session, 401, "was revoked") // another token of the same name
}
