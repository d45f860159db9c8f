package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os/exec"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/foretop/foretop/collector/executor"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// bench is a namespace of a member, and the executor that a collector of it would have.
//
//	executor --API--> zone1 <--kubectl-- test
type bench struct {
	*executor.Executor
	t         *testing.T
	cluster   string
	namespace string
	commands  int
}

func openBench(t *testing.T, namespace string) *bench {
	t.Helper()
	b := &bench{t: t, cluster: "zone1", namespace: namespace}
	b.as("")
	kubectl(t, b.cluster, "create", "namespace", namespace)
	t.Cleanup(func() {
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), b.cluster, "delete", "namespace", namespace, "--wait=false")
	})
	return b
}

// as gives the executor the rights of a user; "" is the administrator.
func (b *bench) as(user string) {
	b.t.Helper()
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(
		&clientcmd.ClientConfigLoadingRules{ExplicitPath: stand.Fleet.Kubeconfig()},
		&clientcmd.ConfigOverrides{CurrentContext: b.cluster}).ClientConfig()
	if err != nil {
		b.t.Fatal(err)
	}
	config.Impersonate.UserName = user
	if b.Executor, err = executor.New(executor.Config{REST: config}); err != nil {
		b.t.Fatal(err)
	}
}

// apply makes objects as a person would.
func (b *bench) apply(manifest string) {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), stand.Fleet.KubectlPath(), "--kubeconfig", stand.Fleet.Kubeconfig(), "--context", b.cluster, "-n", b.namespace, "apply", "-f", "-")
	cmd.Stdin = strings.NewReader(manifest)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("kubectl apply: %v\n%s", err, out)
	}
}

// get is an object as kubectl sees it, by RESOURCE.GROUP/NAME.
func (b *bench) get(object string) map[string]any {
	b.t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(kubectl(b.t, b.cluster, "-n", b.namespace, "get", object, "--show-managed-fields", "-o", "json")), &o); err != nil {
		b.t.Fatal(err)
	}
	return o
}

// plain is an object without what the server and controllers set.
func plain(o map[string]any) map[string]any {
	o = maps.Clone(o)
	delete(o, "status")
	meta := maps.Clone(o["metadata"].(map[string]any))
	for _, f := range []string{"uid", "resourceVersion", "generation", "creationTimestamp", "managedFields"} {
		delete(meta, f)
	}
	if annotations, ok := meta["annotations"].(map[string]any); ok {
		annotations = maps.Clone(annotations)
		delete(annotations, "deployment.kubernetes.io/revision")
		delete(annotations, "deprecated.daemonset.template.generation")
		if meta["annotations"] = annotations; len(annotations) == 0 {
			delete(meta, "annotations")
		}
	}
	o["metadata"] = meta
	return o
}

// to is a command for an object that is there, bound to its UID.
func (b *bench) to(object string, verb any) *ingestpb.Command {
	b.t.Helper()
	b.commands++
	kind, name, _ := strings.Cut(object, "/")
	resource, group, _ := strings.Cut(kind, ".")
	c := &ingestpb.Command{
		Id: fmt.Sprintf("%s-%d", b.namespace, b.commands), ActionId: "a-" + b.namespace, User: "tester",
		Target: &ingestpb.ObjectRef{Group: group, Version: "v1", Resource: resource, Namespace: b.namespace, Name: name},
	}
	switch {
	case resource == "nodes" || resource == "namespaces":
		c.Target.Namespace = ""
	case group == "autoscaling":
		c.Target.Version = "v2"
	}
	switch v := verb.(type) {
	case *ingestpb.RestartVerb:
		c.Verb = &ingestpb.Command_Restart{Restart: v}
	case *ingestpb.ScaleVerb:
		c.Verb = &ingestpb.Command_Scale{Scale: v}
	case *ingestpb.RestoreVerb:
		c.Verb = &ingestpb.Command_Restore{Restore: v}
	case *ingestpb.ImageVerb:
		c.Verb = &ingestpb.Command_Image{Image: v}
	case *ingestpb.EnvVerb:
		c.Verb = &ingestpb.Command_Env{Env: v}
	case *ingestpb.ResourcesVerb:
		c.Verb = &ingestpb.Command_Resources{Resources: v}
	case *ingestpb.RollbackVerb:
		c.Verb = &ingestpb.Command_Rollback{Rollback: v}
	case *ingestpb.SuspendVerb:
		c.Verb = &ingestpb.Command_Suspend{Suspend: v}
	case *ingestpb.MetadataVerb:
		c.Verb = &ingestpb.Command_Metadata{Metadata: v}
	case *ingestpb.AutoscaleVerb:
		c.Verb = &ingestpb.Command_Autoscale{Autoscale: v}
	case *ingestpb.EvictVerb:
		c.Verb = &ingestpb.Command_Evict{Evict: v}
	case *ingestpb.DeleteVerb:
		c.Verb = &ingestpb.Command_Delete{Delete: v}
	case *ingestpb.CreateJobVerb:
		c.Verb = &ingestpb.Command_CreateJob{CreateJob: v}
	case *ingestpb.ApplyVerb:
		c.Verb = &ingestpb.Command_Apply{Apply: v}
	default:
		b.t.Fatalf("no verb %T", verb)
	}
	return c
}

