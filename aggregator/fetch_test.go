package aggregator

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// aCollector answers fetches of zone2 as do says, one after the other; it hears of FetchMore and FetchStop in between.
type aCollector struct {
	stream ingestpb.Ingest_ConnectClient
	down   chan *ingestpb.Downstream
	hangUp func()
}

func (c *aCollector) says(id string, data string) {
	_ = c.stream.Send(&ingestpb.Upstream{Message: &ingestpb.Upstream_Fetched{Fetched: &ingestpb.Fetched{CommandId: id, Data: []byte(data)}}})
}

func (c *aCollector) ends(id string, code ingestpb.CommandResult_Code, message string) {
	_ = c.stream.Send(&ingestpb.Upstream{Message: &ingestpb.Upstream_Result{Result: &ingestpb.CommandResult{CommandId: id, Code: code, Message: message}}})
}

func collects(t *testing.T, g *gate) *aCollector {
	t.Helper()
	conn := g.dials(t, g.enrols(t))
	stream, _, err := connects(t, conn, zone2)
	if err != nil {
		t.Fatal(err)
	}
	c := &aCollector{stream: stream, down: make(chan *ingestpb.Downstream, 1000), hangUp: func() { conn.Close() }}
	go func() {
		defer close(c.down)
		for {
			m, err := stream.Recv()
			if err != nil {
				return
			}
			c.down <- m
		}
	}()
	return c
}

func fetchCommand(id string) *ingestpb.Command {
	return &ingestpb.Command{Id: id, Verb: &ingestpb.Command_Fetch{Fetch: &ingestpb.FetchVerb{}}}
}

func TestFetchesComeInParts(t *testing.T) {
	g := newGate(t)
	take := func(into *strings.Builder) func(*ingestpb.Fetched) error {
		return func(p *ingestpb.Fetched) error { into.Write(p.Data); return nil }
	}
	var text strings.Builder
	if r := g.Fetch(t.Context(), zone1, fetchCommand("f0"), take(&text)); r.Code != ingestpb.CommandResult_CODE_UNAVAILABLE || r.Message != "No collector of zone1 is connected." {
		t.Errorf("nobody there: got %v", r)
	}
	c := collects(t, g)
	go func() {
		for m := range c.down {
			switch id := m.GetCommand().GetId(); id {
			case "":
			case "f1":
				c.says(id, "a")
				c.says("another", "x")
				c.says(id, "b")
				c.ends(id, ingestpb.CommandResult_CODE_OK, "")
				c.says(id, "after its end")
			case "f2":
				c.ends(id, ingestpb.CommandResult_CODE_INVALID, "The command names no verb that this collector knows. Update the collector.")
			case "f3":
				c.says(id, "half")
				c.hangUp()
			}
		}
	}()
	f := func(fact, id string, code ingestpb.CommandResult_Code, message, want string) {
		t.Helper()
		var text strings.Builder
		if r := g.Fetch(t.Context(), zone2, fetchCommand(id), take(&text)); r.Code != code || r.Message != message || text.String() != want || r.CommandId != id {
			t.Errorf("%s: got %v and %q, want %s %q and %q", fact, r, text.String(), code, message, want)
		}
	}
	f("all of it", "f1", ingestpb.CommandResult_CODE_OK, "", "ab")
	f("a collector that is older", "f2", ingestpb.CommandResult_CODE_INVALID, "The command names no verb that this collector knows. Update the collector.", "")
	f("gone meanwhile", "f3", ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector of zone2 disconnected before it had answered all.", "half")
}

func TestAFetchTakesNoMoreRoomThanItsWindow(t *testing.T) {
	g := newGate(t)
	c := collects(t, g)
	part := strings.Repeat("x", ingestpb.FetchPart)
	cost := ingestpb.FetchCost(&ingestpb.Fetched{Data: []byte(part)})
	const parts = 40 // five windows
	go func() {      // sends as soon as there is room, and no sooner
		var id string
		room, sent := uint64(0), 0
		for m := range c.down {
			switch {
			case m.GetCommand() != nil:
				id, room = m.GetCommand().Id, m.GetCommand().GetFetch().Window
			case m.GetFetchMore() != nil:
				room += m.GetFetchMore().Cost
			}
			for ; id != "" && room >= cost && sent < parts; room -= cost {
				c.says(id, part)
				if sent++; sent == parts {
					c.ends(id, ingestpb.CommandResult_CODE_OK, "")
				}
			}
		}
	}()
	got := 0
	r := g.Fetch(t.Context(), zone2, fetchCommand("f1"), func(p *ingestpb.Fetched) error { got += len(p.Data); return nil })
	if r.Code != ingestpb.CommandResult_CODE_OK || got != parts*ingestpb.FetchPart {
		t.Errorf("got %v and %d bytes, want %d", r, got, parts*ingestpb.FetchPart)
	}
}

func TestACollectorThatSendsTooMuchIsToldToStop(t *testing.T) {
	g := newGate(t)
	c := collects(t, g)
	stopped := make(chan struct{})
	go func() {
		for m := range c.down {
			if id := m.GetCommand().GetId(); id != "" {
				for range 20 {
					c.says(id, strings.Repeat("x", ingestpb.FetchPart))
				}
			}
			if m.GetFetchStop().GetCommandId() == "f1" {
				close(stopped)
			}
		}
	}()
	// Its reader takes the first part and waits until all that is kept of the others has come.
	l := g.links[zone2]
	first := true
	r := g.Fetch(t.Context(), zone2, fetchCommand("f1"), func(*ingestpb.Fetched) error {
		if !first {
			return nil
		}
		first = false
		f := l.fetch("f1")
		for range f.come {
			f.mu.Lock()
			full := f.waiting > fetchWindow
			f.mu.Unlock()
			if full {
				f.tell(func() {})
				return nil
			}
		}
		return nil
	})
	if r.Code != ingestpb.CommandResult_CODE_UNAVAILABLE || r.Message != "The collector of zone2 sends more than it may. Update it." {
		t.Errorf("got %v", r)
	}
	<-stopped
}

func TestAReaderThatLeavesStopsTheFetch(t *testing.T) {
	g := newGate(t)
	c := collects(t, g)
	stopped := make(chan string, 2)
	go func() {
		for m := range c.down {
			if id := m.GetCommand().GetId(); id != "" {
				c.says(id, "x")
			}
			if m.GetFetchStop() != nil {
				stopped <- m.GetFetchStop().CommandId
			}
		}
	}()
	r := g.Fetch(t.Context(), zone2, fetchCommand("f1"), func(*ingestpb.Fetched) error { return errors.New("gone") })
	if id := <-stopped; r.Code != ingestpb.CommandResult_CODE_UNAVAILABLE || id != "f1" {
		t.Errorf("taken no more: got %v, %s stopped", r, id)
	}
	ctx, leave := context.WithCancel(t.Context())
	r = g.Fetch(ctx, zone2, fetchCommand("f2"), func(*ingestpb.Fetched) error { leave(); return nil })
	if id := <-stopped; r.Code != ingestpb.CommandResult_CODE_UNAVAILABLE || id != "f2" {
		t.Errorf("left: got %v, %s stopped", r, id)
	}
	if l := g.links[zone2]; len(l.fetches) != 0 {
		t.Errorf("%d fetches are still known", len(l.fetches))
	}
}
