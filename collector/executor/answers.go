package executor

import (
	"context"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// rememberedAnswers bounds what is kept; the hub asks again within seconds, if at all.
const rememberedAnswers = 4096

// answers remembers what was answered to commands that wrote, so that a command that arrives twice writes once.
type answers struct {
	mu    sync.Mutex
	byID  map[string]*remembered
	order []string
}

type remembered struct {
	done   chan struct{} // closed when result is set
	result *ingestpb.CommandResult
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
	if len(a.order) > rememberedAnswers {
		delete(a.byID, a.order[0])
		a.order = a.order[1:]
	}
	a.mu.Unlock()

	// A panic must not leave others waiting, nor forget that something may have been written.
	r.result = answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector could not carry out the command; whether anything was written is unknown.")
	defer close(r.done)
	result, asked := do()
	r.result = result
	if !asked {
		a.mu.Lock()
		if a.byID[id] == r {
			delete(a.byID, id)
		}
		a.mu.Unlock()
	}
	return proto.Clone(result).(*ingestpb.CommandResult)
}
