package search

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// naming follows what names or selects the objects of level: what points to them, and, for relations that are told
// from the other end, what they point to.
func (w *walk) naming(ctx context.Context, level []*records.Object, onwards bool, at int) ([]*records.Object, error) {
	from, err := w.pointing(ctx, level, onwards)
	if err != nil {
		return nil, err
	}
	said, err := w.relations(ctx, from)
	if err != nil {
		return nil, err
	}
	// A name stands for few relations: only those are compared.
	byName := map[string][]*records.Object{}
	for _, o := range level {
		byName[o.Ref.Name] = append(byName[o.Ref.Name], o)
	}
	var next []*records.Object
	for _, o := range from {
		added := false
		for _, r := range said[o.Ref] {
			if r.Reverse != onwards || !w.follows(r.Type) {
				continue
			}
			targets := byName[r.Name]
			if r.Selector != nil {
				targets = level
			}
			for _, to := range targets {
				if r.Matches(to.Ref, to.Labels) && w.relate(to, o, r.Type, onwards, at) {
					added = true
				}
			}
		}
		if added {
			next = append(next, o)
		}
	}
	return next, nil
}

// wanted is what objects of one kind are looked for by.
type wanted struct {
	kind       func(v *columns.View, within columns.Set) columns.Set // its rows
	namespaces []string                                              // of those that are named; nil: any
	anywhere   bool
	uses       []string // Kind/name
	nodes      []string
	images     []string
	everything bool // labels select, or a declared path names: only the whole object tells
}

// pointing reads the rows of what may point to one of level: of the kinds that can, by the columns that tell. Objects
// without owners come first: under a cap a Deployment says more than its Pods do.
func (w *walk) pointing(ctx context.Context, level []*records.Object, onwards bool) ([]*records.Object, error) {
	kinds := map[string]*wanted{} // by the condition on the kind
	p := new(clickhouse.Params)
	conditions := map[kube.GroupResource]string{}
	of := func(condition string, kind func(*columns.View, columns.Set) columns.Set) *wanted {
		if kinds[condition] == nil {
			kinds[condition] = &wanted{kind: kind}
		}
		return kinds[condition]
	}
	for _, o := range level {
		from := kube.RelatedFrom(o.Ref.GroupResource)
		if onwards {
			from = kube.RelatedFromReverse(o.Ref.GroupResource)
		}
		for _, gr := range from {
			if conditions[gr] == "" {
				conditions[gr] = `api_group = ` + p.String(gr.Group) + ` AND resource = ` + p.String(gr.Resource)
			}
			of(conditions[gr], func(v *columns.View, within columns.Set) columns.Set {
				return v.Kinds(within, func(x kube.GroupResource) bool { return x == gr })
			}).note(o, kube.AcrossNamespaces(gr))
		}
		if onwards {
			continue
		}
		for _, k := range w.s.rules.FromKinds(o.Group, o.Kind) {
			x := of(`api_group = `+p.String(k.Group)+` AND kind = `+p.String(k.Kind), func(v *columns.View, within columns.Set) columns.Set {
				set, _ := v.Text(v.Kinds(within, func(x kube.GroupResource) bool { return x.Group == k.Group }), "kind", func(s string) bool { return s == k.Kind })
				return set
			})
			x.note(o, k.Across)
			x.everything = true
		}
	}
	if len(kinds) == 0 {
		return nil, nil
	}
	names := namesOf(level)
	found, ok, err := w.rows(ctx, candidatesCap, true, func(v *columns.View, within columns.Set) columns.Set {
		all := within.Clone().Without(within)
		for _, x := range kinds {
			all.Or(x.rows(v, x.kind(v, within)))
		}
		return all
	}, func(o *records.Object) {
		w.g.Truncated = true
		for _, n := range names {
			n.all.add(o)
		}
	})
	if err != nil {
		return nil, err
	}
	if ok {
		for _, n := range names {
			n.hide(w, found)
		}
		return found, nil
	}
	var ways []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		ways = append(ways, `(`+kind+` AND (`+kinds[kind].sql(p)+`))`)
	}
	from := w.s.db.Table("resources") + ` FINAL WHERE (` + strings.Join(ways, ` OR `) + `) AND deleted = 0 AND cluster = ` + p.String(w.cluster) + ` AND ` + w.f.bounds(p)
	err = w.s.read(ctx, `SELECT `+rowColumns+` FROM `+from+` ORDER BY notEmpty(owner_uids), `+kindWeight+`, `+keyColumns+` LIMIT `+p.Int(candidatesCap+1), p,
		scanRows(w.f, false, func(o *records.Object) { found = append(found, o) }))
	if err != nil || len(found) <= candidatesCap {
		return found, err
	}
	found = found[:candidatesCap]
	w.g.Truncated = true
	for _, n := range names {
		if len(n.refs) == 0 {
			continue
		}
		if err := w.countHidden(ctx, p, from, n.column, slices.Sorted(maps.Keys(n.refs)), func(name string, count int) { n.all.n[name] = count }); err != nil {
			return nil, err
		}
		n.hide(w, found)
	}
	return found, nil
}

