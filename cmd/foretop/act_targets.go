package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// onFlags are of a verb on objects that exist: which, and how to act on them.
type onFlags struct {
	actFlags
	scope       scopeFlags
	file, query string
	all         bool
	kind        string // that bare names are of; "" when they need theirs
	lenient     bool   // objects that are not there are no mistake
}

func (f *onFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.scope.register(flags)
	f.actFlags.register(cmd)
	flags.StringVarP(&f.file, "filename", "f", "", "file of references, one a line, as -o ref prints them; - is standard input")
	flags.StringVarP(&f.query, "query", "q", "", "everything that matches in the query language, within the other flags")
	flags.BoolVar(&f.all, "all", false, "all objects of the TYPE")
	cmd.ValidArgsFunction = completeObjects(&f.conn, &f.scope)
	if f.kind != "" {
		cmd.ValidArgsFunction = completeNames(&f.conn, &f.scope, f.kind)
	}
	completeFlags(cmd, &f.conn)
}

// chosen is what a verb is for: references, or a query that the hub freezes.
type chosen struct {
	refs  []string
	query string
}

func (s *chosen) input(verb string, parameters map[string]any) map[string]any {
	in := map[string]any{"verb": verb}
	if s.query != "" {
		in["query"] = s.query
	} else {
		in["refs"] = s.refs
	}
	if len(parameters) > 0 {
		in["parameters"] = parameters
	}
	return in
}

// each hands every object chosen to visit, in the order of the hub.
func (s *chosen) each(ctx context.Context, h *hub, fields string, visit func(*resource)) error {
	if s.query != "" {
		r, err := h.list(ctx, s.query, listing{fields: fields})
		if err != nil {
			return err
		}
		for _, n := range r.Nodes {
			visit(n)
		}
		return nil
	}
	const some = 50 // in one request
	for refs := range slices.Chunk(s.refs, some) {
		var ask, params strings.Builder
		vars := map[string]any{}
		for i, ref := range refs {
			fmt.Fprintf(&params, "$r%d:ID!,", i)
			fmt.Fprintf(&ask, "r%d:resource(ref:$r%d){%s %s}", i, i, resourceFields, fields)
			vars[fmt.Sprint("r", i)] = ref
		}
		answer := map[string]*resource{}
		if err := h.ask(ctx, `query(`+params.String()+`){`+ask.String()+`}`, vars, &answer); err != nil {
			return err
		}
		for i := range refs {
			if r := answer[fmt.Sprint("r", i)]; r != nil {
				visit(r)
			}
		}
	}
	return nil
}

// checkTargets finds what was typed wrong before a hub is needed. args are those that name objects.
func (f *onFlags) checkTargets(args []string) error {
	if err := f.check(); err != nil {
		return err
	}
	switch {
	case f.file != "" && len(args) > 0:
		return usageError{errors.New("name objects as arguments or with -f, not both")}
	case f.query != "" && (f.file != "" || len(args) > 0):
		return usageError{errors.New("-q names the objects: leave out the arguments and -f")}
	case f.file != "", f.query != "":
		return nil
	case f.many(args):
		if f.all && f.scope.selector != "" {
			return usageError{errors.New("--all and --selector exclude each other")}
		}
		return nil
	case f.all:
		return usageError{errors.New("--all takes a TYPE alone")}
	}
	_, _, err := targets(f.typed(args))
	if err != nil && len(args) == 1 && f.kind == "" && !strings.ContainsAny(args[0], "/:") {
		return usageError{fmt.Errorf("%q names no object: write TYPE/NAME, as in deployment/app2, or a reference, as in zone1:shop/deployments.apps/app2. For all of a TYPE add --all or -l", args[0])}
	}
	return err
}

// many holds when a TYPE alone is named with a flag that says which of them.
func (f *onFlags) many(args []string) bool {
	if !f.all && f.scope.selector == "" {
		return false
	}
	if f.kind != "" {
		return len(args) == 0
	}
	return len(args) == 1 && !strings.ContainsAny(args[0], "/:")
}

