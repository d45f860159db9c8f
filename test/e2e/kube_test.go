package e2e

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// through runs the fleet's kubectl against the hub: the fleet with "" as the cluster, else one member.
func through(ctx context.Context, cluster string, args ...string) (stdout, stderr string, err error) {
	path := "/kube"
	if cluster != "" {
		path += "/clusters/" + cluster
	}
	server := strings.Replace(stand.URL(), "http://", "https://", 1) + path
	args = append([]string{"--kubeconfig", os.DevNull, "--cache-dir", filepath.Join(stand.DataDir(), "kube-cache"), "--server", server, "--token", stand.Token(), "--insecure-skip-tls-verify"}, args...)
	cmd := exec.CommandContext(ctx, stand.Fleet.KubectlPath(), args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err = cmd.Run()
	return out.String(), errOut.String(), err
}

func TestKubectlReadsTheFleet(t *testing.T) {
	got, stderr, err := through(t.Context(), "", "get", "deployments", "-n", "shop")
	if err != nil {
		t.Fatal(err, stderr)
	}
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if fields := strings.Fields(lines[0]); fields[0] != "CLUSTER" || fields[1] != "NAME" {
		t.Errorf("the header is %q", lines[0])
	}
	for _, cluster := range stand.Fleet.Names() {
		for _, line := range strings.Split(kubectl(t, cluster, "get", "deployments", "-n", "shop", "--no-headers", "-o", "name"), "\n") {
			name := strings.TrimPrefix(line, "deployment.apps/")
			if !regexp.MustCompile(`(?m)^` + cluster + ` +` + name + ` `).MatchString(got) {
				t.Errorf("%s of %s is not in\n%s", name, cluster, got)
			}
		}
	}
}

func TestKubectlIsToldWhatIsNotOffered(t *testing.T) {
	for args, want := range map[string]string{
		"delete deployment app1 -n shop":       "Foretop reads",
		"get deployment app1 -n shop -o yaml":  "is in 3 clusters: zone1, zone2, zone3",
		"get deployment no-such -n shop":       `deployments.apps "no-such" not found`,
		"get nothing-like-that":                `the server doesn't have a resource type "nothing-like-that"`,
		"get --raw /api/v1/pods?nonsense=true": `the parameter "nonsense" is not known here`,
	} {
		_, stderr, err := through(t.Context(), "", strings.Fields(args)...)
		if err == nil || !strings.Contains(stderr, want) {
			t.Errorf("kubectl %s: %v, says %s, want %s", args, err, stderr, want)
		}
	}
}
