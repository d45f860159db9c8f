package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

var secrets = kubetest.Kind{Version: "v1", Resource: "secrets", Kind: "Secret", Namespaced: true}

func fetched(group, resource, name, subresource, parameters string) *ingestpb.Command {
	return &ingestpb.Command{
		Id: "f", Target: &ingestpb.ObjectRef{Group: group, Version: "v1", Resource: resource, Namespace: "shop", Name: name},
		Verb: &ingestpb.Command_Fetch{Fetch: &ingestpb.FetchVerb{Subresource: subresource, Parameters: parameters}},
	}
}

// whole carries c out and answers all that came.
func whole(t *testing.T, e *Executor, c *ingestpb.Command) (string, *ingestpb.CommandResult) {
	t.Helper()
	var text strings.Builder
	res := e.Fetch(t.Context(), c, func(p *ingestpb.Fetched) error {
		if p.CommandId != c.Id || len(p.Data) > ingestpb.FetchPart {
			t.Errorf("a part of %q has %d bytes", p.CommandId, len(p.Data))
		}
		text.Write(p.Data)
		return nil
	})
	return text.String(), res
}

func TestWhatIsFetchedHasNoSecrets(t *testing.T) {
	s := kubetest.New(t, deployments, secrets)
	for i := range 3 {
		s.Put("secrets", "shop", fmt.Sprintf("s%d", i), map[string]any{"data": map[string]any{"key": "Y2FuYXJ5"}})
	}
	e := executor(t, s, Policy{})
	f := func(fact, name, parameters string, want ...string) {
		t.Helper()
		text, res := whole(t, e, fetched("", "secrets", name, "", parameters))
		if res.Code != ok {
			t.Fatalf("%s: %v", fact, res)
		}
		if strings.Contains(text, "Y2FuYXJ5") || strings.Contains(text, "canary") {
			t.Errorf("%s: the secret is in %s", fact, text)
		}
		for _, w := range want {
			if !strings.Contains(text, w) {
				t.Errorf("%s: %q is not in %s", fact, w, text)
			}
		}
	}
	f("an object", "s1", "", `"name":"s1"`, `"foretop.io/redacted-keys":"{\"key\":6}"`)
	f("a list", "", "", `"kind":"SecretList"`, `"name":"s0"`, `"name":"s2"`, `"resourceVersion":"`)
	f("a page", "", "limit=2", `"continue":"`, `"name":"s1"`)

	var list struct {
		Items []struct{ Kind, APIVersion string }
	}
	text, _ := whole(t, e, fetched("", "secrets", "", "", ""))
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Items) != 3 || list.Items[0].Kind != "Secret" || list.Items[0].APIVersion != "v1" {
		t.Errorf("the list is %s: %v", text, err)
	}
}

func TestAWatchIsFetchedWhileItHappens(t *testing.T) {
	s := kubetest.New(t, secrets)
	e := executor(t, s, Policy{})
	ctx, leave := context.WithCancel(t.Context())
	got, ended := make(chan string, 10), make(chan *ingestpb.CommandResult, 1)
	go func() {
		ended <- e.Fetch(ctx, fetched("", "secrets", "", "", "watch=true&resourceVersion=100"), func(p *ingestpb.Fetched) error {
			got <- string(p.Data)
			return nil
		})
	}()
	if first := <-got; first != "" {
		t.Errorf("the first part is %q, and nothing has happened", first)
	}
	s.Put("secrets", "shop", "a", map[string]any{"data": map[string]any{"key": "Y2FuYXJ5"}})
	for text := ""; !strings.Contains(text, `"name":"a"`); {
		text = <-got
		if strings.Contains(text, "Y2FuYXJ5") {
			t.Errorf("the secret is in %s", text)
		}
	}
	leave()
	if res := <-ended; res.Code != unavailable || !strings.Contains(res.Message, "Nobody reads it any more.") {
		t.Errorf("when its reader has left: %v", res)
	}
}

