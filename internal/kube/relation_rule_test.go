package kube_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/kube"
)

func TestDeclaredRelations(t *testing.T) {
	resource := func(_, kind string) (string, bool) { return kube.Plural(kind), kind != "ClusterIssuer" }
	f := func(rule kube.RelationRule, object, want string) {
		t.Helper()
		rules, err := kube.ReadRelationRules([]kube.RelationRule{rule})
		if err != nil {
			t.Error(err)
			return
		}
		var lines []string
		for _, r := range rules.Of(yamlObject(t, object), resource) {
			line := r.Type + " " + r.Namespace + "/" + r.GroupResource.String() + "/" + r.Name
			if r.Selector != nil {
				line += "{" + r.Selector.String() + "}"
			}
			lines = append(lines, line)
		}
		if diff := cmp.Diff(want, strings.Join(lines, "\n")); diff != "" {
			t.Errorf("%+v: %s", rule, diff)
		}
	}
	const certificate = `{apiVersion: certs.example.com/v1, kind: Certificate, metadata: {name: c, namespace: shop}, spec: {secretName: tls, issuerRef: {kind: ClusterIssuer, name: acme}}}`
	f(kube.RelationRule{From: "certs.example.com/Certificate", Path: "spec.secretName", To: "core/Secret", Type: "uses"}, certificate, "uses shop/secrets/tls")
	f(kube.RelationRule{From: "certs.example.com/Certificate", Path: ".spec.issuerRef.name", To: "certs.example.com/ClusterIssuer", Type: "uses"}, certificate, "uses /clusterissuers.certs.example.com/acme")
	f(kube.RelationRule{From: "certs.example.com/Certificate", Path: "spec.nothing", To: "core/Secret", Type: "uses"}, certificate, "")
	f(kube.RelationRule{From: "other.io/Certificate", Path: "spec.secretName", To: "core/Secret", Type: "uses"}, certificate, "")
	const sources = `{apiVersion: a.io/v1, kind: App, metadata: {name: c, namespace: shop}, spec: {sources: [{name: a, in: other}, {name: b}, {name: a, in: other}, {}, {name: 3}]}}`
	f(kube.RelationRule{From: "a.io/App", Path: "spec.sources[*].name", To: "core/ConfigMap", Type: "uses"}, sources, "uses shop/configmaps/a\nuses shop/configmaps/b")
	f(kube.RelationRule{From: "a.io/App", Path: "spec.sources[*].name", To: "core/ConfigMap", Type: "uses", NamespacePath: "spec.sources[*].in"}, sources, "uses other/configmaps/a\nuses shop/configmaps/b")
	const monitor = `{apiVersion: monitors.example.com/v1, kind: ServiceMonitor, metadata: {name: m, namespace: shop}, spec: {selector: {matchLabels: {app: web}}, plain: {tier: front}, empty: {}}}`
	f(kube.RelationRule{From: "monitors.example.com/ServiceMonitor", Path: "spec.selector", To: "core/Service", Type: "selects"}, monitor, "selects shop/services/{app=web}")
	f(kube.RelationRule{From: "monitors.example.com/ServiceMonitor", Path: "spec.plain", To: "core/Service", Type: "selects"}, monitor, "selects shop/services/{tier=front}")
	f(kube.RelationRule{From: "monitors.example.com/ServiceMonitor", Path: "spec.empty", To: "core/Service", Type: "selects"}, monitor, "")
	f(kube.RelationRule{From: "monitors.example.com/ServiceMonitor", Path: "spec.selector", To: "core/Service", Type: "uses"}, monitor, "")
}

func TestWellKnownRules(t *testing.T) {
	rules, err := kube.ReadRelationRules(nil)
	if err != nil {
		t.Fatal(err)
	}
	if !rules.From("cert-manager.io", "Certificate") || !rules.From("monitoring.coreos.com", "ServiceMonitor") || len(rules.FromKinds("", "Secret")) == 0 {
		t.Error("Certificates and ServiceMonitors relate without anybody declaring it")
	}
	var none *kube.RelationRules
	if none.From("cert-manager.io", "Certificate") || none.FromKinds("", "Secret") != nil {
		t.Error("no rules say something")
	}
}

func TestRelationRulesThatAreWrong(t *testing.T) {
	good := kube.RelationRule{From: "a.io/App", Path: "spec.name", To: "core/Secret", Type: "uses"}
	for want, change := range map[string]func(*kube.RelationRule){
		"relations[0].from":          func(r *kube.RelationRule) { r.From = "App" },
		"relations[0].to":            func(r *kube.RelationRule) { r.To = "core/secrets" },
		"relations[0].path":          func(r *kube.RelationRule) { r.Path = "spec..name" },
		"fields with dots":           func(r *kube.RelationRule) { r.Path = "spec.a[0].name" },
		"relations[0].type":          func(r *kube.RelationRule) { r.Type = "owns" },
		"relations[0].namespacePath": func(r *kube.RelationRule) { r.NamespacePath = "spec.others[*].namespace" },
	} {
		r := good
		change(&r)
		if _, err := kube.ReadRelationRules([]kube.RelationRule{r}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want %s", r, err, want)
		}
	}
	if _, err := kube.ReadRelationRules(make([]kube.RelationRule, 201)); err == nil {
		t.Error("there is no end to them")
	}
}
