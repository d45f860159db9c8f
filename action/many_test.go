package action

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// A thousand targets of which thirty fail: thirty are told, retried alone, and nothing is written twice, whoever
// clicks twice meanwhile.
func TestAThousandTargets(t *testing.T) {
	var list []string
	for i := range 1000 {
		list = append(list, fmt.Sprintf("zone%d:many/deployments.apps/d%04d", i%12, i))
	}
	f := newFleet(list...)
	var heal atomic.Bool
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if i := c.Target.Name[1:]; !heal.Load() && !c.DryRun && c.GetRestart() != nil && i < "0990" && strings.HasSuffix(i, "3") && i[1] < '3' {
			return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_INVALID, Message: "The cluster's admission refused it."}
		}
		return nil
	}
	h := newHub(t, f)
	in := refs(list...)
	in.Waves = actions.Waves{Parallel: 32, Size: 300}
	a := h.plan(in)
	for a.State == planning {
		var err error
		if a, err = h.existing(t.Context(), a.ID); err != nil {
			t.Fatal(err)
		}
	}
	if a.ConfirmPhrase != "restart 1000 in 12 clusters" {
		t.Errorf("phrase %q", a.ConfirmPhrase)
	}
	var clicks sync.WaitGroup
	var ran atomic.Int32
	for range 8 {
		clicks.Go(func() {
			switch _, err := h.Run(t.Context(), operator, a.ID, a.ConfirmPhrase); access.Code(err) {
			case "":
				ran.Add(1)
			case "CONFLICT":
			default:
				t.Error(err)
			}
		})
	}
	clicks.Wait()
	if ran.Load() != 1 {
		t.Errorf("%d of 8 clicks ran it, want 1", ran.Load())
	}
	got := h.ended(a.ID)
	var failures []string
	for _, x := range got.Targets {
		switch x.State {
		case done:
		case failed:
			failures = append(failures, x.Ref)
			if x.Message != "The cluster's admission refused it." {
				t.Errorf("%s: %s", x.Ref, x.Message)
			}
		default:
			t.Errorf("%s is %s", x.Ref, x.State)
		}
	}
	if got.State != failed || len(failures) != 30 {
		t.Fatalf("%s with %d failures, want FAILED with 30", got.State, len(failures))
	}
	if w := f.written(); len(w) != 970 || len(slices.Compact(w)) != 970 {
		t.Errorf("%d writes, want 970, each another", len(w))
	}

	heal.Store(true)
	again, err := h.Retry(t.Context(), operator, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	var retried []string
	for _, x := range again.Targets {
		retried = append(retried, x.Ref)
	}
	if !slices.Equal(retried, failures) {
		t.Errorf("retries %v, want %v", retried, failures)
	}
	if got := h.run(again); got.State != succeeded {
		t.Errorf("retry: %s", text(got))
	}
	if w := f.written(); len(w) != 1000 || len(slices.Compact(w)) != 1000 {
		t.Errorf("%d writes, want 1000, each another", len(w))
	}
	if _, err := h.Retry(t.Context(), operator, a.ID); access.Code(err) != "CONFLICT" {
		t.Errorf("retried twice: %v", err)
	}
}

// An undo, or a retry, that came not to its end can be done again, for what it left.
func TestWhatAnUndoLeftIsUndoneAgain(t *testing.T) {
	f := newFleet(app1, app2)
	var refuses atomic.Bool
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if refuses.Load() && !c.DryRun && c.GetRead() == nil && c.Target.Name == "app2" {
			return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_INVALID, Message: "no"}
		}
		return nil
	}
	h := newHub(t, f)
	a := h.run(h.plan(scaleTo(5, app1, app2)))
	undo := func() (*actions.Action, error) { return h.Undo(t.Context(), operator, a.ID) }
	first, err := undo()
	if err != nil {
		t.Fatal(err)
	}
	refuses.Store(true)
	if got := h.run(first); got.State != failed {
		t.Fatal(text(got))
	}
	refuses.Store(false)
	second, err := undo()
	if err != nil {
		t.Fatal(err)
	}
	h.is(h.run(second), "SUCCEEDED: "+second.Title+"\nDONE "+app2+" (replicas 5 -> 3)")
	if _, err := undo(); access.Code(err) != "CONFLICT" {
		t.Errorf("undone a third time: %v", err)
	}
	if w := f.written(); !slices.Equal(w, []string{app1 + "=scale 3", app1 + "=scale 5", app2 + "=scale 3", app2 + "=scale 5"}) {
		t.Errorf("written %v", w)
	}
}

func TestAQueryOfManyPages(t *testing.T) {
	var list []string
	for i := range 2300 {
		list = append(list, fmt.Sprintf("zone1:many/deployments.apps/d%04d", i))
	}
	h := newHub(t, newFleet(list...))
	a := h.plan(actions.Input{Verb: actions.Restart, Query: "zone1:many/"})
	var found []string
	for _, x := range a.Targets {
		found = append(found, x.Ref)
	}
	if !slices.Equal(found, list) {
		t.Errorf("%d targets, want %d", len(found), len(list))
	}
}

func TestAnActionStopsAfterFailures(t *testing.T) {
	var list []string
	for i := range 12 {
		list = append(list, fmt.Sprintf("zone%d:shop/deployments.apps/d%02d", i/4, i))
	}
	f := newFleet(list...)
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if !c.DryRun && c.GetRestart() != nil && (c.Target.Name == "d01" || c.Target.Name == "d05") {
			return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_INVALID, Message: "no"}
		}
		return nil
	}
	h := newHub(t, f)
	in := refs(list...)
	in.Waves = actions.Waves{Parallel: 1, ByCluster: true, MaxFailures: 2}
	a := h.plan(in)
	var planned []int
	for _, x := range a.Targets {
		planned = append(planned, x.Wave)
	}
	if want := []int{1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3}; !slices.Equal(planned, want) {
		t.Errorf("waves %v, want %v", planned, want)
	}
	got := h.run(a)
	var states []string
	for _, x := range got.Targets {
		states = append(states, x.State)
	}
	want := []string{done, failed, done, done, done, failed, skipped, skipped, skipped, skipped, skipped, skipped}
	if got.State != failed || !slices.Equal(states, want) {
		t.Errorf("%s %v, want %v", got.State, states, want)
	}
	if m := got.Targets[11].Message; m != "Left out: the action stops after 2 failures." {
		t.Errorf("message %q", m)
	}
	again, err := h.Retry(t.Context(), operator, a.ID)
	if err != nil || len(again.Targets) != 8 {
		t.Fatalf("retry of failed and left out: %v %v", again, err)
	}
}
