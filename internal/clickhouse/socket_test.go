package clickhouse

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Who owns the folder of the socket can put an engine of his own there, and be told everything.
func TestASocketInTheSharedFolderIsOnlyPutIntoOnesOwn(t *testing.T) {
	shared := t.TempDir()
	t.Setenv("TMPDIR", shared)
	config := EngineConfig{DataDir: filepath.Join(t.TempDir(), strings.Repeat("x", 100))}
	s, err := newSupervisor(config, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Dir(s.socket)
	if info, err := os.Stat(dir); filepath.Dir(dir) != shared || err != nil || info.Mode().Perm() != 0o700 {
		t.Fatalf("the socket is in %s, %v", dir, err)
	}
	if _, err := newSupervisor(config, nil, slog.New(slog.DiscardHandler)); err != nil {
		t.Errorf("the second time: %v", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := newSupervisor(config, nil, slog.New(slog.DiscardHandler)); err == nil || !strings.Contains(err.Error(), dir) {
		t.Errorf("a folder that everybody writes to: %v", err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := newSupervisor(config, nil, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("a link is followed")
	}
}
