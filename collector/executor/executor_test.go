package executor

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	deployments  = kubetest.Kind{Group: "apps", Version: "v1", Resource: "deployments", Kind: "Deployment", Namespaced: true, Scalable: true}
	statefulsets = kubetest.Kind{Group: "apps", Version: "v1", Resource: "statefulsets", Kind: "StatefulSet", Namespaced: true, Scalable: true}
	daemonsets   = kubetest.Kind{Group: "apps", Version: "v1", Resource: "daemonsets", Kind: "DaemonSet", Namespaced: true}
	configmaps   = kubetest.Kind{Version: "v1", Resource: "configmaps", Kind: "ConfigMap", Namespaced: true}
	autoscalers  = kubetest.Kind{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers", Kind: "HorizontalPodAutoscaler", Namespaced: true}
)

const (
	ok          = ingestpb.CommandResult_CODE_OK
	notFound    = ingestpb.CommandResult_CODE_NOT_FOUND
	conflicted  = ingestpb.CommandResult_CODE_CONFLICT
	forbidden   = ingestpb.CommandResult_CODE_FORBIDDEN
	invalid     = ingestpb.CommandResult_CODE_INVALID
	refused     = ingestpb.CommandResult_CODE_REFUSED
	unavailable = ingestpb.CommandResult_CODE_UNAVAILABLE
	expired     = ingestpb.CommandResult_CODE_EXPIRED
)

// member is a cluster with app2 in namespace shop, three of three replicas ready.
func member(t *testing.T) *kubetest.Server {
	s := kubetest.New(t, deployments, statefulsets, daemonsets, configmaps, autoscalers)
	s.Put("deployments", "shop", "app2", map[string]any{
		"metadata": map[string]any{"uid": "u2", "generation": 7},
		"spec": map[string]any{"replicas": 3, "template": map[string]any{"spec": map[string]any{"containers": []any{
			map[string]any{"name": "c", "env": []any{map[string]any{"name": "PASSWORD", "value": "canary"}}},
		}}}},
		"status": map[string]any{"observedGeneration": 7, "updatedReplicas": 3, "readyReplicas": 2, "availableReplicas": 1},
	})
	return s
}

func executor(t *testing.T, s *kubetest.Server, p Policy) *Executor {
	t.Helper()
	e, err := New(Config{REST: s.Config(), Policy: p})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func command(resource, name string) *ingestpb.Command {
	return &ingestpb.Command{Id: "c-" + name, Target: &ingestpb.ObjectRef{Group: "apps", Version: "v1", Resource: resource, Namespace: "shop", Name: name}}
}

func read(c *ingestpb.Command) *ingestpb.Command {
	c.Verb = &ingestpb.Command_Read{Read: &ingestpb.ReadVerb{}}
	return c
}

func restart(c *ingestpb.Command, at string) *ingestpb.Command {
	c.Verb = &ingestpb.Command_Restart{Restart: &ingestpb.RestartVerb{RestartedAt: at}}
	return c
}

func restore(c *ingestpb.Command, patch string) *ingestpb.Command {
	c.Verb = &ingestpb.Command_Restore{Restore: &ingestpb.RestoreVerb{Patch: []byte(patch)}}
	return c
}

func scale(c *ingestpb.Command, n int32, force bool) *ingestpb.Command {
	c.Verb = &ingestpb.Command_Scale{Scale: &ingestpb.ScaleVerb{Replicas: n, EvenIfAutoscaled: force}}
	return c
}

func expect(t *testing.T, r *ingestpb.CommandResult, code ingestpb.CommandResult_Code, message string) {
	t.Helper()
	if r.Code != code || !strings.Contains(r.Message, message) {
		t.Fatalf("got %s %q, want %s %q", r.Code, r.Message, code, message)
	}
}

func patches(s *kubetest.Server) int {
	n := 0
	for _, suffix := range []string{"", "/scale"} {
		for _, r := range s.Requests("app2" + suffix) {
			if strings.HasPrefix(r, "PATCH") {
				n++
			}
		}
	}
	return n
}

func TestRead(t *testing.T) {
	s := member(t)
	s.Put("horizontalpodautoscalers", "shop", "h", map[string]any{"spec": map[string]any{"minReplicas": 2, "maxReplicas": 9, "scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app2"}}})
	e := executor(t, s, Policy{})
	r := e.Execute(t.Context(), read(command("deployments", "app2")))
	expect(t, r, ok, "")
	if strings.Contains(string(r.Before), "canary") || !strings.Contains(string(r.Before), `"replicas":3`) {
		t.Errorf("object is %s", r.Before)
	}
	w := r.Workload
	if w.Generation != 7 || w.ObservedGeneration != 7 || w.Desired != 3 || w.Updated != 3 || w.Ready != 2 || w.Available != 1 || w.Autoscaler != "h" || w.AutoscalerMin != 2 || w.AutoscalerMax != 9 {
		t.Errorf("workload is %v", w)
	}
	expect(t, e.Execute(t.Context(), read(command("deployments", "nobody"))), notFound, "There is no deployments.apps nobody in namespace shop.")
}

