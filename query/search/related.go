package search

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

const (
	// relatedCap bounds a graph: more nodes than this are no picture.
	relatedCap = 500
	// ownersCap bounds the way up to the topmost owner.
	ownersCap = 10
)

// Related walks up to the topmost owners and depth levels of owned objects down, and from all of these up to depth
// relations onward, each in its own direction: what points to them, and what points to that; what they point to, and
// what that points to. So the graph of a ConfigMap is what would notice its loss, never all that shares something with
// it. With types, only edges of these are followed. An absent object has an empty graph.
func (s *Service) Related(ctx context.Context, scope access.Scope, ref kube.Ref, depth int, types ...string) (*records.Graph, error) {
	defer s.metrics.observe("related")()
	for _, t := range types {
		if !slices.Contains(kube.EdgeTypes, t) {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf("%q is no type of relation.", t), Fix: "Types are " + strings.Join(kube.EdgeTypes, ", ") + "."}
		}
	}
	f := s.fleet(scope)
	ref = s.resolve(ctx, ref)
	k, ok := f.key(ref)
	w := newWalk(s, f, k.cluster)
	w.types = types
	if !ok {
		return w.g, nil
	}
	root := []*records.Object{w.image(ref)}
	if ref.GroupResource != kube.Images {
		var err error
		if root, err = w.load(ctx, []key{k}); err != nil || len(root) == 0 {
			return w.g, err
		}
	}
	depth = max(1, min(depth, 10))
	w.add(root[0], 0)
	if err := w.up(ctx, root, ownersCap); err != nil {
		return nil, err
	}
	if err := w.down(ctx, root, depth); err != nil {
		return nil, err
	}
	family := w.objects()
	if err := w.walkOn(ctx, family, depth, true); err != nil {
		return nil, err
	}
	if err := w.walkOn(ctx, family, depth, false); err != nil {
		return nil, err
	}
	if ref.GroupResource == kube.Images && len(w.g.Nodes) == 1 {
		return newWalk(s, f, k.cluster).g, nil // nothing is made of it
	}
	w.ownersWithin()
	for i, n := range w.g.Nodes {
		w.g.Nodes[i].Hidden = w.hidden[n.Ref]
	}
	layOut(w.g)
	return w.g, nil
}

// walk collects a graph level by level: a few SQL texts a level. No relation crosses clusters.
type walk struct {
	s       *Service
	f       *fleet
	g       *records.Graph
	types   []string // nil: all
	seen    map[identity]bool
	edges   map[records.GraphEdge]bool
	hubs    map[hub]int
	hidden  map[kube.Ref]int // neighbours that did not fit
	cluster string

	within  columns.Set // the cluster's rows, of columns to which
	applied uint64      // so many changes were applied
}

func newWalk(s *Service, f *fleet, cluster string) *walk {
	return &walk{s: s, f: f, g: &records.Graph{Nodes: []records.GraphNode{}, Edges: []records.GraphEdge{}},
		seen: map[identity]bool{}, edges: map[records.GraphEdge]bool{}, hubs: map[hub]int{}, hidden: map[kube.Ref]int{}, cluster: cluster}
}

// follows reports whether edges of a type were asked for.
func (w *walk) follows(kind string) bool { return len(w.types) == 0 || slices.Contains(w.types, kind) }

// objects is those met so far.
func (w *walk) objects() []*records.Object {
	list := make([]*records.Object, 0, len(w.g.Nodes))
	for _, n := range w.g.Nodes {
		list = append(list, n.Object)
	}
	return list
}

// image makes up the object of an image.
func (w *walk) image(ref kube.Ref) *records.Object {
	o := &records.Object{Ref: ref, ClusterUID: w.cluster}
	o.Kind, o.Name, o.UID, o.Health = "Image", ref.Name, "image:"+ref.Name, kube.Unknown
	o.Replicas, o.ReadyReplicas, o.Restarts = -1, -1, -1
	return o
}

// add reports whether o is new and fits.
func (w *walk) add(o *records.Object, level int) bool {
	id := identity{o.ClusterUID, o.UID}
	if w.seen[id] {
		return false
	}
	if len(w.g.Nodes) == relatedCap {
		w.g.Truncated = true
		return false
	}
	w.seen[id] = true
	w.g.Nodes = append(w.g.Nodes, records.GraphNode{Object: o, Level: level})
	return true
}

func (w *walk) edge(from, to *records.Object, kind string) {
	e := records.GraphEdge{From: from.Ref, To: to.Ref, Type: kind}
	if !w.edges[e] {
		w.edges[e] = true
		w.g.Edges = append(w.g.Edges, e)
	}
}

