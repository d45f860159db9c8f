package action

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// The verbs of an action.
const (
	restart = "RESTART"
	scale   = "SCALE"
)

// restartedAt is the annotation of pod templates that kubectl rollout restart sets.
const restartedAt = "kubectl.kubernetes.io/restartedAt"

// readCommand asks for the live object.
func (s *Service) readCommand(a *actions.Action, t *actions.Target, id string) *ingestpb.Command {
	c := s.command(a, t, id)
	c.Verb = &ingestpb.Command_Read{Read: &ingestpb.ReadVerb{}}
	return c
}

// writeCommand asks to set what set says.
func (s *Service) writeCommand(a *actions.Action, t *actions.Target, id string, set actions.Inverse) *ingestpb.Command {
	c := s.command(a, t, id)
	switch {
	case set.Replicas != nil:
		c.Verb = &ingestpb.Command_Scale{Scale: &ingestpb.ScaleVerb{Replicas: *set.Replicas}}
	case t.Wanted != nil && set.RestartedAt != nil:
		c.Verb = &ingestpb.Command_Restore{Restore: &ingestpb.RestoreVerb{}}
	case set.RestartedAt != nil:
		c.Verb = &ingestpb.Command_Restart{Restart: &ingestpb.RestartVerb{RestartedAt: *set.RestartedAt}}
	}
	return c
}

func (s *Service) command(a *actions.Action, t *actions.Target, id string) *ingestpb.Command {
	ref, _ := kube.ParseRef(t.Ref) // written by us
	user := a.RunBy
	if user == "" {
		user = a.Actor
	}
	return &ingestpb.Command{
		Id: id, ActionId: a.ID, User: user,
		Target:       &ingestpb.ObjectRef{Group: ref.Group, Version: t.Version, Resource: ref.Resource, Namespace: ref.Namespace, Name: ref.Name},
		Precondition: &ingestpb.Precondition{Uid: t.UID},
	}
}

// ask dispatches c and never answers nil.
func (s *Service) ask(ctx context.Context, clusterUID string, c *ingestpb.Command, timeout time.Duration) *ingestpb.CommandResult {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	c.NotAfterMs = s.now().Add(timeout).UnixMilli()
	r := s.Dispatch(ctx, clusterUID, c)
	if r == nil {
		r = &ingestpb.CommandResult{Code: ingestpb.CommandResult_CODE_UNAVAILABLE, Message: "The cluster's collector did not answer."}
	}
	if r.Code == ingestpb.CommandResult_CODE_UNSPECIFIED {
		r.Code, r.Message = ingestpb.CommandResult_CODE_UNAVAILABLE, "The cluster's collector gave an answer that this hub does not know."
	}
	return r
}

// wanted is what an action sets a target to. stamp is the time that a restart notes down.
func wanted(a *actions.Action, t *actions.Target, stamp time.Time) actions.Inverse {
	switch {
	case t.Wanted != nil:
		return *t.Wanted
	case a.Verb == scale:
		return actions.Inverse{Replicas: a.Params.Replicas}
	}
	at := stamp.UTC().Format(time.RFC3339)
	return actions.Inverse{RestartedAt: &at}
}

// live is what an answer says about the object on the member.
type live struct {
	ResourceVersion string
	Generation      int64
	Replicas        int32
	RestartedAt     string
	Spec            string // digest
	GaveUp          string // when a Deployment's controller said that its rollout exceeded its deadline, "" when it did not
	Pods            *int32 // those of earlier revisions too; nil for kinds that do not count them
}

func readLive(object []byte) (live, error) {
	var o struct {
		Metadata struct {
			ResourceVersion string `json:"resourceVersion"`
			Generation      int64  `json:"generation"`
		} `json:"metadata"`
		Spec   json.RawMessage `json:"spec"`
		Status struct {
			Replicas   *int32 `json:"replicas"`
			Conditions []struct {
				Type, Reason, LastUpdateTime string
			} `json:"conditions"`
		} `json:"status"`
	}
	var spec struct {
		Replicas *int32 `json:"replicas"`
		Template struct {
			Metadata struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"metadata"`
		} `json:"template"`
	}
	if err := json.Unmarshal(object, &o); err != nil {
		return live{}, fmt.Errorf("read the member's object: %w", err)
	}
	if o.Spec == nil {
		o.Spec = json.RawMessage("{}")
	}
	if err := json.Unmarshal(o.Spec, &spec); err != nil {
		return live{}, fmt.Errorf("read the member's object: %w", err)
	}
	l := live{ResourceVersion: o.Metadata.ResourceVersion, Generation: o.Metadata.Generation, Replicas: 1, Pods: o.Status.Replicas, RestartedAt: spec.Template.Metadata.Annotations[restartedAt]}
	for _, c := range o.Status.Conditions {
		if c.Type == "Progressing" && c.Reason == "ProgressDeadlineExceeded" {
			l.GaveUp = "at " + c.LastUpdateTime
		}
	}
	if spec.Replicas != nil {
		l.Replicas = *spec.Replicas
	}
	digest, err := specDigest(o.Spec)
	if err != nil {
		return live{}, err
	}
	l.Spec = digest
	return l, nil
}

// specDigest tells specs apart, whatever order their keys come in. generation would not do: a Deployment's is raised
// by its own controller when it notes the revision.
func specDigest(spec json.RawMessage) (string, error) {
	var v any
	if err := json.Unmarshal(spec, &v); err != nil {
		return "", fmt.Errorf("read the member's object: %w", err)
	}
	canonical, err := json.Marshal(v) // sorts keys
	if err != nil {
		return "", fmt.Errorf("digest the member's object: %w", err)
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:12]), nil
}

// has reports whether the object is as set says.
func (l live) has(set actions.Inverse) bool {
	if set.Replicas != nil && l.Replicas != *set.Replicas {
		return false
	}
	return set.RestartedAt == nil || l.RestartedAt == *set.RestartedAt
}

// inverse is what to set to undo set.
func (l live) inverse(set actions.Inverse) *actions.Inverse {
	inv := &actions.Inverse{}
	if set.Replicas != nil {
		inv.Replicas = &l.Replicas
	}
	if set.RestartedAt != nil {
		inv.RestartedAt = &l.RestartedAt
	}
	return inv
}
