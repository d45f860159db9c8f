package kube

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

func TestObjectThatIsReplacedWhileTheListStreamsIsNotLost(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		send := func(typ, uid, more string, rv int) {
			fmt.Fprintf(w, `{"type":%q,"object":{"kind":"Pod","apiVersion":"v1","metadata":{"namespace":"a","name":"x","uid":%q,"resourceVersion":"%d"%s}}}`+"\n", typ, uid, rv, more)
		}
		w.Header().Set("Content-Type", "application/json")
		send("ADDED", "one", "", 1)
		send("DELETED", "one", "", 2)
		send("ADDED", "two", "", 3)
		send("BOOKMARK", "", `,"annotations":{"k8s.io/initial-events-end":"true"}`, 3)
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	}))
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	c, err := NewClient(&rest.Config{Host: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	l := &log{ended: make(chan struct{})}
	f := NewFollower(c.Dynamic.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}), l, Options{Log: slog.New(slog.DiscardHandler)})
	go func() {
		defer close(l.ended)
		f.Run(t.Context())
	}()
	t.Cleanup(func() { <-l.ended })
	// The list holds the first, then what happened meanwhile comes in its order.
	l.want(t, "begin listed:x end deleted:x added:x")
}
