package collector

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// kind turns what a Follower reads of one kind into records. Of each object it remembers only which version of
// it was sent.
type kind struct {
	*run
	resource *ingestpb.Resource
	changed  func() // called on changes after the list; nil when nobody cares
	missing  func() // called when the API server does not serve the kind
	silent   bool   // followed only for changed: nothing is sent

	sent    map[objectKey]version
	objects atomic.Int64 // len(sent), for others to read

	listing    map[objectKey]version // nil when no list is open
	digest     uint64
	snapshotID uint64
	confirming bool

	state  ingestpb.ResourceState_State
	reason string
}

type objectKey struct{ namespace, name string }

type version struct{ uid, resourceVersion string }

type snapshotIDs struct{ last atomic.Uint64 }

func (s *snapshotIDs) next() uint64 { return s.last.Add(1) }

func groupResource(r *ingestpb.Resource) schema.GroupResource {
	return schema.GroupResource{Group: r.Group, Resource: r.Resource}
}

// Begin implements kube.Handler.
func (k *kind) Begin(ctx context.Context) error {
	k.metrics.lists.Inc()
	k.listing, k.digest, k.snapshotID = map[objectKey]version{}, 0, k.snapshots.next()
	if k.silent {
		return nil
	}
	if k.state == ingestpb.ResourceState_STATE_UNSPECIFIED {
		if err := k.report(ctx, ingestpb.ResourceState_STATE_SYNCING, ""); err != nil {
			return err
		}
	}
	// However long: as long as there is no room for this, nothing is read.
	return k.putPatiently(ctx, record(&ingestpb.SnapshotBegin{Resource: k.resource, SnapshotId: k.snapshotID}))
}

// Listed implements kube.Handler.
func (k *kind) Listed(ctx context.Context, o *unstructured.Unstructured) error {
	key, v := keyOf(o)
	if k.silent || !k.filters.namespace(key.namespace) {
		return nil
	}
	if _, twice := k.listing[key]; twice {
		return nil
	}
	if err := k.put(ctx, k.object(ingestpb.Op_OP_SNAPSHOT, key, v, o)); err != nil {
		return k.stalled(err)
	}
	k.listing[key] = v
	k.digest ^= ingestpb.KeyDigest(key.namespace, key.name, v.uid, v.resourceVersion)
	return nil
}

// End implements kube.Handler.
func (k *kind) End(ctx context.Context, resourceVersion string) error {
	if k.silent {
		k.listing = nil
		return nil
	}
	before := max(len(k.sent), k.known.objects(groupResource(k.resource)))
	k.sent, k.listing = k.listing, nil
	k.objects.Store(int64(len(k.sent)))
	err := k.put(ctx, record(&ingestpb.SnapshotEnd{
		Resource: k.resource, SnapshotId: k.snapshotID, Count: uint64(len(k.sent)), Digest: k.digest, ResourceVersion: resourceVersion,
	}))
	if err != nil {
		return k.stalled(err)
	}
	if err := k.report(ctx, ingestpb.ResourceState_STATE_SYNCED, ""); err != nil {
		return err
	}
	k.known.count(groupResource(k.resource), len(k.sent))
	// The hub wants such a loss confirmed before it believes it.
	if lost := before - len(k.sent); lost > 100 && 2*lost > before && !k.confirming {
		k.confirming = true
		k.log.Warn("most objects of a kind are gone, listing again to confirm", "resource", groupResource(k.resource).String(), "before", before, "now", len(k.sent))
		sleep(ctx, k.cfg.ConfirmAfter)
		return kube.ErrRelist
	}
	k.confirming = false
	return nil
}

