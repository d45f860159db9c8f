package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/kube"
)

// described is all that the hub knows of one object.
type described struct {
	Resource *struct {
		resource
		Labels, Annotations map[string]string
		App                 string
		Reasons             []string
		ManagedBy           []managedBy
	}
	History struct {
		Total int
		Nodes []*objectVersion
	}
	Related objectGraph
	Events  struct{ Nodes []*event }
}

// describedChanges and describedEvents are how many of each are told, mostDescribed of how many objects at once.
const (
	describedChanges = 5
	describedEvents  = 10
	mostDescribed    = 20
)

func describeCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	cmd := &cobra.Command{
		Use:   "describe TYPE NAME | TYPE/NAME | REF",
		Short: "Tell all about an object: conditions, last changes, events, what it needs and what needs it",
		Example: `  foretop describe deployment app2 -n shop -C zone1
  foretop describe zone1:shop/deployments.apps/app2`,
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			refs, err := h.resolve(cmd.Context(), args, scope)
			if err != nil {
				return err
			}
			if len(refs) > mostDescribed {
				return usageError{fmt.Errorf("%d objects have that name, more than the %d that are described at once; narrow them with -C and -n", len(refs), mostDescribed)}
			}
			for i, ref := range refs {
				if i > 0 {
					fmt.Fprint(cmd.OutOrStdout(), "\n\n")
				}
				d, err := h.describe(cmd.Context(), ref)
				if err != nil {
					return err
				}
				if err := d.print(cmd.OutOrStdout()); err != nil {
					return err
				}
			}
			return nil
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	takesRefs(cmd)
	completeFlags(cmd, &conn)
	return cmd
}

func (h *hub) describe(ctx context.Context, ref string) (*described, error) {
	vars := map[string]any{"ref": ref, "first": 100, "depth": 2}
	d := &described{}
	err := h.ask(ctx, `query($ref:ID!,$first:Int!,$depth:Int!){
		resource(ref:$ref){`+resourceFields+` labels annotations app reasons managedBy{title name of effect remedy} object}
		history(ref:$ref,first:$first){total nodes{`+versionFields+` summary}}
		related(ref:$ref,depth:$depth){truncated edges{from to type} nodes{ref kind name namespace status health ready level hidden}}}`, vars, d)
	if err != nil {
		return nil, err
	}
	if d.Resource == nil {
		return nil, fmt.Errorf("there is no %s", ref)
	}
	r := &d.Resource.resource
	gr := r.Resource
	if r.Group != "" {
		gr += "." + r.Group
	}
	query := strings.Join([]string{"cluster=" + quoted(r.Cluster), "kind:" + value(gr), "name=" + quoted(r.Name)}, " ")
	if ns := r.namespace(); ns != "" {
		query += " ns=" + quoted(ns)
	}
	vars = map[string]any{"query": query, "from": time.Now().AddDate(0, -1, 0).UTC(), "first": describedEvents}
	return d, h.ask(ctx, `query($query:String!,$from:Time!,$first:Int!){events(query:$query,from:$from,first:$first){
		nodes{uid cluster namespace type reason message source count firstAt lastAt regardingKind regardingName}}}`, vars, d)
}

// print writes as kubectl describe does: names to the left, lists below their names.
func (d *described) print(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 8, 2, ' ', 0)
	r := d.Resource
	line := func(name, format string, args ...any) { fmt.Fprintf(w, name+":\t"+format+"\n", args...) }
	line("Name", "%s", r.Name)
	line("Kind", "%s", r.Kind+" ("+apiVersion(r.Group, r.Version)+")")
	line("Cluster", "%s", r.Cluster)
	if ns := r.namespace(); ns != "" {
		line("Namespace", "%s", ns)
	}
	line("Status", "%s", orDash(r.Status)+" ("+strings.ToLower(r.Health)+"), ready "+r.ready())
	if len(r.Reasons) > 0 {
		line("Reasons", "%s", strings.Join(r.Reasons, ", "))
	}
	if r.App != "" {
		line("App", "%s", r.App)
	}
	if r.Node != "" {
		line("Node", "%s", r.Node)
	}
	if len(r.Images) > 0 {
		line("Images", "%s", strings.Join(r.Images, ", "))
	}
	if r.Restarts != nil {
		line("Restarts", "%d", *r.Restarts)
	}
	line("Created", "%s ago", ago(r.CreatedAt))
	line("Changed", "%s ago by %s", ago(r.ChangedAt), orDash(r.ChangedBy))
	pairs(w, "Labels", r.Labels)
	pairs(w, "Annotations", r.Annotations)
	for _, m := range r.ManagedBy {
		line("Managed by", "%s", m)
	}
	d.conditions(w)
	d.changes(w)
	d.relations(w)
	d.events(w)
	return w.Flush()
}

