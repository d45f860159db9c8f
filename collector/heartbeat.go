package collector

import (
	"context"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// beatPatience is how long a heartbeat may wait for room: a late one would claim freshness that is gone.
const beatPatience = time.Second

// beat probes the API server and tells the hub what it found. When the API server is back after a silence it
// wakes every follower: some hold connections that are dead and do not know it yet.
func (r *run) beat(ctx context.Context) error {
	tick := time.NewTicker(r.cfg.HeartbeatEvery)
	defer tick.Stop()
	reachable, versionAsked := true, time.Time{}
	for {
		began := time.Now()
		err := r.client.Probe(ctx, r.cfg.ProbeTimeout)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil && (!reachable || time.Since(versionAsked) > r.cfg.DiscoverEvery) {
			ask, cancel := context.WithTimeout(ctx, r.cfg.ProbeTimeout)
			uid, version, identityErr := r.client.Identity(ask)
			cancel()
			if identityErr == nil {
				if uid != r.clusterUID {
					return r.otherCluster(uid)
				}
				r.hello.KubernetesVersion, versionAsked = version, time.Now()
			} else {
				err = identityErr
			}
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		h := &ingestpb.Heartbeat{ObservedMs: began.UnixMilli(), Reachable: err == nil, KubernetesVersion: r.hello.KubernetesVersion}
		switch {
		case err != nil:
			h.Reason = err.Error()
			if reachable {
				r.log.Warn("api server does not answer, asking on", "err", err)
			}
			r.metrics.reachable.Set(0)
		default:
			if !reachable {
				r.log.Info("api server answers again, watching anew")
				r.pulse.fire()
			}
			r.metrics.reachable.Set(1)
		}
		reachable = err == nil
		r.unreachable.Store(!reachable)
		// No room: the hub hears enough of us, or nothing at all.
		if err := r.putSoon(ctx, record(h), beatPatience); ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// record wraps one message.
func record(m any) *ingestpb.Record {
	switch m := m.(type) {
	case *ingestpb.ObjectChange:
		return &ingestpb.Record{Body: &ingestpb.Record_Object{Object: m}}
	case *ingestpb.SnapshotBegin:
		return &ingestpb.Record{Body: &ingestpb.Record_SnapshotBegin{SnapshotBegin: m}}
	case *ingestpb.SnapshotEnd:
		return &ingestpb.Record{Body: &ingestpb.Record_SnapshotEnd{SnapshotEnd: m}}
	case *ingestpb.Event:
		return &ingestpb.Record{Body: &ingestpb.Record_Event{Event: m}}
	case *ingestpb.EventsListed:
		return &ingestpb.Record{Body: &ingestpb.Record_EventsListed{EventsListed: m}}
	case *ingestpb.ResourceState:
		return &ingestpb.Record{Body: &ingestpb.Record_ResourceState{ResourceState: m}}
	case *ingestpb.Heartbeat:
		return &ingestpb.Record{Body: &ingestpb.Record_Heartbeat{Heartbeat: m}}
	default:
		panic("not a record") // a mistake in this package
	}
}
