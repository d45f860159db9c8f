package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// jsonpath is what kubectl prints of an object.
func (b *bench) jsonpath(object, path string) string {
	b.t.Helper()
	return kubectl(b.t, b.cluster, "-n", b.namespace, "get", object, "-o", "jsonpath="+path)
}

func TestTheExecutorRollsBack(t *testing.T) {
	b := openBench(t, "executor-rollback")
	b.apply(benchObjects)
	for _, w := range []string{"deployments.apps/web", "statefulsets.apps/db", "daemonsets.apps/agent"} {
		first := b.settled(w)
		b.run(b.to(w, &ingestpb.RollbackVerb{}), commandRefused, "has no earlier revision")
		b.run(b.to(w, &ingestpb.ImageVerb{Images: map[string]string{"*": "registry.local/two:2"}}), commandOK, "")
		b.settled(w)
		b.run(b.to(w, &ingestpb.EnvVerb{Set: map[string]string{"THREE": "3"}}), commandOK, "")
		before := b.settled(w)

		b.run(b.to(w, &ingestpb.RollbackVerb{Revision: 7}), commandRefused, "has no revision 7: it has 1, 2, 3.")
		b.run(b.to(w, &ingestpb.RollbackVerb{Revision: 3}), commandRefused, "has the pod template of revision 3 already")
		back := b.to(w, &ingestpb.RollbackVerb{})
		b.run(dry(back), commandOK, "")
		if got := b.get(w); !reflect.DeepEqual(got, before) {
			t.Errorf("the dry run changed %s", w)
		}
		r := b.run(back, commandOK, "")
		if got := b.jsonpath(w, "{.spec.template.spec.containers[0].image} {.spec.template.spec.containers[0].env[*].name}"); !strings.HasPrefix(got, "registry.local/two:2") || strings.Contains(got, "THREE") {
			t.Errorf("%s after rollback to the revision before: %s", w, got)
		}
		b.settled(w)
		b.run(b.to(w, &ingestpb.RestoreVerb{Patch: r.Inverse}), commandOK, "")
		if got := b.get(w); !reflect.DeepEqual(plain(got), plain(before)) {
			t.Errorf("%s after undo\n%s, want\n%s", w, toJSON(plain(got)), toJSON(plain(before)))
		}
		b.settled(w)
		b.run(b.to(w, &ingestpb.RollbackVerb{Revision: 1}), commandOK, "")
		if got := b.settled(w); !reflect.DeepEqual(plain(got), plain(first)) {
			t.Errorf("%s at revision 1\n%s, want\n%s", w, toJSON(plain(got)), toJSON(plain(first)))
		}
	}
	b.run(b.to("cronjobs.batch/nightly", &ingestpb.RollbackVerb{}), commandRefused, "cannot be rolled back")
	kubectl(t, b.cluster, "-n", b.namespace, "rollout", "pause", "deployment/web")
	b.run(b.to("deployments.apps/web", &ingestpb.RollbackVerb{}), commandRefused, "is paused")
}

