package action

import (
	"context"
	"time"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// readCommand asks for the live object.
func (s *Service) readCommand(a *actions.Action, t *actions.Target, id string) *ingestpb.Command {
	c := s.command(a, t, id)
	c.Verb = &ingestpb.Command_Read{Read: &ingestpb.ReadVerb{}}
	return c
}

// writeCommand asks for what w keeps.
func (s *Service) writeCommand(a *actions.Action, t *actions.Target, id string, w *actions.Write) (*ingestpb.Command, error) {
	kept, err := commandOf(w)
	if err != nil {
		return nil, err
	}
	c := s.command(a, t, id)
	if c.Verb, c.FieldManager = kept.Verb, kept.FieldManager; c.FieldManager == "" {
		c.FieldManager = t.Manager
	}
	return c, nil
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
