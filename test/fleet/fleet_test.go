package fleet_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foretop/foretop/test/fleet"
)

// One real cluster through its whole life. The facts follow each other, as the life does.
//
//	up -> break -> heal -> silence -> back -> crash -> back on the same data -> up again -> down -> clean
func TestLifeOfACluster(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Minute) // the first run builds the programs
	defer cancel()
	f, err := fleet.Up(ctx, fleet.Options{Dir: dir, Clusters: []string{"zone1"}, Nodes: 2, Progress: t.Output(), Logs: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Down(); err != nil {
			t.Error(err)
		}
	})
	kubectl := func(args ...string) string {
		t.Helper()
		out, err := f.Kubectl(ctx, "zone1", args...)
		if err != nil {
			t.Fatal(err)
		}
		return strings.TrimSpace(out)
	}
	ready := func() string {
		t.Helper()
		return kubectl("-n", "shop", "get", "deploy", "app2", "-o", "jsonpath={.status.readyReplicas}/{.spec.replicas}")
	}
	uid := kubectl("-n", "shop", "get", "deploy", "app2", "-o", "jsonpath={.metadata.uid}")

	fact(t, "the application is ready when up returns", func(t *testing.T) {
		for _, name := range []string{"gateway", "app1", "app2", "app3"} {
			kubectl("-n", "shop", "rollout", "status", "deploy/"+name, "--timeout=1s")
		}
		if got := kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.labels.topology\\.kubernetes\\.io/zone}"); got != "zone1 zone1" {
			t.Errorf("got zones %q, want zone1 for both nodes", got)
		}
	})
	fact(t, "custom resources, claims and jobs are there", func(t *testing.T) {
		if got := kubectl("-n", "shop", "get", "routes,featureflags,hpa,pdb,ingress,pvc,jobs,cronjobs,statefulsets", "-o", "name"); strings.Count(got, "\n") < 10 {
			t.Errorf("got only\n%s", got)
		}
	})
	fact(t, "the kubeconfig names the context like the cluster", func(t *testing.T) {
		data, err := os.ReadFile(f.Kubeconfig())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(data), "current-context: zone1\n") {
			t.Error("got no context zone1")
		}
	})
	fact(t, "applications print", func(t *testing.T) {
		eventually(t, 20*time.Second, func() bool {
			out, err := f.Kubectl(ctx, "zone1", "-n", "shop", "logs", "deploy/app2", "--tail", "1")
			return err == nil && strings.Contains(out, "trace_id=")
		})
	})
	fact(t, "the kubelets say what every running pod of the application uses", func(t *testing.T) {
		eventually(t, 20*time.Second, func() bool { return len(unmeasured(t, f, kubectl)) == 0 })
	})
	requests, err := f.MetricsURL("zone1")
	if err != nil {
		t.Fatal(err)
	}
	errorsOfApp2 := func() float64 {
		return value(scrape(t, requests), `http_client_requests_total{namespace="shop",app="app1",upstream="app2",code="503"}`)
	}
	fact(t, "a healthy application answers without errors", func(t *testing.T) {
		eventually(t, 20*time.Second, func() bool {
			return value(scrape(t, requests), `http_requests_total{namespace="shop",app="app2",code="200"}`) > 0
		})
		if got := errorsOfApp2(); got != 0 {
			t.Errorf("got %g errors of app2", got)
		}
	})
	fact(t, "break leaves app2 at two of three with a pod that crashes", func(t *testing.T) {
		if err := f.Break(ctx, "zone1"); err != nil {
			t.Fatal(err)
		}
		if got := ready(); got != "2/3" {
			t.Errorf("got %s ready, want 2/3", got)
		}
		if got := kubectl("-n", "shop", "get", "pods", "-l", "app=app2"); strings.Count(got, "CrashLoopBackOff") != 1 {
			t.Errorf("got\n%s\nwant one pod in CrashLoopBackOff", got)
		}
		eventually(t, 20*time.Second, func() bool {
			return strings.Contains(kubectl("-n", "shop", "get", "events", "--field-selector", "type=Warning,reason=BackOff"), "Back-off restarting")
		})
		eventually(t, 20*time.Second, func() bool {
			out, err := f.Kubectl(ctx, "zone1", "-n", "shop", "logs", "deploy/app2", "--previous", "--tail", "1")
			return err == nil && strings.Contains(out, "cannot start")
		})
	})
	fact(t, "the request errors of a broken application rise", func(t *testing.T) {
		eventually(t, 20*time.Second, func() bool { return errorsOfApp2() >= 2 })
	})
	fact(t, "a container that crashes is started again and counts", func(t *testing.T) {
		eventually(t, 40*time.Second, func() bool {
			got := kubectl("-n", "shop", "get", "pods", "-l", "app=app2", "-o", "jsonpath={.items[*].status.containerStatuses[0].restartCount}")
			return strings.Contains(got, "2")
		})
	})
	fact(t, "up leaves a broken application as it is", func(t *testing.T) {
		again, err := fleet.Up(ctx, fleet.Options{Dir: dir, Progress: t.Output()})
		if err != nil {
			t.Fatal(err)
		}
		status, err := again.Status(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if len(status) != 1 || !status[0].Broken || status[0].State != "running" {
			t.Errorf("got %+v, want zone1 running and broken", status)
		}
		if got := status[0]; got.Silent || got.Metrics != requests {
			t.Errorf("got %+v, want metrics from %s", got, requests)
		}
	})
	fact(t, "heal brings all replicas back", func(t *testing.T) {
		if err := f.Heal(ctx, "zone1"); err != nil {
			t.Fatal(err)
		}
		if got := ready(); got != "3/3" {
			t.Errorf("got %s ready, want 3/3", got)
		}
	})
	fact(t, "a silent cluster does not answer and comes back", func(t *testing.T) {
		if err := f.Stop("zone1", syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		short, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if _, err := f.Kubectl(short, "zone1", "get", "nodes"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want no answer", err)
		}
		if err := f.Start(ctx, "zone1"); err != nil {
			t.Fatal(err)
		}
		kubectl("get", "nodes")
	})
	fact(t, "a crashed cluster comes back with its data", func(t *testing.T) {
		if err := f.Stop("zone1", syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		if pids := runningIn(t, dir); len(pids) > 0 {
			t.Errorf("got processes %v after a crash", pids)
		}
		if err := f.Start(ctx, "zone1"); err != nil {
			t.Fatal(err)
		}
		if got := kubectl("-n", "shop", "get", "deploy", "app2", "-o", "jsonpath={.metadata.uid}"); got != uid {
			t.Errorf("got uid %s, want %s", got, uid)
		}
	})
	fact(t, "the kubelets of a cluster that came back measure again", func(t *testing.T) {
		eventually(t, 20*time.Second, func() bool { return len(unmeasured(t, f, kubectl)) == 0 })
	})
	fact(t, "down leaves nothing running and clean leaves nothing of its own", func(t *testing.T) {
		if err := f.Down(); err != nil {
			t.Fatal(err)
		}
		if pids := runningIn(t, dir); len(pids) > 0 {
			t.Errorf("got processes %v after down", pids)
		}
		other := filepath.Join(dir, "logs", "hub.log")
		if err := os.WriteFile(other, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := f.Clean(); err != nil {
			t.Fatal(err)
		}
		left, err := filepath.Glob(filepath.Join(dir, "*", "*"))
		if err != nil || len(left) != 1 || left[0] != other {
			t.Errorf("got %v left (%v), want only %s", left, err, other)
		}
	})
}

func TestInterruptedUpLeavesNothingRunning(t *testing.T) {
	dir := t.TempDir()
	if _, err := fleet.Build(t.Context(), t.Output()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := fleet.Up(ctx, fleet.Options{Dir: dir, Clusters: []string{"zone1"}, Progress: t.Output()})
		done <- err
	}()
	eventually(t, time.Minute, func() bool { return strings.Contains(strings.Join(runningIn(t, dir), "\n"), "/bin/kube-apiserver ") })
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
	if pids := runningIn(t, dir); len(pids) > 0 {
		t.Errorf("got processes %v after an interrupted up", pids)
	}
}

func TestMistakesAreNamed(t *testing.T) {
	f := func(err error, want string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	_, err := fleet.Open(t.TempDir())
	f(err, "start one with `fleet up")
	_, err = fleet.Up(t.Context(), fleet.Options{})
	f(err, "set --dir")
	_, err = fleet.Up(t.Context(), fleet.Options{Dir: t.TempDir(), Clusters: []string{"Zone 1"}})
	f(err, "lower-case")
}

func fact(t *testing.T, name string, check func(*testing.T)) {
	t.Helper()
	if !t.Run(name, check) {
		t.FailNow()
	}
}

func eventually(t *testing.T, limit time.Duration, check func() bool) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for !check() {
		if time.Now().After(deadline) {
			t.Fatalf("not true after %s", limit)
		}
		time.Sleep(100 * time.Millisecond)
	}
}

// unmeasured lists the series of running pods of the application that kubelets should say and do not.
func unmeasured(t *testing.T, f *fleet.Fleet, kubectl func(...string) string) []string {
	t.Helper()
	said := ""
	for _, node := range strings.Fields(kubectl("get", "nodes", "-o", "jsonpath={.items[*].metadata.name}")) {
		url, err := f.NodeMetricsURL("zone1", node)
		if err != nil {
			t.Fatal(err)
		}
		said += scrape(t, url)
	}
	pods := strings.Fields(kubectl("-n", "shop", "get", "pods", "--field-selector", "status.phase=Running",
		"-o", `jsonpath={range .items[*]}{.metadata.labels.app}/{.metadata.name} {end}`))
	if len(pods) < 10 {
		t.Fatalf("got only pods %v", pods)
	}
	var missing []string
	for _, pod := range pods {
		app, name, _ := strings.Cut(pod, "/") // containers are named like their application
		labels := fmt.Sprintf(`{container=%q,namespace="shop",pod=%q}`, app, name)
		for _, metric := range []string{"container_cpu_usage_seconds_total", "container_memory_working_set_bytes"} {
			if value(said, metric+labels) <= 0 {
				missing = append(missing, metric+labels)
			}
		}
	}
	t.Logf("missing: %v", missing)
	return missing
}

// scrape reads an address as Prometheus would; nothing, when nobody listens yet.
func scrape(t *testing.T, url string) string {
	t.Helper()
	response, err := (&http.Client{Timeout: 5 * time.Second}).Get(url)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// value is what a scrape says of one series, -1 when it does not know it.
func value(scraped, series string) float64 {
	_, after, found := strings.Cut(scraped, "\n"+series+" ")
	text, _, _ := strings.Cut(after, "\n")
	number, err := strconv.ParseFloat(text, 64)
	if !found || err != nil {
		return -1
	}
	return number
}

// runningIn lists the processes whose command line names a folder, by a way of its own.
func runningIn(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, file := range files {
		if line, err := os.ReadFile(file); err == nil && strings.Contains(string(line), dir+"/") {
			found = append(found, strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return found
}
