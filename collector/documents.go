package collector

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/foretop/foretop/collector/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const (
	// documentMost is how large a document may be: the largest of Kubernetes' own has 2.3 MB. The hub has the same.
	documentMost = 32 << 20
	// documentPackedMost is how large one may be on its way, so that a batch with it is below what the hub takes.
	documentPackedMost = 3 << 20
	// lookAgainAfter is when documents are read once more after they changed: OpenAPI follows a definition in its own time.
	lookAgainAfter = 5 * time.Second
	// rereadAfter is when the documents of an API server that does not say whether they changed are read again.
	rereadAfter = 10 * time.Minute
)

// documentKey is where a document is and in which form.
type documentKey struct{ path, accept string }

// document is what is remembered of one.
type document struct {
	etag        string // or the location of OpenAPI of version 3, which has its hash; "" is to be read again
	contentType string
	sha256      string
	reason      string // why it is not sent
}

// documents sends what the API server says of itself, discovery and OpenAPI, when it changes. The content goes only when
// the hub does not have it from anybody.
type documents struct {
	*run
	has      map[string]bool // contents that the hub has
	sent     string          // the list sent last
	failed   bool            // of this look: something did not answer and is to be read again
	reread   time.Time       // when documents were read last that nothing announces
	openAPI2 time.Time
}

func newDocuments(r *run) *documents {
	d := &documents{run: r, has: map[string]bool{}}
	for _, sum := range r.welcome.GetDocuments().GetSha256() {
		d.has[string(sum)] = true
	}
	for _, known := range d.documents {
		if known.sha256 != "" && !d.has[known.sha256] { // the hub is another one, or has forgotten it
			clear(d.documents)
			break
		}
	}
	return d
}

// follow looks whenever the kinds were looked at, until ctx ends. What cannot be read is tried again with the next look:
// it does not end the stream.
func (d *documents) follow(ctx context.Context, looked <-chan struct{}) error {
	if d.welcome.GetDocuments() == nil { // an older hub
		return nil
	}
	again := time.NewTimer(0)
	again.Stop()
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-looked:
		case <-again.C:
		}
		changed, err := d.look(ctx)
		if err != nil {
			return err
		}
		if changed {
			again.Reset(lookAgainAfter)
		}
	}
}

// look reads what changed and sends it: which kinds there are first, since OpenAPI takes an API server its time. An error is
// of the stream.
func (d *documents) look(ctx context.Context) (changed bool, err error) {
	d.failed = false
	there := map[documentKey]bool{} // all that the API server has
	if err := d.discovery(ctx, there); err != nil {
		return false, err
	}
	if d.sent != "" { // at first the hub has the list that a stream before sent, which is better than half of one
		if changed, err = d.tell(ctx); err != nil {
			return false, err
		}
	}
	if err := d.openAPI(ctx, there); err != nil {
		return false, err
	}
	for key := range d.documents {
		if !there[key] && !d.failed {
			delete(d.documents, key)
		}
	}
	more, err := d.tell(ctx)
	return changed || more, err
}

// tell sends the list of what there is, if it is not the one that was sent last.
func (d *documents) tell(ctx context.Context) (changed bool, err error) {
	list := &ingestpb.Documents{}
	for key, known := range d.documents {
		list.Documents = append(list.Documents, &ingestpb.DocumentPath{Path: key.path, ContentType: known.contentType, Sha256: []byte(known.sha256), Reason: known.reason})
	}
	slices.SortFunc(list.Documents, func(a, b *ingestpb.DocumentPath) int {
		return cmp.Or(strings.Compare(a.Path, b.Path), strings.Compare(a.ContentType, b.ContentType))
	})
	said := &strings.Builder{}
	for _, p := range list.Documents {
		fmt.Fprintf(said, "%s %s %x %s\n", p.Path, p.ContentType, p.Sha256, p.Reason)
	}
	if len(list.Documents) == 0 || said.String() == d.sent {
		return false, nil
	}
	d.sent = said.String()
	return true, d.putPatiently(ctx, &ingestpb.Record{Body: &ingestpb.Record_Documents{Documents: list}})
}

// discovery reads which kinds there are: in one document, where the API server has that, and in one for each version.
func (d *documents) discovery(ctx context.Context, there map[documentKey]bool) error {
	changed, tells := false, true
	for _, path := range []string{"/api", "/apis"} {
		_, differs, err := d.read(ctx, path, path, kube.Aggregated, there)
		if err != nil {
			return err
		}
		key := documentKey{path, kube.Aggregated}
		if known := d.documents[key]; known != nil && !strings.Contains(known.contentType, "apidiscovery.k8s.io") { // an older API server answers what it has
			delete(d.documents, key)
			delete(there, key)
		}
		known := d.documents[key]
		changed, tells = changed || differs, tells && known != nil && known.etag != ""
	}
	_, whole := d.documents[documentKey{"/apis", kube.JSON}]
	if !changed && whole && (tells || time.Since(d.reread) < rereadAfter) {
		for key := range d.documents {
			if key.accept == kube.JSON && !strings.HasPrefix(key.path, "/openapi/") {
				there[key] = true
			}
		}
		return nil
	}
	for key, known := range d.documents {
		if key.accept == kube.JSON && !strings.HasPrefix(key.path, "/openapi/") {
			known.etag = ""
		}
	}
	paths := []string{"/version"}
	body, _, err := d.read(ctx, "/api", "/api", kube.JSON, there)
	if err != nil {
		return err
	}
	var core metav1.APIVersions
	if body != nil && json.Unmarshal(body, &core) == nil {
		for _, v := range core.Versions {
			paths = append(paths, "/api/"+v)
		}
	}
	if body, _, err = d.read(ctx, "/apis", "/apis", kube.JSON, there); err != nil {
		return err
	}
	var groups metav1.APIGroupList
	if body != nil && json.Unmarshal(body, &groups) == nil {
		for _, g := range groups.Groups {
			for _, v := range g.Versions {
				paths = append(paths, "/apis/"+v.GroupVersion)
			}
		}
	}
	for _, path := range paths {
		if _, _, err := d.read(ctx, path, path, kube.JSON, there); err != nil {
			return err
		}
	}
	if d.reread = time.Now(); d.failed { // all of it again
		for _, path := range []string{"/api", "/apis"} {
			if known := d.documents[documentKey{path, kube.Aggregated}]; known != nil {
				known.etag = ""
			}
		}
	}
	return nil
}

