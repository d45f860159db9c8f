// Package collector is the agent of one member cluster: it turns what the member's API server says into
// sealed batches, and carries out the hub's typed commands there. It holds no database and no index.
//
// Invariant: no object leaves it that redaction has not seen.
package collector

import (
	"context"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// Sink takes one stream's batches from one collector, in order. The aggregator is one when collector and hub
// share a process; Dial makes one that speaks gRPC.
type Sink interface {
	// Send returns nil only when b is durable at the hub: it survives a crash of everything. It may be called
	// again with the same batch after an error; the hub keeps one. ErrFenced says that a newer stream of this
	// cluster has begun and this one must end. Never called concurrently. Nobody changes b after it was given.
	Send(ctx context.Context, b *ingestpb.Batch) error
}

// Welcoming is a Sink that has what the hub said first.
type Welcoming interface {
	Sink
	Welcome() *ingestpb.Welcome
}

// welcomeOf is what the hub said first, empty when nobody knows.
func welcomeOf(s Sink) *ingestpb.Welcome {
	if w, ok := s.(Welcoming); ok {
		return w.Welcome()
	}
	return &ingestpb.Welcome{}
}

// Opener begins a stream. Whoever opens knows which cluster it is for by other means than the message:
// from the registry in-process, from the client certificate over gRPC.
type Opener interface {
	// Open fences every older stream of the cluster. The Sink is good until ctx ends or Send answers ErrFenced.
	Open(ctx context.Context, hello *ingestpb.Hello) (Sink, error)
}

// Executor carries out one command on the member. It answers every command: failures are codes of the
// result, never Go errors. Safe for concurrent use.
type Executor interface {
	Execute(ctx context.Context, c *ingestpb.Command) *ingestpb.CommandResult
	// Fetch carries out a command that reads in parts. send waits while nobody takes more, and fails when nobody wants more.
	Fetch(ctx context.Context, c *ingestpb.Command, send func(*ingestpb.Fetched) error) *ingestpb.CommandResult
}
