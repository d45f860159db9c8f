package query_test

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/foretop/foretop/aggregator"
	"github.com/foretop/foretop/query"
)

func TestOneAddressAnswersWithAndWithoutTLS(t *testing.T) {
	ca, err := aggregator.OpenAuthority(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS != nil {
			_, _ = io.WriteString(w, "tls "+r.Proto)
			return
		}
		_, _ = io.WriteString(w, "plain")
	})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(query.Either(l, ca.ServerTLS(address))) }()
	defer func() {
		server.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Errorf("serving ends with %v", err)
		}
	}()
	silent, err := net.Dial("tcp", address) // says nothing, and holds nobody up
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()

	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca.PEM())
	for url, want := range map[string]string{"http://" + address: "plain", "https://" + address: "tls HTTP/2.0"} {
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
		resp, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil || string(body) != want {
			t.Errorf("%s answers %q, %v; want %q", url, body, err, want)
		}
	}
}
