package columns

import (
	"bytes"
	"sort"
	"unsafe"

	"github.com/cespare/xxhash/v2"
)

// text is a column of one text a row that most rows have for themselves: bytes side by side, in the order of rows, each
// of which is put once.
type text struct {
	bytes   []byte
	starts  []uint64
	lengths []uint32
}

func (t *text) put(row int, s string) {
	t.starts, t.lengths = grown(t.starts, row), grown(t.lengths, row)
	t.starts[row], t.lengths[row] = uint64(len(t.bytes)), uint32(len(s))
	t.bytes = append(t.bytes, s...)
}

// at is a view: it must not be kept after the View it came from.
func (t *text) at(row uint32) string {
	n := int(t.lengths[row])
	if n == 0 {
		return ""
	}
	return unsafe.String(&t.bytes[t.starts[row]], n)
}

func (t *text) find(within Set, match func(string) bool) Set {
	return filter(within, func(row uint32) bool { return match(t.at(row)) })
}

// scan calls hit for every place, in order, at which a text of the rows from and up to to holds literal, until it has
// seen enough of that text. All bytes are searched as one.
func (t *text) scan(literal string, from, to int, hit func(row uint32, s string, at int) (next bool)) {
	if from >= to || literal == "" {
		return
	}
	first, end := int(t.starts[from]), int(t.starts[to-1])+int(t.lengths[to-1])
	next := finder(t.bytes[first:end], literal)
	for at, row := 0, from; ; {
		found := next(at)
		if found < 0 {
			return
		}
		at = found
		// The row is the last that starts there or before: nearby when hits are many.
		step := 1
		for row+step < to && int(t.starts[row+step]) <= first+at {
			row += step
			step *= 2
		}
		row += sort.Search(min(step, to-row), func(i int) bool { return int(t.starts[row+i]) > first+at }) - 1
		start := int(t.starts[row]) - first
		if last := start + int(t.lengths[row]); at+len(literal) <= last && hit(uint32(row), t.at(uint32(row)), at-start) {
			at = last
		} else {
			at++
		}
	}
}

// finder looks for a literal in text from a place on; -1 is nowhere. It goes from one of the literal's rarest byte to the
// next, many bytes at a time, when that is rare enough.
func finder(text []byte, literal string) func(from int) int {
	var counts [256]int
	sampled := 0
	for at := 0; at < len(text); at += max(256, len(text)/64) { // from everywhere: neighbours are alike
		part := text[at:min(at+256, len(text))]
		for _, c := range part {
			counts[c]++
		}
		sampled += len(part)
	}
	rarest := 0
	for i := range len(literal) {
		if counts[literal[i]] < counts[literal[rarest]] {
			rarest = i
		}
	}
	want := []byte(literal)
	if counts[literal[rarest]]*16 > sampled {
		return func(from int) int {
			if i := bytes.Index(text[from:], want); i >= 0 {
				return from + i
			}
			return -1
		}
	}
	last := len(want) - 1
	return func(from int) int {
		for from+last < len(text) {
			i := bytes.IndexByte(text[from+rarest:], want[rarest])
			if i < 0 {
				break
			}
			if from += i; from+last < len(text) && text[from] == want[0] && text[from+last] == want[last] && bytes.Equal(text[from:from+len(want)], want) {
				return from
			}
			from++
		}
		return -1
	}
}

// identities gives UIDs codes. A UUID takes 16 bytes; anything else is kept as it is.
type identities struct {
	codes slots
	uuids [][16]byte
	other map[string]uint32
	texts map[uint32]string
}

func newIdentities() *identities {
	return &identities{uuids: make([][16]byte, 1), other: map[string]uint32{"": 0}, texts: map[uint32]string{0: ""}}
}

func (d *identities) code(uid string) uint32 {
	u, ok := parseUUID(uid)
	if ok {
		hash := xxhash.Sum64(u[:])
		c, known := d.codes.find(hash, func(code uint32) bool { return d.uuids[code] == u })
		if !known {
			c = uint32(len(d.uuids))
			d.codes.add(hash, c)
			d.uuids = append(d.uuids, u)
		}
		return c
	}
	c, known := d.other[uid]
	if !known {
		c = uint32(len(d.uuids))
		uid = string(append([]byte(nil), uid...))
		d.other[uid], d.texts[c] = c, uid
		d.uuids = append(d.uuids, u)
	}
	return c
}

func (d *identities) at(code uint32) string {
	if s, ok := d.texts[code]; ok {
		return s
	}
	const hex = "0123456789abcdef"
	var b [36]byte
	n := 0
	for i, v := range d.uuids[code] {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			b[n] = '-'
			n++
		}
		b[n], b[n+1] = hex[v>>4], hex[v&15]
		n += 2
	}
	return string(b[:])
}

// is reports whether a code is that of a UID.
func (d *identities) is(code uint32, uid string) bool {
	if s, odd := d.texts[code]; odd {
		return s == uid
	}
	u, ok := parseUUID(uid)
	return ok && u == d.uuids[code]
}

// odd reports that a code is no UUID's.
func (d *identities) odd(code uint32) bool {
	_, is := d.texts[code]
	return is
}

// known is the code of a UID; ok is false when no row has it.
func (d *identities) known(uid string) (code uint32, ok bool) {
	if u, is := parseUUID(uid); is {
		return d.codes.find(xxhash.Sum64(u[:]), func(code uint32) bool { return d.uuids[code] == u })
	}
	code, ok = d.other[uid]
	return code, ok
}

// parseUUID reads the lower-case form alone: what is read must be written back byte for byte.
func parseUUID(s string) (u [16]byte, ok bool) {
	if len(s) != 36 {
		return u, false
	}
	n := 0
	for i := 0; i < 36; {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return [16]byte{}, false
			}
			i++
			continue
		}
		high, low := digit(s[i]), digit(s[i+1])
		if high > 15 || low > 15 {
			return [16]byte{}, false
		}
		u[n] = high<<4 | low
		n++
		i += 2
	}
	return u, true
}

func digit(c byte) byte {
	switch {
	case '0' <= c && c <= '9':
		return c - '0'
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10
	}
	return 255
}

// uuidPrefix is the first digits of UUIDs.
type uuidPrefix struct {
	bytes  [16]byte
	digits int
}

// uuidBegins reads the beginning of a UUID; ok is false when none begins so.
func uuidBegins(s string) (p uuidPrefix, ok bool) {
	for i := range len(s) {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			if s[i] != '-' {
				return p, false
			}
			continue
		}
		d := digit(s[i])
		if d > 15 || p.digits == 32 {
			return p, false
		}
		p.bytes[p.digits/2] |= d << (4 - p.digits%2*4)
		p.digits++
	}
	return p, true
}

func (p *uuidPrefix) of(u *[16]byte) bool {
	whole := p.digits / 2
	return bytes.Equal(u[:whole], p.bytes[:whole]) && (p.digits%2 == 0 || u[whole]>>4 == p.bytes[whole]>>4)
}
