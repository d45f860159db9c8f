package redact

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/yaml"
)

func object(t testing.TB, text string) map[string]any {
	t.Helper()
	var o map[string]any
	if err := yaml.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	return o
}

func TestObject(t *testing.T) {
	r := New(Config{Key: []byte("k")})
	f := func(name, in, want string) {
		t.Helper()
		t.Run(name, func(t *testing.T) {
			t.Helper()
			first := r.Object(object(t, in))
			wantJSON := string(AppendJSON(nil, object(t, want)))
			if diff := cmp.Diff(wantJSON, string(first.JSON)); diff != "" {
				t.Errorf("redacted, -want +got:\n%s", diff)
			}
			second := r.Object(object(t, string(first.JSON)))
			if string(second.JSON) != string(first.JSON) {
				t.Errorf("redacting again changed it\nfrom %s\nto   %s", first.JSON, second.JSON)
			}
		})
	}

	f("a Secret keeps type, key names and lengths", `
apiVersion: v1
kind: Secret
type: Opaque
metadata: {name: a}
data: {password: aHVudGVyMg==, empty: ""}
stringData: {user: root}
`, `
apiVersion: v1
kind: Secret
type: Opaque
metadata: {name: a, annotations: {foretop.io/redacted-keys: '{"empty":0,"password":7,"user":4}'}}
`)
	f("a Secret of any group loses its data", `
{apiVersion: example.com/v1, kind: Secret, data: [1], metadata: {name: a}}`, `
{apiVersion: example.com/v1, kind: Secret, metadata: {name: a}}`)
	f("the copy that kubectl apply leaves is dropped", `
metadata: {name: a, annotations: {kubectl.kubernetes.io/last-applied-configuration: '{"data":{"p":"x"}}'}}`, `
metadata: {name: a}`)
	f("managed fields are taken out", `
metadata: {name: a, managedFields: [{manager: m, operation: Update}]}`, `
metadata: {name: a}`)
	f("annotations and labels with telling names lose their value", `
metadata: {name: a, labels: {app: web, api-token: t0ps3cret}, annotations: {example.com/db-password: x1y2, note: hello}}`, `
metadata: {name: a, labels: {app: web, api-token: "[redacted]"}, annotations: {example.com/db-password: "[redacted]", note: hello}}`)
	f("annotations that people search for stay", `
metadata: {name: a, labels: {argocd.argoproj.io/secret-type: cluster}, annotations: {example.com/uses-token: "true"}}`, `
metadata: {name: a, labels: {argocd.argoproj.io/secret-type: cluster}, annotations: {example.com/uses-token: "true"}}`)
	f("environment variables with telling names lose their value, references stay", `
kind: Pod
spec:
  containers:
  - name: c
    env:
    - {name: DB_PASSWORD, value: hunter2}
    - {name: LEVEL, value: info}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: token}}}
    - {name: PASSWORD_FILE, value: /run/secrets/p}
    - {name: URL, value: "postgres://app:hunter2@db/shop"}
`, `
kind: Pod
spec:
  containers:
  - name: c
    env:
    - {name: DB_PASSWORD, value: "[redacted]"}
    - {name: LEVEL, value: info}
    - {name: TOKEN, valueFrom: {secretKeyRef: {name: s, key: token}}}
    - {name: PASSWORD_FILE, value: /run/secrets/p}
    - {name: URL, value: "postgres://app:[redacted]@db/shop"}
`)
	f("arguments lose credentials in both forms", `
spec: {containers: [{name: c, command: [run, --password, hunter2, --token=abcdef, --token-file=/x/y, --level, info], args: ["-api-key", k1]}]}`, `
spec: {containers: [{name: c, command: [run, --password, "[redacted]", "--token=[redacted]", --token-file=/x/y, --level, info], args: ["-api-key", "[redacted]"]}]}`)
	f("a shell script in arguments loses assignments", `
spec: {containers: [{name: c, args: ["export DB_PASSWORD='a b' PATH=$PATH; curl -H 'Authorization: Bearer abcdefghijklmnop'"]}]}`, `
spec: {containers: [{name: c, args: ["export DB_PASSWORD='[redacted]' PATH=$PATH; curl -H 'Authorization: Bearer [redacted]'"]}]}`)
	f("ConfigMap values lose what looks like a credential", `
apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  app.properties: "db.host=db\ndb.password=hunter2\n"
  token: abcdef
  color: blue
binaryData: {blob: AAEC}
`, `
apiVersion: v1
kind: ConfigMap
metadata: {name: a, annotations: {foretop.io/redacted-keys: '{"blob":3}'}}
data:
  app.properties: "db.host=db\ndb.password=[redacted]\n"
  token: "[redacted]"
  color: blue
`)
	f("a Helm release in a ConfigMap is dropped", `
{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {owner: helm}}, data: {release: H4sIAAAA}}`, `
{apiVersion: v1, kind: ConfigMap, metadata: {name: x, labels: {owner: helm}}, data: {release: "[redacted]"}}`)
	f("fields of custom resources with telling names lose text, not structure", `
{kind: Database, spec: {adminPassword: x, secretName: s, auth: {token: t, password: {secretKeyRef: {name: n}}}, tls: {private_key: k}}}`, `
{kind: Database, spec: {adminPassword: "[redacted]", secretName: s, auth: {token: "[redacted]", password: {secretKeyRef: {name: n}}}, tls: {private_key: "[redacted]"}}}`)
	f("headers and chart parameters are like environment variables", `
{kind: X, spec: {httpHeaders: [{name: Authorization, value: abc}], parameters: [{name: db.password, value: abc}, {name: size, value: "3"}]}}`, `
{kind: X, spec: {httpHeaders: [{name: Authorization, value: "[redacted]"}], parameters: [{name: db.password, value: "[redacted]"}, {name: size, value: "3"}]}}`)
	f("an ordinary object stays as it is", `
{apiVersion: v1, kind: Service, metadata: {name: a, uid: u}, spec: {ports: [{port: 80, targetPort: http, name: token}], clusterIP: 10.0.0.1, big: 12345678901234, half: 0.5, no: null}}`, `
{apiVersion: v1, kind: Service, metadata: {name: a, uid: u}, spec: {ports: [{port: 80, targetPort: http, name: token}], clusterIP: 10.0.0.1, big: 12345678901234, half: 0.5, no: null}}`)
}

