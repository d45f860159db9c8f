package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// leftOut are the kinds that the hub does not hold as objects, and why. A kind that is missing for any other reason
// is a failure.
var leftOut = map[string]string{
	"events":                     "held as events",
	"events.events.k8s.io":       "held as events",
	"endpoints":                  "endpoint slices say the same",
	"leases.coordination.k8s.io": "changes every few seconds and says only that a component lives",
}

// What the hub answers is what the clusters hold: for every kind of every cluster the same objects in the same
// versions, whatever has happened to either in between.
//
//	cluster: list every kind, twice ---.
//	                                    = ?  until equal
//	hub:     search, page by page  ---'
func TestTheHubHoldsWhatTheClustersHold(t *testing.T) {
	const namespace = "churn"
	removeNamespace(t, namespace)

	t.Run("when nothing moves", func(t *testing.T) { sameEverywhere(t) })

	t.Run("every kind is in step or left out for a reason", func(t *testing.T) {
		onEveryCluster(t, func(m *member) error {
			eventually(t, patience, m.name, func(ctx context.Context) error { return statesAgree(ctx, m) })
			return nil
		})
	})

	t.Run("events of the clusters are there", func(t *testing.T) {
		onEveryCluster(t, func(m *member) error {
			eventually(t, patience, m.name, func(ctx context.Context) error { return eventsArrived(ctx, m) })
			return nil
		})
	})

	t.Run("after objects came, changed and went", func(t *testing.T) {
		bounded, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		churn(bounded, t, namespace, 150, 1)
		sameEverywhere(t)
	})

	t.Run("after the hub was killed and objects went while it was down", func(t *testing.T) {
		if err := stand.Hub.Kill(); err != nil {
			t.Fatal(err)
		}
		onEveryCluster(t, func(m *member) error {
			path := "/api/v1/namespaces/" + namespace
			return errors.Join(
				m.delete(t.Context(), path+"/configmaps?labelSelector=app%3Dchurn"),
				m.delete(t.Context(), "/apis/apps/v1/namespaces/"+namespace+"/deployments?labelSelector=app%3Dchurn"),
				m.create(t.Context(), path+"/configmaps", object("v1", "ConfigMap", "written-while-down", nil)))
		})
		if err := stand.StartHub(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := stand.WaitLive(t.Context(), stand.Fleet.Names()); err != nil {
			t.Fatal(err)
		}
		sameEverywhere(t)
	})

	t.Run("after the engine was killed amid changes", func(t *testing.T) {
		bounded, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		killed := make(chan error, 1)
		go func() {
			select {
			case <-time.After(time.Second): // into the changes
				killed <- killEngine()
			case <-bounded.Done():
				killed <- bounded.Err()
			}
		}()
		churn(bounded, t, namespace, 200, 2)
		if err := <-killed; err != nil {
			t.Fatal(err)
		}
		sameEverywhere(t)
	})

	t.Run("after a collector was killed and objects changed while it was down", func(t *testing.T) {
		const cluster = "zone3"
		if err := stand.Pull[cluster].Kill(); err != nil {
			t.Fatal(err)
		}
		m, err := openMember(cluster)
		if err != nil {
			t.Fatal(err)
		}
		path := "/api/v1/namespaces/" + namespace
		err = errors.Join(
			m.delete(t.Context(), path+"/configmaps?labelSelector=app%3Dchurn"),
			m.create(t.Context(), path+"/configmaps", object("v1", "ConfigMap", "written-without-collector", nil)))
		if err != nil {
			t.Fatal(err)
		}
		if err := stand.StartCollector(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
		sameEverywhere(t)
	})

	t.Run("after a cluster crashed and came back", func(t *testing.T) {
		const cluster = "zone2"
		if err := stand.Fleet.Stop(cluster, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		started := false
		t.Cleanup(func() {
			if started {
				return
			}
			if err := stand.Fleet.Start(context.WithoutCancel(t.Context()), cluster); err != nil {
				t.Error(err)
			}
		})
		eventually(t, patience, "the hub notices", func(ctx context.Context) error {
			states, err := clusterStates(ctx)
			if err != nil {
				return err
			}
			if s := states[cluster]; s != "STALE" {
				return fmt.Errorf("%s is %s", cluster, s)
			}
			return nil
		})
		for _, other := range stand.Fleet.Names() {
			states, err := clusterStates(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if other != cluster && states[other] != "LIVE" {
				t.Errorf("%s is %s while %s is down", other, states[other], cluster)
			}
		}
		if hub, err := asTheHubKnows(t.Context(), cluster); err != nil || len(hub["deployments.apps"]) == 0 {
			t.Errorf("what was known of a cluster that is down is gone: %d kinds, %v", len(hub), err)
		}
		if err := stand.Fleet.Start(t.Context(), cluster); err != nil {
			t.Fatal(err)
		}
		started = true
		if err := stand.WaitLive(t.Context(), stand.Fleet.Names()); err != nil {
			t.Fatal(err)
		}
		sameEverywhere(t)
	})

	t.Run("of a kind that came and went", func(t *testing.T) {
		const definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
		const group = "late.example.com"
		t.Cleanup(func() {
			for _, name := range stand.Fleet.Names() {
				if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), name, "delete", "crd", "--ignore-not-found", "things."+group); err != nil {
					t.Error(err)
				}
			}
		})
		onEveryCluster(t, func(m *member) error {
			if err := m.create(t.Context(), definitions, lateDefinition(group)); err != nil {
				return err
			}
			eventually(t, patience, "the new kind is served", func(ctx context.Context) error {
				return m.create(ctx, "/apis/"+group+"/v1/namespaces/shop/things", object(group+"/v1", "Thing", "first", nil))
			})
			return nil
		})
		sameEverywhere(t, "things."+group)
		onEveryCluster(t, func(m *member) error { return m.delete(t.Context(), definitions+"/things."+group) })
		sameEverywhere(t)
	})
}

// sameEverywhere waits until hub and clusters agree on every kind, which must include those named.
func sameEverywhere(t *testing.T, kinds ...string) {
	t.Helper()
	for _, name := range stand.Fleet.Names() {
		m, err := openMember(name)
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		compared := 0
		eventually(t, patience, name, func(ctx context.Context) error {
			var err error
			compared, err = same(ctx, m, kinds)
			return err
		})
		t.Logf("%s: %d objects are the same after %s", name, compared, time.Since(began).Round(time.Millisecond))
	}
}

// same compares one cluster once and counts the objects. Cluster and hub are both read anew each time, since objects
// change while one looks.
func same(ctx context.Context, m *member, wanted []string) (int, error) {
	kinds, err := m.kinds(ctx)
	if err != nil {
		return 0, err
	}
	hub, err := asTheHubKnows(ctx, m.name)
	if err != nil {
		return 0, err
	}
	var lines []string
	count := 0
	served := map[string]bool{}
	for _, k := range kinds {
		served[k.String()] = true
		if leftOut[k.String()] != "" {
			continue
		}
		cluster, err := m.list(ctx, k)
		if err != nil {
			return 0, err
		}
		count += len(cluster)
		lines = append(lines, difference(k.String(), cluster, hub[k.String()])...)
	}
	for _, k := range slices.Sorted(maps.Keys(hub)) {
		if !served[k] {
			lines = append(lines, fmt.Sprintf("%s: the hub has %d objects of a kind that the cluster does not serve", k, len(hub[k])))
		}
		if why := leftOut[k]; why != "" {
			lines = append(lines, fmt.Sprintf("%s: the hub holds objects of it, yet it is %s", k, why))
		}
	}
	for _, k := range wanted {
		if !served[k] || len(hub[k]) == 0 {
			lines = append(lines, k+" is not in the hub")
		}
	}
	if count == 0 {
		lines = append(lines, "the cluster answers no objects at all")
	}
	if len(lines) > 0 {
		return count, fmt.Errorf("%d differences:\n%s", len(lines), strings.Join(lines[:min(len(lines), 30)], "\n"))
	}
	return count, nil
}

// statesAgree checks what the hub says of itself: each kind of the cluster is in step, or left out as expected.
func statesAgree(ctx context.Context, m *member) error {
	kinds, err := m.kinds(ctx)
	if err != nil {
		return err
	}
	var a struct {
		Clusters []struct {
			Name      string
			Resources []struct{ Group, Resource, State, Reason string }
		}
	}
	if err := stand.Ask(ctx, `{ clusters { name resources { group resource state reason } } }`, nil, &a); err != nil {
		return err
	}
	states := map[string]string{}
	for _, c := range a.Clusters {
		if c.Name != m.name {
			continue
		}
		for _, r := range c.Resources {
			states[kind{group: r.Group, resource: r.Resource}.String()] = strings.ToLower(r.State) + " " + r.Reason
		}
	}
	var lines []string
	for _, k := range kinds {
		state, _, _ := strings.Cut(states[k.String()], " ")
		if why := leftOut[k.String()]; why != "" {
			// Events are a stream of their own, and whether that counts as in step or as left out is the hub's choice.
			if state != "excluded" && state != "synced" {
				lines = append(lines, fmt.Sprintf("%s is %q, want it left out: %s", k, states[k.String()], why))
			}
		} else if state != "synced" {
			lines = append(lines, fmt.Sprintf("%s is %q, want it in step", k, states[k.String()]))
		}
	}
	if len(lines) > 0 {
		return errors.New(strings.Join(lines, "\n"))
	}
	return nil
}

func clusterStates(ctx context.Context) (map[string]string, error) {
	var a struct {
		Clusters []struct{ Name, State string }
	}
	if err := stand.Ask(ctx, `{ clusters { name state } }`, nil, &a); err != nil {
		return nil, err
	}
	states := map[string]string{}
	for _, c := range a.Clusters {
		states[c.Name] = c.State
	}
	return states, nil
}

// eventsArrived says which events of the cluster the hub does not have. It may have more: it keeps them longer.
func eventsArrived(ctx context.Context, m *member) error {
	events, err := m.list(ctx, kind{version: "v1", resource: "events"})
	if err != nil {
		return err
	}
	hub, err := eventsKnown(ctx, m.name)
	if err != nil {
		return err
	}
	missing := 0
	for _, e := range events {
		if !hub[e.uid] {
			missing++
		}
	}
	if missing > 0 || len(events) == 0 {
		return fmt.Errorf("%d of %d events are missing in the hub", missing, len(events))
	}
	return nil
}

// killEngine kills the embedded engine of the shared hub, which is a process of its own.
func killEngine() error {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		return err
	}
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err != nil {
			continue // ended meanwhile
		}
		if !bytes.Contains(line, []byte("\x00engine\x00")) || !bytes.Contains(line, []byte(stand.DataDir())) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil {
			return err
		}
		return syscall.Kill(pid, syscall.SIGKILL)
	}
	return errors.New("no engine runs on the hub's folder")
}

