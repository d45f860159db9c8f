package main

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// Completion asks the hub, as typing in the page does. A hub that does not answer at once completes nothing: a shell
// must not hang on Tab.
const completeTimeout = 2 * time.Second

const noFiles = cobra.ShellCompDirectiveNoFileComp

type completion = func(cmd *cobra.Command, args []string, toComplete string) ([]string, cobra.ShellCompDirective)

func (f *hubFlags) quick(cmd *cobra.Command) (*hub, error) {
	if err := flagsFromEnvironment(cmd.Flags()); err != nil { // cobra completes before it runs anything
		return nil, err
	}
	h, err := f.open()
	if err == nil {
		h.http.Timeout = completeTimeout
	}
	return h, err
}

// suggest answers what the hub offers for the end of query, whole words.
func (h *hub) suggest(ctx context.Context, query string) ([]string, error) {
	var answer struct {
		SearchComplete []struct {
			Text, Label, Detail string
			From, To            int
		}
	}
	if err := h.ask(ctx, `query($query:String!){searchComplete(query:$query){text label detail from to}}`, map[string]any{"query": query}, &answer); err != nil {
		return nil, err
	}
	start := strings.LastIndexAny(query, " \t") + 1
	var list []string
	for _, s := range answer.SearchComplete {
		if s.From < start || s.From > len(query) {
			continue
		}
		text := query[start:s.From] + strings.TrimSpace(s.Text)
		if slices.ContainsFunc(list, func(had string) bool { return strings.HasPrefix(had, text+"\t") || had == text }) {
			continue // the same word for two reasons
		}
		if s.Detail != "" {
			text += "\t" + s.Detail
		}
		list = append(list, text)
	}
	return list, nil
}

// completeQuery completes the words of a query.
func completeQuery(conn *hubFlags, scope *scopeFlags) completion {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil {
			return nil, noFiles
		}
		list, err := h.suggest(cmd.Context(), strings.TrimSpace(strings.Join(args, " ")+" "+word))
		if err != nil {
			return nil, noFiles
		}
		directive := noFiles
		if len(list) == 1 && strings.HasSuffix(list[0], ":") {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
		return list, directive
	}
}

// completeObjects completes TYPE, TYPE/NAME and TYPE NAME.
func completeObjects(conn *hubFlags, scope *scopeFlags) completion {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil {
			return nil, noFiles
		}
		kind, prefix, slash := strings.Cut(word, "/")
		if len(args) == 1 && !slash {
			kind, prefix = args[0], word
		} else if !slash {
			return h.kinds(cmd.Context(), word), noFiles
		}
		terms, err := scope.terms()
		if err != nil {
			return nil, noFiles
		}
		query := strings.Join(append(terms, "kind:"+value(kind)), " ")
		if prefix != "" {
			query += " name:" + value(prefix+"*")
		}
		r, err := h.search(cmd.Context(), query, 100, false, nil)
		if err != nil {
			return nil, noFiles
		}
		var list []string
		seen := map[string]bool{}
		for _, n := range r.Nodes {
			name := n.Name
			if slash {
				name = kind + "/" + name
			}
			if !seen[name] {
				seen[name] = true
				list = append(list, name)
			}
		}
		return list, noFiles
	}
}

// completeNames completes NAMEs of one kind.
func completeNames(conn *hubFlags, scope *scopeFlags, kind string) completion {
	of := completeObjects(conn, scope)
	return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		return of(cmd, []string{kind}, word)
	}
}

func (h *hub) kinds(ctx context.Context, prefix string) []string {
	var answer struct {
		Kinds []struct{ Group, Resource, Kind string }
	}
	if err := h.ask(ctx, `{kinds{group resource kind}}`, nil, &answer); err != nil {
		return nil
	}
	var list []string
	for _, k := range answer.Kinds {
		if strings.HasPrefix(k.Resource, prefix) {
			list = append(list, k.Resource+"\t"+k.Kind)
		}
	}
	return list
}

