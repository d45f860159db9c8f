package collector

import (
	"context"
	"errors"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const eventsGroup = "events.k8s.io"

// followEvents follows Kubernetes events, from the core group, or from events.k8s.io where that alone is served: both are
// views of the same objects.
func (d *discovery) followEvents(ctx context.Context, kinds kube.Kinds) error {
	res := kinds.Resources[schema.GroupResource{Resource: "events"}]
	if res == nil {
		if _, failed := kinds.Failed[""]; failed && d.events != nil {
			return nil
		}
		res = kinds.Resources[schema.GroupResource{Group: eventsGroup, Resource: "events"}]
	}
	if res == nil || matchAny(d.filters.Exclude, groupResource(res).String()) || matchAny(d.filters.Exclude, "events") {
		return nil
	}
	of := res.Group + "/" + res.Version
	if d.events != nil && d.eventsOf == of {
		return nil
	}
	if d.events != nil {
		d.events.stop()
	}
	d.events, d.eventsOf = d.start(ctx, res, &events{run: d.run, resource: res, sent: map[string]sentEvent{}}), of
	return nil
}

// events turns what a Follower reads of events into records. Lists are told by what is in them that was not sent, and what
// was sent that is not in them.
type events struct {
	*run
	resource *ingestpb.Resource
	sent     map[string]sentEvent // by uid: what the API server still holds
	listing  map[string]sentEvent
	failing  string
}

type sentEvent struct{ namespace, name, resourceVersion string }

// Begin implements kube.Handler.
func (e *events) Begin(ctx context.Context) error {
	e.metrics.lists.Inc()
	for uid, sent := range e.listing { // of a list that was given up
		e.sent[uid] = sent
	}
	e.listing = map[string]sentEvent{}
	return ctx.Err()
}

// Listed implements kube.Handler.
func (e *events) Listed(ctx context.Context, o *unstructured.Unstructured) error {
	return e.emit(ctx, o, e.listing)
}

// End implements kube.Handler.
func (e *events) End(ctx context.Context, _ string) error {
	for uid, was := range e.sent {
		if _, still := e.listing[uid]; still {
			continue
		}
		if err := e.gone(ctx, uid, was); err != nil {
			return err
		}
	}
	e.sent, e.listing = e.listing, nil
	return e.stalled(e.put(ctx, record(&ingestpb.EventsListed{Count: uint64(len(e.sent))})))
}

// Changed implements kube.Handler.
func (e *events) Changed(ctx context.Context, t watch.EventType, o *unstructured.Unstructured) error {
	if t != watch.Deleted {
		return e.emit(ctx, o, e.sent)
	}
	uid := string(o.GetUID())
	was, sent := e.sent[uid]
	if !sent {
		return nil
	}
	if err := e.gone(ctx, uid, was); err != nil {
		return err
	}
	delete(e.sent, uid)
	return nil
}

// gone tells that the member has an event no longer: it was deleted, or has expired.
func (e *events) gone(ctx context.Context, uid string, was sentEvent) error {
	return e.stalled(e.put(ctx, record(&ingestpb.Event{Namespace: was.namespace, Name: was.name, Uid: uid, ResourceVersion: was.resourceVersion, Gone: true, ObservedMs: time.Now().UnixMilli()})))
}

// stalled turns a hub that takes nothing into a new list once it does.
func (e *events) stalled(err error) error {
	if errors.Is(err, errStalled) {
		return kube.ErrRelist
	}
	return err
}

// Failing implements kube.Handler.
func (e *events) Failing(ctx context.Context, attempt int, err error) error {
	e.metrics.watchErrors.Inc()
	if e.broken(err, attempt) {
		return nil
	}
	reason := kube.Explain(e.cfg.REST.Host, "list and watch events", err).Error()
	if reason == e.failing {
		return nil
	}
	e.failing = reason
	e.log.Warn("events cannot be followed, trying on", "err", reason)
	return e.putPatiently(ctx, record(&ingestpb.ResourceState{Resource: e.resource, State: ingestpb.ResourceState_STATE_FAILING, Reason: reason}))
}

// Following implements kube.Handler.
func (e *events) Following(ctx context.Context) error {
	if e.failing == "" {
		return nil
	}
	e.failing = ""
	return e.putPatiently(ctx, record(&ingestpb.ResourceState{Resource: e.resource, State: ingestpb.ResourceState_STATE_EXCLUDED, Reason: "collected as events, not as objects"}))
}

// emit sends an event, if it is news, and notes it among those that are there.
func (e *events) emit(ctx context.Context, o *unstructured.Unstructured, there map[string]sentEvent) error {
	if !e.filters.namespace(o.GetNamespace()) {
		return nil
	}
	uid, now := string(o.GetUID()), sentEvent{o.GetNamespace(), o.GetName(), o.GetResourceVersion()}
	if e.sent[uid] == now {
		there[uid] = now
		return nil
	}
	m := eventOf(o.Object)
	m.Message = cutText(e.redactor.Text(m.Message)) // in this order: half a credential looks like none
	m.ObservedMs = time.Now().UnixMilli()
	if o.Object["kind"] == nil { // items of some lists leave it to the list
		o.SetKind(e.resource.Kind)
	}
	if o.Object["apiVersion"] == nil {
		o.SetAPIVersion(schema.GroupVersion{Group: e.resource.Group, Version: e.resource.Version}.String())
	}
	m.Object = e.redactor.Object(o.Object).JSON
	if err := e.put(ctx, record(m)); err != nil {
		return e.stalled(err)
	}
	there[uid] = now
	return nil
}

// eventOf reads either API's event: events.k8s.io/v1 renamed most fields of core/v1 and kept the old ones
// under "deprecated" names, and writers fill whichever they know.
func eventOf(o map[string]any) *ingestpb.Event {
	meta := field(o, "metadata")
	series := field(o, "series")
	regarding := field(o, "regarding")
	if regarding == nil {
		regarding = field(o, "involvedObject")
	}
	source := field(o, "deprecatedSource")
	if source == nil {
		source = field(o, "source")
	}
	created := millis(text(meta, "creationTimestamp"))
	at := millis(text(o, "eventTime"))
	first := firstOf(millis(text(o, "deprecatedFirstTimestamp")), millis(text(o, "firstTimestamp")), at, created)
	last := max(millis(text(series, "lastObservedTime")), millis(text(o, "deprecatedLastTimestamp")), millis(text(o, "lastTimestamp")), at)
	count := max(number(series, "count"), number(o, "deprecatedCount"), number(o, "count"), 1)
	gv, _ := schema.ParseGroupVersion(text(regarding, "apiVersion")) // some writers leave it out or wrong
	return &ingestpb.Event{
		Namespace: text(meta, "namespace"), Name: text(meta, "name"), Uid: text(meta, "uid"), ResourceVersion: text(meta, "resourceVersion"),
		Type: text(o, "type"), Reason: text(o, "reason"), Action: text(o, "action"),
		Message: textOf(text(o, "note"), text(o, "message")),
		Source:  textOf(text(o, "reportingController"), text(o, "reportingComponent"), text(source, "component")),
		Count:   uint32(min(count, 1<<31)), FirstMs: first, LastMs: firstOf(last, first),
		RegardingGroup: gv.Group, RegardingVersion: gv.Version, RegardingKind: text(regarding, "kind"),
		RegardingNamespace: text(regarding, "namespace"), RegardingName: text(regarding, "name"), RegardingUid: text(regarding, "uid"),
	}
}

// cutText bounds a message; the API servers' own bound is 1 KiB, for the new API only.
func cutText(s string) string {
	const most = 16 << 10
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") // the wire takes no half character
	}
	return s
}

func field(o map[string]any, name string) map[string]any {
	m, _ := o[name].(map[string]any)
	return m
}

func text(o map[string]any, name string) string {
	s, _ := o[name].(string)
	return s
}

func textOf(values ...string) string {
	for _, v := range values {
		if v != "" {
			return v
		}
	}
	return ""
}

func number(o map[string]any, name string) int64 {
	switch n := o[name].(type) {
	case int64:
		return n
	case float64:
		return int64(n)
	}
	return 0
}

func millis(s string) int64 {
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil || t.Year() < 1971 {
		return 0
	}
	return t.UnixMilli()
}

func firstOf(values ...int64) int64 {
	for _, v := range values {
		if v != 0 {
			return v
		}
	}
	return 0
}
