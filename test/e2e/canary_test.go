package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Values that must never leave a cluster are planted wherever secrets are kept; then every place where bytes of the
// product rest or come out is searched for them.
func TestSecretsNeverLeaveTheCluster(t *testing.T) {
	stamp := fmt.Sprint(time.Now().UnixNano())
	canary := func(place string) string { return "canary-" + place + "-" + stamp }
	places := []string{"data", "stringdata", "lastapplied", "env", "envurl", "arg", "configmap", "annotation", "rotated"}
	manifest := fmt.Sprintf(`
apiVersion: v1
kind: Secret
metadata:
  name: canary
  namespace: shop
  annotations: {example.com/api-token: %q}
data: {password: %q}
stringData: {other: %q}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: canary
  namespace: shop
data:
  app.properties: |
    db.url=postgres://app:%s@db:5432/shop
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: canary
  namespace: shop
spec:
  replicas: 1
  selector: {matchLabels: {app: canary}}
  template:
    metadata: {labels: {app: canary}}
    spec:
      containers:
      - name: c
        image: registry.example.com/canary:1
        args: ["--token=%s"]
        env:
        - {name: DB_PASSWORD, value: %q}
        - {name: DATABASE_URL, value: "postgres://app:%s@db/shop"}
`, canary("annotation"), base64.StdEncoding.EncodeToString([]byte(canary("data"))), canary("stringdata"), canary("configmap"), canary("arg"), canary("env"), canary("envurl"))
	path := filepath.Join(t.TempDir(), "canary.yaml")
	if err := os.WriteFile(path, []byte(manifest), 0o600); err != nil {
		t.Fatal(err)
	}
	zones := []string{"zone1", "zone3"} // collected in the hub, and by a collector of its own
	for _, zone := range zones {
		kubectl(t, zone, "apply", "-f", path)
		kubectl(t, zone, "-n", "shop", "patch", "secret", "canary", "--type=merge", "-p", fmt.Sprintf(`{"stringData":{"other":%q}}`, canary("rotated")))
		t.Cleanup(func() {
			_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), zone, "delete", "-f", path, "--ignore-not-found")
		})
	}
	// Proof that the objects were collected and that the plants are where they should be.
	for _, zone := range zones {
		if got := kubectl(t, zone, "-n", "shop", "get", "secret", "canary", "-o", "jsonpath={.data.other}"); got != base64.StdEncoding.EncodeToString([]byte(canary("rotated"))) {
			t.Fatalf("the plant in %s is not there: %q", zone, got)
		}
		eventually(t, patience, "the planted objects of "+zone, func(ctx context.Context) error {
			a, err := search(ctx, "cluster:"+zone+" ns:shop name:canary kind:secret,configmap,deploy")
			if err == nil && a.Search.Total != 3 {
				err = fmt.Errorf("%d of 3 are there", a.Search.Total)
			}
			return err
		})
	}
	needles := map[string][]byte{}
	for _, place := range places {
		needles[place] = []byte(canary(place))
		needles[place+" (base64)"] = []byte(base64.StdEncoding.EncodeToString([]byte(canary(place))))
	}
	look := func(where string, content []byte) {
		t.Helper()
		for place, needle := range needles {
			if bytes.Contains(content, needle) {
				t.Errorf("the %s canary is in %s", place, where)
			}
		}
	}

	t.Run("not in any answer", func(t *testing.T) {
		for _, q := range []string{
			`{ search(query: "name:canary", first: 100, facets: ["image", "label.app"]) { nodes { object yaml labels annotations images reasons } facets { values { value } } } }`,
			`query { search(query: "ns:shop", first: 1000) { nodes { object } } }`,
			`{ searchComplete(query: "name:can") { text label detail } }`,
			`{ events(query: "ns:shop", from: "2020-01-01T00:00:00Z", first: 1000) { nodes { message } } }`,
			`{ changes(query: "name:canary", from: "2020-01-01T00:00:00Z", first: 100) { nodes { summary version { diff(full: true) yaml changedPaths } } } }`,
			`{ history(ref: "zone1:shop/secrets/canary") { nodes { yaml diff(full: true) } } }`,
			`{ resource(ref: "zone3:shop/deployments.apps/canary") { yaml object annotations } }`,
		} {
			look(q, raw(t, q))
		}
		for _, place := range []string{"data", "env", "lastapplied"} {
			if a, err := search(t.Context(), `"`+canary(place)+`"`); err != nil || a.Search.Total != 0 {
				t.Errorf("a search for the %s canary finds %d (%v)", place, a.Search.Total, err)
			}
		}
	})

	t.Run("a rotated secret is still seen as a change", func(t *testing.T) {
		if answer := raw(t, `{ history(ref: "zone1:shop/secrets/canary") { nodes { meaningful changedPaths } } }`); strings.Count(string(answer), `"meaningful":true`) < 2 {
			t.Errorf("history: %s", answer)
		}
	})

	t.Run("not in the database", func(t *testing.T) {
		tables := strings.Fields(sql(t, "SELECT name FROM system.tables WHERE database = 'foretop'"))
		if len(tables) < 5 {
			t.Fatalf("tables are %q", tables)
		}
		for _, table := range tables {
			for place, needle := range needles {
				if n := strings.TrimSpace(sql(t, fmt.Sprintf("SELECT count() FROM foretop.`%s` WHERE position(toString(tuple(*)), '%s') > 0", table, needle))); n != "0" {
					t.Errorf("the %s canary is in %s rows of %s", place, n, table)
				}
			}
		}
	})

	t.Run("not in any file", func(t *testing.T) {
		for _, folder := range []string{"hub", "collector", "logs/hub.log", "logs/collector-zone3.log"} {
			err := filepath.WalkDir(filepath.Join(stand.Fleet.Dir(), folder), func(path string, e fs.DirEntry, err error) error {
				if os.IsNotExist(err) || err == nil && !e.Type().IsRegular() {
					return nil // ClickHouse removes merged parts while we walk
				}
				if err != nil {
					return err
				}
				content, err := os.ReadFile(path)
				if os.IsNotExist(err) {
					return nil
				}
				look(path, content)
				return err
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
}

// raw is the answer to one GraphQL request, byte for byte.
func raw(t *testing.T, query string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, stand.URL()+"/graphql", strings.NewReader(toJSON(map[string]string{"query": query})))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+stand.Token())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || bytes.Contains(body, []byte(`"errors"`)) {
		t.Fatalf("%s answers %s (%v)", query, body, err)
	}
	return body
}

// sql asks the embedded engine itself, on its socket.
func sql(t *testing.T, query string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "unix", filepath.Join(stand.DataDir(), "engine.sock"))
	}}}
	defer client.CloseIdleConnections()
	resp, err := client.Post("http://engine/?"+url.Values{"default_format": {"TabSeparated"}}.Encode(), "text/plain", strings.NewReader(query))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s answers %s: %s (%v)", query, resp.Status, body, err)
	}
	return string(body)
}
