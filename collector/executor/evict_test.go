package executor

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	podKind        = kubetest.Kind{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	replicaSetKind = kubetest.Kind{Group: "apps", Version: "v1", Resource: "replicasets", Kind: "ReplicaSet", Namespaced: true}
)

// Evictions meet every way to fail: which are waited for, and which end the step.
func TestEvictionsThatFail(t *testing.T) {
	f := func(fail kubetest.Failure, code ingestpb.CommandResult_Code, message, waiting string, left int32) {
		t.Helper()
		s := kubetest.New(t, replicaSetKind, podKind)
		s.Put("replicasets", "shop", "web", map[string]any{"metadata": map[string]any{"uid": "rs"}, "spec": map[string]any{"replicas": 2, "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}}}})
		for _, name := range []string{"web-a", "web-b"} {
			s.Put("pods", "shop", name, map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": "web"}, "creationTimestamp": "2026-01-01T00:00:00Z", "ownerReferences": []any{map[string]any{"kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": true}}},
				"status":   map[string]any{"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": "True"}}},
			})
		}
		s.Fail(func(r *http.Request) *kubetest.Failure {
			if strings.HasSuffix(r.URL.Path, "/eviction") {
				return &fail
			}
			return nil
		})
		c := to("replicasets.apps/web", &ingestpb.EvictVerb{CreatedBeforeMs: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli(), AtMost: 5})
		r := executor(t, s, Policy{}).Execute(t.Context(), c)
		expect(t, r, code, message)
		if e := r.Evictions; e.NowMs == 0 || e.Left != left || e.WaitingFor != waiting || len(e.Evicted) != 0 {
			t.Errorf("evictions are %v", e)
		}
		if n := len(s.Requests("/eviction")); n != 1 { // of two Pods one stays, so that somebody serves
			t.Errorf("%d evictions were asked for", n)
		}
	}
	f(kubetest.Failure{Code: 429, Reason: "TooManyRequests", Message: "Cannot evict pod as it would violate the pod's disruption budget."}, ok, "", "A PodDisruptionBudget does not let Pod web-a go.", 2)
	f(kubetest.Failure{Code: 404, Reason: "NotFound", Message: "gone"}, ok, "", "", 1)
	f(kubetest.Failure{Code: 409, Reason: "Conflict", Message: "another of its name"}, ok, "", "", 1)
	f(kubetest.Failure{Code: 403, Reason: "Forbidden", Message: `pods "web-a" is forbidden: User "c" cannot create resource "pods/eviction" in API group ""`}, forbidden, "The collector may not evict pods web-a in namespace shop. Grant it", "", 2)
	f(kubetest.Failure{Code: 500, Reason: "InternalError", Message: "canary"}, unavailable, "Whether it was written is unknown.", "", 2)
}

// A step does not begin while successors are not ready, but those that serve nobody may go.
func TestEvictionsWaitForSuccessors(t *testing.T) {
	s := kubetest.New(t, replicaSetKind, podKind)
	s.Put("replicasets", "shop", "web", map[string]any{"metadata": map[string]any{"uid": "rs"}, "spec": map[string]any{"replicas": 3, "selector": map[string]any{"matchLabels": map[string]any{"app": "web"}}}})
	pod := func(name, created, ready string) {
		s.Put("pods", "shop", name, map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "web"}, "creationTimestamp": created, "ownerReferences": []any{map[string]any{"kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": true}}},
			"status":   map[string]any{"phase": "Running", "conditions": []any{map[string]any{"type": "Ready", "status": ready}}},
		})
	}
	const early, late = "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z"
	pod("web-new", late, "False")
	pod("web-old", early, "True")
	pod("web-other", early, "True")
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasSuffix(r.URL.Path, "/eviction") {
			return &kubetest.Failure{Code: 404, Reason: "NotFound", Message: "gone"}
		}
		return nil
	})
	e := executor(t, s, Policy{})
	steps := 0
	step := func(asked int, waiting string) {
		t.Helper()
		steps++
		c := to("replicasets.apps/web", &ingestpb.EvictVerb{CreatedBeforeMs: time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).UnixMilli(), AtMost: 1})
		c.Id = string(rune('a' + steps))
		before := len(s.Requests("/eviction"))
		r := e.Execute(t.Context(), c)
		expect(t, r, ok, "")
		if n := len(s.Requests("/eviction")) - before; n != asked || r.Evictions.NowMs == 0 || r.Evictions.WaitingFor != waiting {
			t.Errorf("step %d: %d evictions, waiting for %q", steps, n, r.Evictions.WaitingFor)
		}
	}
	step(0, "Pod web-new is not ready yet.")
	pod("web-old", early, "False")
	step(1, "Pod web-new is not ready yet.")
	if r := s.Requests("/eviction"); !strings.Contains(r[0], "web-old") {
		t.Errorf("asked to evict %q, want the one that is not ready", r)
	}
	s.Delete("pods", "shop", "web-new")
	pod("web-old", early, "True")
	step(0, "Only 2 of 3 Pods are there.")
	pod("web-new", late, "True")
	step(1, "")
}

// An API server that says when to ask again is not waited for within the request.
func TestABudgetThatIsNotReadyIsNotWaitedFor(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "10")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	t.Cleanup(s.Close)
	f := func(path, want string) {
		t.Helper()
		resp, err := (&http.Client{Transport: unhurried{http.DefaultTransport}}).Get(s.URL + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := resp.Header.Get("Retry-After"); got != want {
			t.Errorf("%s: Retry-After is %q, want %q", path, got, want)
		}
	}
	f("/api/v1/namespaces/shop/pods/web/eviction", "")
	f("/api/v1/namespaces/shop/pods/web", "10")
}