func TestModes(t *testing.T) {
	cm := `{apiVersion: v1, kind: ConfigMap, data: {a: x, password: z}}`
	f := func(cfg Config, in, want string) {
		t.Helper()
		if got := string(New(cfg).Object(object(t, in)).JSON); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
	f(Config{ConfigMaps: KeysOnly}, cm, `{"apiVersion":"v1","data":{"a":"[redacted]","password":"[redacted]"},"kind":"ConfigMap"}`)
	f(Config{ConfigMaps: Full}, cm, `{"apiVersion":"v1","data":{"a":"x","password":"z"},"kind":"ConfigMap"}`)
	f(Config{AllEnv: true}, `{spec: {env: [{name: A, value: b}], other: [{name: A, value: b}]}}`, `{"spec":{"env":[{"name":"A","value":"[redacted]"}],"other":[{"name":"A","value":"b"}]}}`)
	f(Config{Fields: []string{"pin-code"}}, `{spec: {pinCode: "1234"}}`, `{"spec":{"pinCode":"[redacted]"}}`)
	f(Config{Names: regexp.MustCompile(`^internal`)}, `{metadata: {labels: {internal-id: "7"}}}`, `{"metadata":{"labels":{"internal-id":"[redacted]"}}}`)
}

func TestText(t *testing.T) {
	r := New(Config{})
	f := func(in, want string) {
		t.Helper()
		if got := r.Text(in); got != want {
			t.Errorf("Text(%q)\n got %q\nwant %q", in, got, want)
		}
		if got := r.Text(want); got != want {
			t.Errorf("not idempotent: Text(%q) = %q", want, got)
		}
	}
	f(`jwt eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl end`, `jwt [redacted] end`)
	f(`key AKIAIOSFODNN7EXAMPLE`, `key [redacted]`)
	f(`push with ghp_0123456789abcdefghij0123456789abcdef`, `push with [redacted]`)
	f(`pull https://bob:s3cr@t@registry/x failed`, `pull https://bob:[redacted]@registry/x failed`)
	f("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nrest", "[redacted]\nrest")
	f("-----BEGIN PRIVATE KEY-----\ncut off", "[redacted]")
	f(`{"password":"hunter2","user":"bob"}`, `{"password":"[redacted]","user":"bob"}`)
	f(`Authorization: Bearer abcdefghijklmnopq`, `Authorization: Bearer [redacted]`)
	// What events say every day stays readable.
	f(`MountVolume.SetUp failed for volume "creds" : secret "db-password" not found`, `MountVolume.SetUp failed for volume "creds" : secret "db-password" not found`)
	f(`Error: couldn't find key token in Secret shop/db`, `Error: couldn't find key token in Secret shop/db`)
	f(`Pulled image "registry.example.com:5000/app@sha256:abcdef" in 3.2s`, `Pulled image "registry.example.com:5000/app@sha256:abcdef" in 3.2s`)
}

func TestDigest(t *testing.T) {
	secret := func(v string) map[string]any {
		return map[string]any{"kind": "Secret", "data": map[string]any{"a": v, "b": "Yg=="}}
	}
	r := New(Config{Key: []byte("one")})
	a, again, b := r.Object(secret("eA==")), r.Object(secret("eA==")), r.Object(secret("eQ=="))
	if a.Digest == "" || a.Digest != again.Digest {
		t.Errorf("digest of equal objects is %q and %q, want one", a.Digest, again.Digest)
	}
	if a.Digest == b.Digest || string(a.JSON) != string(b.JSON) {
		t.Errorf("a changed value must change the digest and nothing else: %q %q", a.Digest, b.Digest)
	}
	if other := New(Config{Key: []byte("two")}).Object(secret("eA==")); other.Digest == a.Digest {
		t.Error("the digest does not depend on the key")
	}
	if d := New(Config{}).Object(secret("eA==")).Digest; d != "" {
		t.Errorf("digest without a key is %q, want none", d)
	}
	if d := r.Object(map[string]any{"kind": "Pod"}).Digest; d != "" {
		t.Errorf("digest of an object that nothing was taken out of is %q, want none", d)
	}
}

func TestManagersAreTheNewestFour(t *testing.T) {
	o := map[string]any{"metadata": map[string]any{}}
	var entries []any
	for i := range 6 {
		entries = append(entries, map[string]any{
			"manager": fmt.Sprintf("m%d", i), "operation": "Update", "subresource": "status",
			"time": fmt.Sprintf("2026-01-0%dT00:00:00Z", i+1), "fieldsV1": map[string]any{"f:spec": map[string]any{"f:replicas": map[string]any{}}},
		})
	}
	o["metadata"].(map[string]any)["managedFields"] = entries
	got := New(Config{}).Object(o).Managers
	if len(got) != 4 || got[0].Name != "m5" || got[3].Name != "m2" {
		t.Fatalf("got %v, want m5 to m2", got)
	}
	if got[0].Operation != "Update" || got[0].Subresource != "status" || got[0].TimeUnix == 0 || string(got[0].FieldsV1) != `{"f:spec":{"f:replicas":{}}}` {
		t.Errorf("got %v", got[0])
	}
}

func TestLongConfigMapValuesAreCut(t *testing.T) {
	r := New(Config{Key: []byte("k")})
	long := func(end string) map[string]any {
		return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"a": strings.Repeat("é", 40<<10) + end}}
	}
	one, two := r.Object(long("x")), r.Object(long("y"))
	var got struct{ Data map[string]string }
	if err := json.Unmarshal(one.JSON, &got); err != nil {
		t.Fatal(err)
	}
	if n := len(got.Data["a"]); n > 32<<10 || n < 31<<10 {
		t.Errorf("value has %d bytes, want about 32 KiB", n)
	}
	if !strings.HasSuffix(got.Data["a"], "[cut: 81921 bytes in all]") {
		t.Errorf("value ends in %q", got.Data["a"][32<<10-40:])
	}
	if string(one.JSON) != string(two.JSON) || one.Digest == two.Digest {
		t.Error("a change beyond the cut must change the digest and nothing else")
	}
}

