package search

import (
	"context"
	"math"
	"time"
)

// ChangedMost sets up to how many objects that changed since a moment are read as they were.
func (s *Service) ChangedMost(objects int) { s.changedMost = objects }

// KnowsPast reports whether columns know what stood at a moment.
func (s *Service) KnowsPast(moment time.Time) bool {
	t := s.table.Load()
	return t != nil && t.Knows(moment.UnixMilli())
}

// LoadPast loads it again and answers how many versions that brought.
func (s *Service) LoadPast(ctx context.Context) (versions int, err error) {
	versions, _, err = s.loadPast(ctx, s.table.Load())
	return versions, err
}

// HidePast has history asked about moments until show.
func (s *Service) HidePast() (show func()) {
	t := s.table.Load()
	t.KnowPast(math.MaxInt64)
	return func() { t.KnowPast(0) }
}

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

// LookMost is how many objects a question may look into.
func (s *Service) LookMost(n int) { s.lookMost = n }

// LeaveUnread sets how many versions who follows may leave unread.
func (s *Service) LeaveUnread(versions int) { s.unreadMost = versions }

// Followed is how many questions are followed.
func (s *Service) Followed() int {
	s.sequences.mu.Lock()
	defer s.sequences.mu.Unlock()
	return len(s.sequences.all)
}
