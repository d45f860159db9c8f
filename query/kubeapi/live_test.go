package kubeapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// apiServers are the members' own, by UID. One that is not there does not answer.
type apiServers map[string]*kubetest.Server

// Fetch asks a member's API server as its collector would, but for redaction.
func (s apiServers) Fetch(ctx context.Context, scope access.Scope, f records.Fetch) (*records.Fetched, error) {
	server := s[f.ClusterUID]
	if scope.Nothing() || server == nil {
		return nil, apierrors.NewServiceUnavailable(f.Ref.Cluster + ": nobody answers.")
	}
	parts := []string{server.Config().Host, "api", f.Version}
	if f.Ref.Group != "" {
		parts = []string{server.Config().Host, "apis", f.Ref.Group, f.Version}
	}
	if f.Ref.Namespace != "" {
		parts = append(parts, "namespaces", f.Ref.Namespace)
	}
	url := strings.TrimRight(strings.Join(append(parts, f.Ref.Resource, f.Ref.Name), "/"), "/") + "?" + f.Parameters.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		defer resp.Body.Close()
		var status metav1.Status
		if err := json.NewDecoder(resp.Body).Decode(&status); err != nil {
			return nil, err
		}
		return nil, &apierrors.StatusError{ErrStatus: status}
	}
	if f.Subresource == "log" { // which kubetest does not have
		resp.Body.Close()
		return &records.Fetched{Body: io.NopCloser(strings.NewReader("log of " + f.Ref.Name + " with " + f.Parameters.Encode() + "\n"))}, nil
	}
	return &records.Fetched{Warnings: []string{"told by " + f.Ref.Cluster}, Body: resp.Body}, nil
}

// liveStand has members a and b, which collect pods and serve leases, too; c has lost its collector.
func liveStand(t *testing.T) (*stand, apiServers) {
	live := apiServers{}
	s := newStandWith(t, live)
	podKind := kubetest.Kind{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true}
	leaseKind := kubetest.Kind{Group: "coordination.k8s.io", Version: "v1", Resource: "leases", Kind: "Lease", Namespaced: true}
	for _, name := range []string{"a", "b", "c"} {
		m := s.joins(name, "v1.36.3")
		m.says(list("v1", "pods Pod", "pods/log Pod"), groups("coordination.k8s.io v1"), list("coordination.k8s.io/v1", "leases Lease"))
		m.keeps(&ingestpb.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true},
			fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"of-%s","namespace":"shop","uid":"u%s","resourceVersion":"7"}}`, name, name),
			fmt.Sprintf(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"same","namespace":"shop","uid":"s%s","resourceVersion":"8"}}`, name))
		if name == "c" {
			continue
		}
		server := kubetest.New(t, podKind, leaseKind)
		for _, pod := range []string{"of-" + name, "same"} {
			server.Put("pods", "shop", pod, map[string]any{"metadata": map[string]any{"labels": map[string]any{"said": "now"}}})
		}
		for i := range 3 {
			server.Put("leases", "shop", fmt.Sprintf("l%d-%s", i, name), map[string]any{"spec": map[string]any{"holderIdentity": "me"}})
		}
		live[name+"-uid"] = server
	}
	return s, live
}

const leases = "/apis/coordination.k8s.io/v1/namespaces/shop/leases"

// names of a list, with their cluster.
func namesOf(t *testing.T, text string) (names []string, meta metav1.ListMeta) {
	t.Helper()
	var l struct {
		Metadata metav1.ListMeta
		Items    []metav1.PartialObjectMetadata
	}
	if err := json.Unmarshal([]byte(text), &l); err != nil {
		t.Fatal(err, text)
	}
	for _, o := range l.Items {
		names = append(names, o.Annotations["shadow.clusterpedia.io/cluster-name"]+":"+o.Name)
	}
	return names, l.Metadata
}

