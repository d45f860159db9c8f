package search

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

const (
	// replayFor is how old what is made up for may be: less than history is kept for at least.
	replayFor = time.Hour
	// replayMost is up to how many versions are made up for when somebody follows from a position in the past.
	replayMost = 50_000
	// stepsBuffer is how many Steps may wait for their reader in its channel.
	stepsBuffer = 16
	// unreadMost and unreadBytes are what may wait beside the channel, in versions and in bytes of their JSON. Readers of
	// one question who are as far behind wait for the same.
	unreadMost  = 20_000
	unreadBytes = 64 << 20
)

// listener is one who follows a sequence. The sequence's mu guards what is below ctx.
type listener struct {
	sequence *sequence
	ctx      context.Context // of the subscription: it outlives the call that made it

	out     chan records.Steps // closed by close, or by deliver once that runs
	from    records.Position   // where the sequence stood when it joined
	floor   records.Position   // of what it knows beyond from; nil once the sequence has passed it
	begun   bool
	waiting []records.Steps // until begun
	unread  []records.Steps // what out has no room for
	count   int             // versions in unread
	bytes   int
	// delivering says that a goroutine hands unread on.
	delivering bool
	ended      bool
}

// catchUp tells what happened since from, and goes on with what came meanwhile.
func (l *listener) catchUp(a *question, from records.Position) error {
	w := l.sequence
	var joined []key // objects of clusters that joined since
	var vers []uint64
	floor := maps.Clone(l.from)
	ok, err := a.inColumns(l.ctx, func(r *reading) (bool, error) {
		joined, vers = nil, nil
		now := r.v.Position()
		for uid, ver := range from {
			if _, member := a.f.byUID[uid]; !member || ver > now[uid] && ver > l.from[uid] {
				return false, errExpired // it left meanwhile, or the position is of another hub
			}
			floor[uid] = max(floor[uid], ver)
		}
		var set columns.Set
		for uid, ver := range now {
			if _, known := from[uid]; known || a.f.byUID[uid] == "" || !w.isAbout(uid) {
				continue
			}
			floor[uid] = ver
			if set == nil {
				var ok bool
				if set, ok = r.matching(a.q); !ok {
					return false, nil
				}
			}
		}
		if set != nil {
			set.Each(func(row uint32) {
				k, ver := r.v.Version(row)
				if _, known := from[k.Cluster]; !known {
					joined, vers = append(joined, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}), append(vers, ver)
				}
			})
		}
		return true, nil
	})
	switch {
	case err != nil:
		return err
	case !ok:
		return errLoading
	}
	steps := records.Steps{Position: floor}
	if steps.List, err = l.replay(a, from, l.from); err != nil {
		return err
	}
	if len(joined) > 0 {
		objects, err := w.s.versions(l.ctx, a.f, joined, vers, true)
		if err != nil {
			return err
		}
		for _, o := range objects {
			steps.List = append(steps.List, records.Step{Type: "ADDED", Object: o})
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	l.begun = true
	if !maps.Equal(floor, l.from) {
		l.floor = floor
	}
	l.send(steps)
	for _, s := range l.waiting {
		l.take(s)
	}
	l.waiting = nil
	return nil
}

func (w *sequence) isAbout(uid string) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.about == nil || w.about[uid]
}

