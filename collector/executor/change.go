package executor

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	kubejson "k8s.io/apimachinery/pkg/util/json"

	"github.com/wI2L/jsondiff"

	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// edit changes o in place. What it returns is the answer instead of writing; nil writes.
type edit func(o *unstructured.Unstructured) *ingestpb.CommandResult

// attempts is how often a write is made anew that nobody tied to a version: the status of an object moves all the time.
const attempts = 5

// change writes what edit makes of live, as a patch of just that, bound to the version that edit saw.
func (t target) change(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, edit edit) (_ *ingestpb.CommandResult, asked bool) {
	for attempt := 1; ; attempt++ {
		wanted := live.DeepCopy()
		if res := edit(wanted); res != nil {
			res.Before = t.json(live)
			return res, false
		}
		ops, err := patch.Between(live.Object, wanted.Object, false)
		if err != nil {
			return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("The change of %s cannot be written as a patch.", t)), false
		}
		if len(ops) == 0 {
			res := t.written(live, live)
			res.Message = fmt.Sprintf("%s is so already.", t)
			return res, false
		}
		after, err := t.patchExactly(ctx, c, live, ops)
		switch {
		case err == nil:
			res := t.written(live, after)
			if c.DryRun {
				res.Warnings = append(res.Warnings, t.overQuota(ctx, live, after)...)
			}
			return res, true
		case !apierrors.IsConflict(err) || c.GetPrecondition().GetResourceVersion() != "" || attempt == attempts:
			return t.failed("patch", t, err, !c.DryRun), true
		}
		if live, err = t.read(ctx); err != nil {
			return t.failed("read", t, err, false), true
		}
		if res := conflict(c, live); res != nil {
			return res, true
		}
	}
}

// written answers a write that turned before into after.
func (t target) written(before, after *unstructured.Unstructured) *ingestpb.CommandResult {
	res := &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK, Before: t.json(before), After: t.json(after), Workload: progress(after)}
	res.Inverse, res.InverseWithheld = t.inverse(before, after)
	return res
}

// patchExactly sends ops, which the API server refuses at any other version than live's.
func (t target) patchExactly(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, ops jsondiff.Patch) (*unstructured.Unstructured, error) {
	lock := jsondiff.Operation{Type: jsondiff.OperationReplace, Path: "/metadata/resourceVersion", Value: live.GetResourceVersion()}
	body, err := json.Marshal(append(jsondiff.Patch{lock}, ops...))
	if err != nil {
		return nil, err
	}
	return t.client().Patch(ctx, t.ref.Name, types.JSONPatchType, body, patchOptions(c))
}

func patchOptions(c *ingestpb.Command) metav1.PatchOptions {
	opts := metav1.PatchOptions{FieldManager: manager(c)}
	if c.DryRun {
		opts.DryRun = []string{metav1.DryRunAll}
	}
	return opts
}

// manager is who owns what c writes.
func manager(c *ingestpb.Command) string {
	if c.FieldManager != "" {
		return c.FieldManager
	}
	return FieldManager
}

// patched is what patch makes of a copy of o.
func patched(o map[string]any, patch []byte) (map[string]any, error) {
	p, err := jsonpatch.DecodePatch(patch)
	if err != nil {
		return nil, fmt.Errorf("read patch: %w", err)
	}
	raw, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode object: %w", err)
	}
	if raw, err = p.Apply(raw); err != nil {
		return nil, err
	}
	var out map[string]any
	if err := kubejson.Unmarshal(raw, &out); err != nil { // as clients decode: whole numbers are int64
		return nil, fmt.Errorf("read patched object: %w", err)
	}
	return out, nil
}
