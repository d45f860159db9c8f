package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/foretop/foretop/test/fleet/demo"
)

// refusesToStart runs a hub that cannot start and checks that it says why in one sentence, with the remedy.
func refusesToStart(t *testing.T, says []string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	args = append([]string{"up", "--data-dir", t.TempDir(), "--contexts", "none", "--listen", "127.0.0.1:0", "--collectors-listen", "", "--ops-listen", ""}, args...)
	cmd := exec.CommandContext(ctx, program, args...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || ctx.Err() != nil {
		t.Fatalf("ends with %v\n%s", err, out.String())
	}
	var sentence string
	for _, line := range strings.Split(out.String(), "\n") {
		if rest, ok := strings.CutPrefix(line, "Error: "); ok {
			sentence = rest
		}
	}
	for _, want := range says {
		if !strings.Contains(sentence, want) {
			t.Errorf("says %q, want %q in it; all output:\n%s", sentence, want, out.String())
		}
	}
	if strings.Contains(out.String(), "goroutine ") {
		t.Errorf("ends with a stack trace:\n%s", out.String())
	}
}

func TestAHubThatCannotStartSaysWhyAndWhatToDo(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	t.Run("taken port", func(t *testing.T) {
		refusesToStart(t, []string{"is taken", "--listen"}, "--listen", taken.Addr().String())
	})
	t.Run("DSN of no known kind", func(t *testing.T) {
		refusesToStart(t, []string{"clickhouse://"}, "--clickhouse", "mysql://db:3306/x")
	})
	t.Run("server that is not there", func(t *testing.T) {
		refusesToStart(t, []string{"127.0.0.1:1"}, "--clickhouse", "clickhouse://127.0.0.1:1/foretop")
	})
	t.Run("missing engine library", func(t *testing.T) {
		refusesToStart(t, []string{"/nowhere/libchdb.so", "make engine"}, "--engine-library", "/nowhere/libchdb.so")
	})
	t.Run("missing kubeconfig", func(t *testing.T) {
		refusesToStart(t, []string{"/nowhere/kubeconfig", "--kubeconfig"}, "--kubeconfig", "/nowhere/kubeconfig", "--contexts", "zone1")
	})
	t.Run("configuration with a typo", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte("colect: {}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		refusesToStart(t, []string{"colect", path}, "--config", path)
	})
	t.Run("data folder that is a file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		refusesToStart(t, []string{path, "--data-dir"}, "--data-dir", path)
	})
	t.Run("data folder of a running hub", func(t *testing.T) {
		refusesToStart(t, []string{stand.DataDir()}, "--data-dir", stand.DataDir())
	})
}

// hub is a second hub beside the shared one, for one test.
func hub(t *testing.T, dir string, env []string, args ...string) *demo.Demo {
	t.Helper()
	d, err := demo.Beside(t.Context(), stand, dir, env, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Hub.Exited(); err != nil {
			t.Errorf("the hub ended: %v", err)
		}
		if err := d.Hub.Stop(); err != nil {
			t.Error(err)
		}
	})
	return d
}

type clusterAnswer struct {
	Clusters []struct {
		Name, State, Reason string
		Objects             int
	}
}

const clustersQuery = `{ clusters { name state reason objects } }`

