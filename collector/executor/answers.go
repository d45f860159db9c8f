package executor

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// What is kept is bounded, the oldest goes first: the hub asks again within seconds, if at all, and what is forgotten
// still names the version that it is for. Answers hold objects, and a collector has little memory.
const (
	rememberedAnswers = 4096
	rememberedBytes   = 32 << 20
)

// answers remembers what was answered to commands that wrote, so that a command that arrives twice writes once.
type answers struct {
	mu    sync.Mutex
	byID  map[string]*remembered
	order []string
	bytes int
}

type remembered struct {
	done   chan struct{} // closed when result is set
	result *ingestpb.CommandResult
	bytes  int
}

// once runs do for the first caller with id; others get its answer. When do says that nothing was asked of the
// API server, the next caller tries again.
func (a *answers) once(ctx context.Context, id string, do func() (*ingestpb.CommandResult, bool)) *ingestpb.CommandResult {
	a.mu.Lock()
	if had := a.byID[id]; had != nil {
		a.mu.Unlock()
		select {
		case <-had.done:
			return proto.Clone(had.result).(*ingestpb.CommandResult)
		case <-ctx.Done():
			return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "The command is still being carried out.")
		}
	}
	if a.byID == nil {
		a.byID = map[string]*remembered{}
	}
	r := &remembered{done: make(chan struct{})}
	a.byID[id] = r
	a.order = append(a.order, id)
	a.forget()
	a.mu.Unlock()

	// A panic must not leave others waiting, nor forget that something may have been written.
	r.result = answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector could not carry out the command; whether anything was written is unknown.")
	defer close(r.done)
	result, asked := do()
	r.result = result
	a.mu.Lock()
	switch {
	case a.byID[id] != r: // forgotten meanwhile
	case !asked:
		delete(a.byID, id)
	default:
		r.bytes = proto.Size(result)
		a.bytes += r.bytes
		a.forget()
	}
	a.mu.Unlock()
	return proto.Clone(result).(*ingestpb.CommandResult)
}

// forget drops the oldest answers that are too many. a.mu is held.
func (a *answers) forget() {
	for len(a.order) > rememberedAnswers || a.bytes > rememberedBytes {
		if r := a.byID[a.order[0]]; r != nil {
			a.bytes -= r.bytes
			delete(a.byID, a.order[0])
		}
		a.order = a.order[1:]
	}
}
