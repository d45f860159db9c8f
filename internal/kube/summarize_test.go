package kube

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func decodeYAML(t testing.TB, y string) map[string]any {
	t.Helper()
	j, err := yaml.YAMLToJSON([]byte(y))
	if err != nil {
		t.Fatal(err)
	}
	obj, err := Decode(j)
	if err != nil {
		t.Fatal(err)
	}
	return obj
}

func summarize(t testing.TB, y string) Summary {
	t.Helper()
	s, err := Summarize(decodeYAML(t, y))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestDeploymentHealth(t *testing.T) {
	f := func(fact string, want Health, ready, spec, status string) {
		t.Helper()
		s := summarize(t, fmt.Sprintf("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, generation: 4}, spec: {%s}, status: {%s}}", spec, status))
		if s.Health != want || s.Status != string(want) || s.Ready != ready {
			t.Errorf("%s: got %s %q ready=%q, want %s ready=%q", fact, s.Health, s.Status, s.Ready, want, ready)
		}
	}
	f("all ready", Healthy, "true", "replicas: 3", "observedGeneration: 4, replicas: 3, updatedReplicas: 3, readyReplicas: 3")
	f("no replicas means one", Healthy, "true", "", "observedGeneration: 4, replicas: 1, updatedReplicas: 1, readyReplicas: 1")
	f("no replicas and none ready is not well", Degraded, "false", "", "observedGeneration: 4, replicas: 1, updatedReplicas: 1")
	f("spec not yet seen", Progressing, "false", "replicas: 3", "observedGeneration: 3, replicas: 3, updatedReplicas: 3, readyReplicas: 3")
	f("rollout moves", Progressing, "true", "replicas: 3", "observedGeneration: 4, replicas: 4, updatedReplicas: 1, readyReplicas: 3")
	f("old pods leave", Progressing, "true", "replicas: 3", "observedGeneration: 4, replicas: 4, updatedReplicas: 3, readyReplicas: 4")
	f("first pods start", Progressing, "false", "replicas: 3",
		"observedGeneration: 4, replicas: 3, updatedReplicas: 3, conditions: [{type: Progressing, status: 'True', reason: ReplicaSetUpdated}]")
	f("pods lost after the rollout", Degraded, "false", "replicas: 3",
		"observedGeneration: 4, replicas: 3, updatedReplicas: 3, readyReplicas: 2, conditions: [{type: Progressing, status: 'True', reason: NewReplicaSetAvailable}]")
	f("deadline exceeded", Degraded, "true", "replicas: 3",
		"observedGeneration: 4, replicas: 4, updatedReplicas: 1, readyReplicas: 3, conditions: [{type: Progressing, status: 'False', reason: ProgressDeadlineExceeded}]")
	f("pods cannot be made", Degraded, "false", "replicas: 3",
		"observedGeneration: 4, conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate}]")
	f("scaled to zero", Suspended, "true", "replicas: 0", "observedGeneration: 4")
	f("scaling to zero", Progressing, "true", "replicas: 0", "observedGeneration: 4, replicas: 2, readyReplicas: 2")
	f("paused", Suspended, "true", "replicas: 3, paused: true", "observedGeneration: 4, replicas: 3, updatedReplicas: 3, readyReplicas: 3")
}

func TestWorkloadHealth(t *testing.T) {
	f := func(fact string, want Health, y string) {
		t.Helper()
		if s := summarize(t, y); s.Health != want {
			t.Errorf("%s: got %s, want %s", fact, s.Health, want)
		}
	}
	f("stateful set whole", Healthy, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 2, currentRevision: a, updateRevision: a, updatedReplicas: 2}}")
	f("stateful set short", Degraded, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 1, currentRevision: a, updateRevision: a}}")
	f("stateful set rolling", Progressing, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 2, currentRevision: a, updateRevision: b, updatedReplicas: 1}}")
	f("stateful set held by its partition", Healthy, "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: db}, spec: {replicas: 2, updateStrategy: {rollingUpdate: {partition: 1}}}, status: {replicas: 2, readyReplicas: 2, currentRevision: a, updateRevision: b, updatedReplicas: 1}}")
	f("daemon set whole", Healthy, "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: ds}, status: {desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 3}}")
	f("daemon set short", Degraded, "{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: ds}, status: {desiredNumberScheduled: 3, currentNumberScheduled: 3, updatedNumberScheduled: 3, numberReady: 2}}")
	f("replica set of old", Suspended, "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: rs}, spec: {replicas: 0}, status: {replicas: 0}}")
	f("replica set short", Degraded, "{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: rs}, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 1}}")
	f("cron job asleep", Suspended, "{apiVersion: batch/v1, kind: CronJob, metadata: {name: c}, spec: {suspend: true}}")
	f("config map says nothing", Unknown, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}")
	f("autoscaler blind", Degraded, "{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h}, status: {conditions: [{type: ScalingActive, status: 'False', reason: FailedGetResourceMetric}]}}")
	f("deletion wins", Terminating, "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, deletionTimestamp: '2026-01-01T00:00:00Z'}, status: {replicas: 1, readyReplicas: 1, updatedReplicas: 1}}")
}

