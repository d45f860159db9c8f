package e2e

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"
)

const app2 = "zone1:shop/deployments.apps/app2"

type row struct {
	Ref, Kind, Name, Cluster, Status, UID, ResourceVersion string
	Ready                                                  *bool
	Replicas, ReadyReplicas                                *int
}

type searchAnswer struct {
	Search struct {
		Total    int
		Nodes    []row
		Engine   string
		Coverage struct{ Asked, Answered, Stale int }
		Facets   []struct {
			Field  string
			Values []struct {
				Value string
				Count int
			}
		}
	}
}

const searchQuery = `query($q: String!) { search(query: $q, first: 200, facets: ["cluster", "kind"]) {
  total engine coverage { asked answered stale } facets { field values { value count } }
  nodes { ref kind name cluster status uid resourceVersion ready replicas readyReplicas } } }`

func search(ctx context.Context, q string) (*searchAnswer, error) {
	var a searchAnswer
	err := stand.Ask(ctx, searchQuery, map[string]any{"q": q}, &a)
	return &a, err
}

// The reference scenario: app2 breaks in zone1 by an image change. It is found, its history shows the cause, and
// what people do to it from the result reaches the real cluster and can be undone.
func TestABrokenWorkloadIsFoundExplainedAndActedUpon(t *testing.T) {
	const query = "app:app2 status:!Ready"
	if err := stand.Fleet.Break(t.Context(), "zone1"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stand.Fleet.Heal(context.WithoutCancel(t.Context()), "zone1"); err != nil {
			t.Errorf("heal: %v", err)
		}
	})

	t.Run("the search shows exactly what is broken", func(t *testing.T) {
		eventually(t, patience, query, func(ctx context.Context) error {
			a, err := search(ctx, query+" kind:deploy")
			if err != nil {
				return err
			}
			if a.Search.Total != 1 || len(a.Search.Nodes) != 1 || a.Search.Nodes[0].Ref != app2 {
				return fmt.Errorf("got %s", toJSON(a))
			}
			return nil
		})
		a, err := search(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range a.Search.Nodes {
			if n.Cluster != "zone1" || !strings.HasPrefix(n.Name, "app2") || n.Ready == nil || *n.Ready {
				t.Errorf("%s is in the answer: %s", n.Ref, toJSON(n))
			}
		}
		if c := a.Search.Coverage; c.Asked != 3 || c.Answered != 3 {
			t.Errorf("coverage is %+v, want all three clusters", c)
		}
	})

	t.Run("the command line shows the same", func(t *testing.T) {
		out, errOut, code := cli(t, "search", query, "kind:deploy")
		if code != 0 || !strings.Contains(out, "zone1") || !strings.Contains(out, "app2") || strings.Contains(out, "zone2") {
			t.Errorf("exit %d\n%s%s", code, out, errOut)
		}
		if !strings.Contains(errOut, "3") {
			t.Errorf("no coverage on stderr: %q", errOut)
		}
		names, _, _ := cli(t, "search", query, "kind:deploy", "-o", "name")
		if strings.TrimSpace(names) != "deployment.apps/app2" {
			t.Errorf("-o name prints %q", names)
		}
	})

	t.Run("its history shows the image change with its diff", func(t *testing.T) {
		var a struct {
			History struct {
				Nodes []struct {
					Type, ChangedBy, Diff string
					Meaningful            bool
					ChangedPaths          []string
				}
			}
		}
		ask(t, `query($ref: ID!) { history(ref: $ref) { nodes { type changedBy diff meaningful changedPaths } } }`, map[string]any{"ref": app2}, &a)
		found := false
		for _, v := range a.History.Nodes {
			if v.Meaningful && strings.Contains(v.Diff, "-        image:") || strings.Contains(v.Diff, "- image:") || strings.Contains(v.Diff, "image:") && strings.Contains(v.Diff, "broken") {
				found = true
				if len(v.ChangedPaths) == 0 || !strings.Contains(strings.Join(v.ChangedPaths, " "), "image") {
					t.Errorf("changed paths are %q", v.ChangedPaths)
				}
				if v.ChangedBy == "" {
					t.Error("nobody is named as who changed it")
				}
			}
		}
		if !found {
			t.Errorf("no version shows the image change: %s", toJSON(a.History.Nodes))
		}
		out, errOut, code := cli(t, "history", app2)
		if code != 0 || !strings.Contains(out, "image") {
			t.Errorf("foretop history exits %d\n%s%s", code, out, errOut)
		}
		out, errOut, _ = cli(t, "diff", app2)
		if !strings.Contains(out, "image:") {
			t.Errorf("foretop diff prints\n%s%s", out, errOut)
		}
	})

	t.Run("the change is in the fleet's changes and its events are there", func(t *testing.T) {
		from := time.Now().Add(-10 * time.Minute).UTC().Format(time.RFC3339)
		var c struct {
			Changes struct {
				Nodes []struct{ Cluster, Name, Summary string }
			}
		}
		ask(t, `query($from: Time!) { changes(query: "app:app2 kind:deploy cluster:zone1", from: $from) { nodes { cluster name summary } } }`, map[string]any{"from": from}, &c)
		if len(c.Changes.Nodes) == 0 || !strings.Contains(toJSON(c), "image") {
			t.Errorf("changes: %s", toJSON(c))
		}
		eventually(t, patience, "events of app2", func(ctx context.Context) error {
			var e struct {
				Events struct {
					Nodes []struct{ Reason, RegardingName, Regarding string }
				}
			}
			if err := stand.Ask(ctx, `query($from: Time!) { events(query: "app:app2 cluster:zone1", from: $from) { nodes { reason regardingName regarding } } }`, map[string]any{"from": from}, &e); err != nil {
				return err
			}
			if len(e.Events.Nodes) == 0 {
				return fmt.Errorf("none")
			}
			return nil
		})
	})

	t.Run("scale from the result changes the cluster and undo restores it", func(t *testing.T) {
		before := kubectl(t, "zone2", "-n", "shop", "get", "deploy", "app3", "-o", "jsonpath={.spec.replicas}")
		id := planned(t, map[string]any{"verb": "SCALE", "query": "app:app3 kind:deploy cluster:zone2", "replicas": 5, "reason": "e2e"})
		if now := kubectl(t, "zone2", "-n", "shop", "get", "deploy", "app3", "-o", "jsonpath={.spec.replicas}"); now != before {
			t.Fatalf("a plan alone changed replicas from %s to %s", before, now)
		}
		finish(t, id, "SUCCEEDED")
		if now := kubectl(t, "zone2", "-n", "shop", "get", "deploy", "app3", "-o", "jsonpath={.spec.replicas}"); now != "5" {
			t.Errorf("replicas are %s after the run, want 5", now)
		}
		var u struct{ UndoAction struct{ ID string } }
		ask(t, `mutation($id: ID!) { undoAction(id: $id) { id } }`, map[string]any{"id": id}, &u)
		finish(t, u.UndoAction.ID, "SUCCEEDED")
		if now := kubectl(t, "zone2", "-n", "shop", "get", "deploy", "app3", "-o", "jsonpath={.spec.replicas}"); now != before {
			t.Errorf("replicas are %s after undo, want %s", now, before)
		}
	})

	t.Run("restart by the command line rolls the workload through a pull collector", func(t *testing.T) {
		before := kubectl(t, "zone3", "-n", "shop", "get", "pods", "-l", "app=app3", "-o", "name")
		out, errOut, code := cli(t, "rollout", "restart", "deploy/app3", "-n", "shop", "-C", "zone3", "--yes", "--wait", "--reason", "e2e")
		if code != 0 {
			t.Fatalf("exit %d\n%s%s", code, out, errOut)
		}
		after := kubectl(t, "zone3", "-n", "shop", "get", "pods", "-l", "app=app3", "--field-selector", "status.phase=Running", "-o", "name")
		for _, pod := range strings.Fields(before) {
			for _, now := range strings.Fields(after) {
				if pod == now && kubectl(t, "zone3", "-n", "shop", "get", now, "-o", "jsonpath={.metadata.deletionTimestamp}") == "" {
					t.Errorf("%s survived the restart", pod)
				}
			}
		}
	})

	t.Run("an HPA's replicas are left to the HPA: the plan is about its bounds, with a sentence", func(t *testing.T) {
		var a struct {
			PlanAction struct {
				Targets []struct {
					Ref, State, Change string
					Warnings           []string
				}
			}
		}
		ask(t, `mutation($in: ActionInput!) { planAction(input: $in) { targets { ref state change warnings } } }`,
			map[string]any{"in": map[string]any{"verb": "SCALE", "refs": []string{"zone1:shop/deployments.apps/app1"}, "replicas": 7}}, &a)
		x := a.PlanAction.Targets
		if len(x) != 1 || x[0].State != "READY" || !strings.Contains(x[0].Ref, "/horizontalpodautoscalers.autoscaling/") || !strings.Contains(x[0].Change, "minReplicas") ||
			!strings.Contains(toJSON(x[0].Warnings), "owns the replicas of app1: its bounds are changed instead") {
			t.Errorf("plan says %s", toJSON(x))
		}
	})

	t.Run("every action is in the audit", func(t *testing.T) {
		out, errOut, code := cli(t, "actions")
		if code != 0 || !strings.Contains(strings.ToLower(out), "scale") || !strings.Contains(strings.ToLower(out), "restart") {
			t.Errorf("exit %d\n%s%s", code, out, errOut)
		}
	})
}

