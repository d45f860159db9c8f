package e2e

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// everyVerb is a command of every kind that writes, each of which would succeed on benchObjects and evictable.
func (b *bench) everyVerb() map[string]*ingestpb.Command {
	b.t.Helper()
	const web = "deployments.apps/web"
	return map[string]*ingestpb.Command{
		"restart":   b.to(web, &ingestpb.RestartVerb{RestartedAt: "2026-01-02T03:04:05Z"}),
		"scale":     b.to(web, &ingestpb.ScaleVerb{Replicas: 1}),
		"autoscale": b.to("horizontalpodautoscalers.autoscaling/web", &ingestpb.AutoscaleVerb{Max: proto.Int32(7)}),
		"image":     b.to(web, &ingestpb.ImageVerb{Images: map[string]string{"*": "registry.local/x:9"}}),
		"env":       b.to("cronjobs.batch/nightly", &ingestpb.EnvVerb{Set: map[string]string{"A": "1"}}),
		"resources": b.to("statefulsets.apps/db", &ingestpb.ResourcesVerb{Requests: map[string]string{"cpu": "1m"}}),
		"rollback":  b.to("daemonsets.apps/agent", &ingestpb.RollbackVerb{}),
		"restore":   b.to(web, &ingestpb.RestoreVerb{Patch: []byte(`[{"op":"add","path":"/spec/minReadySeconds","value":1}]`)}),
		"suspend":   b.to("nodes/zone1-node-1", &ingestpb.SuspendVerb{Suspended: true}),
		"evict":     b.to("deployments.apps/runs", &ingestpb.EvictVerb{CreatedBeforeMs: 1 << 42}),
		"create":    b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "nightly-x"}),
		"metadata":  b.to("services/web", &ingestpb.MetadataVerb{SetLabels: map[string]string{"a": "b"}}),
		"delete":    b.to("services/web", &ingestpb.DeleteVerb{}),
		"apply":     b.to("configmaps/new", &ingestpb.ApplyVerb{Manifest: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"},"data":{"k":"v"}}`)}),
	}
}

// The roles that are bound let a collector act on workloads and Nodes, and nothing else; the one that is not lets it
// edit. Whatever is lacking is said in a sentence, and nothing is changed.
func TestTheExecutorSaysWhichRightsItLacks(t *testing.T) {
	b := openBench(t, "executor-rights")
	b.apply(benchObjects + `---
apiVersion: apps/v1
kind: Deployment
metadata: {name: runs}
spec:
  replicas: 2
  selector: {matchLabels: {app: runs}}
  template:
    metadata: {labels: {app: runs}}
    spec: {containers: [{name: c, image: "registry.local/c:1"}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {app: web}, ports: [{port: 80}]}
`)
	manifest := must(filepath.Abs("../../deploy/manifests/collector.yaml"))
	kubectl(t, b.cluster, "apply", "-f", manifest)
	t.Cleanup(func() {
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), b.cluster, "delete", "-f", manifest, "--ignore-not-found", "--wait=false")
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), b.cluster, "delete", "clusterrolebinding", "executor-editor", "--ignore-not-found")
	})
	b.run(b.to("daemonsets.apps/agent", &ingestpb.ImageVerb{Images: map[string]string{"*": "registry.local/agent:2"}}), commandOK, "")
	b.settled("daemonsets.apps/agent")
	b.rolledOut("deployment/runs")

	b.as("system:serviceaccount:foretop:foretop-collector")
	bound := b.everyVerb()
	for _, verb := range []string{"metadata", "delete", "apply"} {
		c := bound[verb]
		delete(bound, verb)
		for _, c := range []*ingestpb.Command{dry(c), c} {
			b.run(c, commandForbidden, "Grant it in the cluster's roles.")
		}
	}
	for verb, c := range bound {
		if r := b.Execute(t.Context(), dry(c)); r.Code != commandOK {
			t.Errorf("%s with the roles that are bound: %s %s", verb, r.Code, r.Message)
		}
	}
	kubectl(t, b.cluster, "create", "clusterrolebinding", "executor-editor", "--clusterrole=foretop-editor", "--serviceaccount=foretop:foretop-collector")
	for verb, c := range b.everyVerb() {
		if r := b.Execute(t.Context(), dry(c)); r.Code != commandOK {
			t.Errorf("%s with the editor's role: %s %s", verb, r.Code, r.Message)
		}
	}

	// Rights that were lost between plan and run.
	kubectl(t, b.cluster, "delete", "clusterrolebinding", "executor-editor", "foretop-actor")
	before := b.get("deployments.apps/web")
	eventually(t, patience, "the rights are lost", func(context.Context) error {
		if r := b.Execute(t.Context(), dry(b.to("deployments.apps/web", &ingestpb.SuspendVerb{Suspended: true}))); r.Code != commandForbidden {
			return fmt.Errorf("%s %s", r.Code, r.Message)
		}
		return nil
	})
	for verb, c := range b.everyVerb() {
		if r := b.Execute(t.Context(), c); r.Code != commandForbidden || !strings.HasPrefix(r.Message, "The collector may not ") {
			t.Errorf("%s without rights: %s %s", verb, r.Code, r.Message)
		}
	}
	if got := b.get("deployments.apps/web"); !reflect.DeepEqual(got, before) {
		t.Errorf("without rights it made %s", toJSON(got))
	}
}