func TestFailureKeepsOnlyTheIdentity(t *testing.T) {
	reg := prometheus.NewRegistry()
	r := New(Config{Registerer: reg})
	got := string(r.Object(map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "a", "labels": map[string]any{"x": "y"}},
		"spec": map[string]any{"f": func() {}},
	}).JSON)
	want := `{"apiVersion":"v1","kind":"Pod","metadata":{"annotations":{"foretop.io/redaction":"failed: only the identity was kept"},"name":"a"}}`
	if got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	failures := 0.0
	for _, f := range families {
		if f.GetName() == "foretop_collector_redaction_failures_total" {
			failures = f.GetMetric()[0].GetCounter().GetValue()
		}
	}
	if failures != 1 {
		t.Errorf("failures counted: %v, want 1", failures)
	}
}

func TestAppendJSONIsEncodingJSON(t *testing.T) {
	v := map[string]any{"s": "a\"\\\n\r\t\b\f\x01é\u2028😀<>&", "n": nil, "b": true, "i": int64(-5), "f": 1.5e300, "l": []any{"x", map[string]any{}}}
	var b strings.Builder
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	if got, want := string(AppendJSON(nil, v)), strings.TrimSuffix(b.String(), "\n"); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
}

// canary is a value that must never come out, wherever a person put it.
const canary = "c4n4ry-XyZ"

