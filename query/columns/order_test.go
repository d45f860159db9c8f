package columns

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// Whatever terms an order has, its first rows and its pages are those of the whole set, sorted term by term.
func TestTopIsTheBeginningOfTheOrder(t *testing.T) {
	table := New()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range 2000 {
		c := onePod(i)
		c.Object.Ver = uint64(i + 1)
		c.Object.Status = []string{"Running", "Pending", "Failed", ""}[r.IntN(4)]
		c.Object.Restarts = int64(r.IntN(4)) - 1
		table.Apply([]Change{c})
	}
	_ = table.Read(func(v *View) error {
		by := func(column string) func(bool) Term {
			return func(desc bool) Term {
				term, ok := v.By(column, desc)
				if !ok {
					t.Fatalf("there is no column %s", column)
				}
				return term
			}
		}
		weigh := func(bool) Term {
			return v.WeighKinds(func(_, resource string) int64 { return int64(len(resource) % 3) })
		}
		near := func(desc bool) Term { return ByNumber(desc, func(row uint32) int64 { return int64(row % 7) }) }
		cluster := func(desc bool) Term { return v.ByCluster(desc, func(uid string) string { return "name of " + uid }) }
		kinds := []func(bool) Term{by("status"), by("restarts"), by("namespace"), by("created_at"), weigh, near, cluster, func(bool) Term { return v.ByGroup() }, func(bool) Term { return v.ByResource() }}
		for range 200 {
			var order []Term
			for range r.IntN(5) {
				order = append(order, kinds[r.IntN(len(kinds))](r.IntN(2) == 0))
			}
			order = append(order, by("name")(r.IntN(2) == 0), by("namespace")(false), cluster(false)) // total
			if r.IntN(4) == 0 {
				order = slices.Insert(order, 0, order[len(order)-3])
			}
			want := make([]uint32, 0, 2000)
			v.Living().Each(func(row uint32) { want = append(want, row) })
			slices.SortFunc(want, func(a, b uint32) int { return compare(order, a, b) })
			if !slices.Equal(v.Sorted(v.Living(), order), want) {
				t.Fatal("all rows are sorted in another way")
			}
			got, err := v.Top(v.Living(), order, nil, 150)
			if err != nil || !slices.Equal(got, want[:150]) {
				t.Fatalf("first 150: %v, got %v, want %v", err, got, want[:150])
			}
			from := r.IntN(len(want) - 50)
			got, err = v.Top(v.Living(), order, Remember(want[from], order), 49)
			if err != nil || !slices.Equal(got, want[from+1:from+50]) {
				t.Fatalf("49 behind row %d: %v, got %v, want %v", from, err, got, want[from+1:from+50])
			}
		}
		return nil
	})
}