type managedBy struct {
	Title, Name, Effect, Remedy string
	Of                          *string
}

// String is Flux apps: what it does to a direct change, and what to do instead.
func (m managedBy) String() string {
	s := strings.TrimSpace(m.Title + " " + m.Name)
	if m.Of != nil {
		s += " (" + *m.Of + ")"
	}
	if m.Effect != "" {
		s += ": " + strings.TrimSpace(m.Effect+" "+m.Remedy)
	}
	return s
}

func apiVersion(group, version string) string {
	if group == "" {
		return version
	}
	return group + "/" + version
}

func pairs(w io.Writer, name string, m map[string]string) {
	for i, k := range slices.Sorted(maps.Keys(m)) {
		head := ""
		if i == 0 {
			head = name + ":"
		}
		v := strings.Join(strings.Fields(m[k]), " ")
		if r := []rune(v); len(r) > 100 {
			v = string(r[:99]) + "…"
		}
		fmt.Fprintf(w, "%s\t%s=%s\n", head, k, v)
	}
}

func (d *described) conditions(w io.Writer) {
	var o struct {
		Status struct {
			Conditions []struct {
				Type, Status, Reason, Message string
				LastTransitionTime            *time.Time
			}
		}
	}
	// Conditions of another shape are those of a kind that means something else by the word.
	if json.Unmarshal(d.Resource.Object, &o) != nil || len(o.Status.Conditions) == 0 {
		return
	}
	fmt.Fprintln(w, "Conditions:")
	fmt.Fprintln(w, "  TYPE\tSTATUS\tSINCE\tREASON\tMESSAGE")
	for _, c := range o.Status.Conditions {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\t%s\n", c.Type, c.Status, ago(c.LastTransitionTime), orDash(c.Reason), strings.Join(strings.Fields(c.Message), " "))
	}
}

func (d *described) changes(w io.Writer) {
	var told []*objectVersion
	for _, v := range d.History.Nodes {
		if (v.Meaningful || v.Type != "UPDATED") && len(told) < describedChanges {
			told = append(told, v)
		}
	}
	fmt.Fprintf(w, "Last changes, of %d versions:\n", d.History.Total)
	if len(told) == 0 {
		fmt.Fprintln(w, "  none but of the status")
		return
	}
	fmt.Fprintln(w, "  AGE\tBY\tCHANGE")
	for _, v := range told {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", ago(v.ObservedAt), orDash(v.ChangedBy), orDash(v.Summary))
	}
}

func (d *described) relations(w io.Writer) {
	g := &d.Related
	if len(g.Nodes) == 0 {
		return
	}
	self := g.self().Ref
	var owners, owned []relation
	for _, e := range g.Edges {
		switch {
		case e.Type == kube.OwnsEdge && e.To == self:
			owners = append(owners, relation{Type: e.Type, graphNode: g.node(e.From)})
		case e.Type == kube.OwnsEdge && e.From == self:
			owned = append(owned, relation{Type: e.Type, graphNode: g.node(e.To)})
		}
	}
	for _, part := range []struct {
		name string
		list []relation
	}{{"Owned by", owners}, {"Owns", owned}, {"Uses", g.uses(1)}, {"Used by", g.usedBy(1)}} {
		if len(part.list) == 0 {
			continue
		}
		fmt.Fprintln(w, part.name+":")
		const most = 15
		for i, r := range part.list {
			if i == most {
				fmt.Fprintf(w, "  and %d more\n", len(part.list)-most)
				break
			}
			how := ""
			if r.Type != kube.OwnsEdge && r.Type != kube.UsesEdge {
				how = r.Type
			}
			fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", r.Kind+"/"+r.Name, r.ready(), orDash(r.Status), how)
		}
	}
	if n := g.self().Hidden; n > 0 {
		fmt.Fprintf(w, "Not shown:\t%d more that it has to do with\n", n)
	}
}

func (d *described) events(w io.Writer) {
	if len(d.Events.Nodes) == 0 {
		fmt.Fprintln(w, "Events:\tnone")
		return
	}
	fmt.Fprintln(w, "Events:")
	fmt.Fprintln(w, "  LAST SEEN\tTYPE\tREASON\tCOUNT\tMESSAGE")
	for _, e := range d.Events.Nodes {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%d\t%s\n", ago(e.LastAt), e.Type, e.Reason, e.Count, strings.Join(strings.Fields(e.Message), " "))
	}
}
