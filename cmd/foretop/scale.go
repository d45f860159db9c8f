package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

func scaleCommand() *cobra.Command {
	var scope scopeFlags
	var act actFlags
	var replicas int32
	var file string
	cmd := &cobra.Command{
		Use:   "scale (TYPE/NAME | REF | -f FILE) --replicas=N",
		Short: "Set the number of replicas, in one cluster or in all that have the object",
		Example: `  foretop scale deployment/app2 -n shop -C zone1 --replicas 5
  foretop scale zone1:shop/deployments.apps/app2 --replicas 5 --yes
  foretop scale deployment/app2 -n shop --replicas 5 --dry-run=server`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := act.check(); err != nil {
				return err
			}
			if !cmd.Flags().Changed("replicas") {
				return usageError{errors.New("--replicas says how many; it is missing")}
			}
			if replicas < 0 {
				return usageError{fmt.Errorf("--replicas=%d: it cannot be negative", replicas)}
			}
			h, refs, err := act.find(cmd, args, file, scope)
			if err != nil {
				return err
			}
			return act.act(cmd, h, refs, map[string]any{"verb": "SCALE", "replicas": replicas})
		},
		ValidArgsFunction: completeObjects(&act.conn, &scope),
	}
	scope.register(cmd.Flags())
	act.register(cmd)
	cmd.Flags().Int32Var(&replicas, "replicas", 0, "the wanted number of replicas")
	cmd.Flags().StringVarP(&file, "filename", "f", "", "file of references, one a line; - is standard input")
	completeFlags(cmd, &act.conn)
	return cmd
}

// find answers the references that arguments or a file name.
func (f *actFlags) find(cmd *cobra.Command, args []string, file string, scope scopeFlags) (*hub, []string, error) {
	if file != "" && len(args) > 0 {
		return nil, nil, usageError{errors.New("name objects as arguments or with -f, not both")}
	}
	if file == "" {
		if _, _, err := targets(args); err != nil { // before a hub is needed
			return nil, nil, err
		}
	}
	h, err := f.conn.open()
	if err != nil {
		return nil, nil, err
	}
	var refs []string
	if file != "" {
		refs, err = stdinRefs(cmd, file)
	} else {
		refs, err = h.resolve(cmd.Context(), args, scope)
	}
	return h, refs, err
}
