package ql

import (
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/selection"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/query/columns"
)

// Rows are the rows of within that match, found in columns in memory. What is not there, such as paths, is looked for
// in objects: when there are none to look into, rows that may match are among them, and exact is false. It is for
// queries of the Resources page on the present, without deleted:. words, which may be nil, hold those of the columns.
func (q *Query) Rows(v *columns.View, within columns.Set, words *Vocabulary, objects Objects) (found columns.Set, exact bool) {
	if q.root == nil {
		return within, true
	}
	r := &rower{v: v, words: words, objects: objects, exact: true}
	return r.expr(q.root, within), r.exact
}

// rower compiles a tree into sets. Every method answers a set that the caller may change, within the one it was given.
type rower struct {
	v       *columns.View
	words   *Vocabulary
	objects Objects // may be nil
	exact   bool
}

// unknown is everything: a condition that columns cannot tell.
func (r *rower) unknown(within columns.Set) columns.Set {
	r.exact = false
	return within.Clone()
}

func (r *rower) expr(x Expr, within columns.Set) columns.Set {
	switch x := x.(type) {
	case And:
		for late := range 3 {
			for _, m := range x {
				if lateness(m) == late {
					within = r.expr(m, within)
				}
			}
		}
		return within
	case Or:
		found := within.Clone().Without(within)
		for _, m := range x {
			found.Or(r.expr(m, within))
		}
		return found
	case Not:
		return r.not(within, func() columns.Set { return r.expr(x.X, within) })
	case *Text:
		return r.text(x, within)
	case *Selector:
		return r.selector(x.Selector, within)
	case *Filter:
		return r.filter(x, within)
	default:
		return r.unknown(within)
	}
}

// selector looks for what has to be there first, by which few are left, and then at all labels of those.
func (r *rower) selector(s labels.Selector, within columns.Set) columns.Set {
	requirements, selectable := s.Requirements()
	all := !selectable || len(requirements) == 0
	for _, q := range requirements {
		var has func(string) bool
		switch q.Operator() {
		case selection.In, selection.Equals, selection.DoubleEquals:
			has = q.Values().Has
		case selection.Exists:
			has = func(string) bool { return true }
		default:
			all = true
			continue
		}
		within, _ = r.v.Entry(within, "labels", q.Key(), has)
	}
	if !all {
		return within
	}
	within, _ = r.v.Matching(within, "labels", func(m map[string]string) bool { return s.Matches(labels.Set(m)) })
	return within
}

// not is what a condition leaves out. The complement of too much would be too little.
func (r *rower) not(within columns.Set, f func() columns.Set) columns.Set {
	before := r.exact
	r.exact = true
	found := f()
	if !r.exact {
		return within.Clone()
	}
	r.exact = before
	return within.Clone().Without(found)
}

func (r *rower) filter(x *Filter, within columns.Set) columns.Set {
	switch x.def.typ {
	case typReady:
		return r.ready(x, within)
	case typStatus:
		return r.status(x, within)
	}
	if x.Not {
		return r.not(within, func() columns.Set { return r.positive(x, within) })
	}
	return r.positive(x, within)
}

// must is a set of a column that is there by the registry.
func (r *rower) must(within columns.Set) func(columns.Set, bool) columns.Set {
	return func(found columns.Set, ok bool) columns.Set {
		if !ok {
			return r.unknown(within)
		}
		return found
	}
}

func (r *rower) ready(x *Filter, within columns.Set) columns.Set {
	must := r.must(within)
	if x.Op == OpHas {
		return must(r.v.Text(within, "ready", func(s string) bool { return (s != "") != x.Not }))
	}
	return must(r.v.Text(within, "ready", func(s string) bool {
		return s != "" && x.any(func(v *Value) bool { return s == v.Text }) != x.Not
	}))
}

// status is Filter.status: not(any of readiness, texts), where readiness has a negation of its own.
func (r *rower) status(x *Filter, within columns.Set) columns.Set {
	must := r.must(within)
	if x.Op == OpHas {
		return must(r.v.Text(within, "status", func(s string) bool { return (s != "") != x.Not }))
	}
	found := within.Clone().Without(within)
	var texts []*Value
	for i := range x.Values {
		v := &x.Values[i]
		want := v.readiness(x.Op)
		if want == "" {
			texts = append(texts, v)
			continue
		}
		found.Or(must(r.v.Text(within, "ready", func(s string) bool {
			if x.Not {
				return s != opposite(want)
			}
			return s == want
		})))
	}
	if len(texts) > 0 {
		match := func(s string) bool {
			return slices.ContainsFunc(texts, func(v *Value) bool { return v.text(x.Op, s) })
		}
		found.Or(must(r.v.Text(within, "status", match))).Or(must(r.v.Text(within, "health", match)))
	}
	if x.Not {
		return within.Clone().Without(found)
	}
	return found
}

