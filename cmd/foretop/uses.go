package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// relation is an edge as people list it: what is at its other end.
type relation struct {
	Type string `json:"type"`
	Via  string `json:"via,omitempty"` // what the asked object owns, where the edge ends there
	*graphNode
}

func usesCommand() *cobra.Command {
	return relationsCommand(&cobra.Command{
		Use:   "uses REF | TYPE/NAME",
		Short: "List what an object needs: what it uses, selects, routes to, and the node it runs on",
		Example: `  foretop uses deployment/app2 -n shop -C zone1
  foretop uses zone1:shop/ingresses.networking.k8s.io/gateway`,
	}, "needs nothing that is known", 1, (*objectGraph).uses)
}

func usedByCommand() *cobra.Command {
	return relationsCommand(&cobra.Command{
		Use:   "used-by REF | TYPE/NAME",
		Short: "List what needs an object or its Pods: what uses, selects or routes to them, or runs on it",
		Example: `  foretop used-by configmap/shop-config -n shop -C zone1
  foretop used-by zone1:shop/secrets/db-creds -o ref`,
	}, "is needed by nothing that is known", 2, (*objectGraph).usedBy) // Pods are two levels below a Deployment
}

// uses lists what the asked object itself needs.
func (g *objectGraph) uses() []relation {
	list := []relation{}
	self := g.self().Ref
	for _, e := range g.Edges {
		if e.From == self && e.Type != "owns" {
			list = append(list, relation{Type: e.Type, graphNode: g.node(e.To)})
		}
	}
	return list
}

// usedBy lists what needs the asked object or anything that it owns, each once: a Service selects Pods, and people
// ask for the Deployment.
func (g *objectGraph) usedBy() []relation {
	self := g.self().Ref
	owned := map[string]bool{self: true}
	for queue := []string{self}; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.Edges {
			if e.Type == "owns" && e.From == queue[0] && !owned[e.To] {
				owned[e.To] = true
				queue = append(queue, e.To)
			}
		}
	}
	list := []relation{}
	type known struct{ kind, from string }
	seen := map[known]bool{}
	for _, direct := range [...]bool{true, false} {
		for _, e := range g.Edges {
			if e.Type == "owns" || (e.To == self) != direct || !owned[e.To] || !direct && owned[e.From] || seen[known{e.Type, e.From}] {
				continue
			}
			seen[known{e.Type, e.From}] = true
			r := relation{Type: e.Type, graphNode: g.node(e.From)}
			if !direct {
				r.Via = e.To
			}
			list = append(list, r)
		}
	}
	return list
}

// relationsCommand prints one list of an object's relations.
func relationsCommand(cmd *cobra.Command, none string, depth int, listOf func(*objectGraph) []relation) *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := output.check("ref"); err != nil {
			return err
		}
		h, err := conn.open()
		if err != nil {
			return err
		}
		ref, err := h.resolveOne(cmd.Context(), args, scope)
		if err != nil {
			return err
		}
		g, err := h.related(cmd.Context(), ref, depth)
		if err != nil {
			return err
		}
		self := g.self().Ref
		list := listOf(g)
		out := cmd.OutOrStdout()
		switch {
		case output.format == "ref":
			for _, r := range list {
				fmt.Fprintln(out, r.Ref)
			}
		case output.format == "name":
			for _, r := range list {
				fmt.Fprintln(out, strings.ToLower(r.Kind)+"/"+r.Name)
			}
		case !output.table():
			err = output.document(out, map[string]any{"ref": self, "items": list, "truncated": g.Truncated})
		case len(list) > 0:
			var rows [][]string
			for _, r := range list {
				rows = append(rows, []string{r.Type, r.Kind, r.Name, r.ready(), orDash(r.Status), r.Ref, orDash(r.Via)})
			}
			err = output.grid(out, []column{{name: "TYPE"}, {name: "KIND"}, {name: "NAME"}, {name: "READY"}, {name: "STATUS"}, {name: "REF", wide: true}, {name: "VIA", wide: true}}, rows)
		}
		if err != nil {
			return err
		}
		if len(list) == 0 {
			fmt.Fprintf(cmd.ErrOrStderr(), "%s %s\n", self, none)
		}
		g.more(cmd)
		return nil
	}
	cmd.ValidArgsFunction = completeObjects(&conn, &scope)
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	completeFlags(cmd, &conn)
	return cmd
}
