package aggregator

import (
	"bytes"
	"math"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// The member's version of an object says nothing of the form it was sent in: a kind may be served in another
// version, and a newer collector takes more out of it.
func TestAnObjectInAnotherFormIsStoredAgainAndIsNoNews(t *testing.T) {
	h := newHub(t)
	list := func(change func(*ingestpb.ObjectChange)) []*ingestpb.Record {
		p := pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "app:1")
		change(p.GetObject())
		return snapshotOf(1, nil, p)
	}
	const forms = `SELECT concat(api_version, ':', digest, ':', toString(position(object, 'hunter2') > 0)) FROM {db}.resource_history ORDER BY ver DESC LIMIT 1`
	h.opens(t).sends(list(func(o *ingestpb.ObjectChange) {
		o.Object = bytes.ReplaceAll(o.Object, []byte("app:1"), []byte("hunter2"))
	})...)
	h.wants(t, "form", "v1::1", forms)
	redacted := func(o *ingestpb.ObjectChange) { o.RedactedDigest = "d" }
	h.opens(t).sends(list(redacted)...)
	h.wants(t, "what is taken out now", "v1:d:0", forms)
	newer := func(o *ingestpb.ObjectChange) {
		redacted(o)
		o.Resource = proto.Clone(pods).(*ingestpb.Resource)
		o.Resource.Version = "v2"
	}
	for range 2 {
		h.opens(t).sends(list(newer)...)
	}
	h.wants(t, "version served now", "v2:d:0", forms)
	h.wants(t, "history", "snapshot:0 update:0 update:0", `SELECT concat(toString(op), ':', toString(meaningful)) FROM {db}.resource_history ORDER BY ver`)
	h.wants(t, "changed", "deployer", `SELECT changed_by FROM {db}.resources FINAL`)
}

func TestAnObjectThatWasReplacedWhileNobodyLookedIsANewOne(t *testing.T) {
	h := newHub(t)
	h.opens(t).sends(snapshotOf(1, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "app:1"))...)
	replaced := pod(ingestpb.Op_OP_SNAPSHOT, "a", "7", "app:2")
	replaced.GetObject().Uid = "uid-other"
	replaced.GetObject().Object = bytes.ReplaceAll(replaced.GetObject().Object, []byte("uid-a"), []byte("uid-other"))
	h.opens(t).sends(snapshotOf(1, nil, replaced)...)
	h.wants(t, "history", "a:1:snapshot a:7:snapshot", history)
	h.wants(t, "it is news", "0 1", `SELECT toString(meaningful) FROM {db}.resource_history ORDER BY ver`)
}

// A moment that no answer can hold would spoil every answer that the event is in.
func TestAnEventBeganBeforeItWasLastSeen(t *testing.T) {
	h := newHub(t)
	last := time.Now().UnixMilli()
	for rv, first := range map[string]int64{"1": math.MaxInt64, "2": last + 1, "3": last - 1000} {
		h.opens(t).sends(&ingestpb.Record{Body: &ingestpb.Record_Event{Event: &ingestpb.Event{
			Namespace: "shop", Name: "e", Uid: "e-" + rv, ResourceVersion: rv, Count: 1, FirstMs: first, LastMs: last,
		}}})
	}
	h.wants(t, "before", "e-1:0 e-2:0 e-3:1000", `SELECT concat(uid, ':', toString(toUnixTimestamp64Milli(last_at) - toUnixTimestamp64Milli(first_at))) FROM {db}.events ORDER BY uid`)
}

// A hub that derives more of an object than the one before writes it anew, from the next list, and calls it no news.
func TestAnObjectOfAnOlderDerivationIsStoredAgainAndIsNoNews(t *testing.T) {
	h := newHub(t)
	list := func() []*ingestpb.Record { return snapshotOf(1, nil, pod(ingestpb.Op_OP_SNAPSHOT, "a", "1", "app:1")) }
	h.opens(t).sends(list()...)
	clickhousetest.Exec(t, h.db, "ALTER TABLE "+h.db.Table("resources")+" UPDATE derived = 0 WHERE 1 SETTINGS mutations_sync = 1")
	for range 2 {
		h.opens(t).sends(list()...)
	}
	h.wants(t, "history", "snapshot:0 update:0", `SELECT concat(toString(op), ':', toString(meaningful)) FROM {db}.resource_history ORDER BY ver`)
}
