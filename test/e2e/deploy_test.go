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

// The manifests are accepted by a real API server, and the rights they give are enough to collect every kind and to
// act, and for nothing else.
func TestTheManifestsGiveACollectorTheRightsItNeeds(t *testing.T) {
	manifest := must(filepath.Abs("../../deploy/manifests/collector.yaml"))
	kubectl(t, "zone2", "apply", "-f", manifest)
	t.Cleanup(func() {
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone2", "delete", "-f", manifest, "--ignore-not-found", "--wait=false")
	})
	account := "system:serviceaccount:foretop:foretop-collector"
	may := func(want string, args ...string) {
		t.Helper()
		out, _ := stand.Fleet.Kubectl(t.Context(), "zone2", append([]string{"auth", "can-i", "--as", account}, args...)...) // "no" is exit 1
		if got := strings.TrimSpace(out); got != want {
			t.Errorf("can-i %q: %q, want %q", args, got, want)
		}
	}
	may("yes", "list", "pods", "-A")
	may("yes", "patch", "deployments.apps", "-n", "shop")
	may("yes", "create", "pods", "--subresource=eviction", "-n", "shop")
	may("yes", "patch", "nodes")
	may("yes", "create", "jobs.batch", "-n", "shop")
	may("no", "delete", "pods", "-n", "shop")
	may("no", "delete", "deployments.apps", "-n", "shop")
	may("no", "create", "secrets", "-n", "shop")
	may("no", "patch", "configmaps", "-n", "shop")
	kubectl(t, "zone2", "create", "clusterrolebinding", "foretop-editor", "--clusterrole=foretop-editor", "--serviceaccount=foretop:foretop-collector")
	may("yes", "delete", "deployments.apps", "-n", "shop")
	may("yes", "patch", "configmaps", "-n", "shop")
	for _, kind := range []string{"secrets", "roles.rbac.authorization.k8s.io", "clusterrolebindings.rbac.authorization.k8s.io", "nodes"} {
		may("no", "create", kind, "-n", "shop")
	}
	kubectl(t, "zone2", "delete", "clusterrolebinding", "foretop-editor")

	dir := must(os.MkdirTemp("", "foretop-e2e-deploy-"))
	t.Cleanup(func() { os.RemoveAll(dir) })
	kubeconfig := filepath.Join(dir, "kubeconfig")
	raw := must(os.ReadFile(stand.Fleet.Kubeconfig()))
	if err := os.WriteFile(kubeconfig, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	token := kubectl(t, "zone2", "-n", "foretop", "create", "token", "foretop-collector")
	for _, args := range [][]string{
		{"set-credentials", "collector", "--token", token},
		{"set-context", "as-collector", "--cluster", "zone2", "--user", "collector"},
	} {
		if out, err := exec.CommandContext(t.Context(), stand.Fleet.KubectlPath(), append([]string{"--kubeconfig", kubeconfig, "config"}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("kubectl config: %v\n%s", err, out)
		}
	}
	d := hub(t, filepath.Join(dir, "h"), nil, "--kubeconfig", kubeconfig, "--contexts", "as-collector")
	eventually(t, patience, "every kind is collected with these rights", func(ctx context.Context) error {
		var a struct {
			Clusters []struct {
				State, Reason string
				Resources     []struct{ Resource, State, Reason string }
			}
		}
		if err := d.Ask(ctx, `{ clusters { state reason resources { resource state reason } } }`, nil, &a); err != nil {
			return err
		}
		if len(a.Clusters) != 1 || a.Clusters[0].State != "LIVE" {
			return fmt.Errorf("got %s", toJSON(a))
		}
		for _, r := range a.Clusters[0].Resources {
			if r.State == "failing" {
				return fmt.Errorf("%s fails: %s", r.Resource, r.Reason)
			}
		}
		return nil
	})
	var plan struct {
		PlanAction struct {
			Targets []struct{ State, Message string }
		}
	}
	for _, input := range []map[string]any{
		{"verb": "RESTART", "query": "kind:deploy name:app3 ns:shop"},
		{"verb": "SCALE", "query": "kind:sts ns:shop", "replicas": 2},
	} {
		if err := d.Ask(t.Context(), `mutation($in: ActionInput!) { planAction(input: $in) { targets { state message } } }`, map[string]any{"in": input}, &plan); err != nil {
			t.Fatal(err)
		}
		if x := plan.PlanAction.Targets; len(x) != 1 || x[0].State != "READY" {
			t.Errorf("%v: the dry run says %s", input, toJSON(x))
		}
	}
}
