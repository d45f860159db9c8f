package columns

import (
	"math/bits"
	"slices"
	"strings"
	"unicode/utf8"
)

// Match says which tokens a word of a query finds.
type Match struct {
	Test    func(token string) bool
	Literal string // a lower-case text that every such token holds; may be empty
	Begins  bool   // the tokens are exactly those that begin with Literal
	Whole   bool   // the only such token is Literal
	Like    string // when not empty, the tokens are those that one character makes, one more, one less, or another

	// Words are, when Listed, those words of Table.AllWords that Test holds of.
	Words  []string
	Listed bool
}

// may reports whether the match may find words of a machine's making.
func (m *Match) may(machine int) bool {
	if m.Like != "" {
		return machines[machine].may(m.Like, 1)
	}
	return machines[machine].may(m.Literal, 0)
}

// wordless reports that no name has a word that is found, though a whole name may be.
func (m *Match) wordless() bool {
	return m.Listed && len(m.Words) == 0 && !m.may(generated) && !m.may(numbers)
}

const (
	// rowByRow is up to how many rows, when they are few of all, are looked at one by one; beyond it, whole columns
	// are asked.
	rowByRow = 4000
	// scansMost is for up to how many words all names are searched; beyond it, for the halves of what they are like.
	scansMost = 2
)

// Words are the rows of within that have a token that m finds.
func (v *View) Words(within Set, m Match) Set {
	d := v.data
	h := d.vocabulary.find(&m)
	uid := d.ofUID(&m)
	if n := within.Count(); n <= rowByRow && n <= d.count/4 {
		return filter(within, func(row uint32) bool { return d.has(row, &m, h, uid) })
	}
	found, left := make(Set, len(within)), within.Clone()
	take := func(s Set) {
		found.Or(s)
		left.Without(s)
	}
	if h.in&restBit != 0 {
		take(d.rest.with(left, h.has))
	}
	for _, c := range d.words {
		if h.in&c.bit != 0 {
			take(pick(left, c.rows, c.having(h)))
		}
	}
	for _, c := range d.lists {
		if h.in&c.bit != 0 {
			take(c.lists.having(left, c.dictionary.having(h)))
		}
	}
	take(d.named(left, &m))
	if uid != nil {
		take(filter(left, uid))
	}
	return found
}

// hits are words that a match finds.
type hits struct {
	codes Set
	in    uint32 // the columns that have one
}

func (h *hits) has(code uint32) bool { return h.codes.Has(code) }

func (v *vocabulary) find(m *Match) *hits {
	h := &hits{codes: make(Set, len(v.values)/64+1)}
	add := func(c uint32) {
		h.codes.add(c)
		h.in |= v.in[c]
	}
	switch {
	case m.Whole:
		if c, ok := v.known(m.Literal); ok {
			add(c)
		}
	case m.Listed:
		for _, w := range m.Words {
			if c, ok := v.known(w); ok {
				add(c)
			}
		}
		for machine, made := range v.made {
			if !m.may(machine) {
				continue
			}
			for _, c := range made {
				if m.Test(v.values[c]) {
					add(c)
				}
			}
		}
	default:
		for c, w := range v.values {
			if m.Test(w) {
				add(uint32(c))
			}
		}
	}
	return h
}

// having marks the values that have one of the words.
func (d *dictionary) having(h *hits) []uint8 {
	marks := make([]uint8, len(d.values))
	for code := range marks {
		for _, w := range d.said.of(uint32(code)) {
			if h.codes.Has(w) {
				marks[code] = 1
				break
			}
		}
	}
	return marks
}

// having are the rows whose list has a marked code.
func (l *lists) having(within Set, marks []uint8) Set {
	found := make([]uint8, l.count())
	for id := range found {
		for _, code := range l.of(uint32(id)) {
			found[id] |= marks[code]
		}
	}
	return pick(within, l.rows, found)
}

// pick are the rows whose code is marked.
func pick(within Set, rows []uint32, marks []uint8) Set {
	found := make(Set, len(within))
	parallel(len(within), func(_, from, to int) {
		for i := from; i < to; i++ {
			w, out := within[i], uint64(0)
			if at := i << 6; bits.OnesCount64(w) > 24 && at+64 <= len(rows) {
				for bit, code := range rows[at : at+64] {
					out |= uint64(marks[code]) << bit
				}
				found[i] = out & w
				continue
			}
			for ; w != 0; w &= w - 1 {
				bit := bits.TrailingZeros64(w)
				out |= uint64(marks[rows[i<<6+bit]]) << bit
			}
			found[i] = out
		}
	})
	return found
}

// has is Words of one row.
func (d *data) has(row uint32, m *Match, h *hits, uid func(uint32) bool) bool {
	if h.in&restBit != 0 && slices.ContainsFunc(d.rest.of(d.rest.rows[row]), h.has) {
		return true
	}
	for _, c := range d.words {
		if h.in&c.bit != 0 && slices.ContainsFunc(c.said.of(c.rows[row]), h.has) {
			return true
		}
	}
	for _, c := range d.lists {
		if h.in&c.bit == 0 {
			continue
		}
		for _, code := range c.of(c.rows[row]) {
			if slices.ContainsFunc(c.said.of(code), h.has) {
				return true
			}
		}
	}
	return d.nameHas(row, m) || uid != nil && uid(row)
}

