package action

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/credential"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// redactedKeys is where collectors note what they took out whole, see collector/redact.
const redactedKeys = "/metadata/annotations/foretop.io~1redacted-keys"

// backTo has t's Pod template become what it was in a stored version.
func (s *Service) backTo(ctx context.Context, scope access.Scope, a *actions.Action, t *actions.Target, o *records.Object) error {
	was, _, err := s.version(ctx, scope, o.Ref, a.Params.Version)
	if err != nil || was == nil {
		return s.noVersion(t, a, err)
	}
	now, err := s.Finder.Object(ctx, scope, o.Ref, time.Time{})
	if err != nil {
		return err
	}
	if now == nil {
		t.State, t.Message = blocked, s.absent(o.Ref)
		return nil
	}
	return restore(t, now.JSON, was, "/spec/template")
}

// revert takes back what one stored version of t changed, whatever was changed since elsewhere in it.
func (s *Service) revert(ctx context.Context, scope access.Scope, a *actions.Action, t *actions.Target, ref kube.Ref) error {
	is, was, err := s.version(ctx, scope, ref, a.Params.Version)
	if err != nil || is == nil {
		return s.noVersion(t, a, err)
	}
	if was == nil {
		t.State, t.Message = blocked, fmt.Sprintf("Version %s of %s is the first that is known: there is no change to revert.", a.Params.Version, nameOf(t))
		return nil
	}
	return restore(t, is, was, "")
}

func (s *Service) noVersion(t *actions.Target, a *actions.Action, err error) error {
	if err != nil {
		return err
	}
	t.State, t.Message = blocked, fmt.Sprintf("There is no version %s of %s in history. List them with: foretop history %s", a.Params.Version, nameOf(t), t.Ref)
	return nil
}

// restore wants the patch from one stored version to another, as far as it is below a path.
func restore(t *actions.Target, from, to []byte, below string) error {
	a, err := kube.Decode(from)
	if err != nil {
		return err
	}
	b, err := kube.Decode(to)
	if err != nil {
		return err
	}
	all, err := patch.Back(a, b)
	if err != nil {
		return err
	}
	var back []patch.Change
	writes := false
	for _, c := range all {
		switch {
		case below != "" && c.Path != below && !strings.HasPrefix(c.Path, below+"/"), controllers[c.Path]:
			continue
		case c.Path == redactedKeys || holdsMark(c.Value):
			t.State, t.Message = blocked, fmt.Sprintf("What %s had there is secret and never left the cluster, so it cannot be put back from here. Roll back to one of its own revisions instead.", nameOf(t))
			return nil
		}
		writes = writes || c.Op != "test"
		back = append(back, c)
	}
	if !writes {
		t.State, t.Message = blocked, fmt.Sprintf("%s is like that already: nothing would change.", nameOf(t))
		return nil
	}
	raw, err := json.Marshal(back)
	if err != nil {
		return fmt.Errorf("encode a patch: %w", err)
	}
	t.Wanted, err = keepable(&ingestpb.Command{Verb: &ingestpb.Command_Restore{Restore: &ingestpb.RestoreVerb{Patch: raw}}})
	return err
}

// controllers are the paths that a workload's own controller writes.
var controllers = map[string]bool{
	"/metadata/annotations/deployment.kubernetes.io~1revision":                true,
	"/metadata/annotations/deprecated.daemonset.template.generation":          true,
	"/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration": true,
}

func holdsMark(v any) bool {
	raw, err := json.Marshal(v)
	return err != nil || strings.Contains(string(raw), credential.Mark)
}

// version answers the JSON of a stored version and of the one before it; nil when there is none. It is named by its
// id or resourceVersion in history, or by a moment: then it is the version of that moment.
func (s *Service) version(ctx context.Context, scope access.Scope, ref kube.Ref, name string) (is, was []byte, err error) {
	moment, timeErr := time.Parse(time.RFC3339, name)
	cursor := ""
	for range 100 { // pages
		p, err := s.Finder.History(ctx, scope, ref, 100, cursor)
		if err != nil {
			return nil, nil, err
		}
		for _, v := range p.Items { // newest first
			if timeErr == nil && !v.ObservedAt.After(moment) || timeErr != nil && (v.ResourceVersion == name || fmt.Sprint(v.Ver) == name) {
				return v.JSON, v.Previous, nil
			}
		}
		if !p.More {
			return nil, nil, nil
		}
		cursor = p.Cursor
	}
	return nil, nil, &access.Error{Code: "TOO_COMPLEX", Message: fmt.Sprintf("%s has too many versions to look through.", ref), Fix: "Name the version by its moment."}
}