func TestStatusAsKubectlPrintsIt(t *testing.T) {
	f := func(fact, status string, health Health, y string) {
		t.Helper()
		if s := summarize(t, y); s.Status != status || s.Health != health {
			t.Errorf("%s: got %q %s, want %q %s", fact, s.Status, s.Health, status, health)
		}
	}
	pod := func(meta, spec, status string) string {
		return fmt.Sprintf("{apiVersion: v1, kind: Pod, metadata: {name: p%s}, spec: {%s}, status: {%s}}", meta, spec, status)
	}
	f("running", "Running", Healthy, pod("", "", "phase: Running, conditions: [{type: Ready, status: 'True'}], containerStatuses: [{ready: true, state: {running: {}}}]"))
	f("not ready yet", "Running", Progressing, pod("", "", "phase: Running, containerStatuses: [{ready: false, state: {running: {}}}]"))
	f("not ready again", "Running", Degraded, pod("", "", "phase: Running, containerStatuses: [{ready: false, restartCount: 1, lastState: {terminated: {reason: Error}}, state: {running: {}}}]"))
	f("crash loop", "CrashLoopBackOff", Degraded, pod("", "", "phase: Running, containerStatuses: [{restartCount: 4, lastState: {terminated: {reason: OOMKilled}}, state: {waiting: {reason: CrashLoopBackOff}}}]"))
	f("image", "ImagePullBackOff", Degraded, pod("", "", "phase: Pending, containerStatuses: [{state: {waiting: {reason: ImagePullBackOff}}}]"))
	f("creating", "ContainerCreating", Progressing, pod("", "", "phase: Pending, containerStatuses: [{state: {waiting: {reason: ContainerCreating}}}]"))
	f("unschedulable", "Pending", Degraded, pod("", "", "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: Unschedulable}]"))
	f("gated", "SchedulingGated", Progressing, pod("", "", "phase: Pending, conditions: [{type: PodScheduled, status: 'False', reason: SchedulingGated}]"))
	f("completed", "Completed", Healthy, pod("", "", "phase: Succeeded, containerStatuses: [{state: {terminated: {reason: Completed, exitCode: 0}}}]"))
	f("error", "Error", Failed, pod("", "", "phase: Failed, containerStatuses: [{state: {terminated: {reason: Error, exitCode: 1}}}]"))
	f("exit code", "ExitCode:3", Failed, pod("", "", "phase: Failed, containerStatuses: [{state: {terminated: {exitCode: 3}}}]"))
	f("evicted", "Evicted", Failed, pod("", "", "phase: Failed, reason: Evicted"))
	f("init running", "Init:0/2", Progressing, pod("", "initContainers: [{name: a}, {name: b}]", "phase: Pending, initContainerStatuses: [{name: a, state: {running: {}}}, {name: b, state: {waiting: {reason: PodInitializing}}}]"))
	f("second init", "Init:1/2", Progressing, pod("", "initContainers: [{name: a}, {name: b}]", "phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 0}}}, {name: b, state: {waiting: {reason: PodInitializing}}}]"))
	f("init fails", "Init:CrashLoopBackOff", Degraded, pod("", "initContainers: [{name: a}]", "phase: Pending, initContainerStatuses: [{name: a, state: {waiting: {reason: CrashLoopBackOff}}}]"))
	f("init exit", "Init:ExitCode:2", Degraded, pod("", "initContainers: [{name: a}]", "phase: Pending, initContainerStatuses: [{name: a, state: {terminated: {exitCode: 2}}}]"))
	f("sidecar does not hold", "Running", Healthy, pod("", "initContainers: [{name: a, restartPolicy: Always}]", "phase: Running, conditions: [{type: Ready, status: 'True'}], initContainerStatuses: [{name: a, started: true, state: {running: {}}}], containerStatuses: [{ready: true, state: {running: {}}}]"))
	f("one of two completed", "NotReady", Progressing, pod("", "", "phase: Running, containerStatuses: [{state: {terminated: {reason: Completed}}}, {ready: true, state: {running: {}}}]"))
	f("terminating", "Terminating", Terminating, pod(", deletionTimestamp: '2026-01-01T00:00:00Z'", "", "phase: Running"))
	f("completed while deleted", "Completed", Healthy, pod(", deletionTimestamp: '2026-01-01T00:00:00Z'", "", "phase: Succeeded, containerStatuses: [{state: {terminated: {reason: Completed}}}]"))
	f("node lost", "Unknown", Terminating, pod(", deletionTimestamp: '2026-01-01T00:00:00Z'", "", "phase: Running, reason: NodeLost"))

	f("node", "Ready", Healthy, "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: 'True'}]}}")
	f("cordoned", "Ready,SchedulingDisabled", Suspended, "{apiVersion: v1, kind: Node, metadata: {name: n1}, spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: 'True'}]}}")
	f("silent node", "NotReady", Degraded, "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: Unknown}]}}")
	f("full node", "Ready", Degraded, "{apiVersion: v1, kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: 'True'}, {type: DiskPressure, status: 'True'}]}}")
	f("claim", "Bound", Healthy, "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: n1}, status: {phase: Bound}}")
	f("claim waits", "Pending", Progressing, "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: n1}, status: {phase: Pending}}")
	f("namespace", "Active", Healthy, "{apiVersion: v1, kind: Namespace, metadata: {name: n1}, status: {phase: Active}}")
	f("namespace leaves", "Terminating", Terminating, "{apiVersion: v1, kind: Namespace, metadata: {name: n1, deletionTimestamp: '2026-01-01T00:00:00Z'}, status: {phase: Terminating}}")
	f("job", "Complete", Healthy, "{apiVersion: batch/v1, kind: Job, metadata: {name: n1}, status: {conditions: [{type: Complete, status: 'True'}]}}")
	f("job failed", "Failed", Failed, "{apiVersion: batch/v1, kind: Job, metadata: {name: n1}, status: {conditions: [{type: Failed, status: 'True', reason: BackoffLimitExceeded}]}}")
	f("job runs", "Running", Progressing, "{apiVersion: batch/v1, kind: Job, metadata: {name: n1}, status: {active: 1}}")
	f("config map", "", Unknown, "{apiVersion: v1, kind: ConfigMap, metadata: {name: n1}}")

	f("custom ready", "Healthy", Healthy, "{apiVersion: x.io/v1, kind: T, metadata: {name: n1}, status: {conditions: [{type: Ready, status: 'True'}]}}")
	f("custom behind", "Progressing", Progressing, "{apiVersion: x.io/v1, kind: T, metadata: {name: n1, generation: 2}, status: {observedGeneration: 1, conditions: [{type: Ready, status: 'True'}]}}")
	f("custom broken", "Degraded", Degraded, "{apiVersion: x.io/v1, kind: T, metadata: {name: n1}, status: {conditions: [{type: Ready, status: 'False', reason: BuildFailed}]}}")
	f("custom phase", "Provisioning", Progressing, "{apiVersion: x.io/v1, kind: T, metadata: {name: n1}, status: {phase: Provisioning}}")
	f("custom phase unheard of", "Pondering", Unknown, "{apiVersion: x.io/v1, kind: T, metadata: {name: n1}, status: {phase: Pondering}}")
	f("argo application", "Degraded", Degraded, "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: n1}, status: {health: {status: Degraded}}}")
	f("flux suspended", "Suspended", Suspended, "{apiVersion: kustomize.toolkit.fluxcd.io/v1, kind: Kustomization, metadata: {name: n1}, spec: {suspend: true}, status: {conditions: [{type: Ready, status: 'True'}]}}")
}

