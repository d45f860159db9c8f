package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// apply applies a manifest on the server's side, or creates what it says; the object need not be there.
func (t target) apply(ctx context.Context, c *ingestpb.Command, v *ingestpb.ApplyVerb) (*ingestpb.CommandResult, bool) {
	o, why := t.manifest(v.Manifest)
	if why != "" {
		return answer(ingestpb.CommandResult_CODE_INVALID, why), false
	}
	if v.Create {
		return t.create(ctx, c, o)
	}
	live, err := t.read(ctx)
	switch {
	case kube.NotServed(err):
		return t.unserved(o), false
	case isNotFound(err) && c.GetPrecondition().GetUid() != "":
		return answer(ingestpb.CommandResult_CODE_CONFLICT, fmt.Sprintf("%s was deleted since this was planned. Plan again.", t)), false
	case isNotFound(err):
		live = nil
	case err != nil:
		return t.failed("read", t, err, false), false
	default:
		if res := conflict(c, live); res != nil {
			return res, false
		}
		o.SetUID(live.GetUID()) // refused when it is another by then
	}
	o.SetResourceVersion(c.GetPrecondition().GetResourceVersion())
	body, err := json.Marshal(o)
	if err != nil {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The manifest cannot be written as JSON."), false
	}
	opts := patchOptions(c)
	opts.Force, opts.FieldValidation = &v.Force, metav1.FieldValidationStrict
	after, err := t.client().Patch(ctx, t.ref.Name, types.ApplyPatchType, body, opts)
	if err != nil {
		if conflicts := fieldConflicts(err); len(conflicts) > 0 {
			res := answer(ingestpb.CommandResult_CODE_CONFLICT, contested(t, conflicts))
			res.Conflicts = conflicts
			if live != nil {
				res.Before = t.json(live)
			}
			return res, true
		}
		return t.failedToMake(o, "apply", err, !c.DryRun), true
	}
	var res *ingestpb.CommandResult
	if live == nil {
		res = t.made(c, after)
	} else {
		res = t.written(live, after)
	}
	if c.DryRun {
		res.Warnings = append(res.Warnings, t.overQuota(ctx, live, after)...)
	}
	if live == nil {
		return res, true
	}
	if len(res.Inverse) == 0 && res.InverseWithheld == "" {
		res.Message = fmt.Sprintf("%s is so already.", t)
	}
	res.WrittenUid = string(after.GetUID())
	return res, true
}

// create creates what was deleted, or what must not be there yet.
func (t target) create(ctx context.Context, c *ingestpb.Command, o *unstructured.Unstructured) (*ingestpb.CommandResult, bool) {
	if t.kind() == "jobs.batch" {
		untie(child(o.Object, "spec"))
		labels := o.GetLabels()
		maps.DeleteFunc(labels, func(name, _ string) bool { return ofOneRun(name) })
		o.SetLabels(labels)
	}
	opts := metav1.CreateOptions{FieldManager: manager(c), FieldValidation: metav1.FieldValidationStrict}
	if c.DryRun {
		opts.DryRun = []string{metav1.DryRunAll}
	}
	after, err := t.client().Create(ctx, o, opts)
	switch {
	case apierrors.IsAlreadyExists(err):
		return answer(ingestpb.CommandResult_CODE_REFUSED, fmt.Sprintf("There is a %s already.", t)), true
	case err != nil:
		return t.failedToMake(o, "create", err, !c.DryRun), true
	}
	return t.made(c, after), true
}

// made answers that after is new.
func (t target) made(c *ingestpb.Command, after *unstructured.Unstructured) *ingestpb.CommandResult {
	res := &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_OK, After: t.json(after), Workload: progress(after)}
	if !c.DryRun {
		res.WrittenUid = string(after.GetUID())
	}
	return res
}

