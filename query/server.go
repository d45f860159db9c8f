// Package query is the hub's face: one HTTP server that knows who asks, mounts the readers and the page, and
// lets nobody in without a token.
//
// Invariant: every path but the page's static files, /healthz, /readyz and /login is served under a Scope.
package query

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/query/graph"
	"github.com/foretop/foretop/query/kubeapi"
	"github.com/foretop/foretop/query/saved"
)

// Deps is what the server stands on.
type Deps struct {
	Reader  graph.Reader
	Kube    kubeapi.Reader // nil: no Kubernetes API
	Live    kubeapi.Live   // nil: members themselves are not read
	Actions graph.Actions
	Members graph.Members
	Saved   *saved.Searches
	Audit   *audit.Log
	Tokens  Tokens
	Protect graph.Protect
	UI      fs.FS  // the built page
	Token   string // the admin token; never empty
	Ready   func() error
	Log     *slog.Logger
	Metrics prometheus.Registerer
	Version string
}

// Server serves people, the CLI and programs.
type Server struct {
	deps     Deps
	graph    *graph.Graph
	sessions *sessions
	requests *prometheus.HistogramVec
	exports  *exports
}

// New builds the server; it listens in Serve.
func New(d Deps) (*Server, error) {
	if d.Token == "" {
		return nil, errors.New("query server needs an admin token")
	}
	var named graph.Tokens // not a nil *tokens.Store within it
	if d.Tokens != nil {
		named = d.Tokens
	}
	g, err := graph.New(graph.Deps{Reader: d.Reader, Actions: d.Actions, Members: d.Members, Saved: d.Saved, Audit: d.Audit, Tokens: named, Protect: d.Protect, Log: d.Log, Version: d.Version})
	if err != nil {
		return nil, err
	}
	s := &Server{deps: d, graph: g, sessions: newSessions(d.Token, d.Tokens)}
	s.requests = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name:    "foretop_query_request_duration_seconds",
		Help:    "Time to answer one HTTP request, by route and status.",
		Buckets: prometheus.ExponentialBuckets(0.002, 2, 13),
	}, []string{"route", "code"})
	s.exports = newExports()
	if d.Metrics != nil {
		for _, m := range []prometheus.Collector{s.requests, s.exports.ended, s.exports.rows} {
			if err := d.Metrics.Register(m); err != nil {
				return nil, fmt.Errorf("register request metrics: %w", err)
			}
		}
	}
	return s, nil
}

// Handler is everything the server answers.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", s.readyz)
	mux.HandleFunc("POST /login", s.login)
	mux.HandleFunc("POST /logout", s.logout)
	mux.Handle("/graphql", s.authenticated("graphql", s.graph))
	mux.Handle("GET /api/v1/export", s.authenticated("export", http.HandlerFunc(s.export)))
	mux.Handle("GET /api/v1/export/audit", s.authenticated("export", http.HandlerFunc(s.exportAudit)))
	if s.deps.Kube != nil {
		deps := kubeapi.Deps{Reader: s.deps.Kube, Live: s.deps.Live, Log: s.deps.Log, Version: s.deps.Version}
		if s.deps.Saved != nil {
			deps.Saved = s.deps.Saved
		}
		api := s.authenticated("kube", kubeapi.New(deps))
		for _, mount := range kubeapi.Mounts {
			mux.Handle(mount, api)
			if mount != "/api" { // below it is more
				mux.Handle(mount+"/", api)
			}
		}
	}
	mux.Handle("/", page(s.deps.UI))
	return s.guard(mux)
}

func (s *Server) readyz(w http.ResponseWriter, _ *http.Request) {
	if s.deps.Ready != nil {
		if err := s.deps.Ready(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
	}
	fmt.Fprintln(w, "ok")
}

// bodyTimeout is how long a request's body may take to arrive. Not http.Server's ReadTimeout: that would end
// requests whose answer takes longer.
const bodyTimeout = 5 * time.Second

// punctual is a body that has to arrive in time. Once it is there the connection has time again: the server goes on reading
// to see whether the client leaves, and a deadline that passes then looks as if it had.
type punctual struct {
	io.ReadCloser
	w http.ResponseWriter
}

func newPunctual(w http.ResponseWriter, body io.ReadCloser) *punctual {
	_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(bodyTimeout)) // only a test's recorder has none
	return &punctual{body, w}
}

func (p *punctual) Read(b []byte) (int, error) {
	n, err := p.ReadCloser.Read(b)
	if errors.Is(err, io.EOF) {
		_ = http.NewResponseController(p.w).SetReadDeadline(time.Time{})
	}
	return n, err
}

// guard sets the headers of every answer, waits for no slow body and keeps a panic from taking the hub down.
func (s *Server) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == http.ErrAbortHandler { //nolint:errorlint // a recovered value is compared, not an error chain
				panic(v) // the answer ends in the middle, and its reader must see that
			}
			if v != nil {
				s.deps.Log.Error("request panic", "path", r.URL.Path, "value", v, "stack", string(debug.Stack()))
				http.Error(w, "Something went wrong inside the hub; its log has the cause.", http.StatusInternalServerError)
			}
		}()
		if r.Header.Get("Upgrade") == "" && r.Body != http.NoBody {
			r.Body = newPunctual(w, r.Body)
		}
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Content-Security-Policy", contentSecurityPolicy)
		next.ServeHTTP(w, r)
	})
}

// CodeMirror writes its styles into the page at run time, which is why styles may be inline; scripts may not.
const contentSecurityPolicy = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// authenticated lets a request with a valid token or session through, as its Scope.
func (s *Server) authenticated(route string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		scope, source, err := s.sessions.identify(r)
		if err != nil {
			s.requests.WithLabelValues(route, fmt.Sprint(s.turnAway(w, err))).Observe(0)
			return
		}
		ctx := graph.WithSource(access.NewContext(r.Context(), scope), source)
		if r.Header.Get("Upgrade") != "" { // a socket's life is not a request's duration
			next.ServeHTTP(w, r.WithContext(ctx))
			return
		}
		began := time.Now()
		rec := &recorder{ResponseWriter: w, code: http.StatusOK}
		next.ServeHTTP(rec, r.WithContext(ctx))
		s.requests.WithLabelValues(route, fmt.Sprint(rec.code)).Observe(time.Since(began).Seconds())
	})
}

type recorder struct {
	http.ResponseWriter
	code int
}

func (r *recorder) WriteHeader(code int) {
	r.code = code
	r.ResponseWriter.WriteHeader(code)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Listen binds address. A taken port is one sentence with the remedy.
func Listen(address, flag string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("Address %s is taken by another program.", address), Fix: fmt.Sprintf("Stop it, or choose another address with --%s.", flag)}
	case errors.Is(err, syscall.EACCES):
		return nil, &access.Error{Code: "FORBIDDEN", Message: fmt.Sprintf("Address %s may not be bound by this user.", address), Fix: fmt.Sprintf("Choose a port above 1023 with --%s.", flag)}
	case err != nil:
		return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q is not an address that can be listened on: %v.", address, err), Fix: fmt.Sprintf("Give --%s as HOST:PORT, for example 127.0.0.1:7080.", flag)}
	}
	return l, nil
}

// Serve answers on l until ctx ends, then lets requests in flight finish for at most 5 s.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	// Sockets and long requests end with ctx, not with the grace period.
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		BaseContext:       func(net.Listener) context.Context { return ctx },
	}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	select {
	case err := <-done:
		return fmt.Errorf("serve %s: %w", l.Addr(), err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	err := server.Shutdown(grace)
	<-done
	if err != nil {
		server.Close()
	}
	return nil
}
