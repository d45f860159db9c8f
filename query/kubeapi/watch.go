package kubeapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metainternal "k8s.io/apimachinery/pkg/apis/meta/internalversion"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

const (
	// watchFor is how long a watch lasts at most when the client does not say.
	watchFor = 30 * time.Minute
	// bookmarkEvery is how often a client that asks for bookmarks gets one while nothing it watches happens.
	bookmarkEvery = 10 * time.Second
	initialEnd    = "k8s.io/initial-events-end"
)

// watcher writes one watch.
type watcher struct {
	*question
	k         served
	form      form
	bookmarks bool
	printed   printed
	begun     bool // the answer's head is written
	columns   bool // and those of a table
}

// watch sends what happens to objects, in Kubernetes' stream of events.
func (q *question) watch(k served, info *apirequest.RequestInfo) error {
	form, o, text, err := q.asked(k, info)
	if err != nil {
		return err
	}
	ctx := q.r.Context()
	w := &watcher{question: q, k: k, form: form, bookmarks: o.AllowWatchBookmarks}
	initial := o.SendInitialEvents != nil && *o.SendInitialEvents
	if initial && (o.ResourceVersionMatch != metav1.ResourceVersionMatchNotOlderThan || !o.AllowWatchBookmarks) {
		return apierrors.NewBadRequest("sendInitialEvents needs resourceVersionMatch=NotOlderThan and allowWatchBookmarks=true")
	}
	var from records.Position
	var listing records.Listing
	if initial || o.ResourceVersion == "" || o.ResourceVersion == "0" {
		if listing, err = q.reader.List(ctx, q.scope, records.Request{Query: text}); err != nil {
			return err
		}
		if from = listing.Position(); from == nil {
			return apierrors.NewServiceUnavailable("what is current is being loaded; ask again in a few seconds")
		}
	} else if from, err = q.position(k, o.ResourceVersion); err != nil {
		return err
	}
	steps, err := q.reader.Follow(ctx, q.scope, text, from)
	if err != nil {
		if access.Code(err) == "EXPIRED" {
			return tooOld(err.Error())
		}
		return err
	}
	if listing != nil {
		err := each(ctx, listing, func(o *records.Object) error { return w.event("ADDED", o) })
		if err != nil {
			return w.failed(err)
		}
		if initial {
			w.bookmark(from, map[string]string{initialEnd: "true"})
		}
		w.flush()
	}
	return w.run(steps, from, lasting(o))
}

func lasting(o *metainternal.ListOptions) time.Duration {
	if o.TimeoutSeconds != nil && *o.TimeoutSeconds > 0 {
		return time.Duration(*o.TimeoutSeconds) * time.Second
	}
	return watchFor
}

func (w *watcher) run(steps <-chan records.Steps, at records.Position, last time.Duration) error {
	end := time.NewTimer(last)
	defer end.Stop()
	tick := time.NewTicker(bookmarkEvery)
	defer tick.Stop()
	w.begin()
	w.flush()
	told := at
	for {
		select {
		case <-w.r.Context().Done():
			return nil
		case <-end.C:
			return nil
		case <-tick.C:
			if w.bookmarks && w.resourceVersion(at) != w.resourceVersion(told) {
				w.bookmark(at, nil)
				told = at
				w.flush()
			}
		case s, more := <-steps:
			switch {
			case !more:
				return nil
			case access.Code(s.Err) == "EXPIRED":
				return w.failed(tooOld(s.Err.Error()))
			case s.Err != nil:
				return w.failed(s.Err)
			}
			at = s.Position
			for _, step := range s.List {
				if err := w.event(step.Type, step.Object); err != nil {
					return w.failed(err)
				}
			}
			// A client goes on from what it was told last: of the fleet, an event says nothing of the other clusters.
			if len(s.List) > 0 && w.bookmarks {
				w.bookmark(at, nil)
				told = at
			}
			w.flush()
		}
	}
}

func (w *watcher) begin() {
	if !w.begun {
		w.begun = true
		w.w.Header().Set("Content-Type", "application/json;stream=watch")
		w.w.Header().Set("Cache-Control", "no-cache, private")
		w.w.WriteHeader(http.StatusOK)
	}
}

func (w *watcher) flush() { _ = http.NewResponseController(w.w).Flush() }

// write sends one event. That its reader has left is seen by its context.
func (w *watcher) write(kind string, object []byte) {
	w.begin()
	var b bytes.Buffer
	b.WriteString(`{"type":` + strconv.Quote(kind) + `,"object":`)
	b.Write(bytes.TrimSpace(object))
	b.WriteString("}\n")
	_, _ = w.w.Write(b.Bytes())
}

func (w *watcher) event(kind string, o *records.Object) error {
	if w.form != asTable {
		text, err := w.object(o, w.form)
		if err == nil {
			w.write(kind, text)
		}
		return err
	}
	if w.printed == nil {
		var err error
		if w.printed, err = w.printer(w.k, []*records.Object{o}); err != nil {
			return err
		}
	}
	t, err := w.tableOf([]*records.Object{o}, w.printed)
	if err != nil {
		return err
	}
	if w.columns {
		t.ColumnDefinitions = nil // the first event's are all events'
	}
	w.columns = true
	text, err := json.Marshal(t)
	if err == nil {
		w.write(kind, text)
	}
	return err
}

// bookmark says how far the watch is.
func (w *watcher) bookmark(at records.Position, annotations map[string]string) {
	var object any
	meta := metav1.ObjectMeta{ResourceVersion: w.resourceVersion(at), Annotations: annotations}
	if w.form == asTable {
		row, err := json.Marshal(metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: "PartialObjectMetadata", APIVersion: "meta.k8s.io/v1"}, ObjectMeta: meta})
		if err != nil {
			return
		}
		t := metav1.Table{TypeMeta: metav1.TypeMeta{Kind: "Table", APIVersion: "meta.k8s.io/v1"}, ColumnDefinitions: []metav1.TableColumnDefinition{}, ListMeta: metav1.ListMeta{ResourceVersion: meta.ResourceVersion}}
		t.Rows = []metav1.TableRow{{Cells: []any{}}}
		t.Rows[0].Object.Raw = row
		object = t
	} else {
		gv := schema.GroupVersion{Group: w.k.Group, Version: w.k.Version}
		o := metav1.PartialObjectMetadata{TypeMeta: metav1.TypeMeta{Kind: w.k.Kind.Kind, APIVersion: gv.String()}, ObjectMeta: meta}
		if w.form == asMetadata {
			o.TypeMeta = metav1.TypeMeta{Kind: "PartialObjectMetadata", APIVersion: "meta.k8s.io/v1"}
		}
		object = o
	}
	if text, err := json.Marshal(object); err == nil {
		w.write("BOOKMARK", text)
	}
}

// failed tells of an error within the stream once it has begun.
func (w *watcher) failed(err error) error {
	if !w.begun || w.r.Context().Err() != nil {
		return err
	}
	s := statusFrom(err)
	if text, err := json.Marshal(s); err == nil {
		w.write("ERROR", text)
	}
	w.flush()
	return nil
}
