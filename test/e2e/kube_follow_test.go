package e2e

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// following is a kubectl that watches.
type following struct{ out, said written }

// written is what a program writes while it runs.
type written struct {
	mu  sync.Mutex
	all bytes.Buffer
}

func (w *written) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.Write(b)
}

func (w *written) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.all.String()
}

func (f *following) printed() string { return f.out.String() }

// watchOpen is how kubectl -v=6 notes that a watch is answered.
var watchOpen = regexp.MustCompile(`(?m)watch=true.*\b200 OK\b`)

func (f *following) watches() bool { return watchOpen.MatchString(f.said.String()) }

// String is all of it, for who has to find out why it is not as it should be.
func (f *following) String() string {
	said := strings.Split(strings.TrimSpace(f.said.String()), "\n")
	return f.printed() + "and says\n" + strings.Join(said[max(0, len(said)-5):], "\n")
}

// follow starts kubectl, which ends with the test.
func (r reader) follow(t *testing.T, whom []string, args ...string) *following {
	t.Helper()
	f := &following{}
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, r.path, slices.Concat([]string{"--cache-dir", r.cache, "-v=6"}, whom, args)...)
	cmd.Stdout, cmd.Stderr = &f.out, &f.said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = cmd.Wait() })
	return f
}

// kubectl -w prints of a member through the hub what it prints at the member: every version, in order.
func TestKubectlFollowsAMemberAsAtTheMember(t *testing.T) {
	const namespace = "followed"
	removeNamespace(t, namespace)
	m, err := openMember("zone1")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.create(t.Context(), "/api/v1/namespaces", object("v1", "Namespace", namespace, nil)); err != nil {
		t.Fatal(err)
	}
	maps := "/api/v1/namespaces/" + namespace + "/configmaps"
	labelled := func(name, value string) map[string]any {
		return map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": name, "labels": map[string]any{"colour": value}}, "data": map[string]any{"a": "1"}}
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	template := map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "x"}}, "spec": map[string]any{"containers": []any{map[string]any{"name": "x", "image": "registry.example.com/x:1"}}}}
	deployment := func(name string) map[string]any {
		return map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": name}, "spec": map[string]any{"replicas": 1, "selector": map[string]any{"matchLabels": map[string]any{"app": "x"}}, "template": template}}
	}
	deployments := "/apis/apps/v1/namespaces/" + namespace + "/deployments"
	must(m.create(t.Context(), maps, labelled("first", "red")))
	must(m.create(t.Context(), deployments, deployment("some")))
	// Only where nothing changes, both begin with the same.
	settled := func(name string, replicas int) {
		t.Helper()
		eventually(t, patience, name+" is settled", func(ctx context.Context) error {
			var d struct {
				Metadata struct{ Generation int }
				Status   struct {
					ObservedGeneration, AvailableReplicas int
					Conditions                            []struct{ Type, Reason string }
				}
			}
			if err := m.get(ctx, deployments+"/"+name, &d); err != nil {
				return err
			}
			for _, c := range d.Status.Conditions {
				if c.Type == "Progressing" && c.Reason == "NewReplicaSetAvailable" && d.Status.ObservedGeneration == d.Metadata.Generation && d.Status.AvailableReplicas == replicas {
					return nil
				}
			}
			return fmt.Errorf("its status is %s", toJSON(d.Status))
		})
	}
	settled("some", 1)
	eventually(t, patience, "the controllers made theirs", func(ctx context.Context) error { return m.get(ctx, maps+"/kube-root-ca.crt", nil) })
	caughtUp(t, configMaps, namespace, "zone1")
	caughtUp(t, schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}, namespace, "zone1")
	type pair struct {
		what            string
		direct, through *following
		begin, last     string // what is there once it watches, and what it sees last
		read            func(string) string
	}
	var pairs []*pair
	for _, r := range readers(t) {
		for _, x := range []struct {
			args, begin, last string
			read              func(string) string
		}{
			{"get configmaps -w", "first", "last", squeezed},
			{"get configmaps -w --output-watch-events", "first", "last", squeezed},
			{"get configmaps -w -o wide --show-labels", "first", "last", squeezed},
			{"get configmaps -w -l colour=red", "first", "last", squeezed},
			{"get configmaps -w --field-selector metadata.name!=second", "first", "last", squeezed},
			{"get configmaps -w -o name", "first", "last", asPrinted},
			{"get configmaps -w -o yaml", "first", "name: last", documents},
			{"get configmaps -w -o jsonpath={.metadata.name}/{.metadata.resourceVersion}/{.data}{\"\\n\"}", "first", "last", asPrinted},
			{"get deployments -w", "some", "last", squeezed},
			{"get deployments some -w", "some", "5/5", squeezed},
		} {
			args := append(strings.Fields(x.args), "-n", namespace)
			pairs = append(pairs, &pair{what: r.version + " " + x.args, direct: r.follow(t, memberItself("zone1"), args...), through: r.follow(t, memberThrough("zone1"), args...), begin: x.begin, last: x.last, read: x.read})
		}
	}
	everyone := func(what string, holds func(p *pair, f *following) bool) {
		t.Helper()
		eventually(t, patience, what, func(context.Context) error {
			for _, p := range pairs {
				if !holds(p, p.direct) || !holds(p, p.through) {
					return fmt.Errorf("kubectl %s: at the member\n%s\nthrough the hub\n%s", p.what, p.direct, p.through)
				}
			}
			return nil
		})
	}
	// Of a single object, kubectl does not print what its watch begins with: what changed since it read the object.
	everyone("all watch", func(p *pair, f *following) bool { return strings.Contains(f.printed(), p.begin) && f.watches() })
	must(m.create(t.Context(), maps, labelled("second", "blue")))
	for i := range 5 {
		must(m.patch(t.Context(), maps+"/first", map[string]any{"data": map[string]any{"b": fmt.Sprint(i)}}))
	}
	must(m.patch(t.Context(), maps+"/first", map[string]any{"metadata": map[string]any{"labels": map[string]any{"colour": "blue"}}}))
	must(m.patch(t.Context(), maps+"/second", map[string]any{"metadata": map[string]any{"labels": map[string]any{"colour": "red"}}}))
	must(m.delete(t.Context(), maps+"/first"))
	must(m.delete(t.Context(), maps+"/second"))
	must(m.create(t.Context(), maps, labelled("last", "red")))
	must(m.patch(t.Context(), deployments+"/some", map[string]any{"spec": map[string]any{"replicas": 5}}))
	settled("some", 5)
	must(m.create(t.Context(), deployments, deployment("last")))
	everyone("all have seen the last", func(p *pair, f *following) bool { return strings.Contains(f.printed(), p.last) })
	everyone("both print the same", func(p *pair, f *following) bool {
		return p.read(p.direct.printed()) == p.read(p.through.printed())
	})
}

// documents are YAML documents, but for what is otherwise on purpose.
func documents(text string) string {
	var list []string
	for one := range strings.SplitSeq("\n"+text, "\n---\n") {
		if strings.TrimSpace(one) == "" {
			continue
		}
		var o map[string]any
		if err := yaml.Unmarshal([]byte(one), &o); err != nil {
			return text // cut in the middle
		}
		list = append(list, objectsOf(one))
	}
	return strings.Join(list, "\n---\n")
}
