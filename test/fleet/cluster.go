package fleet

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

var (
	//go:embed kwok/nodes.yaml
	nodeStages string
	//go:embed kwok/pods.yaml
	podStages string
)

// cluster is one Kubernetes cluster; its fields are what the fleet remembers of it.
type cluster struct {
	Name   string `json:"name"`
	Number int    `json:"number"` // tells the clusters' addresses apart: pods have 10.NUMBER.x.x
	Ports  ports  `json:"ports"`
}

type ports struct {
	API        uint32 `json:"api"`
	Etcd       uint32 `json:"etcd"`
	EtcdPeer   uint32 `json:"etcdPeer"`
	Controller uint32 `json:"controller"`
	Scheduler  uint32 `json:"scheduler"`
	Kwok       uint32 `json:"kwok"`
	// Applications is not a program of the cluster's: the process that writes the applications' logs listens there.
	Applications uint32 `json:"applications"`
}

// programs are the processes of a cluster that is up.
var programs = []string{"etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler", "kwok-controller"}

func (c *cluster) home(dir string) string { return filepath.Join(workdir(dir), "clusters", c.Name) }

// workdir is kwokctl's: it keeps one folder per cluster below clusters/.
func workdir(dir string) string { return filepath.Join(dir, "fleet") }

func (c *cluster) logDir(dir string) string { return filepath.Join(dir, "logs", c.Name) }

func (c *cluster) pki(dir, file string) string { return filepath.Join(c.home(dir), "pki", file) }

func (c *cluster) url() string { return fmt.Sprintf("https://127.0.0.1:%d", c.Ports.API) }

// up makes, starts or continues a cluster and returns when its API answers and the application is installed.
func (c *cluster) up(ctx context.Context, f *Fleet) error {
	begin := time.Now()
	running, err := processes(c.home(f.dir))
	if err != nil {
		return err
	}
	for _, p := range running {
		if err := p.resume(); err != nil { // a cluster that was stopped by SIGSTOP
			return err
		}
	}
	_, err = os.Stat(c.made(f.dir))
	switch {
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("look for its state: %w", err)
	case err != nil:
		if err := c.create(ctx, f); err != nil {
			return err
		}
	case len(running) < len(programs):
		if err := c.start(ctx, f); err != nil {
			return err
		}
	}
	if err := c.waitReady(ctx, f, 90*time.Second); err != nil {
		return err
	}
	answered := time.Since(begin)
	installed, err := c.install(ctx, f)
	if err != nil {
		return err
	}
	if installed {
		f.say.line("%s answers after %s, application installed after %s", c.Name, seconds(answered), seconds(time.Since(begin)))
	} else {
		f.say.line("%s answers after %s, application as it was", c.Name, seconds(answered))
	}
	return nil
}

// made is the file that says the cluster was made to the end; without it the rest is the remains of an interrupted `up`.
func (c *cluster) made(dir string) string { return filepath.Join(c.home(dir), "made") }

// create makes the cluster's folder, certificates and configuration, and starts it.
func (c *cluster) create(ctx context.Context, f *Fleet) error {
	if err := errors.Join(terminate(c.home(f.dir)), os.RemoveAll(c.home(f.dir))); err != nil {
		return fmt.Errorf("remove the remains of an interrupted start: %w", err)
	}
	if err := c.Ports.free(nil); err != nil {
		// Nothing remembers these ports yet, so others will do.
		c.Ports = ports{}
		if err := c.Ports.fill(); err != nil {
			return err
		}
		if err := f.save(); err != nil {
			return err
		}
	}
	if err := os.MkdirAll(c.logDir(f.dir), 0o750); err != nil {
		return fmt.Errorf("make folder for logs: %w", err)
	}
	config := filepath.Join(workdir(f.dir), c.Name+".yaml")
	if err := writeFile(config, []byte(c.configuration(f)), 0o640); err != nil {
		return err
	}
	if err := writeFile(c.metricsConfig(f.dir), []byte(metricsConfiguration()), 0o640); err != nil {
		return err
	}
	if err := c.kwokctl(ctx, f, "create", "cluster", "--config", config,
		"--kubeconfig", filepath.Join(workdir(f.dir), c.Name+".kubeconfig"),
		// kwok answers for the kubelet on loopback, whatever address a node shows.
		"--extra-args", "kube-apiserver=kubelet-preferred-address-types=InternalDNS",
		// One replica of each: without election a restarted cluster acts at once instead of when a lease runs out.
		"--extra-args", "kube-controller-manager=leader-elect=false",
		"--extra-args", "kube-scheduler=leader-elect=false",
		"--extra-args", "kwok-controller=config="+c.metricsConfig(f.dir),
		// The state outlives the processes, not the machine: a demo need not wait for the disk.
		"--extra-args", "etcd=unsafe-no-fsync=true"); err != nil {
		return err
	}
	return writeFile(c.made(f.dir), nil, 0o640)
}

