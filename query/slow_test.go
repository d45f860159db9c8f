package query_test

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/foretop/foretop/query"
)

// Nobody who has no token may hold on to connections.
func TestABodyThatDoesNotComeIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	hub := start(t)
	for _, path := range []string{"/login", "/graphql"} {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", strings.TrimPrefix(hub.URL, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			began := time.Now()
			fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{", path)
			if err := conn.SetReadDeadline(began.Add(15 * time.Second)); err != nil {
				t.Fatal(err)
			}
			in := bufio.NewReader(conn)
			resp, err := http.ReadResponse(in, nil)
			if err != nil {
				t.Fatalf("answers %v after %s", err, time.Since(began))
			}
			resp.Body.Close()
			if _, err := io.Copy(io.Discard, in); err != nil {
				t.Errorf("the connection stays open for %s", time.Since(began))
			}
		})
	}
}

func TestSocketsAreBounded(t *testing.T) {
	hub := start(t)
	refused := 0
	for range 260 {
		c, resp, err := dialSocket(t, hub.URL)
		if err != nil {
			if resp == nil || resp.StatusCode != http.StatusServiceUnavailable {
				t.Fatalf("answers %v, %v", resp, err)
			}
			refused++
			continue
		}
		defer c.CloseNow()
	}
	if refused != 4 {
		t.Errorf("%d of 260 are refused, want 4", refused)
	}
}

// deadlines is an answer whose connection is told until when it may be read.
type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// A deadline that passes while an answer is written would look as if the client had left: exports and watches end with that.
func TestOnlyABodyHasToArriveInTime(t *testing.T) {
	s, err := query.New(query.Deps{Reader: &manyObjects{}, Token: token, UI: fstest.MapFS{}, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	handler := s.Handler()
	get := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(get, httptest.NewRequest(http.MethodGet, "/healthz", nil))
	if len(get.set) > 0 {
		t.Errorf("a request without a body has deadlines %v", get.set)
	}
	post := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	handler.ServeHTTP(post, httptest.NewRequest(http.MethodPost, "/login", iotest.DataErrReader(strings.NewReader(`{"token":"x"}`))))
	if len(post.set) != 2 || post.set[0].IsZero() || !post.set[1].IsZero() {
		t.Errorf("a request with a body has deadlines %v, want one that is taken back", post.set)
	}
}
