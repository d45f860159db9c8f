package executor

import (
	"context"
	"encoding/json"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// RestartedAt is the annotation of pod templates whose change makes controllers replace pods.
const RestartedAt = "kubectl.kubernetes.io/restartedAt"

var restartable = map[string]bool{"deployments": true, "statefulsets": true, "daemonsets": true}

// restart sets the pod template's restart annotation.
func (t target) restart(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, at string) (*ingestpb.CommandResult, bool) {
	if t.ref.Group != "apps" || !restartable[t.ref.Resource] {
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s cannot be restarted: only Deployments, StatefulSets and DaemonSets can.", t)), false
	}
	res, asked := t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		if paused, _, _ := unstructured.NestedBool(o.Object, "spec", "paused"); paused {
			return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s is paused, so a restart would not begin. Resume its rollout first.", t))
		}
		meta := child(child(child(o.Object, "spec"), "template"), "metadata")
		child(meta, "annotations")[RestartedAt] = at
		return nil
	})
	return t.warnOfRollout(res, live), asked
}

// warnOfRollout says when a changed pod template will not reach pods.
func (t target) warnOfRollout(res *ingestpb.CommandResult, live *unstructured.Unstructured) *ingestpb.CommandResult {
	if res.Code != ingestpb.CommandResult_CODE_OK {
		return res
	}
	if strategy, _, _ := unstructured.NestedString(live.Object, "spec", "updateStrategy", "type"); strategy == "OnDelete" {
		res.Warnings = append(res.Warnings, fmt.Sprintf("%s has the update strategy OnDelete: its pods are replaced only when somebody deletes them.", t))
	}
	if paused, _, _ := unstructured.NestedBool(live.Object, "spec", "paused"); paused {
		res.Warnings = append(res.Warnings, fmt.Sprintf("%s is paused: its pods are replaced only when its rollout is resumed.", t))
	}
	return res
}

// scale sets the number of replicas through the scale subresource, as an autoscaler would.
func (t target) scale(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.ScaleVerb) (*ingestpb.CommandResult, bool) {
	if v.Replicas < 0 {
		return answer(ingestpb.CommandResult_CODE_INVALID, "A number of replicas cannot be negative."), false
	}
	if t.ref.Resource == "daemonsets" {
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s cannot be scaled: a DaemonSet runs one pod on every node it selects.", t)), false
	}
	if _, err := t.client().Get(ctx, t.ref.Name, metav1.GetOptions{}, "scale"); err != nil {
		if isNotFound(err) { // the object itself was just there
			return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s cannot be scaled: its kind has no number of replicas to set.", t)), false
		}
		return t.failed("read the scale of", t, err, false), false
	}
	hpa, err := t.autoscaler(ctx, live)
	if err != nil {
		if !v.EvenIfAutoscaled {
			return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector could not find out whether an autoscaler owns the replicas, so nothing was changed."), false
		}
	}
	var warnings []string
	if hpa != nil {
		if !v.EvenIfAutoscaled {
			res := answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("The HorizontalPodAutoscaler %s sets the replicas of %s (%d to %d) and would undo this. Change the autoscaler instead.", hpa.name, t, hpa.min, hpa.max))
			res.Before = t.json(live)
			if res.Workload = progress(live); res.Workload != nil {
				hpa.fill(res.Workload)
			}
			return res, false
		}
		warnings = append(warnings, fmt.Sprintf("The HorizontalPodAutoscaler %s sets the replicas of %s and may undo this.", hpa.name, t))
	}
	scaled, err := t.patch(ctx, c, live, types.MergePatchType, map[string]any{"spec": map[string]any{"replicas": v.Replicas}}, "scale")
	if err != nil {
		return t.failed("scale", t, err, !c.DryRun), true
	}
	after := live.DeepCopy()
	if c.DryRun {
		n, _, _ := unstructured.NestedInt64(scaled.Object, "spec", "replicas") // a Scale leaves 0 out
		if _, here, _ := unstructured.NestedInt64(after.Object, "spec", "replicas"); here {
			_ = unstructured.SetNestedField(after.Object, n, "spec", "replicas") // a kind that keeps it elsewhere shows no change
		}
		warnings = append(warnings, t.overQuota(ctx, live, after)...)
	} else if read, err := t.read(ctx); err == nil {
		after = read
	} else {
		warnings = append(warnings, "The replicas were set, but the object could not be read afterwards.")
	}
	res := &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK, Before: t.json(live), After: t.json(after), Warnings: warnings, Workload: progress(after)}
	if hpa != nil && res.Workload != nil {
		hpa.fill(res.Workload)
	}
	return res, true
}

