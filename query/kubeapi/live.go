package kubeapi

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// Live reads from members themselves, through their collectors, what is not stored.
type Live interface {
	// Fetch answers once the member has begun to answer; what it says comes without secrets.
	Fetch(ctx context.Context, scope access.Scope, f records.Fetch) (*records.Fetched, error)
}

const (
	// oneWithin is how long a member may take to begin its answer when it alone is asked, and allWithin when all are: those
	// that take longer are left out and named.
	oneWithin = 35 * time.Second
	allWithin = 8 * time.Second
)

// Whoever asks so, is answered by members themselves: a header, or a label among those of the selector.
const (
	forwardHeader = "X-Clusterpedia-Forward"
	forwardLabel  = "search.clusterpedia.io/forward"
)

// wantsLive reports whether members themselves are asked for, and takes the label that says so out of the request.
func wantsLive(r *http.Request) (bool, error) {
	live := false
	for _, v := range r.Header.Values(forwardHeader) {
		switch v {
		case "true":
			live = true
		case "false":
		default:
			return false, apierrors.NewBadRequest(fmt.Sprintf("%s: %s is not known: write true or false", forwardHeader, v))
		}
	}
	values := r.URL.Query()
	text := values.Get("labelSelector")
	if !strings.Contains(text, forwardLabel) {
		return live, nil
	}
	selector, err := labels.Parse(text)
	if err != nil {
		return live, apierrors.NewBadRequest(err.Error())
	}
	rest := labels.NewSelector()
	all, _ := selector.Requirements()
	for _, q := range all {
		if q.Key() != forwardLabel {
			rest = rest.Add(q)
			continue
		}
		switch v := q.ValuesUnsorted(); {
		case len(v) == 1 && v[0] == "true" && q.Operator() != "!=" && q.Operator() != "notin":
			live = true
		case len(v) == 1 && v[0] == "false" && q.Operator() != "!=" && q.Operator() != "notin":
		default:
			return live, apierrors.NewBadRequest(fmt.Sprintf("%s is not known: write %s=true", q.String(), forwardLabel))
		}
	}
	values.Set("labelSelector", rest.String())
	if rest.Empty() {
		values.Del("labelSelector")
	}
	url := *r.URL
	url.RawQuery = values.Encode()
	r.URL = &url
	return live, nil
}

// fetch asks one member.
func (q *question) fetch(ctx context.Context, m records.Member, k served, info *apirequest.RequestInfo, subresource string, parameters url.Values) (*records.Fetched, error) {
	if q.live == nil {
		return nil, apierrors.NewServiceUnavailable("members themselves cannot be read by this hub")
	}
	name := info.Name
	if (info.Verb == "list" || info.Verb == "watch") && parameters.Get("fieldSelector") != "" {
		name = "" // it is of the selector, and not of the path
	}
	return q.live.Fetch(ctx, q.scope, records.Fetch{
		ClusterUID:  m.UID,
		Ref:         kube.Ref{Cluster: m.Name, Namespace: info.Namespace, GroupResource: k.GroupResource, Name: name},
		Version:     k.Version,
		Subresource: subresource,
		Parameters:  parameters,
	})
}

// warnOfOthers names the members that serve a kind of which nothing is kept, unlike others.
func (q *question) warnOfOthers(k served) {
	var others []string
	for _, name := range k.by {
		if !slices.Contains(k.in, name) {
			others = append(others, name)
		}
	}
	if len(others) > 0 {
		warn(q.w, fmt.Sprintf("%s of %s are not collected: ask for them with -l %s=true.", k.GroupResource, strings.Join(others, ", "), forwardLabel))
	}
}

// told is what one member answers.
type told[T any] struct {
	records.Member
	answer   T
	warnings []string
	err      error
}

// askAll asks every member that serves a kind, side by side, and waits for the slow ones no longer than it may take. What
// they answer ends with ctx at the latest.
func askAll[T any](ctx context.Context, q *question, k served, ask func(ctx context.Context, m records.Member) (T, []string, error)) []told[T] {
	var all []told[T]
	for _, m := range q.members {
		if slices.Contains(k.in, m.Name) {
			all = append(all, told[T]{Member: m})
		}
	}
	within := oneWithin
	if len(all) > 1 {
		within = allWithin
	}
	var wait sync.WaitGroup
	for i := range all {
		t := &all[i]
		wait.Go(func() {
			ctx, cancel := context.WithCancel(ctx)
			late := time.AfterFunc(within, cancel)
			t.answer, t.warnings, t.err = ask(ctx, t.Member)
			switch inTime := late.Stop(); {
			case t.err != nil && !inTime:
				t.err = apierrors.NewServiceUnavailable(fmt.Sprintf("%s did not answer within %s", t.Name, within))
			case t.err != nil:
				cancel()
			}
		})
	}
	wait.Wait()
	return all
}

