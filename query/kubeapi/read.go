package kubeapi

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternal "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// clusterAnnotation names an object's cluster in answers about the fleet, as Clusterpedia's clients know it.
const clusterAnnotation = "shadow.clusterpedia.io/cluster-name"

// get answers one object. On the fleet it has to be in one cluster alone, unless the answer is a table.
func (q *question) get(k served, info *apirequest.RequestInfo) error {
	form, found, err := q.meant(k, info)
	if err != nil {
		return err
	}
	return q.one(k, info, form, found)
}

// meant is what a request for one object asks for: its form, and the stored objects of its name.
func (q *question) meant(k served, info *apirequest.RequestInfo) (form form, found []*records.Object, err error) {
	if form, err = q.form(); err != nil {
		return form, nil, err
	}
	at, err := q.moment()
	if err != nil {
		return form, nil, err
	}
	found, err = q.called(k, info, at)
	return form, found, err
}

// called are the stored objects of a name, one of each cluster that has it. No moment is now.
func (q *question) called(k served, info *apirequest.RequestInfo, at time.Time) (found []*records.Object, err error) {
	for _, m := range q.members {
		if !slices.Contains(k.in, m.Name) {
			continue
		}
		o, err := q.reader.Object(q.r.Context(), q.scope, kube.Ref{Cluster: m.Name, Namespace: info.Namespace, GroupResource: stored(k.GroupResource), Name: info.Name}, at)
		if err != nil {
			return nil, err
		}
		if o != nil {
			found = append(found, o)
		}
	}
	return found, nil
}

// one answers the object that was found.
func (q *question) one(k served, info *apirequest.RequestInfo, form form, found []*records.Object) error {
	gr := schema.GroupResource{Group: k.Group, Resource: k.Resource}
	switch {
	case len(found) == 0:
		return apierrors.NewNotFound(gr, info.Name)
	case form == asTable:
		return q.table(k, found, metav1.ListMeta{})
	case len(found) > 1 && k.GroupResource == namespaces: // kubectl asks whether there is one
		warn(q.w, fmt.Sprintf("namespace %s is in %d clusters: this is the one of %s", info.Name, len(found), found[0].Ref.Cluster))
	case len(found) > 1:
		return inSeveral(gr, info.Name, found)
	}
	text, err := q.object(found[0], form)
	if err != nil {
		return err
	}
	q.w.Header().Set("Content-Type", "application/json")
	_, _ = q.w.Write(text)
	return nil
}

// inSeveral refuses a name that stands for more than one object of the fleet.
func inSeveral(gr schema.GroupResource, name string, found []*records.Object) error {
	var in []string
	for _, o := range found {
		in = append(in, o.Ref.Cluster)
	}
	return apierrors.NewBadRequest(fmt.Sprintf("%s %q is in %d clusters: %s. Say which, as in %s:%s, or ask that cluster alone, at /kube/clusters/%s.", gr, name, len(in), strings.Join(in, ", "), in[0], name, in[0]))
}

// moment is when an object is asked for, zero for now. Of an object nothing else can be asked.
func (q *question) moment() (at time.Time, err error) {
	for name, values := range q.r.URL.Query() {
		switch name {
		case "pretty", "includeObject", "resourceVersion", "timeout":
		case "at":
			parsed, err := ql.Parse("at:"+quoted(values[0]), ql.Options{})
			if err != nil {
				return at, err
			}
			at = parsed.At()
		default:
			return at, apierrors.NewBadRequest(fmt.Sprintf("the parameter %q is not known here: list with fieldSelector=metadata.name=NAME to search for one object", name))
		}
	}
	return at, nil
}

var namespaces = kube.GroupResource{Resource: "namespaces"}

// object is an object's JSON in the form asked for.
func (q *question) object(o *records.Object, form form) ([]byte, error) {
	text, err := shown(o)
	if err != nil || q.cluster != "" && !q.clusterpedia && form == asObjects {
		return text, err
	}
	object := string(text)
	if form == asMetadata {
		metadata, err := kube.MetadataOf(object)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", o.Ref, err)
		}
		object = `{"kind":"PartialObjectMetadata","apiVersion":"meta.k8s.io/v1","metadata":` + metadata + `}`
	}
	if q.cluster != "" && !q.clusterpedia {
		return []byte(object), nil
	}
	if q.qualified && o.Ref.GroupResource != namespaces {
		renamed, err := kube.Rename(object, o.Ref.Cluster+":"+o.Ref.Name)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", o.Ref, err)
		}
		object = string(renamed)
	}
	annotated, err := kube.Annotate(object, map[string]string{clusterAnnotation: o.Ref.Cluster})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Ref, err)
	}
	return annotated, nil
}

// list answers objects in the order of their keys, or as was asked.
func (q *question) list(k served, info *apirequest.RequestInfo) error {
	a, err := q.find(k, info)
	if err != nil {
		return err
	}
	a.request.Moment = true // what has no position, no watch can go on from
	if a.Continue == "" {
		if err := q.fresh(k, a.ListOptions); err != nil {
			return err
		}
	}
	if a.Limit > 0 || a.Continue != "" {
		part, err := q.part(a)
		if err != nil {
			return err
		}
		if a.form == asTable {
			return q.table(k, part.objects, part.meta)
		}
		return q.stream(k, a.form, part.meta, part.each)
	}
	listing, err := q.reader.List(q.r.Context(), q.scope, a.request)
	if err != nil {
		return err
	}
	q.warnAbout(listing.Coverage())
	meta := metav1.ListMeta{ResourceVersion: q.resourceVersion(listing.Position())}
	if a.count != nil && *a.count {
		meta.RemainingItemCount = new(int64)
	}
	if a.form != asTable {
		return q.stream(k, a.form, meta, func(do func(*records.Object) error) error { return each(q.r.Context(), listing, do) })
	}
	return q.tables(k, meta, func() ([]*records.Object, bool, error) { return listing.Next(q.r.Context(), printedAtOnce) })
}

