package search

import (
	"cmp"
	"context"
	"slices"
	"strings"

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

// hereNow are the events that match, in the order of their keys, and how far the events of each cluster go.
func (a *question) hereNow(ctx context.Context) (here []eventAt, uids []string, newest vector, err error) {
	p := new(clickhouse.Params)
	where, rest := a.eventCondition(p)
	type event struct {
		eventAt
		clusterName, name, uid string
	}
	var found []event
	newest = vector{}
	for uid := range a.f.byUID {
		newest[uid] = noEvents
	}
	var scan func(rows driver.Rows) error
	scan = func(rows driver.Rows) error {
		var cluster string
		var ver uint64
		var namespaces, names, uids []string
		var vers []uint64
		if err := rows.Scan(&cluster, &ver, &namespaces, &names, &uids, &vers); err != nil {
			return err
		}
		newest[cluster] = max(newest[cluster], ver)
		for i := range vers {
			found = append(found, event{eventAt{cluster, namespaces[i], vers[i]}, a.f.byUID[cluster], names[i], uids[i]})
		}
		return nil
	}
	// In one look at the table: what is here, and how far that goes.
	err = a.s.read(ctx, `SELECT cluster, max(ver), groupArrayIf(toString(namespace), w), groupArrayIf(name, w), groupArrayIf(uid, w), groupArrayIf(revision, w) FROM (
		SELECT cluster, ver, namespace, name, uid, revision, state = 'here' AND `+where+` AS w FROM `+a.s.db.Table("current_events")+` FINAL WHERE `+a.f.bounds(p)+`) GROUP BY cluster`, p, scan)
	if err != nil {
		return nil, nil, nil, err
	}
	slices.SortFunc(found, func(a, b event) int {
		return cmp.Or(strings.Compare(a.clusterName, b.clusterName), strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name), cmp.Compare(a.ver, b.ver))
	})
	if rest != nil && !placed(rest.Root()) {
		at := make([]eventAt, len(found))
		for i, e := range found {
			at[i] = e.eventAt
		}
		matching := map[eventAt]bool{}
		for part := range slices.Chunk(at, eventsAtOnce) {
			objects, err := a.s.revisions(ctx, a.f, part)
			if err != nil {
				return nil, nil, nil, err
			}
			for _, o := range objects {
				summarized(o)
				matching[eventAt{o.ClusterUID, o.Namespace, o.Ver}] = rest.Eval(o, ql.Others{})
			}
		}
		found = slices.DeleteFunc(found, func(e event) bool { return !matching[e.eventAt] })
	} else if rest != nil {
		found = slices.DeleteFunc(found, func(e event) bool {
			o := &records.Object{Ref: kube.Ref{Cluster: e.clusterName, Namespace: e.namespace, GroupResource: eventKind, Name: e.name}, ClusterUID: e.cluster}
			o.Namespace, o.Name, o.UID = e.namespace, e.name, e.uid
			return !rest.Eval(o, ql.Others{})
		})
	}
	if limit := a.q.Limit(); limit > 0 && limit < len(found) {
		found = found[:limit]
	}
	here, uids = make([]eventAt, len(found)), make([]string, len(found))
	for i, e := range found {
		here[i], uids[i] = e.eventAt, e.uid
	}
	return here, uids, newest, nil
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

// eventCondition is what columns tell of the question, and the rest of it, nil when that is all.
func (a *question) eventCondition(p *clickhouse.Params) (where string, rest *ql.Query) {
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
			value = a.f.byName[value]
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
	return where, rest
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
	here, _, newest, err := a.hereNow(ctx)
	if err != nil {
		return nil, err
	}
	if here, err = a.arrangeEvents(ctx, by, here); err != nil {
		return nil, err
	}
	here = here[min(r.Offset, len(here)):]
	return &eventListing{a: a, here: here, total: len(here), coverage: coverage, position: records.Position(newest)}, nil
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
