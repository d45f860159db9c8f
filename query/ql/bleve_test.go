package ql

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	index "github.com/blevesearch/bleve_index_api"

	"github.com/foretop/foretop/query/columns"
)

// indexOf is a bleve index in memory that holds words, of several segments.
func indexOf(t testing.TB, words []string) index.IndexReader {
	t.Helper()
	idx, err := bleve.NewUsing("", IndexMapping(), scorch.Name, scorch.Name, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { idx.Close() })
	n := 0
	for part := range slices.Chunk(words, len(words)/5+1) {
		batch := idx.NewBatch()
		if err := AddWords(batch, fmt.Sprint(n), part); err != nil {
			t.Fatal(err)
		}
		if err := idx.Batch(batch); err != nil {
			t.Fatal(err)
		}
		n++
	}
	advanced, err := idx.Advanced()
	if err != nil {
		t.Fatal(err)
	}
	reader, err := advanced.Reader()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reader.Close() })
	return reader
}

// indexedWords are the words of a table, sorted; a fifth of them, anywhere, is left beside.
func indexedWords(table *columns.Table) (words, beside []string) {
	all := map[string]bool{}
	table.AllWords(func(w string) { all[strings.Clone(w)] = true })
	for w := range all {
		words = append(words, w)
	}
	slices.Sort(words)
	r := rand.New(rand.NewPCG(5, 6))
	r.Shuffle(len(words), func(i, j int) { words[i], words[j] = words[j], words[i] })
	n := len(words) / 5
	return words[n:], words[:n]
}

// typed are queries of words: whole ones, beginnings, mistakes and patterns, of what there is and of what there is not.
func typed(t *testing.T, r *rand.Rand, tokens []string, n int) (queries []*Query) {
	t.Helper()
	for len(queries) < n {
		word := []rune(pick(r, tokens))
		switch r.IntN(6) {
		case 0:
			word = word[:1+r.IntN(len(word))]
		case 1: // a mistake
			at := r.IntN(len(word))
			switch r.IntN(3) {
			case 0:
				word = slices.Delete(word, at, at+1)
			case 1:
				word = slices.Insert(word, at, 'x')
			default:
				word[at] = 'q'
			}
			word = append(word, '~')
		case 2:
			at := r.IntN(len(word))
			word = append(word[:at:at], pick(r, []rune{'*', '?'}))
			if r.IntN(2) == 0 {
				word = append(word, []rune(pick(r, tokens))...)
			}
		case 3: // two letters swapped
			if len(word) > 5 {
				word[2], word[3] = word[3], word[2]
				word = append(word, '~')
			}
		}
		o := testOptions(Resources)
		o.Typing = r.IntN(2) == 0
		if q, err := Parse(string(word), o); err == nil && q.HasText() {
			queries = append(queries, q)
		}
	}
	return queries
}

// The words of a query are looked up in bleve and looked for in columns: together they find what Eval finds.
func TestBleveAgreesWithEval(t *testing.T) {
	a := agree(t)
	table, objects, number := tableOf(t, a.objects)
	words, beside := indexedWords(table)
	reader := indexOf(t, words)
	asked, began := 0, time.Now()
	find := func(q *Query) (got []bool, exact bool) {
		got = make([]bool, len(objects))
		err := table.Read(func(v *columns.View) error {
			w := NewVocabulary(reader, beside)
			var set columns.Set
			set, exact = q.Rows(v, v.Living(), w, nil)
			set.Each(func(row uint32) {
				k, _ := v.Version(row)
				got[number[k]] = true
			})
			if w.Asked {
				asked++
			}
			return w.Err
		})
		if err != nil {
			t.Fatalf("%s: %v", q.Canonical(), err)
		}
		return got, exact
	}
	for i, q := range a.queries {
		if got, exact := find(q); exact && q.HasText() && !q.Deleted() {
			same(t, q, "bleve with columns", objects, a.want[i], got)
		}
	}
	mixed := asked
	var tokens []string
	for _, o := range objects[:500] {
		tokens = append(tokens, o.Tokens()...)
	}
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	queries := typed(t, seed(t), tokens, 500)
	for _, q := range queries {
		want := make([]bool, len(objects))
		for j, o := range objects {
			want[j] = q.EvalVersion(o, Others{})
		}
		got, exact := find(q)
		if !exact {
			t.Errorf("%s is not answered exactly", q.Canonical())
		}
		same(t, q, "bleve with columns", objects, want, got)
	}
	t.Logf("bleve knew the words, %d of %d, of %d of %d queries and %d of %d of words alone: %s", len(words), len(words)+len(beside), mixed, len(a.queries), asked-mixed, len(queries), time.Since(began).Round(time.Millisecond))
	if mixed < 50 || asked-mixed < len(queries)/2 {
		t.Errorf("bleve was asked for %d and %d queries: too few to show anything", mixed, asked-mixed)
	}
}

// A letter may begin more words than are worth listing: columns do without a list then.
func TestTooManyWordsAreNotListed(t *testing.T) {
	words := make([]string, wordsMost+1)
	for i := range words {
		words[i] = fmt.Sprintf("w%05d", i)
	}
	w := NewVocabulary(indexOf(t, words), []string{"w", "x1"})
	for prefix, want := range map[string]int{"w": -1, "w0000": 10, "w02": 1, "x": 1, "y": 0} {
		m := begins(prefix)
		w.list(&Text{Prefix: true}, prefix, &m)
		if m.Listed != (want >= 0) || len(m.Words) != max(want, 0) || w.Err != nil {
			t.Errorf("%q: listed %t, %d words, %v; want %d", prefix, m.Listed, len(m.Words), w.Err, want)
		}
	}
}

// broken is a reader that cannot be asked.
type broken struct{ index.IndexReader }

func (broken) FieldDictPrefix(string, []byte) (index.FieldDict, error) {
	return nil, errors.New("segment is gone")
}

func TestColumnsAnswerWithoutAnIndexThatFails(t *testing.T) {
	table, _, _ := tableOf(t, generateObjects(seed(t), 200))
	o := testOptions(Resources)
	o.Typing = true
	q, err := Parse("web", o)
	if err != nil {
		t.Fatal(err)
	}
	_ = table.Read(func(v *columns.View) error {
		want, _ := q.Rows(v, v.Living(), nil, nil)
		w := NewVocabulary(broken{}, nil)
		got, exact := q.Rows(v, v.Living(), w, nil)
		if !exact || want.Empty() || !slices.Equal(got, want) {
			t.Errorf("%d rows, want %d", got.Count(), want.Count())
		}
		if w.Asked || w.Err == nil || !strings.Contains(w.Err.Error(), `list words like "web": segment is gone`) {
			t.Errorf("asked %t, %v", w.Asked, w.Err)
		}
		return nil
	})
}
