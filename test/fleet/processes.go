package fleet

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a running program whose file lies in a folder of the fleet.
type process struct {
	pid     int
	name    string
	stopped bool
}

// processes finds what runs from a folder. The kernel is asked, not pid files: a number in a file may be old.
func processes(folder string) ([]process, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("list processes: %w", err)
	}
	prefix := folder + string(filepath.Separator)
	var found []process
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		line, err := os.ReadFile(filepath.Join("/proc", entry.Name(), "cmdline"))
		if err != nil {
			continue // ended meanwhile
		}
		program, _, _ := bytes.Cut(line, []byte{0})
		if !strings.HasPrefix(string(program), prefix) || filepath.Base(string(program)) == "kubectl" {
			continue // a person's kubectl is the person's
		}
		found = append(found, process{pid: pid, name: filepath.Base(string(program)), stopped: state(pid) == 'T'})
	}
	return found, nil
}

// state is the letter the kernel gives: R, S, T for stopped, Z for a zombie; 0 when there is no such process.
func state(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	if i := bytes.LastIndexByte(stat, ')'); i >= 0 && i+2 < len(stat) {
		return stat[i+2]
	}
	return 0
}

// memory is what a process holds in RAM, in bytes.
func (p process) memory() int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", p.pid))
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(statm))
	if len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

func (p process) signal(s syscall.Signal) error {
	if err := syscall.Kill(p.pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("signal %s (pid %d): %w", p.name, p.pid, err)
	}
	return nil
}

func (p process) resume() error {
	if !p.stopped {
		return nil
	}
	return p.signal(syscall.SIGCONT)
}

// terminate ends what runs from a folder: the servers first, their etcd last, and by force what has not ended in time.
func terminate(folder string) error {
	for _, layer := range []func(process) bool{
		func(p process) bool { return p.name != "etcd" },
		func(process) bool { return true },
	} {
		running, err := processes(folder)
		if err != nil {
			return err
		}
		var layered []process
		for _, p := range running {
			if layer(p) {
				layered = append(layered, p)
			}
		}
		if err := end(layered, 4*time.Second); err != nil {
			return err
		}
	}
	return nil
}

func end(running []process, grace time.Duration) error {
	for _, p := range running {
		if err := errors.Join(p.signal(syscall.SIGTERM), p.resume()); err != nil {
			return err
		}
	}
	left := await(running, grace)
	for _, p := range left {
		if err := p.signal(syscall.SIGKILL); err != nil {
			return err
		}
	}
	if left = await(left, 5*time.Second); len(left) > 0 {
		return fmt.Errorf("%d processes did not end, the first is %s (pid %d)", len(left), left[0].name, left[0].pid)
	}
	return nil
}

// ended says whether a process is gone with all its files. A zombie's other threads may still hold its ports.
func ended(pid int) bool {
	switch state(pid) {
	case 0:
		return true
	case 'Z':
		threads, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
		return err != nil || len(threads) <= 1
	default:
		return false
	}
}

// await polls until processes have ended, and returns those that have not.
func await(running []process, limit time.Duration) []process {
	deadline := time.Now().Add(limit)
	for {
		var left []process
		for _, p := range running {
			if !ended(p.pid) {
				left = append(left, p)
			}
		}
		if len(left) == 0 || time.Now().After(deadline) {
			return left
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// detach puts a command in a process group of its own: Ctrl-C reaches us, and we end the command by its context.
func detach(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 5 * time.Second
}
