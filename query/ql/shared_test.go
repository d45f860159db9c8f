package ql

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/cockroachdb/datadriven"

	"github.com/foretop/foretop/internal/access"
)

// sharedFile is read by the tests of the language, the CLI and the page, so that all three understand the same: one
// JSON object a line. Its queries name no cluster and no date, and are read alike by every hub without clusters.
const sharedFile = "golden/queries.jsonl"

// shared is one line of sharedFile.
type shared struct {
	Page      string       `json:"page"`
	Query     string       `json:"query"`
	Canonical string       `json:"canonical,omitempty"`
	Terms     []string     `json:"terms,omitempty"` // where they say no moment
	Error     *sharedError `json:"error,omitempty"`
}

type sharedError struct {
	Code string `json:"code"`
	From int    `json:"from"` // bytes of the query
	To   int    `json:"to"`
	Fix  string `json:"fix,omitempty"`
}

// understand reads a query as a hub without clusters does.
func understand(page, text string) (shared, *Query) {
	s := shared{Page: page, Query: text}
	q, err := Parse(text, Options{Now: testNow, Page: pages[page], Typing: true})
	if err != nil {
		var e *access.Error
		if errors.As(err, &e) {
			s.Error = &sharedError{Code: e.Code, From: e.From, To: e.To, Fix: e.Fix}
		}
		return s, nil
	}
	s.Canonical = q.Canonical()
	moments := !q.At().IsZero()
	walk(q.Root(), func(x Expr) {
		if f, ok := x.(*Filter); ok && (f.def.typ == typAge || f.def.typ == typTime) {
			moments = true
		}
	})
	if !moments {
		s.Terms = q.Terms()
	}
	return s, q
}

var dated = regexp.MustCompile(`20\d\d-`)

func TestSharedGolden(t *testing.T) {
	if rewrite := flag.Lookup("rewrite"); rewrite != nil && rewrite.Value.String() == "true" {
		writeShared(t)
	}
	text, err := os.ReadFile(sharedFile)
	if err != nil {
		t.Fatal(err)
	}
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	if len(lines) < 150 {
		t.Errorf("%d queries, want at least 150", len(lines))
	}
	for _, line := range lines {
		var want shared
		if err := json.Unmarshal(line, &want); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got, _ := understand(want.Page, want.Query)
		if again := sharedLine(t, got); !bytes.Equal(again, line) {
			t.Errorf("%s\n got %s\nwant %s", want.Query, again, line)
		}
	}
}

func sharedLine(t *testing.T, s shared) []byte {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// writeShared takes what is fit from testdata.
func writeShared(t *testing.T) {
	t.Helper()
	var out bytes.Buffer
	seen := map[string]bool{}
	eachGolden(t, func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			page := "resources"
			if d.HasArg("page") {
				d.ScanArgs(t, "page", &page)
			}
			for _, line := range bytes.Split([]byte(d.Input), []byte("\n")) {
				text := string(line)
				if d.Cmd == "complete" || seen[page+text] || dated.MatchString(text) {
					continue
				}
				seen[page+text] = true
				s, q := understand(page, text)
				ofClusters := false
				if q != nil {
					walk(q.Root(), func(x Expr) {
						if f, ok := x.(*Filter); ok && (f.def.typ == typCluster || f.def.typ == typPlace) {
							ofClusters = true
						}
					})
				}
				if !ofClusters {
					out.Write(append(sharedLine(t, s), '\n'))
				}
			}
			return d.Expected
		})
	})
	if err := os.WriteFile(sharedFile, out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
