package ql

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/search/query"
	"github.com/google/go-cmp/cmp"
)

// Over many segments, with documents that were replaced and deleted, alone and in conjunctions.
func TestBeginsFindsWhatPrefixQueriesFind(t *testing.T) {
	idx, err := bleve.New(t.TempDir()+"/index", IndexMapping())
	if err != nil {
		t.Fatal(err)
	}
	defer idx.Close()
	r := rand.New(rand.NewPCG(1, 2))
	word := func() string {
		b := make([]byte, 1+r.IntN(4))
		for i := range b {
			b[i] = "ab\xc3\xa9"[r.IntN(4)] // never 0xff: bleve reads past the end of such prefixes, and no text has it
		}
		return string(b)
	}
	for range 12 {
		batch := idx.NewBatch()
		for range 60 {
			id := fmt.Sprint(r.IntN(400))
			if r.IntN(5) == 0 {
				batch.Delete(id)
				continue
			}
			if err := batch.Index(id, map[string]any{FieldAll: []string{word(), word(), id}, FieldNS: word()}); err != nil {
				t.Fatal(err)
			}
		}
		if err := idx.Batch(batch); err != nil {
			t.Fatal(err)
		}
	}
	find := func(q query.Query) []string {
		request := bleve.NewSearchRequestOptions(q, 1000, 0, false)
		request.Score = "none"
		result, err := idx.Search(request)
		if err != nil {
			t.Fatal(err)
		}
		ids := []string{}
		for _, hit := range result.Hits {
			ids = append(ids, hit.ID)
		}
		slices.Sort(ids)
		return ids
	}
	plain := func(field, prefix string) query.Query {
		q := query.NewPrefixQuery(prefix)
		q.SetField(field)
		return q
	}
	for range 100 {
		a, b := word(), word()
		if diff := cmp.Diff(find(plain(FieldAll, a)), find(begins(FieldAll, a))); diff != "" {
			t.Fatalf("%q (-prefix query +begins):\n%s", a, diff)
		}
		want := find(query.NewConjunctionQuery([]query.Query{plain(FieldAll, a), plain(FieldNS, b)}))
		if diff := cmp.Diff(want, find(query.NewConjunctionQuery([]query.Query{begins(FieldAll, a), begins(FieldNS, b)}))); diff != "" {
			t.Fatalf("%q and %q (-prefix query +begins):\n%s", a, b, diff)
		}
		want = find(query.NewConjunctionQuery([]query.Query{plain(FieldAll, a), without(exactly(plain(FieldNS, b))).q}))
		if diff := cmp.Diff(want, find(query.NewConjunctionQuery([]query.Query{begins(FieldAll, a), without(exactly(begins(FieldNS, b))).q}))); diff != "" {
			t.Fatalf("%q without %q (-prefix query +begins):\n%s", a, b, diff)
		}
	}
}
