package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/foretop/foretop/collector"
)

// kubeconfigFlags are those of 'foretop kubeconfig'.
type kubeconfigFlags struct {
	conn           hubFlags
	write, current bool
	name, caPin    string
}

func kubeconfigCommand() *cobra.Command {
	var f kubeconfigFlags
	cmd := &cobra.Command{
		Use:   "kubeconfig [--write [FILE]]",
		Short: "Let kubectl, k9s and programs read the hub as they read a cluster",
		Long: `Print a kubeconfig with a context for the fleet, foretop, and one for each cluster, foretop-CLUSTER. In the context
foretop.qualified names of the fleet tell the cluster, zone1:app2: for k9s, and programs that know objects by their name alone.
With --write they are merged into your kubeconfig, or into FILE, as kubectl config does it: other entries stay as they
are, and contexts of clusters that left the fleet go. The file holds your token: it is readable by you alone.`,
		Example: `  foretop kubeconfig --write
  kubectl --context foretop get pods -A
  kubectl --context foretop-zone1 describe deployment app2 -n shop
  k9s --context foretop.qualified
  foretop kubeconfig > fleet.yaml`,
		Args: atMost(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 && !f.write {
				return usageError{fmt.Errorf("%s is written with --write: foretop kubeconfig --write %s", args[0], args[0])}
			}
			if f.current && !f.write {
				return usageError{errors.New("--current is for --write: what is printed has the fleet as its current context")}
			}
			return f.run(cmd, args)
		},
	}
	f.conn.register(cmd.Flags())
	cmd.Flags().BoolVar(&f.write, "write", false, "merge into FILE, default $KUBECONFIG or ~/.kube/config")
	cmd.Flags().BoolVar(&f.current, "current", false, "make the fleet the current context")
	cmd.Flags().StringVar(&f.name, "name", "foretop", "name of the fleet's context, and what those of clusters begin with; for a second hub")
	cmd.Flags().StringVar(&f.caPin, "ca-pin", "", "the hub's CA as the hub prints it, sha256:...; default: of a hub on this machine as its folder has it, else as it shows itself")
	return cmd
}

func (f *kubeconfigFlags) run(cmd *cobra.Command, args []string) error {
	h, err := f.conn.open()
	if err != nil {
		return err
	}
	var answer struct{ Clusters []struct{ Name string } }
	if err := h.ask(cmd.Context(), `{clusters{name}}`, nil, &answer); err != nil {
		return err
	}
	server, err := f.server(cmd.Context(), h, cmd.ErrOrStderr())
	if err != nil {
		return err
	}
	names := make([]string, len(answer.Clusters))
	for i, c := range answer.Clusters {
		names[i] = c.Name
	}
	if !f.write {
		c := api.NewConfig()
		if err := f.merge(c, server, h.token, names); err != nil {
			return err
		}
		c.CurrentContext = f.name
		text, err := clientcmd.Write(*c)
		if err == nil {
			_, err = cmd.OutOrStdout().Write(text)
		}
		return err
	}
	paths := clientcmd.NewDefaultPathOptions()
	file := paths.GetDefaultFilename()
	if len(args) > 0 {
		if file, err = filepath.Abs(args[0]); err != nil {
			return err
		}
		paths.LoadingRules.ExplicitPath = file
	}
	c, err := paths.GetStartingConfig()
	if err != nil {
		return fmt.Errorf("read kubeconfig: %w", err)
	}
	if err := f.merge(c, server, h.token, names); err != nil {
		return err
	}
	if f.current || c.CurrentContext == "" || c.Contexts[c.CurrentContext] == nil {
		c.CurrentContext = f.name
	}
	if err := clientcmd.ModifyConfig(paths, *c, false); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	fmt.Fprintf(cmd.ErrOrStderr(), "%s has context %s for the fleet, %s.qualified for k9s, and %s-CLUSTER for %d %s. Try: kubectl --context %s get pods -A\n",
		file, f.name, f.name, f.name, len(names), plural(len(names), "cluster", "clusters"), f.name)
	return nil
}

