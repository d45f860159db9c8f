package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestLabelsAndAnnotationsAreProvenByKubectl(t *testing.T) {
	const ns = "act-label"
	stage(t, ns, "zone1")
	f := func(name, resource, object, path, want string, args ...string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			ref := "zone1:" + ns + "/" + resource + "/" + object
			prove(t, ns, proof{args: slices.Insert(args, 1, ref), refs: []string{ref}, ran: func() {
				if got := kubectl(t, "zone1", "get", resource, object, "-n", ns, "-o", "jsonpath="+path); got != want {
					t.Errorf("%s of %s is %q, want %q", path, object, got, want)
				}
			}})
		})
	}
	f("labels of a workload", "deployments.apps", "web", "{.metadata.labels}", `{"app":"web","team":"pay","tier":"back"}`, "label", "team=pay", "tier=back", "--overwrite")
	f("a label is removed", "deployments.apps", "web", "{.metadata.labels}", `{"app":"web"}`, "label", "tier-")
	f("annotations, of what has none", "configmaps", "settings", "{.metadata.annotations.note}", "a=b", "annotate", "note=a=b")
	f("an annotation is replaced", "deployments.apps", "web", "{.metadata.annotations.note}", "new", "annotate", "note=new", "--overwrite")
}

// What is deleted is made again by undo, with another identity and the same content.
func TestDeleteIsProvenByKubectl(t *testing.T) {
	const ns = "act-delete"
	stage(t, ns, "zone1", "zone3")
	for _, x := range []struct{ resource, name string }{{"configmaps", "settings"}, {"deployments.apps", "web"}, {"horizontalpodautoscalers.autoscaling", "scaled"}} {
		t.Run(x.resource, func(t *testing.T) {
			refs := refsOf(ns, x.resource, x.name, "zone1", "zone3")
			prove(t, ns, proof{args: []string{"delete", x.resource, x.name, "-n", ns}, refs: refs, recreated: true, ran: func() {
				for _, ref := range refs {
					if now := witness(t, ref); now != nil {
						t.Errorf("%s is there still:\n%s", ref, now.yaml)
					}
				}
			}})
		})
	}
}

// kubectl apply notes what it applied on the object. The note repeats what may be secret, so it does not leave the
// cluster, and the plan says that an undo comes without it.
func TestDeleteSaysWhatUndoCannotBringBack(t *testing.T) {
	const ns = "act-note"
	file := filepath.Join(t.TempDir(), "note.yaml")
	object := "{apiVersion: v1, kind: Namespace, metadata: {name: " + ns + "}}\n---\n{apiVersion: v1, kind: ConfigMap, metadata: {name: noted, namespace: " + ns + "}, data: {a: b}}\n"
	if err := os.WriteFile(file, []byte(object), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone1", "delete", "namespace", ns, "--wait=false"); err != nil {
			t.Error(err)
		}
	})
	kubectl(t, "zone1", "apply", "-f", file)
	eventually(t, patience, "the hub knows it", func(ctx context.Context) error {
		a, err := search(ctx, "ns:"+ns+" name:noted kind:configmap")
		if err == nil && a.Search.Total != 1 {
			err = fmt.Errorf("found %d", a.Search.Total)
		}
		return err
	})
	a := makePlan(t, "delete", "configmap/noted", "-n", ns)
	if said := strings.Join(a.Targets[0].Warnings, " "); !strings.Contains(said, "kubectl apply notes") {
		t.Errorf("the plan's warnings are %q", said)
	}
}

// A Job that is run again, or made from a CronJob, is a new one; undo deletes it and nothing else.
func TestJobsAreRunAgainAndTriggered(t *testing.T) {
	const ns = "act-job"
	stage(t, ns, "zone1")
	jobs := func() []string {
		t.Helper()
		return strings.Fields(kubectl(t, "zone1", "get", "jobs", "-n", ns, "-o", "jsonpath={.items[*].metadata.name}"))
	}
	for _, x := range []struct {
		name    string
		ref     string
		args    []string
		witness string // what only such a Job has
	}{
		{"rerun", "zone1:" + ns + "/jobs.batch/once", []string{"rerun", "job/once", "-n", ns}, `jsonpath={.metadata.annotations.foretop\.io/rerun-of}`},
		{"trigger", "zone1:" + ns + "/cronjobs.batch/report", []string{"create", "job", "--from=cronjob/report", "-n", ns}, `jsonpath={.metadata.annotations.cronjob\.kubernetes\.io/instantiate}`},
	} {
		t.Run(x.name, func(t *testing.T) {
			quiet(t, ns, map[string]bool{"zone1": true})
			before, all, source := jobs(), inNamespace(t, "zone1", ns), witness(t, x.ref)
			a := makePlan(t, x.args...)
			if now := inNamespace(t, "zone1", ns); changedIn(all, now) != "" {
				t.Errorf("planning changed %s", changedIn(all, now))
			}
			done := runPlan(t, a, 0)
			made := slices.DeleteFunc(jobs(), func(name string) bool { return slices.Contains(before, name) })
			if len(made) != 1 {
				t.Fatalf("made are %q: %s", made, toJSON(done))
			}
			if got := kubectl(t, "zone1", "get", "job", made[0], "-n", ns, "-o", x.witness); got == "" {
				t.Errorf("job %s is not marked: %s", made[0], kubectl(t, "zone1", "get", "job", made[0], "-n", ns, "-o", "yaml"))
			}
			kubectl(t, "zone1", "wait", "job/"+made[0], "-n", ns, "--for=condition=complete", "--timeout=2m")
			if now := witness(t, x.ref); now.content(false) != source.content(false) {
				t.Errorf("%s was changed:\n%s", x.ref, strings.Join(happened(source, now), "\n"))
			}
			runPlan(t, makePlanOf(t, "actions", "undo", done.ID, "--plan", "-o", "json"), 0)
			kubectl(t, "zone1", "wait", "job/"+made[0], "-n", ns, "--for=delete", "--timeout=1m")
			if now := jobs(); !slices.Equal(now, before) {
				t.Errorf("jobs are %q after undo, and were %q", now, before)
			}
		})
	}
}

