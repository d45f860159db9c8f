package graph

import (
	"context"

	"github.com/graph-gophers/graphql-go"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/query/saved"
)

func (r *resolver) savedSearches() (*saved.Searches, error) {
	if r.saved == nil {
		return nil, &access.Error{Code: "UNAVAILABLE", Message: "This hub keeps no saved searches.", Fix: "Ask a hub with control state, as foretop up is."}
	}
	return r.saved, nil
}

func (r *resolver) SavedSearches(ctx context.Context) ([]*savedSearch, error) {
	s, err := r.savedSearches()
	if err != nil {
		return nil, err
	}
	scope := access.FromContext(ctx)
	list, err := s.List(ctx, scope)
	if err != nil {
		return nil, err
	}
	out := make([]*savedSearch, len(list))
	for i, x := range list {
		out[i] = &savedSearch{x, scope.User()}
	}
	return out, nil
}

func (r *resolver) SaveSearch(ctx context.Context, args struct {
	Input struct {
		ID                             *graphql.ID
		Name, Description, Query, Page string
		Shared                         bool
	}
}) (*savedSearch, error) {
	s, err := r.savedSearches()
	if err != nil {
		return nil, err
	}
	scope, in := access.FromContext(ctx), args.Input
	id := ""
	if in.ID != nil {
		id = string(*in.ID)
	}
	x, err := s.Save(ctx, scope, saved.Input{ID: id, Name: in.Name, Description: in.Description, Query: in.Query, Page: in.Page, Shared: in.Shared})
	if err != nil {
		return nil, err
	}
	return &savedSearch{x, scope.User()}, nil
}

func (r *resolver) DeleteSavedSearch(ctx context.Context, args idArgs) (bool, error) {
	s, err := r.savedSearches()
	if err != nil {
		return false, err
	}
	if err := s.Delete(ctx, access.FromContext(ctx), string(args.ID)); err != nil {
		return false, err
	}
	return true, nil
}

type savedSearch struct {
	x    *saved.Search
	asks string
}

func (s *savedSearch) ID() graphql.ID          { return graphql.ID(s.x.ID) }
func (s *savedSearch) Name() string            { return s.x.Name }
func (s *savedSearch) Description() string     { return s.x.Description }
func (s *savedSearch) Query() string           { return s.x.Query }
func (s *savedSearch) Page() string            { return s.x.Page }
func (s *savedSearch) Owner() string           { return s.x.Owner }
func (s *savedSearch) Shared() bool            { return s.x.Shared }
func (s *savedSearch) Mine() bool              { return s.x.Owner == s.asks }
func (s *savedSearch) CreatedAt() graphql.Time { return graphql.Time{Time: s.x.CreatedAt} }
func (s *savedSearch) UpdatedAt() graphql.Time { return graphql.Time{Time: s.x.UpdatedAt} }