// typed gives bare names their kind.
func (f *onFlags) typed(args []string) []string {
	if f.kind == "" {
		return args
	}
	list := make([]string, len(args))
	for i, arg := range args {
		if !strings.ContainsAny(arg, "/:") {
			arg = f.kind + "/" + arg
		}
		list[i] = arg
	}
	return list
}

// choose answers what args and flags name, after checkTargets.
func (f *onFlags) choose(cmd *cobra.Command, args []string) (*hub, *chosen, error) {
	h, err := f.conn.open()
	if err != nil {
		return nil, nil, err
	}
	s := &chosen{}
	switch {
	case f.file != "":
		s.refs, err = stdinRefs(cmd, f.file)
	case f.query != "" || f.many(args):
		if s.query, err = f.asked(args); err == nil && f.scope.requireComplete {
			err = f.complete(cmd.Context(), h, s.query)
		}
	case f.lenient:
		s.refs, _, err = h.resolveAll(cmd.Context(), f.typed(args), f.scope)
	default:
		s.refs, err = h.resolve(cmd.Context(), f.typed(args), f.scope)
	}
	return h, s, err
}

func (f *onFlags) complete(ctx context.Context, h *hub, query string) error {
	r, err := h.search(ctx, query, 1, false, nil)
	if err != nil {
		return err
	}
	return f.scope.check(&r.Coverage)
}

// asked is the flags as one query.
func (f *onFlags) asked(args []string) (string, error) {
	terms, err := f.scope.terms()
	if err != nil {
		return "", err
	}
	switch {
	case f.query != "":
		terms = append(terms, "("+f.query+")")
	case f.kind != "":
		terms = append(terms, "kind:"+value(f.kind))
	default:
		var kinds []string
		for kind := range strings.SplitSeq(args[0], ",") {
			kinds = append(kinds, value(kind))
		}
		terms = append(terms, "kind:"+strings.Join(kinds, ","))
	}
	return strings.Join(terms, " "), nil
}

// on chooses the objects that args name and acts on them.
func (f *onFlags) on(cmd *cobra.Command, args []string, verb string, parameters map[string]any, checks ...func(*actionView) error) error {
	h, s, err := f.choose(cmd, args)
	if err != nil {
		return err
	}
	return f.onThose(cmd, h, s, s.input(verb, parameters), checks...)
}

func (f *onFlags) onThose(cmd *cobra.Command, h *hub, s *chosen, input map[string]any, checks ...func(*actionView) error) error {
	if s.query == "" && len(s.refs) == 0 { // lenient
		return nil
	}
	if f.dryRun == "client" {
		if s.query == "" {
			for _, ref := range s.refs {
				fmt.Fprintf(cmd.OutOrStdout(), "%s (dry run)\n", ref)
			}
			return nil
		}
		return s.each(cmd.Context(), h, "", func(r *resource) { fmt.Fprintf(cmd.OutOrStdout(), "%s (dry run)\n", r.Ref) })
	}
	return f.act(cmd, h, input, checks...)
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

// settings splits NAME=VALUE and NAME- from the arguments that name objects. Once the first came, all are settings.
func settings(args []string) (objects []string, set []map[string]any, remove []string, err error) {
	seen := map[string]bool{}
	for _, arg := range args {
		name, value, assigned := strings.Cut(arg, "=")
		removed := !assigned && len(arg) > 1 && strings.HasSuffix(arg, "-")
		if !assigned && !removed {
			if len(set)+len(remove) > 0 {
				return nil, nil, nil, usageError{fmt.Errorf("%q is neither NAME=VALUE nor NAME-; objects are named before those", arg)}
			}
			objects = append(objects, arg)
			continue
		}
		if removed {
			name = strings.TrimSuffix(arg, "-")
		}
		if name == "" {
			return nil, nil, nil, usageError{fmt.Errorf("%q names nothing to set", arg)}
		}
		if seen[name] {
			return nil, nil, nil, usageError{fmt.Errorf("%s is named twice", name)}
		}
		seen[name] = true
		if assigned {
			set = append(set, map[string]any{"name": name, "value": value})
		} else {
			remove = append(remove, name)
		}
	}
	return objects, set, remove, nil
}
