package ql

import (
	"fmt"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/document"
	"github.com/blevesearch/bleve/v2/mapping"
	index "github.com/blevesearch/bleve_index_api"
)

// IndexMapping is of an index that AddWords fills: it has one field, and nothing but its terms is of use.
func IndexMapping() mapping.IndexMapping {
	m := bleve.NewIndexMapping()
	m.DefaultMapping = bleve.NewDocumentDisabledMapping()
	return m
}

// AddWords puts distinct words into a batch as one document. An index needs no second document of an id: its words would
// take the place of the first's.
func AddWords(batch *bleve.Batch, id string, words []string) error {
	f := &wordsField{frequencies: make(index.TokenFrequencies, len(words))}
	entries := make([]index.TokenFreq, len(words))
	for i, w := range words {
		entries[i].Term = []byte(w)
		entries[i].SetFrequency(1)
		f.frequencies[w] = &entries[i]
	}
	if err := batch.IndexAdvanced(document.NewDocument(id).AddField(f)); err != nil {
		return fmt.Errorf("add words %s: %w", id, err)
	}
	return nil
}

// wordsField is words as they are: there is nothing to analyze.
type wordsField struct{ frequencies index.TokenFrequencies }

func (f *wordsField) Name() string                                     { return FieldWords }
func (f *wordsField) Value() []byte                                    { return nil }
func (f *wordsField) ArrayPositions() []uint64                         { return nil }
func (f *wordsField) EncodedFieldType() byte                           { return 't' }
func (f *wordsField) Analyze()                                         {}
func (f *wordsField) Options() index.FieldIndexingOptions              { return index.IndexField }
func (f *wordsField) AnalyzedLength() int                              { return 1 }
func (f *wordsField) AnalyzedTokenFrequencies() index.TokenFrequencies { return f.frequencies }
func (f *wordsField) NumPlainTextBytes() uint64                        { return 0 }
func (f *wordsField) Size() int                                        { return f.frequencies.Size() }
