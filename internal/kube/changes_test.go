package kube

import (
	"strings"
	"testing"
)

const before = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: app2
  generation: 3
  resourceVersion: "10"
  labels: {app: app2}
  annotations: {deployment.kubernetes.io/revision: "1"}
spec:
  replicas: 3
  template:
    metadata: {labels: {app: app2}}
    spec:
      containers:
      - name: app
        image: registry.example.com/app2:1.4.0
        env: [{name: MODE, value: fast}]
        ports: [{containerPort: 80}]
        args: [a, b]
status: {readyReplicas: 3, replicas: 3, updatedReplicas: 3}
`

func edit(t *testing.T, pairs ...string) map[string]any {
	t.Helper()
	y := before
	for i := 0; i < len(pairs); i += 2 {
		if !strings.Contains(y, pairs[i]) {
			t.Fatalf("the object holds no %q", pairs[i])
		}
		y = strings.ReplaceAll(y, pairs[i], pairs[i+1])
	}
	return decodeYAML(t, y)
}

func TestNoise(t *testing.T) {
	for path, want := range map[string]bool{
		"status": true, "status.phase": true, "statuses": false, "spec.status": false,
		"endpoints[0].conditions.ready": true, "endpoints": false, "endpoints[0].nodeName": false, "spec.endpoints[0].conditions.ready": false,
		"metadata.annotations[deployment.kubernetes.io/revision]": true, "metadata.annotations.team": false, "metadata.labels.team": false,
	} {
		if got := Noise(path); got != want {
			t.Errorf("%s: %v", path, got)
		}
	}
}

func TestTaintsInWords(t *testing.T) {
	f := func(want, old, now string) {
		t.Helper()
		node := func(taints string) map[string]any {
			return decodeYAML(t, "{apiVersion: v1, kind: Node, metadata: {name: n}, spec: {"+taints+"}}")
		}
		paths, _ := ChangedPaths(node(old), node(now))
		if got := Sentence(node(old), node(now), paths); got != want {
			t.Errorf("%s to %s: %q, want %q", old, now, got, want)
		}
	}
	f("tainted gone:NoSchedule", "", "taints: [{key: gone, effect: NoSchedule}]")
	f("no longer tainted gone:NoSchedule", "taints: [{key: gone, effect: NoSchedule}]", "")
	f("tainted gone:NoExecute", "taints: [{key: gone, effect: NoSchedule}]", "taints: [{key: gone, effect: NoSchedule}, {key: gone, effect: NoExecute}]")
	f("tainted b:NoSchedule", "taints: [{key: a, effect: NoSchedule}]", "taints: [{key: a, effect: NoSchedule}, {key: b, effect: NoSchedule}]")
	f("cordoned", "", "unschedulable: true")
}

func TestChanges(t *testing.T) {
	f := func(paths string, meaningful bool, sentence string, pairs ...string) {
		t.Helper()
		old, now := decodeYAML(t, before), edit(t, pairs...)
		got, gotMeaningful := ChangedPaths(old, now)
		if strings.Join(got, " ") != paths || gotMeaningful != meaningful {
			t.Errorf("got %q meaningful=%v, want %q meaningful=%v", got, gotMeaningful, paths, meaningful)
		}
		if s := Sentence(old, now, got); s != sentence {
			t.Errorf("got sentence %q, want %q", s, sentence)
		}
	}
	f("", false, "nothing but its version changed", `"10"`, `"11"`, "generation: 3", "generation: 4")
	f("spec.template.spec.containers[app].image", true, "image app2: 1.4.0 -> 1.5.0-broken", "1.4.0", "1.5.0-broken")
	f("spec.template.spec.containers[app].image", true, "image app: registry.example.com/app2:1.4.0 -> other:1", "registry.example.com/app2:1.4.0", "other:1")
	f("spec.replicas", true, "replicas 3 -> 5", "\n  replicas: 3", "\n  replicas: 5")
	f("spec.replicas", true, "replicas 3 -> none", "\n  replicas: 3", "")
	f("spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]", true, "restarted",
		"metadata: {labels: {app: app2}}", "metadata: {labels: {app: app2}, annotations: {kubectl.kubernetes.io/restartedAt: now}}")
	f("metadata.labels.tier", true, "label tier added", "  labels: {app: app2}\n  annotations", "  labels: {app: app2, tier: web}\n  annotations")
	f("metadata.labels.app", true, "label app: app2 -> web", "  labels: {app: app2}\n  annotations", "  labels: {app: web}\n  annotations")
	f("metadata.labels.app", true, "label app removed", "  labels: {app: app2}\n", "")
	f("metadata.annotations[deployment.kubernetes.io/revision]", false, "metadata.annotations[deployment.kubernetes.io/revision] changed", `revision: "1"`, `revision: "2"`)
	f("status.readyReplicas", false, "status Healthy -> Degraded", "readyReplicas: 3", "readyReplicas: 2")
	f("spec.template.spec.containers[app].env[MODE].value", true, "env MODE: fast -> slow", "fast", "slow")
	f("spec.template.spec.containers[app].ports[80] spec.template.spec.containers[app].ports[81]", true,
		"spec.template.spec.containers[app].ports[80] removed, spec.template.spec.containers[app].ports[81] added", "containerPort: 80", "containerPort: 81")
	f("spec.template.spec.containers[app].args", true, "spec.template.spec.containers[app].args changed", "[a, b]", "[a, b, c]")
	f("spec.replicas spec.template.spec.containers[app].args spec.template.spec.containers[app].image status.readyReplicas", true,
		"replicas 3 -> 5, image app2: 1.4.0 -> 1.5.0 and 1 more", "\n  replicas: 3", "\n  replicas: 5", "1.4.0", "1.5.0", "[a, b]", "[a, c]", "readyReplicas: 3", "readyReplicas: 1")
	f("spec.template.spec.containers[app] spec.template.spec.containers[web]", true, "container app removed, container web added", "name: app\n", "name: web\n")
}

func TestSentencesShowNoData(t *testing.T) {
	old := decodeYAML(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: before}}")
	now := decodeYAML(t, "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: after}}")
	paths, _ := ChangedPaths(old, now)
	if got := Sentence(old, now, paths); got != "key a changed" {
		t.Errorf("got %q", got)
	}
	if got := Sentence(now, now, []string{"data"}); got != "data changed" {
		t.Errorf("got %q", got)
	}
}

func TestFirstAndLastVersionHaveSentences(t *testing.T) {
	obj := decodeYAML(t, before)
	if got := Sentence(nil, obj, nil); got != "first seen" {
		t.Errorf("got %q", got)
	}
	if got := Sentence(obj, nil, nil); got != "deleted" {
		t.Errorf("got %q", got)
	}
}

func TestActor(t *testing.T) {
	deployer := Manager{Name: "deployer", Operation: "Apply", Time: 100, FieldsV1: []byte(`{"f:spec":{"f:template":{"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{"f:image":{}}}}}},"f:metadata":{"f:labels":{"f:app.kubernetes.io/name":{}}}}`)}
	scaler := Manager{Name: "kubectl", Operation: "Update", Time: 200, FieldsV1: []byte(`{"f:spec":{"f:replicas":{}}}`)}
	controller := Manager{Name: "kube-controller-manager", Operation: "Update", Subresource: "status", Time: 300, FieldsV1: []byte(`{"f:status":{"f:readyReplicas":{}},"f:metadata":{"f:annotations":{"f:deployment.kubernetes.io/revision":{}}}}`)}
	all := []Manager{controller, scaler, deployer}
	f := func(fact, want string, managers []Manager, paths ...string) {
		t.Helper()
		if got := ActorOf(managers, paths); got != want {
			t.Errorf("%s: got %q, want %q", fact, got, want)
		}
	}
	f("owner of the path", "deployer", all, "spec.template.spec.containers[app].image")
	f("owner of a label with dots", "deployer", all, "metadata.labels[app.kubernetes.io/name]")
	f("another's path", "kubectl", all, "spec.replicas")
	f("status", "kube-controller-manager", all, "status.readyReplicas")
	f("the meaningful change decides", "kubectl", all, "spec.replicas", "status.readyReplicas")
	f("newest of two", "kubectl", all, "spec.replicas", "spec.template.spec.containers[app].image")
	f("a whole that holds an owned field", "deployer", all, "spec.template")
	f("nobody", "", all, "spec.paused")
	f("no managers", "", nil, "spec.replicas")
	f("nothing changed", "", all)
}

func TestUnifiedDiffLeavesBookkeepingOut(t *testing.T) {
	old, now := decodeYAML(t, before), edit(t, "1.4.0", "1.5.0", `"10"`, `"11"`, "readyReplicas: 3", "readyReplicas: 2")
	got, err := UnifiedDiff(old, now, false)
	if err != nil {
		t.Fatal(err)
	}
	want := `--- before
+++ after
@@ -20,7 +20,7 @@
         env:
         - name: MODE
           value: fast
-        image: registry.example.com/app2:1.4.0
+        image: registry.example.com/app2:1.5.0
         name: app
         ports:
         - containerPort: 80
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	withStatus, err := UnifiedDiff(old, now, true)
	if err != nil || !strings.Contains(withStatus, "-  readyReplicas: 3\n+  readyReplicas: 2\n") {
		t.Errorf("got %v\n%s", err, withStatus)
	}
	if got, err := UnifiedDiff(old, edit(t, `"10"`, `"11"`), false); got != "" || err != nil {
		t.Errorf("got %q %v", got, err)
	}
}

func BenchmarkChangedPaths(b *testing.B) {
	old := decodeYAML(b, before)
	now := decodeYAML(b, strings.ReplaceAll(before, "1.4.0", "1.5.0"))
	b.ReportAllocs()
	for b.Loop() {
		ChangedPaths(old, now)
	}
}
