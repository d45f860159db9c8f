package kube

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestSummariesOfRealObjects keeps what is said of objects that a real cluster served. The STATUS in each golden
// was compared with what kubectl printed for the object.
func TestSummariesOfRealObjects(t *testing.T) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) < 10 {
		t.Fatalf("got %d objects %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		s, err := SummarizeJSON(text)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		got := describe(&s)
		golden := strings.TrimSuffix(file, ".json") + ".golden"
		if *update {
			if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%s\nwant\n%s", file, got, want)
		}
	}
}

func describe(s *Summary) string {
	var b strings.Builder
	line := func(name string, v any) { fmt.Fprintf(&b, "%s: %v\n", name, v) }
	line("object", s.Group+"/"+s.Version+" "+s.Kind+" "+s.Namespace+"/"+s.Name)
	line("created", s.CreatedAt.Format(time.RFC3339))
	line("app", s.App)
	line("status", s.Status)
	line("health", s.Health)
	line("ready", s.Ready)
	line("reasons", s.Reasons)
	line("images", s.Images)
	line("node", s.Node)
	line("replicas", fmt.Sprintf("%d ready of %d, %d restarts", s.ReadyReplicas, s.Replicas, s.Restarts))
	line("owners", s.OwnerRefs)
	line("conditions", s.Conditions)
	line("containers", s.Containers)
	line("ips", s.IPs)
	line("account", s.ServiceAccount)
	line("uses", s.Uses)
	line("traits", s.Traits)
	line("tokens", strings.Join(s.Tokens(), " "))
	return b.String()
}

func BenchmarkRealPod(b *testing.B) {
	text, err := os.ReadFile("testdata/pod-crashing.json")
	if err != nil {
		b.Fatal(err)
	}
	obj, err := Decode(text)
	if err != nil {
		b.Fatal(err)
	}
	b.Run("decode", func(b *testing.B) {
		b.ReportAllocs()
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			if _, err := Decode(text); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("summarize", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := Summarize(obj); err != nil {
				b.Fatal(err)
			}
		}
	})
}
