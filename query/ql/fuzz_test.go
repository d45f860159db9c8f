package ql

import (
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/labels"

	"github.com/foretop/foretop/internal/access"
)

// bound are Params as the client has them: what a user wrote never is in the SQL.
type bound struct{ n int }

func (b *bound) next(of string) string {
	b.n++
	return fmt.Sprintf("{p%d:%s}", b.n, of)
}
func (b *bound) String(string) string    { return b.next("String") }
func (b *bound) Strings([]string) string { return b.next("Array(String)") }
func (b *bound) Int(int64) string        { return b.next("Int64") }
func (b *bound) Time(time.Time) string   { return b.next("DateTime64") }

var sqlWord = regexp.MustCompile(`[A-Za-z_][A-Za-z0-9_]*|[^\sA-Za-z0-9_]`)

// vocabulary is every word that SQL of this package is made of: what Go files hold, since they are where it comes from.
func vocabulary(t testing.TB) map[string]bool {
	t.Helper()
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	words := map[string]bool{}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		text, err := os.ReadFile(e.Name())
		if err != nil {
			t.Fatal(err)
		}
		for _, w := range sqlWord.FindAllString(string(text), -1) {
			words[w] = true
		}
	}
	return words
}

var placeholder = regexp.MustCompile(`\{p\d+:[A-Za-z0-9()]+\}`)

// marked are texts that are in no Go file and so must be in no SQL.
const mark = "zqxj"

// compiles checks SQL and index queries of q, of which any part may be a user's.
func compiles(t *testing.T, q *Query, known map[string]bool) {
	t.Helper()
	env := Env{
		UIDs:    func(where string) string { return "SELECT uid FROM objects WHERE " + where },
		Objects: func(columns, where string) string { return "SELECT " + columns + " FROM objects WHERE " + where },
	}
	sql, err := q.ClickHouse(&bound{}, env)
	if err != nil {
		t.Fatalf("%s: %v", q.Canonical(), err)
	}
	for _, g := range q.Group() {
		expr, _, err := FacetColumnOf(g.Field, testOptions(q.Page()), &bound{}, env)
		if err != nil {
			t.Fatalf("%s: %v", q.Canonical(), err)
		}
		sql += " " + expr
	}
	if by := q.Sort(); by != nil {
		sql += " " + by.Column
	}
	for _, w := range sqlWord.FindAllString(placeholder.ReplaceAllString(sql, ""), -1) {
		if !known[w] {
			t.Fatalf("%s: %q of the SQL is no word of ours:\n%s", q.Canonical(), w, sql)
		}
	}
	q.Terms()
}

// forPeople checks that an error names a place in the text and says something.
func forPeople(t *testing.T, text string, err error) {
	t.Helper()
	e, ok := err.(*access.Error)
	if !ok {
		t.Fatalf("%q: %v is not for people", text, err)
	}
	if e.From < 0 || e.To < e.From || e.To > len(text) || e.Message == "" {
		t.Fatalf("%q: %+v", text, e)
	}
}

func FuzzParse(f *testing.F) {
	known := vocabulary(f)
	for _, line := range goldenLines(f) {
		f.Add(line, uint8(0))
	}
	for _, text := range []string{
		"label.\"x y\":(a OR b*) -\"q\" /re/i", mark + ":" + mark, "ns:" + mark + "' OR 1=1 --", "label." + mark + "=\\", "spec.\"" + mark + "'\".x>1Gi", "group:label.\"" + mark + "\"",
		"sort:" + mark, "owner:" + mark + "/'x", "content:\"');DROP\"", "zone:'" + mark, "ip:10.0.0.0/8,::1", "annotation." + mark + "':*", "spec[" + mark + "]", "\u202e", "name:\ufeff",
		"!l 000", // was written back as -l 000, a selector
	} {
		f.Add(text, uint8(1))
	}
	f.Fuzz(func(t *testing.T, text string, page uint8) {
		p := Page(page % 3)
		for _, cursor := range []int{0, len(text) / 2, len(text)} {
			if c := Complete(text, cursor, testOptions(p)); c.From > c.To || c.To > len(text) {
				t.Fatalf("%q at %d: range %d to %d", text, cursor, c.From, c.To)
			}
		}
		q, err := Parse(text, testOptions(p))
		if err != nil {
			forPeople(t, text, err)
			return
		}
		roundTrip(t, q, p)
		compiles(t, q, known)
	})
}

