package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clusters"
)

// protector protects clusters, with audit.
type protector struct {
	registry *clusters.Registry
	trail    *audit.Log
}

func (p *protector) Protect(ctx context.Context, scope access.Scope, source, cluster string, level clusters.Protection) (now clusters.Protection, done bool, err error) {
	if scope.Nothing() {
		return "", false, &access.Error{Code: "FORBIDDEN", Message: "You may not change anything."}
	}
	e, there := p.registry.ByName(cluster)
	change := func() (string, error) {
		if done, err = p.registry.Protect(ctx, cluster, level, scope.User()); err == nil && !done {
			return "ASKED", nil
		}
		return "", err
	}
	if !there {
		_, err := change() // a registry that knows better, or one clear sentence
		return "", false, err
	}
	row := audit.Row{Actor: scope.User(), Source: source, Verb: "PROTECT", Phase: "cluster", ClusterUID: e.UID, Cluster: cluster, Name: cluster}
	if err := p.trail.Around(ctx, row, map[string]any{"from": e.Protection.String(), "to": level.String()}, change); err != nil {
		return "", false, err
	}
	e, _ = p.registry.ByName(cluster)
	return e.Protection, done, nil
}

func clustersProtectCommand() *cobra.Command {
	var conn hubFlags
	var level string
	cmd := &cobra.Command{
		Use:   "protect NAME --level none|confirm|four-eyes",
		Short: "Say how much it takes to change anything in a cluster",
		Long: `Say how much it takes to change anything in a cluster: nothing beyond what the change's reach asks for (none), typed words
(confirm), or those and the approval of another person (four-eyes). Taking four eyes off a cluster takes two people who ask
for the same within an hour. A cluster with the label ` + clusters.ProtectionLabel + ` is never protected less than that says.`,
		Args: exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := clusters.ReadProtection(level)
			if err != nil {
				return usageError{err}
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			var answer struct {
				ProtectCluster struct {
					Protection string
					Done       bool
				}
			}
			err = h.ask(cmd.Context(), `mutation($name:String!,$level:Protection!){protectCluster(name:$name,level:$level){protection done}}`,
				map[string]any{"name": args[0], "level": strings.ToUpper(strings.ReplaceAll(p.String(), "-", "_"))}, &answer)
			if err != nil {
				return err
			}
			now := strings.ToLower(strings.ReplaceAll(answer.ProtectCluster.Protection, "_", "-"))
			switch {
			case !answer.ProtectCluster.Done:
				return &exitError{exitRefused, fmt.Errorf("cluster %s stays protected by four eyes until another person asks for the same within an hour: foretop clusters protect %s --level %s", args[0], args[0], p)}
			case now != p.String():
				fmt.Fprintf(cmd.ErrOrStderr(), "Its label %s asks for more than that.\n", clusters.ProtectionLabel)
			}
			fmt.Fprintf(cmd.OutOrStdout(), "cluster/%s protected: %s\n", args[0], now)
			return nil
		},
		ValidArgsFunction: completeClusters(&conn),
	}
	conn.register(cmd.Flags())
	cmd.Flags().StringVar(&level, "level", "", "none, confirm or four-eyes")
	return cmd
}

func actionsApproveCommand() *cobra.Command {
	var conn hubFlags
	cmd := &cobra.Command{
		Use:   "approve ID",
		Short: "Approve a plan of somebody else that needs it",
		Args:  exactly(1, "the id of a plan"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			var answer struct {
				ApproveAction struct{ Title, Actor string }
			}
			if err := h.ask(cmd.Context(), `mutation($id:ID!){approveAction(id:$id){title actor}}`, map[string]any{"id": args[0]}, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "action/%s approved: %s, planned by %s\n", args[0], answer.ApproveAction.Title, answer.ApproveAction.Actor)
			return nil
		},
		ValidArgsFunction: completeActions(&conn),
	}
	conn.register(cmd.Flags())
	return cmd
}
