package saved_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/query/ql"
	"github.com/foretop/foretop/query/saved"
)

var ada, bob = access.All("ada"), access.All("bob")

func check(_ context.Context, _ access.Scope, query, page string) error {
	pages := map[string]ql.Page{"resources": ql.Resources, "changes": ql.Changes, "events": ql.Events}
	_, err := ql.Parse(query, ql.Options{Page: pages[page]})
	return err
}

func names(t *testing.T, s *saved.Searches, scope access.Scope) string {
	t.Helper()
	list, err := s.List(t.Context(), scope)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, x := range list {
		fmt.Fprintf(&b, "%s/%s ", x.Owner, x.Name)
	}
	return strings.TrimSpace(b.String())
}

func save(t *testing.T, s *saved.Searches, scope access.Scope, in saved.Input) *saved.Search {
	t.Helper()
	x, err := s.Save(t.Context(), scope, in)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestSearchesAreTheirOwnersUntilShared(t *testing.T) {
	s := saved.New(statetest.Open(t), check)
	mine := save(t, s, ada, saved.Input{Name: "broken", Query: "is:unhealthy"})
	save(t, s, ada, saved.Input{Name: "Apps", Query: "kind:deploy", Shared: true})
	save(t, s, bob, saved.Input{Name: "broken", Query: "kind:pod"}) // a name of somebody else's is free
	f := func(scope access.Scope, want string) {
		t.Helper()
		if got := names(t, s, scope); got != want {
			t.Errorf("%s sees %q, want %q", scope.User(), got, want)
		}
	}
	f(ada, "ada/Apps ada/broken")
	f(bob, "ada/Apps bob/broken")
	f(access.Scope{}, "")

	refused := func(err error, code string) {
		t.Helper()
		if got := access.Code(err); got != code {
			t.Errorf("answers %q (%v), want %s", got, err, code)
		}
	}
	refused(s.Delete(t.Context(), bob, mine.ID), "NOT_FOUND")
	refused(s.Delete(t.Context(), ada, "no-uuid/../x"), "NOT_FOUND")
	_, err := s.Save(t.Context(), bob, saved.Input{ID: mine.ID, Name: "x", Query: "app:x"})
	refused(err, "NOT_FOUND")
	_, err = s.Save(t.Context(), access.Scope{}, saved.Input{Name: "x"})
	refused(err, "FORBIDDEN")

	shared := save(t, s, ada, saved.Input{ID: mine.ID, Name: "broken", Query: "is:unhealthy", Shared: true})
	if shared.CreatedAt != mine.CreatedAt || shared.UpdatedAt.Before(mine.UpdatedAt) {
		t.Errorf("created %v -> %v, updated %v -> %v", mine.CreatedAt, shared.CreatedAt, mine.UpdatedAt, shared.UpdatedAt)
	}
	f(bob, "ada/Apps ada/broken bob/broken")
	refused(s.Delete(t.Context(), bob, mine.ID), "FORBIDDEN")
	if err := s.Delete(t.Context(), ada, mine.ID); err != nil {
		t.Fatal(err)
	}
	f(bob, "ada/Apps bob/broken")
	save(t, s, ada, saved.Input{Name: "broken"}) // the name is free again
}

func TestANameStandsOncePerOwner(t *testing.T) {
	s := saved.New(statetest.Open(t), check)
	a := save(t, s, ada, saved.Input{Name: "a"})
	b := save(t, s, ada, saved.Input{Name: " b "})
	f := func(in saved.Input, code string) {
		t.Helper()
		if _, err := s.Save(t.Context(), ada, in); access.Code(err) != code {
			t.Errorf("%+v answers %v, want %q", in, err, code)
		}
	}
	f(saved.Input{Name: "A"}, "CONFLICT")
	f(saved.Input{ID: b.ID, Name: "a"}, "CONFLICT")
	f(saved.Input{ID: a.ID, Name: "A"}, "") // the case of one's own
	f(saved.Input{ID: b.ID, Name: "c"}, "")
	f(saved.Input{Name: "b"}, "")
	if got := names(t, s, ada); got != "ada/A ada/b ada/c" {
		t.Errorf("they are %q", got)
	}

	// Of many who take one name at once, one gets it.
	var wg sync.WaitGroup
	won := make(chan string, 8)
	for range cap(won) {
		wg.Go(func() {
			if x, err := s.Save(t.Context(), bob, saved.Input{Name: "race"}); err == nil {
				won <- x.ID
			}
		})
	}
	wg.Wait()
	if len(won) != 1 || names(t, s, bob) != "bob/race" {
		t.Errorf("%d got the name: %s", len(won), names(t, s, bob))
	}
}

func TestWhatIsSavedIsChecked(t *testing.T) {
	s := saved.New(statetest.Open(t), check)
	f := func(in saved.Input, code, says string) {
		t.Helper()
		_, err := s.Save(t.Context(), ada, in)
		if access.Code(err) != code || !strings.Contains(fmt.Sprint(err), says) {
			t.Errorf("%.60v answers %v, want %s with %q", in, err, code, says)
		}
	}
	f(saved.Input{Name: "  "}, "BAD_REQUEST", "needs a name")
	f(saved.Input{Name: strings.Repeat("é", 101)}, "BAD_REQUEST", "101 characters")
	f(saved.Input{Name: "a\x1b[31m"}, "BAD_REQUEST", "cannot be shown")
	f(saved.Input{Name: "a", Description: strings.Repeat("a", 1001)}, "BAD_REQUEST", "1001 characters")
	f(saved.Input{Name: "a", Query: strings.Repeat("a ", 5000)}, "BAD_REQUEST", "bytes")
	f(saved.Input{Name: "a", Page: "logs"}, "BAD_REQUEST", "resources, changes, events")
	f(saved.Input{Name: "a", Query: "staus:x"}, "QL_UNKNOWN_FIELD", "status")
	f(saved.Input{Name: "a", Query: "source:kubelet"}, "QL_UNSUPPORTED", "events")
	save(t, s, ada, saved.Input{Name: "a/b ☃", Query: "source:kubelet", Page: "events"})
	if got := names(t, s, ada); got != "ada/a/b ☃" {
		t.Errorf("saved is %q", got)
	}
}

func TestSearchesOutliveTheHub(t *testing.T) {
	dir, log := t.TempDir(), slog.New(slog.NewTextHandler(io.Discard, nil))
	store, err := state.Open(t.Context(), state.Config{DataDir: dir}, log)
	if err != nil {
		t.Fatal(err)
	}
	x := save(t, saved.New(store, check), ada, saved.Input{Name: "broken", Description: "what is not well", Query: "is:unhealthy", Shared: true})
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	if store, err = state.Open(t.Context(), state.Config{DataDir: dir}, log); err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	list, err := saved.New(store, check).List(t.Context(), bob)
	if err != nil || len(list) != 1 || *list[0] != *x {
		t.Errorf("after the restart: %v %v, want %v", list, err, x)
	}
}
