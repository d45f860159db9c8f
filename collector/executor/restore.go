package executor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/collector/redact"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// restore applies a patch that says what it expects.
func (t target) restore(ctx context.Context, c *ingestpb.Command, live *unstructured.Unstructured, patch []byte) (*ingestpb.CommandResult, bool) {
	if why := unfit(patch); why != "" {
		return answer(ingestpb.CommandResult_CODE_INVALID, why), false
	}
	return t.change(ctx, c, live, func(o *unstructured.Unstructured) *ingestpb.CommandResult {
		out, err := patched(o.Object, patch)
		if err != nil {
			why := ""
			if errors.Is(err, jsonpatch.ErrTestFailed) || errors.Is(err, jsonpatch.ErrMissing) {
				why = lastWriter(o)
			}
			return answer(ingestpb.CommandResult_CODE_CONFLICT, fmt.Sprintf("%s is no longer as it was left%s, so it cannot be put back.", t, why))
		}
		o.Object = out
		return nil
	})
}

// unfit says what is wrong with a patch, "" when nothing is.
func unfit(patch []byte) string {
	var ops []struct{ Op, Path, From string }
	if err := json.Unmarshal(patch, &ops); err != nil {
		return "The way back is no JSON patch."
	}
	if bytes.Contains(patch, []byte(redact.Mark)) {
		return "The way back holds a value that was redacted, so Foretop does not know what to write."
	}
	for _, op := range ops {
		if op.Path == "" {
			return "The way back replaces the whole object."
		}
		for _, path := range []string{op.Path, op.From} {
			if clusterSet(path) {
				return fmt.Sprintf("The way back writes %s, which only the cluster itself sets.", path)
			}
		}
	}
	return ""
}

// clusterSet reports that path is not for patches.
func clusterSet(path string) bool {
	top, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	field, _, _ := strings.Cut(rest, "/")
	switch top {
	case "apiVersion", "kind", "status":
		return true
	case "metadata":
		return field == "" || field == "name" || field == "namespace" || slices.Contains(patch.ServerSet, field)
	}
	return false
}