func TestMembersAnswerWhatIsNotCollected(t *testing.T) {
	s, live := liveStand(t)
	names, meta := namesOf(t, s.answers("/kube/clusters/a"+leases))
	if !slices.Equal(names, []string{":l0-a", ":l1-a", ":l2-a"}) || meta.ResourceVersion == "" {
		t.Errorf("of a member: %q %+v", names, meta)
	}
	names, meta = namesOf(t, s.answers("/kube/clusters/a"+leases+"?limit=2"))
	if !slices.Equal(names, []string{":l0-a", ":l1-a"}) || meta.Continue == "" {
		t.Errorf("a page of a member: %q %+v", names, meta)
	}
	if names, _ = namesOf(t, s.answers("/kube/clusters/a"+leases+"?limit=2&continue="+meta.Continue)); !slices.Equal(names, []string{":l2-a"}) {
		t.Errorf("the next page of a member: %q", names)
	}

	resp, body := s.asks("/kube" + leases)
	if names, _ = namesOf(t, body); !slices.Equal(names, []string{"a:l0-a", "a:l1-a", "a:l2-a", "b:l0-b", "b:l1-b", "b:l2-b"}) {
		t.Errorf("of the fleet: %q", names)
	}
	if warnings := strings.Join(resp.Header.Values("Warning"), "\n"); !strings.Contains(warnings, "Left out: c: nobody answers.") || !strings.Contains(warnings, "told by a") {
		t.Errorf("warnings of the fleet: %s", warnings)
	}
	var all []string
	for token, pages := "", 0; ; pages++ {
		some, meta := namesOf(t, s.answers("/kube"+leases+"?limit=4&continue="+token))
		all = append(all, some...)
		if token = meta.Continue; token == "" {
			if pages < 1 {
				t.Errorf("six are one page of four")
			}
			break
		}
	}
	if slices.Sort(all); !slices.Equal(all, []string{"a:l0-a", "a:l1-a", "a:l2-a", "b:l0-b", "b:l1-b", "b:l2-b"}) {
		t.Errorf("the fleet by pages: %q", all)
	}
	table := s.answers("/kube"+leases, "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	if !strings.Contains(table, `"Cluster"`) || !strings.Contains(table, `"Holder"`) || !strings.Contains(table, `"cells":["b","l2-b","me"`) {
		t.Errorf("the table is %s", table)
	}
	if text := s.answers("/kube" + leases + "/l1-b"); !strings.Contains(text, `"name":"l1-b"`) {
		t.Errorf("one of the fleet is %s", text)
	}
	for path, want := range map[string]string{
		"/kube/clusters/a" + leases + "/none":      "404",
		"/kube/clusters/c" + leases:                "503",
		"/kube" + leases + "?continue=nonsense":    "400",
		"/kube" + leases + "?q=kind:Lease":         "400",
		"/kube/clusters/a" + leases + "?none=true": "400",
	} {
		if resp, body := s.asks(path); !strings.HasPrefix(resp.Status, want) {
			t.Errorf("%s: %s %s, want %s", path, resp.Status, body, want)
		}
	}

	// A watch goes on from a list, of one and of all.
	for at, made := range map[string]string{"/kube/clusters/b": "b", "/kube": "a"} {
		_, meta := namesOf(t, s.answers(at+leases))
		resp, events := watched(t, s, at+leases+"?watch=true&allowWatchBookmarks=true&timeoutSeconds=20&resourceVersion="+meta.ResourceVersion)
		live[made+"-uid"].Put("leases", "shop", "new", nil)
		if e := events(); e.Type != "ADDED" || e.Object.Name != "new" {
			t.Errorf("%s: got %+v", at, e)
		}
		if at == "/kube" {
			mark := events()
			if mark.Type != "BOOKMARK" {
				t.Errorf("after an event of the fleet comes %+v", mark)
			}
			again, events := watched(t, s, at+leases+"?watch=true&timeoutSeconds=20&resourceVersion="+mark.Object.ResourceVersion)
			live["b-uid"].Put("leases", "shop", "newer", nil)
			if e := events(); e.Object.Name != "newer" {
				t.Errorf("from a bookmark comes %+v", e)
			}
			again.Body.Close()
		}
		resp.Body.Close()
	}
}

type watchEvent struct {
	Type   string
	Object metav1.PartialObjectMetadata
}

func watched(t *testing.T, s *stand, path string) (*http.Response, func() watchEvent) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	d := json.NewDecoder(resp.Body)
	return resp, func() (e watchEvent) {
		t.Helper()
		if err := d.Decode(&e); err != nil && !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		return e
	}
}

