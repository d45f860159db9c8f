package graph

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/graph-gophers/graphql-go"
	gqlerrors "github.com/graph-gophers/graphql-go/errors"
)

// The graphql-transport-ws subprotocol, as https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md has it.
const (
	subprotocol  = "graphql-transport-ws"
	initTimeout  = 10 * time.Second
	writeTimeout = 10 * time.Second
	pingEvery    = 20 * time.Second
	maxPerSocket = 50 // subscriptions of one page; more is a mistake or an attack
	maxSockets   = 256

	closeBadRequest    websocket.StatusCode = 4400
	closeUnauthorized  websocket.StatusCode = 4401
	closeBadProtocol   websocket.StatusCode = 4406
	closeInitTimeout   websocket.StatusCode = 4408
	closeDuplicateID   websocket.StatusCode = 4409
	closeTooManyInits  websocket.StatusCode = 4429
	closeTooManyAtOnce websocket.StatusCode = 4430
)

type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// ServeSocket speaks graphql-transport-ws until the client leaves. The request's context carries the caller's
// Scope; the origin must be the hub's own.
func (g *Graph) ServeSocket(w http.ResponseWriter, r *http.Request) {
	select {
	case g.sockets <- struct{}{}:
		defer func() { <-g.sockets }()
	default:
		refuse(w, http.StatusServiceUnavailable, fmt.Sprintf("This hub has %d live connections, as many as it takes: close pages that nobody looks at.", maxSockets))
		return
	}
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{Subprotocols: []string{subprotocol}})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	if conn.Subprotocol() != subprotocol {
		conn.Close(closeBadProtocol, "Subprotocol not acceptable")
		return
	}
	conn.SetReadLimit(maxFrameBytes)
	ctx, cancel := context.WithCancel(r.Context())
	s := &socket{graph: g, conn: conn, running: map[string]*running{}}
	defer s.wait.Wait() // after cancel: no subscription outlives its socket
	defer cancel()
	s.wait.Go(func() { s.keepAlive(ctx, cancel) })
	s.serve(ctx)
}

// socket is one client's connection. Writes are serialised by the library; running by the mutex.
type socket struct {
	graph *Graph
	conn  *websocket.Conn
	wait  sync.WaitGroup
	begun bool // the client wants to know when a subscription has begun

	mu      sync.Mutex
	running map[string]*running // by id
}

// running is one operation; its id may stand for the next one before it has ended.
type running struct {
	id     string
	ctx    context.Context
	cancel context.CancelFunc
}

func (s *socket) serve(ctx context.Context) {
	initCtx, initDone := context.WithTimeout(ctx, initTimeout)
	first, err := s.read(initCtx)
	initDone()
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		s.conn.Close(closeInitTimeout, "Connection initialisation timeout")
		return
	case err != nil:
		return
	case first.Type == "subscribe":
		s.conn.Close(closeUnauthorized, "Unauthorized")
		return
	case first.Type != "connection_init":
		s.conn.Close(closeBadRequest, "The first message must be connection_init")
		return
	}
	// The protocol has no word for "from now on nothing is missed", which who lists and then watches has to know. A ping
	// may carry anything: clients that ask for it in connection_init get {"begun": ID}.
	var wishes struct {
		Begun bool `json:"begun"`
	}
	if len(first.Payload) > 0 && json.Unmarshal(first.Payload, &wishes) == nil {
		s.begun = wishes.Begun
	}
	s.send(ctx, message{Type: "connection_ack"})
	for {
		m, err := s.read(ctx)
		if err != nil {
			return
		}
		switch m.Type {
		case "ping":
			s.send(ctx, message{Type: "pong"})
		case "pong":
		case "connection_init":
			s.conn.Close(closeTooManyInits, "Too many initialisation requests")
			return
		case "subscribe":
			if !s.subscribe(ctx, m) {
				return
			}
		case "complete":
			s.complete(m.ID)
		default:
			s.conn.Close(closeBadRequest, "Unknown message type")
			return
		}
	}
}

func (s *socket) read(ctx context.Context) (message, error) {
	var m message
	_, data, err := s.conn.Read(ctx)
	if err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil {
		s.conn.Close(closeBadRequest, "Message is not JSON")
		return m, err
	}
	return m, nil
}

// subscribe starts one operation; false ends the connection.
func (s *socket) subscribe(ctx context.Context, m message) bool {
	var req Request
	if m.ID == "" || json.Unmarshal(m.Payload, &req) != nil {
		s.conn.Close(closeBadRequest, "subscribe needs an id and a request")
		return false
	}
	op, taken, many := s.begin(ctx, m.ID)
	switch {
	case taken:
		s.conn.Close(closeDuplicateID, "Subscriber for "+m.ID+" already exists")
		return false
	case many:
		s.conn.Close(closeTooManyAtOnce, "Too many subscriptions on one connection")
		return false
	}
	s.wait.Go(func() {
		defer op.cancel()
		defer s.forget(op)
		s.run(op, req)
	})
	return true
}

// begin notes an operation unless its id is taken or there are too many.
func (s *socket) begin(ctx context.Context, id string) (op *running, taken, many bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, taken = s.running[id]
	many = len(s.running) >= maxPerSocket
	if taken || many {
		return nil, taken, many
	}
	op = &running{id: id}
	op.ctx, op.cancel = context.WithCancel(ctx)
	s.running[id] = op
	return op, false, false
}

