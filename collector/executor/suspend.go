package executor

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// suspend sets what keeps an object from going on.
func (t target) suspend(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, suspended bool) (*ingestpb.CommandResult, bool) {
	var field string
	switch t.kind() {
	case "deployments.apps":
		field = "paused"
	case "jobs.batch", "cronjobs.batch":
		field = "suspend"
	case "nodes":
		field = "unschedulable"
	default:
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s cannot be paused: only Deployments, Jobs, CronJobs and Nodes can.", t)), false
	}
	return t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		if how := ended(o); t.kind() == "jobs.batch" && how != "" {
			return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("%s has ended already: it is %s.", t, how))
		}
		spec := child(o.Object, "spec")
		if now, _ := spec[field].(bool); now != suspended {
			spec[field] = suspended
		}
		return nil
	})
}

// ended is the condition in which a Job ended, "" while it has not.
func ended(job *unstructured.Unstructured) string {
	conditions, _, _ := unstructured.NestedSlice(job.Object, "status", "conditions")
	for _, e := range conditions {
		c, _ := e.(map[string]any)
		if (c["type"] == "Complete" || c["type"] == "Failed") && c["status"] == "True" {
			return fmt.Sprint(c["type"])
		}
	}
	return ""
}
