// Package textstest opens stores of texts for tests.
package textstest

import (
	"context"
	"sync"
	"testing"

	"github.com/foretop/foretop/internal/texts"
)

// Open runs a store on dir, with all that is there loaded, until the test ends or stop is called.
func Open(t testing.TB, dir string) (s *texts.Store, stop func()) {
	t.Helper()
	s, err := texts.Open(texts.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var run sync.WaitGroup
	run.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("run texts: %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		run.Wait()
		if err := s.Close(); err != nil {
			t.Errorf("close texts: %v", err)
		}
	})
	t.Cleanup(stop)
	<-s.Loaded()
	return s, stop
}
