package clickhousetest

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/clickhouse"
)

// Test states what every database behind internal/clickhouse must do, whichever answers.
func Test(t *testing.T, open func(testing.TB) *clickhouse.DB) {
	db := open(t)
	for name, test := range map[string]func(*testing.T, *clickhouse.DB){
		"every type of the schema comes back as it went in": roundTrip,
		"a token keeps repeated rows once":                  tokenKeepsOnce,
		"an empty insert is nothing":                        emptyInsert,
		"columns of unequal length are refused":             unequalColumns,
		"an unknown column is refused by name":              unknownColumn,
		"parameters keep every character":                   parametersKeepText,
		"parameters keep any text":                          parametersKeepAnyText,
		"parameters never become SQL":                       parametersAreNotSQL,
		"parameters of parallel statements do not mix":      parametersInParallel,
		"lists of many parameters pass":                     longList,
		"settings of one statement do not reach the next":   settingsDoNotLeak,
		"eight goroutines write and read at a time":         concurrency,
		"errors are typed":                                  typedErrors,
		"an error in the middle of a result is typed":       errorInTheMiddle,
		"a statement ends when its context does":            cancellation,
		"closing rows early ends the statement":             closeEarly,
		"an empty result has no rows and no error":          emptyResult,
		"a large result streams":                            largeResult,
		"a large insert arrives whole":                      largeInsert,
	} {
		t.Run(name, func(t *testing.T) { test(t, db) })
	}
}

// create makes a table with a de-duplication window for one test.
func create(t *testing.T, db *clickhouse.DB, name, columns, order string) string {
	t.Helper()
	Exec(t, db, "CREATE TABLE "+db.Table(name)+" ("+columns+") ENGINE = MergeTree ORDER BY "+order+" SETTINGS non_replicated_deduplication_window = 1000")
	return name
}