func TestLogsAreRedactedLineByLine(t *testing.T) {
	const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIcanary1\nMIIcanary2\n-----END RSA PRIVATE KEY-----\n"
	log := "2026 hello\r\ntoken=supersecretcanary next\n" + key + "\xff\xfe not UTF-8\n" + strings.Repeat("x", 3*ingestpb.FetchPart) + "\nwithout an end"
	want := "2026 hello\r\ntoken=[redacted] next\n[redacted]\n\xff\xfe not UTF-8\n" + strings.Repeat("x", 3*ingestpb.FetchPart) + "\nwithout an end"
	e := over(t, Live{}, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/prefix/api/v1/namespaces/shop/pods/p/log" || r.URL.RawQuery != "container=c&tailLines=5" {
			t.Errorf("asked %s", r.URL)
		}
		w.Header().Set("Warning", `299 - "look out, password=canary"`)
		fmt.Fprint(w, log)
	})
	var warnings []string
	var text strings.Builder
	res := e.Fetch(t.Context(), fetched("", "pods", "p", "log", "tailLines=5&container=c"), func(p *ingestpb.Fetched) error {
		warnings = append(warnings, p.Warnings...)
		text.Write(p.Data)
		return nil
	})
	if res.Code != ok || text.String() != want {
		t.Errorf("got %v %q\nwant %q", res, text.String(), want)
	}
	if len(warnings) != 1 || warnings[0] != "look out, password=[redacted]" {
		t.Errorf("warnings are %q", warnings)
	}
}

// over is an executor of an API server that h makes.
func over(t *testing.T, live Live, h http.HandlerFunc) *Executor {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(func() { s.CloseClientConnections(); s.Close() })
	e, err := New(Config{REST: &rest.Config{Host: s.URL + "/prefix"}, Live: live})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestWhatIsNotFetched(t *testing.T) {
	asked := 0
	h := func(w http.ResponseWriter, _ *http.Request) {
		asked++
		fmt.Fprint(w, `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[{"metadata":{"name":"a","namespace":"shop"}},{"metadata":{"name":"b","namespace":"payments"}}]}`)
	}
	f := func(fact string, live Live, c *ingestpb.Command, code ingestpb.CommandResult_Code, message string) {
		t.Helper()
		asked = 0
		text, res := whole(t, over(t, live, h), c)
		if res.Code != code || !strings.Contains(res.Message, message) || text != "" || asked != 0 {
			t.Errorf("%s: got %v, %q after %d requests, want %s %q", fact, res, text, asked, code, message)
		}
	}
	all := Live{}
	f("what does more than to tell", all, fetched("", "pods", "p", "exec", "command=ls"), invalid, "The sub-resource exec is not read through the collector.")
	f("a proxy", all, fetched("", "services", "p", "proxy", ""), invalid, "The sub-resource proxy is not read")
	f("a path", all, fetched("", "pods", "../../../secrets/x", "", ""), invalid, "cannot be a part of a path")
	f("a parameter", all, fetched("", "pods", "p", "log", "command=x"), invalid, `The parameter "command" is not sent on`)
	f("the log of what has none", all, fetched("apps", "deployments", "p", "log", ""), invalid, "Pods alone have logs.")
	f("the status of many", all, fetched("", "pods", "", "status", ""), invalid, "A sub-resource is of one object.")
	f("logs that are not allowed", Live{Allow: []string{"objects"}}, fetched("", "pods", "p", "log", ""), forbidden, "does not allow to read logs live.")
	f("objects that are not allowed", Live{Allow: []string{"logs"}}, fetched("", "pods", "p", "", ""), forbidden, "does not allow to read objects live.")
	f("anything that is not allowed", Live{Allow: []string{}}, fetched("", "pods", "p", "log", ""), forbidden, "does not allow")
	f("a kind that is excluded", Live{Exclude: []string{"*.metrics.k8s.io"}}, fetched("metrics.k8s.io", "pods", "p", "", ""), forbidden, "does not allow to read pods.metrics.k8s.io live.")
	f("a namespace that is excluded", Live{ExcludeNamespaces: []string{"sh*"}}, fetched("", "pods", "p", "log", ""), forbidden, "in namespace shop.")
	late := fetched("", "pods", "p", "", "")
	late.NotAfterMs = time.Now().Add(-time.Second).UnixMilli()
	f("a command that comes late", all, late, expired, "came too late")

	everywhere := fetched("", "pods", "", "", "")
	everywhere.Target.Namespace = ""
	text, res := whole(t, over(t, Live{ExcludeNamespaces: []string{"payments"}}, h), everywhere)
	if res.Code != ok || strings.Contains(text, "payments") || !strings.Contains(text, `"name":"a"`) || !json.Valid([]byte(text)) {
		t.Errorf("a list of all namespaces without one: %v %s", res, text)
	}
	for _, bad := range []Live{{Allow: []string{"exec"}}, {Exclude: []string{"["}}, {ExcludeNamespaces: []string{"["}}} {
		if _, err := New(Config{REST: &rest.Config{Host: "h"}, Live: bad}); err == nil {
			t.Errorf("%v is taken", bad)
		}
	}
}

func TestRefusalsOfTheAPIServerArePassedOn(t *testing.T) {
	answer := func(code int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code); fmt.Fprint(w, body) }
	}
	f := func(fact string, h http.HandlerFunc, code ingestpb.CommandResult_Code, message, status string) {
		t.Helper()
		_, res := whole(t, over(t, Live{}, h), fetched("", "pods", "p", "log", ""))
		if res.Code != code || !strings.Contains(res.Message, message) || !strings.Contains(string(res.Status), status) || (status == "") != (len(res.Status) == 0) {
			t.Errorf("%s: got %v, want %s %q %q", fact, res, code, message, status)
		}
	}
	f("no such Pod", answer(404, `{"kind":"Status","apiVersion":"v1","status":"Failure","message":"pods \"p\" not found","reason":"NotFound","code":404}`), notFound, `pods "p" not found`, `"reason":"NotFound"`)
	f("a choice of containers", answer(400, `{"kind":"Status","apiVersion":"v1","message":"a container name must be specified for pod p, token=secretcanary","reason":"BadRequest","code":400}`), invalid, "a container name must be specified for pod p, token=[redacted]", `token=[redacted]`)
	f("rights that the collector has not", answer(403, `{"kind":"Status","apiVersion":"v1","message":"pods \"p\" is forbidden: User \"c\" cannot get resource \"pods/log\"","reason":"Forbidden","code":403}`), forbidden, "The collector may not read pods/log in namespace shop. Grant it in the cluster's roles.", "")
	f("credentials that are not accepted", answer(401, `{}`), forbidden, "does not accept the collector's credentials", "")
	f("an API server that is not able to", answer(503, `no JSON`), unavailable, "", `"code":503`)
	f("a redirect", func(w http.ResponseWriter, _ *http.Request) {
		http.Redirect(w, &http.Request{}, "http://127.0.0.1:1/", http.StatusFound)
	}, invalid, "", `"code":302`)
}

