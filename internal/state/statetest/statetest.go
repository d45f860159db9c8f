// Package statetest gives tests a real etcd.
//
// Invariant: the etcd of a test ends with the test.
package statetest

import (
	"log/slog"
	"testing"

	"github.com/foretop/foretop/internal/state"
)

// Open starts an embedded etcd in a temporary folder.
func Open(t testing.TB) *state.Store {
	t.Helper()
	s, err := state.Open(t.Context(), state.Config{DataDir: t.TempDir()}, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Errorf("close etcd: %v", err)
		}
	})
	return s
}
