package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// codeBlocks are those of a document in a language.
func codeBlocks(text, language string) (blocks []string) {
	parts := strings.Split(text, "\n```")
	for i := 1; i < len(parts); i += 2 {
		if first, block, _ := strings.Cut(parts[i], "\n"); first == language {
			blocks = append(blocks, block)
		}
	}
	return blocks
}

// Every kubectl line of docs/clients.md works as it is written, and its Go is what the tests of informers run. Its settings of k9s are
// those that k9s is tested with.
func TestExamplesForClients(t *testing.T) {
	raw, err := os.ReadFile("../../docs/clients.md")
	if err != nil {
		t.Fatal(err)
	}
	kubeconfig := filepath.Join(t.TempDir(), "config")
	if _, said, code := cli(t, "kubeconfig", "--write", kubeconfig); code != 0 {
		t.Fatal(said)
	}
	ran := 0
	for _, block := range codeBlocks(string(raw), "") {
		for line := range strings.Lines(block) {
			args := strings.Fields(strings.ReplaceAll(line, "'", "")) // as a shell reads it
			if len(args) == 0 || args[0] != "kubectl" {
				continue
			}
			cmd := exec.CommandContext(t.Context(), stand.Fleet.KubectlPath(), args[1:]...)
			cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "KUBECACHEDIR="+t.TempDir())
			out, err := cmd.Output()
			if err != nil || len(strings.Split(strings.TrimSpace(string(out)), "\n")) < 2 {
				t.Errorf("%s: %v\n%s", strings.TrimSpace(line), err, out)
			}
			ran++
		}
	}
	if ran < 10 {
		t.Errorf("%d examples ran", ran)
	}
	source, err := os.ReadFile("kube_fleet_watch_test.go")
	if err != nil {
		t.Fatal(err)
	}
	snippets := codeBlocks(string(raw), "go")
	for _, snippet := range snippets {
		if !strings.Contains(string(source), strings.TrimSpace(snippet)) {
			t.Errorf("the tests of informers do not run\n%s", snippet)
		}
	}
	if len(snippets) == 0 {
		t.Error("no Go is shown")
	}
}
