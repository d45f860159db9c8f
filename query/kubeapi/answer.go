package kubeapi

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/foretop/foretop/internal/access"
)

// fail answers an error as Kubernetes writes it.
func fail(w http.ResponseWriter, r *http.Request, err error) {
	if r.Context().Err() != nil {
		return // nobody reads it
	}
	s := statusFrom(err)
	if s.Details != nil && s.Details.RetryAfterSeconds > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(s.Details.RetryAfterSeconds)))
	}
	write(w, int(s.Code), s)
}

func statusFrom(err error) *metav1.Status {
	var status apierrors.APIStatus
	var told *access.Error
	switch {
	case errors.As(err, &status):
	case errors.As(err, &told):
		status = statusOf(told)
	default:
		status = apierrors.NewInternalError(errors.New("something went wrong inside the hub; its log has the cause"))
	}
	s := status.Status()
	s.Kind, s.APIVersion = "Status", "v1"
	return &s
}

func statusOf(e *access.Error) apierrors.APIStatus {
	switch e.Code {
	case "NOT_FOUND":
		err := apierrors.NewNotFound(schema.GroupResource{}, "")
		err.ErrStatus.Message = e.Error()
		return err
	case "FORBIDDEN":
		return apierrors.NewForbidden(schema.GroupResource{}, "", e)
	case "UNAVAILABLE":
		// Clients wait and ask the same again, without a list in between.
		return apierrors.NewTooManyRequests(e.Error(), 1)
	default:
		return apierrors.NewBadRequest(e.Error())
	}
}

func write(w http.ResponseWriter, code int, v any) {
	text, err := json.Marshal(v)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if w.Header().Get("Content-Type") == "" {
		w.Header().Set("Content-Type", "application/json")
	}
	w.Header().Set("Cache-Control", "no-cache, private")
	w.WriteHeader(code)
	_, _ = w.Write(append(text, '\n')) // the reader may have left
}

func notFound(path string) error {
	return apierrors.NewGenericServerResponse(http.StatusNotFound, "get", schema.GroupResource{}, "", "there is no "+path, 0, true)
}

// warn adds a warning that kubectl prints.
func warn(w http.ResponseWriter, text string) {
	quoted, err := json.Marshal(text)
	if err == nil {
		w.Header().Add("Warning", "299 - "+string(quoted))
	}
}