func TestClustersThatCannotBeReachedStopNobodyElse(t *testing.T) {
	dir := must(os.MkdirTemp("", "foretop-e2e-faults-"))
	t.Cleanup(func() { os.RemoveAll(dir) })
	raw, err := os.ReadFile(stand.Fleet.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(dir, "kubeconfig")
	if err := os.WriteFile(kubeconfig, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	set := func(args ...string) string {
		t.Helper()
		out, err := exec.CommandContext(t.Context(), stand.Fleet.KubectlPath(), append([]string{"--kubeconfig", kubeconfig, "config"}, args...)...).CombinedOutput()
		if err != nil {
			t.Fatalf("kubectl config %q: %v\n%s", args, err, out)
		}
		return string(out)
	}
	server := set("view", "-o", `jsonpath={.clusters[?(@.name=="zone2")].cluster.server}`)
	set("set-cluster", "dead", "--server", "https://127.0.0.1:1")
	set("set-context", "dead", "--cluster", "dead", "--user", "nobody")
	set("set-credentials", "nobody", "--token", "not-a-token")
	set("set-cluster", "locked", "--server", server, "--insecure-skip-tls-verify=true")
	set("set-context", "locked", "--cluster", "locked", "--user", "nobody")

	d := hub(t, filepath.Join(dir, "h"), nil, "--kubeconfig", kubeconfig, "--contexts", "zone1,dead,locked,nosuch")
	want := map[string][2]string{ // state, words of the reason
		"zone1":  {"LIVE", ""},
		"dead":   {"PENDING", "127.0.0.1:1"},
		"locked": {"PENDING", "credentials"},
		"nosuch": {"PENDING", "no context"},
	}
	eventually(t, patience, "states of the four clusters", func(ctx context.Context) error {
		var a clusterAnswer
		if err := d.Ask(ctx, clustersQuery, nil, &a); err != nil {
			return err
		}
		ok := 0
		for _, c := range a.Clusters {
			w := want[c.Name]
			if c.State == w[0] && strings.Contains(c.Reason, w[1]) && (w[1] == "") == (c.Reason == "") {
				ok++
			}
		}
		if ok != len(want) || len(a.Clusters) != len(want) {
			return fmt.Errorf("got %s", toJSON(a))
		}
		return nil
	})
	var a searchAnswer
	if err := d.Ask(t.Context(), searchQuery, map[string]any{"q": "app:app2 kind:deploy"}, &a); err != nil {
		t.Fatal(err)
	}
	if a.Search.Total != 1 || a.Search.Coverage.Asked != 4 || a.Search.Coverage.Answered != 1 {
		t.Errorf("search answers %s", toJSON(a))
	}
}

func TestAQueryWithATypoIsOneSentenceWithTheFix(t *testing.T) {
	f := func(query, code, says string) {
		t.Helper()
		e := refused(t, `query($q: String!) { search(query: $q) { total } }`, map[string]any{"q": query})
		if e.Extensions.Code != code || !strings.Contains(e.Message+" "+e.Extensions.Fix, says) {
			t.Errorf("%s answers %s %q fix %q, want %s with %q", query, e.Extensions.Code, e.Message, e.Extensions.Fix, code, says)
		}
	}
	f("kidn:deploy", "QL_UNKNOWN_FIELD", "kind")
	f("cluster:zome1", "QL_BAD_VALUE", "zone1")
	f(`name:"app2`, "QL_SYNTAX", "quote")
	f("(app:app2", "QL_SYNTAX", "parenthesis")
	out, errOut, code := cli(t, "search", "kidn:deploy")
	if code != 2 || out != "" || !strings.Contains(errOut, "kind") {
		t.Errorf("the command line exits %d with %q %q", code, out, errOut)
	}
}

// A full disk refuses writes and nothing else; when there is room again, what happened meanwhile is there.
func TestAFullDiskLosesNothing(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting a small disk needs root")
	}
	dir := must(os.MkdirTemp("", "foretop-e2e-disk-"))
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=320m"); err != nil {
		t.Skipf("mounting a small disk is not allowed here: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	d := hub(t, filepath.Join(dir, "h"), nil, "--contexts", "zone2")
	eventually(t, patience, "zone2 is live", func(ctx context.Context) error {
		var a clusterAnswer
		if err := d.Ask(ctx, clustersQuery, nil, &a); err != nil {
			return err
		}
		if len(a.Clusters) != 1 || a.Clusters[0].State != "LIVE" {
			return fmt.Errorf("got %s", toJSON(a))
		}
		return nil
	})
	filler := filepath.Join(dir, "filler")
	fill(t, filler)
	kubectl(t, "zone2", "create", "configmap", "written-while-full", "-n", "shop")
	t.Cleanup(func() {
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone2", "delete", "configmap", "written-while-full", "-n", "shop", "--ignore-not-found")
	})
	eventually(t, patience, "the hub says that its disk is full and still answers", func(ctx context.Context) error {
		var a clusterAnswer
		if err := d.Ask(ctx, clustersQuery, nil, &a); err != nil {
			return err
		}
		if len(a.Clusters) != 1 || !strings.Contains(a.Clusters[0].Reason, "disk") {
			return fmt.Errorf("got %s", toJSON(a))
		}
		return nil
	})
	// It must hold out, not just answer once: control state is written every 2 s.
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); {
		if err := d.Ask(t.Context(), searchQuery, map[string]any{"q": "kind:deploy"}, nil); err != nil {
			t.Fatalf("reading fails while the disk is full: %v", err)
		}
		kubectl(t, "zone2", "label", "configmap", "written-while-full", "-n", "shop", "--overwrite", fmt.Sprint("at=", time.Now().UnixNano()))
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "what was written while the disk was full", func(ctx context.Context) error {
		var a searchAnswer
		if err := d.Ask(ctx, searchQuery, map[string]any{"q": "kind:configmap name:written-while-full"}, &a); err != nil {
			return err
		}
		if a.Search.Total != 1 {
			return fmt.Errorf("got %d", a.Search.Total)
		}
		return nil
	})
}

// fill takes all room of the disk that holds path.
func fill(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	block := make([]byte, 64<<10)
	for {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}
