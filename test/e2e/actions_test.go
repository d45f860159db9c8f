package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
)

// The frame in which every verb is proven, with kubectl as the witness: a dry run changes nothing in the namespace, a
// run changes what the plan's difference says and nothing else, undo puts back what was there, byte by byte.

// plan is an action as foretop prints it with -o json.
type plan struct {
	ID, State, Title string
	ConfirmPhrase    *string
	Warnings         []string
	CanUndo          bool
	Done, Failed     int
	Targets          []planTarget
}

type planTarget struct {
	Ref, State, Message, Diff, Change string
	Warnings                          []string
	CanUndo                           bool
}

// proof is a verb on objects and what is peculiar to it.
type proof struct {
	args      []string // of foretop
	refs      []string // that the plan is to be about
	recreated bool     // undo makes another object with the same content
	ran       func()   // looks at the clusters between run and undo
}

// prove plans, runs and undoes, and asks kubectl after each.
func prove(t *testing.T, namespace string, p proof) {
	t.Helper()
	clusters := map[string]bool{}
	for _, ref := range p.refs {
		clusters[reference(ref).cluster] = true
	}
	quiet(t, namespace, clusters)
	before := map[string]*sight{}
	for _, ref := range p.refs {
		before[ref] = witness(t, ref)
	}
	all := map[string]map[string]objects{}
	for c := range clusters {
		all[c] = inNamespace(t, c, namespace)
	}

	a := makePlan(t, p.args...)
	for c := range clusters {
		if now := inNamespace(t, c, namespace); !reflect.DeepEqual(now, all[c]) {
			t.Errorf("%s: planning changed %s", c, changedIn(all[c], now))
		}
	}
	for _, ref := range p.refs {
		if now := witness(t, ref); now.content(false) != before[ref].content(false) {
			t.Errorf("planning changed %s:\n%s", ref, strings.Join(happened(before[ref], now), "\n"))
		}
	}
	if got := a.refs(); !slices.Equal(got, slices.Sorted(slices.Values(p.refs))) {
		t.Fatalf("the plan is about %q, want %q", got, p.refs)
	}
	for _, x := range a.Targets {
		if x.State != "READY" || x.Diff == "" || x.Change == "" {
			t.Fatalf("target is %s", toJSON(x))
		}
	}

	done := runPlan(t, a, 0)
	for _, x := range a.Targets {
		now := witness(t, x.Ref)
		if got, want := happened(before[x.Ref], now), promised(x.Diff); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: the plan says\n%s\nand happened is\n%s", x.Ref, strings.Join(want, "\n"), strings.Join(got, "\n"))
		}
	}
	if p.ran != nil {
		p.ran()
	}
	if !done.CanUndo {
		t.Fatalf("%s cannot be undone: %s", done.ID, toJSON(done.Targets))
	}
	undo := makePlanOf(t, "actions", "undo", done.ID, "--plan", "-o", "json")
	runPlan(t, undo, 0)
	for _, ref := range p.refs {
		now := witness(t, ref)
		if got, want := now.content(p.recreated), before[ref].content(p.recreated); got != want {
			t.Errorf("%s after undo is another than before:\n%s", ref, strings.Join(linesApart(want, got), "\n"))
		}
	}
}

func (p *plan) refs() []string {
	var list []string
	for _, x := range p.Targets {
		list = append(list, x.Ref)
	}
	slices.Sort(list)
	return list
}

func makePlan(t *testing.T, args ...string) *plan {
	t.Helper()
	return makePlanOf(t, slices.Concat(args, []string{"--plan", "-o", "json", "--reason", "proof"})...)
}

func makePlanOf(t *testing.T, args ...string) *plan {
	t.Helper()
	out, errOut, code := cli(t, args...)
	if code != 0 {
		t.Fatalf("foretop %s exits with %d\n%s%s", strings.Join(args, " "), code, out, errOut)
	}
	a := &plan{}
	if err := json.Unmarshal([]byte(out), a); err != nil {
		t.Fatalf("foretop %s prints %q: %v", strings.Join(args, " "), out, err)
	}
	if a.State != "PLANNED" || len(a.Targets) == 0 {
		t.Fatalf("foretop %s makes %s", strings.Join(args, " "), out)
	}
	return a
}

// runPlan runs a plan with what confirms it and answers it as it ended.
func runPlan(t *testing.T, a *plan, want int) *plan {
	t.Helper()
	confirm := "--yes"
	if a.ConfirmPhrase != nil {
		confirm = "--confirm=" + *a.ConfirmPhrase
	}
	out, errOut, code := cli(t, "actions", "run", a.ID, confirm, "-o", "json")
	done := &plan{}
	if err := json.Unmarshal([]byte(out), done); err != nil || code != want {
		t.Fatalf("running %s (%s) exits with %d\n%s%s", a.ID, a.Title, code, out, errOut)
	}
	return done
}