// part is some objects of a list.
type part struct {
	objects []*records.Object
	meta    metav1.ListMeta
}

func (p *part) each(do func(*records.Object) error) error {
	for _, o := range p.objects {
		if err := do(o); err != nil {
			return err
		}
	}
	return nil
}

// part answers a page of a list, or a list's beginning that nothing follows.
func (q *question) part(a *asking) (*part, error) {
	ctx := q.r.Context()
	goesOn := a.goesOn(q.clusterpedia)
	of := fmt.Sprintf("%s\x00%s\x00%v\x00%d\x00%v", q.path, a.request.Query, a.order, a.offset, a.owner)
	var p *page
	var err error
	if a.Continue != "" {
		if a.ResourceVersion != "" && a.ResourceVersion != "0" {
			return nil, apierrors.NewBadRequest("specifying resource version is not allowed when using continue")
		}
		p, err = q.pages.resume(ctx, q.scope, of, a.Continue, int(a.Limit))
	} else {
		var listing records.Listing
		if listing, err = q.reader.List(ctx, q.scope, a.request); err != nil {
			return nil, err
		}
		if goesOn {
			p, err = q.pages.begin(ctx, q.scope, of, listing, int(a.Limit))
		} else {
			p, err = (&paging{listing: listing}).page(ctx, 0, int(a.Limit))
		}
	}
	if err != nil {
		return nil, err
	}
	q.warnAbout(p.listing.Coverage())
	meta := metav1.ListMeta{ResourceVersion: q.resourceVersion(p.listing.Position())}
	if goesOn {
		meta.Continue = p.token()
	} else if p.more && a.size == 0 { // the limit may be kubectl's
		warn(q.w, fmt.Sprintf("%d more match. For all, add -l %swith-continue=true or withContinue=true.", p.left, searchLabel))
	}
	switch {
	case a.count != nil && *a.count:
		left := int64(0)
		if p.more {
			left = int64(p.left)
		}
		meta.RemainingItemCount = &left
	case a.count == nil && !q.clusterpedia:
		meta.RemainingItemCount = p.remaining()
	}
	return &part{objects: p.objects, meta: meta}, nil
}

// fresh reports an error when what is here cannot be as new as the caller wants it, or as old.
func (q *question) fresh(k served, o *metainternal.ListOptions) error {
	if o.ResourceVersion == "" || o.ResourceVersion == "0" {
		return nil
	}
	_, err := q.position(k, o.ResourceVersion) // what is here is newer than all that was answered before
	switch {
	case err != nil && o.ResourceVersionMatch != metav1.ResourceVersionMatchExact && apierrors.IsResourceExpired(err):
		return nil
	case err == nil && o.ResourceVersionMatch == metav1.ResourceVersionMatchExact:
		return tooOld("lists are of now")
	}
	return err
}

// atOnce is how many objects are read at once.
const atOnce = 500

func each(ctx context.Context, l records.Listing, do func(*records.Object) error) error {
	for more := true; more; {
		var objects []*records.Object
		var err error
		if objects, more, err = l.Next(ctx, atOnce); err != nil {
			return err
		}
		for _, o := range objects {
			if err := do(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// stream writes a list as its objects come.
func (q *question) stream(k served, form form, meta metav1.ListMeta, each func(func(*records.Object) error) error) error {
	kind, version := k.Kind.Kind+"List", schema.GroupVersion{Group: k.Group, Version: k.Version}.String()
	if form == asMetadata {
		kind, version = "PartialObjectMetadataList", "meta.k8s.io/v1"
	}
	head, err := json.Marshal(meta)
	if err != nil {
		return err
	}
	return q.items(fmt.Sprintf(`{"kind":%s,"apiVersion":%s,"metadata":%s`, strconv.Quote(kind), strconv.Quote(version), head), form, q.object, each)
}

// items writes a list, whose head lacks its items, as its objects come.
func (q *question) items(head string, form form, text func(*records.Object, form) ([]byte, error), each func(func(*records.Object) error) error) error {
	out := bufio.NewWriterSize(q.w, 64<<10)
	n := 0
	begin := func() {
		q.w.Header().Set("Content-Type", "application/json")
		q.w.Header().Set("Cache-Control", "no-cache, private")
		_, _ = out.WriteString(head + `,"items":[`)
	}
	err := each(func(o *records.Object) error {
		text, err := text(o, form)
		if err != nil {
			return err
		}
		if n++; n == 1 {
			begin()
		} else {
			_ = out.WriteByte(',')
		}
		_, err = out.Write(bytes.TrimSpace(text))
		return err
	})
	switch {
	case err != nil && n > 0:
		panic(http.ErrAbortHandler) // half an answer must not look whole
	case err != nil:
		return err
	case n == 0:
		begin()
	}
	_, _ = out.WriteString("]}\n")
	_ = out.Flush() // the reader may have left
	return nil
}

// warnAbout says which clusters an answer does not speak for as they are now.
func (q *question) warnAbout(c records.Coverage) {
	var old, none []string
	for _, x := range c.Clusters {
		switch x.State {
		case records.Stale:
			old = append(old, x.Cluster+" (as of "+x.AsOf.UTC().Format(time.RFC3339)+")")
		case records.Pending, records.Syncing:
			none = append(none, x.Cluster)
		}
	}
	if len(old) > 0 {
		warn(q.w, "Not heard from lately: "+strings.Join(old, ", ")+".")
	}
	if len(none) > 0 {
		warn(q.w, "Not complete yet: "+strings.Join(none, ", ")+".")
	}
}
