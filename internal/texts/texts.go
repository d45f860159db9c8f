// Package texts keeps the JSON of each object's current version, packed, in files of its own, so that it is compared and
// answered without asking the database. Whatever it lacks is in the database; its folder may be deleted at any time.
//
// Invariant: a text is answered for exactly the key and version it was written for, byte for byte; anything else is a miss.
package texts

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/prometheus/client_golang/prometheus"
)

// Config is where texts are kept, and how many.
type Config struct {
	Dir        string
	Most       int64 // bytes on disk, beyond which the oldest go; 0 is 16 GiB
	Log        *slog.Logger
	Registerer prometheus.Registerer // nil leaves the metrics unregistered
}

// Store keeps texts. All methods may be called from many goroutines; none waits for a disk write but Write and Drop.
// A nil Store keeps nothing.
type Store struct {
	dir       string
	most      int64
	fileBytes int64 // but in tests the constant
	log       *slog.Logger
	metrics   *metrics
	places    places
	samples   *dictionaries
	loaded    chan struct{} // closed by Run

	writing sync.Mutex
	active  *file // the one that grows; nil when none could be made
	next    uint64
	failing bool

	filesMu sync.RWMutex
	files   atomic.Pointer[[]*file] // by slot, nil where one is free; changed as a whole by whoever holds filesMu

	drops     *drops
	droppedMu sync.Mutex
	dropped   map[uint64]uint64 // what drops lists, while the files are being loaded
}

const (
	// fileBytes is how large a file grows. A file is rewritten whole.
	fileBytes = 64 << 20
	// mostBytes is Config.Most unless it says otherwise.
	mostBytes = 16 << 30
)

