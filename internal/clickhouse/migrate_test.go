package clickhouse_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/schemas"
)

var update = flag.Bool("update", false, "write schemas/clickhouse/testdata/schema.golden")

// A migration is reviewed by what it does to this golden.
func TestSchemaIsTheGolden(t *testing.T) {
	if os.Getenv("FORETOP_TEST_CLICKHOUSE") != "" && !strings.HasPrefix(os.Getenv("FORETOP_TEST_CLICKHOUSE"), "unix:") {
		t.Skip("the golden is the embedded engine's; servers of other versions print schemas in other words")
	}
	const golden = "../../schemas/clickhouse/testdata/schema.golden"
	db := clickhousetest.Open(t)
	p := &clickhouse.Params{}
	rows, err := db.Query(t.Context(), "SELECT create_table_query FROM system.tables WHERE database = "+p.String(db.Database())+" ORDER BY name", p)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got strings.Builder
	got.WriteString("-- The schema after all migrations, on the embedded engine. Written by: go test ./internal/clickhouse -run Golden -update\n")
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			t.Fatal(err)
		}
		p := &clickhouse.Params{}
		text = clickhousetest.Value[string](t, db, "SELECT formatQuery("+p.String(text)+")", p)
		got.WriteString("\n" + strings.ReplaceAll(text, db.Database(), "foretop") + ";\n")
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.MkdirAll("../../schemas/clickhouse/testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got.String(), "\n")); diff != "" {
		t.Errorf("the schema is not the golden (golden -, now +); if that is meant, run the test with -update:\n%s", diff)
	}
}

func TestMigratingAgainDoesNothing(t *testing.T) {
	db := clickhousetest.Open(t)
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	plan, err := db.MigrationPlan(t.Context(), schemas.ClickHouse)
	if err != nil || len(plan) != 0 {
		t.Errorf("plan is %q, %v", plan, err)
	}
}

func TestMigrationsApplyForwardOnly(t *testing.T) {
	db := clickhousetest.Open(t)
	files := fstest.MapFS{}
	shipped, err := schemas.ClickHouse.ReadDir("clickhouse")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range shipped {
		text, err := schemas.ClickHouse.ReadFile("clickhouse/" + f.Name())
		if err != nil {
			t.Fatal(err)
		}
		files[f.Name()] = &fstest.MapFile{Data: text}
	}
	files["9000_next.sql"] = &fstest.MapFile{Data: []byte("-- it's; a comment\nCREATE TABLE IF NOT EXISTS {db}.a {on_cluster} (s String DEFAULT 'x;{''' /* not; this */) ENGINE = {engine:MergeTree} ORDER BY s;\nALTER TABLE {db}.a ADD COLUMN IF NOT EXISTS n UInt8;\n")}
	plan, err := db.MigrationPlan(t.Context(), files)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"9000_next.sql"}; !cmp.Equal(plan, want) {
		t.Errorf("plan is %q, want %q", plan, want)
	}
	if err := db.Migrate(t.Context(), files); err != nil {
		t.Fatal(err)
	}
	if got := clickhousetest.Value[uint64](t, db, "SELECT count() FROM system.columns WHERE database = '"+db.Database()+"' AND table = 'a'", nil); got != 2 {
		t.Errorf("the new table has %d columns, want 2", got)
	}

	f := func(change func(), want string) {
		t.Helper()
		change()
		err := db.Migrate(t.Context(), files)
		if access.Code(err) != "CONFLICT" || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	f(func() { files["9000_next.sql"].Data = append(files["9000_next.sql"].Data, '\n') },
		fmt.Sprintf("Migration 9000_next.sql was changed after it had been applied to the database %s.", db.Database()))
	f(func() { delete(files, "9000_next.sql") },
		fmt.Sprintf("The database %s has migration 9000_next.sql, which this version does not know.", db.Database()))
}

func TestMigrationFilesAreChecked(t *testing.T) {
	db := clickhousetest.Open(t)
	f := func(name, text, want string) {
		t.Helper()
		_, err := db.MigrationPlan(t.Context(), fstest.MapFS{name: &fstest.MapFile{Data: []byte(text)}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", name, err, want)
		}
	}
	f("1_short.sql", "SELECT 1", "is not named NNNN_what.sql")
	f("0001_hole.sql", "CREATE TABLE {database}.x", "unknown hole")
}
