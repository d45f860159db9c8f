package fleet

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// api asks one API server. It knows GET and no types: the little that the fleet needs, without a client library.
type api struct {
	base   string
	client *http.Client
}

func (c *cluster) api(dir string) (*api, error) {
	client, err := c.client(dir)
	if err != nil {
		return nil, err
	}
	client.Timeout = 5 * time.Second // of a read
	return &api{base: c.url(), client: client}, nil
}

func (a *api) close() { a.client.CloseIdleConnections() }

// get reads a path into a value; nil only wants to know that it answers.
func (a *api) get(ctx context.Context, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path, nil)
	if err != nil {
		return fmt.Errorf("ask %s: %w", path, err)
	}
	response, err := a.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Errorf("read %s: %w", path, err)
	}
	if response.StatusCode != http.StatusOK {
		return &statusError{path: path, code: response.StatusCode}
	}
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("decode %s: %w", path, err)
	}
	return nil
}

type statusError struct {
	path string
	code int
}

func (e *statusError) Error() string { return fmt.Sprintf("%s answers %d", e.path, e.code) }

// writeKubeconfig writes one context per cluster, named like it, with the certificates inside.
func (f *Fleet) writeKubeconfig() error {
	var clusters, contexts, users strings.Builder
	for _, c := range f.clusters {
		encoded := map[string]string{}
		for _, file := range []string{"ca.crt", "admin.crt", "admin.key"} {
			data, err := os.ReadFile(c.pki(f.dir, file))
			if err != nil {
				return fmt.Errorf("read certificate of %s: %w", c.Name, err)
			}
			encoded[file] = base64.StdEncoding.EncodeToString(data)
		}
		fmt.Fprintf(&clusters, "- name: %s\n  cluster: {server: %q, certificate-authority-data: %s}\n", c.Name, c.url(), encoded["ca.crt"])
		fmt.Fprintf(&contexts, "- name: %s\n  context: {cluster: %s, user: %s-admin}\n", c.Name, c.Name, c.Name)
		fmt.Fprintf(&users, "- name: %s-admin\n  user: {client-certificate-data: %s, client-key-data: %s}\n", c.Name, encoded["admin.crt"], encoded["admin.key"])
	}
	text := fmt.Sprintf("apiVersion: v1\nkind: Config\ncurrent-context: %s\nclusters:\n%scontexts:\n%susers:\n%s",
		f.clusters[0].Name, clusters.String(), contexts.String(), users.String())
	if err := os.MkdirAll(filepath.Dir(f.kubeconfig), 0o750); err != nil {
		return fmt.Errorf("make folder for the kubeconfig: %w", err)
	}
	return writeFile(f.kubeconfig, []byte(text), 0o600)
}

// Kubectl runs the fleet's kubectl in a context and returns what it prints.
func (f *Fleet) Kubectl(ctx context.Context, cluster string, args ...string) (string, error) {
	return f.kubectl(ctx, cluster, nil, args...)
}

func (f *Fleet) kubectl(ctx context.Context, name string, stdin io.Reader, args ...string) (string, error) {
	c, err := f.cluster(name)
	if err != nil {
		return "", err
	}
	// The cluster's own credentials: the shared kubeconfig may not be written yet, or a person may have changed it.
	base := []string{"--kubeconfig", "/dev/null", "--server", c.url(), "--certificate-authority", c.pki(f.dir, "ca.crt"),
		"--client-certificate", c.pki(f.dir, "admin.crt"), "--client-key", c.pki(f.dir, "admin.key")}
	cmd := exec.CommandContext(ctx, f.binaries.path("kubectl"), append(args[:len(args):len(args)], base...)...)
	if i := separator(args); i >= 0 { // `exec POD -- COMMAND`: flags belong before the separator
		cmd.Args = append(append(append([]string{cmd.Args[0]}, args[:i]...), base...), args[i:]...)
	}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	detach(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return stdout.String(), ctx.Err()
		}
		return stdout.String(), fmt.Errorf("kubectl --context %s %s: %w: %s", name, strings.Join(args, " "), err, tail(stderr.String(), 5))
	}
	return stdout.String(), nil
}

func separator(args []string) int {
	for i, a := range args {
		if a == "--" {
			return i
		}
	}
	return -1
}
