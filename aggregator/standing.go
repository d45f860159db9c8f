package aggregator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// standing is what a stream says of its cluster, from which the registry's status is made. Guarded by statusMu.
type standing struct {
	resources   map[kube.GroupResource]*ingestpb.ResourceState
	lists       map[kube.GroupResource]string // sentences of lists that were not believed
	asOf        time.Time
	heardAt     time.Time
	unreachable string // a sentence while the member's API server does not answer
	synced      bool   // everything was synced once in this session
	version     string // of Kubernetes
	told        string // the version the registry was told

}

func newStanding(version string) standing {
	return standing{
		resources: map[kube.GroupResource]*ingestpb.ResourceState{}, lists: map[kube.GroupResource]string{},
		heardAt: time.Now(), version: version,
	}
}

func (s *Session) note(f func(*standing)) {
	s.statusMu.Lock()
	defer s.statusMu.Unlock()
	f(&s.standing)
}

func (st *standing) resource(gr kube.GroupResource, r *ingestpb.ResourceState) {
	st.resources[gr] = r
	if r.State == ingestpb.ResourceState_STATE_GONE || r.State == ingestpb.ResourceState_STATE_EXCLUDED {
		delete(st.lists, gr)
	}
}

// list notes that the newest list of a kind was believed, or with a sentence that it was not.
func (st *standing) list(gr kube.GroupResource, sentence string) {
	if sentence == "" {
		delete(st.lists, gr)
		return
	}
	st.lists[gr] = sentence
}

func (st *standing) heartbeat(h *ingestpb.Heartbeat, now time.Time) {
	st.heardAt = now
	if h.KubernetesVersion != "" {
		st.version = h.KubernetesVersion
	}
	if !h.Reachable {
		st.unreachable = "Its API server does not answer the collector."
		if h.Reason != "" {
			st.unreachable = "Its API server does not answer the collector: " + strings.TrimSuffix(h.Reason, ".") + "."
		}
		return
	}
	st.unreachable = ""
	if t := time.UnixMilli(h.ObservedMs).UTC(); h.ObservedMs > 0 && t.Before(now) {
		st.asOf = t
	} else {
		st.asOf = now
	}
}

// status is the standing in the registry's words.
func (st *standing) status() clusters.Status {
	out := clusters.Status{State: records.Live, AsOf: st.asOf, HeardAt: st.heardAt}
	var syncing, failing []string
	synced := 0
	for gr, r := range st.resources {
		switch r.State {
		case ingestpb.ResourceState_STATE_SYNCING:
			syncing = append(syncing, gr.String())
		case ingestpb.ResourceState_STATE_SYNCED:
			synced++
		case ingestpb.ResourceState_STATE_FAILING:
			failing = append(failing, gr.String())
		}
	}
	st.synced = st.synced || len(syncing) == 0 && synced > 0
	slices.Sort(failing)
	switch {
	case st.unreachable != "":
		out.State, out.Reason = records.Stale, st.unreachable
	case len(failing) > 0:
		first := st.resources[kube.ParseGroupResource(failing[0])]
		out.State = records.Degraded
		out.Reason = fmt.Sprintf("%s cannot be collected: %s.", named(failing), strings.TrimSuffix(first.Reason, "."))
	case !st.synced:
		out.State = records.Syncing
		out.Reason = "The first lists are on their way."
		if n := len(syncing) + synced; n > 0 {
			out.Reason = fmt.Sprintf("%d of %d kinds are here.", synced, n)
		}
	case len(st.lists) > 0:
		var sentences []string
		for _, s := range st.lists {
			sentences = append(sentences, s)
		}
		slices.Sort(sentences)
		out.State, out.Reason = records.Degraded, sentences[0]
	}
	return out
}

// named lists up to three names: "pods", "pods and nodes", "a, b, c and 4 more kinds".
func named(all []string) string {
	const most = 3
	switch n := len(all); {
	case n == 1:
		return all[0]
	case n <= most:
		return strings.Join(all[:n-1], ", ") + " and " + all[n-1]
	default:
		return fmt.Sprintf("%s and %d more kinds", strings.Join(all[:most], ", "), n-most)
	}
}

// report passes the cluster's standing on to the registry.
func (s *Session) report(ctx context.Context) {
	if s.life.Err() != nil {
		return
	}
	s.statusMu.Lock()
	status, version := s.standing.status(), s.standing.version
	tell := version != "" && version != s.standing.told
	s.standing.told = version
	s.statusMu.Unlock()
	s.setStatus(ctx, status)
	if !tell {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second) // the writer waits, and it is only a label
	defer cancel()
	if err := s.server.clusters.SetVersion(ctx, s.cluster, version); err != nil {
		s.server.log.Warn("version of cluster not noted", "cluster", s.cluster, "err", err)
	}
}

func (s *Session) setStatus(ctx context.Context, status clusters.Status) {
	if err := s.server.clusters.SetStatus(ctx, s.cluster, status); err != nil {
		s.server.log.Debug("status of cluster not noted", "cluster", s.cluster, "err", err)
	}
}

// held tells people that nothing new of any cluster is stored, and why.
func (s *Server) held(ctx context.Context, sentence string) {
	for _, session := range s.open() {
		if session.life.Err() != nil {
			continue
		}
		session.statusMu.Lock()
		status := session.standing.status()
		session.statusMu.Unlock()
		status.State, status.Reason = records.Degraded, sentence
		status.HeardAt = time.Now() // it is the hub that does not listen, the cluster speaks
		session.setStatus(ctx, status)
	}
}

// resumed takes back what held told.
func (s *Server) resumed(ctx context.Context) {
	for _, session := range s.open() {
		session.report(ctx)
	}
}
