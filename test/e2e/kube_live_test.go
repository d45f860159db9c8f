package e2e

import (
	"bufio"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// aPod is a Pod of an application, as pods/NAME.
func aPod(t *testing.T, cluster, app string) string {
	t.Helper()
	pods := strings.Fields(kubectl(t, cluster, "get", "pods", "-n", "shop", "-l", "app="+app, "--field-selector", "status.phase=Running", "-o", "name"))
	if len(pods) == 0 {
		t.Fatalf("%s has no Pod of %s", cluster, app)
	}
	return pods[0]
}

// What a Pod prints is the same through the hub and at the member, from a collector of the hub and from one that dials in.
func TestLogsThroughTheHubAreTheMembers(t *testing.T) {
	for _, r := range readers(t) {
		for _, cluster := range []string{"zone1", "zone3"} {
			pod := aPod(t, cluster, "app2")
			for _, options := range []string{
				"--tail=3", "--tail=2 --timestamps", "--since=10s", "--limit-bytes=300", "-c app2 --tail=1", "--all-containers --tail=2", "--prefix --tail=1",
				"--since-time=" + time.Now().Add(-5*time.Second).UTC().Format(time.RFC3339), "--previous", "-c none", "-l app=app2 --tail=1",
			} {
				args := append([]string{"logs", "-n", "shop"}, strings.Fields(options)...)
				if !strings.Contains(options, "-l ") {
					args = append(args, pod)
				}
				printed := func(ctx context.Context, whom []string) string {
					out, said, err := r.ask(ctx, whom, args...)
					if err != nil {
						return "fails: " + said
					}
					return out
				}
				// All at once: every half second something is printed.
				err := until(t, func(ctx context.Context) error {
					var wg sync.WaitGroup
					var one, other, got string
					wg.Go(func() { one = printed(ctx, memberItself(cluster)) })
					wg.Go(func() { got = printed(ctx, memberThrough(cluster)) })
					wg.Go(func() { other = printed(ctx, memberItself(cluster)) })
					if wg.Wait(); got != one && got != other {
						return fmt.Errorf("through the hub\n%s\nat the member\n%s\nor\n%s", got, one, other)
					}
					return nil
				})
				if err != nil {
					t.Errorf("kubectl %s of %s %s: %v", r.version, cluster, strings.Join(args, " "), err)
				}
			}
		}
	}
}

func TestALogIsFollowedThroughTheHub(t *testing.T) {
	for cluster, whom := range map[string][]string{"zone1": memberThrough("zone1"), "zone3": fleetThrough()} {
		ctx, leave := context.WithTimeout(t.Context(), time.Minute)
		args := slices.Concat([]string{"--cache-dir", t.TempDir()}, whom, []string{"logs", "-n", "shop", "-f", "--tail=1", aPod(t, cluster, "app2")})
		cmd := exec.CommandContext(ctx, stand.Fleet.KubectlPath(), args...)
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		lines, last := bufio.NewScanner(out), ""
		for n := range 5 {
			if !lines.Scan() {
				t.Fatalf("%s: after %d lines: %v", cluster, n, lines.Err())
			}
			if line := lines.Text(); !strings.Contains(line, "app=app2") || line == last {
				t.Errorf("%s: line %d is %q", cluster, n, line)
			} else {
				last = line
			}
		}
		leave()
		_ = cmd.Wait() // it was killed
	}
}

func TestKindsThatAreNotCollectedAreReadOfMembers(t *testing.T) {
	for _, r := range readers(t) {
		for _, c := range []comparison{
			{args: "get {kinds} -A"}, {args: "get {kinds} -A -o wide"}, {args: "get {kinds} -A -o name"}, {args: "get {kinds} -A --chunk-size=2"},
			{args: "get {kinds} -n no-such"}, {args: "get {kinds} -A --show-labels"}, {args: "get {kinds} -A -l app=app1"},
			{args: "get {kinds} -A --sort-by=.metadata.name"},
		} {
			for _, kind := range []string{"leases.coordination.k8s.io", "endpoints"} {
				c.same(t, r, "zone1", []string{kind})
				c.same(t, r, "zone3", []string{kind})
			}
		}
		comparison{args: "get {kinds} -n shop app1 -o yaml", read: objectsOf}.same(t, r, "zone3", []string{"endpoints"})
		comparison{args: "get {kinds} -n shop none", fails: true}.same(t, r, "zone3", []string{"leases.coordination.k8s.io"})
		comparison{args: "get {kinds}"}.same(t, r, "zone1", []string{"componentstatuses"})
	}
	out, said, err := through(t.Context(), "", "get", "endpoints", "-n", "shop", "--no-headers")
	if err != nil {
		t.Fatal(err, said)
	}
	for _, cluster := range stand.Fleet.Names() {
		for _, name := range strings.Fields(kubectl(t, cluster, "get", "endpoints", "-n", "shop", "-o", "name")) {
			if fields := cluster + " " + strings.TrimPrefix(name, "endpoints/") + " "; !strings.Contains(squeezed(out), fields) {
				t.Errorf("%s of %s is not in\n%s", name, cluster, out)
			}
		}
	}
}

func TestWhatIsForwardedComesFromTheMember(t *testing.T) {
	for _, r := range readers(t) {
		err := until(t, func(ctx context.Context) error {
			want, _, err := r.ask(ctx, memberItself("zone3"), "get", "pods", "-n", "shop", "-l", "app=app1")
			if err != nil {
				return err
			}
			got, said, err := r.ask(ctx, memberThrough("zone3"), "get", "pods", "-n", "shop", "-l", "app=app1,search.clusterpedia.io/forward=true")
			if err != nil || squeezed(got) != squeezed(want) {
				return fmt.Errorf("%v %s: %s", err, said, lineDiff(squeezed(got), squeezed(want)))
			}
			return nil
		})
		if err != nil {
			t.Errorf("kubectl %s: %v", r.version, err)
		}
	}
	// Secrets lose their values on this way, too.
	out, said, err := through(t.Context(), "zone1", "get", "secrets", "-A", "-l", "search.clusterpedia.io/forward=true", "-o", "json")
	if err != nil || !strings.Contains(out, `"kind": "Secret"`) || strings.Contains(out, "canary") {
		t.Errorf("%v %s: %d bytes", err, said, len(out))
	}
}

func TestWhatIsRefusedNamesWhatToDo(t *testing.T) {
	pod := strings.TrimPrefix(aPod(t, "zone1", "app2"), "pod/")
	for args, want := range map[string]string{
		"scale deployment app2 -n shop --replicas=9": "foretop scale deployments/app2 -n shop -C zone1 --replicas=N",
		"rollout restart deployment app2 -n shop":    "foretop rollout restart deployments/app2 -n shop -C zone1",
		"exec -n shop " + pod + " -- ls":             "Use kubectl against the member itself.",
		"port-forward -n shop pod/" + pod + " :8080": "not offered here",
		"delete pod -n shop " + pod:                  "Foretop reads",
		"auth can-i delete pods":                     "no - Foretop reads.",
		"auth can-i create pods --subresource=exec":  "no - ",
	} {
		out, said, err := through(t.Context(), "zone1", strings.Fields(args)...)
		if err == nil || !strings.Contains(out+said, want) {
			t.Errorf("kubectl %s: %v %s%s, want %s", args, err, out, said, want)
		}
	}
	for args, want := range map[string]string{
		"auth can-i list pods":                             "yes",
		"auth can-i get pods --subresource=log":            "yes",
		"auth can-i --list":                                "[get list watch]",
		"auth whoami":                                      "admin",
		"get deployment app2 -n shop --subresource=scale":  "DESIRED",
		"get deployment app2 -n shop --subresource=status": "UP-TO-DATE",
	} {
		out, said, err := through(t.Context(), "zone1", strings.Fields(args)...)
		if err != nil || !strings.Contains(out, want) {
			t.Errorf("kubectl %s: %v %s%s, want %s", args, err, out, said, want)
		}
	}
	comparison{args: "get {kinds} app2 -n shop --subresource=scale -o yaml", read: objectsOf}.same(t, readers(t)[0], "zone1", []string{"deployments.apps"})
}

// One member that hangs keeps nobody from what the others say.
func TestAMemberThatHangsIsLeftOut(t *testing.T) {
	const cluster = "zone2"
	if err := stand.Fleet.Stop(cluster, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stand.Fleet.Start(context.WithoutCancel(t.Context()), cluster); err != nil {
			t.Error(err)
		}
	})
	out, said, err := through(t.Context(), "", "get", "endpoints", "-n", "shop")
	if err != nil || !strings.Contains(out, "zone1 ") || !strings.Contains(out, "zone3 ") || strings.Contains(out, cluster) {
		t.Errorf("the fleet: %v\n%s", err, out)
	}
	if !strings.Contains(said, "Left out: "+cluster) {
		t.Errorf("it says %s", said)
	}
	out, said, err = through(t.Context(), cluster, "get", "endpoints", "-n", "shop")
	if err == nil || !strings.Contains(said, cluster) {
		t.Errorf("the member that hangs: %v %s %s", err, out, said)
	}
}