// ownersWithin adds the ownerships between nodes that were met on different ways.
func (w *walk) ownersWithin() {
	if !w.follows(kube.OwnsEdge) {
		return
	}
	byUID := map[string]*records.Object{}
	for _, n := range w.g.Nodes {
		byUID[n.UID] = n.Object
	}
	for _, n := range w.g.Nodes {
		for _, uid := range n.OwnerUIDs {
			if owner := byUID[uid]; owner != nil {
				w.edge(owner, n.Object, kube.OwnsEdge)
			}
		}
	}
}

func (w *walk) up(ctx context.Context, level []*records.Object, depth int) error {
	if !w.follows(kube.OwnsEdge) {
		return nil
	}
	for i := 1; i <= depth && len(level) > 0; i++ {
		var uids []string
		for _, o := range level {
			uids = append(uids, o.OwnerUIDs...)
		}
		owners, err := w.byUID(ctx, uids)
		if err != nil {
			return err
		}
		var next []*records.Object
		for _, o := range level {
			for _, uid := range o.OwnerUIDs {
				owner := owners[identity{w.cluster, uid}]
				if owner == nil {
					continue
				}
				if w.add(owner, -i) {
					next = append(next, owner)
				}
				if w.seen[identity{w.cluster, uid}] {
					w.edge(owner, o, kube.OwnsEdge)
				}
			}
		}
		level = next
	}
	return nil
}

func (w *walk) down(ctx context.Context, level []*records.Object, depth int) error {
	if !w.follows(kube.OwnsEdge) {
		return nil
	}
	for i := 1; i <= depth && len(level) > 0; i++ {
		owners, shown := map[string]*records.Object{}, map[string]int{}
		var uids []string
		for _, o := range level {
			if o.Ref.GroupResource == kube.Images {
				continue
			}
			owners[o.UID] = o
			uids = append(uids, o.UID)
		}
		if len(uids) == 0 {
			return nil
		}
		var next []*records.Object
		found, all, inMemory, err := w.owned(ctx, uids)
		if err != nil {
			return err
		}
		p := new(clickhouse.Params)
		owned := w.s.db.Table("resources") + ` FINAL WHERE hasAny(owner_uids, ` + p.Strings(uids) + `) AND deleted = 0 AND cluster = ` + p.String(w.cluster) + ` AND ` + w.f.bounds(p)
		// One row more than fits tells whether anything was left out.
		read, left := 0, false
		show := func(o *records.Object) {
			read++
			if w.add(o, i) {
				next = append(next, o)
			}
			if !w.seen[identity{w.cluster, o.UID}] {
				left = true
				return
			}
			for _, uid := range o.OwnerUIDs {
				if owner := owners[uid]; owner != nil {
					shown[uid]++
					w.edge(owner, o, kube.OwnsEdge)
				}
			}
		}
		if inMemory {
			for _, o := range found {
				show(o)
			}
		} else if err := w.s.read(ctx, `SELECT `+rowColumns+` FROM `+owned+` ORDER BY `+keyColumns+` LIMIT `+p.Int(relatedCap+1), p, scanRows(w.f, false, show)); err != nil {
			return err
		}
		switch {
		case !left && read <= relatedCap:
		case inMemory:
			w.g.Truncated = true
			if read <= relatedCap { // all were handed out, but not all fit
				for _, o := range found {
					all.add(o)
				}
			}
			for uid, n := range all.n {
				w.hidden[owners[uid].Ref] += n - shown[uid]
			}
		default:
			if err := w.countHidden(ctx, p, owned, `owner_uids`, uids, func(uid string, n int) { w.hidden[owners[uid].Ref] += n - shown[uid] }); err != nil {
				return err
			}
		}
		level = next
	}
	return nil
}

// countHidden tells how many objects of a FROM name each of the values in a column of arrays.
func (w *walk) countHidden(ctx context.Context, p *clickhouse.Params, from, column string, values []string, each func(value string, n int)) error {
	w.g.Truncated = true
	return w.s.read(ctx, `SELECT named, count() FROM (SELECT arrayJoin(`+column+`) AS named FROM `+from+`) WHERE named IN `+p.Strings(values)+` GROUP BY named`, p,
		func(rows driver.Rows) error {
			var value string
			var n uint64
			err := rows.Scan(&value, &n)
			if err == nil {
				each(value, int(n))
			}
			return err
		})
}