func TestTheExecutorDeletes(t *testing.T) {
	b := openBench(t, "executor-delete")
	b.apply(benchObjects)
	kubectl(t, b.cluster, "-n", b.namespace, "create", "configmap", "cm", "--from-literal=k=v")
	for _, object := range []string{"deployments.apps/web", "configmaps/cm"} {
		before := b.settled(object)
		uid := before["metadata"].(map[string]any)["uid"].(string)
		c := b.to(object, &ingestpb.DeleteVerb{Propagation: "Foreground"})
		b.run(dry(c), commandOK, "")
		if got := b.get(object); !reflect.DeepEqual(got, before) {
			t.Errorf("the dry run changed %s", object)
		}
		other := b.to(object, &ingestpb.DeleteVerb{})
		other.Precondition = &ingestpb.Precondition{Uid: "another"}
		b.run(other, commandConflict, "was deleted and created again")
		r := b.run(c, commandOK, "")
		if slices.ContainsFunc(r.Warnings, func(w string) bool { return strings.Contains(w, "finalizers") }) {
			t.Errorf("warned of %q", r.Warnings)
		}
		eventually(t, patience, object+" is gone", func(context.Context) error {
			if got := kubectl(t, b.cluster, "-n", b.namespace, "get", object, "--ignore-not-found", "-o", "name"); got != "" {
				return fmt.Errorf("%s is there", got)
			}
			return nil
		})
		if r.InverseWithheld != "" {
			t.Errorf("%s cannot be made again: %s", object, r.InverseWithheld)
		}
		again := b.to(object, &ingestpb.ApplyVerb{Manifest: r.Before, Create: true})
		b.run(dry(again), commandOK, "")
		made := b.run(again, commandOK, "")
		got := b.get(object)
		if got["metadata"].(map[string]any)["uid"] != made.WrittenUid || made.WrittenUid == uid {
			t.Errorf("%s was made as %s, the answer says %s", object, got["metadata"].(map[string]any)["uid"], made.WrittenUid)
		}
		want := plain(before)
		if annotations, ok := want["metadata"].(map[string]any)["annotations"].(map[string]any); ok {
			if delete(annotations, "kubectl.kubernetes.io/last-applied-configuration"); len(annotations) == 0 {
				delete(want["metadata"].(map[string]any), "annotations")
			}
		}
		if !reflect.DeepEqual(plain(got), want) {
			t.Errorf("%s made again\n%s, want\n%s", object, toJSON(plain(got)), toJSON(want))
		}
		second := b.to(object, &ingestpb.ApplyVerb{Manifest: r.Before, Create: true})
		b.run(second, commandRefused, "already")
	}

	job := b.run(b.to("jobs.batch/held", &ingestpb.DeleteVerb{Propagation: "Background"}), commandOK, "")
	eventually(t, patience, "the Job is gone", func(context.Context) error {
		if got := kubectl(t, b.cluster, "-n", b.namespace, "get", "job", "held", "--ignore-not-found", "-o", "name"); got != "" {
			return fmt.Errorf("%s is there", got)
		}
		return nil
	})
	job = b.run(b.to("jobs.batch/held", &ingestpb.ApplyVerb{Manifest: job.Before, Create: true}), commandOK, "")
	if got := b.jsonpath("job/held", `{.spec.selector.matchLabels.batch\.kubernetes\.io/controller-uid} {.spec.suspend}`); got != job.WrittenUid+" true" {
		t.Errorf("the Job that was made again is of %s, want %s", got, job.WrittenUid)
	}

	kubectl(t, b.cluster, "-n", b.namespace, "patch", "cronjob", "nightly", "--type=merge", "-p", `{"metadata":{"finalizers":["example.com/hangs"]}}`)
	held := b.to("cronjobs.batch/nightly", &ingestpb.DeleteVerb{})
	warned := func(r *ingestpb.CommandResult) bool {
		return slices.ContainsFunc(r.Warnings, func(w string) bool {
			return strings.Contains(w, "stays until its finalizers are removed by those who set them: example.com/hangs")
		})
	}
	if r := b.run(dry(held), commandOK, ""); !warned(r) {
		t.Errorf("the plan warns of %q", r.Warnings)
	}
	if r := b.run(held, commandOK, ""); !warned(r) || len(r.After) == 0 {
		t.Errorf("the run warns of %q, and leaves %s", r.Warnings, r.After)
	}
	kubectl(t, b.cluster, "-n", b.namespace, "patch", "cronjob", "nightly", "--type=merge", "-p", `{"metadata":{"finalizers":null}}`)

	if r := b.run(b.to("secrets/key", &ingestpb.DeleteVerb{}), commandOK, ""); !strings.Contains(r.InverseWithheld, "secret") || strings.Contains(string(r.Before), "Y2FuYXJ5") {
		t.Errorf("withheld %q, before %s", r.InverseWithheld, r.Before)
	}
	b.run(b.to("secrets/key", &ingestpb.DeleteVerb{}), commandNotFound, "There is no secrets key")
	b.run(b.to("statefulsets.apps/db", &ingestpb.DeleteVerb{Propagation: "Sideways"}), commandInvalid, "no propagation")
	b.run(b.to("namespaces/kube-system", &ingestpb.DeleteVerb{}), commandForbidden, "namespace kube-system")
}