// Exec runs a statement that must succeed.
func Exec(t testing.TB, db *clickhouse.DB, sql string) {
	t.Helper()
	if err := db.Exec(t.Context(), sql, nil); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Value reads the only value of a statement's only row.
func Value[T any](t testing.TB, db *clickhouse.DB, sql string, p *clickhouse.Params) T {
	t.Helper()
	rows, err := db.Query(t.Context(), sql, p)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var v T
	if !rows.Next() {
		t.Fatalf("%s: no row (%v)", sql, rows.Err())
	}
	if err := rows.Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func insert(t testing.TB, db *clickhouse.DB, table, token string, columns ...clickhouse.Column) {
	t.Helper()
	if err := db.Insert(t.Context(), table, columns, token); err != nil {
		t.Fatal(err)
	}
}

func column(name string, values any) clickhouse.Column {
	return clickhouse.Column{Name: name, Values: values}
}

func roundTrip(t *testing.T, db *clickhouse.DB) {
	at := time.Date(2026, 11, 21, 12, 30, 0, 123e6, time.UTC)
	type row struct {
		Cluster, Object string
		Ver             uint64
		Deleted         uint8
		Generation      int64
		At, Never       time.Time
		Labels          map[string]string
		Images, Owners  []string
		Op              string
	}
	want := []row{
		{"c1", `{"a":"ü\u0000'\\"}` + "\x00\n", math.MaxUint64, 1, math.MinInt64, at, time.Unix(0, 0).UTC(), map[string]string{"app": "x", "k'\\": "\n"}, []string{"a:1", "b:2"}, []string{"u1", ""}, "delete"},
		{"", "", 0, 0, 0, at.Add(time.Millisecond), time.Unix(0, 0).UTC(), map[string]string{}, []string{}, []string{}, "snapshot"},
	}
	// name orders the rows
	insert(t, db, "resource_history", "",
		column("name", []string{"1", "2"}),
		column("cluster", []string{want[0].Cluster, want[1].Cluster}),
		column("object", []string{want[0].Object, want[1].Object}),
		column("ver", []uint64{want[0].Ver, want[1].Ver}),
		column("deleted", []uint8{1, 0}),
		column("generation", []int64{want[0].Generation, 0}),
		column("observed_at", []time.Time{want[0].At, want[1].At}),
		column("deleted_at", []time.Time{{}, {}}), // the zero time is the column's zero
		column("labels", []map[string]string{want[0].Labels, want[1].Labels}),
		column("images", [][]string{want[0].Images, want[1].Images}),
		column("owner_uids", [][]string{want[0].Owners, want[1].Owners}),
		column("op", []string{"delete", "snapshot"}),
	)
	rows, err := db.Query(t.Context(), "SELECT cluster, object, ver, deleted, generation, observed_at, deleted_at, labels, images, owner_uids, op FROM "+db.Table("resource_history")+" ORDER BY name", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []row
	for rows.Next() {
		var r row
		if err := rows.Scan(&r.Cluster, &r.Object, &r.Ver, &r.Deleted, &r.Generation, &r.At, &r.Never, &r.Labels, &r.Images, &r.Owners, &r.Op); err != nil {
			t.Fatal(err)
		}
		got = append(got, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want -, got +:\n%s", diff)
	}
}

func tokenKeepsOnce(t *testing.T, db *clickhouse.DB) {
	table := create(t, db, "once", "n UInt64", "n")
	for range 3 {
		insert(t, db, table, "batch-1", column("n", []uint64{1, 2, 3}))
	}
	insert(t, db, table, "batch-2", column("n", []uint64{1, 2, 3})) // other token, same rows: meant
	insert(t, db, table, "", column("n", []uint64{9}))
	if got := Value[uint64](t, db, "SELECT count() FROM "+db.Table(table), nil); got != 7 {
		t.Errorf("%d rows, want 7", got)
	}
}

func emptyInsert(t *testing.T, db *clickhouse.DB) {
	table := create(t, db, "empty", "n UInt64", "n")
	insert(t, db, table, "t", column("n", []uint64{}))
	if got := Value[uint64](t, db, "SELECT count() FROM "+db.Table(table), nil); got != 0 {
		t.Errorf("%d rows, want none", got)
	}
}

func unequalColumns(t *testing.T, db *clickhouse.DB) {
	err := db.Insert(t.Context(), "events", []clickhouse.Column{column("uid", []string{"a"}), column("ver", []uint64{1, 2})}, "t")
	if err == nil || !strings.Contains(err.Error(), "column ver has 2 values and uid has 1") {
		t.Errorf("got %v", err)
	}
}

func unknownColumn(t *testing.T, db *clickhouse.DB) {
	err := db.Insert(t.Context(), "events", []clickhouse.Column{column("nose", []string{"a"})}, "t")
	var exception *clickhouse.Error
	if !errors.As(err, &exception) || exception.Code != 16 || !strings.Contains(err.Error(), "nose") {
		t.Errorf("got %v", err)
	}
}

var awkward = []string{"", "plain", "it's", `back\slash`, `\`, `\\'`, "tab\tnew\nline\r", "nul\x00mid", "ünïcode 🚀", `{p0:String}`, "'; DROP TABLE x; --", `\N`, "NULL", "\b\f\v\x7f", "\xff\xfe not UTF-8", "%s ?"}

func parametersKeepText(t *testing.T, db *clickhouse.DB) {
	for _, want := range awkward {
		p := &clickhouse.Params{}
		if got := Value[string](t, db, "SELECT "+p.String(want), p); got != want {
			t.Errorf("String(%q) came back as %q", want, got)
		}
	}
	p := &clickhouse.Params{}
	if got := Value[[]string](t, db, "SELECT "+p.Strings(awkward), p); !cmp.Equal(got, awkward) {
		t.Errorf("Strings: %s", cmp.Diff(awkward, got))
	}
	p = &clickhouse.Params{}
	if got := Value[[]string](t, db, "SELECT "+p.Strings(nil), p); len(got) != 0 {
		t.Errorf("Strings(nil) came back as %q", got)
	}
	p = &clickhouse.Params{}
	if got := Value[[]uint64](t, db, "SELECT "+p.Uints([]uint64{0, math.MaxUint64}), p); !cmp.Equal(got, []uint64{0, math.MaxUint64}) {
		t.Errorf("Uints came back as %v", got)
	}
	p = &clickhouse.Params{}
	if got := Value[int64](t, db, "SELECT "+p.Int(math.MinInt64), p); got != math.MinInt64 {
		t.Errorf("Int came back as %d", got)
	}
	p = &clickhouse.Params{}
	if got := Value[uint64](t, db, "SELECT "+p.Uint(math.MaxUint64), p); got != math.MaxUint64 {
		t.Errorf("Uint came back as %d", got)
	}
	for _, want := range []float64{0, 1.5, -1e300, math.Inf(1), math.Inf(-1)} {
		p = &clickhouse.Params{}
		if got := Value[float64](t, db, "SELECT "+p.Float(want), p); got != want {
			t.Errorf("Float(%v) came back as %v", want, got)
		}
	}
	for _, want := range []time.Time{time.Date(2026, 11, 21, 1, 2, 3, 4e6, time.UTC), time.Unix(1, 0), time.Date(1969, 1, 1, 0, 0, 0, 5e6, time.UTC), time.Date(2026, 3, 29, 2, 30, 0, 0, time.FixedZone("x", 7200))} {
		p = &clickhouse.Params{}
		if got := Value[time.Time](t, db, "SELECT "+p.Time(want), p); !got.Equal(want) {
			t.Errorf("Time(%v) came back as %v", want, got)
		}
	}
}

// parametersKeepAnyText tries texts made of the characters that escape, quote and end things.
func parametersKeepAnyText(t *testing.T, db *clickhouse.DB) {
	random := rand.New(rand.NewPCG(1, 2)) // the same texts every time
	const alphabet = "\\\\\\''\"`{}:[],()\n\t\r\x00bn0Nx u4é\xff"
	p := &clickhouse.Params{}
	var want, placeholders []string
	for range 300 {
		b := make([]byte, random.IntN(12))
		for i := range b {
			b[i] = alphabet[random.IntN(len(alphabet))]
		}
		want = append(want, string(b))
		placeholders = append(placeholders, p.String(string(b)))
	}
	if got := Value[[]string](t, db, "SELECT ["+strings.Join(placeholders, ", ")+"]", p); !cmp.Equal(got, want) {
		t.Errorf("String: %s", cmp.Diff(want, got))
	}
	p = &clickhouse.Params{}
	if got := Value[[]string](t, db, "SELECT "+p.Strings(want), p); !cmp.Equal(got, want) {
		t.Errorf("Strings: %s", cmp.Diff(want, got))
	}
}

func parametersAreNotSQL(t *testing.T, db *clickhouse.DB) {
	p := &clickhouse.Params{}
	sql := "SELECT count() FROM system.one WHERE " + p.String("' OR 1=1 --") + " = 'x'"
	if got := Value[uint64](t, db, sql, p); got != 0 {
		t.Error("a parameter was read as SQL")
	}
}

func parametersInParallel(t *testing.T, db *clickhouse.DB) {
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 50 {
				p := &clickhouse.Params{}
				want := fmt.Sprintf("%d/%d", g, i)
				if got := Value[string](t, db, "SELECT "+p.String(want), p); got != want {
					t.Errorf("got %q, want %q", got, want)
				}
			}
		})
	}
	wg.Wait()
}

func longList(t *testing.T, db *clickhouse.DB) {
	list := make([]string, 10_000)
	for i := range list {
		list[i] = fmt.Sprintf("0b7c1c1e-8f0a-4d6c-9e52-%012d", i)
	}
	p := &clickhouse.Params{}
	if got := Value[uint64](t, db, "SELECT length("+p.Strings(list)+")", p); got != uint64(len(list)) {
		t.Errorf("%d arrived", got)
	}
}

func settingsDoNotLeak(t *testing.T, db *clickhouse.DB) {
	table := create(t, db, "leak", "n UInt64", "n")
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() { // a token that stayed on a connection would swallow other inserts
			for i := range 20 {
				token := ""
				if i%2 == 0 {
					token = fmt.Sprintf("%d-%d", g, i)
				}
				insert(t, db, table, token, column("n", []uint64{uint64(g*100 + i)}))
			}
		})
	}
	wg.Wait()
	if got := Value[uint64](t, db, "SELECT uniqExact(n) FROM "+db.Table(table), nil); got != 160 {
		t.Errorf("%d distinct rows, want 160", got)
	}
}

