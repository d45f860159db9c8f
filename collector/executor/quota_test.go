package executor

import (
	"net/http"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

func TestOverQuota(t *testing.T) {
	s := kubetest.New(t, kubetest.Kind{Version: "v1", Resource: "resourcequotas", Kind: "ResourceQuota", Namespaced: true}, kubetest.Kind{Version: "v1", Resource: "limitranges", Kind: "LimitRange", Namespaced: true})
	tgt := target{Executor: executor(t, s, Policy{}), ref: &ingestpb.ObjectRef{Group: "apps", Version: "v1", Resource: "deployments", Namespace: "shop", Name: "web"}}
	workload := func(replicas int64, resources map[string]any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"replicas": replicas, "template": map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"name": "c", "resources": resources}}}}}}}
	}
	small := map[string]any{"limits": map[string]any{"cpu": "100m"}}
	f := func(before, after *unstructured.Unstructured, want ...string) {
		t.Helper()
		if got := tgt.overQuota(t.Context(), before, after); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	f(nil, workload(100, nil)) // no quota
	quota := func(hard, used map[string]any, spec map[string]any) {
		s.Put("resourcequotas", "shop", "q", map[string]any{"spec": spec, "status": map[string]any{"hard": hard, "used": used}})
	}
	quota(map[string]any{"cpu": "1", "secrets": "1"}, map[string]any{"cpu": "500m", "secrets": "1"}, nil)
	f(nil, workload(5, small)) // a limit is a request, too
	f(nil, workload(6, small), "ResourceQuota q leaves room for 500m of cpu, and this needs 600m more: some Pods would not be created.")
	f(workload(2, small), workload(6, small))
	f(workload(6, small), workload(1, small))
	f(nil, workload(1, nil), "ResourceQuota q wants every container to state its requests.cpu, and c does not: its Pods would not be created.")
	f(nil, workload(0, nil))
	f(nil, &unstructured.Unstructured{Object: map[string]any{"data": map[string]any{"k": "v"}}})
	quota(map[string]any{"pods": "1"}, nil, map[string]any{"scopes": []any{"BestEffort"}}) // of some Pods only
	f(nil, workload(5, nil))
	quota(map[string]any{"cpu": "1"}, nil, nil)
	s.Put("limitranges", "shop", "defaults", nil)
	f(nil, workload(1, nil))
	s.Fail(func(*http.Request) *kubetest.Failure { return &kubetest.Failure{Code: 500, Reason: "InternalError"} })
	f(nil, workload(1, small), "Whether the namespace's quotas leave room could not be read.")
}
