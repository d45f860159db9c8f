package fleet

import (
	"context"
	"fmt"
	"syscall"
	"time"
)

// Stop takes a cluster away: SIGSTOP leaves its connections open and silent, SIGKILL is a crash of all its processes.
func (f *Fleet) Stop(name string, how syscall.Signal) error {
	if how != syscall.SIGSTOP && how != syscall.SIGKILL {
		return fmt.Errorf("a cluster is stopped with STOP or KILL, not %v", how)
	}
	c, err := f.cluster(name)
	if err != nil {
		return err
	}
	running, err := processes(c.home(f.dir))
	if err != nil {
		return err
	}
	if len(running) == 0 {
		return fmt.Errorf("%s does not run: start it with `fleet start --cluster %s`", name, name)
	}
	for _, p := range running {
		if err := p.signal(how); err != nil {
			return err
		}
	}
	if how == syscall.SIGKILL {
		if left := await(running, 5*time.Second); len(left) > 0 {
			return fmt.Errorf("%s (pid %d) does not end", left[0].name, left[0].pid)
		}
	}
	return nil
}

// Start brings a stopped cluster back on its data and returns when its API answers.
func (f *Fleet) Start(ctx context.Context, name string) error {
	c, err := f.cluster(name)
	if err != nil {
		return err
	}
	return c.up(ctx, f)
}
