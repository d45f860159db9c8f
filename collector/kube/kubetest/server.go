// Package kubetest is a small Kubernetes API server for the collector's tests: real HTTP, discovery, consistent
// pages, watches with bookmarks and streamed lists, and every way to fail that a test asks for.
//
// Invariant: resource versions only grow, and a watch sees every write after the version it names, or 410.
package kubetest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/client-go/rest"
)

// Kind is a kind of object that the server serves.
type Kind struct {
	Group, Version, Resource, Kind string
	Namespaced, Scalable           bool
}

func (k Kind) apiVersion() string { return strings.TrimPrefix(k.Group+"/"+k.Version, "/") }

// Server is one API server. Its exported fields are set before the first request.
type Server struct {
	// StreamsLists answers sendInitialEvents; otherwise it is refused as API servers without it do.
	StreamsLists bool
	// IgnoresStreams takes sendInitialEvents for a plain watch, as servers from before it do.
	IgnoresStreams bool
	// ForgetsQuietly ends watches from forgotten versions at once and empty instead of with 410.
	ForgetsQuietly bool
	// PageSize caps pages whatever the client asks for; 0 leaves it to the client.
	PageSize int

	http *httptest.Server
	uid  string

	mu       sync.Mutex
	version  int
	oldest   int // watches from before it are gone
	nextUID  int
	kinds    []Kind
	objects  map[string]map[string]map[string]any // resource path -> namespace/name -> object
	log      []change
	changed  chan struct{} // closed and replaced with every write
	cut      chan struct{} // closed and replaced to end watches
	fail     func(r *http.Request) *Failure
	requests []string
	said     map[string]map[string]string // path -> content type -> text
	told     []string
}

type change struct {
	version   int
	path, typ string
	object    map[string]any
}

// Failure is what a request gets instead of an answer.
type Failure struct {
	Code    int
	Reason  string
	Message string
	Hang    bool // never answer
}

// New starts a server that serves the kind-independent paths, namespaces and kinds. It ends with the test.
func New(t testing.TB, kinds ...Kind) *Server {
	s := &Server{
		uid: "cluster-" + t.Name(), version: 100, objects: map[string]map[string]map[string]any{},
		changed: make(chan struct{}), cut: make(chan struct{}),
		kinds: append([]Kind{{Version: "v1", Resource: "namespaces", Kind: "Namespace"}}, kinds...),
	}
	s.http = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(func() {
		s.http.CloseClientConnections()
		s.http.Close()
	})
	s.Put("namespaces", "", "kube-system", map[string]any{"metadata": map[string]any{"uid": s.uid}})
	return s
}

// Config reaches the server.
func (s *Server) Config() *rest.Config { return &rest.Config{Host: s.http.URL} }

// UID is the cluster's identity.
func (s *Server) UID() string { return s.uid }

// Fail decides over every request before it is answered; nil answers it. f may be nil.
func (s *Server) Fail(f func(r *http.Request) *Failure) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// Cut ends all watches as a restart of the server would.
func (s *Server) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.cut)
	s.cut = make(chan struct{})
}

// Forget makes the server forget all past changes, so that watches from earlier versions get 410, and cuts watches.
func (s *Server) Forget() {
	s.mu.Lock()
	s.version++
	s.oldest, s.log = s.version, nil
	s.mu.Unlock()
	s.Cut()
}

// Serve begins to serve a kind; Unserve stops, and deletes its objects without a word.
func (s *Server) Serve(k Kind) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.kinds = append(s.kinds, k)
}

// Unserve stops serving the resource.
func (s *Server) Unserve(resource string) {
	s.mu.Lock()
	s.kinds = slices.DeleteFunc(s.kinds, func(k Kind) bool { return k.Resource == resource })
	delete(s.objects, resource)
	s.mu.Unlock()
	s.Cut()
}

// Put creates or replaces an object and returns its version.
func (s *Server) Put(resource, namespace, name string, object map[string]any) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.put(resource, namespace, name, object)
}

