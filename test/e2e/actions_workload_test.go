package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// refsOf are references to one object in several clusters.
func refsOf(namespace, resource, name string, clusters ...string) []string {
	var list []string
	for _, c := range clusters {
		list = append(list, c+":"+namespace+"/"+resource+"/"+name)
	}
	return list
}

// pods are the names of the pods that an application has and keeps.
func pods(t *testing.T, cluster, namespace, app string) []string {
	t.Helper()
	out := kubectl(t, cluster, "get", "pods", "-n", namespace, "-l", "app="+app, "-o", `go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.uid}} {{end}}{{end}}`)
	return slices.Sorted(slices.Values(strings.Fields(out)))
}

func TestRestartIsProvenByKubectl(t *testing.T) {
	const ns = "act-restart"
	stage(t, ns, "zone1", "zone3")
	for _, w := range []struct{ resource, name, app string }{{"deployments.apps", "web", "web"}, {"statefulsets.apps", "store", "store"}, {"daemonsets.apps", "agent", "agent"}} {
		t.Run(w.name, func(t *testing.T) {
			before := map[string][]string{}
			for _, c := range []string{"zone1", "zone3"} {
				before[c] = pods(t, c, ns, w.app)
			}
			prove(t, ns, proof{
				args: []string{"rollout", "restart", w.resource + "/" + w.name, "-n", ns},
				refs: refsOf(ns, w.resource, w.name, "zone1", "zone3"),
				ran: func() {
					for c, old := range before {
						now := pods(t, c, ns, w.app)
						if len(now) != len(old) || slices.ContainsFunc(now, func(uid string) bool { return slices.Contains(old, uid) }) {
							t.Errorf("%s: pods are %q after the restart, and were %q", c, now, old)
						}
					}
				},
			})
		})
	}
}

func TestScaleIsProvenByKubectl(t *testing.T) {
	const ns = "act-scale"
	stage(t, ns, "zone1", "zone3")
	for _, w := range []struct{ resource, name, app string }{{"deployments.apps", "web", "web"}, {"statefulsets.apps", "store", "store"}} {
		t.Run(w.name, func(t *testing.T) {
			prove(t, ns, proof{
				args: []string{"scale", w.resource, w.name, "-n", ns, "--current-replicas", "2", "--replicas", "4"},
				refs: refsOf(ns, w.resource, w.name, "zone1", "zone3"),
				ran: func() {
					for _, c := range []string{"zone1", "zone3"} {
						if now := pods(t, c, ns, w.app); len(now) != 4 {
							t.Errorf("%s: there are %d pods, want 4", c, len(now))
						}
					}
				},
			})
		})
	}
}

// Verbs on a pod template: images, environment, resources, and back to an earlier one.
func TestChangesOfATemplateAreProvenByKubectl(t *testing.T) {
	const ns = "act-template"
	stage(t, ns, "zone1", "zone2")
	web := refsOf(ns, "deployments.apps", "web", "zone1")
	both := refsOf(ns, "deployments.apps", "web", "zone1", "zone2")
	get := func(cluster, path string) string {
		t.Helper()
		return kubectl(t, cluster, "get", "deploy", "web", "-n", ns, "-o", "jsonpath="+path)
	}
	t.Run("set image", func(t *testing.T) {
		prove(t, ns, proof{
			args: []string{"set", "image", "deploy/web", "-n", ns, "web=registry.example.com/web:1.1"}, refs: both,
			ran: func() {
				for _, c := range []string{"zone1", "zone2"} {
					if got := get(c, "{.spec.template.spec.containers[*].image}"); got != "registry.example.com/web:1.1 registry.example.com/side:1.0" {
						t.Errorf("%s: images are %s", c, got)
					}
				}
			},
		})
	})
	t.Run("set image of every container of a StatefulSet, a DaemonSet and a CronJob", func(t *testing.T) {
		prove(t, ns, proof{
			args: []string{"set", "image", "-q", "kind:sts,ds,cj", "-n", ns, "-C", "zone1", "*=registry.example.com/other:2"},
			refs: slices.Concat(refsOf(ns, "statefulsets.apps", "store", "zone1"), refsOf(ns, "daemonsets.apps", "agent", "zone1"), refsOf(ns, "cronjobs.batch", "report", "zone1")),
		})
	})
	t.Run("set env", func(t *testing.T) {
		prove(t, ns, proof{
			args: []string{"set", "env", web[0], "-c", "web", "LOG_LEVEL=debug", "ADDED=1", "REGION-"}, refs: web,
			ran: func() {
				if got := get("zone1", "{.spec.template.spec.containers[0].env}"); got != `[{"name":"LOG_LEVEL","value":"debug"},{"name":"ADDED","value":"1"}]` {
					t.Errorf("env is %s", got)
				}
			},
		})
	})
	t.Run("set resources", func(t *testing.T) {
		prove(t, ns, proof{
			args: []string{"set", "resources", web[0], "-c", "web", "--requests", "cpu=20m", "--limits", "cpu=50m,memory="}, refs: web,
			ran: func() {
				if got := get("zone1", "{.spec.template.spec.containers[0].resources}"); got != `{"limits":{"cpu":"50m"},"requests":{"cpu":"20m","memory":"16Mi"}}` {
					t.Errorf("resources are %s", got)
				}
			},
		})
	})
	t.Run("rollout undo", func(t *testing.T) {
		kubectl(t, "zone1", "set", "image", "deploy/web", "-n", ns, "web=registry.example.com/web:1.2")
		kubectl(t, "zone1", "rollout", "status", "deploy/web", "-n", ns, "--timeout=2m")
		prove(t, ns, proof{
			args: []string{"rollout", "undo", web[0]}, refs: web,
			ran: func() {
				if got := get("zone1", "{.spec.template.spec.containers[0].image}"); got == "registry.example.com/web:1.2" {
					t.Errorf("the image is %s still", got)
				}
			},
		})
	})
	t.Run("rollout undo to a version of history", func(t *testing.T) {
		version := versionWith(t, web[0], "web:1.1")
		prove(t, ns, proof{
			args: []string{"rollout", "undo", web[0], "--to-version", version}, refs: web,
			ran: func() {
				if got := get("zone1", "{.spec.template.spec.containers[0].image}"); got != "registry.example.com/web:1.1" {
					t.Errorf("the image is %s", got)
				}
			},
		})
	})
	t.Run("revert", func(t *testing.T) {
		kubectl(t, "zone1", "patch", "deploy/web", "-n", ns, "--type=merge", "-p", `{"spec":{"minReadySeconds":1}}`)
		version := changed(t, web[0], "minReadySeconds")
		kubectl(t, "zone1", "annotate", "deploy/web", "-n", ns, "later=stays")
		prove(t, ns, proof{
			args: []string{"revert", web[0], "--version", version}, refs: web,
			ran: func() {
				if got := get("zone1", "{.spec.minReadySeconds}/{.metadata.annotations.later}"); got != "/stays" {
					t.Errorf("minReadySeconds and the later annotation are %s", got)
				}
			},
		})
	})
}

