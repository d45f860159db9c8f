package query_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/coder/websocket/wsjson"
)

type frame = map[string]any

// dial opens a socket as the admin.
func dial(t *testing.T, url string) *websocket.Conn {
	t.Helper()
	conn, resp, err := dialSocket(t, url)
	if err != nil {
		t.Fatalf("dial: %v (%v)", err, resp)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return conn
}

func dialSocket(t *testing.T, url string) (*websocket.Conn, *http.Response, error) {
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/graphql", &websocket.DialOptions{
		Subprotocols: []string{"graphql-transport-ws"},
		HTTPHeader:   http.Header{"Authorization": {"Bearer " + token}},
	})
}

func say(t *testing.T, c *websocket.Conn, f frame) {
	t.Helper()
	if err := wsjson.Write(t.Context(), c, f); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, c *websocket.Conn) (frame, websocket.StatusCode) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var f frame
	if err := wsjson.Read(ctx, c, &f); err != nil {
		var closed websocket.CloseError
		if !errors.As(err, &closed) {
			t.Fatal(err)
		}
		return nil, closed.Code
	}
	return f, 0
}

func TestSocketSpeaksGraphQLTransportWS(t *testing.T) {
	c := dial(t, start(t).URL)
	say(t, c, frame{"type": "connection_init"})
	if f, _ := hear(t, c); f["type"] != "connection_ack" {
		t.Fatalf("init is answered by %v", f)
	}
	say(t, c, frame{"type": "ping"})
	if f, _ := hear(t, c); f["type"] != "pong" {
		t.Fatalf("ping is answered by %v", f)
	}
	say(t, c, frame{"type": "subscribe", "id": "1", "payload": frame{"query": `subscription { actionProgress(id: "a") { id } }`}})
	if f, _ := hear(t, c); f["type"] != "error" || f["id"] != "1" {
		t.Fatalf("a refused subscription is answered by %v", f)
	}
}

func TestSocketClosesOnMisuseWithTheProtocolsCodes(t *testing.T) {
	hub := start(t)
	f := func(want websocket.StatusCode, frames ...frame) {
		t.Helper()
		c := dial(t, hub.URL)
		for _, m := range frames {
			say(t, c, m)
		}
		for {
			m, code := hear(t, c)
			if m != nil {
				continue
			}
			if code != want {
				t.Errorf("%v closes with %d, want %d", frames, code, want)
			}
			return
		}
	}
	f(4401, frame{"type": "subscribe", "id": "1", "payload": frame{"query": "{__typename}"}})
	f(4400, frame{"type": "hello"})
	f(4429, frame{"type": "connection_init"}, frame{"type": "connection_init"})
	f(4400, frame{"type": "connection_init"}, frame{"type": "shout"})
	f(4400, frame{"type": "connection_init"}, frame{"type": "subscribe"})
}

func TestSocketRefusesStrangersAndOtherOrigins(t *testing.T) {
	hub := start(t)
	f := func(want int, header http.Header) {
		t.Helper()
		_, resp, err := websocket.Dial(t.Context(), strings.Replace(hub.URL, "http", "ws", 1)+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
		if err == nil || resp == nil || resp.StatusCode != want {
			t.Errorf("answers %v %v, want %d", resp, err, want)
		}
	}
	f(401, nil)
	f(403, http.Header{"Authorization": {"Bearer " + token}, "Origin": {"https://evil.example"}})
}

func TestSocketTakesQueriesUnderTheLimitsOfRequests(t *testing.T) {
	c := dial(t, start(t).URL)
	say(t, c, frame{"type": "connection_init"})
	hear(t, c)
	say(t, c, frame{"type": "subscribe", "id": "1", "payload": frame{"query": `{ __typename }`}})
	for _, want := range []string{"next", "complete"} {
		if f, _ := hear(t, c); f["type"] != want || f["id"] != "1" {
			t.Fatalf("a query is answered by %v, want %s", f, want)
		}
	}
	for i, query := range []string{`{` + strings.Repeat(" a: viewer { user }", 60) + `}`, `subscription {` + strings.Repeat(" a: resourceChanges(query: \"\") { ref }", 60) + `}`} {
		say(t, c, frame{"type": "subscribe", "id": "2", "payload": frame{"query": query}})
		f, _ := hear(t, c)
		if f["type"] != "error" || !strings.Contains(fmt.Sprint(f["payload"]), "60 aliases") {
			t.Fatalf("request %d is answered by %v", i, f)
		}
	}
}

// Who lists and then watches must know from when on changes come; only who asks is told.
func TestSocketTellsWhenASubscriptionHasBegun(t *testing.T) {
	hub := exporting(t, &manyObjects{})
	for _, asks := range []bool{true, false} {
		c := dial(t, hub.URL)
		say(t, c, frame{"type": "connection_init", "payload": frame{"begun": asks}})
		hear(t, c)
		say(t, c, frame{"type": "subscribe", "id": "7", "payload": frame{"query": `subscription { resourceChanges(query: "kind:cm") { ref } }`}})
		if f, _ := hear(t, c); asks && (f["type"] != "ping" || fmt.Sprint(f["payload"]) != "map[begun:7]") || !asks && f["type"] != "next" {
			t.Errorf("asks %v: the first answer is %v", asks, f)
		}
	}
}
