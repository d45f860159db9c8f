package executor

import (
	"strconv"
	"testing"

	"github.com/foretop/foretop/schemas/ingestpb"
)

func TestAnswersAreRememberedWithinBounds(t *testing.T) {
	var a answers
	done := 0
	ask := func(id, size int, asked bool) {
		a.once(t.Context(), strconv.Itoa(id), func() (*ingestpb.CommandResult, bool) {
			done++
			return &ingestpb.CommandResult{After: make([]byte, size)}, asked
		})
	}
	for id := range rememberedAnswers + 10 {
		ask(id, 1, true)
	}
	if len(a.byID) != rememberedAnswers || len(a.order) != rememberedAnswers {
		t.Errorf("%d answers are kept, want %d", len(a.byID), rememberedAnswers)
	}
	before := done
	ask(rememberedAnswers+9, 1, true)
	if done != before {
		t.Error("a remembered command was carried out again")
	}
	for id := range 9 {
		ask(1e6+id, 4<<20, true)
	}
	if a.bytes > rememberedBytes || len(a.byID) != 7 { // each is its object and some bytes more
		t.Errorf("%d answers of %d bytes are kept", len(a.byID), a.bytes)
	}
	ask(1e6+8, 4<<20, true)
	if done != before+9 {
		t.Errorf("the last was carried out again: %d", done-before)
	}
	for range 2 {
		ask(2e6, 1, false)
	}
	if done != before+11 || a.byID["2000000"] != nil {
		t.Errorf("what was not asked of the API server is remembered")
	}
	for id := range 9 {
		ask(3e6+id, 40<<20, true)
	}
	if a.bytes != 0 || len(a.byID) != 0 || len(a.order) != 0 {
		t.Errorf("%d answers of %d bytes are kept of objects that are too large", len(a.byID), a.bytes)
	}
}