const appliedObjects = `
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, labels: {app: web}}
data: {mode: slow, added: "yes", lines: "one\ntwo\n"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: fresh}
spec:
  replicas: 1
  selector: {matchLabels: {app: fresh}}
  template:
    metadata: {labels: {app: fresh}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: app, image: "registry.example.com/shop/fresh:1.0"}]
---
apiVersion: v1
kind: Service
metadata: {name: fresh}
spec:
  selector: {app: fresh}
  ports: [{port: 80}]
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: fresh}
spec:
  rules: [{host: fresh.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: fresh, port: {number: 80}}}}]}}]
`

// A manifest is applied to several clusters, with what is different in one; undo deletes what it made, and puts back what it changed.
func TestApplyIsProvenByKubectl(t *testing.T) {
	const ns = "act-apply"
	stage(t, ns, "zone1", "zone3")
	file := filepath.Join(t.TempDir(), "app.yaml")
	if err := os.WriteFile(file, []byte(appliedObjects), 0o600); err != nil {
		t.Fatal(err)
	}
	refs := slices.Concat(refsOf(ns, "configmaps", "settings", "zone1", "zone3"), refsOf(ns, "deployments.apps", "fresh", "zone1", "zone3"),
		refsOf(ns, "services", "fresh", "zone1", "zone3"), refsOf(ns, "ingresses.networking.k8s.io", "fresh", "zone1", "zone3"))
	apply := []string{"apply", "-f", file, "-n", ns, "-C", "zone1,zone3", "--override", "zone3:replicas=2,registry=eu.example.com,env.REGION=eu"}

	// The ConfigMap's fields are kubectl's: that is said, and nothing is taken over unasked.
	a := makePlan(t, apply...)
	for _, x := range a.Targets {
		if conflict := strings.Contains(x.Ref, "/configmaps/"); conflict != (x.State == "BLOCKED") || conflict && !strings.Contains(x.Message+strings.Join(x.Warnings, " "), "kubectl") {
			t.Errorf("without --force-conflicts the target is %s", toJSON(x))
		}
	}
	all := map[string]map[string]objects{}
	clusters := map[string]bool{"zone1": true, "zone3": true}
	quiet(t, ns, clusters)
	before := map[string]*sight{}
	for _, ref := range refs {
		before[ref] = witness(t, ref)
	}
	for c := range clusters {
		all[c] = inNamespace(t, c, ns)
	}
	a = makePlan(t, append(apply, "--force-conflicts")...)
	for c := range clusters {
		if now := inNamespace(t, c, ns); changedIn(all[c], now) != "" {
			t.Errorf("%s: planning changed %s", c, changedIn(all[c], now))
		}
	}
	if got := a.refs(); !slices.Equal(got, slices.Sorted(slices.Values(refs))) {
		t.Fatalf("the plan is about %q", got)
	}
	done := runPlan(t, a, 0)
	deployment := func(cluster string) string {
		return kubectl(t, cluster, "get", "deploy", "fresh", "-n", ns, "-o", "jsonpath={.spec.replicas} {.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env}")
	}
	if got, want := deployment("zone1"), "1 registry.example.com/shop/fresh:1.0"; got != want {
		t.Errorf("zone1 has %s, want %s", got, want)
	}
	if got, want := deployment("zone3"), `2 eu.example.com/shop/fresh:1.0 [{"name":"REGION","value":"eu"}]`; got != want {
		t.Errorf("zone3 has %s, want %s", got, want)
	}
	for _, x := range a.Targets {
		if before[x.Ref] == nil {
			continue // what a new object gets besides is the server's
		}
		if got, want := happened(before[x.Ref], witness(t, x.Ref)), promised(x.Diff); !slices.Equal(got, want) {
			t.Errorf("%s: the plan says\n%s\nand happened is\n%s", x.Ref, strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
	}
	runPlan(t, makePlanOf(t, "actions", "undo", done.ID, "--plan", "-o", "json"), 0)
	for _, ref := range refs {
		if now := witness(t, ref); now.content(false) != before[ref].content(false) {
			t.Errorf("%s after undo is another than before:\n%s", ref, strings.Join(happened(before[ref], now), "\n"))
		}
	}
}
