// Package fleet runs real Kubernetes clusters on one machine, with a reference application that can be broken and healed.
//
// Invariant: everything a fleet writes lies inside its folder, and it ends only processes whose program lies there.
//
//	DIR/kubeconfig            contexts zone1 zone2 zone3
//	DIR/bin/kubectl           the version the clusters run
//	DIR/logs/ZONE/APP.log     what the applications print, in CRI format
//	DIR/fleet/                one folder per cluster: etcd's data, certificates, component logs
//
// Each cluster is etcd, kube-apiserver, kube-controller-manager and kube-scheduler as released, and kwok in the place of
// kubelets: pods and nodes behave by the stages in kwok/, everything else is Kubernetes itself.
//
// Metrics are for Prometheus to scrape, without credentials, on loopback; `fleet status` prints the addresses:
//
//	MetricsURL       what the applications of a cluster count: requests answered and sent on, by application and code, and
//	                 their durations. Served by what writes the logs; 503 while the cluster does not answer.
//	NodeMetricsURL   what the kubelet of a node says under /metrics/resource: CPU and memory by container, pod and node.
//	                 Served by kwok, which begins to look at pods when it is first asked: the second answer is the first
//	                 whole one. Containers that crash or have completed are listed and use nothing.
package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"time"
)

// Options say where a fleet lives and what it consists of. The zero value of every field but Dir has a default.
type Options struct {
	Dir        string   // all state; made when absent
	Clusters   []string // zone1 zone2 zone3; a fleet that exists keeps those it has and gains those named
	Nodes      int      // per cluster, 5
	Kubeconfig string   // DIR/kubeconfig
	Progress   io.Writer
	// Logs makes this process say what the applications do, logs and request metrics, until Down. Without it the pods are
	// silent, though their use of CPU and memory is told.
	Logs bool
}

// Fleet is a set of clusters that was brought up or found in a folder.
type Fleet struct {
	dir        string
	kubeconfig string
	nodes      int
	clusters   []*cluster
	binaries   Binaries
	say        *progress

	stopApplications context.CancelFunc
	applicationsDone chan struct{}

	saving sync.Mutex
}

// ErrNone says that a folder holds no fleet.
var ErrNone = errors.New("there is no fleet here")

// record is what a folder remembers of its fleet.
type record struct {
	Kubeconfig string    `json:"kubeconfig"`
	Nodes      int       `json:"nodes"`
	Clusters   []cluster `json:"clusters"`
}

