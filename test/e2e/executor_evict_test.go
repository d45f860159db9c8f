package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

const evictable = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 3
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: "registry.local/web:1"}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 2
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.local/db:1"}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: one}
spec:
  selector: {matchLabels: {app: one}}
  template:
    metadata: {labels: {app: one}}
    spec: {containers: [{name: one, image: "registry.local/one:1"}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web-budget}
spec: {minAvailable: 3, selector: {matchLabels: {app: web}}}
`

// uids are the Pods with a label, by name of their own.
func (b *bench) uids(selector string) []string {
	b.t.Helper()
	out := strings.Fields(kubectl(b.t, b.cluster, "-n", b.namespace, "get", "pods", "-l", selector, "-o", "jsonpath={.items[*].metadata.uid}"))
	slices.Sort(out)
	return out
}

func (b *bench) rolledOut(workloads ...string) {
	b.t.Helper()
	for _, w := range workloads {
		kubectl(b.t, b.cluster, "-n", b.namespace, "rollout", "status", w, "--timeout=60s")
	}
}

// evictAll asks for step after step until no Pod is left to go.
func (b *bench) evictAll(object string, v *ingestpb.EvictVerb, after func(*ingestpb.CommandResult)) {
	b.t.Helper()
	eventually(b.t, patience, "all Pods of "+object+" are evicted", func(context.Context) error {
		r := b.run(b.to(object, v), commandOK, "")
		if after != nil {
			after(r)
		}
		if e := r.Evictions; e.Left > 0 {
			return fmt.Errorf("%d are left: %s", e.Left, e.WaitingFor)
		}
		return nil
	})
}

func TestTheExecutorRestartsByEviction(t *testing.T) {
	b := openBench(t, "executor-evict")
	b.apply(evictable)
	b.rolledOut("deployment/web", "deployment/one", "statefulset/db")
	before := time.Now().Add(time.Second).UnixMilli()
	eventually(t, patience, "the second of creation is over, and the budget is known", func(context.Context) error {
		if time.Now().UnixMilli() < before {
			return fmt.Errorf("not yet")
		}
		if got := b.jsonpath("pdb/web-budget", "{.status.currentHealthy}"); got != "3" {
			return fmt.Errorf("%s are healthy", got)
		}
		return nil
	})
	evict := func() *ingestpb.EvictVerb { return &ingestpb.EvictVerb{CreatedBeforeMs: before, AtMost: 1} }
	const web = "deployments.apps/web"
	old := b.uids("app=web")

	r := b.run(dry(b.to(web, evict())), commandOK, "")
	if e := r.Evictions; e.Left != 3 || len(e.Evicted) != 0 || !strings.HasPrefix(e.WaitingFor, "The PodDisruptionBudget web-budget does not let Pod web-") {
		t.Errorf("the dry run says %v", e)
	}
	r = b.run(b.to(web, evict()), commandOK, "")
	if e := r.Evictions; e.Left != 3 || len(e.Evicted) != 0 || !strings.Contains(e.WaitingFor, "web-budget") {
		t.Errorf("held up by the budget, the run says %v", e)
	}
	if got := b.uids("app=web"); !slices.Equal(got, old) {
		t.Errorf("Pods are %v, want %v", got, old)
	}

	kubectl(t, b.cluster, "-n", b.namespace, "patch", "pdb", "web-budget", "--type=merge", "-p", `{"spec":{"minAvailable":2}}`)
	eventually(t, patience, "the budget allows it", func(context.Context) error {
		if got := b.jsonpath("pdb/web-budget", "{.status.disruptionsAllowed}"); got != "1" {
			return fmt.Errorf("it allows %s", got)
		}
		return nil
	})
	r = b.run(dry(b.to(web, evict())), commandOK, "")
	if e := r.Evictions; e.Left != 3 || len(e.Evicted) != 3 || e.WaitingFor != "" {
		t.Errorf("the dry run says %v", e)
	}
	if got := b.uids("app=web"); !slices.Equal(got, old) {
		t.Errorf("after a dry run Pods are %v, want %v", got, old)
	}
	evicted := 0
	b.evictAll(web, evict(), func(r *ingestpb.CommandResult) {
		evicted += len(r.Evictions.Evicted)
		if len(r.Evictions.Evicted) > 1 {
			t.Errorf("more than one at a time: %v", r.Evictions.Evicted)
		}
		var ready int
		_, _ = fmt.Sscan(b.jsonpath(web, "{.status.readyReplicas}"), &ready)
		if ready < 2 {
			t.Errorf("%d of 3 are ready", ready)
		}
	})
	b.rolledOut("deployment/web")
	if got := b.uids("app=web"); evicted != 3 || slices.ContainsFunc(got, func(uid string) bool { return slices.Contains(old, uid) }) {
		t.Errorf("%d evicted; Pods were %v, are %v", evicted, old, got)
	}
	if e := b.run(b.to(web, evict()), commandOK, "").Evictions; e.Left != 0 || len(e.Evicted) != 0 {
		t.Errorf("asked again: %v", e)
	}

	old = b.uids("app=db")
	b.evictAll("statefulsets.apps/db", evict(), nil)
	b.rolledOut("statefulset/db")
	if got := b.uids("app=db"); len(got) != 2 || slices.ContainsFunc(got, func(uid string) bool { return slices.Contains(old, uid) }) {
		t.Errorf("Pods were %v, are %v", old, got)
	}
	b.run(b.to("deployments.apps/one", evict()), commandRefused, "has a single Pod")
	whole := evict()
	whole.Whole = true
	b.evictAll("deployments.apps/one", whole, nil)
	b.run(b.to(web, &ingestpb.EvictVerb{}), commandInvalid, "names no time")
	b.run(b.to("poddisruptionbudgets.policy/web-budget", evict()), commandRefused, "has no Pods to evict")
}

const drainable = `
apiVersion: v1
kind: Node
metadata:
  name: NODE
  labels: {kubernetes.io/os: linux, executor: "yes"}
  annotations: {fleet.foretop.io/internal-ip: 10.1.254.NUMBER}
spec:
  podCIDR: 10.1.25NUMBER.0/24
  podCIDRs: [10.1.25NUMBER.0/24]
  taints: [{key: executor, effect: NoSchedule}]
---
`

const onNodes = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      nodeSelector: {executor: "yes"}
      tolerations: [{key: executor}]
      containers: [{name: web, image: "registry.local/web:1"}]
      volumes: [{name: scratch, emptyDir: {}}]
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec:
      nodeSelector: {executor: "yes"}
      tolerations: [{key: executor}]
      containers: [{name: agent, image: "registry.local/agent:1"}]
---
apiVersion: v1
kind: Pod
metadata: {name: alone}
spec:
  nodeName: executor-node-1
  containers: [{name: alone, image: "registry.local/alone:1"}]
`

func TestTheExecutorDrains(t *testing.T) {
	b := openBench(t, "executor-drain")
	b.apply(strings.NewReplacer("NODE", "executor-node-1", "NUMBER", "1").Replace(drainable) + onNodes)
	t.Cleanup(func() {
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), b.cluster, "delete", "node", "executor-node-1", "executor-node-2", "--ignore-not-found", "--wait=false")
	})
	b.rolledOut("deployment/web", "daemonset/agent")
	b.apply(strings.NewReplacer("NODE", "executor-node-2", "NUMBER", "2").Replace(drainable))
	const node = "nodes/executor-node-1"
	kubectl(t, b.cluster, "-n", b.namespace, "wait", "pod/alone", "--for=condition=Ready", "--timeout=60s")
	left := func() []string {
		out := strings.Fields(kubectl(t, b.cluster, "get", "pods", "-A", "--field-selector=spec.nodeName=executor-node-1", "-o", `jsonpath={range .items[*]}{.metadata.namespace}/{.metadata.name}{"\n"}{end}`))
		slices.Sort(out)
		return out
	}
	all := left()

	b.run(dry(b.to(node, &ingestpb.EvictVerb{})), commandRefused, "nobody brings back: executor-drain/alone")
	b.run(b.to(node, &ingestpb.EvictVerb{Unmanaged: true}), commandRefused, "emptyDir volumes, whose content is lost: executor-drain/web-")
	v := &ingestpb.EvictVerb{Unmanaged: true, DeleteEmptyDir: true, AtMost: 1}
	r := b.run(dry(b.to(node, v)), commandOK, "")
	if e := r.Evictions; e.Left != 3 || len(e.Evicted) != 3 || !slices.ContainsFunc(e.Kept, func(s string) bool {
		return strings.HasPrefix(s, "Pod executor-drain/agent-") && strings.HasSuffix(s, "stays: DaemonSet agent runs one on every Node.")
	}) {
		t.Errorf("the dry run says %v", e)
	}
	if got := left(); !slices.Equal(got, all) {
		t.Errorf("after refusals and dry runs Pods are %v, want %v", got, all)
	}

	b.run(b.to(node, &ingestpb.SuspendVerb{Suspended: true}), commandOK, "")
	b.evictAll(node, v, func(r *ingestpb.CommandResult) {
		if len(r.Evictions.Evicted) > 1 {
			t.Errorf("more than one at a time: %v", r.Evictions.Evicted)
		}
	})
	if slices.ContainsFunc(left(), func(p string) bool {
		return strings.HasPrefix(p, "executor-drain/") && !strings.HasPrefix(p, "executor-drain/agent-")
	}) {
		t.Errorf("left are %v", left())
	}
	b.rolledOut("deployment/web")
	if got := kubectl(t, b.cluster, "-n", b.namespace, "get", "pods", "-l", "app=web", "-o", "jsonpath={.items[*].spec.nodeName}"); got != "executor-node-2 executor-node-2" {
		t.Errorf("web runs on %s", got)
	}
}
