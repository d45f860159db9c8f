package action

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	app1 = "zone1:shop/deployments.apps/app1"
	app2 = "zone1:shop/deployments.apps/app2"
	far  = "zone2:shop/deployments.apps/app2"
)

func TestPlanFreezesAndWritesNothing(t *testing.T) {
	f := newFleet(app1, app2, far, "zone1:shop/pods/app1-x", "zone1:shop/daemonsets.apps/log", "zone1:shop/replicasets.apps/app1-y", "zone3:shop/deployments.apps/app2")
	f.objects[app1].hpa = "app1"
	f.states["zone3"] = records.Stale
	h := newHub(t, f)

	h.is(h.plan(refs(app2)), "PLANNED: Restart Deployment app2 in zone1\nREADY "+app2+" (restart)")
	h.is(h.plan(scaleTo(5, "zone1:shop/deploy/app2")), "PLANNED: Scale Deployment app2 in zone1 to 5 replicas\nREADY "+app2+" (replicas 3 -> 5)")
	h.is(h.plan(scaleTo(3, app2)), "PLANNED: Scale Deployment app2 in zone1 to 3 replicas\nBLOCKED "+app2+" app2 has 3 replicas already.")
	h.is(h.plan(scaleTo(5, app1)), "PLANNED: Scale Deployment app1 in zone1 to 5 replicas\nBLOCKED "+app1+" HPA app1 owns the replicas of app1 (2 to 10); change the HPA instead.")
	h.is(h.plan(scaleTo(1, "zone1:shop/pods/app1-x", "zone1:shop/ds/log", "zone1:shop/rs/app1-y")), `PLANNED: Scale 3 objects in zone1 to 1 replica
BLOCKED zone1:shop/pods/app1-x A Pod cannot be scaled: only kinds with a number of replicas can.
BLOCKED zone1:shop/daemonsets.apps/log A DaemonSet cannot be scaled: it runs one pod on every node it selects.
BLOCKED zone1:shop/replicasets.apps/app1-y app1-y belongs to Deployment/app1, which sets its replicas. Scale that instead.`)
	h.is(h.plan(refs("zone1:shop/deploy/app9", "zone9:shop/deploy/app2", "zone3:shop/deploy/app2")), `PLANNED: Restart 3 Deployments in 3 clusters
BLOCKED zone1:shop/deployments.apps/app9 There is no Deployment app9 in namespace shop of cluster zone1.
BLOCKED zone9:shop/deployments.apps/app2 There is no cluster zone9.
BLOCKED zone3:shop/deployments.apps/app2 Cluster zone3 is not connected. Not heard from for 4m.`)

	a := h.plan(actions.Input{Verb: actions.Restart, Query: "zone1:"})
	h.is(a, `PLANNED: Restart 3 objects in zone1
READY zone1:shop/daemonsets.apps/log (restart)
READY `+app1+` (restart)
READY `+app2+` (restart)`)
	if want := []string{"2 objects that match cannot be restarted and are left out.", "Cluster zone3 is not in step (stale): matching objects there may be missing."}; !slices.Equal(a.Warnings, want) {
		t.Errorf("warnings %q, want %q", a.Warnings, want)
	}
	p := h.plan(scaleTo(5, app2)).Targets[0]
	if p.UID != "uid-"+app2 || p.ResourceVersion != "100" || !strings.Contains(p.Diff, "-  replicas: 3\n+  replicas: 5\n") {
		t.Errorf("frozen target %+v", p)
	}
	if w := f.written(); len(w) > 0 {
		t.Errorf("planning wrote %v", w)
	}
}

