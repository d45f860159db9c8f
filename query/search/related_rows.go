package search

import (
	"context"
	"slices"

	operators "k8s.io/apimachinery/pkg/selection"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// rows reads what find picks of the walk's cluster from columns in memory: the first most objects, in the order of the
// database, those without owners first and what people run before what runs for it when that is asked. With more than that, left is told of every row that was found.
// ok is false when columns cannot answer.
func (w *walk) rows(ctx context.Context, most int, ownersLast bool, find func(v *columns.View, within columns.Set) columns.Set, left func(*records.Object)) (found []*records.Object, ok bool, err error) {
	t := w.s.table.Load()
	if t == nil || w.f.byUID[w.cluster] == "" || !w.s.feed.caughtUp(ctx, presentWait) {
		return nil, false, nil
	}
	err = t.Read(func(v *columns.View) error {
		if now := t.Applied(); w.within == nil || now != w.applied {
			w.within, _ = v.Text(v.Living(), "cluster", func(uid string) bool { return uid == w.cluster })
			w.applied = now
		}
		set := find(v, w.within)
		order := v.ByKey()
		if ownersLast {
			order = append([]columns.Term{columns.ByNumber(false, func(row uint32) int64 {
				if v.HasOwner(row) {
					return 1
				}
				return 0
			}), v.WeighKinds(weightOf)}, order...)
		}
		rows, err := v.Top(set, order, nil, most)
		if err != nil {
			return err
		}
		for _, row := range rows {
			found = append(found, w.object(v, row))
		}
		if left != nil && set.Count() > most {
			set.Each(func(row uint32) { left(w.object(v, row)) })
		}
		return nil
	})
	return found, err == nil, err
}

func (w *walk) object(v *columns.View, row uint32) *records.Object {
	o := v.Object(row)
	o.Ref.Cluster = w.f.byUID[o.ClusterUID]
	return o
}

// load is Service.load of rows.
func (w *walk) load(ctx context.Context, keys []key) ([]*records.Object, error) {
	named := make([]columns.Key, len(keys))
	for i, k := range keys {
		named[i] = columns.Key{Cluster: k.cluster, Group: k.group, Resource: k.resource, Namespace: k.namespace, Name: k.name}
	}
	found, ok, err := w.rows(ctx, len(keys), false, func(v *columns.View, _ columns.Set) columns.Set { return v.Rows(named) }, nil)
	if ok || err != nil {
		return found, err
	}
	return w.s.load(ctx, w.f, keys, false, false)
}

// byUID is Service.byUID of rows.
func (w *walk) byUID(ctx context.Context, uids []string) (map[identity]*records.Object, error) {
	if len(uids) == 0 {
		return nil, nil
	}
	found, ok, err := w.rows(ctx, len(uids), false, func(v *columns.View, within columns.Set) columns.Set { return v.UIDs(within, uids) }, nil)
	if !ok || err != nil {
		if err == nil {
			return w.s.byUID(ctx, w.f, uids)
		}
		return nil, err
	}
	known := map[identity]*records.Object{}
	for _, o := range found {
		known[identity{o.ClusterUID, o.UID}] = o
	}
	return known, nil
}

// counting counts how many rows name each of some values.
type counting struct {
	names func(*records.Object) []string
	n     map[string]int
}

func countOf(values []string, names func(*records.Object) []string) *counting {
	c := &counting{names: names, n: map[string]int{}}
	for _, v := range values {
		c.n[v] = 0
	}
	return c
}

func (c *counting) add(o *records.Object) {
	for _, name := range c.names(o) {
		if _, asked := c.n[name]; asked {
			c.n[name]++
		}
	}
}

// owned are objects that one of these UIDs owns. ok is false when columns cannot answer.
func (w *walk) owned(ctx context.Context, uids []string) (found []*records.Object, all *counting, ok bool, err error) {
	all = countOf(uids, func(o *records.Object) []string { return o.OwnerUIDs })
	found, ok, err = w.rows(ctx, relatedCap+1, false, func(v *columns.View, within columns.Set) columns.Set { return v.OwnedBy(within, uids) }, all.add)
	return found, all, ok, err
}

// matching are the rows that may match a selector: of its kind and namespace, with the labels that must be equal.
func matchingRows(v *columns.View, within columns.Set, r *kube.Relation) columns.Set {
	set := v.Kinds(within, func(gr kube.GroupResource) bool { return gr == r.GroupResource })
	set, _ = v.Text(set, "namespace", func(s string) bool { return s == r.Namespace })
	requirements, _ := r.Selector.Requirements()
	for _, q := range requirements {
		switch q.Operator() {
		case operators.Equals, operators.DoubleEquals, operators.In:
			set, _ = v.Entry(set, "labels", q.Key(), func(s string) bool { return slices.Contains(q.ValuesUnsorted(), s) })
		}
	}
	return set
}

// rows is sql of rows of one kind.
func (x *wanted) rows(v *columns.View, kind columns.Set) columns.Set {
	found := kind.Clone().Without(kind)
	if len(x.nodes) > 0 {
		set, _ := v.Text(kind, "node", func(s string) bool { return slices.Contains(x.nodes, s) })
		found.Or(set)
	}
	if len(x.images) > 0 {
		set, _ := v.Any(kind, "images", func(s string) bool { return slices.Contains(x.images, s) })
		found.Or(set)
	}
	if !x.everything && len(x.uses) == 0 {
		return found
	}
	set := kind.Clone()
	if !x.anywhere {
		set, _ = v.Text(set, "namespace", func(s string) bool { return slices.Contains(x.namespaces, s) })
	}
	if !x.everything {
		set, _ = v.Any(set, "uses", func(s string) bool { return slices.Contains(x.uses, s) })
	}
	return found.Or(set)
}
