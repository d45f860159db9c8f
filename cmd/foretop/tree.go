package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/kube"
)

// objectGraph is an object with what it relates to.
type objectGraph struct {
	Nodes     []*graphNode `json:"nodes"`
	Edges     []graphEdge  `json:"edges"`
	Truncated bool         `json:"truncated"`
}

type graphNode struct {
	Ref       string  `json:"ref"`
	Kind      string  `json:"kind"`
	Name      string  `json:"name"`
	Namespace *string `json:"namespace"`
	Status    string  `json:"status"`
	Health    string  `json:"health"`
	Ready     *bool   `json:"ready"`
	Level     int     `json:"level"`
	Hidden    int     `json:"hidden"`
}

type graphEdge struct {
	From string `json:"from"`
	To   string `json:"to"`
	Type string `json:"type"`
}

// related asks for the relations of ref. An object without a node was never seen.
func (h *hub) related(ctx context.Context, ref string, depth int, types ...string) (*objectGraph, error) {
	var answer struct{ Related objectGraph }
	err := h.ask(ctx, `query($ref:ID!,$depth:Int!,$types:[String!]){related(ref:$ref,depth:$depth,types:$types){truncated edges{from to type} nodes{ref kind name namespace status health ready level hidden}}}`,
		map[string]any{"ref": ref, "depth": depth, "types": types}, &answer)
	if err == nil && len(answer.Related.Nodes) == 0 {
		err = fmt.Errorf("there is no %s", ref)
	}
	return &answer.Related, err
}

// self is the object that was asked for: its reference may have been written with another name of the kind.
func (g *objectGraph) self() *graphNode {
	for _, n := range g.Nodes {
		if n.Level == 0 {
			return n
		}
	}
	return g.Nodes[0]
}

// node finds what an edge names.
func (g *objectGraph) node(ref string) *graphNode {
	for _, n := range g.Nodes {
		if n.Ref == ref {
			return n
		}
	}
	return &graphNode{Ref: ref}
}

const maxDepth = 6 // the hub's

func checkDepth(depth int) error {
	if depth < 1 || depth > maxDepth {
		return usageError{fmt.Errorf("--depth must be from 1 to %d", maxDepth)}
	}
	return nil
}

func treeCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var depth int
	cmd := &cobra.Command{
		Use:   "tree REF | TYPE/NAME",
		Short: "Show what owns an object, up to the top, and all that it owns",
		Example: `  foretop tree deployment/app2 -n shop -C zone1
  foretop tree zone1:shop/deployments.apps/app2 --depth 1`,
		RunE: func(cmd *cobra.Command, args []string) error {
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
			g, err := h.related(cmd.Context(), ref, depth, kube.OwnsEdge)
			if err != nil {
				return err
			}
			t := g.tree()
			out := cmd.OutOrStdout()
			switch {
			case output.format == "ref":
				for _, line := range t {
					fmt.Fprintln(out, line.node.Ref)
				}
			case output.format == "name":
				for _, line := range t {
					fmt.Fprintln(out, strings.ToLower(line.node.Kind)+"/"+line.node.Name)
				}
			case !output.table():
				return output.document(out, t.graph(g))
			default:
				self := g.self().Ref
				var rows [][]string
				for _, line := range t {
					mark := ""
					if line.node.Ref == self && len(t) > 1 {
						mark = " *"
					}
					rows = append(rows, []string{line.indent + line.node.Kind + "/" + line.node.Name + mark, line.node.ready(), orDash(line.node.Status), line.node.Ref})
				}
				if err := output.grid(out, []column{{name: "OBJECT"}, {name: "READY"}, {name: "STATUS"}, {name: "REF", wide: true}}, rows); err != nil {
					return err
				}
			}
			g.more(cmd)
			return nil
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	takesRefsInTurn(cmd)
	cmd.Flags().IntVar(&depth, "depth", 3, "most levels of owners above and of owned objects below")
	completeFlags(cmd, &conn)
	return cmd
}

// more tells people that a graph was cut.
func (g *objectGraph) more(cmd *cobra.Command) {
	hidden := 0
	for _, n := range g.Nodes {
		hidden += n.Hidden
	}
	switch {
	case hidden > 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "There are more objects than are shown here, by %d relations\n", hidden)
	case g.Truncated:
		fmt.Fprintln(cmd.ErrOrStderr(), "There are more objects than are shown here")
	}
}

func (n *graphNode) ready() string {
	return (&resource{Ready: n.Ready}).ready()
}

// treeLine is a node as a tree shows it.
type treeLine struct {
	indent string
	node   *graphNode
}

type treeLines []treeLine

// tree is the objects that ownership ties to the asked one, from the topmost owners down. One of two owners stands
// under the first.
func (g *objectGraph) tree() treeLines {
	owned, owners := map[string][]string{}, map[string][]string{}
	for _, e := range g.Edges {
		if e.Type == kube.OwnsEdge {
			owned[e.From] = append(owned[e.From], e.To)
			owners[e.To] = append(owners[e.To], e.From)
		}
	}
	self := g.self().Ref
	family := map[string]bool{self: true}
	for queue := []string{self}; len(queue) > 0; queue = queue[1:] {
		for _, next := range append(owned[queue[0]], owners[queue[0]]...) {
			if !family[next] {
				family[next] = true
				queue = append(queue, next)
			}
		}
	}
	var lines treeLines
	shown := map[string]bool{}
	var show func(ref, first, rest string)
	show = func(ref, first, rest string) {
		shown[ref] = true
		lines = append(lines, treeLine{first, g.node(ref)})
		var below []string
		for _, o := range owned[ref] {
			if !shown[o] {
				below = append(below, o)
			}
		}
		for i, o := range below {
			switch {
			case shown[o]: // under a sister, meanwhile
			case i == len(below)-1:
				show(o, rest+"└─", rest+"  ")
			default:
				show(o, rest+"├─", rest+"│ ")
			}
		}
	}
	for _, n := range g.Nodes {
		if family[n.Ref] && len(owners[n.Ref]) == 0 {
			show(n.Ref, "", "")
		}
	}
	if !shown[self] { // owners in a circle have no top
		show(self, "", "")
	}
	return lines
}

// graph is what of g is in the tree.
func (t treeLines) graph(g *objectGraph) *objectGraph {
	part := &objectGraph{Edges: []graphEdge{}, Truncated: g.Truncated}
	in := map[string]bool{}
	for _, line := range t {
		part.Nodes = append(part.Nodes, line.node)
		in[line.node.Ref] = true
	}
	for _, e := range g.Edges {
		if e.Type == kube.OwnsEdge && in[e.From] && in[e.To] {
			part.Edges = append(part.Edges, e)
		}
	}
	return part
}
