package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/kube"
)

// relation is an edge as people list it: what is at its other end.
type relation struct {
	Type string `json:"type"`
	Via  string `json:"via,omitempty"` // the other end, where it is not the asked object
	*graphNode
}

func usesCommand() *cobra.Command {
	return relationsCommand(&cobra.Command{
		Use:   "uses REF | TYPE/NAME",
		Short: "List what an object needs: what it uses, selects, routes to, its images and the node it runs on",
		Example: `  foretop uses deployment/app2 -n shop -C zone1
  foretop uses zone1:shop/ingresses.networking.k8s.io/gateway --depth 3
  foretop uses deployment/app2 -n shop -C zone1 --types image`,
	}, "needs nothing that is known", (*objectGraph).uses)
}

func usedByCommand() *cobra.Command {
	return relationsCommand(&cobra.Command{
		Use:   "used-by REF | TYPE/NAME",
		Short: "List what needs an object or its Pods: what uses, selects or routes to them, or runs on it",
		Example: `  foretop used-by configmap/shop-config -n shop -C zone1
  foretop used-by zone1:shop/secrets/db-creds -o ref
  foretop used-by zone1:-/images/registry.example.com/shop/app2:1.4.0`,
	}, "is needed by nothing that is known", (*objectGraph).usedBy)
}

// uses lists what the asked object itself needs, and what that needs, depth steps far.
func (g *objectGraph) uses(depth int) []relation {
	self := g.self().Ref
	return g.follow(map[string]bool{self: true}, self, depth, func(e graphEdge) (near, far string) { return e.From, e.To })
}

// usedBy lists what needs the asked object or anything that it owns, each once, and what needs that: a Service selects
// Pods, and people ask for the Deployment.
func (g *objectGraph) usedBy(depth int) []relation {
	self := g.self().Ref
	owned := map[string]bool{self: true}
	for queue := []string{self}; len(queue) > 0; queue = queue[1:] {
		for _, e := range g.Edges {
			if e.Type == kube.OwnsEdge && e.From == queue[0] && !owned[e.To] {
				owned[e.To] = true
				queue = append(queue, e.To)
			}
		}
	}
	return g.follow(owned, self, depth, func(e graphEdge) (near, far string) { return e.To, e.From })
}

// follow walks the edges that are no ownerships from a set of objects on, those of self first. What is at the far end
// of edges of one type is listed once.
func (g *objectGraph) follow(from map[string]bool, self string, depth int, ends func(graphEdge) (near, far string)) []relation {
	list := []relation{}
	type known struct{ kind, ref string }
	seen := map[known]bool{}
	reached := maps.Clone(from)
	for range depth {
		next := map[string]bool{}
		for _, direct := range [...]bool{true, false} {
			for _, e := range g.Edges {
				near, far := ends(e)
				at := known{e.Type, far}
				if e.Type == kube.OwnsEdge || !from[near] || (near == self) != direct || seen[at] || reached[far] && !from[self] || !direct && from[far] {
					continue
				}
				seen[at] = true
				r := relation{Type: e.Type, graphNode: g.node(far)}
				if !direct {
					r.Via = near
				}
				list = append(list, r)
				if !reached[far] {
					reached[far], next[far] = true, true
				}
			}
		}
		from = next
	}
	return list
}

// relationsCommand prints one list of an object's relations.
func relationsCommand(cmd *cobra.Command, none string, listOf func(*objectGraph, int) []relation) *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var depth int
	var types []string
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := errors.Join(output.check("ref"), checkDepth(depth)); err != nil {
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
		// Pods are two levels below a Deployment, and what needs them needs it. The hub knows no way down alone.
		asked := types
		if len(types) > 0 && !slices.Contains(types, kube.OwnsEdge) {
			asked = append([]string{kube.OwnsEdge}, types...)
		}
		g, err := h.related(cmd.Context(), ref, max(depth, 2), asked...)
		if err != nil {
			return err
		}
		self := g.self().Ref
		list := listOf(g, depth)
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
	takesRefsInTurn(cmd)
	cmd.Flags().IntVar(&depth, "depth", 1, "how many steps to go: what they need, what that needs, ...")
	cmd.Flags().StringSliceVar(&types, "types", nil, "only relations of these types: "+strings.Join(kube.EdgeTypes[1:], ", "))
	completeFlags(cmd, &conn)
	return cmd
}