// replay reads the versions between two positions, and what they meant.
func (l *listener) replay(a *question, from, to records.Position) ([]records.Step, error) {
	s, ctx := l.sequence.s, l.ctx
	behind := vector{}
	for uid, ver := range from {
		if ver < to[uid] && l.sequence.isAbout(uid) {
			behind[uid] = ver
		}
	}
	if len(behind) == 0 {
		return nil, nil
	}
	p := new(clickhouse.Params)
	where := behindPredicate(p, behind) + ` AND cluster IN ` + p.Strings(slices.Collect(maps.Keys(behind)))
	var served []kube.GroupResource
	for _, k := range s.kinds.served(ctx) {
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
	err := s.read(ctx, `SELECT `+stateColumns+`, previous_ver, object FROM `+s.db.Table("resource_history")+` WHERE `+where+
		` ORDER BY cluster, ver LIMIT 1 BY `+keyColumns+`, ver LIMIT `+p.Int(replayMost+1), p, func(rows driver.Rows) error {
		r := &row{}
		v := past{}
		if err := rows.Scan(append(r.dest(), &v.previous, &r.object.JSON)...); err != nil {
			return err
		}
		v.key, v.deleted, v.object = r.key, r.deleted != 0, r.record(a.f)
		if v.object.Ver > to[v.cluster] {
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
	before, err := s.versions(ctx, a.f, keys, vers, true)
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

// take is called by the sequence with new steps. The sequence's mu is held.
func (l *listener) take(s records.Steps) {
	switch {
	case !l.begun:
		l.waiting = append(l.waiting, s)
		return
	case l.floor == nil:
		l.send(s)
		return
	}
	own := records.Steps{Position: maps.Clone(s.Position)}
	for _, step := range s.List {
		if step.Object.Ver > l.floor[step.Object.ClusterUID] {
			own.List = append(own.List, step)
		}
	}
	passed := true
	for uid, ver := range l.floor {
		if own.Position[uid] < ver {
			own.Position[uid], passed = ver, false
		}
	}
	if passed {
		l.floor = nil
	}
	l.send(own)
}

// send hands steps on without waiting for anybody. The sequence's mu is held.
func (l *listener) send(s records.Steps) {
	if l.ended {
		return
	}
	if !l.delivering {
		select {
		case l.out <- s:
			return
		default:
		}
		l.delivering = true
		go l.deliver()
	}
	if len(s.List) == 0 && s.Err == nil && len(l.unread) > 0 {
		return // only others have happened
	}
	l.unread = append(l.unread, s)
	l.count += len(s.List)
	for _, step := range s.List {
		l.bytes += len(step.Object.JSON)
	}
	if l.count > l.sequence.s.unreadMost || l.bytes > unreadBytes {
		l.unread = nil
		l.close() // too far behind: it goes on from where it is
	}
}

// deliver hands on what the channel had no room for, until there is nothing left.
func (l *listener) deliver() {
	mu := &l.sequence.mu
	for {
		mu.Lock()
		if len(l.unread) == 0 {
			l.delivering = false
			if l.ended {
				close(l.out)
			}
			mu.Unlock()
			return
		}
		s := l.unread[0]
		l.unread = l.unread[1:]
		l.count -= len(s.List)
		for _, step := range s.List {
			l.bytes -= len(step.Object.JSON)
		}
		mu.Unlock()
		select {
		case l.out <- s:
		case <-l.ctx.Done():
			mu.Lock()
			l.unread = nil
			mu.Unlock()
		}
	}
}

// close ends the channel after what is unread. The sequence's mu is held.
func (l *listener) close() {
	if l.ended {
		return
	}
	l.ended = true
	if !l.delivering {
		close(l.out)
	}
}

// VersionSeen is the newest version of a cluster's object that had this resourceVersion of Kubernetes, 0 for none.
func (s *Service) VersionSeen(ctx context.Context, scope access.Scope, cluster string, gr kube.GroupResource, resourceVersion string) (ver uint64, err error) {
	f := s.fleet(scope)
	if gr == eventKind {
		return s.eventSeen(ctx, f, f.byName[cluster], resourceVersion)
	}
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT max(ver) FROM `+s.db.Table("resource_history")+` WHERE api_group = `+p.String(gr.Group)+` AND resource = `+p.String(gr.Resource)+
		` AND cluster = `+p.String(f.byName[cluster])+` AND `+f.bounds(p)+` AND resource_version = `+p.String(resourceVersion)+` AND deleted = 0`, p,
		func(rows driver.Rows) error { return rows.Scan(&ver) })
	return ver, err
}
