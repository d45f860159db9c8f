package search

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

const (
	// replayFor is how old what is made up for may be: less than history is kept for at least.
	replayFor = time.Hour
	// replayMost is up to how many versions are made up for when somebody follows from a position in the past.
	replayMost = 50_000
	// stepsBuffer is how many batches of steps may wait for their reader.
	stepsBuffer = 1000
	// loadPatience is how long somebody who follows waits for a hub that has just started.
	loadPatience = 20 * time.Second
	// quietFor is how often somebody who follows is told the position while nothing matches.
	quietFor = time.Second
)

var errExpired = &access.Error{Code: "EXPIRED", Message: "What happened since then cannot be told one by one any more.", Fix: "Ask for the current state and follow from there."}

// Follow sends every version of matching objects after a position, each once, in the order of its cluster. The channel
// closes when ctx ends, or after Steps with an Err. The query is asked of objects alone: not of owners or Nodes, nor of
// the past.
func (s *Service) Follow(ctx context.Context, scope access.Scope, query string, from records.Position) (<-chan records.Steps, error) {
	s.metrics.observe("follow")()
	a, err := s.ask(ctx, scope, query, ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	if !a.q.Alone() || !a.q.At().IsZero() || a.q.Deleted() {
		return nil, &access.Error{Code: "QL_UNSUPPORTED", Message: "Only what stands in an object itself, now, can be followed."}
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &sequence{s: s, ctx: ctx, cancel: cancel, scope: scope, query: query, out: make(chan records.Steps, stepsBuffer)}
	if err := s.loaded(ctx); err != nil {
		cancel()
		return nil, err
	}
	s.feed.add(w)
	matching, steps, err := w.catchUp(a, from)
	if err != nil {
		s.feed.remove(w)
		cancel()
		return nil, err
	}
	w.begin(matching, steps)
	context.AfterFunc(ctx, func() {
		s.feed.remove(w)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.end(nil)
	})
	return w.out, nil
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
			return &access.Error{Code: "UNAVAILABLE", Message: "What is current is being loaded.", Fix: "Ask again in a few seconds."}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// sequence turns the feed into the steps of one question. The feed's goroutine hands versions to take.
type sequence struct {
	s      *Service
	ctx    context.Context // of the subscription: it outlives the call that made it
	cancel context.CancelFunc
	scope  access.Scope
	query  string

	mu       sync.Mutex
	matching map[uint64]struct{} // digests of the keys that match at position; nil until begin
	position records.Position
	members  map[string]bool // clusters seen
	waiting  [][]changed     // what came before
	told     time.Time
	ended    bool
	out      chan records.Steps // closed by end
}

// catchUp finds out what matches now, and what has happened until then since from.
func (w *sequence) catchUp(a *question, from records.Position) (matching map[uint64]struct{}, steps records.Steps, err error) {
	matching = map[uint64]struct{}{}
	var joined []key
	var vers []uint64
	var ok bool
	ok, err = a.inColumns(w.ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if !ok {
			return false, nil
		}
		w.position = r.v.Position()
		set.Each(func(row uint32) {
			k, ver := r.v.Version(row)
			at := key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}
			matching[at.digest()] = struct{}{}
			if _, known := from[k.Cluster]; !known { // it joined since
				joined, vers = append(joined, at), append(vers, ver)
			}
		})
		return true, nil
	})
	switch {
	case err != nil:
		return nil, steps, err
	case !ok:
		return nil, steps, &access.Error{Code: "UNAVAILABLE", Message: "What is current is being loaded.", Fix: "Ask again in a few seconds."}
	}
	w.members = map[string]bool{}
	for uid := range a.f.byUID {
		w.members[uid] = true
	}
	for uid, ver := range from {
		if !w.members[uid] || ver > w.position[uid] {
			return nil, steps, errExpired // it left meanwhile, or the position is of another hub
		}
	}
	if steps.List, err = w.replay(a, from); err != nil {
		return nil, steps, err
	}
	if len(joined) > 0 {
		var objects []*records.Object
		objects, err = w.s.versions(w.ctx, a.f, joined, vers, true)
		if err != nil {
			return nil, steps, err
		}
		for _, o := range objects {
			steps.List = append(steps.List, records.Step{Type: "ADDED", Object: o})
		}
	}
	steps.Position = maps.Clone(w.position)
	return matching, steps, nil
}

// replay reads the versions between from and the position, and what they meant.
func (w *sequence) replay(a *question, from records.Position) ([]records.Step, error) {
	behind := vector{}
	for uid, ver := range from {
		if ver < w.position[uid] {
			behind[uid] = ver
		}
	}
	if len(behind) == 0 {
		return nil, nil
	}
	p := new(clickhouse.Params)
	where := behindPredicate(p, behind) + ` AND cluster IN ` + p.Strings(slices.Collect(maps.Keys(behind)))
	var served []kube.GroupResource
	for _, k := range w.s.kinds.served(w.ctx) {
		served = append(served, k.GroupResource)
	}
	if kinds := a.q.Kinds(served); len(kinds) == 1 {
		where += ` AND api_group = ` + p.String(kinds[0].Group) + ` AND resource = ` + p.String(kinds[0].Resource)
	}
	type past struct {
		changed
		previous uint64
	}
	var versions []past
	err := w.s.read(w.ctx, `SELECT `+stateColumns+`, previous_ver, object FROM `+w.s.db.Table("resource_history")+` WHERE `+where+
		` ORDER BY cluster, ver LIMIT 1 BY `+keyColumns+`, ver LIMIT `+p.Int(replayMost+1), p, func(rows driver.Rows) error {
		r := &row{}
		v := past{}
		if err := rows.Scan(append(r.dest(), &v.previous, &r.object.JSON)...); err != nil {
			return err
		}
		v.key, v.deleted, v.object = r.key, r.deleted != 0, r.record(a.f)
		if v.object.Ver > w.position[v.cluster] {
			return nil
		}
		versions = append(versions, v)
		if time.Since(v.object.ObservedAt) > replayFor {
			return errExpired
		}
		return nil
	})
	switch {
	case errors.Is(err, errExpired):
		return nil, errExpired
	case err != nil:
		return nil, err
	}
	if len(versions) > replayMost {
		return nil, errExpired
	}
	// What each object was before its first version since.
	was := map[uint64]bool{}
	first := map[keyVersion]uint64{}
	var keys []key
	var vers []uint64
	for _, v := range versions {
		id := v.digest()
		if _, seen := was[id]; seen {
			continue
		}
		was[id] = false
		if v.previous > 0 {
			keys, vers = append(keys, v.key), append(vers, v.previous)
			first[keyVersion{v.key, v.previous}] = id
		}
	}
	before, err := w.s.versions(w.ctx, a.f, keys, vers, true)
	if err != nil {
		return nil, err
	}
	if len(before) < len(keys) {
		return nil, errExpired // history no longer has them
	}
	for _, o := range before {
		was[first[keyVersion{keyOf(o), o.Ver}]] = a.q.Eval(o, ql.Others{})
	}
	var list []records.Step
	for _, v := range versions {
		id := v.digest()
		is := !v.deleted && a.q.Eval(v.object, ql.Others{})
		if step := stepOf(was[id], is, v.object); step != nil {
			list = append(list, *step)
		}
		was[id] = is
	}
	return list, nil
}

func stepOf(was, is bool, o *records.Object) *records.Step {
	switch {
	case is && was:
		return &records.Step{Type: "MODIFIED", Object: o}
	case is:
		return &records.Step{Type: "ADDED", Object: o}
	case was:
		return &records.Step{Type: "DELETED", Object: o}
	}
	return nil
}

// begin sends what was caught up with, and goes on with what came meanwhile.
func (w *sequence) begin(matching map[uint64]struct{}, steps records.Steps) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.matching = matching
	w.send(steps)
	waiting := w.waiting
	w.waiting = nil
	for _, versions := range waiting {
		w.judge(versions)
	}
}

