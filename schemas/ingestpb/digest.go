package ingestpb

import (
	"crypto/sha256"
	"encoding/binary"
)

// KeyDigest is one object's share of a snapshot's digest. Shares are combined by xor, so order does not matter.
func KeyDigest(namespace, name, uid, resourceVersion string) uint64 {
	h := sha256.New()
	for _, s := range [...]string{namespace, name, uid, resourceVersion} {
		var n [4]byte
		binary.BigEndian.PutUint32(n[:], uint32(len(s)))
		h.Write(n[:])
		h.Write([]byte(s))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}