func TestWhatIsForwardedIsOfNow(t *testing.T) {
	s, _ := liveStand(t)
	const pods = "/api/v1/namespaces/shop/pods"
	forwarded := func(text string) bool { return strings.Contains(text, `"said":"now"`) }
	if forwarded(s.answers("/kube/clusters/a" + pods)) {
		t.Error("what is stored is said to be of now")
	}
	for fact, text := range map[string]string{
		"the header":              s.answers("/kube/clusters/a"+pods, "X-Clusterpedia-Forward", "true"),
		"the header of one":       s.answers("/kube/clusters/a"+pods+"/same", "X-Clusterpedia-Forward", "true"),
		"the label":               s.answers("/kube" + pods + "?labelSelector=search.clusterpedia.io/forward%3Dtrue"),
		"the label beside others": s.answers("/kube" + pods + "?labelSelector=said%3Dnow,search.clusterpedia.io/forward%20in%20(true)"),
	} {
		if !forwarded(text) {
			t.Errorf("%s: got %s", fact, text)
		}
	}
	if forwarded(s.answers("/kube/clusters/a"+pods, "X-Clusterpedia-Forward", "false")) {
		t.Error("not forwarded is said to be of now")
	}
	for path, header := range map[string]string{pods: "maybe", pods + "?labelSelector=search.clusterpedia.io/forward%3Dmaybe": "", pods + "?orderby=name": "true"} {
		if resp, body := s.asks("/kube"+path, "X-Clusterpedia-Forward", header); resp.StatusCode != http.StatusBadRequest && header != "" {
			t.Errorf("%s %s: %s %s", path, header, resp.Status, body)
		}
	}
	if resp, body := s.asks("/kube" + pods + "/same"); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "is in 3 clusters: a, b, c") {
		t.Errorf("one name in three clusters: %s %s", resp.Status, body)
	}
}

