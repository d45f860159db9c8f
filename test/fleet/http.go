package fleet

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
)

// HTTP is a client that speaks to a cluster's API server as its administrator, and the server's address. It is for
// load that kubectl is too slow for.
func (f *Fleet) HTTP(name string) (*http.Client, string, error) {
	c, err := f.cluster(name)
	if err != nil {
		return nil, "", err
	}
	client, err := c.client(f.dir)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", name, err)
	}
	return client, c.url(), nil
}

// client holds the administrator's certificate.
func (c *cluster) client(dir string) (*http.Client, error) {
	pair, err := tls.LoadX509KeyPair(c.pki(dir, "admin.crt"), c.pki(dir, "admin.key"))
	if err != nil {
		return nil, fmt.Errorf("read administrator's certificate: %w", err)
	}
	ca, err := os.ReadFile(c.pki(dir, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("read certificate authority: %w", err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.TLSClientConfig = &tls.Config{Certificates: []tls.Certificate{pair}, RootCAs: roots, MinVersion: tls.VersionTLS12}
	transport.MaxIdleConnsPerHost = 16
	transport.Proxy = nil // it is on this machine
	return &http.Client{Transport: transport}, nil
}
