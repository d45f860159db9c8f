package columns

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// slots finds the code of a value by the value's hash. It does not hold values, which stand where codes lead: a map of
// them would take three times the room, and the collector of garbage would walk it.
type slots struct {
	slots []uint64 // the upper half of the hash, and the code counted from 1; a power of two of them
	used  int
}

const upper = 0xffff_ffff << 32

// find is the code of this hash whose value is the wanted one.
func (s *slots) find(hash uint64, is func(code uint32) bool) (code uint32, ok bool) {
	if s.used == 0 {
		return 0, false
	}
	last := uint64(len(s.slots) - 1)
	for i := hash >> 32 & last; s.slots[i] != 0; i = (i + 1) & last {
		if slot := s.slots[i]; slot&upper == hash&upper && is(uint32(slot)-1) {
			return uint32(slot) - 1, true
		}
	}
	return 0, false
}

// add notes a code that find did not find.
func (s *slots) add(hash uint64, code uint32) {
	if s.used >= len(s.slots)/4*3 {
		old := s.slots
		s.slots = make([]uint64, max(16, 2*len(old)))
		for _, slot := range old {
			if slot != 0 {
				s.put(slot)
			}
		}
	}
	s.put(hash&upper | uint64(code+1))
	s.used++
}

func (s *slots) put(slot uint64) {
	last := uint64(len(s.slots) - 1)
	i := slot >> 32 & last
	for s.slots[i] != 0 {
		i = (i + 1) & last
	}
	s.slots[i] = slot
}

// texts are distinct texts, each with a code: its place.
type texts struct {
	slots  slots
	values []string
}

// known is the code of a text; ok is false when it has none.
func (t *texts) known(s string) (code uint32, ok bool) {
	return t.slots.find(xxhash.Sum64String(s), func(code uint32) bool { return t.values[code] == s })
}

// knownBytes is known of a text that is about to change.
func (t *texts) knownBytes(s []byte) (code uint32, ok bool) {
	return t.slots.find(xxhash.Sum64(s), func(code uint32) bool { return t.values[code] == string(s) })
}

// add gives a text that is not known the next code.
func (t *texts) add(s string) (code uint32) {
	code = uint32(len(t.values))
	t.values = append(t.values, s)
	t.slots.add(xxhash.Sum64String(s), code)
	return code
}

// hashOf is of a list of codes.
func hashOf(codes []uint32, buffer []byte) (hash uint64, used []byte) {
	buffer = buffer[:0]
	for _, c := range codes {
		buffer = binary.LittleEndian.AppendUint32(buffer, c)
	}
	return xxhash.Sum64(buffer), buffer
}

// known is the list of these codes; ok is false when there is none.
func (l *lists) known(hash uint64, codes []uint32) (id uint32, ok bool) {
	return l.ids.find(hash, func(id uint32) bool { return slices.Equal(l.of(id), codes) })
}
