package kube

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// agree says that two texts are compared as the objects are that they hold.
func agree(t *testing.T, a, b string) {
	t.Helper()
	old, err := DecodeText(a)
	if err != nil {
		return
	}
	now, err := DecodeText(b)
	if err != nil {
		return
	}
	want, meant := ChangedPaths(old, now)
	got, means, err := ChangedPathsOfText(a, b)
	if err != nil || means != meant || !slices.Equal(got, want) {
		t.Errorf("got %q %t %v, want %q %t\nof %.300s\nand %.300s", got, means, err, want, meant, a, b)
	}
}

func TestTextsAreComparedAsObjectsAre(t *testing.T) {
	for _, p := range [][2]string{
		{`{"spec":{"replicas":1}}`, `{"spec":{"replicas":2}}`}, {`{"a":1}`, `{ "a" : 1.0 }`}, {`{"a":{"b":1,"c":2}}`, `{"a":{"c":2,"b":1}}`},
		{`{"metadata":{"labels":{"a":"1"}}}`, `{"metadata":{}}`}, {`{"metadata":{}}`, `{"metadata":{"labels":{"a":"1","b":"2"}}}`}, {`{"a":1,"a":2}`, `{"a":2}`},
		{`{"spec":{"containers":[{"name":"a","image":"x"}]}}`, `{"spec":{"containers":[{"name":"a","image":"y"}]}}`}, {`{"a":"\\\""}`, `{"a":"\\"}`}, {`{"a":[]}`, `{"a":{}}`},
		{`{"a":null}`, `{}`}, {`{"a":{}}`, `{"a":{ }}`}, {`{"status":{"a":1}}`, `{"status":{"a":2}}`}, {`{"metadata":{"resourceVersion":"1"}}`, `{"metadata":{"resourceVersion":"2"}}`},
	} {
		agree(t, p[0], p[1])
		agree(t, p[1], p[0])
	}
	files, _ := filepath.Glob("testdata/*.json")
	var texts []string
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for _, a := range texts {
		for _, b := range texts {
			agree(t, a, b)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		a, b := odd(r, 4), odd(r, 4)
		one, _ := json.Marshal(map[string]any{"spec": a, "metadata": b})
		two, _ := json.Marshal(map[string]any{"spec": b, "metadata": b, "status": a})
		agree(t, string(one), string(two))
	}
}

func FuzzTextsAreComparedAsObjectsAre(f *testing.F) {
	f.Add(`{"a":1}`, `{"a":{"b":[1,{"name":"x"}]}}`)
	f.Fuzz(func(t *testing.T, a, b string) {
		ChangedPathsOfText(a, b) // must not fall over what was never decoded
		agree(t, a, b)
	})
}
