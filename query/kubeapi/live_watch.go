package kubeapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"slices"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/records"
)

// liveEvent is what one member says in a watch; err is why it says no more.
type liveEvent struct {
	from   records.Member
	kind   string
	object json.RawMessage
	err    error
}

// liveWatch passes on what members themselves say. Of the fleet, it ends when the watch of any member does: clients go on
// from where they were.
func (q *question) liveWatch(k served, info *apirequest.RequestInfo) error {
	o, err := q.liveOptions()
	if err != nil {
		return err
	}
	at := map[string]string{}
	if q.cluster == "" && o.ResourceVersion != "" && o.ResourceVersion != "0" {
		if at, err = readPlaces(o.ResourceVersion); err != nil {
			return tooOld("it is of one object, and not of the fleet")
		}
		for _, name := range k.in {
			if at[name] == "" { // it did not answer when the others were listed
				k.in = slices.DeleteFunc(slices.Clone(k.in), func(n string) bool { return n == name })
			}
		}
	}
	ctx, cancel := context.WithTimeout(q.r.Context(), lasting(o.ListOptions))
	defer cancel()
	good, err := answered(q, askAll(ctx, q, k, func(ctx context.Context, m records.Member) (*records.Fetched, []string, error) {
		answer, err := q.fetch(ctx, m, k, info, "", q.liveWatchParameters(at[m.Name]))
		if err != nil {
			return nil, nil, err
		}
		return answer, answer.Warnings, nil
	}))
	if err != nil {
		return err
	}
	said := make(chan liveEvent) // closed when all members have ended
	var members sync.WaitGroup
	for _, t := range good {
		members.Go(func() {
			defer t.answer.Body.Close()
			hear(ctx, t.Member, t.answer.Body, said)
		})
	}
	go func() { members.Wait(); close(said) }()
	defer members.Wait()
	defer cancel() // before it is waited for
	k.in = nil
	for _, t := range good {
		k.in = append(k.in, t.Name)
	}
	w := &liveWatcher{watcher: &watcher{question: q, k: k, form: o.form, bookmarks: o.AllowWatchBookmarks, last: lasting(o.ListOptions)}, at: at, listed: map[string]bool{}}
	w.begin()
	w.flush()
	for e := range said {
		switch {
		case errors.Is(e.err, io.EOF), ctx.Err() != nil:
			return nil
		case e.err != nil:
			return w.failed(e.err)
		}
		var b bytes.Buffer
		if err := w.pass(&b, e); err != nil {
			return w.failed(err)
		}
		w.write(&b)
	}
	return nil
}

// hear reads what one member says until it ends or nobody listens.
func hear(ctx context.Context, m records.Member, body io.Reader, said chan<- liveEvent) {
	d := json.NewDecoder(body)
	for {
		var e struct {
			Type   string
			Object json.RawMessage
		}
		err := d.Decode(&e)
		select {
		case said <- liveEvent{from: m, kind: e.Type, object: e.Object, err: err}:
		case <-ctx.Done():
			return
		}
		if err != nil {
			return
		}
	}
}

func (q *question) liveWatchParameters(at string) url.Values {
	values, given := url.Values{"watch": {"true"}, "allowWatchBookmarks": {"true"}}, q.r.URL.Query()
	for _, name := range []string{"labelSelector", "fieldSelector", "timeoutSeconds", "sendInitialEvents", "resourceVersionMatch", "resourceVersion"} {
		if v := given.Get(name); v != "" {
			values.Set(name, v)
		}
	}
	if q.cluster == "" {
		values.Del("resourceVersion")
		if at != "" {
			values.Set("resourceVersion", at)
		}
	} else if given.Get("allowWatchBookmarks") == "" {
		values.Del("allowWatchBookmarks")
	}
	return values
}

// liveWatcher writes a watch of members themselves.
type liveWatcher struct {
	*watcher
	at     map[string]string // of the fleet: how far each member is
	listed map[string]bool   // those that have told all that was there at first
}

// pass writes what a member says in the form asked for.
func (w *liveWatcher) pass(out *bytes.Buffer, e liveEvent) error {
	var o metav1.PartialObjectMetadata
	if err := json.Unmarshal(e.object, &o); err != nil {
		return apierrors.NewServiceUnavailable(e.from.Name + " says what cannot be understood")
	}
	switch e.kind {
	case "ERROR":
		var s metav1.Status
		if err := json.Unmarshal(e.object, &s); err != nil {
			return apierrors.NewServiceUnavailable(e.from.Name + " says what cannot be understood")
		}
		return &apierrors.StatusError{ErrStatus: s}
	case "BOOKMARK":
		if w.cluster != "" {
			w.mark(out, o.ResourceVersion, o.Annotations)
			return nil
		}
		initial := o.Annotations[initialEnd] == "true"
		if initial {
			w.listed[e.from.Name] = true
		}
		w.reached(out, e.from.Name, o.ResourceVersion, initial)
		return nil
	}
	object, err := liveObject(e.from, w.k, e.object)
	if err != nil {
		return err
	}
	if err := w.event(out, e.kind, object); err != nil {
		return err
	}
	w.columns = true
	if w.cluster == "" {
		w.reached(out, e.from.Name, o.ResourceVersion, false)
	}
	return nil
}

// reached notes how far a member of the fleet is. An object's own resourceVersion says nothing of the other members, so
// that clients go on from bookmarks.
func (w *liveWatcher) reached(out *bytes.Buffer, member, resourceVersion string, initial bool) {
	w.at[member] = resourceVersion
	switch {
	case !w.bookmarks || len(w.at) < len(w.k.in):
	case !initial:
		w.mark(out, writePlaces(w.at), nil)
	case len(w.listed) == len(w.k.in):
		w.mark(out, writePlaces(w.at), map[string]string{initialEnd: "true"})
	}
}
