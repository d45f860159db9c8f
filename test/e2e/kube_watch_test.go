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

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/cache"
)

// seen is what an informer was told of each object, in order.
type seen struct {
	mu       sync.Mutex
	sequence map[string][]string // by name
}

func (s *seen) note(name, what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sequence[name] = append(s.sequence[name], what)
}

func (s *seen) of() map[string][]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := map[string][]string{}
	for k, v := range s.sequence {
		c[k] = slices.Clone(v)
	}
	return c
}

// informer follows configmaps of a namespace with client-go, as controllers do.
func informer(t *testing.T, client dynamic.Interface, namespace string) *seen {
	t.Helper()
	return informerOf(t, client, schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, namespace)
}

// informerOf follows a kind.
func informerOf(t *testing.T, client dynamic.Interface, kind schema.GroupVersionResource, namespace string) *seen {
	t.Helper()
	s := &seen{sequence: map[string][]string{}}
	factory := dynamicinformer.NewFilteredDynamicSharedInformerFactory(client, 0, namespace, nil)
	i := factory.ForResource(kind).Informer()
	meta := func(o any) metav1.Object {
		if gone, ok := o.(cache.DeletedFinalStateUnknown); ok {
			o = gone.Obj
		}
		return o.(metav1.Object)
	}
	_, err := i.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc: func(o any) { s.note(meta(o).GetName(), "added "+meta(o).GetResourceVersion()) },
		UpdateFunc: func(before, o any) {
			if meta(before).GetResourceVersion() != meta(o).GetResourceVersion() {
				s.note(meta(o).GetName(), "updated "+meta(o).GetResourceVersion())
			}
		},
		DeleteFunc: func(o any) { s.note(meta(o).GetName(), "deleted") },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(func() { cancel(); factory.Shutdown() })
	factory.Start(ctx.Done())
	factory.WaitForCacheSync(ctx.Done())
	return s
}

// throughHub is how client-go reaches a member, or the fleet for "", through the hub.
func throughHub(t *testing.T, cluster string) dynamic.Interface {
	t.Helper()
	path := "/kube"
	if cluster != "" {
		path += "/clusters/" + cluster
	}
	client, err := dynamic.NewForConfig(&rest.Config{Host: strings.Replace(stand.URL(), "http://", "https://", 1) + path, BearerToken: stand.Token(), TLSClientConfig: rest.TLSClientConfig{Insecure: true}})
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// An informer through the hub is told what one at the member itself is told: every state of every object, in order.
func TestAnInformerSeesEveryState(t *testing.T) {
	const namespace = "informed"
	removeNamespace(t, namespace)
	churnOnce := func(seed uint64) {
		bounded, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		churn(bounded, t, namespace, 150, seed)
	}
	churnOnce(7)
	m, err := openMember("zone1")
	if err != nil {
		t.Fatal(err)
	}
	member, err := dynamic.NewForConfigAndClient(&rest.Config{Host: m.server}, m.client)
	if err != nil {
		t.Fatal(err)
	}
	direct := informer(t, member, namespace)
	through := informer(t, throughHub(t, "zone1"), namespace)
	same := func(what string) {
		t.Helper()
		eventually(t, 30*time.Second, what, func(context.Context) error {
			want, got := direct.of(), through.of()
			for name, states := range want {
				if !slices.Equal(got[name], states) {
					return fmt.Errorf("%s: through the hub %v, at the member %v", name, got[name], states)
				}
			}
			if len(got) != len(want) {
				return fmt.Errorf("%d objects through the hub, %d at the member", len(got), len(want))
			}
			return nil
		})
	}
	same("the first list")
	churnOnce(8)
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
	if err := m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/configmaps", object("v1", "ConfigMap", "after-the-kill", nil)); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, "the informer goes on", func(context.Context) error {
		if len(through.of()["after-the-kill"]) == 0 {
			return errors.New("it was not told of an object")
		}
		return nil
	})
	churnOnce(9)
	same("after the hub was killed")
}
