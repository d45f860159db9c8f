package search_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
)

// suspectsOf is kind/name and what changed of each suspect, the first first.
func suspectsOf(t *testing.T, w *world, query string, before time.Time) []string {
	t.Helper()
	list, err := w.service.Suspects(t.Context(), everyone, query, before, time.Hour, 20)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, s := range list {
		var reasons []string
		for _, r := range s.Reasons {
			reasons = append(reasons, fmt.Sprintf("%s %+.2f", r.Text, r.Weight))
		}
		t.Logf("%.2f %s %s: %s", s.Score, s.Ref, s.Sentence, strings.Join(reasons, "; "))
		got = append(got, strings.ToLower(s.Kind)+"/"+s.Ref.Name+" "+s.Sentence)
		sum := 0.0
		for _, r := range s.Reasons {
			sum += r.Weight
		}
		if s.Score < 0 || s.Score > 1 || sum < s.Score-0.01 {
			t.Errorf("%s: score %f of reasons that come to %f", s.Ref, s.Score, sum)
		}
	}
	return got
}

// brokenShop is the shop in which app2 gets a broken image at -10m, among other things that change.
func brokenShop(w *world, now time.Time) {
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	app := func(name, image string, ready int) object {
		d := deployment("shop", name, image, 2, ready)
		spec := podSpec(name, "")
		spec["containers"].([]any)[0].(object)["image"] = image
		d["spec"].(object)["template"] = object{"spec": spec}
		return d
	}
	for _, zone := range []string{"zone1", "zone2"} {
		for _, name := range []string{"app1", "app2", "app3"} {
			d := app(name, name+":1.4.0", 2)
			w.put(zone, d, write{at: at(5 * time.Hour), op: "snapshot", noise: true})
			rs := owned("apps/v1", "ReplicaSet", name+"-rs", d)
			rs["metadata"].(object)["uid"] = "rs-" + zone + name
			w.put(zone, rs, write{at: at(5 * time.Hour), op: "snapshot", noise: true})
			pod := owned("v1", "Pod", name+"-pod", rs)
			pod["spec"] = podSpec(name, "n1")
			w.put(zone, pod, write{at: at(5 * time.Hour), op: "snapshot", noise: true})
			w.put(zone, thing("v1", "Service", "shop", name, object{"selector": object{"app": name}}), write{at: at(5 * time.Hour), op: "snapshot", noise: true})
			w.put(zone, thing("v1", "ConfigMap", "shop", name+"-config", object{}), write{at: at(5 * time.Hour), op: "snapshot", noise: true})
		}
		w.put(zone, thing("v1", "ConfigMap", "shop", "shop-config", object{}), write{at: at(5 * time.Hour), op: "snapshot", noise: true})
		w.put(zone, thing("v1", "Node", "", "n1", object{}), write{at: at(5 * time.Hour), op: "snapshot", noise: true})
	}
	// What has nothing to do with it: another application, another namespace, a label, an old change.
	w.put("zone1", app("app3", "app3:1.5.0", 2), write{at: at(11 * time.Minute), by: "helm"})
	w.put("zone1", thing("v1", "ConfigMap", "other", "x", object{"a": "b"}), write{at: at(10 * time.Minute), by: "kubectl"})
	cm := thing("v1", "ConfigMap", "shop", "shop-config", object{})
	cm["data"] = object{"mode": "fast"}
	w.put("zone1", cm, write{at: at(40 * time.Minute), by: "kubectl"})
	// The cause, and what follows from it.
	d := app("app2", "app2:1.5.0-broken", 2)
	w.put("zone1", d, write{at: at(10 * time.Minute), by: "kubectl-set"})
	rs := owned("apps/v1", "ReplicaSet", "app2-rs2", d)
	rs["metadata"].(object)["uid"] = "rs2"
	w.put("zone1", rs, write{at: at(10*time.Minute - time.Second)})
	pod := owned("v1", "Pod", "app2-pod2", rs)
	pod["spec"] = podSpec("app2", "n1")
	w.put("zone1", pod, write{at: at(10*time.Minute - 2*time.Second)})
	w.put("zone1", app("app2", "app2:1.5.0-broken", 0), write{at: at(10*time.Minute - 42*time.Second), noise: true})
	// Somebody tries something afterwards.
	node := thing("v1", "Node", "", "n1", object{"unschedulable": true})
	w.put("zone1", node, write{at: at(2 * time.Minute), by: "kubectl"})
	w.flush()
}

