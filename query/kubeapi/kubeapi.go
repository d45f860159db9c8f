// Package kubeapi serves the fleet, and each member of it, in the shape of Kubernetes' API, so that kubectl and what is
// built on client-go read the store as they read a cluster.
//
// Invariant: nothing is written through it, and what it answers about one member is what that member would answer: a
// parameter it does not know or cannot honour is refused.
package kubeapi

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/sets"
	apirequest "k8s.io/apiserver/pkg/endpoints/request"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/saved"
)

// Reader is what the API reads. The search service is one.
type Reader interface {
	List(ctx context.Context, scope access.Scope, r records.Request) (records.Listing, error)
	// Object is nil, nil when absent.
	Object(ctx context.Context, scope access.Scope, ref kube.Ref, at time.Time) (*records.Object, error)
	// Follow sends every version of matching objects after a position, until ctx ends or Steps with an Err.
	Follow(ctx context.Context, scope access.Scope, query string, from records.Position) (<-chan records.Steps, error)
	// VersionSeen is the newest version of a cluster's object that had this resourceVersion, 0 for none.
	VersionSeen(ctx context.Context, scope access.Scope, cluster string, gr kube.GroupResource, resourceVersion string) (uint64, error)
	// EventsAbout are the events that members have about objects now.
	EventsAbout(ctx context.Context, scope access.Scope, objects []*records.Object) (map[kube.Ref][]*records.Object, error)
	// Members are the clusters that scope may see, with the kinds that each serves, by name.
	Members(ctx context.Context, scope access.Scope) ([]records.Member, error)
	// Documents are contents of members' documents, packed by gzip, by their SHA-256; what is not here is left out.
	Documents(ctx context.Context, scope access.Scope, sha256s []string) (map[string][]byte, error)
}

// Deps is what the API stands on.
type Deps struct {
	Reader  Reader
	Live    Live // nil: members themselves are not read
	Log     *slog.Logger
	Version string // of Foretop
	Saved   Saved  // nil: no saved searches
}

// Saved knows the saved searches. *saved.Searches is one.
type Saved interface {
	List(ctx context.Context, scope access.Scope) ([]*saved.Search, error)
}

// Handler answers requests that carry an access.Scope in their context.
type Handler struct {
	reader  Reader
	live    Live
	log     *slog.Logger
	version string
	saved   Saved
	paths   apirequest.RequestInfoFactory
	pages   pages
	served  catalogs
	made    made
}

// New makes a Handler.
func New(d Deps) *Handler {
	return &Handler{reader: d.Reader, live: d.Live, log: d.Log, version: d.Version, saved: d.Saved, paths: apirequest.RequestInfoFactory{APIPrefixes: sets.NewString("api", "apis"), GrouplessAPIPrefixes: sets.NewString("api")}}
}

// Mounts are the paths that a Handler answers at and, but for /api, below.
var Mounts = []string{"/kube", "/apis", "/api"}

// clusterpedia is where its clients look.
const clusterpedia = "/apis/clusterpedia.io/v1beta1/resources"

// qualified is the fleet for clients that hold objects by namespace and name alone: names are CLUSTER:NAME.
const qualified = "/kube/qualified"

// server is one virtual API server: the fleet, or one member.
type server struct {
	cluster      string // "" is the fleet
	path         string // below it
	clusterpedia bool   // where its clients look
	qualified    bool   // the fleet, with names that tell the cluster
	root         bool   // with Clusterpedia's own resources
}

// serverOf says whom a path is for; ok is false for none.
func serverOf(path string) (s server, ok bool) {
	if rest, below := strings.CutPrefix(path, qualified); below && (rest == "" || rest[0] == '/') {
		return server{path: rest, qualified: true}, true
	}
	for _, mount := range []string{"/kube", clusterpedia} {
		rest, below := strings.CutPrefix(path, mount)
		if !below || rest != "" && rest[0] != '/' {
			continue
		}
		named, one := strings.CutPrefix(rest, "/clusters/")
		if !one {
			return server{path: rest, clusterpedia: mount == clusterpedia}, true
		}
		name, rest, _ := strings.Cut(named, "/")
		name, err := url.PathUnescape(name)
		return server{cluster: name, path: "/" + rest, clusterpedia: mount == clusterpedia}, err == nil && name != ""
	}
	return server{path: path, clusterpedia: true, root: true}, path == "/api" || path == "/apis" || strings.HasPrefix(path, "/apis/")
}

