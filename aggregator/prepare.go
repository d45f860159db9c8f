package aggregator

import (
	"context"
	"fmt"
	"slices"
	"time"
	"unique"
	"unsafe"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/owners"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// prepare turns a batch into rows and moves what is known of the cluster on. mu is held. An error ends the
// session or refuses the batch before anything has moved.
func (s *Session) prepare(b *ingestpb.Batch) (*pending, error) {
	last := s.lastSeq
	for _, r := range b.Records {
		if r.Seq <= last || r.Seq >= 1<<seqBits {
			return nil, fmt.Errorf("batch %d of cluster %s: record %d follows record %d", b.BatchSeq, s.cluster, r.Seq, last)
		}
		last = r.Seq
	}
	p := &pending{session: s, batchSeq: b.BatchSeq, records: len(b.Records), objects: map[objectKey]string{}, done: make(chan struct{})}
	w := &preparation{Session: s, pending: p, now: time.Now().UTC().Truncate(time.Millisecond)}
	if err := w.fetchPrevious(b); err != nil {
		return nil, err
	}
	for _, r := range b.Records {
		if err := w.record(r); err != nil {
			s.end(err) // half of the batch has moved what is known: only a new session knows again
			return nil, err
		}
	}
	s.lastSeq, p.lastSeq = last, last
	s.living.Store(int64(s.known.size()))
	s.sweepEvents(w.now)
	return p, nil
}

// preparation is the work on one batch.
type preparation struct {
	*Session
	*pending
	now     time.Time
	fetched map[kube.GroupResource]map[name]string
}

func (w *preparation) record(r *ingestpb.Record) error {
	ver := w.epoch<<seqBits | r.Seq
	switch body := r.Body.(type) {
	case *ingestpb.Record_Object:
		w.object(ver, body.Object)
	case *ingestpb.Record_SnapshotBegin:
		w.snapshotBegin(body.SnapshotBegin)
	case *ingestpb.Record_SnapshotEnd:
		return w.snapshotEnd(ver, body.SnapshotEnd)
	case *ingestpb.Record_Event:
		w.event(ver, body.Event)
	case *ingestpb.Record_EventsListed:
		w.eventsListed(ver, body.EventsListed)
	case *ingestpb.Record_ResourceState:
		return w.resourceState(ver, body.ResourceState)
	case *ingestpb.Record_Heartbeat:
		w.heartbeat(body.Heartbeat)
	case *ingestpb.Record_Document:
		w.document(body.Document)
	case *ingestpb.Record_Documents:
		return w.documents(ver, body.Documents)
	default:
		// A collector newer than the hub: what it says more is not lost on purpose, so it is counted and logged.
		w.server.metrics.rejected.WithLabelValues("unknown_record").Inc()
		w.server.log.Warn("record of unknown kind skipped; is the hub older than the collector?", "cluster", w.cluster, "seq", r.Seq)
	}
	return nil
}

type objectKey struct {
	cluster string
	gr      kube.GroupResource
	name
}

// text is the key as the texts have it.
func (k objectKey) text() texts.Key {
	return texts.Key{Cluster: k.cluster, Group: k.gr.Group, Resource: k.gr.Resource, Namespace: k.namespace, Name: k.name.name}
}

func groupResource(r *ingestpb.Resource) kube.GroupResource {
	return kube.GroupResource{Group: r.GetGroup(), Resource: r.GetResource()}
}

// observed is the collector's moment when it can be true, else the hub's.
func (w *preparation) observed(ms int64) time.Time {
	t := time.UnixMilli(ms).UTC()
	if ms <= 0 || t.After(w.now.Add(10*time.Minute)) || t.Before(w.now.Add(-7*24*time.Hour)) {
		return w.now
	}
	return t
}

func (w *preparation) object(ver uint64, c *ingestpb.ObjectChange) {
	gr, at := groupResource(c.Resource), name{c.Namespace, c.Name}
	before := w.known.get(gr, at)
	if c.Op == ingestpb.Op_OP_DELETE {
		if before != nil && c.Uid != "" && before.uid != c.Uid {
			return // of an older object of this name
		}
		w.remove(ver, gr, at, string(c.Object), w.observed(c.ObservedMs), c.Resource, true)
		return
	}
	if snap := w.snapshots[gr]; snap != nil {
		snap.saw(at, c)
	}
	if before.heldAs(c) {
		w.server.metrics.unchanged.Inc()
		return
	}
	text := unsafe.String(unsafe.SliceData(c.Object), len(c.Object)) // which nobody changes
	var summary kube.Summary
	managers := managersOf(c.Managers)
	err := safely(func() (err error) {
		summary, err = kube.SummarizeText(text)
		owners.Note(&summary, managers)
		return err
	})
	if err != nil {
		w.server.metrics.rejected.WithLabelValues("object").Inc()
		w.server.log.Warn("object cannot be read, skipped", "cluster", w.cluster, "resource", gr, "namespace", c.Namespace, "name", c.Name, "err", err)
		return
	}
	v := &version{
		gr: gr, at: at, apiVersion: c.Resource.GetVersion(), kind: c.Resource.GetKind(), ver: ver,
		observedAt: w.observed(c.ObservedMs), summary: summary, text: text,
		now: object{uid: c.Uid, resourceVersion: c.ResourceVersion, apiVersion: unique.Make(c.Resource.GetVersion()), digest: c.RedactedDigest, derived: kube.Derivation, ver: ver},
	}
	if v.kind == "" {
		v.kind = summary.Kind
	}
	if before == nil || before.uid != c.Uid { // or another object has taken the name while nobody looked
		w.firstSight(v, c.Op, managers)
	} else {
		w.compare(v, before, managers)
	}
	w.put(v)
}

// firstSight describes the first version of an object: what is known of its past is what it says itself.
func (w *preparation) firstSight(v *version, op ingestpb.Op, managers []kube.Manager) {
	v.op, v.meaningful = "add", true
	if op == ingestpb.Op_OP_SNAPSHOT {
		// The first list of a kind tells no news; an object that a later list shows came while nobody looked.
		v.op, v.meaningful = "snapshot", w.tracked[v.gr]
	}
	v.now.changedAt = v.summary.CreatedAt
	for _, m := range managers {
		if m.Subresource == "status" {
			continue
		}
		v.by = m.Name
		if t := time.Unix(m.Time, 0).UTC(); m.Time > 0 && t.After(v.now.changedAt) && !t.After(w.now) {
			v.now.changedAt = t
		}
		break // managers come newest first
	}
	if v.now.changedAt.IsZero() {
		v.now.changedAt = v.observedAt
	}
	v.now.changedBy = v.by
}

// compare describes a version by what differs from the one before.
func (w *preparation) compare(v *version, before *object, managers []kube.Manager) {
	v.op, v.previous = "update", before.ver
	err := safely(func() (err error) {
		v.paths, v.meaningful, err = kube.ChangedPathsOfText(w.previousText(v.gr, v.at), v.text)
		return err
	})
	if err != nil {
		// The database does not hold what it held: say that something changed rather than that nothing did.
		w.server.metrics.rejected.WithLabelValues("previous").Inc()
		w.server.log.Warn("previous object cannot be read", "cluster", w.cluster, "resource", v.gr, "namespace", v.at.namespace, "name", v.at.name, "err", err)
		v.meaningful = true
	}
	if before.digest != v.now.digest {
		v.meaningful = true
		if !slices.Contains(v.paths, "data") {
			v.paths = append(v.paths, "data")
			slices.Sort(v.paths)
		}
	}
	if err := safely(func() error { v.by = kube.ActorOf(managers, v.paths); return nil }); err != nil {
		w.server.log.Warn("managers of object cannot be read", "cluster", w.cluster, "resource", v.gr, "namespace", v.at.namespace, "name", v.at.name, "err", err)
	}
	if before.resourceVersion == v.now.resourceVersion { // the member has not touched it: only its form is another
		v.meaningful, v.by = false, ""
	}
	if v.meaningful {
		v.now.changedAt, v.now.changedBy, v.now.changedPaths = v.observedAt, v.by, v.paths
	} else {
		v.now.changedAt, v.now.changedBy, v.now.changedPaths = before.changedAt, before.changedBy, before.changedPaths
	}
}

// safely runs what reads objects, which are anybody's: one of them must not end the hub that others share.
func safely(f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	return f()
}

// put adds a version of a living object to the batch.
func (w *preparation) put(v *version) {
	w.versions = append(w.versions, v)
	v.written = w.server.texts.Write(objectKey{w.cluster, v.gr, v.at}.text(), v.ver, v.text)
	w.known.put(v.gr, v.at, &v.now)
	w.objects[objectKey{w.cluster, v.gr, v.at}] = v.text
}

// remove adds the tombstone of an object: its last known columns, marked deleted. text is its last state when the
// member told it. meaningful is false when the object left our sight and not the cluster.
func (w *preparation) remove(ver uint64, gr kube.GroupResource, at name, text string, when time.Time, r *ingestpb.Resource, meaningful bool) {
	before := w.known.get(gr, at)
	if before == nil && text == "" {
		return // never seen, or deleted before
	}
	v := &version{
		gr: gr, at: at, apiVersion: r.GetVersion(), kind: r.GetKind(), ver: ver, op: "delete", meaningful: meaningful,
		observedAt: when, deletedAt: when, text: text,
	}
	if before != nil {
		v.now, v.previous = *before, before.ver
		if text == "" {
			v.text = w.previousText(gr, at)
		}
	}
	if s, err := kube.SummarizeText(v.text); err == nil {
		v.summary = s
		owners.Note(&v.summary, nil)
	}
	if before == nil {
		v.now.uid, v.now.resourceVersion = v.summary.UID, v.summary.ResourceVersion
	}
	if v.kind == "" {
		v.kind = v.summary.Kind
	}
	v.now.ver, v.now.derived = ver, kube.Derivation
	if meaningful {
		v.now.changedAt, v.now.changedBy, v.now.changedPaths = when, "", nil
	}
	w.versions = append(w.versions, v)
	delete(w.known[gr], at)
	w.objects[objectKey{w.cluster, gr, at}] = ""
}

func managersOf(in []*ingestpb.Manager) []kube.Manager {
	out := make([]kube.Manager, len(in))
	for i, m := range in {
		out[i] = kube.Manager{Name: m.Name, Operation: m.Operation, Subresource: m.Subresource, Time: m.TimeUnix, FieldsV1: m.FieldsV1}
	}
	return out
}

// previousText is the JSON of the version before: of this batch, of a batch on its way, or fetched.
func (w *preparation) previousText(gr kube.GroupResource, at name) string {
	key := objectKey{w.cluster, gr, at}
	if text, ok := w.uncommitted(key); ok {
		return text
	}
	return w.fetched[gr][at]
}

// uncommitted finds an object's newest JSON among batches that the database may not have yet.
func (w *preparation) uncommitted(key objectKey) (string, bool) {
	if text, ok := w.objects[key]; ok {
		return text, true
	}
	w.ackMu.Lock()
	defer w.ackMu.Unlock()
	for seq := w.taken; seq > w.durable; seq-- {
		if p := w.waiting[seq]; p != nil {
			if text, ok := p.objects[key]; ok {
				return text, true
			}
		}
	}
	return "", false
}

// fetchPrevious gets the objects that the batch changes: those that are not kept from the database, in one go per kind.
func (w *preparation) fetchPrevious(b *ingestpb.Batch) error {
	missing := map[kube.GroupResource][]name{}
	for _, r := range b.Records {
		c := r.GetObject()
		if c == nil {
			continue
		}
		gr, at := groupResource(c.Resource), name{c.Namespace, c.Name}
		before := w.known.get(gr, at)
		if before == nil || c.Op != ingestpb.Op_OP_DELETE && before.heldAs(c) {
			continue
		}
		missing[gr] = append(missing[gr], at)
	}
	for gr, at := range missing {
		if err := w.fetch(gr, at); err != nil {
			return err
		}
	}
	return nil
}

func (w *preparation) fetch(gr kube.GroupResource, at []name) error {
	var need []held
	for _, n := range at {
		key := objectKey{w.cluster, gr, n}
		if _, ok := w.uncommitted(key); ok {
			continue
		}
		before := w.known.get(gr, n)
		if before == nil {
			continue
		}
		if text, ok := w.server.texts.Get(nil, key.text(), before.ver); ok {
			w.keep(gr, n, unsafe.String(unsafe.SliceData(text), len(text))) // nobody else has it
			continue
		}
		need = append(need, held{n, before.ver})
	}
	if len(need) == 0 {
		return nil
	}
	w.server.metrics.previousRead.Add(float64(len(need)))
	return w.patiently(func(ctx context.Context) error {
		got, err := w.server.readObjects(ctx, w.cluster, gr, need)
		for n, text := range got {
			w.keep(gr, n, text)
		}
		return err
	})
}

func (w *preparation) keep(gr kube.GroupResource, at name, text string) {
	if w.fetched == nil {
		w.fetched = map[kube.GroupResource]map[name]string{}
	}
	if w.fetched[gr] == nil {
		w.fetched[gr] = map[name]string{}
	}
	w.fetched[gr][at] = text
}

func (w *preparation) resourceState(ver uint64, st *ingestpb.ResourceState) error {
	gr := groupResource(st.Resource)
	w.states = append(w.states, &state{ver: ver, changedAt: w.now, ResourceState: st})
	switch st.State {
	case ingestpb.ResourceState_STATE_GONE, ingestpb.ResourceState_STATE_EXCLUDED:
		if err := w.removeAll(ver, gr, nil, st.Resource, st.State == ingestpb.ResourceState_STATE_GONE); err != nil {
			return err
		}
		delete(w.snapshots, gr)
		delete(w.tracked, gr)
	}
	w.after = append(w.after, func() { w.note(func(s *standing) { s.resource(gr, st) }) })
	return nil
}

func (w *preparation) heartbeat(h *ingestpb.Heartbeat) {
	now := w.now
	w.after = append(w.after, func() { w.note(func(s *standing) { s.heartbeat(h, now) }) })
}
