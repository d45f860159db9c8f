package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/collector"
	"github.com/foretop/foretop/collector/executor"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// reached has a member whose API server is h, read by a collector of the same process.
func reached(t *testing.T, policy executor.Live, h http.HandlerFunc) *live {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	e, err := collector.NewExecutor(collector.ExecutorConfig{REST: &rest.Config{Host: server.URL}, Live: policy})
	if err != nil {
		t.Fatal(err)
	}
	m := &members{local: map[string]collector.Executor{}}
	m.reach("uid", e)
	return &live{m}
}

var logOf = records.Fetch{ClusterUID: "uid", Ref: kube.Ref{Cluster: "zone1", Namespace: "shop", GroupResource: kube.GroupResource{Resource: "pods"}, Name: "p"}, Version: "v1", Subresource: "log", Parameters: url.Values{"follow": {"true"}}}

func TestALiveReadComesAsItIsSaid(t *testing.T) {
	next, left := make(chan string), make(chan struct{})
	l := reached(t, executor.Live{}, func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		w.Header().Set("Warning", `299 - "mind"`)
		for {
			_ = http.NewResponseController(w).Flush()
			select {
			case line := <-next:
				fmt.Fprintln(w, line)
			case <-r.Context().Done():
				return
			}
		}
	})
	answer, err := l.Fetch(t.Context(), access.All("me"), logOf)
	if err != nil || len(answer.Warnings) != 1 || answer.Warnings[0] != "mind" {
		t.Fatal(answer, err)
	}
	buffer := make([]byte, 100)
	for _, line := range []string{"one", "two"} {
		next <- line
		n, err := answer.Body.Read(buffer)
		if string(buffer[:n]) != line+"\n" || err != nil {
			t.Errorf("got %q %v, want %s", buffer[:n], err, line)
		}
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	<-left // the API server is told that nobody reads
}

func TestALiveReadThatFailsSaysWhy(t *testing.T) {
	half := func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, strings.Repeat("x", 1000)+"\n")
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	answer, err := reached(t, executor.Live{}, half).Fetch(t.Context(), access.All("me"), logOf)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	if text, err := io.ReadAll(answer.Body); len(text) != 1001 || !apierrors.IsServiceUnavailable(err) {
		t.Errorf("an answer that is cut: %d bytes, %v", len(text), err)
	}
	f := func(fact string, l *live, scope access.Scope, is func(error) bool, want string) {
		t.Helper()
		_, err := l.Fetch(t.Context(), scope, logOf)
		if !is(err) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %s", fact, err, want)
		}
	}
	refuse := reached(t, executor.Live{}, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"a container name must be specified","reason":"BadRequest","code":400}`)
	})
	f("an API server that refuses", refuse, access.All("me"), apierrors.IsBadRequest, "a container name must be specified")
	f("a policy that forbids", reached(t, executor.Live{Allow: []string{}}, half), access.All("me"), apierrors.IsForbidden, "zone1: The policy of this cluster's collector does not allow to read logs live.")
	f("somebody who sees nothing", refuse, access.Scope{}, func(err error) bool { return access.Code(err) == "FORBIDDEN" }, "")

	ctx, leave := context.WithCancel(t.Context())
	hangs := reached(t, executor.Live{}, func(_ http.ResponseWriter, r *http.Request) { leave(); <-r.Context().Done() })
	if _, err := hangs.Fetch(ctx, access.All("me"), logOf); err == nil {
		t.Error("a reader that left got an answer")
	}
}