func TestPausesAndBoundsAreProvenByKubectl(t *testing.T) {
	const ns = "act-pause"
	stage(t, ns, "zone2")
	f := func(name, resource, object, path, want string, args ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			refs := refsOf(ns, resource, object, "zone2")
			prove(t, ns, proof{args: slices.Concat(args, []string{"-n", ns, "-C", "zone2"}), refs: refs, ran: func() {
				if got := kubectl(t, "zone2", "get", resource, object, "-n", ns, "-o", "jsonpath="+path); got != want {
					t.Errorf("%s of %s is %q, want %q", path, object, got, want)
				}
			}})
		})
	}
	f("pause a Deployment", "deployments.apps", "web", "{.spec.paused}", "true", "rollout", "pause", "deploy/web")
	f("suspend a CronJob", "cronjobs.batch", "report", "{.spec.suspend}", "true", "rollout", "pause", "cronjob/report")
	kubectl(t, "zone2", "rollout", "pause", "deploy/web", "-n", ns)
	f("resume a Deployment", "deployments.apps", "web", "{.spec.paused}", "", "rollout", "resume", "deploy/web")
	f("bounds of an autoscaler", "horizontalpodautoscalers.autoscaling", "scaled", "{.spec.minReplicas} {.spec.maxReplicas}", "3 6", "scale", "hpa/scaled", "--min", "3", "--max", "6")
	f("bounds through what it scales", "horizontalpodautoscalers.autoscaling", "scaled", "{.spec.minReplicas} {.spec.maxReplicas}", "3 5", "scale", "deploy/scaled", "--replicas", "3", "--max", "5")
}

type versionView struct {
	ID, Summary, YAML string
	ChangedPaths      []string
}

// versions answers history as soon as one of it is what the test waits for.
func versions(t *testing.T, ref, what string, is func(versionView) bool) string {
	t.Helper()
	id := ""
	eventually(t, patience, "history has "+what, func(ctx context.Context) error {
		var a struct{ History struct{ Nodes []versionView } }
		if err := stand.Ask(ctx, `query($ref: ID!) { history(ref: $ref, first: 500) { nodes { id summary yaml changedPaths } } }`, map[string]any{"ref": ref}, &a); err != nil {
			return err
		}
		i := slices.IndexFunc(a.History.Nodes, is)
		if i < 0 {
			return fmt.Errorf("%d versions", len(a.History.Nodes))
		}
		id = a.History.Nodes[i].ID
		return nil
	})
	return id
}

func versionWith(t *testing.T, ref, text string) string {
	t.Helper()
	return versions(t, ref, text, func(v versionView) bool { return strings.Contains(v.YAML, text) })
}

func changed(t *testing.T, ref, path string) string {
	t.Helper()
	return versions(t, ref, path, func(v versionView) bool { return strings.Contains(strings.Join(v.ChangedPaths, " "), path) })
}
