package collector

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	pods        = kubetest.Kind{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	secrets     = kubetest.Kind{Version: "v1", Resource: "secrets", Kind: "Secret", Namespaced: true}
	coreEvents  = kubetest.Kind{Version: "v1", Resource: "events", Kind: "Event", Namespaced: true}
	newEvents   = kubetest.Kind{Group: "events.k8s.io", Version: "v1", Resource: "events", Kind: "Event", Namespaced: true}
	definitions = kubetest.Kind{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"}
	widgets     = kubetest.Kind{Group: "example.com", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true}
)

func TestInitialListArrivesWhole(t *testing.T) {
	t.Parallel()
	for _, streams := range []bool{true, false} {
		t.Run(map[bool]string{true: "streamed", false: "in pages"}[streams], func(t *testing.T) {
			server := kubetest.New(t, pods)
			server.StreamsLists, server.PageSize = streams, 2
			for i := range 5 {
				server.Put("pods", "shop", fmt.Sprintf("p%d", i), nil)
			}
			hub := newTestHub(t)
			collect(t, server, hub, nil)
			wait(t, "pods", func() string { return hub.keys("pods") }, "shop/p0 shop/p1 shop/p2 shop/p3 shop/p4")
			wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
			wait(t, "namespaces", func() string { return hub.keys("namespaces") }, "/kube-system")

			server.Put("pods", "shop", "p1", map[string]any{"spec": map[string]any{"x": "y"}})
			server.Put("pods", "shop", "p5", nil)
			server.Delete("pods", "shop", "p0")
			wait(t, "pods after changes", func() string { return hub.keys("pods") }, "shop/p1 shop/p2 shop/p3 shop/p4 shop/p5")
			got := strings.Join(hub.changes(), "\n")
			want := "UPDATE pods shop/p1 107\nADD pods shop/p5 108\nDELETE pods shop/p0 109"
			if got != want {
				t.Errorf("changes\n%s\nwant\n%s", got, want)
			}
			if n := hub.snapshots("pods"); n != 1 {
				t.Errorf("%d snapshots, want 1", n)
			}
		})
	}
}

func TestBrokenWatchGoesOnWhereItWas(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	server.Put("pods", "shop", "a", nil)
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
	for i := range 3 {
		server.Cut()
		server.Put("pods", "shop", fmt.Sprintf("b%d", i), nil)
		wait(t, "changes", func() int { return len(hub.changes()) }, i+1)
	}
	if n := hub.snapshots("pods"); n != 1 {
		t.Errorf("%d snapshots, want 1", n)
	}
}

func TestForgottenPositionIsListedAgain(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	server.Put("pods", "shop", "a", nil)
	server.Put("pods", "shop", "b", nil)
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
	server.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasSuffix(r.URL.Path, "/pods") {
			return &kubetest.Failure{Code: 500, Reason: "InternalError"}
		}
		return nil
	})
	server.Cut()
	wait(t, "state", func() string {
		s, _, _ := strings.Cut(hub.state("pods"), ":")
		return s
	}, "FAILING")
	server.Delete("pods", "shop", "a") // nobody watches
	server.Forget()
	server.Fail(nil)
	wait(t, "pods", func() string { return hub.keys("pods") }, "shop/b")
	wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
}

func TestForbiddenKindIsAStateAndRecovers(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, secrets)
	server.Put("secrets", "shop", "s", nil)
	server.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasSuffix(r.URL.Path, "/secrets") {
			return &kubetest.Failure{Code: 403, Reason: "Forbidden"}
		}
		return nil
	})
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "state", func() string { return hub.state("secrets") }, "FAILING: The collector may not list and watch secrets. Grant it, or exclude the kind.")
	wait(t, "others", func() string { return hub.state("pods") }, "SYNCED")
	server.Fail(nil)
	wait(t, "state", func() string { return hub.state("secrets") }, "SYNCED")
	wait(t, "secrets", func() string { return hub.keys("secrets") }, "shop/s")
}

func TestSilentServerIsUnreachableAndThenCaughtUpWith(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
	wait(t, "reachable", func() bool { return hub.heartbeat().GetReachable() }, true)
	server.Fail(func(*http.Request) *kubetest.Failure { return &kubetest.Failure{Hang: true} })
	server.Cut()
	wait(t, "reachable", func() bool { return hub.heartbeat().GetReachable() }, false)
	if reason := hub.heartbeat().Reason; !strings.Contains(reason, "does not answer in time") {
		t.Errorf("reason is %q", reason)
	}
	server.Put("pods", "shop", "a", nil)
	server.Fail(nil)
	wait(t, "reachable", func() bool { return hub.heartbeat().GetReachable() }, true)
	wait(t, "pods", func() string { return hub.keys("pods") }, "shop/a")
	if s := hub.state("pods"); s != "SYNCED" {
		t.Errorf("state is %s: an outage of the whole server is the heartbeat's matter", s)
	}
}

