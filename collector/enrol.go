package collector

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/schemas/ingestpb"
)

const newToken = "Make a new token at the hub for this cluster, and start the collector with it."

// identity is the key and certificate that the hub knows this collector by, and the hub's CA.
type identity struct {
	mu   sync.RWMutex
	cert *tls.Certificate // Leaf is set
	cas  []*x509.Certificate
}

func (i *identity) certificate() *tls.Certificate {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.cert
}

func (i *identity) authorities() []*x509.Certificate {
	i.mu.RLock()
	defer i.mu.RUnlock()
	return i.cas
}

func (i *identity) replace(by *identity) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.cert, i.cas = by.cert, by.cas
}

func (i *identity) notAfter() time.Time { return i.certificate().Leaf.NotAfter }

func (i *identity) expired(now time.Time) bool { return now.After(i.notAfter()) }

// due says that half of the certificate's life is over.
func (i *identity) due(now time.Time) bool {
	leaf := i.certificate().Leaf
	return now.After(leaf.NotBefore.Add(leaf.NotAfter.Sub(leaf.NotBefore) / 2))
}

// identityFile holds key, certificate and CA in one file, so that they change in one step.
const identityFile = "hub-identity.pem"

// loadIdentity returns nil when there is none yet.
func loadIdentity(dataDir string) (*identity, error) {
	path := filepath.Join(dataDir, identityFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read collector identity: %w", err)
	}
	id, err := parseIdentity(data)
	if err != nil {
		return nil, fmt.Errorf("collector identity %s cannot be read: %w; remove it and enrol again with a new token", path, err)
	}
	return id, nil
}

func parseIdentity(data []byte) (*identity, error) {
	var key crypto.PrivateKey
	var certs []*x509.Certificate
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		var err error
		switch block.Type {
		case "PRIVATE KEY":
			key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
		case "CERTIFICATE":
			var c *x509.Certificate
			c, err = x509.ParseCertificate(block.Bytes)
			certs = append(certs, c)
		default:
			err = fmt.Errorf("unknown block %s", block.Type)
		}
		if err != nil {
			return nil, err
		}
	}
	signer, ok := key.(*ecdsa.PrivateKey)
	if !ok || len(certs) < 2 {
		return nil, errors.New("want a key, a certificate and the hub's CA")
	}
	if pub, ok := certs[0].PublicKey.(*ecdsa.PublicKey); !ok || !pub.Equal(signer.Public()) {
		return nil, errors.New("the certificate is for another key")
	}
	id := &identity{cert: &tls.Certificate{Certificate: [][]byte{certs[0].Raw}, PrivateKey: signer, Leaf: certs[0]}}
	for _, c := range certs[1:] {
		if !c.IsCA {
			return nil, errors.New("the hub's CA is not one")
		}
		id.cas = append(id.cas, c)
	}
	return id, nil
}

// issued makes an identity of what the hub issued for key, and stores it.
func (h *Hub) issued(key *ecdsa.PrivateKey, r *ingestpb.EnrolResponse) (*identity, error) {
	leaf, _ := pem.Decode(r.CertificatePem)
	if leaf == nil {
		return nil, errors.New("the hub issued no certificate")
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode key: %w", err)
	}
	data := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
	data = append(data, pem.EncodeToMemory(leaf)...)
	data = append(data, r.CaPem...)
	id, err := parseIdentity(data)
	if err != nil {
		return nil, fmt.Errorf("what the hub issued cannot be used: %w", err)
	}
	if err := os.MkdirAll(h.cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("create %s: %w", h.cfg.DataDir, err)
	}
	if err := writeFile(filepath.Join(h.cfg.DataDir, identityFile), data); err != nil {
		return nil, fmt.Errorf("write collector identity: %w", err)
	}
	return id, nil
}

func newKey() (*ecdsa.PrivateKey, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, nil, fmt.Errorf("make key: %w", err)
	}
	// The hub takes nothing from it but the public key.
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	if err != nil {
		return nil, nil, fmt.Errorf("make certificate request: %w", err)
	}
	return key, csr, nil
}

