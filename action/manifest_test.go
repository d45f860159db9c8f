package action

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
)

func TestManifestsThatMakeNoSense(t *testing.T) {
	two := int32(-2)
	for want, p := range map[string]actions.Params{
		"It is not said in which clusters":          {Manifest: "a: 1"},
		"The manifest is empty.":                    {Clusters: []string{"*"}, Manifest: "---\n---\n"},
		"Document 1 of the manifest cannot be read": {Clusters: []string{"*"}, Manifest: "a: [1"},
		"it has no apiVersion or no kind":           {Clusters: []string{"*"}, Manifest: "a: 1"},
		"it has no metadata.name":                   {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: ConfigMap}"},
		"generateName is not possible":              {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {generateName: a-}}"},
		"Secret db has data":                        {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: Secret, metadata: {name: db}, data: {a: YQ==}}"},
		"The value of DB_PASSWORD looks like":       {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, env: [{name: DB_PASSWORD, value: x}]}]}}"},
		"The value of DATABASE_URL looks like":      {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {DATABASE_URL: \"postgres://app:hunter2@db/x\"}}"},
		"The value of MYSQL_PASSWORD looks like":    {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {MYSQL_PASSWORD: hunter2hunter2}}"},
		"The value of args looks like":              {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: c, args: [\"--token=abcdefgh\"]}]}}"},
		`"[" is no name or glob`:                    {Clusters: []string{"["}, Manifest: "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"},
		"-2 is not a number of replicas":            {Clusters: []string{"*"}, Overrides: []actions.Override{{Clusters: []string{"*"}, Replicas: &two}}},
		"The value of API_TOKEN looks like":         {Clusters: []string{"*"}, Overrides: []actions.Override{{Clusters: []string{"*"}, Env: map[string]string{"API_TOKEN": "x"}}}},
		"The manifest has 600 KiB, and one action":  {Clusters: []string{"*"}, Manifest: strings.Repeat("a", 600<<10)},
		"": {Clusters: []string{"*"}, Manifest: "{apiVersion: v1, kind: Secret, metadata: {name: empty}}"},
	} {
		err := checkManifest(&p)
		if want == "" && err != nil || want != "" && (access.Code(err) != "BAD_REQUEST" || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}

func TestDocumentsStandInTheOrderOfTheirNeeds(t *testing.T) {
	docs, err := documents(`
{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}}
---
apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: ConfigMap, metadata: {name: settings}}
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
`)
	if err != nil {
		t.Fatal(err)
	}
	var order []string
	for _, o := range docs {
		order = append(order, o.GetKind())
	}
	if got := strings.Join(order, " "); got != "Namespace ConfigMap Deployment" {
		t.Errorf("order %s", got)
	}
}

func TestOverridesChangeWhatAClusterGets(t *testing.T) {
	docs, err := documents(`{apiVersion: apps/v1, kind: Deployment, metadata: {name: web}, spec: {replicas: 3, template: {spec: {
  initContainers: [{name: i, image: busybox}],
  containers: [{name: c, image: "old.example:5000/shop/web:1", env: [{name: A, value: "1"}, {name: B, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]}]}}}}`)
	if err != nil {
		t.Fatal(err)
	}
	two := int32(2)
	override(docs[0], actions.Override{Registry: "mirror.example/", Replicas: &two, Env: map[string]string{"B": "2", "C": "3"}})
	spec, _, _ := unstructured.NestedMap(docs[0].Object, "spec", "template", "spec")
	replicas, _, _ := unstructured.NestedInt64(docs[0].Object, "spec", "replicas")
	c := spec["containers"].([]any)[0].(map[string]any)
	i := spec["initContainers"].([]any)[0].(map[string]any)
	if replicas != 2 || c["image"] != "mirror.example/shop/web:1" || i["image"] != "mirror.example/busybox" {
		t.Errorf("%d replicas of %s and %s", replicas, c["image"], i["image"])
	}
	var env []string
	for _, e := range c["env"].([]any) {
		m := e.(map[string]any)
		env = append(env, m["name"].(string)+"="+m["value"].(string))
	}
	if got := strings.Join(env, " "); got != "A=1 B=2 C=3" {
		t.Errorf("environment %s", got)
	}
}
