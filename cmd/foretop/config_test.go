package main

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/collector/executor"
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
	c = f("retention: {default: 8w, kinds: {events: 14d, pods: 36h, deployments.apps: forever}}", "")
	want := aggregator.Retention{Default: 56 * 24 * time.Hour, Kinds: map[string]time.Duration{"events": 14 * 24 * time.Hour, "pods": 36 * time.Hour, "deployments.apps": 0}}
	if got, err := c.Retention.read("30d"); err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v %v, want %+v", got, err, want)
	}
	if got, err := (retentionConfig{}).read(retentionDefault); err != nil || got.Default != 30*24*time.Hour {
		t.Errorf("got %+v %v, want 30 days", got, err)
	}
	for _, bad := range []string{"1h", "0", "-3d", "soon", "3 days", ""} {
		if _, err := (retentionConfig{}).read(bad); err == nil {
			t.Errorf("the past can be kept for %q", bad)
		}
	}
	f("retention: {kind: {}}", "unknown field")
	c = f("act: {verbs: [restart, evict], deniedNamespaces: [kube-*]}", "")
	if want := (executor.Policy{Verbs: []string{"restart", "evict"}, DeniedNamespaces: []string{"kube-*"}}); !reflect.DeepEqual(c.Act, want) {
		t.Errorf("got %+v, want %+v", c.Act, want)
	}
	f("act: {verbs: [destroy]}", `policy allows unknown verb "destroy": want one of restart, scale`)
	f("act: {deniedNamespaces: ['[']}", "malformed glob")
	f("relations: [{from: cert-manager.io/Certificate, paths: spec.secretName, to: core/Secret, type: uses}]", "unknown field")
}