// positive is the filter without its negation.
func (r *rower) positive(x *Filter, within columns.Set) columns.Set {
	if x.inObject() {
		return r.looked(x, within)
	}
	f, must := x.def, r.must(within)
	has := x.Op == OpHas
	text := func(s string) bool {
		if has {
			return s != ""
		}
		return x.any(func(v *Value) bool { return v.text(x.Op, s) })
	}
	switch f.typ {
	case typWord, typHealth:
		if f.column == "name" && !has && len(x.Values) == 1 {
			if literal := x.Values[0].contained(); literal != "" {
				whole := strings.ToLower(x.Values[0].Text) == "*"+literal+"*" // an expression would cost ten times as much
				return r.v.Names(within, literal, func(name string) bool { return whole && strings.Contains(name, literal) || text(name) })
			}
		}
		if f.column == "uid" && !has && len(x.Values) == 1 && x.Values[0].Kind == Literal && (x.Op == OpEqual || isUID(x.Values[0].Text)) {
			uid := x.Values[0].Text
			if x.Op == OpMatch {
				uid = strings.ToLower(uid) // UUIDs are written in lower case
			}
			return r.v.UID(within, uid)
		}
		return must(r.v.Text(within, f.column, text))
	case typWords:
		if has {
			return must(r.v.Present(within, f.column))
		}
		return must(r.v.Any(within, f.column, text))
	case typCluster:
		if has {
			return within.Clone()
		}
		return must(r.v.Text(within, f.column, func(uid string) bool {
			return x.any(func(v *Value) bool { return slices.Contains(v.ids, uid) })
		}))
	case typKind:
		if has {
			return within.Clone()
		}
		return r.v.Kinds(within, func(gr kube.GroupResource) bool {
			return x.any(func(v *Value) bool {
				for _, k := range v.kinds {
					if k.GroupResource == gr {
						return true
					}
				}
				return false
			})
		})
	case typMap:
		return must(r.v.Entry(within, f.column, x.Key, func(s string) bool { return has || x.any(func(v *Value) bool { return v.text(x.Op, s) }) }))
	case typImage:
		if has {
			return must(r.v.Present(within, f.column))
		}
		return must(r.v.Any(within, f.column, func(s string) bool { return x.any(func(v *Value) bool { return v.ownerRef(x.Op, s) }) }))
	case typPart:
		return must(r.v.Any(within, f.column, func(image string) bool { return text(parseImage(image).part(f.name)) }))
	case typOwner:
		if has {
			return must(r.v.Present(within, f.column))
		}
		return r.v.Owned(within, ownerLevels, func(ref string) bool { return x.any(func(v *Value) bool { return v.ownerRef(x.Op, ref) }) })
	case typUses:
		if has {
			return must(r.v.Present(within, f.column))
		}
		return must(r.v.Any(within, f.column, func(ref string) bool { return x.any(func(v *Value) bool { return v.ownerRef(x.Op, ref) }) }))
	case typManager:
		some := must(r.v.Present(within.Clone(), f.column))
		if has {
			return some
		}
		found := must(r.v.Any(some, f.column, func(s string) bool { return x.any(func(v *Value) bool { return !v.isNobody() && v.manager(x.Op, s) }) }))
		if x.any((*Value).isNobody) {
			found = found.Or(within.Clone().Without(must(r.v.Present(within.Clone(), f.column))))
		}
		return found
	case typIP:
		if has {
			return must(r.v.Present(within, f.column))
		}
		return must(r.v.Any(within, f.column, func(ip string) bool { return x.any(func(v *Value) bool { return v.address(ip) }) }))
	case typPlace:
		return r.v.Places(f.place.nodes, func(uid string) string { return x.homes[uid] }).Find(within, text)
	case typTrait:
		return must(r.v.Any(within, f.column, func(trait string) bool {
			if has {
				return trait == traitOf(f, nil)
			}
			return x.any(func(v *Value) bool { return trait == traitOf(f, v) })
		}))
	case typPath:
		if has {
			return must(r.v.Present(within, f.column))
		}
		return must(r.v.Any(within, f.column, func(s string) bool { return x.any(func(v *Value) bool { return v.path(x.Op, s) }) }))
	case typNumber:
		return must(r.v.Number(within, f.column, func(n int64) bool {
			return n >= 0 && (has || x.any(func(v *Value) bool { return v.number(x.Op, n) }))
		}))
	case typAge, typTime:
		if f.name == "deleted" {
			return r.unknown(within)
		}
		return must(r.v.Number(within, f.column, func(ms int64) bool {
			return ms > 0 && (has || x.any(func(v *Value) bool {
				return (v.since.IsZero() || ms >= v.since.UnixMilli()) && (v.until.IsZero() || ms < v.until.UnixMilli())
			}))
		}))
	default:
		return r.unknown(within)
	}
}

