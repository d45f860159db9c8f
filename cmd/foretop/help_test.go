package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

var update = flag.Bool("update", false, "write the golden files of help anew")

// What --help says of every verb that acts is what testdata/help says: names and flags are what people's scripts hold.
func TestHelpOfActions(t *testing.T) {
	acting := []string{"restart", "evict", "rollout", "scale", "set", "label", "annotate", "cordon", "uncordon", "drain", "create", "rerun", "apply", "delete", "revert", "actions"}
	var written []string
	var visit func(*cobra.Command)
	visit = func(cmd *cobra.Command) {
		name := strings.ReplaceAll(strings.TrimPrefix(cmd.CommandPath(), "foretop "), " ", "_") + ".txt"
		written = append(written, name)
		path := filepath.Join("testdata/help", name)
		t.Run(cmd.CommandPath(), func(t *testing.T) {
			// The folder in a default is this machine's.
			t.Setenv("XDG_DATA_HOME", "/data")
			var out, errOut bytes.Buffer
			if code := execute(t.Context(), append(strings.Fields(cmd.CommandPath())[1:], "--help"), strings.NewReader(""), &out, &errOut); code != 0 {
				t.Fatalf("exit %d: %s", code, errOut.String())
			}
			if *update {
				if err := os.WriteFile(path, out.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v; write it with: go test ./cmd/foretop -run HelpOfActions -update", err)
			}
			if got := out.String(); got != string(want) {
				t.Errorf("prints\n%s\nwant\n%s", got, want)
			}
		})
		for _, c := range cmd.Commands() {
			visit(c)
		}
	}
	for _, cmd := range newRoot().Commands() {
		if slices.Contains(acting, cmd.Name()) {
			visit(cmd)
		}
	}
	kept, err := os.ReadDir("testdata/help")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range kept {
		if !slices.Contains(written, f.Name()) {
			t.Errorf("testdata/help/%s is of no verb", f.Name())
		}
	}
}
