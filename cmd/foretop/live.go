package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/kubeapi"
	"github.com/foretop/foretop/schemas/ingestpb"
)

var _ kubeapi.Live = (*live)(nil)

// live reads from members through whoever reaches them.
type live struct{ *members }

// Fetch asks a member, and answers once it has begun to. What comes is read from the body; the collector waits for it.
func (l *live) Fetch(ctx context.Context, scope access.Scope, f records.Fetch) (*records.Fetched, error) {
	if scope.Nothing() {
		return nil, &access.Error{Code: "FORBIDDEN", Message: "You may not read members."}
	}
	c := &ingestpb.Command{
		Id: "f-" + rand.Text(), User: scope.User(),
		Target: &ingestpb.ObjectRef{Group: f.Ref.Group, Version: f.Version, Resource: f.Ref.Resource, Namespace: f.Ref.Namespace, Name: f.Ref.Name},
		Verb:   &ingestpb.Command_Fetch{Fetch: &ingestpb.FetchVerb{Subresource: f.Subresource, Parameters: f.Parameters.Encode()}},
	}
	ctx, cancel := context.WithCancel(ctx)
	r, w := io.Pipe()
	body := &liveBody{PipeReader: r, cancel: cancel, ended: make(chan struct{})}
	answer := &records.Fetched{Body: body}
	begun := make(chan error, 1) // nil with the first part, else why there is none
	go func() {
		defer close(body.ended)
		first := true
		res := l.fetch(ctx, f.ClusterUID, c, func(part *ingestpb.Fetched) error {
			if first {
				first = false
				answer.Warnings = part.Warnings
				begun <- nil
			}
			if len(part.Data) == 0 { // it says that there is an answer
				return nil
			}
			_, err := w.Write(part.Data)
			return err
		})
		err := failed(f, res)
		if first {
			if err == nil { // a fetch has at least one part
				err = apierrors.NewServiceUnavailable("the collector answered nothing")
			}
			begun <- err
		}
		if err == nil {
			err = io.EOF
		}
		w.CloseWithError(err)
	}()
	select {
	case err := <-begun:
		if err != nil {
			body.Close()
			return nil, err
		}
		return answer, nil
	case <-ctx.Done():
		body.Close()
		return nil, ctx.Err()
	}
}

// liveBody ends its fetch when it is closed.
type liveBody struct {
	*io.PipeReader
	cancel context.CancelFunc
	ended  chan struct{} // closed when the fetch has ended
}

func (b *liveBody) Close() error {
	b.cancel()
	err := b.PipeReader.Close()
	<-b.ended
	return err
}

// failed is what a fetch's result says to people, nil when all came.
func failed(f records.Fetch, res *ingestpb.CommandResult) error {
	message := fmt.Sprintf("%s: %s", f.Ref.Cluster, res.Message)
	gr := schema.GroupResource{Group: f.Ref.Group, Resource: f.Ref.Resource}
	if len(res.Status) > 0 {
		var s metav1.Status
		if err := json.Unmarshal(res.Status, &s); err == nil && s.Code >= http.StatusBadRequest {
			return &apierrors.StatusError{ErrStatus: s}
		}
	}
	switch res.Code {
	case ingestpb.CommandResult_CODE_OK:
		return nil
	case ingestpb.CommandResult_CODE_NOT_FOUND:
		return apierrors.NewNotFound(gr, f.Ref.Name)
	case ingestpb.CommandResult_CODE_FORBIDDEN:
		return apierrors.NewForbidden(gr, f.Ref.Name, errors.New(message))
	case ingestpb.CommandResult_CODE_INVALID:
		return apierrors.NewBadRequest(message)
	default: // not "too many requests": clients would ask ten times
		return apierrors.NewServiceUnavailable(message)
	}
}
