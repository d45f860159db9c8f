package kube

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	kjson "k8s.io/apimachinery/pkg/util/json"
)

// asKubernetesReads says what Kubernetes' own decoder makes of a text.
func asKubernetesReads(text string) (map[string]any, bool) {
	var m map[string]any
	err := kjson.Unmarshal([]byte(text), &m)
	return m, err == nil && m != nil
}

var strangeTexts = []string{
	`{}`, ` { } `, `{"a":1}`, `{"a":1.0}`, `{"a":-0}`, `{"a":1e3}`, `{"a":1E+2,"b":1e-2}`, `{"a":9223372036854775807,"b":9223372036854775808}`, `{"a":1e999}`,
	`{"a":01}`, `{"a":1.}`, `{"a":.5}`, `{"a":-}`, `{"a":+1}`, `{"a":1e}`, `{"a":tru}`, `{"a":true,"b":false,"c":null}`, `{"a":"x","a":"y"}`, `{"a":{"b":1},"a":{"c":2}}`,
	`{"a":"\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00"}`, `{"a":"\ud83d"}`, `{"a":"\ud83dx"}`, `{"a":"\ud83d\u0041"}`, `{"a":"\ude00\ud83d\ude00"}`, `{"a":"\x"}`, `{"a":"\u12"}`, `{"a":"\u12g4"}`,
	"{\"a\":\"\x00\"}", "{\"a\":\"\n\"}", "{\"a\":\"\xff\"}", "{\"\xffa\":1}", `{"a":[]}`, `{"a":[1,[2,{"b":[]}]]}`, `{"a":[1,]}`, `{"a":[,1]}`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a":1}x`, `{"a":1}{}`,
	``, `null`, `1`, `"a"`, `[]`, `nul`, `{`, `{"`, `{"a`, `{"a":"`, `{"a":"\`, `{"a":[`, "\ufeff{}", `{"a":"\u+123"}`, "{\"a\":\"\u2028\"}",
	strings.Repeat(`{"a":`, 9999) + `1` + strings.Repeat(`}`, 9999), strings.Repeat(`{"a":`, 10001) + `1` + strings.Repeat(`}`, 10001),
}

func TestObjectsAreReadAsKubernetesReadsThem(t *testing.T) {
	texts := strangeTexts
	files, _ := filepath.Glob("testdata/*.json")
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		texts = append(texts, string(text))
	}
	for _, text := range texts {
		want, ok := asKubernetesReads(text)
		got, err := DecodeText(text)
		if (err == nil) != ok || ok && !reflect.DeepEqual(got, want) {
			t.Errorf("%.80q: got %.200v %v, want %.200v %t", text, got, err, want, ok)
		}
	}
}

func FuzzObjectsAreReadAsKubernetesReadsThem(f *testing.F) {
	for _, text := range strangeTexts {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, ok := asKubernetesReads(text)
		got, err := DecodeText(text)
		if (err == nil) != ok || ok && utf8.ValidString(text) && !reflect.DeepEqual(got, want) {
			t.Errorf("got %v %v, want %v %t", got, err, want, ok)
		}
	})
}

// What one object leaves behind is not seen in the next.
func TestTextsAreSummarizedAsObjectsAre(t *testing.T) {
	files, _ := filepath.Glob("testdata/*.json")
	var checks []func() // when all are done: nothing of an object's summary is used again
	for range 3 {
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			obj, err := Decode(text)
			if err != nil {
				t.Fatal(err)
			}
			want, err := Summarize(obj)
			if err != nil {
				t.Fatal(err)
			}
			got, err := SummarizeText(string(text))
			if err != nil {
				t.Fatal(err)
			}
			checks = append(checks, func() {
				if !reflect.DeepEqual(got, want) {
					t.Errorf("%s: got %+v, want %+v", f, got, want)
				}
			})
			if _, err := SummarizeText(string(text[:len(text)/2])); err == nil {
				t.Error("half an object has a summary")
			}
		}
	}
	for _, check := range checks {
		check()
	}
}
