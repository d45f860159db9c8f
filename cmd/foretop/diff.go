package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// comparison is what the hub says of two objects.
type comparison struct {
	Unified string `json:"unified,omitempty"`
	Changes []struct {
		Path string `json:"path"`
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"changes"`
	Same   bool `json:"same"`
	Hidden int  `json:"hidden"`
}

// mostCompared bounds how many objects one is compared with.
const mostCompared = 20

func diffCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var output outputFlags
	var at string
	var noise, status bool
	cmd := &cobra.Command{
		Use:   "diff REF [REF...] | TYPE/NAME",
		Short: "Compare an object with its version before, with another moment, with other clusters or with another object",
		Long: `Compare objects as unified diffs of their YAML, or path by path with -o table.
With one object: its last change. With --at: two moments, or a moment and now. With several: the first with each of the
others; TYPE/NAME that several clusters have compares those. What servers and controllers write for themselves (status,
versions, addresses, hashes) is left out unless you ask for --noise. Exits with 0 when nothing differs, with 1 when
something does and with more than 1 when it cannot be told, as kubectl diff does.`,
		Example: `  foretop diff zone1:shop/deployments.apps/app2
  foretop diff deployment/app2 -n shop -C zone1,zone2
  foretop diff deployment/app2 -n shop -C zone1 --at -1h
  foretop diff deployment/app2 -n shop -C zone1 --at 2026-11-20T09:00:00Z..2026-11-20T10:00:00Z -o table`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check("unified"); err != nil {
				return err
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			refs, err := h.resolve(cmd.Context(), args, scope)
			if err != nil {
				return diffFailed(err)
			}
			var list []sides
			switch {
			case len(refs) > 1 && at != "":
				return usageError{errors.New("--at is for one object")}
			case len(refs) > mostCompared:
				return usageError{fmt.Errorf("%d objects have that name, more than the %d that are compared at once; narrow them with -C and -n", len(refs), mostCompared)}
			case len(refs) > 1:
				for _, ref := range refs[1:] {
					list = append(list, sides{a: refs[0], b: ref})
				}
			case at != "":
				from, to, _ := strings.Cut(at, "..")
				list = []sides{{a: refs[0], b: refs[0], atA: from, atB: to}}
			default:
				return h.lastChange(cmd, refs[0], noise || status)
			}
			differ := false
			for _, s := range list {
				c, err := h.compare(cmd.Context(), s, noise || status)
				if err != nil {
					return diffFailed(err)
				}
				differ = differ || !c.Same
				if err := c.print(cmd, &output, s); err != nil {
					return err
				}
			}
			if differ {
				return &exitError{code: 1}
			}
			return nil
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.Flags().Lookup("output").Usage = "unified, table (path by path), json, yaml"
	takesRefs(cmd)
	cmd.Flags().StringVar(&at, "at", "", "a moment, or two as A..B: 2026-11-20T09:10:00Z, -1h")
	cmd.Flags().BoolVar(&noise, "noise", false, "compare what servers and controllers write for themselves too")
	cmd.Flags().BoolVar(&status, "status", false, "the same as --noise")
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

// sides are what is compared; "" is now.
type sides struct{ a, b, atA, atB string }

func (h *hub) compare(ctx context.Context, s sides, noise bool) (*comparison, error) {
	vars := map[string]any{"from": s.a, "to": s.b, "noise": noise}
	for name, at := range map[string]string{"fromAt": s.atA, "toAt": s.atB} {
		if at == "" {
			continue
		}
		t, err := moment(at)
		if err != nil {
			return nil, err
		}
		vars[name] = t
	}
	var answer struct {
		Diff struct {
			comparison
			From, To *struct{ Ref string }
		}
	}
	err := h.ask(ctx, `query($from:ID!,$to:ID!,$fromAt:Time,$toAt:Time,$noise:Boolean!){diff(from:$from,to:$to,fromAt:$fromAt,toAt:$toAt,noise:$noise){
		from{ref} to{ref} unified same hidden changes{path from to}}}`, vars, &answer)
	if err != nil {
		return nil, err
	}
	for _, side := range []struct {
		there   bool
		ref, at string
	}{{answer.Diff.From != nil, s.a, s.atA}, {answer.Diff.To != nil, s.b, s.atB}} {
		switch {
		case side.there, s.a == s.b: // that one object came or went is an answer
		case side.at != "":
			return nil, fmt.Errorf("there was no %s at %s, as far as the hub has seen", side.ref, side.at)
		default:
			return nil, fmt.Errorf("there is no %s", side.ref)
		}
	}
	return &answer.Diff.comparison, nil
}

func (c *comparison) print(cmd *cobra.Command, output *outputFlags, s sides) error {
	out := cmd.OutOrStdout()
	switch output.format {
	case "", "unified":
		patch(out, c.Unified)
	case "json", "yaml":
		if err := output.document(out, map[string]any{"from": s.a, "to": s.b, "unified": c.Unified, "changes": c.Changes, "same": c.Same, "hidden": c.Hidden}); err != nil {
			return err
		}
	case "table", "wide":
		var rows [][]string
		for _, l := range c.Changes {
			rows = append(rows, []string{l.Path, short(l.From, output.wide()), short(l.To, output.wide())})
		}
		if len(rows) > 0 {
			if err := output.grid(out, []column{{name: "PATH"}, {name: "FROM"}, {name: "TO"}}, rows); err != nil {
				return err
			}
		}
	default:
		return usageError{fmt.Errorf("-o %s is not known here: use unified, table, wide, json, yaml", output.format)}
	}
	said := "the same"
	if n := len(c.Changes); n > 0 {
		said = fmt.Sprintf("%d %s", n, plural(n, "difference", "differences"))
	}
	if c.Hidden > 0 {
		said += fmt.Sprintf(", %d of noise not shown (--noise)", c.Hidden)
	}
	name := s.a
	if s.b != s.a {
		name += " and " + s.b
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s\n", name, said)
	return nil
}

// short is a value as a table shows it.
func short(v string, wide bool) string {
	if r := []rune(v); len(r) > 60 && !wide {
		return string(r[:59]) + "…"
	}
	return orDash(v)
}

// lastChange prints what the newest version changed.
func (h *hub) lastChange(cmd *cobra.Command, ref string, full bool) error {
	list, _, err := h.versions(cmd, ref, 1, full, true)
	if err != nil {
		return diffFailed(err)
	}
	if len(list) == 0 {
		return nil
	}
	v := list[0]
	fmt.Fprintf(cmd.ErrOrStderr(), "%s: %s %s ago by %s\n", ref, strings.ToLower(v.Type), ago(v.ObservedAt), orDash(v.ChangedBy))
	if v.Diff == "" {
		return nil
	}
	patch(cmd.OutOrStdout(), v.Diff)
	return &exitError{code: 1}
}
