package ql

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	index "github.com/blevesearch/bleve_index_api"

	"github.com/foretop/foretop/query/columns"
)

// FieldWords is the field of the bleve index whose terms are the words of the fleet.
const FieldWords = "words"

// wordsMost is up to how many words are listed, at about a microsecond each: a letter or two may begin a tenth of all
// words, and columns then do without a list.
const wordsMost = 2_000

// Vocabulary answers which words there are that a word of a query stands for: what begins with it while it is typed,
// what it may be a mistake of, what its pattern matches. It asks the dictionaries of a bleve index, and beside them the
// words that the index does not have yet. It must hold those of Table.AllWords of the columns it is used with.
type Vocabulary struct {
	reader index.IndexReader
	beside []string

	Asked bool  // it listed the words of some text
	Err   error // the first that the index answered; columns do without it
}

// NewVocabulary asks reader and the words beside it.
func NewVocabulary(reader index.IndexReader, beside []string) *Vocabulary {
	return &Vocabulary{reader: reader, beside: beside}
}

// list completes the match of one token of a text with the words that it finds. It leaves the match as it is when
// columns know better: patterns that begin with a wildcard walk all words, and there may be too many.
func (w *Vocabulary) list(t *Text, want string, m *columns.Match) {
	if w == nil || w.Err != nil {
		return
	}
	dictionary, err := w.dictionary(t, want, m)
	if dictionary == nil || err != nil {
		w.failed(want, err)
		return
	}
	defer dictionary.Close()
	var words []string
	for {
		entry, err := dictionary.Next()
		if err != nil {
			w.failed(want, err)
			return
		}
		if entry == nil {
			break
		}
		if len(words) == wordsMost {
			return
		}
		if m.Test(entry.Term) { // for bleve, swapped letters are one mistake
			words = append(words, entry.Term)
		}
	}
	for _, s := range w.beside {
		if m.Test(s) {
			words = append(words, s)
		}
	}
	m.Words, m.Listed, w.Asked = words, true, true
}

func (w *Vocabulary) failed(want string, err error) {
	if err != nil {
		w.Err = fmt.Errorf("list words like %q: %w", want, err)
	}
}

// dictionary walks the words of the index that m may find; nil when it is not worth while.
func (w *Vocabulary) dictionary(t *Text, want string, m *columns.Match) (index.FieldDict, error) {
	switch {
	case m.Whole:
		return w.reader.FieldDictRange(FieldWords, []byte(want), []byte(want))
	case m.Begins:
		return w.reader.FieldDictPrefix(FieldWords, []byte(m.Literal))
	case t.Glob:
		if want[0] == '*' || want[0] == '?' {
			return nil, nil
		}
		patterns, ok := w.reader.(index.IndexReaderRegexp)
		if !ok {
			return nil, errNoDictionary
		}
		return patterns.FieldDictRegexp(FieldWords, pattern(want))
	case m.Like != "":
		mistakes, ok := w.reader.(index.IndexReaderFuzzy)
		if !ok {
			return nil, errNoDictionary
		}
		return mistakes.FieldDictFuzzy(FieldWords, want, 1, "")
	}
	return nil, nil
}

var errNoDictionary = errors.New("the index has no such dictionary")

// pattern is a glob as a regular expression that matches line ends, too, which bleve's own wildcards do not.
func pattern(glob string) string {
	var b strings.Builder
	unglob(glob, func(s string) { b.WriteString(regexp.QuoteMeta(s)) }, func(c byte) {
		b.WriteString("(?s:.)")
		if c == '*' {
			b.WriteByte('*')
		}
	})
	return b.String()
}

// match is one token of a text, as Text.eval has it.
func (t *Text) match(want string) columns.Match {
	switch {
	case t.Prefix:
		return begins(want)
	case t.Glob:
		if first, rest, _ := strings.Cut(want, "*"); rest == "" && len(first) == len(want)-1 && !strings.ContainsAny(first, `?\`) {
			return begins(first)
		}
		return columns.Match{Literal: longestPiece(want), Test: t.glob.MatchString}
	case t.Fuzzy && len([]rune(want)) >= fuzzyFrom:
		return columns.Match{Like: want, Test: func(token string) bool { return within1(want, token) }}
	}
	return columns.Match{Literal: want, Whole: true, Test: func(token string) bool { return token == want }}
}

func begins(prefix string) columns.Match {
	return columns.Match{Literal: prefix, Begins: true, Test: func(token string) bool { return strings.HasPrefix(token, prefix) }}
}

func (r *rower) text(t *Text, within columns.Set) columns.Set {
	found := within
	for _, want := range t.Tokens {
		m := t.match(want)
		r.words.list(t, want, &m)
		found = r.v.Words(found, m)
	}
	if len(t.clusters) > 0 {
		named := r.must(within)(r.v.Text(within, "cluster", func(uid string) bool { return slices.Contains(t.clusters, uid) }))
		return named.Or(found)
	}
	return found
}
