package search

import (
	"context"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// watchBuffer is how many changes a watcher may leave unread.
const watchBuffer = 10_000

// Watch sends the changes of matching objects from now on. The channel closes when ctx ends, or when the caller
// leaves 10,000 changes unread.
func (s *Service) Watch(ctx context.Context, scope access.Scope, query string) (<-chan records.Change, error) {
	s.metrics.observe("watch")()
	a, err := s.ask(ctx, scope, query, ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	if !a.q.At().IsZero() {
		return nil, &access.Error{Code: "QL_UNSUPPORTED", Message: "A query with at: asks for the past, which does not change.", Fix: "Leave at: out to watch the present."}
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watcher{s: s, ctx: ctx, cancel: cancel, scope: scope, query: query, out: make(chan records.Change, watchBuffer)}
	s.feed.add(w)
	matching, err := a.versionsByDigest(ctx)
	if err != nil {
		s.feed.remove(w)
		cancel()
		return nil, err
	}
	w.begin(matching)
	context.AfterFunc(ctx, func() {
		s.feed.remove(w)
		w.end()
	})
	return w.out, nil
}

// versionsByDigest is the version of each object that matches, by the digest of its key.
func (a *question) versionsByDigest(ctx context.Context) (map[uint64]uint64, error) {
	matching := map[uint64]uint64{}
	if a.f.empty() {
		return matching, nil
	}
	var held *columns.Held
	ok, err := a.inColumns(ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if ok {
			rows := make([]uint32, 0, set.Count())
			set.Each(func(row uint32) { rows = append(rows, row) })
			held = r.t.Hold(r.v, rows)
		}
		return ok, nil
	})
	if ok {
		for held.Left() > 0 { // those who write wait for a thousand keys, not for a million
			held.Take(1000, func(_ *columns.View, _ uint32, k columns.Key, ver uint64, _ bool) {
				matching[key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}.digest()] = ver
			})
		}
	}
	if ok || err != nil {
		return matching, err
	}
	p := new(clickhouse.Params)
	from, err := a.matching(p, a.q)
	if err == nil {
		err = a.s.read(ctx, `SELECT `+keyColumns+`, ver FROM `+from, p, func(rows driver.Rows) error {
			var k key
			var ver uint64
			err := rows.Scan(append(k.dest(), &ver)...)
			matching[k.digest()] = ver
			return err
		})
	}
	return matching, err
}

// watcher turns the feed into the changes of one question. The feed's goroutine hands versions to take.
type watcher struct {
	s      *Service
	ctx    context.Context // of the subscription: it outlives the call that made it
	cancel context.CancelFunc
	scope  access.Scope
	query  string

	mu sync.Mutex
	// matching is the version of each object that matches, by the digest of its key; nil until it is loaded. A fleet
	// of a million objects costs an open page some 40 MB and not ten times as much; two keys of one digest, which
	// takes billions of them, would cost a page one change.
	matching map[uint64]uint64
	waiting  []changed // what came before
	ended    bool
	out      chan records.Change // closed by end
}

// begin says what matched when the subscription began.
func (w *watcher) begin(matching map[uint64]uint64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.matching = matching
	waiting := w.waiting
	w.waiting = nil
	w.judge(waiting)
}

func (w *watcher) take(l look) {
	versions := l.newest
	if len(versions) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.matching == nil {
		w.waiting = append(w.waiting, versions...)
		if len(w.waiting) > watchBuffer {
			w.cancel()
		}
		return
	}
	w.judge(versions)
}

func (w *watcher) end() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.ended {
		w.ended = true
		close(w.out)
	}
}

