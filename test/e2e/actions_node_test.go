package e2e

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// nodes are compared by content: their status moves all the time.
func nodeContents(t *testing.T, cluster string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range strings.Fields(kubectl(t, cluster, "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")) {
		all[name] = witness(t, cluster+":-/nodes/"+name).content(false)
	}
	return all
}

func TestNodesAreCordonedAndUncordonedAsKubectlSees(t *testing.T) {
	const node = "zone2-node-4"
	ref := "zone2:-/nodes/" + node
	cordoned := func() bool {
		t.Helper()
		return kubectl(t, "zone2", "get", "node", node, "-o", "jsonpath={.spec.unschedulable}") == "true"
	}
	before := nodeContents(t, "zone2")
	a := makePlan(t, "cordon", node)
	if now := nodeContents(t, "zone2"); fmt.Sprint(now) != fmt.Sprint(before) {
		t.Error("planning changed a node")
	}
	if got := a.refs(); !slices.Equal(got, []string{ref}) {
		t.Fatalf("the plan is about %q", got)
	}
	runPlan(t, a, 0)
	if !cordoned() {
		t.Fatal("the node takes pods after it was cordoned")
	}
	freed := runPlan(t, makePlan(t, "uncordon", node), 0)
	if cordoned() {
		t.Fatal("the node is cordoned after it was uncordoned")
	}
	runPlan(t, makePlanOf(t, "actions", "undo", freed.ID, "--plan", "-o", "json"), 0)
	if !cordoned() {
		t.Error("undo of uncordon leaves the node uncordoned")
	}
	runPlan(t, makePlan(t, "uncordon", node), 0)
	eventually(t, patience, "the node is as it was", func(context.Context) error {
		if now := nodeContents(t, "zone2"); now[node] != before[node] {
			return fmt.Errorf("differs in %q", linesApart(before[node], now[node]))
		}
		return nil
	})
}

// Drain empties a node but for DaemonSets, and undo lets pods come again.
func TestDrainIsProvenByKubectl(t *testing.T) {
	const ns, node = "act-drain", "zone2-node-5"
	stage(t, ns, "zone2")
	on := func() map[string]string {
		t.Helper()
		out := kubectl(t, "zone2", "get", "pods", "-A", "--field-selector", "spec.nodeName="+node, "-o",
			`go-template={{range .items}}{{if not .metadata.deletionTimestamp}}{{.metadata.namespace}}/{{.metadata.name}} {{range .metadata.ownerReferences}}{{.kind}}{{end}}{{"\n"}}{{end}}{{end}}`)
		all := map[string]string{}
		for line := range strings.Lines(out) {
			name, owner, _ := strings.Cut(strings.TrimSpace(line), " ")
			all[name] = owner
		}
		return all
	}
	// Something must be there to be evicted.
	kubectl(t, "zone2", "patch", "deploy/web", "-n", ns, "--type=merge", "-p", `{"spec":{"template":{"spec":{"affinity":{"nodeAffinity":{"preferredDuringSchedulingIgnoredDuringExecution":[{"weight":100,"preference":{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["`+node+`"]}]}}]}}}}}}`)
	kubectl(t, "zone2", "rollout", "status", "deploy/web", "-n", ns, "--timeout=2m")
	t.Cleanup(func() {
		if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone2", "uncordon", node); err != nil {
			t.Error(err)
		}
	})
	quiet(t, ns, map[string]bool{"zone2": true})
	before, all, contents := on(), inNamespace(t, "zone2", ns), nodeContents(t, "zone2")
	here := 0
	for name := range before {
		if strings.HasPrefix(name, ns+"/web") {
			here++
		}
	}
	if here == 0 {
		t.Fatalf("no pod of web runs on %s: %q", node, before)
	}
	a := makePlan(t, "drain", node, "--delete-emptydir-data")
	if now := nodeContents(t, "zone2"); now[node] != contents[node] {
		t.Errorf("planning changed the node: %q", linesApart(contents[node], now[node]))
	}
	if now := inNamespace(t, "zone2", ns); changedIn(all, now) != "" {
		t.Errorf("planning changed %s", changedIn(all, now))
	}
	done := runPlan(t, a, 0)
	for name, owner := range on() {
		if owner != "DaemonSet" {
			t.Errorf("%s of a %s is on the node still", name, owner)
		}
	}
	if kubectl(t, "zone2", "get", "node", node, "-o", "jsonpath={.spec.unschedulable}") != "true" {
		t.Error("the drained node takes pods")
	}
	runPlan(t, makePlanOf(t, "actions", "undo", done.ID, "--plan", "-o", "json"), 0)
	eventually(t, patience, "the node is as it was", func(context.Context) error {
		if now := nodeContents(t, "zone2"); now[node] != contents[node] {
			return fmt.Errorf("differs in %q", linesApart(contents[node], now[node]))
		}
		return nil
	})
}

// Eviction replaces every pod and leaves the workload alone, so there is nothing to undo.
func TestEvictIsProvenByKubectl(t *testing.T) {
	const ns = "act-evict"
	stage(t, ns, "zone1", "zone3")
	clusters := map[string]bool{"zone1": true, "zone3": true}
	quiet(t, ns, clusters)
	refs := refsOf(ns, "deployments.apps", "web", "zone1", "zone3")
	before, workloads, all := map[string][]string{}, map[string]*sight{}, map[string]map[string]objects{}
	for _, ref := range refs {
		c := reference(ref).cluster
		before[c], workloads[ref], all[c] = pods(t, c, ns, "web"), witness(t, ref), inNamespace(t, c, ns)
	}
	a := makePlan(t, "evict", "deploy/web", "-n", ns)
	for c := range clusters {
		if now := inNamespace(t, c, ns); changedIn(all[c], now) != "" {
			t.Errorf("%s: planning changed %s", c, changedIn(all[c], now))
		}
	}
	done := runPlan(t, a, 0)
	for _, ref := range refs {
		c := reference(ref).cluster
		now := pods(t, c, ns, "web")
		if len(now) != len(before[c]) || slices.ContainsFunc(now, func(uid string) bool { return slices.Contains(before[c], uid) }) {
			t.Errorf("%s: pods are %q, and were %q", c, now, before[c])
		}
		if now := witness(t, ref); now.content(false) != workloads[ref].content(false) {
			t.Errorf("%s was changed:\n%s", ref, strings.Join(happened(workloads[ref], now), "\n"))
		}
	}
	if done.CanUndo {
		t.Error("it says that evicted pods can be brought back")
	}
}