// named are the rows of within with a token of the name that m finds.
func (d *data) named(within Set, m *Match) Set {
	if n := within.Count(); n < d.count/16 || m.Literal == "" && m.Like == "" {
		return filter(within, func(row uint32) bool { return d.nameHas(row, m) })
	}
	found, left := make(Set, len(within)), within.Clone()
	take := func(s Set) {
		found.Or(s)
		left.Without(s)
	}
	odd := within.Clone().And(d.odd)
	left.Without(odd)
	found.Or(filter(odd, func(row uint32) bool { return d.nameHas(row, m) }))
	if m.Like == "" {
		if m.wordless() && (m.Whole || m.Begins) && isWord(m.Literal) {
			return found // a name that begins so has a word that does
		}
		take(d.scan(left, m.Literal, m))
		return found
	}
	if words := m.inNames(); len(words) <= scansMost && m.Listed && !m.may(generated) && !m.may(numbers) {
		for _, w := range words {
			take(d.scan(left, w, &Match{Literal: w, Whole: true, Test: func(token string) bool { return token == w }}))
		}
		n := utf8.RuneCountInString(m.Like)
		take(filter(left, func(row uint32) bool {
			l := int(d.names.lengths[row])
			return l >= n-1 && l <= n+1 && m.Test(d.names.at(row))
		}))
		return found
	}
	// One mistake leaves one half as it is.
	half := len(m.Like) / 2
	for !utf8.RuneStart(m.Like[half]) {
		half--
	}
	take(d.scan(left, m.Like[:half], m))
	take(d.scan(left, m.Like[half:], m))
	return found
}

// inNames are the words that can be in a name in lower-case ASCII, other than as the whole.
func (m *Match) inNames() (words []string) {
	for _, w := range m.Words {
		if strangers(w, func(c byte) bool { return letter(c) || c == '.' }) == 0 {
			words = append(words, w)
		}
	}
	return words
}

// scan are the rows of within, none of them odd, with a token of the name that holds part and that m finds.
func (d *data) scan(within Set, part string, m *Match) Set {
	return d.holding(within, part, func(row uint32, name string, at int) (yes, next bool) {
		yes, certain := m.at(name, at)
		if !certain {
			yes = d.nameHas(row, m)
		}
		return yes, !certain
	})
}

// holding are the rows of within for which hit holds at a place at which the name holds part. next says that the other
// places of the name are not to be looked at.
func (d *data) holding(within Set, part string, hit func(row uint32, name string, at int) (yes, next bool)) Set {
	found := make(Set, len(within))
	parallel(len(within), func(_, from, to int) {
		d.names.scan(part, from<<6, min(to<<6, d.count), func(row uint32, name string, at int) bool {
			if !within.Has(row) {
				return true
			}
			yes, next := hit(row, name, at)
			if yes {
				found.add(row)
			}
			return yes || next
		})
	})
	return found
}

// at is what it tells that a name, in lower-case ASCII, holds the literal at a place: whether a token there is found,
// if that is certain.
func (m *Match) at(name string, at int) (yes, certain bool) {
	end := at + len(m.Literal)
	switch {
	case !m.Begins && !m.Whole || holdsUUID(name):
		return false, false
	case at == 0 && (m.Begins || end == len(name)):
		return true, true // a whole name is a token
	case !isWord(m.Literal):
		return false, strings.IndexByte(m.Literal, '-') >= 0 // which is in no word
	case at > 0 && letter(name[at-1]) && name[at-1] != 'v', m.Whole && end < len(name) && letter(name[end]):
		return false, true // in the middle of a word
	}
	before, behind := at == 0 || name[at-1] == '-', m.Begins || end == len(name) || name[end] == '-'
	return true, before && behind
}

// nameHas reports whether a token of the row's name is found.
func (d *data) nameHas(row uint32, m *Match) bool {
	name, odd := d.names.at(row), d.odd.Has(row)
	if !odd && m.Literal != "" && !strings.Contains(name, m.Literal) {
		return false
	}
	whole := name
	if odd {
		whole = strings.ToLower(name)
	}
	return len(whole) <= tokenMost && m.Test(whole) || wordsOfName(name, odd, m.Test)
}

// isWord reports that s is letters and digits alone, which nothing cuts.
func isWord(s string) bool {
	for i := range len(s) {
		if !letter(s[i]) {
			return false
		}
	}
	return s != ""
}

// ofUID tests the UID of a row; nil when no UID can be found.
func (d *data) ofUID(m *Match) func(row uint32) bool {
	var others map[uint32]bool // those that are no UUIDs
	for code, s := range d.identity.texts {
		if slices.ContainsFunc(plain(s), m.Test) {
			if others == nil {
				others = map[uint32]bool{}
			}
			others[code] = true
		}
	}
	uuid := func(uint32) bool { return false }
	switch {
	case m.Whole:
		code, ok := d.identity.known(m.Literal)
		if !ok || len(m.Literal) != uuidLength {
			if others == nil {
				return nil
			}
			break
		}
		uuid = func(c uint32) bool { return c == code }
	case m.Begins:
		first, ok := uuidBegins(m.Literal)
		if !ok {
			if others == nil {
				return nil
			}
			break
		}
		uuid = func(c uint32) bool { return first.of(&d.identity.uuids[c]) && !d.identity.odd(c) }
	case m.Like != "" && (len(m.Like) < uuidLength-1 || len(m.Like) > 4*uuidLength) || !maybeUUID(m.Literal):
		if others == nil {
			return nil
		}
	default:
		uuid = func(c uint32) bool { return !d.identity.odd(c) && m.Test(d.identity.at(c)) }
	}
	return func(row uint32) bool { c := d.uids[row]; return uuid(c) || others != nil && others[c] }
}

func maybeUUID(part string) bool {
	for i := range len(part) {
		if digit(part[i]) > 15 && part[i] != '-' {
			return false
		}
	}
	return true
}
