package columns

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/kube"
)

// vocabulary gives each word of the columns' values a code, and says in which columns it is. The words of names are
// not among them, since nearly every object has one of its own, nor are UIDs: both are looked for where they stand.
type vocabulary struct {
	texts
	in   []uint32                // the columns that have a value with the word, a bit each
	made [len(machines)][]uint32 // words that machines make

	fresh *fresh // nil while nobody wants to know what is new
}

// fresh is the words that people may know, those of names too, that came since Table.AllWords and were not taken out by
// Table.Forget.
type fresh struct {
	words []string
	last  [1 << 14]string // of names, by hash: a word that was seen just now is not told again
}

func newVocabulary() *vocabulary { return &vocabulary{} }

// code is the code of a word that a value of the column of this bit has.
func (v *vocabulary) code(word string, bit uint32) uint32 {
	c, ok := v.known(word)
	if !ok {
		c = v.add(word)
		v.in = append(v.in, 0)
		if m := machineOf(word); m >= 0 {
			v.made[m] = append(v.made[m], c)
		} else if v.fresh != nil {
			v.fresh.words = append(v.fresh.words, word)
		}
	}
	v.in[c] |= bit
	return c
}

// named takes the words of a name.
func (v *vocabulary) named(name string, odd bool) {
	if v.fresh == nil {
		return
	}
	wordsOfName(name, odd, func(word string) bool {
		last := &v.fresh.last[xxhash.Sum64String(word)%uint64(len(v.fresh.last))]
		if *last == word {
			return false
		}
		if _, ok := v.known(word); !ok && machineOf(word) < 0 {
			word = strings.Clone(word)
			v.fresh.words = append(v.fresh.words, word)
			*last = word
		}
		return false
	})
}

// AllWords calls f with every word that free text finds of the table's objects, but for names as wholes, UIDs, and what
// machines make: generated endings of names, numbers and addresses. Some come several times, in no order. From then on
// the table tells new ones as fresh.
func (t *Table) AllWords(f func(word string)) {
	t.mu.Lock()
	d := t.d // it stays as it is when the table is written anew meanwhile
	if d.vocabulary.fresh == nil {
		d.vocabulary.fresh = &fresh{}
	}
	rows, words := d.count, d.vocabulary.values
	t.mu.Unlock()
	for _, word := range words {
		if machineOf(word) < 0 {
			f(word)
		}
	}
	last := &fresh{}
	for from := 0; from < rows; from += allAtOnce {
		t.mu.RLock()
		for row := from; row < min(from+allAtOnce, rows); row++ {
			wordsOfName(d.names.at(uint32(row)), d.odd.Has(uint32(row)), func(word string) bool {
				if l := &last.last[xxhash.Sum64String(word)%uint64(len(last.last))]; *l != word && machineOf(word) < 0 {
					*l = word
					f(word)
				}
				return false
			})
		}
		t.mu.RUnlock()
	}
}

// allAtOnce is how many names a writer waits for.
const allAtOnce = 10_000

// Fresh are the words that came since AllWords and were not forgotten.
func (t *Table) Fresh() (words []string) {
	_ = t.Read(func(v *View) error { words = v.Fresh(); return nil })
	return words
}

// Forget takes the first n fresh words out: they are kept elsewhere now.
func (t *Table) Forget(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f := t.d.vocabulary.fresh
	f.words = slices.Clone(f.words[n:])
}

// Fresh are those of the moment of the View.
func (v *View) Fresh() []string {
	if v.vocabulary.fresh == nil {
		return nil
	}
	return v.vocabulary.fresh.words
}

// putWords stores what free text finds of a row beside what its other columns tell. Older hubs wrote all: those that
// each object has for itself are left out.
func (d *data) putWords(row uint32, words []string) {
	d.codes = d.codes[:0]
	for _, w := range words {
		if w == d.names.at(row) && !d.odd.Has(row) || len(w) == uuidLength && d.identity.is(d.uids[row], w) {
			continue
		}
		if _, ok := d.vocabulary.known(w); !ok {
			w = strings.Clone(w)
		}
		if c := d.vocabulary.code(w, restBit); !slices.Contains(d.codes, c) {
			d.codes = append(d.codes, c)
		}
	}
	d.rest.put(int(row), d.codes)
}

