package kube_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/kube"
)

func TestAspectsOfChangedPaths(t *testing.T) {
	f := func(want []kube.Aspect, paths ...string) {
		t.Helper()
		if diff := cmp.Diff(want, kube.Aspects(paths)); diff != "" {
			t.Errorf("%s: %s", paths, diff)
		}
	}
	f([]kube.Aspect{kube.Image}, "spec.template.spec.containers[app].image")
	f([]kube.Aspect{kube.Image}, "spec.template.spec.containers[sidecar]")
	f([]kube.Aspect{kube.Image, kube.Replicas, kube.Metadata}, "metadata.labels.tier", "spec.replicas", "spec.template.spec.containers[app].image")
	f([]kube.Aspect{kube.Configuration}, "data[config.yaml]", "data.mode")
	f([]kube.Aspect{kube.Environment}, "spec.template.spec.containers[app].env[URL].value")
	f([]kube.Aspect{kube.Environment}, "spec.template.spec.containers[image].env[image].value")
	f([]kube.Aspect{kube.Command}, "spec.containers[app].args")
	f([]kube.Aspect{kube.Resources}, "spec.template.spec.containers[app].resources.limits.memory")
	f([]kube.Aspect{kube.Probes}, "spec.template.spec.containers[app].readinessProbe.httpGet.port") // of all ports the probe's
	f([]kube.Aspect{kube.Network}, "spec.ports[http].targetPort", "spec.selector.app")
	f([]kube.Aspect{kube.Permissions}, "rules")
	f([]kube.Aspect{kube.Scheduling}, "spec.unschedulable")
	f([]kube.Aspect{kube.Restart}, "spec.template.metadata.annotations[kubectl.kubernetes.io/restartedAt]")
	f([]kube.Aspect{kube.Deletion}, "metadata.deletionGracePeriodSeconds", "metadata.deletionTimestamp")
	f([]kube.Aspect{kube.Metadata}, "metadata.finalizers", "metadata.labels.a")
	f([]kube.Aspect{kube.OtherSpec}, "spec.mode")
	f(nil, "status.phase", "metadata.annotations[deployment.kubernetes.io/revision]")
}
