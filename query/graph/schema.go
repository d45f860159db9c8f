// Package graph serves the fleet as one GraphQL schema: resolvers over the search service and the action module.
//
// Invariant: every resolver reads through the Scope of its request's context; a context without one sees nothing.
package graph

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/graph-gophers/graphql-go"
	gqlerrors "github.com/graph-gophers/graphql-go/errors"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/query/saved"
	"github.com/foretop/foretop/schemas"
)

// Limits on the text of one request, which the library keeps; its own defaults are off. limits.go has the others.
const (
	maxQueryBytes  = 16 << 10
	maxBodyBytes   = 2 << 20  // a manifest of 512 KiB, escaped, with the request round it
	maxFrameBytes  = 64 << 10 // of a socket, where nobody sends manifests
	maxDepth       = 12
	maxSelections  = 2000
	maxOverlap     = 10000
	maxParallelism = 10
	requestTimeout = 30 * time.Second
	maxFirst       = 1000
)

// Deps is what the graph stands on.
type Deps struct {
	Reader  Reader
	Actions Actions         // nil: the hub runs without actions, mutations answer UNAVAILABLE
	Members Members         // nil: the hub takes no collectors
	Saved   *saved.Searches // nil: the hub keeps none
	Audit   *audit.Log      // nil: the hub keeps none
	Tokens  Tokens          // nil: the admin token is the only one
	Protect Protect         // nil: clusters cannot be protected
	Log     *slog.Logger
	Version string
}

// Graph executes GraphQL requests.
type Graph struct {
	schema  *graphql.Schema
	log     *slog.Logger
	sockets chan struct{} // one for each that is open
}

// New parses the SDL and checks that every field has a resolver; an error is a programming mistake.
func New(d Deps) (*Graph, error) {
	root := &resolver{reader: d.Reader, actions: d.Actions, registry: d.Members, saved: d.Saved, audit: d.Audit, tokens: d.Tokens, protect: d.Protect, version: d.Version}
	schema, err := graphql.ParseSchema(schemas.GraphQL, root,
		graphql.UseStringDescriptions(),
		graphql.MaxDepth(maxDepth),
		graphql.MaxQueryLength(maxQueryBytes),
		graphql.MaxSelections(maxSelections),
		graphql.OverlapValidationLimit(maxOverlap),
		graphql.MaxParallelism(maxParallelism),
		graphql.RestrictIntrospection(func(ctx context.Context) bool { return !access.FromContext(ctx).Nothing() }),
		graphql.PanicHandler(panics{d.Log}),
		graphql.Logger(panics{d.Log}),
	)
	if err != nil {
		return nil, fmt.Errorf("parse GraphQL schema: %w", err)
	}
	return &Graph{schema: schema, log: d.Log, sockets: make(chan struct{}, maxSockets)}, nil
}

type resolver struct {
	reader   Reader
	actions  Actions
	registry Members
	saved    *saved.Searches
	audit    *audit.Log
	tokens   Tokens
	protect  Protect
	version  string
}

// Request is one GraphQL operation as clients post it.
type Request struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`
}

// Exec runs a query or mutation as the Scope of ctx.
func (g *Graph) Exec(ctx context.Context, r Request) *graphql.Response {
	resp, texts := g.exec(ctx, r)
	resp.Data = texts.whole(resp.Data)
	return resp
}

// exec is Exec with marks where texts belong.
func (g *Graph) exec(ctx context.Context, r Request) (resp *graphql.Response, texts *verbatim) {
	ctx, a := withAnswer(ctx)
	if resp := outlineOf(r.Query).refused(); resp != nil {
		return resp, a.texts
	}
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	resp = a.settled(g.schema.Exec(ctx, r.Query, r.OperationName, r.Variables))
	g.settle(resp.Errors)
	return resp, a.texts
}

// settle makes every error one that the caller may see: ours as they are, mistakes in the request as the
// library words them, everything else as an id that stands in the log with the cause.
func (g *Graph) settle(list []*gqlerrors.QueryError) {
	for _, e := range list {
		var ours *access.Error
		switch {
		case e.ResolverError == nil:
			if e.Extensions == nil {
				e.Extensions = map[string]any{"code": "BAD_REQUEST"}
			}
		case errors.As(e.ResolverError, &ours):
			e.Message, e.Extensions = ours.Message, ours.Extensions()
		case errors.Is(e.ResolverError, context.DeadlineExceeded):
			e.Message = "The answer took longer than 30 s and was given up."
			e.Extensions = map[string]any{"code": "TIMEOUT", "fix": "Narrow the query by cluster, kind or namespace."}
		case errors.Is(e.ResolverError, context.Canceled):
			e.Message, e.Extensions = "The request was cancelled.", map[string]any{"code": "CANCELLED"}
		default:
			id := uuid.NewString()
			g.log.Error("resolver error", "id", id, "path", fmt.Sprint(e.Path...), "err", e.ResolverError)
			e.Message = "Something went wrong inside the hub; its log has the cause under id " + id + "."
			e.Extensions = map[string]any{"code": "INTERNAL", "id": id}
		}
	}
}

// panics turns a resolver's panic into an error with an id, once, with the value in the log only.
type panics struct{ log *slog.Logger }

func (p panics) LogPanic(_ context.Context, value any) {
	p.log.Error("resolver panic", "value", value, "stack", string(debug.Stack()))
}

func (p panics) MakePanicError(_ context.Context, value any) *gqlerrors.QueryError {
	return &gqlerrors.QueryError{Message: "panic", ResolverError: fmt.Errorf("panic: %v", value)}
}

func unavailableActions() error {
	return &access.Error{Code: "UNAVAILABLE", Message: "This hub runs without the action module.", Fix: "Ask a hub that was started with actions, as foretop up is."}
}

// page checks a list's size and takes it from what is left to the request.
func page(ctx context.Context, first int32) (int, error) {
	if first < 1 || first > maxFirst {
		return 0, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("first is %d; it must be from 1 to %d.", first, maxFirst), Fix: "Ask for a page and continue with after."}
	}
	return int(first), spendNodes(ctx, int(first))
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func timeOrNil(t time.Time) *graphql.Time {
	if t.IsZero() {
		return nil
	}
	return &graphql.Time{Time: t.UTC()}
}
