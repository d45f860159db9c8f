package kubeapi

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternal "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metainternalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/records"
)

// form is what an answer is made of.
type form int

const (
	asObjects form = iota
	asMetadata
	asTable
)

// acceptable is what answers can be.
type acceptable struct{}

func (acceptable) AllowsMediaTypeTransform(mimeType, mimeSubType string, target *schema.GroupVersionKind) bool {
	if target == nil {
		return true
	}
	return target.Group == metav1.GroupName && (target.Version == "v1" || target.Version == "v1beta1") &&
		(target.Kind == "Table" || target.Kind == "PartialObjectMetadata" || target.Kind == "PartialObjectMetadataList")
}
func (acceptable) AllowsServerVersion(string) bool  { return false }
func (acceptable) AllowsStreamSchema(s string) bool { return s == "watch" }

var jsonOnly = func() runtime.NegotiatedSerializer {
	return onlyJSON{metainternalscheme.Codecs}
}()

// onlyJSON offers JSON alone: objects are stored as JSON, byte for byte.
type onlyJSON struct{ runtime.NegotiatedSerializer }

func (s onlyJSON) SupportedMediaTypes() []runtime.SerializerInfo {
	var list []runtime.SerializerInfo
	for _, info := range s.NegotiatedSerializer.SupportedMediaTypes() {
		if info.MediaType == runtime.ContentTypeJSON {
			list = append(list, info)
		}
	}
	return list
}

// form is what the caller accepts.
func (q *question) form() (form, error) {
	options, _, err := negotiation.NegotiateOutputMediaType(q.r, jsonOnly, acceptable{})
	if err != nil {
		return 0, err
	}
	switch {
	case options.Convert == nil:
		return asObjects, nil
	case options.Convert.Kind == "Table":
		return asTable, nil
	default:
		return asMetadata, nil
	}
}

// asking is what a list or a watch is to be made of.
type asking struct {
	*metainternal.ListOptions
	*search
	form    form
	fields  string
	request records.Request
}

// goesOn reports whether the answer ends with a token for the next page. Clusterpedia's clients ask for it, and whoever
// asks for a size wants no more than that.
func (a *asking) goesOn(clusterpedia bool) bool {
	if a.goOn != nil {
		return *a.goOn
	}
	return !clusterpedia && a.size == 0
}

// options are the parameters of a list; more are names of others that the caller reads.
func (q *question) options(more ...string) (*asking, error) {
	a := &asking{ListOptions: &metainternal.ListOptions{}}
	var err error
	if a.form, err = q.form(); err != nil {
		return nil, err
	}
	values := q.r.URL.Query()
	a.fields = values.Get("fieldSelector") // more than Kubernetes can read
	values.Del("fieldSelector")
	if err := metainternalscheme.ParameterCodec.DecodeParameters(values, metav1.SchemeGroupVersion, a.ListOptions); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	if a.search, a.LabelSelector, err = q.search(values, a.LabelSelector); err != nil {
		return nil, err
	}
	for name := range values {
		if !known[name] && !slices.Contains(more, name) {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("the parameter %q is not known here", name))
		}
	}
	if a.size > 0 {
		a.Limit = a.size // kubectl adds a limit of its own
	}
	if n, err := strconv.ParseUint(a.Continue, 10, 31); q.clusterpedia && err == nil {
		a.offset, a.Continue = int(n), ""
	}
	if a.metadata && a.form == asObjects {
		a.form = asMetadata
	}
	return a, nil
}

var known = map[string]bool{"labelSelector": true, "limit": true, "continue": true, "resourceVersion": true, "resourceVersionMatch": true,
	"timeoutSeconds": true, "timeout": true, "pretty": true, "includeObject": true, "allowWatchBookmarks": true, "sendInitialEvents": true, "watch": true}

// find is what a list is to be made of.
func (q *question) find(k served, info *apirequest.RequestInfo) (*asking, error) {
	a, err := q.options()
	if err != nil {
		return nil, err
	}
	fields, err := fieldTerms(a.fields, k.GroupResource, q.clusterIn)
	if err != nil {
		return nil, err
	}
	terms := []string{kindTerm(stored(k.GroupResource))}
	if info.Namespace != "" {
		terms = append(terms, "ns="+quoted(info.Namespace))
	}
	if info.Name != "" {
		terms = append(terms, "name="+quoted(info.Name))
	}
	q.ask(a, append(terms, fields...))
	return a, nil
}

// ask puts the question of a list together from conditions on its kind and what else was asked.
func (q *question) ask(a *asking, terms []string) {
	if one := cmp.Or(q.cluster, q.only); one != "" {
		terms = append(terms, "cluster="+quoted(one))
	}
	if a.LabelSelector != nil && !a.LabelSelector.Empty() {
		terms = append(terms, "selector:"+quoted(a.LabelSelector.String()))
	}
	if a.events {
		q.reader = withEvents{q.reader}
	}
	a.request = records.Request{Query: strings.Join(append(terms, a.terms...), " "), Order: a.order, Offset: a.offset}
	if a.owned {
		a.request.Owner = &a.owner
		owners := append(slices.Clone(a.named), a.clusters...)
		for _, p := range a.places { // owners of what has a namespace may have none
			owners = append(owners, "("+p+" OR no:ns)")
		}
		if q.cluster != "" {
			owners = append(owners, "cluster="+quoted(q.cluster))
		}
		a.owner.Query = strings.Join(owners, " ")
	}
}

// asked is what a watch is to be made of, its parameters, and the objects in the query language.
func (q *question) asked(k served, info *apirequest.RequestInfo) (form form, o *metainternal.ListOptions, text string, err error) {
	a, err := q.find(k, info)
	if err != nil {
		return form, nil, "", err
	}
	switch {
	case a.events:
		return form, nil, "", apierrors.NewBadRequest("a watch carries no events about its objects: watch events themselves")
	case a.at != "":
		return form, nil, "", apierrors.NewBadRequest("a watch is of what happens now: leave at out, or list without watch")
	case a.owned:
		return form, nil, "", apierrors.NewBadRequest("a watch cannot follow owners, who come and go themselves: list with owner-uid or owner-name, or watch by labels")
	}
	return a.form, a.ListOptions, a.request.Query, nil
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
