package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func rolloutCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollout",
		Short: "Restart workloads and follow their rollouts",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	history := historyCommand()
	history.Use = "history REF | TYPE/NAME"
	cmd.AddCommand(restartCommand("restart"), rolloutStatusCommand(), history)
	return cmd
}

func restartCommand(name string) *cobra.Command {
	var scope scopeFlags
	var act actFlags
	var file string
	cmd := &cobra.Command{
		Use:   name + " (TYPE/NAME | REF | -f FILE)",
		Short: "Replace a workload's pods one by one, as kubectl rollout restart does, in all clusters that have it",
		Example: `  foretop restart deployment/app2 -n shop -C zone1
  foretop search app:app2 kind:deploy -o ref | foretop restart -f - --plan`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := act.check(); err != nil {
				return err
			}
			h, refs, err := act.find(cmd, args, file, scope)
			if err != nil {
				return err
			}
			return act.act(cmd, h, refs, map[string]any{"verb": "RESTART"})
		},
		ValidArgsFunction: completeObjects(&act.conn, &scope),
	}
	scope.register(cmd.Flags())
	act.register(cmd)
	cmd.Flags().StringVarP(&file, "filename", "f", "", "file of references, one a line; - is standard input")
	completeFlags(cmd, &act.conn)
	return cmd
}

func rolloutStatusCommand() *cobra.Command {
	var conn hubFlags
	var scope scopeFlags
	var watch bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "status TYPE/NAME | REF",
		Short: "Show how far rollouts are, and wait until they are done",
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			refs, err := h.resolve(cmd.Context(), args, scope)
			if err != nil {
				return err
			}
			told := map[string]string{}
			for began := time.Now(); ; {
				open := 0
				for _, ref := range refs {
					var answer struct{ Resource *resource }
					if err := h.ask(cmd.Context(), `query($ref:ID!){resource(ref:$ref){`+resourceFields+`}}`, map[string]any{"ref": ref}, &answer); err != nil {
						return err
					}
					line := "is gone"
					if r := answer.Resource; r != nil {
						line = fmt.Sprintf("%s: %s ready", strings.ToLower(r.Health), r.ready())
						if r.Health != "HEALTHY" && r.Health != "SUSPENDED" {
							open++
						}
					}
					if told[ref] != line {
						told[ref] = line
						fmt.Fprintln(cmd.OutOrStdout(), ref+" "+line)
					}
				}
				switch {
				case open == 0:
					return nil
				case !watch:
					return &exitError{code: 1}
				case timeout > 0 && time.Since(began) > timeout:
					return fmt.Errorf("%d of %d rollouts are not done after %s", open, len(refs), timeout)
				}
				select {
				case <-time.After(time.Second):
				case <-cmd.Context().Done():
					return cmd.Context().Err()
				}
			}
		},
		ValidArgsFunction: completeObjects(&conn, &scope),
	}
	conn.register(cmd.Flags())
	scope.register(cmd.Flags())
	cmd.Flags().BoolVarP(&watch, "watch", "w", true, "wait until they are done")
	cmd.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait; 0 is until they are done")
	completeFlags(cmd, &conn)
	return cmd
}
