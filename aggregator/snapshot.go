package aggregator

import (
	"fmt"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// A list that would delete more than breakerShare of a kind, and more than breakerObjects of them, is believed
// only when the next one says the same: a list is short too when somebody took rights away.
const (
	breakerShare   = 0.5
	breakerObjects = 100
)

type breakerKey struct {
	cluster string
	gr      kube.GroupResource
}

// snapshot is a list of one kind on its way in.
type snapshot struct {
	id     uint64
	seen   map[name]bool
	count  uint64
	digest uint64
}

func (s *snapshot) saw(at name, c *ingestpb.ObjectChange) {
	s.seen[at] = true
	if c.Op == ingestpb.Op_OP_SNAPSHOT {
		s.count++
		s.digest ^= ingestpb.KeyDigest(c.Namespace, c.Name, c.Uid, c.ResourceVersion)
	}
}

// snapshotBegin opens a list. An unfinished one of the same kind was given up by the collector.
func (w *preparation) snapshotBegin(b *ingestpb.SnapshotBegin) {
	gr := groupResource(b.Resource)
	if w.snapshots[gr] != nil {
		w.server.metrics.snapshotsDiscarded.WithLabelValues("restarted").Inc()
	}
	w.snapshots[gr] = &snapshot{id: b.SnapshotId, seen: map[name]bool{}}
}

// snapshotEnd closes a list and deletes what it did not name, when the list is proven whole.
func (w *preparation) snapshotEnd(ver uint64, e *ingestpb.SnapshotEnd) error {
	gr := groupResource(e.Resource)
	snap := w.snapshots[gr]
	delete(w.snapshots, gr)
	switch {
	case snap == nil || snap.id != e.SnapshotId:
		w.discard(gr, "unopened", "A list of %s ended that had not begun", gr)
		return nil
	case snap.count != e.Count:
		w.discard(gr, "count", "A list of %s did not arrive whole: %d of %d objects", gr, snap.count, e.Count)
		return nil
	case snap.digest != e.Digest:
		w.discard(gr, "digest", "A list of %s did not arrive as it was sent", gr)
		return nil
	}
	absent := 0
	for at := range w.known[gr] {
		if !snap.seen[at] {
			absent++
		}
	}
	key := breakerKey{w.cluster, gr}
	if absent > breakerObjects && float64(absent) > breakerShare*float64(len(w.known[gr])) {
		if !w.server.confirmed(key, absent) {
			w.discard(gr, "breaker", "The newest list of %s lacks %d of %d objects: they stay until a second list confirms it", gr, absent, len(w.known[gr]))
			return nil
		}
	}
	w.server.unbreak(key)
	w.tracked[gr] = true
	w.after = append(w.after, func() { w.note(func(s *standing) { s.list(gr, "") }) })
	if absent == 0 {
		return nil
	}
	return w.removeAll(ver, gr, snap.seen, e.Resource, true)
}

// removeAll writes tombstones for every known object of a kind that is not in keep.
func (w *preparation) removeAll(ver uint64, gr kube.GroupResource, keep map[name]bool, r *ingestpb.Resource, meaningful bool) error {
	var gone []name
	for at := range w.known[gr] {
		if !keep[at] {
			gone = append(gone, at)
		}
	}
	if err := w.fetch(gr, gone); err != nil {
		return err
	}
	for _, at := range gone {
		w.remove(ver, gr, at, "", w.now, r, meaningful)
	}
	return nil
}

func (w *preparation) discard(gr kube.GroupResource, why, sentence string, args ...any) {
	sentence = fmt.Sprintf(sentence, args...) + "."
	w.server.metrics.snapshotsDiscarded.WithLabelValues(why).Inc()
	w.server.log.Warn("snapshot discarded, nothing deleted by it", "cluster", w.cluster, "resource", gr, "why", why)
	w.after = append(w.after, func() { w.note(func(s *standing) { s.list(gr, sentence) }) })
}

// confirmed reports whether an earlier list of this kind lacked about as much: within a tenth of this one.
func (s *Server) confirmed(key breakerKey, absent int) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	before, ok := s.breakers[key]
	s.breakers[key] = absent
	return ok && before*10 >= absent*9
}

func (s *Server) unbreak(key breakerKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.breakers, key)
}
