package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type change struct {
	Version   objectVersion `json:"version"`
	Cluster   string        `json:"cluster"`
	Namespace *string       `json:"namespace"`
	Kind      string        `json:"kind"`
	Resource  string        `json:"resource"`
	Name      string        `json:"name"`
	Summary   string        `json:"summary"`
}

func changesCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var span spanFlags
	var suspects bool
	var before, columns string
	var watch bool
	cmd := &cobra.Command{
		Use:   "changes [QUERY...]",
		Short: "Show what changed in every cluster, newest first, or what may have broken something",
		Long: `Show what changed in every cluster, newest first. With --suspects: what may have broken the objects that the query
finds, the most suspect first, and why. Looked at are changes of these objects, of their owners, of what they use and run
on, of what leads to them, and of the same application and namespace, from --since until --before.`,
		Example: `  foretop changes --since 1h
  foretop changes app:app2 -C zone1 --since 1d -o wide
  foretop changes kind:deploy -w
  foretop changes app:app2 -C zone1 --suspects
  foretop changes app:app2 --suspects --before 2026-11-20T09:10:00Z`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(slices.Concat([]string{"ref"}, streams)...); err != nil {
				return err
			}
			switch {
			case suspects && (watch || output.streams()):
				return usageError{errors.New("--suspects looks back, once, and prints a table, JSON or YAML: leave out --watch and -o csv or ndjson")}
			case watch && output.streams():
				return usageError{fmt.Errorf("-o %s has an end: use -o json with --watch", output.format)}
			case columns != "" && !output.streams():
				return usageError{errors.New("--columns is for -o csv and -o ndjson")}
			case before != "" && !suspects:
				return usageError{errors.New("--before goes with --suspects; --until ends a list of changes")}
			case before != "":
				if err := span.before(before); err != nil {
					return err
				}
			}
			vars, err := span.variables()
			if err != nil {
				return err
			}
			terms, err := scope.terms()
			if err != nil {
				return err
			}
			vars["query"] = joinQuery(args, terms)
			h, err := conn.open()
			if err != nil {
				return err
			}
			if suspects {
				return h.printSuspects(cmd, &output, vars)
			}
			if output.streams() {
				return h.export(cmd, span.export("changes", vars, output.format, columns), &scope)
			}
			f := happenings[*change]{
				fetch:   func(vars map[string]any) (*stretch[*change], error) { return h.changes(cmd.Context(), vars) },
				id:      func(c *change) string { return c.Version.Ref + " " + c.Version.ID },
				at:      func(c *change) *time.Time { return c.Version.ObservedAt },
				columns: changeColumns, row: changeRow, name: func(c *change) string { return c.Version.Ref },
			}
			if watch {
				return f.follow(cmd, &output, &span, vars)
			}
			return f.list(cmd, &output, &span, &scope, vars)
		},
		ValidArgsFunction: completeQuery(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	span.register(cmd)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "after listing, oldest first, print changes as they come, until interrupted")
	cmd.Flags().StringVar(&columns, "columns", "", "columns of -o csv and ndjson: fields of the language, label.KEY, paths, summary")
	cmd.Flags().BoolVar(&suspects, "suspects", false, "what may have broken the objects that the query finds, and why")
	cmd.Flags().StringVar(&before, "before", "", "with --suspects: the moment of the breakage, a duration ago or a point in time; default now")
	completeFlags(cmd, &conn)
	return cmd
}

var changeColumns = []column{{name: "TIME"}, {name: "CLUSTER"}, {name: "NAMESPACE"}, {name: "KIND"}, {name: "NAME"}, {name: "TYPE"}, {name: "BY"}, {name: "CHANGE"}, {name: "PATHS", wide: true}}

func changeRow(c *change) []string {
	return []string{c.Version.ObservedAt.Local().Format(time.DateTime), c.Cluster, orDash(deref(c.Namespace)), c.Kind, c.Name, strings.ToLower(c.Version.Type), orDash(c.Version.ChangedBy), orDash(c.Summary), paths(c.Version.ChangedPaths, true)}
}

func (h *hub) changes(ctx context.Context, vars map[string]any) (*stretch[*change], error) {
	var answer struct {
		Changes struct {
			Nodes    []*change
			PageInfo struct{ HasNextPage bool }
			Coverage coverage
		}
	}
	err := h.ask(ctx, `query($query:String!,$from:Time!,$to:Time,$first:Int!){changes(query:$query,from:$from,to:$to,first:$first){
		pageInfo{hasNextPage} `+coverageFields+` nodes{cluster namespace kind resource name summary version{`+versionFields+`}}}}`, vars, &answer)
	return &stretch[*change]{answer.Changes.Nodes, answer.Changes.PageInfo.HasNextPage, answer.Changes.Coverage}, err
}

// spanFlags are a stretch of time.
type spanFlags struct {
	since, until string
	limit        int
}

func (f *spanFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.since, "since", "1h", "from when: a duration ago (30m, 2h, 3d) or a moment (2026-11-20T09:10:00Z)")
	cmd.Flags().StringVar(&f.until, "until", "", "till when; default now")
	cmd.Flags().IntVar(&f.limit, "limit", 100, "most lines to print, up to 1000")
}

func (f *spanFlags) variables() (map[string]any, error) {
	if f.limit < 1 || f.limit > 1000 {
		return nil, usageError{errors.New("--limit must be from 1 to 1000")}
	}
	from, err := moment(f.since)
	if err != nil {
		return nil, err
	}
	vars := map[string]any{"from": from, "first": f.limit}
	if f.until != "" {
		to, err := moment(f.until)
		if err != nil {
			return nil, err
		}
		if !to.After(from) {
			return nil, usageError{errors.New("--until lies before --since")}
		}
		vars["to"] = to
	}
	return vars, nil
}

// export asks for all of the stretch, as the hub streams it.
func (f *spanFlags) export(page string, vars map[string]any, format, columns string) url.Values {
	args := url.Values{"page": {page}, "format": {format}, "columns": {columns}}
	for name, v := range vars {
		switch v := v.(type) {
		case time.Time:
			args.Set(name, v.Format(time.RFC3339Nano))
		case string:
			args.Set(name, v)
		}
	}
	return args
}

func (f *spanFlags) shown(cmd *cobra.Command, n int, more bool, c *coverage) {
	s := fmt.Sprintf("%d shown", n)
	if more {
		s += ", there are more (--limit)"
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s · since %s · %s\n", s, f.since, c)
}

// moment reads a point in time: RFC 3339, with less precision too, or a duration ago, with or without a minus.
func moment(s string) (time.Time, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.ParseInLocation(layout, s, time.Local); err == nil {
			return t.UTC(), nil
		}
	}
	d, ok := durationAgo(s)
	if !ok {
		return time.Time{}, usageError{fmt.Errorf("%q is no moment: write 30m, 2h, 3d ago, or 2026-11-20T09:10:00Z", s)}
	}
	return time.Now().Add(-d).UTC(), nil
}

// durationAgo reads how long ago something was: 30m, -2h, 3d.
func durationAgo(s string) (time.Duration, bool) {
	text := strings.TrimPrefix(s, "-")
	if number, ok := strings.CutSuffix(text, "d"); ok {
		if days, err := strconv.ParseFloat(number, 64); err == nil && days >= 0 {
			return time.Duration(days * 24 * float64(time.Hour)), true
		}
	}
	d, err := time.ParseDuration(text)
	return d, err == nil && d >= 0
}

func deref(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
