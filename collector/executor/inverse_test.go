package executor

import (
	"encoding/json"
	"net/http"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	jobs     = kubetest.Kind{Group: "batch", Version: "v1", Resource: "jobs", Kind: "Job", Namespaced: true}
	cronjobs = kubetest.Kind{Group: "batch", Version: "v1", Resource: "cronjobs", Kind: "CronJob", Namespaced: true}
	nodes    = kubetest.Kind{Version: "v1", Resource: "nodes", Kind: "Node"}
)

// fleet of kinds that can be changed, one object each.
func full(t *testing.T) *kubetest.Server {
	s := kubetest.New(t, deployments, statefulsets, daemonsets, configmaps, autoscalers, jobs, cronjobs, nodes, secrets)
	template := map[string]any{"spec": map[string]any{
		"initContainers": []any{map[string]any{"name": "init", "image": "registry.local/init:1"}},
		"containers": []any{
			map[string]any{"name": "web", "image": "registry.local/web:1", "env": []any{
				map[string]any{"name": "MODE", "value": "slow"},
				map[string]any{"name": "FROM", "valueFrom": map[string]any{"configMapKeyRef": map[string]any{"name": "cm", "key": "k"}}},
				map[string]any{"name": "PASSWORD", "value": "canary"},
			}},
			map[string]any{"name": "side", "image": "registry.local/side:1", "resources": map[string]any{"limits": map[string]any{"memory": "64Mi"}}},
		},
	}}
	s.Put("deployments", "shop", "web", map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "web"}}, "spec": map[string]any{"replicas": 2, "template": template}})
	s.Put("cronjobs", "shop", "nightly", map[string]any{"spec": map[string]any{"suspend": false, "jobTemplate": map[string]any{"spec": map[string]any{"template": template}}}})
	s.Put("jobs", "shop", "done", map[string]any{"status": map[string]any{"conditions": []any{map[string]any{"type": "Complete", "status": "True"}}}})
	s.Put("jobs", "shop", "busy", map[string]any{"spec": map[string]any{}})
	s.Put("nodes", "", "n1", map[string]any{"spec": map[string]any{"podCIDR": "10.0.0.0/24"}})
	s.Put("secrets", "shop", "key", map[string]any{"data": map[string]any{"k": "Y2FuYXJ5"}})
	s.Put("configmaps", "shop", "cm", map[string]any{"metadata": map[string]any{"annotations": map[string]any{"kubectl.kubernetes.io/last-applied-configuration": "{}"}}, "data": map[string]any{"k": "v"}})
	s.Put("horizontalpodautoscalers", "shop", "web", map[string]any{"spec": map[string]any{"maxReplicas": 9}})
	return s
}

// to is a command for RESOURCE.GROUP/NAME, in namespace shop unless it is of the cluster.
func to(object string, verb any) *ingestpb.Command {
	kind, name, _ := strings.Cut(object, "/")
	resource, group, _ := strings.Cut(kind, ".")
	c := &ingestpb.Command{Target: &ingestpb.ObjectRef{Group: group, Version: "v1", Resource: resource, Namespace: "shop", Name: name}}
	switch {
	case resource == "nodes" || resource == "namespaces":
		c.Target.Namespace = ""
	case group == "autoscaling":
		c.Target.Version = "v2"
	}
	switch v := verb.(type) {
	case *ingestpb.RestartVerb:
		c.Verb = &ingestpb.Command_Restart{Restart: v}
	case *ingestpb.RestoreVerb:
		c.Verb = &ingestpb.Command_Restore{Restore: v}
	case *ingestpb.ImageVerb:
		c.Verb = &ingestpb.Command_Image{Image: v}
	case *ingestpb.EnvVerb:
		c.Verb = &ingestpb.Command_Env{Env: v}
	case *ingestpb.ResourcesVerb:
		c.Verb = &ingestpb.Command_Resources{Resources: v}
	case *ingestpb.SuspendVerb:
		c.Verb = &ingestpb.Command_Suspend{Suspend: v}
	case *ingestpb.MetadataVerb:
		c.Verb = &ingestpb.Command_Metadata{Metadata: v}
	case *ingestpb.AutoscaleVerb:
		c.Verb = &ingestpb.Command_Autoscale{Autoscale: v}
	case *ingestpb.EvictVerb:
		c.Verb = &ingestpb.Command_Evict{Evict: v}
	default:
		panic(v)
	}
	c.Id = object + " " + verb.(interface{ String() string }).String()
	return c
}

