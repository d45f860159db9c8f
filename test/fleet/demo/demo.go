// Package demo runs the whole product on a fleet: a hub that dials two clusters and a collector of its own for the rest.
//
// Invariant: the folder holds all state, and when Run or Stop returns nothing that was started here still runs.
//
//	DIR/hub/          the hub's data folder, with admin.token
//	DIR/collector/    the pull collector's folder
//	DIR/logs/         hub.log, collector-zone3.log
package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/test/fleet"
)

// Options say what to run. Dir and Program are needed.
type Options struct {
	Dir      string
	Program  string   // path of the foretop program
	Clusters []string // default zone1 zone2 zone3
	Pull     []string // clusters with a collector of their own; default zone3
	Listen   string   // default 127.0.0.1:0: any free port; likewise the other two
	Gate     string
	Ops      string
	HubFlags []string // further flags for `foretop up`
	HubEnv   []string // further environment for the hub
	Progress io.Writer
}

// Demo is a running hub with its fleet and collectors.
type Demo struct {
	Fleet *fleet.Fleet
	Hub   *Process
	Pull  map[string]*Process // by cluster

	options Options
	gate    string
}

const (
	anyPort  = "127.0.0.1:0"
	hubWait  = 2 * time.Minute
	syncWait = 2 * time.Minute
)

// Up starts everything and returns when every cluster is live in the hub.
func Up(ctx context.Context, o Options) (*Demo, error) {
	o.defaults()
	f, err := fleet.Up(ctx, fleet.Options{Dir: o.Dir, Clusters: o.Clusters, Progress: o.Progress, Logs: true})
	if err != nil {
		return nil, err
	}
	d := &Demo{Fleet: f, Pull: map[string]*Process{}, options: o}
	if err := d.up(ctx); err != nil {
		return nil, errors.Join(err, d.Stop())
	}
	return d, nil
}

// Attach finds a demo that runs, to ask it. What was started elsewhere is not stopped here.
func Attach(dir string) (*Demo, error) {
	f, err := fleet.Open(dir)
	if err != nil {
		return nil, err
	}
	d := &Demo{Fleet: f, Pull: map[string]*Process{}, options: Options{Dir: dir, Clusters: f.Names()}}
	if d.URL() == "" {
		return nil, fmt.Errorf("no hub runs in %s", dir)
	}
	return d, nil
}

func (o *Options) defaults() {
	if len(o.Clusters) == 0 {
		o.Clusters = []string{"zone1", "zone2", "zone3"}
	}
	if o.Pull == nil && slices.Contains(o.Clusters, "zone3") {
		o.Pull = []string{"zone3"}
	}
	for _, address := range []*string{&o.Listen, &o.Gate, &o.Ops} {
		if *address == "" {
			*address = anyPort
		}
	}
	if o.Progress == nil {
		o.Progress = io.Discard
	}
}

func (d *Demo) up(ctx context.Context) error {
	if err := d.StartHub(ctx); err != nil {
		return err
	}
	for _, cluster := range d.options.Pull {
		if err := d.StartCollector(ctx, cluster); err != nil {
			return err
		}
	}
	return d.WaitLive(ctx, d.options.Clusters)
}

// StartHub starts the hub on its folder, as at first or after it was killed, and returns when it answers.
func (d *Demo) StartHub(ctx context.Context) error {
	push := slices.DeleteFunc(slices.Clone(d.options.Clusters), func(c string) bool { return slices.Contains(d.options.Pull, c) })
	data := filepath.Join(d.options.Dir, "hub")
	if d.gate == "" {
		d.gate = d.options.Gate
	}
	listen := d.options.Listen
	if old := d.URL(); old != "" && listen == anyPort {
		listen = strings.TrimPrefix(old, "http://") // people and collectors keep their address over a restart
	}
	if err := os.Remove(filepath.Join(data, "hub.url")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	args := append([]string{
		"up", "--data-dir", data, "--listen", listen, "--collectors-listen", d.gate, "--ops-listen", d.options.Ops,
	}, d.options.HubFlags...)
	if !slices.Contains(args, "--kubeconfig") {
		args = append(args, "--kubeconfig", d.Fleet.Kubeconfig())
	}
	if !slices.Contains(args, "--contexts") {
		contexts := strings.Join(push, ",")
		if contexts == "" {
			contexts = "none"
		}
		args = append(args, "--contexts", contexts)
	}
	fmt.Fprintf(d.options.Progress, "starting the hub\n")
	var err error
	d.Hub, err = start(d.options.Program, args, d.options.HubEnv, filepath.Join(d.options.Dir, "logs", "hub.log"))
	if err != nil {
		return err
	}
	return d.await(ctx, hubWait, "the hub to answer", func(ctx context.Context) error {
		if err := d.Hub.Exited(); err != nil {
			return giveUp{fmt.Errorf("the hub ended: %w", err)}
		}
		return d.Ask(ctx, `{ viewer { user } }`, nil, nil)
	})
}

// StartCollector starts a collector of its own for cluster; at first it enrols with a token that the hub makes.
func (d *Demo) StartCollector(ctx context.Context, cluster string) error {
	folder := filepath.Join(d.options.Dir, "collector", cluster)
	fmt.Fprintf(d.options.Progress, "starting the collector of %s\n", cluster)
	join := struct {
		AddCluster struct{ Token, Hub, CAPin string }
	}{}
	known := struct{ Clusters []struct{ Name, UID string } }{}
	if err := d.Ask(ctx, `{ clusters { name uid } }`, nil, &known); err != nil {
		return err
	}
	args := []string{"collect", "--data-dir", folder, "--kubeconfig", d.Fleet.Kubeconfig(), "--context", cluster}
	enrolled := slices.ContainsFunc(known.Clusters, func(c struct{ Name, UID string }) bool { return c.Name == cluster && c.UID != "" })
	if enrolled {
		address, err := os.ReadFile(filepath.Join(folder, "hub"))
		if err != nil {
			return err
		}
		parts := strings.Fields(string(address))
		args = append(args, "--hub", parts[0], "--ca-pin", parts[1])
	} else {
		if err := d.Ask(ctx, `mutation($name: String!) { addCluster(name: $name) { token hub caPin } }`, map[string]any{"name": cluster}, &join); err != nil {
			return err
		}
		args = append(args, "--hub", join.AddCluster.Hub, "--ca-pin", join.AddCluster.CAPin, "--token", join.AddCluster.Token)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(folder, "hub"), []byte(join.AddCluster.Hub+" "+join.AddCluster.CAPin+"\n"), 0o600); err != nil {
			return err
		}
		d.gate = join.AddCluster.Hub
	}
	p, err := start(d.options.Program, args, nil, filepath.Join(d.options.Dir, "logs", "collector-"+cluster+".log"))
	if err != nil {
		return err
	}
	d.Pull[cluster] = p
	return nil
}

