package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// failed turns an API server's refusal into an answer. Its own text is never passed on whole: refused patches
// are quoted in it, objects and all.
func (e *Executor) failed(act string, t target, err error, writing bool) *ingestpb.CommandResult {
	var status apierrors.APIStatus
	isStatus := errors.As(err, &status)
	switch {
	case isNotFound(err):
		return answer(ingestpb.CommandResult_CODE_NOT_FOUND, fmt.Sprintf("There is no %s.", t))
	case apierrors.IsConflict(err):
		return answer(ingestpb.CommandResult_CODE_CONFLICT, fmt.Sprintf("%s changed while this was carried out. Plan again.", t))
	case apierrors.IsUnauthorized(err):
		return answer(ingestpb.CommandResult_CODE_FORBIDDEN, "The API server does not accept the collector's credentials. Renew them.")
	case apierrors.IsForbidden(err) && byAccessControl(status.Status().Message):
		return answer(ingestpb.CommandResult_CODE_FORBIDDEN, fmt.Sprintf("The collector may not %s %s. Grant it in the cluster's roles.", act, t))
	case apierrors.IsForbidden(err), isStatus && byAdmission(status.Status().Message):
		return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("The cluster's admission refused to %s %s: %s.", act, t, e.quote(status.Status().Message)))
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), apierrors.IsMethodNotSupported(err):
		return answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf("The API server refused to %s %s%s.", act, t, causes(status)))
	}
	message := strings.TrimSuffix(kube.Explain(e.host, act+" "+t.String(), err).Error(), ".") + "."
	if errors.Is(err, context.Canceled) {
		message = "The collector is stopping."
	}
	if writing {
		message += " Whether it was written is unknown."
	}
	return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, message)
}

// byAccessControl tells RBAC's refusal, which names a user and a verb, from quotas and admission plugins.
func byAccessControl(message string) bool {
	return strings.Contains(message, `User "`) && strings.Contains(message, `" cannot `)
}

// byAdmission tells what webhooks and policies refuse from what a kind's own validation does: both may be called invalid.
func byAdmission(message string) bool {
	return strings.HasPrefix(message, "admission webhook") || strings.Contains(message, "ValidatingAdmissionPolicy '") && strings.Contains(message, "denied request: ")
}

// quote keeps what an admission plugin says to people: scrubbed, short, and cut where an object begins.
func (e *Executor) quote(s string) string {
	s = e.redactor.Text(s)
	for _, begin := range []string{"map[", "{", "[]interface", "\n"} {
		if i := strings.Index(s, begin); i >= 0 {
			s = s[:i] + "..."
		}
	}
	const most = 300
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return strings.TrimRight(s, ". ")
}

// causes names the fields that were found wrong and in what way, without their values.
func causes(status apierrors.APIStatus) string {
	if status == nil || status.Status().Details == nil {
		return ""
	}
	var b strings.Builder
	for i, c := range status.Status().Details.Causes {
		if i == 3 {
			b.WriteString(" and more")
			break
		}
		sep := ", "
		if i == 0 {
			sep = ": "
		}
		fmt.Fprintf(&b, "%s%s (%s)", sep, c.Field, c.Type)
	}
	return b.String()
}

type warningsKey struct{}

// heard are the warnings an API server sent while one command was carried out.
type heard struct {
	mu   sync.Mutex
	list []string
}

func (h *heard) texts() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.list
}

func withWarnings(ctx context.Context) (context.Context, *heard) {
	h := &heard{}
	return context.WithValue(ctx, warningsKey{}, h), h
}

// warningsOf hands an API server's warning to the command whose request it answers.
type warningsOf struct{}

func (warningsOf) HandleWarningHeaderWithContext(ctx context.Context, code int, _ string, text string) {
	h, ok := ctx.Value(warningsKey{}).(*heard)
	if !ok || code != 299 || text == "" { // 299 is what API servers use for people
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	const most = 20
	if len(h.list) < most {
		h.list = append(h.list, text)
	}
}
