package kube

import (
	"context"
	"encoding/pem"
	"io"
	stdlog "log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/collector/kube/kubetest"
	"github.com/foretop/foretop/internal/access"
)

func TestIdentity(t *testing.T) {
	f := func(cfg *rest.Config, code, want string) {
		t.Helper()
		c, err := NewClient(cfg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
		defer cancel()
		uid, version, err := c.Identity(ctx)
		if access.Code(err) != code || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("got %q, %q, %v (%s); want %s %q", uid, version, err, access.Code(err), code, want)
		}
		if err == nil && uid+" "+version != want {
			t.Errorf("got %q, %q; want %q", uid, version, want)
		}
	}
	s := kubetest.New(t)
	f(s.Config(), "", "cluster-TestIdentity v1.36.3")
	s.Fail(func(*http.Request) *kubetest.Failure { return &kubetest.Failure{Code: 401, Reason: "Unauthorized"} })
	f(s.Config(), "UNAUTHENTICATED", "does not accept the collector's credentials. Renew the token or the client certificate.")
	s.Fail(func(r *http.Request) *kubetest.Failure {
		if strings.Contains(r.URL.Path, "kube-system") {
			return &kubetest.Failure{Code: 403, Reason: "Forbidden"}
		}
		return nil
	})
	f(s.Config(), "FORBIDDEN", "The collector may not read the namespace kube-system, whose UID identifies the cluster. Grant it")
	s.Fail(func(*http.Request) *kubetest.Failure { return &kubetest.Failure{Hang: true} })
	f(s.Config(), "UNAVAILABLE", "does not answer in time")

	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	f(&rest.Config{Host: "http://" + l.Addr().String()}, "UNAVAILABLE", "cannot be reached: connect: connection refused. Check that it runs")
	f(&rest.Config{Host: "http://no-such-host.invalid"}, "UNAVAILABLE", "http://no-such-host.invalid")

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>hello</html>")) }))
	t.Cleanup(page.Close)
	f(&rest.Config{Host: page.URL}, "UNAVAILABLE", "is not a Kubernetes API server")

	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = stdlog.New(io.Discard, "", 0) // handshakes that fail are the point
	secure.StartTLS()
	t.Cleanup(secure.Close)
	f(&rest.Config{Host: secure.URL}, "BAD_CERTIFICATE", "shows a certificate of an unknown authority. Put its CA into certificate-authority-data")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	f(&rest.Config{Host: secure.URL, TLSClientConfig: rest.TLSClientConfig{CAData: ca, ServerName: "other.invalid"}}, "BAD_CERTIFICATE", "certificate is not for")
}
