package search_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// position is where a list of a query stands.
func (w *world) position(query string) records.Position {
	w.t.Helper()
	var at records.Position
	w.eventually("a list has a position", func() bool {
		l, err := w.service.List(context.Background(), everyone, records.Request{Query: query})
		if err != nil {
			w.t.Fatal(err)
		}
		at = l.Position()
		return at != nil
	})
	return at
}

// told is what somebody who follows a query from a position is told of the next steps.
func (w *world) told(query string, from records.Position, steps int, meanwhile func()) (list []string, at records.Position) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ch, err := w.service.Follow(ctx, everyone, query, from)
	if err != nil {
		w.t.Fatal(err)
	}
	if meanwhile != nil {
		meanwhile()
	}
	for len(list) < steps {
		s, more := <-ch
		if !more || s.Err != nil {
			w.t.Fatalf("%s ends after %v: %v", query, list, s.Err)
		}
		for _, step := range s.List {
			list = append(list, step.Type+" "+step.Object.Ref.Name)
			if len(step.Object.JSON) == 0 {
				w.t.Errorf("%s %s comes without its JSON", step.Type, step.Object.Ref)
			}
		}
		if s.Position != nil {
			at = s.Position
		}
	}
	return list, at
}

func TestWhoFollowsIsToldEveryVersionOnce(t *testing.T) {
	w := newWorld(t)
	w.state("zone1", "apps", "deployments", "Deployment", true, "deploy")
	w.put("zone1", deployment("shop", "app1", "app1:1", 1, 1), write{})
	w.flush()
	w.indexed("app1")
	const query = `kind:"deployments.apps" selector:"tier=backend"`
	begin := w.position(query)

	other := deployment("shop", "app2", "app2:1", 1, 1)
	other["metadata"].(object)["labels"] = object{"tier": "frontend"}
	happens := func() {
		w.put("zone1", deployment("shop", "app1", "app1:2", 1, 1), write{})
		w.put("zone1", deployment("shop", "app1", "app1:3", 1, 1), write{})
		w.put("zone1", deployment("shop", "app2", "app2:1", 1, 1), write{})
		w.put("zone1", other, write{}) // the selector leaves it out
		w.put("zone2", deployment("shop", "app3", "app3:1", 1, 1), write{})
		w.flush()
		w.put("zone1", deployment("shop", "app1", "app1:3", 1, 1), write{deleted: true})
		w.flush()
	}
	want := map[string][]string{
		"zone1": {"MODIFIED app1", "MODIFIED app1", "ADDED app2", "DELETED app2", "DELETED app1"},
		"zone2": {"ADDED app3"},
	}
	check := func(what string, list []string) {
		t.Helper()
		var zone1 []string
		for _, s := range list {
			if s != "ADDED app3" {
				zone1 = append(zone1, s)
			}
		}
		if !slices.Equal(zone1, want["zone1"]) || len(list) != 6 {
			t.Errorf("%s: %v, want %v and, somewhere, %v", what, list, want["zone1"], want["zone2"])
		}
	}
	list, end := w.told(query, begin, 6, happens)
	check("as it happens", list)
	list, _ = w.told(query, begin, 6, nil)
	check("afterwards", list)
	w.stop()
	w.start()
	list, _ = w.told(query, begin, 6, nil)
	check("after a restart", list)
	list, _ = w.told(query, end, 1, func() {
		w.put("zone1", deployment("shop", "app4", "app4:1", 1, 1), write{})
		w.flush()
	})
	if !slices.Equal(list, []string{"ADDED app4"}) {
		t.Errorf("from the end: %v", list)
	}
}

func TestWhoFollowsFromTooFarListsAgain(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", deployment("shop", "app1", "app1:1", 1, 1), write{at: time.Now().Add(-3 * time.Hour)})
	w.flush()
	w.indexed("app1")
	at := w.position("kind:deployment")
	w.put("zone1", deployment("shop", "app1", "app1:2", 1, 1), write{at: time.Now().Add(-2 * time.Hour)})
	w.flush()
	w.found("image:app1:2", "zone1:shop/deployments.apps/app1")
	for what, from := range map[string]records.Position{
		"of what happened more than an hour ago": at,
		"of a cluster that is no member":         {"no-such-cluster": 1},
		"beyond what there is":                   {uidOf("zone1"): 1 << 60},
	} {
		if _, err := w.service.Follow(context.Background(), everyone, "kind:deployment", from); access.Code(err) != "EXPIRED" {
			t.Errorf("a position %s: %v", what, err)
		}
	}
	if _, err := w.service.Follow(context.Background(), everyone, "owner:deploy/app1", nil); access.Code(err) != "QL_UNSUPPORTED" {
		t.Errorf("a query of other objects: %v", err)
	}
}