// run carries a command out and fails the test when it is not answered like that.
func (b *bench) run(c *ingestpb.Command, code ingestpb.CommandResult_Code, message string) *ingestpb.CommandResult {
	b.t.Helper()
	r := b.Execute(b.t.Context(), c)
	if r.Code != code || !strings.Contains(r.Message, message) {
		b.t.Fatalf("%s: got %s %q, want %s %q", c.Id, r.Code, r.Message, code, message)
	}
	return r
}

// dry is c as a dry run.
func dry(c *ingestpb.Command) *ingestpb.Command {
	c = proto.Clone(c).(*ingestpb.Command)
	c.DryRun = true
	return c
}

// settled waits until a controller has seen the object as it is, so that nothing but a test changes it.
func (b *bench) settled(object string) map[string]any {
	b.t.Helper()
	var o map[string]any
	last := ""
	eventually(b.t, patience, object+" is at rest", func(context.Context) error {
		o = b.get(object)
		meta := o["metadata"].(map[string]any)
		rv := meta["resourceVersion"].(string)
		status, _ := o["status"].(map[string]any)
		if _, observes := status["observedGeneration"]; observes && status["observedGeneration"] != meta["generation"] {
			last = ""
			return fmt.Errorf("generation %v, observed %v", meta["generation"], status["observedGeneration"])
		}
		if rv != last {
			last = rv
			return fmt.Errorf("moved to %s", rv)
		}
		return nil
	})
	return o
}

const (
	commandOK        = ingestpb.CommandResult_CODE_OK
	commandRefused   = ingestpb.CommandResult_CODE_REFUSED
	commandConflict  = ingestpb.CommandResult_CODE_CONFLICT
	commandForbidden = ingestpb.CommandResult_CODE_FORBIDDEN
	commandInvalid   = ingestpb.CommandResult_CODE_INVALID
	commandNotFound  = ingestpb.CommandResult_CODE_NOT_FOUND
)