// patch sends p with the object's identity and, when the command was planned on a version, that version: the
// API server refuses it when either has changed since it was read.
func (t target) patch(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, pt types.PatchType, p map[string]any, subresources ...string) (*unstructured.Unstructured, error) {
	meta := map[string]any{"uid": string(live.GetUID())}
	if rv := c.GetPrecondition().GetResourceVersion(); rv != "" {
		meta["resourceVersion"] = rv
	}
	p["metadata"] = meta
	body, err := json.Marshal(p)
	if err != nil {
		return nil, err
	}
	return t.client().Patch(ctx, t.ref.Name, pt, body, patchOptions(c), subresources...)
}

// progress reads how far a workload's rollout is; nil for other kinds.
func progress(o *unstructured.Unstructured) *ingestpb.Workload {
	n := func(def int64, path ...string) int32 {
		v, found, err := unstructured.NestedInt64(o.Object, path...)
		if !found || err != nil {
			v = def
		}
		return int32(min(v, 1<<31-1))
	}
	gv, _ := schema.ParseGroupVersion(o.GetAPIVersion())
	w := &ingestpb.Workload{Generation: o.GetGeneration()}
	w.ObservedGeneration, _, _ = unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	w.RestartedAt, _, _ = unstructured.NestedString(o.Object, "spec", "template", "metadata", "annotations", RestartedAt)
	switch {
	case gv.Group == "apps" && o.GetKind() == "DaemonSet":
		w.Desired = n(0, "status", "desiredNumberScheduled")
		w.Updated = n(0, "status", "updatedNumberScheduled")
		w.Ready = n(0, "status", "numberReady")
		w.Available = n(0, "status", "numberAvailable")
	case gv.Group == "apps" && (o.GetKind() == "Deployment" || o.GetKind() == "StatefulSet"):
		w.Desired = n(1, "spec", "replicas")
		w.Updated = n(0, "status", "updatedReplicas")
		w.Ready = n(0, "status", "readyReplicas")
		w.Available = n(0, "status", "availableReplicas")
	default:
		if _, found, err := unstructured.NestedInt64(o.Object, "spec", "replicas"); !found || err != nil {
			return nil
		}
		for _, field := range []string{"observedGeneration", "readyReplicas"} {
			if _, told, err := unstructured.NestedInt64(o.Object, "status", field); gv.Group != "" && gv.Group != "apps" && (!told || err != nil) {
				return nil // a kind of its own, which does not tell how far it is
			}
		}
		w.Desired = n(0, "spec", "replicas")
		w.Updated = n(0, "status", "replicas")
		w.Ready = n(0, "status", "readyReplicas")
		w.Available = n(0, "status", "availableReplicas")
	}
	return w
}

type autoscaler struct {
	name     string
	min, max int32
}

func (a *autoscaler) fill(w *ingestpb.Workload) {
	w.Autoscaler, w.AutoscalerMin, w.AutoscalerMax = a.name, a.min, a.max
}

var hpas = schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}

// autoscaler finds the HorizontalPodAutoscaler that sets o's replicas; nil when there is none.
func (t target) autoscaler(ctx context.Context, o *unstructured.Unstructured) (*autoscaler, error) {
	list, err := t.Executor.client.Resource(hpas).Namespace(o.GetNamespace()).List(ctx, metav1.ListOptions{})
	if isNotFound(err) {
		return nil, nil // not served: nobody autoscales
	}
	if err != nil {
		return nil, err
	}
	gv, _ := schema.ParseGroupVersion(o.GetAPIVersion())
	for _, hpa := range list.Items {
		ref, _, _ := unstructured.NestedStringMap(hpa.Object, "spec", "scaleTargetRef")
		refGV, _ := schema.ParseGroupVersion(ref["apiVersion"])
		if ref["kind"] != o.GetKind() || ref["name"] != o.GetName() || refGV.Group != gv.Group {
			continue
		}
		a := &autoscaler{name: hpa.GetName(), min: 1}
		if v, found, _ := unstructured.NestedInt64(hpa.Object, "spec", "minReplicas"); found {
			a.min = int32(v)
		}
		if v, found, _ := unstructured.NestedInt64(hpa.Object, "spec", "maxReplicas"); found {
			a.max = int32(v)
		}
		return a, nil
	}
	return nil, nil
}
