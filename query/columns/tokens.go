package columns

import (
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/kube"
)

// Free text finds an object by its tokens, dozens a row, most of which other columns imply: the words of its name, of
// its labels, of its images. Only those that nothing implies are stored, in the column rest. Should the tokens of an
// object lack one that its columns imply, the row is irregular: all its tokens are in rest, and nothing is implied.

func both(s string) []string  { return kube.TokensOfText([]string{s}) }
func plain(s string) []string { return kube.TokensOfText(nil, s) }

func wordsOfGroup(gr string) []string { return plain(kube.ParseGroupResource(gr).Group) }
func wordsOfKind(kind string) []string {
	return kube.TokensOfText(nil, kind, kube.Plural(kind))
}

func wordsOfHealth(health string) []string {
	if health == string(kube.Unknown) {
		return nil
	}
	return plain(health)
}

func wordsOfPair(pair string) []string {
	k, v, _ := strings.Cut(pair, separator)
	return kube.TokensOfText([]string{k, v})
}

func wordsOfOwner(ref string) []string {
	_, name, _ := strings.Cut(ref, "/")
	return both(name)
}

func wordsOfImage(image string) []string {
	return append(both(image), strings.ToLower(image[strings.LastIndexByte(image, '/')+1:]))
}

// putTokens stores what the other columns of the row, which are in place, do not imply.
func (d *data) putTokens(row uint32, tokens []string) {
	clear(d.seen)
	for _, t := range tokens {
		d.seen[t] = false
	}
	regular := true
	imply := func(words []string) {
		for _, t := range words {
			if _, has := d.seen[t]; !has {
				regular = false
				return
			}
			d.seen[t] = true
		}
	}
	d.implied(row, func(words []string) bool { imply(words); return !regular })
	d.irregular[row>>6] &^= 1 << (row & 63)
	if !regular {
		d.irregular.add(row)
		d.lists[rest].put(int(row), tokens)
		return
	}
	var left []string
	for _, t := range tokens {
		if !d.seen[t] {
			left = append(left, t)
		}
	}
	d.lists[rest].put(int(row), left)
}

// implied hands out the tokens of the row's columns, one value's after the other, until stop.
func (d *data) implied(row uint32, f func([]string) (stop bool)) {
	if f(both(d.names.at(row))) || f(plain(d.identity.at(d.uids[row]))) {
		return
	}
	for _, c := range d.words {
		if c.words != nil && f(c.tokens[c.rows[row]]) {
			return
		}
	}
	for _, c := range d.lists {
		if c.words == nil {
			continue
		}
		for _, code := range c.of(c.rows[row]) {
			if f(c.tokens[code]) {
				return
			}
		}
	}
}

// Match says which tokens a word of a query finds.
type Match struct {
	Test    func(token string) bool
	Literal string // a lower-case text that every such token holds; may be empty
	Begins  bool   // the tokens are exactly those that begin with Literal
	Whole   bool   // the only such token is Literal
}

// rowByRow is up to how many rows, when they are few of all, are looked at one by one; beyond it, whole dictionaries
// are asked first.
const rowByRow = 4000

// Words are the rows of within that have a token that m finds.
func (v *View) Words(within Set, m Match) Set {
	d := v.data
	if n := within.Count(); n <= rowByRow && n <= d.count/4 {
		return filter(within, func(row uint32) bool { return d.has(row, m) })
	}
	found := d.lists[rest].find(within, m.Test)
	left := within.Clone().Without(found).Without(d.irregular)
	take := func(s Set) {
		found.Or(s)
		left.Without(s)
	}
	numbers := true // only addresses and the like have no other letters
	for i := range len(m.Literal) {
		c := m.Literal[i]
		numbers = numbers && (digit(c) <= 15 || c == '.' || c == ':')
	}
	hit := func(c *dictionary) func(code uint32) bool {
		hits := make([]bool, len(c.values))
		any := false
		for code, tokens := range c.tokens {
			if slices.ContainsFunc(tokens, m.Test) {
				hits[code], any = true, true
			}
		}
		if !any {
			return nil
		}
		return func(code uint32) bool { return hits[code] }
	}
	for _, c := range d.words {
		if c.words != nil {
			if h := hit(c.dictionary); h != nil {
				take(filter(left, func(row uint32) bool { return h(c.rows[row]) }))
			}
		}
	}
	for i, c := range d.lists {
		if c.words != nil && (numbers || i != ipList) {
			if h := hit(c.dictionary); h != nil {
				take(c.with(left, h))
			}
		}
	}
	take(filter(left, func(row uint32) bool { return d.named(row, m) }))
	if uid := d.ofUID(m); uid != nil {
		take(filter(left, uid))
	}
	return found
}

// has is Words of one row.
func (d *data) has(row uint32, m Match) bool {
	l := d.lists[rest]
	for _, code := range l.of(l.rows[row]) {
		if m.Test(l.values[code]) {
			return true
		}
	}
	if d.irregular.Has(row) {
		return false
	}
	found := false
	d.implied(row, func(words []string) bool {
		found = slices.ContainsFunc(words, m.Test)
		return found
	})
	return found
}

// named reports whether a token of the name is found.
func (d *data) named(row uint32, m Match) bool {
	name := d.names.at(row)
	if m.Literal != "" && !d.odd.Has(row) {
		at := strings.Index(name, m.Literal)
		switch {
		case at < 0:
			return false
		case m.Begins && at == 0: // the whole name is a token
			return true
		case m.Whole && len(name) == len(m.Literal):
			return true
		case m.Whole && len(name) < uuidLength && alone(name, at, len(m.Literal)) && word1(m.Literal):
			return true
		}
	}
	return slices.ContainsFunc(both(name), m.Test)
}

const uuidLength = 36 // inside of a UUID nothing is a word

// alone reports whether dashes or ends are around a part of a name, which makes it a word when it holds none itself.
func alone(name string, at, n int) bool {
	return (at == 0 || name[at-1] == '-') && (at+n == len(name) || name[at+n] == '-')
}

// word1 reports that s is letters and digits alone.
func word1(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// ofUID tests the UID of a row; nil when no UID can be found.
func (d *data) ofUID(m Match) func(row uint32) bool {
	if m.Whole {
		code, ok := d.identity.known(m.Literal)
		if !ok && len(d.identity.texts) == 1 {
			return nil
		}
		if ok && len(m.Literal) == uuidLength {
			return func(row uint32) bool { return d.uids[row] == code }
		}
	}
	possible := true
	for i := range len(m.Literal) {
		possible = possible && (digit(m.Literal[i]) <= 15 || m.Literal[i] == '-')
	}
	if possible {
		return func(row uint32) bool { return slices.ContainsFunc(plain(d.identity.at(d.uids[row])), m.Test) }
	}
	if len(d.identity.texts) == 1 {
		return nil
	}
	return func(row uint32) bool {
		s, ok := d.identity.texts[d.uids[row]]
		return ok && slices.ContainsFunc(plain(s), m.Test)
	}
}

// Tokens are what free text finds of a row: sorted, distinct.
func (v *View) Tokens(row uint32) []string {
	tokens := v.lists[rest].at(row)
	if !v.irregular.Has(row) {
		v.implied(row, func(words []string) bool {
			tokens = append(tokens, words...)
			return false
		})
	}
	slices.Sort(tokens)
	return slices.Compact(tokens)
}
