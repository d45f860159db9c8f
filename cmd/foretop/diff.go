package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/kube"
)

func diffCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var at string
	var status bool
	cmd := &cobra.Command{
		Use:   "diff REF [REF] | TYPE/NAME",
		Short: "Compare an object with its version before, with another moment, or with another cluster",
		Long: `Compare versions of objects as unified diffs of their YAML.
With one object: its last change. With --at: two moments, or a moment and now. With two: one with the other; TYPE/NAME that
two clusters have compares those. Exits with 0 when nothing differs and with 1 when something does, as kubectl diff does.`,
		Example: `  foretop diff zone1:shop/deployments.apps/app2
  foretop diff deployment/app2 -n shop -C zone1,zone2
  foretop diff deployment/app2 -n shop -C zone1 --at -1h`,
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			refs, err := h.resolve(cmd.Context(), args, scope)
			if err != nil {
				return diffFailed(err)
			}
			var text string
			switch {
			case len(refs) > 2:
				return usageError{fmt.Errorf("%d objects have that name; name two by their references:\n  %s", len(refs), strings.Join(refs, "\n  "))}
			case len(refs) == 2 && at != "":
				return usageError{errors.New("--at is for one object")}
			case len(refs) == 2:
				text, err = h.diffObjects(cmd, refs[0], refs[1], "", "", status, true)
			case at != "":
				from, to, _ := strings.Cut(at, "..")
				text, err = h.diffObjects(cmd, refs[0], refs[0], from, to, status, false)
			default:
				var list []*objectVersion
				list, _, err = h.versions(cmd, refs[0], 1, status, true)
				if len(list) > 0 {
					text = list[0].Diff
					fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s %s ago by %s\n", refs[0], strings.ToLower(list[0].Type), ago(list[0].ObservedAt), orDash(list[0].ChangedBy))
				}
			}
			if err != nil {
				return diffFailed(err)
			}
			if text == "" {
				return nil
			}
			patch(cmd.OutOrStdout(), text)
			return &exitError{code: 1}
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	cmd.Flags().StringVar(&at, "at", "", "a moment, or two as A..B: 2026-11-20T09:10:00Z, -1h")
	cmd.Flags().BoolVar(&status, "status", false, "compare the status too")
	completeFlags(cmd, &conn)
	return cmd
}

// diffFailed keeps 1 for "differs".
func diffFailed(err error) error {
	if isUsage(err) {
		return err
	}
	var coded *exitError
	if errors.As(err, &coded) && coded.code > 1 {
		return err
	}
	return &exitError{exitUsage, err}
}

// diffObjects compares two objects, or one at two moments; "" is now. apart leaves out what two objects never share.
func (h *hub) diffObjects(cmd *cobra.Command, a, b, atA, atB string, status, apart bool) (string, error) {
	one, err := h.object(cmd, a, atA)
	if err != nil {
		return "", err
	}
	other, err := h.object(cmd, b, atB)
	if err != nil {
		return "", err
	}
	if apart {
		for _, o := range []map[string]any{one, other} {
			meta, _ := o["metadata"].(map[string]any)
			for _, k := range []string{"uid", "creationTimestamp", "ownerReferences", "selfLink"} {
				delete(meta, k)
			}
		}
	}
	text, err := kube.UnifiedDiff(one, other, status)
	if err != nil || text == "" {
		return "", err
	}
	name := func(ref, at string) string {
		if at == "" {
			return ref
		}
		return ref + " at " + at
	}
	text = strings.Replace(text, "--- before", "--- "+name(a, atA), 1)
	return strings.Replace(text, "+++ after", "+++ "+name(b, atB), 1), nil
}

func (h *hub) object(cmd *cobra.Command, ref, at string) (map[string]any, error) {
	vars := map[string]any{"ref": ref}
	if at != "" {
		t, err := moment(at)
		if err != nil {
			return nil, err
		}
		vars["at"] = t
	}
	var answer struct {
		Resource *struct{ Object json.RawMessage }
	}
	if err := h.ask(cmd.Context(), `query($ref:ID!,$at:Time){resource(ref:$ref,at:$at){object}}`, vars, &answer); err != nil {
		return nil, err
	}
	if answer.Resource == nil {
		if at != "" {
			return nil, fmt.Errorf("there was no %s at %s, as far as the hub has seen", ref, at)
		}
		return nil, fmt.Errorf("there is no %s", ref)
	}
	return kube.Decode(answer.Resource.Object)
}
