package kube_test

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/foretop/foretop/internal/kube"
)

// relations is what object, as YAML, says of others: a line each.
func relations(t *testing.T, object string) string {
	t.Helper()
	text, err := yaml.YAMLToJSON([]byte(object))
	if err != nil {
		t.Fatal(err)
	}
	o, err := kube.Decode(text)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range kube.Relations(o) {
		to := r.Namespace + "/" + r.GroupResource.String() + "/" + r.Name
		if r.Reverse {
			to = "back from " + to
		}
		if r.Selector != nil {
			to += "{" + r.Selector.String() + "}"
		}
		lines = append(lines, r.Type+" "+strings.TrimPrefix(to, "shop/"))
	}
	return strings.Join(lines, "\n")
}

// The shop's objects as API servers returned them.
func TestRelationsOfTheShop(t *testing.T) {
	for file, want := range map[string]string{
		"deployment":        "uses serviceaccounts/app1\nuses configmaps/shop-config\nuses configmaps/app1-config\nimage /images/registry.example.com/shop/app1:1.4.0",
		"statefulset":       "uses serviceaccounts/db\nuses secrets/db-creds\nimage /images/registry.example.com/shop/postgres:17.6\nuses /storageclasses.storage.k8s.io/local",
		"pod-running":       "uses serviceaccounts/app1\nuses configmaps/shop-config\nuses configmaps/app1-config\nimage /images/registry.example.com/shop/app1:1.4.0\nnode /nodes/zone1-node-1",
		"job":               "uses serviceaccounts/default\nimage /images/registry.example.com/shop/db-migrate:1.4.0",
		"daemonset":         "uses kube-system/serviceaccounts/default\nimage /images/registry.example.com/platform/node-agent:2.3.1",
		"service":           "selects pods/{app=gateway}",
		"pdb":               "selects pods/{app=app2}",
		"hpa":               "selects deployments.apps/app1",
		"ingress":           "routes services/gateway\nuses /ingressclasses.networking.k8s.io/edge",
		"claim":             "uses /persistentvolumes/shop-db-0\nuses /storageclasses.storage.k8s.io/local",
		"configmap":         "",
		"crd":               "",
		"node-cordoned":     "",
		"namespace":         "",
		"pod-image-missing": "uses serviceaccounts/default\nuses configmaps/kube-root-ca.crt\nimage /images/registry.example.com/shop/app2:1.5.0-missing\nnode /nodes/zone1-node-5",
	} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + file + ".json")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, relations(t, string(text))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestRelations(t *testing.T) {
	for name, c := range map[string]struct{ object, want string }{
		"a Pod uses what its containers and volumes name, each once": {`{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: shop}, spec: {
			serviceAccountName: robot, nodeName: n1, imagePullSecrets: [{name: pull}],
			initContainers: [{env: [{name: A, valueFrom: {configMapKeyRef: {name: init, key: a}}}]}],
			containers: [{envFrom: [{configMapRef: {name: all}}, {secretRef: {name: creds}}], env: [{name: B, value: plain}, {name: C, valueFrom: {secretKeyRef: {name: creds, key: c}}}]}],
			ephemeralContainers: [{envFrom: [{configMapRef: {name: debug}}]}],
			volumes: [{configMap: {name: files}}, {secret: {secretName: tls}}, {persistentVolumeClaim: {claimName: data}}, {emptyDir: {}},
				{projected: {sources: [{configMap: {name: ca}}, {secret: {name: key}}, {serviceAccountToken: {path: token}}]}},
				{csi: {driver: d, nodePublishSecretRef: {name: csi}}}, {azureFile: {secretName: azure}}, {cephfs: {secretRef: {name: ceph}}}]}}`,
			`uses serviceaccounts/robot
uses configmaps/init
uses configmaps/all
uses secrets/creds
uses configmaps/debug
uses configmaps/files
uses secrets/tls
uses persistentvolumeclaims/data
uses configmaps/ca
uses secrets/key
uses secrets/csi
uses secrets/azure
uses secrets/ceph
uses secrets/pull
node /nodes/n1`},
		"a CronJob keeps its Pods' template two levels down": {`{apiVersion: batch/v1, kind: CronJob, metadata: {name: c, namespace: shop}, spec: {jobTemplate: {spec: {template: {spec: {containers: [{envFrom: [{secretRef: {name: s}}]}]}}}}}}`,
			"uses serviceaccounts/default\nuses secrets/s"},
		"a Deployment of another group is another kind": {`{apiVersion: example.com/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {template: {spec: {serviceAccountName: a}}}}`, ""},
		"a template is missing":                         {`{apiVersion: apps/v1, kind: Deployment, metadata: {name: d, namespace: shop}, spec: {template: 3}}`, ""},
		"a Service without a selector selects nothing":  {`{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {}}`, ""},
		"an ExternalName selects nothing":               {`{apiVersion: v1, kind: Service, metadata: {name: s, namespace: shop}, spec: {type: ExternalName, selector: {app: a}}}`, ""},
		"an empty selector of a NetworkPolicy selects everything": {`{apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: n, namespace: shop}, spec: {podSelector: {}}}`,
			"selects pods/{}"},
		"expressions of a selector": {`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: n, namespace: shop}, spec: {selector: {matchLabels: {app: a}, matchExpressions: [{key: tier, operator: NotIn, values: [db]}]}}}`,
			"selects pods/{app=a,tier notin (db)}"},
		"a selector that cannot be selects nothing": {`{apiVersion: policy/v1, kind: PodDisruptionBudget, metadata: {name: n, namespace: shop}, spec: {selector: {matchExpressions: [{key: tier, operator: Near}]}}}`, ""},
		"an HPA of a CRD": {`{apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: {name: h, namespace: shop}, spec: {scaleTargetRef: {apiVersion: shop.example.com/v1, kind: Gadget, name: g}}}`, "selects gadgets.shop.example.com/g"},
		"an Ingress": {`{apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: {name: i, namespace: shop}, spec: {defaultBackend: {service: {name: fallback}}, tls: [{secretName: cert}, {hosts: [a]}],
			rules: [{host: a}, {http: {paths: [{backend: {service: {name: web}}}, {backend: {service: {name: web}}}, {backend: {resource: {apiGroup: shop.example.com, kind: Bucket, name: b}}}]}}]}}`,
			"routes services/fallback\nroutes services/web\nroutes buckets.shop.example.com/b\nroutes secrets/cert"},
		"a claim of a StatefulSet is of a class": {`{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: s, namespace: shop}, spec: {template: {spec: {priorityClassName: high, runtimeClassName: kata, containers: [{image: "a/b:1"}, {image: "a/b:1"}]}}, volumeClaimTemplates: [{spec: {storageClassName: fast}}]}}`,
			"uses serviceaccounts/default\nuses /priorityclasses.scheduling.k8s.io/high\nuses /runtimeclasses.node.k8s.io/kata\nimage /images/a/b:1\nuses /storageclasses.storage.k8s.io/fast"},
		"a volume and its attachment": {`{apiVersion: storage.k8s.io/v1, kind: VolumeAttachment, metadata: {name: a}, spec: {nodeName: n1, source: {persistentVolumeName: v}}}`, "uses /persistentvolumes/v\nnode /nodes/n1"},
		"a RoleBinding": {`{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: b, namespace: shop}, roleRef: {kind: ClusterRole, name: view}, subjects: [{kind: ServiceAccount, name: a}, {kind: ServiceAccount, name: a, namespace: other}, {kind: User, name: u}]}`,
			"binds /clusterroles.rbac.authorization.k8s.io/view\nbinds serviceaccounts/a\nbinds other/serviceaccounts/a"},
		"a ServiceAccount": {`{apiVersion: v1, kind: ServiceAccount, metadata: {name: a, namespace: shop}, imagePullSecrets: [{name: pull}], secrets: [{name: token}]}`, "uses secrets/token\nuses secrets/pull"},
		"a Gateway": {`{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: g, namespace: shop}, spec: {gatewayClassName: c, listeners: [{tls: {certificateRefs: [{name: cert}, {kind: Secret, name: other, namespace: certs}]}}, {}]}}`,
			"uses /gatewayclasses.gateway.networking.k8s.io/c\nroutes secrets/cert\nroutes certs/secrets/other"},
		"its routes": {`{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: r, namespace: shop}, spec: {parentRefs: [{name: g, namespace: edge}, {name: mine}], rules: [{backendRefs: [{name: web, port: 80}, {name: api, namespace: apis, weight: 10}, {kind: Bucket, name: b}], filters: [{requestMirror: {backendRef: {name: shadow}}}]}]}}`,
			"routes back from edge/gateways.gateway.networking.k8s.io/g\nroutes back from shop/gateways.gateway.networking.k8s.io/mine\nroutes services/web\nroutes apis/services/api\nroutes services/shadow"},
		"a GRPCRoute in a mesh": {`{apiVersion: gateway.networking.k8s.io/v1, kind: GRPCRoute, metadata: {name: r, namespace: shop}, spec: {parentRefs: [{kind: Service, group: "", name: front}], rules: [{backendRefs: [{name: back}]}]}}`, "routes back from shop/services/front\nroutes services/back"},
		"a webhook":             {`{apiVersion: admissionregistration.k8s.io/v1, kind: ValidatingWebhookConfiguration, metadata: {name: v}, webhooks: [{clientConfig: {service: {namespace: sys, name: hook}}}, {clientConfig: {url: "https://x"}}]}`, "routes sys/services/hook"},
		"an API of a Service":   {`{apiVersion: apiregistration.k8s.io/v1, kind: APIService, metadata: {name: v1.m}, spec: {service: {namespace: sys, name: m}}}`, "routes sys/services/m"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, relations(t, strings.ReplaceAll(c.object, "\t", " "))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestWhatARelationReaches(t *testing.T) {
	o, err := kube.Decode([]byte(`{"apiVersion":"v1","kind":"Service","metadata":{"name":"s","namespace":"shop"},"spec":{"selector":{"app":"a"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	r := kube.Relations(o)[0]
	pod := kube.Ref{Cluster: "zone1", Namespace: "shop", GroupResource: kube.GroupResource{Resource: "pods"}, Name: "p"}
	elsewhere := pod
	elsewhere.Namespace = "other"
	if !r.Matches(pod, map[string]string{"app": "a", "b": "c"}) || r.Matches(pod, nil) || r.Matches(elsewhere, map[string]string{"app": "a"}) {
		t.Error("a selector reaches the Pods of its namespace that have the labels")
	}
}

// Every kind that may point to another is one that Relations reads.
func TestKindsThatRelateAreKnown(t *testing.T) {
	for _, b := range kube.Builtins {
		for _, from := range kube.RelatedFrom(b.GroupResource) {
			if !kube.HasRelations(from) {
				t.Errorf("%s is said to relate to %s, and has no relations", from, b.GroupResource)
			}
		}
	}
}

func TestUsesAreNamesBehindKinds(t *testing.T) {
	for object, want := range map[string][]string{
		`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"nodeName":"n","containers":[{"envFrom":[{"secretRef":{"name":"b"}},{"configMapRef":{"name":"a"}},{"secretRef":{"name":"b"}}]}]}}`: {"ConfigMap/a", "Secret/b", "ServiceAccount/default"},
		`{"apiVersion":"v1","kind":"Service","metadata":{"name":"s"},"spec":{"selector":{"app":"a"}}}`:                                                                                                      nil,
		`{"apiVersion":"autoscaling/v2","kind":"HorizontalPodAutoscaler","metadata":{"name":"h"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"web"}}}`:                      {"Deployment/web"},
	} {
		o, err := kube.Decode([]byte(object))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, kube.Uses(o)); diff != "" {
			t.Errorf("%s: %s", object, diff)
		}
	}
}
