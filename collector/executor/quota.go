package executor

import (
	"context"
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var (
	quotas      = schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}
	limitRanges = schema.GroupVersionResource{Version: "v1", Resource: "limitranges"}
)

// overQuota warns when a change wants more Pods, or larger ones, than the namespace's quotas leave room for. The API
// server takes such a change and refuses the Pods, one by one, afterwards. before is nil for what is new.
func (t target) overQuota(ctx context.Context, before, after *unstructured.Unstructured) []string {
	w, err := readWorkload(after)
	if err != nil || w == nil {
		return nil
	}
	more := w.needs()
	if before != nil {
		had, err := readWorkload(before)
		if err != nil || had == nil {
			return nil
		}
		for name, q := range had.needs() {
			n := more[name]
			n.Sub(q)
			more[name] = n
		}
	}
	list, err := t.Executor.client.Resource(quotas).Namespace(t.ref.Namespace).List(ctx, metav1.ListOptions{})
	if isNotFound(err) {
		return nil // not served: nobody limits
	}
	if err != nil {
		return []string{"Whether the namespace's quotas leave room could not be read."}
	}
	var warnings []string
	for _, item := range list.Items {
		var q corev1.ResourceQuota
		if err := fromUnstructured(item.Object, &q); err != nil || len(q.Spec.Scopes) > 0 || q.Spec.ScopeSelector != nil {
			continue // of some Pods only
		}
		for _, name := range quotaOrder {
			hard, limited := q.Status.Hard[name]
			if !limited {
				continue
			}
			if c := w.silent(measured(name)); c != "" && !t.defaults(ctx) {
				warnings = append(warnings, fmt.Sprintf("ResourceQuota %s wants every container to state its %s, and %s does not: its Pods would not be created.", q.Name, measured(name), c))
				continue
			}
			n := more[measured(name)]
			if n.Sign() <= 0 {
				continue
			}
			room := hard.DeepCopy()
			room.Sub(q.Status.Used[name])
			if n.Cmp(room) > 0 {
				warnings = append(warnings, fmt.Sprintf("ResourceQuota %s leaves room for %s of %s, and this needs %s more: some Pods would not be created.", q.Name, &room, name, &n))
			}
		}
	}
	return warnings
}

// quotaOrder are the measures that a pod template tells.
var quotaOrder = []corev1.ResourceName{
	corev1.ResourcePods, corev1.ResourceCPU, corev1.ResourceRequestsCPU, corev1.ResourceMemory, corev1.ResourceRequestsMemory,
	corev1.ResourceLimitsCPU, corev1.ResourceLimitsMemory,
}

// measured is the plain name of a measure: cpu is requests.cpu.
func measured(name corev1.ResourceName) corev1.ResourceName {
	switch name {
	case corev1.ResourceCPU:
		return corev1.ResourceRequestsCPU
	case corev1.ResourceMemory:
		return corev1.ResourceRequestsMemory
	}
	return name
}

// defaults reports that the namespace fills in what containers do not state.
func (t target) defaults(ctx context.Context) bool {
	list, err := t.Executor.client.Resource(limitRanges).Namespace(t.ref.Namespace).List(ctx, metav1.ListOptions{Limit: 1})
	return err != nil || len(list.Items) > 0 // in doubt nothing is said
}

// workload is what a number of replicas is made of.
type workload struct {
	Replicas *int64                  `json:"replicas"`
	Template *corev1.PodTemplateSpec `json:"template"`
}

// readWorkload is nil for what has no number of replicas, or no pod template.
func readWorkload(o *unstructured.Unstructured) (*workload, error) {
	spec, found, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil || !found || spec["replicas"] == nil || spec["template"] == nil {
		return nil, err
	}
	w := &workload{}
	return w, fromUnstructured(map[string]any{"replicas": spec["replicas"], "template": spec["template"]}, w)
}

// states is what a container says it takes, by the names that quotas have for it.
func states(c corev1.Container) map[corev1.ResourceName]resource.Quantity {
	out := map[corev1.ResourceName]resource.Quantity{}
	for _, of := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		if q, ok := c.Resources.Limits[of]; ok {
			out["limits."+of], out["requests."+of] = q, q // a Pod requests its limits when it says nothing
		}
		if q, ok := c.Resources.Requests[of]; ok {
			out["requests."+of] = q
		}
	}
	return out
}

// needs is what all Pods of w take together.
func (w *workload) needs() map[corev1.ResourceName]resource.Quantity {
	out := map[corev1.ResourceName]resource.Quantity{corev1.ResourcePods: *resource.NewQuantity(*w.Replicas, resource.DecimalSI)}
	for _, c := range w.Template.Spec.Containers {
		for name, q := range states(c) {
			q.Mul(*w.Replicas)
			sum := out[name]
			sum.Add(q)
			out[name] = sum
		}
	}
	return out
}

// silent names a container that does not state a measure; "" when all do, or no Pod is wanted.
func (w *workload) silent(name corev1.ResourceName) string {
	if name == corev1.ResourcePods || *w.Replicas == 0 {
		return ""
	}
	for _, c := range slices.Concat(w.Template.Spec.InitContainers, w.Template.Spec.Containers) {
		if _, ok := states(c)[name]; !ok {
			return c.Name
		}
	}
	return ""
}
