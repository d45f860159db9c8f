package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// objectVersion is one observed version of an object.
type objectVersion struct {
	ID              string     `json:"id"`
	Ref             string     `json:"ref"`
	Type            string     `json:"type"`
	ObservedAt      *time.Time `json:"observedAt"`
	ResourceVersion string     `json:"resourceVersion"`
	Generation      int        `json:"generation"`
	Meaningful      bool       `json:"meaningful"`
	ChangedPaths    []string   `json:"changedPaths"`
	ChangedBy       string     `json:"changedBy"`
	Status          string     `json:"status"`
	Health          string     `json:"health"`
	Images          []string   `json:"images"`
	Summary         string     `json:"summary,omitempty"`
	Diff            string     `json:"diff,omitempty"`
}

const versionFields = `id ref type observedAt resourceVersion generation meaningful changedPaths changedBy status health images`

func historyCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var limit int
	var all, diffs bool
	cmd := &cobra.Command{
		Use:   "history REF | TYPE/NAME",
		Short: "Show every version of an object: when, what changed, who did it",
		Example: `  foretop history zone1:shop/deployments.apps/app2
  foretop history deployment/app2 -n shop -C zone1 --diff`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(); err != nil {
				return err
			}
			if limit < 1 || limit > 1000 {
				return usageError{errors.New("--limit must be from 1 to 1000")}
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			ref, err := h.resolveOne(cmd.Context(), args, scope)
			if err != nil {
				return err
			}
			list, total, err := h.versions(cmd, ref, limit, all, diffs)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			if !output.table() {
				return output.document(out, map[string]any{"items": list})
			}
			if diffs {
				for _, v := range list {
					fmt.Fprintf(out, "%s  %s  by %s\n", v.ObservedAt.Local().Format(time.DateTime), strings.ToLower(v.Type), orDash(v.ChangedBy))
					patch(out, v.Diff)
					fmt.Fprintln(out)
				}
			} else {
				var rows [][]string
				for _, v := range list {
					rows = append(rows, []string{v.ObservedAt.Local().Format(time.DateTime), ago(v.ObservedAt), strings.ToLower(v.Type), orDash(v.ChangedBy), orDash(v.Status), paths(v.ChangedPaths, output.wide()), v.ResourceVersion, fmt.Sprint(v.Generation), v.ID})
				}
				err := output.grid(out, []column{{name: "OBSERVED"}, {name: "AGE"}, {name: "TYPE"}, {name: "BY"}, {name: "STATUS"}, {name: "CHANGED"}, {name: "RESOURCEVERSION", wide: true}, {name: "GENERATION", wide: true}, {name: "VERSION", wide: true}}, rows)
				if err != nil {
					return err
				}
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d of %d versions shown", ref, len(list), total)
			if !all {
				fmt.Fprint(cmd.ErrOrStderr(), ", without changes of status alone (--all)")
			}
			fmt.Fprintln(cmd.ErrOrStderr())
			return nil
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	takesRefsInTurn(cmd)
	cmd.Flags().IntVar(&limit, "limit", 20, "most versions to print")
	cmd.Flags().BoolVar(&all, "all", false, "versions in which only the status changed too")
	cmd.Flags().BoolVar(&diffs, "diff", false, "print what changed as unified diffs")
	completeFlags(cmd, &conn)
	return cmd
}

// versions answers up to limit versions, newest first, without those of status alone unless all are asked for.
func (h *hub) versions(cmd *cobra.Command, ref string, limit int, all, diffs bool) ([]*objectVersion, int, error) {
	fields := versionFields
	if diffs {
		fields += " diff"
	}
	ask := `query($ref:ID!,$first:Int!,$after:String){history(ref:$ref,first:$first,after:$after){total pageInfo{hasNextPage endCursor} nodes{` + fields + `}}}`
	var list []*objectVersion
	var after *string
	for {
		var answer struct {
			History struct {
				Total    int
				Nodes    []*objectVersion
				PageInfo struct {
					HasNextPage bool
					EndCursor   *string
				}
			}
		}
		page := 100
		if all || diffs {
			page = min(limit-len(list), 100)
		}
		if err := h.ask(cmd.Context(), ask, map[string]any{"ref": ref, "first": page, "after": after}, &answer); err != nil {
			return nil, 0, err
		}
		if answer.History.Total == 0 {
			return nil, 0, fmt.Errorf("nothing was ever seen of %s", ref)
		}
		for _, v := range answer.History.Nodes {
			if (all || v.Meaningful || v.Type != "UPDATED") && len(list) < limit {
				list = append(list, v)
			}
		}
		after = answer.History.PageInfo.EndCursor
		if len(list) >= limit || !answer.History.PageInfo.HasNextPage || after == nil {
			return list, answer.History.Total, nil
		}
	}
}

// paths names what changed, as much of it as fits a table.
func paths(list []string, wide bool) string {
	const most = 2
	if n := len(list); n > most && !wide {
		return strings.Join(list[:most], ", ") + fmt.Sprintf(" and %d more", n-most)
	}
	return orDash(strings.Join(list, ", "))
}
