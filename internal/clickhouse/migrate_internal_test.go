package clickhouse

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestHolesServeOneNodeAndACluster(t *testing.T) {
	f := func(cluster, statement, want string) {
		t.Helper()
		got, err := (&DB{database: "d`b", cluster: cluster}).fill(statement)
		if err != nil || got != want {
			t.Errorf("%q became %q (%v), want %q", statement, got, err, want)
		}
	}
	f("", "{db}.t {on_cluster} ENGINE = {engine:ReplacingMergeTree(ver)}", "`d\\`b`.t  ENGINE = ReplacingMergeTree(ver)")
	f("c", "{db}.t {on_cluster} ENGINE = {engine:ReplacingMergeTree(ver)}", "`d\\`b`.t ON CLUSTER `c` ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}', ver)")
	f("c", "{engine:MergeTree}", "ReplicatedMergeTree('/clickhouse/tables/{uuid}/{shard}', '{replica}')")
}

func TestStatementsAreCutOutsideQuotesAndComments(t *testing.T) {
	f := func(text string, want ...string) {
		t.Helper()
		if diff := cmp.Diff(want, splitStatements(text)); diff != "" {
			t.Errorf("%q:\n%s", text, diff)
		}
	}
	f("a; b;\n", "a", "b")
	f("a -- one; two\n; b", "a", "b")
	f("a /* ; */ b", "a  b")
	f(`a 'x;\';y' "q;" `+"`;`; b", `a 'x;\';y' "q;" `+"`;`", "b")
	f("-- only a comment")
	f("a -- at the end", "a")
	f("a /* never closed", "a")
}
