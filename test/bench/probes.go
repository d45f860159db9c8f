package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/test/bench/mixed"
)

// probe is one thing that people ask, and what is expected of the answer.
type probe struct {
	name, query string
	first       int // rows of a page; 50 when 0
	pages       int // one behind the other; 1 when 0
	skip        int // how far down the page is
	full        bool
	facets      []string
	kind        probeKind
	want        int     // objects that match, as the source knows; -1 when it does not
	target      float64 // milliseconds at a million objects; 0 for none
	neighbour   float64 // milliseconds of Clusterpedia's store on 100,000 Pods; 0 for none
}

type probeKind int

const (
	searching probeKind = iota
	getting             // one object after the other; each for the first time
	gettingAgain
	completing
	relating  // owners above and what is owned below
	exporting // a stream of whole objects
)

// truth is what the source says before the hub is asked.
type truth struct {
	objects, pods, notRunning int
	some                      []kube.Ref // Pods from all over
	app, stem                 string     // an application, and a part of several names
	cluster, namespace        string     // where its first Pod is
	owner                     string     // of that Pod: KIND/NAME
	ofApp, podsOfApp          int
	stemmed                   int // objects whose name holds stem
	inNamespace               int // Pods there
	owned                     int // Pods of owner in that cluster
}

const refsWanted = 400

// learn walks the source twice: to choose what is asked for, and to count it.
func learn(ctx context.Context, s source) (*truth, error) {
	t := &truth{}
	all := total(s)
	stride := max(1, all/3/refsWanted)
	members := s.members()
	var chosen *mixed.Object
	var home int
	err := every(ctx, s, func(m int, o *mixed.Object) {
		t.objects++
		if o.Resource.Kind != "Pod" {
			return
		}
		t.pods++
		if o.Status != "Running" {
			t.notRunning++
		}
		if t.pods%stride == 0 && len(t.some) < refsWanted {
			t.some = append(t.some, kube.Ref{Cluster: members[m].name, Namespace: o.Namespace, GroupResource: kube.GroupResource{Resource: "pods"}, Name: o.Name})
		}
		// The same application whatever the order: the file's 77th, or the first of the fleet's with a middling number.
		if chosen == nil && (o.App == "app-77" || !strings.HasPrefix(o.App, "app-") && m == len(members)/2 && t.pods > 500 && strings.Count(o.Name, "-") == 4) {
			chosen, home = o, m
		}
	})
	if err != nil {
		return nil, err
	}
	if chosen == nil {
		return nil, fmt.Errorf("no application to ask for among %d Pods", t.pods)
	}
	t.app, t.cluster, t.namespace = chosen.App, members[home].name, chosen.Namespace
	t.stem = t.app
	if !strings.HasPrefix(t.app, "app-") {
		t.stem = t.app[:strings.LastIndexByte(t.app, '-')]
	}
	set := chosen.Name[:strings.LastIndexByte(chosen.Name, '-')]
	t.owner = "ReplicaSet/" + set
	return t, every(ctx, s, func(m int, o *mixed.Object) {
		isPod := o.Resource.Kind == "Pod"
		if o.App == t.app {
			t.ofApp++
			if isPod {
				t.podsOfApp++
			}
		}
		if strings.Contains(o.Name, t.stem) {
			t.stemmed++
		}
		if isPod && m == home && o.Namespace == t.namespace {
			t.inNamespace++
			if strings.HasPrefix(o.Name, set+"-") {
				t.owned++
			}
		}
	})
}

var allFacets = []string{"cluster", "kind", "ns", "status", "health", "app", "node", "image"}

const unknown = -1

func probes(t *truth) []probe {
	domain := strings.SplitN(t.app, "-", 2)[0] // also a word of many objects
	mistaken := domain[:len(domain)-2] + domain[len(domain)-1:] + "~ ns:" + t.namespace
	common, begun := domain, t.app[:len(t.app)-2]
	if domain == "app" {
		mistaken, common, begun = "sidecr~ ns:"+t.namespace, "frontend", "app-7"
	}
	at := "at:-1h "
	return []probe{
		{name: "get one, cold", kind: getting, want: unknown, target: 3, neighbour: 0.29},
		{name: "get one, read before", kind: gettingAgain, want: unknown, target: 0.5, neighbour: 0.29},
		{name: "one namespace", query: "cluster:" + t.cluster + " ns:" + t.namespace + " kind:pod", want: t.inNamespace, target: 50, neighbour: 8.6},
		{name: "100 rows", query: "kind:pod", first: 100, want: t.pods, target: 50},
		{name: "10,000 full objects", query: "kind:pod", first: 1000, pages: 10, full: true, want: t.pods, target: 400, neighbour: 1427},
		{name: "10,000 full objects, streamed", query: "kind:pod limit:10000", kind: exporting, want: min(10_000, t.pods), target: 400, neighbour: 1427},
		{name: "label over all clusters", query: "label.app=" + t.app, want: t.ofApp, target: 50, neighbour: 490},
		{name: "field", query: "kind:pod status!=Running", want: t.notRunning, target: 50, neighbour: 249},
		{name: "field, with count", query: "kind:pod status!=Running", want: t.notRunning, target: 50, neighbour: 1126},
		{name: "name contains", query: "name:*" + t.stem + "*", want: t.stemmed, target: 50, neighbour: 19},
		{name: "8 facets of everything", query: "", facets: allFacets, want: t.objects, target: 100},
		{name: "8 facets of what is not ready", query: "kind:pod status:!Ready", facets: allFacets, want: unknown, target: 100},
		{name: "groups: health by cluster and namespace", query: "kind:pod group:cluster,ns", want: t.pods, target: 100},
		{name: "free text, a rare word", query: t.app, want: unknown, target: 50},
		{name: "free text, a common word", query: common, want: unknown, target: 50},
		{name: "free text, a mistake", query: mistaken, want: unknown, target: 50},
		{name: "typing a word, 50 rows", query: begun, want: unknown, target: 30},
		{name: "typing a value, suggestions", query: "app:" + begun, kind: completing, want: unknown, target: 30},
		{name: "an hour ago, by label", query: at + "label.app=" + t.app, want: t.ofApp, target: 50},
		{name: "an hour ago, one namespace", query: at + "cluster:" + t.cluster + " ns:" + t.namespace + " kind:pod", want: t.inNamespace, target: 50},
		{name: "owned by, in one cluster", query: "owner:" + t.owner + " cluster:" + t.cluster + " kind:pod", want: t.owned, target: 50, neighbour: 4},
		{name: "owners above and below", kind: relating, want: unknown, target: 50},
		{name: "newest 50", query: "kind:pod sort:age-asc", want: t.pods, target: 50, neighbour: 25},
		{name: "50 rows, 10,000 down", query: "kind:pod sort:age-asc", skip: 10_000, want: t.pods, target: 50, neighbour: 80},
		{name: "count", query: "kind:pod", first: 1, want: t.pods, target: 50, neighbour: 13},
		{name: "a path in the object", query: "kind:pod ns:" + t.namespace + " spec.restartPolicy:Always cluster:" + t.cluster, want: t.inNamespace},
	}
}
