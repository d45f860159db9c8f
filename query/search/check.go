package search

import (
	"context"
	"fmt"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/query/ql"
)

// pages are the lists that a query can be asked of, as people name them.
var pages = map[string]ql.Page{"resources": ql.Resources, "changes": ql.Changes, "events": ql.Events}

// Check reads a query of page and answers what is wrong with it; nothing is asked of the database.
func (s *Service) Check(ctx context.Context, scope access.Scope, query, page string) error {
	p, ok := pages[page]
	if !ok {
		return fmt.Errorf("check a query of the unknown page %q", page)
	}
	_, err := s.ask(ctx, scope, query, p, time.Time{})
	return err
}