func TestRestartAndRestore(t *testing.T) {
	s := member(t)
	e := executor(t, s, Policy{})
	at := func() any {
		template := s.Object("deployments", "shop", "app2")["spec"].(map[string]any)["template"].(map[string]any)
		meta, _ := template["metadata"].(map[string]any)
		annotations, _ := meta["annotations"].(map[string]any)
		return annotations[RestartedAt]
	}
	c := restart(command("deployments", "app2"), "T1")
	c.DryRun = true
	r := e.Execute(t.Context(), c)
	expect(t, r, ok, "")
	if at() != nil || !strings.Contains(string(r.After), `"kubectl.kubernetes.io/restartedAt":"T1"`) || strings.Contains(string(r.Before), "T1") {
		t.Errorf("dry run: stored %v, before %s, after %s", at(), r.Before, r.After)
	}
	if len(r.Warnings) != 1 || r.Warnings[0] != "fields were looked at" {
		t.Errorf("warnings are %q", r.Warnings)
	}
	if req := s.Requests("app2"); !strings.Contains(req[len(req)-1], "fieldManager=foretop") {
		t.Errorf("patch without field manager: %s", req[len(req)-1])
	}

	c.DryRun = false
	r = e.Execute(t.Context(), c)
	expect(t, r, ok, "")
	if at() != "T1" || r.Workload.RestartedAt != "T1" {
		t.Errorf("stored %v, workload %v", at(), r.Workload)
	}
	c = restore(command("deployments", "app2"), `[{"op":"replace","path":"/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt","value":"T0"}]`)
	c.Id = "2"
	expect(t, e.Execute(t.Context(), c), ok, "")
	if at() != "T0" {
		t.Errorf("stored %v, want T0", at())
	}
	c = restore(command("deployments", "app2"), `[{"op":"remove","path":"/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt"}]`)
	c.Id = "3"
	expect(t, e.Execute(t.Context(), c), ok, "")
	if at() != nil {
		t.Errorf("stored %v, want none", at())
	}

	s.Put("configmaps", "shop", "cm", nil)
	c = restart(command("configmaps", "cm"), "T")
	c.Target.Group = ""
	expect(t, e.Execute(t.Context(), c), refused, "only Deployments, StatefulSets and DaemonSets can")
	s.Put("deployments", "shop", "paused", map[string]any{"spec": map[string]any{"paused": true}})
	expect(t, e.Execute(t.Context(), restart(command("deployments", "paused"), "T")), refused, "is paused")
	s.Put("statefulsets", "shop", "db", map[string]any{"spec": map[string]any{"updateStrategy": map[string]any{"type": "OnDelete"}}})
	r = e.Execute(t.Context(), restart(command("statefulsets", "db"), "T"))
	expect(t, r, ok, "")
	if !strings.Contains(strings.Join(r.Warnings, "\n"), "OnDelete") {
		t.Errorf("warnings are %q", r.Warnings)
	}
}

