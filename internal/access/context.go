package access

import "context"

type scopeKey struct{}

// NewContext carries scope to the code that serves one request.
func NewContext(ctx context.Context, scope Scope) context.Context {
	return context.WithValue(ctx, scopeKey{}, scope)
}

// FromContext is the scope that NewContext put there, or the zero Scope, which sees nothing.
func FromContext(ctx context.Context) Scope {
	scope, _ := ctx.Value(scopeKey{}).(Scope)
	return scope
}
