package kube

import (
	"fmt"
	"strings"
	"testing"
)

func TestTraits(t *testing.T) {
	f := func(fact, want, y string) {
		t.Helper()
		s := summarize(t, y)
		if got := strings.Join(s.Traits, " "); got != want {
			t.Errorf("%s: got %q, want %q", fact, got, want)
		}
	}
	pod := func(spec string) string {
		return fmt.Sprintf("{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {template: {spec: {%s}}}}", spec)
	}
	f("nothing said", "", pod("containers: [{name: a}]"))
	f("memory limited", "limits limits.memory requests requests.memory", pod("containers: [{name: a, resources: {limits: {memory: 1Gi}}}]"))
	f("both requested", "requests requests.cpu requests.memory", pod("containers: [{name: a, resources: {requests: {memory: 1Gi, cpu: 1}}}]"))
	f("one container without", "", pod("containers: [{name: a, resources: {limits: {memory: 1Gi}}}, {name: b}]"))
	f("one of CPU, one of memory", "limits requests", pod("containers: [{name: a, resources: {limits: {memory: 1Gi}}}, {name: b, resources: {limits: {cpu: 1}}}]"))
	f("the whole Pod limited", "limits limits.cpu requests requests.cpu", pod("resources: {limits: {cpu: 1}}, containers: [{name: a}]"))
	f("an init container has none", "limits limits.cpu requests requests.cpu", pod("initContainers: [{name: i}], containers: [{name: a, resources: {limits: {cpu: 1}}}]"))
	f("paused", "paused", "{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {paused: true}}")
	f("a config map has none", "", "{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}")

	meta := func(m string) string {
		return fmt.Sprintf("{apiVersion: v1, kind: ConfigMap, metadata: {name: c, %s}}", m)
	}
	f("kept by Argo CD", "gitops", meta("annotations: {argocd.argoproj.io/tracking-id: 'a:/ConfigMap:x/c'}"))
	f("kept by Flux", "gitops", meta("labels: {kustomize.toolkit.fluxcd.io/name: apps}"))
	f("of a Helm release by Flux", "gitops helm", meta("labels: {helm.toolkit.fluxcd.io/name: apps, app.kubernetes.io/managed-by: Helm}"))
	f("of a Helm release", "helm", meta("labels: {helm.sh/chart: web-1.2.3}"))

	f("application out of sync", "drifted", "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, status: {sync: {status: OutOfSync}}}")
	f("application in sync", "", "{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, status: {sync: {status: Synced}}}")
	f("out of sync in Fleet", "drifted", "{apiVersion: fleet.cattle.io/v1alpha1, kind: Bundle, metadata: {name: a}, status: {summary: {modified: 1}}}")
	f("drift seen by Flux", "drifted", "{apiVersion: helm.toolkit.fluxcd.io/v2, kind: HelmRelease, metadata: {name: a}, status: {conditions: [{type: Ready, status: 'False', reason: DriftDetected}]}}")
}

func TestAddressesAreNormal(t *testing.T) {
	s := summarize(t, "{apiVersion: v1, kind: Service, metadata: {name: s}, spec: {clusterIP: None, externalIPs: ['2001:DB8:0:0::1', 10.0.0.7], externalName: db.example.com}, status: {loadBalancer: {ingress: [{ip: 10.0.0.7}]}}}")
	if got, want := strings.Join(s.IPs, " "), "10.0.0.7 2001:db8::1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
