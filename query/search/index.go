package search

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/blevesearch/bleve/v2"
	"github.com/blevesearch/bleve/v2/index/scorch"
	"github.com/blevesearch/bleve/v2/search"
	"github.com/blevesearch/bleve/v2/search/query"

	"github.com/foretop/foretop/query/ql"
)

// indexFormat is raised when documents change their shape; an index of another format is rebuilt.
const indexFormat = "1"

// vector is how far each cluster's versions were followed, by cluster UID.
type vector map[string]uint64

// index is the bleve index in its folder. It is opened, filled and replaced by one goroutine, and read by many.
type index struct {
	dir string
	log *slog.Logger

	mu    sync.RWMutex // held to read while searching, to write while the index is replaced
	bleve bleve.Index  // nil while there is none that may be asked
	since time.Time    // for how long changes wait to be written; zero when none does
}

// waits says how many changes wait to be written.
func (x *index) waits(changes int) {
	x.mu.Lock()
	defer x.mu.Unlock()
	switch {
	case changes == 0:
		x.since = time.Time{}
	case x.since.IsZero():
		x.since = time.Now()
	}
}

// behind is for how long a change has not been written.
func (x *index) behind() time.Duration {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.since.IsZero() {
		return 0
	}
	return time.Since(x.since)
}

func newIndex(dir string, log *slog.Logger) *index { return &index{dir: dir, log: log} }

func (x *index) path() string { return filepath.Join(x.dir, "objects.bleve") }

// open answers how far an existing index got, or nil when there is none that can be used.
func (x *index) open() vector {
	b, err := bleve.OpenUsing(x.path(), indexConfig)
	if errors.Is(err, bleve.ErrorIndexPathDoesNotExist) {
		return nil
	}
	if err != nil {
		x.log.Warn("search index cannot be opened, rebuilding it", "dir", x.path(), "err", err)
		return nil
	}
	format, err := b.GetInternal([]byte("format"))
	if err != nil || string(format) != formatID() {
		x.log.Info("search index has another format, rebuilding it", "dir", x.path(), "format", string(format))
		b.Close()
		return nil
	}
	v := vector{}
	stored, err := b.GetInternal([]byte("vector"))
	if err == nil {
		err = json.Unmarshal(stored, &v)
	}
	if err != nil {
		x.log.Warn("search index does not say how far it got, rebuilding it", "dir", x.path(), "err", err)
		b.Close()
		return nil
	}
	x.publish(b)
	return v
}

// indexConfig: a batch returns when it is searchable. What a crash loses of it, the vector in the same batch
// loses too, and following the feed from there brings it back.
var indexConfig = map[string]any{"unsafe_batch": true}

// create makes an empty index in place of whatever is there. It is not published: nobody searches a half-built one.
func (x *index) create() (bleve.Index, error) {
	x.close()
	if err := os.RemoveAll(x.path()); err != nil {
		return nil, fmt.Errorf("remove old search index: %w", err)
	}
	if err := os.MkdirAll(x.dir, 0o700); err != nil {
		return nil, fmt.Errorf("create folder for search index: %w", err)
	}
	b, err := bleve.NewUsing(x.path(), ql.IndexMapping(), scorch.Name, scorch.Name, indexConfig)
	if err != nil {
		return nil, fmt.Errorf("create search index %s: %w", x.path(), err)
	}
	return b, nil
}

func (x *index) publish(b bleve.Index) {
	x.mu.Lock()
	x.bleve = b
	x.mu.Unlock()
}

func (x *index) close() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.bleve != nil {
		if err := x.bleve.Close(); err != nil {
			x.log.Warn("search index did not close cleanly", "err", err)
		}
		x.bleve = nil
	}
}

// current is the index that may be asked, nil while there is none.
func (x *index) current() bleve.Index {
	x.mu.RLock()
	defer x.mu.RUnlock()
	return x.bleve
}

func (x *index) ready() bool { return x.current() != nil }

// documents is the number of objects in the index.
func (x *index) documents() uint64 {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.bleve == nil {
		return 0
	}
	n, err := x.bleve.DocCount()
	if err != nil {
		return 0
	}
	return n
}