// start starts what does not run, on the data that is there.
func (c *cluster) start(ctx context.Context, f *Fleet) error {
	// A number in a pid file of a killed process may meanwhile be somebody else's.
	running, err := processes(c.home(f.dir))
	if err != nil {
		return err
	}
	alive := map[string]bool{}
	for _, p := range running {
		alive[p.name] = true
	}
	for _, name := range programs {
		if alive[name] {
			continue
		}
		if err := os.Remove(filepath.Join(c.home(f.dir), "pids", name+".pid")); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove old pid file: %w", err)
		}
	}
	if err := c.Ports.free(alive); err != nil {
		return err
	}
	return c.kwokctl(ctx, f, "start", "cluster")
}

func (c *cluster) kwokctl(ctx context.Context, f *Fleet, args ...string) error {
	cmd := exec.CommandContext(ctx, f.binaries.path("kwokctl"), append([]string{"--name", c.Name}, args...)...)
	cmd.Env = append(os.Environ(), "KWOK_WORKDIR="+workdir(f.dir), "KUBECONFIG="+filepath.Join(workdir(f.dir), c.Name+".kubeconfig"))
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	detach(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("kwokctl %s: %w\n%s", strings.Join(args[:2], " "), err, tail(output.String(), 10))
	}
	return nil
}

func (c *cluster) configuration(f *Fleet) string {
	var b strings.Builder
	fmt.Fprintf(&b, `apiVersion: config.kwok.x-k8s.io/v1alpha1
kind: KwokctlConfiguration
options:
  runtime: binary
  bindAddress: 127.0.0.1
  kubeVersion: %q
  kubeApiserverPort: %d
  etcdPort: %d
  etcdPeerPort: %d
  kubeControllerManagerPort: %d
  kubeSchedulerPort: %d
  kwokControllerPort: %d
  etcdBinary: %q
  kubeApiserverBinary: %q
  kubeControllerManagerBinary: %q
  kubeSchedulerBinary: %q
  kwokControllerBinary: %q
  kubectlBinary: %q
`, KubernetesVersion, c.Ports.API, c.Ports.Etcd, c.Ports.EtcdPeer, c.Ports.Controller, c.Ports.Scheduler, c.Ports.Kwok,
		f.binaries.path("etcd"), f.binaries.path("kube-apiserver"), f.binaries.path("kube-controller-manager"),
		f.binaries.path("kube-scheduler"), f.binaries.path("kwok"), f.binaries.path("kubectl"))
	fmt.Fprintf(&b, "---\n%s---\n%s", nodeStages, podStages)
	// kwok selects logs by exact pod name or by container; containers are named like their application.
	fmt.Fprintf(&b, "---\napiVersion: kwok.x-k8s.io/v1alpha1\nkind: ClusterLogs\nmetadata: {name: shop}\nspec:\n  selector: {matchNamespaces: [shop]}\n  logs:\n")
	for _, app := range talkers {
		path := filepath.Join(c.logDir(f.dir), app+".log")
		fmt.Fprintf(&b, "    - {containers: [%s], logsFile: %q, previousLogsFile: %q, follow: true}\n", app, path, crashed(path))
	}
	return b.String()
}

// waitReady polls until the API server says it is ready.
func (c *cluster) waitReady(ctx context.Context, f *Fleet, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	api, err := c.api(f.dir)
	if err != nil {
		return err
	}
	defer api.close()
	for {
		err := api.get(ctx, "/readyz", nil)
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("its API server is not ready: %w; its log is %s", err, filepath.Join(c.home(f.dir), "logs", "kube-apiserver.log"))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// fill finds ports that nobody listens on, for what has none yet. They lie below the range from which the system takes
// the ports of outgoing connections, so that a cluster that was stopped finds them free again.
func (p *ports) fill() error {
	for _, port := range []*uint32{&p.API, &p.Etcd, &p.EtcdPeer, &p.Controller, &p.Scheduler, &p.Kwok, &p.Applications} {
		for try := 0; *port == 0; try++ {
			candidate := 20000 + rand.Uint32N(12000)
			listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", candidate))
			if err != nil {
				if try == 100 {
					return fmt.Errorf("find a free port: %w", err)
				}
				continue
			}
			defer listener.Close() // until all are found, so that they differ
			*port = candidate
		}
	}
	return nil
}

// free says whether the programs that do not run could listen again.
func (p ports) free(running map[string]bool) error {
	for _, each := range []struct {
		program string
		port    uint32
	}{
		{"etcd", p.Etcd},
		{"etcd", p.EtcdPeer},
		{"kube-apiserver", p.API},
		{"kube-controller-manager", p.Controller},
		{"kube-scheduler", p.Scheduler},
		{"kwok-controller", p.Kwok},
	} {
		if running[each.program] {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", each.port))
		if err != nil {
			return fmt.Errorf("port %d of %s is taken by another program: end that program, or start anew after `fleet clean`", each.port, each.program)
		}
		listener.Close()
	}
	return nil
}