// planned makes a plan that must have something to do and answers its id.
func planned(t *testing.T, input map[string]any) string {
	t.Helper()
	var a struct {
		PlanAction struct {
			ID, State string
			Targets   []struct{ State, Message, Diff string }
		}
	}
	ask(t, `mutation($in: ActionInput!) { planAction(input: $in) { id state targets { state message diff } } }`, map[string]any{"in": input}, &a)
	if a.PlanAction.State != "PLANNED" || len(a.PlanAction.Targets) == 0 {
		t.Fatalf("plan is %s", toJSON(a))
	}
	for _, x := range a.PlanAction.Targets {
		if x.State != "READY" || x.Diff == "" {
			t.Fatalf("target is %s", toJSON(x))
		}
	}
	return a.PlanAction.ID
}

// finish runs an action with the phrase it asks for and waits for its end.
func finish(t *testing.T, id, want string) {
	t.Helper()
	var a struct {
		Action struct {
			State         string
			ConfirmPhrase *string
			Targets       []struct{ State, Message string }
		}
	}
	const get = `query($id: ID!) { action(id: $id) { state confirmPhrase targets { state message } } }`
	ask(t, get, map[string]any{"id": id}, &a)
	ask(t, `mutation($id: ID!, $c: String) { runAction(id: $id, confirm: $c) { id } }`, map[string]any{"id": id, "c": a.Action.ConfirmPhrase}, nil)
	eventually(t, patience, "action "+id, func(ctx context.Context) error {
		if err := stand.Ask(ctx, get, map[string]any{"id": id}, &a); err != nil {
			return err
		}
		switch a.Action.State {
		case want:
			return nil
		case "SUCCEEDED", "FAILED", "STOPPED", "EXPIRED":
			t.Fatalf("action %s is %s: %s", id, a.Action.State, toJSON(a.Action.Targets))
		}
		return fmt.Errorf("still %s", a.Action.State)
	})
}
