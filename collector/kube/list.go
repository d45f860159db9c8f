package kube

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
)

// list reads everything once. After a streamed list it returns the watch that goes on from there, else nil.
func (f *Follower) list(ctx context.Context) (watch.Interface, error) {
	if f.opts.Gate != nil {
		select {
		case f.opts.Gate <- struct{}{}:
			defer func() { <-f.opts.Gate }()
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	if !f.noWatchList {
		w, err := f.watchList(ctx)
		if err == nil {
			return w, nil
		}
		if !errors.Is(err, errNoWatchList) {
			return nil, err
		}
		f.noWatchList = true
	}
	return nil, f.pagedList(ctx)
}

var errNoWatchList = errors.New("the API server does not stream lists")

// watchList reads the list as the beginning of a watch, which costs the API server a fraction of a list.
func (f *Follower) watchList(ctx context.Context) (_ watch.Interface, err error) {
	seconds, initial := watchSeconds(), true
	w, err := f.resource.Watch(ctx, metav1.ListOptions{
		LabelSelector: f.opts.LabelSelector, FieldSelector: f.opts.FieldSelector,
		SendInitialEvents: &initial, ResourceVersionMatch: metav1.ResourceVersionMatchNotOlderThan,
		AllowWatchBookmarks: true, TimeoutSeconds: &seconds,
	})
	if err != nil {
		// 422 and 400: the server knows the option and refuses it, or chokes on it.
		if apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
			return nil, errNoWatchList
		}
		return nil, err
	}
	defer func() {
		if err != nil {
			w.Stop()
		}
	}()
	if err := f.handler.Begin(ctx); err != nil {
		return nil, err
	}
	// Changes may arrive before the end of the list. They are few, and come after it.
	var later []watch.Event
	patience := time.NewTimer(f.opts.Patience)
	defer patience.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-patience.C:
			return nil, errNoWatchList // an older server ignores the option and sends no end
		case e, ok := <-w.ResultChan():
			if !ok {
				return nil, errors.New("the list was cut off")
			}
			patience.Reset(f.opts.Patience)
			if e.Type == watch.Error {
				return nil, apierrors.FromObject(e.Object)
			}
			o, ok := e.Object.(*unstructured.Unstructured)
			if !ok {
				continue
			}
			switch e.Type {
			case watch.Added:
				if len(later) > 0 { // an object of a name that was deleted meanwhile, or a new one: no part of the list
					later = append(later, e)
					break
				}
				if err := f.handler.Listed(ctx, o); err != nil {
					return nil, err
				}
			case watch.Modified, watch.Deleted:
				later = append(later, e)
			case watch.Bookmark:
				if o.GetAnnotations()[metav1.InitialEventsAnnotationKey] != "true" {
					continue
				}
				rv := o.GetResourceVersion()
				if err := f.handler.End(ctx, rv); err != nil {
					return nil, err
				}
				for _, e := range later {
					if err := f.event(ctx, e); err != nil {
						return nil, err
					}
				}
				f.position = rv
				return w, nil
			}
			// Handing on may have waited for the hub; that is not the server's silence.
			patience.Reset(f.opts.Patience)
		}
	}
}

// pagedList reads consistent pages. A list that takes longer than the API server remembers starts over, in one piece.
func (f *Follower) pagedList(ctx context.Context) error {
	err := f.pages(ctx, pageSize)
	if expired(err) {
		return f.pages(ctx, 0)
	}
	return err
}

func (f *Follower) pages(ctx context.Context, limit int64) error {
	opts := metav1.ListOptions{LabelSelector: f.opts.LabelSelector, FieldSelector: f.opts.FieldSelector, Limit: limit}
	for begun := false; ; begun = true {
		page, err := f.resource.List(ctx, opts)
		if err != nil {
			return err
		}
		if !begun {
			// Only now: a kind that may not be listed has no snapshot, not an empty one.
			if err := f.handler.Begin(ctx); err != nil {
				return err
			}
		}
		for i := range page.Items {
			o := page.Items[i]
			page.Items[i] = unstructured.Unstructured{} // handed on; the page must not keep it
			if err := f.handler.Listed(ctx, &o); err != nil {
				return err
			}
		}
		if page.GetContinue() == "" {
			rv := page.GetResourceVersion()
			if err := f.handler.End(ctx, rv); err != nil {
				return err
			}
			f.position = rv
			return nil
		}
		opts.Continue = page.GetContinue()
	}
}
