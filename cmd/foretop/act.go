package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"
)

// action is one as the hub tells it.
type actionView struct {
	ID            string        `json:"id"`
	Verb          string        `json:"verb"`
	State         string        `json:"state"`
	Title         string        `json:"title"`
	Reason        string        `json:"reason"`
	Actor         string        `json:"actor"`
	CreatedAt     *time.Time    `json:"createdAt"`
	StartedAt     *time.Time    `json:"startedAt"`
	FinishedAt    *time.Time    `json:"finishedAt"`
	ConfirmPhrase *string       `json:"confirmPhrase"`
	Warnings      []string      `json:"warnings"`
	Targets       []*targetView `json:"targets"`
	Undoes        *string       `json:"undoes"`
	UndoneBy      *string       `json:"undoneBy"`
	CanUndo       bool          `json:"canUndo"`
	Done          int           `json:"done"`
	Failed        int           `json:"failed"`
	Total         int           `json:"total"`
}

type targetView struct {
	Ref           string   `json:"ref"`
	State         string   `json:"state"`
	Message       string   `json:"message"`
	Warnings      []string `json:"warnings"`
	Diff          string   `json:"diff"`
	Change        string   `json:"change"`
	Desired       *int     `json:"desired"`
	Updated       *int     `json:"updated"`
	ReadyReplicas *int     `json:"readyReplicas"`
}

const actionFields = `{id verb state title reason actor createdAt startedAt finishedAt confirmPhrase warnings undoes undoneBy canUndo done failed total
	targets{ref state message warnings diff change desired updated readyReplicas}}`

func (a *actionView) ended() bool {
	return a.State == "SUCCEEDED" || a.State == "FAILED" || a.State == "STOPPED" || a.State == "EXPIRED"
}

// actFlags are the same on every verb that changes clusters.
type actFlags struct {
	conn            hubFlags
	output          outputFlags
	dryRun          string
	plan, yes, wait bool
	confirm, reason string
	timeout         time.Duration
}

// open checks what was typed before it asks for the hub.
func (f *actFlags) open() (*hub, error) {
	if err := f.output.check(); err != nil {
		return nil, err
	}
	return f.conn.open()
}

func (f *actFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.conn.register(flags)
	f.output.register(flags)
	flags.StringVar(&f.dryRun, "dry-run", "none", "none; client: only name the targets; server: have every cluster try it without keeping it, and print the differences")
	flags.Lookup("dry-run").NoOptDefVal = "client" // as kubectl
	flags.BoolVar(&f.plan, "plan", false, "make the plan and print its id; run it later with: foretop actions run ID")
	flags.BoolVarP(&f.yes, "yes", "y", false, "do not ask; enough when the plan needs no words typed")
	flags.StringVar(&f.confirm, "confirm", "", "the words that the plan asks for")
	flags.StringVar(&f.reason, "reason", "", "why, for the audit")
	f.registerWait(cmd)
	_ = cmd.RegisterFlagCompletionFunc("dry-run", cobra.FixedCompletions([]string{"none", "client", "server"}, cobra.ShellCompDirectiveNoFileComp))
}

func (f *actFlags) registerWait(cmd *cobra.Command) {
	cmd.Flags().BoolVar(&f.wait, "wait", true, "wait until the rollouts are done")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 0, "how long to wait; 0 is until it ends")
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
	if f.plan && f.dryRun != "none" {
		return usageError{errors.New("--plan and --dry-run exclude each other")}
	}
	return nil
}

// act plans input on refs, shows the plan, asks, runs and waits.
func (f *actFlags) act(cmd *cobra.Command, h *hub, refs []string, input map[string]any) error {
	if f.dryRun == "client" {
		for _, ref := range refs {
			fmt.Fprintf(cmd.OutOrStdout(), "%s (dry run)\n", ref)
		}
		return nil
	}
	input["refs"], input["reason"] = refs, f.reason
	var answer struct{ PlanAction *actionView }
	if err := h.ask(cmd.Context(), `mutation($input:ActionInput!){planAction(input:$input)`+actionFields+`}`, map[string]any{"input": input}, &answer); err != nil {
		return err
	}
	return f.goOn(cmd, h, answer.PlanAction)
}