// question is one request to one virtual API server.
type question struct {
	*Handler
	server
	r       *http.Request
	w       http.ResponseWriter
	scope   access.Scope
	reader  Reader           // of the Handler; of objects in the version asked for
	members []records.Member // of the server: one, or all
	only    string           // the cluster that a name of the fleet tells; "" for none
	catalog *catalog
	byAge   []records.Member // members, newest first; see newest
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s, ok := serverOf(r.URL.EscapedPath())
	if !ok {
		fail(w, r, apierrors.NewNotFound(schema.GroupResource{}, r.URL.Path))
		return
	}
	q := &question{Handler: h, server: s, r: r, w: w, reader: h.reader, scope: access.FromContext(r.Context())}
	if err := q.serve(); err != nil {
		if code := access.Code(err); code == "INTERNAL" && apierrors.ReasonForError(err) == metav1.StatusReasonUnknown && r.Context().Err() == nil {
			h.log.Error("request of the kubernetes api failed", "path", r.URL.Path, "err", err)
		}
		fail(w, r, err)
	}
}

func (q *question) serve() error {
	ctx := q.r.Context()
	members, err := q.reader.Members(ctx, q.scope)
	if err != nil {
		return err
	}
	for _, m := range members {
		if q.cluster == "" || m.Name == q.cluster {
			q.members = append(q.members, m)
		}
	}
	if q.cluster != "" && len(q.members) == 0 {
		return apierrors.NewNotFound(schema.GroupResource{Group: "foretop", Resource: "clusters"}, q.cluster)
	}
	if q.root {
		return q.serveRoot()
	}
	if q.catalog, err = q.served.of(q); err != nil {
		return err
	}
	if done, err := q.serveDocument(); done || err != nil {
		return err
	}
	below := q.r.Clone(ctx)
	below.URL.Path, below.URL.RawPath = q.path, ""
	if path, err := url.PathUnescape(q.path); err == nil {
		below.URL.Path = path
	}
	if parameters := below.URL.Query(); parameters.Has("fieldSelector") { // it may be more than Kubernetes can read
		if _, err := fields.ParseSelector(parameters.Get("fieldSelector")); err != nil {
			parameters.Del("fieldSelector")
			below.URL.RawQuery = parameters.Encode()
		}
	}
	info, err := q.paths.NewRequestInfo(below)
	if err != nil {
		return apierrors.NewBadRequest(err.Error())
	}
	if !info.IsResourceRequest {
		return apierrors.NewNotFound(schema.GroupResource{}, q.path)
	}
	gr := schema.GroupResource{Group: info.APIGroup, Resource: info.Resource}
	if info.Verb == "create" && info.Subresource == "" && reviews[gr] {
		return q.review(info)
	}
	if q.r.Method != http.MethodGet && q.r.Method != http.MethodHead {
		return q.notWritten(info)
	}
	live, err := wantsLive(q.r)
	if err != nil {
		return err
	}
	k, ok := q.kind(info)
	if !ok {
		return apierrors.NewGenericServerResponse(http.StatusNotFound, "", schema.GroupResource{}, "", "", 0, false) // an API server has no more words for it
	}
	if live = live || len(k.in) == 0; live {
		k.in = k.by
	} else {
		q.reader = q.asAsked(k)
	}
	if !k.Namespaced {
		info.Namespace = "" // a Namespace's own path has its name twice
	}
	if err := q.qualify(&k, info); err != nil {
		return err
	}
	switch {
	case info.Subresource != "":
		return q.subresource(k, info, live)
	case info.Name != "" && info.Verb == "get" && live:
		return q.liveGet(k, info, "")
	case info.Verb == "watch" && live:
		return q.liveWatch(k, info)
	case info.Verb == "list" && live:
		return q.liveList(k, info)
	case info.Name != "" && info.Verb != "watch" && info.Verb != "list":
		return q.whole(func() error { return q.get(k, info) })
	case info.Verb == "watch":
		return q.watch(k, info)
	case info.Verb == "list":
		q.warnOfOthers(k)
		return q.whole(func() error { return q.list(k, info) })
	default:
		return apierrors.NewMethodNotSupported(gr, info.Verb)
	}
}

// whole is an answer out of the store: long ones are compressed.
func (q *question) whole(answer func() error) error {
	plain := q.w
	var finish func()
	q.w, finish = compressed(plain, q.r)
	err := answer()
	q.w = plain
	if err == nil {
		finish()
	}
	return err
}
