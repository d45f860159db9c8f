package kubeapi

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// eventsAnnotation holds the events about an object, as a list of core/v1, when they were asked for.
const eventsAnnotation = "shadow.clusterpedia.io/events"

// withEvents is a Reader of lists whose objects carry the events about them.
type withEvents struct{ Reader }

// List reads them.
func (r withEvents) List(ctx context.Context, scope access.Scope, request records.Request) (records.Listing, error) {
	l, err := r.Reader.List(ctx, scope, request)
	if err != nil {
		return nil, err
	}
	return &listingWithEvents{l, r.Reader, scope}, nil
}

type listingWithEvents struct {
	records.Listing
	reader Reader
	scope  access.Scope
}

// Next reads the next part.
func (l *listingWithEvents) Next(ctx context.Context, most int) ([]*records.Object, bool, error) {
	objects, more, err := l.Listing.Next(ctx, most)
	if err != nil || len(objects) == 0 {
		return objects, more, err
	}
	events, err := l.reader.EventsAbout(ctx, l.scope, objects)
	if err != nil {
		return nil, false, err
	}
	for i, o := range objects {
		about := events[o.Ref]
		if len(about) == 0 {
			continue
		}
		texts := make([]json.RawMessage, len(about))
		for n, e := range about {
			texts[n] = e.JSON
		}
		if objects[i], err = annotated(o, texts); err != nil {
			return nil, false, err
		}
	}
	return objects, more, nil
}

// annotated is a copy of an object with events.
func annotated(o *records.Object, events []json.RawMessage) (*records.Object, error) {
	text, err := json.Marshal(events)
	if err != nil {
		return nil, fmt.Errorf("write events about %s: %w", o.Ref, err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(o.JSON); err != nil {
		return nil, fmt.Errorf("read %s: %w", o.Ref, err)
	}
	annotations := u.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[eventsAnnotation] = string(text)
	u.SetAnnotations(annotations)
	c := *o
	if c.JSON, err = u.MarshalJSON(); err != nil {
		return nil, fmt.Errorf("write %s: %w", o.Ref, err)
	}
	return &c, nil
}
