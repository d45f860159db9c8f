package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
)

// evictFlags are of what ends pods.
type evictFlags struct{ grace int32 }

func (f *evictFlags) register(cmd *cobra.Command) {
	cmd.Flags().Int32Var(&f.grace, "grace-period", -1, "seconds that pods have to end; -1 is each pod's own")
}

func (f *evictFlags) parameters() (map[string]any, error) {
	p := map[string]any{}
	switch {
	case f.grace < -1:
		return nil, usageError{fmt.Errorf("--grace-period=%d: seconds, or -1 for the pods' own", f.grace)}
	case f.grace >= 0:
		p["graceSeconds"] = f.grace
	}
	return p, nil
}

func evictCommand() *cobra.Command {
	var on onFlags
	var e evictFlags
	var whole bool
	cmd := &cobra.Command{
		Use:   "evict (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: "Replace a workload's pods by evicting them, heeding PodDisruptionBudgets; the workload itself is not touched",
		Long: `Replace a workload's pods by evicting them a few at a time, heeding PodDisruptionBudgets and never while fewer than the wanted number are
ready. The workload itself is not touched, so no owner (Argo CD, Flux, Karmada, ...) takes it back.`,
		Example: `  foretop evict deployment/app2 -n shop -C zone1
  foretop evict -q 'k:deploy managedby:karmada app:app2' --by-cluster`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			parameters, err := e.parameters()
			if err != nil {
				return err
			}
			if whole {
				parameters["whole"] = true
			}
			return on.on(cmd, args, "EVICT", parameters)
		},
	}
	on.register(cmd)
	e.register(cmd)
	cmd.Flags().BoolVar(&whole, "whole", false, "workloads of a single pod too, which are away until it is replaced")
	return cmd
}

var cascades = map[string]string{"background": "Background", "foreground": "Foreground", "orphan": "Orphan"}

func deleteCommand() *cobra.Command {
	var on onFlags
	var e evictFlags
	var cascade string
	var now bool
	cmd := &cobra.Command{
		Use:   "delete (TYPE/NAME... | TYPE NAME... | TYPE -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: "Delete objects, which undo makes again from what they were",
		Example: `  foretop delete configmap/old -n shop -C zone1 --dry-run=server
  foretop delete job -l app=db-migrate -n shop -C zone1 --confirm "delete 3 in 1 cluster"`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			if now {
				if cmd.Flags().Changed("grace-period") {
					return usageError{errors.New("--now is --grace-period=1: give one of them")}
				}
				e.grace = 1
			}
			parameters, err := e.parameters()
			if err != nil {
				return err
			}
			propagation, ok := cascades[strings.ToLower(cascade)]
			if !ok {
				return usageError{fmt.Errorf("--cascade=%s is not known: use background, foreground or orphan", cascade)}
			}
			parameters["propagation"] = propagation
			return on.on(cmd, args, "DELETE", parameters)
		},
	}
	on.register(cmd)
	e.register(cmd)
	cmd.Flags().StringVar(&cascade, "cascade", "background", "what becomes of what the objects own: background, foreground (ends before them) or orphan (stays)")
	cmd.Flags().BoolVar(&now, "now", false, "pods have one second to end")
	cmd.Flags().BoolVar(&on.lenient, "ignore-not-found", false, "exit with 0 when a named object does not exist")
	_ = cmd.RegisterFlagCompletionFunc("cascade", cobra.FixedCompletions([]string{"background", "foreground", "orphan"}, noFiles))
	return cmd
}

func revertCommand() *cobra.Command {
	var on onFlags
	var version string
	cmd := &cobra.Command{
		Use:   "revert REF --version VERSION",
		Short: "Take one change from an object's history back, and leave what was changed since",
		Example: `  foretop history zone1:shop/deployments.apps/app2 -o wide   # lists versions
  foretop revert zone1:shop/deployments.apps/app2 --version VERSION --dry-run=server`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			if version == "" {
				return usageError{errors.New("--version says which change is taken back; foretop history REF -o wide lists them")}
			}
			h, s, err := on.choose(cmd, args)
			if err != nil {
				return err
			}
			if s.query != "" || len(s.refs) != 1 {
				return usageError{errors.New("a version is of one object: name it by its reference")}
			}
			return on.onThose(cmd, h, s, s.input("REVERT", map[string]any{"version": version}))
		},
	}
	on.register(cmd)
	cmd.Flags().StringVar(&version, "version", "", "the version whose change is taken back")
	return cmd
}

func createCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "create",
		Short: "Make a Job from a CronJob now",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	var on onFlags
	var from []string
	job := &cobra.Command{
		Use:   "job --from=cronjob/NAME",
		Short: "Make a Job from a CronJob now, as kubectl create job --from does",
		Example: `  foretop create job --from cronjob/daily-report -n shop -C zone1
  foretop create job --from cronjob/daily-report -n shop --dry-run=server`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return usageError{fmt.Errorf("%q: the Job's name is made from the CronJob's; name the CronJob with --from=cronjob/NAME", args[0])}
			}
			for _, f := range from {
				kind, _, _ := strings.Cut(strings.ToLower(f), "/")
				if strings.Contains(f, "/") && !strings.Contains(f, ":") && !slices.Contains([]string{"cronjob", "cronjobs", "cj", "cronjobs.batch", "cronjob.batch"}, kind) {
					return usageError{fmt.Errorf("--from=%s: a Job is made from a CronJob, cronjob/NAME", f)}
				}
			}
			if err := on.checkTargets(from); err != nil {
				return err
			}
			return on.on(cmd, from, "TRIGGER", nil)
		},
	}
	on.register(job)
	job.Flags().StringSliceVar(&from, "from", nil, "the CronJob: cronjob/NAME or a reference")
	job.ValidArgsFunction = nil
	_ = job.RegisterFlagCompletionFunc("from", completeObjects(&on.conn, &on.scope))
	cmd.AddCommand(job)
	return cmd
}

func rerunCommand() *cobra.Command {
	var on onFlags
	cmd := &cobra.Command{
		Use:   "rerun (job/NAME | job -l SELECTOR | REF | -f FILE | -q QUERY)",
		Short: "Run a Job again, under another name",
		Example: `  foretop rerun job/db-migrate-1-4-0 -n shop -C zone1
  foretop rerun -q 'k:job is:unhealthy'`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			return on.on(cmd, args, "RERUN", nil)
		},
	}
	on.register(cmd)
	return cmd
}
