package kubeapi

import (
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strconv"

	"github.com/cespare/xxhash/v2"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foretop/foretop/internal/records"
)

// resourceVersion writes a position. That of one member is a number; that of the fleet names every cluster. Objects keep
// the resourceVersion that their member gave them, which is far below any position.
func (q *question) resourceVersion(p records.Position) string {
	if p == nil { // of no one moment: nothing can go on from it
		return ""
	}
	if q.cluster != "" {
		return strconv.FormatUint(max(p[q.members[0].UID], ours), 10)
	}
	uids := make([]string, 0, len(p))
	for uid := range p {
		uids = append(uids, uid)
	}
	slices.Sort(uids)
	var b []byte
	for _, uid := range uids {
		b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64String(uid))
		b = binary.AppendUvarint(b, p[uid])
	}
	return fleetMark + base64.RawURLEncoding.EncodeToString(b)
}

const (
	// ours is less than any position, and more than any resourceVersion of a member: etcd counts writes.
	ours      = 1 << 40
	fleetMark = "fleet."
)

// tooOld is Kubernetes' answer to a resourceVersion that cannot be continued.
func tooOld(why string) error {
	return apierrors.NewResourceExpired("too old resource version: " + why)
}

// position reads what resourceVersion wrote. A member's own resourceVersion, which a client takes from the object it saw
// last, is looked up.
func (q *question) position(k served, text string) (records.Position, error) {
	if q.cluster == "" {
		return q.fleetPosition(text)
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return nil, apierrors.NewBadRequest("invalid resource version " + strconv.Quote(text))
	}
	if n < ours {
		if n, err = q.reader.VersionSeen(q.r.Context(), q.scope, q.cluster, stored(k.GroupResource), text); err != nil {
			return nil, err
		}
		if n == 0 {
			return nil, tooOld(text + " is not known here")
		}
	}
	return records.Position{q.members[0].UID: n}, nil
}

func (q *question) fleetPosition(text string) (records.Position, error) {
	if len(text) < len(fleetMark) || text[:len(fleetMark)] != fleetMark {
		// One object's resourceVersion says nothing of the other clusters.
		return nil, tooOld("it is of one object, and not of the fleet")
	}
	b, err := base64.RawURLEncoding.DecodeString(text[len(fleetMark):])
	if err != nil {
		return nil, apierrors.NewBadRequest("invalid resource version")
	}
	uids := map[uint64]string{}
	for _, m := range q.members {
		uids[xxhash.Sum64String(m.UID)] = m.UID
	}
	p := records.Position{}
	for len(b) > 0 {
		if len(b) < 9 {
			return nil, apierrors.NewBadRequest("invalid resource version")
		}
		uid, known := uids[binary.LittleEndian.Uint64(b)]
		ver, n := binary.Uvarint(b[8:])
		if n <= 0 {
			return nil, apierrors.NewBadRequest("invalid resource version")
		}
		if !known {
			return nil, tooOld("a cluster left the fleet")
		}
		p[uid] = ver
		b = b[8+n:]
	}
	return p, nil
}
