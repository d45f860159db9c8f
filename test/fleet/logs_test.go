package fleet

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var noon = time.Date(2026, 1, 1, 12, 0, 0, 0, time.UTC)

func TestTrafficIsTheSameForTheSameCluster(t *testing.T) {
	one, other, elsewhere := newTraffic("zone1"), newTraffic("zone1"), newTraffic("zone2")
	a, b, c := one.request(noon, false), other.request(noon, false), elsewhere.request(noon, false)
	if !slices.Equal(a, b) {
		t.Errorf("got different requests for the same cluster:\n%v\n%v", a, b)
	}
	if slices.Equal(a, c) {
		t.Error("got the same requests for different clusters")
	}
}

func TestRequestPassesEveryApplicationUnderOneTrace(t *testing.T) {
	lines := newTraffic("zone1").request(noon, false)
	var apps []string
	for _, l := range lines {
		apps = append(apps, l.app)
		if got, want := traceOf(l.text), traceOf(lines[0].text); got != want {
			t.Errorf("got trace %s in %s, want %s", got, l.app, want)
		}
		if l.err {
			t.Errorf("got an error from %s of a healthy application: %s", l.app, l.text)
		}
	}
	if want := []string{"gateway", "app1", "app2", "app3"}; !slices.Equal(apps, want) {
		t.Errorf("got %v, want %v", apps, want)
	}
}

func TestBrokenApplicationComplainsAndExits(t *testing.T) {
	traffic := newTraffic("zone1")
	failed := 0
	for range 300 {
		for _, l := range traffic.request(noon, true) {
			if l.last {
				failed++
				if l.app != "app2" || !l.err {
					t.Fatalf("got exit of %s, want app2 on stderr", l.app)
				}
			}
		}
	}
	if failed < 60 || failed > 140 {
		t.Errorf("got %d of 300 requests failed, want about a third", failed)
	}
}

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

func traceOf(text string) string {
	_, after, _ := strings.Cut(text, "trace_id=")
	trace, _, _ := strings.Cut(after, " ")
	return trace
}
