package e2e

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
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
	resource := throughHub(t, "").Resource(configMaps).Namespace(namespace)
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
	churn(t.Context(), t, namespace, 80, 17)
	caughtUp(t, configMaps, namespace, stand.Fleet.Names()...)
	direct := map[string]*seen{}
	for _, cluster := range stand.Fleet.Names() {
		direct[cluster] = informer(t, itself(t, cluster), namespace)
	}
	through := fleetInformer(t, namespace)
	same := func(what string) {
		t.Helper()
		toldTheSame(t, what, configMaps, namespace, direct, through.of)
	}
	same("the first list")
	churn(t.Context(), t, namespace, 80, 18)
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
	onEveryCluster(t, func(m *member) error {
		return m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/configmaps", object("v1", "ConfigMap", "after-the-kill", nil))
	})
	eventually(t, patience, "the informer goes on", func(context.Context) error {
		for _, cluster := range stand.Fleet.Names() {
			if len(through.of()[cluster+"/after-the-kill"]) == 0 {
				return errors.New("it was not told of an object of " + cluster)
			}
		}
		return nil
	})
	churn(t.Context(), t, namespace, 80, 19)
	same("after the hub was killed")
}