func TestPlanRefusesWhatMakesNoSense(t *testing.T) {
	f := newFleet(app1)
	for i := range 5001 {
		ref := fmt.Sprintf("zone1:many/deployments.apps/d%04d", i)
		f.objects[ref] = newFleet(ref).objects[ref]
	}
	h := newHub(t, f)
	two := int32(2)
	for want, in := range map[string]actions.Input{
		"RESTART takes no replicas":       {Verb: actions.Restart, Refs: []string{app1}, Params: actions.Params{Replicas: &two}},
		"Scaling needs the wanted number": {Verb: actions.Scale, Refs: []string{app1}},
		"-1 is not a number of replicas":  scaleTo(-1, app1),
		`There is no verb "FLY"`:          {Verb: "FLY", Refs: []string{app1}},
		"either refs or a query":          {Verb: actions.Restart},
		"is not a reference":              refs("app1"),
		"The query matches 5001 objects":  {Verb: actions.Restart, Query: "zone1:many/"},
		"The query matches nothing":       {Verb: actions.Restart, Query: "nothing"},
		"5002 targets are too many":       {Verb: actions.Restart, Refs: make([]string, 5002)},
		"":                                refs(app1),
	} {
		_, err := h.Plan(t.Context(), operator, in)
		if want == "" && err != nil || want != "" && (err == nil || access.Code(err) == "INTERNAL" || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if _, err := h.Plan(t.Context(), access.Scope{}, refs(app1)); access.Code(err) != "FORBIDDEN" {
		t.Errorf("the zero scope planned: %v", err)
	}
}

func TestConfirmationGrowsWithReach(t *testing.T) {
	var many []string
	for i := range 12 {
		many = append(many, fmt.Sprintf("zone1:shop/deployments.apps/d%02d", i))
	}
	h := newHub(t, newFleet(append(many, app1, app2, far)...))
	for _, c := range []struct {
		in   actions.Input
		want string
	}{
		{refs(app1), ""},
		{refs(app1, app2), ""},
		{refs(app1, far), "restart 2 in 2 clusters"},
		{refs(many[:10]...), ""},
		{refs(many...), "restart 12 in 1 cluster"},
		{scaleTo(5, app1), ""},
		{scaleTo(0, app1), "app1"},
		{scaleTo(0, app1, app2), "scale 2 to 0 in 1 cluster"},
		{scaleTo(5, app1, far), "scale 2 in 2 clusters"},
	} {
		a := h.plan(c.in)
		if a.ConfirmPhrase != c.want {
			t.Errorf("%s: phrase %q, want %q", a.Title, a.ConfirmPhrase, c.want)
		}
		if c.want == "" {
			continue
		}
		if _, err := h.Run(t.Context(), operator, a.ID, "yes"); access.Code(err) != "CONFIRMATION_REQUIRED" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: ran with the wrong words: %v", a.Title, err)
		}
	}
	if w := h.fleet.written(); len(w) > 0 {
		t.Errorf("unconfirmed plans wrote %v", w)
	}
}

func TestRunUndoRedo(t *testing.T) {
	f := newFleet(app1, app2)
	h := newHub(t, f)
	a := h.run(h.plan(scaleTo(5, app1, app2)))
	h.is(a, "SUCCEEDED: Scale 2 Deployments in zone1 to 5 replicas\nDONE "+app1+" (replicas 3 -> 5)\nDONE "+app2+" (replicas 3 -> 5)")
	if *a.Targets[0].ReadyReplicas != 5 || a.RunBy != "olga" || a.StartedAt == nil {
		t.Errorf("record %+v %+v", a, a.Targets[0])
	}
	undo, err := h.Undo(t.Context(), operator, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	u := h.run(undo)
	h.is(u, "SUCCEEDED: Undo "+a.ID+": Scale 2 Deployments in zone1 to 5 replicas\nDONE "+app1+" (replicas 5 -> 3)\nDONE "+app2+" (replicas 5 -> 3)")
	if was, _ := h.Action(t.Context(), operator, a.ID); was.UndoneBy != u.ID || u.Undoes != a.ID {
		t.Errorf("undone by %q, undoes %q", was.UndoneBy, u.Undoes)
	}
	if _, err := h.Undo(t.Context(), operator, a.ID); access.Code(err) != "CONFLICT" {
		t.Errorf("undone twice: %v", err)
	}
	redo, err := h.Undo(t.Context(), operator, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.run(redo)
	if f.objects[app1].replicas != 5 {
		t.Errorf("undo of the undo left %d replicas, want 5", f.objects[app1].replicas)
	}

	r := h.run(h.plan(refs(app1)))
	if f.objects[app1].restartedAt == "" {
		t.Error("restart set no annotation")
	}
	undo, err = h.Undo(t.Context(), operator, r.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.is(h.run(undo), "SUCCEEDED: Undo "+r.ID+": Restart Deployment app1 in zone1\nDONE "+app1+" (restart taken back)")
	if f.objects[app1].restartedAt != "" {
		t.Errorf("undo left the annotation %q, want none as before", f.objects[app1].restartedAt)
	}

	list, more, err := h.Actions(t.Context(), operator, 2, "")
	if err != nil || len(list) != 2 || !more || list[0].ID != undo.ID || list[1].ID != r.ID {
		t.Errorf("newest two: %v more=%v %v", list, more, err)
	}
	list, more, err = h.Actions(t.Context(), operator, 10, r.ID)
	if err != nil || len(list) != 3 || more || list[2].ID != a.ID {
		t.Errorf("behind %s: %v more=%v %v", r.ID, list, more, err)
	}
}

func TestUndoRefusesWhatSomebodyElseChanged(t *testing.T) {
	f := newFleet(app1, app2)
	h := newHub(t, f)
	a := h.run(h.plan(scaleTo(5, app1, app2)))
	f.change(app1, func(w *workload) { w.replicas = 7 })
	f.change(app2, func(w *workload) { w.image = "app:2.0" })
	undo, err := h.Undo(t.Context(), operator, a.ID)
	if err != nil {
		t.Fatal(err)
	}
	h.is(undo, "PLANNED: Undo "+a.ID+": "+a.Title+`
BLOCKED `+app1+` app1 has 7 replicas now, not the 5 that `+a.ID+` left, last by kubectl-edit. Undo would overwrite that.
BLOCKED `+app2+` The spec of app2 was changed since `+a.ID+`, last by kubectl-edit. Undo would mix with that.`)
	if _, err := h.Run(t.Context(), operator, undo.ID, ""); access.Code(err) != "CONFLICT" || !strings.Contains(err.Error(), "every target is blocked") {
		t.Errorf("a blocked plan ran: %v", err)
	}
}

func TestRunToleratesStatusAndRefusesOtherSpecs(t *testing.T) {
	f := newFleet(app1, app2)
	h := newHub(t, f)
	a := h.plan(refs(app1, app2))
	f.change(app1, func(*workload) {}) // its status moved
	f.change(app2, func(w *workload) { w.image = "app:2.0" })
	h.is(h.run(a), "FAILED: "+a.Title+"\nDONE "+app1+" (restart)\nFAILED "+app2+" (restart) The spec of app2 was changed since this was planned, last by kubectl-edit. Plan again.")
	if w := f.written(); !slices.Equal(w, []string{app1 + "=restart"}) {
		t.Errorf("written %v", w)
	}
	b := h.plan(scaleTo(1, app1))
	n := 0
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult { // the status moves between look and write, twice
		if c.GetScale() != nil && !c.DryRun && n < 2 {
			n++
			f.change(app1, func(*workload) {})
		}
		return nil
	}
	h.is(h.run(b), "SUCCEEDED: "+b.Title+"\nDONE "+app1+" (replicas 3 -> 1)")
}

func TestFailuresAreToldPerTarget(t *testing.T) {
	f := newFleet(app1, app2, far)
	h := newHub(t, f)
	a := h.plan(refs(app1, app2, far))
	f.change(app1, func(w *workload) { w.gone = true })
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if c.GetRestart() != nil && c.Target.Name == "app2" && c.Precondition.Uid == "uid-"+app2 {
			return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_FORBIDDEN, Message: "The collector may not patch app2."}
		}
		return nil
	}
	got := h.run(a)
	h.is(got, "FAILED: "+a.Title+" [restart 3 in 2 clusters]\nFAILED "+app1+" (restart) There is no "+app1+".\nFAILED "+app2+" (restart) The collector may not patch app2.\nDONE "+far+" (restart)")
	for _, x := range got.Targets[:2] {
		if x.Inverse != nil {
			t.Errorf("%s was not written to and has an inverse", x.Ref)
		}
	}
}

func TestRolloutThatDoesNotFinish(t *testing.T) {
	f := newFleet(app1)
	h := newHub(t, f)
	h.timing.rollout = 300 * time.Millisecond
	a := h.plan(refs(app1))
	f.stuck = true
	got := h.run(a)
	h.is(got, "FAILED: "+a.Title+"\nFAILED "+app1+" (restart) The change was written, but the rollout was not done after 300ms: of 3 replicas wanted, 1 are updated and 2 are ready.")
	if got.Targets[0].Inverse == nil {
		t.Error("what was written cannot be undone")
	}
}

func TestRolloutThatItsClusterGaveUp(t *testing.T) {
	f := newFleet(app1)
	h := newHub(t, f)
	earlier, now := "2026-11-21T12:00:00Z", "2026-11-21T13:00:00Z"
	f.gaveUp.Store(&earlier)
	a := h.plan(refs(app1))
	f.stuck = true
	looks := atomic.Int32{}
	f.after = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if c.GetRead() != nil && looks.Add(1) == 5 {
			f.gaveUp.Store(&now)
		}
		return nil
	}
	h.is(h.run(a), "FAILED: "+a.Title+"\nFAILED "+app1+" (restart) The change was written, but the rollout exceeded its progress deadline: of 3 replicas wanted, 1 are updated and 2 are ready.")
	if n := looks.Load(); n < 5 {
		t.Errorf("failed after %d looks, by an earlier rollout's deadline", n)
	}
}

func TestRolloutIsNotDoneBeforeTheLastOldPodIsGone(t *testing.T) {
	f := newFleet(app1)
	h := newHub(t, f)
	a := h.plan(refs(app1))
	f.extra.Store(1)
	looks := atomic.Int32{}
	f.after = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if c.GetRead() != nil && looks.Add(1) == 4 {
			f.extra.Store(0)
		}
		return nil
	}
	h.is(h.run(a), "SUCCEEDED: "+a.Title+"\nDONE "+app1+" (restart)")
	if n := looks.Load(); n < 5 {
		t.Errorf("done after %d looks, want it to wait for the old pod", n)
	}
}

