package telemetry

import (
	"net/http/httptest"
	"testing"
)

func TestTheOperationsListenerAnswersButDoesNotShowTheCommandLine(t *testing.T) {
	h := New("test").Handler()
	f := func(path string, want int) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != want {
			t.Errorf("%s answers %d, want %d", path, w.Code, want)
		}
	}
	f("/healthz", 200)
	f("/readyz", 200)
	f("/status", 200)
	f("/metrics", 200)
	f("/debug/pprof/goroutine?debug=1", 200)
	f("/debug/pprof/cmdline", 404) // it holds the database's password and join tokens
}
