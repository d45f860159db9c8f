package texts

import (
	"context"
	"errors"
	"math"
	"os"
	"slices"
	"time"
)

// all are the files, oldest first.
func (s *Store) all() []*file {
	var all []*file
	for _, f := range *s.files.Load() {
		if f != nil {
			all = append(all, f)
		}
	}
	slices.SortFunc(all, func(a, b *file) int { return int(a.number) - int(b.number) })
	return all
}

func (s *Store) fileAt(p place) *file {
	if all := *s.files.Load(); int(p.slot()) < len(all) {
		return all[p.slot()]
	}
	return nil
}

var errSlots = errors.New("there are too many files")

// addFile gives f a slot.
func (s *Store) addFile(f *file) error {
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	all := slices.Clone(*s.files.Load())
	i := slices.Index(all, nil)
	if i < 0 {
		if len(all) > math.MaxUint16 {
			return errSlots
		}
		i, all = len(all), append(all, nil)
	}
	f.slot, all[i] = uint16(i), f
	s.files.Store(&all)
	return nil
}

// growing is the file that has room for so many bytes more. The caller holds writing.
func (s *Store) growing(size int64) (*file, error) {
	if s.active != nil && s.active.end+size <= s.fileBytes {
		return s.active, nil
	}
	f, err := createFile(s.dir, s.next)
	if err != nil {
		return nil, err
	}
	if err := s.addFile(f); err != nil {
		return nil, errors.Join(err, f.Close(), os.Remove(f.Name()))
	}
	s.next++
	s.active = f
	return f, nil
}

const (
	// sweepEvery is how often files are looked at.
	sweepEvery = time.Second
	// sweepPause follows each MiB that is written anew: 50 MB/s at most.
	sweepPause = 20 * time.Millisecond
	sweepPiece = 1 << 20
	// dropsMost is the length from which the list of deleted objects is looked through, after a million of them.
	dropsMost = 1 << 20 * dropBytes
)

// sweep gives room back until ctx ends.
func (s *Store) sweep(ctx context.Context) error {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		for f := s.worst(); f != nil && ctx.Err() == nil; f = s.worst() {
			if err := s.empty(ctx, f); err != nil && ctx.Err() == nil {
				s.log.Warn("file of texts cannot be given up", "file", nameOf(f.number), "err", err)
				break
			}
		}
		if s.drops.size() > dropsMost {
			if err := s.shorten(ctx); err != nil && ctx.Err() == nil {
				s.log.Warn("list of deleted texts cannot be shortened", "err", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// shorten leaves out of the list of deleted objects those of which no record is left.
func (s *Store) shorten(ctx context.Context) error {
	if s.drops.size() == 0 {
		return nil
	}
	all, end, err := s.drops.read()
	if err != nil {
		return err
	}
	keep := map[uint64]uint64{}
	for _, f := range s.all() {
		s.writing.Lock()
		until := f.end
		s.writing.Unlock()
		_, err := f.each(until, func(h head, _ int64) {
			if ver, ok := all[h.digest]; ok && h.ver <= ver {
				keep[h.digest] = ver
			}
		})
		if err := errors.Join(err, ctx.Err()); err != nil {
			return err
		}
	}
	return s.drops.keep(keep, end)
}

// worst is the file that is to be given up: one of which less than half is found, else the oldest while there are too
// many bytes. The one that grows is neither.
func (s *Store) worst() *file {
	s.writing.Lock()
	defer s.writing.Unlock()
	var oldest, worst *file
	total := int64(0)
	for _, f := range s.all() {
		total += f.end
		if f == s.active {
			continue
		}
		if oldest == nil {
			oldest = f
		}
		if living := f.living.Load(); living < f.end/2 && (worst == nil || living < worst.living.Load()) {
			worst = f
		}
	}
	if worst == nil && total > s.most {
		return oldest
	}
	return worst
}

// empty copies what is found of a file behind the others, unless there are too many, and deletes it.
func (s *Store) empty(ctx context.Context, f *file) error {
	s.filesMu.Lock()
	f.closed = true
	s.filesMu.Unlock()
	keep := f.living.Load() < f.end/2
	written := 0
	_, err := f.each(f.end, func(h head, at int64) {
		from := placeAt(f.slot, at, h.recordBytes())
		if ctx.Err() != nil || s.places.get(h.digest) != from {
			return
		}
		if !keep || !s.move(f, h, from) {
			s.swap(h.digest, from, 0)
			return
		}
		if written += int(h.recordBytes()); written > sweepPiece {
			written = 0
			select {
			case <-time.After(sweepPause):
			case <-ctx.Done():
			}
		}
	})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if f.living.Load() > 0 { // behind a head that is damaged
		s.places.removeAll(f.slot)
	}
	s.forget(f)
	return errors.Join(err, f.Close(), os.Remove(f.Name()))
}

// move copies a record to the file that grows.
func (s *Store) move(f *file, h head, from place) bool {
	buffer := buffers.Get().(*[]byte)
	defer buffers.Put(buffer)
	record := sized(buffer, from.size())
	if _, err := f.ReadAt(record, from.at()); err != nil {
		return false
	}
	into, at := s.append(record)
	if into == nil {
		return false
	}
	s.metrics.rewritten.Add(float64(len(record)))
	s.swap(h.digest, from, placeAt(into.slot, at, from.size())) // or it was replaced or deleted meanwhile
	return true
}

// forget frees a file's slot.
func (s *Store) forget(f *file) {
	s.filesMu.Lock()
	defer s.filesMu.Unlock()
	all := slices.Clone(*s.files.Load())
	all[f.slot] = nil
	s.files.Store(&all)
	f.gone.Store(true)
}

// bytes is what the files take, and what of it is found.
func (s *Store) bytes() (total, living int64) {
	s.writing.Lock()
	defer s.writing.Unlock()
	for _, f := range s.all() {
		total, living = total+f.end, living+f.living.Load()
	}
	return total, living
}
