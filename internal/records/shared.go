package records

import "sync"

// Shared keeps what one reader made of something, for others who would make the same.
type Shared struct {
	mu   sync.Mutex
	made map[any]*made
}

type made struct {
	once  sync.Once
	value any
	err   error
}

// Made is what f makes for key, once. A nil Shared makes it anew.
func (s *Shared) Made(key any, f func() (any, error)) (any, error) {
	if s == nil {
		return f()
	}
	s.mu.Lock()
	m := s.made[key]
	if m == nil {
		if s.made == nil {
			s.made = map[any]*made{}
		}
		m = new(made)
		s.made[key] = m
	}
	s.mu.Unlock()
	m.once.Do(func() { m.value, m.err = f() })
	return m.value, m.err
}
