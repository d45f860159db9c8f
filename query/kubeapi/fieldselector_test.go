package kubeapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// summarized is an object as readers have it.
func summarized(t *testing.T, text string) *records.Object {
	t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatal(err)
	}
	s, err := kube.Summarize(o)
	if err != nil {
		t.Fatal(err)
	}
	return &records.Object{Summary: s, JSON: []byte(text)}
}

func TestFieldSelectors(t *testing.T) {
	pod := summarized(t, `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","uid":"u1","labels":{"app":"web","a.b/c":"x"},"annotations":{"note.io/by":"ann"}},
		"spec":{"nodeName":"n1","priority":10,"tolerations":[],"containers":[{"name":"web","image":"nginx:1"},{"name":"side","image":"envoy"}]},"status":{"phase":"Running"}}`)
	f := func(selector string, want bool) {
		t.Helper()
		terms, err := fieldTerms(selector, pods, nil)
		if err != nil {
			t.Errorf("%s: %v", selector, err)
			return
		}
		text := strings.Join(terms, " ")
		q, err := ql.Parse(text, ql.Options{})
		if err != nil {
			t.Errorf("%s: %s: %v", selector, text, err)
			return
		}
		if got := q.Eval(pod, ql.Others{}); got != want {
			t.Errorf("%s: %s: %t, want %t", selector, text, got, want)
		}
	}
	// As Kubernetes has them.
	f("", true)
	f("metadata.name=web,metadata.namespace==shop", true)
	f("metadata.name=we", false)
	f("metadata.name!=web", false)
	f("spec.nodeName=n1,status.phase!=Failed", true)
	f("spec.nodeName=", false)
	f("spec.nodeName!=", true)
	f("status.podIP=", true)
	f("spec.hostNetwork=false", true) // not in the object
	f("spec.hostNetwork!=false", false)
	f("spec.hostNetwork=true", false)
	f(`metadata.name=we\,b`, false)
	// Beyond.
	f(".status.phase in (Running, Pending)", true)
	f("status.phase notin (Running,Pending)", false)
	f("status.phase notin (Failed)", true)
	f("status.phase in (Failed,)", false)
	f("status.reason in (Evicted,)", true)
	f("spec.nodeName", true)
	f("!spec.nodeName", false)
	f("!status.reason,status.phase", true)
	f("spec.containers[].name=side", true)
	f("spec.containers[*].name=none", false)
	f("spec.containers[0].name=side", false)
	f("spec.containers[1].name=side", true)
	f("spec.containers[].image in (envoy,nginx:2)", true)
	f("metadata.annotations['note.io/by']=ann", true)
	f(`metadata.annotations["note.io/by"]!=ann`, false)
	f(`metadata.labels."a.b/c"='x'`, true)
	f("metadata.labels['app'] in ('web')", true)
	f("metadata.labels.app=db", false)
	f("spec.priority=10", true)
	f("spec.priority=010", false) // texts
	f("spec.'nodeName'=n1", true)

	nodes := kube.GroupResource{Resource: "nodes"}
	if terms, err := fieldTerms("spec.unschedulable=false", nodes, nil); err != nil || len(terms) != 1 || !strings.Contains(terms[0], "-has:") {
		t.Errorf("Nodes that may be scheduled to do not say so: %v, %v", terms, err)
	}
	if terms, err := fieldTerms("status.successful=1", jobs, nil); err != nil || terms[0] != `.status.succeeded="1"` {
		t.Errorf("what a Job calls successful is in status.succeeded: %v, %v", terms, err)
	}
	for _, bad := range []string{"=x", "a.b>3", "a in b", "a in (b", "a['x", "a[b]=c", "!a=b", "a notin", "'a=b", "a.b c"} {
		if terms, err := fieldTerms(bad, pods, nil); err == nil || !strings.Contains(err.Error(), "Write FIELD=VALUE") {
			t.Errorf("%s: %v, %v, want a sentence", bad, terms, err)
		}
	}
}
