package kube

import (
	"encoding/json"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// FuzzObjects feeds what no API server would let through: clusters are not trusted, and one object must not end
// the hub.
func FuzzObjects(f *testing.F) {
	files, err := filepath.Glob("testdata/*.json")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, []byte(`{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"":1}`), []byte(`{"f:spec":{"k:{\"name\":\"a\"}":{}}}`))
	}
	f.Fuzz(func(t *testing.T, a, b, fields []byte) {
		old, err := Decode(a)
		if err != nil {
			return
		}
		now, err := Decode(b)
		if err != nil {
			return
		}
		for _, r := range Relations(old) {
			if (r.Name == "") == (r.Selector == nil) {
				t.Errorf("a relation reaches nothing: %+v", r)
			}
		}
		if s, err := Summarize(old); err == nil {
			tokens := s.Tokens()
			if !slices.IsSorted(tokens) || len(slices.Compact(slices.Clone(tokens))) != len(tokens) {
				t.Errorf("tokens are not sorted and distinct: %q", tokens)
			}
			for _, query := range []string{s.Name, s.Namespace, s.App, s.Node, strings.Join(s.Images, " ")} {
				for _, q := range QueryTokens(query) {
					if _, ok := slices.BinarySearch(tokens, q); !ok && len(q) <= maxToken {
						t.Errorf("%q does not find the object: no token %q", query, q)
					}
				}
			}
		}
		paths, _ := ChangedPaths(old, now)
		ActorOf([]Manager{{Name: "a", FieldsV1: fields}, {Name: "b", Time: 1, FieldsV1: fields}}, paths)
		Sentence(old, now, paths)
		Aspects(paths)
		for _, apart := range []bool{false, true} {
			if _, err := Compare(old, now, apart, false); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzRelationRule reads whatever people may write into a configuration.
func FuzzRelationRule(f *testing.F) {
	object := map[string]any{"apiVersion": "a.io/v1", "kind": "App", "metadata": map[string]any{"namespace": "n"}, "spec": map[string]any{"a": []any{map[string]any{"b": "c"}, 1, nil}, "s": map[string]any{"x": "y"}}}
	f.Add("a.io/App", "spec.a[*].b", "core/Secret", "uses", "spec.a[*].b")
	f.Add("core/Pod", ".spec", "core/Pod", "selects", "")
	f.Add("a.io/App", "spec.s", "core/Service", "selects", "spec..")
	f.Fuzz(func(t *testing.T, from, path, to, kind, namespace string) {
		rules, err := ReadRelationRules([]RelationRule{{From: from, Path: path, To: to, Type: kind, NamespacePath: namespace}})
		if err != nil {
			return
		}
		for _, r := range rules.Of(object, func(_, kind string) (string, bool) { return Plural(kind), true }) {
			if (r.Name == "") == (r.Selector == nil) {
				t.Errorf("a relation reaches nothing: %+v", r)
			}
		}
	})
}

// odd makes a value out of words that mean something somewhere, in places where they should not be.
func odd(r *rand.Rand, depth int) any {
	words := []string{"kind", "metadata", "name", "namespace", "uid", "labels", "annotations", "ownerReferences", "controller", "spec", "status", "template",
		"jobTemplate", "containers", "initContainers", "image", "conditions", "type", "reason", "Ready", "True", "False", "phase", "replicas", "readyReplicas",
		"containerStatuses", "state", "waiting", "terminated", "data", "", ".", "a/b", "[x]", "x]", "env", "ports", "value", "deletionTimestamp", "ingress", "v1.2", "Ä", "rules", "parentRefs",
		"backendRefs", "listeners", "tls", "certificateRefs", "roleRef", "subjects", "webhooks", "clientConfig", "service", "taints", "key", "effect", "selector", "matchLabels", "kube-api-access-1", "volumes"}
	if depth == 0 || r.IntN(4) == 0 {
		switch r.IntN(6) {
		case 0:
			return nil
		case 1:
			return r.IntN(2) == 0
		case 2:
			return int64(r.IntN(5) - 1)
		case 3:
			return 0.5
		default:
			return words[r.IntN(len(words))]
		}
	}
	if r.IntN(3) == 0 {
		l := make([]any, r.IntN(4))
		for i := range l {
			l[i] = odd(r, depth-1)
		}
		return l
	}
	m := map[string]any{}
	for range r.IntN(6) {
		m[words[r.IntN(len(words))]] = odd(r, depth-1)
	}
	return m
}

func TestOddObjectsAreSummarisedAndCompared(t *testing.T) {
	kinds := []string{"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Node", "Job", "CronJob", "Service", "HorizontalPodAutoscaler", "ConfigMap", "Thing",
		"Gateway", "HTTPRoute", "Ingress", "RoleBinding", "ServiceAccount", "PersistentVolume", "PersistentVolumeClaim", "ValidatingWebhookConfiguration"}
	versions := []string{"v1", "apps/v1", "batch/v1", "autoscaling/v2", "x.io/v1", "gateway.networking.k8s.io/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1"}
	for seed := range uint64(3000) {
		r := rand.New(rand.NewPCG(seed, 1))
		make1 := func() map[string]any {
			obj, ok := odd(r, 5).(map[string]any)
			if !ok {
				obj = map[string]any{}
			}
			obj["kind"], obj["apiVersion"] = kinds[r.IntN(len(kinds))], versions[r.IntN(len(versions))]
			if r.IntN(4) > 0 {
				obj["metadata"] = map[string]any{"name": "a", "labels": odd(r, 2), "annotations": odd(r, 2)}
			}
			for _, key := range []string{"spec", "status"} {
				if r.IntN(3) > 0 {
					obj[key] = odd(r, 5)
				}
			}
			return obj
		}
		old, now := make1(), make1()
		if s, err := Summarize(old); err == nil && (s.Health == "" || s.Health == Healthy && s.Replicas > s.ReadyReplicas) {
			t.Errorf("seed %d: health %q with %d of %d ready", seed, s.Health, s.ReadyReplicas, s.Replicas)
		}
		if paths, _ := ChangedPaths(old, old); len(paths) != 0 {
			t.Errorf("seed %d: an object differs from itself at %q", seed, paths)
		}
		paths, _ := ChangedPaths(old, now)
		if s := Sentence(old, now, paths); s == "" {
			t.Errorf("seed %d: no sentence for %q", seed, paths)
		}
		fields, _ := odd(r, 4).(map[string]any)
		text, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		ActorOf([]Manager{{Name: "a", FieldsV1: text}, {Name: "b", FieldsV1: text}}, paths)
		if uses := Uses(old); !slices.IsSorted(uses) {
			t.Errorf("seed %d: uses are not sorted: %q", seed, uses)
		}
		Aspects(paths)
		before, err := json.Marshal(old)
		if err != nil {
			t.Fatal(err)
		}
		for _, how := range []struct{ apart, noise bool }{{false, false}, {true, false}, {true, true}} {
			if c, err := Compare(old, old, how.apart, how.noise); err != nil || c.Unified != "" || len(c.Lines) > 0 || c.Hidden != 0 {
				t.Errorf("seed %d: an object differs from itself by %+v, %v", seed, c, err)
			}
			c, err := Compare(old, now, how.apart, how.noise)
			if err != nil || (c.Unified == "") != (len(c.Lines) == 0) {
				t.Errorf("seed %d: %d differences, and the text says %q, %v", seed, len(c.Lines), c.Unified, err)
			}
		}
		if after, _ := json.Marshal(old); string(after) != string(before) {
			t.Errorf("seed %d: comparing changed the object", seed)
		}
		if _, err := UnifiedDiff(old, now, true); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}