// A comparison that finds nothing proves something only if it can find what is wrong.
func TestADifferenceIsNamed(t *testing.T) {
	f := func(hub objects, want string) {
		t.Helper()
		got := strings.Join(difference("pods", objects{"shop/a": {"u1", "7"}}, hub), "; ")
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(objects{"shop/a": {"u1", "7"}}, "")
	f(objects{}, "pods shop/a is missing in the hub")
	f(objects{"shop/a": {"u1", "7"}, "shop/b": {"u2", "3"}}, "pods shop/b is in the hub and gone from the cluster")
	f(objects{"shop/a": {"u1", "6"}}, "pods shop/a is at 6 in the hub, the cluster says 7 (the hub is behind)")
	f(objects{"shop/a": {"u0", "7"}}, "pods shop/a is another object in the hub: uid u0, the cluster says u1")
}

func lateDefinition(group string) map[string]any {
	return object("apiextensions.k8s.io/v1", "CustomResourceDefinition", "things."+group, map[string]any{"spec": map[string]any{
		"group": group, "scope": "Namespaced",
		"names": map[string]any{"kind": "Thing", "plural": "things", "singular": "thing"},
		"versions": []any{map[string]any{
			"name": "v1", "served": true, "storage": true,
			"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
		}},
	}})
}
