package state

import (
	"context"
	"log/slog"
	"path/filepath"
	"time"
)

const (
	// reserved is how much room beyond its end etcd's file keeps. It grows by 16 MiB at a time, sparsely: without
	// a reserve the first write after others have filled the disk ends etcd, and the hub with it.
	reserved     = 32 << 20
	reserveEvery = 10 * time.Second
)

// keepRoom holds blocks for what control state will write, so that a disk that others fill leaves it working for a
// while. etcd's log has its own: it is laid out in whole segments.
func (s *server) keepRoom(ctx context.Context, log *slog.Logger) {
	path := filepath.Join(s.dir, "etcd", "member", "snap", "db")
	tick := time.NewTicker(reserveEvery)
	defer tick.Stop()
	warned := false
	for {
		err := reserve(path)
		if err != nil && !warned {
			log.Warn("no room could be reserved for control state: a full disk will stop the hub", "path", path, "err", err)
		}
		warned = err != nil
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
