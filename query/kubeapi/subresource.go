package kubeapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	autoscaling "k8s.io/api/autoscaling/v1"
	apiextensions "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// subresource answers those that tell something of an object.
func (q *question) subresource(k served, info *apirequest.RequestInfo, live bool) error {
	gr := schema.GroupResource{Group: k.Group, Resource: k.Resource}
	switch {
	case info.Subresource == "log" && k.GroupResource == pods:
		return q.podLog(k, info)
	case slices.Contains(entering, info.Subresource):
		err := apierrors.NewMethodNotSupported(gr, info.Verb)
		err.ErrStatus.Message = fmt.Sprintf("%s/%s is not offered here: Foretop reads. Use kubectl against the member itself.", gr, info.Subresource)
		return err
	case info.Verb != "get":
		return apierrors.NewMethodNotSupported(gr, info.Verb)
	case info.Subresource == "status" && live:
		return q.liveGet(k, info, "status")
	case info.Subresource == "status":
		return q.get(k, info)
	case info.Subresource == "scale":
		return q.scale(k, info, live)
	}
	return notThere(gr, info.Name, fmt.Sprintf("%s/%s is not offered here; ask the member itself", gr, info.Subresource))
}

// notThere says in its own words what is not there.
func notThere(gr schema.GroupResource, name, message string) error {
	err := apierrors.NewNotFound(gr, name)
	err.ErrStatus.Message = message
	return err
}

// entering are sub-resources that do more than to tell, also when they are asked with GET.
var entering = []string{"exec", "attach", "portforward", "proxy", "eviction", "binding", "ephemeralcontainers", "resize", "token", "approval", "finalize"}

// scaleKind is how the scale of objects is served.
var scaleKind = records.Kind{GroupResource: kube.GroupResource{Group: "autoscaling", Resource: "scales"}, Version: "v1", Kind: "Scale", Namespaced: true}

// scale answers how many replicas an object has and wants.
func (q *question) scale(k served, info *apirequest.RequestInfo, live bool) error {
	if live {
		return q.liveGet(k, info, "scale")
	}
	form, found, err := q.meant(k, info)
	if err != nil {
		return err
	}
	for i, o := range found {
		s, err := q.scaleOf(k, o)
		if err != nil {
			return err
		}
		text, err := json.Marshal(s)
		if err != nil {
			return err
		}
		found[i] = &records.Object{Ref: o.Ref, ClusterUID: o.ClusterUID, JSON: text}
	}
	if form == asTable && len(found) > 0 {
		return q.table(served{Kind: scaleKind, in: k.in}, found, metav1.ListMeta{})
	}
	return q.one(k, info, form, found)
}

// replicaPaths is where objects of a kind say how many they are.
type replicaPaths struct{ want, have, selector []string }

var plainReplicas = replicaPaths{[]string{"spec", "replicas"}, []string{"status", "replicas"}, []string{"spec", "selector"}}

// scaled are Kubernetes' own kinds that can be scaled.
var scaled = map[kube.GroupResource]bool{
	{Group: "apps", Resource: "deployments"}: true, {Group: "apps", Resource: "statefulsets"}: true, {Group: "apps", Resource: "replicasets"}: true, {Resource: "replicationcontrollers"}: true,
}

// scaleOf makes the scale of a stored object as its API server does.
func (q *question) scaleOf(k served, o *records.Object) (*autoscaling.Scale, error) {
	paths, ok := plainReplicas, scaled[k.GroupResource]
	if !ok {
		var err error
		if paths, ok, err = q.customReplicas(o.Ref.Cluster, k); err != nil {
			return nil, err
		}
	}
	gr := schema.GroupResource{Group: k.Group, Resource: k.Resource}
	if !ok {
		return nil, notThere(gr, o.Ref.Name, gr.String()+" cannot be scaled")
	}
	var u unstructured.Unstructured
	if err := json.Unmarshal(o.JSON, &u.Object); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Ref, err)
	}
	s := &autoscaling.Scale{TypeMeta: metav1.TypeMeta{Kind: scaleKind.Kind, APIVersion: "autoscaling/v1"}, ObjectMeta: metav1.ObjectMeta{
		Name: u.GetName(), Namespace: u.GetNamespace(), UID: u.GetUID(), ResourceVersion: u.GetResourceVersion(), CreationTimestamp: u.GetCreationTimestamp(),
	}}
	s.Spec.Replicas, s.Status.Replicas = number(u.Object, paths.want), number(u.Object, paths.have)
	if len(paths.selector) > 0 {
		selector, _, _ := unstructured.NestedFieldNoCopy(u.Object, paths.selector...)
		var err error
		if s.Status.Selector, err = selectorText(k, selector); err != nil {
			return nil, fmt.Errorf("read the selector of %s: %w", o.Ref, err)
		}
	}
	return s, nil
}