const crashing = `
apiVersion: v1
kind: Pod
metadata:
  name: app2-5d9c7b6f4-x2x7q
  namespace: shop
  uid: 0d4f3c5e-1111-4222-8333-abcdefabcdef
  resourceVersion: "812"
  creationTimestamp: "2026-11-21T10:00:00Z"
  labels: {app: app2, app.kubernetes.io/instance: shop-app2, pod-template-hash: 5d9c7b6f4}
  annotations: {note: secretword}
  ownerReferences:
  - {kind: Other, name: o, uid: u2}
  - {kind: ReplicaSet, name: app2-5d9c7b6f4, uid: u1, controller: true}
spec:
  nodeName: node-3
  initContainers: [{name: wait, image: "busybox:1.36"}]
  containers: [{name: app, image: "registry.example.com:5000/shop/app2:v1.5.0-broken"}, {name: proxy, image: "busybox:1.36"}]
status:
  phase: Running
  podIP: 10.0.3.17
  conditions: [{type: Ready, status: "False", reason: ContainersNotReady}]
  containerStatuses:
  - {name: app, restartCount: 7, ready: false, lastState: {terminated: {reason: OOMKilled, exitCode: 137}}, state: {waiting: {reason: CrashLoopBackOff}}}
  - {name: proxy, restartCount: 1, ready: true, state: {running: {}}}
`

