package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf8"

	"github.com/cockroachdb/datadriven"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/graph"
	"github.com/foretop/foretop/query/ql"
)

// goldenReader reads queries as the tests of the language do: at their moment, with their clusters and kinds.
type goldenReader struct{ graph.Reader }

func (goldenReader) Explain(_ context.Context, _ access.Scope, query, _ string) (*records.Explanation, error) {
	q, err := ql.Parse(query, ql.Options{
		Now: time.Date(2026, 11, 21, 12, 30, 45, 0, time.UTC),
		Clusters: []ql.Cluster{
			{Name: "zone1", UID: "uid-zone1", Labels: map[string]string{"env": "prod", "region": "eu"}},
			{Name: "zone2", UID: "uid-zone2", Labels: map[string]string{"env": "prod", "region": "us"}},
			{Name: "Lab-3", UID: "uid-lab3", Labels: map[string]string{"env": "test"}},
		},
		Kinds: []records.Kind{
			{GroupResource: kube.GroupResource{Group: "example.com", Resource: "widgets"}, Version: "v1", Kind: "Widget", Namespaced: true, ShortNames: []string{"wd"}},
			{GroupResource: kube.GroupResource{Group: "events.k8s.io", Resource: "events"}, Version: "v1", Kind: "Event", Namespaced: true, ShortNames: []string{"ev"}},
		},
	})
	if err != nil {
		return nil, err
	}
	return &records.Explanation{Engine: "clickhouse", Canonical: q.Canonical(), Terms: q.Terms()}, nil
}

// TestExplainIsTheLanguage runs the golden files of the language through foretop search --explain: what the parser says
// of a query, its mistakes and where they are, arrives at the terminal.
func TestExplainIsTheLanguage(t *testing.T) {
	const token = "test-token"
	server, err := query.New(query.Deps{Reader: goldenReader{}, UI: fstest.MapFS{}, Token: token, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	hub := httptest.NewServer(server.Handler())
	defer hub.Close()
	explain := func(text string) (code int, out, errOut string) {
		var o, e bytes.Buffer
		code = execute(t.Context(), []string{"search", "--server", hub.URL, "--token", token, "--explain", "-o", "json", "--", text}, strings.NewReader(""), &o, &e)
		return code, o.String(), e.String()
	}
	lines := map[string]int{}
	datadriven.Walk(t, "../../query/ql/testdata", func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			if d.HasArg("page") || d.Cmd != "terms" && d.Cmd != "error" && d.Cmd != "sql" {
				return d.Expected
			}
			blocks := strings.Split(strings.TrimSuffix(d.Expected, "\n"), "\n\n")
			inputs := strings.Split(d.Input, "\n")
			if len(blocks) != len(inputs) {
				t.Fatalf("%s: %d queries, %d answers", d.Pos, len(inputs), len(blocks))
			}
			for i, text := range inputs {
				if strings.TrimSpace(text) != text || text == "" {
					continue // the terminal's own spaces are cut
				}
				want := strings.Split(blocks[i], "\n")
				code, out, errOut := explain(text)
				lines[d.Cmd]++
				switch {
				case d.Cmd == "error" && !strings.Contains(blocks[i], "no error, read as"):
					_, mark, _ := strings.Cut(errOut, "\n  "+text+"\n  ")
					message := strings.TrimSpace(want[2])
					if code != exitUsage || !strings.Contains(errOut, "Error: "+message) || !strings.Contains(errOut, strings.TrimSpace(want[3])) || mark != "" && strings.TrimRight(mark, "\n") != inCharacters(text, want[1]) {
						t.Errorf("%s: %s exits with %d and\n%swant\n%s", d.Pos, text, code, errOut, blocks[i])
					}
				case strings.Contains(blocks[i], "error:"), d.Cmd == "error":
				default:
					var got struct {
						Canonical string
						Terms     []string
					}
					if err := json.Unmarshal([]byte(out), &got); err != nil || code != 0 {
						t.Errorf("%s: %s exits with %d: %s%s", d.Pos, text, code, out, errOut)
						continue
					}
					if d.Cmd == "sql" && got.Canonical != want[0] {
						t.Errorf("%s: %s is read as %s, want %s", d.Pos, text, got.Canonical, want[0])
					}
					if said := strings.Join(got.Terms, "\n  "); d.Cmd == "terms" && said != strings.TrimSpace(strings.Join(want[1:], "\n")) {
						t.Errorf("%s: %s means\n  %s\nwant\n%s", d.Pos, text, said, strings.Join(want[1:], "\n"))
					}
				}
			}
			return d.Expected
		})
	})
	if lines["sql"] < 50 || lines["error"] < 50 || lines["terms"] < 4 {
		t.Errorf("too little was asked: %v", fmt.Sprint(lines))
	}
}

// inCharacters is a line of carets under bytes of text as one under its characters.
func inCharacters(text, line string) string {
	from := strings.IndexByte(line, '^')
	to := from + len(line[from:]) - len(strings.TrimLeft(line[from:], "^"))
	if from > len(text) || to > len(text) {
		return line[:to]
	}
	return strings.Repeat(" ", utf8.RuneCountInString(text[:from])) + strings.Repeat("^", utf8.RuneCountInString(text[from:to]))
}
