package demo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"
)

// Process is one running program whose output goes to a file.
type Process struct {
	cmd   *exec.Cmd
	log   string
	begin int64         // where its output begins in log
	done  chan struct{} // closed when it has ended and err is set

	mu  sync.Mutex
	err error
}

const stopWait = 20 * time.Second

func start(program string, args, env []string, log string) (*Process, error) {
	if err := os.MkdirAll(filepath.Dir(log), 0o750); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the child has its own handle
	before, err := out.Stat()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Env = append(os.Environ(), env...)
	// A group of its own: Ctrl-C in a terminal reaches us alone, and we stop it in order.
	// Should we die first, it is told to end.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	p := &Process{cmd: cmd, log: log, begin: before.Size(), done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig follows the thread that started the child, so that thread stays with it.
		runtime.LockOSThread()
		if err := cmd.Start(); err != nil {
			started <- fmt.Errorf("start %s: %w", program, err)
			return
		}
		started <- nil
		err := cmd.Wait()
		p.mu.Lock()
		p.err = err
		p.mu.Unlock()
		close(p.done)
	}()
	return p, <-started
}

// Pid is the process's id.
func (p *Process) Pid() int { return p.cmd.Process.Pid }

// Exited is nil while it runs, else how it ended: the sentence it ended with, or the last it wrote.
func (p *Process) Exited() error {
	select {
	case <-p.done:
	default:
		return nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	written, err := os.ReadFile(p.log)
	if err != nil {
		return errors.Join(p.err, err)
	}
	text := string(written[min(p.begin, int64(len(written))):])
	if i := strings.LastIndex("\n"+text, "\nError: "); i >= 0 {
		sentence, _, _ := strings.Cut(text[i+len("Error: "):], "\n")
		return errors.New(sentence)
	}
	return fmt.Errorf("%s: %v\n%s", p.cmd.Path, p.err, text[max(0, len(text)-2000):])
}

// Kill ends it as a crash would and waits.
func (p *Process) Kill() error {
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-p.done
	return nil
}

// Stop asks it to end and waits; one that does not is killed, and that is an error.
func (p *Process) Stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(stopWait):
		return errors.Join(fmt.Errorf("%s did not end within %s of being asked", p.cmd.Path, stopWait), p.Kill())
	}
}