// apply puts documents and the vector into b in one batch: neither is ever there without the other.
func apply(b bleve.Index, versions []changed, v vector) error {
	batch := b.NewBatch()
	for _, c := range versions {
		id := documentID(c.key)
		if c.deleted {
			batch.Delete(id)
			continue
		}
		if err := batch.Index(id, ql.Document(c.object)); err != nil {
			return fmt.Errorf("index %s: %w", id, err)
		}
	}
	if v != nil {
		stored, err := json.Marshal(v)
		if err != nil {
			return fmt.Errorf("encode vector: %w", err)
		}
		batch.SetInternal([]byte("format"), []byte(formatID()))
		batch.SetInternal([]byte("vector"), stored)
	}
	if err := b.Batch(batch); err != nil {
		return fmt.Errorf("write search index: %w", err)
	}
	return nil
}

// formatID changes with the mapping, too: ql owns it, and a new field must not be missing in old documents.
func formatID() string {
	m, err := json.Marshal(ql.IndexMapping())
	if err != nil {
		panic(err) // a mapping made by code
	}
	return indexFormat + "-" + listID(string(m))
}

func documentID(k key) string {
	return k.cluster + "|" + k.group + "/" + k.resource + "|" + k.namespace + "|" + k.name
}

func parseDocumentID(id string) (key, error) {
	parts := strings.SplitN(id, "|", 4)
	if len(parts) != 4 {
		return key{}, fmt.Errorf("document id %q is not one of ours", id)
	}
	group, resource, ok := strings.Cut(parts[1], "/")
	if !ok {
		return key{}, fmt.Errorf("document id %q has no resource", id)
	}
	return key{cluster: parts[0], group: group, resource: resource, namespace: parts[2], name: parts[3]}, nil
}

// find answers the keys of at most limit documents that match q, in no order; more says that there are others.
// ok is false when there is no index to ask.
func (x *index) find(ctx context.Context, q query.Query, limit int) (keys []key, more, ok bool, err error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	if x.bleve == nil {
		return nil, false, false, nil
	}
	// Below bleve's collectors: nothing is scored, sorted or loaded, the hits' ids are all that is wanted.
	advanced, err := x.bleve.Advanced()
	if err != nil {
		return nil, false, false, fmt.Errorf("open search index: %w", err)
	}
	reader, err := advanced.Reader()
	if err != nil {
		return nil, false, false, fmt.Errorf("read search index: %w", err)
	}
	defer reader.Close()
	searcher, err := q.Searcher(ctx, reader, x.bleve.Mapping(), search.SearcherOptions{Score: "none"})
	if errors.Is(err, ql.ErrBroad) {
		return nil, true, true, nil
	}
	if err != nil {
		return nil, false, false, fmt.Errorf("search index: %w", err)
	}
	defer searcher.Close()
	var ids [][]byte // naming a document costs more than finding it, and there may be too many
	sc := &search.SearchContext{DocumentMatchPool: search.NewDocumentMatchPool(searcher.DocumentMatchPoolSize()+1, 0), IndexReader: reader}
	for {
		hit, err := searcher.Next(sc)
		if err != nil {
			return nil, false, false, fmt.Errorf("search index: %w", err)
		}
		if hit == nil {
			break
		}
		if len(ids) == limit {
			return nil, true, true, nil
		}
		ids = append(ids, slices.Clone(hit.IndexInternalID))
		sc.DocumentMatchPool.Put(hit)
	}
	keys = make([]key, 0, len(ids))
	for _, internal := range ids {
		id, err := reader.ExternalID(internal)
		if err != nil {
			return nil, false, false, fmt.Errorf("read hit: %w", err)
		}
		k, err := parseDocumentID(id)
		if err != nil {
			return nil, false, false, err
		}
		keys = append(keys, k)
	}
	return keys, false, true, nil
}

// names answers how many documents carry each object name that begins with prefix, the first limit in order.
func (x *index) names(prefix string, limit int) (map[string]int, error) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	found := map[string]int{}
	if x.bleve == nil {
		return found, nil
	}
	dict, err := x.bleve.FieldDictPrefix(ql.FieldName, []byte(strings.ToLower(prefix)))
	if err != nil {
		return nil, fmt.Errorf("read names from search index: %w", err)
	}
	defer dict.Close()
	for len(found) < limit {
		entry, err := dict.Next()
		if err != nil {
			return nil, fmt.Errorf("read names from search index: %w", err)
		}
		if entry == nil {
			break
		}
		found[entry.Term] = int(entry.Count)
	}
	return found, nil
}

func (v vector) clone() vector { return maps.Clone(v) }
