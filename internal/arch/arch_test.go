// Package arch holds no production code: its test keeps packages from importing what they must not.
package arch

import (
	"encoding/json"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "github.com/foretop/foretop/"

// A rule names what a package tree must not reach, even through others, and the reason a reader will want.
var rules = []struct{ from, not, why string }{
	{"collector", "github.com/ClickHouse", "the collector runs in every cluster and carries no database"},
	{"collector", "github.com/blevesearch", "the collector carries no index"},
	{"collector", "github.com/graph-gophers", "the collector answers no people"},
	{"collector", "github.com/ebitengine/purego", "the collector carries no engine"},
	{"collector", "go.etcd.io", "the collector holds no control state"},
	{"collector", module + "aggregator", "collector and aggregator meet in schemas/ingestpb"},
	{"collector", module + "internal/clickhouse", "the collector carries no database"},
	{"aggregator", module + "query", "writers and readers meet in schemas/clickhouse"},
	{"aggregator", module + "collector", "collector and aggregator meet in schemas/ingestpb"},
	{"aggregator", module + "action", "the aggregator decides nothing"},
	{"query", module + "aggregator", "writers and readers meet in schemas/clickhouse"},
	{"query", module + "action", "query asks for actions through graph.Actions"},
	{"query", module + "collector", "readers never speak to members"},
	{"query/graph", module + "query/search", "the graph reads through graph.Reader"},
	{"query/kubeapi", module + "query/search", "the Kubernetes API reads through kubeapi.Reader"},
	{"query/search", module + "query/kubeapi", "the search service does not know who asks it"},
	{"query/search", module + "query/graph", "the search service does not know who asks it"},
	{"action", module + "query", "query and action meet in graph.Actions, which query defines"},
	{"action", module + "collector", "actions reach members as commands only"},
	{"action", module + "aggregator", "the action module is given a way to dispatch, not the hub's ingest"},
	{"schemas", module + "internal", "contracts depend on nothing of ours"},
	{"internal", module + "cmd", "nothing imports a command"},
	{"internal", module + "collector", "internal packages are leaves"},
	{"internal", module + "aggregator", "internal packages are leaves"},
	{"internal", module + "query", "internal packages are leaves"},
	{"internal", module + "action", "internal packages are leaves"},
	{"collector", module + "internal/engine", "only the engine's own command holds the engine"},
	{"aggregator", module + "internal/engine", "the database is reached by protocol"},
	{"query", module + "internal/engine", "the database is reached by protocol"},
	{"action", module + "internal/engine", "the database is reached by protocol"},
	{"internal/clickhouse", module + "internal/engine", "the database is reached by protocol"},
}

func TestImports(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Deps", module+"...")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	cmd.Stderr = &complaints
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for dec := json.NewDecoder(out); ; {
		var p struct {
			ImportPath string
			Deps       []string
		}
		if err := dec.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatalf("read go list: %v", err)
		}
		for _, r := range rules {
			if !under(p.ImportPath, module+r.from) || strings.HasSuffix(p.ImportPath, "test") {
				continue
			}
			seen[r.from] = true
			for _, dep := range p.Deps {
				if under(dep, r.not) {
					t.Errorf("%s reaches %s: %s", p.ImportPath, dep, r.why)
				}
			}
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("go list: %v\n%s", err, complaints.String())
	}
	for _, r := range rules {
		if !seen[r.from] {
			t.Errorf("rule for %s matches no package", r.from)
		}
	}
}

func under(path, tree string) bool {
	return path == tree || strings.HasPrefix(path, tree+"/")
}
