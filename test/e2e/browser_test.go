package e2e

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// The page in a real browser: every fact of the scripts is a test here.
func TestThePageInABrowser(t *testing.T) {
	t.Run("on a healthy fleet", func(t *testing.T) { browse(t, "run.mjs") })
	t.Run("when app2 is broken", func(t *testing.T) {
		if err := stand.Fleet.Break(t.Context(), "zone1"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := stand.Fleet.Heal(context.WithoutCancel(t.Context()), "zone1"); err != nil {
				t.Errorf("heal: %v", err)
			}
		})
		browse(t, "scenario.mjs")
	})
}

var tapLine = regexp.MustCompile(`^(ok|not ok) \d+ - (.*)$`)

// browse runs one script of ui/e2e, which prints TAP.
func browse(t *testing.T, script string, env ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "--test-reporter=tap", filepath.Join("e2e", script))
	cmd.Dir = must(filepath.Abs("../../ui"))
	cmd.Env = append(append(os.Environ(), "FORETOP_E2E_URL="+stand.URL(), "FORETOP_E2E_TOKEN="+stand.Token()), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	facts := 0
	var detail strings.Builder
	for lines := bufio.NewScanner(&out); lines.Scan(); {
		m := tapLine.FindStringSubmatch(lines.Text())
		if m == nil {
			detail.WriteString(lines.Text() + "\n")
			continue
		}
		facts++
		t.Run(m[2], func(t *testing.T) {
			if m[1] != "ok" {
				t.Errorf("%s; pictures are in test-results/page", m[2])
			}
		})
	}
	if err != nil || facts == 0 || t.Failed() {
		t.Errorf("%s: %v, %d facts\n%s", script, err, facts, detail.String())
	}
}
