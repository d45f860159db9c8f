package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

type clusterRow struct {
	Name              string            `json:"name"`
	UID               string            `json:"uid"`
	Mode              string            `json:"mode"`
	State             string            `json:"state"`
	Reason            string            `json:"reason"`
	AsOf              *time.Time        `json:"asOf"`
	LagMs             *float64          `json:"lagMs"`
	KubernetesVersion string            `json:"kubernetesVersion"`
	Labels            map[string]string `json:"labels"`
	Objects           int               `json:"objects"`
	Nodes             int               `json:"nodes"`
	Pods              int               `json:"pods"`
	Namespaces        int               `json:"namespaces"`
	Protection        string            `json:"protection"`
	AddedAt           *time.Time        `json:"addedAt"`
}

func clustersCommand() *cobra.Command {
	var conn hubFlags
	var output outputFlags
	cmd := &cobra.Command{
		Use:     "clusters [QUERY...]",
		Aliases: []string{"cluster"},
		Short:   "List the clusters and how fresh each one's data is",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := output.check(); err != nil {
				return err
			}
			h, err := conn.open()
			if err != nil {
				return err
			}
			var answer struct{ Clusters []*clusterRow }
			err = h.ask(cmd.Context(), `query($query:String!){clusters(query:$query){name uid mode state reason asOf lagMs kubernetesVersion labels objects nodes pods namespaces addedAt protection}}`,
				map[string]any{"query": strings.Join(args, " ")}, &answer)
			if err != nil {
				return err
			}
			out := cmd.OutOrStdout()
			switch {
			case output.format == "name":
				for _, c := range answer.Clusters {
					fmt.Fprintln(out, "cluster/"+c.Name)
				}
				return nil
			case !output.table():
				return output.document(out, map[string]any{"items": answer.Clusters})
			case len(answer.Clusters) == 0:
				fmt.Fprintln(cmd.ErrOrStderr(), "No clusters. Add one with: foretop clusters add NAME")
				return nil
			}
			var rows [][]string
			for _, c := range answer.Clusters {
				asOf := "never"
				if c.AsOf != nil {
					asOf = ago(c.AsOf) + " ago"
				}
				rows = append(rows, []string{c.Name, strings.ToLower(c.State), asOf, orDash(c.KubernetesVersion), fmt.Sprint(c.Nodes), fmt.Sprint(c.Pods), fmt.Sprint(c.Objects), orDash(c.Reason), strings.ReplaceAll(strings.ToLower(c.Protection), "_", "-"), c.Mode, orDash(c.UID), ago(c.AddedAt)})
			}
			return output.grid(out, []column{{name: "NAME"}, {name: "STATE"}, {name: "AS OF"}, {name: "KUBERNETES"}, {name: "NODES"}, {name: "PODS"}, {name: "OBJECTS"}, {name: "REASON"}, {name: "PROTECTION", wide: true}, {name: "MODE", wide: true}, {name: "UID", wide: true}, {name: "ADDED", wide: true}}, rows)
		},
	}
	conn.register(cmd.Flags())
	output.register(cmd.Flags())
	cmd.AddCommand(clustersAddCommand(), clustersRemoveCommand(), clustersProtectCommand())
	return cmd
}

func clustersAddCommand() *cobra.Command {
	var conn hubFlags
	var labels map[string]string
	cmd := &cobra.Command{
		Use:   "add NAME",
		Short: "Register a cluster whose collector will dial the hub, and print the command that joins it",
		Args:  exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			list := []map[string]string{}
			for k, v := range labels {
				list = append(list, map[string]string{"key": k, "value": v})
			}
			var answer struct {
				AddCluster struct {
					Command   string
					ExpiresAt *time.Time
				}
			}
			if err := h.ask(cmd.Context(), `mutation($name:String!,$labels:[LabelInput!]){addCluster(name:$name,labels:$labels){command expiresAt}}`, map[string]any{"name": args[0], "labels": list}, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "Run this beside the cluster. It is shown once and works once, until %s:\n", answer.AddCluster.ExpiresAt.Local().Format(time.DateTime))
			fmt.Fprintln(cmd.OutOrStdout(), answer.AddCluster.Command)
			return nil
		},
	}
	conn.register(cmd.Flags())
	cmd.Flags().StringToStringVar(&labels, "label", nil, "labels of the cluster: zone=1,env=prod")
	return cmd
}

func clustersRemoveCommand() *cobra.Command {
	var conn hubFlags
	var yes bool
	cmd := &cobra.Command{
		Use:     "rm NAME",
		Aliases: []string{"remove"},
		Short:   "Forget a cluster; its collector is cut off",
		Args:    exactly(1, "NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			h, err := conn.open()
			if err != nil {
				return err
			}
			if !yes {
				typed, asked := prompt(cmd, fmt.Sprintf("Type %s to remove it: ", args[0]))
				if !asked || typed != args[0] {
					return &exitError{exitRefused, errors.New("not confirmed: nothing was removed. Confirm with --yes")}
				}
			}
			var answer struct{ RemoveCluster bool }
			if err := h.ask(cmd.Context(), `mutation($name:String!){removeCluster(name:$name)}`, map[string]any{"name": args[0]}, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "cluster/%s removed\n", args[0])
			return nil
		},
		ValidArgsFunction: completeClusters(&conn),
	}
	conn.register(cmd.Flags())
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	return cmd
}

func exactly(n int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != n {
			return usageError{fmt.Errorf("want %s, got %d arguments", what, len(args))}
		}
		return nil
	}
}