// enrol turns the token into an identity. It waits for a hub that cannot be reached; what the hub refuses is final.
func (h *Hub) enrol(ctx context.Context) (*identity, error) {
	if h.cfg.Token == "" {
		return nil, &access.Error{Code: "UNAUTHENTICATED", Message: "This collector is not enrolled yet.", Fix: newToken}
	}
	cas, pin, err := h.trust()
	if err != nil {
		return nil, err
	}
	// gRPC reports what verification found as one more reason for being unavailable; it is not one to wait for.
	var mu sync.Mutex
	var distrust error
	conn, err := h.connect(&tls.Config{VerifyConnection: func(s tls.ConnectionState) error {
		err := verifyHub(s, cas, pin)
		mu.Lock()
		defer mu.Unlock()
		distrust = err
		return err
	}})
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	key, csr, err := newKey()
	if err != nil {
		return nil, err
	}
	var wait retryDelay
	for {
		ask, cancel := context.WithTimeout(ctx, 20*time.Second)
		r, err := ingestpb.NewEnrolmentClient(conn).Enrol(ask, &ingestpb.EnrolRequest{
			Token: h.cfg.Token, CsrDer: csr, ClusterUid: h.cfg.ClusterUID, KubernetesVersion: h.cfg.KubernetesVersion,
		})
		cancel()
		if err == nil {
			h.tokenTried.Store(true)
			h.log.Info("enrolled at the hub", "cluster", r.ClusterName)
			return h.issued(key, r)
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		mu.Lock()
		refused := distrust
		mu.Unlock()
		if refused != nil {
			return nil, refused
		}
		st, _ := status.FromError(err)
		switch st.Code() {
		case codes.Unavailable, codes.DeadlineExceeded, codes.ResourceExhausted, codes.Aborted:
		default:
			h.tokenTried.Store(true)
			return nil, refusal("The hub refused to enrol this collector: ", st.Message())
		}
		d := wait.next()
		h.log.Warn("hub cannot be reached to enrol, trying again", "err", fmt.Sprintf("the hub at %s cannot be reached%s", h.cfg.Hub, reason(st.Message())), "retry_in", d.String())
		sleep(ctx, d)
	}
}

// renew gets a new certificate for a new key, over the connection that the old one is good for.
func (h *Hub) renew(ctx context.Context) error {
	key, csr, err := newKey()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	r, err := ingestpb.NewEnrolmentClient(h.conn).Renew(ctx, &ingestpb.RenewRequest{CsrDer: csr})
	if err != nil {
		return h.explain(err)
	}
	id, err := h.issued(key, r)
	if err != nil {
		return err
	}
	h.identity.replace(id)
	h.log.Info("certificate renewed", "not_after", id.notAfter().UTC().Format(time.RFC3339))
	return nil
}

// keepRenewed renews at half of each certificate's life, a tenth of it by chance, until ctx ends.
func (h *Hub) keepRenewed(ctx context.Context) {
	var wait retryDelay
	for {
		leaf := h.identity.certificate().Leaf
		life := leaf.NotAfter.Sub(leaf.NotBefore)
		sleep(ctx, time.Until(leaf.NotBefore.Add(life/2+mathrand.N(life/10+1))))
		if ctx.Err() != nil {
			return
		}
		if err := h.renew(ctx); err != nil {
			if ctx.Err() != nil {
				return
			}
			d := max(wait.next(), min(life/100, 10*time.Minute))
			h.log.Warn("certificate not renewed, trying again", "err", err, "not_after", leaf.NotAfter.UTC().Format(time.RFC3339), "retry_in", d.String())
			sleep(ctx, d)
			continue
		}
		wait = retryDelay{}
	}
}

// trust is what the hub is recognized by the first time.
func (h *Hub) trust() (cas []*x509.Certificate, pin string, err error) {
	switch {
	case h.cfg.CAFile != "":
		data, err := os.ReadFile(h.cfg.CAFile)
		if err != nil {
			return nil, "", fmt.Errorf("read the hub's CA: %w", err)
		}
		for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
			c, err := x509.ParseCertificate(block.Bytes)
			if block.Type != "CERTIFICATE" || err != nil {
				return nil, "", fmt.Errorf("the hub's CA file %s holds something that is not a certificate", h.cfg.CAFile)
			}
			cas = append(cas, c)
		}
		if len(cas) == 0 {
			return nil, "", fmt.Errorf("the hub's CA file %s holds no certificate", h.cfg.CAFile)
		}
		return cas, "", nil
	case h.cfg.CAPin != "":
		pin, err := parsePin(h.cfg.CAPin)
		return nil, pin, err
	default:
		return nil, "", &access.Error{Code: "INVALID", Message: "The collector does not know how to recognize the hub.", Fix: "Give the hub's CA file, or the pin that the hub prints with the token."}
	}
}

