package executor

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// autoscale sets the bounds of a HorizontalPodAutoscaler.
func (t target) autoscale(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.AutoscaleVerb) (*ingestpb.CommandResult, bool) {
	switch {
	case t.kind() != "horizontalpodautoscalers.autoscaling":
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has no bounds to set: only HorizontalPodAutoscalers have.", t)), false
	case v.Min == nil && v.Max == nil:
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names neither the least nor the most replicas."), false
	case v.Min != nil && *v.Min < 0 || v.Max != nil && *v.Max < 1:
		return answer(ingestpb.CommandResult_CODE_INVALID, "An autoscaler keeps at least 0 and at most 1 or more replicas."), false
	}
	return t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		spec := child(o.Object, "spec")
		if v.Min != nil {
			spec["minReplicas"] = int64(*v.Min)
		}
		if v.Max != nil {
			spec["maxReplicas"] = int64(*v.Max)
		}
		least, found, _ := unstructured.NestedInt64(o.Object, "spec", "minReplicas")
		if !found {
			least = 1
		}
		if most, _, _ := unstructured.NestedInt64(o.Object, "spec", "maxReplicas"); least > most {
			return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("%s cannot keep at least %d replicas and at most %d.", t, least, most))
		}
		return nil
	})
}
