package collector

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Kinds come and go with these; their changes ask for discovery at once.
var announcers = map[schema.GroupResource]bool{
	{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}: true,
	{Group: "apiregistration.k8s.io", Resource: "apiservices"}:             true,
}

// After an announcement the API server needs a moment to serve, or no longer serve, what was announced.
var announcedAfter = []time.Duration{200 * time.Millisecond, time.Second, 3 * time.Second}

// following is one kind being followed.
type following struct {
	kind *kind
	stop func() // ends and waits
}

// kinds keeps one follower running for each kind the API server serves, until ctx ends.
func (r *run) kinds(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	announced, looked := make(chan struct{}, 1), make(chan struct{}, 1)
	d := &discovery{
		run: r, group: g, running: map[schema.GroupResource]*following{}, said: map[schema.GroupResource]said{}, looked: looked,
		announce: func() {
			select {
			case announced <- struct{}{}:
			default:
			}
		},
	}
	g.Go(func() error { return d.loop(ctx, announced) })
	g.Go(func() error { return newDocuments(r).follow(ctx, looked) })
	return g.Wait()
}

// discovery reconciles what is followed with what is served. One goroutine runs it.
type discovery struct {
	*run
	group    *errgroup.Group
	announce func()
	looked   chan<- struct{} // of room 1: the API server was asked what it serves, and answered
	running  map[schema.GroupResource]*following
	said     map[schema.GroupResource]said
	events   *following
	eventsOf string // group that events are read from
}

// said is the last state reported of a kind that is not followed, or whose group does not answer.
type said struct {
	state  ingestpb.ResourceState_State
	reason string
}