// openAPI reads what the kinds are made of.
func (d *documents) openAPI(ctx context.Context, there map[documentKey]bool) error {
	var index struct {
		Paths map[string]struct {
			ServerRelativeURL string `json:"serverRelativeURL"`
		} `json:"paths"`
	}
	got, err := d.client.Document(ctx, "/openapi/v3", kube.JSON, "", documentMost)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case kube.Absent(err):
	case err == nil:
		err = json.Unmarshal(got.Body, &index)
	}
	if err != nil && !kube.Absent(err) {
		d.fail("/openapi/v3", err)
		return nil
	}
	changed := false
	for path, at := range index.Paths {
		key := documentKey{"/openapi/v3/" + path, kube.JSON}
		if known := d.documents[key]; known != nil && known.etag == at.ServerRelativeURL {
			there[key] = true
			continue
		}
		changed = true
		if _, _, err := d.read(ctx, key.path, at.ServerRelativeURL, kube.JSON, there); err != nil {
			return err
		}
		if known := d.documents[key]; known != nil && there[key] {
			known.etag = at.ServerRelativeURL
		}
	}
	forms := []string{kube.JSON, kube.OpenAPIProtobuf}
	due := len(index.Paths) == 0
	for _, form := range forms {
		known := d.documents[documentKey{"/openapi/v2", form}]
		if changed && known != nil {
			known.etag = "" // until it is read, which may be later
		}
		due = due || known == nil || known.etag == ""
	}
	if !due || time.Since(d.openAPI2) < d.cfg.OpenAPI2Every {
		for _, form := range forms {
			there[documentKey{"/openapi/v2", form}] = true
		}
		return nil
	}
	d.openAPI2 = time.Now()
	for _, form := range forms {
		if _, _, err := d.read(ctx, "/openapi/v2", "/openapi/v2", form, there); err != nil {
			return err
		}
	}
	return nil
}

// read reads one document, unless it is the one that was read before, and sends what the hub does not have. body is nil
// when there is nothing new. An error is of the stream.
func (d *documents) read(ctx context.Context, path, location, accept string, there map[documentKey]bool) (body []byte, changed bool, err error) {
	key := documentKey{path, accept}
	before := d.documents[key]
	etag := ""
	if before != nil && location == path {
		etag = before.etag
	}
	got, err := d.client.Document(ctx, location, accept, etag, documentMost)
	now := &document{contentType: accept}
	switch {
	case ctx.Err() != nil:
		return nil, false, ctx.Err()
	case errors.Is(err, kube.ErrTooLarge):
		now.reason = fmt.Sprintf("It has more than %d bytes, which is too many to be sent.", documentMost)
	case kube.Absent(err):
		return nil, false, nil
	case err != nil:
		d.fail(path, err)
		return nil, false, nil
	case got == nil:
		there[key] = true
		return nil, false, nil
	default:
		sum := sha256.Sum256(got.Body)
		body, now.etag, now.sha256 = got.Body, got.ETag, string(sum[:])
		if accept == kube.Aggregated {
			now.contentType = got.ContentType
		}
	}
	if now.sha256 != "" && !d.has[now.sha256] {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(body) // a Buffer takes everything
		_ = w.Close()
		if packed.Len() > documentPackedMost {
			now.reason, now.sha256 = fmt.Sprintf("Packed, it has %d bytes, and no more than %d are sent.", packed.Len(), documentPackedMost), ""
		} else {
			content := &ingestpb.Document{Sha256: []byte(now.sha256), Gzip: packed.Bytes()}
			if err := d.putPatiently(ctx, &ingestpb.Record{Body: &ingestpb.Record_Document{Document: content}}); err != nil {
				return nil, false, err
			}
			d.has[now.sha256] = true
		}
	}
	changed = before == nil || before.sha256 != now.sha256 || before.contentType != now.contentType
	if now.reason != "" && (before == nil || before.reason != now.reason) {
		d.counters.documentsLeftOut.Inc()
		d.log.Warn("document of the API server is not sent", "path", path, "reason", now.reason)
	}
	d.documents[key], there[key] = now, true
	return body, changed, nil
}

// fail notes that a document could not be read now.
func (d *documents) fail(path string, err error) {
	d.failed = true
	d.log.Debug("document of the API server cannot be read, trying again with the next look", "path", path, "err", err)
}
