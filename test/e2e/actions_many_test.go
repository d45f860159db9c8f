package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// many is an action on a thousand workloads, as far as this file looks at it.
type many struct {
	ID, State     string
	ConfirmPhrase *string
	Done, Failed  int
	Targets       []struct{ Ref, State, Message string }
}

const manyFields = `{id state confirmPhrase done failed targets{ref state message}}`

// A thousand Deployments in three clusters are restarted in one action, of which the clusters refuse thirty; the hub is
// killed on the way, twice, and people click twice. kubectl is the witness: a Deployment's revisions count its restarts.
func TestAThousandWorkloadsInOneAction(t *testing.T) {
	const namespace, each, refusedEach = "many", 334, 10
	clusters := stand.Fleet.Names()
	want := map[string]bool{} // the references that are refused
	for _, cluster := range clusters {
		var text strings.Builder
		fmt.Fprintf(&text, "apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", namespace)
		for i := range each {
			fails := "no"
			if i%33 == 3 && i/33 < refusedEach {
				fails = "yes"
				want[fmt.Sprintf("%s:%s/deployments.apps/d%03d", cluster, namespace, i)] = true
			}
			fmt.Fprintf(&text, `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: d%03d, namespace: %s, labels: {fails: "%s"}}
spec:
  replicas: 0
  selector: {matchLabels: {app: d%03d}}
  template: {metadata: {labels: {app: d%03d}}, spec: {containers: [{name: c, image: "app:1"}]}}
`, i, namespace, fails, i, i)
		}
		create(t, cluster, text.String())
		t.Cleanup(func() {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			_, _ = stand.Fleet.Kubectl(ctx, cluster, "delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "refuse-many", "--ignore-not-found")
			_, _ = stand.Fleet.Kubectl(ctx, cluster, "delete", "namespace", namespace, "--wait=false")
		})
	}
	all := each * len(clusters)
	eventually(t, patience, "the hub knows all", func(ctx context.Context) error {
		r, err := search(ctx, "ns="+namespace+" kind=Deployment")
		if err == nil && r.Search.Total != all {
			err = fmt.Errorf("it knows %d of %d", r.Search.Total, all)
		}
		return err
	})
	revisions(t, clusters, namespace, func(string) int { return 1 })

	var planned struct{ PlanAction many }
	ask(t, `mutation($i:ActionInput!){planAction(input:$i)`+manyFields+`}`, map[string]any{"i": map[string]any{
		"verb": "RESTART", "query": "ns=" + namespace + " kind=Deployment", "reason": "proof", "waves": map[string]any{"parallel": 8, "size": 400},
	}}, &planned)
	a := followed(t, planned.PlanAction.ID, func(a *many) bool { return a.State != "PLANNING" })
	for _, x := range a.Targets {
		if x.State != "READY" {
			t.Fatalf("planned: %+v", x)
		}
	}
	if phrase := fmt.Sprintf("restart %d in %d clusters", all, len(clusters)); a.State != "PLANNED" || a.ConfirmPhrase == nil || *a.ConfirmPhrase != phrase {
		t.Fatalf("planned %s %v, want the words %q", a.State, a.ConfirmPhrase, phrase)
	}
	for _, cluster := range clusters { // after the plan: nobody could know
		create(t, cluster, refuseMany)
		eventually(t, patience, "the policy is heeded", func(ctx context.Context) error {
			if _, err := stand.Fleet.Kubectl(ctx, cluster, "annotate", "deployment", "d003", "-n", namespace, "tried=yes", "--dry-run=server"); err == nil {
				return fmt.Errorf("%s takes the change", cluster)
			}
			return nil
		})
	}

	var clicks sync.WaitGroup
	var ran atomic.Int32
	for range 5 {
		clicks.Go(func() {
			if stand.Ask(t.Context(), `mutation($id:ID!,$c:String){runAction(id:$id,confirm:$c){id}}`, map[string]any{"id": a.ID, "c": *a.ConfirmPhrase}, nil) == nil {
				ran.Add(1)
			}
		})
	}
	clicks.Wait()
	if ran.Load() != 1 {
		t.Errorf("%d of 5 clicks ran the action, want 1", ran.Load())
	}
	for _, far := range []int{all / 5, all / 2} {
		followed(t, a.ID, func(a *many) bool { return a.Done >= far })
		if err := stand.Hub.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := stand.StartHub(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	a = followed(t, a.ID, func(a *many) bool { return a.State != "RUNNING" })
	got := map[string]bool{}
	for _, x := range a.Targets {
		switch x.State {
		case "DONE":
		case "FAILED":
			got[x.Ref] = true
			if !strings.Contains(x.Message, "refused for the proof") {
				t.Errorf("%s: %s", x.Ref, x.Message)
			}
		default:
			t.Errorf("%s is %s: %s", x.Ref, x.State, x.Message)
		}
	}
	if a.State != "FAILED" || a.Done != all-len(want) || a.Failed != len(want) {
		t.Errorf("it ended %s with %d done and %d failed, want FAILED, %d and %d", a.State, a.Done, a.Failed, all-len(want), len(want))
	}
	for ref := range want {
		if !got[ref] {
			t.Errorf("%s is not told as failed", ref)
		}
	}
	revisions(t, clusters, namespace, func(ref string) int {
		if want[ref] {
			return 1
		}
		return 2
	})
	refused(t, `mutation($id:ID!,$c:String){runAction(id:$id,confirm:$c){id}}`, map[string]any{"id": a.ID, "c": *a.ConfirmPhrase})

	for _, cluster := range clusters {
		kubectl(t, cluster, "delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "refuse-many")
		eventually(t, patience, "the policy is gone", func(ctx context.Context) error {
			_, err := stand.Fleet.Kubectl(ctx, cluster, "annotate", "deployment", "d003", "-n", namespace, "tried=yes", "--dry-run=server")
			return err
		})
	}
	if err := stand.WaitLive(t.Context(), clusters); err != nil {
		t.Fatal(err)
	}
	var again struct{ RetryAction many }
	ask(t, `mutation($id:ID!){retryAction(id:$id)`+manyFields+`}`, map[string]any{"id": a.ID}, &again)
	retry := followed(t, again.RetryAction.ID, func(a *many) bool { return a.State != "PLANNING" })
	var retried []string
	for _, x := range retry.Targets {
		if !want[x.Ref] || x.State != "READY" {
			t.Errorf("retried: %+v", x)
		}
		retried = append(retried, x.Ref)
	}
	if slices.Sort(retried); len(slices.Compact(retried)) != len(want) {
		t.Errorf("%d are retried, want %d", len(retried), len(want))
	}
	ask(t, `mutation($id:ID!,$c:String){runAction(id:$id,confirm:$c){id}}`, map[string]any{"id": retry.ID, "c": retry.ConfirmPhrase}, nil)
	if retry = followed(t, retry.ID, func(a *many) bool { return a.State != "RUNNING" }); retry.State != "SUCCEEDED" {
		t.Errorf("the retry ended %s: %s", retry.State, toJSON(retry.Targets))
	}
	revisions(t, clusters, namespace, func(string) int { return 2 })
}

// refuseMany has a cluster refuse changes of what is labelled for it.
const refuseMany = `apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: refuse-many}
spec:
  matchConstraints:
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: many}}
    resourceRules: [{apiGroups: [apps], apiVersions: [v1], operations: [UPDATE], resources: [deployments]}]
  validations: [{expression: "!('fails' in object.metadata.labels) || object.metadata.labels['fails'] != 'yes'", message: "refused for the proof"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: refuse-many}
spec: {policyName: refuse-many, validationActions: [Deny]}
`

func create(t *testing.T, cluster, manifest string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(file, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	kubectl(t, cluster, "create", "-f", file)
}

// followed follows an action until it is as wanted, through hubs that are killed and come back.
func followed(t *testing.T, id string, is func(*many) bool) *many {
	t.Helper()
	var a *many
	eventually(t, 2*patience, "action "+id, func(ctx context.Context) error {
		var answer struct{ Action *many }
		if err := stand.Ask(ctx, `query($id:ID!){action(id:$id)`+manyFields+`}`, map[string]any{"id": id}, &answer); err != nil {
			return err
		}
		if a = answer.Action; a == nil || !is(a) {
			return fmt.Errorf("it is %+v", a)
		}
		return nil
	})
	return a
}

// revisions asks kubectl how often each Deployment was restarted: each restart is a revision of its own.
func revisions(t *testing.T, clusters []string, namespace string, want func(ref string) int) {
	t.Helper()
	for _, cluster := range clusters {
		eventually(t, patience, "the revisions in "+cluster, func(ctx context.Context) error {
			out, err := stand.Fleet.Kubectl(ctx, cluster, "get", "deployments", "-n", namespace, "-o", `jsonpath={range .items[*]}{.metadata.name} {.metadata.annotations.deployment\.kubernetes\.io/revision}{"\n"}{end}`)
			if err != nil {
				return err
			}
			for _, line := range strings.Split(strings.TrimSpace(out), "\n") {
				name, revision, _ := strings.Cut(line, " ")
				ref := cluster + ":" + namespace + "/deployments.apps/" + name
				if revision != fmt.Sprint(want(ref)) {
					return fmt.Errorf("%s is at revision %q, want %d", ref, revision, want(ref))
				}
			}
			return nil
		})
	}
}
