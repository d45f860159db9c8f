package aggregator

import (
	"encoding/hex"
	"strconv"
	"strings"
	"time"
	"unique"
)

// remembered is an object in the 80 bytes that nearly every one of a million fits in: UIDs are UUIDs, resource versions
// are numbers, and objects were changed by few, in few ways.
type remembered struct {
	uid        [16]byte
	revision   uint64
	odd        *odd // nil for nearly all
	apiVersion unique.Handle[string]
	ver        uint64
	changedAt  int64 // in milliseconds, as the tables have it
	change     unique.Handle[change]
	derived    uint16
}

// odd are the texts of an object when they do not fit.
type odd struct{ uid, resourceVersion, digest string }

// change is who changed an object, and the paths with a separator after each.
type change struct{ by, paths string }

const afterPath = "\x00"

// remember keeps nothing of o itself, whose texts may be pieces of its JSON.
func remember(o *object) *remembered {
	c := change{by: o.changedBy}
	if len(o.changedPaths) > 0 {
		c.paths = strings.Join(o.changedPaths, afterPath) + afterPath
	}
	r := &remembered{apiVersion: o.apiVersion, ver: o.ver, changedAt: o.changedAt.UnixMilli(), change: unique.Make(c), derived: o.derived}
	r.uid, r.revision = packed(o.uid, o.resourceVersion)
	if uid, resourceVersion := unpacked(r.uid, r.revision); uid != o.uid || resourceVersion != o.resourceVersion || o.digest != "" {
		r.odd = &odd{strings.Clone(o.uid), strings.Clone(o.resourceVersion), strings.Clone(o.digest)}
	}
	return r
}

// recall is the object again.
func (r *remembered) recall() *object {
	c := r.change.Value()
	o := &object{apiVersion: r.apiVersion, derived: r.derived, ver: r.ver, changedAt: time.UnixMilli(r.changedAt).UTC(), changedBy: c.by}
	if c.paths != "" {
		o.changedPaths = strings.Split(strings.TrimSuffix(c.paths, afterPath), afterPath)
	}
	if r.odd != nil {
		o.uid, o.resourceVersion, o.digest = r.odd.uid, r.odd.resourceVersion, r.odd.digest
	} else {
		o.uid, o.resourceVersion = unpacked(r.uid, r.revision)
	}
	return o
}

// packed is what unpacked makes the same texts of, if they are a UUID and a number as Kubernetes writes them.
func packed(uid, resourceVersion string) (u [16]byte, revision uint64) {
	revision, _ = strconv.ParseUint(resourceVersion, 10, 64)
	if len(uid) == 36 {
		digits := uid[:8] + uid[9:13] + uid[14:18] + uid[19:23] + uid[24:]
		_, _ = hex.Decode(u[:], []byte(digits)) // what is none is not made the same
	}
	return u, revision
}

func unpacked(u [16]byte, revision uint64) (uid, resourceVersion string) {
	digits := hex.EncodeToString(u[:])
	return digits[:8] + "-" + digits[8:12] + "-" + digits[12:16] + "-" + digits[16:20] + "-" + digits[20:], strconv.FormatUint(revision, 10)
}