func stored(s *kubetest.Server, c *ingestpb.Command) map[string]any {
	return s.Object(c.Target.Resource, c.Target.Namespace, c.Target.Name)
}

// Every verb that changes an object changes just what it says, nothing in a dry run, and its inverse puts it back.
func TestChangesAndTheirInverses(t *testing.T) {
	s := full(t)
	e := executor(t, s, Policy{})
	f := func(c *ingestpb.Command, want ...string) {
		t.Helper()
		before := stored(s, c)
		dry := proto.Clone(c).(*ingestpb.Command)
		dry.DryRun = true
		d := e.Execute(t.Context(), dry)
		expect(t, d, ok, "")
		if got := stored(s, c); !reflect.DeepEqual(got, before) {
			t.Fatalf("%s: the dry run wrote %v", c.Id, got)
		}
		r := e.Execute(t.Context(), c)
		expect(t, r, ok, "")
		got, _ := json.Marshal(own(stored(s, c)))
		for _, w := range want {
			if !strings.Contains(string(got), w) || !strings.Contains(string(d.After), w) || strings.Contains(string(d.Before), w) {
				t.Errorf("%s: stored %s, planned %s, want %s", c.Id, got, d.After, w)
			}
		}
		if string(d.Inverse) != string(r.Inverse) || len(r.Inverse) == 0 || r.InverseWithheld != "" {
			t.Fatalf("%s: inverse of the plan %s, of the run %s %s", c.Id, d.Inverse, r.Inverse, r.InverseWithheld)
		}
		if strings.Contains(string(r.Inverse)+string(r.Before)+string(r.After), "canary") {
			t.Errorf("%s: a secret in the answer", c.Id)
		}
		undo := to("x/x", &ingestpb.RestoreVerb{Patch: r.Inverse})
		undo.Target, undo.Id = c.Target, "undo "+c.Id
		expect(t, e.Execute(t.Context(), undo), ok, "")
		if got := stored(s, c); !reflect.DeepEqual(own(got), own(before)) {
			t.Errorf("%s: after undo %v, want %v", c.Id, got, before)
		}
	}
	const web, nightly = "deployments.apps/web", "cronjobs.batch/nightly"
	f(to(web, &ingestpb.RestartVerb{RestartedAt: "T1"}), `"kubectl.kubernetes.io/restartedAt":"T1"`)
	f(to(web, &ingestpb.ImageVerb{Images: map[string]string{"web": "x/web:2", "init": "x/init:2"}}), `"image":"x/web:2"`, `"image":"x/init:2"`)
	f(to(web, &ingestpb.ImageVerb{Images: map[string]string{"*": "x/all:2"}}), `"image":"x/all:2","name":"init"`, `"image":"x/all:2","name":"side"`)
	f(to(nightly, &ingestpb.ImageVerb{Images: map[string]string{"side": "x/side:2"}}), `"image":"x/side:2"`)
	f(to(web, &ingestpb.EnvVerb{Container: "web", Set: map[string]string{"MODE": "fast", "NEW": "1"}}), `{"name":"MODE","value":"fast"}`, `{"name":"NEW","value":"1"}`)
	f(to(web, &ingestpb.EnvVerb{Container: "web", Remove: []string{"MODE"}}))
	f(to(web, &ingestpb.EnvVerb{Container: "web", Set: map[string]string{"FROM": "here"}}), `{"name":"FROM","value":"here"}`)
	f(to(web, &ingestpb.EnvVerb{Set: map[string]string{"ALL": "1"}}), `"env":[{"name":"ALL","value":"1"}]`)
	f(to(web, &ingestpb.ResourcesVerb{Container: "side", Requests: map[string]string{"cpu": "10m"}, Limits: map[string]string{"memory": ""}}), `"resources":{"requests":{"cpu":"10m"}}`)
	f(to(web, &ingestpb.SuspendVerb{Suspended: true}), `"paused":true`)
	f(to(nightly, &ingestpb.SuspendVerb{Suspended: true}), `"suspend":true`)
	f(to("jobs.batch/busy", &ingestpb.SuspendVerb{Suspended: true}), `"suspend":true`)
	f(to("nodes/n1", &ingestpb.SuspendVerb{Suspended: true}), `"unschedulable":true`)
	f(to(web, &ingestpb.MetadataVerb{SetLabels: map[string]string{"tier": "front"}, RemoveLabels: []string{"app"}}), `"labels":{"tier":"front"}`)
	f(to("configmaps/cm", &ingestpb.MetadataVerb{SetAnnotations: map[string]string{"note": "x"}}), `"note":"x"`)
	f(to("secrets/key", &ingestpb.MetadataVerb{SetLabels: map[string]string{"tier": "x"}, SetAnnotations: map[string]string{"note": "x"}}), `"note":"x"`)
	f(to("horizontalpodautoscalers.autoscaling/web", &ingestpb.AutoscaleVerb{Min: proto.Int32(2), Max: proto.Int32(5)}), `"maxReplicas":5`, `"minReplicas":2`)
}

