package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// actFlags are the same on every verb that changes clusters.
type actFlags struct {
	conn            hubFlags
	output          outputFlags
	dryRun          string
	plan, yes, wait bool
	confirm, reason string
	timeout         time.Duration
	direct          bool
	waves           waveFlags
}

// waveFlags say how fast an action goes.
type waveFlags struct {
	parallelism, size, maxFailures int
	pause                          time.Duration
	byCluster                      bool
}

// input is the flags as planAction takes them, nil when none was given.
func (f *waveFlags) input() map[string]any {
	if *f == (waveFlags{}) {
		return nil
	}
	return map[string]any{"parallel": f.parallelism, "size": f.size, "pauseSeconds": int(f.pause / time.Second), "maxFailures": f.maxFailures, "byCluster": f.byCluster}
}

// open checks what was typed before it asks for the hub.
func (f *actFlags) open() (*hub, error) {
	if err := f.output.check(); err != nil {
		return nil, err
	}
	return f.conn.open()
}

func (f *actFlags) register(cmd *cobra.Command) {
	f.registerPlan(cmd)
	flags := cmd.Flags()
	flags.BoolVar(&f.direct, "direct", false, "change also what an owner (Argo CD, Flux, ...) would take back; without it such targets are blocked")
	flags.IntVar(&f.waves.parallelism, "parallelism", 0, "targets at a time; 0 leaves it to the hub")
	flags.IntVar(&f.waves.size, "wave-size", 0, "targets in a wave, each of which ends before the next begins; 0 is all in one")
	flags.DurationVar(&f.waves.pause, "pause", 0, "rest between two waves")
	flags.IntVar(&f.waves.maxFailures, "max-failures", 0, "stop after so many targets failed; 0 is never")
	flags.BoolVar(&f.waves.byCluster, "by-cluster", false, "no wave spans clusters")
}

