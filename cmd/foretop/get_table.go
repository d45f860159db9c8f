package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// layout is which columns a table of get has.
type layout struct {
	cluster, namespace, restarts, kind, labels bool
	event                                      bool // of a watch
	labelColumns                               []string
}

// layout drops what every line would repeat: the cluster or namespace that was asked for.
func (f *getFlags) layout(list []*resource) layout {
	return layout{
		cluster:      !f.scope.oneCluster(),
		namespace:    f.scope.namespace == "" && slices.ContainsFunc(list, func(r *resource) bool { return r.namespace() != "" }),
		kind:         f.showKind,
		labels:       f.showLabels,
		event:        f.outputWatchEvents,
		labelColumns: f.labels,
	}
}

func (l layout) columns() []column {
	var columns []column
	add := func(show bool, name string, wide bool) {
		if show {
			columns = append(columns, column{name, wide})
		}
	}
	add(l.event, "EVENT", false)
	add(l.cluster, "CLUSTER", false)
	add(l.namespace, "NAMESPACE", false)
	add(true, "NAME", false)
	add(true, "READY", false)
	add(true, "STATUS", false)
	add(l.restarts, "RESTARTS", false)
	add(true, "AGE", false)
	add(true, "NODE", true)
	add(true, "IMAGES", true)
	add(true, "CHANGED", true)
	for _, key := range l.labelColumns {
		add(true, strings.ToUpper(key[strings.LastIndex(key, "/")+1:]), false)
	}
	add(l.labels, "LABELS", false)
	return columns
}

func (l layout) row(r *resource, event string) []string {
	name := r.Name
	if l.kind {
		name = r.kindName()
	}
	var row []string
	cell := func(show bool, v string) {
		if show {
			row = append(row, v)
		}
	}
	cell(l.event, event)
	cell(l.cluster, r.Cluster)
	cell(l.namespace, r.namespace())
	cell(true, name)
	cell(true, r.ready())
	cell(true, orDash(r.Status))
	cell(l.restarts, r.restarts())
	cell(true, ago(r.CreatedAt))
	cell(true, orDash(r.Node))
	cell(true, r.images(true))
	cell(true, r.changed())
	for _, key := range l.labelColumns {
		cell(true, r.Labels[key])
	}
	cell(l.labels, r.labels())
	return row
}

// tables prints a table per kind, as kubectl does.
func (l layout) tables(cmd *cobra.Command, all []*resource, output *outputFlags) error {
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
		own := l
		own.kind = l.kind || len(kinds) > 1
		own.restarts = byKind[k][0].Kind == "Pod"
		if err := own.print(cmd.OutOrStdout(), byKind[k], output); err != nil {
			return err
		}
	}
	return nil
}

func (l layout) print(out io.Writer, list []*resource, output *outputFlags) error {
	rows := make([][]string, len(list))
	for i, r := range list {
		rows[i] = l.row(r, "")
	}
	return output.grid(out, l.columns(), rows)
}

// kindName is deployment.apps/app2.
func (r *resource) kindName() string {
	kind := strings.ToLower(r.Kind)
	if r.Group != "" {
		kind += "." + r.Group
	}
	return kind + "/" + r.Name
}

func (r *resource) labels() string {
	var list []string
	for _, k := range slices.Sorted(maps.Keys(r.Labels)) {
		list = append(list, k+"="+r.Labels[k])
	}
	if len(list) == 0 {
		return "<none>"
	}
	return strings.Join(list, ",")
}
