package search

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// eventPause is how often events are looked for while nobody in this process says that there are any.
const eventPause = time.Second

// eventStep is what happened to an event: a revision of it, or its end, of which object is the last revision.
type eventStep struct {
	ver    uint64
	gone   bool
	object *records.Object
}

// eventID is an event's identity in eight bytes, as hereNow has it.
func eventID(cluster, uid string) uint64 { return xxhash.Sum64String(cluster + "|" + uid) }

// eventFeed reads what happens to events, once for all who follow them, and nothing while nobody does.
type eventFeed struct {
	s    *Service
	wake chan struct{} // of size 1: a nudge during a look causes one more look

	mu        sync.Mutex
	followers map[*eventSequence]struct{}
	position  vector // nil while nobody follows
}

func newEventFeed(s *Service) *eventFeed {
	return &eventFeed{s: s, wake: make(chan struct{}, 1), followers: map[*eventSequence]struct{}{}}
}

func (f *eventFeed) nudge() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// add has w told what happens from now on.
func (f *eventFeed) add(ctx context.Context, w *eventSequence) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.position == nil {
		position, err := f.s.newestEvents(ctx, nil)
		if err != nil {
			return err
		}
		f.position = position
	}
	f.followers[w] = struct{}{}
	return nil
}

func (f *eventFeed) remove(w *eventSequence) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if delete(f.followers, w); len(f.followers) == 0 {
		f.position = nil
	}
}

// run looks until ctx ends.
func (f *eventFeed) run(ctx context.Context) {
	tick := time.NewTicker(eventPause)
	defer tick.Stop()
	failing := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-f.wake:
			if failing {
				continue // not at once again, however many nudges come
			}
		}
		for more := true; more; {
			var err error
			more, err = f.look(ctx)
			if err != nil && !failing && ctx.Err() == nil {
				f.s.log.Warn("events cannot be followed, trying again", "err", err)
			}
			failing = err != nil
		}
	}
}

// look reads what happened next and hands it on.
func (f *eventFeed) look(ctx context.Context) (more bool, err error) {
	f.mu.Lock()
	position := f.position.clone()
	followed := len(f.followers) > 0
	f.mu.Unlock()
	if !followed {
		return false, nil
	}
	news, err := f.s.newestEvents(ctx, position)
	if err != nil || len(news) == 0 {
		return false, err
	}
	all := f.s.fleet(access.All("events"))
	steps, err := f.s.eventSteps(ctx, all, position, news, feedAtOnce)
	if err != nil {
		return false, err
	}
	if more = len(steps) >= feedAtOnce; more {
		news = vector{} // only so far
	}
	for _, s := range steps {
		news[s.object.ClusterUID] = max(news[s.object.ClusterUID], s.ver)
	}
	maps.Copy(position, news)
	f.mu.Lock()
	if f.position == nil { // the last one has left meanwhile
		f.mu.Unlock()
		return false, nil
	}
	f.position = position
	followers := slices.Collect(maps.Keys(f.followers))
	f.mu.Unlock()
	for _, w := range followers {
		w.take(steps, news)
	}
	return more, nil
}

// newestEvents is how far the events of each cluster go of which there is something that v has not seen.
func (s *Service) newestEvents(ctx context.Context, v vector) (vector, error) {
	p := new(clickhouse.Params)
	newest := vector{}
	err := s.read(ctx, `SELECT cluster, max(ver) FROM `+s.db.Table("current_events")+` WHERE `+behindPredicate(p, v)+` GROUP BY cluster`, p, func(rows driver.Rows) error {
		var cluster string
		var ver uint64
		err := rows.Scan(&cluster, &ver)
		newest[cluster] = ver
		return err
	})
	return newest, err
}

