package ql

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
)

// roundTrip checks that what Canonical writes is read as the same query.
func roundTrip(t *testing.T, q *Query, page Page) {
	t.Helper()
	env := Env{UIDs: func(where string) string { return "UIDS " + where }, Objects: func(columns, where string) string { return "OBJECTS " + columns + " WHERE " + where }}
	text := q.Canonical()
	again, err := Parse(text, testOptions(page))
	if err != nil {
		if len(text) > maxText || access.Code(err) == CodeTooComplex {
			return // the canonical text may be longer than what was typed
		}
		t.Fatalf("%s cannot be read back: %v", text, err)
	}
	if got := again.Canonical(); got != text {
		t.Fatalf("%s is read back as %s", text, got)
	}
	want, err := q.ClickHouse(inline{}, env)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	if got, err := again.ClickHouse(inline{}, env); err != nil || got != want {
		t.Fatalf("%s means\n%s\nand read back\n%s %v", text, want, got, err)
	}
	if !again.At().Equal(q.At()) || again.Limit() != q.Limit() || (again.Sort() == nil) != (q.Sort() == nil) || q.Sort() != nil && *q.Sort() != *again.Sort() {
		t.Fatalf("%s is read back with other directives", text)
	}
}

func TestCanonicalIsReadAsTheSame(t *testing.T) {
	r := seed(t)
	for _, page := range []Page{Resources, Changes, Events} {
		for _, q := range readable(t, r, page, 2000) {
			roundTrip(t, q, page)
		}
	}
	for _, text := range goldenLines(t) {
		if q, err := Parse(text, testOptions(Resources)); err == nil {
			roundTrip(t, q, Resources)
		}
	}
}

// goldenLines are all queries of testdata, good and bad.
func goldenLines(t testing.TB) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*")
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, path := range files {
		if info, err := os.Stat(path); err != nil || info.IsDir() {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, line := range strings.Split(string(text), "\n") {
			if line != "" && line[0] != '#' {
				lines = append(lines, line)
			}
		}
	}
	return lines
}

func TestPagesOfAnAnswerSeeTheSameBounds(t *testing.T) {
	first, err := Parse("age<1h changed:9:00..9:20", testOptions(Resources))
	if err != nil {
		t.Fatal(err)
	}
	later := testOptions(Resources)
	later.Now = first.Now()
	second, err := Parse(first.Canonical(), later)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := first.ClickHouse(inline{}, Env{})
	b, _ := second.ClickHouse(inline{}, Env{})
	if a != b {
		t.Errorf("bounds moved:\n%s\n%s", a, b)
	}
}

func TestClockTimesAreOfTheCallersZone(t *testing.T) {
	o := testOptions(Resources)
	o.Now = testNow.In(time.FixedZone("CET", 3600))
	q, err := Parse("changed:9:00..9:20", o)
	if err != nil {
		t.Fatal(err)
	}
	where, _ := q.ClickHouse(inline{}, Env{})
	if want := "changed_at >= '2026-11-21 08:00:00.000' AND changed_at < '2026-11-21 08:21:00.000'"; !strings.Contains(where, want) {
		t.Errorf("got %s, want %s", where, want)
	}
}

func TestALastWordBeingTypedIsAPrefix(t *testing.T) {
	o := testOptions(Resources)
	o.Typing = true
	f := func(text, want string) {
		t.Helper()
		q, err := Parse(text, o)
		if err != nil {
			t.Fatal(err)
		}
		where, _ := q.ClickHouse(inline{}, Env{})
		if want = "(deleted = 0 AND " + want + ")"; where != want {
			t.Errorf("%s: got %s, want %s", text, where, want)
		}
	}
	f(`check`, `(arrayExists(x -> startsWith(x, 'check'), tokens))`)
	f(`web Check`, `(has(tokens, 'web') AND (arrayExists(x -> startsWith(x, 'check'), tokens)))`)
	f(`check web `, `(has(tokens, 'check') AND has(tokens, 'web'))`)
	f(`check ns:a`, `(has(tokens, 'check') AND (namespace = 'a'))`)
}

func TestLimits(t *testing.T) {
	f := func(name, text string) {
		t.Helper()
		if _, err := Parse(text, testOptions(Resources)); access.Code(err) != CodeTooComplex {
			t.Errorf("%s: got %v, want %s", name, err, CodeTooComplex)
		}
	}
	ok := func(name, text string) {
		t.Helper()
		if _, err := Parse(text, testOptions(Resources)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	ok("64 terms", strings.Repeat("w ", 64))
	f("65 terms", strings.Repeat("w ", 65))
	ok("8 deep", strings.Repeat("(", 8)+"w"+strings.Repeat(")", 8))
	f("9 deep", strings.Repeat("(", 9)+"w"+strings.Repeat(")", 9))
	f("9 negations", strings.Repeat("-", 9)+"w")
	ok("200 values", "ns:"+strings.Repeat("a,", 199)+"a")
	f("201 values", "ns:"+strings.Repeat("a,", 200)+"a")
	f("201 values in parentheses", "ns:("+strings.Repeat("a OR ", 200)+"a)")
	f("a regular expression of 1.3 million ranges", `name:/\pL{1000}/`)
	f("several that are so together", `name:/\pL{100}/ name:/\pL{99}/`)
	ok("an expression that tries much", `name:/(a*)*(b*)*$/ name:/(a|b|c|d|e){1,1000}x/`)
	f("257 bytes of regular expression", "name:/"+strings.Repeat("a", 257)+"/")
	f("4097 bytes", strings.Repeat("a", 4097))
	f("65 requirements of a selector", `selector:"`+strings.Repeat("a,", 64)+`b"`)
}

func TestWithoutLeavesOutTheFiltersOfAField(t *testing.T) {
	f := func(text, field, want string) {
		t.Helper()
		q, err := Parse(text, testOptions(Resources))
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Without(field).Canonical(); got != want {
			t.Errorf("%s without %s: got %s, want %s", text, field, got, want)
		}
		if q.Canonical() != text {
			t.Errorf("%s became %s", text, q.Canonical())
		}
	}
	f(`ns:shop app:web`, "ns", `app:web`)
	f(`ns:shop app:web`, "namespace", `app:web`)
	f(`ns:shop`, "ns", ``)
	f(`ns:shop ns:!pay web`, "ns", `web`)
	f(`label.app:web label.tier:db`, "label.app", `label.tier:db`)
	f(`ns:shop OR app:web`, "ns", `ns:shop OR app:web`)
	f(`-(ns:shop app:web) ns:pay`, "ns", `-(ns:shop app:web)`)
}
