package e2e

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// refusedPlan makes a plan of which nothing can be run, and answers what it says of its only target.
func refusedPlan(t *testing.T, args ...string) string {
	t.Helper()
	a := makePlan(t, args...)
	if len(a.Targets) != 1 || a.Targets[0].State != "BLOCKED" {
		t.Fatalf("foretop %s plans %s", strings.Join(args, " "), toJSON(a))
	}
	if _, errOut, code := cli(t, "actions", "run", a.ID, "--yes"); code != 5 || !strings.Contains(errOut, a.Targets[0].Message) {
		t.Errorf("running it exits with %d: %s", code, errOut)
	}
	return a.Targets[0].Message
}

// What can go wrong is stated of each target, and what was not written is as it was.
func TestWhatGoesWrongIsStatedPerTarget(t *testing.T) {
	const ns = "act-fail"
	stage(t, ns, "zone1", "zone2")
	web := refsOf(ns, "deployments.apps", "web", "zone1", "zone2")
	stays := func(t *testing.T, ref string, before *sight) {
		t.Helper()
		if now := witness(t, ref); now.content(false) != before.content(false) {
			t.Errorf("%s was changed:\n%s", ref, strings.Join(happened(before, now), "\n"))
		}
	}
	says := func(t *testing.T, message string, words ...string) {
		t.Helper()
		for _, w := range words {
			if !strings.Contains(message, w) {
				t.Errorf("it says %q, want %q in it", message, w)
			}
		}
	}

	t.Run("a paused Deployment is not restarted", func(t *testing.T) {
		kubectl(t, "zone1", "rollout", "pause", "deploy/web", "-n", ns)
		says(t, refusedPlan(t, "rollout", "restart", web[0]), "paused")
		kubectl(t, "zone1", "rollout", "resume", "deploy/web", "-n", ns)
	})

	t.Run("what changed between plan and run is left alone, the rest is done and only it is retried", func(t *testing.T) {
		a := makePlan(t, "set", "image", "deploy/web", "-n", ns, "web=registry.example.com/web:2.0")
		kubectl(t, "zone1", "set", "image", "deploy/web", "-n", ns, "web=registry.example.com/web:1.9")
		before := witness(t, web[0])
		done := runPlan(t, a, 4)
		for _, x := range done.Targets {
			if x.Ref == web[0] {
				if x.State != "FAILED" && x.State != "SKIPPED" {
					t.Errorf("the changed target is %s", toJSON(x))
				}
				says(t, x.Message, "changed")
			} else if x.State != "DONE" {
				t.Errorf("the other target is %s", toJSON(x))
			}
		}
		if now := witness(t, web[0]); !strings.Contains(now.yaml, "web:1.9") {
			t.Errorf("it was written over:\n%s", strings.Join(happened(before, now), "\n"))
		}
		if got := kubectl(t, "zone2", "get", "deploy", "web", "-n", ns, "-o", "jsonpath={.spec.template.spec.containers[0].image}"); got != "registry.example.com/web:2.0" {
			t.Errorf("the other target has image %s", got)
		}
		retry := makePlanOf(t, "actions", "retry", done.ID, "--plan", "-o", "json")
		if got := retry.refs(); !slices.Equal(got, web[:1]) {
			t.Fatalf("the retry is about %q", got)
		}
		runPlan(t, retry, 0)
		if got := kubectl(t, "zone1", "get", "deploy", "web", "-n", ns, "-o", "jsonpath={.spec.template.spec.containers[0].image}"); got != "registry.example.com/web:2.0" {
			t.Errorf("after the retry the image is %s", got)
		}
	})

	t.Run("undo does not overwrite what others changed since", func(t *testing.T) {
		done := runPlan(t, makePlan(t, "scale", web[0], "--replicas", "3"), 0)
		kubectl(t, "zone1", "scale", "deploy/web", "-n", ns, "--replicas=4")
		out, errOut, code := cli(t, "actions", "undo", done.ID, "--yes")
		if code != 5 {
			t.Errorf("undo exits with %d\n%s%s", code, out, errOut)
		}
		if got := kubectl(t, "zone1", "get", "deploy", "web", "-n", ns, "-o", "jsonpath={.spec.replicas}"); got != "4" {
			t.Errorf("there are %s replicas", got)
		}
	})

	t.Run("an admission policy's denial is told in its words, at the plan and at the run", func(t *testing.T) {
		policy := filepath.Join(t.TempDir(), "policy.yaml")
		if err := os.WriteFile(policy, []byte(denialPolicy), 0o600); err != nil {
			t.Fatal(err)
		}
		a := makePlan(t, "label", web[0], "forbidden=yes")
		before := witness(t, web[0])
		kubectl(t, "zone1", "apply", "-f", policy)
		t.Cleanup(func() {
			if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone1", "delete", "-f", policy); err != nil {
				t.Error(err)
			}
		})
		eventually(t, patience, "the policy is in force", func(context.Context) error {
			_, err := stand.Fleet.Kubectl(t.Context(), "zone1", "label", "deploy/web", "-n", ns, "forbidden=yes", "--dry-run=server")
			if err == nil {
				return errNotYet
			}
			return nil
		})
		says(t, refusedPlan(t, "label", web[0], "forbidden=yes"), "no forbidden things")
		done := runPlan(t, a, 4)
		says(t, done.Targets[0].Message, "no forbidden things")
		stays(t, web[0], before)
	})

	t.Run("a finalizer that holds a deleted object up is named", func(t *testing.T) {
		kubectl(t, "zone1", "patch", "configmap/settings", "-n", ns, "--type=merge", "-p", `{"metadata":{"finalizers":["example.com/hold"]}}`)
		t.Cleanup(func() {
			if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone1", "patch", "configmap/settings", "-n", ns, "--type=merge", "-p", `{"metadata":{"finalizers":null}}`); err != nil {
				t.Error(err)
			}
		})
		a := makePlan(t, "delete", refsOf(ns, "configmaps", "settings", "zone1")[0])
		says(t, strings.Join(a.Targets[0].Warnings, " "), "example.com/hold")
		out, errOut, _ := cli(t, "actions", "run", a.ID, "--confirm", phraseOf(a), "-o", "json", "--timeout", "20s")
		if !strings.Contains(out+errOut, "example.com/hold") && !strings.Contains(errOut, "not done after") {
			t.Errorf("running it says\n%s%s", out, errOut)
		}
		if kubectl(t, "zone1", "get", "configmap", "settings", "-n", ns, "-o", "jsonpath={.metadata.deletionTimestamp}") == "" {
			t.Error("it is not being deleted")
		}
	})

	t.Run("a quota that leaves no room is named", func(t *testing.T) {
		kubectl(t, "zone2", "create", "quota", "tight", "-n", ns, "--hard=pods=1")
		eventually(t, patience, "the quota is known", func(context.Context) error {
			if kubectl(t, "zone2", "get", "quota", "tight", "-n", ns, "-o", "jsonpath={.status.hard.pods}") != "1" {
				return errNotYet
			}
			return nil
		})
		a := makePlan(t, "scale", web[1], "--replicas", "9")
		says(t, strings.Join(a.Targets[0].Warnings, " ")+a.Targets[0].Message, "tight")
	})
}

