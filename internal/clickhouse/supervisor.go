package clickhouse

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// supervisor owns the embedded engine's process. The child holds the other end of a pipe on its standard input
// and ends when that closes, so that it never outlives this process, however this process ends.
type supervisor struct {
	config  EngineConfig
	socket  string
	metrics *metrics
	log     *slog.Logger

	mu     sync.Mutex
	child  *child
	closed bool
}

type child struct {
	command *exec.Cmd
	stdin   io.Closer
	tail    *tail
	started time.Time
	exited  chan struct{} // closed by the goroutine that waits for the process
}

// startTimeout is how long an engine may take to open its data.
const startTimeout = 60 * time.Second

func newSupervisor(config EngineConfig, metrics *metrics, log *slog.Logger) (*supervisor, error) {
	if config.DataDir == "" {
		return nil, &access.Error{Code: "INVALID", Message: "The embedded engine needs a data folder.", Fix: "Name one, or give the address of a ClickHouse server."}
	}
	if config.Listen != "" {
		return nil, &access.Error{Code: "INVALID", Message: "The embedded engine does not listen on TCP yet.", Fix: "Leave its listen address out, or use a ClickHouse server for outside readers."}
	}
	var err error
	if config.DataDir, err = filepath.Abs(config.DataDir); err != nil {
		return nil, fmt.Errorf("find the data folder %s: %w", config.DataDir, err)
	}
	if config.Binary == "" {
		if config.Binary, err = os.Executable(); err != nil {
			return nil, fmt.Errorf("find the program to start the engine with: %w", err)
		}
	}
	socket, err := socketOf(config)
	if err != nil {
		return nil, err
	}
	return &supervisor{config: config, metrics: metrics, socket: socket, log: log}, nil
}

// start starts the engine and waits until it answers.
func (s *supervisor) start(ctx context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	arguments := []string{"engine", "--data-dir", s.config.DataDir, "--socket", s.socket}
	if s.config.Library != "" {
		arguments = append(arguments, "--library", s.config.Library)
	}
	if s.config.MaxMemory != 0 {
		arguments = append(arguments, "--max-memory", strconv.FormatUint(s.config.MaxMemory, 10))
	}
	c := &child{command: exec.Command(s.config.Binary, arguments...), tail: &tail{}, started: time.Now(), exited: make(chan struct{})}
	c.command.Env = append(append(os.Environ(), "FORETOP_ENGINE_PARENT=stdin"), s.config.Env...)
	c.command.Stderr = io.MultiWriter(os.Stderr, c.tail)
	c.command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C is for the hub, which ends the engine last
	stdin, err := c.command.StdinPipe()
	if err != nil {
		return fmt.Errorf("prepare the engine's process: %w", err)
	}
	c.stdin = stdin
	if err := c.command.Start(); err != nil {
		return fmt.Errorf("start the engine with %s: %w", s.config.Binary, err)
	}
	go func() {
		c.command.Wait()
		close(c.exited)
	}()
	if err := s.await(ctx, c); err != nil {
		c.end(0)
		return err
	}
	s.child = c
	return nil
}

// await polls until c answers, ends or takes too long.
func (s *supervisor) await(ctx context.Context, c *child) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", s.socket)
		},
	}}
	for {
		if request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine/ping", nil); err == nil {
			if response, err := client.Do(request); err == nil {
				pid := response.Header.Get("Foretop-Engine-Pid")
				response.Body.Close()
				if pid == strconv.Itoa(c.command.Process.Pid) { // and not somebody else's engine on the same socket
					return nil
				}
			}
		}
		select {
		case <-c.exited:
			why := c.tail.lastLine()
			if why == "" {
				why = c.command.ProcessState.String()
			}
			return &access.Error{Code: "UNAVAILABLE", Message: "The embedded engine did not start: " + why}
		case <-ctx.Done():
			return fmt.Errorf("wait for the embedded engine: %w", ctx.Err())
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// run starts the engine again whenever it ends, until ctx does.
func (s *supervisor) run(ctx context.Context) error {
	pause := time.Duration(0)
	for {
		s.mu.Lock()
		c, closed := s.child, s.closed
		s.mu.Unlock()
		if closed {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-c.exited:
		}
		if ctx.Err() != nil {
			return nil
		}
		if time.Since(c.started) > 30*time.Second {
			pause = 0
		}
		for restarted := false; !restarted; {
			s.mu.Lock()
			closed := s.closed
			s.mu.Unlock()
			if closed {
				return nil
			}
			s.log.Warn("engine ended and is started again", "state", c.command.ProcessState.String(), "ran", time.Since(c.started).Round(time.Millisecond), "pause", pause)
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(pause):
			}
			pause = min(max(pause*2, 100*time.Millisecond), 5*time.Second)
			if err := s.start(ctx); err != nil {
				if ctx.Err() != nil {
					return nil
				}
				s.log.Error("engine did not start", "err", err)
				continue
			}
			restarted = true
			s.metrics.restarts.Inc()
			s.log.Info("engine is back")
		}
	}
}

// stop ends the engine for good.
func (s *supervisor) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.child == nil {
		return nil
	}
	s.child.end(15 * time.Second)
	return nil
}

// end closes the lifeline, then insists.
func (c *child) end(grace time.Duration) {
	c.command.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.exited:
	case <-time.After(grace):
		c.command.Process.Kill()
		<-c.exited
	}
	c.stdin.Close()
}

// Pid is the embedded engine's process, 0 with a server. It is for status pages and for tests that kill it.
func (db *DB) Pid() int {
	if db.engine == nil {
		return 0
	}
	db.engine.mu.Lock()
	defer db.engine.mu.Unlock()
	if db.engine.child == nil {
		return 0
	}
	return db.engine.child.command.Process.Pid
}

// tail keeps the end of what a process said.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, b...)
	if over := len(t.text) - 4096; over > 0 {
		t.text = append(t.text[:0], t.text[over:]...)
	}
	return len(b), nil
}

func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := bytes.TrimSpace(t.text)
	return strings.TrimPrefix(string(text[bytes.LastIndexByte(text, '\n')+1:]), "Error: ")
}
