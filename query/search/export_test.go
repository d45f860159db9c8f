package search

import "context"

// ChangedMost sets up to how many objects that changed since a moment are read as they were.
func (s *Service) ChangedMost(objects int) { s.changedMost = objects }

// HideColumns has the database answer until show. Nothing may change meanwhile.
func (s *Service) HideColumns() (show func()) {
	t := s.table.Swap(nil)
	return func() { s.table.Store(t) }
}

// Load fills columns anew and answers how many objects they hold.
func (s *Service) Load(ctx context.Context) (int, error) {
	_, n, err := s.loadColumns(ctx)
	return n, err
}