func TestUnknownOutcomeIsFoundOut(t *testing.T) {
	for what, lose := range map[string]func(f *fleet) func(*ingestpb.Command) *ingestpb.CommandResult{
		"the command is lost": func(f *fleet) func(*ingestpb.Command) *ingestpb.CommandResult {
			n := 0
			f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
				if c.GetScale() != nil && !c.DryRun && n == 0 {
					n++
					return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_UNAVAILABLE}
				}
				return nil
			}
			return nil
		},
		"the answer is lost": func(f *fleet) func(*ingestpb.Command) *ingestpb.CommandResult {
			n := 0
			return func(c *ingestpb.Command) *ingestpb.CommandResult {
				if c.GetScale() != nil && !c.DryRun && n == 0 {
					n++
					return &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_UNAVAILABLE}
				}
				return nil
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			f := newFleet(app1)
			h := newHub(t, f)
			a := h.plan(scaleTo(5, app1))
			f.after = lose(f)
			h.is(h.run(a), "SUCCEEDED: "+a.Title+"\nDONE "+app1+" (replicas 3 -> 5)")
			if w := f.written(); !slices.Equal(w, []string{app1 + "=scale 5"}) {
				t.Errorf("written %v, want once", w)
			}
		})
	}
}

func TestStopEndsBeforeTheNextTarget(t *testing.T) {
	var many []string
	for i := range 10 {
		many = append(many, fmt.Sprintf("zone1:shop/deployments.apps/d%02d", i))
	}
	f := newFleet(many...)
	h := newHub(t, f)
	a := h.plan(refs(many...))
	held, letGo := make(chan struct{}, 100), make(chan struct{})
	f.before = func(c *ingestpb.Command) *ingestpb.CommandResult {
		if c.GetRestart() != nil {
			held <- struct{}{}
			<-letGo
		}
		return nil
	}
	if _, err := h.Run(t.Context(), operator, a.ID, ""); err != nil {
		t.Fatal(err)
	}
	for range runParallel {
		<-held
	}
	s, err := h.Stop(t.Context(), operator, a.ID)
	if err != nil || !s.StopAsked {
		t.Fatalf("stop: %v %v", s, err)
	}
	close(letGo)
	got := h.ended(a.ID)
	count := map[string]int{}
	for _, x := range got.Targets {
		count[x.State]++
	}
	if got.State != stopped || count[done] != runParallel || count[skipped] != len(many)-runParallel {
		t.Errorf("got %s, want %d done and the rest skipped", text(got), runParallel)
	}
	if f.most > runParallel {
		t.Errorf("%d commands at once, want at most %d", f.most, runParallel)
	}
	if _, err := h.Stop(t.Context(), operator, a.ID); access.Code(err) != "CONFLICT" {
		t.Errorf("stopped what had ended: %v", err)
	}
}

