package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"
)

type approvalView struct {
	By string     `json:"by"`
	At *time.Time `json:"at"`
}

// actionView is an action as the hub tells it.
type actionView struct {
	ID            string          `json:"id"`
	Verb          string          `json:"verb"`
	State         string          `json:"state"`
	Title         string          `json:"title"`
	Reason        string          `json:"reason"`
	Actor         string          `json:"actor"`
	CreatedAt     *time.Time      `json:"createdAt"`
	StartedAt     *time.Time      `json:"startedAt"`
	FinishedAt    *time.Time      `json:"finishedAt"`
	ConfirmPhrase *string         `json:"confirmPhrase"`
	Warnings      []string        `json:"warnings"`
	Parameters    json.RawMessage `json:"parameters,omitempty"`
	Waves         *wavesView      `json:"waves,omitempty"`
	Wave          int             `json:"wave"`
	NextWaveAt    *time.Time      `json:"nextWaveAt"`
	Targets       []*targetView   `json:"targets"`
	Undoes        *string         `json:"undoes"`
	UndoneBy      *string         `json:"undoneBy"`
	Retries       *string         `json:"retries"`
	RetriedBy     *string         `json:"retriedBy"`
	NeedsApproval bool            `json:"needsApproval"`
	Approvals     []approvalView  `json:"approvals"`
	CanUndo       bool            `json:"canUndo"`
	CanRetry      bool            `json:"canRetry"`
	Done          int             `json:"done"`
	Failed        int             `json:"failed"`
	Total         int             `json:"total"`
}

type wavesView struct {
	Parallel     int  `json:"parallel"`
	Size         int  `json:"size"`
	PauseSeconds int  `json:"pauseSeconds"`
	MaxFailures  int  `json:"maxFailures"`
	ByCluster    bool `json:"byCluster"`
	Count        int  `json:"count"`
}

type targetView struct {
	Ref             string     `json:"ref"`
	Wave            int        `json:"wave"`
	UID             string     `json:"uid"`
	ResourceVersion string     `json:"resourceVersion"`
	State           string     `json:"state"`
	Message         string     `json:"message"`
	Warnings        []string   `json:"warnings"`
	Diff            string     `json:"diff"`
	Change          string     `json:"change"`
	CanUndo         bool       `json:"canUndo"`
	Desired         *int       `json:"desired"`
	Updated         *int       `json:"updated"`
	ReadyReplicas   *int       `json:"readyReplicas"`
	StartedAt       *time.Time `json:"startedAt"`
	FinishedAt      *time.Time `json:"finishedAt"`
}

const (
	actionHead   = `id verb state title reason actor createdAt startedAt finishedAt confirmPhrase warnings needsApproval approvals{by at} undoes undoneBy retries retriedBy canUndo canRetry done failed total wave nextWaveAt`
	actionFields = `{` + actionHead + ` parameters waves{parallel size pauseSeconds maxFailures byCluster count}
	targets{ref wave uid resourceVersion state message warnings diff change canUndo desired updated readyReplicas startedAt finishedAt}}`
	// actionProgress leaves out what does not change while an action runs: of a thousand targets that is much.
	actionProgress = `{` + actionHead + ` waves{count} targets{ref state message change desired updated readyReplicas}}`
	actionState    = `{` + actionHead + ` targets{state}}`
)

func (a *actionView) ended() bool {
	return a.State == "SUCCEEDED" || a.State == "FAILED" || a.State == "STOPPED" || a.State == "EXPIRED"
}

// in counts targets of a state.
func (a *actionView) in(states ...string) int {
	n := 0
	for _, t := range a.Targets {
		if slices.Contains(states, t.State) {
			n++
		}
	}
	return n
}

func (h *hub) action(ctx context.Context, id, fields string) (*actionView, error) {
	var answer struct{ Action *actionView }
	if err := h.ask(ctx, `query($id:ID!){action(id:$id)`+fields+`}`, map[string]any{"id": id}, &answer); err != nil {
		return nil, err
	}
	if answer.Action == nil {
		return nil, fmt.Errorf("there is no action %s. List them with: foretop actions", id)
	}
	return answer.Action, nil
}

// alike are targets of which the same is to be said.
type alike struct {
	mark, what string
	refs       []string
}