func TestSummaryOfAPod(t *testing.T) {
	s := summarize(t, crashing)
	want := Summary{
		Version: "v1", Kind: "Pod", Namespace: "shop", Name: "app2-5d9c7b6f4-x2x7q", UID: "0d4f3c5e-1111-4222-8333-abcdefabcdef",
		ResourceVersion: "812", CreatedAt: timestamp(map[string]any{"t": "2026-11-21T10:00:00Z"}, "t"),
		Labels:      map[string]string{"app": "app2", "app.kubernetes.io/instance": "shop-app2", "pod-template-hash": "5d9c7b6f4"},
		Annotations: map[string]string{"note": "secretword"},
		App:         "shop-app2", Status: "CrashLoopBackOff", Health: Degraded, Ready: "false",
		Reasons: []string{"ContainersNotReady", "CrashLoopBackOff", "OOMKilled"},
		Images:  []string{"registry.example.com:5000/shop/app2:v1.5.0-broken", "busybox:1.36"},
		Node:    "node-3", Replicas: -1, ReadyReplicas: -1, Restarts: 8,
		OwnerUIDs: []string{"u1", "u2"}, OwnerRefs: []string{"ReplicaSet/app2-5d9c7b6f4", "Other/o"}, Controller: "ReplicaSet/app2-5d9c7b6f4",
		Conditions: map[string]string{"Ready": "False"}, Containers: []string{"app", "proxy", "wait"}, IPs: []string{"10.0.3.17"},
		ServiceAccount: "default", Uses: []string{"ServiceAccount/default"},
	}
	if d := cmp.Diff(want, s); d != "" {
		t.Error(d)
	}
}

func TestFreeTextFindsWhatItsTokensName(t *testing.T) {
	s := summarize(t, crashing)
	has := map[string]bool{}
	for _, token := range s.Tokens() {
		has[token] = true
	}
	f := func(query string, want bool) {
		t.Helper()
		for _, q := range QueryTokens(query) {
			if !has[q] {
				if want {
					t.Errorf("%q does not find the pod: it has no token %q\n%s", query, q, strings.Join(s.Tokens(), " "))
				}
				return
			}
		}
		if !want {
			t.Errorf("%q finds the pod", query)
		}
	}
	f("app2-5d9c7b6f4-x2x7q", true)
	f("x2x7q", true)
	f("APP2", true)
	f("shop", true)
	f("Pod", true)
	f("pods", true)
	f("10.0.3.17", true)
	f("10.0.3.1", false)
	f("0D4F3C5E-1111-4222-8333-abcdefabcdef", true)
	f("abcdefabcdef", false)
	f("registry.example.com:5000/shop/app2:v1.5.0-broken", true)
	f("app2:v1.5.0-broken", true)
	f("v1.5.0", true)
	f("1.5.0", true)
	f("1.5", false)
	f("busybox:1.36", true)
	f("crashloopbackoff", true)
	f("OOMKilled", true)
	f("proxy", true)
	f("node-3", true)
	f("app.kubernetes.io/instance", true)
	f("app=app2", true)
	f("secretword", false)
	f("degraded", true)
}

func TestKeyNamesAreFoundAndValuesAreNot(t *testing.T) {
	s := summarize(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {nginx.conf: 'listen 80'}}")
	if got, want := strings.Join(s.Tokens(), " "), "c conf configmap configmaps nginx nginx.conf"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestKeyNamesOfSecretsAreFound(t *testing.T) {
	s := summarize(t, `{apiVersion: v1, kind: Secret, metadata: {name: c, annotations: {foretop.io/redacted-keys: '{"tls.key":1704}'}}}`)
	if got, want := strings.Join(s.Tokens(), " "), "c key secret secrets tls tls.key"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlural(t *testing.T) {
	for _, b := range Builtins {
		if got := Plural(b.Kind); got != b.Resource {
			t.Errorf("got %q, want %q", got, b.Resource)
		}
	}
	if got := Plural("Gateway"); got != "gateways" {
		t.Errorf("got %q", got)
	}
}

func TestRefsReadBack(t *testing.T) {
	for _, s := range []string{"zone1:shop/deployments.apps/app2", "zone1:-/nodes/node-1", "zone1:-/clusterroles.rbac.authorization.k8s.io/system:node"} {
		r, err := ParseRef(s)
		if err != nil || r.String() != s {
			t.Errorf("got %q %v, want %q", r, err, s)
		}
	}
}
