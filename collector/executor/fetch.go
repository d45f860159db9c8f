package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	// concurrentFetches is how much may be read at a time: a few people who follow logs, and their tools.
	concurrentFetches = 64
	// silentFor is how long the API server may take to begin its answer.
	silentFor = 30 * time.Second
	// What is more than this is not for people to read.
	objectsMost, logMost = 256 << 20, 1 << 30
	objectsWithin        = 2 * time.Minute
	logWithin            = 10 * time.Minute
	// followWithin is how long kubelets keep a stream open, too.
	followWithin = 4 * time.Hour
)

// fetcher reads from the API server what the hub asks for and does not keep.
type fetcher struct {
	client *http.Client
	base   *url.URL
	slots  chan struct{}
	silent time.Duration
}

func newFetcher(rc *rest.Config) (*fetcher, error) {
	shared, err := rest.HTTPClientFor(rc)
	if err != nil {
		return nil, fmt.Errorf("connect executor: %w", err)
	}
	base, _, err := rest.DefaultServerUrlFor(rc)
	if err != nil {
		return nil, fmt.Errorf("connect executor: %w", err)
	}
	client := *shared // which may be http.DefaultClient
	client.Timeout = 0
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &fetcher{client: &client, base: base, slots: make(chan struct{}, concurrentFetches), silent: silentFor}, nil
}

// Fetch carries out a command that reads what the hub does not keep. What comes is redacted and handed to send part by
// part; send waits while its receiver takes no more, and fails when nobody wants it any more. It always answers.
func (e *Executor) Fetch(ctx context.Context, c *ingestpb.Command, send func(*ingestpb.Fetched) error) (res *ingestpb.CommandResult) {
	defer func() {
		if p := recover(); p != nil {
			e.log.Error("command panicked", "command_id", c.GetId(), "verb", "fetch", "panic", fmt.Sprint(p))
			res = answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "The collector could not read what was asked.")
		}
		res.CommandId = c.GetId()
		e.commands.WithLabelValues("fetch", res.Code.String()).Inc()
	}()
	f, res := e.fetch(c)
	if res != nil {
		return res
	}
	select {
	case e.fetcher.slots <- struct{}{}:
		defer func() { <-e.fetcher.slots }()
	default:
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, fmt.Sprintf("The collector already reads %d things of this cluster. Ask again when some of them have ended.", concurrentFetches))
	}
	ctx, cancel := context.WithTimeoutCause(ctx, f.within, errTooLong)
	defer cancel()
	return f.run(ctx, send)
}

var (
	errTooLong = errors.New("it took too long")
	errSilent  = errors.New("the API server does not answer")
)

// fetch is one such command.
type fetch struct {
	*Executor
	id          string
	target      target
	subresource string
	log, watch  bool
	parameters  url.Values
	within      time.Duration
	most        int64 // bytes; 0: as many as come in time
}

