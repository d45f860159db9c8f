package kube

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
)

// Handler takes what a Follower reads of one kind, in order, from one goroutine. Objects are the handler's to
// keep or change. An error ends the current list or watch: ErrRelist asks for a new list, the context's error
// ends following.
type Handler interface {
	// Begin opens a full list; a Begin without End before it abandons the list that was open.
	Begin(ctx context.Context) error
	Listed(ctx context.Context, o *unstructured.Unstructured) error
	End(ctx context.Context, resourceVersion string) error
	// Changed is called only after End. t is Added, Modified or Deleted.
	Changed(ctx context.Context, t watch.EventType, o *unstructured.Unstructured) error
	// Failing is told why nothing is read, once per attempt; Following that reading goes on, once after that.
	Failing(ctx context.Context, attempt int, err error) error
	Following(ctx context.Context) error
}

// ErrRelist asks a Follower to forget its position and list again.
var ErrRelist = errors.New("list again")

// Gate admits a few lists at a time.
type Gate chan struct{}

// NewGate admits n.
func NewGate(n int) Gate { return make(Gate, n) }

// Options of following one kind.
type Options struct {
	LabelSelector, FieldSelector string
	// Gate limits concurrent lists over all followers.
	Gate Gate
	// Woken is closed when a silence of the API server has ended: connections may be dead without knowing.
	Woken func() <-chan struct{}
	// RelistEvery lists again now and then although the watch is fine; it heals whatever went unnoticed. 0 is never.
	RelistEvery time.Duration
	// Patience with a server that was asked to stream a list; 0 is 10 s. Servers that know how to send something
	// within this time, if only the end of an empty list; others, old ones, ignore the option and wait for changes.
	Patience time.Duration
	Log      *slog.Logger
}

// Follower keeps a Handler informed of one kind: a list, then a watch, and a list again whenever the API server
// has forgotten the position. It differs from client-go's Reflector in that it streams: no list is ever held.
type Follower struct {
	resource dynamic.ResourceInterface
	handler  Handler
	opts     Options

	position    string // resource version to watch from; "" asks for a list
	listedAt    time.Time
	noWatchList bool
	failing     bool
	attempt     int
	emptyInARow int
}

// NewFollower starts nothing; Run does.
func NewFollower(resource dynamic.ResourceInterface, handler Handler, opts Options) *Follower {
	if opts.Patience == 0 {
		opts.Patience = 10 * time.Second
	}
	return &Follower{resource: resource, handler: handler, opts: opts}
}

const (
	pageSize     = 500
	minWatch     = 5 * time.Minute
	backoffFirst = 500 * time.Millisecond
	backoffMax   = 30 * time.Second
)

// Run follows until ctx ends.
func (f *Follower) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		woken := f.woken()
		err := f.once(ctx, woken)
		switch {
		case ctx.Err() != nil:
		case err == nil:
			f.attempt = 0
		case errors.Is(err, ErrRelist):
			f.position = ""
		case expired(err):
			f.position = ""
			if f.attempt++; f.attempt > 1 {
				f.pause(ctx, woken)
			}
		default:
			f.attempt++
			f.failing = true
			if err := f.handler.Failing(ctx, f.attempt, err); err != nil {
				return err
			}
			f.pause(ctx, woken)
		}
	}
	return ctx.Err()
}

func (f *Follower) woken() <-chan struct{} {
	if f.opts.Woken == nil {
		return nil
	}
	return f.opts.Woken()
}

// pause waits longer with each attempt, at random up to twice as long, so that many followers do not knock together.
func (f *Follower) pause(ctx context.Context, woken <-chan struct{}) {
	d := backoffFirst << min(f.attempt-1, 10)
	d = min(d, backoffMax)
	d += rand.N(d)
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	case <-woken:
	}
}

// once lists when the position is lost, and watches until the watch ends.
func (f *Follower) once(ctx context.Context, woken <-chan struct{}) error {
	if f.opts.RelistEvery > 0 && f.position != "" && time.Since(f.listedAt) > f.opts.RelistEvery {
		f.position = ""
	}
	var w watch.Interface
	// Ending the request's context is what ends a watch on every path.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if f.position == "" {
		var err error
		if w, err = f.list(ctx); err != nil {
			return err
		}
		f.listedAt = time.Now()
		f.attempt = 0
	}
	if w == nil {
		seconds := watchSeconds()
		var err error
		w, err = f.resource.Watch(ctx, metav1.ListOptions{
			LabelSelector: f.opts.LabelSelector, FieldSelector: f.opts.FieldSelector,
			ResourceVersion: f.position, AllowWatchBookmarks: true, TimeoutSeconds: &seconds,
		})
		if err != nil {
			return err
		}
	}
	defer w.Stop()
	if f.failing {
		f.failing = false
		if err := f.handler.Following(ctx); err != nil {
			return err
		}
	}
	return f.follow(ctx, w, woken)
}

func watchSeconds() int64 {
	return int64((minWatch + rand.N(minWatch)).Seconds())
}

func (f *Follower) follow(ctx context.Context, w watch.Interface, woken <-chan struct{}) error {
	started, seen := time.Now(), 0
	var relist <-chan time.Time
	if f.opts.RelistEvery > 0 {
		// Spread, or all kinds would list in the same second for ever.
		t := time.NewTimer(max(0, f.opts.RelistEvery+rand.N(f.opts.RelistEvery/4+1)-time.Since(f.listedAt)))
		defer t.Stop()
		relist = t.C
	}
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-woken:
			return nil // watch again from here on a connection that works
		case <-relist:
			return ErrRelist
		case e, ok := <-w.ResultChan():
			if !ok {
				return f.closed(ctx, started, seen)
			}
			seen++
			f.emptyInARow = 0
			if err := f.event(ctx, e); err != nil {
				return err
			}
		}
	}
}

// closed decides what the end of a watch means. Servers end one now and then; one that ends at once and empty
// three times in a row has forgotten the position and does not say so, as event storage does.
func (f *Follower) closed(ctx context.Context, started time.Time, seen int) error {
	if seen > 0 || time.Since(started) > time.Second {
		f.emptyInARow = 0
		return nil
	}
	if f.emptyInARow++; f.emptyInARow >= 3 {
		f.emptyInARow = 0
		return ErrRelist
	}
	t := time.NewTimer(backoffFirst)
	defer t.Stop()
	select {
	case <-ctx.Done():
	case <-t.C:
	}
	return nil
}

func (f *Follower) event(ctx context.Context, e watch.Event) error {
	if e.Type == watch.Error {
		return apierrors.FromObject(e.Object)
	}
	o, ok := e.Object.(*unstructured.Unstructured)
	if !ok {
		return nil
	}
	rv := o.GetResourceVersion() // the handler may take the object apart
	switch e.Type {
	case watch.Bookmark:
	case watch.Added, watch.Modified, watch.Deleted:
		if err := f.handler.Changed(ctx, e.Type, o); err != nil {
			return err
		}
	default:
		f.opts.Log.Warn("unknown watch event ignored", "type", string(e.Type))
		return nil
	}
	if rv != "" {
		f.position = rv
	}
	return nil
}

// expired says that the API server no longer knows the position.
func expired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) ||
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}
