package search

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
	"github.com/foretop/foretop/query/ql"
)

// arrangedMost is up to how many objects are ordered by what stands in them: each is read for it.
const arrangedMost = 20_000

var errLoading = &access.Error{Code: "UNAVAILABLE", Message: "What is current is being loaded.", Fix: "Ask again in a few seconds."}

// ordering is the order that a request asks for: by columns when all its fields are some, else by what is read of each
// object.
type ordering struct {
	by    []records.By
	sorts []*ql.Sort
	read  []*ql.Column
	desc  []bool // of read
}

func (a *question) ordering(ctx context.Context, by []records.By) (*ordering, error) {
	o := &ordering{by: by}
	if len(by) > 0 && a.q.Sort() != nil {
		return nil, &access.Error{Code: ql.CodeSyntax, Message: "An order is asked for twice, by sort: in the query and beside it.", Fix: "Keep one of them."}
	}
	options := a.s.options(ctx, a.f, ql.Resources, a.now)
	for _, b := range by {
		field, desc := b.Field, b.Desc
		if s, ok := ql.ReadSort(b.Field, b.Desc); ok {
			o.sorts = append(o.sorts, s)
			if s.Column == "created_at" { // age is that, backwards
				field, desc = "created", s.Desc
			}
		}
		c, err := ql.ReadColumn(field, options)
		if err != nil {
			return nil, err
		}
		o.read, o.desc = append(o.read, c), append(o.desc, desc)
	}
	return o, nil
}

// columns reports an order by columns alone.
func (o *ordering) columns() bool { return len(o.by) > 0 && len(o.sorts) == len(o.by) }

// within reports an error when an order is of too many objects to read them all.
func (o *ordering) within(rows int) error {
	if len(o.by) > 0 && !o.columns() && rows > arrangedMost {
		return o.tooMany(rows)
	}
	return nil
}

func (o *ordering) tooMany(rows int) error {
	return &access.Error{Code: ql.CodeTooComplex, Message: fmt.Sprintf("%d objects match, and at most %d can be ordered by what stands in them.", rows, arrangedMost),
		Fix: "Narrow them, or order by " + ql.SortNames() + "."}
}

// directive is the order as the language has it, for who cannot do more.
func (o *ordering) directive(query string) (string, error) {
	switch {
	case len(o.by) == 0:
		return query, nil
	case len(o.by) > 1 || !o.columns():
		return "", &access.Error{Code: ql.CodeUnsupported, Message: "What was there at a moment, or is gone, is ordered by one field.", Fix: "Order by one of " + ql.SortNames() + "."}
	}
	direction := "asc"
	if o.by[0].Desc {
		direction = "desc"
	}
	return query + " sort:" + o.by[0].Field + "-" + direction, nil
}

// ordered is the order of rows, by key in the end.
func (r *reading) ordered(o *ordering) (terms []columns.Term, ok bool) {
	for _, s := range o.sorts {
		t := r.v.ByCluster(s.Desc, func(uid string) string { return r.f.byUID[uid] })
		if s.Column != "cluster" {
			if t, ok = r.v.By(s.Column, s.Desc); !ok {
				return nil, false
			}
		}
		terms = append(terms, t)
	}
	return append(terms, r.byKey()...), true
}

// arrange puts the listing into an order by what stands in its objects. What lacks a field comes last.
func (l *listing) arrange(ctx context.Context, o *ordering) error {
	if len(o.by) == 0 || o.columns() {
		return nil
	}
	var keys []key
	var vers []uint64
	l.held.Each(func(k columns.Key, ver uint64) {
		keys, vers = append(keys, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}), append(vers, ver)
	})
	whole := slices.ContainsFunc(o.read, func(c *ql.Column) bool { return c.Object })
	values := map[keyVersion][]any{}
	const atOnce = 1000
	for from := 0; from < len(keys); from += atOnce {
		to := min(from+atOnce, len(keys))
		objects, err := l.a.s.versions(ctx, l.a.f, keys[from:to], vers[from:to], whole)
		if err != nil {
			return err
		}
		for _, x := range objects {
			values[keyVersion{keyOf(x), x.Ver}] = o.values(x)
		}
	}
	of := make([][]any, len(keys))
	for i := range keys {
		of[i] = values[keyVersion{keys[i], vers[i]}]
	}
	l.held.Arrange(o.places(of))
	return nil
}

// values are what an object is ordered by.
func (o *ordering) values(x *records.Object) []any {
	of := make([]any, len(o.read))
	for i, c := range o.read {
		of[i] = c.Value(&records.Version{Object: *x})
		if c.Object || o.by[i].Field == "resourceversion" {
			of[i] = measured(of[i])
		}
	}
	return of
}

// places are where what has these values stands now, in the order asked for; nil is of what is not there any more.
func (o *ordering) places(of [][]any) []int {
	places := make([]int, len(of))
	for i := range places {
		places[i] = i
	}
	slices.SortStableFunc(places, func(a, b int) int {
		if of[a] == nil || of[b] == nil {
			return len(of[b]) - len(of[a])
		}
		for i, desc := range o.desc {
			if n := compareMeasured(of[a][i], of[b][i], desc); n != 0 {
				return n
			}
		}
		return 0
	})
	return places
}

// measured is what stands at a path as it is compared: an amount, a truth or a text.
func measured(v any) any {
	switch v := v.(type) {
	case nil, bool:
		return v
	}
	text := ql.ColumnText(v)
	if text != "" && len(text) < 30 && strings.IndexByte("+-.0123456789", text[0]) >= 0 {
		if q, err := resource.ParseQuantity(text); err == nil {
			return &q
		}
	}
	return text
}

func compareMeasured(a, b any, desc bool) int {
	if a == nil || b == nil { // whichever way
		return cmp.Compare(kindOf(a), kindOf(b))
	}
	n := cmp.Compare(kindOf(a), kindOf(b))
	if n == 0 {
		n = compareAlike(a, b)
	}
	if desc {
		return -n
	}
	return n
}

// kindOf orders what cannot be compared.
func kindOf(v any) int {
	switch v.(type) {
	case *resource.Quantity:
		return 0
	case int64:
		return 1
	case time.Time:
		return 2
	case nil:
		return 4
	}
	return 3
}

func compareAlike(a, b any) int {
	switch x := a.(type) {
	case *resource.Quantity:
		return x.Cmp(*b.(*resource.Quantity))
	case int64:
		return cmp.Compare(x, b.(int64))
	case time.Time:
		return x.Compare(b.(time.Time))
	}
	return strings.Compare(ql.ColumnText(a), ql.ColumnText(b))
}
