package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func cordonCommand() *cobra.Command {
	return nodeCommand("cordon", "CORDON", "Take no new pods on a node")
}

func uncordonCommand() *cobra.Command {
	return nodeCommand("uncordon", "UNCORDON", "Take new pods on a node again")
}

func nodeCommand(name, verb, short string) *cobra.Command {
	on := onFlags{kind: "node"}
	cmd := &cobra.Command{
		Use:   name + " (NODE... | -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: short,
		Example: fmt.Sprintf(`  foretop %[1]s zone1-node-1
  foretop %[1]s -l topology.kubernetes.io/zone=a -C zone1`, name),
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

func drainCommand() *cobra.Command {
	on := onFlags{kind: "node"}
	var e evictFlags
	var emptyDir, force, daemonSets bool
	cmd := &cobra.Command{
		Use:   "drain (NODE... | -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: "Cordon a node and evict its pods, heeding PodDisruptionBudgets, as kubectl drain does",
		Long: `Cordon a node and evict its pods one by one, heeding PodDisruptionBudgets. Pods of DaemonSets and static pods stay. With --dry-run=server
every pod's eviction is tried, and nothing is changed, not even the cordon.`,
		Example: `  foretop drain zone1-node-1 --dry-run=server
  foretop drain zone1-node-1 --delete-emptydir-data --reason "kernel update"
  foretop drain -l topology.kubernetes.io/zone=a -C zone1 --parallelism 1`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			if !daemonSets {
				return usageError{fmt.Errorf("--ignore-daemonsets=false: a DaemonSet's pod comes back on the same node, so it always stays")}
			}
			parameters, err := e.parameters()
			if err != nil {
				return err
			}
			if emptyDir {
				parameters["emptyDir"] = true
			}
			if force {
				parameters["unmanaged"] = true
			}
			return on.on(cmd, args, "DRAIN", parameters)
		},
	}
	on.register(cmd)
	e.register(cmd)
	cmd.Flags().BoolVar(&emptyDir, "delete-emptydir-data", false, "evict pods with emptyDir volumes too, whose data is lost")
	cmd.Flags().BoolVar(&force, "force", false, "evict pods too that nobody brings back")
	cmd.Flags().BoolVar(&daemonSets, "ignore-daemonsets", true, "pods of DaemonSets stay, which they always do here")
	return cmd
}
