package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func searchCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var limit int
	var at, since string
	var facets []string
	var count, explain, failEmpty bool
	cmd := &cobra.Command{
		Use:     "search [QUERY...]",
		Aliases: []string{"q"},
		Short:   "Find objects in every cluster by the query language",
		Long: `Find objects in every cluster. Words find text; field:value narrows; kubectl's k=v means labels with label.k=v.
Several arguments are one query.`,
		Example: `  foretop search app:app2 status:!Ready
  foretop search 'kind:pod restarts>5 age<1h' -o wide
  foretop search 'kind:deploy image.tag:latest' -o ref | foretop restart -f - --plan`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(objectFormats...); err != nil {
				return err
			}
			if limit < 0 {
				return usageError{errors.New("--limit must not be negative")}
			}
			terms, err := scope.terms()
			if err != nil {
				return err
			}
			if at != "" {
				terms = append(terms, "at:"+value(at))
			}
			if since != "" {
				terms = append(terms, "changed<"+since)
			}
			query := joinQuery(args, terms)
			h, err := conn.open()
			if err != nil {
				return err
			}
			if explain {
				return h.explain(cmd, query, &output)
			}
			want := limit
			if count {
				want = 1
			}
			r, err := h.search(cmd.Context(), query, want, output.needsObjects(), facets)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case count:
				fmt.Fprintln(out, r.Total)
			case len(facets) > 0 && output.table():
				err = printFacets(cmd, r, &output)
			default:
				err = output.print(out, r.Nodes, false, r.Total-len(r.Nodes), func() error {
					if len(r.Nodes) == 0 {
						return nil
					}
					return output.grid(out, searchColumns(scope), searchRows(r.Nodes, scope, output.wide()))
				})
			}
			if err != nil {
				return err
			}
			shown := len(r.Nodes)
			if count {
				shown = 0
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d shown · %s\n", shown, r.Total, r.Coverage.String())
			if err := scope.check(&r.Coverage); err != nil {
				return err
			}
			if failEmpty && r.Total == 0 {
				return &exitError{code: 1}
			}
			return nil
		},
		ValidArgsFunction: completeQuery(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.Flags().IntVar(&limit, "limit", 50, "most objects to print; 0 is all")
	cmd.Flags().StringVar(&at, "at", "", "as it was at a moment: 2026-11-20T09:10Z, -30m")
	cmd.Flags().StringVar(&since, "since", "", "only what changed within: 15m, 2h, 3d")
	cmd.Flags().StringSliceVar(&facets, "facets", nil, "count the values of these fields over everything that matches")
	cmd.Flags().BoolVar(&count, "count", false, "print only how many match")
	cmd.Flags().BoolVar(&explain, "explain", false, "print how the query is understood and which engine answers it")
	cmd.Flags().BoolVar(&failEmpty, "fail-empty", false, "exit with 1 when nothing matches")
	completeFlags(cmd, &conn)
	return cmd
}

// joinQuery makes one query of a person's words and the flags'. An OR of theirs must not swallow the flags.
func joinQuery(words, terms []string) string {
	query := strings.Join(words, " ")
	if len(terms) == 0 {
		return query
	}
	if strings.Contains(query, " OR ") {
		query = "(" + query + ")"
	}
	return strings.TrimSpace(query + " " + strings.Join(terms, " "))
}

func (h *hub) explain(cmd *cobra.Command, query string, output *outputFlags) error {
	var answer struct {
		SearchExplain struct {
			Engine    string   `json:"engine"`
			Canonical string   `json:"canonical"`
			Terms     []string `json:"terms"`
			Error     *struct {
				Code    string `json:"code"`
				Message string `json:"message"`
				Fix     string `json:"fix"`
				From    int    `json:"from"`
				To      int    `json:"to"`
			} `json:"error,omitempty"`
		}
	}
	err := h.ask(cmd.Context(), `query($query:String!){searchExplain(query:$query){engine canonical terms error{code message fix from to}}}`, map[string]any{"query": query}, &answer)
	if err != nil {
		return err
	}
	x := answer.SearchExplain
	if x.Error != nil {
		e := &hubError{Message: x.Error.Message, query: query}
		e.Extensions.Code, e.Extensions.Fix, e.Extensions.From, e.Extensions.To = x.Error.Code, x.Error.Fix, x.Error.From, x.Error.To
		return &exitError{exitUsage, e}
	}
	if !output.table() {
		return output.document(cmd.OutOrStdout(), x)
	}
	fmt.Fprintf(cmd.OutOrStdout(), "Query:  %s\nEngine: %s\n", x.Canonical, x.Engine)
	for _, t := range x.Terms {
		fmt.Fprintln(cmd.OutOrStdout(), "  "+t)
	}
	return nil
}

func printFacets(cmd *cobra.Command, r *found, output *outputFlags) error {
	var rows [][]string
	for _, f := range r.Facets {
		for _, v := range f.Values {
			rows = append(rows, []string{f.Field, orDash(v.Value), fmt.Sprint(v.Count)})
		}
		if n := f.Distinct - len(f.Values); n > 0 {
			rows = append(rows, []string{f.Field, fmt.Sprintf("... %d more values", n), ""})
		}
	}
	return output.grid(cmd.OutOrStdout(), []column{{name: "FIELD"}, {name: "VALUE"}, {name: "COUNT"}}, rows)
}

func searchColumns(scope scopeFlags) []column {
	columns := []column{{name: "NAMESPACE"}, {name: "KIND"}, {name: "NAME"}, {name: "READY"}, {name: "STATUS"}, {name: "IMAGE"}, {name: "AGE"}, {name: "CHANGED"}, {name: "NODE", wide: true}, {name: "RESTARTS", wide: true}}
	if !scope.oneCluster() {
		columns = append([]column{{name: "CLUSTER"}}, columns...)
	}
	return columns
}

func searchRows(list []*resource, scope scopeFlags, wide bool) [][]string {
	rows := make([][]string, len(list))
	for i, r := range list {
		row := []string{orDash(r.namespace()), r.Kind, r.Name, r.ready(), orDash(r.Status), r.images(wide), ago(r.CreatedAt), r.changed(), orDash(r.Node), r.restarts()}
		if r.DeletedAt != nil {
			row[4] = "deleted " + ago(r.DeletedAt) + " ago"
		}
		if !scope.oneCluster() {
			row = append([]string{r.Cluster}, row...)
		}
		rows[i] = row
	}
	return rows
}
