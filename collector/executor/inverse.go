package executor

import (
	"encoding/json"
	"maps"
	"reflect"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kubejson "k8s.io/apimachinery/pkg/util/json"

	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/internal/patch"
)

const withheld = "What was there before is secret and never leaves the cluster, so Foretop cannot put it back."

// inverse is the patch from after to before, or why there is none. What the way back says must be what the hub may
// know: the same patch has to lead from the redacted object after to the redacted one before.
func (t target) inverse(before, after *unstructured.Unstructured) (way []byte, why string) {
	from, to := own(after.Object), own(before.Object)
	ops, err := patch.Between(from, to, true)
	if err != nil {
		return nil, "The way back cannot be written as a patch."
	}
	if len(ops) == 0 {
		return nil, ""
	}
	way, err = json.Marshal(ops)
	if err != nil {
		return nil, "The way back cannot be written as a patch."
	}
	if back, err := patched(from, way); err != nil || !reflect.DeepEqual(back, to) {
		return nil, "The way back cannot be written as a patch."
	}
	if back, err := patched(t.known(after), way); err != nil || !reflect.DeepEqual(tidy(back), tidy(t.known(before))) {
		return nil, withheld
	}
	return way, ""
}

// known is what the hub gets to know of o.
func (t target) known(o *unstructured.Unstructured) map[string]any {
	var out map[string]any
	if err := kubejson.Unmarshal(t.json(o), &out); err != nil {
		return nil
	}
	out = own(out)
	if annotations, ok := child(out, "metadata")["annotations"].(map[string]any); ok {
		delete(annotations, redact.KeysAnnotation)
	}
	return out
}

// templateGeneration is counted by the API server on every DaemonSet, whatever a client says.
const templateGeneration = "deprecated.daemonset.template.generation"

// own is o without what the server and controllers set.
func own(o map[string]any) map[string]any {
	o = patch.Content(o)
	meta, _ := o["metadata"].(map[string]any) // Content's own copy
	if annotations, ok := meta["annotations"].(map[string]any); ok && annotations[templateGeneration] != nil {
		annotations = maps.Clone(annotations)
		delete(annotations, templateGeneration)
		meta["annotations"] = annotations
	}
	return o
}

// tidy drops labels and annotations that are empty: redaction leaves them out.
func tidy(o map[string]any) map[string]any {
	meta, _ := o["metadata"].(map[string]any)
	for _, f := range []string{"labels", "annotations"} {
		if m, ok := meta[f].(map[string]any); ok && len(m) == 0 {
			delete(meta, f)
		}
	}
	return o
}

// child is the map at key of m, made when there is none.
func child(m map[string]any, key string) map[string]any {
	c, ok := m[key].(map[string]any)
	if !ok {
		c = map[string]any{}
		m[key] = c
	}
	return c
}
