package kubeapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// offered is what client-go finds, from the aggregated form or the older one: "apps/v1 deployments Deployment get,list".
func offered(t *testing.T, s *stand, cluster string, older bool) (all []string) {
	t.Helper()
	client, err := discovery.NewDiscoveryClientForConfig(s.client(cluster))
	if err != nil {
		t.Fatal(err)
	}
	client.UseLegacyDiscovery = older
	_, lists, err := client.ServerGroupsAndResources()
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range lists {
		for _, r := range l.APIResources {
			if strings.Contains(r.Name, "/") {
				r.SingularName = "" // which is in one form only
			}
			all = append(all, fmt.Sprintf("%s %s %s %s %s", l.GroupVersion, r.Name, r.SingularName, r.Kind, strings.Join(r.Verbs, ",")))
		}
	}
	return all
}

func TestDiscoveryOfAMemberIsItsOwn(t *testing.T) {
	s := newStand(t)
	core, apps := list("v1", "pods Pod", "pods/log Pod"), list("apps/v1", "deployments Deployment", "deployments/scale Scale")
	all := groups("apps v1")
	atOnce := document{"/apis", aggregatedForm, `{"kind":"APIGroupDiscoveryList","apiVersion":"apidiscovery.k8s.io/v2","metadata":{},"items":[{"metadata":{"name":"apps"}}]}`}
	s.joins("one", "v1.36.3").says(core, apps, all, atOnce, document{"/version", jsonForm, `{"gitVersion":"v1.36.3+of-one"}`})
	const at = "/kube/clusters/one"
	for path, want := range map[string]string{"/api/v1": core.text, "/apis/apps/v1": apps.text, "/apis": all.text, "/version": `{"gitVersion":"v1.36.3+of-one"}`} {
		if got := s.answers(at + path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := s.answers(at+"/apis", "Accept", aggregatedForm+",application/json"); got != atOnce.text {
		t.Errorf("at once it is %s", got)
	}
	if got := s.answers("/kube/apis", "Accept", aggregatedForm); got != atOnce.text {
		t.Errorf("of a fleet of one it is %s", got)
	}
	if got := s.answers(at+"/apis", "Accept", "application/json,"+aggregatedForm); got != all.text {
		t.Errorf("whoever wants the older form first gets %s", got)
	}
	if got := s.answers(at + "/api"); strings.Contains(got, "serverAddress\"") || !strings.Contains(got, `"versions":["v1"]`) {
		t.Errorf("the core group is %s", got)
	}
	var group metav1.APIGroup
	if err := json.Unmarshal([]byte(s.answers(at+"/apis/apps")), &group); err != nil || group.Kind != "APIGroup" || group.PreferredVersion.GroupVersion != "apps/v1" {
		t.Errorf("one group is %+v %v", group, err)
	}
	for _, path := range []string{"/apis/none", "/apis/none/v1", "/apis/apps/v2", "/api/v2"} {
		if resp, body := s.asks(at + path); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, `"kind":"Status"`) {
			t.Errorf("%s answers %s %s", path, resp.Status, body)
		}
	}

	resp, _ := s.asks(at+"/apis/apps/v1", "Accept-Encoding", "gzip")
	if resp.Header.Get("Content-Encoding") != "gzip" || resp.Header.Get("ETag") == "" {
		t.Errorf("it is answered with %v", resp.Header)
	}
	if resp, body := s.asks(at+"/apis/apps/v1", "If-None-Match", resp.Header.Get("ETag")); resp.StatusCode != http.StatusNotModified || body != "" {
		t.Errorf("who has it is answered %s %s", resp.Status, body)
	}
}

func TestDiscoveryOfTheFleetIsAllOfItsMembers(t *testing.T) {
	s := newStand(t)
	s.joins("a-old", "v1.9.11").says(list("v1", "pods Pod"), groups("autoscaling v2beta2 v1", "old.example.com v1"),
		list("autoscaling/v1", "horizontalpodautoscalers HorizontalPodAutoscaler"), list("autoscaling/v2beta2", "horizontalpodautoscalers HorizontalPodAutoscaler"), list("old.example.com/v1", "things Thing"))
	s.joins("b-new", "v1.36.3").says(list("v1", "pods Pod", "pods/resize Pod"), groups("autoscaling v2 v1", "example.com v1"),
		list("autoscaling/v1", "horizontalpodautoscalers HorizontalPodAutoscaler", "horizontalpodautoscalers/status HorizontalPodAutoscaler"), list("autoscaling/v2", "horizontalpodautoscalers HorizontalPodAutoscaler"), list("example.com/v1", "widgets Widget"))
	s.joins("c-new", "v1.36.3").says(list("v1", "pods Pod", "pods/resize Pod"), groups("example.com v1"), list("example.com/v1", "gadgets Gadget"))
	const verbs = "create,get,list,watch"
	want := []string{
		"v1 pods pod Pod " + verbs, "v1 pods/resize  Pod " + verbs,
		"autoscaling/v2 horizontalpodautoscalers horizontalpodautoscaler HorizontalPodAutoscaler " + verbs,
		"autoscaling/v1 horizontalpodautoscalers horizontalpodautoscaler HorizontalPodAutoscaler " + verbs,
		"autoscaling/v1 horizontalpodautoscalers/status  HorizontalPodAutoscaler " + verbs,
		"autoscaling/v2beta2 horizontalpodautoscalers horizontalpodautoscaler HorizontalPodAutoscaler " + verbs,
		"example.com/v1 widgets widget Widget " + verbs, "example.com/v1 gadgets gadget Gadget " + verbs,
		"old.example.com/v1 things thing Thing " + verbs,
	}
	slices.Sort(want)
	for _, older := range []bool{false, true} {
		got := offered(t, s, "", older)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("older form %t: got\n%s\nwant\n%s", older, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if got := s.answers("/kube/apis"); strings.Index(got, "autoscaling/v2\"") > strings.Index(got, "autoscaling/v2beta2") || !strings.Contains(got, `"preferredVersion":{"groupVersion":"autoscaling/v2","version":"v2"}`) {
		t.Errorf("the newest member's versions are not the first: %s", got)
	}
	if got := s.answers("/kube/apis/example.com/v1"); !strings.Contains(got, `"storageVersionHash":"of gadgets"`) {
		t.Errorf("it lacks something of a member's: %s", got)
	}
	if got := s.answers("/kube/version"); !strings.Contains(got, `"gitVersion":"v1.9.11"`) {
		t.Errorf("the fleet can do what the oldest can: %s", got)
	}
	if got := s.answers("/kube/clusters/c-new/apis"); strings.Contains(got, "autoscaling") {
		t.Errorf("a member says %s", got)
	}
}

// Kinds are served before the member's documents are here, and where its collector does not send any.
func TestDiscoveryWithoutDocuments(t *testing.T) {
	s := newStand(t)
	m := s.joins("one", "v1.28.0")
	widgets := &ingestpb.Resource{Group: "example.com", Version: "v1", Resource: "widgets", Kind: "Widget", Namespaced: true, ShortNames: []string{"w"}}
	m.keeps(&ingestpb.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true})
	m.keeps(widgets)
	want := []string{"v1 pods pod Pod get,list,watch", "example.com/v1 widgets widget Widget get,list,watch"}
	for _, older := range []bool{false, true} {
		if got := offered(t, s, "one", older); !slices.Equal(got, want) {
			t.Errorf("older form %t: got %q", older, got)
		}
	}
	m.says(list("v1", "pods Pod", "pods/log Pod"), groups("apps v1"), list("apps/v1", "deployments Deployment"))
	want = []string{"v1 pods pod Pod create,get,list,watch", "v1 pods/log  Pod create,get,list,watch", "apps/v1 deployments deployment Deployment create,get,list,watch", "example.com/v1 widgets widget Widget get,list,watch"}
	eventually(t, "a kind that the documents do not have yet", func() string {
		if got := offered(t, s, "one", false); !slices.Equal(got, want) {
			return fmt.Sprintf("got %q", got)
		}
		return ""
	})
}
