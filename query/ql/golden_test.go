package ql

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/foretop/foretop/internal/access"
)

// inline writes values into the SQL, so that goldens read as one text.
type inline struct{}

func (inline) String(s string) string { return "'" + strings.ReplaceAll(s, "'", `\'`) + "'" }
func (inline) Strings(s []string) string {
	return "['" + strings.Join(s, "', '") + "']"
}
func (inline) Int(n int64) string      { return fmt.Sprint(n) }
func (inline) Time(t time.Time) string { return "'" + t.UTC().Format("2006-01-02 15:04:05.000") + "'" }

var pages = map[string]Page{"resources": Resources, "changes": Changes, "events": Events}

// TestGolden reads each line of a block as a query. Run with -rewrite to write what comes out.
func TestGolden(t *testing.T) {
	lines := 0
	eachGolden(t, func(t *testing.T, path string) {
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			page := Resources
			if d.HasArg("page") {
				var name string
				d.ScanArgs(t, "page", &name)
				page = pages[name]
			}
			var b strings.Builder
			for i, line := range strings.Split(d.Input, "\n") {
				lines++
				if i > 0 {
					b.WriteByte('\n')
				}
				switch d.Cmd {
				case "sql":
					goldenSQL(&b, line, page)
				case "error":
					goldenError(&b, line, page)
				case "terms":
					goldenTerms(&b, line, page)
				case "complete":
					goldenComplete(&b, line, page)
				default:
					t.Fatalf("unknown command %s", d.Cmd)
				}
			}
			return b.String()
		})
	})
	if lines < 150 {
		t.Errorf("%d queries in testdata, want at least 150", lines)
	}
}

// eachGolden calls f for every file of testdata; folders are corpora of fuzz targets.
func eachGolden(t *testing.T, f func(t *testing.T, path string)) {
	t.Helper()
	entries, err := os.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !e.IsDir() {
			t.Run(e.Name(), func(t *testing.T) { f(t, filepath.Join("testdata", e.Name())) })
		}
	}
}

func goldenSQL(b *strings.Builder, text string, page Page) {
	q, err := Parse(text, testOptions(page))
	if err != nil {
		fmt.Fprintf(b, "%s\n  error: %v\n", text, err)
		return
	}
	where, err := q.ClickHouse(inline{}, Env{UIDs: func(where string) string { return "UIDS " + where }, Objects: func(columns, where string) string { return "OBJECTS " + columns + " WHERE " + where }})
	if err != nil {
		fmt.Fprintf(b, "%s\n  error: %v\n", text, err)
		return
	}
	fmt.Fprintf(b, "%s\n  %s\n", q.Canonical(), where)
	if s := q.Sort(); s != nil {
		fmt.Fprintf(b, "  sort %+v\n", *s)
	}
	if !q.At().IsZero() {
		fmt.Fprintf(b, "  at %s\n", q.At().Format(time.RFC3339))
	}
}

func goldenError(b *strings.Builder, text string, page Page) {
	q, err := Parse(text, testOptions(page))
	if err == nil {
		fmt.Fprintf(b, "%s\n  no error, read as %s\n", text, q.Canonical())
		return
	}
	e, ok := err.(*access.Error)
	if !ok {
		fmt.Fprintf(b, "%s\n  not for people: %v\n", text, err)
		return
	}
	fmt.Fprintf(b, "%s\n%s%s %s\n  %s\n  %s\n", text, strings.Repeat(" ", e.From), strings.Repeat("^", max(1, e.To-e.From)), e.Code, e.Message, e.Fix)
}

func goldenTerms(b *strings.Builder, text string, page Page) {
	q, err := Parse(text, testOptions(page))
	if err != nil {
		fmt.Fprintf(b, "%s\n  error: %v\n", text, err)
		return
	}
	fmt.Fprintf(b, "%s\n", text)
	for _, term := range q.Terms() {
		fmt.Fprintf(b, "  %s\n", term)
	}
}

// goldenComplete takes the cursor from a |.
func goldenComplete(b *strings.Builder, text string, page Page) {
	cursor := strings.IndexByte(text, '|')
	plain := text[:cursor] + text[cursor+1:]
	c := Complete(plain, cursor, testOptions(page))
	key := ""
	if c.Key != "" {
		key = "." + c.Key
	}
	fmt.Fprintf(b, "%s\n  %s %s%s, prefix %q, replaces %q, over %q\n", text, c.Expect, c.Field, key, c.Prefix, plain[c.From:c.To], c.Rest)
	for i, s := range c.Static {
		if i == 6 {
			fmt.Fprintf(b, "    and %d more\n", len(c.Static)-i)
			break
		}
		fmt.Fprintf(b, "    %s (%s) %s\n", s.Text, s.Type, s.Detail)
	}
}