func (d *discovery) loop(ctx context.Context, announced <-chan struct{}) error {
	var wait retryDelay
	for {
		next := d.cfg.DiscoverEvery
		kinds, err := d.client.Discover(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		again := false
		if err != nil {
			next = wait.next()
			d.log.Warn("kinds cannot be discovered, trying again", "err", err, "retry_in", next.String())
		} else {
			wait = retryDelay{}
			if again, err = d.reconcile(ctx, kinds); err != nil {
				return err
			}
			if again { // something vanished but is not confirmed yet
				next = min(next, 2*time.Second)
			}
		}
		woken := d.pulse.wait()
		t := time.NewTimer(next)
		select {
		case <-ctx.Done():
		case <-t.C:
		case <-woken:
		case <-announced:
			for _, delay := range announcedAfter {
				sleep(ctx, delay)
				kinds, err := d.client.Discover(ctx)
				if err != nil {
					break // the loop tries on
				}
				if _, err := d.reconcile(ctx, kinds); err != nil {
					return err
				}
			}
		}
		t.Stop()
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
}

// reconcile starts and stops followers. again says that a kind seems to be gone and wants another look.
func (d *discovery) reconcile(ctx context.Context, kinds kube.Kinds) (again bool, err error) {
	select {
	case d.looked <- struct{}{}:
	default:
	}
	var begin []*kind
	for gr, res := range kinds.Resources {
		if reason := d.filters.excluded(gr); reason != "" {
			if announcers[gr] && d.running[gr] == nil {
				begin = append(begin, d.prepare(res, true))
			}
			drop := d.say
			if d.known.has(gr) { // collected before the filters changed
				drop = d.gone
			}
			if err := drop(ctx, res, ingestpb.ResourceState_STATE_EXCLUDED, reason); err != nil {
				return false, err
			}
			continue
		}
		f := d.running[gr]
		if f != nil && f.kind.resource.Version != res.Version {
			d.log.Info("kind is served in another version", "resource", gr.String(), "version", res.Version)
			f.stop()
			f = nil
		}
		if f == nil {
			d.known.add(res)
			begin = append(begin, d.prepare(res, false))
		}
		delete(d.said, gr)
	}
	// All are announced before any begins: the hub must not take the first few for everything there is.
	for _, k := range begin {
		if k.silent {
			continue
		}
		if err := k.report(ctx, ingestpb.ResourceState_STATE_SYNCING, ""); err != nil {
			return false, err
		}
	}
	for _, k := range begin {
		f := d.start(ctx, k.resource, k)
		f.kind = k
		d.running[groupResource(k.resource)] = f
	}
	for _, res := range d.known.list() {
		gr := groupResource(res)
		if _, served := kinds.Resources[gr]; served {
			continue
		}
		if reason, failed := kinds.Failed[gr.Group]; failed {
			if d.running[gr] != nil {
				continue // its follower says how it stands
			}
			if err := d.say(ctx, res, ingestpb.ResourceState_STATE_FAILING, reason.Error()); err != nil {
				return false, err
			}
			continue
		}
		served, err := d.client.Served(ctx, schema.GroupVersionResource{Group: res.Group, Version: res.Version, Resource: res.Resource})
		if served || err != nil {
			again = true
			continue
		}
		if err := d.gone(ctx, res, ingestpb.ResourceState_STATE_GONE, "The cluster no longer serves this kind."); err != nil {
			return false, err
		}
	}
	if err := d.followEvents(ctx, kinds); err != nil {
		return false, err
	}
	d.metrics.kinds.Set(float64(len(d.running)))
	total := 0
	for _, f := range d.running {
		total += int(f.kind.objects.Load())
	}
	d.metrics.objects.Set(float64(total))
	if err := d.known.save(); err != nil {
		d.log.Warn("kinds were not saved; one that vanishes during a restart will stay in the hub", "err", err)
	}
	return again, nil
}

// prepare makes what follows res; start begins it. A silent one sends nothing, it only watches for announcements.
func (d *discovery) prepare(res *ingestpb.Resource, silent bool) *kind {
	k := &kind{run: d.run, resource: res, silent: silent, sent: map[objectKey]version{}, missing: d.announce}
	if announcers[groupResource(res)] {
		k.changed = d.announce
	}
	return k
}

// start runs a follower in the group; the error of one that ends by itself ends the stream.
func (d *discovery) start(ctx context.Context, res *ingestpb.Resource, h kube.Handler) *following {
	gr := groupResource(res)
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{}) // closed when the follower has ended
	selector := d.filters.selector(gr)
	gvr := schema.GroupVersionResource{Group: res.Group, Version: res.Version, Resource: res.Resource}
	opts := kube.Options{
		LabelSelector: selector.Labels, FieldSelector: selector.Fields, Gate: d.gate, Woken: d.pulse.wait,
		RelistEvery: d.cfg.RelistEvery, Log: d.log.With("resource", gr.String()),
	}
	follower := kube.NewFollower(d.client.Dynamic.Resource(gvr), h, opts)
	if ns := d.filters.only(); ns != "" && res.Namespaced {
		follower = kube.NewFollower(d.client.Dynamic.Resource(gvr).Namespace(ns), h, opts)
	}
	d.group.Go(func() error {
		defer close(done)
		if err := follower.Run(ctx); ctx.Err() == nil {
			return err
		}
		return nil // stopped; when the stream ended, others say why
	})
	return &following{stop: func() { cancel(); <-done }}
}

// gone tells the hub that a kind and all its objects are no more, to it. The list is confirmed by a second one, as the
// hub wants it for kinds of many objects.
func (d *discovery) gone(ctx context.Context, res *ingestpb.Resource, state ingestpb.ResourceState_State, reason string) error {
	gr := groupResource(res)
	if f := d.running[gr]; f != nil && !f.kind.silent {
		f.stop()
		delete(d.running, gr)
	}
	d.log.Info("kind is no longer collected", "resource", gr.String(), "reason", reason)
	for range 2 {
		id := d.snapshots.next()
		if err := d.putPatiently(ctx, record(&ingestpb.SnapshotBegin{Resource: res, SnapshotId: id})); err != nil {
			return err
		}
		if err := d.putPatiently(ctx, record(&ingestpb.SnapshotEnd{Resource: res, SnapshotId: id})); err != nil {
			return err
		}
	}
	d.known.remove(gr)
	return d.say(ctx, res, state, reason)
}

// say reports the state of a kind that has no follower to do it, once.
func (d *discovery) say(ctx context.Context, res *ingestpb.Resource, state ingestpb.ResourceState_State, reason string) error {
	now := said{state, reason}
	if d.said[groupResource(res)] == now {
		return nil
	}
	d.said[groupResource(res)] = now
	return d.putPatiently(ctx, record(&ingestpb.ResourceState{Resource: res, State: state, Reason: reason}))
}