// merge puts the hub's contexts into c and takes out those of clusters that left. Entries of these names that are not of a
// hub belong to somebody else.
func (f *kubeconfigFlags) merge(c *api.Config, server *api.Cluster, token string, clusters []string) error {
	wanted := map[string]string{f.name: "/kube", f.name + ".qualified": "/kube/qualified"} // no cluster's: those have a hyphen
	for _, name := range clusters {
		wanted[f.name+"-"+name] = "/kube/clusters/" + url.PathEscape(name)
	}
	for name, path := range wanted {
		if old := c.Clusters[name]; old != nil && !strings.HasSuffix(old.Server, path) {
			return &exitError{exitRefused, fmt.Errorf("the kubeconfig has a cluster %s that is not of a hub (%s): choose another name with --name", name, old.Server)}
		}
		if old := c.Contexts[name]; old != nil && old.Cluster != name {
			return &exitError{exitRefused, fmt.Errorf("the kubeconfig has a context %s of cluster %s: choose another name with --name", name, old.Cluster)}
		}
	}
	for name, old := range c.Clusters {
		cluster, ours := strings.CutPrefix(name, f.name+"-")
		if ours && wanted[name] == "" && strings.HasSuffix(old.Server, "/kube/clusters/"+url.PathEscape(cluster)) {
			delete(c.Clusters, name)
			delete(c.Contexts, name)
		}
	}
	for name, path := range wanted {
		one := *server
		one.Server += path
		if old := c.Clusters[name]; old != nil {
			one.LocationOfOrigin = old.LocationOfOrigin
		}
		c.Clusters[name] = &one
		context := c.Contexts[name]
		if context == nil {
			context = api.NewContext()
			c.Contexts[name] = context
		}
		context.Cluster, context.AuthInfo = name, f.name // the namespace that somebody chose stays
	}
	user := c.AuthInfos[f.name]
	if user == nil || user.Token != token {
		origin := ""
		if user != nil {
			origin = user.LocationOfOrigin
		}
		user = &api.AuthInfo{Token: token, LocationOfOrigin: origin}
	}
	c.AuthInfos[f.name] = user
	return nil
}

// server is how kubectl reaches the hub: over TLS, without which it keeps the token to itself.
func (f *kubeconfigFlags) server(ctx context.Context, h *hub, told io.Writer) (*api.Cluster, error) {
	u, err := url.Parse(h.url)
	if err != nil {
		return nil, usageError{err}
	}
	server := &api.Cluster{Server: "https://" + u.Host + strings.TrimRight(u.Path, "/")}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), map[string]string{"http": "80", "https": "443"}[u.Scheme])
		if u.Scheme == "http" {
			server.Server = "https://" + address + strings.TrimRight(u.Path, "/")
		}
	}
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, ServerName: u.Hostname()}} // judged below
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("the hub at %s does not answer TLS, which kubectl needs: %w", address, err)
	}
	defer conn.Close()
	chain := conn.(*tls.Conn).ConnectionState().PeerCertificates
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	if f.caPin == "" {
		if _, err := chain[0].Verify(x509.VerifyOptions{DNSName: u.Hostname(), Intermediates: between}); err == nil {
			return server, nil // everybody trusts it
		}
	}
	ca := chain[len(chain)-1]
	if !ca.IsCA || f.caPin != "" && collector.PinOf(ca) != f.caPin {
		return nil, &exitError{exitRefused, fmt.Errorf("what answers at %s is not the hub that was meant: its CA is %s", address, collector.PinOf(ca))}
	}
	known, err := f.local(h, ca)
	if err != nil {
		return nil, err
	}
	if !known && f.caPin == "" {
		fmt.Fprintf(told, "The CA is taken as the hub at %s shows it: %s. Compare it with what the hub printed, or demand it with --ca-pin.\n", address, collector.PinOf(ca))
	}
	roots := x509.NewCertPool()
	roots.AddCert(ca)
	if _, err := chain[0].Verify(x509.VerifyOptions{Roots: roots}); err != nil {
		return nil, &exitError{exitRefused, fmt.Errorf("the certificate of the hub at %s is not of its CA: %w", address, err)}
	}
	if chain[0].VerifyHostname(u.Hostname()) != nil {
		server.TLSServerName = "localhost" // a name that every hub has: its CA signs for nobody else
	}
	server.CertificateAuthorityData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.Raw})
	return server, nil
}

// local compares the CA with that in the folder of a hub on this machine; known is false when the folder is not this hub's.
func (f *kubeconfigFlags) local(h *hub, ca *x509.Certificate) (known bool, err error) {
	dir := f.conn.dataDir
	if dir == "" {
		dir = defaultDataDir()
	}
	if at, err := os.ReadFile(filepath.Join(dir, "hub.url")); err != nil || strings.TrimSpace(string(at)) != h.url {
		return false, nil
	}
	text, err := os.ReadFile(filepath.Join(dir, "pki", "ca.pem"))
	if err != nil {
		return false, fmt.Errorf("read the hub's CA: %w", err)
	}
	block, _ := pem.Decode(text)
	if block == nil || string(block.Bytes) != string(ca.Raw) {
		return false, &exitError{exitRefused, fmt.Errorf("what answers at %s is not the hub of %s", h.url, dir)}
	}
	return true, nil
}
