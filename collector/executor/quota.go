package executor

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

var quotas = schema.GroupVersionResource{Version: "v1", Resource: "resourcequotas"}

// overQuota warns when a change wants more Pods, or larger ones, than the namespace's quotas leave room for. The API
// server takes such a change and refuses the Pods, one by one, afterwards. before is nil for what is new.
func (t target) overQuota(ctx context.Context, before, after *unstructured.Unstructured) []string {
	more, err := needs(after)
	if err != nil || len(more) == 0 {
		return nil // not a workload
	}
	if before != nil {
		had, err := needs(before)
		if err != nil {
			return nil
		}
		for name, q := range had {
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
			n := more[measured(name)]
			if !limited || n.Sign() <= 0 {
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

// needs is what the Pods of a workload take together; nothing for what has no number of replicas.
func needs(o *unstructured.Unstructured) (map[corev1.ResourceName]resource.Quantity, error) {
	var w struct {
		Spec struct {
			Replicas *int64                  `json:"replicas"`
			Template *corev1.PodTemplateSpec `json:"template"`
		} `json:"spec"`
	}
	spec, found, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil || !found || spec["replicas"] == nil || spec["template"] == nil {
		return nil, err
	}
	if err := fromUnstructured(map[string]any{"spec": map[string]any{"replicas": spec["replicas"], "template": spec["template"]}}, &w); err != nil {
		return nil, err
	}
	out := map[corev1.ResourceName]resource.Quantity{corev1.ResourcePods: *resource.NewQuantity(*w.Spec.Replicas, resource.DecimalSI)}
	for _, c := range w.Spec.Template.Spec.Containers {
		for total, of := range map[corev1.ResourceName]resource.Quantity{
			corev1.ResourceRequestsCPU:    c.Resources.Requests[corev1.ResourceCPU],
			corev1.ResourceRequestsMemory: c.Resources.Requests[corev1.ResourceMemory],
			corev1.ResourceLimitsCPU:      c.Resources.Limits[corev1.ResourceCPU],
			corev1.ResourceLimitsMemory:   c.Resources.Limits[corev1.ResourceMemory],
		} {
			of.Mul(*w.Spec.Replicas)
			sum := out[total]
			sum.Add(of)
			out[total] = sum
		}
	}
	return out, nil
}
