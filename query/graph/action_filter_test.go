package graph

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

func TestActionsAreNarrowedByTermsOfWhichAllHold(t *testing.T) {
	a := &actions.Action{
		ID: "a-1", Verb: actions.Scale, State: "FAILED", Actor: "maria", RunBy: "admin", Source: "cli",
		Title: "Scale 2 Deployments in zone1 to 3 replicas", Reason: "INC-4711",
		Targets: []*actions.Target{{Ref: "zone1:shop/deployments.apps/app1"}, {Ref: "zone2:shop/deployments.apps/app1"}},
	}
	f := func(query string, want bool) {
		t.Helper()
		filter, err := parseActionFilter(query)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		if got := filter.holds(a); got != want {
			t.Errorf("%s holds: %v, want %v", query, got, want)
		}
	}
	f("", true)
	f("state:failed", true)
	f("state:RUNNING,FAILED", true)
	f("state:running", false)
	f("-state:running verb:scale", true)
	f("verb:scal", false) // whole values
	f("actor:admin", true)
	f("cluster:zone2 source:cli", true)
	f("cluster:zone3", false)
	f("inc-4711 deployments", true) // words, anywhere
	f("-inc-4711", false)
	_, err := parseActionFilter("colour:red")
	var ours *access.Error
	if !errors.As(err, &ours) || ours.Code != "QL_UNKNOWN_FIELD" {
		t.Errorf("an unknown field answers %v", err)
	}
}

// numbered answers so many actions, newest first; every tenth failed.
type numbered struct {
	unasked
	n int
}

type unasked = Actions // a field of the interface's own name would stand before its method

func (s numbered) Actions(_ context.Context, _ access.Scope, first int, after string) ([]*actions.Action, bool, error) {
	from := s.n
	if after != "" {
		if _, err := fmt.Sscanf(after, "a-%d", &from); err != nil {
			return nil, false, err
		}
	}
	var list []*actions.Action
	for i := from - 1; i >= 0 && len(list) < first; i-- {
		state := "SUCCEEDED"
		if i%10 == 0 {
			state = "FAILED"
		}
		list = append(list, &actions.Action{ID: fmt.Sprintf("a-%d", i), State: state})
	}
	return list, from-len(list) > 0, nil
}

func TestPagesOfANarrowedListMissNothing(t *testing.T) {
	for _, n := range []int{0, 1, 95, 230, 2500} {
		r := &resolver{actions: numbered{n: n}}
		filter, err := parseActionFilter("state:failed")
		if err != nil {
			t.Fatal(err)
		}
		found, pages := 0, 0
		for after := ""; ; pages++ {
			c, err := r.narrowed(t.Context(), filter, 7, after)
			if err != nil {
				t.Fatal(err)
			}
			found += len(c.nodes)
			p := c.PageInfo()
			if !p.HasNextPage() {
				break
			}
			after = *p.EndCursor()
		}
		if want := (n + 9) / 10; found != want {
			t.Errorf("of %d actions %d are found in %d pages, want %d", n, found, pages+1, want)
		}
	}
	// None is like that: a page ends after so many were looked at, and says that there are more.
	c, err := (&resolver{actions: numbered{n: 2500}}).narrowed(t.Context(), actionFilter{{field: "state", values: []string{"RUNNING"}}}, 7, "")
	if err != nil || len(c.nodes) != 0 || !c.more || c.cursor != "a-1500" {
		t.Errorf("answers %d actions, more %v, cursor %s, err %v", len(c.nodes), c.more, c.cursor, err)
	}
}
