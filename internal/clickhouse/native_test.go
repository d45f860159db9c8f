package clickhouse_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

// Places in a dictionary take one, two or four bytes.
func TestDictionariesOfEverySizeArriveWhole(t *testing.T) {
	db := clickhousetest.Open(t)
	clickhousetest.Exec(t, db, "CREATE TABLE "+db.Table("d")+` (n UInt64, s LowCardinality(String), l Array(LowCardinality(String)), m Map(LowCardinality(String), LowCardinality(String)),
		p Map(String, String), u UInt16, e Enum8('a' = 0, 'b' = 7)) ENGINE = MergeTree ORDER BY n`)
	for _, distinct := range []int{1, 256, 257, 65536, 65537} {
		rows := distinct + 3
		n, s, l, m, p := make([]uint64, rows), make([]string, rows), make([][]string, rows), make([]map[string]string, rows), make([]map[string]string, rows)
		u, e := make([]uint16, rows), make([]string, rows)
		for i := range rows {
			n[i], s[i], u[i], e[i] = uint64(i), fmt.Sprint("v", i%distinct), uint16(i), "ab"[i%2:i%2+1]
			l[i] = []string{s[i], ""}[:i%3%2+1]
			m[i] = map[string]string{"k": s[i], s[i]: "x"}
			p[i] = map[string]string{s[i]: "y"}
			if i%5 == 0 {
				l[i], m[i], p[i] = []string{}, nil, nil
			}
		}
		err := db.Insert(t.Context(), "d", []clickhouse.Column{{"n", n}, {"s", s}, {"l", l}, {"m", m}, {"p", p}, {"u", u}, {"e", e}}, "")
		if err != nil {
			t.Fatal(err)
		}
		v := fmt.Sprintf("concat('v', toString(n %% %d))", distinct)
		right := strings.ReplaceAll(`s = V AND u = n % 65536 AND e = if(n % 2 = 0, 'a', 'b') AND if(n % 5 = 0, empty(l) AND empty(m) AND empty(p),
			l = if(n % 3 = 1, [V, ''], [V]) AND m['k'] = V AND m[V] = 'x' AND length(m) = 2 AND p[V] = 'y' AND length(p) = 1)`, "V", v)
		if got := clickhousetest.Value[uint64](t, db, "SELECT countIf("+right+") FROM "+db.Table("d"), nil); got != uint64(rows) {
			t.Errorf("%d distinct texts: %d of %d rows are right", distinct, got, rows)
		}
		clickhousetest.Exec(t, db, "TRUNCATE TABLE "+db.Table("d"))
	}
}

func TestAValueOfAnotherTypeIsRefusedByName(t *testing.T) {
	db := clickhousetest.Open(t)
	err := db.Insert(t.Context(), "resources", []clickhouse.Column{{"name", []string{"a"}}, {"ver", []string{"1"}}}, "")
	if err == nil || !strings.Contains(err.Error(), "column ver of type UInt64") {
		t.Errorf("got %v", err)
	}
	err = db.Insert(t.Context(), "resource_history", []clickhouse.Column{{"name", []string{"a"}}, {"op", []string{"replace"}}}, "")
	if err == nil || !strings.Contains(err.Error(), `"replace"`) {
		t.Errorf("got %v", err)
	}
}

// The engine reads as many bytes as it was told of, and texts that are not copied into the block arrive as the others.
func TestTextsOfEveryLengthArriveWhole(t *testing.T) {
	db := clickhousetest.Open(t)
	clickhousetest.Exec(t, db, "CREATE TABLE "+db.Table("l")+` (n UInt64, s String, z String) ENGINE = MergeTree ORDER BY n`)
	n, s := []uint64{}, []string{}
	for _, length := range []int{0, 1, 127, 128, 16383, 16384, 2097151, 2097152, 0, 5 << 20} {
		n, s = append(n, uint64(length)), append(s, strings.Repeat("x", length))
	}
	for _, token := range []string{"a", "b"} { // the second block is made in the room of the first
		if err := db.Insert(t.Context(), "l", []clickhouse.Column{{"n", n}, {"s", s}, {"z", s}}, token); err != nil {
			t.Fatal(err)
		}
		slices.Reverse(n)
		slices.Reverse(s)
	}
	if got := clickhousetest.Value[uint64](t, db, "SELECT countIf(length(s) = n AND s = z AND replaceAll(s, 'x', '') = '') FROM "+db.Table("l"), nil); got != uint64(2*len(s)) {
		t.Errorf("%d of %d rows are right", got, 2*len(s))
	}
}

func TestSharedColumnsArriveInEveryTable(t *testing.T) {
	db := clickhousetest.Open(t)
	text, list := clickhouse.Share([]string{"a", "b", "a"}), clickhouse.Share([][]string{{"x"}, {}, {"y", "x"}})
	bulky := clickhouse.Share([]string{strings.Repeat("b", 3000), "", "c"})
	for i, types := range [][3]string{
		{"LowCardinality(String)", "Array(String)", "String"}, {"LowCardinality(String)", "Array(String)", "String"}, {"String", "Array(LowCardinality(String))", "String"},
	} {
		table := fmt.Sprint("t", i)
		clickhousetest.Exec(t, db, "CREATE TABLE "+db.Table(table)+" (n UInt64, text "+types[0]+", other "+types[0]+", list "+types[1]+", bulky "+types[2]+") ENGINE = MergeTree ORDER BY n")
		err := db.Insert(t.Context(), table, []clickhouse.Column{{"n", []uint64{1, 2, 3}}, {"text", text}, {"other", text}, {"list", list}, {"bulky", bulky}}, "")
		if err != nil {
			t.Fatal(err)
		}
		got := clickhousetest.Value[string](t, db, "SELECT arrayStringConcat(groupArray(concat(text, other, toString(list), toString(length(bulky)))), ' ') FROM (SELECT * FROM "+db.Table(table)+" ORDER BY n)", nil)
		if want := "aa['x']3000 bb[]0 aa['y','x']1"; got != want {
			t.Errorf("%s holds %s, want %s", table, got, want)
		}
	}
}
