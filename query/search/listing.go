package search

import (
	"context"
	"slices"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// longList is from how many objects on a list without an order of its own comes as it is stored.
const longList = 10_000

// listWait is how long a list waits for what was committed before it, on a machine with much else to do.
const listWait = 5 * time.Second

// List answers everything that matches, to be taken a part at a time. Of the present it is what matched when List was
// called, whatever changes meanwhile. A long one is in the order of the database when the request names none, since many
// objects side by side are read far sooner; a short one is as Search has it. request.First and request.After are not used.
func (s *Service) List(ctx context.Context, scope access.Scope, request records.Request) (records.Listing, error) {
	defer s.metrics.observe("list")()
	a, err := s.ask(ctx, scope, request.Query, ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	by, err := a.ordering(ctx, request.Order)
	if err != nil {
		return nil, err
	}
	owners, err := a.ownersOf(ctx, request.Owner)
	if err != nil {
		return nil, err
	}
	l := &listing{a: a, bare: request.Bare, coverage: a.coverage(ctx)}
	if a.f.empty() {
		return l, nil
	}
	if a.ofEvents() {
		return a.listEvents(ctx, request, by, l.coverage)
	}
	if a.q.At().IsZero() && !a.q.Deleted() {
		s.feed.caughtUp(ctx, listWait) // what comes without a position, no watch can go on from
	}
	ok, err := a.inColumns(ctx, func(r *reading) (bool, error) {
		set, ok := r.matching(a.q)
		if ok && request.Owner != nil {
			set, ok = r.owned(set, request.Owner, owners)
		}
		if !ok {
			return false, nil
		}
		order, ok := r.order()
		switch {
		case ok && by.columns():
			order, ok = r.ordered(by)
		case a.q.Sort() == nil && !a.q.HasText() && a.q.Limit() == 0 && set.Count() > longList:
			order = asStored(r.v)
		}
		if !ok {
			return false, nil
		}
		if err := by.within(set.Count()); err != nil {
			return false, err
		}
		l.position = a.f.visible(r.v.Position())
		var rows []uint32
		if limit := a.q.Limit(); limit > 0 && limit < set.Count() {
			var err error
			if rows, err = r.v.Top(set, order, nil, limit); err != nil {
				return false, err
			}
		} else {
			rows = r.v.Sorted(set, order)
		}
		l.held, l.total = r.t.Hold(r.v, rows), set.Count()
		return true, nil
	})
	switch {
	case err != nil:
		return nil, err
	case !ok && request.Moment && a.loading(ctx):
		return nil, errLoading
	case !ok:
		return s.pagedList(scope, request, by)
	}
	if err := l.arrange(ctx, by); err != nil {
		return nil, err
	}
	l.total -= min(l.total, request.Offset)
	l.held.Skip(request.Offset)
	return l, nil
}

// loading reports whether columns would answer a question about the present, were they not behind.
func (a *question) loading(ctx context.Context) bool {
	return a.q.At().IsZero() && !a.q.Deleted() && (a.s.table.Load() == nil || !a.s.feed.caughtUp(ctx, presentWait))
}

// asStored is the order of the primary key.
func asStored(v *columns.View) []columns.Term {
	cluster, _ := v.By("cluster", false)
	namespace, _ := v.By("namespace", false)
	name, _ := v.By("name", false)
	return []columns.Term{v.ByGroup(), v.ByResource(), cluster, namespace, name}
}

// listing is rows of columns.
type listing struct {
	a        *question
	bare     bool
	held     *columns.Held
	total    int
	coverage records.Coverage
	position records.Position
}

func (l *listing) Total() int                 { return l.total }
func (l *listing) Coverage() records.Coverage { return l.coverage }
func (l *listing) Position() records.Position { return l.position }

func (l *listing) Next(ctx context.Context, most int) (objects []*records.Object, more bool, err error) {
	if l.held == nil {
		return nil, false, nil
	}
	s, f := l.a.s, l.a.f
	var keys []key // of what is in history alone
	var vers []uint64
	at := map[keyVersion]int{}
	l.held.Take(most, func(v *columns.View, row uint32, k columns.Key, ver uint64, same bool) {
		var o *records.Object
		if same {
			o = v.Object(row)
			o.Ref.Cluster = f.byUID[o.ClusterUID]
		} else {
			keys, vers = append(keys, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}), append(vers, ver)
			at[keyVersion{keys[len(keys)-1], ver}] = len(objects)
		}
		objects = append(objects, o)
	})
	if len(keys) > 0 {
		read, err := s.versions(ctx, f, keys, vers, !l.bare)
		if err != nil {
			return nil, false, err
		}
		for _, o := range read {
			objects[at[keyVersion{keyOf(o), o.Ver}]] = o
		}
	}
	if l.bare {
		return slices.DeleteFunc(objects, func(o *records.Object) bool { return o == nil }), l.held.Left() > 0, nil
	}
	objects, err = s.complete(ctx, f, objects)
	return objects, l.held.Left() > 0, err
}

// paged is a listing by pages of a search, when columns cannot answer.
type paged struct {
	s     *Service
	scope access.Scope
	r     records.Request
	skip  int // what of r.Offset is still to be left out
	last  *records.Result
}

func (s *Service) pagedList(scope access.Scope, r records.Request, by *ordering) (records.Listing, error) {
	if r.Owner != nil {
		return nil, errLoading
	}
	query, err := by.directive(r.Query)
	if err != nil {
		return nil, err
	}
	return &paged{s: s, scope: scope, r: records.Request{Query: query, Bare: r.Bare, Offset: r.Offset}, skip: r.Offset}, nil
}

func (p *paged) next(ctx context.Context, most int) error {
	p.r.First = min(max(most, 1), 1000)
	if p.last != nil {
		p.r.After = p.last.Cursor
	}
	last, err := p.s.Search(ctx, p.scope, p.r)
	if err == nil {
		p.last = last
	}
	return err
}

// Position is nil: each page is read for itself.
func (p *paged) Position() records.Position { return nil }

// Total is not known before the first page.
func (p *paged) Total() int {
	if p.last == nil {
		return -1
	}
	return max(0, p.last.Total-p.r.Offset)
}

func (p *paged) Coverage() records.Coverage {
	if p.last == nil {
		return records.Coverage{}
	}
	return p.last.Coverage
}

func (p *paged) Next(ctx context.Context, most int) ([]*records.Object, bool, error) {
	bare := p.r.Bare
	for p.r.Bare = true; p.skip > 0; p.skip -= min(p.skip, len(p.last.Objects)) {
		if err := p.next(ctx, p.skip); err != nil {
			return nil, false, err
		}
		if !p.last.More {
			return nil, false, nil
		}
	}
	p.r.Bare = bare
	if err := p.next(ctx, most); err != nil {
		return nil, false, err
	}
	return p.last.Objects, p.last.More, nil
}