func TestWhatWasSecretIsNotInTheInverse(t *testing.T) {
	s := full(t)
	e := executor(t, s, Policy{})
	r := e.Execute(t.Context(), to("deployments.apps/web", &ingestpb.EnvVerb{Remove: []string{"PASSWORD"}}))
	expect(t, r, ok, "")
	if len(r.Inverse) != 0 || r.InverseWithheld != withheld {
		t.Errorf("inverse %s, withheld %q", r.Inverse, r.InverseWithheld)
	}
	r = e.Execute(t.Context(), to("configmaps/cm", &ingestpb.MetadataVerb{RemoveAnnotations: []string{"kubectl.kubernetes.io/last-applied-configuration"}}))
	expect(t, r, ok, "")
	if len(r.Inverse) != 0 || r.InverseWithheld != withheld {
		t.Errorf("inverse %s, withheld %q", r.Inverse, r.InverseWithheld)
	}
}

func TestChangesThatAreRefused(t *testing.T) {
	s := full(t)
	s.Put("deployments", "shop", "held", map[string]any{"spec": map[string]any{"paused": true, "template": map[string]any{}}})
	e := executor(t, s, Policy{})

	f := func(c *ingestpb.Command, code ingestpb.CommandResult_Code, want string) {
		t.Helper()
		before := stored(s, c)
		expect(t, e.Execute(t.Context(), c), code, want)
		if got := stored(s, c); !reflect.DeepEqual(got, before) {
			t.Errorf("%s wrote %v", c.Id, got)
		}

	}
	const web = "deployments.apps/web"
	f(to(web, &ingestpb.ImageVerb{Images: map[string]string{"nobody": "x"}}), refused, "has no container nobody: it has init, web, side.")
	f(to(web, &ingestpb.ImageVerb{Images: map[string]string{"web": " "}}), invalid, "image without a name")
	f(to(web, &ingestpb.ImageVerb{}), invalid, "no image")
	f(to("configmaps/cm", &ingestpb.ImageVerb{Images: map[string]string{"*": "x"}}), refused, "no pod template")
	f(to("jobs.batch/busy", &ingestpb.EnvVerb{Set: map[string]string{"A": "1"}}), refused, "no pod template that can be changed")
	f(to(web, &ingestpb.EnvVerb{}), invalid, "no environment variable")
	f(to(web, &ingestpb.EnvVerb{Set: map[string]string{"A": "1"}, Remove: []string{"A"}}), invalid, "A is both set and removed")
	f(to(web, &ingestpb.EnvVerb{Container: "x", Remove: []string{"A"}}), refused, "no container x")
	f(to(web, &ingestpb.ResourcesVerb{Limits: map[string]string{"cpu": "much"}}), invalid, `"much" is no quantity of cpu`)
	f(to(web, &ingestpb.ResourcesVerb{}), invalid, "neither requests nor limits")
	f(to("configmaps/cm", &ingestpb.SuspendVerb{Suspended: true}), refused, "cannot be paused")
	f(to("jobs.batch/done", &ingestpb.SuspendVerb{Suspended: true}), refused, "has ended already: it is Complete")
	f(to("deployments.apps/held", &ingestpb.RestartVerb{RestartedAt: "T"}), refused, "is paused")
	f(to(web, &ingestpb.MetadataVerb{}), invalid, "no label and no annotation")
	f(to(web, &ingestpb.MetadataVerb{SetLabels: map[string]string{"a": "1"}, RemoveLabels: []string{"a"}}), invalid, "Label a is both")
	f(to(web, &ingestpb.AutoscaleVerb{Min: proto.Int32(1)}), refused, "only HorizontalPodAutoscalers have")
	f(to("horizontalpodautoscalers.autoscaling/web", &ingestpb.AutoscaleVerb{Min: proto.Int32(10)}), invalid, "at least 10 replicas and at most 9")
	f(to("horizontalpodautoscalers.autoscaling/web", &ingestpb.AutoscaleVerb{}), invalid, "neither the least nor the most")
	patch := func(p string) *ingestpb.RestoreVerb { return &ingestpb.RestoreVerb{Patch: []byte(p)} }
	f(to(web, patch(`{}`)), invalid, "no JSON patch")
	f(to(web, patch(`[{"op":"replace","path":"/metadata/name","value":"x"}]`)), invalid, "writes /metadata/name, which only the cluster itself sets")
	f(to(web, patch(`[{"op":"replace","path":"/status","value":{}}]`)), invalid, "writes /status")
	f(to(web, patch(`[{"op":"replace","path":"","value":{}}]`)), invalid, "replaces the whole object")
	f(to(web, patch(`[{"op":"add","path":"/spec/x","value":"[redacted]"}]`)), invalid, "was redacted")
	f(to(web, patch(`[{"op":"test","path":"/spec/replicas","value":7},{"op":"replace","path":"/spec/replicas","value":3}]`)), conflicted, "is no longer as it was left")
	for _, r := range s.Requests("") {
		if !strings.HasPrefix(r, "GET") {
			t.Errorf("a refused command sent %s", r)
		}
	}
}

