package main

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/kube"
)

// getFlags are kubectl's flags of get, and the hub's.
type getFlags struct {
	conn                                 hubFlags
	scope                                scopeFlags
	output                               outputFlags
	query, at, fields, sortBy, file      string
	labels                               []string
	limit, chunk                         int
	ignoreNotFound, showLabels, showKind bool
	watch, watchOnly, outputWatchEvents  bool
}

func getCommand() *cobra.Command {
	var f getFlags
	cmd := &cobra.Command{
		Use:   "get (TYPE[,TYPE...] [NAME...] | TYPE/NAME... | REF... | -f FILE)",
		Short: "List objects of every cluster as kubectl get does",
		Example: `  foretop get deployments -n shop
  foretop get po -C zone1 -l app=app2 -o wide
  foretop get pods --field-selector status.phase=Pending --sort-by .metadata.creationTimestamp
  foretop get deployment/app2 -n shop -o yaml
  foretop get deployments -n shop -w
  foretop get zone1:shop/deployments.apps/app2 -o jsonpath='{.spec.replicas}'`,
		RunE:              f.run,
		ValidArgsFunction: completeObjects(&f.conn, &f.scope),
	}
	f.conn.register(cmd.Flags())
	f.scope.register(cmd.Flags())
	f.output.registerObjects(cmd.Flags(), streams...)
	cmd.Flags().StringVarP(&f.query, "query", "q", "", "narrow by the query language too")
	cmd.Flags().StringVar(&f.at, "at", "", "as it was at a moment: 2026-11-20T09:10Z, -30m")
	cmd.Flags().StringVar(&f.fields, "field-selector", "", "narrow by fields: status.phase=Running,spec.nodeName!=node-1; any path will do")
	cmd.Flags().StringVar(&f.sortBy, "sort-by", "", "order by a path, as kubectl does (.metadata.creationTimestamp), or by a field (restarts-desc)")
	cmd.Flags().StringVarP(&f.file, "filename", "f", "", "file of references, one a line, as -o ref prints them; - is standard input")
	cmd.Flags().StringSliceVarP(&f.labels, "label-columns", "L", nil, "labels to show as columns")
	cmd.Flags().IntVar(&f.limit, "limit", 0, "most objects per kind; 0 is all")
	cmd.Flags().IntVar(&f.chunk, "chunk-size", 500, "objects per request, up to 1000; 0 leaves it to the hub")
	cmd.Flags().BoolVar(&f.ignoreNotFound, "ignore-not-found", false, "exit with 0 when a named object does not exist")
	cmd.Flags().BoolVar(&f.showLabels, "show-labels", false, "add the labels as a last column")
	cmd.Flags().BoolVar(&f.showKind, "show-kind", false, "write the kind before the name")
	cmd.Flags().BoolVarP(&f.watch, "watch", "w", false, "after listing, print changes as they come, until interrupted")
	cmd.Flags().BoolVar(&f.watchOnly, "watch-only", false, "print changes as they come, without listing first")
	cmd.Flags().BoolVar(&f.outputWatchEvents, "output-watch-events", false, "say of each change whether it is ADDED, MODIFIED or REMOVED")
	completeFlags(cmd, &f.conn)
	return cmd
}

// check finds what was typed wrong before a hub is needed.
func (f *getFlags) check(args []string) error {
	if err := f.output.check(slices.Concat(objectFormats, streams)...); err != nil {
		return err
	}
	if f.output.customColumns() {
		if _, _, err := f.output.customPaths(); err != nil {
			return err
		}
	}
	switch {
	case f.limit < 0 || f.chunk < 0 || f.chunk > 1000:
		return usageError{errors.New("--limit must not be negative, and --chunk-size must be from 0 to 1000")}
	case f.file != "" && len(args) > 0:
		return usageError{errors.New("name objects as arguments or with -f, not both")}
	case f.file == "" && len(args) == 0:
		return usageError{errors.New("which kind? Write TYPE, as in: foretop get deployments")}
	case f.watching() && f.at != "":
		return usageError{errors.New("the past does not change: leave out --watch or --at")}
	case f.watching() && f.sortBy != "":
		return usageError{errors.New("changes come as they happen: leave out --watch or --sort-by")}
	case f.watching() && f.output.streams():
		return usageError{fmt.Errorf("-o %s has an end: use -o json with --watch", f.output.format)}
	}
	return nil
}

func (f *getFlags) watching() bool { return f.watch || f.watchOnly }

// asked is what the arguments mean: a query per kind, since kubectl prints a table for each, or for named objects.
type asked struct {
	queries []string
	named   bool
	refs    []string // that must be found
	names   []string // per query, for one that finds nothing; "" where refs say it
	missing []string // of refs
}

// refsPerQuery is how many references one query takes: the language has its limits.
const refsPerQuery = 12

