package main

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/internal/state/statetest"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/query/saved"
)

// tlsHub is the small fleet behind a listener that answers TLS, too, as a hub's does.
func tlsHub(t *testing.T) (url, pin string) {
	t.Helper()
	server, err := query.New(query.Deps{Reader: fleetReader{smallFleet: newSmallFleet()}, Saved: saved.New(statetest.Open(t), checkQuery), UI: fstest.MapFS{}, Token: "test-token", Log: slog.New(slog.DiscardHandler), Version: "v1.2.3"})
	if err != nil {
		t.Fatal(err)
	}
	ca, err := aggregator.OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	plain, err := query.Listen("127.0.0.1:0", "listen")
	if err != nil {
		t.Fatal(err)
	}
	s := &httptest.Server{Listener: query.Either(plain, ca.ServerTLS("")), Config: &http.Server{Handler: server.Handler()}}
	s.Start()
	t.Cleanup(s.Close)
	return "http://" + plain.Addr().String(), ca.Pin()
}

func TestKubeconfig(t *testing.T) {
	url, pin := tlsHub(t)
	file := filepath.Join(t.TempDir(), "config")
	t.Setenv("FORETOP_SERVER", url)
	t.Setenv("FORETOP_TOKEN", "test-token")
	t.Setenv("XDG_DATA_HOME", t.TempDir())
	t.Setenv("KUBECONFIG", file)
	run := func(want int, args ...string) (out, told string) {
		t.Helper()
		var stdout, stderr bytes.Buffer
		if code := execute(t.Context(), append([]string{"kubeconfig"}, args...), strings.NewReader(""), &stdout, &stderr); code != want {
			t.Fatalf("kubeconfig %v exits with %d, want %d: %s", args, code, want, stderr.String())
		}
		return stdout.String(), stderr.String()
	}
	read := func() *api.Config {
		t.Helper()
		c, err := clientcmd.LoadFromFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	contexts := func(want ...string) {
		t.Helper()
		var got []string
		for name := range read().Contexts {
			got = append(got, name)
		}
		if slices.Sort(got); !slices.Equal(got, want) {
			t.Errorf("contexts are %v, want %v", got, want)
		}
	}

	// What is printed reaches the hub: TLS with its CA, the token, the paths.
	printed, told := run(0)
	if !strings.Contains(told, pin) {
		t.Errorf("the CA that is trusted is not named: %s", told)
	}
	config, err := clientcmd.Load([]byte(printed))
	if err != nil || config.CurrentContext != "foretop" {
		t.Fatalf("%v in %s", err, printed)
	}
	for name, path := range map[string]string{"foretop": "/kube", "foretop.qualified": "/kube/qualified", "foretop-zone1": "/kube/clusters/zone1"} {
		c, err := clientcmd.NewNonInteractiveClientConfig(*config, name, nil, nil).ClientConfig()
		if err != nil || c.Host != strings.Replace(url, "http:", "https:", 1)+path {
			t.Fatalf("%s: %+v %v", name, c, err)
		}
		if code := status(t.Context(), t, c); code == http.StatusUnauthorized {
			t.Errorf("%s: the token is not taken", name)
		}
	}

	// It is merged beside what is there, twice without a change.
	if err := clientcmd.WriteToFile(api.Config{CurrentContext: "mine", Contexts: map[string]*api.Context{"mine": {Cluster: "mine"}},
		Clusters: map[string]*api.Cluster{"mine": {Server: "https://mine"}, "foretop-left": {Server: url + "/kube/clusters/left"}}}, file); err != nil {
		t.Fatal(err)
	}
	run(0, "--write", "--ca-pin", pin)
	contexts("foretop", "foretop-zone1", "foretop-zone2", "foretop.qualified", "mine")
	if c := read(); c.CurrentContext != "mine" || c.Clusters["foretop-left"] != nil {
		t.Errorf("current is %s, a cluster that left is %v", c.CurrentContext, c.Clusters["foretop-left"])
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	run(0, "--write", "--ca-pin", pin)
	if after, err := os.ReadFile(file); err != nil || !bytes.Equal(before, after) {
		t.Errorf("the second time changes the file: %v\n%s\n%s", err, before, after)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("it holds a token: %v %v", info.Mode(), err)
	}
	run(0, "--write", "--current", "--name", "other")
	if c := read(); c.CurrentContext != "other" || c.Contexts["other-zone2"] == nil || c.Contexts["foretop"] == nil {
		t.Errorf("a second name: %v", c.Contexts)
	}
	other := filepath.Join(t.TempDir(), "other")
	run(0, "--write", other)
	if _, err := os.Stat(other); err != nil {
		t.Error(err)
	}

	// What would do harm is refused.
	if err := clientcmd.WriteToFile(api.Config{Clusters: map[string]*api.Cluster{"foretop": {Server: "https://somewhere-else"}}}, other); err != nil {
		t.Fatal(err)
	}
	if _, told := run(5, "--write", other); !strings.Contains(told, "choose another name with --name") {
		t.Errorf("somebody else's entry: %s", told)
	}
	if _, told := run(5, "--ca-pin", "sha256:"+strings.Repeat("0", 64)); !strings.Contains(told, pin) {
		t.Errorf("another hub: %s", told)
	}
	run(2, "file-without-write")
	run(2, "--current")
}

// status asks as client-go does.
func status(ctx context.Context, t *testing.T, c *rest.Config) int {
	t.Helper()
	client, err := rest.HTTPClientFor(c)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.Host+"/version", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	return resp.StatusCode
}
