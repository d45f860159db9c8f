package executor

import (
	"context"
	"fmt"
	"maps"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// Annotations of Jobs that Foretop creates.
const (
	// ActionAnnotation names the action and the target a Job was created for, so that asking twice creates one.
	ActionAnnotation = "foretop.io/action"
	// RerunAnnotation names the Job that runs again.
	RerunAnnotation = "foretop.io/rerun-of"
)

// createJob creates a Job from a CronJob, as kubectl create job --from does, or from a Job that is to run again.
func (t target) createJob(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, name string) (*ingestpb.CommandResult, bool) {
	if name == "" {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names no Job to create."), false
	}
	var job *unstructured.Unstructured
	switch t.kind() {
	case "cronjobs.batch":
		job = triggered(live)
	case "jobs.batch":
		job = again(live)
	default:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("No Job can be made from %s: only from CronJobs and Jobs.", t)), false
	}
	job.SetAPIVersion(t.ref.Group + "/" + t.ref.Version)
	job.SetKind("Job")
	job.SetNamespace(t.ref.Namespace)
	job.SetName(name)
	mark := fmt.Sprintf("%s %s/%s", c.ActionId, t.ref.Resource, t.ref.Name)
	annotate(job, ActionAnnotation, mark)

	made := t
	made.ref = &ingestpb.ObjectRef{Group: t.ref.Group, Version: t.ref.Version, Resource: "jobs", Namespace: t.ref.Namespace, Name: name}
	opts := metav1.CreateOptions{FieldManager: manager(c)}
	if c.DryRun {
		opts.DryRun = []string{metav1.DryRunAll}
	}
	after, err := made.client().Create(ctx, job, opts)
	if apierrors.IsAlreadyExists(err) {
		if after, err = made.read(ctx); err != nil {
			return t.failed("read", made, err, false), true
		}
		if after.GetAnnotations()[ActionAnnotation] != mark {
			return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("There is a %s already. Choose another name.", made)), true
		}
	}
	if err != nil {
		return t.failed("create", made, err, !c.DryRun), true
	}
	res := &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK, After: t.json(after)}
	if !c.DryRun {
		res.WrittenUid = string(after.GetUID())
	}
	return res, true
}

// triggered is the Job that a CronJob's schedule would make, marked as made by hand.
func triggered(cron *unstructured.Unstructured) *unstructured.Unstructured {
	job := &unstructured.Unstructured{Object: map[string]any{}}
	template, _, _ := unstructured.NestedMap(cron.Object, "spec", "jobTemplate")
	job.Object["spec"] = child(template, "spec")
	if l, found, _ := unstructured.NestedStringMap(template, "metadata", "labels"); found {
		job.SetLabels(l)
	}
	if a, found, _ := unstructured.NestedStringMap(template, "metadata", "annotations"); found {
		job.SetAnnotations(a)
	}
	annotate(job, "cronjob.kubernetes.io/instantiate", "manual")
	controls := true
	// Blocking the owner's deletion would need a right on its finalizers.
	job.SetOwnerReferences([]metav1.OwnerReference{{APIVersion: cron.GetAPIVersion(), Kind: "CronJob", Name: cron.GetName(), UID: cron.GetUID(), Controller: &controls}})
	return job
}

// again is a Job without what ties it to its own pods and its own run.
func again(old *unstructured.Unstructured) *unstructured.Unstructured {
	job := &unstructured.Unstructured{Object: map[string]any{}}
	spec, _, _ := unstructured.NestedMap(old.Object, "spec")
	delete(spec, "suspend")
	job.Object["spec"] = spec
	untie(spec)
	labels, annotations := old.GetLabels(), old.GetAnnotations()
	maps.DeleteFunc(labels, func(name, _ string) bool { return ofOneRun(name) })
	maps.DeleteFunc(annotations, func(name, _ string) bool { return ofOneRun(name) })
	for _, name := range append([]string{ActionAnnotation}, redact.Copies...) {
		delete(annotations, name)
	}
	if len(labels) > 0 {
		job.SetLabels(labels)
	}
	job.SetAnnotations(annotations)
	annotate(job, RerunAnnotation, old.GetName())
	for _, o := range old.GetOwnerReferences() {
		if o.Kind == "CronJob" && strings.HasPrefix(o.APIVersion, "batch/") { // it tidies up after a while
			o.BlockOwnerDeletion = nil
			job.SetOwnerReferences([]metav1.OwnerReference{o})
			annotate(job, "cronjob.kubernetes.io/instantiate", "manual")
		}
	}
	return job
}

// untie takes from a Job's spec what its controller set to find its Pods, and wants to set again.
func untie(spec map[string]any) {
	if manual, _ := spec["manualSelector"].(bool); !manual {
		delete(spec, "selector")
		delete(spec, "manualSelector")
	}
	if meta, ok := child(spec, "template")["metadata"].(map[string]any); ok {
		if l, ok := meta["labels"].(map[string]any); ok {
			maps.DeleteFunc(l, func(name string, _ any) bool { return ofOneRun(name) })
		}
	}
}

// ofOneRun reports that the Job controller or a CronJob set a label or annotation for one Job alone.
func ofOneRun(name string) bool {
	switch name {
	case "controller-uid", "job-name":
		return true
	}
	return strings.HasPrefix(name, "batch.kubernetes.io/")
}

func annotate(o *unstructured.Unstructured, name, value string) {
	annotations := o.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[name] = value
	o.SetAnnotations(annotations)
}
