package collector

import (
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// A message that cannot be encoded would end the stream, and its repetition the next, for ever.
func TestALongMessageInAnyAlphabetCanBeSent(t *testing.T) {
	for _, prefix := range []string{"", "x", "xx"} {
		e := &ingestpb.Event{Message: cutText(prefix + strings.Repeat("界", 16<<10))}
		if _, err := proto.Marshal(e); err != nil {
			t.Errorf("after %d bytes: %v", len(prefix), err)
		}
		if len(e.Message) < 16<<10-3 || len(e.Message) > 16<<10 {
			t.Errorf("cut to %d bytes", len(e.Message))
		}
	}
}