// fetch reads a command, or refuses it.
func (e *Executor) fetch(c *ingestpb.Command) (*fetch, *ingestpb.CommandResult) {
	v, t := c.GetFetch(), c.GetTarget()
	f := &fetch{Executor: e, id: c.GetId(), target: target{Executor: e, ref: t}, subresource: v.GetSubresource(), log: v.GetSubresource() == "log", within: objectsWithin, most: objectsMost}
	invalid := func(format string, args ...any) (*fetch, *ingestpb.CommandResult) {
		return nil, answer(ingestpb.CommandResult_CODE_INVALID, fmt.Sprintf(format, args...))
	}
	if c.GetId() == "" || t.GetResource() == "" || t.GetVersion() == "" {
		return invalid("The command has no id or no full target.")
	}
	if c.GetNotAfterMs() != 0 && e.now().UnixMilli() > c.GetNotAfterMs() {
		return nil, answer(ingestpb.CommandResult_CODE_EXPIRED, "The command came too late and was not carried out.")
	}
	for _, segment := range []string{t.GetGroup(), t.GetVersion(), t.GetResource(), t.GetNamespace(), t.GetName()} {
		if len(content.IsPathSegmentName(segment)) > 0 {
			return invalid("%q cannot be a part of a path.", segment)
		}
	}
	var err error
	if f.parameters, err = url.ParseQuery(v.GetParameters()); err != nil {
		return invalid("The parameters cannot be read.")
	}
	known := listParameters
	switch s := f.subresource; {
	case f.log && (t.GetResource() != "pods" || t.GetGroup() != "" || t.GetName() == ""):
		return invalid("Pods alone have logs.")
	case f.log:
		known = logParameters
		f.within, f.most = logWithin, logMost
		if f.parameters.Get("follow") == "true" {
			f.within, f.most = followWithin, 0
		}
	case s != "" && s != "status" && s != "scale": // others, such as exec and proxy, do more than to tell
		return invalid("The sub-resource %s is not read through the collector.", s)
	case s != "" && t.GetName() == "":
		return invalid("A sub-resource is of one object.")
	case t.GetName() == "":
		if f.watch = f.parameters.Get("watch") == "true"; f.watch {
			f.within, f.most = followWithin, 0
		}
	}
	for name := range f.parameters {
		if !slices.Contains(known, name) {
			return invalid("The parameter %q is not sent on by this collector.", name)
		}
	}
	if why := e.live.refuses(schema.GroupResource{Group: t.GetGroup(), Resource: t.GetResource()}, t.GetNamespace(), f.log); why != "" {
		return nil, answer(ingestpb.CommandResult_CODE_FORBIDDEN, why)
	}
	return f, nil
}

var (
	logParameters  = []string{"container", "follow", "previous", "sinceSeconds", "sinceTime", "timestamps", "tailLines", "limitBytes", "stream", "insecureSkipTLSVerifyBackend"}
	listParameters = []string{"labelSelector", "fieldSelector", "limit", "continue", "resourceVersion", "resourceVersionMatch", "watch", "allowWatchBookmarks",
		"sendInitialEvents", "timeoutSeconds"}
)

func (f *fetch) url() string {
	u, r := *f.fetcher.base, f.target.ref
	segments := []string{u.Path, "api", r.GetVersion()}
	if r.GetGroup() != "" {
		segments = []string{u.Path, "apis", r.GetGroup(), r.GetVersion()}
	}
	if r.GetNamespace() != "" {
		segments = append(segments, "namespaces", r.GetNamespace())
	}
	u.Path = path.Join(append(segments, r.GetResource(), r.GetName(), f.subresource)...)
	u.RawQuery = f.parameters.Encode()
	return u.String()
}

func (f *fetch) run(ctx context.Context, send func(*ingestpb.Fetched) error) *ingestpb.CommandResult {
	asked, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	silent := time.AfterFunc(f.fetcher.silent, func() { cancel(errSilent) })
	defer silent.Stop()
	req, err := http.NewRequestWithContext(asked, http.MethodGet, f.url(), nil)
	if err != nil {
		return answer(ingestpb.CommandResult_CODE_INVALID, "The target cannot be asked for.")
	}
	req.Header.Set("Accept", "application/json")
	if f.log {
		req.Header.Set("Accept", "text/plain, application/json, */*")
	}
	resp, err := f.fetcher.client.Do(req)
	if err != nil {
		return f.unavailable(asked, err)
	}
	defer resp.Body.Close()
	silent.Stop()
	if resp.StatusCode != http.StatusOK {
		return f.refused(resp)
	}
	p := &parts{id: f.id, send: send, most: f.most}
	heard, _ := utilnet.ParseWarningHeaders(resp.Header.Values("Warning"))
	for _, w := range heard {
		p.warnings = append(p.warnings, f.redactor.Text(w.Text))
	}
	if err = p.flush(); err == nil { // its reader wants to know that there is an answer, however long it takes to go on
		switch {
		case f.log:
			err = f.lines(resp.Body, p)
		case f.watch:
			err = f.events(resp.Body, p)
		case f.target.ref.GetName() == "":
			err = f.list(resp.Body, p)
		default:
			err = f.object(resp.Body, p)
		}
	}
	if err == nil {
		err = p.flush()
	}
	switch {
	case err == nil:
		return answer(ingestpb.CommandResult_CODE_OK, "")
	case errors.Is(err, errTooMuch):
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, fmt.Sprintf("It is more than %d MiB. Ask for less.", f.most>>20))
	case errors.Is(err, errUnread):
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "Nobody reads it any more.")
	case errors.Is(err, errStrange):
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "What the API server answers cannot be understood.")
	}
	return f.unavailable(asked, err)
}