// Changed implements kube.Handler.
func (k *kind) Changed(ctx context.Context, t watch.EventType, o *unstructured.Unstructured) error {
	if k.changed != nil {
		k.changed()
	}
	key, v := keyOf(o)
	if k.silent || !k.filters.namespace(key.namespace) {
		return nil
	}
	had, found := k.sent[key]
	if t == watch.Deleted {
		if found && had.uid != v.uid {
			return nil // an older object of the name; its successor was sent
		}
		if err := k.put(ctx, k.object(ingestpb.Op_OP_DELETE, key, v, o)); err != nil {
			return k.stalled(err)
		}
		delete(k.sent, key)
		k.objects.Store(int64(len(k.sent)))
		return nil
	}
	op := ingestpb.Op_OP_UPDATE
	switch {
	case found && had == v:
		return nil // a watch that began again repeats the last
	case !found:
		op = ingestpb.Op_OP_ADD
	case had.uid != v.uid:
		op = ingestpb.Op_OP_ADD
		gone := &ingestpb.ObjectChange{Op: ingestpb.Op_OP_DELETE, Resource: k.resource, Namespace: key.namespace, Name: key.name, Uid: had.uid, ResourceVersion: had.resourceVersion, ObservedMs: time.Now().UnixMilli()}
		if err := k.put(ctx, record(gone)); err != nil {
			return k.stalled(err)
		}
	}
	if err := k.put(ctx, k.object(op, key, v, o)); err != nil {
		return k.stalled(err)
	}
	k.sent[key] = v
	k.objects.Store(int64(len(k.sent)))
	return nil
}

// Failing implements kube.Handler.
func (k *kind) Failing(ctx context.Context, attempt int, err error) error {
	k.metrics.watchErrors.Inc()
	k.listing = nil
	if k.silent {
		return nil
	}
	if k.broken(err, attempt) {
		return nil
	}
	if kube.NotServed(err) && attempt < 4 {
		k.missing() // most likely it is gone for good, and discovery says so in a moment
		return nil
	}
	gr := groupResource(k.resource)
	reason := kube.Explain(k.cfg.REST.Host, "list and watch "+gr.String(), err).Error()
	if k.state != ingestpb.ResourceState_STATE_FAILING || k.reason != reason {
		k.log.Warn("kind cannot be followed, trying on", "resource", gr.String(), "err", reason)
	}
	return k.report(ctx, ingestpb.ResourceState_STATE_FAILING, reason)
}

// broken says that err is about the connection, not the kind: it heals, or the heartbeat says so for all kinds.
func (r *run) broken(err error, attempt int) bool {
	return r.unreachable.Load() || kube.Unanswered(err) && attempt < 3
}

// Following implements kube.Handler.
func (k *kind) Following(ctx context.Context) error {
	if k.silent {
		return nil
	}
	return k.report(ctx, ingestpb.ResourceState_STATE_SYNCED, "")
}

// report tells the hub how collection of the kind stands, once.
func (k *kind) report(ctx context.Context, state ingestpb.ResourceState_State, reason string) error {
	if k.state == state && k.reason == reason {
		return nil
	}
	k.state, k.reason = state, reason
	return k.putPatiently(ctx, record(&ingestpb.ResourceState{
		Resource: k.resource, State: state, Reason: reason, Objects: uint64(len(k.sent)),
	}))
}

// stalled turns a hub that takes nothing into a new list once it does: the position would be too old by then,
// and a watch held open costs the API server memory.
func (k *kind) stalled(err error) error {
	if errors.Is(err, errStalled) {
		k.log.Warn("hub takes nothing for long, will list again when it does", "resource", groupResource(k.resource).String())
		return kube.ErrRelist
	}
	return err
}

func (k *kind) object(op ingestpb.Op, key objectKey, v version, o *unstructured.Unstructured) *ingestpb.Record {
	if o.Object["kind"] == nil { // items of some lists leave it to the list
		o.SetKind(k.resource.Kind)
	}
	if o.Object["apiVersion"] == nil {
		o.SetAPIVersion(schema.GroupVersion{Group: k.resource.Group, Version: k.resource.Version}.String())
	}
	res := k.redactor.Object(o.Object)
	return record(&ingestpb.ObjectChange{
		Op: op, Resource: k.resource, Namespace: key.namespace, Name: key.name,
		Uid: v.uid, ResourceVersion: v.resourceVersion, ObservedMs: time.Now().UnixMilli(),
		Object: res.JSON, Managers: res.Managers, RedactedDigest: res.Digest,
	})
}

func keyOf(o *unstructured.Unstructured) (objectKey, version) {
	return objectKey{o.GetNamespace(), o.GetName()}, version{string(o.GetUID()), o.GetResourceVersion()}
}
