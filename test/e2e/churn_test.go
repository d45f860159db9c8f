package e2e

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// churn changes objects of many sorts on every cluster at once, for as long as it has changes left and ctx lasts, and
// leaves the namespace as it then is. The same seed makes the same changes; how they interleave is the clusters' affair.
func churn(ctx context.Context, t *testing.T, namespace string, changes int, seed uint64) {
	t.Helper()
	var wg sync.WaitGroup
	errs := make([]error, len(stand.Fleet.Names()))
	for i, name := range stand.Fleet.Names() {
		wg.Go(func() {
			c, err := newChurner(ctx, name, namespace, rand.New(rand.NewPCG(seed, uint64(i))))
			for n := 0; err == nil && n < changes && ctx.Err() == nil; n++ {
				err = c.step(ctx, n)
			}
			if ctx.Err() == nil {
				errs[i] = err
			}
		})
	}
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatalf("change objects: %v", err)
	}
}

// churner changes objects of one namespace of one cluster.
type churner struct {
	*member
	core, apps string // the namespace's addresses in the two groups it writes to
	random     *rand.Rand
	names      map[string][]string // by resource
}

func newChurner(ctx context.Context, cluster, namespace string, random *rand.Rand) (*churner, error) {
	m, err := openMember(cluster)
	if err != nil {
		return nil, err
	}
	c := &churner{m, "/api/v1/namespaces/" + namespace, "/apis/apps/v1/namespaces/" + namespace, random, map[string][]string{}}
	err = c.create(ctx, "/api/v1/namespaces", object("v1", "Namespace", namespace, nil))
	var r *refusal
	if errors.As(err, &r) && r.code == http.StatusConflict {
		err = nil // churned before
	}
	return c, err
}

func object(apiVersion, kind, name string, more map[string]any) map[string]any {
	o := map[string]any{
		"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "labels": map[string]any{"app": "churn"}},
	}
	for k, v := range more {
		o[k] = v
	}
	return o
}

// step makes one change. Of six, two create, two update, one deletes and one makes the controllers work.
func (c *churner) step(ctx context.Context, n int) error {
	err := c.change(ctx, n)
	var r *refusal
	if errors.As(err, &r) && (r.code == http.StatusNotFound || r.code == http.StatusConflict) {
		return nil // a controller was faster, or an earlier churn left the name
	}
	return err
}

func (c *churner) change(ctx context.Context, n int) error {
	switch c.random.IntN(6) {
	case 0:
		name := fmt.Sprintf("c%d", n)
		c.names["configmaps"] = append(c.names["configmaps"], name)
		return c.create(ctx, c.core+"/configmaps", object("v1", "ConfigMap", name, map[string]any{"data": map[string]any{"n": fmt.Sprint(n)}}))
	case 1:
		if len(c.names["deployments"]) < 3 {
			name := fmt.Sprintf("d%d", n)
			c.names["deployments"] = append(c.names["deployments"], name)
			return c.create(ctx, c.apps+"/deployments", deployment(name))
		}
		name := fmt.Sprintf("s%d", n)
		c.names["services"] = append(c.names["services"], name)
		return c.create(ctx, c.core+"/services", object("v1", "Service", name, map[string]any{
			"spec": map[string]any{"selector": map[string]any{"app": "churn"}, "ports": []any{map[string]any{"port": 80}}},
		}))
	case 2:
		if name := c.pick("configmaps"); name != "" {
			return c.patch(ctx, c.core+"/configmaps/"+name, map[string]any{"data": map[string]any{"n": fmt.Sprint(n), "more": fmt.Sprint(c.random.Uint64())}})
		}
	case 3:
		if name := c.pick("deployments"); name != "" {
			return c.patch(ctx, c.apps+"/deployments/"+name, map[string]any{"spec": map[string]any{"replicas": c.random.IntN(4)}})
		}
	case 4:
		resource := []string{"configmaps", "services"}[c.random.IntN(2)]
		if name := c.pick(resource); name != "" {
			return c.delete(ctx, c.core+"/"+resource+"/"+name)
		}
	case 5:
		return c.deletePod(ctx)
	}
	return nil
}

// pick is one of the names made so far, which may be gone; "" when there is none.
func (c *churner) pick(resource string) string {
	names := c.names[resource]
	if len(names) == 0 {
		return ""
	}
	return names[c.random.IntN(len(names))]
}

func (c *churner) deletePod(ctx context.Context) error {
	var pods struct {
		Items []struct{ Metadata struct{ Name string } }
	}
	if err := c.get(ctx, c.core+"/pods", &pods); err != nil {
		return err
	}
	if len(pods.Items) == 0 {
		return nil
	}
	return c.delete(ctx, c.core+"/pods/"+pods.Items[c.random.IntN(len(pods.Items))].Metadata.Name)
}

func deployment(name string) map[string]any {
	return object("apps/v1", "Deployment", name, map[string]any{"spec": map[string]any{
		"replicas": 2,
		"selector": map[string]any{"matchLabels": map[string]any{"deployment": name}},
		"template": map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "churn", "deployment": name}},
			"spec": map[string]any{
				"terminationGracePeriodSeconds": 1,
				"containers":                    []any{map[string]any{"name": "c", "image": "registry.example.com/churn:1"}},
			},
		},
	}})
}

// onEveryCluster does one thing on each cluster, one after another.
func onEveryCluster(t *testing.T, do func(m *member) error) {
	t.Helper()
	for _, name := range stand.Fleet.Names() {
		m, err := openMember(name)
		if err == nil {
			err = do(m)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
}

// removeNamespace takes a namespace away from every cluster when the test ends. It does not wait: after a kind went, the
// namespace controller may need a minute to believe it.
func removeNamespace(t *testing.T, namespace string) {
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
		defer cancel()
		for _, name := range stand.Fleet.Names() {
			if _, err := stand.Fleet.Kubectl(ctx, name, "delete", "namespace", namespace, "--ignore-not-found", "--wait=false"); err != nil {
				t.Error(err)
			}
		}
	})
}
