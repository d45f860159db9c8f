package search_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
)

// placed is a fleet with Nodes in zones, Pods on them, and what Pods refer to.
func placed(w *world) {
	node := func(cluster, name, zone string) {
		w.put(cluster, object{"apiVersion": "v1", "kind": "Node",
			"metadata": object{"name": name, "uid": "n-" + cluster + name, "labels": object{"topology.kubernetes.io/zone": zone}},
			"status": object{"addresses": []any{object{"type": "InternalIP", "address": "10.1.0.1"}},
				"conditions": []any{object{"type": "Ready", "status": "True"}}}}, write{})
	}
	node("zone1", "node-1", "eu-west-1a")
	node("zone1", "node-2", "eu-west-1b")
	node("zone2", "node-1", "us-east-1a")
	pod := func(cluster, name, node, ip string) {
		d := deployment("shop", strings.TrimSuffix(name, "-x"), "app:1", 1, 1)
		rs := owned("apps/v1", "ReplicaSet", name+"-rs", d)
		w.put(cluster, d, write{})
		w.put(cluster, rs, write{})
		p := owned("v1", "Pod", name, rs)
		p["spec"] = object{"nodeName": node, "serviceAccountName": "runner",
			"containers": []any{object{"name": "app", "image": "app:1", "envFrom": []any{object{"secretRef": object{"name": "db-creds"}}}, "resources": object{"limits": object{"memory": "1Gi"}}}}}
		p["status"] = object{"phase": "Running", "podIP": ip, "conditions": []any{object{"type": "Ready", "status": "False"}}}
		w.put(cluster, p, write{})
	}
	pod("zone1", "web-x", "node-1", "10.0.0.7")
	pod("zone1", "api-x", "node-2", "10.0.3.17")
	pod("zone2", "far-x", "node-1", "10.0.0.8")
	settings := configMap("shop", "settings")
	settings["data"] = object{"app.conf": "listen 80;\nmax_connections = 5\n"}
	settings["metadata"].(object)["labels"] = object{"kustomize.toolkit.fluxcd.io/name": "apps"}
	w.put("zone3", settings, write{})
	w.flush()
}

// TestFieldsOfObjects asks the present, the past that is now, and what is not deleted: by columns in memory, by them
// and history, and by the database.
func TestFieldsOfObjects(t *testing.T) {
	w := newWorld(t)
	placed(w)
	const web, api, far = "zone1:shop/pods/web-x", "zone1:shop/pods/api-x", "zone2:shop/pods/far-x"
	f := func(query string, want ...string) {
		t.Helper()
		for _, q := range []string{query, query + " at:now", query + " deleted:false"} {
			if diff := cmp.Diff(append([]string{}, want...), w.search(q+" sort:name-desc")); diff != "" {
				t.Errorf("%s (-want +got):\n%s", q, diff)
			}
		}
	}
	f(`kind:po zone:eu-west-1a`, web)
	f(`kind:po zone:eu-*`, web, api)
	f(`kind:po -zone:eu-*`, far)
	f(`kind:no zone:us-east-1a`, "zone2:-/nodes/node-1")
	f(`kind:po region:north`, web, far, api) // a label of the clusters
	f(`kind:cm no:zone`, "zone3:shop/configmaps/settings")
	f(`10.0.0.7`, web)
	f(`ip:10.0.0.0/24`, web, far)
	f(`cond.Ready:False kind:po cluster:zone2`, far)
	f(`sa:runner cluster:zone2`, far)
	f(`container:app kind:po cluster:zone2`, far)
	f(`uses:Secret/db-creds`, web, far, api)
	f(`uses:sa/runner -limits:cpu limits:memory cluster:zone2`, far)
	f(`owner:deploy/web`, "zone1:shop/replicasets.apps/web-x-rs", web)
	f(`kind:po owner:far`, far)
	f(`content:"max_connections = 5"`, "zone3:shop/configmaps/settings")
	f(`content:"80;`+"\n"+`max"`, "zone3:shop/configmaps/settings")
	f(`kind:po zone2`, far) // the name of a cluster is a word of its objects
	f(`kind:po is:gitops`)
	for _, query := range []string{`managedby:flux`, `managedby:flux/apps`, `managedby:FLUX/*`, `managedby=flux`, `managedby:/^flux$/`, `kind:cm has:managedby`, `kind:cm managedby:none,flux`} {
		f(query, "zone3:shop/configmaps/settings")
	}
	f(`kind:cm managedby:none`)
	f(`kind:po managedby:controller`, web, far, api)
	f(`kind:no cluster:zone2 managedby:none`, "zone2:-/nodes/node-1")
	f(`kind:no cluster:zone2 -managedby:flux managedby!=none`)
}

func TestPlacesAreCounted(t *testing.T) {
	w := newWorld(t)
	placed(w)
	for _, query := range []string{`kind:po`, `kind:po at:now`, `kind:po deleted:false`} {
		r, err := w.service.Search(t.Context(), everyone, records.Request{Query: query, First: 1, Facets: []string{"zone", "region", "cluster.region", "env", "uses", "ip", "cond.Ready", "trait", "sa", "managedby"}})
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, fc := range r.Facets {
			got = append(got, fmt.Sprint(fc.Field, fc.Values))
		}
		want := []string{
			"zone[{eu-west-1a 1} {eu-west-1b 1} {us-east-1a 1}]", "region[{north 3}]", "cluster.region[{north 3}]", "env[]",
			"uses[{Secret/db-creds 3} {ServiceAccount/runner 3}]", "ip[{10.0.0.7 1} {10.0.0.8 1} {10.0.3.17 1}]", "cond.Ready[{False 3}]",
			"trait[{limits 3} {limits.memory 3} {requests 3} {requests.memory 3}]", "sa[{runner 3}]", "managedby[{controller 3}]",
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestValuesOfFieldsAreOffered(t *testing.T) {
	w := newWorld(t)
	placed(w)
	f := func(query string, want ...string) {
		t.Helper()
		list, err := w.service.Complete(t.Context(), everyone, query, len(query), "resources")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, s := range list {
			if s.Count >= 0 {
				got = append(got, fmt.Sprintf("%s %d", s.Text, s.Count))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
	f(`kind:po zone:eu`, "eu-west-1a 1", "eu-west-1b 1")
	f(`kind:po uses:Sec`, "Secret/db-creds 3")
	f(`kind:po cond.Re`, "Ready 3")
	f(`kind:po cond.Ready:`, "False 3")
	f(`kind:po sa:`, "runner 3")
	f(`kind:po ip:10.0.3`, "10.0.3.17 1")
	f(`region:`, "north 13")
}

func TestAQueryIsReadAsThePageHasIt(t *testing.T) {
	w := newWorld(t)
	f := func(query, page, code string) {
		t.Helper()
		if _, err := w.service.Explain(t.Context(), everyone, query, page); access.Code(err) != code {
			t.Errorf("%s on %s: got %v, want %s", query, page, err, code)
		}
	}
	f(`type:update meaningful:true`, "changes", "")
	f(`type:Warning source:kubelet`, "events", "")
	f(`type:update`, "resources", "QL_UNSUPPORTED")
	f(`at:-1h`, "changes", "QL_UNSUPPORTED")
	f(`web`, "nowhere", "BAD_PAGE")
	list, err := w.service.Complete(t.Context(), everyone, "mean", 4, "changes")
	if err != nil || len(list) != 1 || list[0].Text != "meaningful:" {
		t.Errorf("got %+v %v", list, err)
	}
}