func phraseOf(a *plan) string {
	if a.ConfirmPhrase != nil {
		return *a.ConfirmPhrase
	}
	return "yes"
}

var errNotYet = errors.New("not yet")

const denialPolicy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: act-fail}
spec:
  failurePolicy: Fail
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: act-fail}}
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}]
  validations: [{expression: "!has(object.metadata.labels) || !('forbidden' in object.metadata.labels)", message: no forbidden things}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: act-fail}
spec: {policyName: act-fail, validationActions: [Deny]}
`

// A cluster whose API server hangs is stated of its targets; the others are done, and the hung ones alone are retried.
func TestAnUnreachableClusterIsStatedPerTarget(t *testing.T) {
	if os.Getenv("FORETOP_E2E_DEMO") != "" {
		t.Skip("it stops a cluster, which is not ours here")
	}
	const ns = "act-away"
	stage(t, ns, "zone1", "zone2")
	refs := refsOf(ns, "deployments.apps", "web", "zone1", "zone2")
	a := makePlan(t, "label", "deploy/web", "-n", ns, "away=no")
	if err := stand.Fleet.Stop("zone2", syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	wake := func() {
		if err := stand.Fleet.Start(context.WithoutCancel(t.Context()), "zone2"); err != nil {
			t.Error(err)
		}
	}
	t.Cleanup(wake)
	done := runPlan(t, a, 4)
	for _, x := range done.Targets {
		switch {
		case x.Ref == refs[0] && x.State != "DONE":
			t.Errorf("the target of the other cluster is %s", toJSON(x))
		case x.Ref == refs[1] && (x.State == "DONE" || x.Message == ""):
			t.Errorf("the target of the hung cluster is %s", toJSON(x))
		}
	}
	wake()
	retry := makePlanOf(t, "actions", "retry", done.ID, "--plan", "-o", "json")
	if got := retry.refs(); !slices.Equal(got, refs[1:]) {
		t.Errorf("the retry is about %q, want %q", got, refs[1:])
	}
}