// parsePin reads sha256:HEX and sha256:BASE64 and returns hex.
func parsePin(s string) (string, error) {
	v := strings.TrimPrefix(s, "sha256:")
	if b, err := hex.DecodeString(v); err == nil && len(b) == sha256.Size {
		return hex.EncodeToString(b), nil
	}
	for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
		if b, err := enc.DecodeString(v); err == nil && len(b) == sha256.Size {
			return hex.EncodeToString(b), nil
		}
	}
	return "", &access.Error{Code: "INVALID", Message: fmt.Sprintf("%q is not the pin of a CA.", s), Fix: "Copy it as the hub prints it: sha256: and 64 hexadecimal digits."}
}

// PinOf is the pin of a CA: the SHA-256 of its public key.
func PinOf(ca *x509.Certificate) string {
	sum := sha256.Sum256(ca.RawSubjectPublicKeyInfo)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// verifyHub accepts a server certificate that one of cas has issued, or the CA with the pinned key, which the
// server must show then.
func verifyHub(s tls.ConnectionState, cas []*x509.Certificate, pin string) error {
	wrong := &access.Error{Code: "BAD_CERTIFICATE", Message: "What answers at the hub's address is not this hub: its certificate is from another CA.", Fix: "Check the address, and the CA file or pin that the hub printed with the token."}
	if len(s.PeerCertificates) == 0 {
		return wrong
	}
	if pin != "" {
		for _, c := range s.PeerCertificates[1:] {
			if c.IsCA && subtle.ConstantTimeCompare([]byte(PinOf(c)), []byte("sha256:"+pin)) == 1 {
				cas = []*x509.Certificate{c}
			}
		}
	}
	roots := x509.NewCertPool()
	for _, c := range cas {
		roots.AddCert(c)
	}
	_, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	var invalid x509.CertificateInvalidError
	if errors.As(err, &invalid) && invalid.Reason == x509.Expired {
		return &access.Error{Code: "BAD_CERTIFICATE", Message: "The hub's certificate is not valid now.", Fix: "Correct the clocks, or renew it by restarting the hub."}
	}
	if err != nil {
		return wrong
	}
	return nil
}

// refusal is a refusal in the hub's words, with the remedy unless the hub names one.
func refusal(intro, said string) error {
	e := &access.Error{Code: "UNAUTHENTICATED", Message: intro + sentence(said), Fix: newToken}
	if strings.Contains(said, "foretop ") { // a command to run
		e.Fix = ""
	}
	return e
}

// sentence ends s as one, for what the hub says to people.
func sentence(s string) string {
	if s == "" {
		return "it gives no reason."
	}
	return strings.TrimRight(s, ". ") + "."
}

// reason finds what lies under gRPC's layers of a connection that was not made.
func reason(s string) string {
	s = strings.Trim(s, `"`)
	if i := strings.LastIndex(s, "desc = "); i >= 0 {
		s = strings.Trim(s[i+len("desc = "):], `"`)
	}
	if s == "" {
		return ""
	}
	return ": " + strings.TrimRight(s, ". ")
}