var clusterName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,30}$`)

// Up brings the fleet in options.Dir up, or continues it: what runs stays as it is, what is stopped is started on its
// data, what is missing is made. When ctx ends before all clusters answer, everything is stopped again.
func Up(ctx context.Context, options Options) (*Fleet, error) {
	begin := time.Now()
	if options.Dir == "" {
		return nil, errors.New("a fleet needs a folder: set --dir")
	}
	dir, err := filepath.Abs(options.Dir)
	if err != nil {
		return nil, fmt.Errorf("resolve folder %s: %w", options.Dir, err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "fleet"), 0o750); err != nil {
		return nil, fmt.Errorf("make folder of the fleet: %w", err)
	}
	say := newProgress(options.Progress)
	unlock, err := lock(filepath.Join(dir, "fleet", "lock"))
	if err != nil {
		return nil, err
	}
	defer unlock()

	binaries, err := Build(ctx, options.Progress)
	if err != nil {
		return nil, err
	}
	f, err := plan(dir, options, binaries)
	if err != nil {
		return nil, err
	}
	f.say = say
	if err := f.save(); err != nil {
		return nil, err
	}
	if err := f.link(); err != nil {
		return nil, err
	}
	if err := f.each(func(c *cluster) error { return c.up(ctx, f) }); err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	if err := f.writeKubeconfig(); err != nil {
		return nil, errors.Join(err, f.abandon())
	}
	if options.Logs {
		running, err := f.ApplicationsRun()
		if err != nil {
			return nil, errors.Join(err, f.abandon())
		}
		if !running { // else an earlier `up` left a process that does it, which Down ends too
			f.startApplications()
		}
	}
	say.line("%d clusters are up after %s: %s", len(f.clusters), seconds(time.Since(begin)), f.kubeconfig)
	return f, nil
}

// Open finds the fleet in a folder without starting anything.
func Open(dir string) (*Fleet, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("resolve folder %s: %w", dir, err)
	}
	f := &Fleet{dir: dir, say: newProgress(nil)}
	r, err := f.load()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: start one with `fleet up --dir %s`", ErrNone, dir)
	}
	if err != nil {
		return nil, err
	}
	f.adopt(r)
	f.binaries, err = cached()
	return f, err
}

// Kubeconfig is the path of the file with one context per cluster.
func (f *Fleet) Kubeconfig() string { return f.kubeconfig }

// KubectlPath is the path of a kubectl of the clusters' version.
func (f *Fleet) KubectlPath() string { return filepath.Join(f.dir, "bin", "kubectl") }

// Dir is the folder that holds the fleet.
func (f *Fleet) Dir() string { return f.dir }

// Names are the clusters' names, which are also the contexts' names.
func (f *Fleet) Names() []string {
	names := make([]string, len(f.clusters))
	for i, c := range f.clusters {
		names[i] = c.Name
	}
	return names
}

// Down stops every process of the fleet and leaves its state.
func (f *Fleet) Down() error {
	if f.stopApplications != nil {
		f.stopApplications()
		<-f.applicationsDone
		f.stopApplications = nil
	}
	return f.abandon()
}

// Clean removes what a stopped fleet left in its folder, and nothing that others put there.
func (f *Fleet) Clean() error {
	running, err := processes(f.dir)
	if err != nil {
		return err
	}
	if len(running) > 0 {
		return fmt.Errorf("%d processes of the fleet in %s still run: stop them with `fleet down --dir %s`", len(running), f.dir, f.dir)
	}
	paths := []string{filepath.Join(f.dir, "fleet"), filepath.Join(f.dir, "bin", "kubectl"), filepath.Join(f.dir, "bin", "fleet"), f.kubeconfig}
	for _, c := range f.clusters {
		paths = append(paths, filepath.Join(f.dir, "logs", c.Name))
	}
	for _, path := range paths {
		if err := os.RemoveAll(path); err != nil {
			return fmt.Errorf("remove %s: %w", path, err)
		}
	}
	for _, folder := range []string{"bin", "logs"} {
		_ = os.Remove(filepath.Join(f.dir, folder)) // stays when others use it
	}
	return nil
}

// abandon ends all processes, newest layer first, whatever state the clusters are in.
func (f *Fleet) abandon() error {
	return errors.Join(f.each(func(c *cluster) error { return terminate(c.home(f.dir)) }), terminate(filepath.Join(f.dir, "bin")))
}

// ApplicationsRun says whether a process that an `up` left behind says what the applications do.
func (f *Fleet) ApplicationsRun() (bool, error) {
	running, err := processes(filepath.Join(f.dir, "bin"))
	return len(running) > 0, err
}

// each does one thing for all clusters, two at a time: more control planes starting at once only wait for each other.
func (f *Fleet) each(do func(*cluster) error) error {
	var wg sync.WaitGroup
	slots := make(chan struct{}, 2)
	errs := make([]error, len(f.clusters))
	for i, c := range f.clusters {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			if err := do(c); err != nil {
				errs[i] = fmt.Errorf("%s: %w", c.Name, err)
			}
		})
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (f *Fleet) cluster(name string) (*cluster, error) {
	for _, c := range f.clusters {
		if c.Name == name {
			return c, nil
		}
	}
	return nil, fmt.Errorf("the fleet has no cluster %q: it has %v", name, f.Names())
}

// plan joins what the folder has with what is asked for, and gives new clusters their ports.
func plan(dir string, options Options, binaries Binaries) (*Fleet, error) {
	f := &Fleet{dir: dir, binaries: binaries}
	r, err := f.load()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	f.adopt(r)
	if options.Kubeconfig != "" {
		if f.kubeconfig, err = filepath.Abs(options.Kubeconfig); err != nil {
			return nil, fmt.Errorf("resolve kubeconfig %s: %w", options.Kubeconfig, err)
		}
	}
	if options.Nodes > 0 {
		f.nodes = options.Nodes
	}
	names := options.Clusters
	if len(names) == 0 && len(f.clusters) == 0 {
		names = []string{"zone1", "zone2", "zone3"}
	}
	for _, name := range names {
		if !clusterName.MatchString(name) {
			return nil, fmt.Errorf("cluster name %q: use lower-case letters, digits and '-'", name)
		}
		if _, err := f.cluster(name); err == nil {
			continue
		}
		f.clusters = append(f.clusters, &cluster{Name: name, Number: len(f.clusters) + 1})
	}
	for _, c := range f.clusters {
		if err := c.Ports.fill(); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func (f *Fleet) adopt(r record) {
	f.kubeconfig, f.nodes = r.Kubeconfig, r.Nodes
	if f.kubeconfig == "" {
		f.kubeconfig = filepath.Join(f.dir, "kubeconfig")
	}
	if f.nodes == 0 {
		f.nodes = 5
	}
	for i := range r.Clusters {
		f.clusters = append(f.clusters, &r.Clusters[i])
	}
}

func (f *Fleet) recordPath() string { return filepath.Join(f.dir, "fleet", "fleet.json") }

func (f *Fleet) load() (record, error) {
	var r record
	data, err := os.ReadFile(f.recordPath())
	if err != nil {
		return r, err
	}
	if err := json.Unmarshal(data, &r); err != nil {
		return r, fmt.Errorf("read %s: %w", f.recordPath(), err)
	}
	return r, nil
}

func (f *Fleet) save() error {
	f.saving.Lock()
	defer f.saving.Unlock()
	r := record{Kubeconfig: f.kubeconfig, Nodes: f.nodes}
	for _, c := range f.clusters {
		r.Clusters = append(r.Clusters, *c)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode record of the fleet: %w", err)
	}
	return writeFile(f.recordPath(), append(data, '\n'), 0o640)
}

// link places kubectl where people look for it. The multi-call program selects the component by the link's name.
func (f *Fleet) link() error {
	if err := os.MkdirAll(filepath.Join(f.dir, "bin"), 0o750); err != nil {
		return fmt.Errorf("make folder for kubectl: %w", err)
	}
	if err := os.Remove(f.KubectlPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace kubectl: %w", err)
	}
	if err := os.Symlink(f.binaries.path("kubectl"), f.KubectlPath()); err != nil {
		return fmt.Errorf("place kubectl: %w", err)
	}
	return nil
}

// lock keeps two fleets out of one folder while either comes up.
func lock(path string) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open lock %s: %w", path, err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		file.Close()
		return nil, fmt.Errorf("another `fleet up` works in %s: wait for it or stop it", filepath.Dir(filepath.Dir(path)))
	}
	return func() { file.Close() }, nil
}

// writeFile replaces a file in one step, so that a reader never sees half of it.
func writeFile(path string, data []byte, mode os.FileMode) error {
	if err := os.WriteFile(path+".new", data, mode); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("replace %s: %w", path, err)
	}
	return nil
}
