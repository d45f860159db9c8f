package aggregator

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	authorityLife = 10 * 365 * 24 * time.Hour
	serverLife    = 365 * 24 * time.Hour
	// collectorLife is short, since a certificate is not taken back: the registry is asked on every stream.
	collectorLife = 24 * time.Hour
	// backdate forgives clocks that are behind.
	backdate = 5 * time.Minute
)

// Authority is the hub's own CA: collectors trust it alone, and it alone vouches for them. It lives in files that
// nobody but the hub's user can read.
type Authority struct {
	cert *x509.Certificate
	key  crypto.Signer

	mu      sync.Mutex
	servers map[string]*tls.Certificate // by the names they are for
}

// OpenAuthority reads the CA under dataDir/pki, or makes it the first time.
func OpenAuthority(dataDir string) (*Authority, error) {
	dir := filepath.Join(dataDir, "pki")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create folder of the hub's CA: %w", err)
	}
	path := filepath.Join(dir, "ca.pem")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if text, err = makeAuthority(dir, path); err != nil {
			return nil, fmt.Errorf("make the hub's CA: %w", err)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("read the hub's CA: %w", err)
	}
	pair, err := tls.X509KeyPair(text, text)
	if err != nil {
		return nil, fmt.Errorf("read the hub's CA %s: %w; removing the file makes a new one, which every collector has to join again", path, err)
	}
	key, ok := pair.PrivateKey.(crypto.Signer)
	if !ok || !pair.Leaf.IsCA {
		return nil, fmt.Errorf("read the hub's CA %s: it is not a CA", path)
	}
	return &Authority{cert: pair.Leaf, key: key, servers: map[string]*tls.Certificate{}}, nil
}

// makeAuthority writes certificate and key into one file, by a rename, so that there is never half of it.
func makeAuthority(dir, path string) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial(), Subject: pkix.Name{CommonName: "Foretop hub"},
		NotBefore: now.Add(-backdate), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	text := slices.Concat(encodeCertificate(der), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	f, err := os.CreateTemp(dir, "ca-*") // 0600
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return nil, err
	}
	// Link refuses what exists: of two hubs that start at once in one folder, one makes the CA.
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	return os.ReadFile(path)
}

func encodeCertificate(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func serial() *big.Int {
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic(err) // crypto/rand does not fail
	}
	return n
}

// Pin is what a collector recognises the hub by the first time: sha256: and the SHA-256 of the CA's public key.
func (a *Authority) Pin() string {
	sum := sha256.Sum256(a.cert.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// PEM is the CA's certificate.
func (a *Authority) PEM() []byte { return encodeCertificate(a.cert.Raw) }

func (a *Authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// serverCertificate is the hub's own, made anew at each start and before it ends. Its chain shows the CA, for
// collectors that know only its pin.
func (a *Authority) serverCertificate(names []string) (*tls.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	served := strings.Join(names, " ")
	if c := a.servers[served]; c != nil && time.Until(c.Leaf.NotAfter) > serverLife/12 {
		return c, nil
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "foretop:hub"}, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	for _, name := range names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	der, err := a.issue(template, key.Public(), serverLife)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	c := &tls.Certificate{Certificate: [][]byte{der, a.cert.Raw}, PrivateKey: key, Leaf: leaf}
	a.servers[served] = c
	return c, nil
}

// ServerTLS is how the hub proves itself to people's programs on address, and by further names.
func (a *Authority) ServerTLS(address string, names ...string) *tls.Config {
	names = serverNames(GateConfig{Address: address, Names: names})
	return &tls.Config{
		MinVersion: tls.VersionTLS12,
		NextProtos: []string{"h2", "http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			return a.serverCertificate(names)
		},
	}
}

func (a *Authority) issue(template *x509.Certificate, public crypto.PublicKey, life time.Duration) ([]byte, error) {
	now := time.Now()
	template.SerialNumber = serial()
	template.NotBefore, template.NotAfter = now.Add(-backdate), now.Add(life)
	template.KeyUsage = x509.KeyUsageDigitalSignature
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, public, a.key)
	if err != nil {
		return nil, fmt.Errorf("issue certificate: %w", err)
	}
	return der, nil
}

// identityPrefix and the cluster's UID make the URI that a collector's certificate names it by.
const identityPrefix = "spiffe://foretop/cluster/"

// collectorCertificate issues a certificate for a cluster. Of the request it takes the public key and nothing
// else: what a collector is, the hub says.
func (a *Authority) collectorCertificate(csrDER []byte, clusterUID string) ([]byte, error) {
	csr, err := x509.ParseCertificateRequest(csrDER)
	if err == nil {
		err = csr.CheckSignature()
	}
	if err != nil {
		return nil, fmt.Errorf("the certificate request cannot be read: %w", err)
	}
	switch csr.PublicKey.(type) {
	case *ecdsa.PublicKey, ed25519.PublicKey:
	default:
		return nil, errors.New("the certificate request's key is neither ECDSA nor Ed25519")
	}
	id, err := url.Parse(identityPrefix + url.PathEscape(clusterUID))
	if err != nil {
		return nil, err
	}
	der, err := a.issue(&x509.Certificate{
		Subject: pkix.Name{CommonName: "foretop:collector:" + clusterUID}, URIs: []*url.URL{id},
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth},
	}, csr.PublicKey, collectorLife)
	if err != nil {
		return nil, err
	}
	return encodeCertificate(der), nil
}

// clusterOf is the cluster that a verified certificate names.
func clusterOf(c *x509.Certificate) (uid string, ok bool) {
	if len(c.URIs) != 1 {
		return "", false
	}
	u := c.URIs[0]
	if u.Scheme != "spiffe" || u.Host != "foretop" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
		return "", false
	}
	const path = "/cluster/"
	if len(u.Path) <= len(path) || u.Path[:len(path)] != path {
		return "", false
	}
	return u.Path[len(path):], true
}
