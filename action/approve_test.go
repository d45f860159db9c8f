package action

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/clusters"
)

// refused expects an error with this code that says this.
func refused(t *testing.T, err error, code, says string) {
	t.Helper()
	if access.Code(err) != code || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %s: %s", err, code, says)
	}
}

func TestFourEyesOnAProtectedCluster(t *testing.T) {
	f := newFleet(app1, far)
	f.protection = map[string]clusters.Protection{"zone1": clusters.FourEyes}
	h := newHub(t, f)
	free := h.plan(refs(far))
	if free.NeedsApproval() || free.Protection != "" || free.ConfirmPhrase != "" {
		t.Errorf("a plan for another cluster: %+v", free)
	}
	_, err := h.Approve(t.Context(), access.All("otto"), free.ID)
	refused(t, err, "CONFLICT", "needs no approval")

	a := h.plan(refs(app1)) // by olga
	if !a.NeedsApproval() || a.Protection != "four-eyes" || a.ConfirmPhrase != "app1" {
		t.Errorf("plan %+v, want one that needs approval and typed words", a)
	}
	_, err = h.Run(t.Context(), operator, a.ID, "app1")
	refused(t, err, "APPROVAL_REQUIRED", "Have a colleague approve it")
	_, err = h.Approve(t.Context(), operator, a.ID)
	refused(t, err, "FORBIDDEN", "is your own plan")
	for range 2 { // the second time changes nothing
		got, err := h.Approve(t.Context(), access.All("otto"), a.ID)
		if err != nil || got.NeedsApproval() || len(got.Approvals) != 1 || got.Approvals[0].By != "otto" {
			t.Fatalf("approved: %+v, %v", got, err)
		}
	}
	_, err = h.Run(t.Context(), access.All("otto"), a.ID, "app1")
	refused(t, err, "APPROVAL_REQUIRED", "Have olga run it")
	if w := f.written(); len(w) > 0 {
		t.Fatalf("written before it was approved: %v", w)
	}
	h.is(h.run(a), "SUCCEEDED: "+a.Title+" [app1]\nDONE "+app1+" (restart)")
	_, err = h.Approve(t.Context(), access.All("otto"), a.ID)
	refused(t, err, "CONFLICT", "cannot be approved")

	undo, err := h.Undo(t.Context(), access.All("otto"), a.ID)
	if err != nil || !undo.NeedsApproval() {
		t.Fatalf("undo %+v, %v: want that it needs approval too", undo, err)
	}
	_, err = h.Run(t.Context(), operator, undo.ID, undo.ConfirmPhrase)
	refused(t, err, "APPROVAL_REQUIRED", "") // olga runs what otto planned: nobody has approved it
	if _, err := h.Approve(t.Context(), operator, undo.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := h.Run(t.Context(), access.All("otto"), undo.ID, undo.ConfirmPhrase); err != nil {
		t.Fatal(err)
	}
	h.ended(undo.ID)

	page, err := h.Audit.Page(t.Context(), operator, "phase:approve", 10, "")
	if err != nil || len(page.Rows) != 2 || page.Rows[1].Actor != "otto" || page.Rows[1].Action != a.ID || page.Rows[0].Actor != "olga" {
		t.Errorf("audit of approvals %+v, %v", page, err)
	}
}

func TestAClusterProtectedAfterThePlan(t *testing.T) {
	f := newFleet(app1)
	h := newHub(t, f)
	a := h.plan(refs(app1))
	f.mu.Lock()
	f.protection = map[string]clusters.Protection{"zone1": clusters.FourEyes}
	f.mu.Unlock()
	_, err := h.Run(t.Context(), operator, a.ID, a.ConfirmPhrase)
	refused(t, err, "APPROVAL_REQUIRED", "protected by four eyes")
	approved, err := h.Approve(t.Context(), access.All("otto"), a.ID)
	if err != nil {
		t.Fatal(err)
	}
	_, err = h.Run(t.Context(), operator, a.ID, a.ConfirmPhrase)
	refused(t, err, "CONFIRMATION_REQUIRED", "the words: app1")
	h.is(h.run(approved), "SUCCEEDED: "+a.Title+"\nDONE "+app1+" (restart)")
}

func TestConfirmAsksForTheName(t *testing.T) {
	f := newFleet(app1, app2)
	f.protection = map[string]clusters.Protection{"zone1": clusters.Confirm}
	h := newHub(t, f)
	one, two := h.plan(refs(app1)), h.plan(refs(app1, app2))
	if one.ConfirmPhrase != "app1" || two.ConfirmPhrase != "restart 2 in 1 cluster" || one.NeedsApproval() {
		t.Errorf("phrases %q and %q, approval %v", one.ConfirmPhrase, two.ConfirmPhrase, one.NeedsApproval())
	}
}

func TestFourEyesForVerbs(t *testing.T) {
	h := newHub(t, newFleet(app1))
	h.FourEyes = []string{actions.Scale}
	if a := h.plan(refs(app1)); a.NeedsApproval() {
		t.Error("a restart needs approval, want only scaling to")
	}
	a := h.plan(scaleTo(5, app1))
	_, err := h.Run(t.Context(), operator, a.ID, a.ConfirmPhrase)
	refused(t, err, "APPROVAL_REQUIRED", a.ID+" needs the approval of another person.")
	if _, err := h.Approve(t.Context(), access.All("otto"), a.ID); err != nil {
		t.Fatal(err)
	}
	h.run(a)
	if w := h.fleet.written(); !slices.Equal(w, []string{app1 + "=scale 5"}) {
		t.Errorf("written %v", w)
	}
}

func TestNoAuditNoApproval(t *testing.T) {
	f := newFleet(app1)
	f.protection = map[string]clusters.Protection{"zone1": clusters.FourEyes}
	h := newHub(t, f)
	a := h.plan(refs(app1))
	h.audit.set(errors.New("table is gone"))
	_, err := h.Approve(t.Context(), access.All("otto"), a.ID)
	refused(t, err, "UNAVAILABLE", "without audit there is no action")
	h.audit.set(nil)
	if got, err := h.Action(t.Context(), operator, a.ID); err != nil || len(got.Approvals) != 0 {
		t.Errorf("approved without audit: %+v %v", got, err)
	}
}
