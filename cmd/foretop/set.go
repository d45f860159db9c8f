package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	quantity "k8s.io/apimachinery/pkg/api/resource"
)

func setCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "set",
		Short: "Change the image, environment or resources of workloads",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(setImageCommand(), setEnvCommand(), setResourcesCommand())
	return cmd
}

func setImageCommand() *cobra.Command {
	var on onFlags
	cmd := &cobra.Command{
		Use:   "image (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY) CONTAINER=IMAGE...",
		Short: "Set the images of containers; * is every container",
		Example: `  foretop set image deployment/app2 -n shop -C zone1 app2=registry.example.com/app2:1.5.0
  foretop set image -q 'k:deploy app:app2' '*=registry.example.com/app2:1.5.0' --by-cluster --pause 5m`,
		RunE: func(cmd *cobra.Command, args []string) error {
			objects, set, remove, err := settings(args)
			if err != nil {
				return err
			}
			switch {
			case len(remove) > 0:
				return usageError{fmt.Errorf("%s-: an image can be set, not removed", remove[0])}
			case len(set) == 0:
				return usageError{errors.New("which image? Write CONTAINER=IMAGE, as in app2=registry.example.com/app2:1.5.0; * is every container")}
			}
			for _, s := range set {
				if s["value"] == "" {
					return usageError{fmt.Errorf("%s=: no image", s["name"])}
				}
			}
			if err := on.checkTargets(objects); err != nil {
				return err
			}
			return on.on(cmd, objects, "SET_IMAGE", map[string]any{"set": set})
		},
	}
	on.register(cmd)
	return cmd
}

func setEnvCommand() *cobra.Command {
	var on onFlags
	var container string
	var env []string
	cmd := &cobra.Command{
		Use:   "env (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY) (NAME=VALUE | NAME-)...",
		Short: "Set and remove environment variables",
		Long: `Set environment variables of containers, and remove those that end in a minus. What looks like a credential is refused: put it into a
Secret and refer to it.`,
		Example: `  foretop set env deployment/app2 -n shop -C zone1 LOG_LEVEL=debug
  foretop set env deployment/app2 -n shop -c app2 LOG_LEVEL-`,
		RunE: func(cmd *cobra.Command, args []string) error {
			objects, set, remove, err := settings(slices.Concat(args, env))
			if err != nil {
				return err
			}
			if len(set)+len(remove) == 0 {
				return usageError{errors.New("which variable? Write NAME=VALUE to set it, NAME- to remove it")}
			}
			if err := on.checkTargets(objects); err != nil {
				return err
			}
			return on.on(cmd, objects, "SET_ENV", inContainer(container, map[string]any{"set": set, "remove": remove}))
		},
	}
	on.register(cmd)
	cmd.Flags().StringVarP(&container, "containers", "c", "*", "name of the container; * is every one")
	cmd.Flags().StringArrayVarP(&env, "env", "e", nil, "NAME=VALUE, as an argument")
	return cmd
}

func setResourcesCommand() *cobra.Command {
	var on onFlags
	var container string
	var requests, limits map[string]string
	cmd := &cobra.Command{
		Use:   "resources (TYPE/NAME | TYPE -l SELECTOR | REF | -f FILE | -q QUERY) (--requests=... | --limits=...)",
		Short: "Set the requests and limits of containers",
		Example: `  foretop set resources deployment/app2 -n shop -C zone1 --requests cpu=100m,memory=128Mi --limits memory=256Mi
  foretop set resources deployment/app2 -n shop -c app2 --limits cpu=   # removes the limit`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(requests)+len(limits) == 0 {
				return usageError{errors.New("which resources? Write --requests=cpu=100m,memory=128Mi or --limits=...; an empty quantity removes")}
			}
			for _, of := range []map[string]string{requests, limits} {
				for name, amount := range of {
					if amount == "" {
						continue
					}
					if _, err := quantity.ParseQuantity(amount); err != nil {
						return usageError{fmt.Errorf("%s=%s: %q is no quantity like 100m or 128Mi", name, amount, amount)}
					}
				}
			}
			if err := on.checkTargets(args); err != nil {
				return err
			}
			return on.on(cmd, args, "SET_RESOURCES", inContainer(container, map[string]any{"requests": settingsOf(requests), "limits": settingsOf(limits)}))
		},
	}
	on.register(cmd)
	cmd.Flags().StringVarP(&container, "containers", "c", "*", "name of the container; * is every one")
	cmd.Flags().StringToStringVar(&requests, "requests", nil, "what a container is promised: cpu=100m,memory=128Mi")
	cmd.Flags().StringToStringVar(&limits, "limits", nil, "what a container may use at most")
	return cmd
}

// inContainer narrows parameters to a container.
func inContainer(name string, parameters map[string]any) map[string]any {
	if name != "*" && name != "" {
		parameters["container"] = name
	}
	return parameters
}

// settingsOf is a map as the hub takes it, by name.
func settingsOf(m map[string]string) []map[string]any {
	var list []map[string]any
	for _, name := range slices.Sorted(maps.Keys(m)) {
		list = append(list, map[string]any{"name": name, "value": m[name]})
	}
	return list
}