func TestPlansExpire(t *testing.T) {
	h := newHub(t, newFleet(app1))
	a := h.plan(refs(app1))
	h.now = func() time.Time { return time.Now().Add(planGoodFor + time.Minute) }
	if got, _ := h.Action(t.Context(), operator, a.ID); got.State != expired {
		t.Errorf("state %s, want EXPIRED", got.State)
	}
	if _, err := h.Run(t.Context(), operator, a.ID, ""); access.Code(err) != "CONFLICT" || !strings.Contains(err.Error(), "Plan again") {
		t.Errorf("an expired plan ran: %v", err)
	}
}

func TestAnActionRunsOnce(t *testing.T) {
	f := newFleet(app1)
	h := newHub(t, f)
	a := h.plan(refs(app1))
	h.run(a)
	if _, err := h.Run(t.Context(), operator, a.ID, ""); access.Code(err) != "CONFLICT" {
		t.Errorf("ran twice: %v", err)
	}
	if w := f.written(); len(w) != 1 {
		t.Errorf("written %v", w)
	}
	if got, err := h.Action(t.Context(), operator, "a-none"); got != nil || err != nil {
		t.Errorf("absent action: %v %v, want nil nil", got, err)
	}
	if _, err := h.Run(t.Context(), operator, "a-none", ""); access.Code(err) != "NOT_FOUND" {
		t.Errorf("ran an absent action: %v", err)
	}
}

