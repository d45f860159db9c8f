package e2e

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

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
	return informerOf(t, client, configMaps, namespace)
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

// itself is how client-go reaches a member without the hub.
func itself(t *testing.T, cluster string) dynamic.Interface {
	t.Helper()
	m, err := openMember(cluster)
	if err != nil {
		t.Fatal(err)
	}
	client, err := dynamic.NewForConfigAndClient(&rest.Config{Host: m.server}, m.client)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

var configMaps = schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}

// standing are the objects of a kind in a namespace, as CLUSTER/NAME VERSION. A member does not say its name.
func standing(ctx context.Context, client dynamic.Interface, kind schema.GroupVersionResource, namespace, cluster string) ([]string, error) {
	list, err := client.Resource(kind).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, err
	}
	var all []string
	for _, o := range list.Items {
		in := cmp.Or(o.GetAnnotations()["shadow.clusterpedia.io/cluster-name"], cluster)
		all = append(all, in+"/"+o.GetName()+" "+o.GetResourceVersion())
	}
	slices.Sort(all)
	return all, nil
}

// caughtUp waits until the hub has what the members have, where nothing changes meanwhile. Who follows the hub before that
// is told of states first that the members have left behind, of which nobody is told who begins to follow these now.
func caughtUp(t *testing.T, kind schema.GroupVersionResource, namespace string, clusters ...string) {
	t.Helper()
	for _, cluster := range clusters {
		member, hub := itself(t, cluster), throughHub(t, cluster)
		eventually(t, patience, "the hub has "+kind.Resource+" as "+cluster, func(ctx context.Context) error {
			got, err := standing(ctx, hub, kind, namespace, cluster)
			if err != nil {
				return err
			}
			want, err := standing(ctx, member, kind, namespace, cluster)
			if err == nil && !slices.Equal(got, want) {
				err = fmt.Errorf("through the hub %v, at the member %v", got, want)
			}
			return err
		})
	}
}

// toldTheSame waits until who follows members was told of what stands there now, and who follows through the hub of the
// same before it: every state of every object, in order, by CLUSTER/NAME.
func toldTheSame(t *testing.T, what string, kind schema.GroupVersionResource, namespace string, direct map[string]*seen, through func() map[string][]string) {
	t.Helper()
	eventually(t, patience, what, func(ctx context.Context) error {
		want := map[string][]string{}
		for cluster, s := range direct {
			stands, err := standing(ctx, itself(t, cluster), kind, namespace, cluster)
			if err != nil {
				return err
			}
			var told []string
			for name, states := range s.of() {
				want[cluster+"/"+name] = states
				if last := states[len(states)-1]; last != "deleted" {
					_, version, _ := strings.Cut(last, " ")
					told = append(told, cluster+"/"+name+" "+version)
				}
			}
			if slices.Sort(told); !slices.Equal(told, stands) {
				return fmt.Errorf("who follows %s was told of %v, there stand %v", cluster, told, stands)
			}
		}
		got := through()
		for name, states := range want {
			if !slices.Equal(got[name], states) {
				return fmt.Errorf("%s: through the hub %v, at the member %v", name, got[name], states)
			}
		}
		if len(got) != len(want) {
			return fmt.Errorf("%d objects through the hub, %d at the members", len(got), len(want))
		}
		return nil
	})
}

// in are sequences by CLUSTER/NAME.
func (s *seen) in(cluster string) map[string][]string {
	all := map[string][]string{}
	for name, states := range s.of() {
		all[cluster+"/"+name] = states
	}
	return all
}

// An informer through the hub is told what one at the member itself is told: every state of every object, in order.
func TestAnInformerSeesEveryState(t *testing.T) {
	const cluster, namespace = "zone1", "informed"
	removeNamespace(t, namespace)
	churn(t.Context(), t, namespace, 150, 7)
	caughtUp(t, configMaps, namespace, cluster)
	direct := map[string]*seen{cluster: informer(t, itself(t, cluster), namespace)}
	through := informer(t, throughHub(t, cluster), namespace)
	same := func(what string) {
		t.Helper()
		toldTheSame(t, what, configMaps, namespace, direct, func() map[string][]string { return through.in(cluster) })
	}
	same("the first list")
	churn(t.Context(), t, namespace, 150, 8)
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
	m, err := openMember(cluster)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/configmaps", object("v1", "ConfigMap", "after-the-kill", nil)); err != nil {
		t.Fatal(err)
	}
	eventually(t, patience, "the informer goes on", func(context.Context) error {
		if len(through.of()["after-the-kill"]) == 0 {
			return errors.New("it was not told of an object")
		}
		return nil
	})
	churn(t.Context(), t, namespace, 150, 9)
	same("after the hub was killed")
}
