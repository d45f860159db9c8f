package main

import (
	"context"

	"github.com/oklog/run"

	"github.com/foretop/foretop/internal/telemetry"
	"github.com/foretop/foretop/query"
)

// parts run side by side; the first that returns, or the end of the context they were made with, ends all.
type parts struct {
	group run.Group
	ended <-chan struct{}
}

func newParts(ctx context.Context) *parts {
	p := &parts{ended: ctx.Done()}
	p.add(func(own context.Context) error {
		select {
		case <-p.ended:
		case <-own.Done():
		}
		return nil
	})
	return p
}

// add joins what runs until its context ends.
func (p *parts) add(part func(context.Context) error) {
	ctx, cancel := context.WithCancel(context.Background())
	p.group.Add(func() error { return part(ctx) }, func(error) { cancel() })
}

// serveOps adds the operations listener, unless address is empty. It binds at once.
func (p *parts) serveOps(address string, ops *telemetry.Ops) error {
	if address == "" {
		return nil
	}
	l, err := query.Listen(address, "ops-listen")
	if err != nil {
		return err
	}
	p.add(func(ctx context.Context) error { return query.Serve(ctx, l, ops.Handler()) })
	return nil
}

// run starts all parts and answers the error of the first that returned, once all have.
func (p *parts) run() error { return p.group.Run() }
