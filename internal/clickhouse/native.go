package clickhouse

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Blocks in ClickHouse's Native format, as its HTTP interface reads them: columns one after the other, each with its
// name, its type and its values. clickhouse-go writes the same through reflection, value by value: of a Pod's 45 columns
// that took 60 microseconds, and this takes 6.

// kind is a column's type as far as it matters to its bytes.
type kind struct {
	name     string
	of       shape
	scale    int64            // nanoseconds of a DateTime64's tick
	numbers  map[string]uint8 // of an Enum8
	low, val bool             // LowCardinality: the text, the elements, the keys; and the values of a map
}

type shape int

const (
	texts   shape = iota // String
	lists                // Array(String)
	maps                 // Map(String, String)
	moments              // DateTime64
	words                // Enum8
	uint8s
	uint16s
	uint32s
	uint64s
	int64s
)

const (
	plain = "String"
	low   = "LowCardinality(String)"
)

var (
	momentType = regexp.MustCompile(`^DateTime64\((\d)(?:, '[^']*')?\)$`)
	wordOf     = regexp.MustCompile(`'([^'\\]*)' = (\d+)`)
)

// kindOf reads a column's type; ok is false for those that this package leaves to clickhouse-go.
func kindOf(name string) (k kind, ok bool) {
	k.name = name
	switch name {
	case plain, low:
		k.of, k.low = texts, name == low
	case "Array(" + plain + ")", "Array(" + low + ")":
		k.of, k.low = lists, name != "Array("+plain+")"
	case "Map(" + plain + ", " + plain + ")", "Map(" + low + ", " + plain + ")", "Map(" + plain + ", " + low + ")", "Map(" + low + ", " + low + ")":
		k.of, k.low, k.val = maps, strings.HasPrefix(name, "Map("+low), strings.HasSuffix(name, low+")")
	case "UInt8":
		k.of = uint8s
	case "UInt16":
		k.of = uint16s
	case "UInt32":
		k.of = uint32s
	case "UInt64":
		k.of = uint64s
	case "Int64":
		k.of = int64s
	default:
		if m := momentType.FindStringSubmatch(name); m != nil {
			k.of, k.scale = moments, 1
			digits, _ := strconv.Atoi(m[1])
			for range 9 - digits {
				k.scale *= 10
			}
			return k, true
		}
		if !strings.HasPrefix(name, "Enum8(") || strings.Contains(name, `\`) || strings.Contains(name, "= -") {
			return k, false
		}
		k.of, k.numbers = words, map[string]uint8{}
		for _, m := range wordOf.FindAllStringSubmatch(name, -1) {
			n, err := strconv.ParseUint(m[2], 10, 7)
			if err != nil {
				return k, false
			}
			k.numbers[m[1]] = uint8(n)
		}
	}
	return k, true
}

// block encodes rows.
type block struct {
	bytes  []byte
	bulky  []bulky
	places map[string]uint32 // of the dictionary being written
	index  []uint32
}

// bulky are texts that stand at a place of the block's bytes. They are not copied into it, since some are the JSON of
// thousands of objects.
type bulky struct {
	at    int
	texts []string
}

// bulkyFrom is how long texts are, on average, that are not copied.
const bulkyFrom = 512

// begin writes what comes before the columns.
func (b *block) begin(columns, rows int) {
	b.bytes, b.bulky = binary.AppendUvarint(b.bytes[:0], uint64(columns)), b.bulky[:0]
	b.bytes = binary.AppendUvarint(b.bytes, uint64(rows))
}

// size is how many bytes reader reads.
func (b *block) size() int64 {
	n := len(b.bytes)
	for _, part := range b.bulky {
		for _, s := range part.texts {
			n += len(s) + (bits.Len(uint(len(s))|1)+6)/7
		}
	}
	return int64(n)
}

// reader reads the block from its beginning. The block must not change meanwhile.
func (b *block) reader() io.Reader { return &blockReader{b: b} }

type blockReader struct {
	b          *block
	at         int // of the bytes
	part, text int // the next bulky text
	head       [binary.MaxVarintLen64]byte
	length     []byte // of the text that is being read, what is left of it
	rest       string // and of the text
}

func (r *blockReader) Read(p []byte) (n int, err error) {
	for n < len(p) {
		switch {
		case len(r.length) > 0:
			c := copy(p[n:], r.length)
			n, r.length = n+c, r.length[c:]
			continue
		case r.rest != "":
			c := copy(p[n:], r.rest)
			n, r.rest = n+c, r.rest[c:]
			continue
		}
		to := len(r.b.bytes)
		if r.part < len(r.b.bulky) {
			to = r.b.bulky[r.part].at
		}
		switch {
		case r.at < to:
			c := copy(p[n:], r.b.bytes[r.at:to])
			n, r.at = n+c, r.at+c
		case r.part == len(r.b.bulky):
			return n, io.EOF
		case r.text == len(r.b.bulky[r.part].texts):
			r.part, r.text = r.part+1, 0
		default:
			r.rest = r.b.bulky[r.part].texts[r.text]
			r.text++
			r.length = r.head[:binary.PutUvarint(r.head[:], uint64(len(r.rest)))]
		}
	}
	return n, nil
}

func (b *block) text(s string) {
	b.bytes = binary.AppendUvarint(b.bytes, uint64(len(s)))
	b.bytes = append(b.bytes, s...)
}

func (b *block) number(n uint64) { b.bytes = binary.LittleEndian.AppendUint64(b.bytes, n) }

// column writes the values of one column. Its error says which do not fit.
func (b *block) column(name string, k *kind, values any) error {
	wrong := fmt.Errorf("column %s of type %s cannot be written from %T", name, k.name, values)
	switch v := values.(type) {
	case []string:
		switch k.of {
		case texts:
			b.prefix(k.low)
			if !k.low && areBulky(v) {
				b.bulky = append(b.bulky, bulky{len(b.bytes), v})
				return nil
			}
			b.elements(k.low, slices.Values(v))
		case words:
			for _, w := range v {
				n, ok := k.numbers[w]
				if !ok {
					return fmt.Errorf("column %s of type %s: unknown element %q", name, k.name, w)
				}
				b.bytes = append(b.bytes, n)
			}
		default:
			return wrong
		}
	case [][]string:
		if k.of != lists {
			return wrong
		}
		b.prefix(k.low)
		end := uint64(0)
		for _, list := range v {
			end += uint64(len(list))
			b.number(end)
		}
		b.elements(k.low, func(yield func(string) bool) {
			for _, list := range v {
				for _, s := range list {
					if !yield(s) {
						return
					}
				}
			}
		})
	case []map[string]string:
		if k.of != maps {
			return wrong
		}
		b.pairs(k, v)
	case []time.Time:
		if k.of != moments {
			return wrong
		}
		for _, t := range v {
			n := int64(0) // the column's zero, for the zero time too
			if !t.IsZero() {
				n = t.Unix()*(int64(time.Second)/k.scale) + int64(t.Nanosecond())/k.scale
			}
			b.number(uint64(n))
		}
	case []uint64:
		if k.of != uint64s {
			return wrong
		}
		for _, n := range v {
			b.number(n)
		}
	case []int64:
		if k.of != int64s {
			return wrong
		}
		for _, n := range v {
			b.number(uint64(n))
		}
	case []uint32:
		if k.of != uint32s {
			return wrong
		}
		for _, n := range v {
			b.bytes = binary.LittleEndian.AppendUint32(b.bytes, n)
		}
	case []uint16:
		if k.of != uint16s {
			return wrong
		}
		for _, n := range v {
			b.bytes = binary.LittleEndian.AppendUint16(b.bytes, n)
		}
	case []uint8:
		if k.of != uint8s {
			return wrong
		}
		b.bytes = append(b.bytes, v...)
	default:
		return wrong
	}
	return nil
}

func areBulky(texts []string) bool {
	n := 0
	for _, s := range texts {
		n += len(s)
	}
	return n >= len(texts)*bulkyFrom
}

// pairs writes maps: their ends, all keys, all values. Keys are sorted, so that the same rows are the same bytes.
func (b *block) pairs(k *kind, rows []map[string]string) {
	b.prefix(k.low)
	b.prefix(k.val)
	n := 0
	for _, m := range rows {
		n += len(m)
		b.number(uint64(n))
	}
	keys, values := make([]string, 0, n), make([]string, 0, n)
	for _, m := range rows {
		from := len(keys)
		for key := range m {
			keys = append(keys, key)
		}
		slices.Sort(keys[from:])
		for _, key := range keys[from:] {
			values = append(values, m[key])
		}
	}
	b.elements(k.low, slices.Values(keys))
	b.elements(k.val, slices.Values(values))
}

// prefix begins a column whose texts stand in a dictionary.
func (b *block) prefix(low bool) {
	if low {
		b.number(1) // the version of the format
	}
}

// Flags of a dictionary, beside the width of its index.
const (
	ownKeys = 1 << 9
	allOfIt = 1 << 10
	wide8   = 0
	wide16  = 1
	wide32  = 2
)

// elements writes texts one after the other, or as a dictionary and places in it.
func (b *block) elements(low bool, all func(func(string) bool)) {
	if !low {
		for s := range all {
			b.text(s)
		}
		return
	}
	if b.places == nil {
		b.places = map[string]uint32{}
	}
	clear(b.places)
	b.index = b.index[:0]
	head := len(b.bytes)
	b.number(0)
	b.number(0)
	last, lastPlace := "", uint32(0)
	for s := range all {
		if len(b.index) > 0 && s == last { // rows of a kind come together
			b.index = append(b.index, lastPlace)
			continue
		}
		at, known := b.places[s]
		if !known {
			at = uint32(len(b.places))
			b.places[s] = at
			b.text(s)
		}
		last, lastPlace = s, at
		b.index = append(b.index, at)
	}
	if len(b.index) == 0 {
		b.bytes = b.bytes[:head]
		return
	}
	width := uint64(wide8)
	switch n := len(b.places); {
	case n > 1<<16:
		width = wide32
	case n > 1<<8:
		width = wide16
	}
	binary.LittleEndian.PutUint64(b.bytes[head:], width|ownKeys|allOfIt)
	binary.LittleEndian.PutUint64(b.bytes[head+8:], uint64(len(b.places)))
	b.number(uint64(len(b.index)))
	switch width {
	case wide8:
		for _, at := range b.index {
			b.bytes = append(b.bytes, byte(at))
		}
	case wide16:
		for _, at := range b.index {
			b.bytes = binary.LittleEndian.AppendUint16(b.bytes, uint16(at))
		}
	default:
		for _, at := range b.index {
			b.bytes = binary.LittleEndian.AppendUint32(b.bytes, at)
		}
	}
}
