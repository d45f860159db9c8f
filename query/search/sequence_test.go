package search_test

import (
	"context"
	"slices"
	"strconv"
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

// Those who follow one question share its steps, wherever each of them began.
func TestManyFollowOneQuestion(t *testing.T) {
	w := newWorld(t)
	w.state("zone1", "apps", "deployments", "Deployment", true, "deploy")
	w.put("zone1", deployment("shop", "app1", "app1:1", 1, 1), write{})
	w.flush()
	w.indexed("app1")
	const query = `kind:"deployments.apps" ns="shop"`
	begin := w.position(query)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	follow := func(ctx context.Context, from records.Position) <-chan records.Steps {
		t.Helper()
		ch, err := w.service.Follow(ctx, everyone, query, from)
		if err != nil {
			t.Fatal(err)
		}
		return ch
	}
	read := func(ch <-chan records.Steps, steps int) (list []string, last *records.Shared) {
		t.Helper()
		for len(list) < steps {
			s, more := <-ch
			if !more || s.Err != nil {
				t.Fatalf("it ends after %v: %v", list, s.Err)
			}
			for _, step := range s.List {
				list = append(list, step.Type+" "+step.Object.Ref.Name+" "+step.Object.Ref.Cluster)
			}
			last = s.Shared
		}
		return list, last
	}
	leaving, leave := context.WithCancel(ctx)
	first, left := follow(ctx, begin), follow(leaving, begin)
	w.put("zone1", deployment("shop", "app2", "app2:1", 1, 1), write{})
	w.flush()
	one, _ := read(first, 1)
	later := follow(ctx, begin)
	w.put("zone1", deployment("shop", "app1", "app1:2", 1, 1), write{})
	w.put("zone1", deployment("other", "app9", "app9:1", 1, 1), write{})
	w.flush()
	more, shared := read(first, 1)
	want := []string{"ADDED app2 zone1", "MODIFIED app1 zone1"}
	if got := append(one, more...); !slices.Equal(got, want) {
		t.Errorf("the first is told %v, want %v", got, want)
	}
	got, sharedLater := read(later, 2)
	if !slices.Equal(got, want) {
		t.Errorf("who came later is told %v, want %v", got, want)
	}
	if shared == nil || shared != sharedLater {
		t.Error("they do not share what was made of the same step")
	}
	if n := w.service.Followed(); n != 1 {
		t.Errorf("%d questions are followed, want 1", n)
	}
	leave()
	for range left { // until it is closed
	}
	cancel()
	w.eventually("nobody follows any more", func() bool { return w.service.Followed() == 0 })
}

// Of a cluster that joined since, all objects are new.
func TestWhoFollowsIsToldOfClustersThatJoined(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", deployment("shop", "app1", "app1:1", 1, 1), write{})
	w.put("zone2", deployment("shop", "app2", "app2:1", 1, 1), write{})
	w.flush()
	w.indexed("app2")
	begin := w.position("kind:deployment")
	delete(begin, uidOf("zone2"))
	happens := func() {
		w.put("zone2", deployment("shop", "app2", "app2:2", 1, 1), write{})
		w.flush()
	}
	if list, _ := w.told("kind:deployment", begin, 2, happens); !slices.Equal(list, []string{"ADDED app2", "MODIFIED app2"}) {
		t.Errorf("told %v", list)
	}
}

// Who does not read is ended, keeps nobody else waiting, and goes on from where it was.
func TestWhoReadsTooSlowlyIsEnded(t *testing.T) {
	w := newWorld(t)
	w.put("zone1", deployment("shop", "app1", "app1:0", 1, 1), write{})
	w.flush()
	w.indexed("app1")
	w.service.LeaveUnread(5)
	begin := w.position("kind:deployment")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	slow, err := w.service.Follow(ctx, everyone, "kind:deployment", begin)
	if err != nil {
		t.Fatal(err)
	}
	quick, err := w.service.Follow(ctx, everyone, "kind:deployment", begin)
	if err != nil {
		t.Fatal(err)
	}
	const changes = 60
	for n := range changes { // each is told for itself, since it is waited for
		w.put("zone1", deployment("shop", "app1", "app1:"+strconv.Itoa(n+1), 1, 1), write{})
		w.flush()
		for told := 0; told == 0; {
			s, more := <-quick
			if !more || s.Err != nil {
				t.Fatalf("who reads ends after %d changes: %v", n, s.Err)
			}
			told = len(s.List)
		}
	}
	seen, at := 0, begin
	for s := range slow {
		if s.Err != nil {
			t.Fatal(s.Err)
		}
		seen, at = seen+len(s.List), s.Position
	}
	if seen >= changes {
		t.Fatalf("who did not read is told all %d changes", seen)
	}
	if list, _ := w.told("kind:deployment", at, changes-seen, nil); len(list) != changes-seen {
		t.Errorf("%d changes, then %d, want %d in all", seen, len(list), changes)
	}
}
