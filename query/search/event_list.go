package search

import (
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// eventKind is Kubernetes events as objects. They are in tables of their own, and in no other answer about objects.
var eventKind = kube.GroupResource{Resource: "events"}

// collectedAsEvents is why collectors say that events are excluded from objects.
const collectedAsEvents = "collected as events, not as objects"

// ofEvents reports whether the question is of Kubernetes events alone.
func (a *question) ofEvents() bool {
	kinds := a.q.Kinds([]kube.GroupResource{eventKind, {Group: "events.k8s.io", Resource: "events"}, {}}) // {} stands for all others
	return len(kinds) == 1 && kinds[0] == eventKind
}

// eventsAlone refuses what cannot be asked of events as objects.
func (a *question) eventsAlone() error {
	if !a.q.Alone() || !a.q.At().IsZero() || a.q.Deleted() || a.q.Sort() != nil || len(a.q.Group()) > 0 {
		return &access.Error{Code: "QL_UNSUPPORTED", Message: "Of events as objects, only what they are now can be asked, in the order of their names.", Fix: "Ask the events page for what happened before: foretop events."}
	}
	return nil
}

// eventAt is a revision of an event.
type eventAt struct {
	cluster, namespace string
	ver                uint64
}

// standingEvent is an event that a member has.
type standingEvent struct {
	eventAt
	name, uid string // only when the question asks more than columns tell
	id        uint64
}

// hereNow are the events that match, in the order of their keys, and how far the events of each cluster go that the
// question can be about.
func (a *question) hereNow(ctx context.Context) (here []standingEvent, newest vector, err error) {
	p := new(clickhouse.Params)
	within, where, rest := a.eventCondition(p)
	names, uids := `emptyArrayString()`, `emptyArrayString()`
	if rest != nil {
		names, uids = `arrayMap(e -> e.2, found)`, `arrayMap(e -> e.4, found)`
	}
	of := map[string][]standingEvent{}
	newest = vector{}
	for _, uid := range a.f.uids() {
		if within == "" || within == uid {
			newest[uid] = noEvents
		}
	}
	bounds := a.f.bounds(p)
	if within != "" {
		bounds += ` AND cluster = ` + p.String(within)
	}
	// In one look at the table: what is here, and how far that goes.
	err = a.s.read(ctx, `SELECT cluster, newest, arrayMap(e -> e.1, found), arrayMap(e -> e.3, found), arrayMap(e -> xxHash64(concat(toString(cluster), '|', e.4)), found), `+names+`, `+uids+` FROM (
		SELECT cluster, max(ver) AS newest, arraySort(groupArrayIf((toString(namespace), name, revision, uid), matches)) AS found FROM (
			SELECT cluster, ver, namespace, name, uid, revision, state = 'here' AND `+where+` AS matches FROM `+a.s.db.Table("current_events")+` FINAL WHERE `+bounds+`) GROUP BY cluster)`, p,
		func(rows driver.Rows) error {
			var cluster string
			var ver uint64
			var namespaces, names, uids []string
			var vers, ids []uint64
			if err := rows.Scan(&cluster, &ver, &namespaces, &vers, &ids, &names, &uids); err != nil {
				return err
			}
			newest[cluster] = max(newest[cluster], ver)
			list := make([]standingEvent, len(vers))
			for i := range list {
				list[i] = standingEvent{eventAt: eventAt{cluster, namespaces[i], vers[i]}, id: ids[i]}
				if rest != nil {
					list[i].name, list[i].uid = names[i], uids[i]
				}
			}
			of[cluster] = list
			return nil
		})
	if err != nil {
		return nil, nil, err
	}
	for _, cluster := range a.f.uids() { // by name
		here = append(here, of[cluster]...)
	}
	if rest != nil {
		if here, err = a.judged(ctx, rest, here); err != nil {
			return nil, nil, err
		}
	}
	if limit := a.q.Limit(); limit > 0 && limit < len(here) {
		here = here[:limit]
	}
	return here, newest, nil
}

// judged are those events that match what columns do not tell.
func (a *question) judged(ctx context.Context, rest *ql.Query, here []standingEvent) ([]standingEvent, error) {
	matching := make(map[eventAt]bool, len(here))
	if placed(rest.Root()) {
		for _, e := range here {
			o := &records.Object{Ref: kube.Ref{Cluster: a.f.byUID[e.cluster], Namespace: e.namespace, GroupResource: eventKind, Name: e.name}, ClusterUID: e.cluster}
			o.Namespace, o.Name, o.UID = e.namespace, e.name, e.uid
			matching[e.eventAt] = rest.Eval(o, ql.Others{})
		}
	} else {
		for part := range slices.Chunk(here, eventsAtOnce) {
			objects, err := a.s.revisions(ctx, a.f, places(part))
			if err != nil {
				return nil, err
			}
			for _, o := range objects {
				summarized(o)
				matching[eventAt{o.ClusterUID, o.Namespace, o.Ver}] = rest.Eval(o, ql.Others{})
			}
		}
	}
	return slices.DeleteFunc(here, func(e standingEvent) bool { return !matching[e.eventAt] }), nil
}

func places(events []standingEvent) []eventAt {
	at := make([]eventAt, len(events))
	for i, e := range events {
		at[i] = e.eventAt
	}
	return at
}

const (
	// noEvents is less than any version.
	noEvents = 1 << 40
	// eventsAtOnce is how many events one SQL text reads.
	eventsAtOnce = 2000
)

// eventColumns are the columns of current_events that say what a path of an event says.
var eventColumns = map[string]string{".type": "type", ".reason": "reason", ".involvedObject.kind": "regarding_kind", ".involvedObject.name": "regarding_name", ".involvedObject.uid": "regarding_uid",
	"ns": "namespace", "name": "name", "uid": "uid", "cluster": "cluster"}

// eventCondition is what columns tell of the question, and the rest of it, nil when that is all. within is the one cluster
// that it is about, "" for more.
func (a *question) eventCondition(p *clickhouse.Params) (within, where string, rest *ql.Query) {
	members, is := a.q.Root().(ql.And)
	if !is {
		members = ql.And{a.q.Root()}
	}
	times := map[string]int{}
	for _, m := range members {
		if f, is := m.(*ql.Filter); is {
			times[f.Field]++
		}
	}
	where, rest = "1", a.q
	left := len(members)
	for _, m := range members {
		f, is := m.(*ql.Filter)
		if is && f.Field == "kind" {
			left--
			continue
		}
		if !is || f.Op != ql.OpEqual || len(f.Values) != 1 || f.Key != "" || times[f.Field] > 1 {
			continue
		}
		column, known := eventColumns[f.Field]
		if !known {
			continue
		}
		value := f.Values[0].Text
		if f.Field == "cluster" {
			if value = a.f.byName[value]; !f.Not && value != "" {
				within = value
			}
		}
		op := " = "
		if f.Not {
			op = " != "
		}
		where += " AND " + column + op + p.String(value)
		rest = rest.Without(f.Field)
		left--
	}
	if left == 0 {
		rest = nil
	}
	return within, where, rest
}

// placed reports whether a condition asks only where an event is and how it is called.
func placed(x ql.Expr) bool {
	switch x := x.(type) {
	case nil:
		return true
	case ql.And:
		return !slices.ContainsFunc(x, func(m ql.Expr) bool { return !placed(m) })
	case ql.Or:
		return !slices.ContainsFunc(x, func(m ql.Expr) bool { return !placed(m) })
	case ql.Not:
		return placed(x.X)
	case *ql.Filter:
		return slices.Contains([]string{"cluster", "kind", "ns", "name", "uid"}, x.Field)
	}
	return false
}

// summarized fills in what an event says of itself, which only some questions ask.
func summarized(o *records.Object) {
	if s, err := kube.SummarizeText(string(o.JSON)); err == nil {
		s.Version, s.Kind, s.Namespace, s.Name, s.UID, s.ResourceVersion = o.Version, o.Kind, o.Namespace, o.Name, o.UID, o.ResourceVersion
		o.Summary = s
	}
}

// revisions reads revisions of events, in the order asked. Those that are not there any more are left out.
func (s *Service) revisions(ctx context.Context, f *fleet, at []eventAt) ([]*records.Object, error) {
	if len(at) == 0 {
		return nil, nil
	}
	p := new(clickhouse.Params)
	namespaces, vers := map[string]bool{}, make([]uint64, len(at))
	clusters := map[string]bool{}
	for i, e := range at {
		clusters[e.cluster], namespaces[e.namespace], vers[i] = true, true, e.ver
	}
	found := make(map[eventAt]*records.Object, len(at))
	err := s.read(ctx, `SELECT `+revisionColumns+`, object FROM `+s.db.Table("events")+` PREWHERE cluster IN `+p.Strings(keysOf(clusters))+` AND namespace IN `+p.Strings(keysOf(namespaces))+
		` AND ver IN `+p.Uints(vers)+` WHERE object != '' AND `+f.bounds(p), p, func(rows driver.Rows) error {
		r := &revision{}
		if err := rows.Scan(append(r.dest(), &r.object.JSON)...); err != nil {
			return err
		}
		found[eventAt{r.cluster, r.object.Namespace, r.object.Ver}] = r.record(f)
		return nil
	})
	if err != nil {
		return nil, err
	}
	objects := make([]*records.Object, 0, len(at))
	for _, e := range at {
		if o := found[e]; o != nil {
			objects = append(objects, o)
		}
	}
	return objects, nil
}

func keysOf(set map[string]bool) []string {
	keys := make([]string, 0, len(set))
	for k := range set {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

const revisionColumns = `cluster, ver, namespace, name, uid, resource_version, observed_at`

// revision receives revisionColumns.
type revision struct {
	cluster string
	object  records.Object
}

func (r *revision) dest() []any {
	o := &r.object
	return []any{&r.cluster, &o.Ver, &o.Namespace, &o.Name, &o.UID, &o.ResourceVersion, &o.ObservedAt}
}

func (r *revision) record(f *fleet) *records.Object {
	o := &r.object
	o.ClusterUID, o.Version, o.Kind = r.cluster, "v1", "Event"
	o.Ref = kube.Ref{Cluster: f.byUID[r.cluster], Namespace: o.Namespace, GroupResource: eventKind, Name: o.Name}
	return o
}

// listEvents is List of events.
func (a *question) listEvents(ctx context.Context, r records.Request, by *ordering, coverage records.Coverage) (records.Listing, error) {
	if err := a.eventsAlone(); err != nil {
		return nil, err
	}
	if r.Owner != nil {
		return nil, &access.Error{Code: "QL_UNSUPPORTED", Message: "Events belong to nobody.", Fix: "Ask for those about an object, by involvedObject.uid or involvedObject.name."}
	}
	standing, newest, err := a.hereNow(ctx)
	if err != nil {
		return nil, err
	}
	here, err := a.arrangeEvents(ctx, by, places(standing))
	if err != nil {
		return nil, err
	}
	here = here[min(r.Offset, len(here)):]
	position := records.Position{}
	for uid := range a.f.byUID {
		position[uid] = max(newest[uid], noEvents)
	}
	return &eventListing{a: a, here: here, total: len(here), coverage: coverage, position: position}, nil
}

// arrangeEvents puts events into an order by what stands in them.
func (a *question) arrangeEvents(ctx context.Context, by *ordering, here []eventAt) ([]eventAt, error) {
	if len(by.by) == 0 {
		return here, nil
	}
	if len(here) > arrangedMost {
		return nil, by.tooMany(len(here))
	}
	values := map[eventAt][]any{}
	for part := range slices.Chunk(here, eventsAtOnce) {
		objects, err := a.s.revisions(ctx, a.f, part)
		if err != nil {
			return nil, err
		}
		for _, o := range objects {
			summarized(o)
			values[eventAt{o.ClusterUID, o.Namespace, o.Ver}] = by.values(o)
		}
	}
	of := make([][]any, len(here))
	for i, e := range here {
		of[i] = values[e]
	}
	ordered := make([]eventAt, len(here))
	for i, at := range by.places(of) {
		ordered[i] = here[at]
	}
	return ordered, nil
}

// eventListing is a listing of events at one moment.
type eventListing struct {
	a        *question
	here     []eventAt // not taken yet
	total    int
	coverage records.Coverage
	position records.Position
}

func (l *eventListing) Total() int                 { return l.total }
func (l *eventListing) Coverage() records.Coverage { return l.coverage }
func (l *eventListing) Position() records.Position { return l.position }

func (l *eventListing) Next(ctx context.Context, most int) ([]*records.Object, bool, error) {
	part := l.here[:min(most, len(l.here))]
	objects, err := l.a.s.revisions(ctx, l.a.f, part)
	if err != nil {
		return nil, false, err
	}
	l.here = l.here[len(part):]
	return objects, len(l.here) > 0, nil
}

// event is the event at a key, nil for none.
func (s *Service) event(ctx context.Context, f *fleet, k key) (*records.Object, error) {
	p := new(clickhouse.Params)
	var at []eventAt
	err := s.read(ctx, `SELECT revision FROM `+s.db.Table("current_events")+` FINAL WHERE `+f.bounds(p)+` AND cluster = `+p.String(k.cluster)+` AND namespace = `+p.String(k.namespace)+
		` AND name = `+p.String(k.name)+` AND state = 'here' ORDER BY ver DESC LIMIT 1`, p, func(rows driver.Rows) error {
		e := eventAt{cluster: k.cluster, namespace: k.namespace}
		err := rows.Scan(&e.ver)
		at = append(at, e)
		return err
	})
	if err != nil {
		return nil, err
	}
	objects, err := s.revisions(ctx, f, at)
	if err != nil || len(objects) == 0 {
		return nil, err
	}
	return objects[0], nil
}

// asEvents reports whether a kind is Kubernetes events, and collected.
func asEvents(st records.ResourceState) bool {
	return st.Resource == eventKind.Resource && (st.Group == "" || st.Group == "events.k8s.io") && st.Reason == collectedAsEvents
}

// eventsListed are the clusters whose events are all here.
func (s *Service) eventsListed(ctx context.Context, f *fleet) (map[string]bool, error) {
	listed := map[string]bool{}
	if f.empty() {
		return listed, nil
	}
	p := new(clickhouse.Params)
	err := s.read(ctx, `SELECT DISTINCT toString(cluster) FROM `+s.db.Table("current_events")+` WHERE namespace = '' AND state = 'listed' AND `+f.bounds(p), p, func(rows driver.Rows) error {
		var cluster string
		err := rows.Scan(&cluster)
		listed[cluster] = true
		return err
	})
	return listed, err
}
