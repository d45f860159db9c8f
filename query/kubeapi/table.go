package kubeapi

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metatable "k8s.io/apimachinery/pkg/api/meta/table"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apiserver/pkg/registry/rest"
	"k8s.io/kubernetes/pkg/api/legacyscheme"
	_ "k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	_ "k8s.io/kubernetes/pkg/apis/apps/install"
	_ "k8s.io/kubernetes/pkg/apis/authentication/install"
	_ "k8s.io/kubernetes/pkg/apis/authorization/install"
	_ "k8s.io/kubernetes/pkg/apis/autoscaling/install"
	_ "k8s.io/kubernetes/pkg/apis/batch/install"
	_ "k8s.io/kubernetes/pkg/apis/certificates/install"
	_ "k8s.io/kubernetes/pkg/apis/coordination/install"
	_ "k8s.io/kubernetes/pkg/apis/core/install"
	_ "k8s.io/kubernetes/pkg/apis/discovery/install"
	_ "k8s.io/kubernetes/pkg/apis/events/install"
	_ "k8s.io/kubernetes/pkg/apis/extensions/install"
	"k8s.io/kubernetes/pkg/apis/flowcontrol"
	_ "k8s.io/kubernetes/pkg/apis/flowcontrol/install"
	_ "k8s.io/kubernetes/pkg/apis/networking/install"
	_ "k8s.io/kubernetes/pkg/apis/node/install"
	_ "k8s.io/kubernetes/pkg/apis/policy/install"
	_ "k8s.io/kubernetes/pkg/apis/rbac/install"
	_ "k8s.io/kubernetes/pkg/apis/resource/install"
	_ "k8s.io/kubernetes/pkg/apis/scheduling/install"
	_ "k8s.io/kubernetes/pkg/apis/storage/install"
	_ "k8s.io/kubernetes/pkg/apis/storagemigration/install"
	"k8s.io/kubernetes/pkg/printers"
	printersinternal "k8s.io/kubernetes/pkg/printers/internalversion"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// printer makes tables of Kubernetes' own kinds as an API server does.
var printer = printers.NewTableGenerator().With(printersinternal.AddHandlers)

// printed makes the rows of objects, in the order in which they are to be shown, each with where its object stands.
type printed func(objects []*records.Object) (t *metav1.Table, of []int, err error)

func (q *question) tableOf(objects []*records.Object, print printed) (*metav1.Table, error) {
	include, err := q.included()
	if err != nil {
		return nil, err
	}
	t := &metav1.Table{Rows: []metav1.TableRow{}, ColumnDefinitions: []metav1.TableColumnDefinition{}}
	if len(objects) > 0 {
		var of []int
		if t, of, err = print(objects); err != nil {
			return nil, fmt.Errorf("print %s: %w", objects[0].Ref.GroupResource, err)
		}
		for i := range t.Rows {
			row, o := &t.Rows[i], objects[of[i]]
			if q.cluster == "" {
				row.Cells = append([]any{o.Ref.Cluster}, row.Cells...)
			}
			if row.Object.Object = nil; include != metav1.IncludeNone {
				form := asMetadata
				if include == metav1.IncludeObject {
					form = asObjects
				}
				if row.Object.Raw, err = q.object(o, form); err != nil {
					return nil, err
				}
			}
		}
		if q.cluster == "" {
			t.ColumnDefinitions = append([]metav1.TableColumnDefinition{{Name: "Cluster", Type: "string", Description: "The cluster of the object."}}, t.ColumnDefinitions...)
		}
	}
	t.Kind, t.APIVersion = "Table", "meta.k8s.io/v1"
	return t, nil
}

// included is how much of each object goes with its row.
func (q *question) included() (metav1.IncludeObjectPolicy, error) {
	switch p := metav1.IncludeObjectPolicy(q.r.URL.Query().Get("includeObject")); p {
	case "", metav1.IncludeMetadata:
		return metav1.IncludeMetadata, nil
	case metav1.IncludeNone, metav1.IncludeObject:
		return p, nil
	default:
		return "", apierrors.NewBadRequest(fmt.Sprintf("includeObject=%s is not known: write None, Metadata or Object", p))
	}
}

// printer is what prints objects of a kind as its members do.
func (q *question) printer(k served, objects []*records.Object) (printed, error) {
	gvk := k.gvk()
	columns := rest.NewDefaultTableConvertor(schema.GroupResource{Group: k.Group, Resource: k.Resource})
	if k.own() {
		return func(objects []*records.Object) (*metav1.Table, []int, error) {
			return printOwn(q.r.Context(), gvk, columns, objects)
		}, nil
	}
	switch {
	case k.GroupResource == apiServices:
		columns = apiServiceTable{}
	case len(objects) > 0:
		// The definition of the first object's cluster prints them all.
		definition, err := q.definition(objects[0].Ref.Cluster, k)
		if err != nil {
			return nil, err
		}
		if definition != nil {
			if columns, err = tableconvertor.New(definition); err != nil {
				q.log.Warn("columns of a custom resource definition cannot be read", "kind", k.GroupResource, "err", err)
			}
		}
	}
	return func(objects []*records.Object) (*metav1.Table, []int, error) {
		list := &unstructured.UnstructuredList{}
		of := make([]int, len(objects))
		for i, o := range objects {
			u := unstructured.Unstructured{}
			if err := u.UnmarshalJSON(o.JSON); err != nil {
				return nil, nil, err
			}
			list.Items, of[i] = append(list.Items, u), i
		}
		t, err := columns.ConvertToTable(q.r.Context(), list, nil)
		return t, of, err
	}, nil
}

