package tokens

import (
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/state/statetest"
)

var admin = access.All(access.AdminUser)

func TestTokens(t *testing.T) {
	endpoint, db := statetest.Server(t), clickhousetest.Open(t)
	store := statetest.Connect(t, endpoint)
	trail := audit.New(store, db, nil)
	one := New(store, trail, nil)
	other := New(statetest.Connect(t, endpoint), trail, nil) // another hub
	go one.Run(t.Context())
	go other.Run(t.Context())

	made, text, err := one.Create(t.Context(), admin, "cli", "anna", time.Hour)
	if err != nil || made.Name != "anna" || !strings.HasPrefix(text, "ftt_anna.") {
		t.Fatalf("made %+v %q, %v", made, text, err)
	}
	for _, s := range []*Store{one, other} {
		if got, err := s.Open(t.Context(), text); err != nil || got == nil || got.Name != "anna" {
			t.Errorf("opened %+v, %v", got, err)
		}
	}
	for _, wrong := range []string{"", "anna", "ftt_anna.", "ftt_anna.x", text + "x", strings.Replace(text, "anna", "otto", 1), "ftt_../join/x.y", "ftt_anna/x.y"} {
		if got, err := one.Open(t.Context(), wrong); err != nil || got != nil {
			t.Errorf("%q opened %+v, %v", wrong, got, err)
		}
	}
	raw, err := store.Get(t.Context(), prefix+"anna")
	if err != nil || strings.Contains(string(raw.Value), strings.TrimPrefix(text, "ftt_anna.")) {
		t.Errorf("stored %s, %v: want no secret in it", raw.Value, err)
	}
	if _, _, err := one.Create(t.Context(), admin, "cli", "anna", 0); access.Code(err) != "CONFLICT" {
		t.Errorf("made twice: %v", err)
	}
	for _, name := range []string{"", "admin", "foretop", "An na", "a/b", strings.Repeat("a", 64)} {
		if _, _, err := one.Create(t.Context(), admin, "cli", name, 0); access.Code(err) != "BAD_REQUEST" {
			t.Errorf("made %q: %v", name, err)
		}
	}

	if err := one.Revoke(t.Context(), admin, "cli", "anna"); err != nil {
		t.Fatal(err)
	}
	if got, err := one.Open(t.Context(), text); err != nil || got != nil {
		t.Errorf("a revoked token opened %+v, %v", got, err)
	}
	for deadline := time.Now().Add(30 * time.Second); ; time.Sleep(10 * time.Millisecond) { // by its watch
		got, err := other.Good(t.Context(), "anna", made.ID())
		if err != nil {
			t.Fatal(err)
		}
		if got == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("another hub lets a revoked token in")
		}
	}
	if err := one.Revoke(t.Context(), admin, "cli", "anna"); access.Code(err) != "NOT_FOUND" {
		t.Errorf("revoked twice: %v", err)
	}
	again, _, err := one.Create(t.Context(), admin, "cli", "anna", 0)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := one.Good(t.Context(), "anna", made.ID()); err != nil || got != nil || again.ID() == made.ID() {
		t.Errorf("a session of the earlier token is good for %+v, %v", got, err)
	}

	page, err := trail.Page(t.Context(), admin, "phase:token", 100, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range page.Rows {
		got = append(got, r.Actor+" "+r.Verb+" "+r.Name+" "+r.Result)
		if strings.Contains(r.Detail, text) {
			t.Error("a token is in the audit")
		}
	}
	if want := "admin CREATE_TOKEN anna DONE|admin CREATE_TOKEN anna INTENDED|admin REVOKE_TOKEN anna DONE|admin REVOKE_TOKEN anna INTENDED|admin CREATE_TOKEN anna DONE|admin CREATE_TOKEN anna INTENDED"; strings.Join(got, "|") != want {
		t.Errorf("audit %s, want %s", strings.Join(got, "|"), want)
	}
}

func TestTokensExpire(t *testing.T) {
	store := statetest.Open(t)
	s := New(store, audit.New(store, clickhousetest.Open(t), nil), nil)
	_, text, err := s.Create(t.Context(), admin, "cli", "anna", time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	s.now = func() time.Time { return time.Now().Add(time.Hour) }
	if got, err := s.Open(t.Context(), text); err != nil || got != nil {
		t.Errorf("an expired token opened %+v, %v", got, err)
	}
	if _, _, err := s.Create(t.Context(), admin, "cli", "anna", time.Hour); err != nil {
		t.Errorf("an expired token's name is taken: %v", err)
	}
}

func TestOnlyTheAdministratorHasTokensMade(t *testing.T) {
	store := statetest.Open(t)
	s := New(store, audit.New(store, clickhousetest.Open(t), nil), nil)
	for _, scope := range []access.Scope{{}, access.All("anna")} {
		if _, _, err := s.Create(t.Context(), scope, "cli", "otto", 0); access.Code(err) != "FORBIDDEN" {
			t.Errorf("%q made one: %v", scope.User(), err)
		}
		if _, err := s.List(t.Context(), scope); access.Code(err) != "FORBIDDEN" {
			t.Errorf("%q listed them: %v", scope.User(), err)
		}
		if err := s.Revoke(t.Context(), scope, "cli", "otto"); access.Code(err) != "FORBIDDEN" {
			t.Errorf("%q revoked one: %v", scope.User(), err)
		}
	}
}