func completeClusters(conn *hubFlags) completion {
	return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil {
			return nil, noFiles
		}
		var answer struct{ Clusters []*clusterRow }
		if err := h.ask(cmd.Context(), `{clusters{name state}}`, nil, &answer); err != nil {
			return nil, noFiles
		}
		start := strings.LastIndex(word, ",") + 1
		var list []string
		for _, c := range answer.Clusters {
			if strings.HasPrefix(c.Name, word[start:]) {
				list = append(list, word[:start]+c.Name+"\t"+strings.ToLower(c.State))
			}
		}
		return list, noFiles
	}
}

func completeActions(conn *hubFlags) completion {
	return func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil || len(args) > 0 {
			return nil, noFiles
		}
		var answer struct {
			Actions struct{ Nodes []*actionView }
		}
		if err := h.ask(cmd.Context(), `{actions(first:30){nodes{id title}}}`, nil, &answer); err != nil {
			return nil, noFiles
		}
		var list []string
		for _, a := range answer.Actions.Nodes {
			if strings.HasPrefix(a.ID, word) {
				list = append(list, a.ID+"\t"+a.Title)
			}
		}
		return list, noFiles
	}
}

// completeAfter completes what the query language takes after a word of its own; lists by comma.
func completeAfter(conn *hubFlags, directive string) completion {
	return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil {
			return nil, noFiles
		}
		start := strings.LastIndex(word, ",") + 1
		list, err := h.suggest(cmd.Context(), directive+word[start:])
		if err != nil {
			return nil, noFiles
		}
		for i, s := range list {
			list[i] = word[:start] + strings.TrimPrefix(s, directive)
		}
		return list, noFiles | cobra.ShellCompDirectiveNoSpace
	}
}

// completeFields completes fields of the query language; lists by comma.
func completeFields(conn *hubFlags) completion {
	return func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil {
			return nil, noFiles
		}
		start := strings.LastIndex(word, ",") + 1
		all, err := h.suggest(cmd.Context(), word[start:])
		if err != nil {
			return nil, noFiles
		}
		var list []string
		for _, s := range all {
			name, detail, _ := strings.Cut(s, "\t")
			if field, ok := strings.CutSuffix(name, ":"); ok || strings.HasPrefix(name, "label.") {
				list = append(list, word[:start]+field+"\t"+detail)
			}
		}
		return list, noFiles | cobra.ShellCompDirectiveNoSpace
	}
}

// completeFlags completes the flags that name clusters and namespaces, and the formats.
func completeFlags(cmd *cobra.Command, conn *hubFlags) {
	register := func(flag string, f completion) {
		if cmd.Flags().Lookup(flag) != nil {
			_ = cmd.RegisterFlagCompletionFunc(flag, f) // fails only for a flag that is not there
		}
	}
	register("clusters", completeClusters(conn))
	formats := []string{"table", "wide", "json", "yaml", "name", "ref", "jsonpath=", "go-template="}
	if cmd.Flags().Lookup("compat") != nil {
		formats = append(formats, "kyaml", "custom-columns=", "csv", "ndjson")
	}
	register("output", cobra.FixedCompletions(formats, noFiles|cobra.ShellCompDirectiveNoSpace))
	register("sort", completeAfter(conn, "sort:"))
	register("sort-by", completeAfter(conn, "sort:"))
	register("group-by", completeFields(conn))
	register("facets", completeFields(conn))
	register("columns", completeFields(conn))
	register("namespace", func(cmd *cobra.Command, _ []string, word string) ([]string, cobra.ShellCompDirective) {
		h, err := conn.quick(cmd)
		if err != nil {
			return nil, noFiles
		}
		list, err := h.suggest(cmd.Context(), "ns:"+word)
		if err != nil {
			return nil, noFiles
		}
		for i, s := range list {
			list[i] = strings.TrimPrefix(s, "ns:")
		}
		return list, noFiles
	})
}
