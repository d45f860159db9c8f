package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/schemas"
)

func migrateCommand() *cobra.Command {
	var dsn, dataDir, library string
	var planOnly bool
	var log logFlags
	cmd := &cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's tables up to date",
		Long: `Apply the numbered migrations that the database has not seen. foretop up does this at every start; run it by
hand before an upgrade of a hub whose database user may not change tables, or to see what an upgrade would do.`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := openDataDir(dataDir); err != nil {
				return err
			}
			ctx := cmd.Context()
			db, err := clickhouse.Open(ctx, clickhouse.Config{DSN: dsn, Engine: clickhouse.EngineConfig{
				Library: library, DataDir: filepath.Join(dataDir, "clickhouse"), Socket: filepath.Join(dataDir, "engine.sock"),
			}}, log.logger(cmd.ErrOrStderr()))
			if err != nil {
				return err
			}
			defer db.Close()
			plan, err := db.MigrationPlan(ctx, schemas.ClickHouse)
			if err != nil {
				return err
			}
			for _, name := range plan {
				fmt.Fprintln(cmd.OutOrStdout(), name)
			}
			if planOnly || len(plan) == 0 {
				fmt.Fprintf(cmd.ErrOrStderr(), "%d %s to apply\n", len(plan), plural(len(plan), "migration", "migrations"))
				return nil
			}
			if err := db.Migrate(ctx, schemas.ClickHouse); err != nil {
				return err
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "%d %s applied\n", len(plan), plural(len(plan), "migration", "migrations"))
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&dsn, "clickhouse", "", "DSN of a ClickHouse server; empty for the embedded engine")
	flags.StringVar(&dataDir, "data-dir", defaultDataDir(), "the hub's folder, for the embedded engine")
	flags.StringVar(&library, "engine-library", "", "path of libchdb.so; empty to look where make engine puts it")
	flags.BoolVar(&planOnly, "plan", false, "list what would be applied, change nothing")
	log.register(flags)
	return cmd
}
