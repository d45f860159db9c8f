package executor

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// delete deletes the object that was read, and no later one of its name.
func (t target) delete(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.DeleteVerb) (*ingestpb.CommandResult, bool) {
	uid := types.UID(live.GetUID())
	opts := metav1.DeleteOptions{Preconditions: &metav1.Preconditions{UID: &uid}, GracePeriodSeconds: v.GraceSeconds}
	if rv := c.GetPrecondition().GetResourceVersion(); rv != "" {
		opts.Preconditions.ResourceVersion = &rv
	}
	switch p := metav1.DeletionPropagation(v.Propagation); p {
	case "":
	case metav1.DeletePropagationBackground, metav1.DeletePropagationForeground, metav1.DeletePropagationOrphan:
		opts.PropagationPolicy = &p
	default:
		return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("There is no propagation %q: want Background, Foreground or Orphan.", v.Propagation)), false
	}
	if c.DryRun {
		opts.DryRun = []string{metav1.DryRunAll}
	}
	res := &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK, Before: t.json(live)}
	if live.GetDeletionTimestamp() != nil {
		res.Warnings = append(res.Warnings, fmt.Sprintf("%s is being deleted since %s.", t, live.GetDeletionTimestamp().UTC().Format("2006-01-02T15:04:05Z")))
	}
	if err := t.client().Delete(ctx, t.ref.Name, opts); err != nil {
		return t.failed("delete", t, err, !c.DryRun), true
	}
	var applied bool
	if res.InverseWithheld, applied = t.irretrievable(live); applied {
		res.Warnings = append(res.Warnings, "The annotation in which kubectl apply notes what it applied does not leave the cluster: it is not there again after an undo.")
	}
	if t.kind() == "namespaces" {
		res.Warnings = append(res.Warnings, fmt.Sprintf("Everything in namespace %s is deleted with it, and does not come back with it.", t.ref.Name))
	}
	if c.DryRun {
		if f := finalizers(live); len(f) > 0 {
			res.Warnings = append(res.Warnings, held(t, f))
		}
		return res, true
	}
	switch left, err := t.read(ctx); {
	case isNotFound(err):
	case err != nil:
		res.Warnings = append(res.Warnings, "It was deleted, but whether it is gone could not be read afterwards.")
	case left.GetUID() == live.GetUID():
		res.After = t.json(left)
		if f := finalizers(left); len(f) > 0 {
			res.Warnings = append(res.Warnings, held(t, f))
		}
	}
	return res, true
}

// finalizers are those that somebody has to take off, not those of the propagation that was asked for.
func finalizers(o *unstructured.Unstructured) []string {
	return slices.DeleteFunc(o.GetFinalizers(), func(f string) bool {
		return f == metav1.FinalizerDeleteDependents || f == metav1.FinalizerOrphanDependents
	})
}

func held(t target, finalizers []string) string {
	return fmt.Sprintf("%s stays until its finalizers are removed by those who set them: %s.", t, strings.Join(finalizers, ", "))
}

// irretrievable says why o cannot be made again from what the hub knows of it, "" when it can, and whether it would
// lack what kubectl apply noted.
func (t target) irretrievable(o *unstructured.Unstructured) (why string, applied bool) {
	whole := o.DeepCopy()
	for _, name := range redact.Copies {
		if _, ok := whole.GetAnnotations()[name]; ok {
			applied = true
			unstructured.RemoveNestedField(whole.Object, "metadata", "annotations", name)
		}
	}
	if !reflect.DeepEqual(tidy(own(whole.Object)), tidy(t.known(o))) {
		return "Some of what it holds is secret and never leaves the cluster, so Foretop cannot make it again.", applied
	}
	return "", applied
}