// answered are those that did. What the others say is an error when nobody did, and warnings else.
func answered[T any](q *question, all []told[T]) ([]told[T], error) {
	var good []told[T]
	var failures []error
	said := map[string]bool{} // members of one version say the same
	for _, t := range all {
		for _, w := range t.warnings {
			if !said[w] {
				said[w] = true
				warn(q.w, w)
			}
		}
		if t.err == nil {
			good = append(good, t)
		} else {
			failures = append(failures, t.err)
		}
	}
	if len(good) == 0 && len(failures) > 0 {
		return nil, failures[0]
	}
	for _, err := range failures {
		warn(q.w, "Left out: "+strings.TrimSuffix(err.Error(), ".")+".")
	}
	return good, nil
}

// liveGet answers one object of members themselves.
func (q *question) liveGet(k served, info *apirequest.RequestInfo, subresource string) error {
	form, err := q.form()
	if err != nil {
		return err
	}
	at, err := q.moment()
	if err != nil {
		return err
	}
	if !at.IsZero() {
		return apierrors.NewBadRequest("members tell what is now: leave at out")
	}
	good, err := answered(q, askAll(q.r.Context(), q, k, func(ctx context.Context, m records.Member) (*records.Object, []string, error) {
		answer, err := q.fetch(ctx, m, k, info, subresource, nil)
		if apierrors.IsNotFound(err) {
			return nil, nil, nil
		}
		if err != nil {
			return nil, nil, err
		}
		defer answer.Body.Close()
		text, err := io.ReadAll(answer.Body)
		if err != nil {
			return nil, nil, err
		}
		o, err := liveObject(m, k, text)
		return o, answer.Warnings, err
	}))
	if err != nil {
		return err
	}
	var found []*records.Object
	for _, t := range good {
		if t.answer != nil {
			found = append(found, t.answer)
		}
	}
	return q.one(k, info, form, found)
}

// liveObject is an object as a member has just told it.
func liveObject(m records.Member, k served, text []byte) (*records.Object, error) {
	var o struct {
		Metadata struct{ Namespace, Name string }
	}
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", k.GroupResource, m.Name, err)
	}
	ref := kube.Ref{Cluster: m.Name, Namespace: o.Metadata.Namespace, GroupResource: k.GroupResource, Name: o.Metadata.Name}
	return &records.Object{Ref: ref, ClusterUID: m.UID, JSON: bytes.TrimSpace(text)}, nil
}

// liveMost is how much of lists is held at a time, of all members of a request.
const liveMost = 256 << 20

// livePage is a list of one member.
type livePage struct {
	meta    metav1.ListMeta
	objects []*records.Object
}

func readLivePage(m records.Member, k served, body io.Reader, most int64) (*livePage, error) {
	text, err := io.ReadAll(io.LimitReader(body, most+1))
	if err != nil {
		return nil, err
	}
	if int64(len(text)) > most {
		return nil, apierrors.NewBadRequest(fmt.Sprintf("%s has more than %d MiB of %s: ask it alone, or with a limit", m.Name, most>>20, k.GroupResource))
	}
	var list struct {
		Metadata metav1.ListMeta
		Items    []json.RawMessage
	}
	if err := json.Unmarshal(text, &list); err != nil {
		return nil, fmt.Errorf("read %s of %s: %w", k.GroupResource, m.Name, err)
	}
	page := &livePage{meta: list.Metadata}
	for _, item := range list.Items {
		o, err := liveObject(m, k, item)
		if err != nil {
			return nil, err
		}
		page.objects = append(page.objects, o)
	}
	return page, nil
}