// place is a reference taken apart.
type place struct{ cluster, namespace, resource, name string }

func reference(ref string) place {
	cluster, rest, _ := strings.Cut(ref, ":")
	parts := strings.SplitN(rest, "/", 3)
	return place{cluster, strings.TrimPrefix(parts[0], "-"), parts[1], parts[2]}
}

func (p place) args(args ...string) []string {
	args = append([]string{"get", p.resource, p.name}, args...)
	if p.namespace != "" {
		args = append(args, "-n", p.namespace)
	}
	return args
}

// sight is an object as kubectl prints it; nil when there is none.
type sight struct{ yaml, json string }

func witness(t *testing.T, ref string) *sight {
	t.Helper()
	p := reference(ref)
	text := kubectl(t, p.cluster, p.args("--ignore-not-found", "-o", "yaml")...)
	if text == "" {
		return nil
	}
	return &sight{text, kubectl(t, p.cluster, p.args("-o", "json")...)}
}

// content is the object without what servers set, as JSON. One that was made again has another identity and age.
func (s *sight) content(recreated bool) string {
	if s == nil {
		return ""
	}
	var o map[string]any
	if err := json.Unmarshal([]byte(s.json), &o); err != nil {
		return err.Error()
	}
	delete(o, "status")
	meta := o["metadata"].(map[string]any)
	for _, field := range []string{"resourceVersion", "generation", "managedFields"} {
		delete(meta, field)
	}
	if recreated {
		delete(meta, "uid")
		delete(meta, "creationTimestamp")
	}
	if annotations, ok := meta["annotations"].(map[string]any); ok {
		for _, key := range byOthers {
			delete(annotations, key)
		}
		if len(annotations) == 0 {
			delete(meta, "annotations")
		}
	}
	return string(must(json.MarshalIndent(o, "", " ")))
}

// byOthers are annotations that count changes of a template: a Deployment's controller and the API server write them.
var byOthers = []string{"deployment.kubernetes.io/revision", "deprecated.daemonset.template.generation"}

var (
	serverSet = regexp.MustCompile(`(?m)^  (resourceVersion|generation|uid|creationTimestamp): .*(\n|\z)`)
	restarted = regexp.MustCompile(`restartedAt: .*`)
)

// happened is what kubectl sees changed, as lines of a difference in order.
func happened(before, after *sight) []string {
	return linesApart(before.shown(), after.shown())
}

// shown is the object as a plan's difference shows it.
func (s *sight) shown() string {
	if s == nil {
		return ""
	}
	text, _, _ := strings.Cut(s.yaml, "\nstatus:")
	return strings.TrimRight(serverSet.ReplaceAllString(text, ""), "\n")
}

// linesApart is what two texts differ in.
func linesApart(before, after string) []string {
	count := map[string]int{}
	for sign, text := range map[int]string{-1: before, 1: after} {
		for line := range strings.Lines(text) {
			count[strings.TrimSuffix(line, "\n")] += sign
		}
	}
	return signed(count)
}

// promised is what a unified difference says, in the same form.
func promised(diff string) []string {
	count := map[string]int{}
	for _, line := range strings.Split(diff, "\n") {
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"), line == "":
		case line[0] == '-':
			count[line[1:]]--
		case line[0] == '+':
			count[line[1:]]++
		}
	}
	return signed(count)
}

// signed leaves out what cancels itself and what others write. The moment of a restart is that of its run, not of its plan.
func signed(count map[string]int) []string {
	var list []string
	for line, n := range count {
		if slices.ContainsFunc(byOthers, func(key string) bool { return strings.Contains(line, key+":") }) {
			continue
		}
		sign := "+"
		if n < 0 {
			sign, n = "-", -n
		}
		for range n {
			list = append(list, sign+restarted.ReplaceAllString(line, "restartedAt: NOW"))
		}
	}
	slices.Sort(list)
	return list
}

