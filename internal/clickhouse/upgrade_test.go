package clickhouse_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/schemas"
)

// An existing hub's data survives the move of the JSON into history alone, also when the migration is interrupted.
func TestObjectsMoveIntoHistoryOnly(t *testing.T) {
	db := clickhousetest.Open(t)
	clickhousetest.Exec(t, db, "DROP DATABASE `"+db.Database()+"` SYNC")
	before := fstest.MapFS{}
	files, err := schemas.ClickHouse.ReadDir("clickhouse")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() < "0007" {
			text, err := schemas.ClickHouse.ReadFile("clickhouse/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			before[f.Name()] = &fstest.MapFile{Data: text}
		}
	}
	if err := db.Migrate(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	columns := func(vers []uint64, by, objects []string) []clickhouse.Column {
		n := len(vers)
		same := func(s string) []string {
			out := make([]string, n)
			for i := range out {
				out[i] = s
			}
			return out
		}
		paths := make([][]string, n)
		times := make([]time.Time, n)
		for i := range paths {
			paths[i], times[i] = []string{"path of " + by[i]}, at
		}
		return []clickhouse.Column{{"cluster", same("c")}, {"api_group", same("")}, {"resource", same("pods")}, {"namespace", same("shop")}, {"name", same("app")},
			{"ver", vers}, {"observed_at", times}, {"changed_by", by}, {"changed_paths", paths}, {"object", objects}}
	}
	history := append(columns([]uint64{1, 2, 3}, []string{"", "helm", ""}, []string{"v1", "v2", "v3"}),
		clickhouse.Column{Name: "op", Values: []string{"snapshot", "update", "update"}}, clickhouse.Column{Name: "meaningful", Values: []uint8{0, 1, 0}},
		clickhouse.Column{Name: "previous_ver", Values: []uint64{0, 1, 2}})
	if err := db.Insert(t.Context(), "resource_history", history, "h"); err != nil {
		t.Fatal(err)
	}
	if err := db.Insert(t.Context(), "resources", columns([]uint64{3}, []string{"helm"}, []string{"v3"}), "r"); err != nil {
		t.Fatal(err)
	}
	wants := func() {
		t.Helper()
		f := func(sql, want string) {
			t.Helper()
			if got := clickhousetest.Value[string](t, db, "SELECT arrayStringConcat(groupArray(x), ' ') FROM ("+sql+")", nil); got != want {
				t.Errorf("got %q, want %q: %s", got, want, sql)
			}
		}
		f(`SELECT concatWithSeparator(':', toString(ver), toString(op), toString(meaningful), toString(previous_ver), object, changed_by, last_changed_by, last_changed_paths[1]) AS x FROM `+db.Table("resource_history")+` ORDER BY ver`,
			"1:snapshot:0:0:v1:::path of  2:update:1:1:v2:helm:helm:path of helm 3:update:0:2:v3::helm:path of helm")
		f(`SELECT concatWithSeparator(':', toString(ver), changed_by, toString(length(conditions)), toString(derived)) AS x FROM `+db.Table("resources")+` FINAL`, "3:helm:0:0")
	}
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	wants()
	// A hub that died before it had noted the migration does it again; one that died while it copied, too.
	for _, left := range []string{"", "CREATE TABLE " + db.Table("resource_history_0007") + " (x UInt8) ENGINE = Memory"} {
		if left != "" {
			clickhousetest.Exec(t, db, left)
		}
		clickhousetest.Exec(t, db, "DELETE FROM "+db.Table("migrations")+" WHERE number = 7")
		if err := db.Migrate(context.Background(), schemas.ClickHouse); err != nil {
			t.Fatal(err)
		}
		wants()
	}
}