// Open makes the folder, or takes over what is in it. Texts that were there are found once Run has loaded their places.
func Open(c Config) (*Store, error) {
	if c.Most == 0 {
		c.Most = mostBytes
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	s := &Store{dir: c.Dir, most: c.Most, fileBytes: fileBytes, log: c.Log, loaded: make(chan struct{})}
	s.files.Store(&[]*file{})
	if err := os.MkdirAll(c.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("open texts: %w", err)
	}
	var err error
	if s.samples, err = openDictionaries(filepath.Join(c.Dir, "dictionaries")); err != nil {
		return nil, fmt.Errorf("open texts: %w", err)
	}
	if s.drops, err = openDrops(filepath.Join(c.Dir, "dropped")); err != nil {
		return nil, fmt.Errorf("open texts: %w", errors.Join(err, s.samples.file.Close()))
	}
	if s.dropped, _, err = s.drops.read(); err == nil {
		err = s.openFiles()
	}
	if err != nil {
		return nil, fmt.Errorf("open texts: %w", errors.Join(err, s.Close()))
	}
	s.metrics = newMetrics(c.Registerer, s)
	return s, nil
}

// openFiles opens the files that are there, oldest first. The newest goes on growing behind its last whole record.
func (s *Store) openFiles() error {
	entries, err := os.ReadDir(s.dir)
	if err != nil {
		return err
	}
	var numbers []uint64
	for _, e := range entries {
		if n, ok := numberOf(e.Name()); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	for i, n := range numbers {
		s.next = n + 1
		f, err := openFile(s.dir, n)
		if errors.Is(err, errForeign) {
			s.log.Warn("file of texts is none, deleted", "file", nameOf(n))
			err = os.Remove(filepath.Join(s.dir, nameOf(n)))
			if err == nil {
				continue
			}
		}
		if err != nil {
			return err
		}
		if err := s.addFile(f); err != nil {
			return err
		}
		if i == len(numbers)-1 {
			end, err := f.each(f.end, func(head, int64) {})
			if err != nil {
				return err
			}
			if err := f.Truncate(end); err != nil {
				return err
			}
			f.end, f.before, s.active = end, end, f
		}
	}
	return nil
}

// Close closes the files, after Run.
func (s *Store) Close() error {
	if s == nil {
		return nil
	}
	s.writing.Lock()
	defer s.writing.Unlock()
	s.active = nil
	err := errors.Join(s.samples.file.Close(), s.drops.file.Close())
	for _, f := range s.all() {
		err = errors.Join(err, f.Close())
	}
	return err
}

// Run loads the places of what the files hold, then gives room back, until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	began := time.Now()
	for _, f := range s.all() {
		if err := s.load(ctx, f); err != nil {
			if ctx.Err() != nil {
				return nil
			}
			s.log.Warn("file of texts cannot be read", "file", nameOf(f.number), "err", err) // its texts are misses
		}
	}
	s.droppedMu.Lock()
	s.dropped = nil
	s.droppedMu.Unlock()
	if err := s.shorten(ctx); err != nil && ctx.Err() == nil {
		s.log.Warn("list of deleted texts cannot be shortened", "err", err)
	}
	close(s.loaded)
	if n := s.places.count(); n > 0 {
		s.log.Info("texts loaded", "objects", n, "took", time.Since(began).Round(time.Millisecond))
	}
	return s.sweep(ctx)
}

// Loaded is closed when all that the folder held is found.
func (s *Store) Loaded() <-chan struct{} { return s.loaded }

// load finds places again. Of several versions of an object the newest is its text.
func (s *Store) load(ctx context.Context, f *file) error {
	_, err := f.each(f.before, func(h head, at int64) {
		if ctx.Err() != nil || s.deleted(h) {
			return
		}
		p := placeAt(f.slot, at, h.recordBytes())
		for {
			before := s.places.get(h.digest)
			if before != 0 && s.verAt(before) >= h.ver {
				return
			}
			if s.swap(h.digest, before, p) {
				break
			}
		}
		if s.deleted(h) { // by now
			s.swap(h.digest, p, 0)
		}
	})
	return errors.Join(err, ctx.Err())
}

// deleted reports, while the files are being loaded, whether a record is of an object that was deleted.
func (s *Store) deleted(h head) bool {
	s.droppedMu.Lock()
	defer s.droppedMu.Unlock()
	return h.ver <= s.dropped[h.digest]
}

// verAt is the version of the record at p, 0 when it cannot be read.
func (s *Store) verAt(p place) uint64 {
	f := s.fileAt(p)
	var b [headBytes]byte
	if f == nil {
		return 0
	}
	if _, err := f.ReadAt(b[:], p.at()); err != nil {
		return 0
	}
	return readHead(b[:]).ver
}

// Text is a text that was written; Publish makes it the one that is found.
type Text struct {
	digest uint64
	file   *file
	place  place
}

// Write writes a text of a version. The zero Text says that it could not be: nobody need care.
func (s *Store) Write(k Key, ver uint64, text string) Text {
	if s == nil || text == "" {
		return Text{}
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	digest, seed := k.digest()
	dict, number := s.samples.of(k.Group, k.Resource, text)
	bytes := unsafe.Slice(unsafe.StringData(text), len(text)) // which are only read
	record, size := pack(buffer, dict, bytes)
	head{digest: digest, ver: ver, size: size, dictionary: number, check: checkOf(seed, bytes)}.write(record)
	if int64(len(record)) > s.fileBytes/4 {
		return Text{}
	}
	f, at := s.append(record)
	if f == nil {
		return Text{}
	}
	return Text{digest, f, placeAt(f.slot, at, int64(len(record)))}
}

// Publish makes t the text of its object.
func (s *Store) Publish(t Text) {
	if s == nil || t.file == nil {
		return
	}
	s.filesMu.RLock()
	defer s.filesMu.RUnlock()
	for !t.file.closed && !s.swap(t.digest, s.places.get(t.digest), t.place) {
	}
}

// Put is Write and Publish of a text that was read, unless it is there.
func (s *Store) Put(k Key, ver uint64, text string) {
	if s == nil {
		return
	}
	digest, _ := k.digest()
	if p := s.places.get(digest); p == 0 || s.verAt(p) != ver {
		s.Publish(s.Write(k, ver, text))
	}
}

// Drop forgets an object, which ended with version ver.
func (s *Store) Drop(k Key, ver uint64) {
	if s == nil {
		return
	}
	digest, _ := k.digest()
	s.droppedMu.Lock()
	loading := s.dropped != nil
	if loading {
		s.dropped[digest] = ver
	}
	s.droppedMu.Unlock()
	if !loading && s.places.get(digest) == 0 {
		return // it was dropped before
	}
	s.drops.add(digest, ver)
	for p := s.places.get(digest); p != 0 && !s.swap(digest, p, 0); p = s.places.get(digest) {
	}
}

// Get appends the text of exactly this version to dst.
func (s *Store) Get(dst []byte, k Key, ver uint64) (text []byte, ok bool) {
	if s == nil {
		return dst, false
	}
	digest, seed := k.digest()
	why := s.metrics.absent
	for p := s.places.get(digest); p != 0; {
		var bad bool
		if text, bad, ok = s.read(dst, p, digest, seed, ver); ok {
			s.metrics.hits.Inc()
			return text, true
		}
		if why = s.metrics.otherVersion; bad {
			why = s.metrics.corrupt
		}
		again := s.places.get(digest)
		if again == p {
			break
		}
		p = again // it was moved, or replaced, while it was read
	}
	why.Inc()
	return dst, false
}

// read appends the text at p to dst, when it is the one that is asked for.
func (s *Store) read(dst []byte, p place, digest uint64, seed uint32, ver uint64) (text []byte, bad, ok bool) {
	f := s.fileAt(p)
	if f == nil {
		return dst, false, false
	}
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	record := sized(buffer, p.size())
	if _, err := f.ReadAt(record, p.at()); err != nil {
		return dst, !f.gone.Load(), false
	}
	h := readHead(record)
	switch {
	case h.digest != digest || h.recordBytes() != p.size():
		return dst, true, false
	case h.ver != ver:
		return dst, false, false
	}
	text, err := s.samples.unpack(dst, h.dictionary, record[headBytes:headBytes+int64(h.size)])
	if err != nil || checkOf(seed, text[len(dst):]) != h.check {
		return dst, true, false
	}
	return text, false, true
}

// swap changes an object's place, and what the files concerned hold.
func (s *Store) swap(digest uint64, from, to place) bool {
	if !s.places.swap(digest, from, to) {
		return false
	}
	if f := s.fileAt(from); f != nil && from != 0 {
		f.living.Add(-from.size())
	}
	if f := s.fileAt(to); f != nil && to != 0 {
		f.living.Add(to.size())
	}
	return true
}

// append writes a record behind the others. No file says that it could not.
func (s *Store) append(record []byte) (f *file, at int64) {
	s.writing.Lock()
	defer s.writing.Unlock()
	var err error
	if f, err = s.growing(int64(len(record))); err == nil {
		at = f.end
		_, err = f.WriteAt(record, at)
	}
	if (err != nil) != s.failing {
		s.failing = err != nil
		if s.failing {
			s.log.Warn("texts cannot be written, the database is asked instead", "err", err)
		} else {
			s.log.Info("texts can be written again")
		}
	}
	if err != nil {
		s.metrics.failed.Inc()
		return nil, 0
	}
	f.end += int64(len(record))
	return f, at
}
