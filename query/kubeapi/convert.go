package kubeapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	apiextensionsinternal "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	structuralschema "k8s.io/apiextensions-apiserver/pkg/apiserver/schema"
	"k8s.io/apiextensions-apiserver/pkg/apiserver/schema/pruning"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kubernetes/pkg/api/legacyscheme"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// A kind is kept in one version for each member, the one that its API server prefers. inVersion is a Reader of objects of
// one kind in the version that was asked for.
type inVersion struct {
	Reader
	q  *question
	k  served
	gv schema.GroupVersion

	definitions map[string]*definedVersion // of custom resources, by cluster
}

// asAsked is what reads objects of a kind in the version asked for; the plain Reader, when all are kept in that.
func (q *question) asAsked(k served) Reader {
	as := &inVersion{Reader: q.reader, q: q, k: k, gv: schema.GroupVersion{Group: k.Group, Version: k.Version}, definitions: map[string]*definedVersion{}}
	if stored(k.GroupResource) == k.GroupResource && (len(k.kept) == 0 || len(k.kept) == 1 && k.kept[k.Version]) {
		return q.reader
	}
	return as
}

// Object reads one object.
func (v *inVersion) Object(ctx context.Context, scope access.Scope, ref kube.Ref, at time.Time) (*records.Object, error) {
	o, err := v.Reader.Object(ctx, scope, ref, at)
	if err != nil || o == nil || ref.GroupResource != stored(v.k.GroupResource) {
		return o, err
	}
	return v.convert(ctx, o)
}

// List reads many.
func (v *inVersion) List(ctx context.Context, scope access.Scope, r records.Request) (records.Listing, error) {
	l, err := v.Reader.List(ctx, scope, r)
	if err != nil {
		return nil, err
	}
	return &listingInVersion{l, v}, nil
}

type listingInVersion struct {
	records.Listing
	v *inVersion
}

// Next reads the next part.
func (l *listingInVersion) Next(ctx context.Context, most int) ([]*records.Object, bool, error) {
	objects, more, err := l.Listing.Next(ctx, most)
	if err != nil {
		return nil, false, err
	}
	for i, o := range objects {
		if objects[i], err = l.v.convert(ctx, o); err != nil {
			return nil, false, err
		}
	}
	return objects, more, nil
}

// Follow reads what happens.
func (v *inVersion) Follow(ctx context.Context, scope access.Scope, query string, from records.Position) (<-chan records.Steps, error) {
	in, err := v.Reader.Follow(ctx, scope, query, from)
	if err != nil {
		return nil, err
	}
	out := make(chan records.Steps) // closed below, when in is, or the reader has left
	go func() {
		defer close(out)
		for steps := range in {
			list := make([]records.Step, 0, len(steps.List))
			for _, step := range steps.List {
				if step.Object, err = v.convert(ctx, step.Object); err != nil {
					steps.Err = err
					break
				}
				list = append(list, step)
			}
			steps.List = list
			select {
			case out <- steps:
			case <-ctx.Done():
			}
			if err != nil {
				return
			}
		}
	}()
	return out, nil
}

// convert is an object in the version asked for, as its member's API server converts it.
func (v *inVersion) convert(ctx context.Context, o *records.Object) (*records.Object, error) {
	if o.JSON == nil || o.Version == v.k.Version && o.Ref.GroupResource == v.k.GroupResource {
		return o, nil
	}
	gvk := v.gv.WithKind(v.k.Kind.Kind)
	var text []byte
	var err error
	if legacyscheme.Scheme.Recognizes(gvk) {
		text, err = convertOwn(o.JSON, v.gv)
	} else {
		text, err = v.convertCustom(ctx, o)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s in version %s: %w", o.Ref, v.k.Version, err)
	}
	c := *o
	c.JSON, c.Version = text, v.k.Version
	return &c, nil
}

// convertOwn converts an object of a kind of Kubernetes' own.
func convertOwn(text []byte, gv schema.GroupVersion) ([]byte, error) {
	decoded, _, err := legacyscheme.Codecs.UniversalDecoder().Decode(text, nil, nil)
	if err != nil {
		return nil, err
	}
	return runtime.Encode(legacyscheme.Codecs.LegacyCodec(gv), decoded)
}

// definedVersion is the version of a custom resource that was asked for.
type definedVersion struct {
	same   bool                         // objects are the same in all versions but for their apiVersion
	schema *structuralschema.Structural // nil keeps all fields
}

func (v *inVersion) convertCustom(ctx context.Context, o *records.Object) ([]byte, error) {
	defined := v.definitions[o.Ref.Cluster]
	if defined == nil {
		var err error
		if defined, err = v.readDefinition(ctx, o.Ref.Cluster); err != nil {
			return nil, err
		}
		v.definitions[o.Ref.Cluster] = defined
	}
	if !defined.same {
		return nil, &access.Error{Code: "INVALID", Message: fmt.Sprintf("%s of %s are kept in version %s, and only its own API server converts them to %s.", v.k.GroupResource, o.Ref.Cluster, o.Version, v.k.Version),
			Fix: "Ask for version " + o.Version + ", or the cluster itself."}
	}
	var content map[string]any
	if err := json.Unmarshal(o.JSON, &content); err != nil {
		return nil, err
	}
	content["apiVersion"] = v.gv.String()
	if defined.schema != nil {
		pruning.Prune(content, defined.schema, true)
	}
	return json.Marshal(content)
}

// readDefinition reads how a cluster's definition of the kind converts it.
func (v *inVersion) readDefinition(ctx context.Context, cluster string) (*definedVersion, error) {
	ref := kube.Ref{Cluster: cluster, GroupResource: definitions, Name: v.k.GroupResource.String()}
	o, err := v.Reader.Object(ctx, v.q.scope, ref, time.Time{})
	if err != nil {
		return nil, err
	}
	if o == nil { // such as of an API server behind the cluster's
		return &definedVersion{}, nil
	}
	var crd apiextensions.CustomResourceDefinition
	if err := json.Unmarshal(o.JSON, &crd); err != nil {
		return nil, fmt.Errorf("read %s: %w", ref, err)
	}
	d := &definedVersion{same: crd.Spec.Conversion == nil || crd.Spec.Conversion.Strategy == apiextensions.NoneConverter}
	for _, version := range crd.Spec.Versions {
		if version.Name != v.k.Version || version.Schema == nil || version.Schema.OpenAPIV3Schema == nil || crd.Spec.PreserveUnknownFields {
			continue
		}
		props := &apiextensionsinternal.JSONSchemaProps{}
		if err := apiextensions.Convert_v1_JSONSchemaProps_To_apiextensions_JSONSchemaProps(version.Schema.OpenAPIV3Schema, props, nil); err != nil {
			return nil, fmt.Errorf("read the schema of %s: %w", strconv.Quote(ref.Name), err)
		}
		if d.schema, err = structuralschema.NewStructural(props); err != nil {
			return nil, fmt.Errorf("read the schema of %s: %w", strconv.Quote(ref.Name), err)
		}
	}
	return d, nil
}