// registerPlan registers the flags of everything that makes a plan.
func (f *actFlags) registerPlan(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.conn.register(flags)
	f.output.register(flags)
	flags.Lookup("output").Usage = "table, wide (with differences), json, yaml, name"
	flags.StringVar(&f.dryRun, "dry-run", "none", "none; client: only name the targets; server: have every cluster try it without keeping it, and print the differences")
	flags.Lookup("dry-run").NoOptDefVal = "client" // as kubectl
	flags.BoolVar(&f.plan, "plan", false, "make the plan and print its id; run it later with: foretop actions run ID")
	flags.StringVar(&f.reason, "reason", "", "why, for the audit")
	f.registerRun(cmd)
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

// registerRun registers the flags of everything that runs a plan.
func (f *actFlags) registerRun(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask; enough when the plan needs no words typed")
	flags.StringVar(&f.confirm, "confirm", "", "the words that the plan asks for")
	flags.BoolVar(&f.wait, "wait", true, "wait until it is done, rollouts too")
	flags.DurationVar(&f.timeout, "timeout", 0, "how long to wait; 0 is until it ends")
}

func (f *actFlags) check() error {
	if err := f.output.check(); err != nil {
		return err
	}
	switch f.dryRun {
	case "none", "client", "server":
	default:
		return usageError{fmt.Errorf("--dry-run=%s is not known: use none, client or server", f.dryRun)}
	}
	w := f.waves
	switch {
	case f.plan && f.dryRun != "none":
		return usageError{errors.New("--plan and --dry-run exclude each other")}
	case w.parallelism < 0 || w.size < 0 || w.maxFailures < 0 || w.pause < 0:
		return usageError{errors.New("--parallelism, --wave-size, --pause and --max-failures must not be negative")}
	case w.pause%time.Second != 0:
		return usageError{fmt.Errorf("--pause=%s: whole seconds, please", w.pause)}
	case w.pause > 0 && w.size == 0 && !w.byCluster:
		return usageError{errors.New("--pause is between waves, and there is one wave: add --wave-size or --by-cluster")}
	}
	return nil
}

// act plans a verb, shows the plan, asks, runs and waits. input is planAction's, without what the flags say.
func (f *actFlags) act(cmd *cobra.Command, h *hub, input map[string]any, checks ...func(*actionView) error) error {
	if waves := f.waves.input(); waves != nil {
		input["waves"] = waves
	}
	input["reason"] = f.reason
	if f.direct {
		p, _ := input["parameters"].(map[string]any)
		if p == nil {
			p = map[string]any{}
			input["parameters"] = p
		}
		p["direct"] = true
	}
	var answer struct{ PlanAction *actionView }
	if err := h.ask(cmd.Context(), `mutation($input:ActionInput!){planAction(input:$input)`+actionFields+`}`, map[string]any{"input": input}, &answer); err != nil {
		return err
	}
	return f.goOn(cmd, h, answer.PlanAction, checks...)
}

// goOn takes a plan as far as the flags say. Nothing runs that a check refuses.
func (f *actFlags) goOn(cmd *cobra.Command, h *hub, a *actionView, checks ...func(*actionView) error) error {
	a, err := h.planned(cmd, a)
	if err != nil {
		return err
	}
	for _, check := range checks {
		if err := check(a); err != nil {
			return err
		}
	}
	switch {
	case f.dryRun == "server" && !f.output.table():
		return f.output.document(cmd.OutOrStdout(), a)
	case f.dryRun == "server":
		printPlan(cmd.OutOrStdout(), a, true)
		return noneReady(a)
	case f.plan:
		printPlan(cmd.ErrOrStderr(), a, f.output.wide())
		if !f.output.table() && f.output.format != "name" {
			return f.output.document(cmd.OutOrStdout(), a)
		}
		fmt.Fprintln(cmd.OutOrStdout(), a.ID)
		return nil
	}
	printPlan(cmd.ErrOrStderr(), a, f.output.wide())
	if err := noneReady(a); err != nil {
		return err
	}
	if a.NeedsApproval { // no words would help
		return &exitError{exitRefused, fmt.Errorf("nothing was run: another person has to approve it first: foretop actions approve %s. Then: foretop actions run %s", a.ID, a.ID)}
	}
	if err := f.ask(cmd, a); err != nil {
		return err
	}
	return f.run(cmd, h, a.ID)
}

// ask gets the confirmation that the plan needs, into f.confirm.
func (f *actFlags) ask(cmd *cobra.Command, a *actionView) error {
	phrase := deref(a.ConfirmPhrase)
	if phrase == "" {
		if f.yes || f.confirm != "" {
			return nil
		}
		typed, asked := prompt(cmd, "Run it? [y/N] ")
		if !asked {
			return &exitError{exitRefused, fmt.Errorf("not confirmed: nothing was changed. Confirm with --yes, or run the plan later: foretop actions run %s --yes", a.ID)}
		}
		if t := strings.ToLower(typed); t != "y" && t != "yes" {
			return &exitError{exitRefused, errors.New("not confirmed: nothing was changed")}
		}
		return nil
	}
	if f.confirm == "" {
		typed, asked := prompt(cmd, fmt.Sprintf("Type %q to run it: ", phrase))
		if !asked {
			return &exitError{exitRefused, fmt.Errorf("not confirmed: nothing was changed. This plan needs words, not --yes: --confirm %q", phrase)}
		}
		f.confirm = typed
	}
	if strings.TrimSpace(f.confirm) != phrase {
		return &exitError{exitRefused, fmt.Errorf("the words are not those of the plan, %q: nothing was changed", phrase)}
	}
	return nil
}

// prompt asks a person; false when none is there.
func prompt(cmd *cobra.Command, question string) (string, bool) {
	f, ok := cmd.InOrStdin().(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return "", false
	}
	fmt.Fprint(cmd.ErrOrStderr(), question)
	line, err := bufio.NewReader(f).ReadString('\n')
	return strings.TrimSpace(line), err == nil
}