// liveList answers a list of members themselves: of one as it pages and numbers it, of the fleet all side by side.
func (q *question) liveList(k served, info *apirequest.RequestInfo) error {
	o, err := q.liveOptions()
	if err != nil {
		return err
	}
	form := o.form
	var resume map[string]string
	if q.cluster == "" && o.Continue != "" {
		if resume, err = readPlaces(o.Continue); err != nil {
			return err
		}
		k.in = slices.DeleteFunc(slices.Clone(k.in), func(name string) bool { return resume[name] == "" })
	}
	most := int64(liveMost / max(1, len(k.in)))
	good, err := answered(q, askAll(q.r.Context(), q, k, func(ctx context.Context, m records.Member) (*livePage, []string, error) {
		answer, err := q.fetch(ctx, m, k, info, "", q.liveParameters(o, resume[m.Name], len(k.in)))
		if err != nil {
			return nil, nil, err
		}
		defer answer.Body.Close()
		page, err := readLivePage(m, k, answer.Body, most)
		return page, answer.Warnings, err
	}))
	if err != nil {
		return err
	}
	var objects []*records.Object
	for _, t := range good {
		objects = append(objects, t.answer.objects...)
	}
	meta := q.liveMeta(good)
	if form == asTable {
		return q.table(k, objects, meta)
	}
	return q.stream(k, form, meta, func(do func(*records.Object) error) error {
		for _, o := range objects {
			if err := do(o); err != nil {
				return err
			}
		}
		return nil
	})
}

// liveOptions are the parameters of a list or a watch that members answer themselves: they know Kubernetes' own alone.
func (q *question) liveOptions() (*asking, error) {
	o, err := q.options()
	if err != nil {
		return nil, err
	}
	if len(o.terms) > 0 || o.owned || len(o.order) > 0 || o.offset > 0 || o.size > 0 || o.events || o.query != "" {
		return nil, apierrors.NewBadRequest("members themselves know Kubernetes' parameters alone: leave " + forwardLabel + " and " + strings.ToLower(forwardHeader) + " out to search in what is stored, or the other search parameters to ask the members")
	}
	return o, nil
}

// liveParameters are those of a list that a member is asked. Of a page of the fleet, each member gives its share.
func (q *question) liveParameters(o *asking, resume string, members int) url.Values {
	values, given := url.Values{}, q.r.URL.Query()
	pass := func(names ...string) {
		for _, name := range names {
			if v := given.Get(name); v != "" {
				values.Set(name, v)
			}
		}
	}
	pass("labelSelector", "fieldSelector")
	if q.cluster != "" {
		pass("limit", "continue", "resourceVersion", "resourceVersionMatch")
		return values
	}
	if o.Limit > 0 {
		values.Set("limit", strconv.FormatInt((o.Limit+int64(members)-1)/int64(max(1, members)), 10))
	}
	if resume != "" {
		values.Set("continue", resume)
	}
	return values
}

// liveMeta says where the lists of members stand and how they go on.
func (q *question) liveMeta(all []told[*livePage]) metav1.ListMeta {
	if q.cluster != "" {
		if len(all) == 0 {
			return metav1.ListMeta{}
		}
		return all[0].answer.meta
	}
	at, more := map[string]string{}, map[string]string{}
	remaining, known := int64(0), true
	for _, t := range all {
		meta := t.answer.meta
		if meta.ResourceVersion != "" {
			at[t.Name] = meta.ResourceVersion
		}
		if meta.Continue != "" {
			more[t.Name] = meta.Continue
			if meta.RemainingItemCount == nil {
				known = false
			} else {
				remaining += *meta.RemainingItemCount
			}
		}
	}
	meta := metav1.ListMeta{ResourceVersion: writePlaces(at), Continue: writePlaces(more)}
	if len(more) > 0 && known {
		meta.RemainingItemCount = &remaining
	}
	return meta
}

const liveMark = "live."

// writePlaces names a place in each member's own words, "" for none.
func writePlaces(places map[string]string) string {
	if len(places) == 0 {
		return ""
	}
	text, err := json.Marshal(places)
	if err != nil { // strings alone can be written
		return ""
	}
	return liveMark + base64.RawURLEncoding.EncodeToString(text)
}

func readPlaces(text string) (places map[string]string, err error) {
	coded, ok := strings.CutPrefix(text, liveMark)
	if ok {
		var plain []byte
		if plain, err = base64.RawURLEncoding.DecodeString(coded); err == nil {
			err = json.Unmarshal(plain, &places)
		}
	}
	if !ok || err != nil {
		return nil, apierrors.NewBadRequest("it is not of a list of the members themselves; list again without it")
	}
	return places, nil
}
