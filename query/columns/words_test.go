package columns

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// awkward is object i of a fleet whose names and UIDs are anything that Kubernetes allows somewhere.
func awkward(r *rand.Rand, i int) Change {
	c := onePod(r.IntN(3000))
	part := func() string {
		return []string{"web", "api", "v2", "v12", "1.27.3", "checkout", "chekout", "a", "b-c", "x.y", "0a", "straße", "System:Node", "app-17", "5d9f8c7b6-x2k9p", "https", "nginx",
			"01234567-89ab-4cde-8f01-23456789abcd", "1.2.", "10.0.0.7", "ip-10-0-0-7.eu-west-1"}[r.IntN(21)]
	}
	name := part()
	for range r.IntN(3) {
		name += []string{"-", ".", "", ":", "_"}[r.IntN(5)] + part()
	}
	if r.IntN(4) == 0 {
		name = c.Name
	}
	c.Name, c.Object.Name = name, name
	c.Namespace = fmt.Sprintf("ns-%d", i) // a key of its own
	c.Object.Namespace = c.Namespace
	c.Object.Ver = uint64(i + 1)
	switch r.IntN(4) {
	case 0:
		c.Object.UID = fmt.Sprintf("d-%s-%d", part(), i)
	case 1:
		c.Object.UID = ""
	}
	switch r.IntN(8) {
	case 0: // of an older hub, which wrote all
		c.Object.Words = c.Object.Tokens()
	case 1: // of what no column tells
		c.Object.Words = []string{"settings.yaml", part()}
	}
	return c
}

