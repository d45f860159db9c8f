package kube

import (
	"os"
	"path/filepath"
	"reflect"
	"testing"
)

func TestAnnotationsAreThoseOfSummaries(t *testing.T) {
	texts := []string{
		`{"kind":"A","metadata":{"name":"a"}}`, `{"metadata":{"annotations":{"a":"\u00e9\n","b":1,"c":"","d":null},"resourceVersion":"7","name":"a"},"kind":"A"}`,
		`{"kind":"A","metadata":{"name":"a","annotations":null,"resourceVersion":7}}`, "{\"kind\":\"A\",\"metadata\":{\"name\":\"a\",\"annotations\":{\"a\":\"\xff\"}}}",
		` { "spec" : { "metadata" : { "annotations" : { "not" : "these" } } } , "kind" : "A", "metadata" : { "name":"a", "annotations" : { "a" : "b" } } } `,
	}
	files, err := filepath.Glob("testdata/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		want, err := SummarizeText(text)
		if err != nil {
			t.Fatalf("%.200s: %v", text, err)
		}
		got, resourceVersion, err := AnnotationsOf(text)
		if err != nil || resourceVersion != want.ResourceVersion || !reflect.DeepEqual(got, want.Annotations) {
			t.Errorf("%.200s: got %v %q %v, want %v %q", text, got, resourceVersion, err, want.Annotations, want.ResourceVersion)
		}
	}
	for _, text := range strangeTexts {
		if got, resourceVersion, err := AnnotationsOf(text); err == nil && (resourceVersion != "" || len(got) > 0) {
			t.Errorf("%.80q has %v %q", text, got, resourceVersion)
		}
	}
}

func BenchmarkAnnotations(b *testing.B) {
	text, err := os.ReadFile("testdata/pod-running.json")
	if err != nil {
		b.Fatal(err)
	}
	object := string(text)
	for b.Loop() {
		if _, _, err := AnnotationsOf(object); err != nil {
			b.Fatal(err)
		}
	}
}
