package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/creack/pty"
	"github.com/hinshun/vt10x"
)

// terminal is a program on a screen, as a person has it.
type terminal struct {
	keys   *os.File
	screen vt10x.Terminal
}

const rows, columns = 120, 190 // all Pods of the fleet fit

// onScreen starts a program in a terminal; it ends with the test.
func onScreen(t *testing.T, cmd *exec.Cmd) *terminal {
	t.Helper()
	file, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: rows, Cols: columns})
	if err != nil {
		t.Fatal(err)
	}
	x := &terminal{keys: file, screen: vt10x.New(vt10x.WithSize(columns, rows), vt10x.WithWriter(file))}
	read := make(chan struct{})
	go func() {
		defer close(read)
		buffer := make([]byte, 64<<10)
		for {
			n, err := file.Read(buffer)
			_, _ = x.screen.Write(buffer[:n]) // does not fail
			if err != nil {
				return // the program has ended
			}
		}
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		time.AfterFunc(5*time.Second, func() { _ = cmd.Process.Kill() })
		_ = cmd.Wait()
		file.Close()
		<-read
	})
	return x
}

func (x *terminal) String() string {
	var lines []string
	for line := range strings.SplitSeq(x.screen.String(), "\n") {
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}

func (x *terminal) press(t *testing.T, keys string) {
	t.Helper()
	if _, err := x.keys.WriteString(keys); err != nil {
		t.Fatal(err)
	}
}

// shows waits until the screen has all of patterns, and nothing of one that begins with a !; it fails when k9s tells of an
// error.
func (x *terminal) shows(t *testing.T, what string, patterns ...string) {
	t.Helper()
	eventually(t, patience, what, func(context.Context) error {
		screen := x.String()
		for _, p := range patterns {
			p, not := strings.CutPrefix(p, "!")
			if regexp.MustCompile(p).MatchString(screen) == not {
				return fmt.Errorf("%q is on the screen: %v, want %v:\n%s", p, not, !not, screen)
			}
		}
		return nil
	})
	for _, flash := range []string{"💩", "😡", "Error", "forbidden", "no permission"} {
		if screen := x.String(); strings.Contains(screen, flash) {
			t.Errorf("%s: k9s complains:\n%s", what, screen)
		}
	}
}

// k9s reads the fleet and its members: lists, filters, describes, follows, shows events and logs.
func TestK9sReadsTheFleet(t *testing.T) {
	found, err := filepath.Glob(filepath.Join(clientsDir(t), "k9s-v0.50.9-"+runtime.GOARCH))
	if err != nil || len(found) != 1 {
		t.Fatalf("k9s is missing: run make clients: %v", err)
	}
	home := t.TempDir()
	kubeconfig := filepath.Join(home, "config")
	if _, said, code := cli(t, "kubeconfig", "--write", kubeconfig); code != 0 {
		t.Fatal(said)
	}
	const namespace = "looked-at"
	removeNamespace(t, namespace)
	m, err := openMember("zone2")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.create(t.Context(), "/api/v1/namespaces", object("v1", "Namespace", namespace, nil)); err != nil {
		t.Fatal(err)
	}
	// It would look for a newer version of itself.
	settings := filepath.Join(home, "k9s")
	if err := os.MkdirAll(settings, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(settings, "config.yaml"), []byte("k9s: {skipLatestRevCheck: true}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	// k9s prints Kubernetes' own kinds in columns of its own; documented is how they get one more.
	document, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	views := codeBlocks(string(document), "yaml")[0]
	if err := os.WriteFile(filepath.Join(settings, "views.yaml"), []byte(views), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(found[0], "--kubeconfig", kubeconfig, "--context", "foretop", "--all-namespaces", "--command", "pods", "--refresh", "1", "--logoless", "--logFile", filepath.Join(home, "k9s.log"))
	cmd.Env = []string{"HOME=" + home, "TERM=xterm-256color", "LANG=C.UTF-8", "PATH=" + os.Getenv("PATH"), "K9S_CONFIG_DIR=" + settings}
	x := onScreen(t, cmd)
	t.Cleanup(func() {
		if t.Failed() {
			log, _ := os.ReadFile(filepath.Join(home, "k9s.log"))
			t.Logf("the screen:\n%s\nk9s says:\n%s", x, log)
		}
	})
	x.shows(t, "Pods of the fleet", `pods\(all\)\[\d+\]`, `CLUSTER +NAMESPACE.* +NAME`, `zone1 +shop +app1-`, `zone2 +shop +app1-`, `zone3 +shop +app1-`)
	x.press(t, "/gateway-\r")
	x.shows(t, "filtered", `</gateway->`, `zone1 +shop +gateway-`, `zone2 +shop +gateway-`, `zone3 +shop +gateway-`, `! app1-`)
	t.Logf("Pods of the fleet, filtered:\n%s", x)
	x.press(t, "d")
	x.shows(t, "a description", `(?i)describe\(shop/gateway-`, `Name: +gateway-`, `Service Account:`)
	x.press(t, "\x1b") // what follows at once would be one key with it
	x.shows(t, "back at the list", `pods\(all\)`)
	x.press(t, ":cm "+namespace+"\r")
	x.shows(t, "ConfigMaps of a namespace", `configmaps\(`+namespace+`\)`, `kube-root-ca.crt`)
	if err := m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/configmaps", object("v1", "ConfigMap", "it-came", nil)); err != nil {
		t.Fatal(err)
	}
	x.shows(t, "a change, without a key", `it-came`)
	x.press(t, ":ctx foretop.qualified\r")
	x.shows(t, "the fleet by names that tell the cluster", `Context: +foretop\.qualified`)
	x.press(t, ":deploy shop\r")
	x.shows(t, "Deployments of one name, of all clusters", `deployments\(shop\)`, `zone1:app1 .*2/2`, `zone2:app1 .*2/2`, `zone3:app1 .*2/2`)
	x.press(t, "/zone2:app1\r")
	x.shows(t, "filtered", `</zone2:app1>`, `! zone1:app1`)
	x.press(t, "d")
	x.shows(t, "a description", `(?i)describe\(shop/zone2:app1\)`, `Name: +app1|Name: +zone2:app1`, `Replicas:`)
	x.press(t, "\x1b")
	x.shows(t, "back at the list", `deployments\(shop\)`)
	x.press(t, ":ctx foretop-zone1\r")
	x.shows(t, "a member", `Context: +foretop-zone1`)
	x.press(t, ":deploy shop\r")
	x.shows(t, "Deployments of a member", `deployments\(shop\)`, `app1 .*2/2`)
	x.press(t, ":events shop\r")
	x.shows(t, "events of a member", `events\(shop\)\[[1-9]`)
	x.press(t, ":pods shop\r")
	x.shows(t, "Pods of a member", `pods\(shop\)`, `app1-.*Running`)
	x.press(t, "/app1-\r")
	x.shows(t, "filtered", `</app1->`, `! gateway-`)
	x.press(t, "l")
	x.shows(t, "logs", `(?i)logs\(shop/app1-`, `Autoscroll`)
}
