package ql

import (
	"context"
	"errors"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/mapping"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"
	index "github.com/blevesearch/bleve_index_api"
	segment "github.com/blevesearch/scorch_segment_api/v2"
)

// ErrBroad is what the text index answers when so many words begin as asked that another way to find them is sooner
// done: a letter or two may begin the names of half of all objects.
var ErrBroad = errors.New("too many words begin so")

// beginsMost is up to how many terms are united within a segment, at 2 to 3 microseconds each.
const beginsMost = 2_000

// beginsQuery finds documents with a term of field that begins with prefix. bleve's own query makes a searcher for
// each such term, and every object's name is a term: what a person has typed so far may be the beginning of half of
// them. This one unites what the terms list, segment by segment. It does not score.
type beginsQuery struct{ field, prefix string }

func (q *beginsQuery) Searcher(ctx context.Context, r index.IndexReader, m mapping.IndexMapping, o search.SearcherOptions) (search.Searcher, error) {
	snapshot, ok := r.(*scorch.IndexSnapshot)
	if !ok {
		plain := query.NewPrefixQuery(q.prefix)
		plain.SetField(q.field)
		return plain.Searcher(ctx, r, m, o)
	}
	s := &beginsSearcher{}
	var first uint64
	for _, part := range snapshot.Segments() {
		documents, err := q.documents(ctx, part)
		if err != nil {
			return nil, fmt.Errorf("find terms of %s that begin with %q: %w", q.field, q.prefix, err)
		}
		s.parts = append(s.parts, beginsPart{first: first, documents: documents.Iterator()})
		s.count += documents.GetCardinality()
		first += uint64(part.FullSize())
	}
	return s, nil
}

// documents are the numbers within one segment of the documents that match and live.
func (q *beginsQuery) documents(ctx context.Context, part *scorch.SegmentSnapshot) (*roaring.Bitmap, error) {
	found := roaring.New()
	dictionary, err := part.Segment().Dictionary(q.field)
	if err != nil {
		return nil, err
	}
	terms := dictionary.AutomatonIterator(nil, []byte(q.prefix), behind(q.prefix))
	var list segment.PostingsList
	var documents segment.PostingsIterator
	var lone []uint32 // of terms of one document, as names are
	for n := 0; ; n++ {
		entry, err := terms.Next()
		if err != nil {
			return nil, err
		}
		switch {
		case n%1024 == 1023 && ctx.Err() != nil:
			return nil, ctx.Err()
		case n >= beginsMost && entry != nil:
			return nil, ErrBroad
		}
		if entry == nil {
			found.AddMany(lone)
			return found, nil
		}
		if list, err = dictionary.PostingsList([]byte(entry.Term), part.Deleted(), list); err != nil {
			return nil, err
		}
		documents = list.Iterator(false, false, false, documents)
		if o, ok := documents.(segment.OptimizablePostingsIterator); ok {
			if number, ok := o.DocNum1Hit(); ok {
				lone = append(lone, uint32(number))
				continue
			}
			if b := o.ActualBitmap(); b != nil {
				found.Or(b)
				continue
			}
		}
		for {
			document, err := documents.Next()
			if err != nil {
				return nil, err
			}
			if document == nil {
				break
			}
			lone = append(lone, uint32(document.Number()))
		}
	}
}

// behind is the least text behind all that begin with prefix; nil when there is none.
func behind(prefix string) []byte {
	end := []byte(prefix)
	for i := len(end) - 1; i >= 0; i-- {
		if end[i] < 0xff {
			end[i]++
			return end[:i+1]
		}
	}
	return nil
}

// beginsSearcher walks the documents in the order of their numbers.
type beginsSearcher struct {
	parts []beginsPart
	count uint64
}

// beginsPart is a segment, whose documents are numbered from first on.
type beginsPart struct {
	first     uint64
	documents roaring.IntPeekable
}

func (s *beginsSearcher) Next(ctx *search.SearchContext) (*search.DocumentMatch, error) {
	for len(s.parts) > 0 {
		if part := s.parts[0]; part.documents.HasNext() {
			match := ctx.DocumentMatchPool.Get()
			match.IndexInternalID = index.NewIndexInternalID(match.IndexInternalID, part.first+uint64(part.documents.Next()))
			return match, nil
		}
		s.parts = s.parts[1:]
	}
	return nil, nil
}

func (s *beginsSearcher) Advance(ctx *search.SearchContext, id index.IndexInternalID) (*search.DocumentMatch, error) {
	number := id.Value()
	for len(s.parts) > 1 && s.parts[1].first <= number {
		s.parts = s.parts[1:]
	}
	if len(s.parts) > 0 && number > s.parts[0].first {
		s.parts[0].documents.AdvanceIfNeeded(uint32(number - s.parts[0].first))
	}
	return s.Next(ctx)
}

func (s *beginsSearcher) Close() error               { return nil }
func (s *beginsSearcher) Weight() float64            { return 0 }
func (s *beginsSearcher) SetQueryNorm(float64)       {}
func (s *beginsSearcher) Count() uint64              { return s.count }
func (s *beginsSearcher) Min() int                   { return 0 }
func (s *beginsSearcher) Size() int                  { return 64 + 64*len(s.parts) }
func (s *beginsSearcher) DocumentMatchPoolSize() int { return 1 }