// goOn takes a plan as far as the flags say.
func (f *actFlags) goOn(cmd *cobra.Command, h *hub, a *actionView) error {
	switch {
	case f.dryRun == "server" && !f.output.table():
		return f.output.document(cmd.OutOrStdout(), a)
	case f.dryRun == "server":
		printPlan(cmd.OutOrStdout(), a, true)
		return noneReady(a)
	case f.plan:
		printPlan(cmd.ErrOrStderr(), a, false)
		if !f.output.table() && f.output.format != "name" {
			return f.output.document(cmd.OutOrStdout(), a)
		}
		fmt.Fprintln(cmd.OutOrStdout(), a.ID)
		return nil
	}
	printPlan(cmd.ErrOrStderr(), a, false)
	if err := noneReady(a); err != nil {
		return err
	}
	if err := f.ask(cmd, a); err != nil {
		return err
	}
	return f.run(cmd, h, a.ID)
}

func noneReady(a *actionView) error {
	if slices.ContainsFunc(a.Targets, func(t *targetView) bool { return t.State == "READY" }) {
		return nil
	}
	if len(a.Targets) == 1 {
		return &exitError{exitRefused, errors.New(a.Targets[0].Message)}
	}
	return &exitError{exitRefused, errors.New("nothing can be run: every target is blocked")}
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

// run starts a plan and waits for its end.
func (f *actFlags) run(cmd *cobra.Command, h *hub, id string) error {
	vars := map[string]any{"id": id}
	if f.confirm != "" {
		vars["confirm"] = f.confirm
	}
	var answer struct{ RunAction *actionView }
	if err := h.ask(cmd.Context(), `mutation($id:ID!,$confirm:String){runAction(id:$id,confirm:$confirm)`+actionFields+`}`, vars, &answer); err != nil {
		return err
	}
	if !f.wait {
		fmt.Fprintln(cmd.OutOrStdout(), id)
		fmt.Fprintf(cmd.ErrOrStderr(), "Running. Follow it with: foretop actions watch %s\n", id)
		return nil
	}
	return f.follow(cmd, h, id)
}

// follow prints targets as they end, and answers by the action's outcome.
func (f *actFlags) follow(cmd *cobra.Command, h *hub, id string) error {
	ctx := cmd.Context()
	if f.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, f.timeout)
		defer cancel()
	}
	told := map[string]string{}
	for {
		a, err := h.action(ctx, id)
		if err != nil {
			if cmd.Context().Err() != nil {
				fmt.Fprintf(cmd.ErrOrStderr(), "The hub goes on with it. Stop it with: foretop actions stop %s\n", id)
				return cmd.Context().Err()
			}
			if ctx.Err() != nil {
				return fmt.Errorf("%s is not done after %s; the hub goes on with it. Follow it with: foretop actions watch %s", id, f.timeout, id)
			}
			return err
		}
		if f.output.table() {
			for _, t := range a.Targets {
				line := progressLine(t)
				if told[t.Ref] != line && line != "" {
					told[t.Ref] = line
					w := cmd.ErrOrStderr()
					if t.State == "DONE" {
						w = cmd.OutOrStdout()
					}
					fmt.Fprintln(w, t.Ref+" "+line)
				}
			}
		}
		if a.ended() {
			return f.outcome(cmd, a)
		}
		select {
		case <-time.After(300 * time.Millisecond):
		case <-ctx.Done():
		}
	}
}

func progressLine(t *targetView) string {
	switch t.State {
	case "DONE":
		return t.Change + " done"
	case "FAILED", "SKIPPED":
		return strings.ToLower(t.State) + ": " + t.Message
	case "RUNNING":
		if t.Desired != nil && t.Updated != nil && t.ReadyReplicas != nil {
			return fmt.Sprintf("%s: %d of %d updated, %d ready", t.Change, *t.Updated, *t.Desired, *t.ReadyReplicas)
		}
	}
	return ""
}

