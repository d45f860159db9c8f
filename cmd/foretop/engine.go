package main

import (
	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/engine"
)

func engineCommand() *cobra.Command {
	var cfg engine.Config
	var log logFlags
	cmd := &cobra.Command{
		Use:   "engine",
		Short: "Run the embedded ClickHouse and serve its HTTP interface on a unix socket",
		Long: `Run ClickHouse as a library and answer its HTTP interface on a unix socket.
foretop up starts this by itself as a supervised child; run it by hand to look into a data folder while no hub uses it:

  foretop engine --data-dir ~/.local/share/foretop/clickhouse --socket /tmp/engine.sock
  curl --unix-socket /tmp/engine.sock http://engine/ -d 'SELECT count() FROM foretop.resources'`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return engine.Main(cmd.Context(), cfg, log.logger(cmd.ErrOrStderr()))
		},
	}
	cfg.RegisterFlags(cmd.Flags())
	log.register(cmd.Flags())
	return cmd
}
