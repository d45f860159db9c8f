package kubeapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	openapi2 "github.com/google/gnostic-models/openapiv2"
	"github.com/munnerz/goautoneg"
	"google.golang.org/protobuf/proto"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/kube-openapi/pkg/handler3"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// What OpenAPI is asked for as, and answered as: names with @ are of older clients.
const (
	openAPI2Protobuf    = "application/com.github.proto-openapi.spec.v2.v1.0+protobuf"
	openAPI2ProtobufOld = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
	openAPI3Protobuf    = "application/com.github.proto-openapi.spec.v3.v1.0+protobuf"
	openAPI3ProtobufOld = "application/com.github.proto-openapi.spec.v3@v1.0+protobuf"
)

const openAPI3 = "/openapi/v3"

// openAPI answers what kinds are made of: of a member what it says itself, of the fleet what its newest members say, and
// what only others have.
func (q *question) openAPI(path string) error {
	switch {
	case path == openAPI3:
		index := handler3.OpenAPIV3Discovery{Paths: map[string]handler3.OpenAPIV3DiscoveryGroupVersion{}}
		for _, m := range q.members {
			for _, d := range m.Documents {
				if name, ok := strings.CutPrefix(d.Path, openAPI3+"/"); ok && d.SHA256 != "" {
					index.Paths[name] = handler3.OpenAPIV3DiscoveryGroupVersion{}
				}
			}
		}
		for name := range index.Paths {
			at := openAPI3 + "/" + name
			index.Paths[name] = handler3.OpenAPIV3DiscoveryGroupVersion{ServerRelativeURL: at + "?hash=" + hashOf(q.sources(at, typeJSON))}
		}
		return q.say(path, typeJSON, index)
	case strings.HasPrefix(path, openAPI3+"/"):
		return q.openAPIOf(path, map[string]string{"": typeJSON, typeJSON: typeJSON, openAPI3Protobuf: openAPI3Protobuf, openAPI3ProtobufOld: openAPI3Protobuf})
	case path == "/openapi/v2":
		return q.openAPIOf(path, map[string]string{"": typeJSON, typeJSON: typeJSON, openAPI2Protobuf: openAPI2Protobuf, openAPI2ProtobufOld: openAPI2Protobuf})
	default:
		return notFound(q.path)
	}
}

// openAPIOf answers one document in the form that the client accepts.
func (q *question) openAPIOf(path string, forms map[string]string) error {
	q.w.Header().Add("Vary", "Accept")
	form := accepted(q.r, forms)
	if form == "" {
		return apierrors.NewGenericServerResponse(http.StatusNotAcceptable, "get", schema.GroupResource{}, path, "only "+typeJSON+" and protobuf are served", 0, true)
	}
	sources := q.sources(path, typeJSON)
	if len(sources) == 0 {
		return q.noDocument(path)
	}
	hash := hashOf(sources)
	if asked := q.r.URL.Query().Get("hash"); asked != "" {
		if asked != hash { // as API servers do: what is cached under a hash is that
			at := *q.r.URL
			at.RawQuery = url.Values{"hash": {hash}}.Encode()
			http.Redirect(q.w, q.r, at.String(), http.StatusMovedPermanently)
			return nil
		}
		q.w.Header().Set("Cache-Control", "public, immutable")
		q.w.Header().Set("Expires", time.Now().AddDate(1, 0, 0).UTC().Format(http.TimeFormat))
	}
	if form == typeJSON && len(sources) == 1 {
		return q.answerStored(sources[0], form)
	}
	if stored := q.sources(path, openAPI2ProtobufOld); form == openAPI2Protobuf && len(stored) == 1 && len(sources) == 1 {
		return q.answerStored(stored[0], form)
	}
	packed, err := q.made.get(form+"\x00"+path+"\x00"+hash, func() ([]byte, error) { return q.makeOpenAPI(form, sources) })
	if err != nil {
		return err
	}
	return q.answerPacked(form, hash+form, packed)
}

// accepted is the form that a client wants most, "" for none of them.
func accepted(r *http.Request, forms map[string]string) string {
	header := strings.Join(r.Header.Values("Accept"), ",")
	if header == "" {
		return forms[""]
	}
	for _, clause := range goautoneg.ParseAccept(header) {
		if clause.SubType == "*" && (clause.Type == "*" || clause.Type == "application") {
			return forms[""]
		}
		if form := forms[clause.Type+"/"+clause.SubType]; form != "" {
			return form
		}
	}
	return ""
}

// sources are the different documents that members have at a path, of the newest first.
func (q *question) sources(path, contentType string) []records.Document {
	var list []records.Document
	for _, m := range q.newest() {
		d := find(m, path, contentType)
		if d != nil && d.SHA256 != "" && !slices.ContainsFunc(list, func(known records.Document) bool { return known.SHA256 == d.SHA256 }) {
			list = append(list, *d)
		}
	}
	return list
}

// newest are the members, newest first.
func (q *question) newest() []records.Member {
	if q.byAge == nil {
		q.byAge = newestFirst(q.members)
	}
	return q.byAge
}

// hashOf names what is made of documents.
func hashOf(sources []records.Document) string {
	if len(sources) == 1 {
		return strings.ToUpper(sources[0].SHA256)
	}
	h := sha256.New()
	for _, d := range sources {
		h.Write([]byte(d.SHA256))
	}
	return strings.ToUpper(hex.EncodeToString(h.Sum(nil)))
}