func concurrency(t *testing.T, db *clickhouse.DB) {
	table := create(t, db, "busy", "g UInt8, n UInt64", "(g, n)")
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 10 {
				ns, gs := make([]uint64, 100), make([]uint8, 100)
				for k := range ns {
					ns[k], gs[k] = uint64(i*100+k), uint8(g)
				}
				insert(t, db, table, fmt.Sprintf("%d-%d", g, i), column("g", gs), column("n", ns))
				p := &clickhouse.Params{}
				if got := Value[uint64](t, db, "SELECT count() FROM "+db.Table(table)+" WHERE g = "+p.Uint(uint64(g)), p); got != uint64(i+1)*100 {
					t.Errorf("goroutine %d sees %d of its own rows, want %d", g, got, (i+1)*100)
				}
			}
		})
	}
	wg.Wait()
}

func typedErrors(t *testing.T, db *clickhouse.DB) {
	f := func(sql string, code int, name string) {
		t.Helper()
		rows, err := db.Query(t.Context(), sql, nil)
		if err == nil {
			rows.Next()
			err = rows.Err()
			rows.Close()
		}
		var exception *clickhouse.Error
		if !errors.As(err, &exception) {
			t.Errorf("%s: %v is not a *clickhouse.Error", sql, err)
			return
		}
		if exception.Code != code || exception.Name != name {
			t.Errorf("%s: got %d %s, want %d %s", sql, exception.Code, exception.Name, code, name)
		}
		if clickhouse.Unavailable(err) || clickhouse.DiskFull(err) {
			t.Errorf("%s: %v is taken for unavailable or disk full", sql, err)
		}
	}
	f("SELECT * FROM "+db.Table("nothing"), 60, "UNKNOWN_TABLE")
	f("SELEKT 1", 62, "SYNTAX_ERROR")
	f("SELECT nothing", 47, "UNKNOWN_IDENTIFIER")
	f("SELECT throwIf(1, 'it''s')", 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO")
	err := db.Exec(t.Context(), "CREATE TABLE "+db.Table("events")+" (x UInt8) ENGINE = Memory", nil)
	var exception *clickhouse.Error
	if !errors.As(err, &exception) || exception.Code != 57 {
		t.Errorf("got %v, want code 57", err)
	}
}

func errorInTheMiddle(t *testing.T, db *clickhouse.DB) {
	rows, err := db.Query(t.Context(), "SELECT number, throwIf(number = 500000, 'halfway') FROM numbers(1000000) SETTINGS max_threads = 1", nil)
	if err == nil {
		for rows.Next() {
		}
		err = rows.Err()
		rows.Close()
	}
	var exception *clickhouse.Error
	if !errors.As(err, &exception) || exception.Code != 395 {
		t.Errorf("got %v, want code 395", err)
	}
}

func cancellation(t *testing.T, db *clickhouse.DB) {
	const slow = "SELECT sum(sipHash64(number)) FROM numbers(100000000000) WHERE 'cancellation' != ''"
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	began := time.Now()
	rows, err := db.Query(ctx, slow, nil)
	if err == nil {
		rows.Next()
		err = rows.Err()
		rows.Close()
	}
	if err == nil || time.Since(began) > 3*time.Second {
		t.Errorf("ended with %v after %s", err, time.Since(began))
	}
	if clickhouse.Unavailable(err) {
		t.Errorf("%v is taken for unavailable", err)
	}
	gone(t, db, "cancellation")
}

func closeEarly(t *testing.T, db *clickhouse.DB) {
	began := time.Now()
	rows, err := db.Query(t.Context(), "SELECT number, 'closeEarly' FROM numbers(100000000000)", nil)
	if err != nil {
		t.Fatal(err)
	}
	if !rows.Next() {
		t.Fatal(rows.Err())
	}
	if err := rows.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 3*time.Second {
		t.Errorf("took %s", took)
	}
	gone(t, db, "closeEarly")
}

// gone waits until no statement with the mark runs any more.
func gone(t *testing.T, db *clickhouse.DB, mark string) {
	t.Helper()
	const running = "SELECT arrayStringConcat(groupArray(query), '; ') FROM system.processes WHERE query NOT LIKE '%system.processes%' AND query LIKE "
	for deadline := time.Now().Add(5 * time.Second); ; {
		left := Value[string](t, db, running+"'%"+mark+"%'", nil)
		if left == "" {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("still runs in the database: %s", left)
		}
		time.Sleep(20 * time.Millisecond) // asking without a pause would keep the database busy
	}
}

func emptyResult(t *testing.T, db *clickhouse.DB) {
	rows, err := db.Query(t.Context(), "SELECT number FROM numbers(0)", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	if rows.Next() || rows.Err() != nil {
		t.Errorf("a row, or %v", rows.Err())
	}
}

func largeResult(t *testing.T, db *clickhouse.DB) {
	rows, err := db.Query(t.Context(), "SELECT number, toString(sipHash64(number)) FROM numbers(2000000)", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var n, sum uint64
	for rows.Next() {
		var number uint64
		var text string
		if err := rows.Scan(&number, &text); err != nil {
			t.Fatal(err)
		}
		n++
		sum += number
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if n != 2_000_000 || sum != 2_000_000*1_999_999/2 {
		t.Errorf("%d rows, sum %d", n, sum)
	}
}

func largeInsert(t *testing.T, db *clickhouse.DB) {
	table := create(t, db, "large", "n UInt64, s String", "n")
	const rows = 300_000
	ns, ss := make([]uint64, rows), make([]string, rows)
	for i := range ns {
		ns[i], ss[i] = uint64(i), strings.Repeat("x", 100)
	}
	for range 2 {
		insert(t, db, table, "large", column("n", ns), column("s", ss))
	}
	if got := Value[uint64](t, db, "SELECT count() FROM "+db.Table(table), nil); got != rows {
		t.Errorf("%d rows, want %d", got, rows)
	}
}
