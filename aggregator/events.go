package aggregator

import (
	"context"
	"fmt"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// eventMemory is how long an API server may serve an event again: its own memory is one hour.
const eventMemory = 2 * time.Hour

// seenEvent is what is remembered of an event that the member may have.
type seenEvent struct {
	resourceVersion string
	at              time.Time
	revision        uint64 // version of its newest revision
	since           uint64 // and of its first; 0 when its JSON is not stored, as collectors of before send it
}

// currentEvent is a row of current_events.
type currentEvent struct {
	at                   name
	uid, resourceVersion string
	ver, revision, since uint64
	state                string // here, gone; or listed, of no event: then all are there up to ver
	observedAt           time.Time
	of                   *event // its newest revision; nil when it is not here
}

// loadEvents reads which events the member may send again, and where those that it had last are.
func (s *Server) loadEvents(ctx context.Context, cluster string) (events map[string]seenEvent, here map[string]name, err error) {
	p := &clickhouse.Params{}
	rows, err := s.db.Query(ctx, `SELECT uid, '', '', argMax(resource_version, ver), max(observed_at), max(ver), toUInt64(0) FROM `+s.db.Table("events")+`
		WHERE cluster = `+p.String(cluster)+` AND observed_at > `+p.Time(time.Now().Add(-eventMemory))+` GROUP BY uid
		UNION ALL SELECT uid, toString(namespace), name, resource_version, observed_at, revision, since FROM `+s.db.Table("current_events")+` FINAL
		WHERE cluster = `+p.String(cluster)+` AND state = 'here'`, p)
	if err != nil {
		return nil, nil, fmt.Errorf("read known events: %w", err)
	}
	defer rows.Close()
	events, here = map[string]seenEvent{}, map[string]name{}
	for rows.Next() {
		var uid string
		var at name
		var e seenEvent
		if err := rows.Scan(&uid, &at.namespace, &at.name, &e.resourceVersion, &e.at, &e.revision, &e.since); err != nil {
			return nil, nil, fmt.Errorf("read known events: %w", err)
		}
		if e.since > 0 {
			here[uid] = at
		} else if events[uid].since > 0 {
			continue
		}
		events[uid] = e
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("read known events: %w", err)
	}
	return events, here, nil
}

func (w *preparation) event(ver uint64, e *ingestpb.Event) {
	at := name{e.Namespace, e.Name}
	delete(w.unlisted, e.Uid)
	seen, known := w.Session.events[e.Uid]
	if e.Gone {
		w.eventGone(ver, at, e.Uid, w.observed(e.ObservedMs))
		return
	}
	if known && seen.resourceVersion == e.ResourceVersion && (seen.since > 0 || len(e.Object) == 0) {
		w.server.metrics.unchanged.Inc()
		return
	}
	observed := w.observed(e.ObservedMs)
	last := observed
	if t := time.UnixMilli(e.LastMs).UTC(); e.LastMs > 0 && t.Before(w.now.Add(24*time.Hour)) && t.After(w.now.Add(-14*24*time.Hour)) {
		last = t
	}
	first := last
	if e.FirstMs > 0 && e.FirstMs < last.UnixMilli() {
		first = time.UnixMilli(e.FirstMs).UTC()
	}
	revision := &event{ver: ver, observedAt: observed, firstAt: first, lastAt: last, Event: e}
	w.pending.events = append(w.pending.events, revision)
	seen.resourceVersion, seen.at, seen.revision = e.ResourceVersion, w.now, ver
	if len(e.Object) > 0 {
		if seen.since == 0 {
			seen.since = ver
		}
		w.currentEvents = append(w.currentEvents, &currentEvent{
			at: at, uid: e.Uid, resourceVersion: e.ResourceVersion, ver: ver, revision: ver, since: seen.since, state: "here", observedAt: observed, of: revision,
		})
	}
	w.Session.events[e.Uid] = seen
}

// eventGone notes that the member has an event no longer. What was seen of it stays.
func (w *preparation) eventGone(ver uint64, at name, uid string, when time.Time) {
	seen := w.Session.events[uid]
	delete(w.Session.events, uid)
	if seen.since > 0 {
		w.currentEvents = append(w.currentEvents, &currentEvent{
			at: at, uid: uid, resourceVersion: seen.resourceVersion, ver: ver, revision: seen.revision, since: seen.since, state: "gone", observedAt: when,
		})
	}
}

// eventsListed takes the member's word for which events it has.
func (w *preparation) eventsListed(ver uint64, l *ingestpb.EventsListed) {
	for uid, at := range w.unlisted {
		w.eventGone(ver, at, uid, w.now)
	}
	w.unlisted = nil
	w.currentEvents = append(w.currentEvents, &currentEvent{ver: ver, state: "listed", observedAt: w.now})
}

// sweepEvents forgets events that the member has forgotten, too, and does not tell so.
func (s *Session) sweepEvents(now time.Time) {
	if now.Sub(s.swept) < eventMemory/4 {
		return
	}
	s.swept = now
	for uid, e := range s.events {
		if e.since == 0 && now.Sub(e.at) > eventMemory {
			delete(s.events, uid)
		}
	}
}

// currentEventColumns are rows as current_events has them.
type currentEventColumns struct {
	cluster, namespace, name, uid, resourceVersion []string
	ver, revision, since                           []uint64
	state, kind, reason, forKind, forName, forUID  []string
	observedAt                                     []time.Time
}

func (c *currentEventColumns) add(cluster string, e *currentEvent) {
	c.cluster = append(c.cluster, cluster)
	c.namespace = append(c.namespace, e.at.namespace)
	c.name = append(c.name, e.at.name)
	c.uid = append(c.uid, e.uid)
	c.resourceVersion = append(c.resourceVersion, e.resourceVersion)
	c.ver = append(c.ver, e.ver)
	c.revision = append(c.revision, e.revision)
	c.since = append(c.since, e.since)
	c.state = append(c.state, e.state)
	c.observedAt = append(c.observedAt, e.observedAt)
	of := &ingestpb.Event{}
	if e.of != nil {
		of = e.of.Event
	}
	c.kind = append(c.kind, of.Type)
	c.reason = append(c.reason, of.Reason)
	c.forKind = append(c.forKind, of.RegardingKind)
	c.forName = append(c.forName, of.RegardingName)
	c.forUID = append(c.forUID, of.RegardingUid)
}

func (c *currentEventColumns) columns() []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "cluster", Values: c.cluster}, {Name: "namespace", Values: c.namespace}, {Name: "name", Values: c.name}, {Name: "uid", Values: c.uid},
		{Name: "resource_version", Values: c.resourceVersion}, {Name: "ver", Values: c.ver}, {Name: "revision", Values: c.revision}, {Name: "since", Values: c.since},
		{Name: "state", Values: c.state}, {Name: "type", Values: c.kind}, {Name: "reason", Values: c.reason}, {Name: "regarding_kind", Values: c.forKind},
		{Name: "regarding_name", Values: c.forName}, {Name: "regarding_uid", Values: c.forUID}, {Name: "observed_at", Values: c.observedAt},
	}
}