// places are where people put credentials. %s is the canary.
var places = []string{
	`{"apiVersion":"v1","kind":"Secret","data":{"a":%q}}`,
	`{"apiVersion":"v1","kind":"Secret","stringData":{%[1]q:"x","b":%[1]q}, "metadata":{"labels":{}}}`,
	`{"kind":"Pod","metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":%q}}}`,
	`{"kind":"Pod","metadata":{"annotations":{"x/password":%q}}}`,
	`{"kind":"Pod","metadata":{"labels":{"token":%q}}}`,
	`{"kind":"Pod","spec":{"containers":[{"env":[{"name":"SECRET_KEY","value":%q}]}]}}`,
	`{"kind":"Pod","spec":{"initContainers":[{"command":["x","--password",%q]}]}}`,
	`{"kind":"CronJob","spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"args":["--api-key",%q]}]}}}}}}`,
	`{"apiVersion":"v1","kind":"ConfigMap","data":{"password":%q}}`,
	`{"apiVersion":"v1","kind":"ConfigMap","binaryData":{"a":%q}}`,
	`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"sh.helm.release.v1.a.v1"},"data":{"release":%q}}`,
	`{"kind":"Database","spec":{"auth":{"rootPassword":%q}}}`,
	`{"kind":"List","items":[{"spec":{"token":%q}}]}`,
}

// Text around a credential in the forms that patterns know.
var forms = []string{"postgres://u:%s@db", "--password=%s", "password: %q", "token=%s", "Bearer %s0123456789abcdef"}

func FuzzCanaryNeverComesOut(f *testing.F) {
	for i := range places {
		f.Add(uint8(i), uint8(0), "noise", "")
	}
	for i := range forms {
		f.Add(uint8(len(places)), uint8(i), "before", "after")
	}
	r := New(Config{Key: []byte("k")})
	f.Fuzz(func(t *testing.T, place, form uint8, before, after string) {
		if strings.Contains(before+after, canary) {
			t.Skip("the noise is the canary")
		}
		var o map[string]any
		if int(place) < len(places) {
			if err := json.Unmarshal([]byte(fmt.Sprintf(places[place], canary)), &o); err != nil {
				t.Fatal(err)
			}
		} else {
			// Words end at white space: inside of other people's quotes or words a form is no longer itself.
			in := before + " " + fmt.Sprintf(forms[int(form)%len(forms)], canary) + " " + after
			o = map[string]any{"kind": "X", "metadata": map[string]any{"annotations": map[string]any{"note": in}}, "spec": map[string]any{"text": in, "args": []any{in}}, "message": in}
			if text := r.Text(in); strings.Contains(text, canary) {
				t.Fatalf("Text(%q) = %q", in, text)
			}
		}
		o["noise"] = map[string]any{before: after, "list": []any{after, before}}
		first := r.Object(o)
		if strings.Contains(string(first.JSON), canary) && !strings.Contains(string(first.JSON), KeysAnnotation) {
			t.Fatalf("canary came out: %s", first.JSON)
		}
		var again map[string]any
		if err := json.Unmarshal(first.JSON, &again); err != nil {
			t.Fatalf("not JSON: %v: %s", err, first.JSON)
		}
		if second := r.Object(again); string(second.JSON) != string(first.JSON) {
			t.Fatalf("redacting again changed it\nfrom %s\nto   %s", first.JSON, second.JSON)
		}
	})
}

func BenchmarkObject(b *testing.B) {
	pod := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"app-5d9c7b8f6-x2x9z","namespace":"shop","uid":"2c2ec622-2332-431e-9aa1-fb720fe3ae0f","resourceVersion":"12345","labels":{"app":"app","pod-template-hash":"5d9c7b8f6"},"managedFields":[{"manager":"kubelet","operation":"Update","time":"2026-01-01T00:00:00Z","fieldsType":"FieldsV1","fieldsV1":{"f:status":{"f:phase":{},"f:conditions":{"k:{\"type\":\"Ready\"}":{".":{},"f:status":{}}}}}}]},"spec":{"containers":[{"name":"c","image":"registry.example.com/app:1.2.3","args":["--listen=:8080","--level","info"],"env":[{"name":"LEVEL","value":"info"},{"name":"DB_PASSWORD","value":"x"}],"resources":{"requests":{"cpu":"100m","memory":"128Mi"}}}],"nodeName":"node-1","restartPolicy":"Always"},"status":{"phase":"Running","podIP":"10.0.0.1","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}],"containerStatuses":[{"name":"c","ready":true,"restartCount":0,"state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}}}]}}`
	r := New(Config{Key: []byte("k")})
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		var o map[string]any
		_ = json.Unmarshal([]byte(pod), &o)
		b.StartTimer()
		r.Object(o)
	}
}