func TestNoAuditNoAction(t *testing.T) {
	f := newFleet(app1)
	h := newHub(t, f)
	a := h.plan(refs(app1))
	h.audit.set(errors.New("table is gone"))
	if _, err := h.Plan(t.Context(), operator, refs(app1)); access.Code(err) != "UNAVAILABLE" || !strings.Contains(err.Error(), "without audit there is no action") {
		t.Errorf("planned without audit: %v", err)
	}
	if _, err := h.Run(t.Context(), operator, a.ID, ""); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		got, err := h.Action(ctx, operator, a.ID)
		if err != nil {
			t.Fatal(err)
		}
		if got.State == failed {
			h.is(got, "FAILED: "+a.Title+"\nSKIPPED "+app1+" (restart) Nothing was written: the audit cannot be written, and without audit there is no action.")
			break
		}
		sleep(ctx, 10*time.Millisecond)
	}
	if w := f.written(); len(w) > 0 {
		t.Errorf("written without audit: %v", w)
	}
}

func TestAuditTellsWhoDidWhat(t *testing.T) {
	h := newHub(t, newFleet(app1, app2))
	a := h.plan(scaleTo(5, app1, app2))
	if _, err := h.Run(t.Context(), access.All("otto"), a.ID, ""); err != nil {
		t.Fatal(err)
	}
	h.ended(a.ID)
	rows, err := h.db.Query(t.Context(), "SELECT phase, actor, source, verb, cluster, name, uid, result, reason FROM "+h.db.Table("audit")+" WHERE phase != 'genesis' ORDER BY phase, name, at, seq", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		v := make([]string, 9)
		if err := rows.Scan(&v[0], &v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7], &v[8]); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join(v, " "))
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"intent otto cli SCALE uid-zone1 app1 uid-" + app1 + " INTENDED test",
		"intent otto cli SCALE uid-zone1 app2 uid-" + app2 + " INTENDED test",
		"plan olga cli SCALE    PLANNED test",
		"result otto cli SCALE uid-zone1 app1 uid-" + app1 + " DONE test",
		"result otto cli SCALE uid-zone1 app2 uid-" + app2 + " DONE test",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
