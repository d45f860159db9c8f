package main

import (
	"strings"
	"testing"
)

func TestAPlanThatNeedsApprovalSaysSo(t *testing.T) {
	var b strings.Builder
	printPlan(&b, &actionView{ID: "a-1", State: "PLANNED", Title: "Drain Node n1 in zone1", NeedsApproval: true}, false)
	if want := "PLANNED a-1  Drain Node n1 in zone1\n  ! Another person has to approve it: foretop actions approve a-1\n"; b.String() != want {
		t.Errorf("printed %q, want %q", b.String(), want)
	}
	b.Reset()
	printPlan(&b, &actionView{ID: "a-1", State: "PLANNED", Title: "Drain Node n1 in zone1", Approvals: []approvalView{{By: "otto"}}}, false)
	if want := "PLANNED a-1  Drain Node n1 in zone1\n  approved by otto\n"; b.String() != want {
		t.Errorf("printed %q, want %q", b.String(), want)
	}
}
