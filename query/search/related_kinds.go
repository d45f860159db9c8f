package search

import (
	"context"
	"slices"
	"strings"

	operators "k8s.io/apimachinery/pkg/selection"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// hubCap bounds what one object may bring into a graph by one type of relation: a Node has a hundred Pods, the
// ServiceAccount named default has every Pod of its namespace.
const hubCap = 50

// candidatesCap bounds the objects that are read with their JSON to find those that point to a level.
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
		return false
	}
	added := w.add(neighbour, level)
	if w.seen[identity{neighbour.ClusterUID, neighbour.UID}] {
		w.hubs[h]++
		w.edges[e] = true
		w.g.Edges = append(w.g.Edges, e)
	}
	return added
}

// onward follows what the objects of level say of others.
func (w *walk) onward(ctx context.Context, level []*records.Object, depth int) error {
	for i := 1; i <= depth && len(level) > 0; i++ {
		said, err := w.relations(ctx, level)
		if err != nil {
			return err
		}
		var keys []key
		asked := map[key]bool{}
		var selectors []kube.Relation
		for _, o := range level {
			for _, r := range said[o.Ref] {
				k := key{cluster: w.cluster, group: r.Group, resource: r.Resource, namespace: r.Namespace, name: r.Name}
				switch {
				case r.Selector != nil:
					selectors = append(selectors, r)
				case !asked[k]:
					asked[k] = true
					keys = append(keys, k)
				}
			}
		}
		reached, err := w.s.load(ctx, w.f, keys, false, false)
		if err != nil {
			return err
		}
		byKey := map[kube.Ref]*records.Object{}
		for _, o := range reached {
			byKey[o.Ref] = o
		}
		pods, err := w.selected(ctx, selectors)
		if err != nil {
			return err
		}
		var next []*records.Object
		for _, o := range level {
			for _, r := range said[o.Ref] {
				if r.Selector == nil {
					to := byKey[kube.Ref{Cluster: o.Ref.Cluster, Namespace: r.Namespace, GroupResource: r.GroupResource, Name: r.Name}]
					if to != nil && w.relate(o, to, r.Type, true, i) {
						next = append(next, to)
					}
					continue
				}
				for _, to := range pods {
					if r.Matches(to.Ref, to.Labels) && w.relate(o, to, r.Type, true, i) {
						next = append(next, to)
					}
				}
			}
		}
		level = next
	}
	return nil
}

// relations reads what each object of level says of others.
func (w *walk) relations(ctx context.Context, level []*records.Object) (map[kube.Ref][]kube.Relation, error) {
	var keys []key
	for _, o := range level {
		if kube.HasRelations(o.Ref.GroupResource) {
			keys = append(keys, key{cluster: w.cluster, group: o.Ref.Group, resource: o.Ref.Resource, namespace: o.Ref.Namespace, name: o.Ref.Name})
		}
	}
	whole, err := w.s.load(ctx, w.f, keys, true, false)
	said := map[kube.Ref][]kube.Relation{}
	for _, o := range whole {
		said[o.Ref] = relationsOf(o)
	}
	return said, err
}

func relationsOf(o *records.Object) []kube.Relation {
	decoded, err := kube.Decode(o.JSON)
	if err != nil {
		return nil // What cannot be read says nothing of others.
	}
	return kube.Relations(decoded)
}

// selectorsAtOnce keeps SQL texts small: a selector is a few parameters.
const selectorsAtOnce = 50

