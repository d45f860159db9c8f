package graph

import (
	"testing"
)

// A client may use an id again as soon as it has said complete, before the hub has noticed the end.
func TestTheEndOfAnOperationLeavesTheNextOfItsIDAlone(t *testing.T) {
	s := &socket{running: map[string]*running{}}
	first, _, _ := s.begin(t.Context(), "1")
	s.complete("1")
	if first.ctx.Err() == nil {
		t.Error("complete leaves the operation running")
	}
	second, _, _ := s.begin(t.Context(), "1")
	s.forget(first) // it took a while
	if second.ctx.Err() != nil {
		t.Error("the end of the first ends the second")
	}
	if _, taken, _ := s.begin(t.Context(), "1"); !taken {
		t.Error("the second's id is free while it runs")
	}
	s.forget(second)
	if len(s.running) != 0 {
		t.Errorf("%d are running after the end", len(s.running))
	}
}
