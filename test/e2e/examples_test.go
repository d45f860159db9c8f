package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/foretop/foretop/test/fleet/demo"
)

// examples are the questions that the language's documentation answers, first as they stand there, then about this fleet.
var examples = []string{
	"kind:Deployment cluster:zone* ns:shop status:!Ready image:app2 label.app=app2 age<24h app2",
	"deploy web",
	"k:po status:CrashLoopBackOff,ImagePullBackOff group:cluster",
	"kind:Node ready:false",
	"no:limits kind:deploy -ns:kube-*",
	"uses:Secret/db-creds",
	"app:payments k:deploy group:image.tag",
	"changed<15m -changed.by:kube-controller-manager",
	"at:-2h k:cm name:feature-flags",
	"(zone:eu-west-1a OR zone:eu-west-1b) is:unhealthy sort:restarts-desc",
	"deleted<1h ns:shop",
	"image.tag:latest env:prod",
	"image.digest:sha256:ab*",

	"app:app2 k:deploy group:image.tag",
	"app:app2 status:!Ready",
	"owner:deploy/app2 kind:pod",
	"spec.template.spec.containers[*].image:*app2* kind:deploy",
	`selector:"app in (app1,app3),!legacy" kind:deploy`,
	"kind:cm name:/^examples-/ sort:name",
	"at:-1s ns:shop kind:deploy",
	"checkuot~ OR app1 kind:deploy",
	"is:unhealthy group:cluster,kind",
	`content:"examples-content-marker"`,
	"restarts>0 kind:pod sort:restarts-desc",
	"replicas:1..3 kind:deploy ns:shop",
}

// TestAnExampleMeansTheSameEverywhere asks each by GraphQL and by the command line, and has a browser ask it in the page.
func TestAnExampleMeansTheSameEverywhere(t *testing.T) {
	if err := stand.Fleet.Break(t.Context(), "zone1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stand.Fleet.Heal(context.WithoutCancel(t.Context()), "zone1"); err != nil {
			t.Errorf("heal: %v", err)
		}
	})
	kubectl(t, "zone2", "-n", "shop", "create", "configmap", "examples-gone")
	kubectl(t, "zone2", "-n", "shop", "create", "configmap", "examples-stays", "--from-literal=text=examples-content-marker")
	t.Cleanup(func() {
		if _, err := stand.Fleet.Kubectl(context.WithoutCancel(t.Context()), "zone2", "-n", "shop", "delete", "configmap", "examples-stays"); err != nil {
			t.Errorf("tidy up: %v", err)
		}
	})
	eventually(t, patience, "the ConfigMaps are found", func(ctx context.Context) error {
		a, err := search(ctx, "kind:cm name:examples-*")
		if err == nil && a.Search.Total != 2 {
			err = fmt.Errorf("%d are", a.Search.Total)
		}
		return err
	})
	kubectl(t, "zone2", "-n", "shop", "delete", "configmap", "examples-gone")
	eventually(t, patience, "app2 is broken and a ConfigMap gone", func(ctx context.Context) error {
		for query, want := range map[string]int{"app:app2 status:!Ready kind:deploy": 1, "deleted<1h name:examples-gone": 1} {
			a, err := search(ctx, query)
			if err != nil {
				return err
			}
			if a.Search.Total != want {
				return fmt.Errorf("%s finds %d", query, a.Search.Total)
			}
		}
		return nil
	})

	found := 0
	for _, query := range examples {
		t.Run("by GraphQL and CLI: "+query, func(t *testing.T) {
			// The fleet lives: what differs for a moment has to agree in the end.
			eventually(t, patience, query, func(ctx context.Context) error {
				a, err := search(ctx, query)
				var refused *demo.GraphQLError
				if errors.As(err, &refused) { // no cluster of this fleet has the label env
					_, stderr, code := cli(t, "search", "--", query)
					if code != 2 || !strings.Contains(stderr, refused.Message) {
						return fmt.Errorf("GraphQL refuses with %q, the command line exits with %d: %s", refused.Message, code, stderr)
					}
					return nil
				}
				if err != nil {
					return err
				}
				args := []string{"search", "-o", "ref", "--limit", "200", "--", query}
				if strings.Contains(query, "group:") {
					args = []string{"search", "-o", "json", "--", query}
				}
				stdout, stderr, code := cli(t, args...)
				if code != 0 {
					return fmt.Errorf("the command line exits with %d: %s", code, stderr)
				}
				if strings.Contains(query, "group:") {
					return sameGroups(ctx, query, stdout)
				}
				var refs []string
				for _, n := range a.Search.Nodes {
					refs = append(refs, n.Ref)
				}
				if got := strings.Fields(stdout); !slices.Equal(got, refs) {
					return fmt.Errorf("the command line finds %v, GraphQL %v", got, refs)
				}
				found += len(refs)
				return nil
			})
		})
	}
	if found == 0 {
		t.Error("nothing was found by any example")
	}
	t.Run("in the page", func(t *testing.T) {
		queries, err := json.Marshal(examples)
		if err != nil {
			t.Fatal(err)
		}
		browse(t, "examples.mjs", "FORETOP_E2E_QUERIES="+string(queries))
	})
}

type group struct {
	Values                 []string
	Count, Ready, NotReady int
}

// sameGroups compares what the command line printed with what GraphQL answers.
func sameGroups(ctx context.Context, query, printed string) error {
	var a struct{ Search struct{ Groups []group } }
	if err := stand.Ask(ctx, `query($q: String!) { search(query: $q, first: 1) { groups { values count ready notReady } } }`, map[string]any{"q": query}, &a); err != nil {
		return err
	}
	var p struct{ Groups []group }
	if err := json.Unmarshal([]byte(printed), &p); err != nil {
		return errors.Join(err, errors.New(printed))
	}
	if got, want := toJSON(p.Groups), toJSON(a.Search.Groups); got != want && len(p.Groups)+len(a.Search.Groups) > 0 {
		return fmt.Errorf("the command line counts %s, GraphQL %s", got, want)
	}
	return nil
}
