package kubeapi_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/schemas/ingestpb"
)

func TestAnObjectOfTheFleetIsNamedWithItsCluster(t *testing.T) {
	s := newStand(t)
	configMaps := &ingestpb.Resource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
	roles := &ingestpb.Resource{Group: "rbac.authorization.k8s.io", Version: "v1", Resource: "clusterroles", Kind: "ClusterRole"}
	for _, cluster := range []string{"one", "system"} {
		m := s.joins(cluster, "v1.36.3")
		m.keeps(configMaps, fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"shop","uid":"a-%s","resourceVersion":"7"},"data":{"in":"%s"}}`, cluster, cluster))
		m.keeps(roles, fmt.Sprintf(`{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRole","metadata":{"name":"system:node","uid":"r-%s","resourceVersion":"8"}}`, cluster))
	}
	const a = "/kube/api/v1/namespaces/shop/configmaps/"
	eventually(t, "both members are served", func() string {
		if resp, body := s.asks(a + "a"); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, `is in 2 clusters: one, system. Say which, as in one:a, or ask that cluster alone, at /kube/clusters/one.`) {
			return resp.Status + " " + body
		}
		return ""
	})
	for _, cluster := range []string{"one", "system"} {
		if body := s.answers(a + cluster + ":a"); !strings.Contains(body, `"in":"`+cluster+`"`) || !strings.Contains(body, `"name":"a"`) {
			t.Errorf("of %s it answers %s", cluster, body)
		}
	}
	for path, want := range map[string]string{
		"one:b": `configmaps \"b\" not found`, "three:a": `configmaps \"three:a\" not found`, "one:": `configmaps \"one:\" not found`,
	} {
		if resp, body := s.asks(a + path); resp.StatusCode != http.StatusNotFound || !strings.Contains(body, want) {
			t.Errorf("%s answers %s %s", path, resp.Status, body)
		}
	}
	if resp, body := s.asks("/kube/clusters/one/api/v1/namespaces/shop/configmaps/one:a"); resp.StatusCode != http.StatusNotFound {
		t.Errorf("of one member it answers %s %s", resp.Status, body)
	}
	if resp, body := s.asks("/kube/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node"); resp.StatusCode != http.StatusBadRequest || !strings.Contains(body, "is in 2 clusters") {
		t.Errorf("a name that is whole answers %s %s", resp.Status, body)
	}

	client := kubernetes.NewForConfigOrDie(s.client(""))
	list, err := client.CoreV1().ConfigMaps("shop").List(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=system:a"})
	if err != nil || len(list.Items) != 1 || list.Items[0].UID != "a-system" {
		t.Errorf("a list of it has %v %v", list.Items, err)
	}
	w, err := client.CoreV1().ConfigMaps("shop").Watch(t.Context(), metav1.ListOptions{FieldSelector: "metadata.name=system:a"})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Stop()
	if e := <-w.ResultChan(); e.Type != "ADDED" || e.Object.(metav1.Object).GetUID() != "a-system" {
		t.Errorf("a watch of it begins with %v", e)
	}

	for path, want := range map[string]string{"/kube/api/v1/namespaces/one:shop/configmaps": "a-one", "/kube/api/v1/namespaces/system:shop/configmaps/a": "a-system"} {
		resp, body := s.asks(path)
		if warnings := resp.Header["Warning"]; strings.Count(body, `"uid":"a-`) != 1 || !strings.Contains(body, want) || len(warnings) > 0 {
			t.Errorf("%s answers %s %s", path, body, warnings)
		}
	}
}

// Clients that hold objects by namespace and name alone, as client-go's informers do, hold all of the fleet's.
func TestAFleetOfQualifiedNames(t *testing.T) {
	s := newStand(t)
	configMaps := &ingestpb.Resource{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
	text := func(cluster, version string) string {
		return fmt.Sprintf(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"uid":"a-%s","labels":{"name":"x"},"name":"a","namespace":"shop","resourceVersion":"%s"},"data":{"name":"a"}}`, cluster, version)
	}
	members := map[string]*member{}
	for _, cluster := range []string{"one", "two"} {
		members[cluster] = s.joins(cluster, "v1.36.3")
		members[cluster].keeps(configMaps, text(cluster, "7"))
	}
	const all = "/kube/qualified/api/v1/configmaps"
	eventually(t, "both members are served", func() string {
		if _, body := s.asks(all); strings.Count(body, `"uid"`) != 2 {
			return body
		}
		return ""
	})
	factory := informers.NewSharedInformerFactory(kubernetes.NewForConfigOrDie(&rest.Config{Host: s.URL + "/kube/qualified"}), 0)
	informer := factory.Core().V1().ConfigMaps()
	lister := informer.Lister().ConfigMaps("shop")
	factory.StartWithContext(t.Context())
	factory.WaitForCacheSyncWithContext(t.Context())
	for _, cluster := range []string{"one", "two"} {
		members[cluster].updates(configMaps, text(cluster, "8"))
		eventually(t, "the informer has the change of "+cluster, func() string {
			if o, err := lister.Get(cluster + ":a"); err != nil || o.ResourceVersion != "8" || o.UID != types.UID("a-"+cluster) {
				return fmt.Sprint(o, err)
			}
			return ""
		})
	}
	if list, err := lister.List(labels.Everything()); err != nil || len(list) != 2 {
		t.Errorf("it holds %v %v", list, err)
	}
	// A cluster that joins is told of; when one leaves, the watch ends with 410, and what the informer lists again is without it.
	members["three"] = s.joins("three", "v1.36.3")
	members["three"].keeps(configMaps, text("three", "7"))
	holds := func(want ...string) {
		t.Helper()
		eventually(t, fmt.Sprintf("the informer holds %v", want), func() string {
			list, err := lister.List(labels.Everything())
			if err != nil {
				return err.Error()
			}
			var names []string
			for _, o := range list {
				names = append(names, o.Name)
			}
			if slices.Sort(names); !slices.Equal(names, want) {
				return fmt.Sprint(names)
			}
			return ""
		})
	}
	holds("one:a", "three:a", "two:a")
	if err := s.registry.Remove(t.Context(), "three"); err != nil {
		t.Fatal(err)
	}
	members["one"].updates(configMaps, text("one", "9")) // it is seen with the next change
	holds("one:a", "two:a")
	members["one"].updates(configMaps, text("one", "10"))
	eventually(t, "it follows on", func() string {
		if o, err := lister.Get("one:a"); err != nil || o.ResourceVersion != "10" {
			return fmt.Sprint(o, err)
		}
		return ""
	})
	for path, want := range map[string]string{
		"/kube/qualified/api/v1/namespaces/shop/configmaps/two:a":                      `"name":"two:a"`,
		all + "?fieldSelector=metadata.name%3Dtwo:a":                                   `"name":"two:a"`,
		all + "?fieldSelector=data.name%3Dtwo:a":                                       `"name":"two:a"`,
		all + "?fieldSelector=metadata.name%3Dtwo:a&onlyMetadata=true":                 `"kind":"PartialObjectMetadata"`,
		"/kube/qualified/api/v1/namespaces/two:shop/configmaps?labelSelector=name%3Dx": `"labels":{"name":"x"}`,
	} {
		if body := s.answers(path); !strings.Contains(body, want) || strings.Contains(body, "one:a") {
			t.Errorf("%s answers %s", path, body)
		}
	}
	table := s.answers(all, "Accept", "application/json;as=Table;v=v1;g=meta.k8s.io")
	if !strings.Contains(table, `"cells":["one","a",`) || !strings.Contains(table, `"name":"one:a"`) {
		t.Errorf("as a table it is %s", table)
	}
}
