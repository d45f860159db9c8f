package kube_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/foretop/foretop/internal/kube"
)

func yamlObject(t *testing.T, text string) map[string]any {
	t.Helper()
	if text == "" {
		return nil
	}
	j, err := yaml.YAMLToJSON([]byte(strings.ReplaceAll(text, "\t", " ")))
	if err != nil {
		t.Fatal(err)
	}
	o, err := kube.Decode(j)
	if err != nil {
		t.Fatal(err)
	}
	return o
}

func TestCompare(t *testing.T) {
	const web = `{apiVersion: apps/v1, kind: Deployment, metadata: {name: web, namespace: shop, uid: A, resourceVersion: "7", generation: 3, creationTimestamp: "2026-11-01T00:00:00Z",
		annotations: {deployment.kubernetes.io/revision: "4", owner: team-a}}, spec: {replicas: 3, template: {spec: {containers: [{name: app, image: "web:1.26"}]}}}, status: {readyReplicas: 3}}`
	change := func(of string, pairs ...string) string { return strings.NewReplacer(pairs...).Replace(of) }
	for name, c := range map[string]struct {
		from, to     string
		apart, noise bool
		want         []string
		hidden       int
	}{
		"the same":                   {from: web, to: web},
		"an image and its tag":       {from: web, to: change(web, "1.26", "1.27"), want: []string{"spec.template.spec.containers[app].image web:1.26 -> web:1.27"}},
		"noise is counted":           {from: web, to: change(web, `"7"`, `"8"`, "generation: 3", "generation: 4", "readyReplicas: 3", "readyReplicas: 1", `revision: "4"`, `revision: "5"`), hidden: 4},
		"noise that is asked for":    {from: web, to: change(web, `"7"`, `"8"`, "readyReplicas: 3", "readyReplicas: 1"), noise: true, want: []string{"metadata.resourceVersion 7 -> 8", "status.readyReplicas 3 -> 1"}},
		"what was not there":         {from: web, to: change(web, "owner: team-a", `owner: team-a, tier: ""`), want: []string{`metadata.annotations.tier  -> ""`}},
		"a new uid is a change":      {from: web, to: change(web, "uid: A", "uid: B"), want: []string{"metadata.uid A -> B"}},
		"another cluster's object":   {from: web, to: change(web, "uid: A", "uid: B", "2026-11-01", "2026-11-02", "replicas: 3", "replicas: 5"), apart: true, want: []string{"spec.replicas 3 -> 5"}, hidden: 2},
		"another object of the kind": {from: web, to: change(web, "name: web", "name: api", "uid: A", "uid: B"), apart: true, hidden: 2},
		"addresses of Services": {
			from: `{apiVersion: v1, kind: Service, metadata: {name: s, uid: A}, spec: {clusterIP: 10.0.0.1, clusterIPs: [10.0.0.1], type: NodePort, ports: [{name: http, port: 80, nodePort: 30001}]}}`,
			to:   `{apiVersion: v1, kind: Service, metadata: {name: s, uid: B}, spec: {clusterIP: 10.0.0.2, clusterIPs: [10.0.0.2], type: NodePort, ports: [{name: http, port: 81, nodePort: 30002}]}}`, apart: true,
			want: []string{"spec.ports[http].port 80 -> 81"}, hidden: 4},
		"what a Pod is given": {
			from: `{apiVersion: v1, kind: Pod, metadata: {name: p-1, uid: A, labels: {app: p, pod-template-hash: x}, ownerReferences: [{kind: ReplicaSet, name: p-x, uid: R}]}, spec: {nodeName: n1, volumes: [{name: kube-api-access-1}], containers: [{name: app, image: a, volumeMounts: [{name: kube-api-access-1, mountPath: /t}]}]}}`,
			to:   `{apiVersion: v1, kind: Pod, metadata: {name: p-2, uid: B, labels: {app: p, pod-template-hash: y}, ownerReferences: [{kind: ReplicaSet, name: p-y, uid: S}]}, spec: {nodeName: n2, volumes: [{name: kube-api-access-2}], containers: [{name: app, image: b, volumeMounts: [{name: kube-api-access-2, mountPath: /t}]}]}}`, apart: true,
			want: []string{"spec.containers[app].image a -> b"}, hidden: 9},
		"it appeared":   {to: `{apiVersion: v1, kind: ConfigMap, metadata: {name: c}, data: {a: "1"}}`, want: []string{"apiVersion  -> v1", "data.a  -> 1", "kind  -> ConfigMap", `metadata  -> {"name":"c"}`}},
		"it went":       {from: `{apiVersion: v1, kind: ConfigMap, metadata: {name: c}}`, want: []string{"apiVersion v1 -> ", "kind ConfigMap -> ", `metadata {"name":"c"} -> `}},
		"a list of one": {from: change(web, "name: app, image", "name: app, args: [a], image"), to: change(web, "name: app, image", "name: app, args: [a, b], image"), want: []string{`spec.template.spec.containers[app].args ["a"] -> ["a","b"]`}},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := yamlObject(t, c.from), yamlObject(t, c.to)
			got, err := kube.Compare(from, to, c.apart, c.noise)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, l := range got.Lines {
				said = append(said, l.Path+" "+l.From+" -> "+l.To)
			}
			if diff := cmp.Diff(c.want, said); diff != "" || got.Hidden != c.hidden {
				t.Errorf("hidden %d, want %d\n%s", got.Hidden, c.hidden, diff)
			}
			if (got.Unified == "") != (len(c.want) == 0) {
				t.Errorf("unified: %s", got.Unified)
			}
			if diff := cmp.Diff(yamlObject(t, c.from), from); diff != "" {
				t.Errorf("it was changed: %s", diff)
			}
		})
	}
}

// Two objects of a kind from a real API server: nothing of what servers write is a difference.
func TestCompareWithItselfElsewhere(t *testing.T) {
	for _, name := range []string{"deployment", "pod-running", "service", "node-cordoned", "job"} {
		text, err := os.ReadFile("testdata/" + name + ".json")
		if err != nil {
			t.Fatal(err)
		}
		o, other := yamlObject(t, string(text)), yamlObject(t, string(text))
		meta := other["metadata"].(map[string]any)
		meta["uid"], meta["resourceVersion"], meta["creationTimestamp"] = "another", "1", "2026-01-01T00:00:00Z"
		c, err := kube.Compare(o, other, true, false)
		if err != nil || c.Unified != "" || len(c.Lines) != 0 || c.Hidden != 3 {
			t.Errorf("%s: hidden %d %v\n%s", name, c.Hidden, err, c.Unified)
		}
	}
}
