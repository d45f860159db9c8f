package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

func getCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var query, at string
	var limit int
	var ignoreNotFound, showLabels bool
	cmd := &cobra.Command{
		Use:   "get TYPE[,TYPE...] [NAME...] | TYPE/NAME... | REF...",
		Short: "List objects of every cluster as kubectl get does",
		Example: `  foretop get deployments -n shop
  foretop get po -C zone1 -l app=app2 -o wide
  foretop get deployment/app2 -n shop -o yaml
  foretop get zone1:shop/deployments.apps/app2 -o jsonpath='{.spec.replicas}'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(objectFormats...); err != nil {
				return err
			}
			if len(args) == 0 {
				return usageError{errors.New("which kind? Write TYPE, as in: foretop get deployments")}
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			terms, err := scope.terms()
			if err != nil {
				return err
			}
			if query != "" {
				terms = append([]string{"(" + query + ")"}, terms...)
			}
			if at != "" {
				terms = append(terms, "at:"+value(at))
			}
			var asks, names []string // one per kind or object: kubectl prints a table for each kind
			named := true
			if kinds := strings.Split(args[0], ","); len(args) == 1 && !strings.ContainsAny(args[0], "/:") {
				named = false
				for _, kind := range kinds {
					asks = append(asks, "kind:"+value(kind))
				}
			} else {
				refs, list, err := targets(args)
				if err != nil {
					return err
				}
				for _, ref := range refs {
					cluster, rest, _ := strings.Cut(ref, ":")
					parts := strings.SplitN(rest, "/", 3)
					ask := "cluster=" + quoted(cluster) + " kind:" + value(parts[1]) + " name=" + quoted(parts[2])
					if parts[0] != "-" {
						ask += " ns=" + quoted(parts[0])
					}
					asks, names = append(asks, ask), append(names, ref)
				}
				for _, t := range list {
					asks, names = append(asks, "kind:"+value(t.kind)+" name="+quoted(t.name)), append(names, t.kind+"/"+t.name+" in "+where(scope))
				}
			}
			var all []*resource
			var covered *coverage
			more := 0
			for i, ask := range asks {
				r, err := h.search(cmd.Context(), strings.TrimSpace(ask+" "+strings.Join(terms, " ")), limit, output.needsObjects() || showLabels, nil)
				if err != nil {
					return err
				}
				if named && len(r.Nodes) == 0 && !ignoreNotFound {
					return fmt.Errorf("there is no %s", names[i])
				}
				all = append(all, r.Nodes...)
				more += r.Total - len(r.Nodes)
				covered = &r.Coverage
			}
			out := cmd.OutOrStdout()
			err = output.print(out, all, named && len(asks) == 1, more, func() error { return getTables(cmd, all, scope, &output, showLabels) })
			if err != nil {
				return err
			}
			switch {
			case len(all) == 0 && !named:
				fmt.Fprintf(cmd.ErrOrStderr(), "No objects found · %s\n", covered)
			default:
				fmt.Fprintf(cmd.ErrOrStderr(), "%d of %d shown · %s\n", len(all), len(all)+more, covered)
			}
			return scope.check(covered)
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.Flags().StringVarP(&query, "query", "q", "", "narrow by the query language too")
	cmd.Flags().StringVar(&at, "at", "", "as it was at a moment: 2026-11-20T09:10Z, -30m")
	cmd.Flags().IntVar(&limit, "limit", 0, "most objects per kind; 0 is all")
	cmd.Flags().BoolVar(&ignoreNotFound, "ignore-not-found", false, "exit with 0 when a named object does not exist")
	cmd.Flags().BoolVar(&showLabels, "show-labels", false, "add the labels as a last column")
	completeFlags(cmd, &conn)
	return cmd
}

// getTables prints a table per kind.
func getTables(cmd *cobra.Command, all []*resource, scope scopeFlags, output *outputFlags, showLabels bool) error {
	var kinds []string
	byKind := map[string][]*resource{}
	for _, r := range all {
		k := r.Kind + "." + r.Group
		if !slices.Contains(kinds, k) {
			kinds = append(kinds, k)
		}
		byKind[k] = append(byKind[k], r)
	}
	for i, k := range kinds {
		if i > 0 {
			fmt.Fprintln(cmd.OutOrStdout())
		}
		list := byKind[k]
		spaced := scope.namespace == "" && slices.ContainsFunc(list, func(r *resource) bool { return r.namespace() != "" })
		pods := list[0].Kind == "Pod"
		var columns []column
		add := func(show bool, name string, wide bool) {
			if show {
				columns = append(columns, column{name, wide})
			}
		}
		add(!scope.oneCluster(), "CLUSTER", false)
		add(spaced, "NAMESPACE", false)
		add(true, "NAME", false)
		add(true, "READY", false)
		add(true, "STATUS", false)
		add(pods, "RESTARTS", false)
		add(true, "AGE", false)
		add(true, "NODE", true)
		add(true, "IMAGES", true)
		add(true, "CHANGED", true)
		add(showLabels, "LABELS", false)
		var rows [][]string
		for _, r := range list {
			name := r.Name
			if len(kinds) > 1 {
				name = strings.ToLower(r.Kind)
				if r.Group != "" {
					name += "." + r.Group
				}
				name += "/" + r.Name
			}
			var row []string
			cell := func(show bool, v string) {
				if show {
					row = append(row, v)
				}
			}
			cell(!scope.oneCluster(), r.Cluster)
			cell(spaced, r.namespace())
			cell(true, name)
			cell(true, r.ready())
			cell(true, orDash(r.Status))
			cell(pods, r.restarts())
			cell(true, ago(r.CreatedAt))
			cell(true, orDash(r.Node))
			cell(true, r.images(true))
			cell(true, r.changed())
			if showLabels {
				labels, err := r.labels()
				if err != nil {
					return err
				}
				row = append(row, labels)
			}
			rows = append(rows, row)
		}
		if err := output.grid(cmd.OutOrStdout(), columns, rows); err != nil {
			return err
		}
	}
	return nil
}

func (r *resource) labels() (string, error) {
	o, err := r.decode()
	if err != nil {
		return "", err
	}
	var list []string
	for k, v := range o.GetLabels() {
		list = append(list, k+"="+v)
	}
	slices.Sort(list)
	if len(list) == 0 {
		return "<none>", nil
	}
	return strings.Join(list, ","), nil
}
