package kube

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What documents are asked for as.
const (
	JSON = "application/json"
	// Aggregated is discovery in one document, in the newer of two forms that the API server has.
	Aggregated = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"
	// OpenAPIProtobuf is what kubectl before 1.27 explains kinds from.
	OpenAPIProtobuf = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
)

// documentWithin is how long one may take: OpenAPI of version 2 is made when somebody asks.
const documentWithin = time.Minute

// Document is what an API server says at a path that is about no object.
type Document struct {
	Body        []byte
	ContentType string
	ETag        string
}

// ErrTooLarge says that a document has more bytes than were wanted.
var ErrTooLarge = errors.New("the document is too large")

// Document reads one; nil when it is still the one of etag. location is a path, and may have parameters.
func (c *Client) Document(ctx context.Context, location, accept, etag string, most int64) (*Document, error) {
	ctx, cancel := context.WithTimeout(ctx, documentWithin)
	defer cancel()
	at, err := url.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", location, err)
	}
	u := c.probe.Get().AbsPath(at.Path).URL()
	u.RawQuery = at.RawQuery
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", location, err)
	}
	req.Header.Set("Accept", accept)
	req.Header.Set("User-Agent", c.userAgent)
	if etag != "" {
		req.Header.Set("If-None-Match", etag)
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, Explain(c.host, "read "+at.Path, err)
	}
	defer resp.Body.Close()
	switch {
	case resp.StatusCode == http.StatusNotModified && etag != "":
		return nil, nil
	case resp.StatusCode != http.StatusOK:
		return nil, apierrors.NewGenericServerResponse(resp.StatusCode, http.MethodGet, metav1.Unversioned.WithResource("").GroupResource(), at.Path, "", 0, true)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	switch {
	case err != nil:
		return nil, Explain(c.host, "read "+at.Path, err)
	case int64(len(body)) > most:
		return nil, ErrTooLarge
	}
	return &Document{Body: body, ContentType: resp.Header.Get("Content-Type"), ETag: resp.Header.Get("ETag")}, nil
}

// Absent says that the API server has no such document, or not in the form asked for.
func Absent(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status) && (status.Status().Code == http.StatusNotFound || status.Status().Code == http.StatusNotAcceptable)
}
