// Command demo runs Foretop on three real clusters for people to try.
//
//	demo up --dir DIR --foretop PROGRAM [--foreground]
//	demo break|heal|down --dir DIR
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/foretop/foretop/test/fleet"
	"github.com/foretop/foretop/test/fleet/demo"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "Error:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		return errors.New("usage: demo up|down|break|heal --dir DIR")
	}
	flags := flag.NewFlagSet("demo "+args[0], flag.ContinueOnError)
	dir := flags.String("dir", ".demo", "folder of all state")
	program := flags.String("foretop", "bin/foretop", "the program")
	foreground := flags.Bool("foreground", false, "stay until interrupted, then stop everything")
	cluster := flags.String("cluster", "zone1", "cluster to break or heal")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	switch args[0] {
	case "up":
		if *foreground {
			return hold(ctx, *dir, *program)
		}
		return detach(ctx, *dir, *program)
	case "down":
		return down(ctx, *dir)
	case "break", "heal":
		f, err := fleet.Open(*dir)
		if err != nil {
			return err
		}
		if args[0] == "heal" {
			if err := f.Heal(ctx, *cluster); err != nil {
				return err
			}
			fmt.Printf("app2 in %s is healed\n", *cluster)
			return nil
		}
		if err := f.Break(ctx, *cluster); err != nil {
			return err
		}
		fmt.Printf("app2 in %s is broken; search for: app:app2 status:!Ready\n", *cluster)
		return nil
	}
	return fmt.Errorf("unknown command %q; use up, down, break or heal", args[0])
}

// Files by which the commands find the process that holds the demo.
func pidFile(dir string) string   { return filepath.Join(dir, "demo.pid") }
func readyFile(dir string) string { return filepath.Join(dir, "ready") }
func logFile(dir string) string   { return filepath.Join(dir, "logs", "demo.log") }

// hold brings everything up, says how to use it, and stays until interrupted.
func hold(ctx context.Context, dir, program string) (err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return err
	}
	if pid, running := holder(dir); running {
		return fmt.Errorf("the demo in %s runs already as process %d; stop it with `make demo-down`", dir, pid)
	}
	if err := os.WriteFile(pidFile(dir), []byte(strconv.Itoa(os.Getpid())), 0o600); err != nil {
		return err
	}
	defer os.Remove(pidFile(dir))
	began := time.Now()
	d, err := demo.Up(ctx, demo.Options{
		Dir: dir, Program: program, Progress: os.Stdout,
		Listen: "127.0.0.1:7080", Gate: "127.0.0.1:7443", Ops: "127.0.0.1:7081",
	})
	if err != nil {
		if ctx.Err() != nil {
			fmt.Println("interrupted; everything is stopped")
			return nil
		}
		return err
	}
	defer func() { err = errors.Join(err, d.Stop()) }()
	welcome := welcomeText(d, program, time.Since(began))
	fmt.Print(welcome)
	if err := os.WriteFile(readyFile(dir), []byte(welcome), 0o600); err != nil {
		return err
	}
	defer os.Remove(readyFile(dir))
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			fmt.Println("stopping the hub and the clusters")
			return nil
		case <-tick.C:
			if err := d.Hub.Exited(); err != nil {
				return fmt.Errorf("the hub ended: %w", err)
			}
		}
	}
}

func welcomeText(d *demo.Demo, program string, took time.Duration) string {
	dir, hub := d.Fleet.Dir(), d.DataDir()
	if wd, err := os.Getwd(); err == nil {
		// make runs this from test/fleet; people stand in the checkout.
		root := filepath.Dir(filepath.Dir(wd))
		dir, hub, program = relative(root, dir), relative(root, hub), relative(root, program)
	}
	return fmt.Sprintf(`
Three clusters and the hub are up after %s.

  Log in:      %s/login#token=%s

Three things to try:
  1. In another terminal:   make demo-break
     and type into the bar: app:app2 status:!Ready
     Open it, look at History for what changed; make demo-heal puts it right.
  2. From the shell:        %s --data-dir %s search 'kind:deploy ns:shop'
  3. With kubectl:          kubectl --kubeconfig %s/kubeconfig --context zone1 -n shop scale deploy/app3 --replicas 4
     and watch the row change in the page.

`, took.Round(time.Second), d.URL(), d.Token(), program, hub, dir)
}

func relative(root, path string) string {
	if r, err := filepath.Rel(root, path); err == nil && !strings.HasPrefix(r, "..") {
		return r
	}
	return path
}

// detach starts hold in the background, shows its progress, and returns when it is up.
func detach(ctx context.Context, dir, program string) error {
	if text, err := os.ReadFile(readyFile(dir)); err == nil {
		if _, running := holder(dir); running {
			fmt.Print("The demo is up already.\n", string(text))
			return nil
		}
	}
	if err := os.MkdirAll(filepath.Dir(logFile(dir)), 0o750); err != nil {
		return err
	}
	os.Remove(readyFile(dir))
	log, err := os.Create(logFile(dir))
	if err != nil {
		return err
	}
	defer log.Close()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(self, "up", "--foreground", "--dir", dir, "--foretop", program)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	shown, err := os.Open(logFile(dir))
	if err != nil {
		return err
	}
	defer shown.Close()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := io.Copy(os.Stdout, shown); err != nil {
			return err
		}
		if _, err := os.Stat(readyFile(dir)); err == nil {
			_, err := io.Copy(os.Stdout, shown)
			return err
		}
		select {
		case <-tick.C:
		case err := <-ended:
			_, _ = io.Copy(os.Stdout, shown)
			return fmt.Errorf("the demo did not come up: %w", err)
		case <-ctx.Done():
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				return err
			}
			<-ended
			return nil
		}
	}
}

// holder is the process that holds the demo, if it runs.
func holder(dir string) (int, bool) {
	raw, err := os.ReadFile(pidFile(dir))
	if err != nil {
		return 0, false
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(raw)))
	if err != nil || pid == os.Getpid() {
		return 0, false
	}
	command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	// The number may have been given to another program since: ours says which command it is.
	return pid, err == nil && strings.Contains(string(command), "--foretop")
}

const downWait = time.Minute

// down stops the process that holds the demo, which stops the rest; what a crash left over is stopped too.
func down(ctx context.Context, dir string) error {
	if pid, running := holder(dir); running {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil {
			return fmt.Errorf("stop process %d: %w", pid, err)
		}
		ctx, cancel := context.WithTimeout(ctx, downWait)
		defer cancel()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for running {
			select {
			case <-ctx.Done():
				return fmt.Errorf("process %d did not end within %s; see %s", pid, downWait, logFile(dir))
			case <-tick.C:
				_, running = holder(dir)
			}
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "fleet")); errors.Is(err, fs.ErrNotExist) {
		fmt.Println("no demo is running")
		return nil
	}
	f, err := fleet.Open(dir)
	if err != nil {
		return err
	}
	if err := f.Down(); err != nil {
		return err
	}
	fmt.Println("the demo is stopped; its state stays in", dir)
	return nil
}
