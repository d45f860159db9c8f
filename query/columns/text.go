package columns

import "unsafe"

// text is a column of one text a row that most rows have for themselves: bytes side by side.
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

// identities gives UIDs codes. A UUID takes 16 bytes; anything else is kept as it is.
type identities struct {
	codes map[[16]byte]uint32
	uuids [][16]byte
	other map[string]uint32
	texts map[uint32]string
}

func newIdentities() *identities {
	return &identities{codes: map[[16]byte]uint32{}, uuids: make([][16]byte, 1), other: map[string]uint32{"": 0}, texts: map[uint32]string{0: ""}}
}

func (d *identities) code(uid string) uint32 {
	u, ok := parseUUID(uid)
	if ok {
		c, known := d.codes[u]
		if !known {
			c = uint32(len(d.uuids))
			d.codes[u] = c
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

// known is the code of a UID; ok is false when no row has it.
func (d *identities) known(uid string) (code uint32, ok bool) {
	if u, is := parseUUID(uid); is {
		code, ok = d.codes[u]
		return code, ok
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
