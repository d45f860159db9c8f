package ql

import (
	"slices"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// fleetObject is an object from its JSON, as the aggregator summarizes it.
func fleetObject(t *testing.T, cluster, resource, json string) *records.Object {
	t.Helper()
	s, err := kube.SummarizeJSON([]byte(json))
	if err != nil {
		t.Fatal(err)
	}
	return &records.Object{
		Ref:        kube.Ref{Cluster: cluster, Namespace: s.Namespace, GroupResource: kube.GroupResource{Group: s.Group, Resource: resource}, Name: s.Name},
		ClusterUID: "uid-" + cluster, Summary: s,
	}
}

// scenario is the reference application: app2 is broken in zone1 and well in zone2.
func scenario(t *testing.T) []*records.Object {
	meta := func(name, uid, owner string) string {
		return `"metadata":{"name":"` + name + `","namespace":"shop","uid":"` + uid + `","labels":{"app":"app2"},"creationTimestamp":"2026-11-20T10:00:00Z"` + owner + `}`
	}
	ownedBy := func(kind, name, uid string) string {
		return `,"ownerReferences":[{"kind":"` + kind + `","name":"` + name + `","uid":"` + uid + `","controller":true}]`
	}
	deployment := func(uid, image, ready string) string {
		return `{"apiVersion":"apps/v1","kind":"Deployment",` + meta("app2", uid, "") + `,"spec":{"replicas":2,"template":{"spec":{"containers":[{"name":"c","image":"` + image + `"}]}}},"status":{"replicas":2,"updatedReplicas":2,"readyReplicas":` + ready + `}}`
	}
	pod := func(name, uid, owner, ready, state string) string {
		return `{"apiVersion":"v1","kind":"Pod",` + meta(name, uid, owner) + `,"spec":{"nodeName":"node-1","containers":[{"name":"c","image":"app2:broken"}]},"status":{"phase":"Running","conditions":[{"type":"Ready","status":"` + ready + `"}],"containerStatuses":[{"name":"c","ready":false,"restartCount":7,` + state + `}]}}`
	}
	return []*records.Object{
		fleetObject(t, "zone1", "deployments", deployment("d1", "app2:broken", "0")),
		fleetObject(t, "zone1", "replicasets", `{"apiVersion":"apps/v1","kind":"ReplicaSet",`+meta("app2-7d9", "r1", ownedBy("Deployment", "app2", "d1"))+`,"spec":{"replicas":2},"status":{"replicas":2,"readyReplicas":0}}`),
		fleetObject(t, "zone1", "pods", pod("app2-7d9-x", "p1", ownedBy("ReplicaSet", "app2-7d9", "r1"), "False", `"state":{"waiting":{"reason":"CrashLoopBackOff"}}`)),
		fleetObject(t, "zone1", "services", `{"apiVersion":"v1","kind":"Service",`+meta("app2", "s1", "")+`,"spec":{"clusterIP":"10.0.0.7"}}`),
		fleetObject(t, "zone1", "configmaps", `{"apiVersion":"v1","kind":"ConfigMap",`+meta("app2", "c1", "")+`}`),
		fleetObject(t, "zone2", "deployments", deployment("d2", "app2:1.0", "2")),
		fleetObject(t, "zone2", "services", `{"apiVersion":"v1","kind":"Service",`+meta("app2", "s2", "")+`}`),
	}
}

func TestTheReferenceScenario(t *testing.T) {
	objects := scenario(t)
	others := Others{ByUID: func(_, uid string) *records.Object {
		for _, o := range objects {
			if o.UID == uid {
				return o
			}
		}
		return nil
	}}
	options := Options{Now: testNow, Clusters: []Cluster{{Name: "zone1", UID: "uid-zone1"}, {Name: "zone2", UID: "uid-zone2"}}}
	f := func(text string, want ...string) {
		t.Helper()
		q, err := Parse(text, options)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		var got []string
		for _, o := range objects {
			if q.Eval(o, others) {
				got = append(got, o.Ref.String())
			}
		}
		slices.Sort(want)
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got %v\nwant %v", text, got, want)
		}
	}
	const deploy, rs, pod = "zone1:shop/deployments.apps/app2", "zone1:shop/replicasets.apps/app2-7d9", "zone1:shop/pods/app2-7d9-x"
	const service, config = "zone1:shop/services/app2", "zone1:shop/configmaps/app2"
	const deploy2, service2 = "zone2:shop/deployments.apps/app2", "zone2:shop/services/app2"

	f(`app:app2 status:!Ready`, deploy, rs, pod) // what should be ready and is not; no Service, no ConfigMap
	f(`app:app2 -status:Ready`, deploy, rs, pod)
	f(`app:app2 ready:false`, deploy, rs, pod)
	f(`app:app2 -is:ready kind:deploy`, deploy)
	f(`app:app2 status:Ready`, deploy2)
	f(`app:app2 no:ready`, service, config, service2)
	f(`k:deploy image.tag:broken`, deploy)
	f(`s:CrashLoopBackOff`, pod)
	f(`reason:*BackOff restarts>5`, pod)
	f(`owner:deploy/app2`, rs, pod) // the Pod by its ReplicaSet
	f(`owner:rs/app2-7d9`, pod)
	f(`cluster:zone2 app2`, deploy2, service2)
	f(`-cluster:zone1`, deploy2, service2)
	f(`10.0.0.7`, service)
	f(`crashloopbackoff`, pod)
	f(`label.app!=app2`)
	f(`label.tier!=x k:cm`, config)
}

func TestTombstonesAreLeftOutUnlessAskedFor(t *testing.T) {
	o := scenario(t)[0]
	o.DeletedAt = testNow.Add(-10 * time.Minute)
	f := func(text string, page Page, want bool) {
		t.Helper()
		q, err := Parse(text, testOptions(page))
		if err != nil {
			t.Fatal(err)
		}
		if got := q.Eval(o, Others{}); got != want {
			t.Errorf("%s: got %t, want %t", text, got, want)
		}
	}
	f(`app:app2`, Resources, false)
	f(`app:app2 deleted:true`, Resources, true)
	f(`app:app2 deleted:any`, Resources, true)
	f(`app:app2 deleted<15m`, Resources, true)
	f(`app:app2 deleted<5m`, Resources, false)
	f(`app:app2 deleted:false`, Resources, false)
	f(`app:app2`, Changes, true)
	f(`app:app2`, Events, false) // an object is no event
}
