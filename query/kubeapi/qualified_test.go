package kubeapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

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
}
