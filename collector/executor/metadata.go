package executor

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// metadata sets and removes labels and annotations of the object itself.
func (t target) metadata(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, v *ingestpb.MetadataVerb) (*ingestpb.CommandResult, bool) {
	if len(v.SetLabels)+len(v.RemoveLabels)+len(v.SetAnnotations)+len(v.RemoveAnnotations) == 0 {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The command names no label and no annotation."), false
	}
	return t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		meta := child(o.Object, "metadata")
		if res := setNames(meta, "labels", "Label", v.SetLabels, v.RemoveLabels); res != nil {
			return res
		}
		return setNames(meta, "annotations", "Annotation", v.SetAnnotations, v.RemoveAnnotations)
	})
}

func setNames(meta map[string]any, field, what string, set map[string]string, remove []string) *ingestpb.CommandResult {
	if len(set)+len(remove) == 0 {
		return nil
	}
	m := child(meta, field)
	for name, value := range set {
		m[name] = value
	}
	for _, name := range remove {
		if _, both := set[name]; both {
			return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("%s %s is both set and removed.", what, name))
		}
		delete(m, name)
	}
	if len(m) == 0 {
		delete(meta, field)
	}
	return nil
}