func (f *actFlags) outcome(cmd *cobra.Command, a *actionView) error {
	switch {
	case f.output.format == "name":
		fmt.Fprintln(cmd.OutOrStdout(), "action/"+a.ID)
	case !f.output.table():
		if err := f.output.document(cmd.OutOrStdout(), a); err != nil {
			return err
		}
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s %s: %d done, %d failed of %d", a.ID, strings.ToLower(a.State), a.Done, a.Failed, a.Total)
	if a.CanUndo {
		fmt.Fprintf(cmd.ErrOrStderr(), " · undo with: foretop actions undo %s", a.ID)
	}
	fmt.Fprintln(cmd.ErrOrStderr())
	if a.State != "SUCCEEDED" {
		return &exitError{code: exitTargets}
	}
	return nil
}

func (h *hub) action(ctx context.Context, id string) (*actionView, error) {
	var answer struct{ Action *actionView }
	if err := h.ask(ctx, `query($id:ID!){action(id:$id)`+actionFields+`}`, map[string]any{"id": id}, &answer); err != nil {
		return nil, err
	}
	if answer.Action == nil {
		return nil, fmt.Errorf("there is no action %s. List them with: foretop actions", id)
	}
	return answer.Action, nil
}

// printPlan groups targets by what would happen to them.
func printPlan(out io.Writer, a *actionView, diffs bool) {
	fmt.Fprintf(out, "%s %s  %s\n", a.State, a.ID, a.Title)
	type group struct {
		mark, what string
		refs       []string
	}
	var groups []*group
	add := func(mark, what, ref string) {
		for _, g := range groups {
			if g.mark == mark && g.what == what {
				g.refs = append(g.refs, ref)
				return
			}
		}
		groups = append(groups, &group{mark, what, []string{ref}})
	}
	for _, t := range a.Targets {
		switch {
		case t.State == "BLOCKED":
			add("!", "blocked: "+t.Message, t.Ref)
		case t.Message != "":
			add("!", strings.ToLower(t.State)+": "+t.Message, t.Ref)
		default:
			what := t.Change
			if t.State != "READY" {
				what += " (" + strings.ToLower(t.State) + ")"
			}
			add("~", what, t.Ref)
		}
	}
	for _, t := range a.Targets {
		for _, w := range t.Warnings {
			add("!", w, t.Ref)
		}
	}
	for _, g := range groups {
		fmt.Fprintf(out, "  %s %s", g.mark, g.what)
		if len(g.refs) == 1 {
			fmt.Fprintf(out, "  %s\n", g.refs[0])
			continue
		}
		fmt.Fprintf(out, "  %d targets\n", len(g.refs))
		const most = 10
		for i, ref := range g.refs {
			if i == most {
				fmt.Fprintf(out, "      and %d more\n", len(g.refs)-most)
				break
			}
			fmt.Fprintf(out, "      %s\n", ref)
		}
	}
	for _, w := range a.Warnings {
		fmt.Fprintf(out, "  ! %s\n", w)
	}
	if !diffs {
		return
	}
	shown := map[string]bool{}
	for _, t := range a.Targets {
		if t.Diff == "" || shown[t.Diff] {
			continue
		}
		shown[t.Diff] = true
		fmt.Fprintf(out, "\n%s\n", t.Ref)
		patch(out, t.Diff)
	}
}

// stdinRefs reads references, one a line, as -o ref prints them.
func stdinRefs(cmd *cobra.Command, file string) ([]string, error) {
	in := cmd.InOrStdin()
	if file != "-" {
		f, err := os.Open(file)
		if err != nil {
			return nil, fmt.Errorf("read references: %w", err)
		}
		defer f.Close()
		in = f
	}
	var refs []string
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		if line := strings.TrimSpace(lines.Text()); line != "" && !strings.HasPrefix(line, "#") {
			refs = append(refs, line)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read references: %w", err)
	}
	if len(refs) == 0 {
		return nil, usageError{fmt.Errorf("-f %s holds no references", file)}
	}
	return refs, nil
}