const denial = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: executor-denial}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: ["*"], apiVersions: ["*"], operations: [CREATE, UPDATE, DELETE, CONNECT], resources: ["*/*"]}]
    namespaceSelector: {matchLabels: {kubernetes.io/metadata.name: executor-denied}}
  matchConditions: [{name: people, expression: "request.resource.resource != 'namespaces' && !request.userInfo.username.startsWith('system:')"}]
  validations: [{expression: "false", message: "no changes on Friday"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: executor-denial}
spec: {policyName: executor-denial, validationActions: [Deny]}
`

// What admission says to people is passed on, in the plan already, and nothing is changed.
func TestTheExecutorPassesOnWhatAdmissionSays(t *testing.T) {
	b := openBench(t, "executor-denied")
	b.apply(benchObjects)
	b.settled("deployments.apps/web")
	t.Cleanup(func() {
		_, _ = stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), b.cluster, "delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", "executor-denial", "--ignore-not-found")
	})
	b.apply(denial)
	web := b.to("deployments.apps/web", &ingestpb.SuspendVerb{Suspended: true})
	eventually(t, patience, "the policy is in force", func(context.Context) error {
		if r := b.Execute(t.Context(), dry(web)); r.Code != commandInvalid {
			return fmt.Errorf("%s %s", r.Code, r.Message)
		}
		return nil
	})
	before := b.get("deployments.apps/web")
	for _, c := range []*ingestpb.Command{
		web,
		b.to("deployments.apps/web", &ingestpb.ScaleVerb{Replicas: 1}),
		b.to("deployments.apps/web", &ingestpb.DeleteVerb{}),
		b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "nightly-x"}),
		b.to("configmaps/new", &ingestpb.ApplyVerb{Manifest: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"}}`)}),
	} {
		for _, c := range []*ingestpb.Command{dry(c), c} {
			r := b.run(c, commandInvalid, "The cluster's admission refused to ")
			if !strings.Contains(r.Message, "no changes on Friday") {
				t.Errorf("%s", r.Message)
			}
		}
	}
	if got := b.get("deployments.apps/web"); !reflect.DeepEqual(got, before) {
		t.Errorf("refused, it made %s", toJSON(got))
	}
}

