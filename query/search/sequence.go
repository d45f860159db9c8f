package search

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

const (
	// loadPatience is how long somebody who follows waits for a hub that has just started.
	loadPatience = 20 * time.Second
	// quietFor is how often somebody who follows is told the position while nothing matches.
	quietFor = time.Second
	// stepsPause is how long steps are gathered after others were sent: at a thousand changes a second that is ten times
	// less to write, and wakes those who follow as much less often.
	stepsPause = 20 * time.Millisecond
	// readAnew is how old the reading of a question may be that versions are judged by: ages move on, kinds come.
	readAnew = time.Second
)

var errExpired = &access.Error{Code: "EXPIRED", Message: "What happened since then cannot be told one by one any more.", Fix: "Ask for the current state and follow from there."}

// Follow sends every version of matching objects after a position, each once, in the order of its cluster. The channel
// closes when ctx ends, after Steps with an Err, or when the caller leaves too much unread: then it may go on from the
// last position. The query is asked of objects alone: not of owners or Nodes, nor of the past. Those who follow the same
// question get the same Steps, which nobody may change.
func (s *Service) Follow(ctx context.Context, scope access.Scope, query string, from records.Position) (<-chan records.Steps, error) {
	s.metrics.observe("follow")()
	a, err := s.ask(ctx, scope, query, ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	if !a.q.Alone() || !a.q.At().IsZero() || a.q.Deleted() {
		return nil, &access.Error{Code: "QL_UNSUPPORTED", Message: "Only what stands in an object itself, now, can be followed."}
	}
	if a.ofEvents() {
		return s.followEvents(ctx, scope, query, a, from)
	}
	if err := s.loaded(ctx); err != nil {
		return nil, err
	}
	l := &listener{ctx: ctx, out: make(chan records.Steps, stepsBuffer)}
	w, err := s.sequences.join(ctx, s, sequenceKey{scope, query}, l)
	if err != nil {
		return nil, err
	}
	l.sequence = w
	if err := l.catchUp(a, from); err != nil {
		s.sequences.leave(w, l)
		return nil, err
	}
	context.AfterFunc(ctx, func() { s.sequences.leave(w, l) })
	return l.out, nil
}

// loaded waits a while for columns that follow.
func (s *Service) loaded(ctx context.Context) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(loadPatience); ; {
		if s.table.Load() != nil && s.feed.caughtUp(ctx, presentWait) {
			return nil
		}
		if time.Now().After(deadline) {
			return errLoading
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// sequences are the questions that are followed, each once, however many follow it.
type sequences struct {
	mu  sync.Mutex
	all map[sequenceKey]*sequence
}

type sequenceKey struct {
	scope access.Scope
	query string
}

// join gives a question one more listener, who is told nothing before it caught up.
func (q *sequences) join(ctx context.Context, s *Service, key sequenceKey, l *listener) (*sequence, error) {
	for {
		q.mu.Lock()
		w := q.all[key]
		mine := w == nil
		if mine {
			w = &sequence{s: s, sequenceKey: key, begun: make(chan struct{}), listeners: map[*listener]struct{}{}}
			if q.all == nil {
				q.all = map[sequenceKey]*sequence{}
			}
			q.all[key] = w
		}
		q.mu.Unlock()
		if mine {
			s.feed.add(w)
			w.failed = w.begin()
			close(w.begun)
		}
		select {
		case <-w.begun:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		w.mu.Lock()
		joined := w.failed == nil && !w.ended
		if joined {
			w.flush()
			l.from = w.position
			w.listeners[l] = struct{}{}
		}
		w.mu.Unlock()
		if joined {
			return w, nil
		}
		q.forget(w)
		if w.failed != nil {
			return nil, w.failed
		}
	}
}

// leave takes a listener away, and the question with the last of them.
func (q *sequences) leave(w *sequence, l *listener) {
	w.mu.Lock()
	delete(w.listeners, l)
	l.close()
	last := len(w.listeners) == 0 && !w.ended
	if last {
		w.end(nil)
	}
	w.mu.Unlock()
	if last {
		q.forget(w)
	}
}

func (q *sequences) forget(w *sequence) {
	q.mu.Lock()
	if q.all[w.sequenceKey] == w {
		delete(q.all, w.sequenceKey)
	}
	q.mu.Unlock()
	w.s.feed.remove(w)
}

// sequence turns the feed into the steps of one question. The feed's goroutine hands versions to take.
type sequence struct {
	s *Service
	sequenceKey
	begun  chan struct{} // closed when begin is through
	failed error         // of begin

	mu        sync.Mutex
	asked     *question           // as it was read last
	signature uint64              // of the fleet then
	kind      *kube.GroupResource // the only one that can match; nil for any
	about     map[string]bool     // clusters whose objects can match; nil for all
	matching  map[uint64]struct{} // digests of the keys that match at position; nil until begin
	position  records.Position    // never changed in place
	passed    bool                // the feed is as far as columns were in the beginning
	members   map[string]bool     // clusters seen, of those in about
	waiting   []look              // what came before begin
	gathered  records.Steps       // to be sent together
	flushing  *time.Timer         // nil unless something is gathered
	told      time.Time
	ended     bool

	listeners map[*listener]struct{}
}

// begin finds out what matches now.
func (w *sequence) begin() error {
	ctx := context.Background() // for all who will follow
	a, err := w.s.ask(ctx, w.scope, w.query, ql.Resources, time.Time{})
	if err != nil {
		return err
	}
	matching := map[uint64]struct{}{}
	var position records.Position
	ok, err := a.inColumns(ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if !ok {
			return false, nil
		}
		position = a.f.visible(r.v.Position())
		set.Each(func(row uint32) {
			k, _ := r.v.Version(row)
			matching[key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}.digest()] = struct{}{}
		})
		return true, nil
	})
	switch {
	case err != nil:
		return err
	case !ok:
		return errLoading
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.matching, w.position = matching, position
	w.read(a)
	waiting := w.waiting
	w.waiting = nil
	for _, l := range waiting {
		w.judge(l)
	}
	return nil
}

// read notes how the question is understood as things stand. The caller holds mu.
func (w *sequence) read(a *question) {
	ctx := context.Background()
	w.asked, w.signature, w.kind, w.about = a, a.f.sign(), nil, nil
	var served []kube.GroupResource
	for _, k := range w.s.kinds.served(ctx) {
		served = append(served, k.GroupResource)
	}
	if kinds := a.q.Kinds(served); len(kinds) == 1 {
		w.kind = &kinds[0]
	}
	if named := a.named(ctx); named != nil {
		w.about = map[string]bool{}
		for uid, name := range a.f.byUID {
			if named(name) {
				w.about[uid] = true
			}
		}
	}
	if w.members == nil {
		w.members = map[string]bool{}
	}
	for uid := range a.f.byUID {
		if w.about == nil || w.about[uid] {
			w.members[uid] = true
		}
	}
}

// take is called by the feed.
func (w *sequence) take(l look) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.matching == nil {
		w.waiting = append(w.waiting, l)
		return
	}
	w.judge(l)
}

// end closes all channels, after err when there is one. The caller holds mu.
func (w *sequence) end(err error) {
	if w.ended {
		return
	}
	w.flush()
	w.ended = true
	for l := range w.listeners {
		if err != nil {
			l.send(records.Steps{Err: err})
		}
		l.close()
	}
}

// judge sends what versions mean. The caller holds mu.
func (w *sequence) judge(l look) {
	if w.ended {
		return
	}
	relevant := w.relevant(l)
	if l.fleet.signature != w.signature || len(relevant) > 0 && time.Since(w.asked.now) > readAnew {
		if !w.readAgain() {
			return
		}
		relevant = w.relevant(l)
	}
	a := w.asked
	var list []records.Step
	for _, c := range relevant {
		if _, visible := a.f.byUID[c.cluster]; !visible {
			continue
		}
		id := c.key.digest()
		_, was := w.matching[id]
		object := c.object
		if ref := a.f.ref(c.key); ref != object.Ref { // it is another reader's, too
			renamed := *object
			renamed.Ref = ref
			object = &renamed
		}
		is := !c.deleted && a.q.Eval(object, ql.Others{})
		if step := stepOf(was, is, object); step != nil {
			list = append(list, *step)
		}
		if is {
			w.matching[id] = struct{}{}
		} else {
			delete(w.matching, id)
		}
	}
	w.advance(l.position)
	if len(list) == 0 && time.Since(w.told) < quietFor {
		return
	}
	if err := w.complete(a, list); err != nil {
		w.end(err)
		return
	}
	w.gather(list)
}

// relevant are the versions that can match by what all keys say. The caller holds mu.
func (w *sequence) relevant(l look) (some []changed) {
	for _, c := range l.all {
		if (w.kind == nil || c.group == w.kind.Group && c.resource == w.kind.Resource) && (w.about == nil || w.about[c.cluster]) && c.object.Ver > w.position[c.cluster] {
			some = append(some, c)
		}
	}
	return some
}

// advance moves the position on. The feed's is behind it until all has come that columns had when the sequence began. The
// caller holds mu.
func (w *sequence) advance(to records.Position) {
	if !w.passed {
		w.passed = true
		for uid, ver := range w.position {
			if next, member := to[uid]; member && next < ver {
				w.passed = false
			}
		}
		if !w.passed {
			merged := maps.Clone(to)
			for uid, ver := range w.position {
				merged[uid] = max(merged[uid], ver)
			}
			to = merged
		}
	}
	w.position = to
}

// readAgain reads the question as things stand. It reports false when what was followed cannot be any more. The caller
// holds mu.
func (w *sequence) readAgain() bool {
	a, err := w.s.ask(context.Background(), w.scope, w.query, ql.Resources, time.Time{})
	if err != nil {
		w.end(err)
		return false
	}
	for uid := range w.members {
		if _, still := a.f.byUID[uid]; !still {
			w.end(errExpired) // its objects went without a version
			return false
		}
	}
	w.read(a)
	return true
}

// gather sends steps at once when none were sent lately, and together with others otherwise. The caller holds mu.
func (w *sequence) gather(list []records.Step) {
	w.gathered.List = append(w.gathered.List, list...)
	w.gathered.Position = w.position
	switch {
	case w.flushing != nil:
	case time.Since(w.told) >= stepsPause:
		w.flush()
	default:
		w.flushing = time.AfterFunc(stepsPause, func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.flush()
		})
	}
}

// flush sends what was gathered. The caller holds mu.
func (w *sequence) flush() {
	steps := w.gathered
	w.gathered = records.Steps{}
	if w.flushing != nil {
		w.flushing.Stop()
		w.flushing = nil
	}
	if steps.Position == nil || w.ended {
		return
	}
	w.told = time.Now()
	steps.Shared = new(records.Shared)
	for l := range w.listeners {
		l.take(steps)
	}
}

// complete reads the JSON that the feed left out.
func (w *sequence) complete(a *question, steps []records.Step) error {
	var keys []key
	var vers []uint64
	at := map[keyVersion]int{}
	for i, s := range steps {
		if s.Object.JSON == nil {
			k := keyOf(s.Object)
			keys, vers = append(keys, k), append(vers, s.Object.Ver)
			at[keyVersion{k, s.Object.Ver}] = i
		}
	}
	if len(keys) == 0 {
		return nil
	}
	objects, err := w.s.versions(context.Background(), a.f, keys, vers, true)
	if err != nil {
		return err
	}
	for _, o := range objects {
		whole := *steps[at[keyVersion{keyOf(o), o.Ver}]].Object
		whole.JSON = o.JSON
		steps[at[keyVersion{keyOf(o), o.Ver}]].Object = &whole
	}
	return nil
}
