package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

func rolloutCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "rollout",
		Short: "Restart workloads, roll them back, pause and follow their rollouts",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	history := historyCommand()
	history.Use = "history REF | TYPE/NAME"
	cmd.AddCommand(restartCommand("restart"), rolloutUndoCommand(), rolloutStatusCommand(), history,
		pauseCommand("PAUSE", "Stop a Deployment's rollouts, as kubectl rollout pause does; Jobs and CronJobs are suspended"),
		pauseCommand("RESUME", "Go on with what was paused or suspended"))
	return cmd
}

func restartCommand(name string) *cobra.Command {
	var on onFlags
	cmd := &cobra.Command{
		Use:   name + " (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: "Replace a workload's pods one by one, as kubectl rollout restart does, in all clusters that have it",
		Example: `  foretop restart deployment/app2 -n shop -C zone1
  foretop restart deployment -l app=app2 -C 'prod-*' --by-cluster --pause 1m --max-failures 1
  foretop search app:app2 kind:deploy -o ref | foretop restart -f - --plan`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			return on.on(cmd, args, "RESTART", nil)
		},
	}
	on.register(cmd)
	return cmd
}

func pauseCommand(verb, short string) *cobra.Command {
	var on onFlags
	cmd := &cobra.Command{
		Use:   strings.ToLower(verb) + " (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: short,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			return on.on(cmd, args, verb, nil)
		},
	}
	on.register(cmd)
	return cmd
}

func rolloutUndoCommand() *cobra.Command {
	var on onFlags
	var revision int32
	var version string
	cmd := &cobra.Command{
		Use:   "undo (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: "Roll back to the revision before, to any revision that the cluster keeps, or to any version in history",
		Example: `  foretop rollout undo deployment/app2 -n shop -C zone1
  foretop rollout undo deployment/app2 -n shop --to-revision 3 --dry-run=server
  foretop history zone1:shop/deployments.apps/app2 -o wide   # lists versions
  foretop rollout undo zone1:shop/deployments.apps/app2 --to-version VERSION`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			parameters := map[string]any{}
			switch {
			case revision < 0:
				return usageError{fmt.Errorf("--to-revision=%d: it cannot be negative; 0 is the revision before", revision)}
			case revision > 0 && version != "":
				return usageError{errors.New("--to-revision and --to-version exclude each other")}
			case revision > 0:
				parameters["revision"] = revision
			case version != "":
				parameters["version"] = version
			}
			return on.on(cmd, args, "ROLL_BACK", parameters)
		},
	}
	on.register(cmd)
	cmd.Flags().Int32Var(&revision, "to-revision", 0, "revision of the cluster; 0 is the one before")
	cmd.Flags().StringVar(&version, "to-version", "", "version of one object's history, as foretop history -o wide lists them")
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
