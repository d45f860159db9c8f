package fleet

import (
	"slices"
	"strings"
	"testing"
)

func TestTrafficIsTheSameForTheSameCluster(t *testing.T) {
	one, other, elsewhere := newTraffic("zone1"), newTraffic("zone1"), newTraffic("zone2")
	a, b, c := one.request(noon, false).lines, other.request(noon, false).lines, elsewhere.request(noon, false).lines
	if !slices.Equal(a, b) {
		t.Errorf("got different requests for the same cluster:\n%v\n%v", a, b)
	}
	if slices.Equal(a, c) {
		t.Error("got the same requests for different clusters")
	}
}

func TestRequestPassesEveryApplicationUnderOneTrace(t *testing.T) {
	lines := newTraffic("zone1").request(noon, false).lines
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
		for _, l := range traffic.request(noon, true).lines {
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

func traceOf(text string) string {
	_, after, _ := strings.Cut(text, "trace_id=")
	trace, _, _ := strings.Cut(after, " ")
	return trace
}
