package columns

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// story is versions of a few objects: created, changed, deleted, created anew, also under another UID at once.
func story(n int) (changes []Change) {
	r := rand.New(rand.NewPCG(7, 7))
	alive := map[int]int{} // which life, counted from 1
	lives := map[int]int{}
	for ver := range n {
		i := r.IntN(40)
		c := onePod(i)
		c.Object.Ver, c.Object.ObservedAt = uint64(ver+1), time.UnixMilli(int64(1000+ver/3)) // some at one moment
		c.Object.Restarts, c.Object.Status = int64(ver), []string{"Running", "Pending", "Failed"}[r.IntN(3)]
		switch {
		case alive[i] > 0 && r.IntN(6) == 0:
			c.Deleted = true
			alive[i] = 0
		case alive[i] == 0 || r.IntN(20) == 0:
			lives[i]++
			alive[i] = lives[i]
		}
		c.Object.UID = fmt.Sprintf("uid-%d-%d", i, lives[i])
		changes = append(changes, c)
	}
	return changes
}

// stood is what the story says of a moment.
func stood(changes []Change, moment int64) (all []string) {
	last := map[Key]Change{}
	for _, c := range changes {
		if c.Object.ObservedAt.UnixMilli() <= moment {
			last[c.Key] = c
		}
	}
	for k, c := range last {
		if !c.Deleted {
			all = append(all, fmt.Sprintf("%s %d %s %d %s", k.Name, c.Object.Ver, c.Object.Status, c.Object.Restarts, c.Object.UID))
		}
	}
	slices.Sort(all)
	return all
}

// held is what a table says of it; nil when it does not know.
func held(t *Table, moment int64) (all []string) {
	_ = t.Read(func(v *View) error {
		still, then, ok := v.At(moment)
		if !ok {
			return nil
		}
		all = []string{}
		tell := func(v *View, set Set) {
			set.Each(func(row uint32) {
				k, ver := v.Version(row)
				o := v.Object(row)
				all = append(all, fmt.Sprintf("%s %d %s %d %s", k.Name, ver, o.Status, o.Restarts, o.UID))
				status, _ := v.Text(set, "status", func(s string) bool { return s == o.Status })
				word := v.Words(set, Match{Literal: o.UID, Whole: true, Test: func(s string) bool { return s == o.UID }})
				if !status.Has(row) || len(v.tokens(row)) == 0 || word.Has(row) != slices.Contains(v.tokens(row), o.UID) {
					all = append(all, "is not found: "+k.Name)
				}
			})
		}
		tell(v, still)
		tell(then, then.Living())
		return nil
	})
	slices.Sort(all)
	return all
}

func TestATableKnowsItsPast(t *testing.T) {
	changes := story(900)
	same := func(t *testing.T, table *Table, from, to int64) {
		t.Helper()
		for moment := from; moment <= to; moment += 7 {
			if got, want := held(table, moment), stood(changes, moment); !slices.Equal(got, want) {
				t.Fatalf("at %d: got %d\n%v\nwant %d\n%v", moment, len(got), got, len(want), want)
			}
		}
	}
	fill := func(least int) *Table {
		table := New()
		table.d.past.least = least
		table.KnowPast(0)
		for part := range slices.Chunk(changes, 50) {
			table.Apply(part)
		}
		return table
	}
	t.Run("of every moment", func(t *testing.T) { same(t, fill(pastLeast), 990, 1310) })
	t.Run("also when it was written anew", func(t *testing.T) {
		table := fill(pastLeast)
		table.d = table.d.compact()
		same(t, table, 990, 1310)
	})
	t.Run("and says of which moments it forgot something", func(t *testing.T) {
		table := fill(100)
		if table.d.past.count > 200 {
			t.Errorf("keeps %d versions", table.d.past.count)
		}
		if held(table, 1010) != nil {
			t.Error("answers for a moment of which it forgot what stood")
		}
		oldest := max(table.d.past.since, table.d.past.lost)
		if oldest > 1290 {
			t.Errorf("knows no moment before %d", oldest)
		}
		same(t, table, oldest, 1310)
	})
	t.Run("and of none before a clock that went back", func(t *testing.T) {
		table := New()
		table.KnowPast(0)
		for ver, observed := range []int64{10, 20, 15} {
			c := onePod(1)
			c.Object.Ver, c.Object.ObservedAt = uint64(ver+1), time.UnixMilli(observed)
			table.Apply([]Change{c})
		}
		if held(table, 17) != nil || len(held(table, 20)) != 1 {
			t.Error("it is not said which moments are uncertain")
		}
	})
	t.Run("loaded from blocks, with what comes meanwhile", func(t *testing.T) {
		// The table has what is current after 600 versions; the rest comes as changes, before and after the past is loaded.
		at := map[Key]int{}
		for i, c := range changes[:600] {
			at[c.Key] = i
		}
		var current, before []Change
		var until []int64
		for i, c := range changes[:600] {
			switch last := at[c.Key] == i; {
			case last && !c.Deleted:
				current = append(current, c)
			case !last:
				next := slices.IndexFunc(changes[i+1:600], func(n Change) bool { return n.Key == c.Key }) + i + 1
				before, until = append(before, c), append(until, changes[next].Object.ObservedAt.UnixMilli())
				if c.Deleted {
					until[len(until)-1] = 0
				}
			}
		}
		table := New()
		if err := table.Load(blockOf(current, true)); err != nil {
			t.Fatal(err)
		}
		table.Apply(changes[600:700])
		if held(table, 1300) != nil {
			t.Error("knows a past that was not loaded")
		}
		for from := 0; from < len(before); from += 70 {
			to := min(from+70, len(before))
			if err := table.LoadPast(blockOf(before[from:to], from%140 == 0), until[from:to]); err != nil {
				t.Fatal(err)
			}
		}
		table.KnowPast(0)
		table.Apply(changes[700:])
		same(t, table, 990, 1310)
		if !slices.IsSorted(table.d.past.until) {
			t.Error("what is forgotten first does not stand first")
		}
		want := New()
		want.Apply(changes)
		if !slices.Equal(describe(table), describe(want)) {
			t.Error("the present came out differently")
		}
	})
}