// implied hands out the words of the values of the row's columns until stop.
func (d *data) implied(row uint32, f func(code uint32) (stop bool)) bool {
	for _, c := range d.words {
		if c.cut != nil && slices.ContainsFunc(c.said.of(c.rows[row]), f) {
			return true
		}
	}
	for _, c := range d.lists {
		if c.cut == nil {
			continue
		}
		for _, code := range c.of(c.rows[row]) {
			if slices.ContainsFunc(c.said.of(code), f) {
				return true
			}
		}
	}
	return false
}

// alone hands out the tokens that the row has of its name and its UID until stop.
func (d *data) alone(row uint32, f func(token string) (stop bool)) bool {
	name, odd := d.names.at(row), d.odd.Has(row)
	whole := name
	if odd {
		whole = strings.ToLower(name)
	}
	uid := d.identity.at(d.uids[row])
	return whole != "" && len(whole) <= tokenMost && f(whole) || wordsOfName(name, odd, f) ||
		!d.identity.odd(d.uids[row]) && f(uid) || d.identity.odd(d.uids[row]) && slices.ContainsFunc(plain(uid), f)
}

// machines make words that nobody knows but by reading them: most words of a fleet.
var machines = [...]struct {
	makes func(word string) bool
	// may reports whether a word with such a part, or near it, can be of its making.
	may func(part string, mistakes int) bool
}{
	generated: {
		func(word string) bool {
			return (len(word) == 5 || len(word) >= 8 && len(word) <= 10) && strangers(word, isGenerated) == 0
		},
		func(part string, mistakes int) bool {
			return len(part) <= 10+mistakes && strangers(part, isGenerated) <= mistakes
		},
	},
	numbers: {
		func(word string) bool {
			return number(word[0]) && strangers(word, isNumber) == 0 || strings.IndexByte(word, ':') >= 0 && strangers(word, isAddress) == 0
		},
		func(part string, mistakes int) bool { return strangers(part, isAddress) <= mistakes },
	},
}

const (
	generated = iota // endings of names, and hashes: Kubernetes uses these letters and digits, so as to make no words
	numbers          // and addresses
)

func isGenerated(c byte) bool {
	return 'b' <= c && c <= 'z' && c != 'e' && c != 'i' && c != 'o' && c != 'u' && c != 'y' || c == '2' || '4' <= c && c <= '9'
}
func isNumber(c byte) bool  { return number(c) || c == '.' }
func isAddress(c byte) bool { return isNumber(c) || c == ':' || 'a' <= c && c <= 'f' }

// strangers is how many characters of s are not in.
func strangers(s string, in func(byte) bool) (n int) {
	for _, r := range s {
		if r >= utf8.RuneSelf || !in(byte(r)) {
			n++
		}
	}
	return n
}

// machineOf is who made a word; -1 is nobody.
func machineOf(word string) int {
	for m := range machines {
		if machines[m].makes(word) {
			return m
		}
	}
	return -1
}

// tokenMost is the longest token that internal/kube makes.
const tokenMost = 256

// wordsOfName hands out the words of a name until stop. It is kube.TokensOfText, without memory of its own for what
// nearly all names are made of.
func wordsOfName(name string, odd bool, f func(word string) (stop bool)) bool {
	if odd || len(name) > tokenMost || holdsUUID(name) {
		return slices.ContainsFunc(plain(name), f)
	}
	start := -1
	for i := 0; i <= len(name); i++ {
		if i < len(name) && (letter(name[i]) || name[i] == '.' && start >= 0 && i+1 < len(name) && number(name[i-1]) && number(name[i+1])) {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			word := name[start:i]
			if f(word) || len(word) > 1 && word[0] == 'v' && number(word[1]) && f(word[1:]) {
				return true
			}
			start = -1
		}
	}
	return false
}

func letter(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
func number(c byte) bool { return '0' <= c && c <= '9' }

// holdsUUID reports that part of a name may be a UUID, inside of which nothing is a word.
func holdsUUID(name string) bool {
	for i := 0; i+uuidLength <= len(name); i++ {
		if name[i+8] == '-' && name[i+13] == '-' && name[i+18] == '-' && name[i+23] == '-' {
			return true
		}
	}
	return false
}

const uuidLength = 36

// What free text finds of a value. Free text finds an object by its tokens, dozens a row, most of which other columns
// imply: the words of its name, of its labels, of its images. Only those that nothing implies are stored, in rest.

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
