package collector

import (
	"context"
	"sync"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// fetches are what the hub reads through one stream now. A part is sent when the hub has room for it, so that nobody who
// reads slowly holds up what is collected.
type fetches struct {
	mu   sync.Mutex
	byID map[string]*fetch
}

type fetch struct {
	stop context.CancelFunc
	more chan struct{} // has room for one; says that room was added

	mu   sync.Mutex
	room uint64
}

func (f *fetches) begin(id string, room uint64, stop context.CancelFunc) (*fetch, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.byID == nil {
		f.byID = map[string]*fetch{}
	}
	if f.byID[id] != nil {
		return nil, false
	}
	began := &fetch{stop: stop, more: make(chan struct{}, 1), room: room}
	f.byID[id] = began
	return began, true
}

func (f *fetches) end(id string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.byID, id)
}

// named is a fetch of this stream, nil when it has ended.
func (f *fetches) named(id string) *fetch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.byID[id]
}

// add lets so much more come.
func (f *fetch) add(cost uint64) {
	f.mu.Lock()
	f.room += cost
	f.mu.Unlock()
	select {
	case f.more <- struct{}{}:
	default:
	}
}

// take waits until there is room.
func (f *fetch) take(ctx context.Context, cost uint64) error {
	for {
		f.mu.Lock()
		enough := f.room >= cost
		if enough {
			f.room -= cost
		}
		f.mu.Unlock()
		if enough {
			return nil
		}
		select {
		case <-f.more:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// fetch begins to carry out a command that reads in parts. It ends with the stream.
func (s *hubStream) fetch(ctx context.Context, c *ingestpb.Command) {
	ctx, cancel := context.WithCancel(ctx)
	// Known from here on: the hub may stop it at once.
	f, ok := s.fetches.begin(c.Id, c.GetFetch().GetWindow(), cancel)
	s.hub.work.Go(func() {
		defer cancel()
		result := &ingestpb.CommandResult{CommandId: c.Id}
		switch {
		case !ok:
			result.Code, result.Message = ingestpb.CommandResult_CODE_INVALID, "A command of this ID is being carried out."
		case s.hub.cfg.Executor == nil:
			result.Code, result.Message = ingestpb.CommandResult_CODE_FORBIDDEN, "This collector only sends what it collects: it was started without the right to carry out commands."
		default:
			result = s.hub.cfg.Executor.Fetch(ctx, c, func(part *ingestpb.Fetched) error {
				if err := f.take(ctx, ingestpb.FetchCost(part)); err != nil {
					return err
				}
				return s.up(&ingestpb.Upstream{Message: &ingestpb.Upstream_Fetched{Fetched: part}})
			})
		}
		if ok {
			s.fetches.end(c.Id)
		}
		if err := s.up(&ingestpb.Upstream{Message: &ingestpb.Upstream_Result{Result: result}}); err != nil {
			s.hub.log.Debug("end of a fetch was not sent", "command_id", c.Id, "err", err)
		}
	})
}
