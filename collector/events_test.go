package collector

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/collector/kube/kubetest"
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

// has are the events that the hub believes the member has.
func (h *testHub) has() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return strings.Join(slices.Sorted(maps.Keys(h.events)), " ")
}

func (h *testHub) lists() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.listed
}

func TestEventsAreSentWholeAndUntilTheyAreGone(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, coreEvents, newEvents)
	put := func(name, message string) {
		server.Put("events", "shop", name, map[string]any{"metadata": map[string]any{"uid": "uid-" + name, "managedFields": []any{map[string]any{"manager": "m"}}}, "type": "Normal", "reason": "Pulled",
			"message": message, "involvedObject": map[string]any{"kind": "Pod", "name": "p"}})
	}
	put("a", "pull https://bob:canary@registry failed")
	put("b", "fine")
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "events", hub.has, "uid-a uid-b")
	wait(t, "lists", hub.lists, 1)
	hub.mu.Lock()
	sent := string(hub.events["uid-a"].Object)
	hub.mu.Unlock()
	var e struct {
		APIVersion, Kind, Message string
		Metadata                  map[string]any
	}
	if err := json.Unmarshal([]byte(sent), &e); err != nil || e.APIVersion != "v1" || e.Kind != "Event" || e.Message != "pull https://bob:[redacted]@registry failed" || e.Metadata["managedFields"] != nil {
		t.Errorf("%v: sent as %s", err, sent)
	}
	server.Delete("events", "shop", "a")
	wait(t, "after one is deleted", hub.has, "uid-b")

	// What goes while nobody watches is found by the next list.
	server.Fail(func(*http.Request) *kubetest.Failure { return &kubetest.Failure{Code: 503} })
	server.Cut()
	server.Delete("events", "shop", "b")
	put("c", "new")
	server.Forget()
	server.Fail(nil)
	wait(t, "after a list", hub.has, "uid-c")

	// So it is when the hub knows more than the collector: a stream that begins anew says when all are listed.
	lists := hub.lists()
	hub.mu.Lock()
	hub.events["uid-z"] = &ingestpb.Event{Uid: "uid-z"}
	ended := false
	hub.fail = func(*ingestpb.Batch) error {
		if ended {
			return nil
		}
		ended = true
		return ErrStreamEnded
	}
	hub.mu.Unlock()
	put("d", "newer")
	wait(t, "in a new stream", hub.has, "uid-c uid-d")
	if hub.lists() <= lists {
		t.Error("the new stream did not say that all are listed")
	}
}
