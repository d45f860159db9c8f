package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

const (
	requestsPerSecond = 2 // per cluster; each is a line in every application it passes
	lookEvery         = 2 * time.Second
)

func (f *Fleet) startApplications() {
	ctx, cancel := context.WithCancel(context.Background())
	f.stopApplications, f.applicationsDone = cancel, make(chan struct{})
	go func() {
		defer close(f.applicationsDone)
		f.runApplications(ctx, f.say)
	}()
}

// RunApplications says what the applications of all clusters would, until ctx ends: it prints into the files that
// `kubectl logs` reads and counts requests where MetricsURL says. A cluster that does not answer is silent; a broken app2
// makes those that call it complain.
func (f *Fleet) RunApplications(ctx context.Context, progress io.Writer) {
	f.runApplications(ctx, newProgress(progress))
}

func (f *Fleet) runApplications(ctx context.Context, say *progress) {
	var wg sync.WaitGroup
	for _, c := range f.clusters {
		counted := newRequests()
		wg.Go(func() { c.serveMetrics(ctx, counted, say) })
		wg.Go(func() {
			if err := c.runApplications(ctx, f, counted); err != nil {
				counted.silence(true)
				say.line("the applications of %s are silent: %v", c.Name, err)
			}
		})
	}
	wg.Wait()
}

func (c *cluster) runApplications(ctx context.Context, f *Fleet, counted *requests) error {
	w, err := newLogWriter(c.logDir(f.dir), logFileLimit)
	if err != nil {
		return err
	}
	defer w.close()
	api, err := c.api(f.dir)
	if err != nil {
		return err
	}
	defer api.close()
	t := newTraffic(c.Name)
	ticker := time.NewTicker(time.Second / requestsPerSecond)
	defer ticker.Stop()
	var looked time.Time
	answers, broken := false, false
	for {
		select {
		case <-ctx.Done():
			return nil
		case now := <-ticker.C:
			if now.Sub(looked) >= lookEvery {
				looked = now
				answers, broken = api.look(ctx)
				counted.silence(!answers)
			}
			if !answers {
				continue
			}
			e := t.request(now, broken)
			counted.count(e)
			for _, l := range e.lines {
				if err := w.write(l); err != nil {
					return err
				}
			}
		}
	}
}

// serveMetrics answers scrapes until ctx ends. Logs are worth having without them.
func (c *cluster) serveMetrics(ctx context.Context, counted *requests, say *progress) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", c.Ports.Applications))
	if err != nil {
		say.line("%s has no request metrics: port %d is taken by another program: end that program and start again", c.Name, c.Ports.Applications)
		return
	}
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", counted)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	ended := context.AfterFunc(ctx, func() { server.Close() })
	defer ended()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		say.line("%s has no request metrics: %v", c.Name, err)
	}
}

// look asks whether the cluster answers and whether app2 is at a version that crashes.
func (a *api) look(ctx context.Context) (answers, broken bool) {
	ctx, cancel := context.WithTimeout(ctx, lookEvery)
	defer cancel()
	all, err := a.deployments(ctx)
	return err == nil, err == nil && strings.HasSuffix(all["app2"].image(), "-broken")
}
