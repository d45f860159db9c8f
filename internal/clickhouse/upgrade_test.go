package clickhouse_test

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
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
	if err := db.Migrate(t.Context(), migrationsTo(t, 6)); err != nil {
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
	if err := db.Migrate(t.Context(), migrationsTo(t, 10)); err != nil {
		t.Fatal(err)
	}
	wants()
	// A hub that died before it had noted the migration does it again; one that died while it copied, too.
	for _, left := range []string{"", "CREATE TABLE " + db.Table("resource_history_0007") + " (x UInt8) ENGINE = Memory"} {
		if left != "" {
			clickhousetest.Exec(t, db, left)
		}
		clickhousetest.Exec(t, db, "DELETE FROM "+db.Table("migrations")+" WHERE number = 7")
		if err := db.Migrate(t.Context(), migrationsTo(t, 10)); err != nil {
			t.Fatal(err)
		}
		wants()
	}
}

// migrationsTo are those with numbers up to last.
func migrationsTo(t *testing.T, last int) fs.FS {
	t.Helper()
	some := fstest.MapFS{}
	files, err := schemas.ClickHouse.ReadDir("clickhouse")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name() < fmt.Sprintf("%04d", last+1) {
			text, err := schemas.ClickHouse.ReadFile("clickhouse/" + f.Name())
			if err != nil {
				t.Fatal(err)
			}
			some[f.Name()] = &fstest.MapFile{Data: text}
		}
	}
	return some
}

// What was written with all its words is found by them as before, beside what has only those that nothing else tells,
// also when the migrations are interrupted.
func TestWordsOfBeforeAreFound(t *testing.T) {
	db := clickhousetest.Open(t)
	clickhousetest.Exec(t, db, "DROP DATABASE `"+db.Database()+"` SYNC")
	if err := db.Migrate(t.Context(), migrationsTo(t, 10)); err != nil {
		t.Fatal(err)
	}
	rows := func(name, words string, tokens []string) []clickhouse.Column {
		return []clickhouse.Column{{"cluster", []string{"c"}}, {"resource", []string{"configmaps"}}, {"kind", []string{"ConfigMap"}}, {"namespace", []string{"shop"}}, {"name", []string{name}},
			{"ver", []uint64{1}}, {"images", [][]string{{"registry/app:v1.2.3"}}}, {"uid", []string{"0b7c1c1e-8f0a-4d6c-9e52-0123456789ab"}}, {words, [][]string{tokens}}}
	}
	all := []string{"0b7c1c1e-8f0a-4d6c-9e52-0123456789ab", "1.2.3", "app", "app:v1.2.3", "conf", "configmap", "configmaps", "nginx", "nginx.conf", "registry", "registry/app:v1.2.3", "shop", "v1.2.3"}
	tables := []string{"resources", "resource_history"}
	for _, table := range tables {
		if err := db.Insert(t.Context(), table, rows("before", "tokens", append(all, "before")), ""); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
		t.Fatal(err)
	}
	for _, table := range tables {
		if err := db.Insert(t.Context(), table, rows("since", "words", []string{"conf", "nginx", "nginx.conf"}), ""); err != nil {
			t.Fatal(err)
		}
	}
	wants := func() {
		t.Helper()
		for _, table := range tables {
			for _, name := range []string{"before", "since"} {
				got := clickhousetest.Value[string](t, db, "SELECT arrayStringConcat(arraySort(tokens), ' ') FROM "+db.Table(table)+" WHERE name = '"+name+"'", nil)
				if want := strings.Join(slices.Sorted(slices.Values(append(all, name))), " "); got != want {
					t.Errorf("%s in %s is found by %s, want %s", name, table, got, want)
				}
			}
		}
	}
	wants()
	for _, left := range []string{"", "CREATE TABLE " + db.Table("resource_history_0012") + " (x UInt8) ENGINE = Memory"} {
		if left != "" {
			clickhousetest.Exec(t, db, left)
		}
		clickhousetest.Exec(t, db, "DELETE FROM "+db.Table("migrations")+" WHERE number = 12")
		if err := db.Migrate(t.Context(), schemas.ClickHouse); err != nil {
			t.Fatal(err)
		}
		wants()
	}
}
