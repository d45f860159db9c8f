package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/schemas/ingestpb"
	"github.com/foretop/foretop/test/bench/mixed"
)

// podsOf counts a member's Pods.
func (b *benchmark) podsOf(m int) (n int) {
	for _, r := range b.src.resources() {
		if r.Kind == "Pod" {
			_ = b.src.each(m, r, 0, 1, func(*mixed.Object) bool { n++; return true }) // it was walked before
		}
	}
	return n
}

// changer changes Pods of all members at a steady pace. The resourceVersion of each says when it was sent.
type changer struct {
	streams *streams
	since   time.Time // resourceVersions are microseconds from here
	pods    [][][2]*mixed.Object
	sent    atomic.Int64
	sentIn  map[string]*atomic.Int64 // by namespace
	sentBy  []atomic.Int64           // by member
}

// podsChanged is how many Pods of each member change, in turn.
const podsChanged = 40

func (b *benchmark) newChanger(ctx context.Context) (*changer, error) {
	c := &changer{streams: b.streams, since: time.Now(), sentIn: map[string]*atomic.Int64{}, sentBy: make([]atomic.Int64, len(b.src.members()))}
	b.loaded.Revision += 2
	for m := range b.src.members() {
		var pods [][2]*mixed.Object
		for _, r := range b.src.resources() {
			if r.Kind != "Pod" {
				continue
			}
			for i, revision := range []int{b.loaded.Revision - 1, b.loaded.Revision} {
				n := 0
				err := b.src.each(m, r, revision, 1, func(o *mixed.Object) bool {
					if i == 0 {
						pods = append(pods, [2]*mixed.Object{o})
					} else {
						pods[n][1] = o
					}
					n++
					return n < podsChanged
				})
				if err != nil {
					return nil, err
				}
			}
		}
		for _, p := range pods {
			if c.sentIn[p[0].Namespace] == nil {
				c.sentIn[p[0].Namespace] = new(atomic.Int64)
			}
		}
		c.pods = append(c.pods, pods)
		if _, err := b.streams.open(ctx, m); err != nil {
			return nil, err
		}
	}
	return c, b.loaded.write(b.dir)
}

// run makes so many changes a second, spread over all members, for a time.
func (c *changer) run(ctx context.Context, perSecond int, last time.Duration) error {
	g, ctx := errgroup.WithContext(ctx)
	members := len(c.pods)
	every := time.Second * time.Duration(members) / time.Duration(perSecond)
	begin := time.Now()
	for m := range c.pods {
		g.Go(func() error {
			next := begin.Add(every * time.Duration(m) / time.Duration(members))
			for n := 0; next.Sub(begin) < last; {
				select {
				case <-ctx.Done():
					return ctx.Err()
				case <-time.After(time.Until(next)):
				}
				batch := &ingestpb.Batch{}
				st := c.streams.all[m]
				for ; !next.After(time.Now()); next = next.Add(every) { // what waited for the batch before goes together
					o := c.pods[m][n/2%len(c.pods[m])][n%2]
					n++
					c.sentIn[o.Namespace].Add(1)
					c.sentBy[m].Add(1)
					changed, now := *o, time.Now()
					changed.ResourceVersion = strconv.FormatInt(now.Sub(c.since).Microseconds(), 10)
					changed.JSON = bytes.Replace(o.JSON, []byte(`"resourceVersion":"`+o.ResourceVersion+`"`), []byte(`"resourceVersion":"`+changed.ResourceVersion+`"`), 1)
					st.records++
					r := object(ingestpb.Op_OP_UPDATE, &changed, now)
					r.Seq = st.records
					batch.Records = append(batch.Records, r)
				}
				st.batches++
				batch.BatchSeq = st.batches
				if err := st.session.Send(ctx, batch); err != nil {
					return err
				}
				c.sent.Add(int64(len(batch.Records)))
			}
			return nil
		})
	}
	return g.Wait()
}

// watchersConfig is what the process of the watchers is told. It is a process of its own: its memory and its time on the
// processors are not the hub's.
type watchersConfig struct {
	Address string
	CA      []byte
	Since   time.Time
	Paths   []string
	Accept  string
	Shared  bool // one connection for all
}

