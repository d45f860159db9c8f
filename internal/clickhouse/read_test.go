package clickhouse_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

// told writes a block's rows as ClickHouse's toString does.
func told(b *clickhouse.Block) (rows []string) {
	quoted := func(t *clickhouse.Texts, from, to uint64) []string {
		all := []string{}
		for i := from; i < to; i++ {
			all = append(all, "'"+t.At(int(i))+"'")
		}
		return all
	}
	for i := range b.Rows {
		from := uint64(0)
		list, pairs := b.Column("l"), b.Column("m")
		if i > 0 {
			from = list.Ends[i-1]
		}
		elements := quoted(&list.Texts, from, list.Ends[i])
		if from = 0; i > 0 {
			from = pairs.Ends[i-1]
		}
		keys, values := quoted(&pairs.Texts, from, pairs.Ends[i]), quoted(&pairs.Of, from, pairs.Ends[i])
		for n := range keys {
			keys[n] += ":" + values[n]
		}
		slices.Sort(keys)
		rows = append(rows, fmt.Sprintf("%d %d %d %d %s %s [%s] {%s} %d", uint64(b.Column("n").Numbers[i]), b.Column("i").Numbers[i], b.Column("u").Numbers[i], b.Column("b").Numbers[i],
			b.Column("s").At(i), b.Column("w").At(i), strings.Join(elements, ","), strings.Join(keys, ","), b.Column("t").Numbers[i]))
	}
	return rows
}

const sampled = `SELECT number AS n, toInt64(number) - 5 AS i, toUInt32(number) AS u, toUInt8(number % 200) AS b, concat('s', toString(number)) AS s,
	toLowCardinality(concat('w', toString(number % {D}))) AS w, CAST(arrayMap(x -> toString(x), range(number % 4)), 'Array({L})') AS l,
	CAST(if(number % 3 = 0, map(), map('a', toString(number % {D}), 'b', '')), 'Map(LowCardinality(String), {L})') AS m, toDateTime64('2026-11-01 00:00:00.007', 3, 'UTC') + number AS t
	FROM numbers({N})`

func TestColumnsAreTheRows(t *testing.T) {
	db := clickhousetest.Open(t)
	for _, n := range []string{"0", "1", "3", "20000", "150000"} {
		for _, distinct := range []string{"1", "300", "70000"} {
			for _, of := range []string{"String", "LowCardinality(String)"} {
				sql := strings.NewReplacer("{N}", n, "{D}", distinct, "{L}", of).Replace(sampled)
				var got, ofServer []string
				err := db.Columns(t.Context(), sql+" ORDER BY n", nil, func(b *clickhouse.Block) error {
					got = append(got, told(b)...)
					return nil
				})
				if err != nil {
					t.Fatal(err)
				}
				if n != "150000" { // row by row is the same many times
					err = clickhouse.ColumnsOfRows(db, t.Context(), sql+" ORDER BY n", nil, func(b *clickhouse.Block) error {
						ofServer = append(ofServer, told(b)...)
						return nil
					})
					if err != nil || !slices.Equal(got, ofServer) {
						t.Fatalf("%s rows, %s distinct, %s: of a server %d come, of the engine %d; %v", n, distinct, of, len(ofServer), len(got), err)
					}
				}
				rows, err := db.Query(t.Context(), `SELECT concat(toString(n), ' ', toString(i), ' ', toString(u), ' ', toString(b), ' ', s, ' ', w, ' ', toString(l), ' ', toString(m), ' ', toString(toUnixTimestamp64Milli(t))) FROM (`+sql+`) ORDER BY n`, nil)
				if err != nil {
					t.Fatal(err)
				}
				at := 0
				for rows.Next() {
					var want string
					if err := rows.Scan(&want); err != nil {
						t.Fatal(err)
					}
					if at >= len(got) || got[at] != want {
						t.Fatalf("%s rows, %s distinct, %s: row %d is not %s", n, distinct, of, at, want)
					}
					at++
				}
				if err := errors.Join(rows.Err(), rows.Close()); err != nil || at != len(got) {
					t.Fatalf("%s rows: got %d of %d, %v", n, len(got), at, err)
				}
			}
		}
	}
}

func TestColumnsTakeParametersAndRefuse(t *testing.T) {
	db := clickhousetest.Open(t)
	none := func(*clickhouse.Block) error { return nil }
	t.Run("values are bound", func(t *testing.T) {
		p := new(clickhouse.Params)
		var got string
		err := db.Columns(t.Context(), "SELECT "+p.String("it's\ta \\ ü")+" AS s, "+p.Time(time.UnixMilli(7))+" AS t", p, func(b *clickhouse.Block) error {
			got = fmt.Sprint(b.Column("s").At(0), b.Column("t").Numbers)
			return nil
		})
		if err != nil || got != "it's\ta \\ ü[7]" {
			t.Errorf("got %q, %v", got, err)
		}
	})
	t.Run("an error before the first row", func(t *testing.T) {
		var e *clickhouse.Error
		if err := db.Columns(t.Context(), "SELECT nothing", nil, none); !errors.As(err, &e) || e.Code != 47 {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an error after some blocks", func(t *testing.T) {
		blocks := 0
		err := db.Columns(t.Context(), "SELECT throwIf(number = 1000000, 'far enough') AS n FROM numbers(2000000) SETTINGS max_threads = 1", nil, func(*clickhouse.Block) error { blocks++; return nil })
		var e *clickhouse.Error
		if !errors.As(err, &e) || e.Code != 395 || !strings.Contains(e.Message, "far enough") || blocks == 0 {
			t.Errorf("%d blocks, then %v", blocks, err)
		}
	})
	t.Run("a type that is not known", func(t *testing.T) {
		if err := db.Columns(t.Context(), "SELECT toFloat64(1) AS f", nil, none); err == nil || !strings.Contains(err.Error(), "column f: values of type Float64") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the caller's error stops it", func(t *testing.T) {
		stop := errors.New("stop")
		blocks := 0
		err := db.Columns(t.Context(), "SELECT number FROM numbers(100000000)", nil, func(*clickhouse.Block) error { blocks++; return stop })
		if !errors.Is(err, stop) || blocks != 1 {
			t.Errorf("%d blocks, %v", blocks, err)
		}
	})
}
