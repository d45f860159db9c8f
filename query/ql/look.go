package ql

import (
	"runtime"
	"sync"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// Objects answers the objects of rows, in their order, with annotations and JSON. ok is false when it has not all of
// them, or they are too many.
type Objects func(rows columns.Set) (objects []*records.Object, ok bool)

// inObject reports conditions on what stands in the object alone.
func (x *Filter) inObject() bool {
	return x.def.typ == typObject || x.def.typ == typContent || x.def.typ == typMap && x.def.column == "annotations"
}

// looked are the rows whose objects satisfy a condition, but for its negation.
func (r *rower) looked(x *Filter, within columns.Set) columns.Set {
	if r.objects == nil {
		return r.unknown(within)
	}
	objects, ok := r.objects(within)
	if !ok {
		return r.unknown(within)
	}
	hits := make([]bool, len(objects))
	var all sync.WaitGroup
	share := (len(objects) + runtime.GOMAXPROCS(0) - 1) / runtime.GOMAXPROCS(0)
	for from := 0; from < len(objects); from += share {
		all.Go(func() {
			for i := from; i < min(from+share, len(objects)); i++ {
				hits[i] = x.matches(&subject{Version: &records.Version{Object: *objects[i]}})
			}
		})
	}
	all.Wait()
	found := within.Clone().Without(within)
	i := 0
	within.Each(func(row uint32) {
		if hits[i] {
			found.Add(row)
		}
		i++
	})
	return found
}

// lateness orders conditions that all must hold: the fewer rows are left, the sooner words are looked at, and objects.
func lateness(x Expr) (late int) {
	switch x := x.(type) {
	case And:
		for _, m := range x {
			late = max(late, lateness(m))
		}
	case Or:
		for _, m := range x {
			late = max(late, lateness(m))
		}
	case Not:
		return lateness(x.X)
	case *Text:
		return 1
	case *Filter:
		if x.inObject() {
			return 2
		}
	}
	return late
}