// unavailable says why no answer, or no whole one, came.
func (f *fetch) unavailable(ctx context.Context, err error) *ingestpb.CommandResult {
	switch cause := context.Cause(ctx); {
	case errors.Is(cause, errSilent):
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, fmt.Sprintf("The API server did not answer within %s.", f.fetcher.silent))
	case errors.Is(cause, errTooLong):
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, fmt.Sprintf("It took longer than %s.", f.within))
	case cause != nil:
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "Nobody reads it any more.")
	}
	return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, strings.TrimSuffix(kube.Explain(f.host, "read "+f.target.String(), err).Error(), ".")+".")
}

// refusalMost is how much of a refusal is read.
const refusalMost = 64 << 10

// refused is the API server's own refusal.
func (f *fetch) refused(resp *http.Response) *ingestpb.CommandResult {
	body, err := io.ReadAll(io.LimitReader(resp.Body, refusalMost))
	var s metav1.Status
	if err != nil || json.Unmarshal(body, &s) != nil || s.Kind != "Status" {
		s = apierrors.NewGenericServerResponse(resp.StatusCode, "get", schema.GroupResource{Group: f.target.ref.GetGroup(), Resource: f.target.ref.GetResource()}, f.target.ref.GetName(), "", 0, false).ErrStatus
		s.Kind, s.APIVersion = "Status", "v1"
	}
	s.Message = f.redactor.Text(s.Message)
	if s.Details != nil {
		for i := range s.Details.Causes {
			s.Details.Causes[i].Message = f.redactor.Text(s.Details.Causes[i].Message)
		}
	}
	code, message := ingestpb.CommandResult_CODE_INVALID, s.Message
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return answer(ingestpb.CommandResult_CODE_FORBIDDEN, "The API server does not accept the collector's credentials. Renew them.")
	case resp.StatusCode == http.StatusForbidden && byAccessControl(s.Message):
		return answer(ingestpb.CommandResult_CODE_FORBIDDEN, fmt.Sprintf("The collector may not read %s. Grant it in the cluster's roles.", f.what()))
	case resp.StatusCode == http.StatusForbidden:
		code = ingestpb.CommandResult_CODE_FORBIDDEN
	case resp.StatusCode == http.StatusNotFound:
		code = ingestpb.CommandResult_CODE_NOT_FOUND
	case resp.StatusCode >= 500 || resp.StatusCode == http.StatusTooManyRequests:
		code = ingestpb.CommandResult_CODE_UNAVAILABLE
	}
	res := answer(code, message)
	if res.Status, err = json.Marshal(s); err != nil {
		return answer(ingestpb.CommandResult_CODE_UNAVAILABLE, "What the API server answers cannot be understood.")
	}
	return res
}

// what names what is read: pods/log in namespace shop.
func (f *fetch) what() string {
	what := (schema.GroupResource{Group: f.target.ref.GetGroup(), Resource: f.target.ref.GetResource()}).String()
	if f.subresource != "" {
		what += "/" + f.subresource
	}
	if ns := f.target.ref.GetNamespace(); ns != "" {
		what += " in namespace " + ns
	}
	return what
}
