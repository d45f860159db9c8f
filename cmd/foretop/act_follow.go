package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// planned waits until every target of a plan was tried, and answers the whole plan.
func (h *hub) planned(cmd *cobra.Command, a *actionView) (*actionView, error) {
	if a.State != "PLANNING" {
		return a, nil
	}
	told := time.Now()
	for a.State == "PLANNING" {
		select {
		case <-time.After(patience(len(a.Targets))):
		case <-cmd.Context().Done():
			fmt.Fprintf(cmd.ErrOrStderr(), "The hub goes on planning. See the plan with: foretop actions %s\n", a.ID)
			return nil, cmd.Context().Err()
		}
		next, err := h.action(cmd.Context(), a.ID, actionState)
		if err != nil {
			return nil, err
		}
		if a = next; time.Since(told) > 2*time.Second {
			told = time.Now()
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d of %d targets tried\n", a.ID, len(a.Targets)-a.in("PENDING"), len(a.Targets))
		}
	}
	return h.action(cmd.Context(), a.ID, actionFields)
}

// patience is how long to wait before the next look: the more targets, the more a look costs the hub.
func patience(targets int) time.Duration {
	return 200*time.Millisecond + time.Duration(min(targets, 1000))*time.Millisecond
}

// run starts a plan and waits for its end.
func (f *actFlags) run(cmd *cobra.Command, h *hub, id string) error {
	vars := map[string]any{"id": id}
	if f.confirm != "" {
		vars["confirm"] = f.confirm
	}
	var answer struct{ RunAction *actionView }
	if err := h.ask(cmd.Context(), `mutation($id:ID!,$confirm:String){runAction(id:$id,confirm:$confirm){id state}}`, vars, &answer); err != nil {
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
	p := progress{targets: map[string]string{}}
	for {
		a, err := h.action(ctx, id, actionProgress)
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
			p.print(cmd, a)
		}
		if a.ended() {
			return f.outcome(cmd, h, a)
		}
		select {
		case <-time.After(patience(len(a.Targets))):
		case <-ctx.Done():
		}
	}
}

// progress is what was told of an action.
type progress struct {
	targets map[string]string
	wave    int
	pause   time.Time
}

// print tells what is new: what is done on standard output, the rest on standard error.
func (p *progress) print(cmd *cobra.Command, a *actionView) {
	if w := a.Waves; w != nil && w.Count > 1 && a.Wave != p.wave && a.Wave > 0 {
		p.wave = a.Wave
		fmt.Fprintf(cmd.ErrOrStderr(), "wave %d of %d\n", a.Wave, w.Count)
	}
	for _, t := range a.Targets {
		line := progressLine(t)
		if line == "" || p.targets[t.Ref] == line {
			continue
		}
		p.targets[t.Ref] = line
		out := cmd.ErrOrStderr()
		if t.State == "DONE" {
			out = cmd.OutOrStdout()
		}
		fmt.Fprintln(out, t.Ref+" "+line)
	}
	if at := a.NextWaveAt; at != nil && !at.Equal(p.pause) {
		p.pause = *at
		fmt.Fprintf(cmd.ErrOrStderr(), "next wave in %s\n", time.Until(*at).Round(time.Second))
	}
}

func progressLine(t *targetView) string {
	line := ""
	switch t.State {
	case "DONE":
		line = strings.TrimSpace(t.Change + " done")
		if t.Message != "" {
			line += ": " + t.Message
		}
	case "FAILED", "SKIPPED":
		line = strings.ToLower(t.State) + ": " + t.Message
	case "RUNNING":
		if t.Desired != nil && t.Updated != nil && t.ReadyReplicas != nil {
			line = fmt.Sprintf("%s: %d of %d updated, %d ready", t.Change, *t.Updated, *t.Desired, *t.ReadyReplicas)
		}
		if t.Message != "" {
			line = strings.TrimSpace(line + " " + t.Message)
		}
	}
	return line
}

func (f *actFlags) outcome(cmd *cobra.Command, h *hub, a *actionView) error {
	switch {
	case f.output.format == "name":
		fmt.Fprintln(cmd.OutOrStdout(), "action/"+a.ID)
	case !f.output.table():
		whole, err := h.action(cmd.Context(), a.ID, actionFields)
		if err != nil {
			return err
		}
		if err := f.output.document(cmd.OutOrStdout(), whole); err != nil {
			return err
		}
	}
	w := cmd.ErrOrStderr()
	fmt.Fprintf(w, "%s %s: %d done, %d failed of %d", a.ID, strings.ToLower(a.State), a.Done, a.Failed, a.Total)
	if n := a.in("SKIPPED", "BLOCKED"); n > 0 {
		fmt.Fprintf(w, ", %d left out", n)
	}
	if a.CanRetry {
		fmt.Fprintf(w, " · retry with: foretop actions retry %s", a.ID)
	}
	if a.CanUndo {
		fmt.Fprintf(w, " · undo with: foretop actions undo %s", a.ID)
	}
	fmt.Fprintln(w)
	if a.State != "SUCCEEDED" {
		return &exitError{code: exitTargets}
	}
	return nil
}

// noneReady is why a plan cannot be run, nil when it can.
func noneReady(a *actionView) error {
	if slices.ContainsFunc(a.Targets, func(t *targetView) bool { return t.State == "READY" }) {
		return nil
	}
	if len(a.Targets) == 1 {
		return &exitError{exitRefused, errors.New(a.Targets[0].Message)}
	}
	return &exitError{exitRefused, errors.New("nothing can be run: every target is blocked")}
}