// WaitLive waits until the hub says LIVE of every named cluster.
func (d *Demo) WaitLive(ctx context.Context, clusters []string) error {
	return d.await(ctx, syncWait, "every cluster to be live", func(ctx context.Context) error {
		if err := d.Hub.Exited(); err != nil {
			return giveUp{fmt.Errorf("the hub ended: %w", err)}
		}
		var answer struct {
			Clusters []struct{ Name, State, Reason string }
		}
		if err := d.Ask(ctx, `{ clusters { name state reason } }`, nil, &answer); err != nil {
			return err
		}
		for _, want := range clusters {
			i := slices.IndexFunc(answer.Clusters, func(c struct{ Name, State, Reason string }) bool { return c.Name == want })
			if i < 0 {
				return fmt.Errorf("%s is not there yet", want)
			}
			if c := answer.Clusters[i]; c.State != "LIVE" {
				return fmt.Errorf("%s is %s: %s", want, c.State, c.Reason)
			}
		}
		return nil
	})
}

// giveUp ends await at once.
type giveUp struct{ error }

func (d *Demo) await(ctx context.Context, limit time.Duration, what string, try func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		err := try(ctx)
		var final giveUp
		switch {
		case err == nil:
			return nil
		case errors.As(err, &final):
			return final.error
		case ctx.Err() == nil:
			last = err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w (last: %v); see %s", what, ctx.Err(), last, filepath.Join(d.options.Dir, "logs"))
		case <-tick.C:
		}
	}
}

// URL is the hub's address, "" while it has none.
func (d *Demo) URL() string { return d.read("hub.url") }

// Token is the hub's admin token.
func (d *Demo) Token() string { return d.read("admin.token") }

// DataDir is the hub's data folder.
func (d *Demo) DataDir() string { return filepath.Join(d.options.Dir, "hub") }

func (d *Demo) read(name string) string {
	raw, err := os.ReadFile(filepath.Join(d.DataDir(), name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(raw))
}

// GraphQLError is the first error of an answer.
type GraphQLError struct {
	Message    string
	Extensions struct{ Code, Fix string }
}

func (e *GraphQLError) Error() string { return e.Extensions.Code + ": " + e.Message }

// Ask sends one GraphQL request and decodes its data into answer, unless that is nil.
func (d *Demo) Ask(ctx context.Context, query string, variables map[string]any, answer any) error {
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, d.URL()+"/graphql", bytes.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+d.Token())
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var out struct {
		Data   json.RawMessage
		Errors []*GraphQLError
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return fmt.Errorf("read GraphQL answer (%s): %w", resp.Status, err)
	}
	if len(out.Errors) > 0 {
		return out.Errors[0]
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(out.Data, answer)
}

// Stop ends the collectors, the hub and the fleet, in this order, and leaves their state.
func (d *Demo) Stop() error {
	var errs []error
	for _, p := range d.Pull {
		errs = append(errs, p.Stop())
	}
	if d.Hub != nil {
		errs = append(errs, d.Hub.Stop())
	}
	return errors.Join(append(errs, d.Fleet.Down())...)
}

// Beside starts a further hub on the fleet of d, with a folder of its own and without collectors of their own.
// args are flags of `foretop up` beyond the folder and the addresses; stop its Hub when done.
func Beside(ctx context.Context, d *Demo, dir string, env []string, args ...string) (*Demo, error) {
	o := Options{Dir: dir, Program: d.options.Program, Clusters: []string{}, Pull: []string{}, HubFlags: args, HubEnv: env}
	o.defaults()
	o.Clusters = nil
	b := &Demo{Fleet: d.Fleet, Pull: map[string]*Process{}, options: o}
	if err := b.StartHub(ctx); err != nil {
		if b.Hub != nil {
			err = errors.Join(err, b.Hub.Stop())
		}
		return nil, err
	}
	return b, nil
}
