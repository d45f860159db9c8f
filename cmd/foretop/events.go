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

type event struct {
	UID           string     `json:"uid"`
	Cluster       string     `json:"cluster"`
	Namespace     *string    `json:"namespace"`
	Type          string     `json:"type"`
	Reason        string     `json:"reason"`
	Message       string     `json:"message"`
	Source        string     `json:"source"`
	Count         int        `json:"count"`
	FirstAt       *time.Time `json:"firstAt"`
	LastAt        *time.Time `json:"lastAt"`
	RegardingKind string     `json:"regardingKind"`
	RegardingName string     `json:"regardingName"`
	Regarding     *string    `json:"regarding"`
}

func eventsCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var span spanFlags
	var types []string
	var columns string
	var watch bool
	cmd := &cobra.Command{
		Use:   "events [QUERY...]",
		Short: "Show Kubernetes events of every cluster, newest first, also those the clusters have forgotten",
		Example: `  foretop events --types Warning --since 30m
  foretop events app:app2 -C zone1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(streams...); err != nil {
				return err
			}
			switch {
			case watch && output.streams():
				return usageError{fmt.Errorf("-o %s has an end: use -o json with --watch", output.format)}
			case columns != "" && !output.streams():
				return usageError{errors.New("--columns is for -o csv and -o ndjson")}
			}
			vars, err := span.variables()
			if err != nil {
				return err
			}
			terms, err := scope.terms()
			if err != nil {
				return err
			}
			for i, t := range types {
				types[i] = value(t)
			}
			if len(types) > 0 && !slices.Contains(types, "*") {
				terms = append(terms, "type:"+strings.Join(types, ","))
			}
			vars["query"] = joinQuery(args, terms)
			h, err := conn.open()
			if err != nil {
				return err
			}
			if output.streams() {
				return h.export(cmd, span.export("events", vars, output.format, columns), &scope)
			}
			f := happenings[*event]{
				fetch:   func(vars map[string]any) (*stretch[*event], error) { return h.events(cmd.Context(), vars) },
				id:      func(e *event) string { return fmt.Sprintf("%s %s %d", e.Cluster, e.UID, e.Count) },
				at:      func(e *event) *time.Time { return e.LastAt },
				columns: eventColumns, row: func(e *event) []string { return eventRow(e, output.wide()) }, name: func(e *event) string { return "event/" + e.UID },
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
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "after listing, oldest first, print events as they come, until interrupted")
	cmd.Flags().StringVar(&columns, "columns", "", "columns of -o csv and ndjson: seen, cluster, ns, type, reason, kind, name, count, message, source, ref")
	cmd.Flags().StringSliceVar(&types, "types", nil, "only events of these types: Normal, Warning")
	completeFlags(cmd, &conn)
	return cmd
}

var eventColumns = []column{{name: "LAST SEEN"}, {name: "CLUSTER"}, {name: "NAMESPACE"}, {name: "TYPE"}, {name: "REASON"}, {name: "OBJECT"}, {name: "COUNT"}, {name: "MESSAGE"}, {name: "SOURCE", wide: true}}

func eventRow(e *event, wide bool) []string {
	message := strings.Join(strings.Fields(e.Message), " ")
	if r := []rune(message); len(r) > 120 && !wide {
		message = string(r[:119]) + "…"
	}
	return []string{ago(e.LastAt), e.Cluster, orDash(deref(e.Namespace)), e.Type, e.Reason, strings.ToLower(e.RegardingKind) + "/" + e.RegardingName, fmt.Sprint(e.Count), message, orDash(e.Source)}
}

func (h *hub) events(ctx context.Context, vars map[string]any) (*stretch[*event], error) {
	var answer struct {
		Events struct {
			Nodes    []*event
			PageInfo struct{ HasNextPage bool }
			Coverage coverage
		}
	}
	err := h.ask(ctx, `query($query:String!,$from:Time!,$to:Time,$first:Int!){events(query:$query,from:$from,to:$to,first:$first){
		pageInfo{hasNextPage} `+coverageFields+` nodes{uid cluster namespace type reason message source count firstAt lastAt regardingKind regardingName regarding}}}`, vars, &answer)
	return &stretch[*event]{answer.Events.Nodes, answer.Events.PageInfo.HasNextPage, answer.Events.Coverage}, err
}
