package fleet

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// The versions the clusters run. binaries_test.go compares them with the go.mod files that pin them.
const (
	KubernetesVersion = "v1.36.3"
	EtcdVersion       = "v3.7.3"
	KwokVersion       = "v0.8.0"
)

// Binaries is a folder with the programs of a cluster.
type Binaries struct{ dir string }

func (b Binaries) path(name string) string { return filepath.Join(b.dir, name) }

// components are the names under which the multi-call control plane is started.
var components = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubectl"}

// step makes one or more programs in a folder.
type step struct {
	says  string
	makes []string
	run   func(ctx context.Context, into string) *exec.Cmd
}

// Build makes the programs that are missing, from Go modules alone, in a cache outside the checkout:
// about eight minutes on two cores the first time, nothing afterwards.
func Build(ctx context.Context, out io.Writer) (Binaries, error) {
	b, err := cached()
	if err != nil {
		return b, err
	}
	source, err := sourceDir()
	if err != nil {
		return b, err
	}
	if b.complete() {
		return b, nil
	}
	say := newProgress(out)
	if err := os.MkdirAll(b.dir, 0o755); err != nil {
		return b, fmt.Errorf("make cache of cluster programs: %w", err)
	}
	unlock, err := waitLock(ctx, filepath.Join(filepath.Dir(b.dir), "lock"), say)
	if err != nil {
		return b, err
	}
	defer unlock()
	for _, s := range steps(source) {
		if b.has(s.makes) {
			continue
		}
		if err := say.during(s.says, 30*time.Second, func() error { return b.build(ctx, s) }); err != nil {
			return b, err
		}
	}
	for _, name := range components {
		// A link made twice is the same link.
		if err := os.Symlink("controlplane", b.path(name)); err != nil && !errors.Is(err, os.ErrExist) {
			return b, fmt.Errorf("link %s: %w", name, err)
		}
	}
	return b, nil
}

func steps(source string) []step {
	stamp := func(name, value string) string { return " -X k8s.io/component-base/version." + name + "=" + value }
	minor := strings.Split(KubernetesVersion, ".")[1]
	module := func(folder, name, ldflags string) func(context.Context, string) *exec.Cmd {
		return func(ctx context.Context, into string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", ldflags, "-o", filepath.Join(into, name), ".")
			cmd.Dir = filepath.Join(source, folder)
			return cmd
		}
	}
	return []step{{
		says:  "building etcd " + EtcdVersion + " (about 30 s the first time)",
		makes: []string{"etcd"},
		run:   module("etcd", "etcd", "-s -w"),
	}, {
		says:  "building kwok " + KwokVersion + " (about 2 min the first time)",
		makes: []string{"kwok", "kwokctl"},
		run: func(ctx context.Context, into string) *exec.Cmd {
			cmd := exec.CommandContext(ctx, "go", "install", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w",
				"sigs.k8s.io/kwok/cmd/kwok@"+KwokVersion, "sigs.k8s.io/kwok/cmd/kwokctl@"+KwokVersion)
			cmd.Dir = into
			cmd.Env = append(os.Environ(), "GOBIN="+into)
			return cmd
		},
	}, {
		says:  "building the kube control plane " + KubernetesVersion + " (about 6 min on two cores the first time)",
		makes: []string{"controlplane"},
		run: module("controlplane", "controlplane", "-s -w"+stamp("gitVersion", KubernetesVersion)+
			stamp("gitMajor", "1")+stamp("gitMinor", minor)+stamp("gitTreeState", "clean")),
	}}
}

// build runs a step in a folder of its own and moves the results into place, so that a cache never holds half a program.
func (b Binaries) build(ctx context.Context, s step) error {
	into, err := os.MkdirTemp(b.dir, ".building-")
	if err != nil {
		return fmt.Errorf("make folder to build in: %w", err)
	}
	defer os.RemoveAll(into)
	cmd := s.run(ctx, into)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, "CGO_ENABLED=0", "GOFLAGS=", "GOWORK=off", "GOOS=", "GOARCH=")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	detach(cmd)
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s: %w\n%s", s.says, err, tail(output.String(), 20))
	}
	for _, name := range s.makes {
		if err := os.Rename(filepath.Join(into, name), b.path(name)); err != nil {
			return fmt.Errorf("place %s: %w", name, err)
		}
	}
	return nil
}

func (b Binaries) complete() bool {
	return b.has([]string{"etcd", "kwok", "kwokctl", "controlplane"}) && b.has(components)
}

func (b Binaries) has(names []string) bool {
	for _, name := range names {
		if _, err := os.Stat(b.path(name)); err != nil {
			return false
		}
	}
	return true
}

// cached says where the programs of these versions and this source lie, or would lie.
func cached() (Binaries, error) {
	source, err := sourceDir()
	if err != nil {
		return Binaries{}, err
	}
	hash := sha256.New()
	for _, name := range []string{"controlplane/main.go", "controlplane/go.mod", "controlplane/go.sum", "etcd/main.go", "etcd/go.mod", "etcd/go.sum"} {
		data, err := os.ReadFile(filepath.Join(source, name))
		if err != nil {
			return Binaries{}, fmt.Errorf("read source of the cluster programs: %w", err)
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(data), data)
	}
	cache, err := os.UserCacheDir() // XDG_CACHE_HOME, else ~/.cache
	if err != nil {
		return Binaries{}, fmt.Errorf("find the cache folder: %w", err)
	}
	key := fmt.Sprintf("kubernetes-%s-etcd-%s-kwok-%s-%s-%s", KubernetesVersion, EtcdVersion, KwokVersion, runtime.GOARCH, hex.EncodeToString(hash.Sum(nil))[:12])
	return Binaries{dir: filepath.Join(cache, "foretop", "fleet", key, "bin")}, nil
}

// sourceDir finds this module's folder, which holds the modules of the cluster programs: beside this file, and when the
// caller was built without file names, where the go command has the module.
func sourceDir() (string, error) {
	if _, file, _, ok := runtime.Caller(0); ok {
		if dir := filepath.Dir(file); filepath.IsAbs(dir) {
			if _, err := os.Stat(filepath.Join(dir, "controlplane", "go.mod")); err == nil {
				return dir, nil
			}
		}
	}
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/foretop/foretop/test/fleet").Output()
	if dir := strings.TrimSpace(string(out)); err == nil && dir != "" {
		return dir, nil
	}
	return "", errors.New("the source of the cluster programs is not here: run inside a checkout, in test/fleet or a module that requires it")
}

// waitLock lets one build at a time into the cache; the others find its results.
func waitLock(ctx context.Context, path string, say *progress) (unlock func(), err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open lock %s: %w", path, err)
	}
	for told := false; ; told = true {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, fmt.Errorf("lock %s: %w", path, err)
		}
		if !told {
			say.line("another build of the cluster programs is under way; waiting for it")
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(500 * time.Millisecond):
		}
	}
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return strings.Join(all, "\n")
}