func TestTheExecutorCreatesJobs(t *testing.T) {
	b := openBench(t, "executor-jobs")
	b.apply(benchObjects)
	trigger := b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "nightly-1"})
	b.run(dry(trigger), commandOK, "")
	if got := kubectl(t, b.cluster, "-n", b.namespace, "get", "job", "nightly-1", "--ignore-not-found"); got != "" {
		t.Errorf("the dry run made %s", got)
	}
	r := b.run(trigger, commandOK, "")
	kubectl(t, b.cluster, "-n", b.namespace, "create", "job", "nightly-2", "--from=cronjob/nightly")
	shape := func(name string) map[string]any {
		o := b.get("jobs.batch/" + name)
		o = plain(o)
		meta := o["metadata"].(map[string]any)
		delete(meta, "name")
		delete(meta, "labels")
		delete(meta["annotations"].(map[string]any), "foretop.io/action")
		spec := o["spec"].(map[string]any)
		delete(spec, "selector")
		delete(spec["template"].(map[string]any)["metadata"].(map[string]any), "labels")
		return o
	}
	if ours, theirs := shape("nightly-1"), shape("nightly-2"); !reflect.DeepEqual(ours, theirs) {
		t.Errorf("made\n%s, kubectl makes\n%s", toJSON(ours), toJSON(theirs))
	}
	if got := b.jsonpath("job/nightly-1", "{.metadata.uid} {.metadata.annotations.foretop\\.io/action}"); got != r.WrittenUid+" a-executor-jobs cronjobs/nightly" {
		t.Errorf("made %s, the answer says %s", got, r.WrittenUid)
	}
	// Asked again, by a collector that has forgotten.
	replay := b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "nightly-1"})
	if again := b.run(replay, commandOK, ""); again.WrittenUid != r.WrittenUid {
		t.Errorf("asked again it made %s, want %s", again.WrittenUid, r.WrittenUid)
	}
	b.run(b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "nightly-2"}), commandRefused, "There is a jobs.batch nightly-2 in namespace executor-jobs already")

	eventually(t, patience, "the Job has a pod", func(context.Context) error {
		if got := b.jsonpath("job/nightly-1", "{.status.startTime}"); got == "" {
			return fmt.Errorf("not begun")
		}
		return nil
	})
	r = b.run(b.to("jobs.batch/nightly-1", &ingestpb.CreateJobVerb{Name: "nightly-again"}), commandOK, "")
	if got := b.jsonpath("job/nightly-again", "{.metadata.annotations.foretop\\.io/rerun-of} {.metadata.ownerReferences[0].name} {.spec.template.spec.containers[0].image}"); got != "nightly-1 nightly registry.local/work:1" {
		t.Errorf("made %s", got)
	}
	if a, c := b.jsonpath("job/nightly-1", "{.spec.selector}"), b.jsonpath("job/nightly-again", "{.spec.selector}"); a == c || !strings.Contains(c, r.WrittenUid) {
		t.Errorf("selectors are %s and %s", a, c)
	}
	b.run(b.to("deployments.apps/web", &ingestpb.CreateJobVerb{Name: "x"}), commandRefused, "No Job can be made from")
}

