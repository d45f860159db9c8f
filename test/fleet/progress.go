package fleet

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progress tells a person what goes on, a line at a time, from any goroutine.
type progress struct {
	mu  sync.Mutex
	out io.Writer
}

func newProgress(out io.Writer) *progress {
	if out == nil {
		out = io.Discard
	}
	return &progress{out: out}
}

func (p *progress) line(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(p.out, "fleet: "+format+"\n", args...)
}

// during announces a step, repeats that it still runs, and says how long it took.
func (p *progress) during(step string, every time.Duration, do func() error) error {
	begin := time.Now()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				p.line("still %s, %s", step, seconds(time.Since(begin)))
			}
		}
	})
	p.line("%s", step)
	err := do()
	close(done)
	wg.Wait()
	if err == nil {
		p.line("%s: done in %s", step, seconds(time.Since(begin)))
	}
	return err
}

func seconds(d time.Duration) string {
	if d < 10*time.Second {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}
