package search

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
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
	namespaces []string // of those that are named; nil: any
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
	of := func(condition string) *wanted {
		if kinds[condition] == nil {
			kinds[condition] = &wanted{}
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
			of(conditions[gr]).note(o, kube.AcrossNamespaces(gr))
		}
		if onwards {
			continue
		}
		for _, k := range w.s.rules.FromKinds(o.Group, o.Kind) {
			x := of(`api_group = ` + p.String(k.Group) + ` AND kind = ` + p.String(k.Kind))
			x.note(o, k.Across)
			x.everything = true
		}
	}
	if len(kinds) == 0 {
		return nil, nil
	}
	var ways []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		ways = append(ways, `(`+kind+` AND (`+kinds[kind].sql(p)+`))`)
	}
	var found []*records.Object
	naming := w.s.db.Table("resources") + ` FINAL WHERE (` + strings.Join(ways, ` OR `) + `) AND deleted = 0 AND cluster = ` + p.String(w.cluster) + ` AND ` + w.f.bounds(p)
	err := w.s.read(ctx, `SELECT `+rowColumns+` FROM `+naming+` ORDER BY notEmpty(owner_uids), `+keyColumns+` LIMIT `+p.Int(candidatesCap+1), p,
		scanRows(w.f, false, func(o *records.Object) { found = append(found, o) }))
	if err != nil || len(found) <= candidatesCap {
		return found, err
	}
	return found[:candidatesCap], w.countNaming(ctx, p, naming, level, found[:candidatesCap])
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

// countNaming tells how many of those that name each object of a level are not among the candidates.
func (w *walk) countNaming(ctx context.Context, p *clickhouse.Params, from string, level, candidates []*records.Object) error {
	by := map[string]map[string]kube.Ref{`uses`: {}, `[node]`: {}, `images`: {}}
	for _, o := range level {
		switch o.Ref.Resource {
		case "nodes":
			by[`[node]`][o.Ref.Name] = o.Ref
		case "images":
			by[`images`][o.Ref.Name] = o.Ref
		default:
			by[`uses`][o.Kind+"/"+o.Ref.Name] = o.Ref
		}
	}
	for _, column := range slices.Sorted(maps.Keys(by)) {
		refs := by[column]
		if len(refs) == 0 {
			continue
		}
		read := map[string]int{}
		for _, o := range candidates {
			names := o.Uses
			switch column {
			case `[node]`:
				names = []string{o.Node}
			case `images`:
				names = o.Images
			}
			for _, name := range names {
				read[name]++
			}
		}
		err := w.countHidden(ctx, p, from, column, slices.Sorted(maps.Keys(refs)), func(name string, n int) { w.hidden[refs[name]] += n - read[name] })
		if err != nil {
			return err
		}
	}
	w.g.Truncated = true
	return nil
}
