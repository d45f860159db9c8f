package engine

import (
	"context"
	"sync"
)

// pool lends connections; they are opened when first needed and stay open.
type pool struct {
	open  func() (*connection, error)
	slots chan struct{} // one per connection that may exist
	mu    sync.Mutex
	idle  []*connection
	all   []*connection
}

func newPool(size int, open func() (*connection, error)) *pool {
	return &pool{open: open, slots: make(chan struct{}, size)}
}

// get waits for a free connection. put must follow.
func (p *pool) get(ctx context.Context) (*connection, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n > 0 {
		c := p.idle[n-1]
		p.idle = p.idle[:n-1]
		return c, nil
	}
	c, err := p.open()
	if err != nil {
		<-p.slots
		return nil, err
	}
	p.all = append(p.all, c)
	return c, nil
}

func (p *pool) put(c *connection) {
	p.mu.Lock()
	p.idle = append(p.idle, c)
	p.mu.Unlock()
	<-p.slots
}

// close closes every connection; none may be lent.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range p.all {
		c.close()
	}
	p.all, p.idle = nil, nil
}
