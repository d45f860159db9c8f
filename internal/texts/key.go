package texts

import (
	"hash/crc32"

	"github.com/cespare/xxhash/v2"
)

// Key is an object's identity: the UID of its cluster, and its place there.
type Key struct{ Cluster, Group, Resource, Namespace, Name string }

// digest is what an object is found by, and the beginning of its text's check: two objects of one digest, which nobody
// has met, would not pass for each other.
func (k Key) digest() (digest uint64, seed uint32) {
	var room [512]byte
	b := room[:0]
	for _, part := range [...]string{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name} {
		b = append(append(b, part...), 0)
	}
	return xxhash.Sum64(b), crc32.Checksum(b, castagnoli)
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// checkOf is the check of a text of the object that seed is of.
func checkOf(seed uint32, text []byte) uint32 { return crc32.Update(seed, castagnoli, text) }
