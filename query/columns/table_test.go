package columns

import (
	"fmt"
	"slices"
	"testing"
)

func names(t *Table) (found []string) {
	_ = t.Read(func(v *View) error {
		v.Living().Each(func(row uint32) {
			k, _ := v.Version(row)
			found = append(found, k.Name)
		})
		return nil
	})
	slices.Sort(found)
	return found
}

func TestATable(t *testing.T) {
	pod := func(i int, ver uint64) Change {
		c := onePod(i)
		c.Object.Ver = ver
		return c
	}
	t.Run("keeps the newest version", func(t *testing.T) {
		table := New()
		older, newer := pod(1, 5), pod(1, 6)
		newer.Object.Status = "Failed"
		table.Apply([]Change{newer, older})
		_ = table.Read(func(v *View) error {
			row, ok := v.Row(newer.Key)
			if o := v.Object(row); !ok || o.Status != "Failed" || o.Ver != 6 {
				t.Errorf("holds %+v", o)
			}
			return nil
		})
	})
	t.Run("forgets what is deleted, unless the deletion is older", func(t *testing.T) {
		table := New()
		gone := pod(1, 7)
		gone.Deleted = true
		table.Apply([]Change{pod(1, 5), pod(2, 8), gone})
		if got := names(table); !slices.Equal(got, []string{onePod(2).Name}) {
			t.Errorf("holds %v", got)
		}
		late := pod(2, 6)
		late.Deleted = true
		table.Apply([]Change{late})
		if len(names(table)) != 1 {
			t.Error("an older deletion took a newer object away")
		}
	})
	t.Run("is the same after it was written anew, with the owners of what lives", func(t *testing.T) {
		table := New()
		rs := pod(0, 1)
		rs.Name, rs.Object.Name, rs.Object.UID, rs.Object.OwnerUIDs, rs.Object.OwnerRefs = "rs", "rs", onePod(5).Object.OwnerUIDs[0], nil, []string{"Deployment/web"}
		gone := rs
		copied := *rs.Object
		copied.Ver, gone.Object, gone.Deleted = 2, &copied, true
		table.Apply([]Change{rs, pod(5, 1), gone})
		for i := range 2 * wasteMost {
			c := pod(6, uint64(i+1))
			c.Object.Node = fmt.Sprintf("node-%d", i)
			table.Apply([]Change{c})
		}
		if table.d.waste > wasteMost+2 {
			t.Errorf("%d of waste", table.d.waste)
		}
		if got := names(table); len(got) != 2 {
			t.Errorf("holds %v", got)
		}
		_ = table.Read(func(v *View) error {
			owned := v.Owned(v.Living(), 3, func(ref string) bool { return ref == "Deployment/web" })
			if owned.Count() != 1 {
				t.Errorf("%d pods of a ReplicaSet that is gone belong to its Deployment", owned.Count())
			}
			found := v.Words(v.Living(), Match{Literal: "app-5", Whole: true, Test: func(s string) bool { return s == "app-5" }})
			if found.Count() != 1 {
				t.Errorf("words find %d", found.Count())
			}
			return nil
		})
	})
	t.Run("orders and pages without losing a row", func(t *testing.T) {
		table := New()
		for i := range 500 {
			table.Apply([]Change{pod(i, uint64(i+1))})
		}
		_ = table.Read(func(v *View) error {
			namespace, _ := v.By("namespace", true)
			name, _ := v.By("name", false)
			order := []Term{namespace, name}
			whole, _ := v.Top(v.Living(), order, nil, 500)
			var pages []uint32
			var after []string
			for {
				page, err := v.Top(v.Living(), order, after, 37)
				if err != nil {
					t.Fatal(err)
				}
				if len(page) == 0 {
					break
				}
				pages = append(pages, page...)
				after = Remember(page[len(page)-1], order)
			}
			if len(whole) != 500 || !slices.Equal(whole, pages) {
				t.Errorf("%d rows at once, %d by pages", len(whole), len(pages))
			}
			gone := Remember(whole[0], order)
			gone[0] = fmt.Sprintf("%s-gone", gone[0]) // a text that no row has any more
			if rest, err := v.Top(v.Living(), order, gone, 1); err != nil || len(rest) != 1 || rest[0] != whole[0] {
				t.Errorf("behind a text that is gone stands %v, %v", rest, err)
			}
			return nil
		})
	})
}