// inNamespace are the versions of everything in a namespace, but for events, which report and are not changed.
func inNamespace(t *testing.T, cluster, namespace string) map[string]objects {
	t.Helper()
	m := must(openMember(cluster))
	kinds, err := m.kinds(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var wait sync.WaitGroup
	all := map[string]objects{}
	limit := make(chan struct{}, 8)
	for _, k := range kinds {
		if k.resource == "events" {
			continue
		}
		wait.Go(func() {
			limit <- struct{}{}
			defer func() { <-limit }()
			found, err := m.list(t.Context(), k)
			if err != nil {
				t.Error(err)
			}
			maps.DeleteFunc(found, func(name string, _ version) bool { return !strings.HasPrefix(name, namespace+"/") })
			if k.resource == "horizontalpodautoscalers" { // they report every 15 s
				for name := range found {
					found[name] = version{uid: found[name].uid}
				}
			}
			if len(found) > 0 {
				mu.Lock()
				defer mu.Unlock()
				all[k.String()] = found
			}
		})
	}
	wait.Wait()
	return all
}

func changedIn(before, after map[string]objects) string {
	var lines []string
	for _, k := range slices.Sorted(maps.Keys(before)) {
		lines = append(lines, difference(k, after[k], before[k])...)
	}
	for _, k := range slices.Sorted(maps.Keys(after)) {
		if before[k] == nil {
			lines = append(lines, difference(k, after[k], nil)...)
		}
	}
	return strings.Join(lines, "; ")
}

// quiet waits until nobody changes anything in a namespace any more, for several looks at all of it.
func quiet(t *testing.T, namespace string, clusters map[string]bool) {
	t.Helper()
	for c := range clusters {
		var last map[string]objects
		same := 0
		eventually(t, patience, "nothing moves in "+namespace+" of "+c, func(context.Context) error {
			now := inNamespace(t, c, namespace)
			if !reflect.DeepEqual(now, last) {
				was := last
				last, same = now, 0
				return fmt.Errorf("%s", changedIn(was, now))
			}
			if same++; same < 5 {
				return fmt.Errorf("it is quiet since %d looks", same)
			}
			return nil
		})
	}
}

// stage makes a namespace of workloads in clusters, and takes it away in the end.
func stage(t *testing.T, namespace string, clusters ...string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stage.yaml")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(stageObjects, "NAMESPACE", namespace)), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range clusters {
		t.Cleanup(func() {
			if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), c, "delete", "namespace", namespace, "--wait=false", "--ignore-not-found"); err != nil {
				t.Error(err)
			}
		})
		kubectl(t, c, "apply", "--server-side", "-f", path)
	}
	for _, c := range clusters {
		for _, w := range []string{"deployment/web", "deployment/scaled", "statefulset/store", "daemonset/agent"} {
			kubectl(t, c, "rollout", "status", w, "-n", namespace, "--timeout=2m")
		}
		kubectl(t, c, "wait", "job/once", "-n", namespace, "--for=condition=complete", "--timeout=2m")
	}
	eventually(t, patience, "the hub knows "+namespace, func(ctx context.Context) error {
		a, err := search(ctx, "ns:"+namespace+" kind:configmap name:settings")
		if err == nil && a.Search.Total != len(clusters) {
			err = fmt.Errorf("in %d of %d clusters", a.Search.Total, len(clusters))
		}
		return err
	})
}

const stageObjects = `
apiVersion: v1
kind: Namespace
metadata: {name: NAMESPACE}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: NAMESPACE, labels: {app: web, tier: front}, annotations: {note: as it was}}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: web
          image: registry.example.com/web:1.0
          env: [{name: LOG_LEVEL, value: info}, {name: REGION, value: eu}]
          resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {memory: 32Mi}}
        - {name: side, image: "registry.example.com/side:1.0"}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: scaled, namespace: NAMESPACE, labels: {app: scaled}}
spec:
  replicas: 2
  selector: {matchLabels: {app: scaled}}
  template:
    metadata: {labels: {app: scaled}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: app, image: "registry.example.com/scaled:1.0", resources: {requests: {cpu: 10m}}}]
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: scaled, namespace: NAMESPACE}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: scaled}
  minReplicas: 2
  maxReplicas: 4
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 70}}}]
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: store, namespace: NAMESPACE}
spec:
  serviceName: store
  replicas: 2
  selector: {matchLabels: {app: store}}
  template:
    metadata: {labels: {app: store}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: store, image: "registry.example.com/store:1.0"}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: NAMESPACE}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      terminationGracePeriodSeconds: 1
      containers: [{name: agent, image: "registry.example.com/agent:1.0"}]
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: report, namespace: NAMESPACE}
spec:
  schedule: "0 0 1 1 *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{name: report, image: "registry.example.com/report:1.0"}]
---
apiVersion: batch/v1
kind: Job
metadata: {name: once, namespace: NAMESPACE}
spec:
  template:
    spec:
      restartPolicy: Never
      containers: [{name: once, image: "registry.example.com/once:1.0"}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: settings, namespace: NAMESPACE, labels: {app: web}}
data: {mode: fast, lines: "one\ntwo\n"}
`