func TestTheExecutorApplies(t *testing.T) {
	b := openBench(t, "executor-apply")
	manifest := func(spec string) []byte {
		return []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"api","labels":{"app":"api"}},"spec":{` + spec + `"selector":{"matchLabels":{"app":"api"}},"template":{"metadata":{"labels":{"app":"api"}},"spec":{"containers":[{"name":"api","image":"registry.local/api:1"}]}}}}`)
	}
	const api = "deployments.apps/api"
	create := b.to(api, &ingestpb.ApplyVerb{Manifest: manifest(`"replicas":0,`)})
	r := b.run(dry(create), commandOK, "")
	if len(r.Before) != 0 || len(r.After) == 0 || r.WrittenUid != "" || kubectl(t, b.cluster, "-n", b.namespace, "get", "deployments", "--ignore-not-found") != "" {
		t.Errorf("the dry run: before %s, uid %s", r.Before, r.WrittenUid)
	}
	r = b.run(create, commandOK, "")
	if got := b.jsonpath(api, "{.metadata.uid} {.metadata.managedFields[0].manager} {.metadata.managedFields[0].operation}"); got != r.WrittenUid+" foretop Apply" {
		t.Errorf("made %s, the answer says %s", got, r.WrittenUid)
	}
	b.settled(api)
	if r := b.run(b.to(api, &ingestpb.ApplyVerb{Manifest: manifest(`"replicas":0,`)}), commandOK, "is so already"); len(r.Inverse) != 0 {
		t.Errorf("unchanged, with the inverse %s", r.Inverse)
	}

	before := b.settled(api)
	change := b.to(api, &ingestpb.ApplyVerb{Manifest: manifest(`"replicas":0,"minReadySeconds":3,`)})
	b.run(dry(change), commandOK, "")
	if got := b.get(api); !reflect.DeepEqual(got, before) {
		t.Errorf("the dry run changed it")
	}
	r = b.run(change, commandOK, "")
	if got := b.jsonpath(api, "{.spec.minReadySeconds}"); got != "3" {
		t.Errorf("minReadySeconds is %s", got)
	}
	b.run(b.to(api, &ingestpb.RestoreVerb{Patch: r.Inverse}), commandOK, "")
	if got := b.settled(api); !reflect.DeepEqual(plain(got), plain(before)) {
		t.Errorf("after undo\n%s, want\n%s", toJSON(plain(got)), toJSON(plain(before)))
	}

	kubectl(t, b.cluster, "-n", b.namespace, "set", "image", "deployment/api", "api=registry.local/theirs:1")
	r = b.run(b.to(api, &ingestpb.ApplyVerb{Manifest: manifest(`"replicas":0,`)}), commandConflict, "owned by kubectl-set")
	if len(r.Conflicts) != 1 || r.Conflicts[0].Manager != "kubectl-set" || !strings.Contains(r.Conflicts[0].Field, "image") {
		t.Errorf("conflicts are %v", r.Conflicts)
	}
	b.run(b.to(api, &ingestpb.ApplyVerb{Manifest: manifest(`"replicas":0,`), Force: true}), commandOK, "")
	if got := b.jsonpath(api, "{.spec.template.spec.containers[0].image}"); got != "registry.local/api:1" {
		t.Errorf("forced, but the image is %s", got)
	}
	stale := b.to(api, &ingestpb.ApplyVerb{Manifest: manifest(`"replicas":0,"minReadySeconds":9,`)})
	stale.Precondition = &ingestpb.Precondition{ResourceVersion: before["metadata"].(map[string]any)["resourceVersion"].(string)}
	b.run(stale, commandConflict, "changed since this was planned")
	gone := b.to("deployments.apps/gone", &ingestpb.ApplyVerb{Manifest: []byte(strings.ReplaceAll(string(manifest("")), `"name":"api","labels"`, `"name":"gone","labels"`))})
	gone.Precondition = &ingestpb.Precondition{Uid: "u"}
	b.run(gone, commandConflict, "was deleted since this was planned")

	one := func(object, manifest string, code ingestpb.CommandResult_Code, message string) {
		t.Helper()
		c := b.to(object, &ingestpb.ApplyVerb{Manifest: []byte(manifest)})
		b.run(dry(c), code, message)
		b.run(c, code, message)
	}
	one("deployments.apps/api", `{"kind":"List"`, commandInvalid, "no JSON of a Kubernetes object")
	one("deployments.apps/web", string(manifest("")), commandInvalid, "is not of deployments.apps web")
	one("deployments.apps/api", string(manifest(`"replica":1,`)), commandInvalid, "replica")
	one("deployments.apps/api", string(manifest(`"replicas":-1,`)), commandInvalid, "spec.replicas")
	one("gadgets.example.com/g", `{"apiVersion":"example.com/v1","kind":"Gadget","metadata":{"name":"g"}}`, commandNotFound, "does not know Gadget of example.com/v1")
	one("secrets/s", `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"v"}}`, commandInvalid, "Secrets' values do not go through the hub")
	one("configmaps/c", `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"},"data":{"k":"[redacted]"}}`, commandInvalid, "was redacted")
	nowhere := b.to("configmaps/c", &ingestpb.ApplyVerb{Manifest: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"c"}}`)})
	nowhere.Target.Namespace = "executor-nowhere"
	b.run(dry(nowhere), commandNotFound, "There is no namespace executor-nowhere. Create it first.")
	b.run(nowhere, commandNotFound, "There is no namespace executor-nowhere. Create it first.")
	for object, m := range map[string]string{
		"services/api":                    `{"apiVersion":"v1","kind":"Service","metadata":{"name":"api"},"spec":{"selector":{"app":"api"},"ports":[{"port":80}]}}`,
		"ingresses.networking.k8s.io/api": `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"api"},"spec":{"defaultBackend":{"service":{"name":"api","port":{"number":80}}}}}`,
	} {
		b.run(b.to(object, &ingestpb.ApplyVerb{Manifest: []byte(m)}), commandOK, "")
		var o map[string]any
		if err := json.Unmarshal([]byte(m), &o); err != nil || b.get(object)["kind"] != o["kind"] {
			t.Errorf("%s was not made: %v", object, err)
		}
	}
}
