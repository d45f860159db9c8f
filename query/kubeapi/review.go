package kubeapi

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
)

// reviews are what clients create to ask something about themselves; nothing is written.
var reviews = map[schema.GroupResource]bool{
	{Group: "authorization.k8s.io", Resource: "selfsubjectaccessreviews"}: true,
	{Group: "authorization.k8s.io", Resource: "selfsubjectrulesreviews"}:  true,
	{Group: "authentication.k8s.io", Resource: "selfsubjectreviews"}:      true,
}

// review answers one.
func (q *question) review(info *apirequest.RequestInfo) error {
	switch info.Resource {
	case "selfsubjectaccessreviews":
		return q.accessReview(info)
	case "selfsubjectrulesreviews":
		return q.rulesReview(info)
	case "selfsubjectreviews":
		return q.subjectReview(info)
	}
	return fmt.Errorf("%s is no review", info.Resource)
}

// reviewMost is how long a question can be.
const reviewMost = 64 << 10

// readReview reads the question into one of version v1, in whatever form it came.
func (q *question) readReview(info *apirequest.RequestInfo, into runtime.Object) error {
	if info.APIVersion != "v1" {
		return notThere(schema.GroupResource{Group: info.APIGroup, Resource: info.Resource}, "", info.Resource+" are answered in version v1")
	}
	body, err := io.ReadAll(io.LimitReader(q.r.Body, reviewMost))
	if err != nil {
		return apierrors.NewBadRequest("the question did not come whole")
	}
	kinds, _, err := legacyscheme.Scheme.ObjectKinds(into)
	if err != nil {
		return err
	}
	if _, _, err := legacyscheme.Codecs.UniversalDeserializer().Decode(body, &kinds[0], into); err != nil {
		return apierrors.NewBadRequest("the question cannot be read: " + err.Error())
	}
	return nil
}

// answerReview writes the question back with its answer, in the form that the caller accepts.
func (q *question) answerReview(info *apirequest.RequestInfo, o runtime.Object) error {
	_, serializer, err := negotiation.NegotiateOutputMediaType(q.r, legacyscheme.Codecs, negotiation.DefaultEndpointRestrictions)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", serializer.MediaType)
	q.w.Header().Set("Cache-Control", "no-cache, private")
	q.w.WriteHeader(http.StatusCreated)
	gv := schema.GroupVersion{Group: info.APIGroup, Version: info.APIVersion}
	return legacyscheme.Codecs.EncoderForVersion(serializer.Serializer, gv).Encode(o, q.w)
}

var looking = []string{"get", "list", "watch"}

// accessReview answers kubectl auth can-i.
func (q *question) accessReview(info *apirequest.RequestInfo) error {
	r := &authorizationv1.SelfSubjectAccessReview{}
	if err := q.readReview(info, r); err != nil {
		return err
	}
	switch a, n := r.Spec.ResourceAttributes, r.Spec.NonResourceAttributes; {
	case a != nil && n != nil || a == nil && n == nil:
		return apierrors.NewBadRequest("spec has to have one of resourceAttributes and nonResourceAttributes")
	case a != nil:
		r.Status = q.mayRead(a)
	default:
		r.Status.Allowed = !q.scope.Nothing() && n.Verb == "get" && slices.ContainsFunc(documents, func(path string) bool {
			prefix, open := strings.CutSuffix(path, "*")
			return n.Path == path || open && strings.HasPrefix(n.Path, prefix)
		})
		if !r.Status.Allowed {
			r.Status.Reason = "Foretop serves " + strings.Join(documents, ", ") + ", for reading."
		}
	}
	return q.answerReview(info, r)
}

// documents are what is not about objects.
var documents = []string{"/api", "/api/*", "/apis", "/apis/*", "/healthz", "/livez", "/openapi", "/openapi/*", "/readyz", "/version"}

func (q *question) mayRead(a *authorizationv1.ResourceAttributes) (s authorizationv1.SubjectAccessReviewStatus) {
	gr := schema.GroupResource{Group: a.Group, Resource: a.Resource}
	resource, sub, _ := strings.Cut(a.Resource, "/")
	if a.Subresource != "" {
		sub = a.Subresource
	}
	switch {
	case q.scope.Nothing():
		s.Reason = "Nothing is shown to you here."
	case a.Verb == "create" && sub == "" && reviews[gr]:
		s.Allowed = true
	case !slices.Contains(looking, a.Verb):
		s.Reason = "Foretop reads. Use foretop rollout, foretop scale, or kubectl against the member itself."
	case sub == "log":
		s.Allowed = q.live != nil && a.Verb == "get" && a.Group == "" && resource == "pods"
	case sub == "status" || sub == "scale":
		s.Allowed = a.Verb == "get"
	case sub != "":
		s.Reason = fmt.Sprintf("%s/%s is not offered here.", resource, sub)
	default:
		s.Allowed = true
	}
	return s
}

// rulesReview answers kubectl auth can-i --list.
func (q *question) rulesReview(info *apirequest.RequestInfo) error {
	r := &authorizationv1.SelfSubjectRulesReview{}
	if err := q.readReview(info, r); err != nil {
		return err
	}
	if r.Spec.Namespace == "" {
		return apierrors.NewBadRequest("spec.namespace is missing")
	}
	r.Status = authorizationv1.SubjectRulesReviewStatus{ResourceRules: []authorizationv1.ResourceRule{}, NonResourceRules: []authorizationv1.NonResourceRule{}}
	if !q.scope.Nothing() {
		r.Status.NonResourceRules = append(r.Status.NonResourceRules, authorizationv1.NonResourceRule{Verbs: []string{"get"}, NonResourceURLs: documents})
		rule := func(verbs []string, group string, resources ...string) {
			r.Status.ResourceRules = append(r.Status.ResourceRules, authorizationv1.ResourceRule{Verbs: verbs, APIGroups: []string{group}, Resources: resources})
		}
		rule(looking, "*", "*")
		rule([]string{"get"}, "*", "*/status", "*/scale")
		if q.live != nil {
			rule([]string{"get"}, "", "pods/log")
		}
		rule([]string{"create"}, "authorization.k8s.io", "selfsubjectaccessreviews", "selfsubjectrulesreviews")
		rule([]string{"create"}, "authentication.k8s.io", "selfsubjectreviews")
	}
	return q.answerReview(info, r)
}

// subjectReview answers kubectl auth whoami.
func (q *question) subjectReview(info *apirequest.RequestInfo) error {
	r := &authenticationv1.SelfSubjectReview{}
	if err := q.readReview(info, r); err != nil {
		return err
	}
	r.CreationTimestamp = metav1.Time{}
	r.Status.UserInfo = authenticationv1.UserInfo{Username: q.scope.User()}
	if q.scope.Nothing() {
		r.Status.UserInfo = authenticationv1.UserInfo{Username: "system:anonymous", Groups: []string{"system:unauthenticated"}}
	} else {
		r.Status.UserInfo.Groups = []string{"system:authenticated"}
	}
	return q.answerReview(info, r)
}
