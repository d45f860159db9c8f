package action

import (
	"encoding/json"
	"testing"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/schemas/ingestpb"
)

func TestACommandIsToldAsPeopleReadIt(t *testing.T) {
	for want, c := range map[string]*ingestpb.Command{
		`{"apply":{"create":true,"manifest":{"kind":"ConfigMap"}}}`:                 {Verb: &ingestpb.Command_Apply{Apply: &ingestpb.ApplyVerb{Manifest: []byte(`{"kind":"ConfigMap"}`), Create: true}}},
		`{"fieldManager":"flux","restore":{"patch":[{"op":"remove","path":"/a"}]}}`: {FieldManager: "flux", Verb: &ingestpb.Command_Restore{Restore: &ingestpb.RestoreVerb{Patch: []byte(`[{"op":"remove","path":"/a"}]`)}}},
		`{"scale":{"replicas":3}}`: {Verb: &ingestpb.Command_Scale{Scale: &ingestpb.ScaleVerb{Replicas: 3}}},
	} {
		w, err := keepable(c)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(told(w))
		if err != nil || string(raw) != want {
			t.Errorf("got %s %v, want %s", raw, err, want)
		}
	}
}

func TestWhatWasAddedToAListIsThere(t *testing.T) {
	before := map[string]any{"spec": map[string]any{"env": []any{"A"}}}
	after := map[string]any{"spec": map[string]any{"env": []any{"A", "B", "C"}}}
	changes, err := patch.Changes(before, after)
	if err != nil || len(changes) != 2 {
		t.Fatalf("%v %v", changes, err)
	}
	removed, err := patch.Changes(after, before)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		o       map[string]any
		changes []patch.Change
		want    bool
	}{{after, changes, true}, {before, changes, false}, {before, removed, true}, {after, removed, false}} {
		if got := (live{object: c.o}).has(c.changes); got != c.want {
			t.Errorf("%v has %v: %v, want %v", c.o, c.changes, got, c.want)
		}
	}
}

func TestALiveObjectHasChanges(t *testing.T) {
	decode := func(text string) map[string]any {
		o, err := kube.Decode([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		return o
	}
	before := decode(`{"spec":{"replicas":3,"env":[{"name":"A"},{"name":"B"}],"labels":{"a/b":"1"}},"status":{"x":1}}`)
	after := decode(`{"spec":{"replicas":5,"env":[{"name":"B"}],"labels":{"c":"2"}},"status":{"x":2}}`)
	changes, err := patch.Changes(before, after)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := encodeChanges(changes) // as the journal has them
	if err != nil {
		t.Fatal(err)
	}
	if changes, err = patch.Parse(raw); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{
		`{"spec":{"replicas":5,"env":[{"name":"B"}],"labels":{"c":"2"}},"status":{"x":7}}`:  true,
		`{"spec":{"replicas":5,"env":[{"name":"B"}],"labels":{"c":"2","d":"3"},"other":1}}`: true,
		`{"spec":{"replicas":5,"env":[{"name":"B"}],"labels":{"a/b":"1","c":"2"}}}`:         false,
		`{"spec":{"replicas":3,"env":[{"name":"B"}],"labels":{"c":"2"}}}`:                   false,
		`{"spec":{"replicas":5,"env":[{"name":"C"}],"labels":{"c":"2"}}}`:                   false,
		`{"spec":{"replicas":3,"env":[{"name":"A"},{"name":"B"}],"labels":{"a/b":"1"}}}`:    false,
	} {
		if got := (live{object: decode(text)}).has(changes); got != want {
			t.Errorf("%s has %s: %v, want %v", text, raw, got, want)
		}
	}
}