// take is called by the feed with all versions of a look.
func (w *sequence) take(all, _ []changed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.matching == nil {
		w.waiting = append(w.waiting, all)
		return
	}
	w.judge(all)
}

// end closes the channel. The caller holds mu.
func (w *sequence) end(err error) {
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

// send hands steps on. The caller holds mu.
func (w *sequence) send(steps records.Steps) {
	w.told = time.Now()
	select {
	case w.out <- steps:
	default:
		w.end(nil) // too far behind
	}
}

// judge sends what versions mean. The caller holds mu.
func (w *sequence) judge(versions []changed) {
	if w.ended || w.ctx.Err() != nil {
		return
	}
	a, err := w.s.ask(w.ctx, w.scope, w.query, ql.Resources, time.Time{}) // kinds and clusters come and go
	if err != nil {
		w.end(err)
		return
	}
	for uid := range w.members {
		if _, still := a.f.byUID[uid]; !still {
			w.end(errExpired) // its objects went without a version
			return
		}
	}
	for uid := range a.f.byUID {
		w.members[uid] = true
	}
	steps := records.Steps{}
	for _, c := range versions {
		if c.object.Ver <= w.position[c.cluster] {
			continue
		}
		if _, visible := a.f.byUID[c.cluster]; !visible {
			continue
		}
		id := c.key.digest()
		_, was := w.matching[id]
		object := *c.object
		object.Ref = a.f.ref(c.key)
		is := !c.deleted && a.q.Eval(&object, ql.Others{})
		if step := stepOf(was, is, &object); step != nil {
			steps.List = append(steps.List, *step)
		}
		if is {
			w.matching[id] = struct{}{}
		} else {
			delete(w.matching, id)
		}
	}
	for _, c := range versions {
		w.position[c.cluster] = max(w.position[c.cluster], c.object.Ver)
	}
	if len(steps.List) == 0 && time.Since(w.told) < quietFor {
		return
	}
	if err := w.complete(a, steps.List); err != nil {
		w.end(err)
		return
	}
	steps.Position = maps.Clone(w.position)
	w.send(steps)
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
	objects, err := w.s.versions(w.ctx, a.f, keys, vers, true)
	if err != nil {
		return err
	}
	for _, o := range objects {
		steps[at[keyVersion{keyOf(o), o.Ver}]].Object.JSON = o.JSON
	}
	return nil
}

// VersionSeen is the newest version of a cluster's object that had this resourceVersion of Kubernetes, 0 for none.
func (s *Service) VersionSeen(ctx context.Context, scope access.Scope, cluster string, gr kube.GroupResource, resourceVersion string) (ver uint64, err error) {
	f := s.fleet(scope)
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT max(ver) FROM `+s.db.Table("resource_history")+` WHERE api_group = `+p.String(gr.Group)+` AND resource = `+p.String(gr.Resource)+
		` AND cluster = `+p.String(f.byName[cluster])+` AND `+f.bounds(p)+` AND resource_version = `+p.String(resourceVersion)+` AND deleted = 0`, p,
		func(rows driver.Rows) error { return rows.Scan(&ver) })
	return ver, err
}