func TestWhatIsSoAlreadyIsNotWritten(t *testing.T) {
	s := full(t)
	e := executor(t, s, Policy{})
	for _, c := range []*ingestpb.Command{
		to("deployments.apps/web", &ingestpb.ImageVerb{Images: map[string]string{"web": "registry.local/web:1"}}),
		to("deployments.apps/web", &ingestpb.SuspendVerb{}),
		to("deployments.apps/web", &ingestpb.EnvVerb{Remove: []string{"NOBODY"}}),
		to("nodes/n1", &ingestpb.SuspendVerb{}),
		to("configmaps/cm", &ingestpb.MetadataVerb{RemoveLabels: []string{"none"}}),
	} {
		r := e.Execute(t.Context(), c)
		expect(t, r, ok, "is so already")
		if string(r.Before) != string(r.After) || len(r.Inverse) != 0 || r.InverseWithheld != "" {
			t.Errorf("%s: before %s, after %s, inverse %s", c.Id, r.Before, r.After, r.Inverse)
		}
	}
	for _, r := range s.Requests("") {
		if strings.HasPrefix(r, "PATCH") {
			t.Errorf("sent %s", r)
		}
	}
}

func TestTheFieldManagerIsTheCommands(t *testing.T) {
	s := full(t)
	c := to("deployments.apps/web", &ingestpb.RestartVerb{RestartedAt: "T"})
	c.FieldManager = "flux-client-side-apply"
	expect(t, executor(t, s, Policy{}).Execute(t.Context(), c), ok, "")
	if r := s.Requests("web"); !strings.Contains(r[len(r)-1], "fieldManager=flux-client-side-apply") {
		t.Errorf("sent %s", r[len(r)-1])
	}
}

// Without a version in its precondition a command is about the object, whatever its status does meanwhile.
func TestAChangeIsMadeAnewWhenTheObjectMoves(t *testing.T) {
	s := full(t)
	e := executor(t, s, Policy{})
	moves := 0
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if r.Method == "PATCH" && moves < 2 {
			moves++
			o := s.Object("deployments", "shop", "web")
			o["status"] = map[string]any{"readyReplicas": moves}
			s.Put("deployments", "shop", "web", o)
		}
		return nil
	})
	expect(t, e.Execute(t.Context(), to("deployments.apps/web", &ingestpb.SuspendVerb{Suspended: true})), ok, "")
	o := s.Object("deployments", "shop", "web")
	if moves != 2 || o["spec"].(map[string]any)["paused"] != true || o["status"].(map[string]any)["readyReplicas"] != 2.0 {
		t.Errorf("after %d moves stored %v", moves, o)
	}
}

func TestNamespacesAreProtectedByName(t *testing.T) {
	s := full(t)
	s.Put("namespaces", "", "kube-system", nil)
	s.Put("namespaces", "", "shop", nil)
	label := &ingestpb.MetadataVerb{SetLabels: map[string]string{"a": "b"}}
	e := executor(t, s, Policy{})
	expect(t, e.Execute(t.Context(), to("namespaces/kube-system", label)), forbidden, "namespace kube-system")
	expect(t, e.Execute(t.Context(), to("namespaces/shop", label)), ok, "")
	none := executor(t, s, Policy{DeniedNamespaces: []string{"*"}})
	expect(t, none.Execute(t.Context(), to("namespaces/shop", label)), forbidden, "namespace shop")
	expect(t, none.Execute(t.Context(), to("nodes/n1", label)), ok, "")
	expect(t, executor(t, s, Policy{Verbs: []string{"restart"}}).Execute(t.Context(), to("nodes/n1", label)), forbidden, "does not allow to change labels or annotations")
}