// note adds what names o.
func (x *wanted) note(o *records.Object, across bool) {
	switch o.Ref.Resource {
	case "nodes":
		x.nodes = append(x.nodes, o.Ref.Name)
		return
	case "images":
		x.images = append(x.images, o.Ref.Name)
		return
	case "pods":
		x.everything = true
	default:
		x.uses = append(x.uses, o.Kind+"/"+o.Ref.Name)
	}
	if across || o.Ref.Namespace == "" {
		x.anywhere = true
	} else if !slices.Contains(x.namespaces, o.Ref.Namespace) {
		x.namespaces = append(x.namespaces, o.Ref.Namespace)
	}
}

// sql is the condition beside that on the kind. Rows of an older derivation do not tell what they use.
func (x *wanted) sql(p *clickhouse.Params) string {
	var ways []string
	if len(x.nodes) > 0 {
		ways = append(ways, `node IN `+p.Strings(x.nodes))
	}
	if len(x.images) > 0 {
		ways = append(ways, `hasAny(images, `+p.Strings(x.images)+`)`)
	}
	if !x.everything && len(x.uses) == 0 {
		return strings.Join(ways, ` OR `)
	}
	by := `1`
	if !x.everything {
		by = `(hasAny(uses, ` + p.Strings(x.uses) + `) OR derived < ` + p.Int(kube.Derivation) + `)`
	}
	if !x.anywhere {
		by += ` AND namespace IN ` + p.Strings(x.namespaces)
	}
	return strings.Join(append(ways, by), ` OR `)
}

// naming is how a level can be named in one column, and how often it is.
type naming struct {
	column string // in SQL, as an array
	refs   map[string]kube.Ref
	all    *counting // of everything that names one, once that is known
}

func namesOf(level []*records.Object) []*naming {
	uses, node, images := &naming{column: `uses`}, &naming{column: `[node]`}, &naming{column: `images`}
	for _, n := range []*naming{uses, node, images} {
		n.refs = map[string]kube.Ref{}
	}
	for _, o := range level {
		switch o.Ref.Resource {
		case "nodes":
			node.refs[o.Ref.Name] = o.Ref
		case "images":
			images.refs[o.Ref.Name] = o.Ref
		default:
			uses.refs[o.Kind+"/"+o.Ref.Name] = o.Ref
		}
	}
	keys := func(n *naming) []string { return slices.Sorted(maps.Keys(n.refs)) }
	uses.all = countOf(keys(uses), func(o *records.Object) []string { return o.Uses })
	node.all = countOf(keys(node), func(o *records.Object) []string { return []string{o.Node} })
	images.all = countOf(keys(images), func(o *records.Object) []string { return o.Images })
	return []*naming{uses, node, images}
}

// hide notes of each object of the level how many of those that name it are not among the candidates.
func (n *naming) hide(w *walk, candidates []*records.Object) {
	read := countOf(slices.Collect(maps.Keys(n.refs)), n.all.names)
	for _, o := range candidates {
		read.add(o)
	}
	for name, count := range n.all.n {
		if count > read.n[name] {
			w.hidden[n.refs[name]] += count - read.n[name]
		}
	}
}
