// Command fetch puts the engine library into the user's cache, once: it takes the npm package that carries it through
// the npm client, so that a user's own registry settings apply, and checks it against the pinned sum.
//
// Invariant: what lies at the cache's path is the whole library of a package whose sum was right.
package main

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha512"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/engine"
)

// source is the package of one platform. integrity is npm's dist.integrity, reviewed with each change of version.
type source struct {
	name      string
	integrity string // "" where this version's sum is not pinned yet: npm's own check has to do
}

var sources = map[string]source{
	"linux/amd64":  {"@chdb/lib-linux-x64-gnu", "sha512-XP97mMqnc5tZpKQywR8N7cLTsHNiTmHr30pC5mzo3jWmukjKn2IBa60c2B/gWUNcuFjOMjWoorQICCqBVj5wpw=="},
	"linux/arm64":  {"@chdb/lib-linux-arm64-gnu", ""},
	"darwin/amd64": {"@chdb/lib-darwin-x64", ""},
	"darwin/arm64": {"@chdb/lib-darwin-arm64", ""},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "engine:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	if path := os.Getenv("FORETOP_ENGINE_LIBRARY"); path != "" {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("FORETOP_ENGINE_LIBRARY names %s, which is not there: correct it or unset it", path)
		}
		return nil
	}
	target, err := engine.DefaultLibrary()
	if err != nil {
		return err
	}
	if _, err := os.Stat(target); err == nil {
		return nil // renamed into place only when it was whole and right
	}
	from, ok := sources[runtime.GOOS+"/"+runtime.GOARCH]
	if !ok {
		return fmt.Errorf("there is no engine library for %s/%s: use a ClickHouse server with --clickhouse", runtime.GOOS, runtime.GOARCH)
	}
	dir := filepath.Dir(target)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the cache folder %s: %w", dir, err)
	}
	work, err := os.MkdirTemp(dir, ".fetch-") // beside the target: the rename must not cross file systems
	if err != nil {
		return fmt.Errorf("make a folder to work in: %w", err)
	}
	defer os.RemoveAll(work)
	spec := from.name + "@" + engine.Version
	fmt.Fprintf(os.Stderr, "engine: fetching %s (about 180 MB) by npm\n", spec)
	began := time.Now()
	archive, err := pack(ctx, spec, work)
	if err != nil {
		return err
	}
	if err := verify(archive, from.integrity); err != nil {
		return fmt.Errorf("check %s: %w", spec, err)
	}
	if from.integrity == "" {
		fmt.Fprintf(os.Stderr, "engine: the sum for %s/%s is not pinned in this version; only npm's own check was made\n", runtime.GOOS, runtime.GOARCH)
	}
	fmt.Fprintln(os.Stderr, "engine: unpacking to", dir)
	library := filepath.Join(work, "libchdb.so")
	if err := extract(archive, library); err != nil {
		return fmt.Errorf("unpack %s: %w", spec, err)
	}
	if err := os.Rename(library, target); err != nil {
		return fmt.Errorf("put the library in place: %w", err)
	}
	fmt.Fprintf(os.Stderr, "engine: ready in %s\n", time.Since(began).Round(time.Second))
	return nil
}

// pack lets npm download a package and returns the archive's path.
func pack(ctx context.Context, spec, dir string) (string, error) {
	command := exec.CommandContext(ctx, "npm", "pack", spec, "--pack-destination", dir, "--json", "--loglevel=error", "--no-update-notifier")
	command.Dir = dir // no project's package.json takes part
	var said strings.Builder
	command.Stderr = &said
	out, err := command.Output()
	if errors.Is(err, exec.ErrNotFound) {
		return "", errors.New("npm is not installed: install Node.js with npm, or set FORETOP_ENGINE_LIBRARY to a libchdb.so you have")
	}
	if err != nil {
		return "", fmt.Errorf("npm could not fetch %s (%w):\n%s", spec, err, strings.TrimSpace(said.String()))
	}
	var packed []struct {
		Filename string `json:"filename"`
	}
	if err := json.Unmarshal(out, &packed); err != nil || len(packed) != 1 {
		return "", fmt.Errorf("understand what npm pack answered: %.200q", out)
	}
	// Old npm versions write the package's scope into the name they report.
	archives, _ := filepath.Glob(filepath.Join(dir, "*.tgz"))
	if len(archives) != 1 {
		return "", fmt.Errorf("find the archive that npm reported as %s", packed[0].Filename)
	}
	return archives[0], nil
}

// verify compares a file with an npm integrity string.
func verify(path, integrity string) error {
	if integrity == "" {
		return nil
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	sum := sha512.New()
	if _, err := io.Copy(sum, f); err != nil {
		return err
	}
	if got := "sha512-" + base64.StdEncoding.EncodeToString(sum.Sum(nil)); got != integrity {
		return fmt.Errorf("its sum is %s, pinned is %s: the registry serves another package", got, integrity)
	}
	return nil
}

// extract writes the library of an npm archive to path, whole on disk when it returns nil.
func extract(archive, path string) error {
	f, err := os.Open(archive)
	if err != nil {
		return err
	}
	defer f.Close()
	unzipped, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return err
	}
	entries := tar.NewReader(unzipped)
	for {
		entry, err := entries.Next()
		if err == io.EOF {
			return errors.New("there is no libchdb.so in it")
		}
		if err != nil {
			return err
		}
		if entry.Name != "package/libchdb.so" || entry.Typeflag != tar.TypeReg {
			continue
		}
		out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o755)
		if err != nil {
			return err
		}
		_, err = io.Copy(out, entries)
		return errors.Join(err, out.Sync(), out.Close())
	}
}
