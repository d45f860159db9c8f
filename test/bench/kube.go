package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/query"
	"github.com/foretop/foretop/test/bench/report"
)

// apiServer is the hub as kubectl and informers reach it: over TLS, with HTTP/2.
type apiServer struct {
	Address string
	CA      []byte
	client  *http.Client // client-go's
	stop    func() error
}

func (h *hub) serveKube() (*apiServer, error) {
	ca, err := aggregator.OpenAuthority(filepath.Join(h.dir, "kube"))
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	s := &apiServer{Address: "https://" + l.Addr().String(), CA: ca.PEM()}
	if s.client, err = clientOf(s.Address, s.CA); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	life, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- query.Serve(life, query.Either(l, ca.ServerTLS(l.Addr().String())), h.handler) }()
	s.stop = func() error {
		stop()
		return <-ended
	}
	return s, nil
}

// clientOf is a client with a connection of its own.
func clientOf(address string, ca []byte) (*http.Client, error) {
	return rest.HTTPClientFor(&rest.Config{Host: address, BearerToken: token, TLSClientConfig: rest.TLSClientConfig{CAData: ca}, Proxy: http.ProxyURL(nil), Dial: (&net.Dialer{}).DialContext})
}

// What Accept says for each form of an answer.
var forms = []struct{ name, accept string }{
	{"JSON", "application/json"},
	{"Table", "application/json;as=Table;v=v1;g=meta.k8s.io"},
	{"metadata", "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"},
}

// kubeProbe is one request that is made again and again.
type kubeProbe struct {
	name, path, accept string
	want               int
	follow             bool // the next page of the same list each time
	target, neighbour  float64
}

// kube measures the Kubernetes API: lists, then watches.
func (b *benchmark) kube(ctx context.Context) (err error) {
	t, err := learn(ctx, b.src)
	if err != nil {
		return err
	}
	if b.hub.stopSearch == nil {
		if err := b.hub.startSearch(); err != nil {
			return err
		}
	}
	if err := errors.Join(b.hub.present(ctx, total(b.src)), b.hub.caughtUp(ctx, total(b.src))); err != nil {
		return err
	}
	api, err := b.hub.serveKube()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, api.stop()) }()
	b.kubeResult = report.New("kube", b.src.setup())
	if b.pods != "" {
		b.kubeResult.Name = "kube-pods"
	}
	if b.wants("kube lists") {
		if err := b.profiled("kube-lists", func() error { return b.kubeLists(ctx, api, t) }); err != nil {
			return err
		}
	}
	return b.kubeWatches(ctx, api)
}

func (b *benchmark) kubeLists(ctx context.Context, api *apiServer, t *truth) error {
	ref, member := t.some[0], "/kube/clusters/"+url.PathEscape(t.cluster)
	ofMember := 0
	for i, m := range b.src.members() {
		if m.name == t.cluster {
			ofMember = b.podsOf(i)
		}
	}
	probes := []kubeProbe{{name: "get one", path: "/kube/clusters/" + url.PathEscape(ref.Cluster) + "/api/v1/namespaces/" + ref.Namespace + "/pods/" + ref.Name, accept: forms[0].accept, want: 1, target: 3, neighbour: 0.29}}
	for _, f := range forms {
		list := func(name, path string, want int, follow bool, target, neighbour float64) {
			probes = append(probes, kubeProbe{name: name + ", " + f.name, path: path, accept: f.accept, want: want, follow: follow, target: target, neighbour: neighbour})
		}
		list("500 Pods of the fleet, the first page", "/kube/api/v1/pods?limit=500", min(500, t.pods), false, 100, 0)
		list("500 Pods of the fleet, the next pages", "/kube/api/v1/pods?limit=500", min(500, t.pods), true, 100, 0)
		list("500 Pods of a member, the first page", member+"/api/v1/pods?limit=500", min(500, ofMember), false, 50, 0)
		list("all Pods of a member", member+"/api/v1/pods", ofMember, false, 200, 0)
		neighbour := 0.0
		if f.name == "JSON" {
			neighbour = 1427
		}
		list("10,000 Pods of the fleet", "/kube/api/v1/pods?limit=10000", min(10_000, t.pods), false, 1000, neighbour)
		list("Pods of an application, of the fleet", "/kube/api/v1/pods?labelSelector=app%3D"+url.QueryEscape(t.app), t.podsOfApp, false, 50, 490)
	}
	for _, p := range probes {
		if !b.wants("kube lists "+p.name) && !b.wants("kube lists$") {
			continue
		}
		f, err := b.kubeList(ctx, api, p)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			f.Wrong = err.Error()
		}
		b.kubeResult.Probes = append(b.kubeResult.Probes, f)
		fmt.Fprintf(os.Stderr, "  %-50s %8.2f ms, p99 %8.2f; processor: hub %.1f ms; %d found, %.0f KB %s\n", f.Name, f.HTTP.P50, f.HTTP.P99, f.HubCPU, f.Found, f.Bytes/1024, wrong(f))
	}
	return nil
}

// kubeList asks p again and again, to the last byte of each answer.
func (b *benchmark) kubeList(ctx context.Context, api *apiServer, p kubeProbe) (report.Probe, error) {
	f := report.Probe{Name: p.name, Target: p.target, Neighbour: p.neighbour}
	var all []time.Duration
	next := ""
	hub := self.cpu()
	began := time.Now()
	runs := 0
	for ; runs < warmUps || len(all) < mostRuns && (len(all) < fewest || time.Since(began) < b.budget); runs++ {
		path := p.path
		if next != "" {
			path += "&continue=" + url.QueryEscape(next)
		}
		started := time.Now()
		body, err := api.get(ctx, path, p.accept)
		took := time.Since(started)
		if err != nil {
			return f, err
		}
		if runs >= warmUps {
			all = append(all, took)
		}
		f.Bytes = float64(len(body))
		if next = ""; p.follow {
			next = continued(body)
		}
		if runs == 0 {
			if f.Found, err = counted(body); err != nil {
				return f, err
			}
			hub, began = self.cpu(), time.Now() // without the counting
		}
	}
	f.HTTP, f.Runs = spreadOf(all), len(all)
	f.HubCPU = float64(((self.cpu() - hub) / time.Duration(runs-1)).Round(10*time.Microsecond).Microseconds()) / 1000
	if f.Found != p.want {
		f.Wrong = fmt.Sprintf("%d are there", p.want)
	}
	return f, nil
}

func (a *apiServer) get(ctx context.Context, path, accept string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.Address+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", accept)
	resp, err := a.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s: %s", path, resp.Status, body[:min(len(body), 300)])
	}
	return body, err
}

// continued is where the next page of a list is, "" for none. The head of a list comes first, that of a table too.
func continued(body []byte) string {
	_, rest, found := bytes.Cut(body[:min(len(body), 16<<10)], []byte(`"continue":"`))
	if !found {
		return ""
	}
	name, _, _ := bytes.Cut(rest, []byte(`"`))
	return string(name)
}

// counted is how many objects an answer has.
func counted(body []byte) (int, error) {
	var answer struct {
		Kind        string
		Items, Rows []json.RawMessage
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return 0, err
	}
	if answer.Kind == "Pod" {
		return 1, nil
	}
	return len(answer.Items) + len(answer.Rows), nil
}
