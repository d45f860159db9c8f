// Command foretop is the whole product: the hub and its roles, the collector, and the user's verbs.
//
// Each role is a sub-command in a file of its own; this is the only place that knows every part.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// version is set by the linker.
var version = "dev"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// execute is the program as tests call it; it answers the exit code.
func execute(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer) int {
	root := newRoot()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	cmd, err := root.ExecuteContextC(ctx)
	if err == nil {
		return 0
	}
	var coded *exitError
	if errors.As(err, &coded) {
		if coded.err != nil {
			fmt.Fprintln(errOut, "Error:", coded.err)
		}
		return coded.code
	}
	fmt.Fprintln(errOut, "Error:", err)
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return 130
	}
	if isUsage(err) {
		fmt.Fprintf(errOut, "Run '%s --help' for usage.\n", cmd.CommandPath())
		return 2
	}
	return 1
}

// exitError ends the program with a code of its own. A nil err prints nothing.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// usageError marks what the person typed as the cause.
type usageError struct{ error }

func isUsage(err error) bool {
	var usage usageError
	return errors.As(err, &usage) || strings.HasPrefix(err.Error(), "unknown command")
}

func newRoot() *cobra.Command {
	root := &cobra.Command{
		Use:   "foretop",
		Short: "Find, see and act on everything in all your Kubernetes clusters",
		Long: `Foretop is the lookout of a Kubernetes fleet. From one place you find any object in any
cluster, now or in the past, see what changed, and act on what you found.

Start a hub for the clusters of your kubeconfig with: foretop up`,
		SilenceErrors:     true,
		SilenceUsage:      true,
		PersistentPreRunE: func(cmd *cobra.Command, _ []string) error { return flagsFromEnvironment(cmd.Flags()) },
	}
	if filepath.Base(os.Args[0]) == "kubectl-foretop" {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl foretop"}
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		if strings.Contains(err.Error(), "unknown shorthand flag") && strings.ContainsAny(err.Error(), ":<>=") {
			err = fmt.Errorf("%w. A query that begins with a minus goes behind --, as in: foretop search -- -ns:kube-*", err)
		}
		return usageError{err}
	})
	root.AddGroup(&cobra.Group{ID: "use", Title: "Find, see, act:"}, &cobra.Group{ID: "run", Title: "Run the hub:"})
	for _, c := range []*cobra.Command{upCommand(), collectCommand(), engineCommand(), migrateCommand()} {
		c.GroupID = "run"
		root.AddCommand(c)
	}
	for _, c := range clientCommands() {
		c.GroupID = "use"
		root.AddCommand(c)
	}
	return root
}

// flagsFromEnvironment gives every flag that was not typed the value of FORETOP_<FLAG>.
func flagsFromEnvironment(flags *pflag.FlagSet) error {
	var problem error
	flags.VisitAll(func(f *pflag.Flag) {
		name := "FORETOP_" + strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_"))
		value, set := os.LookupEnv(name)
		if f.Changed || !set || problem != nil {
			return
		}
		if err := flags.Set(f.Name, value); err != nil {
			problem = usageError{fmt.Errorf("%s=%q: %w", name, value, err)}
		}
	})
	return problem
}