func TestTheImageChangeIsTheFirstSuspect(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	brokenShop(w, now)
	for _, query := range []string{"app:app2 status:!Ready", "app:app2 cluster:zone1", "kind:deploy name=app2 cluster:zone1", "kind:pod name:app2-pod2", "kind:svc name=app2 cluster:zone1"} {
		t.Run(query, func(t *testing.T) {
			got := suspectsOf(t, w, query, now)
			if len(got) == 0 || got[0] != "deployment/app2 image app2: 1.4.0 -> 1.5.0-broken" {
				t.Errorf("got %q", got)
			}
		})
	}
	t.Run("what it uses and runs on is suspect too, others are not", func(t *testing.T) {
		got := suspectsOf(t, w, "app:app2 status:!Ready", now)
		want := map[string]bool{"configmap/shop-config key mode added": true, "node/n1 cordoned": true, "configmap/x": false, "deployment/app3 image app3: 1.4.0 -> 1.5.0": true}
		for name, in := range want {
			found := false
			for _, g := range got {
				found = found || strings.HasPrefix(g, name)
			}
			if found != in {
				t.Errorf("%s: among the suspects %v, want %v", name, found, in)
			}
		}
	})
	t.Run("the reasons are said", func(t *testing.T) {
		list, err := w.service.Suspects(t.Context(), everyone, "kind:deploy name=app2 cluster:zone1", now, time.Hour, 1)
		if err != nil || len(list) != 1 {
			t.Fatal(list, err)
		}
		var texts []string
		for _, r := range list[0].Reasons {
			texts = append(texts, r.Text)
		}
		if diff := cmp.Diff([]string{"it is what was asked about", "42 s before it broke", "image changed", "concerns all that was asked about"}, texts); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("before the moment only", func(t *testing.T) {
		if got := suspectsOf(t, w, "kind:deploy name=app2 cluster:zone1", now.Add(-30*time.Minute)); len(got) != 1 || got[0] != "configmap/shop-config key mode added" {
			t.Errorf("got %q", got)
		}
	})
}

func TestADeletedConfigMapIsSuspect(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	brokenShop(w, now)
	w.put("zone2", thing("v1", "ConfigMap", "shop", "app1-config", object{}), write{at: now.Add(-3 * time.Minute), deleted: true})
	w.flush()
	got := suspectsOf(t, w, "app:app1 cluster:zone2", now)
	if len(got) != 1 || got[0] != "configmap/app1-config deleted" {
		t.Errorf("got %q", got)
	}
}

func TestWhoDeletedItIsASuspectOfItsAbsence(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	brokenShop(w, now)
	w.put("zone2", thing("v1", "Service", "shop", "app3", object{"selector": object{"app": "app3"}}), write{at: now.Add(-3 * time.Minute), deleted: true})
	w.flush()
	if got := suspectsOf(t, w, "deleted:true kind:svc name=app3", now); len(got) == 0 || got[0] != "service/app3 deleted" {
		t.Errorf("got %q", got)
	}
}

func TestSuspectsOfNothing(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	brokenShop(w, now)
	if got := suspectsOf(t, w, "name:nothing-is-called-so", now); len(got) != 0 {
		t.Errorf("got %q", got)
	}
	if list, err := w.service.Suspects(t.Context(), access.Scope{}, "app:app2", now, time.Hour, 20); err != nil || len(list) != 0 {
		t.Errorf("the zero scope: got %d, %v", len(list), err)
	}
	for _, f := range []struct {
		query  string
		window time.Duration
		first  int
		want   string
	}{{"app:", time.Hour, 20, "QL_"}, {"app:app2", 0, 20, "BAD_REQUEST"}, {"app:app2", time.Hour, 1000, "BAD_PAGE_SIZE"}} {
		if _, err := w.service.Suspects(t.Context(), everyone, f.query, now, f.window, f.first); !strings.HasPrefix(access.Code(err), f.want) {
			t.Errorf("%+v: got %v", f, err)
		}
	}
}

// What controllers do because a Node went is no cause, the Node's going is.
func TestANodeThatWentIsSuspect(t *testing.T) {
	w := newWorld(t)
	now := time.Now().UTC().Truncate(time.Second)
	brokenShop(w, now.Add(-time.Hour))
	at := func(ago time.Duration) time.Time { return now.Add(-ago) }
	node := func(ready string, taints ...any) object {
		n := thing("v1", "Node", "", "n1", object{"taints": taints})
		n["status"] = object{"conditions": []any{object{"type": "Ready", "status": ready}}}
		return n
	}
	const zone = "zone2"
	w.put(zone, node("True"), write{at: at(20 * time.Minute), noise: true})
	d := deployment("shop", "app1", "app1:1.4.0", 2, 2)
	w.put(zone, d, write{at: at(20 * time.Minute), noise: true})
	w.put(zone, node("Unknown", object{"key": "node.kubernetes.io/unreachable", "effect": "NoSchedule"}), write{at: at(10 * time.Minute), by: "kube-controller-manager"})
	slice := func(ready bool) object {
		o := thing("discovery.k8s.io/v1", "EndpointSlice", "shop", "app1-x", nil)
		o["endpoints"] = []any{object{"conditions": object{"ready": ready}}}
		o["metadata"].(object)["labels"] = object{"app": "app1"}
		return o
	}
	w.put(zone, slice(true), write{at: at(20 * time.Minute), noise: true})
	w.put(zone, slice(false), write{at: at(10*time.Minute - time.Second), by: "kube-controller-manager"})
	w.put(zone, deployment("shop", "app1", "app1:1.4.0", 2, 0), write{at: at(10*time.Minute - 2*time.Second), noise: true})
	w.put(zone, node("True"), write{at: at(9 * time.Minute)})
	pod := owned("v1", "Pod", "job-1", thing("batch/v1", "Job", "shop", "job", object{}))
	w.put(zone, pod, write{at: at(15 * time.Minute), noise: true})
	pod = owned("v1", "Pod", "job-1", thing("batch/v1", "Job", "shop", "job", object{}))
	pod["metadata"].(object)["deletionTimestamp"] = "2026-11-01T00:00:00Z"
	w.put(zone, pod, write{at: at(10 * time.Minute)})
	w.flush()
	got := suspectsOf(t, w, "app:app1 kind:deploy cluster:zone2", now)
	if diff := cmp.Diff([]string{"node/n1 tainted node.kubernetes.io/unreachable:NoSchedule"}, got[:min(1, len(got))]); diff != "" || len(got) > 2 {
		t.Errorf("%s\n%q", diff, got)
	}
}