func number(o map[string]any, path []string) int32 {
	v, _, _ := unstructured.NestedFieldNoCopy(o, path...)
	switch n := v.(type) {
	case int64:
		return int32(n) //nolint:gosec // replicas are an int32 in every kind
	case float64:
		return int32(n)
	}
	return 0
}

// selectorText writes a selector as Scale has it: that of a custom resource is text already, that of a
// ReplicationController labels alone.
func selectorText(k served, selector any) (string, error) {
	switch v := selector.(type) {
	case string:
		return v, nil
	case map[string]any:
		if k.Group == "" {
			set := labels.Set{}
			for name, value := range v {
				set[name] = fmt.Sprint(value)
			}
			return set.AsSelectorPreValidated().String(), nil
		}
		var ls metav1.LabelSelector
		text, err := json.Marshal(v)
		if err == nil {
			err = json.Unmarshal(text, &ls)
		}
		if err != nil {
			return "", err
		}
		read, err := metav1.LabelSelectorAsSelector(&ls)
		if err != nil {
			return "", err
		}
		return read.String(), nil
	default:
		return "", nil
	}
}

// customReplicas is what a definition says of its scale; ok is false for none.
func (q *question) customReplicas(cluster string, k served) (paths replicaPaths, ok bool, err error) {
	ref := kube.Ref{Cluster: cluster, GroupResource: definitions, Name: k.GroupResource.String()}
	o, err := q.reader.Object(q.r.Context(), q.scope, ref, time.Time{})
	if err != nil || o == nil {
		return paths, false, err
	}
	var crd apiextensions.CustomResourceDefinition
	if err := json.Unmarshal(o.JSON, &crd); err != nil {
		return paths, false, fmt.Errorf("read %s: %w", ref, err)
	}
	for _, v := range crd.Spec.Versions {
		if v.Name != k.Version || v.Subresources == nil || v.Subresources.Scale == nil {
			continue
		}
		s := v.Subresources.Scale
		split := func(path string) []string { return strings.Split(strings.TrimPrefix(path, "."), ".") }
		paths = replicaPaths{want: split(s.SpecReplicasPath), have: split(s.StatusReplicasPath)}
		if s.LabelSelectorPath != nil && *s.LabelSelectorPath != "" {
			paths.selector = split(*s.LabelSelectorPath)
		}
		return paths, true, nil
	}
	return paths, false, nil
}

// podLog passes a Pod's log on from its member, as it comes.
func (q *question) podLog(k served, info *apirequest.RequestInfo) error {
	if info.Verb != "get" {
		return apierrors.NewMethodNotSupported(schema.GroupResource{Resource: "pods/log"}, info.Verb)
	}
	member, err := q.memberOf(k, info)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(q.r.Context())
	defer cancel()
	late := time.AfterFunc(oneWithin, cancel)
	answer, err := q.fetch(ctx, member, k, info, "log", q.r.URL.Query())
	if !late.Stop() && err != nil && q.r.Context().Err() == nil {
		err = apierrors.NewServiceUnavailable(fmt.Sprintf("%s did not answer within %s", member.Name, oneWithin))
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	for _, w := range answer.Warnings {
		warn(q.w, w)
	}
	q.w.Header().Set("Content-Type", "text/plain")
	q.w.Header().Set("Cache-Control", "no-cache, private")
	q.w.WriteHeader(http.StatusOK)
	out := http.NewResponseController(q.w)
	_ = out.Flush()
	part := make([]byte, 32<<10)
	for {
		n, err := answer.Body.Read(part)
		if n > 0 {
			if _, err := q.w.Write(part[:n]); err != nil {
				return nil // the reader has left
			}
			_ = out.Flush()
		}
		switch {
		case err == nil:
		case errors.Is(err, io.EOF), q.r.Context().Err() != nil:
			return nil
		default:
			q.log.Warn("log of a pod was cut", "cluster", member.Name, "namespace", info.Namespace, "pod", info.Name, "err", err)
			panic(http.ErrAbortHandler) // half a log must not look whole
		}
	}
}

// memberOf is the one cluster that has an object of a name.
func (q *question) memberOf(k served, info *apirequest.RequestInfo) (records.Member, error) {
	if q.cluster != "" {
		return q.members[0], nil // it says itself whether it has it
	}
	gr := schema.GroupResource{Group: k.Group, Resource: k.Resource}
	found, err := q.called(k, info, time.Time{})
	switch {
	case err != nil:
		return records.Member{}, err
	case len(found) == 0:
		return records.Member{}, apierrors.NewNotFound(gr, info.Name)
	case len(found) > 1:
		return records.Member{}, inSeveral(gr, info.Name, found)
	}
	for _, m := range q.members {
		if m.UID == found[0].ClusterUID {
			return m, nil
		}
	}
	return records.Member{}, apierrors.NewNotFound(gr, info.Name)
}
