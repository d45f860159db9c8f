package graph

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// counting answers every search with as many objects of one size as were asked for.
type counting struct {
	Reader
	asked atomic.Int64
	size  int
}

func (c *counting) Search(_ context.Context, _ access.Scope, r records.Request) (*records.Result, error) {
	c.asked.Add(1)
	res := &records.Result{}
	for i := range r.First {
		res.Objects = append(res.Objects, &records.Object{
			Ref: kube.Ref{Cluster: "zone1", Name: fmt.Sprint("o", i)}, JSON: []byte(`"` + strings.Repeat("x", c.size) + `"`),
		})
	}
	return res, nil
}

func (c *counting) Clusters(context.Context, access.Scope, string) ([]*records.Cluster, error) {
	c.asked.Add(1)
	return nil, nil
}

func aliases(n int, field string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " a%d: %s", i, field)
	}
	return b.String()
}

func TestARequestIsBounded(t *testing.T) {
	f := func(what, query, refused string) {
		t.Helper()
		reader := &counting{size: 64 << 10}
		g, err := New(Deps{Reader: reader, Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		resp := g.Exec(access.NewContext(t.Context(), access.All("admin")), Request{Query: query})
		got := ""
		if len(resp.Errors) > 0 {
			got = resp.Errors[0].Message
		}
		if (refused == "") != (got == "") || !strings.Contains(got, refused) {
			t.Errorf("%s: answers %q after %d reads, want %q", what, got, reader.asked.Load(), refused)
		}
		if reader.asked.Load() > maxRootFields {
			t.Errorf("%s: caused %d reads", what, reader.asked.Load())
		}
	}
	const many = "questions at once"
	search := `search(query: "", first: 1000) { nodes { name } }`
	f("an ordinary request", `query Q($q: String = "{ a: b }") { search(query: $q, first: 50) { total nodes { n: name yaml } } clusters { name } }`, "")
	f("two full pages", `{`+aliases(2, search)+`}`, "")
	f("three full pages", `{`+aliases(3, search)+`}`, "more than 2000 entries")
	f("many questions", `{`+aliases(31, `clusters { name }`)+`}`, many)
	f("as many as are taken", `{`+aliases(30, `clusters { name }`)+`}`, "")
	f("many aliases", `{ clusters {`+aliases(51, `name`)+`} }`, "51 aliases")
	f("in a fragment", `query { ...F } fragment F on Query {`+aliases(31, `clusters { name }`)+`}`, many)
	f("in inline fragments", `{ ... on # where
		Query { ... @include(if: true) {`+aliases(31, `clusters { name }`)+`} } }`, many)
	f("behind what looks like a string", `{ search(query: """ " { """, first: 1) { total } # "
		`+aliases(31, `clusters { name }`)+`}`, many)
	f("within what is a string", `{ search(query: "`+strings.Repeat(`a: clusters { `, 60)+`", first: 1) { total } }`, "")
	f("large objects", `{ search(query: "", first: 1000) { nodes {`+aliases(20, `object`)+`} } }`, "larger than 64 MiB")
}

func TestOperationsAreToldApart(t *testing.T) {
	const text = `query A { clusters { name } } subscription B($q: String!) { resourceChanges(query: $q) { ref } } fragment F on Query { __typename }`
	for name, want := range map[string]bool{"A": false, "B": true, "F": false, "": false} {
		if got := outlineOf(text).subscribes(name); got != want {
			t.Errorf("subscribes(%q) = %v", name, got)
		}
	}
	if outlineOf(`{ clusters { name } }`).subscribes("") {
		t.Error("a plain query subscribes")
	}
	// What is no GraphQL is read to its end too.
	for _, junk := range []string{`{`, `}`, `}}{{a`, `"""`, `#`, `{...on`, `{...`, `)))(`, `{ a(b: "`, "\x00", `{ @: {`, `{{{:::`, `{ a @`} {
		outlineOf(junk)
	}
}