func TestScale(t *testing.T) {
	s := member(t)
	e := executor(t, s, Policy{})
	replicas := func() any { return s.Object("deployments", "shop", "app2")["spec"].(map[string]any)["replicas"] }

	c := scale(command("deployments", "app2"), 5, false)
	c.DryRun = true
	r := e.Execute(t.Context(), c)
	expect(t, r, ok, "")
	if replicas() != 3.0 || !strings.Contains(string(r.After), `"replicas":5`) || !strings.Contains(string(r.Before), `"replicas":3`) || r.Workload.Desired != 5 {
		t.Errorf("dry run: stored %v, after %s", replicas(), r.After)
	}
	c.DryRun = false
	r = e.Execute(t.Context(), c)
	expect(t, r, ok, "")
	if replicas() != 5.0 || !strings.Contains(string(r.After), `"replicas":5`) {
		t.Errorf("stored %v, after %s", replicas(), r.After)
	}

	s.Put("horizontalpodautoscalers", "shop", "other", map[string]any{"spec": map[string]any{"maxReplicas": 9, "scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app1"}}})
	s.Put("horizontalpodautoscalers", "shop", "app2-hpa", map[string]any{"spec": map[string]any{"maxReplicas": 9, "scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": "app2"}}})
	c = scale(command("deployments", "app2"), 2, false)
	c.Id = "2"
	r = e.Execute(t.Context(), c)
	expect(t, r, refused, "The HorizontalPodAutoscaler app2-hpa sets the replicas of deployments.apps app2 in namespace shop (1 to 9) and would undo this.")
	if r.Workload.Autoscaler != "app2-hpa" || replicas() != 5.0 {
		t.Errorf("workload %v, stored %v", r.Workload, replicas())
	}
	c = scale(command("deployments", "app2"), 2, true)
	c.Id = "2" // what was refused was not carried out: the ID is still good
	r = e.Execute(t.Context(), c)
	expect(t, r, ok, "")
	if replicas() != 2.0 || !strings.Contains(strings.Join(r.Warnings, "\n"), "may undo this") {
		t.Errorf("stored %v, warnings %q", replicas(), r.Warnings)
	}

	s.Put("daemonsets", "shop", "ds", nil)
	expect(t, e.Execute(t.Context(), scale(command("daemonsets", "ds"), 1, false)), refused, "one pod on every node")
	s.Put("configmaps", "shop", "cm", nil)
	c = scale(command("configmaps", "cm"), 1, false)
	c.Target.Group = ""
	expect(t, e.Execute(t.Context(), c), refused, "no number of replicas")
	c = scale(command("deployments", "app2"), -1, false)
	c.Id = "3"
	expect(t, e.Execute(t.Context(), c), invalid, "negative")
}

func TestPreconditions(t *testing.T) {
	s := member(t)
	e := executor(t, s, Policy{})
	c := restart(command("deployments", "app2"), "T")
	c.Precondition = &ingestpb.Precondition{Uid: "another"}
	expect(t, e.Execute(t.Context(), c), conflicted, "was deleted and created again")
	c.Precondition = &ingestpb.Precondition{Uid: "u2", ResourceVersion: "1"}
	expect(t, e.Execute(t.Context(), c), conflicted, "app2 changed since this was planned")
	c.NotAfterMs = time.Now().Add(-time.Second).UnixMilli()
	expect(t, e.Execute(t.Context(), c), expired, "too late")
	if n := patches(s); n != 0 {
		t.Errorf("%d patches sent, want none", n)
	}

	// A change between reading and writing.
	o := s.Object("deployments", "shop", "app2")
	rv := o["metadata"].(map[string]any)["resourceVersion"].(string)
	var once sync.Once
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if r.Method == http.MethodPatch {
			once.Do(func() { s.Put("deployments", "shop", "app2", o) })
		}
		return nil
	})
	c = restart(command("deployments", "app2"), "T")
	c.Precondition = &ingestpb.Precondition{Uid: "u2", ResourceVersion: rv}
	expect(t, e.Execute(t.Context(), c), conflicted, "changed while this was carried out")
}