// FuzzSelector compares selectors with Kubernetes' own reading of them.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{"app in (web,api),tier!=db", "!x", "a=b,c==d,e!=f", "n>5,m<7", "x notin ()", "a in (b", ",", "=", "app.kubernetes.io/name=web", "a=" + strings.Repeat("b", 64), "\v0"} {
		f.Add(s, "app", "web")
	}
	known := vocabulary(f)
	f.Fuzz(func(t *testing.T, selector, key, value string) {
		text := "selector:" + quote(selector)
		q, err := Parse(text, testOptions(Resources))
		if err != nil {
			forPeople(t, text, err)
			return
		}
		want, err := labels.Parse(asciiSpaces(selector)) // pasted spaces are spaces
		if err != nil {
			t.Fatalf("%s is read, but Kubernetes says %v", text, err)
		}
		x, ok := q.Root().(*Selector)
		if !ok {
			t.Fatalf("%s is read as %T", text, q.Root())
		}
		for _, set := range []labels.Set{nil, {key: value}, {"app": value, key: "web"}} {
			if got := x.Selector.Matches(set); got != want.Matches(set) {
				t.Fatalf("%s of %v: got %t", text, set, got)
			}
		}
		roundTrip(t, q, Resources)
		compiles(t, q, known)
	})
}

// FuzzNames feeds names of fields where they stand alone: orders, facets, groups, columns.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"name", "label.app", `label."a'b"`, "cluster.env", "zone", "restarts-desc", "image.tag", "spec.replicas", "'", "label.", "a.b.c", "group", mark} {
		f.Add(s)
	}
	known := vocabulary(f)
	f.Fuzz(func(t *testing.T, name string) {
		for page := range Page(3) {
			o := testOptions(page)
			if expr, _, err := FacetColumnOf(name, o, &bound{}, Env{}); err == nil {
				for _, w := range sqlWord.FindAllString(placeholder.ReplaceAllString(expr, ""), -1) {
					if !known[w] {
						t.Fatalf("%q: %q of the SQL is no word of ours: %s", name, w, expr)
					}
				}
			}
			if _, err := ReadColumn(name, o); err != nil {
				if _, ok := err.(*access.Error); !ok {
					t.Fatalf("%q: %v is not for people", name, err)
				}
			}
			for _, directive := range []string{"sort:", "group:", "has:"} {
				if q, err := Parse(directive+name, o); err == nil {
					compiles(t, q, known)
				}
			}
		}
		FieldOf(name, testClusters)
		ResolveKind(name, testKinds)
	})
}

// TestHugeAndOddQueriesEnd: whatever is sent is answered at once, by a query or by an error for people.
func TestHugeAndOddQueriesEnd(t *testing.T) {
	known := vocabulary(t)
	pieces := []string{"(", ")", "-", "!", "NOT ", "OR ", "a ", "ns:", "ns:a,", `"`, `\`, "/", "name:/(a*)*b/ ", "name:/(x{1000}){1000}/ ", "label.", ".a", "spec.a[", "*", "?", "~", "selector:", "-l ", "..", "é", "\xff", "\x00", "a=b ", "has:", "at:", "group:", "ip:", "content:\"abc\" ", ",", ":", ">="}
	r := rand.New(rand.NewPCG(3, 7))
	texts := []string{strings.Repeat("a", 64<<10), "name:/" + strings.Repeat("(a*)*", 50) + "b/", "name:/" + strings.Repeat("a?", 120) + "/", "name:/(((a{1,30}){1,30}){1,30})/", "name:/(?:a{1000}){1000}/",
		strings.Repeat("name:/(a|aa)+$/ ", 60), strings.Repeat("*?", 2000) + "a"}
	for _, p := range pieces {
		texts = append(texts, strings.Repeat(p, 64<<10/len(p)), strings.Repeat(p, 4000/len(p)), strings.Repeat(p, 60), strings.Repeat(p, 7)+"a")
	}
	for range 3000 {
		var b strings.Builder
		for range r.IntN(60) {
			b.WriteString(pick(r, pieces))
		}
		texts = append(texts, b.String())
	}
	object := generateObjects(r, 1)[0]
	object.DeletedAt = time.Time{}
	object.Name = strings.Repeat("a", 253)
	for _, text := range texts {
		for page := range Page(3) {
			q, err := Parse(text, testOptions(page))
			if err != nil {
				forPeople(t, text, err)
				continue
			}
			compiles(t, q, known)
			q.EvalVersion(object, Others{})
		}
		Complete(text, len(text), testOptions(Resources))
	}
}