func TestAnswersThatAreNone(t *testing.T) {
	f := func(fact, body string) {
		t.Helper()
		for _, name := range []string{"", "p"} {
			if _, res := whole(t, over(t, Live{}, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, body) }), fetched("", "pods", name, "", "")); res.Code != unavailable {
				t.Errorf("%s: %v", fact, res)
			}
		}
	}
	f("nothing", "")
	f("no JSON", "<html>")
	f("no object", `[]`)
	f("half of one", `{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{}}`)
	f("what says too late what it is", `{"items":[{"metadata":{"name":"a"},"data":{"k":"canary"}}],"apiVersion":"v1","metadata":{}}`)
}

func TestAMemberThatHangsIsGivenUp(t *testing.T) {
	e := over(t, Live{}, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	ended := make(chan *ingestpb.CommandResult, concurrentFetches)
	for range concurrentFetches {
		go func() {
			ended <- e.Fetch(ctx, fetched("", "pods", "p", "log", "follow=true"), func(*ingestpb.Fetched) error { return nil })
		}()
	}
	deadline := time.Now().Add(10 * time.Second)
	for len(e.fetcher.slots) < concurrentFetches && time.Now().Before(deadline) {
		time.Sleep(time.Millisecond)
	}
	if _, res := whole(t, e, fetched("", "pods", "p", "", "")); res.Code != unavailable || !strings.Contains(res.Message, "already reads 64 things") {
		t.Errorf("one more than may be read at a time: %v", res)
	}
	leave()
	for range concurrentFetches {
		<-ended
	}
	if n := len(e.fetcher.slots); n != 0 {
		t.Errorf("%d are still read", n)
	}
	e.fetcher.silent = 20 * time.Millisecond
	if _, res := whole(t, e, fetched("", "pods", "p", "", "")); res.Code != unavailable || res.Message != "The API server did not answer within 20ms." {
		t.Errorf("an API server that says nothing: %v", res)
	}
}

func TestAReaderThatLeavesEndsTheRequest(t *testing.T) {
	left := make(chan struct{})
	e := over(t, Live{}, func(w http.ResponseWriter, r *http.Request) {
		defer close(left)
		for r.Context().Err() == nil {
			fmt.Fprintln(w, strings.Repeat("x", 1000))
		}
	})
	gone := errors.New("gone")
	res := e.Fetch(t.Context(), fetched("", "pods", "p", "log", "follow=true"), func(p *ingestpb.Fetched) error {
		if len(p.Data) > 0 {
			return gone
		}
		return nil
	})
	if res.Code != unavailable || res.Message != "Nobody reads it any more." {
		t.Errorf("got %v", res)
	}
	<-left
}