func TestWritesOnce(t *testing.T) {
	s := member(t)
	e := executor(t, s, Policy{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if r := e.Execute(context.Background(), scale(command("deployments", "app2"), 4, false)); r.Code != ok || r.CommandId != "c-app2" {
				t.Errorf("got %v", r)
			}
		})
	}
	all.Wait()
	if n := patches(s); n != 1 {
		t.Errorf("%d patches sent, want 1", n)
	}
}

func TestPolicy(t *testing.T) {
	s := member(t)
	s.Put("deployments", "kube-system", "app2", nil)
	c := restart(command("deployments", "app2"), "T")
	c.Target.Namespace = "kube-system"
	expect(t, executor(t, s, Policy{}).Execute(t.Context(), c), forbidden, "does not allow changes in namespace kube-system")
	expect(t, executor(t, s, Policy{}).Execute(t.Context(), read(c)), ok, "")
	expect(t, executor(t, s, Policy{DeniedNamespaces: []string{"sh*"}}).Execute(t.Context(), restart(command("deployments", "app2"), "T")), forbidden, "namespace shop")
	expect(t, executor(t, s, Policy{Verbs: []string{"restart"}}).Execute(t.Context(), scale(command("deployments", "app2"), 1, false)), forbidden, "does not allow to scale")
	expect(t, executor(t, s, Policy{Verbs: []string{}}).Execute(t.Context(), restart(command("deployments", "app2"), "T")), forbidden, "does not allow to restart")
	if _, err := New(Config{REST: s.Config(), Policy: Policy{Verbs: []string{"destroy"}}}); err == nil {
		t.Error("a policy of unknown verbs was accepted")
	}
}

func TestFailuresAreSentences(t *testing.T) {
	f := func(fail kubetest.Failure, code ingestpb.CommandResult_Code, want string) {
		t.Helper()
		s := member(t)
		s.Fail(func(r *http.Request) *kubetest.Failure {
			if r.Method == http.MethodPatch {
				return &fail
			}
			return nil
		})
		r := executor(t, s, Policy{}).Execute(t.Context(), restart(command("deployments", "app2"), "T"))
		expect(t, r, code, want)
		if strings.Contains(r.Message, "canary") {
			t.Errorf("the message quotes an object: %s", r.Message)
		}
	}
	f(kubetest.Failure{Code: 403, Reason: "Forbidden", Message: `deployments.apps "app2" is forbidden: User "c" cannot patch resource "deployments" in API group "apps"`}, forbidden, "The collector may not patch deployments.apps app2 in namespace shop. Grant it")
	f(kubetest.Failure{Code: 403, Reason: "Forbidden", Message: `admission webhook "policy.example.com" denied the request: no restarts on Friday; object map[spec:canary]`}, invalid, `denied the request: no restarts on Friday`)
	f(kubetest.Failure{Code: 422, Reason: "Invalid", Message: `deployments.apps "app2" is forbidden: ValidatingAdmissionPolicy 'calm' with binding 'calm' denied request: no restarts on Friday`}, invalid, `admission refused to patch deployments.apps app2 in namespace shop: deployments.apps "app2" is forbidden: ValidatingAdmissionPolicy 'calm' with binding 'calm' denied request: no restarts on Friday.`)
	f(kubetest.Failure{Code: 422, Reason: "Invalid", Message: `Deployment is invalid: patch: Invalid value: "map[data:canary]"`}, invalid, "The API server refused to patch")
	f(kubetest.Failure{Code: 500, Reason: "InternalError", Message: "canary"}, unavailable, "Whether it was written is unknown.")
	f(kubetest.Failure{Code: 401, Reason: "Unauthorized"}, forbidden, "does not accept the collector's credentials")

	s := member(t)
	e := executor(t, s, Policy{})
	expect(t, e.Execute(t.Context(), &ingestpb.Command{Id: "x"}), invalid, "names no verb")
	expect(t, e.Execute(t.Context(), read(&ingestpb.Command{Id: "x"})), invalid, "no full target")
	s.Fail(func(*http.Request) *kubetest.Failure { return &kubetest.Failure{Hang: true} })
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	expect(t, e.Execute(ctx, read(command("deployments", "app2"))), unavailable, "does not answer in time")
}