func (f *getFlags) asked(cmd *cobra.Command, args []string) (*asked, error) {
	if len(args) == 1 && !strings.ContainsAny(args[0], "/:") {
		a := &asked{}
		for kind := range strings.SplitSeq(args[0], ",") {
			a.queries, a.names = append(a.queries, "kind:"+value(kind)), append(a.names, "")
		}
		return a, nil
	}
	a := &asked{named: true}
	var named []target
	var err error
	if f.file != "" {
		a.refs, err = stdinRefs(cmd, f.file)
	} else {
		a.refs, named, err = targets(args)
	}
	if err != nil {
		return nil, err
	}
	for some := range slices.Chunk(a.refs, refsPerQuery) {
		var each []string
		for _, text := range some {
			ref, err := kube.ParseRef(text)
			if err != nil {
				return nil, usageError{err}
			}
			one := "cluster=" + quoted(ref.Cluster) + " kind:" + value(ref.GroupResource.String()) + " name=" + quoted(ref.Name)
			if ref.Namespace != "" {
				one += " ns=" + quoted(ref.Namespace)
			}
			each = append(each, one)
		}
		query := each[0]
		if len(each) > 1 {
			query = "((" + strings.Join(each, ") OR (") + "))"
		}
		a.queries, a.names = append(a.queries, query), append(a.names, "")
	}
	for _, t := range named {
		a.queries = append(a.queries, "kind:"+value(t.kind)+" name="+quoted(t.name))
		a.names = append(a.names, t.kind+"/"+t.name+" in "+where(f.scope))
	}
	return a, nil
}

func (f *getFlags) run(cmd *cobra.Command, args []string) error {
	if err := f.check(args); err != nil {
		return err
	}
	a, err := f.asked(cmd, args)
	if err != nil {
		return err
	}
	terms, err := f.terms()
	if err != nil {
		return err
	}
	h, err := f.conn.open()
	if err != nil {
		return err
	}
	for i, q := range a.queries {
		a.queries[i] = strings.TrimSpace(q + " " + strings.Join(terms, " "))
	}
	switch {
	case f.output.streams():
		for _, q := range a.queries {
			if err := h.export(cmd, url.Values{"query": {q}, "format": {f.output.format}}, &f.scope); err != nil {
				return err
			}
		}
		return nil
	case f.watching():
		return f.follow(cmd, h, a)
	}
	answer, err := f.list(cmd, h, a)
	if err != nil {
		return err
	}
	if err := a.notFound(); err != nil && len(answer.list) == 0 && !f.ignoreNotFound {
		return err
	}
	layout := f.layout(answer.list)
	if err := f.output.print(cmd.OutOrStdout(), *answer, func() error { return layout.tables(cmd, answer.list, &f.output) }); err != nil {
		return err
	}
	if len(answer.list) == 0 && !a.named {
		fmt.Fprintf(cmd.ErrOrStderr(), "No objects found · %s\n", answer.coverage)
	} else {
		fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d shown · %s\n", len(answer.list), len(answer.list)+answer.more, answer.coverage)
	}
	if err := a.notFound(); err != nil && !f.ignoreNotFound {
		return err
	}
	return f.scope.check(answer.coverage)
}

// terms are the flags in the query language.
func (f *getFlags) terms() ([]string, error) {
	terms, err := f.scope.terms()
	if err != nil {
		return nil, err
	}
	if f.query != "" {
		terms = append([]string{"(" + f.query + ")"}, terms...)
	}
	if f.fields != "" {
		fields, err := fieldTerms(f.fields)
		if err != nil {
			return nil, err
		}
		terms = append(terms, fields...)
	}
	if f.at != "" {
		terms = append(terms, "at:"+value(f.at))
	}
	if f.sortBy != "" {
		if term := sortTerm(f.sortBy); term != "" {
			terms = append(terms, term)
		} else if _, err := relaxedPath(f.sortBy); err != nil {
			return nil, err
		}
	}
	return terms, nil
}

// list asks for everything, and orders what the hub cannot.
func (f *getFlags) list(cmd *cobra.Command, h *hub, a *asked) (*answered, error) {
	byPath := f.sortBy != "" && sortTerm(f.sortBy) == ""
	want := listing{limit: f.limit, chunk: f.chunk}
	if f.output.needsObjects() || byPath {
		want.fields = "object"
	}
	if f.showLabels || len(f.labels) > 0 {
		want.fields += " labels"
	}
	if byPath {
		want.limit = 0
	}
	answer := &answered{alone: a.named && len(a.queries) == 1 && len(a.refs) < 2}
	found := map[string]bool{}
	for i, q := range a.queries {
		r, err := h.list(cmd.Context(), q, want)
		if err != nil {
			return nil, err
		}
		if a.names[i] != "" && len(r.Nodes) == 0 && !f.ignoreNotFound {
			return nil, fmt.Errorf("there is no %s", a.names[i])
		}
		if byPath {
			if err := sortByPath(r.Nodes, f.sortBy); err != nil {
				return nil, err
			}
			if f.limit > 0 {
				r.Nodes = r.Nodes[:min(f.limit, len(r.Nodes))]
			}
		}
		for _, n := range r.Nodes {
			found[n.Ref] = true
		}
		answer.list = append(answer.list, r.Nodes...)
		answer.more += r.Total - len(r.Nodes)
		answer.coverage = &r.Coverage
	}
	if len(found) < len(a.refs) && f.limit == 0 {
		for _, ref := range a.refs {
			if !found[ref] {
				a.missing = append(a.missing, ref)
			}
		}
	}
	return answer, nil
}

// notFound is the error for references that no object answered to, once the others are printed.
func (a *asked) notFound() error {
	const most = 10
	switch list := a.missing; {
	case len(list) == 0:
		return nil
	case len(list) == 1:
		return fmt.Errorf("there is no %s", list[0])
	case len(list) > most:
		return fmt.Errorf("there are no\n  %s\n  and %d more", strings.Join(list[:most], "\n  "), len(list)-most)
	default:
		return fmt.Errorf("there are no\n  %s", strings.Join(list, "\n  "))
	}
}