// groups says of every target what would happen, or happened, to it; the same thing once.
func (a *actionView) groups() []*alike {
	var groups []*alike
	at := map[[2]string]*alike{}
	add := func(mark, what, ref string) {
		g := at[[2]string{mark, what}]
		if g == nil {
			g = &alike{mark: mark, what: what}
			at[[2]string{mark, what}] = g
			groups = append(groups, g)
		}
		g.refs = append(g.refs, ref)
	}
	for _, t := range a.Targets {
		what := orDash(t.Change)
		switch {
		case t.State == "BLOCKED":
			add("!", "blocked: "+t.Message, t.Ref)
			continue
		case t.State == "FAILED", t.State == "SKIPPED":
			add("!", strings.ToLower(t.State)+": "+t.Message, t.Ref)
			continue
		case t.State != "READY":
			what += " (" + strings.ToLower(t.State) + ")"
		}
		add("~", what, t.Ref)
		if t.Message != "" {
			add("!", t.Message, t.Ref)
		}
	}
	for _, t := range a.Targets {
		for _, w := range t.Warnings {
			add("!", w, t.Ref)
		}
	}
	return groups
}

const mostRefs = 10 // of a group that are named

// printPlan groups targets by what would happen to them.
func printPlan(out io.Writer, a *actionView, diffs bool) {
	fmt.Fprintf(out, "%s %s  %s\n", a.State, a.ID, a.Title)
	for _, g := range a.groups() {
		fmt.Fprintf(out, "  %s %s", g.mark, g.what)
		if len(g.refs) == 1 {
			fmt.Fprintf(out, "  %s\n", g.refs[0])
			continue
		}
		fmt.Fprintf(out, "  %d targets\n", len(g.refs))
		for _, ref := range named(g.refs) {
			fmt.Fprintf(out, "      %s\n", ref)
		}
	}
	if w := a.Waves; w != nil && w.Count > 1 {
		fmt.Fprintf(out, "  %s\n", w)
	}
	for _, w := range a.Warnings {
		fmt.Fprintf(out, "  ! %s\n", w)
	}
	for _, p := range a.Approvals {
		fmt.Fprintf(out, "  approved by %s\n", p.By)
	}
	if a.NeedsApproval {
		fmt.Fprintf(out, "  ! Another person has to approve it: foretop actions approve %s\n", a.ID)
	}
	if diffs {
		printDiffs(out, a)
	}
}

// named is at most mostRefs of a list and how many are left out.
func named(refs []string) []string {
	if len(refs) <= mostRefs {
		return refs
	}
	return append(refs[:mostRefs:mostRefs], fmt.Sprintf("and %d more", len(refs)-mostRefs))
}

// String says how an action goes: 5 waves of 20, 1m0s between them, 4 at a time.
func (w *wavesView) String() string {
	s := fmt.Sprintf("%d waves", w.Count)
	if w.Size > 0 {
		s += fmt.Sprintf(" of up to %d", w.Size)
	}
	if w.ByCluster {
		s += ", each in one cluster"
	}
	if w.PauseSeconds > 0 {
		s += fmt.Sprintf(", %s between them", time.Duration(w.PauseSeconds)*time.Second)
	}
	if w.MaxFailures > 0 {
		s += fmt.Sprintf(", stopped after %d failed", w.MaxFailures)
	}
	return s
}

var (
	// Where a change stands in an object does not make it another change.
	hunkAt = regexp.MustCompile(`(?m)^@@ .* @@`)
	// What a server gives every object that it makes says nothing of the change; that of a dry run is not even true.
	ofEach = regexp.MustCompile(`(?m)^[+-]  (uid|creationTimestamp): .*\n`)
)

// printDiffs prints each difference once, over the targets that have it.
func printDiffs(out io.Writer, a *actionView) {
	var order []string
	of := map[string][]*targetView{}
	for _, t := range a.Targets {
		if t.Diff == "" {
			continue
		}
		key := hunkAt.ReplaceAllString(ofEach.ReplaceAllString(t.Diff, ""), "@@")
		if of[key] == nil {
			order = append(order, key)
		}
		of[key] = append(of[key], t)
	}
	for _, key := range order {
		targets := of[key]
		fmt.Fprintln(out)
		if len(targets) > 1 {
			fmt.Fprintf(out, "%d targets:\n", len(targets))
		}
		var refs []string
		for _, t := range targets {
			refs = append(refs, t.Ref)
		}
		fmt.Fprintln(out, strings.Join(named(refs), "\n"))
		patch(out, ofEach.ReplaceAllString(targets[0].Diff, ""))
	}
}
