package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// these answers every search with objects of these texts.
type these struct {
	Reader
	texts []string
}

func (r these) Search(context.Context, access.Scope, records.Request) (*records.Result, error) {
	res := &records.Result{Total: len(r.texts)}
	for i, text := range r.texts {
		res.Objects = append(res.Objects, &records.Object{Ref: kube.Ref{Cluster: "zone1", Name: fmt.Sprint("o", i)}, JSON: []byte(text)})
	}
	return res, nil
}

func TestObjectsAreWrittenAsTheyAre(t *testing.T) {
	texts := []string{
		`{"a":1}`, `{ "a" : "<&>",` + "\n\t" + `"b":1.0 }`, "{\"a\":\"\u2028 \\u00e9\"}", `{"large":"` + strings.Repeat("x", 200_000) + `"}`, `{}`,
		`{"a":"\"0123456789abcdef0123456789abcdef00000000\""}`,
	}
	reader := these{texts: texts}
	g, err := New(Deps{Reader: reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	ctx := access.NewContext(t.Context(), access.All("test"))
	post := func(query string) string {
		t.Helper()
		body, err := json.Marshal(Request{Query: query})
		if err != nil {
			t.Fatal(err)
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(string(body))))
		return w.Body.String()
	}
	var nodes, twice []string
	for i, text := range texts {
		nodes = append(nodes, fmt.Sprintf(`{"name":"o%d","object":%s}`, i, text))
		twice = append(twice, fmt.Sprintf(`{"a":%s,"b":%s}`, text, text))
	}
	const query = `{search(query:"",first:10){nodes{name object}}}`
	want := `{"data":{"search":{"nodes":[` + strings.Join(nodes, ",") + `]}}}`
	if got := post(query); got != want+"\n" {
		t.Errorf("got  %.500q\nwant %.500q", got, want)
	}
	if got := post(`{search(query:"",first:10){nodes{a:object b:object}}}`); got != `{"data":{"search":{"nodes":[`+strings.Join(twice, ",")+`]}}}`+"\n" {
		t.Errorf("twice: got %.500q", got)
	}
	if got := `{"data":` + string(g.Exec(ctx, Request{Query: query}).Data) + `}`; got != want {
		t.Errorf("without HTTP: got %.500q", got)
	}

	// An answer with errors has what could be answered.
	reader.texts = []string{texts[0]}
	if g, err = New(Deps{Reader: reader, Log: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	got := post(`{search(query:"",first:10){nodes{object}} resource(ref:"nonsense"){object}}`)
	if !strings.Contains(got, `"nodes":[{"object":{"a":1}}]`) || !strings.Contains(got, "BAD_REQUEST") {
		t.Errorf("with an error: got %.500q", got)
	}
}

// BenchmarkObjects is a page of 1,000 objects of 3 KB.
func BenchmarkObjects(b *testing.B) {
	reader := these{}
	for range 1000 {
		reader.texts = append(reader.texts, `{"text":"`+strings.Repeat("of an object ", 240)+`"}`)
	}
	g, err := New(Deps{Reader: reader, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	ctx := access.NewContext(b.Context(), access.All("test"))
	b.ReportAllocs()
	for b.Loop() {
		w := httptest.NewRecorder()
		g.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/graphql", strings.NewReader(`{"query":"{search(query:\"\",first:1000){nodes{ref object}}}"}`)))
		if w.Body.Len() < 3_000_000 {
			b.Fatal(w.Body.String())
		}
	}
}