func within1(a, b string) bool { // of bytes
	if len(a) > len(b) {
		a, b = b, a
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	return len(a) == len(b) && (i == len(a) || a[i+1:] == b[i+1:]) || len(a)+1 == len(b) && a[i:] == b[i+1:]
}

// Whatever is asked, of few rows or many, with a list of words or without, rows are found by their tokens.
func TestWordsFindTokens(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 7))
	table, tokens := New(), map[Key][]string{}
	for i := range rowByRow + 1000 {
		c := awkward(r, i)
		tokens[c.Key] = c.Object.Tokens()
		table.Apply([]Change{c})
		if i%5 == 0 { // an update, to something else
			again := awkward(r, i)
			again.Key, again.Object.Name, again.Object.UID = c.Key, c.Name, c.Object.UID
			again.Object.Ver += 1 << 40
			again.Object.Words = []string{"updated"}
			tokens[c.Key] = again.Object.Tokens()
			table.Apply([]Change{again})
		}
	}
	all := map[string]bool{}
	table.AllWords(func(w string) { all[w] = true })
	for i := range 200 { // words that came later are fresh
		c := awkward(r, 1<<20+i)
		c.Object.Words = append(c.Object.Words, fmt.Sprintf("late%d", i))
		tokens[c.Key] = c.Object.Tokens()
		table.Apply([]Change{c})
	}
	for _, w := range table.Fresh() {
		if all[w] && strings.HasPrefix(w, "late") {
			t.Errorf("%s is fresh, but was there", w)
		}
		all[w] = true
	}
	for k, list := range tokens {
		for _, w := range list {
			if machineOf(w) >= 0 {
				if all[w] {
					t.Fatalf("%q is listed, though a machine made it", w)
				}
				continue
			}
			if !all[w] && w != strings.ToLower(k.Name) && len(w) != uuidLength {
				if uid := uidOf(t, table, k); !slices.Contains(plain(uid), w) {
					t.Fatalf("%q of %v is neither listed nor fresh", w, k)
				}
			}
		}
	}
	_ = table.Read(func(v *View) error {
		v.Living().Each(func(row uint32) {
			k, _ := v.Version(row)
			want := slices.Clone(tokens[k])
			slices.Sort(want)
			if got := v.tokens(row); !slices.Equal(got, slices.Compact(want)) {
				t.Fatalf("%v has the tokens %v, want %v", k, got, want)
			}
		})
		return nil
	})
	var matches []Match
	whole := func(s string) {
		matches = append(matches, Match{Literal: s, Whole: true, Test: func(w string) bool { return w == s }})
	}
	begins := func(s string) {
		matches = append(matches, Match{Literal: s, Begins: true, Test: func(w string) bool { return strings.HasPrefix(w, s) }})
	}
	near := func(s string) {
		matches = append(matches, Match{Like: s, Test: func(w string) bool { return within1(s, w) }})
	}
	glob := func(literal, expression string) {
		re := regexp.MustCompile(expression)
		matches = append(matches, Match{Literal: literal, Test: re.MatchString})
	}
	for _, s := range []string{"web", "v2", "2", "1.27.3", "27", "a", "b", "c", "b-c", "x.y", "web-api", "10.0.0.7", "10", "app-17", "app", "system", "system:node", "node", "01234567", "89ab",
		"01234567-89ab-4cde-8f01-23456789abcd", "00000011-0000-4000-8000-000000000011", "settings.yaml", "yaml", "updated", "late7", "d", "x2k9p", "5d9f8c7b6", "x2k", "https", "http", "nginx", "running", "nothing", "straße", "1.2", "pod", "0a", "apps"} {
		whole(s)
		begins(s)
	}
	for _, s := range []string{"", "e", "s", "00000", "0000001", "00000011-0", "000000110", "ns-1", "10.", "1.27.3-", "g"} {
		begins(s)
	}
	for _, s := range []string{"chekout", "webapi", "updtaed", "settings.yml", "app-17", "aapp-17", "updatedd", "xk29p", "x2k9", "x2k99p", "5d9f8c7b", "5d9f8c7b66", "htpps", "ngnix", "1.27.4", "10.0.0.77", "00000011-0000-4000-8000-00000000001", "v1.2.3", "checkout-web"} {
		near(s)
	}
	glob("web", "^.*web.*$")
	glob("", "^.$")
	glob("000", "^.0*1.*000.*$")
	glob("k9", "^x.k9.$")
	found, asked := 0, 0
	for _, m := range matches {
		lists := []Match{m}
		listed := m
		listed.Listed = true
		for w := range all {
			if m.Test(w) {
				listed.Words = append(listed.Words, w)
			}
		}
		lists = append(lists, listed)
		for n, m := range lists {
			_ = table.Read(func(v *View) error {
				few := make(Set, len(v.living))
				v.Living().Each(func(row uint32) {
					if row%7 == 0 && row < 7*1000 {
						few.add(row)
					}
				})
				for name, within := range map[string]Set{"all": v.Living(), "few": few} {
					asked++
					got := v.Words(within, m)
					within.Each(func(row uint32) {
						k, _ := v.Version(row)
						want := slices.ContainsFunc(tokens[k], m.Test)
						if want {
							found++
						}
						if got.Has(row) != want {
							t.Fatalf("%q like %q begins %t whole %t listed %t (%d) of %s: found %t, want %t: %v", m.Literal, m.Like, m.Begins, m.Whole, n == 1, len(m.Words), name, !want, want, tokens[k])
						}
					})
				}
				return nil
			})
		}
	}
	t.Logf("%d questions, %d rows found", asked, found)
}

func uidOf(t *testing.T, table *Table, k Key) (uid string) {
	_ = table.Read(func(v *View) error {
		row, ok := v.Row(k)
		if !ok {
			t.Fatalf("%v is not there", k)
		}
		uid = v.identity.at(v.uids[row])
		return nil
	})
	return uid
}