// Dimension is what a facet or a group counts a field by. ok is false for what columns do not hold, or hold a value
// a row of: name and uid.
func (f FieldKey) Dimension(v *columns.View) (by columns.Dimension, ok bool) {
	switch f.def.typ {
	case typKind:
		return v.ByColumn("kind", nil)
	case typMap:
		if f.key != "" {
			return v.ByEntry(f.def.column, f.key)
		}
		return v.ByKeys(f.def.column)
	case typPart:
		return v.ByColumn(f.def.column, func(image string) string { return parseImage(image).part(f.def.name) })
	case typManager:
		return v.ByColumn(f.def.column, systemOf)
	case typPlace:
		homes := f.def.place.homesOf(f.clusters)
		return v.Places(f.def.place.nodes, func(uid string) string { return homes[uid] }).Dimension(), true
	case typCluster:
		if f.key != "" {
			homes := (&place{clusters: []string{f.key}}).homesOf(f.clusters)
			return v.ByColumn(f.def.column, func(uid string) string { return homes[uid] })
		}
		return v.ByColumn(f.def.column, nil)
	case typWord, typHealth, typReady, typStatus, typWords, typImage, typOwner, typUses, typIP, typPath, typNumber:
		return v.ByColumn(f.def.column, nil)
	}
	return by, false
}

// Column is the column of a field that has one value a row, "" for others.
func (f FieldKey) Column() string {
	if f.def.typ == typWord {
		return f.def.column
	}
	return ""
}

// FieldKey is a field of the Resources page, with the key of a label or annotation.
type FieldKey struct {
	def      *field
	key      string
	clusters []Cluster
}

// FieldOf reads a field as FacetColumn does; clusters tell env, region, zone, provider and cluster.LABEL.
func FieldOf(name string, clusters []Cluster) (FieldKey, bool) {
	name, key, keyed := split(name)
	f := lookup(name, Resources)
	if f == nil || !f.on(Resources) || keyed && (f.typ != typMap && f.typ != typCluster || key == "") {
		return FieldKey{}, false
	}
	return FieldKey{def: f, key: key, clusters: clusters}, true
}

// contained is a text that, in lower case, is in all texts that match; empty when there is none.
func (v *Value) contained() string {
	switch v.Kind {
	case Literal:
		return strings.ToLower(v.Text)
	case Glob:
		return strings.ToLower(longestPiece(v.Text))
	}
	return ""
}

// longestPiece is the longest text between wildcards.
func longestPiece(pattern string) (longest string) {
	unglob(pattern, func(s string) {
		if len(s) > len(longest) {
			longest = s
		}
	}, func(byte) {})
	return longest
}

// Fixed is the part of the query that every match must satisfy and that cannot change while an object lives: where it
// is, of which kind, and its name. It asks versions, of what lives and of what does not. ok is false when there is none.
func (q *Query) Fixed() (fixed *Query, ok bool) {
	members, is := q.root.(And)
	if !is {
		members = And{q.root}
	}
	kept := slices.DeleteFunc(slices.Clone([]Expr(members)), func(x Expr) bool {
		f, is := x.(*Filter)
		return !is || !slices.Contains([]string{"cluster", "kind", "ns", "name", "uid"}, f.Field)
	})
	if len(kept) == 0 {
		return nil, false
	}
	f := *q
	f.page, f.root = Changes, join(kept, false)
	return &f, true
}

// Alone reports whether an object alone decides whether it matches: not its owners, nor its Node.
func (q *Query) Alone() bool { return q.root == nil || alone(q.root) }

func alone(x Expr) bool {
	switch x := x.(type) {
	case And:
		return !slices.ContainsFunc(x, func(m Expr) bool { return !alone(m) })
	case Or:
		return !slices.ContainsFunc(x, func(m Expr) bool { return !alone(m) })
	case Not:
		return alone(x.X)
	case *Filter:
		return x.def.typ != typOwner && x.def.typ != typPlace
	}
	return true
}
