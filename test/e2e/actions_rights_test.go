package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A collector that lost its rights between plan and run says so of the target, and nothing is changed.
func TestRightsLostBetweenPlanAndRunAreStated(t *testing.T) {
	if os.Getenv("FORETOP_E2E_DEMO") != "" {
		t.Skip("it starts a hub of its own, which needs a fleet of its own")
	}
	const ns = "act-rights"
	stage(t, ns, "zone1")
	kubectl(t, "zone1", "create", "serviceaccount", "collector", "-n", ns)
	kubectl(t, "zone1", "create", "clusterrole", ns, "--verb=get,list,watch", "--resource=*.*")
	kubectl(t, "zone1", "create", "clusterrolebinding", ns, "--clusterrole="+ns, "--serviceaccount="+ns+":collector")
	t.Cleanup(func() {
		for _, kind := range []string{"clusterrolebinding", "clusterrole"} {
			if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone1", "delete", kind, ns); err != nil {
				t.Error(err)
			}
		}
	})
	kubectl(t, "zone1", "create", "role", "editor", "-n", ns, "--verb=get,patch,update", "--resource=deployments.apps")
	kubectl(t, "zone1", "create", "rolebinding", "editor", "-n", ns, "--role=editor", "--serviceaccount="+ns+":collector")

	dir := must(os.MkdirTemp("", "foretop-e2e-rights-"))
	t.Cleanup(func() { os.RemoveAll(dir) })
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, must(os.ReadFile(stand.Fleet.Kubeconfig())), 0o600); err != nil {
		t.Fatal(err)
	}
	token := kubectl(t, "zone1", "-n", ns, "create", "token", "collector")
	for _, args := range [][]string{
		{"set-credentials", "collector", "--token", token},
		{"set-context", "as-collector", "--cluster", "zone1", "--user", "collector"},
	} {
		if out, err := exec.CommandContext(t.Context(), stand.Fleet.KubectlPath(), append([]string{"--kubeconfig", kubeconfig, "config"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("kubectl config: %v\n%s", err, out)
		}
	}
	d := hub(t, filepath.Join(dir, "h"), nil, "--kubeconfig", kubeconfig, "--contexts", "as-collector")
	const fields = `{ id state canUndo targets { ref state message warnings diff change } }`
	planned := func(in map[string]any) *plan {
		t.Helper()
		var a struct{ PlanAction *plan }
		eventually(t, patience, "a plan", func(ctx context.Context) error {
			if err := d.Ask(ctx, `mutation($in: ActionInput!) { planAction(input: $in) `+fields+` }`, map[string]any{"in": in}, &a); err != nil {
				return err
			}
			if len(a.PlanAction.Targets) != 1 || a.PlanAction.State != "PLANNED" {
				return fmt.Errorf("it is %s with %d targets", a.PlanAction.State, len(a.PlanAction.Targets))
			}
			return nil
		})
		return a.PlanAction
	}
	image := map[string]any{"verb": "SET_IMAGE", "query": "kind:deploy name:web ns:" + ns, "parameters": map[string]any{"set": []map[string]any{{"name": "web", "value": "registry.example.com/web:3.0"}}}}
	a := planned(image)
	if a.Targets[0].State != "READY" {
		t.Fatalf("with rights the plan is %s", toJSON(a))
	}
	before := witness(t, "zone1:"+ns+"/deployments.apps/web")
	kubectl(t, "zone1", "delete", "rolebinding", "editor", "-n", ns)

	var done struct{ RunAction, Action *plan }
	if err := d.Ask(t.Context(), `mutation($id: ID!) { runAction(id: $id) `+fields+` }`, map[string]any{"id": a.ID}, &done); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the action ends", func(ctx context.Context) error {
		if err := d.Ask(ctx, `query($id: ID!) { action(id: $id) `+fields+` }`, map[string]any{"id": a.ID}, &done); err != nil {
			return err
		}
		if done.Action.State == "RUNNING" {
			return errNotYet
		}
		return nil
	})
	if x := done.Action.Targets[0]; done.Action.State != "FAILED" || x.State != "FAILED" || !strings.Contains(x.Message, "may not") {
		t.Errorf("it ends as %s", toJSON(done.Action))
	}
	if now := witness(t, "zone1:"+ns+"/deployments.apps/web"); now.content(false) != before.content(false) {
		t.Errorf("it was changed:\n%s", strings.Join(happened(before, now), "\n"))
	}
	if again := planned(image); again.Targets[0].State != "BLOCKED" {
		t.Errorf("without rights the plan is %s", toJSON(again))
	}
}