// watchersResult is what it tells in the end.
type watchersResult struct {
	Events, Bookmarks, Ended int
	P50, P99, Most           float64 // milliseconds
	Bytes                    int64
	CPU                      time.Duration
}

type watchersProcess struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *json.Decoder
}

// watchers starts the process; it returns when all watch.
func watchers(ctx context.Context, c watchersConfig) (*watchersProcess, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	w := &watchersProcess{cmd: exec.CommandContext(ctx, program, "watchers")}
	w.cmd.Stderr = os.Stderr
	if w.in, err = w.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := w.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	w.out = json.NewDecoder(out)
	if err := w.cmd.Start(); err != nil {
		return nil, err
	}
	var ready bool
	if err := json.NewEncoder(w.in).Encode(c); err != nil {
		return nil, err
	}
	if err := w.out.Decode(&ready); err != nil || !ready {
		return nil, fmt.Errorf("the watchers did not begin: %w", err)
	}
	return w, nil
}

// end stops the watches.
func (w *watchersProcess) end() (r watchersResult, err error) {
	w.in.Close()
	if err := w.out.Decode(&r); err != nil {
		return r, fmt.Errorf("read what was watched: %w", err)
	}
	return r, w.cmd.Wait()
}

// held is what the hub's process holds when the garbage is out: heap and stacks.
func held() float64 {
	debug.FreeOSMemory()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return float64(stats.HeapAlloc + stats.StackInuse)
}

const (
	watchesMeasured = 100
	watchesIdle     = 1000
)

