package ql

import (
	"testing"

	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// tableOf puts objects into columns, of those with one key only the first. number finds the object of a row.
func tableOf(t *testing.T, objects []*records.Version) (table *columns.Table, kept []*records.Version, number map[columns.Key]int64) {
	t.Helper()
	table, number = columns.New(), map[columns.Key]int64{}
	for _, o := range objects {
		k := columns.Key{Cluster: o.ClusterUID, Group: o.Ref.Group, Resource: o.Ref.Resource, Namespace: o.Namespace, Name: o.Name}
		if _, taken := number[k]; taken {
			continue
		}
		number[k] = int64(len(kept))
		kept = append(kept, o)
		o.Ver = uint64(len(kept))
		if !o.DeletedAt.IsZero() {
			table.Bury(k, &o.Object)
			continue
		}
		table.Apply([]columns.Change{{Key: k, Object: &o.Object}})
	}
	return table, kept, number
}

func TestColumnsAgreeWithEval(t *testing.T) {
	a := agree(t)
	table, objects, number := tableOf(t, a.objects)
	if len(objects) != len(a.objects) {
		t.Fatalf("%d of %d objects have a key of their own", len(objects), len(a.objects))
	}
	alone, looking, matched := 0, 0, 0
	for i, q := range a.queries {
		if q.Deleted() {
			continue
		}
		err := table.Read(func(v *columns.View) error {
			looks := 0
			look := func(rows columns.Set) (found []*records.Object, ok bool) {
				looks++
				rows.Each(func(row uint32) {
					k, _ := v.Version(row)
					found = append(found, &objects[number[k]].Object)
				})
				return found, true
			}
			few := func(rows columns.Set) ([]*records.Object, bool) {
				if rows.Count() > 50 {
					return nil, false
				}
				return look(rows)
			}
			for n, into := range []Objects{nil, few, look} {
				if n == 2 && i%8 > 0 {
					continue // all of them take a while
				}
				looks = 0
				set, exact := q.Rows(v, v.Living(), nil, into)
				got := make([]bool, len(objects))
				set.Each(func(row uint32) {
					k, _ := v.Version(row)
					got[number[k]] = true
					matched++
				})
				if exact {
					same(t, q, "columns", objects, a.want[i], got)
					if into == nil {
						alone++
					} else if looks > 0 {
						looking++
					}
					continue
				}
				for j, want := range a.want[i] {
					if want && !got[j] {
						t.Fatalf("%s: the candidates of the columns miss %s", q.Canonical(), describe(objects[j]))
					}
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("of %d queries columns answer %d alone, and %d times by looking into objects, over %d objects", agreeQueries, alone, looking, len(objects))
	if alone < agreeQueries/4 || looking < agreeQueries/20 || matched == 0 {
		t.Errorf("columns answer %d queries alone and %d by looking into objects: too few to show anything", alone, looking)
	}
}

func TestColumnsHoldWhatRowsHold(t *testing.T) {
	objects := generateObjects(seed(t), 300)
	table, objects, number := tableOf(t, objects)
	err := table.Read(func(v *columns.View) error {
		v.Living().Each(func(row uint32) {
			k, ver := v.Version(row)
			want := objects[number[k]]
			got := v.Object(row)
			if got.UID != want.UID || ver != want.Ver || got.ResourceVersion != want.ResourceVersion || got.Name != want.Name || got.Status != want.Status || len(got.Labels) != len(want.Labels) {
				t.Errorf("row of %s is %+v, want %+v", want.Ref, got, want.Object)
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