// Older hubs wrote all tokens of a row: then what each object has for itself would be in the vocabulary.
func TestNamesAndUIDsAreNoWords(t *testing.T) {
	table := New()
	c := onePod(1)
	c.Object.Words = append(c.Object.Tokens(), "settings.yaml")
	table.Apply([]Change{c})
	all := map[string]bool{}
	table.AllWords(func(w string) { all[w] = true })
	if !all["settings.yaml"] || !all["cache"] || all[c.Name] || all[c.Object.UID] {
		t.Errorf("the words are %v", all)
	}
	_ = table.Read(func(v *View) error {
		for _, w := range []string{c.Name, c.Object.UID, "settings.yaml", "cache"} {
			if v.Words(v.Living(), Match{Literal: w, Whole: true, Test: func(s string) bool { return s == w }}).Count() != 1 {
				t.Errorf("%s is not found", w)
			}
		}
		return nil
	})
}

func TestFreshWords(t *testing.T) {
	table := New()
	table.Apply([]Change{onePod(1)})
	if got := table.Fresh(); got != nil {
		t.Errorf("%v before anybody asked", got)
	}
	all := map[string]bool{}
	table.AllWords(func(w string) { all[w] = true })
	for _, w := range []string{"app-1", "cache", "running", "pods"} {
		if !all[w] {
			t.Errorf("%q is not among all words", w)
		}
	}
	again := onePod(1)
	again.Object.Ver, again.Object.ResourceVersion, again.Object.Restarts = 9, "77", 9
	table.Apply([]Change{again})
	if got := table.Fresh(); len(got) != 0 {
		t.Errorf("an update that says nothing brought %v", got)
	}
	other := onePod(1)
	other.Object.Ver, other.Object.Status = 10, "CrashLoopBackOff"
	table.Apply([]Change{other})
	if got := table.Fresh(); !slices.Equal(got, []string{"crashloopbackoff"}) {
		t.Errorf("a new status brought %v", got)
	}
	before := table.d
	for i := range 2 * wasteMost { // until it is written anew
		other := onePod(2)
		other.Object.Ver, other.Object.Node = uint64(i+1), fmt.Sprintf("node-%d", i)
		table.Apply([]Change{other})
	}
	if table.d == before {
		t.Error("the table was not written anew")
	}
	fresh := table.Fresh()
	if !slices.Contains(fresh, "crashloopbackoff") || !slices.Contains(fresh, "app-2") || slices.Contains(fresh, "running") {
		t.Errorf("after the table was written anew: %v", fresh)
	}
	table.Apply([]Change{onePod(3)})
	table.Forget(len(fresh))
	if got := table.Fresh(); len(got) == 0 || slices.Contains(got, "app-2") || !slices.Contains(got, "app-3") {
		t.Errorf("after others were forgotten: %v", got)
	}
}

// tokens are what free text finds of a row: sorted, distinct.
func (v *View) tokens(row uint32) (tokens []string) {
	add := func(code uint32) bool {
		tokens = append(tokens, v.vocabulary.values[code])
		return false
	}
	for _, code := range v.rest.of(v.rest.rows[row]) {
		add(code)
	}
	v.implied(row, add)
	v.alone(row, func(token string) bool { tokens = append(tokens, token); return false })
	slices.Sort(tokens)
	return slices.Compact(tokens)
}

func TestNamesThatBegin(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	table, lower := New(), map[string]int{}
	for i := range 3000 {
		c := awkward(r, i)
		lower[strings.ToLower(c.Name)]++
		table.Apply([]Change{c})
	}
	for _, prefix := range []string{"w", "web", "app-17", "system:node", "straße", "nothing", "v2-"} {
		var want []Count
		for name, n := range lower {
			if strings.HasPrefix(name, prefix) {
				want = append(want, Count{name, n})
			}
		}
		slices.SortFunc(want, func(a, b Count) int { return strings.Compare(a.Value, b.Value) })
		_ = table.Read(func(v *View) error {
			if got := v.NamesThatBegin(v.Living(), prefix, 7); !slices.Equal(got, want[:min(7, len(want))]) {
				t.Errorf("%q: got %v, want %v", prefix, got, want[:min(7, len(want))])
			}
			return nil
		})
	}
}