// eventSteps reads up to most steps, and those of the same version as the last, of events after from until to.
func (s *Service) eventSteps(ctx context.Context, f *fleet, from, to vector, most int64) ([]eventStep, error) {
	p := new(clickhouse.Params)
	clusters, vers := make([]string, 0, len(to)), make([]uint64, 0, len(to))
	for cluster, ver := range to {
		clusters, vers = append(clusters, cluster), append(vers, ver)
	}
	// What is current is written after the revisions: those of a commit under way are none yet.
	where := behindPredicate(p, from) + ` AND cluster IN ` + p.Strings(clusters) + ` AND ver <= transform(toString(cluster), ` + p.Strings(clusters) + `, ` + p.Uints(vers) + `, toUInt64(0))`
	var steps []eventStep
	var gone []eventAt // of which revisions are wanted
	const rest = `namespace, name, uid, resource_version, observed_at`
	err := s.read(ctx, `SELECT cluster, newest, `+rest+`, object, told, gone FROM (
		SELECT cluster, ver AS newest, `+rest+`, object, ver AS told, 0 AS gone FROM `+s.db.Table("events")+` WHERE object != '' AND `+where+`
		UNION ALL SELECT cluster, revision AS newest, `+rest+`, '' AS object, ver AS told, 1 AS gone FROM `+s.db.Table("current_events")+` WHERE state = 'gone' AND `+where+`)
		ORDER BY cluster, told LIMIT `+p.Int(most)+` WITH TIES`, p, func(rows driver.Rows) error {
		r := &revision{}
		step := eventStep{}
		var isGone uint8
		if err := rows.Scan(append(r.dest(), &r.object.JSON, &step.ver, &isGone)...); err != nil {
			return err
		}
		step.object, step.gone = r.record(f), isGone != 0
		if step.gone {
			gone = append(gone, eventAt{r.cluster, r.object.Namespace, r.object.Ver})
		}
		steps = append(steps, step)
		return nil
	})
	if err != nil {
		return nil, err
	}
	last := map[eventAt]*records.Object{}
	for part := range slices.Chunk(gone, eventsAtOnce) {
		objects, err := s.revisions(ctx, f, part)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			last[eventAt{o.ClusterUID, o.Namespace, o.Ver}] = o
		}
	}
	for i := range steps {
		o := steps[i].object
		if steps[i].gone {
			if was := last[eventAt{o.ClusterUID, o.Namespace, o.Ver}]; was != nil {
				steps[i].object = was
			}
		}
		summarized(steps[i].object)
	}
	return steps, nil
}

