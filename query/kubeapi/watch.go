package kubeapi

import (
	"bytes"
	"encoding/json"
	"fmt"
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
	// writePatience is how long a reader may take for what is left when its watch ends.
	writePatience = 10 * time.Second
	// writeAtOnce is from how many bytes on first events are sent while others are still read.
	writeAtOnce = 64 << 10
)

// watcher writes one watch.
type watcher struct {
	*question
	k         served
	form      form
	bookmarks bool
	last      time.Duration
	asked     string // see asking
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
	w := &watcher{question: q, k: k, form: form, bookmarks: o.AllowWatchBookmarks, last: lasting(o)}
	w.asked = w.asking()
	initial := o.SendInitialEvents != nil && *o.SendInitialEvents
	if initial && (o.ResourceVersionMatch != metav1.ResourceVersionMatchNotOlderThan || !o.AllowWatchBookmarks) {
		return apierrors.NewBadRequest("sendInitialEvents needs resourceVersionMatch=NotOlderThan and allowWatchBookmarks=true")
	}
	var from records.Position
	var listing records.Listing
	if initial || o.ResourceVersion == "" || o.ResourceVersion == "0" {
		if listing, err = q.ofOneMoment(records.Request{Query: text}); err != nil {
			return err
		}
		from = listing.Position()
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
		var b bytes.Buffer
		err := each(ctx, listing, func(o *records.Object) error {
			err := w.event(&b, "ADDED", o)
			w.columns = true
			if b.Len() > writeAtOnce {
				w.write(&b)
			}
			return err
		})
		if err != nil {
			return w.failed(err)
		}
		if initial {
			w.bookmark(&b, from, map[string]string{initialEnd: "true"})
		}
		w.write(&b)
	}
	return w.run(steps, from)
}

func lasting(o *metainternal.ListOptions) time.Duration {
	if o.TimeoutSeconds != nil && *o.TimeoutSeconds > 0 {
		return time.Duration(*o.TimeoutSeconds) * time.Second
	}
	return watchFor
}

func (w *watcher) run(steps <-chan records.Steps, at records.Position) error {
	end := time.NewTimer(w.last)
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
				var b bytes.Buffer
				w.bookmark(&b, at, nil)
				w.write(&b)
				told = at
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
			if len(s.List) == 0 {
				continue
			}
			if err := w.steps(s); err != nil {
				return w.failed(err)
			}
			if w.bookmarks {
				told = at
			}
		}
	}
}

// shape is what of a watch makes its events what they are: watches of one shape write the same for the same steps.
type shape struct {
	asked              string
	bookmarks, columns bool
}

// asking is all that a watch asks for, but for which objects and since when.
func (w *watcher) asking() string {
	values := w.r.URL.Query()
	for _, name := range []string{"watch", "resourceVersion", "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "timeout", "limit", "labelSelector", "fieldSelector"} {
		values.Del(name)
	}
	return fmt.Sprint(w.cluster, w.clusterpedia, w.qualified, w.form, w.k.GroupResource, w.k.Version, values.Encode())
}

// steps writes events at once. Who watches the same gets what was written for the first of them.
func (w *watcher) steps(s records.Steps) error {
	text, err := s.Shared.Made(shape{w.asked, w.bookmarks, w.columns}, func() (any, error) {
		var b bytes.Buffer
		for _, step := range s.List {
			if err := w.event(&b, step.Type, step.Object); err != nil {
				return nil, err
			}
		}
		// A client goes on from what it was told last: of the fleet, an event says nothing of the other clusters.
		if w.bookmarks {
			w.bookmark(&b, s.Position, nil)
		}
		return b.Bytes(), nil
	})
	if err != nil {
		return err
	}
	w.columns = true
	w.send(text.([]byte))
	return nil
}

func (w *watcher) begin() {
	if !w.begun {
		w.begun = true
		// A reader that takes nothing must not hold the hub's memory for longer than the watch lasts.
		_ = http.NewResponseController(w.w).SetWriteDeadline(time.Now().Add(w.last + writePatience))
		w.w.Header().Set("Content-Type", "application/json;stream=watch")
		w.w.Header().Set("Cache-Control", "no-cache, private")
		w.w.WriteHeader(http.StatusOK)
	}
}

func (w *watcher) flush() { _ = http.NewResponseController(w.w).Flush() }

// line is one event.
func line(out *bytes.Buffer, kind string, object []byte) {
	out.WriteString(`{"type":` + strconv.Quote(kind) + `,"object":`)
	out.Write(bytes.TrimSpace(object))
	out.WriteString("}\n")
}

// write sends what was written down, and forgets it.
func (w *watcher) write(b *bytes.Buffer) {
	w.send(b.Bytes())
	b.Reset()
}

// send hands bytes to the connection. That the reader has left is seen by its context.
func (w *watcher) send(text []byte) {
	w.begin()
	_, _ = w.w.Write(text)
	w.flush()
}

func (w *watcher) event(out *bytes.Buffer, kind string, o *records.Object) error {
	if w.form != asTable {
		text, err := w.object(o, w.form)
		if err == nil {
			line(out, kind, text)
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
	if w.columns || out.Len() > 0 {
		t.ColumnDefinitions = nil // the first event's are all events'
	}
	text, err := json.Marshal(t)
	if err == nil {
		line(out, kind, text)
	}
	return err
}

// bookmark says how far the watch is.
func (w *watcher) bookmark(out *bytes.Buffer, at records.Position, annotations map[string]string) {
	w.mark(out, w.resourceVersion(at), annotations)
}

func (w *watcher) mark(out *bytes.Buffer, resourceVersion string, annotations map[string]string) {
	var object any
	meta := metav1.ObjectMeta{ResourceVersion: resourceVersion, Annotations: annotations}
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
		line(out, "BOOKMARK", text)
	}
}

// failed tells of an error within the stream once it has begun.
func (w *watcher) failed(err error) error {
	if !w.begun || w.r.Context().Err() != nil {
		return err
	}
	s := statusFrom(err)
	if text, err := json.Marshal(s); err == nil {
		var b bytes.Buffer
		line(&b, "ERROR", text)
		w.write(&b)
	}
	return nil
}
