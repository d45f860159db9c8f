package graph

import (
	"context"
	"strings"
	"time"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clusters"
	named "github.com/foretop/foretop/internal/tokens"
)

// Tokens is what the graph needs to manage named tokens. Every method refuses those who may not, and leaves an audit row.
type Tokens interface {
	List(ctx context.Context, scope access.Scope) ([]named.Token, error)
	// Create answers the token itself, this once. A ttl of 0 is for good.
	Create(ctx context.Context, scope access.Scope, source, name string, ttl time.Duration) (named.Token, string, error)
	Revoke(ctx context.Context, scope access.Scope, source, name string) error
}

// Protect is what the graph needs to protect clusters.
type Protect interface {
	// Protect answers the level that now holds, and whether that is the one asked for: done is false when another person has
	// to ask for it too. It leaves an audit row.
	Protect(ctx context.Context, scope access.Scope, source, cluster string, level clusters.Protection) (now clusters.Protection, done bool, err error)
}

func (r *resolver) tokenStore() (Tokens, error) {
	if r.tokens == nil {
		return nil, &access.Error{Code: "UNAVAILABLE", Message: "This hub knows no named tokens.", Fix: "Ask a hub with control state, as foretop up is."}
	}
	return r.tokens, nil
}

func (r *resolver) Tokens(ctx context.Context) ([]tokenResolver, error) {
	t, err := r.tokenStore()
	if err != nil {
		return nil, err
	}
	found, err := t.List(ctx, access.FromContext(ctx))
	if err != nil {
		return nil, err
	}
	list := make([]tokenResolver, len(found))
	for i, x := range found {
		list[i] = tokenResolver{x}
	}
	return list, nil
}

func (r *resolver) CreateToken(ctx context.Context, args struct {
	Name       string
	TTLSeconds *int32
}) (*newToken, error) {
	t, err := r.tokenStore()
	if err != nil {
		return nil, err
	}
	if args.TTLSeconds != nil && *args.TTLSeconds < 1 {
		return nil, &access.Error{Code: "BAD_REQUEST", Message: "A token that has no time left is of no use.", Fix: "Give at least a second, or none for a token without end."}
	}
	made, secret, err := t.Create(ctx, access.FromContext(ctx), SourceOf(ctx), args.Name, time.Duration(valueOf(args.TTLSeconds))*time.Second)
	if err != nil {
		return nil, err
	}
	return &newToken{made, secret}, nil
}

func (r *resolver) RevokeToken(ctx context.Context, args struct{ Name string }) (bool, error) {
	t, err := r.tokenStore()
	if err != nil {
		return false, err
	}
	if err := t.Revoke(ctx, access.FromContext(ctx), SourceOf(ctx), args.Name); err != nil {
		return false, err
	}
	return true, nil
}

type tokenResolver struct{ t named.Token }

func (t tokenResolver) Name() string             { return t.t.Name }
func (t tokenResolver) CreatedAt() graphql.Time  { return graphql.Time{Time: t.t.CreatedAt.UTC()} }
func (t tokenResolver) CreatedBy() string        { return t.t.CreatedBy }
func (t tokenResolver) ExpiresAt() *graphql.Time { return timeOrNil(t.t.Expires) }
func (t tokenResolver) Expired() bool            { return t.t.Expired(time.Now()) }

type newToken struct {
	t      named.Token
	secret string
}

func (t *newToken) Name() string             { return t.t.Name }
func (t *newToken) Token() string            { return t.secret }
func (t *newToken) ExpiresAt() *graphql.Time { return timeOrNil(t.t.Expires) }

func (r *resolver) ProtectCluster(ctx context.Context, args struct{ Name, Level string }) (*protectedCluster, error) {
	if r.protect == nil {
		return nil, &access.Error{Code: "UNAVAILABLE", Message: "This hub protects no clusters.", Fix: "Ask a hub with control state, as foretop up is."}
	}
	level, err := clusters.ReadProtection(strings.ToLower(strings.ReplaceAll(args.Level, "_", "-")))
	if err != nil {
		return nil, err
	}
	now, done, err := r.protect.Protect(ctx, access.FromContext(ctx), SourceOf(ctx), args.Name, level)
	if err != nil {
		return nil, err
	}
	return &protectedCluster{args.Name, now, done}, nil
}

type protectedCluster struct {
	name  string
	level clusters.Protection
	done  bool
}

func (p *protectedCluster) Name() string       { return p.name }
func (p *protectedCluster) Protection() string { return protectionName(p.level.String()) }
func (p *protectedCluster) Done() bool         { return p.done }
