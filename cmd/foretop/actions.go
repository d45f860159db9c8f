package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func actionsCommand() *cobra.Command {
	var conn hubFlags
	var output outputFlags
	var limit int
	cmd := &cobra.Command{
		Use:     "actions [ID]",
		Aliases: []string{"action"},
		Short:   "List what was planned and done, show one, approve, run, watch, stop, retry or undo it",
		Example: `  foretop actions
  foretop actions a-mwqfj30vc6ud
  foretop actions undo a-mwqfj30vc6ud --yes`,
		Args: atMost(1),
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
			out := cmd.OutOrStdout()
			if len(args) == 1 {
				a, err := h.action(cmd.Context(), args[0], actionFields)
				if err != nil {
					return err
				}
				if !output.table() && output.format != "name" {
					return output.document(out, a)
				}
				printPlan(out, a, output.wide())
				return nil
			}
			var answer struct {
				Actions struct{ Nodes []*actionView }
			}
			fields := actionFields
			if output.table() || output.format == "name" {
				fields = `{` + actionHead + `}`
			}
			if err := h.ask(cmd.Context(), `query($first:Int!){actions(first:$first){nodes`+fields+`}}`, map[string]any{"first": limit}, &answer); err != nil {
				return err
			}
			list := answer.Actions.Nodes
			switch {
			case output.format == "name":
				for _, a := range list {
					fmt.Fprintln(out, "action/"+a.ID)
				}
				return nil
			case !output.table():
				return output.document(out, map[string]any{"items": list})
			case len(list) == 0:
				fmt.Fprintln(cmd.ErrOrStderr(), "No actions yet.")
				return nil
			}
			var rows [][]string
			for _, a := range list {
				state := strings.ToLower(a.State)
				if a.UndoneBy != nil {
					state += ", undone"
				}
				if a.RetriedBy != nil {
					state += ", retried"
				}
				rows = append(rows, []string{a.ID, state, a.Title, fmt.Sprintf("%d/%d", a.Done, a.Total), a.Actor, ago(a.CreatedAt), orDash(a.Reason)})
			}
			return output.grid(out, []column{{name: "ID"}, {name: "STATE"}, {name: "TITLE"}, {name: "DONE"}, {name: "BY"}, {name: "AGE"}, {name: "REASON", wide: true}}, rows)
		},
		ValidArgsFunction: completeActions(&conn),
	}
	conn.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.Flags().IntVar(&limit, "limit", 20, "most actions to list")
	cmd.AddCommand(actionsApproveCommand(), actionsRunCommand(), actionsUndoCommand(), actionsRetryCommand(), actionsWatchCommand(), actionsStopCommand())
	return cmd
}

func actionsRunCommand() *cobra.Command {
	var act actFlags
	cmd := &cobra.Command{
		Use:               "run ID",
		Short:             "Run a plan",
		ValidArgsFunction: completeActions(&act.conn),
		Args:              exactly(1, "the id of a plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := act.open()
			if err != nil {
				return err
			}
			a, err := h.action(cmd.Context(), args[0], actionFields)
			if err != nil {
				return err
			}
			if a.State != "PLANNED" && a.State != "PLANNING" {
				return fmt.Errorf("%s cannot be run: it is %s", a.ID, strings.ToLower(a.State))
			}
			act.dryRun = "none"
			return act.goOn(cmd, h, a)
		},
	}
	act.conn.register(cmd.Flags())
	act.output.register(cmd.Flags())
	act.registerRun(cmd)
	return cmd
}

func actionsUndoCommand() *cobra.Command {
	return followUpCommand("undo", "undoAction", "undone", "Put back what an action changed, where nobody else has changed it since")
}

func actionsRetryCommand() *cobra.Command {
	return followUpCommand("retry", "retryAction", "retried", "Do again what failed or was left out of an action, and nothing else")
}

// followUpCommand makes a plan of an action that has ended, and goes on with it.
func followUpCommand(name, mutation, past, short string) *cobra.Command {
	var act actFlags
	cmd := &cobra.Command{
		Use:   name + " ID",
		Short: short,
		Args:  exactly(1, "the id of an action"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := act.check(); err != nil {
				return err
			}
			h, err := act.conn.open()
			if err != nil {
				return err
			}
			if act.dryRun == "client" {
				fmt.Fprintf(cmd.OutOrStdout(), "action/%s %s (dry run)\n", args[0], past)
				return nil
			}
			var answer map[string]*actionView
			if err := h.ask(cmd.Context(), `mutation($id:ID!){`+mutation+`(id:$id)`+actionFields+`}`, map[string]any{"id": args[0]}, &answer); err != nil {
				return err
			}
			return act.goOn(cmd, h, answer[mutation])
		},
		ValidArgsFunction: completeActions(&act.conn),
	}
	act.registerPlan(cmd)
	return cmd
}

func actionsWatchCommand() *cobra.Command {
	var act actFlags
	cmd := &cobra.Command{
		Use:   "watch ID",
		Short: "Follow an action until it ends",
		Args:  exactly(1, "the id of an action"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := act.open()
			if err != nil {
				return err
			}
			return act.follow(cmd, h, args[0])
		},
		ValidArgsFunction: completeActions(&act.conn),
	}
	act.conn.register(cmd.Flags())
	act.output.register(cmd.Flags())
	cmd.Flags().DurationVar(&act.timeout, "timeout", 0, "how long to wait; 0 is until it ends")
	return cmd
}

func actionsStopCommand() *cobra.Command {
	var conn hubFlags
	cmd := &cobra.Command{
		Use:   "stop ID",
		Short: "End a running action before its next target",
		Args:  exactly(1, "the id of an action"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			var answer struct{ StopAction *actionView }
			if err := h.ask(cmd.Context(), `mutation($id:ID!){stopAction(id:$id){id state}}`, map[string]any{"id": args[0]}, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "action/%s stopping\n", answer.StopAction.ID)
			return nil
		},
		ValidArgsFunction: completeActions(&conn),
	}
	conn.register(cmd.Flags())
	return cmd
}
