package kube_test

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/foretop/foretop/internal/kube"
)

func TestAnnotate(t *testing.T) {
	more := map[string]string{"a/cluster": `zone "1"`, "a/kind": "v1"}
	f := func(object, want string) {
		t.Helper()
		got, err := kube.Annotate(object, more)
		if err != nil {
			t.Errorf("%s: %v", object, err)
			return
		}
		if want != "" && string(got) != want {
			t.Errorf("%s becomes %s, want %s", object, got, want)
		}
		var before, after map[string]any
		if err := json.Unmarshal([]byte(object), &before); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(got, &after); err != nil {
			t.Errorf("%s becomes %s: %v", object, got, err)
			return
		}
		metadata := before["metadata"].(map[string]any)
		annotations, _ := metadata["annotations"].(map[string]any)
		if annotations == nil {
			annotations = map[string]any{}
		}
		for k, v := range more {
			annotations[k] = v
		}
		metadata["annotations"] = annotations
		if !reflect.DeepEqual(before, after) {
			t.Errorf("%s becomes %v, want %v", object, after, before)
		}
	}
	const both = `"a/cluster":"zone \"1\"","a/kind":"v1"`
	f(`{"metadata":{"name":"x"},"spec":{}}`, `{"metadata":{"annotations":{`+both+`},"name":"x"},"spec":{}}`)
	f(`{"metadata":{"annotations":{"b":"c"},"name":"x"}}`, `{"metadata":{"annotations":{`+both+`,"b":"c"},"name":"x"}}`)
	f(`{"metadata":{"annotations":{}}}`, `{"metadata":{"annotations":{`+both+`}}}`)
	f(`{"metadata":{}}`, `{"metadata":{"annotations":{`+both+`}}}`)
	f(`{ "kind" : "Pod" , "metadata" : { "annotations" : { } , "name" : "x" } }`, "")
	f(`{"metadata":{"name":"x","annotations":null}}`, "")
	f(`{"metadata":{"annotations":{"a/cluster":"zone2","n":"1"}},"n":12345678901234567890}`, "")
	f("{\"metadata\":{\"annotations\":{\"\\u0061/kind\":\"old\"}}}", "")
	for _, bad := range []string{``, `{}`, `{"metadata":1}`, `{"metadata":{"a":`} {
		if got, err := kube.Annotate(bad, more); err == nil {
			t.Errorf("%q becomes %s", bad, got)
		}
	}
}

func TestRename(t *testing.T) {
	for object, want := range map[string]string{
		`{"metadata":{"name":"x"},"spec":{"name":"x"}}`:                            `{"metadata":{"name":"zone1:x"},"spec":{"name":"x"}}`,
		`{"spec":{"name":"x"},"metadata":{"labels":{"name":"x"},"name" : "x" } } `: `{"spec":{"name":"x"},"metadata":{"labels":{"name":"x"},"name" : "zone1:x" } } `,
		`{"metadata":{"generateName":"x-","name":"\u0078","n":1}}`:                 `{"metadata":{"generateName":"x-","name":"zone1:x","n":1}}`,
	} {
		if got, err := kube.Rename(object, "zone1:x"); err != nil || string(got) != want {
			t.Errorf("%s becomes %s %v, want %s", object, got, err, want)
		}
	}
	for _, bad := range []string{``, `{}`, `{"metadata":1}`, `{"metadata":{}}`, `{"metadata":{"name":1}}`, `{"metadata":{"name":"a`} {
		if got, err := kube.Rename(bad, "zone1:x"); err == nil {
			t.Errorf("%q becomes %s", bad, got)
		}
	}
}

func TestMetadataOf(t *testing.T) {
	got, err := kube.MetadataOf(`{"kind":"Pod","metadata":{"name":"x","labels":{"}":"{"}},"spec":1}`)
	if want := `{"name":"x","labels":{"}":"{"}}`; got != want || err != nil {
		t.Errorf("%s, %v, want %s", got, err, want)
	}
}