// manifest reads a manifest without what only the cluster sets, or says what is wrong with it.
func (t target) manifest(raw []byte) (*unstructured.Unstructured, string) {
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(raw); err != nil {
		return nil, "The manifest is no JSON of a Kubernetes object with apiVersion and kind."
	}
	if bytes.Contains(raw, []byte(redact.Mark)) {
		return nil, "The manifest holds a value that was redacted, so Foretop does not know what to write."
	}
	gv := schema.GroupVersion{Group: t.ref.Group, Version: t.ref.Version}
	switch {
	case o.IsList():
		return nil, "The manifest is a list: apply its objects one by one."
	case o.GetAPIVersion() != gv.String() || o.GetName() != t.ref.Name || o.GetNamespace() != "" && o.GetNamespace() != t.ref.Namespace:
		return nil, fmt.Sprintf("The manifest is not of %s.", t)
	case o.GetKind() == "Secret" && t.ref.Group == "" && (o.Object["data"] != nil || o.Object["stringData"] != nil):
		return nil, fmt.Sprintf("%s holds values, and Secrets' values do not go through the hub. Write it with kubectl.", t)
	}
	o.Object = own(o.Object)
	o.SetNamespace(t.ref.Namespace)
	for _, name := range redact.Copies { // what somebody else's tool noted is not ours to write
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations", name)
	}
	return o, ""
}

// failedToMake names what had to be there first.
func (t target) failedToMake(o *unstructured.Unstructured, act string, err error, writing bool) *ingestpb.CommandResult {
	var status apierrors.APIStatus
	switch {
	case kube.NotServed(err):
		return t.unserved(o)
	case isNotFound(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "namespaces":
		return answer(ingestpb.CommandResult_CODE_NOT_FOUND, fmt.Sprintf("There is no namespace %s. Create it first.", t.ref.Namespace))
	}
	if why := t.misfit(err); why != "" {
		return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("The manifest of %s does not fit its kind: %s.", t, why))
	}
	return t.failed(act, t, err, writing)
}

func (t target) unserved(o *unstructured.Unstructured) *ingestpb.CommandResult {
	return answer(ingestpb.CommandResult_CODE_NOT_FOUND, fmt.Sprintf("The cluster does not know %s of %s: install its CustomResourceDefinition first.", o.GetKind(), o.GetAPIVersion()))
}

// misfit is what an API server says of fields that a kind does not have, or has otherwise. To an apply it says so as if
// the failure were its own.
func (t target) misfit(err error) string {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return ""
	}
	message := status.Status().Message
	for _, begin := range []string{"strict decoding error: ", "failed to create typed patch object ("} {
		_, rest, ok := strings.Cut(message, begin)
		if ok && strings.HasSuffix(begin, "(") {
			_, rest, ok = strings.Cut(rest, "): ")
		}
		if ok {
			return t.quote(rest)
		}
	}
	return ""
}

// fieldConflicts lists the fields that others own and a manifest says otherwise.
func fieldConflicts(err error) []*ingestpb.FieldConflict {
	var status apierrors.APIStatus
	if !apierrors.IsConflict(err) || !errors.As(err, &status) || status.Status().Details == nil {
		return nil
	}
	var out []*ingestpb.FieldConflict
	for _, cause := range status.Status().Details.Causes {
		if cause.Type != metav1.CauseTypeFieldManagerConflict {
			continue
		}
		f := &ingestpb.FieldConflict{Field: cause.Field}
		if _, rest, ok := strings.Cut(cause.Message, `"`); ok { // conflict with "kubectl" using apps/v1
			f.Manager, _, _ = strings.Cut(rest, `"`)
		}
		out = append(out, f)
	}
	return out
}

// contested names who owns what.
func contested(t target, conflicts []*ingestpb.FieldConflict) string {
	var managers []string
	for _, c := range conflicts {
		if !slices.Contains(managers, c.Manager) {
			managers = append(managers, c.Manager)
		}
	}
	fields := fmt.Sprintf("%d fields", len(conflicts))
	if len(conflicts) == 1 {
		fields = "the field " + conflicts[0].Field
	}
	return fmt.Sprintf("%s of %s: owned by %s. Leave them out of the manifest, or force to take them over.", strings.ToUpper(fields[:1])+fields[1:], t, strings.Join(managers, ", "))
}
