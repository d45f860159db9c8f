package clusters_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
)

// hub is one process' registry, running until the test ends.
func hub(t *testing.T, store *state.Store) *clusters.Registry {
	t.Helper()
	r := clusters.New(store, nil)
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- r.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return r
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("never came true: %s", what)
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func refused(t *testing.T, err error, code, says string) {
	t.Helper()
	if access.Code(err) != code || !strings.Contains(err.Error(), says) {
		t.Errorf("got %v, want %s that says %q", err, code, says)
	}
}

func push(name string) clusters.Cluster {
	return clusters.Cluster{Name: name, Mode: clusters.Push, Context: name}
}

func TestMembers(t *testing.T) {
	store := statetest.Open(t)
	r, other, ctx := hub(t, store), hub(t, store), t.Context()
	must(t, r.Add(ctx, push("zone1")))
	must(t, r.Add(ctx, push("zone2")))

	e, ok := r.ByName("zone1")
	if !ok || e.UID != "" || e.State != records.Pending || e.AddedAt.IsZero() {
		t.Errorf("a cluster not reached yet: %+v, want it by name, without UID, pending", e)
	}
	must(t, r.Bind(ctx, "zone1", "uid-1"))
	must(t, r.Bind(ctx, "zone1", "uid-1"))
	if e, ok := r.ByUID("uid-1"); !ok || e.Name != "zone1" {
		t.Errorf("by UID at once: %+v %v", e, ok)
	}
	eventually(t, "the other hub knows the UID", func() bool { _, ok := other.ByUID("uid-1"); return ok })

	refused(t, r.Bind(ctx, "zone2", "uid-1"), "CONFLICT", "Cluster zone2 is the same cluster as zone1")
	refused(t, r.Bind(ctx, "zone1", "uid-9"), "CONFLICT", "Cluster zone1 is not the one it was")
	refused(t, r.Bind(ctx, "zone9", "uid-9"), "NOT_FOUND", "no cluster zone9")
	refused(t, r.Create(ctx, push("zone2")), "CONFLICT", "a cluster zone2 already")
	refused(t, r.Add(ctx, push("a:b")), "BAD_REQUEST", "cannot be a cluster's name")

	added := e.AddedAt
	must(t, r.SetVersion(ctx, "uid-1", "v1.36.3"))
	must(t, r.Add(ctx, clusters.Cluster{Name: "zone1", Mode: clusters.Push, Context: "other"}))
	if e, _ := r.ByName("zone1"); e.UID != "uid-1" || !e.AddedAt.Equal(added) || e.Context != "other" || e.KubernetesVersion != "v1.36.3" {
		t.Errorf("added again: %+v, want the new context and all else kept", e)
	}

	must(t, r.SetStatus(ctx, "uid-1", clusters.Status{State: records.Live, HeardAt: time.Now()}))
	must(t, r.Rename(ctx, "zone1", "east"))
	if e, ok := r.ByUID("uid-1"); !ok || e.Name != "east" || e.State != records.Live {
		t.Errorf("renamed: %+v, want UID and status kept", e)
	}
	eventually(t, "the other hub knows the new name only", func() bool {
		e, ok := other.ByUID("uid-1")
		_, old := other.ByName("zone1")
		return ok && e.Name == "east" && !old
	})
	refused(t, r.Rename(ctx, "east", "zone2"), "CONFLICT", "a cluster zone2 already")

	must(t, r.Remove(ctx, "east"))
	if _, ok := r.ByUID("uid-1"); ok || len(r.List()) != 1 {
		t.Errorf("after removal: %+v", r.List())
	}
	must(t, r.Bind(ctx, "zone2", "uid-1")) // its identity is free again
	eventually(t, "the other hub has the same list", func() bool {
		l := other.List()
		return len(l) == 1 && l[0].Name == "zone2" && l[0].UID == "uid-1"
	})
}

func TestRegistrySurvivesTheProcess(t *testing.T) {
	store := statetest.Open(t)
	r := hub(t, store)
	must(t, r.Add(t.Context(), clusters.Cluster{Name: "zone1", Mode: clusters.Pull, UID: "uid-1", Labels: map[string]string{"zone": "1"}}))
	must(t, r.SetStatus(t.Context(), "zone1", clusters.Status{State: records.Live, AsOf: time.Now(), HeardAt: time.Now()}))
	next := clusters.New(store, nil)
	eventually(t, "a later process knows cluster and status", func() bool {
		must(t, next.Load(t.Context()))
		e, ok := next.ByUID("uid-1")
		return ok && e.Labels["zone"] == "1" && e.State == records.Live
	})
}

func TestStatusIsSeenAtOnceHereAndSoonElsewhere(t *testing.T) {
	store := statetest.Open(t)
	r, other, ctx := hub(t, store), hub(t, store), t.Context()
	must(t, r.Add(ctx, push("zone1")))
	at := time.Now().UTC().Truncate(time.Millisecond)
	must(t, r.SetStatus(ctx, "zone1", clusters.Status{State: records.Degraded, Reason: "Secrets cannot be listed.", AsOf: at, HeardAt: at}))
	if e, _ := r.ByName("zone1"); e.State != records.Degraded || !e.AsOf.Equal(at) {
		t.Errorf("here: %+v", e.Status)
	}
	eventually(t, "the other hub knows", func() bool {
		e, _ := other.ByName("zone1")
		return e.State == records.Degraded && e.AsOf.Equal(at)
	})
	refused(t, r.SetStatus(ctx, "nobody", clusters.Status{}), "NOT_FOUND", "nobody")
}

func TestSilentClusterIsStale(t *testing.T) {
	r, ctx := hub(t, statetest.Open(t)), t.Context()
	must(t, r.Add(ctx, push("zone1")))
	f := func(state records.ClusterState, heard time.Duration, want records.ClusterState, says string) {
		t.Helper()
		must(t, r.SetStatus(ctx, "zone1", clusters.Status{State: state, HeardAt: time.Now().Add(-heard)}))
		if e, _ := r.ByName("zone1"); e.State != want || !strings.Contains(e.Reason, says) {
			t.Errorf("%s heard %s ago: %s %q, want %s %q", state, heard, e.State, e.Reason, want, says)
		}
	}
	f(records.Live, 14*time.Second, records.Live, "")
	f(records.Live, 16*time.Second, records.Stale, "Not heard from for 16s.")
	f(records.Syncing, time.Minute, records.Stale, "1m0s")
	f(records.Pending, time.Minute, records.Pending, "")
}

func TestEpochsAreGivenOnce(t *testing.T) {
	store := statetest.Open(t)
	r, other, ctx := hub(t, store), hub(t, store), t.Context()
	for want := uint64(1); want <= 3; want++ {
		from := r
		if want == 2 {
			from = other
		}
		if got, err := from.Epoch(ctx, "uid-1", "resources"); err != nil || got != want {
			t.Errorf("epoch %d %v, want %d", got, err, want)
		}
	}
	if got := r.CurrentEpoch("uid-1", "resources"); got != 3 {
		t.Errorf("current epoch here %d, want 3", got)
	}
	eventually(t, "the other hub is fenced", func() bool { return other.CurrentEpoch("uid-1", "resources") == 3 })
	if got := r.CurrentEpoch("uid-1", "events"); got != 0 {
		t.Errorf("epoch of an unused stream %d, want 0", got)
	}
}

func TestJoinTokens(t *testing.T) {
	store := statetest.Open(t)
	r, ctx := hub(t, store), t.Context()
	must(t, r.Create(ctx, clusters.Cluster{Name: "zone3", Mode: clusters.Pull}))
	must(t, r.Add(ctx, clusters.Cluster{Name: "zone1", Mode: clusters.Push, UID: "uid-1"}))
	token := func(ttl time.Duration) string {
		t.Helper()
		token, err := r.NewJoinToken(ctx, "zone3", ttl)
		must(t, err)
		return token
	}
	if _, err := r.NewJoinToken(ctx, "zone9", time.Hour); access.Code(err) != "NOT_FOUND" {
		t.Errorf("token for an unknown cluster: %v", err)
	}
	good := token(time.Hour)
	for _, e := range mustList(t, store, "join/") {
		if strings.Contains(string(e.Value), good[len("ftbt_12345678."):]) {
			t.Error("the token's secret is stored")
		}
	}
	for _, bad := range []string{"", "ftbt_", "ftbt_x.y", good[:len(good)-1] + "!", strings.TrimPrefix(good, "ftbt_"), token(-time.Second)} {
		if _, err := r.Redeem(ctx, bad, "uid-3"); access.Code(err) != "FORBIDDEN" {
			t.Errorf("token %q: %v, want FORBIDDEN", bad, err)
		}
	}
	if _, err := r.Redeem(ctx, good, "uid-1"); access.Code(err) != "CONFLICT" {
		t.Errorf("redeem by a cluster registered under another name: %v, want CONFLICT", err)
	}
	c, err := r.Redeem(ctx, good, "uid-3")
	if err != nil || c.Name != "zone3" || c.UID != "uid-3" {
		t.Fatalf("redeem: %+v %v", c, err)
	}
	if _, err := r.Redeem(ctx, good, "uid-3"); access.Code(err) != "FORBIDDEN" {
		t.Errorf("used twice: %v, want FORBIDDEN", err)
	}
}

func mustList(t *testing.T, s *state.Store, prefix string) []state.Entry {
	t.Helper()
	l, err := s.List(t.Context(), prefix)
	must(t, err)
	return l
}
