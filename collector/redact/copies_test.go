package redact

import (
	"strings"
	"testing"
)

// Every value that must not leave is a canary here, in the places where objects hide other objects.
func TestNoCanaryLeavesFromWhereObjectsHideObjects(t *testing.T) {
	r := New(Config{Key: []byte("k")})
	f := func(name, in string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			if got := string(r.Object(object(t, in)).JSON); strings.Contains(got, "CANARY") || strings.Contains(got, "Q0FOQVJZ") {
				t.Errorf("a secret leaves in %s", got)
			}
		})
	}
	f("a Secret within a manifest of another object", `
apiVersion: work.open-cluster-management.io/v1
kind: ManifestWork
metadata: {name: a}
spec:
  workload:
    manifests:
    - {apiVersion: v1, kind: Secret, metadata: {name: s}, data: {ca.key: Q0FOQVJZ}, stringData: {user: CANARY}}`)
	f("a Secret as the manifest of a Crossplane object", `
apiVersion: kubernetes.crossplane.io/v1alpha2
kind: Object
metadata: {name: a}
spec: {forProvider: {manifest: {apiVersion: v1, kind: Secret, data: {dsn: Q0FOQVJZ}}}}`)
	f("items of a list object", `
apiVersion: template.openshift.io/v1
kind: Template
metadata: {name: a}
objects: [{apiVersion: v1, kind: Secret, stringData: {dsn: CANARY}}]`)
	f("a copy that another tool than kubectl leaves", `
apiVersion: v1
kind: Secret
metadata: {name: a, annotations: {kapp.k14s.io/original: '{"apiVersion":"v1","kind":"Secret","data":{"dsn":"Q0FOQVJZ"}}'}}`)
	f("such a copy on a template", `
kind: Deployment
spec: {template: {metadata: {annotations: {example.com/applied: ' {"kind":"Secret","apiVersion":"v1","data":{"dsn":"Q0FOQVJZ"}}'}}}}`)
	f("init and ephemeral containers of templates within templates", `
apiVersion: batch/v1
kind: CronJob
spec: {jobTemplate: {spec: {template: {spec: {
  initContainers: [{name: i, env: [{name: DB_PASSWORD, value: CANARY}]}],
  ephemeralContainers: [{name: e, env: [{name: DB_PASSWORD, value: CANARY}]}],
  containers: [{name: c, args: ["--db-password", "CANARY-value"]}]}}}}}`)
	for _, name := range []string{"DB_PASS", "REDIS_PASS", "MYSQL_PWD", "ADMIN_PWD", "SSH_KEY", "ENCRYPTION_KEY", "JWT_SIGNING_KEY", "db.pass"} {
		f("variable "+name, `{kind: Pod, spec: {containers: [{name: c, env: [{name: `+name+`, value: CANARY-value}]}]}}`)
		f("text with "+name, `{apiVersion: v1, kind: ConfigMap, metadata: {name: a}, data: {app.env: "A=b\n`+name+`=CANARY-value\n"}}`)
	}
	f("variables as the keys of a map", `{kind: HelmRelease, spec: {values: {env: {DB_PASS: CANARY-value, MYSQL_PWD_2: CANARY-value}}}}`)
	f("a flag within a line of shell", `
kind: Pod
spec: {containers: [{name: c, command: [sh, -c, "exec mysql --user app --password CANARY-value -h db"]}]}`)
}

func TestWhatOnlyLooksLikeACopyOrASecretStays(t *testing.T) {
	r := New(Config{Key: []byte("k")})
	f := func(in, want string) {
		t.Helper()
		if got := string(r.Object(object(t, in)).JSON); !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
	f(`{metadata: {annotations: {a: '{"kind":"web"}'}}}`, `web`)
	f(`{spec: {target: {kind: Secret, name: db-tls}}}`, `db-tls`)
	f(`{kind: Pod, spec: {containers: [{env: [{name: PWD, value: /app}]}]}}`, `/app`)
	f(`{kind: Pod, spec: {containers: [{env: [{name: COMPASS, value: north}, {name: BYPASS, value: proxy1}]}]}}`, `north`)
	f(`{kind: Pod, spec: {containers: [{env: [{name: BYPASS, value: proxy1}]}]}}`, `proxy1`)
	f(`{metadata: {annotations: {nginx.ingress.kubernetes.io/proxy-pass-params: upstream1}}, spec: {pass: first-test}}`, `upstream1`)
	f(`{spec: {result: {pass: first-test}}}`, `first-test`)
	f(`{kind: Pod, spec: {containers: [{command: [sh, -c, "run --token-file /run/t --password $PW now"]}]}}`, `$PW now`)
}