func TestKindsComeAndGo(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, definitions)
	hub := newTestHub(t)
	collect(t, server, hub, func(c *Config) { c.DiscoverEvery = time.Hour }) // only announcements
	wait(t, "state", func() string { return hub.state("customresourcedefinitions.apiextensions.k8s.io") }, "SYNCED")

	server.Serve(widgets)
	server.Put("widgets", "shop", "w", nil)
	server.Put("customresourcedefinitions", "", "widgets.example.com", nil)
	wait(t, "widgets", func() string { return hub.keys("widgets.example.com") }, "shop/w")

	server.Unserve("widgets")
	server.Delete("customresourcedefinitions", "", "widgets.example.com")
	wait(t, "state", func() string { return hub.state("widgets.example.com") }, "GONE: The cluster no longer serves this kind.")
	if got := hub.keys("widgets.example.com"); got != "" {
		t.Errorf("the hub still has %s", got)
	}

	server.Serve(widgets)
	server.Put("customresourcedefinitions", "", "widgets.example.com", nil)
	wait(t, "state", func() string { return hub.state("widgets.example.com") }, "SYNCED")
}

func TestKindThatVanishedDuringARestartIsToldToTheHub(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, widgets)
	server.Put("widgets", "shop", "w", nil)
	hub := newTestHub(t)
	dir := t.TempDir()
	_, stop := collect(t, server, hub, func(c *Config) { c.DataDir = dir })
	wait(t, "widgets", func() string { return hub.keys("widgets.example.com") }, "shop/w")
	stop()
	server.Unserve("widgets")
	collect(t, server, hub, func(c *Config) { c.DataDir = dir })
	wait(t, "widgets", func() string { return hub.keys("widgets.example.com") }, "")
}

func TestGroupThatDoesNotAnswerKeepsItsObjects(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, widgets)
	server.Put("widgets", "shop", "w", nil)
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "widgets", func() string { return hub.keys("widgets.example.com") }, "shop/w")
	server.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasPrefix(r.URL.Path, "/apis/example.com") {
			return &kubetest.Failure{Code: 503, Reason: "ServiceUnavailable"}
		}
		return nil
	})
	server.Cut()
	wait(t, "state", func() string {
		s, _, _ := strings.Cut(hub.state("widgets.example.com"), ":")
		return s
	}, "FAILING")
	asked := len(server.Requests("/apis/example.com/v1"))
	wait(t, "discovery went on", func() bool { return len(server.Requests("/apis/example.com/v1")) > asked+2 }, true)
	if got := hub.keys("widgets.example.com"); got != "shop/w" {
		t.Errorf("widgets are %q, want shop/w", got)
	}
	server.Fail(nil)
	wait(t, "state", func() string { return hub.state("widgets.example.com") }, "SYNCED")
}

func TestSecretsDoNotLeave(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, secrets, pods, coreEvents)
	server.Put("secrets", "shop", "s", map[string]any{"type": "Opaque", "data": map[string]any{"password": "Y2FuYXJ5"}, "metadata": map[string]any{"managedFields": []any{map[string]any{"manager": "kubectl", "time": "2026-01-01T00:00:00Z", "fieldsV1": map[string]any{"f:data": map[string]any{}}}}}})
	server.Put("pods", "shop", "p", map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"env": []any{map[string]any{"name": "DB_PASSWORD", "value": "canary"}}}}}})
	server.Put("events", "shop", "e", map[string]any{"message": "pull https://bob:canary@registry failed"})
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "secrets", func() string { return hub.keys("secrets") }, "shop/s")
	wait(t, "pods", func() string { return hub.keys("pods") }, "shop/p")
	wait(t, "events", func() bool { return strings.Contains(hub.everything(), "bob:[redacted]@registry") }, true)
	if all := hub.everything(); strings.Contains(all, "canary") || strings.Contains(all, "Y2FuYXJ5") {
		t.Errorf("a secret left the cluster: %s", all)
	}
	hub.mu.Lock()
	s := hub.objects["secrets shop/s"]
	hub.mu.Unlock()
	if s.RedactedDigest == "" || len(s.Managers) != 1 || s.Managers[0].Name != "kubectl" {
		t.Errorf("digest %q, managers %v", s.RedactedDigest, s.Managers)
	}
}

