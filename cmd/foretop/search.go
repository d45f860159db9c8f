package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func searchCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var limit int
	var at, since, sort, columns string
	var facets, groupBy []string
	var count, explain, failEmpty, web bool
	cmd := &cobra.Command{
		Use:     "search [QUERY...]",
		Aliases: []string{"q"},
		Short:   "Find objects in every cluster by the query language",
		Long: `Find objects in every cluster. Words find text; field:value narrows; kubectl's k=v means labels with label.k=v.
Several arguments are one query. The table goes to standard output, coverage to standard error.

-o csv and -o ndjson stream everything that matches, however much it is, with the columns of --columns.`,
		Example: `  foretop search app:app2 status:!Ready
  foretop search 'kind:pod restarts>5 age<1h' -o wide
  foretop search 'kind:deploy app:payments' --group-by image.tag
  foretop search 'kind:node' -o csv --columns cluster,name,label.kubernetes.io/arch
  foretop search 'kind:deploy image.tag:latest' -o ref | foretop restart -f - --plan`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(slices.Concat(objectFormats, streams)...); err != nil {
				return err
			}
			switch {
			case limit < 0:
				return usageError{errors.New("--limit must not be negative")}
			case columns != "" && !output.streams():
				return usageError{errors.New("--columns is for -o csv and -o ndjson")}
			case output.lists() && (count || explain || len(facets) > 0 || len(groupBy) > 0):
				return usageError{fmt.Errorf("-o %s lists objects: leave out --count, --explain, --facets and --group-by", output.format)}
			}
			if output.customColumns() {
				if _, _, err := output.customPaths(); err != nil {
					return err
				}
			}
			terms, err := scope.terms()
			if err != nil {
				return err
			}
			if at != "" {
				terms = append(terms, "at:"+value(at))
			}
			if since != "" {
				terms = append(terms, "changed<"+value(since))
			}
			if sort != "" {
				terms = append(terms, "sort:"+value(sort))
			}
			if len(groupBy) > 0 {
				terms = append(terms, "group:"+strings.Join(groupBy, ","))
			}
			if output.streams() && cmd.Flags().Changed("limit") && limit > 0 {
				terms = append(terms, fmt.Sprintf("limit:%d", limit))
			}
			query := joinQuery(args, terms)
			h, err := conn.open()
			if err != nil {
				return err
			}
			switch {
			case explain:
				return h.explain(cmd, query, &output)
			case web:
				return h.openPage(cmd, query)
			case output.streams():
				return h.export(cmd, url.Values{"query": {query}, "format": {output.format}, "columns": {columns}}, &scope)
			}
			if !cmd.Flags().Changed("limit") && hasDirective(query, "limit") {
				limit = 0 // the query says it
			}
			want := listing{limit: limit, facets: facets, groups: groups(query)}
			if count || want.groups {
				want.limit = 1
			}
			if output.needsObjects() {
				want.fields = "object"
			}
			if want.groups && output.lists() {
				return usageError{fmt.Errorf("-o %s lists objects, but group: counts them: leave out one", output.format)}
			}
			r, err := h.list(cmd.Context(), query, want)
			if err != nil {
				return err
			}
			summary := fmt.Sprintf("%d of %d shown · ", len(r.Nodes), r.Total)
			switch {
			case count:
				summary = ""
				_, err = fmt.Fprintln(cmd.OutOrStdout(), r.Total)
			case len(facets) > 0 && output.table():
				err = printFacets(cmd, r, &output)
			case want.groups:
				summary = fmt.Sprintf("%d match in %d groups · ", r.Total, len(r.Groups))
				err = printGroups(cmd, query, r, &output)
			default:
				err = output.print(cmd.OutOrStdout(), answered{list: r.Nodes, more: r.Total - len(r.Nodes), coverage: &r.Coverage}, func() error {
					if len(r.Nodes) == 0 {
						return nil
					}
					return output.grid(cmd.OutOrStdout(), searchColumns(scope), searchRows(r.Nodes, scope, output.wide()))
				})
			}
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.ErrOrStderr(), summary+r.Coverage.String())
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
	output.registerObjects(cmd.Flags(), streams...)
	cmd.Flags().IntVar(&limit, "limit", 50, "most objects to print; 0 is all, which is what -o csv and ndjson print without this flag")
	cmd.Flags().StringVar(&at, "at", "", "as it was at a moment: 2026-11-20T09:10Z, -30m")
	cmd.Flags().StringVar(&since, "since", "", "only what changed within: 15m, 2h, 3d")
	cmd.Flags().StringVar(&sort, "sort", "", "order by a field: restarts-desc, age, name")
	cmd.Flags().StringSliceVar(&groupBy, "group-by", nil, "count by the values of these fields instead of listing: cluster,ns")
	cmd.Flags().StringSliceVar(&facets, "facets", nil, "count the values of these fields over everything that matches")
	cmd.Flags().StringVar(&columns, "columns", "", "columns of -o csv and ndjson: fields of the language, label.KEY, paths such as .spec.replicas")
	cmd.Flags().BoolVar(&count, "count", false, "print only how many match")
	cmd.Flags().BoolVar(&explain, "explain", false, "print how the query is understood and which engine answers it")
	cmd.Flags().BoolVar(&web, "web", false, "print the address of the page that shows this, and open it in a browser")
	cmd.Flags().BoolVar(&failEmpty, "fail-empty", false, "exit with 1 when nothing matches")
	completeFlags(cmd, &conn)
	return cmd
}

// hasDirective reports whether a query has a directive as a word of its own.
func hasDirective(query, name string) bool {
	for word := range strings.FieldsSeq(query) {
		if strings.HasPrefix(strings.Trim(word, "()"), name+":") {
			return true
		}
	}
	return false
}

// groups reports whether a query counts groups instead of listing.
func groups(query string) bool { return groupFields(query) != nil }

// groupFields are the fields that group: names, as they were written.
func groupFields(query string) []string {
	for word := range strings.FieldsSeq(query) {
		if fields, ok := strings.CutPrefix(strings.Trim(word, "()"), "group:"); ok {
			return strings.Split(fields, ",")
		}
	}
	return nil
}

// printGroups prints a line for each combination of values.
func printGroups(cmd *cobra.Command, query string, r *found, output *outputFlags) error {
	fields := groupFields(query)
	if !output.table() {
		return output.document(cmd.OutOrStdout(), map[string]any{"by": fields, "groups": r.Groups, "total": r.Total})
	}
	var columns []column
	for _, f := range fields {
		columns = append(columns, column{name: strings.ToUpper(f)})
	}
	columns = append(columns, column{name: "COUNT"}, column{name: "READY"}, column{name: "NOT READY"})
	var rows [][]string
	for _, g := range r.Groups {
		var row []string
		for _, v := range g.Values {
			row = append(row, orDash(v))
		}
		rows = append(rows, append(row, fmt.Sprint(g.Count), fmt.Sprint(g.Ready), fmt.Sprint(g.NotReady)))
	}
	return output.grid(cmd.OutOrStdout(), columns, rows)
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
