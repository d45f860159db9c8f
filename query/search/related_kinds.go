package search

import (
	"context"
	"slices"
	"strings"

	operators "k8s.io/apimachinery/pkg/selection"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// hubCap bounds what one object may bring into a graph by one type of relation: a Node has a hundred Pods, the
// ServiceAccount named default has every Pod of its namespace.
const hubCap = 50

// candidatesCap bounds the objects that are read to find those that point to a level.
const candidatesCap = 1000

// hub is one side of relations of one type.
type hub struct {
	ref     kube.Ref
	kind    string
	onwards bool
}

// relate adds what o, of the level that is walked from, leads to. It reports whether that is new.
func (w *walk) relate(o, neighbour *records.Object, kind string, onwards bool, level int) bool {
	e := records.GraphEdge{From: o.Ref, To: neighbour.Ref, Type: kind}
	if !onwards {
		e.From, e.To = e.To, e.From
	}
	if w.edges[e] {
		return false
	}
	h := hub{o.Ref, kind, onwards}
	if w.hubs[h] == hubCap {
		w.g.Truncated = true
		w.hidden[o.Ref]++
		return false
	}
	added := w.add(neighbour, level)
	if !w.seen[identity{neighbour.ClusterUID, neighbour.UID}] {
		w.hidden[o.Ref]++
		return false
	}
	w.hubs[h]++
	w.edges[e] = true
	w.g.Edges = append(w.g.Edges, e)
	return added
}

// walkOn follows the relations of level in one direction: what they point to, or what points to them.
func (w *walk) walkOn(ctx context.Context, level []*records.Object, depth int, onwards bool) error {
	for i := 1; i <= depth && len(level) > 0; i++ {
		at := i
		if !onwards {
			at = -i
		}
		next, err := w.named(ctx, level, onwards, at)
		if err != nil {
			return err
		}
		more, err := w.naming(ctx, level, onwards, at)
		if err != nil {
			return err
		}
		level = append(next, more...)
	}
	return nil
}

// named follows what the objects of level say of others.
func (w *walk) named(ctx context.Context, level []*records.Object, onwards bool, at int) ([]*records.Object, error) {
	said, err := w.relations(ctx, level)
	if err != nil {
		return nil, err
	}
	var keys []key
	asked := map[key]bool{}
	var selectors []kube.Relation
	for _, o := range level {
		said[o.Ref] = slices.DeleteFunc(said[o.Ref], func(r kube.Relation) bool { return r.Reverse == onwards || !w.follows(r.Type) })
		for _, r := range said[o.Ref] {
			k := key{cluster: w.cluster, group: r.Group, resource: r.Resource, namespace: r.Namespace, name: r.Name}
			switch {
			case r.Selector != nil:
				selectors = append(selectors, r)
			case !asked[k] && r.GroupResource != kube.Images:
				asked[k] = true
				keys = append(keys, k)
			}
		}
	}
	reached, err := w.load(ctx, keys)
	if err != nil {
		return nil, err
	}
	byRef := map[kube.Ref]*records.Object{}
	for _, o := range reached {
		byRef[o.Ref] = o
	}
	selected, err := w.selected(ctx, selectors)
	if err != nil {
		return nil, err
	}
	var next []*records.Object
	reach := func(o, to *records.Object, kind string) {
		if to != nil && w.relate(o, to, kind, onwards, at) {
			next = append(next, to)
		}
	}
	for _, o := range level {
		for _, r := range said[o.Ref] {
			ref := kube.Ref{Cluster: o.Ref.Cluster, Namespace: r.Namespace, GroupResource: r.GroupResource, Name: r.Name}
			switch {
			case r.Type == kube.ImageEdge:
				if o.UID == w.g.Nodes[0].UID || !w.ofOwner(o, r.Name) {
					reach(o, w.image(ref), r.Type)
				}
			case r.Selector == nil:
				reach(o, byRef[ref], r.Type)
			default:
				for _, to := range selected {
					if r.Matches(to.Ref, to.Labels) {
						reach(o, to, r.Type)
					}
				}
			}
		}
	}
	return next, nil
}

// ofOwner reports whether an owner of o that is in the graph is made of the image too: the topmost one tells it, and
// the one that was asked about.
func (w *walk) ofOwner(o *records.Object, image string) bool {
	for _, n := range w.g.Nodes {
		if slices.Contains(o.OwnerUIDs, n.UID) && slices.Contains(n.Images, image) {
			return true
		}
	}
	return false
}

// relations is what each object of level says of others. What is made of containers need not be read for it.
func (w *walk) relations(ctx context.Context, level []*records.Object) (map[kube.Ref][]kube.Relation, error) {
	said := map[kube.Ref][]kube.Relation{}
	var keys []key
	for _, o := range level {
		if known := kube.RelationsOfTemplate(o.Ref, o.Uses, o.Images, o.Node); known != nil && !w.s.rules.From(o.Group, o.Kind) {
			said[o.Ref] = known
		} else if kube.HasRelations(o.Ref.GroupResource) || w.s.rules.From(o.Group, o.Kind) {
			keys = append(keys, key{cluster: w.cluster, group: o.Ref.Group, resource: o.Ref.Resource, namespace: o.Ref.Namespace, name: o.Ref.Name})
		}
	}
	whole, err := w.s.load(ctx, w.f, keys, true, false)
	for _, o := range whole {
		said[o.Ref] = w.relationsOf(ctx, o)
	}
	return said, err
}

// relationsOf reads an object's JSON.
func (w *walk) relationsOf(ctx context.Context, o *records.Object) []kube.Relation {
	decoded, err := kube.Decode(o.JSON)
	if err != nil {
		return nil // What cannot be read says nothing of others.
	}
	return append(kube.Relations(decoded), w.s.rules.Of(decoded, w.s.plural(ctx))...)
}

// plural names what API paths call a kind, as members serve it, or else as Kubernetes would.
func (s *Service) plural(ctx context.Context) func(group, kind string) (string, bool) {
	return func(group, kind string) (string, bool) {
		for _, k := range s.kinds.served(ctx) {
			if k.Group == group && k.Kind == kind {
				return k.Resource, k.Namespaced
			}
		}
		for _, b := range kube.Builtins {
			if b.Group == group && b.Kind == kind {
				return b.Resource, b.Namespaced
			}
		}
		return kube.Plural(kind), true
	}
}

// selectorsAtOnce keeps SQL texts small: a selector is a few parameters.
const selectorsAtOnce = 50

// selected reads what may match any of the selectors: objects with the labels that must be equal to something.
func (w *walk) selected(ctx context.Context, selectors []kube.Relation) ([]*records.Object, error) {
	if len(selectors) == 0 {
		return nil, nil
	}
	found, ok, err := w.rows(ctx, candidatesCap+1, false, func(v *columns.View, within columns.Set) columns.Set {
		all := within.Clone().Without(within)
		for i := range selectors {
			all.Or(matchingRows(v, within, &selectors[i]))
		}
		return all
	}, nil)
	if ok || err != nil {
		w.g.Truncated = w.g.Truncated || len(found) > candidatesCap
		return found, err
	}
	for part := range slices.Chunk(selectors, selectorsAtOnce) {
		p := new(clickhouse.Params)
		var ways []string
		for _, r := range part {
			all := []string{`api_group = ` + p.String(r.Group), `resource = ` + p.String(r.Resource), `namespace = ` + p.String(r.Namespace)}
			requirements, _ := r.Selector.Requirements()
			for _, q := range requirements {
				switch q.Operator() {
				case operators.Equals, operators.DoubleEquals, operators.In:
					all = append(all, `labels[`+p.String(q.Key())+`] IN `+p.Strings(q.ValuesUnsorted()))
				}
			}
			ways = append(ways, `(`+strings.Join(all, ` AND `)+`)`)
		}
		before := len(found)
		err := w.s.read(ctx, `SELECT `+rowColumns+` FROM `+w.s.db.Table("resources")+` FINAL WHERE deleted = 0 AND cluster = `+p.String(w.cluster)+
			` AND (`+strings.Join(ways, ` OR `)+`) AND `+w.f.bounds(p)+` ORDER BY `+keyColumns+` LIMIT `+p.Int(candidatesCap+1), p,
			scanRows(w.f, false, func(o *records.Object) { found = append(found, o) }))
		if err != nil {
			return nil, err
		}
		w.g.Truncated = w.g.Truncated || len(found)-before > candidatesCap
	}
	return found, nil
}