// judge sends what versions mean to the watcher. The caller holds mu.
func (w *watcher) judge(versions []changed) {
	if w.ended || len(versions) == 0 || w.ctx.Err() != nil {
		return
	}
	// Read anew: ages move on, kinds and clusters come and go.
	a, err := w.s.ask(w.ctx, w.scope, w.query, ql.Resources, time.Time{})
	if err != nil {
		w.cancel()
		return
	}
	var changes []records.Change
	w.complete(a.f, versions)
	for _, c := range versions {
		if _, visible := a.f.byUID[c.cluster]; !visible {
			continue
		}
		id := c.key.digest()
		before, was := w.matching[id]
		if was && c.object.Ver <= before {
			continue
		}
		object := *c.object // the index and other watchers share it
		object.Ref = a.f.ref(c.key)
		is := a.q.Eval(&object, w.others(a))
		change := records.Change{Ref: object.Ref, ObservedAt: object.ObservedAt, Object: &object}
		switch {
		case is && was:
			change.Type = "MODIFIED"
		case is:
			change.Type = "ADDED"
		case was:
			change.Type, change.Object = "REMOVED", nil
		default:
			continue
		}
		if is {
			w.matching[id] = object.Ver
		} else {
			delete(w.matching, id)
		}
		changes = append(changes, change)
	}
	for _, change := range changes {
		select {
		case w.out <- change:
		default:
			w.cancel() // too far behind
			return
		}
	}
}

// complete reads the JSON that the feed left out, since nobody watched when it read: a path in the query needs it,
// and so does whoever gets the change.
func (w *watcher) complete(f *fleet, versions []changed) {
	var keys []key
	var vers []uint64
	at := map[keyVersion]int{}
	for i, c := range versions {
		if c.object.JSON == nil {
			keys, vers = append(keys, c.key), append(vers, c.object.Ver)
			at[keyVersion{c.key, c.object.Ver}] = i
		}
	}
	if len(keys) == 0 {
		return
	}
	objects, err := w.s.versions(w.ctx, f, keys, vers, true)
	if err != nil {
		w.cancel()
		return
	}
	for _, o := range objects {
		k, ok := f.key(o.Ref)
		if !ok {
			continue
		}
		if i, wanted := at[keyVersion{k, o.Ver}]; wanted {
			whole := *versions[i].object // the index shares it
			whole.JSON = o.JSON
			versions[i].object = &whole
		}
	}
}

// others finds owners and Nodes for conditions that ask them, each once a look.
func (w *watcher) others(a *question) ql.Others {
	owners, nodes := map[identity]*records.Object{}, map[identity]*records.Object{}
	return ql.Others{
		ByUID: func(clusterUID, uid string) *records.Object {
			id := identity{clusterUID, uid}
			o, ok := owners[id]
			if !ok {
				o = w.standing(a, clusterUID, func(v *columns.View) columns.Set { return v.UID(v.Living(), uid) }, func(p *clickhouse.Params) string { return `uid = ` + p.String(uid) })
				owners[id] = o
			}
			return o
		},
		Node: func(clusterUID, name string) *records.Object {
			id := identity{clusterUID, name}
			o, ok := nodes[id]
			if !ok {
				o = w.standing(a, clusterUID, func(v *columns.View) columns.Set {
					return v.Rows([]columns.Key{{Cluster: clusterUID, Resource: "nodes", Name: name}})
				}, func(p *clickhouse.Params) string {
					return keyIs(p, key{cluster: clusterUID, resource: "nodes", name: name})
				})
				nodes[id] = o
			}
			return o
		},
	}
}

// standing is a living object of a cluster, nil when there is none. The feed's goroutine calls it: columns have all that
// it brought.
func (w *watcher) standing(a *question, cluster string, find func(*columns.View) columns.Set, sql func(*clickhouse.Params) string) (found *records.Object) {
	if a.f.byUID[cluster] == "" {
		return nil
	}
	if t := w.s.table.Load(); t != nil {
		_ = t.Read(func(v *columns.View) error {
			find(v).Each(func(row uint32) {
				if o := v.Object(row); o.ClusterUID == cluster {
					found = o
					found.Ref.Cluster = a.f.byUID[cluster]
				}
			})
			return nil
		})
		return found
	}
	p := new(clickhouse.Params)
	err := w.s.read(w.ctx, `SELECT `+rowColumns+` FROM `+w.s.db.Table("resources")+` FINAL WHERE `+sql(p)+` AND cluster = `+p.String(cluster)+` AND deleted = 0`, p,
		scanRows(a.f, false, func(o *records.Object) { found = o }))
	if err != nil {
		return nil
	}
	return found
}
