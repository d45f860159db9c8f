package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/foretop/foretop/test/fleet/demo"
)

const (
	benchNamespace = "bench"
	perGroup       = 25 // changes that share a label: a look asks for the open groups only
	lookEvery      = 25 * time.Millisecond
	giveUpAfter    = 30 * time.Second
)

// freshness creates objects at a steady rate, in turn on every cluster, and measures for each the time from the API
// server's answer until a search finds it. A figure holds at most the pause between two searches and one search's
// duration too much.
func freshness(ctx context.Context, d *demo.Demo, changes, rate int) (*result, error) {
	clusters := d.Fleet.Names()
	writers := make([]func(i int) error, len(clusters))
	for i, name := range clusters {
		client, server, err := d.Fleet.HTTP(name)
		if err != nil {
			return nil, err
		}
		if _, err := d.Fleet.Kubectl(ctx, name, "create", "namespace", benchNamespace); err != nil {
			return nil, err
		}
		writers[i] = func(n int) error { return createConfigMap(ctx, client, server, n) }
	}
	w := &watched{created: make([]time.Time, changes), seen: make([]time.Time, changes)}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	lookerDone := make(chan error, 1)
	go func() { lookerDone <- w.look(ctx, d) }()

	fmt.Fprintf(os.Stderr, "making %d changes at %d/s\n", changes, rate)
	began := time.Now()
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	var wait sync.WaitGroup
	failures := make(chan error, changes)
	for n := range changes {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-tick.C:
		}
		wait.Go(func() {
			if err := writers[n%len(writers)](n); err != nil {
				failures <- err
				return
			}
			w.markCreated(n)
		})
	}
	wait.Wait()
	close(failures)
	var failed []error
	for err := range failures {
		failed = append(failed, err)
	}
	if len(failed) > 0 {
		return nil, errors.Join(failed...)
	}
	took := time.Since(began)
	w.finish()
	if err := <-lookerDone; err != nil {
		return nil, err
	}

	latencies := make([]time.Duration, 0, changes)
	for n := range changes {
		latencies = append(latencies, max(0, w.seen[n].Sub(w.created[n])))
	}
	figures := map[string]float64{
		"changes": float64(changes), "changes_per_s": float64(int(float64(changes)/took.Seconds()*10)) / 10,
		"looks": float64(w.looks),
	}
	quantiles("change_to_searchable", latencies, figures)
	return &result{
		Figures: figures,
		Setup:   fmt.Sprintf("%d ConfigMaps at %d/s over 3 clusters (two watched by the hub, one by a collector over gRPC); clusters, hub and this program share the machine", changes, rate),
	}, nil
}

func createConfigMap(ctx context.Context, client *http.Client, server string, n int) error {
	body := fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"fresh-%d","labels":{"bench":"g%d"}},"data":{"n":"%d"}}`, n, n/perGroup, n)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, server+"/api/v1/namespaces/"+benchNamespace+"/configmaps", bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("create ConfigMap: %s: %s", resp.Status, answer)
	}
	return nil
}

// watched is what was changed and when it was found.
type watched struct {
	mu            sync.Mutex
	created, seen []time.Time
	looks         int
	finished      time.Time
}

func (w *watched) markCreated(n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.created[n] = time.Now()
}

func (w *watched) finish() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.finished = time.Now()
}

// open answers the groups that hold a change not yet found, and whether everything was found.
func (w *watched) open() (groups map[int]bool, done bool, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	groups = map[int]bool{}
	missing := 0
	for n := range w.created {
		if w.seen[n].IsZero() {
			missing++
			if !w.created[n].IsZero() {
				groups[n/perGroup] = true
			}
		}
	}
	if !w.finished.IsZero() && missing > 0 && time.Since(w.finished) > giveUpAfter {
		return nil, false, fmt.Errorf("%d changes were not found within %s", missing, giveUpAfter)
	}
	return groups, missing == 0, nil
}

func (w *watched) look(ctx context.Context, d *demo.Demo) error {
	pause := time.NewTicker(lookEvery)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-pause.C:
		}
		groups, done, err := w.open()
		if err != nil || done {
			return err
		}
		if len(groups) == 0 {
			continue
		}
		query := "kind:configmap ns:" + benchNamespace + " label.bench:("
		sep := ""
		for g := range groups {
			query += fmt.Sprintf("%sg%d", sep, g)
			sep = " OR "
		}
		var answer struct {
			Search struct{ Nodes []struct{ Name string } }
		}
		err = d.Ask(ctx, `query($q: String!) { search(query: $q, first: 1000) { nodes { name } } }`, map[string]any{"q": query + ")"}, &answer)
		if err != nil {
			return err
		}
		now := time.Now()
		w.mu.Lock()
		w.looks++
		for _, node := range answer.Search.Nodes {
			var n int
			if _, err := fmt.Sscanf(node.Name, "fresh-%d", &n); err == nil && n < len(w.seen) && w.seen[n].IsZero() {
				w.seen[n] = now
			}
		}
		w.mu.Unlock()
	}
}