func (s *Server) put(resource, namespace, name string, object map[string]any) string {
	s.version++
	if object = clone(object); object == nil {
		object = map[string]any{}
	}
	meta, _ := object["metadata"].(map[string]any)
	if meta == nil {
		meta = map[string]any{}
		object["metadata"] = meta
	}
	key, typ := namespace+"/"+name, "ADDED"
	had := s.objects[resource][key]
	if had != nil {
		typ = "MODIFIED"
		meta["uid"] = had["metadata"].(map[string]any)["uid"]
	} else if meta["uid"] == nil {
		s.nextUID++
		meta["uid"] = fmt.Sprintf("uid-%d", s.nextUID)
	}
	meta["name"], meta["resourceVersion"] = name, strconv.Itoa(s.version)
	if namespace != "" {
		meta["namespace"] = namespace
	}
	if k := s.kind(resource); k != nil {
		object["kind"], object["apiVersion"] = k.Kind, k.apiVersion()
	}
	if s.objects[resource] == nil {
		s.objects[resource] = map[string]map[string]any{}
	}
	s.objects[resource][key] = object
	s.wrote(resource, typ, object)
	return strconv.Itoa(s.version)
}

// Delete deletes an object.
func (s *Server) Delete(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.objects[resource][namespace+"/"+name]
	if o == nil {
		return
	}
	delete(s.objects[resource], namespace+"/"+name)
	s.version++
	o = clone(o)
	o["metadata"].(map[string]any)["resourceVersion"] = strconv.Itoa(s.version)
	s.wrote(resource, "DELETED", o)
}

// Object returns a stored object, nil when there is none.
func (s *Server) Object(resource, namespace, name string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	return clone(s.objects[resource][namespace+"/"+name])
}

// Requests returns method and URL of the requests so far whose path ends so.
func (s *Server) Requests(suffix string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []string
	for _, r := range s.requests {
		if path, _, _ := strings.Cut(r, "?"); strings.HasSuffix(path, suffix) {
			out = append(out, r)
		}
	}
	return out
}

// Say makes the server answer text at path to those who accept contentType, with an ETag.
func (s *Server) Say(path, contentType, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.said == nil {
		s.said = map[string]map[string]string{}
	}
	if s.said[path] == nil {
		s.said[path] = map[string]string{}
	}
	s.said[path][contentType] = text
}

// Unsay takes back what was said at path.
func (s *Server) Unsay(path string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.said, path)
}

// Told are the paths, with parameters, at which something said was answered to who did not have it, since the last call.
func (s *Server) Told() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	told := s.told
	s.told = nil
	return told
}

// tell answers what was said; false when nothing was.
func (s *Server) tell(w http.ResponseWriter, r *http.Request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for contentType, text := range s.said[r.URL.Path] {
		if !strings.Contains(r.Header.Get("Accept"), contentType) {
			continue
		}
		etag := fmt.Sprintf(`"%x"`, sha256.Sum256([]byte(text)))
		w.Header().Set("ETag", etag)
		if r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return true
		}
		s.told = append(s.told, r.URL.String())
		w.Header().Set("Content-Type", contentType)
		_, _ = io.WriteString(w, text)
		return true
	}
	return false
}

func (s *Server) wrote(resource, typ string, o map[string]any) {
	s.log = append(s.log, change{s.version, resource, typ, o})
	close(s.changed)
	s.changed = make(chan struct{})
}

func (s *Server) kind(resource string) *Kind {
	for i := range s.kinds {
		if s.kinds[i].Resource == resource {
			return &s.kinds[i]
		}
	}
	return nil
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.String())
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if f := fail(r); f != nil {
			if f.Hang {
				<-r.Context().Done()
				return
			}
			status(w, f.Code, f.Reason, f.Message, nil)
			return
		}
	}
	if s.tell(w, r) {
		return
	}
	path := strings.Trim(r.URL.Path, "/")
	switch path {
	case "readyz":
		fmt.Fprint(w, "ok")
		return
	case "version":
		answer(w, map[string]any{"gitVersion": "v1.36.3"})
		return
	case "api", "apis":
		s.serveGroups(w, path)
		return
	}
	parts := strings.Split(path, "/")
	var group, version string
	var rest []string
	switch {
	case parts[0] == "api" && len(parts) >= 2:
		version, rest = parts[1], parts[2:]
	case parts[0] == "apis" && len(parts) >= 3:
		group, version, rest = parts[1], parts[2], parts[3:]
	default:
		status(w, 404, "NotFound", "the server could not find the requested resource", nil)
		return
	}
	if len(rest) == 0 {
		s.serveResources(w, group, version)
		return
	}
	namespace := ""
	if len(rest) > 2 && rest[0] == "namespaces" {
		namespace, rest = rest[1], rest[2:]
	}
	s.mu.Lock()
	k := s.kind(rest[0])
	s.mu.Unlock()
	if k == nil || k.Group != group || k.Version != version {
		status(w, 404, "NotFound", "the server could not find the requested resource", nil)
		return
	}
	switch q := r.URL.Query(); {
	case len(rest) > 1:
		s.serveObject(w, r, *k, namespace, rest[1], slices.Contains(rest, "scale"))
	case q.Get("watch") != "":
		s.watch(w, r, *k, namespace)
	default:
		s.list(w, r, *k, namespace)
	}
}

