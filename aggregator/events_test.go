package aggregator

import (
	"fmt"
	"testing"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// eventOf is a revision of an event as a collector sends it.
func eventOf(uid, rv string) *ingestpb.Record {
	now := time.Now().UnixMilli()
	return &ingestpb.Record{Body: &ingestpb.Record_Event{Event: &ingestpb.Event{Namespace: "shop", Name: "name-" + uid, Uid: uid, ResourceVersion: rv, Type: "Normal", Reason: "Pulled",
		LastMs: now, ObservedMs: now, RegardingKind: "Pod", RegardingName: "a", RegardingUid: "uid-a", Object: []byte(`{"rv":"` + rv + `"}`)}}}
}

func goneEvent(uid string) *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_Event{Event: &ingestpb.Event{Namespace: "shop", Name: "name-" + uid, Uid: uid, Gone: true}}}
}

func listedEvents() *ingestpb.Record {
	return &ingestpb.Record{Body: &ingestpb.Record_EventsListed{EventsListed: &ingestpb.EventsListed{}}}
}

const (
	// hereEvents are those that the member has, each with the JSON of the revision that is named.
	hereEvents = `SELECT concat(c.name, ' ', e.object, if(c.since = c.revision, '', ' again')) FROM {db}.current_events AS c FINAL INNER JOIN {db}.events AS e ON c.uid = e.uid AND c.revision = e.ver WHERE c.state = 'here' ORDER BY c.name`
	seenEvents = `SELECT concat(uid, ':', resource_version) FROM {db}.events ORDER BY ver`
)

func TestItIsKnownWhichEventsAMemberHas(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(eventOf("e1", "1"), eventOf("e2", "1"), eventOf("e3", "1"), eventOf("e1", "2"), listedEvents())
	s.sends(eventOf("e1", "2"), goneEvent("e2"), goneEvent("e9"))
	h.wants(t, "here", `name-e1 {"rv":"2"} again name-e3 {"rv":"1"}`, hereEvents)
	h.wants(t, "what is gone was seen", "e1:1 e2:1 e3:1 e1:2", seenEvents)
	h.wants(t, "gone, of which nothing but the last revision is known", "name-e2 1 0", `SELECT concatWithSeparator(' ', name, resource_version, toString(ver = revision)) FROM {db}.current_events FINAL WHERE state = 'gone'`)

	// What went while nobody looked is found once all are listed, and not before.
	s = h.opens(t)
	s.sends(eventOf("e3", "1"), eventOf("e4", "1"))
	h.wants(t, "a list under way", `name-e1 {"rv":"2"} again name-e3 {"rv":"1"} name-e4 {"rv":"1"}`, hereEvents)
	s.sends(listedEvents())
	h.wants(t, "all are listed", `name-e3 {"rv":"1"} name-e4 {"rv":"1"}`, hereEvents)
	s.sends(listedEvents())
	h.wants(t, "again", `name-e3 {"rv":"1"} name-e4 {"rv":"1"}`, hereEvents)
	h.wants(t, "nothing twice", "e1:1 e2:1 e3:1 e1:2 e4:1", seenEvents)
}

func TestEventsOfBeforeGetTheirJSON(t *testing.T) {
	h := newHub(t)
	old := eventOf("e1", "1")
	old.GetEvent().Object = nil
	h.opens(t).sends(old)
	h.wants(t, "from a collector that sends none", "", hereEvents)
	h.opens(t).sends(eventOf("e1", "1"), listedEvents())
	h.wants(t, "from a newer one", `name-e1 {"rv":"1"}`, hereEvents)
}

func TestAHubThatDiedBetweenTablesHasEventsAgain(t *testing.T) {
	h := newHub(t)
	h.opens(t).sends(eventOf("e1", "1"), listedEvents())
	if err := h.db.Exec(t.Context(), "TRUNCATE TABLE "+h.db.Table("current_events"), nil); err != nil {
		t.Fatal(err)
	}
	h.opens(t).sends(eventOf("e1", "1"), listedEvents())
	h.wants(t, "here", `name-e1 {"rv":"1"}`, hereEvents)
}

func TestWhatIsGoneIsForgottenInTheEnd(t *testing.T) {
	h := newHub(t)
	s := h.opens(t)
	s.sends(eventOf("e1", "1"), eventOf("e2", "1"), listedEvents())
	s.sends(goneEvent("e1"))
	s.sends(goneEvent("e2"))
	rows := `SELECT concat(toString(state), ':', uid) FROM {db}.current_events FINAL ORDER BY ver`
	f := func(after time.Duration, want string) {
		t.Helper()
		if err := h.expireGone(t.Context(), time.Now().Add(after)); err != nil {
			t.Fatal(err)
		}
		h.wants(t, fmt.Sprint("after ", after), want, rows)
	}
	f(time.Hour, "listed: gone:e1 gone:e2")
	f(3*time.Hour, "listed: gone:e2") // the newest says how far all is known
	s.sends(eventOf("e3", "1"))
	f(3*time.Hour, "listed: here:e3")
	h.wants(t, "what was seen stays", "e1:1 e2:1 e3:1", seenEvents)
}
