// Command fleet builds, starts, breaks, heals and stops the clusters that the demo and the tests run on.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/foretop/foretop/test/fleet"
)

const usage = `usage: fleet COMMAND [flags]

  build                              build the clusters' programs into the cache, if they are not there
  up      --dir DIR                  start the clusters, or continue them; --wait stays until Ctrl-C and stops them
  break   --dir DIR --cluster zone1  roll app2 out to a version that crashes
  heal    --dir DIR --cluster zone1  roll app2 back
  stop    --dir DIR --cluster zone2  take a cluster away: --signal KILL (a crash) or STOP (silence)
  start   --dir DIR --cluster zone2  bring it back
  status  --dir DIR                  what runs, how much memory it takes, where its metrics are
  down    --dir DIR                  stop everything, keep the state
  clean   --dir DIR                  remove the state of a fleet that is down
`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		if !errors.Is(err, context.Canceled) {
			fmt.Fprintln(os.Stderr, "fleet:", err)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(progress, usage)
		return errors.New("a command is missing")
	}
	command := args[0]
	flags := flag.NewFlagSet("fleet "+command, flag.ContinueOnError)
	flags.SetOutput(progress)
	dir := flags.String("dir", ".demo", "folder that holds the fleet")
	switch command {
	case "build":
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		_, err := fleet.Build(ctx, progress)
		return err
	case "up":
		names := flags.String("clusters", "", "names of the clusters (zone1,zone2,zone3)")
		kubeconfig := flags.String("kubeconfig", "", "file to write (DIR/kubeconfig)")
		nodes := flags.Int("nodes", 0, "nodes per cluster (5)")
		wait := flags.Bool("wait", false, "stay until interrupted, then stop the clusters")
		if err := flags.Parse(args[1:]); err != nil {
			return err
		}
		options := fleet.Options{Dir: *dir, Kubeconfig: *kubeconfig, Nodes: *nodes, Progress: progress, Logs: *wait}
		if *names != "" {
			options.Clusters = strings.Split(*names, ",")
		}
		return up(ctx, options, *wait, progress)
	case "break", "heal", "start":
		name := flags.String("cluster", "zone1", "cluster")
		return with(flags, args, dir, func(f *fleet.Fleet) error {
			switch command {
			case "break":
				return f.Break(ctx, *name)
			case "heal":
				return f.Heal(ctx, *name)
			default:
				return f.Start(ctx, *name)
			}
		})
	case "stop":
		name := flags.String("cluster", "", "cluster")
		how := flags.String("signal", "KILL", "KILL or STOP")
		return with(flags, args, dir, func(f *fleet.Fleet) error {
			signals := map[string]syscall.Signal{"KILL": syscall.SIGKILL, "STOP": syscall.SIGSTOP}
			s, ok := signals[strings.TrimPrefix(strings.ToUpper(*how), "SIG")]
			if !ok {
				return fmt.Errorf("--signal %s: use KILL or STOP", *how)
			}
			return f.Stop(*name, s)
		})
	case "status":
		return with(flags, args, dir, func(f *fleet.Fleet) error { return status(ctx, f, out) })
	case "down":
		return none(with(flags, args, dir, (*fleet.Fleet).Down))
	case "clean":
		return none(with(flags, args, dir, (*fleet.Fleet).Clean))
	case "applications": // what `up` leaves running in the background
		return with(flags, args, dir, func(f *fleet.Fleet) error { f.RunApplications(ctx, progress); return nil })
	case "help", "-h", "--help":
		fmt.Fprint(out, usage)
		return nil
	default:
		fmt.Fprint(progress, usage)
		return fmt.Errorf("there is no command %q", command)
	}
}

// with parses the flags and opens the fleet of the folder.
func with(flags *flag.FlagSet, args []string, dir *string, do func(*fleet.Fleet) error) error {
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	f, err := fleet.Open(*dir)
	if err != nil {
		return err
	}
	return do(f)
}

// none makes nothing to stop a success.
func none(err error) error {
	if errors.Is(err, fleet.ErrNone) {
		return nil
	}
	return err
}

func up(ctx context.Context, options fleet.Options, wait bool, progress io.Writer) error {
	f, err := fleet.Up(ctx, options)
	if err != nil {
		return err
	}
	if !wait {
		return leaveApplications(f)
	}
	fmt.Fprintln(progress, "fleet: press Ctrl-C to stop the clusters")
	<-ctx.Done()
	fmt.Fprintln(progress, "fleet: stopping")
	return f.Down()
}

// leaveApplications leaves a process behind that writes the applications' logs and serves their metrics. It is a copy of
// this program in the fleet's folder, so that `down` finds it there and `go run` may remove its own.
func leaveApplications(f *fleet.Fleet) error {
	if running, err := f.ApplicationsRun(); err != nil || running {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find this program: %w", err)
	}
	program := filepath.Join(f.Dir(), "bin", "fleet")
	if err := copyFile(self, program); err != nil {
		return err
	}
	log, err := os.OpenFile(filepath.Join(f.Dir(), "fleet", "applications.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("open log of the applications: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(program, "applications", "--dir", f.Dir())
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // survives the terminal
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the applications: %w", err)
	}
	return cmd.Process.Release()
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open this program: %w", err)
	}
	defer in.Close()
	out, err := os.OpenFile(to+".new", os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o750)
	if err != nil {
		return fmt.Errorf("place this program: %w", err)
	}
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return fmt.Errorf("copy this program: %w", err)
	}
	if err := out.Close(); err != nil {
		return fmt.Errorf("copy this program: %w", err)
	}
	return os.Rename(to+".new", to)
}

func status(ctx context.Context, f *fleet.Fleet, out io.Writer) error {
	all, err := f.Status(ctx)
	if err != nil {
		return err
	}
	for _, c := range all {
		note := ""
		if c.Broken {
			note = "  app2 is broken"
		}
		fmt.Fprintf(out, "%-10s %-10s %s  %4d MB%s\n", c.Name, c.State, c.API, c.Memory>>20, note)
		silent := ""
		if c.Silent {
			silent = "  silent"
		}
		fmt.Fprintf(out, "           requests  %s%s\n           kubelets  %s\n", c.Metrics, silent, c.NodeMetrics)
	}
	fmt.Fprintf(out, "kubeconfig %s\n", f.Kubeconfig())
	return nil
}
