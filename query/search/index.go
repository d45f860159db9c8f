package search

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"

	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// indexFormat is raised when the index changes its shape; an index of another format is built anew.
const indexFormat = "words-1"

const (
	// wordsAtOnce is how many words are written in one batch, which makes a segment. Until then they are asked beside
	// the index, at some ten nanoseconds each.
	wordsAtOnce = 50_000
	// deadMost is how many words that nobody has any more the index keeps beside as many as somebody has.
	deadMost = 100_000
)

// index is the bleve index of the words of the columns, in its folder. It is opened, filled and replaced by one goroutine,
// and read by many.
type index struct {
	dir string
	log *slog.Logger

	writing bleve.Index  // of the one goroutine
	next    uint64       // its next document
	least   int          // deadMost, but in tests
	words   atomic.Int64 // its words
	grown   int          // how many of them came since it was completed

	mu    sync.RWMutex   // held to read while words are asked for, to write while the index is replaced
	bleve bleve.Index    // nil while there is none that has, with the fresh words beside it, all words
	table *columns.Table // of these
}

func newIndex(dir string, log *slog.Logger) *index {
	return &index{dir: dir, log: log, least: deadMost}
}

func (x *index) path() string { return filepath.Join(x.dir, "words.bleve") }

// open opens an index that can be used, or else makes an empty one in its place.
func (x *index) open() error {
	x.close()
	b, err := bleve.Index(nil), x.sound()
	if err == nil {
		b, err = bleve.Open(x.path())
	}
	if err == nil {
		x.writing = b
		if format, _ := x.writing.GetInternal([]byte("format")); string(format) == indexFormat {
			x.next, err = x.writing.DocCount()
			return err
		}
		x.log.Info("search index has another format, building it anew", "dir", x.path())
	} else if !errors.Is(err, bleve.ErrorIndexPathDoesNotExist) {
		x.log.Warn("search index cannot be opened, building it anew", "dir", x.path(), "err", err)
	}
	return x.create()
}

// sound reads all segments, a few megabytes, and compares their checksums, which bleve does not: what it decodes of
// broken ones may be anything.
func (x *index) sound() error {
	segments, err := filepath.Glob(filepath.Join(x.path(), "store", "*.zap"))
	if err != nil {
		return err
	}
	for _, path := range segments {
		text, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read segment: %w", err)
		}
		end := len(text) - crc32.Size
		if end < 0 || crc32.ChecksumIEEE(text[:end]) != binary.BigEndian.Uint32(text[end:]) {
			return fmt.Errorf("segment %s is broken", path)
		}
	}
	return nil
}

func (x *index) create() error {
	x.close()
	if err := os.RemoveAll(x.dir); err != nil {
		return fmt.Errorf("remove old search index: %w", err)
	}
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return fmt.Errorf("create folder for search index: %w", err)
	}
	b, err := bleve.NewUsing(x.path(), ql.IndexMapping(), scorch.Name, scorch.Name, nil)
	if err != nil {
		return fmt.Errorf("create search index %s: %w", x.path(), err)
	}
	x.writing, x.next = b, 0
	return nil
}

// complete writes what the index lacks of the words of a table, or all of them into a new one when most of what it has
// is nobody's any more. Then it may be asked.
func (x *index) complete(t *columns.Table) (written int, err error) {
	var words []string
	t.AllWords(func(w string) { words = append(words, w) })
	slices.Sort(words)
	words = slices.Compact(words)
	missing, dead, err := x.compare(words)
	if err == nil && dead > len(words)+x.least {
		missing, dead = words, 0
		err = x.create()
	}
	if err != nil {
		return 0, err
	}
	for part := range slices.Chunk(missing, wordsAtOnce) {
		if err := x.write(part); err != nil {
			return 0, err
		}
	}
	x.words.Store(int64(len(words) + dead))
	x.grown = 0
	x.mu.Lock()
	x.bleve, x.table = x.writing, t
	x.mu.Unlock()
	return len(missing), nil
}

// compare says which of the words, which are sorted, the index lacks, and how many of its own are not among them.
func (x *index) compare(words []string) (missing []string, dead int, err error) {
	advanced, err := x.writing.Advanced()
	if err != nil {
		return nil, 0, fmt.Errorf("open search index: %w", err)
	}
	reader, err := advanced.Reader()
	if err != nil {
		return nil, 0, fmt.Errorf("read search index: %w", err)
	}
	defer reader.Close()
	dictionary, err := reader.FieldDict(ql.FieldWords)
	if err != nil {
		return nil, 0, fmt.Errorf("read words of search index: %w", err)
	}
	defer dictionary.Close()
	for {
		entry, err := dictionary.Next()
		if err != nil {
			return nil, 0, fmt.Errorf("read words of search index: %w", err)
		}
		if entry == nil {
			return append(missing, words...), dead, nil
		}
		for len(words) > 0 && words[0] < entry.Term {
			missing, words = append(missing, words[0]), words[1:]
		}
		if len(words) > 0 && words[0] == entry.Term {
			words = words[1:]
		} else {
			dead++
		}
	}
}

// write adds words. Some of them may be there.
func (x *index) write(words []string) error {
	batch := x.writing.NewBatch()
	if err := ql.AddWords(batch, strconv.FormatUint(x.next, 10), words); err != nil {
		return err
	}
	batch.SetInternal([]byte("format"), []byte(indexFormat))
	if err := x.writing.Batch(batch); err != nil {
		return fmt.Errorf("write search index: %w", err)
	}
	x.next++
	x.grown += len(words)
	x.words.Add(int64(len(words)))
	return nil
}

// stale reports that words nobody has any more may have become too many.
func (x *index) stale() bool { return x.grown > int(x.words.Load())/2+x.least }

func (x *index) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.writing != nil {
		if err := x.writing.Close(); err != nil {
			x.log.Warn("search index did not close cleanly", "err", err)
		}
	}
	x.writing, x.bleve, x.table = nil, nil, nil
}

// vocabulary is the words of a view of a table, to be released; nil while the index does not have them.
func (x *index) vocabulary(t *columns.Table, v *columns.View) (words *ql.Vocabulary, release func()) {
	x.mu.RLock()
	if x.bleve == nil || x.table != t {
		x.mu.RUnlock()
		return nil, func() {}
	}
	advanced, err := x.bleve.Advanced()
	if err == nil {
		reader, failed := advanced.Reader()
		if err = failed; err == nil {
			return ql.NewVocabulary(reader, v.Fresh()), func() {
				if err := reader.Close(); err != nil {
					x.log.Warn("search index was not released", "err", err)
				}
				x.mu.RUnlock()
			}
		}
	}
	x.mu.RUnlock()
	x.log.Warn("search index cannot be asked, columns answer alone", "err", err)
	return nil, func() {}
}

// count is how many words can be asked for, those beside the index among them.
func (x *index) count() int64 {
	x.mu.RLock()
	t := x.table
	x.mu.RUnlock() // whoever reads a table may be waiting for it
	if t == nil {
		return 0
	}
	return x.words.Load() + int64(len(t.Fresh()))
}
