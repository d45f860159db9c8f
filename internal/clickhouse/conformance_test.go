package clickhouse_test

import (
	"testing"

	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
)

// The database is the embedded engine, or the server that FORETOP_TEST_CLICKHOUSE names.
func TestDatabaseConforms(t *testing.T) { clickhousetest.Test(t, clickhousetest.Open) }