func TestBatchIsSentAgainUntilItIsTaken(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	server.Put("pods", "shop", "a", nil)
	hub := newTestHub(t)
	var tries atomic.Int64
	hub.failing(func(*ingestpb.Batch) error {
		if tries.Add(1) <= 3 {
			return errHubDown
		}
		return nil
	})
	collect(t, server, hub, nil)
	wait(t, "pods", func() string { return hub.keys("pods") }, "shop/a") // the hub checks that nothing is left out
}

func TestNewStreamSendsEverythingAgain(t *testing.T) {
	t.Parallel()
	for _, end := range []error{ErrFenced, ErrStreamEnded} {
		t.Run(end.Error(), func(t *testing.T) {
			server := kubetest.New(t, pods)
			server.Put("pods", "shop", "a", nil)
			hub := newTestHub(t)
			collect(t, server, hub, nil)
			wait(t, "snapshots", func() int { return hub.snapshots("pods") }, 1)
			var ended atomic.Bool
			hub.failing(func(*ingestpb.Batch) error {
				if !ended.Swap(true) {
					return fmt.Errorf("wrapped: %w", end)
				}
				return nil
			})
			wait(t, "snapshots", func() int { return hub.snapshots("pods") }, 2)
			server.Put("pods", "shop", "b", nil)
			wait(t, "pods", func() string { return hub.keys("pods") }, "shop/a shop/b")
		})
	}
}

func TestHubThatTakesNothingForLongGetsANewList(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	hub := newTestHub(t)
	collect(t, server, hub, func(c *Config) { c.StallAfter = 50 * time.Millisecond })
	wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
	hub.failing(func(*ingestpb.Batch) error { return errHubDown })
	// More than all that is held: the open, the sent and the waiting batches.
	large := map[string]any{"spec": map[string]any{"x": strings.Repeat("x", 200<<10)}}
	for i := range 50 {
		server.Put("pods", "shop", fmt.Sprintf("p%02d", i), large)
	}
	wait(t, "the watch was given up", func() bool {
		n := 0
		for _, r := range server.Requests("/pods") {
			if !strings.Contains(r, "watch=") {
				n++
			}
		}
		return n >= 1
	}, true)
	for i := range 49 {
		server.Delete("pods", "shop", fmt.Sprintf("p%02d", i))
	}
	hub.failing(nil)
	wait(t, "pods", func() string { return hub.keys("pods") }, "shop/p49")
	wait(t, "snapshots", func() bool { return hub.snapshots("pods") >= 2 }, true)
}

func TestLossOfMostObjectsIsConfirmed(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	for i := range 150 {
		server.Put("pods", "shop", fmt.Sprintf("p%03d", i), nil)
	}
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "snapshots", func() int { return hub.snapshots("pods") }, 1)
	server.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasSuffix(r.URL.Path, "/pods") {
			return &kubetest.Failure{Code: 500, Reason: "InternalError"}
		}
		return nil
	})
	server.Cut()
	for i := range 140 {
		server.Delete("pods", "shop", fmt.Sprintf("p%03d", i))
	}
	server.Forget()
	server.Fail(nil)
	wait(t, "snapshots", func() int { return hub.snapshots("pods") }, 3)
}

func TestAnotherClusterAtTheAddressIsRefused(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	done, _ := collect(t, server, newTestHub(t), func(c *Config) { c.ClusterUID = "somebody-else" })
	select {
	case err := <-done:
		if !errors.Is(err, errOtherCluster) {
			t.Errorf("Run returned %v, want errOtherCluster", err)
		}
	case <-time.After(20 * time.Second):
		t.Error("Run goes on")
	}
}

