package clickhousetest_test

import (
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

func TestOpenGivesAMigratedDatabase(t *testing.T) {
	t0 := time.Now()
	db := clickhousetest.Open(t)
	t.Log("open", time.Since(t0))
	err := db.Insert(t.Context(), "ingest_ledger", []clickhouse.Column{
		{"cluster", []string{"a", "b"}}, {"stream", []string{"resources", "events"}}, {"epoch", []uint64{1, 2}},
		{"committed_at", []time.Time{time.Now(), time.Now()}},
	}, "token")
	if err != nil {
		t.Fatal(err)
	}
	p := &clickhouse.Params{}
	rows, err := db.Query(t.Context(), "SELECT stream, epoch FROM "+db.Table("ingest_ledger")+" WHERE cluster = "+p.String("b"), p)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var stream string
		var epoch uint64
		if err := rows.Scan(&stream, &epoch); err != nil {
			t.Fatal(err)
		}
		t.Log(stream, epoch)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
}