// selected reads the Pods that may match any of the selectors: those with the labels that must be equal to something.
func (w *walk) selected(ctx context.Context, selectors []kube.Relation) ([]*records.Object, error) {
	var found []*records.Object
	for part := range slices.Chunk(selectors, selectorsAtOnce) {
		p := new(clickhouse.Params)
		var ways []string
		for _, r := range part {
			all := []string{`namespace = ` + p.String(r.Namespace)}
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
		err := w.s.read(ctx, `SELECT `+rowColumns+` FROM `+w.s.db.Table("resources")+` FINAL WHERE api_group = '' AND resource = 'pods' AND deleted = 0 AND cluster = `+p.String(w.cluster)+
			` AND (`+strings.Join(ways, ` OR `)+`) AND `+w.f.bounds(p)+` ORDER BY `+keyColumns+` LIMIT `+p.Int(candidatesCap+1), p,
			scanRows(w.f, false, func(o *records.Object) { found = append(found, o) }))
		if err != nil {
			return nil, err
		}
		w.g.Truncated = w.g.Truncated || len(found)-before > candidatesCap
	}
	return found, nil
}

// back follows what points to the objects of level.
func (w *walk) back(ctx context.Context, level []*records.Object, depth int) error {
	for i := 1; i <= depth && len(level) > 0; i++ {
		from, err := w.pointing(ctx, level)
		if err != nil {
			return err
		}
		var next []*records.Object
		for _, o := range from {
			said := relationsOf(o)
			o.JSON = nil
			added := false
			for _, to := range level {
				for _, r := range said {
					if r.Matches(to.Ref, to.Labels) && w.relate(to, o, r.Type, false, -i) {
						added = true
					}
				}
			}
			if added {
				next = append(next, o)
			}
		}
		level = next
	}
	return nil
}

// needlesAtOnce is how many words the database looks for in one pass over a text.
const needlesAtOnce = 255

// pointing reads, whole, the objects that may point to one of level: of the kinds that can, in their namespaces, and
// with their names somewhere in the text. Objects without owners come first: under a cap a Deployment says more than
// its Pods do.
func (w *walk) pointing(ctx context.Context, level []*records.Object) ([]*records.Object, error) {
	type wanted struct {
		namespaces, names, nodes []string
		everything               bool // labels select, or the name goes without saying
	}
	var order []kube.GroupResource
	byKind := map[kube.GroupResource]*wanted{}
	for _, o := range level {
		for _, from := range kube.RelatedFrom(o.Ref.GroupResource) {
			x := byKind[from]
			if x == nil {
				x = &wanted{}
				byKind[from] = x
				order = append(order, from)
			}
			switch gr := o.Ref.GroupResource.String(); {
			case gr == "nodes":
				x.nodes = append(x.nodes, o.Ref.Name)
				continue
			case gr == "pods", gr == "serviceaccounts" && o.Ref.Name == "default":
				x.everything = true
			default:
				x.names = append(x.names, `"`+o.Ref.Name+`"`)
			}
			if !slices.Contains(x.namespaces, o.Ref.Namespace) {
				x.namespaces = append(x.namespaces, o.Ref.Namespace)
			}
		}
	}
	if len(order) == 0 {
		return nil, nil
	}
	p := new(clickhouse.Params)
	var narrow, whole []string // what names them by columns, and with what must stand in their text
	for _, gr := range order {
		x := byKind[gr]
		var ways, named []string
		if len(x.nodes) > 0 {
			ways = append(ways, `node IN `+p.Strings(x.nodes))
			named = append(named, ways[0])
		}
		if len(x.namespaces) > 0 {
			in := `namespace IN ` + p.Strings(x.namespaces)
			if !x.everything {
				var texts []string
				for part := range slices.Chunk(x.names, needlesAtOnce) {
					texts = append(texts, `multiSearchAny(object, `+p.Strings(part)+`)`)
				}
				named = append(named, in+` AND (`+strings.Join(texts, ` OR `)+`)`)
			} else {
				named = append(named, in)
			}
			ways = append(ways, in)
		}
		kind := `(api_group = ` + p.String(gr.Group) + ` AND resource = ` + p.String(gr.Resource) + ` AND (`
		narrow, whole = append(narrow, kind+strings.Join(ways, ` OR `)+`))`), append(whole, kind+strings.Join(named, ` OR `)+`))`)
	}
	var found []*records.Object
	current := w.s.whole(`(` + strings.Join(narrow, ` OR `) + `) AND deleted = 0 AND cluster = ` + p.String(w.cluster) + ` AND ` + w.f.bounds(p))
	err := w.s.read(ctx, `SELECT `+rowColumns+`, object FROM `+current+` WHERE `+strings.Join(whole, ` OR `)+` ORDER BY notEmpty(owner_uids), `+keyColumns+` LIMIT `+p.Int(candidatesCap+1), p,
		scanRows(w.f, true, func(o *records.Object) { found = append(found, o) }))
	w.g.Truncated = w.g.Truncated || len(found) > candidatesCap
	return found, err
}
