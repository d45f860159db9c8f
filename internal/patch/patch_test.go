package patch

import (
	"encoding/json"
	"testing"
)

func TestPatchesOfContents(t *testing.T) {
	read := func(text string) (o map[string]any) {
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			t.Fatal(err)
		}
		return o
	}
	from := read(`{"metadata":{"name":"a","uid":"1","resourceVersion":"5","labels":{"x/y":"1"}},"spec":{"env":[{"name":"A"},{"name":"B"}],"large":12345},"status":{"n":1}}`)
	to := read(`{"metadata":{"name":"a","uid":"2","resourceVersion":"6"},"spec":{"env":[{"name":"B"}],"large":12345,"new":true},"status":{"n":2}}`)
	is := func(what string, list []Change, err error, want string) {
		t.Helper()
		raw, encodeErr := json.Marshal(list)
		if err != nil || encodeErr != nil || string(raw) != want {
			t.Errorf("%s: %s %v, want %s", what, raw, err, want)
		}
	}
	back, err := Back(from, to)
	is("back", back, err, `[{"op":"test","path":"/metadata/labels","value":{"x/y":"1"}},{"op":"remove","path":"/metadata/labels"},{"op":"test","path":"/spec/env/0","value":{"name":"A"}},{"op":"remove","path":"/spec/env/0"},{"op":"add","path":"/spec/new","value":true}]`)
	changes, err := Changes(from, to)
	is("changes", changes, err, `[{"op":"remove","path":"/metadata/labels"},{"op":"remove","path":"/spec/env/1"},{"op":"replace","path":"/spec/env/0/name","value":"B"},{"op":"add","path":"/spec/new","value":true}]`)
	same, err := Changes(from, from)
	is("same", same, err, `[]`)
	if from["status"] == nil || from["metadata"].(map[string]any)["uid"] != "1" {
		t.Errorf("the object itself was changed: %v", from)
	}
}
