package executor

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/schemas/ingestpb"
)

var (
	replicaSets         = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	controllerRevisions = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "controllerrevisions"}
)

// revisionAnnotation numbers the ReplicaSets of a Deployment.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// keptAnnotations of a Deployment are its own, not those of a revision: kubectl rollout undo leaves them too.
var keptAnnotations = []string{
	"kubectl.kubernetes.io/last-applied-configuration", revisionAnnotation, "deployment.kubernetes.io/revision-history",
	"deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas", "deprecated.deployment.rollback.to",
}

// revision is a pod template that a workload had.
type revision struct {
	number      int64
	template    map[string]any
	annotations map[string]string // of a Deployment: those it had with it
}

// rollback puts an earlier revision's pod template back, as kubectl rollout undo does.
func (t target) rollback(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, to int64) (*ingestpb.CommandResult, bool) {
	if t.ref.Group != "apps" || !restartable[t.ref.Resource] {
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s cannot be rolled back: only Deployments, StatefulSets and DaemonSets have revisions.", t)), false
	}
	if paused, _, _ := unstructured.NestedBool(live.Object, "spec", "paused"); paused {
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s is paused, so it cannot be rolled back. Resume its rollout first.", t)), false
	}
	all, err := t.revisions(ctx, live)
	if err != nil {
		return t.failed("read the revisions of", t, err, false), false
	}
	var numbers []string
	var chosen *revision
	for i, r := range all {
		numbers = append(numbers, strconv.FormatInt(r.number, 10))
		if r.number == to || to == 0 && i == len(all)-2 {
			chosen = &all[i]
		}
	}
	switch {
	case chosen == nil && to == 0:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has no earlier revision.", t)), false
	case chosen == nil:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has no revision %d: it has %s.", t, to, strings.Join(numbers, ", "))), false
	}
	res, asked := t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		now, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
		if reflect.DeepEqual(bare(now), chosen.template) {
			return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has the pod template of revision %d already.", t, chosen.number))
		}
		child(o.Object, "spec")["template"] = chosen.template
		if t.ref.Resource == "deployments" {
			annotations := map[string]string{}
			for name, value := range o.GetAnnotations() {
				if slices.Contains(keptAnnotations, name) {
					annotations[name] = value
				}
			}
			for name, value := range chosen.annotations {
				if !slices.Contains(keptAnnotations, name) {
					annotations[name] = value
				}
			}
			o.SetAnnotations(annotations)
		}
		return nil
	})
	return t.warnOfRollout(res, live), asked
}

// revisions lists what the member still has of a workload's past, the oldest first.
func (t target) revisions(ctx context.Context, live *unstructured.Unstructured) ([]revision, error) {
	kind := controllerRevisions
	if t.ref.Resource == "deployments" {
		kind = replicaSets
	}
	owned, err := t.owned(ctx, kind, live)
	if err != nil {
		return nil, err
	}
	var all []revision
	for _, o := range owned {
		var r revision
		if kind == replicaSets {
			r.number, _ = strconv.ParseInt(o.GetAnnotations()[revisionAnnotation], 10, 64)
			r.template, _, _ = unstructured.NestedMap(o.Object, "spec", "template")
			r.annotations = o.GetAnnotations()
		} else {
			r.number, _, _ = unstructured.NestedInt64(o.Object, "revision")
			r.template, _, _ = unstructured.NestedMap(o.Object, "data", "spec", "template")
		}
		if r.number == 0 || r.template == nil { // not numbered yet
			continue
		}
		r.template = bare(r.template)
		all = append(all, r)
	}
	slices.SortFunc(all, func(a, b revision) int { return int(a.number - b.number) })
	return all, nil
}

// bare is a pod template without what controllers write into their copies of it.
func bare(template map[string]any) map[string]any {
	delete(template, "$patch")
	meta, ok := template["metadata"].(map[string]any)
	if !ok {
		return template
	}
	if meta["creationTimestamp"] == nil {
		delete(meta, "creationTimestamp")
	}
	if l, ok := meta["labels"].(map[string]any); ok {
		delete(l, "pod-template-hash")
	}
	return template
}

// owned lists the objects of a kind that live's selector selects and live controls.
func (t target) owned(ctx context.Context, kind schema.GroupVersionResource, live *unstructured.Unstructured) ([]unstructured.Unstructured, error) {
	selector, err := selectorOf(live)
	if err != nil {
		return nil, err
	}
	list, err := t.Executor.client.Resource(kind).Namespace(live.GetNamespace()).List(ctx, metav1.ListOptions{LabelSelector: selector})
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(list.Items, func(o unstructured.Unstructured) bool {
		c := metav1.GetControllerOf(&o)
		return c == nil || c.UID != live.GetUID()
	}), nil
}

// selectorOf is a workload's selector as a parameter of a list.
func selectorOf(live *unstructured.Unstructured) (string, error) {
	raw, _, _ := unstructured.NestedMap(live.Object, "spec", "selector")
	if live.GetKind() == "ReplicationController" {
		set, _, _ := unstructured.NestedStringMap(live.Object, "spec", "selector")
		return labels.SelectorFromSet(set).String(), nil
	}
	var s metav1.LabelSelector
	if err := fromUnstructured(raw, &s); err != nil {
		return "", fmt.Errorf("read selector: %w", err)
	}
	selector, err := metav1.LabelSelectorAsSelector(&s)
	if err != nil {
		return "", fmt.Errorf("read selector: %w", err)
	}
	return selector.String(), nil
}