// A command that comes twice is carried out once, and one that came too late never.
func TestTheExecutorAnswersTheSameCommandOnce(t *testing.T) {
	b := openBench(t, "executor-twice")
	b.apply(benchObjects)
	b.settled("deployments.apps/web")
	kubectl(t, b.cluster, "-n", b.namespace, "create", "configmap", "cm")
	b.apply(`{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"jobs"},"spec":{"hard":{"count/jobs.batch":"2"}}}`)
	for _, c := range []*ingestpb.Command{
		b.to("deployments.apps/web", &ingestpb.ImageVerb{Images: map[string]string{"web": "registry.local/web:2"}}),
		b.to("configmaps/cm", &ingestpb.DeleteVerb{}),
		b.to("configmaps/new", &ingestpb.ApplyVerb{Manifest: []byte(`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"new"}}`), Create: true}),
	} {
		first := b.run(c, commandOK, "")
		if second := b.run(c, commandOK, ""); !proto.Equal(first, second) {
			t.Errorf("%s: answered %v, then %v", c.Id, first, second)
		}
	}
	eventually(t, patience, "the quota is counted", func(context.Context) error {
		if got := b.jsonpath("resourcequota/jobs", `{.status.used.count/jobs\.batch}`); got != "1" {
			return fmt.Errorf("%s are used", got)
		}
		return nil
	})
	b.run(b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "second"}), commandOK, "")
	b.run(b.to("cronjobs.batch/nightly", &ingestpb.CreateJobVerb{Name: "third"}), commandInvalid, "exceeded quota: jobs")
	late := b.to("deployments.apps/web", &ingestpb.SuspendVerb{Suspended: true})
	late.NotAfterMs = 1
	b.run(late, ingestpb.CommandResult_CODE_EXPIRED, "too late")
	names := strings.Fields(kubectl(t, b.cluster, "-n", b.namespace, "get", "jobs", "-o", "jsonpath={.items[*].metadata.name}"))
	if slices.Sort(names); !slices.Equal(names, []string{"held", "second"}) {
		t.Errorf("Jobs are %v", names)
	}
}

// Quotas refuse Pods, not workloads, so a plan that only asked for the workload would promise what does not come.
func TestTheExecutorWarnsOfQuotas(t *testing.T) {
	b := openBench(t, "executor-quota")
	b.apply(`{"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"small"},"spec":{"hard":{"pods":"3","requests.cpu":"100m"}}}`)
	// A quota of processors wants every container to say how much it needs.
	b.apply(strings.NewReplacer("init:1}", "init:1, resources: {requests: {cpu: 1m}}}", `side:1"}`, `side:1", resources: {requests: {cpu: 20m}}}`).Replace(benchObjects))
	b.settled("deployments.apps/web")
	eventually(t, patience, "the quota is counted", func(context.Context) error {
		if got := b.jsonpath("resourcequota/small", "{.status.used.pods}"); got != "0" {
			return fmt.Errorf("%s Pods are used", got)
		}
		return nil
	})
	f := func(c *ingestpb.Command, want ...string) {
		t.Helper()
		var quota []string
		for _, w := range b.run(dry(c), commandOK, "").Warnings {
			if strings.HasPrefix(w, "ResourceQuota ") {
				quota = append(quota, w)
			}
		}
		if !slices.Equal(quota, want) {
			t.Errorf("warned of %q, want %q", quota, want)
		}
	}
	const web = "deployments.apps/web"
	f(b.to(web, &ingestpb.ScaleVerb{Replicas: 3}))
	f(b.to(web, &ingestpb.ScaleVerb{Replicas: 4}),
		"ResourceQuota small leaves room for 3 of pods, and this needs 4 more: some Pods would not be created.",
		"ResourceQuota small leaves room for 100m of requests.cpu, and this needs 120m more: some Pods would not be created.")
	f(b.to("deployments.apps/new", &ingestpb.ApplyVerb{Manifest: []byte(`{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"new"},"spec":{"replicas":5,"selector":{"matchLabels":{"app":"new"}},"template":{"metadata":{"labels":{"app":"new"}},"spec":{"containers":[{"name":"c","image":"registry.local/c:1"}]}}}}`)}),
		"ResourceQuota small leaves room for 3 of pods, and this needs 5 more: some Pods would not be created.",
		"ResourceQuota small wants every container to state its requests.cpu, and c does not: its Pods would not be created.")
	b.run(b.to(web, &ingestpb.ScaleVerb{Replicas: 2}), commandOK, "")
	f(b.to(web, &ingestpb.SuspendVerb{Suspended: true}))
	b.rolledOut("deployment/web")
	eventually(t, patience, "the quota is counted", func(context.Context) error {
		if got := b.jsonpath("resourcequota/small", "{.status.used.pods}"); got != "2" {
			return fmt.Errorf("%s Pods are used", got)
		}
		return nil
	})
	f(b.to(web, &ingestpb.ResourcesVerb{Container: "side", Requests: map[string]string{"cpu": "60m"}}),
		"ResourceQuota small leaves room for 40m of requests.cpu, and this needs 80m more: some Pods would not be created.")
}
