package texts

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/s2"
)

// dictionaries are of a kind each: its first objects, since objects of a kind are much alike. A Pod of 3 KB takes 450
// bytes. They are named by what is in them, so that no text is ever read with another one than it was written with.
type dictionaries struct {
	file *os.File

	mu    sync.RWMutex
	kinds map[kind]*samples
	known map[uint32]*s2.Dict // never changed, since texts are packed by them
	end   int64
}

type kind struct{ group, resource string }

// samples become a kind's dictionary.
type samples struct {
	raw    []byte
	dict   *s2.Dict
	number uint32
}

// sampleBytes make a dictionary. With half as much texts take a twelfth more, with twice as much a twenty-fifth less.
const sampleBytes = 32 << 10

func openDictionaries(path string) (*dictionaries, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	d := &dictionaries{file: f, kinds: map[kind]*samples{}, known: map[uint32]*s2.Dict{}}
	r := bufio.NewReader(f)
	for {
		k, raw, size, err := readDictionary(r)
		if err != nil {
			break // behind the last one, or where a crash cut one: texts that need it are misses
		}
		d.add(k, raw)
		d.end += size
	}
	return d, nil
}

var errCut = errors.New("cut off")

// readDictionary reads number, lengths, kind and samples of one.
func readDictionary(r io.Reader) (k kind, raw []byte, size int64, err error) {
	var head [16]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return k, nil, 0, err
	}
	var lengths [3]uint32
	for i := range lengths {
		lengths[i] = binary.LittleEndian.Uint32(head[4+4*i:])
		if lengths[i] > s2.MaxDictSize {
			return k, nil, 0, errCut
		}
	}
	body := make([]byte, lengths[0]+lengths[1]+lengths[2])
	if _, err := io.ReadFull(r, body); err != nil {
		return k, nil, 0, err
	}
	k = kind{string(body[:lengths[0]]), string(body[lengths[0] : lengths[0]+lengths[1]])}
	raw = body[lengths[0]+lengths[1]:]
	if numberOfSamples(raw) != binary.LittleEndian.Uint32(head[:]) {
		return k, nil, 0, errCut
	}
	return k, raw, int64(len(head) + len(body)), nil
}

func numberOfSamples(raw []byte) uint32 { return max(1, uint32(xxhash.Sum64(raw))) }

// add makes samples a kind's dictionary. The last one of a kind is the one that is written with.
func (d *dictionaries) add(k kind, raw []byte) {
	s := &samples{dict: s2.MakeDict(raw, nil), number: numberOfSamples(raw)}
	d.kinds[k], d.known[s.number] = s, s.dict
}

// of is a kind's dictionary, nil and 0 until it has one; text is a sample of it until there are enough.
func (d *dictionaries) of(group, resource, text string) (*s2.Dict, uint32) {
	k := kind{group, resource}
	d.mu.RLock()
	s := d.kinds[k]
	if s != nil && s.dict != nil {
		defer d.mu.RUnlock()
		return s.dict, s.number
	}
	d.mu.RUnlock()
	d.mu.Lock()
	defer d.mu.Unlock()
	if s = d.kinds[k]; s == nil {
		s = &samples{}
		d.kinds[k] = s
	}
	if s.dict != nil {
		return s.dict, s.number
	}
	s.raw = append(s.raw, text[:min(len(text), sampleBytes-len(s.raw))]...)
	if len(s.raw) < sampleBytes {
		return nil, 0
	}
	if d.known[numberOfSamples(s.raw)] != nil || d.write(k, s.raw) != nil {
		s.raw = s.raw[:0] // two have one number, or the disk is full: other samples will do
		return nil, 0
	}
	d.add(k, s.raw)
	return d.kinds[k].dict, d.kinds[k].number
}

func (d *dictionaries) write(k kind, raw []byte) error {
	var b []byte
	for _, n := range [...]uint32{numberOfSamples(raw), uint32(len(k.group)), uint32(len(k.resource)), uint32(len(raw))} {
		b = binary.LittleEndian.AppendUint32(b, n)
	}
	b = append(append(append(b, k.group...), k.resource...), raw...)
	if _, err := d.file.WriteAt(b, d.end); err != nil {
		return err
	}
	d.end += int64(len(b))
	return nil
}

// buffers are of records.
var buffers = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}

// sized is the buffer with n bytes.
func sized(buffer *[]byte, n int64) []byte {
	if int64(cap(*buffer)) < n {
		*buffer = make([]byte, n)
	}
	return (*buffer)[:n]
}

// pack makes a record of a text in the buffer, with room for its head, and says how long the packed text is.
func pack(buffer *[]byte, dict *s2.Dict, text []byte) (record []byte, size uint32) {
	room := sized(buffer, headBytes+unit+int64(s2.MaxEncodedLen(len(text))))
	var packed []byte
	if dict == nil {
		packed = s2.Encode(room[headBytes:], text)
	} else {
		packed = dict.Encode(room[headBytes:], text)
	}
	size = uint32(len(packed))
	record = room[:head{size: size}.recordBytes()]
	clear(record[headBytes+size:])
	return record, size
}

// unpack appends a packed text to dst.
func (d *dictionaries) unpack(dst []byte, number uint32, packed []byte) ([]byte, error) {
	n, err := s2.DecodedLen(packed)
	if err != nil {
		return dst, err
	}
	from := len(dst)
	if cap(dst)-from < n {
		dst = append(make([]byte, 0, from+n), dst...)
	}
	room := dst[from : from+n]
	if number == 0 {
		room, err = s2.Decode(room, packed)
	} else {
		d.mu.RLock()
		dict := d.known[number]
		d.mu.RUnlock()
		if dict == nil {
			return dst, fmt.Errorf("there is no dictionary %08x", number)
		}
		room, err = dict.Decode(room, packed)
	}
	if err != nil {
		return dst, err
	}
	return dst[:from+len(room)], nil
}