// complete ends what runs under an id, since the client wants no more of it.
func (s *socket) complete(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if op := s.running[id]; op != nil {
		op.cancel()
		delete(s.running, id)
	}
}

// forget frees the id of an operation, unless another one has it.
func (s *socket) forget(op *running) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running[op.id] == op {
		delete(s.running, op.id)
	}
}

func (s *socket) run(op *running, req Request) {
	o := outlineOf(req.Query)
	if !o.subscribes(req.OperationName) {
		s.answer(op, s.graph.Exec(op.ctx, req))
		return
	}
	if refused := o.refused(); refused != nil {
		s.answer(op, refused)
		return
	}
	answers, err := s.graph.schema.Subscribe(op.ctx, req.Query, req.OperationName, req.Variables)
	if err != nil {
		s.last(op, "error", []map[string]string{{"message": err.Error()}})
		return
	}
	if s.begun && !s.sendJSON(op.ctx, "", "ping", map[string]string{"begun": op.id}) {
		return
	}
	for a := range answers {
		resp, ok := a.(*graphql.Response)
		if !ok {
			s.graph.log.Error("subscription answered an unknown type", "id", op.id)
			return
		}
		s.graph.settle(resp.Errors)
		if resp.Data == nil && len(resp.Errors) > 0 {
			s.last(op, "error", resp.Errors)
			return
		}
		if !s.sendJSON(op.ctx, op.id, "next", resp) {
			return
		}
	}
	s.last(op, "complete", nil)
}

// answer sends the only answer of an operation.
func (s *socket) answer(op *running, resp *graphql.Response) {
	if resp.Data == nil && len(resp.Errors) > 0 {
		s.last(op, "error", resp.Errors)
		return
	}
	if s.sendJSON(op.ctx, op.id, "next", resp) {
		s.last(op, "complete", nil)
	}
}

// last sends what ends an operation. Its id is free before the client hears of the end, and may use it again.
func (s *socket) last(op *running, typ string, payload any) {
	if op.ctx.Err() != nil {
		return // the client ended it
	}
	s.forget(op)
	if payload == nil {
		s.send(op.ctx, message{ID: op.id, Type: typ})
		return
	}
	s.sendJSON(op.ctx, op.id, typ, payload)
}

func (s *socket) sendJSON(ctx context.Context, id, typ string, payload any) bool {
	raw, err := json.Marshal(payload)
	if err != nil {
		s.graph.log.Error("encode subscription answer", "err", err)
		raw, typ = []byte(`[{"message":"The answer could not be encoded."}]`), "error"
	}
	return s.send(ctx, message{ID: id, Type: typ, Payload: raw})
}

func (s *socket) send(ctx context.Context, m message) bool {
	raw, err := json.Marshal(m)
	if err != nil {
		return false
	}
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, raw) == nil
}

// keepAlive finds clients that vanished without a word.
func (s *socket) keepAlive(ctx context.Context, gone context.CancelFunc) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			pingCtx, cancel := context.WithTimeout(ctx, writeTimeout)
			err := s.conn.Ping(pingCtx)
			cancel()
			if err != nil {
				gone()
				return
			}
		}
	}
}

// write writes resp as JSON. Its data is JSON already, possibly tens of megabytes: encoding/json would read it through
// once more.
func write(w io.Writer, resp *graphql.Response, texts *verbatim) error {
	if len(resp.Errors) > 0 || len(resp.Extensions) > 0 || len(resp.Data) == 0 {
		resp.Data = texts.whole(resp.Data)
		return json.NewEncoder(w).Encode(resp)
	}
	out := bufio.NewWriterSize(w, 64<<10)
	_, _ = out.WriteString(`{"data":`) // Flush answers its error
	if err := texts.write(out, resp.Data); err != nil {
		return err
	}
	_, _ = out.WriteString("}\n")
	return out.Flush()
}

// ServeHTTP answers one operation as JSON; a request to upgrade goes to ServeSocket.
func (g *Graph) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Upgrade") != "" {
		g.ServeSocket(w, r)
		return
	}
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		refuse(w, http.StatusMethodNotAllowed, "GraphQL is asked by POST.")
		return
	}
	var req Request
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBodyBytes)).Decode(&req); err != nil {
		var large *http.MaxBytesError
		if errors.As(err, &large) {
			refuse(w, http.StatusRequestEntityTooLarge, "The request is larger than 2 MiB.")
			return
		}
		refuse(w, http.StatusBadRequest, `The body is not a GraphQL request: it must be JSON like {"query": "{ clusters { name } }"}.`)
		return
	}
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{}) // the body is here; the answer may take its time
	resp, texts := g.exec(r.Context(), req)
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	if err := write(w, resp, texts); err != nil {
		g.log.Debug("write GraphQL answer", "err", err)
	}
}

func refuse(w http.ResponseWriter, status int, sentence string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer := map[string]any{"errors": []*gqlerrors.QueryError{{Message: sentence, Extensions: map[string]any{"code": "BAD_REQUEST"}}}}
	_ = json.NewEncoder(w).Encode(answer) // the client is gone when this fails
}
