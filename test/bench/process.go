package main

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// process is what one process has used.
type process struct {
	pid int
}

// cpu is the time on the processors.
func (p process) cpu() time.Duration {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(raw[strings.LastIndexByte(string(raw), ')')+1:]))
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// rss is the memory it holds, in bytes.
func (p process) rss() int64 {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(raw)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")), 10, 64)
			return kb << 10
		}
	}
	return 0
}

// peaks follows the memory of hub and engine.
type peaks struct {
	hub, engine, both atomic.Int64
}

func (p *peaks) follow(ctx context.Context, hub process, engine func() process) {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		h, e := hub.rss(), engine().rss()
		p.hub.Store(max(p.hub.Load(), h))
		p.engine.Store(max(p.engine.Load(), e))
		p.both.Store(max(p.both.Load(), h+e))
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func folderBytes(dir string) (n int64) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return 0
	}
	for _, e := range entries {
		if e.IsDir() {
			n += folderBytes(dir + "/" + e.Name())
		} else if info, err := e.Info(); err == nil {
			n += info.Size()
		}
	}
	return n
}
