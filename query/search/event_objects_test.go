package search_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// happened is an event about a Pod, as its member has it.
type happened struct {
	cluster, namespace, name, uid string
	pod                           string
	kind, reason                  string
	count                         int
	labels                        object
	at                            time.Time
	first                         uint64 // version of its first revision, 0 when this is it
}

// put writes a revision of an event, and answers its version.
func (w *world) happens(h happened) uint64 {
	w.t.Helper()
	w.seq++
	ver := uint64(1)<<40 | w.seq
	if h.first == 0 {
		h.first = ver
	}
	if h.at.IsZero() {
		h.at = time.Now()
	}
	text, err := json.Marshal(object{
		"apiVersion": "v1", "kind": "Event", "count": h.count, "type": h.kind, "reason": h.reason, "message": h.reason + " of " + h.pod,
		"metadata":       object{"namespace": h.namespace, "name": h.name, "uid": h.uid, "resourceVersion": rvOf(ver), "labels": h.labels},
		"involvedObject": object{"kind": "Pod", "namespace": h.namespace, "name": h.pod, "uid": "uid-" + h.pod},
		"source":         object{"component": "kubelet"},
	})
	if err != nil {
		w.t.Fatal(err)
	}
	c := w.table("events")
	for name, v := range map[string]string{"cluster": uidOf(h.cluster), "namespace": h.namespace, "name": h.name, "uid": h.uid, "resource_version": rvOf(ver), "type": h.kind,
		"reason": h.reason, "regarding_kind": "Pod", "regarding_name": h.pod, "regarding_uid": "uid-" + h.pod, "object": string(text)} {
		appendTo(c, name, v)
	}
	appendTo(c, "ver", ver)
	appendTo(c, "last_at", h.at)
	appendTo(c, "observed_at", h.at)
	w.currentEvent(h, ver, ver, "here")
	return ver
}

// ends writes that the member has an event no longer.
func (w *world) ends(h happened, revision uint64) {
	w.seq++
	h.at = time.Now()
	w.currentEvent(h, uint64(1)<<40|w.seq, revision, "gone")
}

// listed writes that all events of a cluster are here.
func (w *world) listed(cluster string) {
	w.seq++
	w.currentEvent(happened{cluster: cluster, at: time.Now()}, uint64(1)<<40|w.seq, 0, "listed")
}

func (w *world) currentEvent(h happened, ver, revision uint64, state string) {
	c := w.table("current_events")
	for name, v := range map[string]string{"cluster": uidOf(h.cluster), "namespace": h.namespace, "name": h.name, "uid": h.uid, "resource_version": rvOf(revision), "state": state,
		"type": h.kind, "reason": h.reason, "regarding_kind": "Pod", "regarding_name": h.pod, "regarding_uid": "uid-" + h.pod} {
		appendTo(c, name, v)
	}
	appendTo(c, "ver", ver)
	appendTo(c, "revision", revision)
	appendTo(c, "since", h.first)
	appendTo(c, "observed_at", h.at)
}

func rvOf(ver uint64) string {
	return "rv" + strings.TrimLeft(time.Unix(int64(ver&0xffff), 0).UTC().Format("0405"), "0")
}

const allEvents = `kind:"events."`

// eventsOf are names of the events that match, and how far the listing goes.
func (w *world) eventsOf(query string) (names string, at records.Position) {
	w.t.Helper()
	l, err := w.service.List(context.Background(), everyone, records.Request{Query: query})
	if err != nil {
		w.t.Fatalf("%s: %v", query, err)
	}
	var list []string
	for more := true; more; {
		var objects []*records.Object
		if objects, more, err = l.Next(context.Background(), 2); err != nil {
			w.t.Fatalf("%s: %v", query, err)
		}
		for _, o := range objects {
			if !json.Valid(o.JSON) || !strings.Contains(string(o.JSON), `"`+o.Ref.Name+`"`) {
				w.t.Errorf("%s has the JSON %s", o.Ref, o.JSON)
			}
			list = append(list, o.Ref.Cluster+":"+o.Ref.Namespace+"/"+o.Ref.Name)
		}
	}
	if len(list) != l.Total() {
		w.t.Errorf("%s: %d events of %d", query, len(list), l.Total())
	}
	return strings.Join(list, " "), l.Position()
}