// benchObjects run no pods, so that nothing but a test moves them.
const benchObjects = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, labels: {app: web}}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      initContainers: [{name: init, image: registry.local/init:1}]
      containers:
        - name: web
          image: registry.local/web:1
          env: [{name: MODE, value: slow}, {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}]
          resources: {requests: {cpu: 10m}, limits: {memory: 64Mi}}
        - {name: side, image: "registry.local/side:1"}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  replicas: 0
  serviceName: db
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec: {containers: [{name: db, image: "registry.local/db:1"}]}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
  template:
    metadata: {labels: {app: agent}}
    spec: {nodeSelector: {no: such}, containers: [{name: agent, image: "registry.local/agent:1"}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec: {template: {spec: {restartPolicy: Never, containers: [{name: work, image: "registry.local/work:1"}]}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: held}
spec: {suspend: true, template: {spec: {restartPolicy: Never, containers: [{name: work, image: "registry.local/work:1"}]}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: nobody}
  minReplicas: 2
  maxReplicas: 9
---
apiVersion: v1
kind: Secret
metadata: {name: key}
stringData: {k: canary}
`

// On a real API server every verb's dry run leaves the object's version, its run does what the dry run said, and its
// inverse brings the object back, apart from what the server sets.
func TestTheExecutorsChangesAndTheirInverses(t *testing.T) {
	b := openBench(t, "executor-changes")
	b.apply(benchObjects)
	const web = "deployments.apps/web"
	f := func(object string, verb any, jsonpath, want string) {
		t.Helper()
		before := b.settled(object)
		c := b.to(object, verb)
		c.Precondition = &ingestpb.Precondition{Uid: before["metadata"].(map[string]any)["uid"].(string)}
		planned := b.run(dry(c), commandOK, "")
		if got := b.get(object); !reflect.DeepEqual(got, before) {
			t.Errorf("%s: the dry run changed %s to %s", c.Id, object, toJSON(got))
		}
		r := b.run(c, commandOK, "")
		got := b.get(object)
		if value := kubectl(t, b.cluster, "-n", b.namespace, "get", object, "-o", "jsonpath="+jsonpath); value != want {
			t.Errorf("%s: %s is %q, want %q", c.Id, jsonpath, value, want)
		}
		var plan map[string]any
		if err := json.Unmarshal(planned.After, &plan); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(object, "secrets") {
			delete(got, "data")
			delete(plan["metadata"].(map[string]any)["annotations"].(map[string]any), "foretop.io/redacted-keys")
		}
		if meta := got["metadata"].(map[string]any); meta["annotations"] != nil {
			delete(meta["annotations"].(map[string]any), "kubectl.kubernetes.io/last-applied-configuration")
		}
		if !reflect.DeepEqual(plain(got), plain(plan)) {
			t.Errorf("%s: the run made\n%s, the plan said\n%s", c.Id, toJSON(plain(got)), toJSON(plain(plan)))
		}
		if string(planned.Inverse) != string(r.Inverse) || len(r.Inverse) == 0 || r.InverseWithheld != "" {
			t.Fatalf("%s: inverse of the plan %s, of the run %s %s", c.Id, planned.Inverse, r.Inverse, r.InverseWithheld)
		}
		b.settled(object)
		undo := b.to(object, &ingestpb.RestoreVerb{Patch: r.Inverse})
		b.run(dry(undo), commandOK, "")
		b.run(undo, commandOK, "")
		if got := b.get(object); !reflect.DeepEqual(plain(got), plain(before)) {
			t.Errorf("%s: after undo\n%s, want\n%s", c.Id, toJSON(plain(got)), toJSON(plain(before)))
		}
	}
	for _, w := range []string{web, "statefulsets.apps/db", "daemonsets.apps/agent"} {
		f(w, &ingestpb.RestartVerb{RestartedAt: "2026-01-02T03:04:05Z"}, `{.spec.template.metadata.annotations}`, `{"kubectl.kubernetes.io/restartedAt":"2026-01-02T03:04:05Z"}`)
		f(w, &ingestpb.ImageVerb{Images: map[string]string{"*": "registry.local/all:2"}}, `{.spec.template.spec.containers[0].image}`, "registry.local/all:2")
	}
	f(web, &ingestpb.ImageVerb{Images: map[string]string{"init": "registry.local/init:2", "side": "registry.local/side:2"}}, `{.spec.template.spec['initContainers','containers'][*].image}`, "registry.local/init:2 registry.local/web:1 registry.local/side:2")
	f("cronjobs.batch/nightly", &ingestpb.ImageVerb{Images: map[string]string{"work": "registry.local/work:2"}}, `{.spec.jobTemplate.spec.template.spec.containers[0].image}`, "registry.local/work:2")
	f(web, &ingestpb.EnvVerb{Set: map[string]string{"MODE": "fast", "NODE": "here"}}, `{.spec.template.spec.containers[*].env}`, `[{"name":"MODE","value":"fast"},{"name":"NODE","value":"here"}] [{"name":"MODE","value":"fast"},{"name":"NODE","value":"here"}]`)
	f(web, &ingestpb.EnvVerb{Container: "web", Remove: []string{"MODE"}}, `{.spec.template.spec.containers[0].env[*].name}`, "NODE")
	f(web, &ingestpb.ResourcesVerb{Container: "web", Requests: map[string]string{"cpu": "20m"}, Limits: map[string]string{"memory": "", "cpu": "1"}}, `{.spec.template.spec.containers[0].resources}`, `{"limits":{"cpu":"1"},"requests":{"cpu":"20m"}}`)
	f(web, &ingestpb.SuspendVerb{Suspended: true}, `{.spec.paused}`, "true")
	f("cronjobs.batch/nightly", &ingestpb.SuspendVerb{Suspended: true}, `{.spec.suspend}`, "true")
	f("jobs.batch/held", &ingestpb.SuspendVerb{Suspended: false}, `{.spec.suspend}`, "false")
	f(web, &ingestpb.MetadataVerb{SetLabels: map[string]string{"tier": "front"}, RemoveLabels: []string{"app"}, SetAnnotations: map[string]string{"example.com/note": "a \"quoted\" <note>"}}, `{.metadata.labels}`, `{"tier":"front"}`)
	f("secrets/key", &ingestpb.MetadataVerb{SetLabels: map[string]string{"tier": "back"}}, `{.metadata.labels.tier}`, "back")
	f("horizontalpodautoscalers.autoscaling/web", &ingestpb.AutoscaleVerb{Min: proto.Int32(3), Max: proto.Int32(5)}, `{.spec['minReplicas','maxReplicas']}`, "3 5")

	node := strings.Fields(kubectl(t, b.cluster, "get", "nodes", "-o", "jsonpath={.items[*].metadata.name}"))[0]
	cordon := b.to("nodes/"+node, &ingestpb.SuspendVerb{Suspended: true})
	b.run(dry(cordon), commandOK, "")
	r := b.run(cordon, commandOK, "")
	if got := kubectl(t, b.cluster, "get", "node", node, "-o", "jsonpath={.spec.unschedulable}"); got != "true" {
		t.Errorf("cordoned, but unschedulable is %q", got)
	}
	b.run(b.to("nodes/"+node, &ingestpb.RestoreVerb{Patch: r.Inverse}), commandOK, "")
	if got := kubectl(t, b.cluster, "get", "node", node, "-o", "jsonpath={.spec.unschedulable}"); got != "" {
		t.Errorf("uncordoned, but unschedulable is %q", got)
	}
}
