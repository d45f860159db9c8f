package kube

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"

	"github.com/foretop/foretop/collector/kube/kubetest"
)

// log is a Handler that writes down what it is told.
type log struct {
	mu    sync.Mutex
	lines []string
	ended chan struct{}
}

func (l *log) say(s string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, s)
	return nil
}

func (l *log) text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, " ")
}

func (l *log) Begin(context.Context) error { return l.say("begin") }
func (l *log) Listed(_ context.Context, o *unstructured.Unstructured) error {
	return l.say("listed:" + o.GetName())
}
func (l *log) End(context.Context, string) error { return l.say("end") }
func (l *log) Changed(_ context.Context, t watch.EventType, o *unstructured.Unstructured) error {
	return l.say(strings.ToLower(string(t)) + ":" + o.GetName())
}
func (l *log) Failing(context.Context, int, error) error { return l.say("failing") }
func (l *log) Following(context.Context) error           { return l.say("following") }

func (l *log) want(t *testing.T, want string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		got := l.text()
		if got == want {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
	}
}

func follow(t *testing.T, s *kubetest.Server, opts Options) *log {
	t.Helper()
	c, err := NewClient(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	opts.Log = slog.New(slog.DiscardHandler)
	l := &log{ended: make(chan struct{})}
	f := NewFollower(c.Dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}), l, opts)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(l.ended)
		f.Run(ctx)
	}()
	t.Cleanup(func() { cancel(); <-l.ended })
	return l
}

var pods = kubetest.Kind{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}

func TestServerThatIgnoresStreamedListsIsListed(t *testing.T) {
	s := kubetest.New(t, pods)
	s.IgnoresStreams = true
	s.Put("pods", "a", "x", nil)
	l := follow(t, s, Options{Patience: 50 * time.Millisecond})
	// What such a server sends for a watch from no version is taken for a list that never ends.
	l.want(t, "begin listed:x begin listed:x end")
	s.Put("pods", "a", "y", nil)
	l.want(t, "begin listed:x begin listed:x end added:y")
}

func TestServerThatForgetsQuietlyIsListedAgain(t *testing.T) {
	s := kubetest.New(t, pods)
	s.ForgetsQuietly = true
	s.Put("pods", "a", "x", nil)
	l := follow(t, s, Options{})
	l.want(t, "begin listed:x end")
	s.Delete("pods", "a", "x")
	l.want(t, "begin listed:x end deleted:x")
	s.Put("pods", "a", "y", nil)
	l.want(t, "begin listed:x end deleted:x added:y")
	s.Forget()
	l.want(t, "begin listed:x end deleted:x added:y begin listed:y end")
}

func TestPageThatExpiresStartsTheListOver(t *testing.T) {
	s := kubetest.New(t, pods)
	s.PageSize = 1
	s.Put("pods", "a", "x", nil)
	s.Put("pods", "a", "y", nil)
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if r.URL.Query().Get("continue") != "" {
			return &kubetest.Failure{Code: 410, Reason: "Expired"}
		}
		return nil
	})
	follow(t, s, Options{}).want(t, "begin listed:x begin listed:x listed:y end")
}

func TestFailureIsToldAndItsEnd(t *testing.T) {
	s := kubetest.New(t, pods)
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasSuffix(r.URL.Path, "/pods") {
			return &kubetest.Failure{Code: 403, Reason: "Forbidden"}
		}
		return nil
	})
	l := follow(t, s, Options{})
	l.want(t, "failing")
	s.Fail(nil)
	l.want(t, "failing begin end following")
}

func TestListIsRepeatedNowAndThen(t *testing.T) {
	s := kubetest.New(t, pods)
	s.StreamsLists = true
	s.Put("pods", "a", "x", nil)
	l := follow(t, s, Options{RelistEvery: 300 * time.Millisecond})
	for deadline := time.Now().Add(20 * time.Second); !strings.HasPrefix(l.text(), "begin listed:x end begin listed:x end"); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("got %s", l.text())
		}
	}
}

func TestGateAdmitsAFewListsAtATime(t *testing.T) {
	s := kubetest.New(t, pods)
	gate := NewGate(1)
	gate <- struct{}{}
	l := follow(t, s, Options{Gate: gate})
	if got := l.text(); got != "" {
		t.Errorf("began while the gate was full: %s", got)
	}
	<-gate
	l.want(t, "begin end")
}

func TestDiscover(t *testing.T) {
	s := kubetest.New(t, pods, kubetest.Kind{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true})
	c, err := NewClient(s.Config())
	if err != nil {
		t.Fatal(err)
	}
	k, err := c.Discover(t.Context())
	if err != nil || len(k.Resources) != 3 || len(k.Failed) != 0 {
		t.Fatalf("got %v, %v", k, err)
	}
	d := k.Resources[schema.GroupResource{Group: "apps", Resource: "deployments"}]
	if d.Version != "v1" || d.Kind != "Deployment" || !d.Namespaced {
		t.Errorf("got %v", d)
	}
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.HasPrefix(r.URL.Path, "/apis/apps") {
			return &kubetest.Failure{Code: 503, Reason: "ServiceUnavailable"}
		}
		return nil
	})
	k, err = c.Discover(t.Context())
	if err != nil || len(k.Resources) != 2 || k.Failed["apps"] == nil {
		t.Errorf("got %v, %v; want what answers, and apps among the failed", k, err)
	}
	for gvr, want := range map[schema.GroupVersionResource]bool{
		{Version: "v1", Resource: "pods"}:                   true,
		{Group: "gone.io", Version: "v1", Resource: "olds"}: false,
	} {
		if got, err := c.Served(t.Context(), gvr); got != want || err != nil {
			t.Errorf("Served(%v) = %v, %v; want %v", gvr, got, err, want)
		}
	}
}
