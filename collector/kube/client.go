// Package kube reads one member's API server: what kinds it serves, what objects it holds and how they change.
//
// Invariant: it never holds more than a page of objects; a follower hands each object on before it reads the next.
package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"github.com/foretop/foretop/internal/access"
)

// Client is the connection to one API server.
type Client struct {
	Dynamic   dynamic.Interface
	Discovery discovery.DiscoveryInterface
	probe     rest.Interface
	http      *http.Client // of the probe
	userAgent string
	host      string
}

// UserAgent is how the collector introduces itself to API servers.
const UserAgent = "foretop-collector"

// NewClient connects lazily: it fails only when cfg makes no sense.
// The limits keep one collector below what an API server's fairness would hold against it (client-go's own
// default of 5 a second takes half a minute to start following fifty kinds).
func NewClient(cfg *rest.Config) (*Client, error) {
	c := rest.CopyConfig(cfg)
	c.QPS, c.Burst = 50, 100
	if c.UserAgent == "" {
		c.UserAgent = UserAgent
	}
	c.WarningHandler = rest.NoWarnings{} // deprecated versions are the members' business
	dyn, err := dynamic.NewForConfig(c)
	if err != nil {
		return nil, explainConfig(err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(c)
	if err != nil {
		return nil, explainConfig(err)
	}
	// The probe must not wait behind a hundred lists.
	p := rest.CopyConfig(c)
	p.QPS = -1
	p.RateLimiter = nil
	client, err := rest.HTTPClientFor(p)
	if err != nil {
		return nil, explainConfig(err)
	}
	probe, err := discovery.NewDiscoveryClientForConfigAndClient(p, client)
	if err != nil {
		return nil, explainConfig(err)
	}
	return &Client{Dynamic: dyn, Discovery: disco, probe: probe.RESTClient(), http: client, userAgent: c.UserAgent, host: cfg.Host}, nil
}

func explainConfig(err error) error {
	return &access.Error{Code: "INVALID", Message: fmt.Sprintf("The cluster's connection settings are not usable: %v.", err), Fix: "Check server, certificates and credentials of the kubeconfig context."}
}

// Identity is the UID of the kube-system namespace, which is the cluster's identity, and its version.
func (c *Client) Identity(ctx context.Context) (uid, kubernetesVersion string, err error) {
	version, err := c.Version(ctx)
	if err != nil {
		return "", "", err
	}
	raw, err := c.probe.Get().AbsPath("/api/v1/namespaces/kube-system").Do(ctx).Raw()
	if err != nil {
		return "", version, Explain(c.host, "read the namespace kube-system, whose UID identifies the cluster", err)
	}
	var ns metav1.PartialObjectMetadata
	if err := json.Unmarshal(raw, &ns); err != nil || ns.UID == "" {
		return "", version, &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("What answers at %s is not a Kubernetes API server.", c.host), Fix: "Check the address in the kubeconfig."}
	}
	return string(ns.UID), version, nil
}

// Version asks for the API server's version.
func (c *Client) Version(ctx context.Context) (string, error) {
	raw, err := c.probe.Get().AbsPath("/version").Do(ctx).Raw()
	if err != nil {
		return "", Explain(c.host, "read the version", err)
	}
	var v struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(raw, &v); err != nil || v.GitVersion == "" {
		return "", &access.Error{Code: "UNAVAILABLE", Message: fmt.Sprintf("What answers at %s is not a Kubernetes API server.", c.host), Fix: "Check the address in the kubeconfig."}
	}
	return v.GitVersion, nil
}

// Probe asks whether the API server is able to answer, and gives up after timeout.
func (c *Client) Probe(ctx context.Context, timeout time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err := c.probe.Get().AbsPath("/readyz").MaxRetries(0).Do(ctx).Error()
	if err == nil || answered(err) {
		return nil
	}
	return Explain(c.host, "ask whether it is ready", err)
}

// Served asks the API server itself whether it still serves a kind. Discovery alone is not trusted with that:
// it may be incomplete while a server starts, and objects are deleted on the answer.
func (c *Client) Served(ctx context.Context, gvr schema.GroupVersionResource) (bool, error) {
	_, err := c.Dynamic.Resource(gvr).List(ctx, metav1.ListOptions{Limit: 1})
	if NotServed(err) {
		return false, nil
	}
	return true, err
}