// noDocument says why there is none.
func (q *question) noDocument(path string) error {
	for _, m := range q.members {
		if d := find(m, path, typeJSON); d != nil && d.Reason != "" {
			err := apierrors.NewGenericServerResponse(http.StatusNotFound, "get", schema.GroupResource{}, "", "", 0, true)
			err.ErrStatus.Message = path + " of " + m.Name + " is not here: " + d.Reason
			return err
		}
	}
	return notFound(q.path)
}

// makeOpenAPI merges documents, and writes them in a form.
func (q *question) makeOpenAPI(form string, sources []records.Document) ([]byte, error) {
	var names []string
	for _, d := range sources {
		names = append(names, d.SHA256)
	}
	packed, err := q.reader.Documents(q.r.Context(), q.scope, names)
	if err != nil {
		return nil, err
	}
	var texts [][]byte
	for _, d := range sources {
		if packed[d.SHA256] == nil {
			return nil, errForgotten(d)
		}
		text, err := unpack(packed[d.SHA256])
		if err != nil {
			return nil, err
		}
		texts = append(texts, text)
	}
	text, err := mergeOpenAPI(texts)
	if err != nil {
		return nil, err
	}
	switch form {
	case openAPI2Protobuf:
		var document *openapi2.Document
		if document, err = openapi2.ParseDocument(text); err == nil {
			text, err = proto.Marshal(document)
		}
	case openAPI3Protobuf:
		text, err = handler3.ToV3ProtoBinary(text)
	case typeJSON:
	default:
		err = errors.New("unknown form")
	}
	if err != nil {
		return nil, fmt.Errorf("write %s as %s: %w", sources[0].Path, form, err)
	}
	return pack(text), nil
}

// mergeOpenAPI adds to the first document what others have beside it: paths, and what they are made of. Of what two have
// under one name the first one's stays.
func mergeOpenAPI(texts [][]byte) ([]byte, error) {
	if len(texts) == 1 {
		return texts[0], nil
	}
	var merged map[string]any
	for i, text := range texts {
		var doc map[string]any
		if err := json.Unmarshal(text, &doc); err != nil {
			return nil, fmt.Errorf("read an OpenAPI document: %w", err)
		}
		if i == 0 {
			merged = doc
			continue
		}
		addAbsent(merged, doc, "paths", "definitions", "parameters", "responses", "securityDefinitions")
		into, _ := merged["components"].(map[string]any)
		from, _ := doc["components"].(map[string]any)
		if into != nil && from != nil {
			addAbsent(into, from, "schemas", "parameters", "responses", "securitySchemes")
		}
	}
	return json.Marshal(merged)
}

func addAbsent(into, from map[string]any, names ...string) {
	for _, name := range names {
		more, ok := from[name].(map[string]any)
		if !ok {
			continue
		}
		there, ok := into[name].(map[string]any)
		if !ok {
			there = map[string]any{}
			into[name] = there
		}
		for key, v := range more {
			if _, known := there[key]; !known {
				there[key] = v
			}
		}
	}
}

func pack(text []byte) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = w.Write(text) // a Buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

// madeInMemory is how many bytes of packed documents that were made are remembered.
const madeInMemory = 32 << 20

// made remembers documents that took some work: of a version of Kubernetes OpenAPI v2 as protobuf takes a second.
type made struct {
	mu    sync.Mutex
	by    map[string][]byte
	bytes int
}

func (m *made) get(name string, make func() ([]byte, error)) ([]byte, error) {
	m.mu.Lock()
	defer m.mu.Unlock() // one is made at a time
	if packed := m.by[name]; packed != nil {
		return packed, nil
	}
	packed, err := make()
	if err != nil {
		return nil, err
	}
	if m.by == nil || m.bytes+len(packed) > madeInMemory {
		m.by, m.bytes = map[string][]byte{}, 0
	}
	m.by[name], m.bytes = packed, m.bytes+len(packed)
	return packed, nil
}

// answerStored answers a member's document as it is.
func (q *question) answerStored(d records.Document, contentType string) error {
	packed, err := q.reader.Documents(q.r.Context(), q.scope, []string{d.SHA256})
	if err != nil {
		return err
	}
	if packed[d.SHA256] == nil {
		return errForgotten(d)
	}
	return q.answerPacked(contentType, d.SHA256, packed[d.SHA256])
}

func errForgotten(d records.Document) error {
	return &access.Error{Code: "UNAVAILABLE", Message: d.Path + " is not here any more.", Fix: "The member's collector sends it when it connects again."}
}

// answerDocument answers a text that the hub wrote.
func (q *question) answerDocument(contentType string, text []byte) error {
	sum := sha256.Sum256(text)
	return q.answerPacked(contentType, hex.EncodeToString(sum[:]), pack(text))
}

// answerPacked answers a document, if the client does not have it, packed, if it takes that.
func (q *question) answerPacked(contentType, etag string, packed []byte) error {
	header := q.w.Header()
	etag = strconv.Quote(strings.ToUpper(etag))
	header.Set("ETag", etag)
	header.Add("Vary", "Accept-Encoding")
	if header.Get("Cache-Control") == "" {
		header.Set("Cache-Control", "no-cache, private")
	}
	if slices.Contains(q.r.Header.Values("If-None-Match"), etag) {
		q.w.WriteHeader(http.StatusNotModified)
		return nil
	}
	header.Set("Content-Type", contentType)
	if strings.Contains(q.r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		_, _ = q.w.Write(packed) // the reader may have left
		return nil
	}
	text, err := unpack(packed)
	if err != nil {
		return err
	}
	_, _ = q.w.Write(text)
	return nil
}