// kubeWatches measures watches at work and at rest.
func (b *benchmark) kubeWatches(ctx context.Context, api *apiServer) error {
	change, err := b.newChanger(ctx)
	if err != nil {
		return err
	}
	members := b.src.members()
	namespaces := slices.Sorted(maps.Keys(change.sentIn))
	ofMembers, ofNamespaces, ofFleet := make([]string, watchesMeasured), make([]string, watchesMeasured), make([]string, watchesMeasured)
	for i := range watchesMeasured {
		ofMembers[i] = "/kube/clusters/" + url.PathEscape(members[i%len(members)].name) + "/api/v1/pods"
		ofNamespaces[i] = "/kube/api/v1/namespaces/" + namespaces[i%len(namespaces)] + "/pods"
		ofFleet[i] = "/kube/api/v1/pods"
	}
	toldTo := func(i int, path string) int { // changes until now that a watch is told of
		switch {
		case strings.HasPrefix(path, "/kube/clusters/"):
			return int(change.sentBy[i%len(members)].Load())
		case strings.Contains(path, "/namespaces/"):
			return int(change.sentIn[strings.Split(path, "/")[5]].Load())
		}
		return int(change.sent.Load())
	}
	config := watchersConfig{Address: api.Address, CA: api.CA, Since: change.since, Accept: forms[0].accept}
	f := b.kubeResult.Figures
	if b.wants("kube idle") {
		idle := make([]string, watchesIdle)
		for i := range idle {
			r := b.src.resources()[i/len(members)%len(b.src.resources())]
			idle[i] = "/kube/clusters/" + url.PathEscape(members[i%len(members)].name) + group(r) + "/" + r.Resource
		}
		warm := config
		warm.Paths, warm.Shared = idle, true
		if w, err := watchers(ctx, warm); err != nil { // what the hub keeps of members once they are asked for is no watch's
			return err
		} else if _, err := w.end(); err != nil {
			return err
		}
		for _, shared := range []bool{true, false} {
			c := config
			c.Paths, c.Shared = idle, shared
			name := "kube_idle_watch_kb"
			if shared {
				name = "kube_idle_watch_shared_kb"
			}
			before := held()
			w, err := watchers(ctx, c)
			if err != nil {
				return err
			}
			f[name] = float64(int((held()-before)/watchesIdle/102.4)) / 10
			fmt.Fprintf(os.Stderr, "  %s: %.1f\n", name, f[name])
			if b.profiles != "" {
				if err := b.profiled(name, func() error { return nil }); err != nil {
					return err
				}
			}
			if _, err := w.end(); err != nil {
				return err
			}
		}
	}
	// What the same changes cost while nobody watches.
	without := b.watched / 3
	if !b.wants("kube watches") {
		return nil
	}
	if err := change.run(ctx, b.changes, 2*time.Second); err != nil { // warm
		return err
	}
	sent, cpu := change.sent.Load(), self.cpu()
	if err := change.run(ctx, b.changes, without); err != nil {
		return err
	}
	base := (self.cpu() - cpu).Seconds() / float64(change.sent.Load()-sent) * 1e6
	f["kube_change_hub_us"] = float64(int(base*10)) / 10
	f["kube_changes_per_s"] = float64(int(float64(change.sent.Load()-sent) / without.Seconds()))
	fmt.Fprintf(os.Stderr, "  %.0f changes/s without watches: hub %.0f us each\n", f["kube_changes_per_s"], base)
	ways := []struct {
		name, accept string
		paths        []string
		changes      int
	}{
		{"members", forms[0].accept, ofMembers, b.changes},
		{"namespaces", forms[0].accept, ofNamespaces, b.changes},
		// Each change is told a hundred times.
		{"fleet", forms[0].accept, ofFleet, b.changes / 10},
		{"fleet_table", forms[1].accept, ofFleet, b.changes / 10},
	}
	for _, way := range ways {
		if !b.wants("kube watches "+way.name) && !b.wants("kube watches$") {
			continue
		}
		c := config
		c.Paths, c.Accept = way.paths, way.accept
		before := held()
		w, err := watchers(ctx, c)
		if err != nil {
			return err
		}
		prefix := "kube_watch_" + way.name + "_"
		f[prefix+"kb"] = float64(int((held()-before)/watchesMeasured/102.4)) / 10
		sent, cpu := change.sent.Load(), self.cpu()
		expected := 0
		for i, path := range way.paths {
			expected -= toldTo(i, path)
		}
		err = b.profiled("kube-watches-"+way.name, func() error { return change.run(ctx, way.changes, b.watched) })
		if err != nil {
			return err
		}
		time.Sleep(time.Second) // what is on its way
		spent, n := self.cpu()-cpu, change.sent.Load()-sent
		r, err := w.end()
		if err != nil {
			return err
		}
		for i, path := range way.paths {
			expected += toldTo(i, path)
		}
		f[prefix+"changes_per_s"] = float64(int(float64(n) / b.watched.Seconds()))
		f[prefix+"events"], f[prefix+"missing"] = float64(r.Events), float64(expected-r.Events)
		f[prefix+"p50_ms"], f[prefix+"p99_ms"], f[prefix+"most_ms"] = r.P50, r.P99, r.Most
		f[prefix+"event_us"] = float64(int((spent.Seconds()*1e6-base*float64(n))/float64(max(r.Events, 1))*100)) / 100
		f[prefix+"event_bytes"] = float64(r.Bytes / int64(max(r.Events, 1)))
		f[prefix+"hub_cores"] = float64(int(spent.Seconds()/b.watched.Seconds()*100)) / 100
		f[prefix+"client_cores"] = float64(int(r.CPU.Seconds()/b.watched.Seconds()*100)) / 100
		fmt.Fprintf(os.Stderr, "  watches, %s: %d changes, %d events (%d missing, %d ended), delay p50 %.1f, p99 %.1f, most %.1f ms; hub %.2f us an event; cores: hub %.2f, client %.2f; %.0f bytes an event; %.1f KB a watch\n",
			way.name, n, r.Events, expected-r.Events, r.Ended, r.P50, r.P99, r.Most, f[prefix+"event_us"], f[prefix+"hub_cores"], f[prefix+"client_cores"], f[prefix+"event_bytes"], f[prefix+"kb"])
	}
	return nil
}

// group is where a kind's group is in a path.
func group(r *ingestpb.Resource) string {
	if r.Group == "" {
		return "/api/" + r.Version
	}
	return "/apis/" + r.Group + "/" + r.Version
}
