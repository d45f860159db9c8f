package aggregator

import (
	"encoding/binary"
	"runtime"
	"sync"
	"unsafe"

	"github.com/klauspost/compress/s2"

	"github.com/foretop/foretop/internal/kube"
)

type objectKey struct {
	cluster string
	gr      kube.GroupResource
	name
}

// keptTexts holds the JSON of the versions that came last, packed, so that most new versions are compared with the one
// before without asking the database. It is a ring of chunks outside Go's heap: the oldest chunk makes room for the
// newest. Objects of a kind are much alike, so each kind's first ones are the dictionary of the others: a Pod of 5.7 KB
// takes 690 bytes.
type keptTexts struct {
	wanted func() int64 // bytes that are worth keeping now

	mu     sync.Mutex
	chunks [][]byte // oldest first
	first  uint32   // number of chunks[0]
	fill   int      // of the newest
	bytes  int64

	kindsMu sync.Mutex
	kinds   map[kube.GroupResource]*samples
	known   []*s2.Dict // by number, from 1; never changed, since texts are packed by them
}

// place is where a text is kept; the zero value is nowhere.
type place struct{ chunk, at uint32 }

const (
	chunkBytes = 1 << 20
	// sampleBytes make a dictionary.
	sampleBytes = 16 << 10
)

// samples become a kind's dictionary.
type samples struct {
	raw  []byte
	dict *s2.Dict
	is   int // its number
}

func newKeptTexts(wanted func() int64) *keptTexts {
	k := &keptTexts{wanted: wanted, first: 1, kinds: map[kube.GroupResource]*samples{}}
	runtime.SetFinalizer(k, func(k *keptTexts) {
		for _, c := range k.chunks {
			release(c)
		}
	})
	return k
}

// put keeps a text. It answers the zero place for one that is too large to be kept.
func (k *keptTexts) put(gr kube.GroupResource, text string) place {
	dict, number := k.dictionary(gr, text)
	buffer := packing.Get().(*[]byte)
	defer packing.Put(buffer)
	source := unsafe.Slice(unsafe.StringData(text), len(text)) // which is only read
	var packed []byte
	if dict == nil {
		packed = s2.Encode(*buffer, source)
	} else {
		packed = dict.Encode(*buffer, source)
	}
	if cap(packed) > cap(*buffer) {
		*buffer = packed[:cap(packed)]
	}
	var head [2 * binary.MaxVarintLen32]byte
	n := binary.PutUvarint(head[:], uint64(number))
	n += binary.PutUvarint(head[n:], uint64(len(packed)))
	size := n + len(packed)
	if size > chunkBytes {
		return place{}
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.chunks) == 0 || k.fill+size > chunkBytes {
		if !k.turn() {
			return place{}
		}
	}
	chunk := k.chunks[len(k.chunks)-1]
	at := k.fill
	copy(chunk[at:], head[:n])
	copy(chunk[at+n:], packed)
	k.fill += size
	return place{k.first + uint32(len(k.chunks)) - 1, uint32(at)}
}

// turn makes an empty newest chunk, of the oldest one when there are enough. The caller holds mu.
func (k *keptTexts) turn() bool {
	most := int(k.wanted() / chunkBytes)
	if most == 0 {
		return false
	}
	var fresh []byte
	for len(k.chunks) >= most {
		if fresh != nil {
			release(fresh)
			k.bytes -= chunkBytes
		}
		fresh = k.chunks[0]
		k.chunks = append(k.chunks[:0:0], k.chunks[1:]...)
		k.first++
	}
	if fresh == nil {
		if fresh = reserve(chunkBytes); fresh == nil {
			return false
		}
		k.bytes += chunkBytes
	}
	k.chunks, k.fill = append(k.chunks, fresh), 0
	return true
}

// get is a text, if it is kept still.
func (k *keptTexts) get(p place) (string, bool) {
	if p == (place{}) {
		return "", false
	}
	dict, packed, ok := k.packed(p)
	if !ok {
		return "", false
	}
	var text []byte
	var err error
	if dict == nil {
		text, err = s2.Decode(nil, packed)
	} else {
		text, err = dict.Decode(nil, packed)
	}
	if err != nil || len(text) == 0 {
		return "", false
	}
	return unsafe.String(&text[0], len(text)), true // nobody else has it
}

// packed is a copy, since its chunk may be given away any time.
func (k *keptTexts) packed(p place) (dict *s2.Dict, packed []byte, ok bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if p.chunk < k.first || int(p.chunk-k.first) >= len(k.chunks) {
		return nil, nil, false
	}
	from := k.chunks[p.chunk-k.first][p.at:]
	number, n := binary.Uvarint(from)
	size, m := binary.Uvarint(from[n:])
	packed = append(packed, from[n+m:n+m+int(size)]...)
	if number > 0 {
		k.kindsMu.Lock()
		dict = k.known[number-1]
		k.kindsMu.Unlock()
	}
	return dict, packed, true
}

func (k *keptTexts) size() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.bytes
}

// dictionary is a kind's; text is a sample of it until there are enough.
func (k *keptTexts) dictionary(gr kube.GroupResource, text string) (*s2.Dict, int) {
	k.kindsMu.Lock()
	defer k.kindsMu.Unlock()
	s := k.kinds[gr]
	if s == nil {
		s = &samples{}
		k.kinds[gr] = s
	}
	if s.dict != nil {
		return s.dict, s.is
	}
	s.raw = append(s.raw, text...)
	if len(s.raw) < sampleBytes {
		return nil, 0
	}
	if s.dict = s2.MakeDict(s.raw, nil); s.dict == nil {
		return nil, 0
	}
	k.known = append(k.known, s.dict)
	s.is, s.raw = len(k.known), nil
	return s.dict, s.is
}

// packing are buffers to pack into.
var packing = sync.Pool{New: func() any { b := make([]byte, 64<<10); return &b }}
