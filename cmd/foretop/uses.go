package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// relation is an edge as people list it: what is at its other end.
type relation struct {
	Type string `json:"type"`
	*graphNode
}

func usesCommand() *cobra.Command {
	return relationsCommand(&cobra.Command{
		Use:   "uses REF | TYPE/NAME",
		Short: "List what an object needs: what it uses, selects, routes to, and the node it runs on",
		Example: `  foretop uses deployment/app2 -n shop -C zone1
  foretop uses zone1:shop/ingresses.networking.k8s.io/gateway`,
	}, "needs nothing that is known", func(e graphEdge) (string, string) { return e.From, e.To })
}

func usedByCommand() *cobra.Command {
	return relationsCommand(&cobra.Command{
		Use:   "used-by REF | TYPE/NAME",
		Short: "List what needs an object: what uses it, selects it, routes to it, or runs on it",
		Example: `  foretop used-by configmap/shop-config -n shop -C zone1
  foretop used-by zone1:shop/secrets/db-creds -o ref`,
	}, "is needed by nothing that is known", func(e graphEdge) (string, string) { return e.To, e.From })
}

// relationsCommand lists the edges of an object at one of their ends.
func relationsCommand(cmd *cobra.Command, none string, ends func(graphEdge) (self, other string)) *cobra.Command {
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
		g, err := h.related(cmd.Context(), ref, 1)
		if err != nil {
			return err
		}
		self := g.self().Ref
		list := []relation{}
		for _, e := range g.Edges {
			if end, other := ends(e); e.Type != "owns" && end == self {
				list = append(list, relation{e.Type, g.node(other)})
			}
		}
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
				rows = append(rows, []string{r.Type, r.Kind, r.Name, r.ready(), orDash(r.Status), r.Ref})
			}
			err = output.grid(out, []column{{name: "TYPE"}, {name: "KIND"}, {name: "NAME"}, {name: "READY"}, {name: "STATUS"}, {name: "REF", wide: true}}, rows)
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