func TestFilters(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, secrets, widgets, kubetest.Kind{Group: "coordination.k8s.io", Version: "v1", Resource: "leases", Kind: "Lease", Namespaced: true})
	for _, ns := range []string{"shop", "shop-dev", "other"} {
		server.Put("pods", ns, "p", nil)
		server.Put("widgets", ns, "w", nil)
		server.Put("leases", ns, "l", nil)
	}
	hub := newTestHub(t)
	collect(t, server, hub, func(c *Config) {
		c.Filters = Filters{Exclude: []string{"*.example.com"}, Namespaces: []string{"shop*"}, ExcludeNamespaces: []string{"*-dev"}}
	})
	wait(t, "pods", func() string { return hub.keys("pods") }, "shop/p")
	wait(t, "state", func() string { return hub.state("widgets.example.com") }, "EXCLUDED: excluded by the collection filters")
	wait(t, "state", func() string { return hub.state("leases.coordination.k8s.io") }, "EXCLUDED: changes every few seconds and says only that a component lives")
	if n := len(server.Requests("/widgets")) + len(server.Requests("/leases")); n != 0 {
		t.Errorf("%d requests for excluded kinds", n)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	for _, k := range []kubetest.Kind{coreEvents, newEvents} {
		t.Run(k.Group+"/"+k.Version, func(t *testing.T) {
			server := kubetest.New(t, k)
			old := map[string]any{
				"metadata": map[string]any{"uid": "e1"}, "reason": "BackOff", "type": "Warning", "message": "back-off", "count": 3,
				"firstTimestamp": "2026-01-01T00:00:00Z", "lastTimestamp": "2026-01-01T00:05:00Z", "source": map[string]any{"component": "kubelet"},
				"involvedObject": map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "p", "uid": "u"},
			}
			if k.Group != "" {
				old = map[string]any{
					"metadata": map[string]any{"uid": "e1"}, "reason": "BackOff", "type": "Warning", "note": "back-off",
					"eventTime": "2026-01-01T00:00:00.000000Z", "series": map[string]any{"count": 3, "lastObservedTime": "2026-01-01T00:05:00.000000Z"}, "reportingController": "kubelet",
					"regarding": map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": "shop", "name": "p", "uid": "u"},
				}
			}
			server.Put("events", "shop", "e", old)
			hub := newTestHub(t)
			collect(t, server, hub, nil)
			get := func() *ingestpb.Event {
				hub.mu.Lock()
				defer hub.mu.Unlock()
				return hub.events["e1"]
			}
			wait(t, "event", func() bool { return get() != nil }, true)
			e := get()
			got := fmt.Sprint(e.Reason, e.Type, e.Message, e.Count, e.LastMs-e.FirstMs, e.Source, e.RegardingVersion, e.RegardingKind, e.RegardingName, e.RegardingUid)
			if want := fmt.Sprint("BackOff", "Warning", "back-off", 3, 300000, "kubelet", "v1", "Pod", "p", "u"); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
			old["count"], old["series"] = 4, map[string]any{"count": 4}
			server.Put("events", "shop", "e", old)
			wait(t, "count", func() uint32 { return get().Count }, 4)
			server.Delete("events", "shop", "e")
			if k.Group == "" {
				wait(t, "state", func() string { return hub.state("events") }, "EXCLUDED: collected as events, not as objects")
			}
		})
	}
}

func TestSameNameDifferentObject(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods)
	server.Put("pods", "shop", "a", map[string]any{"metadata": map[string]any{"uid": "first"}})
	hub := newTestHub(t)
	collect(t, server, hub, nil)
	wait(t, "state", func() string { return hub.state("pods") }, "SYNCED")
	server.Delete("pods", "shop", "a")
	server.Put("pods", "shop", "a", map[string]any{"metadata": map[string]any{"uid": "second"}})
	wait(t, "changes", func() string { return strings.Join(hub.changes(), ", ") }, "DELETE pods shop/a 103, ADD pods shop/a 104")
}

// A hub calls a cluster live when every kind it was told of is synced: it must be told of all of them first.
func TestEveryKindIsAnnouncedBeforeTheFirstIsSynced(t *testing.T) {
	t.Parallel()
	server := kubetest.New(t, pods, widgets, secrets)
	hub := newTestHub(t)
	var mu sync.Mutex
	var states []string
	hub.failing(func(b *ingestpb.Batch) error {
		mu.Lock()
		defer mu.Unlock()
		for _, r := range b.Records {
			if s := r.GetResourceState(); s != nil && s.State != ingestpb.ResourceState_STATE_EXCLUDED {
				states = append(states, s.State.String())
			}
		}
		return nil
	})
	collect(t, server, hub, nil)
	for _, kind := range []string{"pods", "widgets.example.com", "secrets", "namespaces"} {
		wait(t, kind, func() string { return hub.state(kind) }, "SYNCED")
	}
	mu.Lock()
	defer mu.Unlock()
	first := slices.Index(states, "STATE_SYNCED")
	if first < 0 || slices.Contains(states[first:], "STATE_SYNCING") {
		t.Errorf("states came as %q", states)
	}
}
