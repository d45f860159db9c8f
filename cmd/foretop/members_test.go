package main

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/audit"
	"github.com/foretop/foretop/internal/clickhouse/clickhousetest"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/state"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

func newRegistry(t *testing.T) *clusters.Registry {
	t.Helper()
	return loaded(t, statetest.Open(t))
}

func loaded(t *testing.T, store *state.Store) *clusters.Registry {
	t.Helper()
	r := clusters.New(store, nil)
	if err := r.Load(t.Context()); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestACollectorCannotJoinUnderTheNameOfAClusterTheHubDials(t *testing.T) {
	store := statetest.Open(t)
	r := loaded(t, store)
	if err := r.Add(t.Context(), clusters.Cluster{Name: "zone1", UID: "u1", Mode: clusters.Push, Context: "zone1"}); err != nil {
		t.Fatal(err)
	}
	j := &joiner{registry: r, trail: audit.New(store, clickhousetest.Open(t), nil), hub: "127.0.0.1:7443", pin: "sha256:00"}
	if _, err := j.Join(t.Context(), "zone1", nil); access.Code(err) != "CONFLICT" || !strings.Contains(err.Error(), "kubeconfig") {
		t.Errorf("answers %v", err)
	}
	if e, _ := r.ByName("zone1"); e.Mode != clusters.Push || e.Context != "zone1" {
		t.Errorf("it is now %+v", e.Cluster)
	}
	if _, err := j.Join(t.Context(), "zone2", map[string]string{clusters.ProtectionLabel: "confirm"}); err != nil {
		t.Error(err)
	}
	if _, err := j.Join(t.Context(), "zone2", nil); err != nil { // for a collector whose certificate is lost
		t.Error(err)
	}
	if e, _ := r.ByName("zone2"); e.Protection != clusters.Confirm {
		t.Errorf("joining again left the protection %q", e.Protection)
	}
}

func TestCommandsGoToAMemberOnlyWhileItIsAttached(t *testing.T) {
	api := kubetest.New(t)
	r := newRegistry(t)
	log := slog.New(slog.DiscardHandler)
	agg := aggregator.New(aggregator.Deps{DB: clickhousetest.Open(t), Clusters: r, Log: log})
	m := newMembers(agg, r, log, nil, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		agg.Run(ctx)
	}()
	attached := make(chan error, 1)
	go func() {
		attached <- m.attach(ctx, pushTarget{name: "zone1", context: "zone1", rest: api.Config()}, &configFile{}, log)
	}()
	read := &ingestpb.Command{
		Id: "c", Target: &ingestpb.ObjectRef{Version: "v1", Resource: "namespaces", Name: "kube-system"},
		Verb: &ingestpb.Command_Read{Read: &ingestpb.ReadVerb{}},
	}
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		if res := m.execute(t.Context(), api.UID(), read); res.Code == ingestpb.CommandResult_CODE_OK {
			break
		} else if time.Now().After(deadline) {
			t.Fatal(res)
		}
	}
	cancel()
	<-attached
	<-ended
	if res := m.execute(t.Context(), api.UID(), read); res.Code != ingestpb.CommandResult_CODE_UNAVAILABLE {
		t.Errorf("after it is detached, the cluster at its address answers %v", res.Code)
	}
}

// Else its objects went on being stored where nobody sees them, and a collector that joins in its place was fenced.
func TestAClusterThatWasRemovedIsNotCollectedAnyMore(t *testing.T) {
	r := newRegistry(t)
	agg := aggregator.New(aggregator.Deps{DB: clickhousetest.Open(t), Clusters: r, Log: slog.New(slog.DiscardHandler)})
	if err := r.Add(t.Context(), clusters.Cluster{Name: "zone1", UID: "u1", Mode: clusters.Push}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	p := inProcess{agg, r, "u1", cancel}
	if _, err := p.Open(ctx, &ingestpb.Hello{ClusterUid: "u1"}); err != nil || ctx.Err() != nil {
		t.Fatalf("a registered cluster is answered %v, %v", err, context.Cause(ctx))
	}
	if err := r.Remove(t.Context(), "zone1"); err != nil {
		t.Fatal(err)
	}
	if _, err := p.Open(ctx, &ingestpb.Hello{ClusterUid: "u1"}); err == nil || !errors.Is(context.Cause(ctx), errRemoved) {
		t.Errorf("a removed cluster is answered %v, its collector ends with %v", err, context.Cause(ctx))
	}
}