func TestEventsAreListedAsTheirMembersHaveThem(t *testing.T) {
	w := newWorld(t)
	w.state("zone1", "events.k8s.io", "events", "Event", true, "ev") // its plural is that of the core group
	a := happened{cluster: "zone1", namespace: "shop", name: "a.1", uid: "e1", pod: "a", kind: "Normal", reason: "Pulled", count: 1}
	a.first = w.happens(a)
	a.count = 2
	w.happens(a)
	w.happens(happened{cluster: "zone1", namespace: "shop", name: "a.2", uid: "e2", pod: "a", kind: "Warning", reason: "BackOff", labels: object{"team": "x"}})
	w.happens(happened{cluster: "zone1", namespace: "bank", name: "b.1", uid: "e3", pod: "b", kind: "Normal", reason: "Pulled"})
	w.happens(happened{cluster: "zone2", namespace: "shop", name: "a.1", uid: "e4", pod: "a", kind: "Normal", reason: "Pulled"})
	gone := happened{cluster: "zone1", namespace: "shop", name: "c.1", uid: "e5", pod: "c", kind: "Normal", reason: "Killing"}
	gone.first = w.happens(gone)
	w.ends(gone, gone.first)
	w.listed("zone2")
	w.flush()

	for query, want := range map[string]string{
		allEvents:                         "zone1:bank/b.1 zone1:shop/a.1 zone1:shop/a.2 zone2:shop/a.1",
		allEvents + ` cluster="zone2"`:    "zone2:shop/a.1",
		allEvents + ` cluster:(zone2)`:    "zone2:shop/a.1",
		allEvents + ` ns="bank"`:          "zone1:bank/b.1",
		allEvents + ` -ns="bank" ns:sho*`: "zone1:shop/a.1 zone1:shop/a.2 zone2:shop/a.1",
		allEvents + ` name="a.1"`:         "zone1:shop/a.1 zone2:shop/a.1",
		allEvents + ` .type="Warning"`:    "zone1:shop/a.2",
		allEvents + ` -.type="Normal"`:    "zone1:shop/a.2",
		allEvents + ` .involvedObject.uid="uid-a" .involvedObject.kind="Pod"`: "zone1:shop/a.1 zone1:shop/a.2 zone2:shop/a.1",
		allEvents + ` (.reason="BackOff" OR .involvedObject.name="b")`:        "zone1:bank/b.1 zone1:shop/a.2",
		allEvents + ` .source.component="kubelet" .count>1`:                   "zone1:shop/a.1",
		allEvents + ` selector:"team in (x,y)"`:                               "zone1:shop/a.2",
		allEvents + ` selector:"team!=x" cluster="zone1"`:                     "zone1:bank/b.1 zone1:shop/a.1",
		allEvents + ` limit:2`:                                                "zone1:bank/b.1 zone1:shop/a.1",
		allEvents + ` cluster="zone3"`:                                        "",
		allEvents + ` .reason="Killing"`:                                      "", // the member has it no longer
	} {
		if got, _ := w.eventsOf(query); got != want {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	_, at := w.eventsOf(allEvents)
	if at[uidOf("zone1")]&0xffff != 8 || at[uidOf("zone2")]&0xffff != 9 || at[uidOf("zone3")] == 0 {
		t.Errorf("the list stands at %v", at)
	}
	for _, query := range []string{allEvents + " at:-1h", allEvents + " deleted:any", allEvents + " sort:age"} {
		if _, err := w.service.List(context.Background(), everyone, records.Request{Query: query}); access.Code(err) != "QL_UNSUPPORTED" {
			t.Errorf("%s: %v", query, err)
		}
	}

	get := func(cluster, ns, name string) string {
		o, err := w.service.Object(context.Background(), everyone, kube.Ref{Cluster: cluster, Namespace: ns, GroupResource: kube.GroupResource{Resource: "events"}, Name: name}, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		if o == nil {
			return ""
		}
		var e struct{ Count int }
		if err := json.Unmarshal(o.JSON, &e); err != nil {
			t.Fatal(err)
		}
		return o.UID + strings.Repeat("!", e.Count)
	}
	if got := get("zone1", "shop", "a.1"); got != "e1!!" {
		t.Errorf("the newest revision of an event is %q", got)
	}
	if get("zone1", "shop", "c.1") != "" || get("zone2", "bank", "b.1") != "" || get("nowhere", "shop", "a.1") != "" {
		t.Error("events are found that are not there")
	}
	nobody, err := w.service.List(context.Background(), access.Scope{}, records.Request{Query: allEvents})
	if err == nil && nobody.Total() != 0 {
		t.Errorf("who may see nothing is told of %d events", nobody.Total())
	}
	r, err := w.service.Search(context.Background(), everyone, records.Request{Query: "kind:events", First: 10})
	if err != nil || r.Total != 0 {
		t.Errorf("a search for objects finds %v events: %v", r, err)
	}
}

func TestWhoFollowsEventsIsToldEachRevisionOnce(t *testing.T) {
	w := newWorld(t)
	old := happened{cluster: "zone1", namespace: "shop", name: "old", uid: "e0", pod: "a", kind: "Normal", reason: "Pulled", count: 1}
	old.first = w.happens(old)
	w.listed("zone1")
	w.flush()
	const query = allEvents + ` .count<5 cluster:zone*`
	_, begin := w.eventsOf(query)

	happens := func() {
		old.count = 2
		w.happens(old)
		young := happened{cluster: "zone1", namespace: "shop", name: "young", uid: "e1", pod: "a", kind: "Normal", reason: "Pulled", count: 1}
		young.first = w.happens(young)
		w.happens(happened{cluster: "zone2", namespace: "shop", name: "other", uid: "e2", pod: "a", kind: "Normal", reason: "Pulled", count: 1})
		w.flush()
		old.count = 9 // matches no longer
		w.happens(old)
		young.count = 3
		last := w.happens(young)
		w.ends(young, last)
		w.flush()
	}
	want := []string{"MODIFIED old", "ADDED young", "DELETED old", "MODIFIED young", "DELETED young"}
	check := func(what string, list []string) {
		t.Helper()
		zone1 := slices.DeleteFunc(slices.Clone(list), func(s string) bool { return s == "ADDED other" })
		if !slices.Equal(zone1, want) || len(list) != len(want)+1 {
			t.Errorf("%s: %v, want %v and, somewhere, ADDED other", what, list, want)
		}
	}
	list, end := w.told(query, begin, len(want)+1, happens)
	check("as it happens", list)
	list, _ = w.told(query, begin, len(want)+1, nil)
	check("afterwards", list)
	w.stop()
	w.start()
	list, _ = w.told(query, begin, len(want)+1, nil)
	check("after a restart", list)
	list, _ = w.told(query, end, 1, func() {
		w.happens(happened{cluster: "zone2", namespace: "shop", name: "next", uid: "e3", pod: "a", kind: "Normal", reason: "Pulled", count: 1})
		w.flush()
	})
	if !slices.Equal(list, []string{"ADDED next"}) {
		t.Errorf("from the end: %v", list)
	}
	list, _ = w.told(query, end, 2, func() {
		w.ends(happened{cluster: "zone2", namespace: "shop", name: "other", uid: "e2"}, 1<<40|5)
		w.flush()
	})
	if !slices.Equal(list, []string{"ADDED next", "DELETED other"}) {
		t.Errorf("of an end alone: %v", list)
	}
	// Of a cluster that was not in the position, all is new.
	list, _ = w.told(query, records.Position{uidOf("zone1"): end[uidOf("zone1")], uidOf("zone3"): end[uidOf("zone3")]}, 1, nil)
	if !slices.Equal(list, []string{"ADDED next"}) {
		t.Errorf("of a cluster that joined: %v", list)
	}

	ver, err := w.service.VersionSeen(context.Background(), everyone, "zone1", kube.GroupResource{Resource: "events"}, rvOf(old.first))
	if err != nil || ver != old.first {
		t.Errorf("the first revision's resourceVersion is of version %d: %v", ver, err)
	}
	for what, from := range map[string]records.Position{
		"of a cluster that is no member": {"no-such-cluster": 1},
		"beyond what there is":           {uidOf("zone1"): 1 << 60},
	} {
		if _, err := w.service.Follow(context.Background(), everyone, query, from); access.Code(err) != "EXPIRED" {
			t.Errorf("a position %s: %v", what, err)
		}
	}
	w.happens(happened{cluster: "zone3", namespace: "shop", name: "late", uid: "e9", pod: "a", kind: "Normal", reason: "Pulled", count: 1, at: time.Now().Add(-2 * time.Hour)})
	w.flush()
	if _, err := w.service.Follow(context.Background(), everyone, query, end); access.Code(err) != "EXPIRED" {
		t.Errorf("a position of what happened more than an hour ago: %v", err)
	}
}

func TestEventsAreOfferedOnceAllOfThemAreHere(t *testing.T) {
	w := newWorld(t)
	for _, zone := range []string{"zone1", "zone2", "zone3"} {
		w.state(zone, "", "events", "Event", true, "ev")
		c := w.table("resource_states")
		reason := "collected as events, not as objects"
		if zone == "zone3" {
			reason = "excluded by the collection filters"
		}
		c.values["state"].([]string)[len(c.values["state"].([]string))-1] = "excluded"
		c.values["reason"].([]string)[len(c.values["reason"].([]string))-1] = reason
	}
	w.listed("zone1")
	w.listed("zone3")
	w.flush()
	w.eventually("events of zone1, and of it alone, are offered", func() bool {
		members, err := w.service.Members(context.Background(), everyone)
		if err != nil {
			t.Fatal(err)
		}
		var with []string
		for _, m := range members {
			if len(m.Kinds) > 0 {
				with = append(with, m.Name)
			}
		}
		return slices.Equal(with, []string{"zone1"})
	})
}
