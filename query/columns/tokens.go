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
	Near    int    // when not 0, such tokens have as many characters, one less, or one more

	// Words are, when Listed, the words of the table that Test holds of: all of them but for names as wholes and UIDs.
	Words  []string
	Listed bool
}

const (
	// rowByRow is up to how many rows, when they are few of all, are looked at one by one; beyond it, whole columns
	// are asked.
	rowByRow = 4000
	// scansMost is for up to how many words all names are searched.
	scansMost = 8
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
	left.Without(d.irregular)
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
	h := &hits{codes: make(Set, len(v.texts)/64+1)}
	add := func(c uint32) {
		h.codes.add(c)
		h.in |= v.in[c]
	}
	switch {
	case m.Whole:
		if c, ok := v.codes[m.Literal]; ok {
			add(c)
		}
	case m.Listed:
		for _, w := range m.Words {
			if c, ok := v.codes[w]; ok {
				add(c)
			}
		}
	default:
		for c, w := range v.texts {
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
	if d.irregular.Has(row) {
		return false
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
	if n := within.Count(); n < d.count/16 || m.Literal == "" && !m.Listed {
		return filter(within, func(row uint32) bool { return d.nameHas(row, m) })
	}
	found := make(Set, len(within))
	left := within.Clone()
	if odd := within.Clone().And(d.odd); !odd.Empty() {
		found.Or(filter(odd, func(row uint32) bool { return d.nameHas(row, m) }))
		left.Without(odd)
	}
	if m.Whole || m.Begins || !m.Listed {
		if m.Listed && len(m.Words) == 0 && isWord(m.Literal) {
			return found // a name with such a token has a word that begins so
		}
		return found.Or(d.scan(left, m))
	}
	var words []string
	for _, w := range m.Words {
		if strings.IndexFunc(w, func(r rune) bool { return r >= utf8.RuneSelf || !letter(byte(r)) && r != '.' }) < 0 {
			words = append(words, w) // others are in no such name, but as a whole
		}
	}
	if len(words) > scansMost {
		return found.Or(filter(left, func(row uint32) bool { return d.nameHas(row, m) }))
	}
	for _, w := range words {
		s := d.scan(left, &Match{Literal: w, Whole: true, Test: func(token string) bool { return token == w }})
		found.Or(s)
		left.Without(s)
	}
	return found.Or(filter(left, func(row uint32) bool {
		if n := int(d.names.lengths[row]); m.Near > 0 && (n < m.Near-1 || n > m.Near+1) {
			return false
		}
		return m.Test(d.names.at(row))
	}))
}

// scan are the rows of within, none of them odd, with a token of the name that m, which has a literal, finds.
func (d *data) scan(within Set, m *Match) Set {
	found := make(Set, len(within))
	parallel(len(within), func(_, from, to int) {
		d.names.scan(m.Literal, from<<6, min(to<<6, d.count), func(row uint32, name string, at int) (next bool) {
			if !within.Has(row) {
				return true
			}
			yes, certain := m.at(name, at)
			if !certain {
				yes = d.nameHas(row, m)
			}
			if yes {
				found.add(row)
			}
			return yes || !certain
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
	case m.Near > 0 && (m.Near < uuidLength-1 || m.Near > uuidLength+1) || !maybeUUID(m.Literal):
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