// printOwn prints a kind of Kubernetes' own.
func printOwn(ctx context.Context, gvk schema.GroupVersionKind, plain rest.TableConvertor, objects []*records.Object) (*metav1.Table, []int, error) {
	decoded := make([]runtime.Object, len(objects))
	order := make([]int, len(objects))
	for i, o := range objects {
		text, err := counted(o)
		if err != nil {
			return nil, nil, err
		}
		if decoded[i], err = internal(gvk, text); err != nil {
			return nil, nil, err
		}
		order[i] = i
	}
	if gvk.Kind == "FlowSchema" { // the one kind that API servers sort to print
		slices.SortStableFunc(order, func(a, b int) int {
			x, y := decoded[a].(*flowcontrol.FlowSchema), decoded[b].(*flowcontrol.FlowSchema)
			return cmp.Or(cmp.Compare(x.Spec.MatchingPrecedence, y.Spec.MatchingPrecedence), cmp.Compare(x.Name, y.Name))
		})
	}
	t := &metav1.Table{}
	var of []int
	for _, i := range order {
		one, err := printer.GenerateTable(decoded[i], printers.GenerateOptions{Wide: true})
		if err != nil && strings.HasPrefix(err.Error(), "no table handler registered") { // such as of ClusterRoles
			one, err = plain.ConvertToTable(ctx, decoded[i], nil)
		}
		if err != nil {
			return nil, nil, err
		}
		t.ColumnDefinitions, t.Rows = one.ColumnDefinitions, append(t.Rows, one.Rows...)
		for range one.Rows {
			of = append(of, i)
		}
	}
	return t, of, nil
}

// internal reads an object of a kind of Kubernetes' own as printers want it. The decoder of API servers reads the text twice:
// first for its kind, which is known here.
func internal(gvk schema.GroupVersionKind, text []byte) (runtime.Object, error) {
	o, err := legacyscheme.Scheme.New(gvk)
	if err != nil {
		return nil, err
	}
	if err := utiljson.Unmarshal(text, o); err != nil {
		return nil, err
	}
	if o.GetObjectKind().GroupVersionKind() != gvk { // of another version than was asked for
		o, _, err = legacyscheme.Codecs.UniversalDecoder().Decode(text, nil, nil)
		return o, err
	}
	legacyscheme.Scheme.Default(o)
	return legacyscheme.Scheme.UnsafeConvertToVersion(o, runtime.InternalGroupVersioner)
}

func (k served) gvk() schema.GroupVersionKind {
	return schema.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind.Kind}
}

// own reports whether a kind is Kubernetes' own.
func (k served) own() bool { return legacyscheme.Scheme.Recognizes(k.gvk()) }

// definition is the columns that a CRD names, nil when the kind has none.
func (q *question) definition(cluster string, k served) ([]apiextensions.CustomResourceColumnDefinition, error) {
	ref := kube.Ref{Cluster: cluster, GroupResource: definitions, Name: k.GroupResource.String()}
	o, err := q.reader.Object(q.r.Context(), q.scope, ref, time.Time{})
	if err != nil || o == nil {
		return nil, err
	}
	var crd apiextensions.CustomResourceDefinition
	if err := json.Unmarshal(o.JSON, &crd); err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	for _, v := range crd.Spec.Versions {
		if v.Name != k.Version {
			continue
		}
		if len(v.AdditionalPrinterColumns) == 0 {
			return ageAlone, nil
		}
		return v.AdditionalPrinterColumns, nil
	}
	return nil, nil
}

var (
	definitions = kube.GroupResource{Group: "apiextensions.k8s.io", Resource: "customresourcedefinitions"}
	apiServices = kube.GroupResource{Group: "apiregistration.k8s.io", Resource: "apiservices"}
	// ageAlone is what an API server prints of a custom resource without columns of its own.
	ageAlone = []apiextensions.CustomResourceColumnDefinition{{Name: "Age", Type: "date", JSONPath: ".metadata.creationTimestamp"}}
)

// apiServiceTable prints APIServices as Kubernetes' aggregator does.
type apiServiceTable struct{}

func (apiServiceTable) ConvertToTable(_ context.Context, object, _ runtime.Object) (*metav1.Table, error) {
	t := &metav1.Table{ColumnDefinitions: []metav1.TableColumnDefinition{
		{Name: "Name", Type: "string", Format: "name"}, {Name: "Service", Type: "string"}, {Name: "Available", Type: "string"}, {Name: "Age", Type: "string"},
	}}
	var err error
	t.Rows, err = metatable.MetaToTableRow(object, func(object runtime.Object, _ metav1.Object, name, age string) ([]any, error) {
		content := object.(*unstructured.Unstructured).Object
		service, available := "Local", "Unknown"
		if s, ok, _ := unstructured.NestedMap(content, "spec", "service"); ok {
			service = fmt.Sprintf("%v/%v", s["namespace"], s["name"])
		}
		conditions, _, _ := unstructured.NestedSlice(content, "status", "conditions")
		for _, c := range conditions {
			if c, ok := c.(map[string]any); ok && c["type"] == "Available" {
				available = fmt.Sprint(c["status"])
				if reason, _ := c["reason"].(string); reason != "" && available != "True" {
					available += " (" + reason + ")"
				}
			}
		}
		return []any{name, service, available, age}, nil
	})
	return t, err
}
