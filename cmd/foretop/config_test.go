package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestConfigurationIsReadStrictly(t *testing.T) {
	f := func(text, want string) *configFile {
		t.Helper()
		path := filepath.Join(t.TempDir(), "config.yaml")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := loadConfig(path)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot %v, want %q", text, err, want)
		}
		return c
	}
	f("", "")
	if c, err := loadConfig(""); err != nil || !c.rules.From("cert-manager.io", "Certificate") {
		t.Error("no file has the well-known relations", err)
	}
	f("colour: red", "unknown field")
	f("clusters: [{name: a}]", "clusters[0] names no context")
	c := f("relations: [{from: cert-manager.io/Certificate, path: spec.secretName, to: core/Secret, type: uses}]", "")
	if c != nil && !c.rules.From("cert-manager.io", "Certificate") {
		t.Error("the rule is not there")
	}
	f("relations: [{from: cert-manager.io/Certificate, path: spec.secretName, to: core/Secret, type: likes}]", "relations[0].type")
	f("relations: [{from: cert-manager.io/Certificate, paths: spec.secretName, to: core/Secret, type: uses}]", "unknown field")
}
