package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// takesRefs gives a verb -f, for references that another one printed with -o ref: one run for all of them.
func takesRefs(cmd *cobra.Command) {
	refsFlag(cmd, cmd.RunE)
}

// takesRefsInTurn is takesRefs of a verb that is about one object: a run for each, under its reference.
func takesRefsInTurn(cmd *cobra.Command) {
	run := cmd.RunE
	refsFlag(cmd, func(cmd *cobra.Command, refs []string) error {
		if len(refs) < 2 {
			return run(cmd, refs)
		}
		table, yaml := true, false
		if f := cmd.Flags().Lookup("output"); f != nil {
			output := outputFlags{format: f.Value.String()}
			table, yaml = output.table(), output.format == "yaml"
		}
		for i, ref := range refs {
			switch {
			case table && i > 0:
				fmt.Fprintf(cmd.OutOrStdout(), "\n%s\n", ref)
			case table:
				fmt.Fprintln(cmd.OutOrStdout(), ref)
			case yaml && i > 0:
				fmt.Fprintln(cmd.OutOrStdout(), "---")
			}
			if err := run(cmd, []string{ref}); err != nil {
				return err
			}
		}
		return nil
	})
}

func refsFlag(cmd *cobra.Command, runRefs func(*cobra.Command, []string) error) {
	var file string
	run := cmd.RunE
	cmd.Flags().StringVarP(&file, "filename", "f", "", "file of references, one a line, as -o ref prints them; - is standard input")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if file == "" {
			return run(cmd, args)
		}
		if len(args) > 0 {
			return usageError{errors.New("name objects as arguments or with -f, not both")}
		}
		refs, err := stdinRefs(cmd, file)
		if err != nil {
			return err
		}
		return runRefs(cmd, refs)
	}
}
