package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// What follows is what docs/clients.md shows: a client-go informer that tells objects of one name in several clusters apart.

// fleetKey is where an object of the fleet stands: CLUSTER/NAMESPACE/NAME.
func fleetKey(o any) (string, error) {
	if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
		return gone.Key, nil
	}
	m, err := meta.Accessor(o)
	if err != nil {
		return "", err
	}
	return m.GetAnnotations()["shadow.clusterpedia.io/cluster-name"] + "/" + m.GetNamespace() + "/" + m.GetName(), nil
}

// listThenWatch has client-go list before it watches: what it streams a list into, it keys by namespace and name alone.
type listThenWatch struct{ *cache.ListWatch }

func (listThenWatch) IsWatchListSemanticsUnSupported() bool { return true }

// fleetController keeps store as the fleet is, and tells of each change; before is nil for an object that is new.
func fleetController(resource dynamic.ResourceInterface, store cache.Store, changed func(before, now *unstructured.Unstructured)) cache.Controller {
	return cache.New(&cache.Config{
		Queue: cache.NewDeltaFIFOWithOptions(cache.DeltaFIFOOptions{KeyFunction: fleetKey, KnownObjects: store}),
		ListerWatcher: listThenWatch{&cache.ListWatch{
			ListWithContextFunc: func(ctx context.Context, o metav1.ListOptions) (runtime.Object, error) { return resource.List(ctx, o) },
			WatchFuncWithContext: func(ctx context.Context, o metav1.ListOptions) (watch.Interface, error) {
				return resource.Watch(ctx, o)
			},
		}},
		ObjectType: &unstructured.Unstructured{},
		Process: func(deltas any, _ bool) error {
			for _, d := range deltas.(cache.Deltas) {
				held, _, err := store.Get(d.Object)
				if err != nil {
					return err
				}
				before, _ := held.(*unstructured.Unstructured)
				if d.Type == cache.Deleted {
					if err := store.Delete(d.Object); err != nil {
						return err
					}
					changed(before, nil)
					continue
				}
				now := d.Object.(*unstructured.Unstructured)
				if err := store.Update(now); err != nil {
					return err
				}
				changed(before, now)
			}
			return nil
		},
	})
}

// fleetInformer notes what a controller of the fleet is told of a namespace's configmaps, by cluster and name.
func fleetInformer(t *testing.T, namespace string) *seen {
	t.Helper()
	s := &seen{sequence: map[string][]string{}}
	resource := throughHub(t, "").Resource(schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}).Namespace(namespace)
	controller := fleetController(resource, cache.NewStore(fleetKey), func(before, now *unstructured.Unstructured) {
		key, err := fleetKey(cmpOr(now, before))
		if err != nil {
			t.Error(err)
		}
		key = strings.Replace(key, "/"+namespace+"/", "/", 1)
		switch {
		case now == nil:
			s.note(key, "deleted")
		case before == nil:
			s.note(key, "added "+now.GetResourceVersion())
		case before.GetResourceVersion() != now.GetResourceVersion():
			s.note(key, "updated "+now.GetResourceVersion())
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { controller.RunWithContext(ctx) })
	t.Cleanup(func() { cancel(); wg.Wait() })
	if !cache.WaitForCacheSync(ctx.Done(), controller.HasSynced) {
		t.Fatal("it has not synced")
	}
	return s
}

func cmpOr(a, b *unstructured.Unstructured) *unstructured.Unstructured {
	if a != nil {
		return a
	}
	return b
}

// One informer of the fleet is told of each member what an informer at that member is told, though names are the same.
func TestAnInformerOfTheFleetSeesEveryStateOfEveryMember(t *testing.T) {
	const namespace = "informed-fleet"
	removeNamespace(t, namespace)
	churnOnce := func(seed uint64) {
		bounded, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		churn(bounded, t, namespace, 80, seed)
	}
	churnOnce(17)
	direct := map[string]*seen{}
	for _, cluster := range stand.Fleet.Names() {
		m, err := openMember(cluster)
		if err != nil {
			t.Fatal(err)
		}
		client, err := dynamic.NewForConfigAndClient(&rest.Config{Host: m.server}, m.client)
		if err != nil {
			t.Fatal(err)
		}
		direct[cluster] = informer(t, client, namespace)
	}
	// An informer that begins while the hub is behind is told of one state more.
	resource := schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}
	eventually(t, time.Minute, "the hub is where the members are", func(ctx context.Context) error {
		list, err := throughHub(t, "").Resource(resource).Namespace(namespace).List(ctx, metav1.ListOptions{})
		if err != nil {
			return err
		}
		want := 0
		for cluster, s := range direct {
			for name, states := range s.of() {
				if last := states[len(states)-1]; last != "deleted" {
					want++
					if !slices.ContainsFunc(list.Items, func(o unstructured.Unstructured) bool {
						key, err := fleetKey(&o)
						return err == nil && key == cluster+"/"+namespace+"/"+name && strings.HasSuffix(last, " "+o.GetResourceVersion())
					}) {
						return fmt.Errorf("%s of %s is not as at the member: %v", name, cluster, states)
					}
				}
			}
		}
		if len(list.Items) != want {
			return fmt.Errorf("%d objects, the members have %d", len(list.Items), want)
		}
		return nil
	})
	through := fleetInformer(t, namespace)
	same := func(what string) {
		t.Helper()
		eventually(t, time.Minute, what, func(context.Context) error {
			got, want := through.of(), map[string][]string{}
			for cluster, s := range direct {
				for name, states := range s.of() {
					want[cluster+"/"+name] = states
				}
			}
			for name, states := range want {
				if !slices.Equal(got[name], states) {
					return fmt.Errorf("%s: of the fleet %v, at the member %v", name, got[name], states)
				}
			}
			if len(got) != len(want) {
				return fmt.Errorf("%d objects of the fleet, %d at the members", len(got), len(want))
			}
			return nil
		})
	}
	same("the first list")
	churnOnce(18)
	same("under churn")

	if err := stand.Hub.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := stand.StartHub(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := stand.WaitLive(t.Context(), stand.Fleet.Names()); err != nil {
		t.Fatal(err)
	}
	// What happens before the hub listens again, nobody sees: it has to be told of this first.
	for _, cluster := range stand.Fleet.Names() {
		m, err := openMember(cluster)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/configmaps", object("v1", "ConfigMap", "after-the-kill", nil)); err != nil {
			t.Fatal(err)
		}
	}
	eventually(t, time.Minute, "the informer goes on", func(context.Context) error {
		for _, cluster := range stand.Fleet.Names() {
			if len(through.of()[cluster+"/after-the-kill"]) == 0 {
				return errors.New("it was not told of an object of " + cluster)
			}
		}
		return nil
	})
	churnOnce(19)
	same("after the hub was killed")
}
