package aggregator

import (
	"context"
	"fmt"
	"sync"

	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	// fetchWindow is how much of one fetch may be on its way or wait here for its reader.
	fetchWindow = 256 << 10
	// fetchGrant is how much has to be read before the collector is told so.
	fetchGrant = fetchWindow / 4
)

// fetching is a fetch whose parts come by gRPC.
type fetching struct {
	come chan struct{} // has room for one; says that there is something

	mu      sync.Mutex
	parts   []*ingestpb.Fetched
	waiting uint64 // cost of parts
	result  *ingestpb.CommandResult
	cut     bool // the link has ended
}

func (f *fetching) tell(change func()) {
	f.mu.Lock()
	change()
	f.mu.Unlock()
	select {
	case f.come <- struct{}{}:
	default:
	}
}

// Fetch has a connected collector read from its member, and gives take what comes, part by part, until that is all, take
// fails or ctx ends. It answers always: failures are codes of the result.
func (s *Server) Fetch(ctx context.Context, clusterUID string, c *ingestpb.Command, take func(*ingestpb.Fetched) error) *ingestpb.CommandResult {
	fail := func(format string, args ...any) *ingestpb.CommandResult {
		return &ingestpb.CommandResult{CommandId: c.Id, Code: ingestpb.CommandResult_CODE_UNAVAILABLE, Message: fmt.Sprintf(format, args...)}
	}
	s.mu.Lock()
	l := s.links[clusterUID]
	s.mu.Unlock()
	if l == nil {
		return fail("No collector of %s is connected.", s.nameOf(clusterUID))
	}
	c.GetFetch().Window = fetchWindow
	f, ok := l.begin(c.Id)
	if !ok {
		return fail("The collector of %s has just disconnected.", l.name)
	}
	defer l.endFetch(c.Id)
	if !l.sayWithin(ctx, &ingestpb.Downstream{Message: &ingestpb.Downstream_Command{Command: c}}) {
		return fail("The collector of %s does not take commands.", l.name)
	}
	stop := func() {
		// Its collector must hear it, also when the reader has left. A link that does not send ends anyway.
		go l.say(&ingestpb.Downstream{Message: &ingestpb.Downstream_FetchStop{FetchStop: &ingestpb.FetchStop{CommandId: c.Id}}})
	}
	read := uint64(0)
	for {
		select {
		case <-f.come:
		case <-ctx.Done():
			stop()
			return fail("The collector of %s did not answer in time.", l.name)
		}
		f.mu.Lock()
		parts, result, cut, waiting := f.parts, f.result, f.cut, f.waiting
		f.parts, f.waiting = nil, 0
		f.mu.Unlock()
		if waiting > fetchWindow {
			stop()
			return fail("The collector of %s sends more than it may. Update it.", l.name)
		}
		for _, part := range parts {
			if err := take(part); err != nil {
				stop()
				return fail("Nobody reads it any more.")
			}
			read += ingestpb.FetchCost(part)
		}
		switch {
		case result != nil:
			return result
		case cut:
			return fail("The collector of %s disconnected before it had answered all.", l.name)
		}
		if read >= fetchGrant {
			more := &ingestpb.FetchMore{CommandId: c.Id, Cost: read}
			if !l.sayWithin(ctx, &ingestpb.Downstream{Message: &ingestpb.Downstream_FetchMore{FetchMore: more}}) {
				stop()
				return fail("The collector of %s did not answer in time.", l.name)
			}
			read = 0
		}
	}
}

// nameOf is what people call a cluster.
func (s *Server) nameOf(clusterUID string) string {
	if e, ok := s.clusters.ByUID(clusterUID); ok {
		return e.Name
	}
	return clusterUID
}

// sayWithin is say until ctx ends.
func (l *link) sayWithin(ctx context.Context, m *ingestpb.Downstream) bool {
	select {
	case l.down <- m:
		return true
	case <-l.ctx.Done():
	case <-ctx.Done():
	}
	return false
}

// begin registers for what a fetch brings; false when the link is closing.
func (l *link) begin(id string) (*fetching, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closing {
		return nil, false
	}
	f := &fetching{come: make(chan struct{}, 1)}
	l.fetches[id] = f
	return f, true
}

func (l *link) endFetch(id string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.fetches, id)
}

// fetch is the one of an ID, nil when nobody reads it any more.
func (l *link) fetch(id string) *fetching {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fetches[id]
}

// fetched passes a part on. It never waits: a collector sends no more than it was given room for.
func (l *link) fetched(part *ingestpb.Fetched) {
	f := l.fetch(part.CommandId)
	if f == nil {
		return
	}
	f.tell(func() {
		if f.result == nil && f.waiting <= fetchWindow { // beyond it the fetch is ended, and nothing more of it kept
			f.parts, f.waiting = append(f.parts, part), f.waiting+ingestpb.FetchCost(part)
		}
	})
}