func TestLogsAreOfOnePod(t *testing.T) {
	s, _ := liveStand(t)
	const pods = "/api/v1/namespaces/shop/pods/"
	for path, want := range map[string]string{
		"/kube/clusters/a" + pods + "same/log?tailLines=3&container=c": "log of same with container=c&tailLines=3\n",
		"/kube" + pods + "of-b/log?previous=true":                      "log of of-b with previous=true\n",
	} {
		if got := s.answers(path); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
	for path, want := range map[string]string{
		"/kube" + pods + "same/log":                 `400 pods \"same\" is in 3 clusters: a, b, c.`,
		"/kube" + pods + "none/log":                 `404 pods \"none\" not found`,
		"/kube" + pods + "of-c/log":                 `503 c: nobody answers.`,
		"/kube/clusters/a" + pods + "same/exec":     `405 pods/exec is not offered here: Foretop reads.`,
		"/kube/clusters/a" + pods + "same/nonsense": `404 pods/nonsense is not offered here`,
		"/kube/clusters/a" + pods + "same/scale":    `404 pods cannot be scaled`,
	} {
		resp, body := s.asks(path)
		code, text, _ := strings.Cut(want, " ")
		if !strings.HasPrefix(resp.Status, code) || !strings.Contains(body, text) {
			t.Errorf("%s: %s %s, want %s", path, resp.Status, body, want)
		}
	}
}

func TestScaleIsMadeOfWhatIsStored(t *testing.T) {
	s := newStand(t)
	m := s.joins("a", "v1.36.3")
	m.keeps(&ingestpb.Resource{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true},
		`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"d","namespace":"shop","uid":"d","resourceVersion":"5"},"spec":{"replicas":3,"selector":{"matchLabels":{"app":"d"},"matchExpressions":[{"key":"x","operator":"Exists"}]}},"status":{"replicas":2}}`)
	m.keeps(&ingestpb.Resource{Version: "v1", Resource: "replicationcontrollers", Kind: "ReplicationController", Namespaced: true},
		`{"apiVersion":"v1","kind":"ReplicationController","metadata":{"name":"r","namespace":"shop","uid":"r","resourceVersion":"6"},"spec":{"replicas":1,"selector":{"app":"r","tier":"web"}},"status":{"replicas":1}}`)
	m.keeps(&ingestpb.Resource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions", Kind: "CustomResourceDefinition"},
		`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com","uid":"c","resourceVersion":"7"},"spec":{"group":"example.com","versions":[{"name":"v1","subresources":{"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.size","labelSelectorPath":".status.selector"}}}]}}`,
		`{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"gadgets.example.com","uid":"g","resourceVersion":"8"},"spec":{"group":"example.com","versions":[{"name":"v1"}]}}`)
	m.keeps(&ingestpb.Resource{Group: "example.com", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true},
		`{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"w","namespace":"shop","uid":"w","resourceVersion":"9"},"spec":{"size":4},"status":{"size":1,"selector":"a=b"}}`)
	m.keeps(&ingestpb.Resource{Group: "example.com", Version: "v1", Resource: "gadgets", Kind: "Gadget", Namespaced: true},
		`{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"g","namespace":"shop","uid":"x","resourceVersion":"9"}}`)
	for path, want := range map[string]string{
		"/apis/apps/v1/namespaces/shop/deployments/d/scale":      `"spec":{"replicas":3},"status":{"replicas":2,"selector":"app=d,x"}`,
		"/api/v1/namespaces/shop/replicationcontrollers/r/scale": `"spec":{"replicas":1},"status":{"replicas":1,"selector":"app=r,tier=web"}`,
		"/apis/example.com/v1/namespaces/shop/widgets/w/scale":   `"spec":{"replicas":4},"status":{"replicas":1,"selector":"a=b"}`,
	} {
		if got := s.answers("/kube/clusters/a" + path); !strings.Contains(got, want) || !strings.Contains(got, `"kind":"Scale","apiVersion":"autoscaling/v1"`) {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if resp, body := s.asks("/kube/apis/example.com/v1/namespaces/shop/gadgets/g/scale"); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, "cannot be scaled") {
		t.Errorf("what has no scale: %s %s", resp.Status, body)
	}
	if got := s.answers("/kube/apis/apps/v1/namespaces/shop/deployments/d/scale", "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io"); !strings.Contains(got, `"cells":["a","d",3,2,`) {
		t.Errorf("its table is %s", got)
	}
}

func TestWhatOneMayIsAnswered(t *testing.T) {
	s, _ := liveStand(t)
	client, err := kubernetes.NewForConfig(s.client("a"))
	if err != nil {
		t.Fatal(err)
	}
	f := func(want bool, verb, group, resource, subresource string) {
		t.Helper()
		r := &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: verb, Group: group, Resource: resource, Subresource: subresource}}}
		got, err := client.AuthorizationV1().SelfSubjectAccessReviews().Create(t.Context(), r, metav1.CreateOptions{})
		if err != nil || got.Status.Allowed != want || !want && got.Status.Reason == "" {
			t.Errorf("%s %s.%s/%s: %+v %v, want %t", verb, resource, group, subresource, got, err, want)
		}
	}
	f(true, "list", "", "pods", "")
	f(true, "watch", "apps", "deployments", "")
	f(true, "get", "", "pods", "log")
	f(true, "get", "apps", "deployments", "scale")
	f(true, "create", "authorization.k8s.io", "selfsubjectaccessreviews", "")
	f(false, "delete", "", "pods", "")
	f(false, "create", "", "pods", "exec")
	f(false, "get", "", "pods", "exec")
	f(false, "*", "*", "*", "")

	whole, err := client.AuthorizationV1().SelfSubjectRulesReviews().Create(t.Context(), &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: "shop"}}, metav1.CreateOptions{})
	if err != nil || len(whole.Status.ResourceRules) < 4 || len(whole.Status.NonResourceRules) == 0 || whole.Status.Incomplete {
		t.Errorf("all that one may: %+v %v", whole, err)
	}
}

func TestRefusedWritesNameWhatToUse(t *testing.T) {
	s := newStand(t)
	s.joins("a", "v1.36.3")
	for request, want := range map[string]string{
		"PATCH /kube/clusters/a/apis/apps/v1/namespaces/shop/deployments/d/scale": "foretop scale deployments/d -n shop -C a --replicas=N",
		"PATCH /kube/apis/apps/v1/namespaces/shop/daemonsets/d":                   "foretop rollout restart daemonsets/d -n shop,",
		"PUT /kube/apis/apps/v1/namespaces/shop/deployments/d":                    "foretop scale deployments/d -n shop --replicas=N",
		"DELETE /kube/apis/apps/v1/namespaces/shop/deployments/d":                 "Use kubectl against the member itself.",
		"POST /kube/api/v1/namespaces/shop/pods":                                  "Use kubectl against the member itself.",
		"POST /kube/api/v1/namespaces/shop/pods/p/exec":                           "create of pods/exec is not offered here",
	} {
		method, path, _ := strings.Cut(request, " ")
		req, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, bytes.NewReader([]byte("{}")))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusMethodNotAllowed || !strings.Contains(string(body), want) || !strings.Contains(string(body), "Foretop reads.") {
			t.Errorf("%s: %s %s, want %s", request, resp.Status, body, want)
		}
	}
}
