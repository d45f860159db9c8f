package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// eventComparisons are compared with each kubectl. Events come from the core group and from events.k8s.io.
var eventComparisons = []comparison{
	{args: "get {kinds} -A --field-selector reason=Started"},
	{args: "get {kinds} -A --field-selector type=Warning -o name", read: asPrinted},
	{args: "get {kinds} -A --field-selector type!=Normal -o wide"},
	{args: "get {kinds} -A --field-selector metadata.namespace=default"},
	{args: "get {kinds} -A --field-selector metadata.namespace!=default,type=Normal"},
	{args: "get {kinds} -A --sort-by=.metadata.creationTimestamp -o wide"},
	{args: "get {kinds} -A --chunk-size=3 -o yaml", read: objectsOf},
}

var eventKinds = []string{"events", "events.events.k8s.io"}

func TestEventsAreThoseOfTheMember(t *testing.T) {
	for _, r := range readers(t) {
		t.Run(r.version, func(t *testing.T) {
			for _, c := range slices.Concat(comparisons, eventComparisons) {
				t.Run(c.args, func(t *testing.T) { c.same(t, r, "zone1", eventKinds) })
			}
			for _, args := range []string{
				"get events -A --field-selector involvedObject.kind=Pod,reason=Scheduled", "get events -n shop --field-selector involvedObject.name=app1",
				"get events -A --field-selector source=deployment-controller", "get events -A --field-selector reportingComponent=deployment-controller",
				"get events.events.k8s.io -A --field-selector regarding.kind=Pod,reason=Scheduled", "get events.v1.events.k8s.io -n shop",
			} {
				comparison{args: args}.same(t, r, "zone1", []string{""})
			}
		})
	}
}

// An informer of events through the hub is told what one at the member itself is told, by either API.
func TestAnInformerOfEventsSeesEveryRevision(t *testing.T) {
	const cluster, namespace = "zone1", "told"
	removeNamespace(t, namespace)
	m, err := openMember(cluster)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.create(t.Context(), "/api/v1/namespaces", object("v1", "Namespace", namespace, nil)); err != nil {
		t.Fatal(err)
	}
	path := "/api/v1/namespaces/" + namespace + "/events"
	happen := func(name string) {
		t.Helper()
		e := object("v1", "Event", name, map[string]any{"reason": "Tested", "type": "Normal", "count": 1, "message": "by " + name,
			"involvedObject": map[string]any{"apiVersion": "v1", "kind": "Pod", "namespace": namespace, "name": "p", "uid": "uid-of-p"}})
		if err := m.create(t.Context(), path, e); err != nil {
			t.Fatal(err)
		}
	}
	again := func(name string, count int) {
		t.Helper()
		if err := m.patch(t.Context(), path+"/"+name, map[string]any{"count": count}); err != nil {
			t.Fatal(err)
		}
	}
	expire := func(name string) {
		t.Helper()
		if err := m.delete(t.Context(), path+"/"+name); err != nil {
			t.Fatal(err)
		}
	}
	some := func(round string) {
		t.Helper()
		for i := range 10 {
			name := fmt.Sprintf("%s-%d", round, i)
			happen(name)
			again(name, 2)
			again(name, 3)
			if i%2 == 0 {
				expire(name)
			}
		}
	}
	some("before")
	core := schema.GroupVersionResource{Version: "v1", Resource: "events"}
	fresh := schema.GroupVersionResource{Group: "events.k8s.io", Version: "v1", Resource: "events"}
	caughtUp(t, core, namespace, cluster)
	direct := map[string]*seen{cluster: informerOf(t, itself(t, cluster), core, namespace)}
	through := map[string]*seen{"v1": informerOf(t, throughHub(t, cluster), core, namespace), "events.k8s.io/v1": informerOf(t, throughHub(t, cluster), fresh, namespace)}
	same := func(what string) {
		t.Helper()
		for api, through := range through {
			toldTheSame(t, what+" by "+api, core, namespace, direct, func() map[string][]string { return through.in(cluster) })
		}
	}
	same("the first list")
	some("meanwhile")
	same("as it happens")

	// What expires while the hub is down is gone when it is back.
	if err := stand.Hub.Kill(); err != nil {
		t.Fatal(err)
	}
	expire("before-1")
	expire("meanwhile-1")
	if err := stand.StartHub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stand.WaitLive(t.Context(), stand.Fleet.Names()); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the informers go on", func(context.Context) error {
		for _, through := range through {
			if states := through.of()["before-1"]; len(states) == 0 || states[len(states)-1] != "deleted" {
				return errors.New("an end is not told")
			}
		}
		return nil
	})
	some("after")
	same("after the hub was killed")
}