// followEvents is Follow of events.
func (s *Service) followEvents(ctx context.Context, scope access.Scope, query string, a *question, from records.Position) (<-chan records.Steps, error) {
	if err := a.eventsAlone(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &eventSequence{s: s, ctx: ctx, cancel: cancel, scope: scope, query: query, out: make(chan records.Steps, stepsBuffer)}
	if err := s.events.add(ctx, w); err != nil {
		cancel()
		return nil, err
	}
	if err := w.begin(a, from); err != nil {
		s.events.remove(w)
		cancel()
		return nil, err
	}
	context.AfterFunc(ctx, func() {
		s.events.remove(w)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.end(nil)
	})
	return w.out, nil
}

// eventSequence turns the feed of events into the steps of one question.
type eventSequence struct {
	s      *Service
	ctx    context.Context // of the subscription: it outlives the call that made it
	cancel context.CancelFunc
	scope  access.Scope
	query  string

	mu       sync.Mutex
	matching map[uint64]struct{} // identities of those that match at position; nil until begin
	position records.Position
	waiting  []news // what came before
	ended    bool
	out      chan records.Steps // closed by end
}

// news is what a look found.
type news struct {
	steps  []eventStep
	newest vector
}

// begin tells what has happened since from, and goes on with what came meanwhile.
func (w *eventSequence) begin(a *question, from records.Position) error {
	here, newest, err := a.hereNow(w.ctx)
	if err != nil {
		return err
	}
	matching := make(map[uint64]struct{}, len(here))
	for _, e := range here {
		matching[e.id] = struct{}{}
	}
	behind := vector{}
	for uid, ver := range from {
		asked, is := newest[uid]
		if _, member := a.f.byUID[uid]; !member || is && ver > asked {
			return errExpired // it left meanwhile, or the position is of another hub
		}
		if behind[uid] = ver; !is { // the question is not about it
			newest[uid] = ver
		}
	}
	joined := map[string]bool{}
	for uid := range newest {
		if _, known := from[uid]; !known {
			joined[uid] = true
		}
	}
	list, err := w.replay(a, behind, newest)
	if err != nil {
		return err
	}
	var came []eventAt
	for _, e := range here {
		if joined[e.cluster] {
			came = append(came, e.eventAt)
		}
	}
	for part := range slices.Chunk(came, eventsAtOnce) {
		objects, err := w.s.revisions(w.ctx, a.f, part)
		if err != nil {
			return err
		}
		for _, o := range objects {
			list = append(list, records.Step{Type: "ADDED", Object: o})
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.matching, w.position = matching, records.Position(newest)
	w.send(list)
	waiting := w.waiting
	w.waiting = nil
	for _, n := range waiting {
		w.judge(n)
	}
	return nil
}

// replay reads what happened after from until to, and what it meant.
func (w *eventSequence) replay(a *question, from, to vector) ([]records.Step, error) {
	behind, until := vector{}, vector{}
	for uid, ver := range from {
		if ver < to[uid] {
			behind[uid], until[uid] = ver, to[uid]
		}
	}
	if len(behind) == 0 {
		return nil, nil
	}
	steps, err := w.s.eventSteps(w.ctx, a.f, behind, until, replayMost+1)
	if err != nil {
		return nil, err
	}
	if len(steps) > replayMost {
		return nil, errExpired
	}
	was, err := w.wasMatching(a, steps, from)
	if err != nil {
		return nil, err
	}
	var list []records.Step
	for _, s := range steps {
		if time.Since(s.object.ObservedAt) > replayFor && !s.gone {
			return nil, errExpired
		}
		id := eventID(s.object.ClusterUID, s.object.UID)
		is := !s.gone && a.q.Eval(s.object, ql.Others{})
		if step := stepOf(was[id], is, s.object); step != nil {
			list = append(list, *step)
		}
		was[id] = is
	}
	return list, nil
}

// wasMatching are the events among steps that were there at from, and matched.
func (w *eventSequence) wasMatching(a *question, steps []eventStep, from vector) (map[uint64]bool, error) {
	clusters, uids := map[string]bool{}, map[string]bool{}
	for _, s := range steps {
		clusters[s.object.ClusterUID], uids[s.object.UID] = true, true
	}
	was := map[uint64]bool{}
	for part := range slices.Chunk(keysOf(uids), loadAtOnce) {
		p := new(clickhouse.Params)
		bound := make([]uint64, 0, len(clusters))
		names := keysOf(clusters)
		for _, c := range names {
			bound = append(bound, from[c])
		}
		at := `transform(toString(cluster), ` + p.Strings(names) + `, ` + p.Uints(bound) + `, toUInt64(0))`
		in := `cluster IN ` + p.Strings(names) + ` AND uid IN ` + p.Strings(part) + ` AND ` + a.f.bounds(p)
		var before []eventAt
		err := w.s.read(w.ctx, `SELECT cluster, namespace, max(ver) FROM `+w.s.db.Table("events")+` PREWHERE ver <= `+at+` AND (cluster, uid) IN (
			SELECT toString(cluster), uid FROM `+w.s.db.Table("current_events")+` WHERE `+in+` AND since <= `+at+`) WHERE object != '' GROUP BY cluster, namespace, uid`, p, func(rows driver.Rows) error {
			e := eventAt{}
			err := rows.Scan(&e.cluster, &e.namespace, &e.ver)
			before = append(before, e)
			return err
		})
		if err != nil {
			return nil, err
		}
		for chunk := range slices.Chunk(before, eventsAtOnce) {
			objects, err := w.s.revisions(w.ctx, a.f, chunk)
			if err != nil {
				return nil, err
			}
			for _, o := range objects {
				summarized(o)
				was[eventID(o.ClusterUID, o.UID)] = a.q.Eval(o, ql.Others{})
			}
		}
	}
	return was, nil
}

// take is called by the feed with all that happened.
func (w *eventSequence) take(steps []eventStep, newest vector) {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := news{steps, newest}
	if w.matching == nil {
		w.waiting = append(w.waiting, n)
		return
	}
	w.judge(n)
}

// judge sends what steps mean. The caller holds mu.
func (w *eventSequence) judge(n news) {
	if w.ended || w.ctx.Err() != nil {
		return
	}
	a, err := w.s.ask(w.ctx, w.scope, w.query, ql.Resources, time.Time{}) // clusters come and go
	if err != nil {
		w.end(err)
		return
	}
	for uid := range w.position {
		if _, still := a.f.byUID[uid]; !still {
			w.end(errExpired) // its events went without a word
			return
		}
	}
	var list []records.Step
	for _, s := range n.steps {
		if _, visible := a.f.byUID[s.object.ClusterUID]; !visible || s.ver <= w.position[s.object.ClusterUID] {
			continue
		}
		id := eventID(s.object.ClusterUID, s.object.UID)
		_, was := w.matching[id]
		o := *s.object
		o.Ref.Cluster = a.f.byUID[o.ClusterUID]
		is := !s.gone && a.q.Eval(&o, ql.Others{})
		if step := stepOf(was, is, &o); step != nil {
			list = append(list, *step)
		}
		if is {
			w.matching[id] = struct{}{}
		} else {
			delete(w.matching, id)
		}
	}
	for uid, ver := range n.newest {
		if _, visible := a.f.byUID[uid]; visible {
			w.position[uid] = max(w.position[uid], ver)
		}
	}
	w.send(list)
}

// send hands steps on. The caller holds mu.
func (w *eventSequence) send(list []records.Step) {
	select {
	case w.out <- records.Steps{List: list, Position: maps.Clone(w.position)}:
	default:
		w.end(nil) // too far behind
	}
}

// end closes the channel. The caller holds mu.
func (w *eventSequence) end(err error) {
	if w.ended {
		return
	}
	w.ended = true
	if err != nil {
		select {
		case w.out <- records.Steps{Err: err}:
		default:
		}
	}
	close(w.out)
	w.cancel()
}

// eventSeen is VersionSeen of events.
func (s *Service) eventSeen(ctx context.Context, f *fleet, cluster, resourceVersion string) (ver uint64, err error) {
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT max(ver) FROM `+s.db.Table("events")+` WHERE cluster = `+p.String(cluster)+` AND `+f.bounds(p)+` AND resource_version = `+p.String(resourceVersion)+
		` AND last_at > `+p.Time(time.Now().Add(-2*24*time.Hour))+` AND object != ''`, p, func(rows driver.Rows) error { return rows.Scan(&ver) })
	return ver, err
}
