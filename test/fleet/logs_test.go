package fleet

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestLogFilesAreBounded(t *testing.T) {
	dir := t.TempDir()
	w, err := newLogWriter(dir, 500)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	for range 100 {
		if err := w.write(line{at: noon, app: "app2", text: strings.Repeat("x", 50)}); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"app2.log", "app2.log.1"} {
		info, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if info.Size() > 700 {
			t.Errorf("got %d bytes in %s, want at most 700", info.Size(), name)
		}
	}
}

func TestLinesAreInCRIFormat(t *testing.T) {
	dir := t.TempDir()
	w, err := newLogWriter(dir, 500)
	if err != nil {
		t.Fatal(err)
	}
	defer w.close()
	if err := w.write(line{at: noon, app: "app2", err: true, last: true, text: "gone"}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"app2.log", "app2.log.previous"} {
		got, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if want := "2026-01-01T12:00:00Z stderr F gone\n"; string(got) != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
