package search

import (
	"context"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// relatedCap bounds a graph: more nodes than this are no picture.
const relatedCap = 500

// Related walks depth levels of owners up and of owned objects down, and from all of these up to depth relations
// onward, each in its own direction: what points to them, and what points to that; what they point to, and what that
// points to. So the graph of a ConfigMap is what would notice its loss, never all that shares something with it.
// An absent object has an empty graph.
func (s *Service) Related(ctx context.Context, scope access.Scope, ref kube.Ref, depth int) (*records.Graph, error) {
	defer s.metrics.observe("related")()
	f := s.fleet(scope)
	g := &records.Graph{Nodes: []records.GraphNode{}, Edges: []records.GraphEdge{}}
	k, ok := f.key(s.resolve(ctx, ref))
	if !ok {
		return g, nil
	}
	root, err := s.load(ctx, f, []key{k}, false, false)
	if err != nil || len(root) == 0 {
		return g, err
	}
	depth = max(1, min(depth, 10))
	w := newWalk(s, f, k.cluster)
	g = w.g
	w.add(root[0], 0)
	if err := w.up(ctx, root, depth); err != nil {
		return nil, err
	}
	if err := w.down(ctx, root, depth); err != nil {
		return nil, err
	}
	family := w.objects()
	if err := w.onward(ctx, family, depth); err != nil {
		return nil, err
	}
	if err := w.back(ctx, family, depth); err != nil {
		return nil, err
	}
	w.ownersWithin()
	return g, nil
}

// walk collects a graph level by level: a few SQL texts a level. No relation crosses clusters.
type walk struct {
	s       *Service
	f       *fleet
	g       *records.Graph
	seen    map[identity]bool
	edges   map[records.GraphEdge]bool
	hubs    map[hub]int
	cluster string
}

func newWalk(s *Service, f *fleet, cluster string) *walk {
	return &walk{s: s, f: f, g: &records.Graph{Nodes: []records.GraphNode{}, Edges: []records.GraphEdge{}},
		seen: map[identity]bool{}, edges: map[records.GraphEdge]bool{}, hubs: map[hub]int{}, cluster: cluster}
}

// objects is those met so far.
func (w *walk) objects() []*records.Object {
	list := make([]*records.Object, 0, len(w.g.Nodes))
	for _, n := range w.g.Nodes {
		list = append(list, n.Object)
	}
	return list
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
	for i := 1; i <= depth && len(level) > 0; i++ {
		var uids []string
		for _, o := range level {
			uids = append(uids, o.OwnerUIDs...)
		}
		owners, err := w.s.byUID(ctx, w.f, uids)
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
	for i := 1; i <= depth && len(level) > 0; i++ {
		owners := map[string]*records.Object{}
		var uids []string
		for _, o := range level {
			owners[o.UID] = o
			uids = append(uids, o.UID)
		}
		var next []*records.Object
		p := new(clickhouse.Params)
		// One row more than fits tells whether anything was left out.
		err := w.s.read(ctx, `SELECT `+rowColumns+` FROM `+w.s.db.Table("resources")+` FINAL WHERE hasAny(owner_uids, `+p.Strings(uids)+`) AND deleted = 0 AND cluster = `+p.String(w.cluster)+
			` AND `+w.f.bounds(p)+` ORDER BY `+keyColumns+` LIMIT `+p.Int(relatedCap+1), p,
			scanRows(w.f, false, func(o *records.Object) {
				if w.add(o, i) {
					next = append(next, o)
				}
				if w.seen[identity{w.cluster, o.UID}] {
					for _, uid := range o.OwnerUIDs {
						if owner := owners[uid]; owner != nil {
							w.edge(owner, o, kube.OwnsEdge)
						}
					}
				}
			}))
		if err != nil {
			return err
		}
		level = next
	}
	return nil
}
