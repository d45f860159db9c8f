package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type suspect struct {
	Score   float64 `json:"score"`
	Reasons []struct {
		Text   string  `json:"text"`
		Weight float64 `json:"weight"`
	} `json:"reasons"`
	Change change `json:"change"`
}

// why is the reasons as people read them, the weightiest first; only some unless all are asked for.
func (s *suspect) why(all bool) string {
	var texts []string
	for _, r := range s.Reasons {
		texts = append(texts, r.Text)
	}
	if len(texts) > 3 && !all {
		texts = texts[:3]
	}
	return strings.Join(texts, "; ")
}

// mostSuspects is as many as the hub answers.
const mostSuspects = 100

// printSuspects asks for suspects; vars hold query, from and perhaps to, of which the hub wants a moment and a window.
func (h *hub) printSuspects(cmd *cobra.Command, output *outputFlags, vars map[string]any) error {
	from, to := vars["from"].(time.Time), time.Now().UTC()
	if until, ok := vars["to"].(time.Time); ok {
		to = until
	}
	var answer struct{ Suspects []*suspect }
	err := h.ask(cmd.Context(), `query($query:String!,$before:Time!,$window:Int!,$first:Int!){suspects(query:$query,before:$before,window:$window,first:$first){
		score reasons{text weight} change{cluster namespace kind resource name summary version{`+versionFields+`}}}}`,
		map[string]any{"query": vars["query"], "before": to, "window": max(1, int(to.Sub(from).Seconds())), "first": min(vars["first"].(int), mostSuspects)}, &answer)
	if err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	switch {
	case output.format == "name", output.format == "ref":
		for _, s := range answer.Suspects {
			fmt.Fprintln(out, s.Change.Version.Ref)
		}
	case !output.table():
		err = output.document(out, map[string]any{"items": answer.Suspects})
	case len(answer.Suspects) > 0:
		var rows [][]string
		for _, s := range answer.Suspects {
			c := s.Change
			rows = append(rows, []string{fmt.Sprintf("%.2f", s.Score), c.Version.ObservedAt.Local().Format(time.DateTime), c.Cluster, orDash(deref(c.Namespace)), c.Kind + "/" + c.Name, orDash(c.Version.ChangedBy), orDash(c.Summary), s.why(output.wide()), c.Version.Ref})
		}
		err = output.grid(out, []column{{name: "SCORE"}, {name: "TIME"}, {name: "CLUSTER"}, {name: "NAMESPACE"}, {name: "OBJECT"}, {name: "BY"}, {name: "CHANGE"}, {name: "WHY"}, {name: "REF", wide: true}}, rows)
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%d %s from %s until %s\n", len(answer.Suspects), plural(len(answer.Suspects), "suspect", "suspects"), from.Local().Format(time.DateTime), to.Local().Format(time.DateTime))
	return nil
}

// before ends the stretch at a moment. A duration of --since then counts from there.
func (f *spanFlags) before(at string) error {
	t, err := moment(at)
	if err != nil {
		return err
	}
	f.until = t.Format(time.RFC3339Nano)
	if d, ok := durationAgo(f.since); ok {
		f.since = t.Add(-d).Format(time.RFC3339Nano)
	}
	return nil
}
