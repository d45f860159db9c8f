package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func scaleCommand() *cobra.Command {
	var on onFlags
	var replicas, current, least, most int32
	cmd := &cobra.Command{
		Use:   "scale (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY) (--replicas=N | [--min=N] [--max=N])",
		Short: "Set the number of replicas, or an autoscaler's bounds, in one cluster or in all that have the object",
		Example: `  foretop scale deployment/app2 -n shop -C zone1 --replicas 5
  foretop scale zone1:shop/deployments.apps/app2 --current-replicas 3 --replicas 5 --yes
  foretop scale deployment/app2 -n shop --replicas 5 --dry-run=server
  foretop scale hpa/app1 -n shop --min 3 --max 12
  foretop scale deployment/app1 -n shop --replicas 4 --max 12   # an autoscaler that owns it gets 4 to 12`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := on.checkTargets(args); err != nil {
				return err
			}
			given := cmd.Flags().Changed
			parameters := map[string]any{}
			if given("min") {
				parameters["min"] = least
			}
			if given("max") {
				parameters["max"] = most
			}
			switch {
			case !given("replicas") && len(parameters) == 0:
				return usageError{errors.New("--replicas says how many; it is missing. An autoscaler takes --min and --max")}
			case replicas < 0:
				return usageError{fmt.Errorf("--replicas=%d: it cannot be negative", replicas)}
			case current < -1:
				return usageError{fmt.Errorf("--current-replicas=%d: it cannot be negative", current)}
			case least < 0 || most < 0 || given("max") && most < 1:
				return usageError{errors.New("--min must not be negative, and --max must be at least 1")}
			case given("min") && given("max") && least > most:
				return usageError{fmt.Errorf("--min=%d is more than --max=%d", least, most)}
			}
			h, s, err := on.choose(cmd, args)
			if err != nil {
				return err
			}
			input := s.input("SCALE", parameters)
			switch bounds := autoscalers(args, s); {
			case bounds && given("replicas"):
				return usageError{errors.New("an autoscaler has no --replicas: give --min and --max")}
			case bounds:
				input["verb"] = "AUTOSCALE"
			case !given("replicas"):
				return usageError{errors.New("--min and --max alone are an autoscaler's: name it, as in hpa/app1, or give --replicas too")}
			default:
				input["replicas"] = replicas
			}
			return on.onThose(cmd, h, s, input, func(a *actionView) error { return expectReplicas(a, current) })
		},
	}
	on.register(cmd)
	cmd.Flags().Int32Var(&replicas, "replicas", 0, "the wanted number of replicas")
	cmd.Flags().Int32Var(&current, "current-replicas", -1, "change nothing unless every target has so many replicas now; -1 is any number")
	cmd.Flags().Int32Var(&least, "min", 0, "the least replicas of an autoscaler; of one that owns the target too")
	cmd.Flags().Int32Var(&most, "max", 0, "the most replicas of an autoscaler; of one that owns the target too")
	return cmd
}

// autoscalers holds when autoscalers are named, not what they scale.
func autoscalers(args []string, s *chosen) bool {
	if s.query != "" {
		if len(args) == 0 {
			return false
		}
		switch strings.ToLower(args[0]) {
		case "hpa", "horizontalpodautoscaler", "horizontalpodautoscalers", "horizontalpodautoscalers.autoscaling":
			return true
		}
		return false
	}
	for _, ref := range s.refs {
		if !strings.Contains(ref, "/horizontalpodautoscalers.autoscaling/") {
			return false
		}
	}
	return true
}

// expectReplicas is kubectl's precondition, against what the clusters answered to the dry run.
func expectReplicas(a *actionView, want int32) error {
	if want < 0 {
		return nil
	}
	for _, t := range a.Targets {
		if t.State != "READY" {
			continue
		}
		var from, to int32
		if _, err := fmt.Sscanf(t.Change, "replicas %d -> %d", &from, &to); err != nil {
			return &exitError{exitRefused, fmt.Errorf("%s has no number of replicas of its own (%s): leave out --current-replicas. Nothing was changed", t.Ref, t.Change)}
		}
		if from != want {
			return &exitError{exitRefused, fmt.Errorf("%s has %d replicas, not %d: nothing was changed", t.Ref, from, want)}
		}
	}
	return nil
}
