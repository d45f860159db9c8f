package kubeapi

import (
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternal "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metainternalscheme "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/endpoints/handlers/negotiation"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"
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

// options are the parameters of a list.
func (q *question) options() (*metainternal.ListOptions, error) {
	o := &metainternal.ListOptions{}
	values := q.r.URL.Query()
	if err := metainternalscheme.ParameterCodec.DecodeParameters(values, metav1.SchemeGroupVersion, o); err != nil {
		return nil, apierrors.NewBadRequest(err.Error())
	}
	for name := range values {
		if !known[name] {
			return nil, apierrors.NewBadRequest(fmt.Sprintf("the parameter %q is not known here", name))
		}
	}
	return o, nil
}

var known = map[string]bool{"labelSelector": true, "fieldSelector": true, "limit": true, "continue": true, "resourceVersion": true, "resourceVersionMatch": true,
	"timeoutSeconds": true, "timeout": true, "pretty": true, "includeObject": true, "allowWatchBookmarks": true, "sendInitialEvents": true, "watch": true}

// asked is what a list or a watch is to be made of, its parameters, and the objects in the query language.
func (q *question) asked(k served, info *apirequest.RequestInfo) (form form, o *metainternal.ListOptions, text string, err error) {
	if form, err = q.form(); err != nil {
		return form, nil, "", err
	}
	if o, err = q.options(); err != nil {
		return form, nil, "", err
	}
	text, err = q.query(k, info, o)
	return form, o, text, err
}

// query is a list in the query language.
func (q *question) query(k served, info *apirequest.RequestInfo, o *metainternal.ListOptions) (string, error) {
	terms := []string{"kind:" + quoted(k.GroupResource.String())}
	if q.cluster != "" {
		terms = append(terms, "cluster="+quoted(q.cluster))
	}
	if info.Namespace != "" {
		terms = append(terms, "ns="+quoted(info.Namespace))
	}
	if info.Name != "" {
		terms = append(terms, "name="+quoted(info.Name))
	}
	if o.LabelSelector != nil && !o.LabelSelector.Empty() {
		terms = append(terms, "selector:"+quoted(o.LabelSelector.String()))
	}
	if o.FieldSelector != nil {
		for _, r := range o.FieldSelector.Requirements() {
			term, err := fieldTerm(r)
			if err != nil {
				return "", err
			}
			terms = append(terms, term)
		}
	}
	return strings.Join(terms, " "), nil
}

func fieldTerm(r fields.Requirement) (string, error) {
	not := ""
	switch r.Operator {
	case "=", "==":
	case "!=":
		not = "-"
	default:
		return "", apierrors.NewBadRequest(fmt.Sprintf("the operator %q of a field selector is not known here", r.Operator))
	}
	field := "." + r.Field
	switch r.Field {
	case "metadata.name":
		field = "name"
	case "metadata.namespace":
		field = "ns"
	}
	if r.Value == "" {
		if not == "" {
			return "-has:" + field, nil
		}
		return "has:" + field, nil
	}
	return not + field + "=" + quoted(r.Value), nil
}

func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
