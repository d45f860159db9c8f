package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func labelCommand() *cobra.Command {
	return metadataCommand("label", "LABEL", "labels", func(r *resource) map[string]string { return r.Labels })
}

func annotateCommand() *cobra.Command {
	return metadataCommand("annotate", "ANNOTATE", "annotations", func(r *resource) map[string]string { return r.Annotations })
}

func metadataCommand(name, verb, field string, of func(*resource) map[string]string) *cobra.Command {
	var on onFlags
	var overwrite bool
	cmd := &cobra.Command{
		Use:   name + " (TYPE/NAME | TYPE NAME... | TYPE -l SELECTOR | REF | -f FILE | -q QUERY) (NAME=VALUE | NAME-)...",
		Short: fmt.Sprintf("Set and remove %s, as kubectl %s does", field, name),
		Example: fmt.Sprintf(`  foretop %[1]s deployment/app2 -n shop team=payments
  foretop %[1]s deployment/app2 -n shop team=checkout --overwrite
  foretop %[1]s -q 'k:deploy app:app2' team-`, name),
		RunE: func(cmd *cobra.Command, args []string) error {
			objects, set, remove, err := settings(args)
			if err != nil {
				return err
			}
			if len(set)+len(remove) == 0 {
				return usageError{fmt.Errorf("which %s? Write NAME=VALUE to set one, NAME- to remove it", field)}
			}
			if err := on.checkTargets(objects); err != nil {
				return err
			}
			h, s, err := on.choose(cmd, objects)
			if err != nil {
				return err
			}
			if !overwrite && len(set) > 0 {
				var other error
				err := s.each(cmd.Context(), h, field, func(r *resource) {
					for _, x := range set {
						if old, ok := of(r)[x["name"].(string)]; ok && old != x["value"] && other == nil {
							other = fmt.Errorf("%s has %s=%s already: --overwrite replaces it. Nothing was changed", r.Ref, x["name"], old)
						}
					}
				})
				if err := errors.Join(err, other); err != nil {
					return err
				}
			}
			return on.onThose(cmd, h, s, s.input(verb, map[string]any{"set": set, "remove": remove}))
		},
	}
	on.register(cmd)
	cmd.Flags().BoolVar(&overwrite, "overwrite", false, "replace other values too")
	return cmd
}