func (s *Server) serveGroups(w http.ResponseWriter, path string) {
	if path == "api" {
		answer(w, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var groups []any
	for _, k := range s.kinds {
		if k.Group == "" || slices.ContainsFunc(groups, func(g any) bool { return g.(map[string]any)["name"] == k.Group }) {
			continue
		}
		v := map[string]any{"groupVersion": k.apiVersion(), "version": k.Version}
		groups = append(groups, map[string]any{"name": k.Group, "versions": []any{v}, "preferredVersion": v})
	}
	answer(w, map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

func (s *Server) serveResources(w http.ResponseWriter, group, version string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var resources []any
	for _, k := range s.kinds {
		if k.Group == group && k.Version == version {
			resources = append(resources, map[string]any{"name": k.Resource, "kind": k.Kind, "namespaced": k.Namespaced, "verbs": []string{"get", "list", "watch"}})
		}
	}
	answer(w, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": strings.TrimPrefix(group+"/"+version, "/"), "resources": resources})
}

func (s *Server) list(w http.ResponseWriter, r *http.Request, k Kind, namespace string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	limit, _ := strconv.Atoi(r.URL.Query().Get("limit"))
	if s.PageSize > 0 && limit > 0 {
		limit = min(limit, s.PageSize)
	}
	after, meta := r.URL.Query().Get("continue"), map[string]any{"resourceVersion": strconv.Itoa(s.version)}
	items := []any{}
	for _, key := range slices.Sorted(maps.Keys(s.objects[k.Resource])) {
		if key <= after || namespace != "" && !strings.HasPrefix(key, namespace+"/") {
			continue
		}
		if limit > 0 && len(items) == limit {
			meta["continue"] = lastKey(items)
			break
		}
		items = append(items, s.objects[k.Resource][key])
	}
	answer(w, map[string]any{"kind": k.Kind + "List", "apiVersion": k.apiVersion(), "metadata": meta, "items": items})
}

func lastKey(items []any) string {
	meta := items[len(items)-1].(map[string]any)["metadata"].(map[string]any)
	ns, _ := meta["namespace"].(string)
	return ns + "/" + meta["name"].(string)
}

func (s *Server) watch(w http.ResponseWriter, r *http.Request, k Kind, namespace string) {
	q := r.URL.Query()
	stream := q.Get("sendInitialEvents") == "true"
	if stream && s.IgnoresStreams {
		stream = false
	}
	if stream && !s.StreamsLists {
		status(w, 422, "Invalid", "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled", nil)
		return
	}
	in := func(o map[string]any) bool {
		return namespace == "" || o["metadata"].(map[string]any)["namespace"] == namespace
	}
	w.Header().Set("Content-Type", "application/json")
	send := func(typ string, o any) {
		_ = json.NewEncoder(w).Encode(map[string]any{"type": typ, "object": o})
	}
	s.mu.Lock()
	at, _ := strconv.Atoi(q.Get("resourceVersion"))
	cut := s.cut
	if stream {
		at = s.version
		for _, key := range slices.Sorted(maps.Keys(s.objects[k.Resource])) {
			if o := s.objects[k.Resource][key]; in(o) {
				send("ADDED", o)
			}
		}
		send("BOOKMARK", map[string]any{"kind": k.Kind, "apiVersion": k.apiVersion(), "metadata": map[string]any{
			"resourceVersion": strconv.Itoa(at), "annotations": map[string]any{"k8s.io/initial-events-end": "true"}}})
	}
	expired := at < s.oldest
	s.mu.Unlock()
	if expired && s.ForgetsQuietly {
		return
	}
	if expired {
		send("ERROR", statusOf(410, "Expired", "too old resource version", nil))
		return
	}
	for {
		s.mu.Lock()
		for _, c := range s.log {
			if c.version > at && c.path == k.Resource {
				at = c.version
				if in(c.object) {
					send(c.typ, c.object)
				}
			}
		}
		changed := s.changed
		s.mu.Unlock()
		w.(http.Flusher).Flush()
		select {
		case <-changed:
		case <-cut:
			return
		case <-r.Context().Done():
			return
		}
	}
}

func (s *Server) serveObject(w http.ResponseWriter, r *http.Request, k Kind, namespace, name string, scale bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := clone(s.objects[k.Resource][namespace+"/"+name])
	if o == nil || scale && !k.Scalable {
		details := map[string]any{"name": name, "kind": k.Resource}
		status(w, 404, "NotFound", fmt.Sprintf("%s %q not found", k.Resource, name), details)
		return
	}
	shown := func(o map[string]any) map[string]any {
		if !scale {
			return o
		}
		spec, _ := o["spec"].(map[string]any)
		return map[string]any{"kind": "Scale", "apiVersion": "autoscaling/v1", "metadata": o["metadata"], "spec": map[string]any{"replicas": spec["replicas"]}}
	}
	switch r.Method {
	case http.MethodGet:
		answer(w, shown(o))
	case http.MethodPatch:
		body, _ := io.ReadAll(r.Body)
		f := mergePatch
		if r.Header.Get("Content-Type") == "application/json-patch+json" {
			f = jsonPatch
		}
		wanted, failure := f(o, body)
		if failure != nil {
			status(w, failure.Code, failure.Reason, failure.Message, nil)
			return
		}
		o = wanted
		if r.URL.Query().Get("dryRun") == "" {
			s.put(k.Resource, namespace, name, o)
			o = clone(s.objects[k.Resource][namespace+"/"+name])
		}
		w.Header().Set("Warning", `299 - "fields were looked at"`)
		answer(w, shown(o))
	default:
		status(w, 405, "MethodNotAllowed", "not here", nil)
	}
}

func mergePatch(o map[string]any, body []byte) (map[string]any, *Failure) {
	var patch map[string]any
	if err := json.Unmarshal(body, &patch); err != nil {
		return nil, &Failure{Code: 400, Reason: "BadRequest", Message: err.Error()}
	}
	meta := o["metadata"].(map[string]any)
	want, _ := patch["metadata"].(map[string]any)
	for _, field := range []string{"uid", "resourceVersion"} {
		if v := want[field]; v != nil && v != meta[field] {
			return nil, &Failure{Code: 409, Reason: "Conflict", Message: "the object has been modified"}
		}
	}
	merge(o, patch)
	return o, nil
}

func jsonPatch(o map[string]any, body []byte) (map[string]any, *Failure) {
	patch, err := jsonpatch.DecodePatch(body)
	if err != nil {
		return nil, &Failure{Code: 400, Reason: "BadRequest", Message: err.Error()}
	}
	raw, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	if raw, err = patch.Apply(raw); err != nil {
		return nil, &Failure{Code: 422, Reason: "Invalid", Message: err.Error()}
	}
	var wanted map[string]any
	if err := json.Unmarshal(raw, &wanted); err != nil {
		panic(err)
	}
	if wanted["metadata"].(map[string]any)["resourceVersion"] != o["metadata"].(map[string]any)["resourceVersion"] {
		return nil, &Failure{Code: 409, Reason: "Conflict", Message: "the object has been modified"}
	}
	return wanted, nil
}

// merge applies a JSON merge patch, which is what a strategic one does where no lists are.
func merge(into, patch map[string]any) {
	for k, v := range patch {
		p, isMap := v.(map[string]any)
		had, _ := into[k].(map[string]any)
		switch {
		case v == nil:
			delete(into, k)
		case isMap:
			if had == nil {
				had = map[string]any{}
				into[k] = had
			}
			merge(had, p)
		default:
			into[k] = v
		}
	}
}

func clone(o map[string]any) map[string]any {
	if o == nil {
		return nil
	}
	b, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var out map[string]any
	if err := json.Unmarshal(b, &out); err != nil {
		panic(err)
	}
	return out
}

func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v)
}

func statusOf(code int, reason, message string, details map[string]any) map[string]any {
	s := map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code, "reason": reason, "message": message}
	if details != nil {
		s["details"] = details
	}
	return s
}

func status(w http.ResponseWriter, code int, reason, message string, details map[string]any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(statusOf(code, reason, message, details))
}
