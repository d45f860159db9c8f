package main

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	var flags hubFlags
	var clientOnly bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version of this program and of the hub",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			fmt.Fprintf(cmd.OutOrStdout(), "foretop %s (%s, %s/%s)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
			if clientOnly {
				return nil
			}
			h, err := flags.open()
			if err != nil {
				fmt.Fprintln(cmd.ErrOrStderr(), "hub: none known")
				return nil
			}
			var answer struct {
				Viewer struct {
					Version  string
					Clusters int
				}
			}
			if err := h.ask(cmd.Context(), `{viewer{version clusters}}`, nil, &answer); err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "hub %s at %s with %d clusters\n", answer.Viewer.Version, h.url, answer.Viewer.Clusters)
			return nil
		},
	}
	flags.register(cmd.Flags())
	cmd.Flags().BoolVar(&clientOnly, "client", false, "only this program's")
	return cmd
}
