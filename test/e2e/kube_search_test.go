package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// searched is what a list of the Kubernetes API or a collection holds.
type searched struct {
	Kind               string
	Metadata           kubeListMeta
	Continue           string
	RemainingItemCount *int
	ResourceTypes      []map[string]string
	Items              []searchedItem
	ColumnDefinitions  []struct{ Name string }
	Rows               []struct{ Cells []any }
	Message            string // of a refusal
	Warnings           []string
}

type kubeListMeta struct {
	ResourceVersion, Continue string
	RemainingItemCount        *int
}

type searchedItem struct {
	APIVersion, Kind string
	Metadata         struct {
		Name, Namespace, UID, CreationTimestamp string
		Annotations, Labels                     map[string]string
		OwnerReferences                         []struct{ UID string }
	}
	Data, Spec, Status map[string]any
}

const (
	fleetPath  = "/apis/clusterpedia.io/v1beta1/resources"
	groupPath  = "/apis/clusterpedia.io/v1beta1/collectionresources"
	clusterKey = "shadow.clusterpedia.io/cluster-name"
	searchKey  = "search.clusterpedia.io/"
	asTables   = "application/json;as=Table;v=v1;g=meta.k8s.io"
)

// searchAs reads a path of the hub.
func searchAs(ctx context.Context, accept, path string, parameters ...string) (code int, s searched, err error) {
	values := url.Values{}
	for i := 0; i+1 < len(parameters); i += 2 {
		values.Add(parameters[i], parameters[i+1])
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, stand.URL()+path+"?"+values.Encode(), nil)
	if err != nil {
		return 0, s, err
	}
	req.Header.Set("Authorization", "Bearer "+stand.Token())
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, s, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return resp.StatusCode, s, fmt.Errorf("%s: %w: %s", path, err, text)
	}
	s.Warnings = resp.Header.Values("Warning")
	return resp.StatusCode, s, nil
}

func searchFor(t *testing.T, path string, parameters ...string) searched {
	t.Helper()
	code, s, err := searchAs(t.Context(), "application/json", path, parameters...)
	if err != nil || code != http.StatusOK {
		t.Fatalf("%s %q: %d %v %s", path, parameters, code, err, s.Message)
	}
	return s
}

// names are CLUSTER/NAME of the items, in their order.
func (s searched) names() []string {
	names := []string{}
	for _, o := range s.Items {
		names = append(names, o.Metadata.Annotations[clusterKey]+"/"+o.Metadata.Name)
	}
	return names
}

// differ is "" when both are equal.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return fmt.Sprintf("got %v, want %v", got, want)
}

// TestClusterpediasParameters has one part for each row of the table in docs/clusterpedia.md.
func TestClusterpediasParameters(t *testing.T) {
	const namespace = "searched"
	removeNamespace(t, namespace)
	began := time.Now().Add(-time.Minute)
	zones := stand.Fleet.Names()
	objects := []string{"alpha-one", "alpha-two", "beta.one"}
	onEveryCluster(t, func(m *member) error {
		if err := m.create(t.Context(), "/api/v1/namespaces", object("v1", "Namespace", namespace, nil)); err != nil {
			return err
		}
		for i, name := range objects {
			o := object("v1", "ConfigMap", name, map[string]any{"data": map[string]string{"weight": strconv.Itoa(8 + i), "zone": m.name}})
			o["metadata"].(map[string]any)["labels"] = map[string]string{"searched": "yes", "n": strconv.Itoa(i)}
			o["metadata"].(map[string]any)["annotations"] = map[string]string{"note.io/by": name}
			if err := m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/configmaps", o); err != nil {
				return err
			}
		}
		return nil
	})
	all := fleetPath + "/api/v1/configmaps"
	own := searchKey + "namespaces=" + namespace + ",searched=yes"
	eventually(t, patience, "all is seen", func(ctx context.Context) error {
		if _, s, err := searchAs(ctx, "application/json", all, "labelSelector", own); err != nil || len(s.Items) != 9 {
			return fmt.Errorf("%d items, %v", len(s.Items), err)
		}
		// What controllers make of a namespace comes when it comes.
		if _, s, err := searchAs(ctx, "application/json", fleetPath+"/api/v1/serviceaccounts", "namespaces", namespace); err != nil || len(s.Items) != 3 {
			return fmt.Errorf("%d service accounts, %v", len(s.Items), err)
		}
		return nil
	})
	each := func(clusters []string, names ...string) []string {
		list := []string{}
		for _, name := range names {
			for _, c := range clusters {
				list = append(list, c+"/"+name)
			}
		}
		return list
	}
	// finds asks for ConfigMaps of the namespace, by labels or other parameters.
	finds := func(t *testing.T, want []string, labels string, parameters ...string) searched {
		t.Helper()
		s := searchFor(t, all, append(parameters, "labelSelector", strings.TrimSuffix(own+","+labels, ","))...)
		if got := s.names(); !slices.Equal(got, want) {
			t.Errorf("%s %q: got %v, want %v", labels, parameters, got, want)
		}
		return s
	}
	refuses := func(t *testing.T, path, want string, parameters ...string) {
		t.Helper()
		code, s, err := searchAs(t.Context(), "application/json", path, parameters...)
		if err != nil || code != http.StatusBadRequest || !strings.Contains(s.Message, want) {
			t.Errorf("%s %q: %d %v %s, want %s", path, parameters, code, err, s.Message, want)
		}
	}
	everything := each(zones, objects...)

	t.Run("clusters", func(t *testing.T) {
		finds(t, each(zones[:1], objects...), searchKey+"clusters=zone1")
		finds(t, each(zones[1:], objects...), searchKey+"clusters in (zone2,zone3)")
		finds(t, each(zones[:2], objects...), "", "clusters", "zone1,zone2")
	})
	t.Run("clusters that are not meant", func(t *testing.T) {
		finds(t, each(zones[1:], objects...), searchKey+"clusters notin (zone1)")
		finds(t, each(zones[1:], objects...), searchKey+"clusters!=zone1")
	})
	t.Run("a cluster that is not there", func(t *testing.T) {
		refuses(t, all, "Did you mean zone1?", "clusters", "zon1")
		code, _, err := searchAs(t.Context(), "application/json", fleetPath+"/clusters/zon1/api/v1/configmaps")
		if err != nil || code != http.StatusNotFound {
			t.Errorf("its path answers %d %v", code, err)
		}
	})
	t.Run("namespaces", func(t *testing.T) {
		s := searchFor(t, all, "namespaces", "shop,"+namespace)
		seen := map[string]bool{}
		for _, o := range s.Items {
			seen[o.Metadata.Namespace] = true
		}
		if diff := differ(map[string]bool{"shop": true, namespace: true}, seen); diff != "" {
			t.Error(diff)
		}
		for _, o := range searchFor(t, all, "labelSelector", searchKey+"namespaces notin (shop)").Items {
			if o.Metadata.Namespace == "shop" {
				t.Errorf("%s is of a namespace that was not meant", o.Metadata.Name)
			}
		}
	})
	t.Run("names", func(t *testing.T) {
		finds(t, each(zones, "alpha-one", "beta.one"), "", "names", "alpha-one,beta.one,alpha")
		finds(t, each(zones, "alpha-two"), searchKey+"names notin (alpha-one,beta.one)")
	})
	t.Run("fuzzy names", func(t *testing.T) {
		const fuzzy = "internalstorage.clusterpedia.io/fuzzy-name"
		finds(t, each(zones, "alpha-one", "alpha-two"), fuzzy+"=lpha")
		finds(t, each(zones, "alpha-one"), fuzzy+" in (alpha,one)")
		finds(t, []string{}, fuzzy+"=alpha_one") // not any character
		finds(t, each(zones, "beta.one"), fuzzy+"=a.o")
	})
	t.Run("since and before", func(t *testing.T) {
		later := time.Now().Add(time.Minute)
		for _, form := range []func(time.Time) string{
			func(at time.Time) string { return at.UTC().Format(time.RFC3339) },
			func(at time.Time) string { return at.UTC().Format(time.DateTime) },
			func(at time.Time) string { return strconv.FormatInt(at.Unix(), 10) },
			func(at time.Time) string { return strconv.FormatInt(at.UnixMilli(), 10) },
		} {
			finds(t, everything, "", "since", form(began), "before", form(later))
			finds(t, []string{}, "", "since", form(later))
			finds(t, []string{}, "", "before", form(began))
		}
		finds(t, everything, searchKey+"since="+strconv.FormatInt(began.Unix(), 10))
		finds(t, []string{}, "", "before", began.UTC().Format(time.DateOnly))
		created := must(time.Parse(time.RFC3339, searchFor(t, all, "names", "beta.one", "clusters", "zone1", "namespaces", namespace).Items[0].Metadata.CreationTimestamp))
		one := each(zones[:1], "beta.one")
		finds(t, one, "", "names", "beta.one", "clusters", "zone1", "since", created.Format(time.RFC3339)) // the start is in
		finds(t, []string{}, "", "names", "beta.one", "clusters", "zone1", "before", created.Format(time.RFC3339))
		refuses(t, all, "is no time", "since", "soon")
	})
	t.Run("owners", func(t *testing.T) {
		deployment := searchFor(t, fleetPath+"/clusters/zone2/apis/apps/v1/namespaces/shop/deployments", "names", "app1").Items[0]
		of := func(path string, parameters ...string) map[string]int {
			in := map[string]int{}
			for _, o := range searchFor(t, fleetPath+path, parameters...).Items {
				if !strings.HasPrefix(o.Metadata.Name, "app1-") {
					t.Errorf("%s is not of app1", o.Metadata.Name)
				}
				in[o.Metadata.Annotations[clusterKey]]++
			}
			return in
		}
		replicas := int(deployment.Spec["replicas"].(float64))
		sets, pods := "/apis/apps/v1/replicasets", "/api/v1/pods"
		for _, x := range []struct {
			path, labels string
			want         map[string]int
		}{
			{sets, "owner-uid=" + deployment.Metadata.UID, map[string]int{"zone2": 1}},
			{pods, "owner-uid=" + deployment.Metadata.UID, map[string]int{}}, // these are its ReplicaSet's
			{pods, "owner-uid=" + deployment.Metadata.UID + "," + searchKey + "owner-seniority=1", map[string]int{"zone2": replicas}},
			{pods, "owner-name=app1," + searchKey + "owner-gr=deployments.apps," + searchKey + "owner-seniority=1", map[string]int{"zone1": replicas, "zone2": replicas, "zone3": replicas}},
			{pods, "owner-name=app1," + searchKey + "owner-seniority=1," + searchKey + "clusters in (zone1,zone3)", map[string]int{"zone1": replicas, "zone3": replicas}},
			{pods, "owner-name=app1," + searchKey + "owner-gr=statefulsets.apps," + searchKey + "owner-seniority=1", map[string]int{}},
		} {
			if diff := differ(x.want, of(x.path, "labelSelector", searchKey+x.labels)); diff != "" {
				t.Errorf("%s %s: %s", x.path, x.labels, diff)
			}
		}
		if diff := differ(map[string]int{"zone2": replicas}, of(pods, "ownerUID", deployment.Metadata.UID, "ownerSeniority", "1")); diff != "" {
			t.Error(diff)
		}
		refuses(t, fleetPath+pods, "owner-uid", "ownerSeniority", "1")
	})
	t.Run("order", func(t *testing.T) {
		finds(t, []string{"zone3/beta.one", "zone2/beta.one", "zone1/beta.one", "zone3/alpha-two", "zone2/alpha-two", "zone1/alpha-two", "zone3/alpha-one", "zone2/alpha-one", "zone1/alpha-one"},
			searchKey+"orderby in (name_desc,cluster_desc)")
		backwards := each([]string{"zone3", "zone2", "zone1"}, objects...)
		finds(t, backwards, "", "orderby", "name,cluster desc")
		s := searchFor(t, all, "labelSelector", own, "orderby", "created_at desc,resource_version")
		for i := range s.Items[1:] {
			if s.Items[i].Metadata.CreationTimestamp < s.Items[i+1].Metadata.CreationTimestamp {
				t.Errorf("created_at desc: %s, then %s", s.Items[i].Metadata.CreationTimestamp, s.Items[i+1].Metadata.CreationTimestamp)
			}
		}
	})
	t.Run("order by a path", func(t *testing.T) {
		finds(t, each([]string{"zone3", "zone2", "zone1"}, "beta.one", "alpha-two", "alpha-one"), "", "orderby", "data.weight desc,data.zone desc") // 10 before 9
		finds(t, each(zones, objects...), "", "orderby", ".metadata.labels.n,cluster")
	})
	t.Run("order by what is no field", func(t *testing.T) {
		refuses(t, all, "Order by cluster, namespace,", "orderby", "nonsense")
		refuses(t, all, "Order by cluster, namespace,", "orderby", "name;drop table resources")
	})
	t.Run("size", func(t *testing.T) {
		for _, label := range []string{"size=4", "limit=4"} {
			if s := finds(t, everything[:4], searchKey+label, "limit", "500"); s.Metadata.Continue != "" {
				t.Errorf("%s goes on with %s", label, s.Metadata.Continue)
			}
		}
		finds(t, everything[:2], "", "limit", "2")
		out, stderr, err := through(t.Context(), "", "get", "configmaps", "-A", "-o", "name", "-l", own+","+searchKey+"size=4")
		if n := strings.Count(out, "\n"); err != nil || n != 4 {
			t.Errorf("kubectl prints %d: %v %s", n, err, stderr)
		}
	})
	t.Run("offset", func(t *testing.T) {
		finds(t, everything[3:5], searchKey+"offset=3,"+searchKey+"size=2")
		finds(t, everything[7:], "", "limit", "4", "continue", "7")
		finds(t, []string{}, "", "limit", "4", "continue", "70")
	})
	t.Run("going on", func(t *testing.T) {
		s := finds(t, everything[:5], "", "limit", "5")
		if s.Metadata.Continue != "" || len(s.Warnings) != 1 || !strings.Contains(s.Warnings[0], "4 more match") {
			t.Errorf("without withContinue: %q, %v", s.Metadata.Continue, s.Warnings)
		}
		s = finds(t, everything[:5], "", "limit", "5", "withContinue", "true")
		s = finds(t, everything[5:], "", "limit", "5", "withContinue", "true", "continue", s.Metadata.Continue)
		if s.Metadata.Continue != "" {
			t.Errorf("the last page goes on with %s", s.Metadata.Continue)
		}
		if s = finds(t, everything[:5], searchKey+"with-continue=true", "limit", "5"); s.Metadata.Continue == "" {
			t.Error("asked by a label, it does not go on")
		}
		for path, want := range map[string]int{"/kube": 9, fleetPath: 4} { // kubectl asks for pages until there are no more
			if s := searchFor(t, path+"/api/v1/configmaps", "labelSelector", own, "limit", "4"); (s.Metadata.Continue == "") != (want == 4) {
				t.Errorf("%s: %q", path, s.Metadata.Continue)
			}
		}
	})
	t.Run("remaining count", func(t *testing.T) {
		left := func(s searched) int {
			if s.Metadata.RemainingItemCount == nil {
				return -1
			}
			return *s.Metadata.RemainingItemCount
		}
		for _, x := range []struct {
			want       int
			parameters []string
		}{{-1, nil}, {5, []string{"withRemainingCount", "true"}}, {2, []string{"withRemainingCount", "true", "continue", "3"}}, {0, []string{"withRemainingCount", "true", "continue", "7"}}, {0, []string{"withRemainingCount", "true", "continue", "70"}}} {
			if got := left(searchFor(t, all, append(x.parameters, "labelSelector", own, "limit", "4")...)); got != x.want {
				t.Errorf("%v: %d remain, want %d", x.parameters, got, x.want)
			}
		}
		if got := left(finds(t, everything[:4], searchKey+"with-remaining-count=true,"+searchKey+"size=4")); got != 5 {
			t.Errorf("asked by a label: %d", got)
		}
	})
	t.Run("metadata alone", func(t *testing.T) {
		s := finds(t, everything, "", "onlyMetadata", "true")
		if s.Kind != "PartialObjectMetadataList" || s.Items[0].Data != nil || s.Items[0].Metadata.UID == "" {
			t.Errorf("%s of %+v", s.Kind, s.Items[0])
		}
		if s = searchFor(t, groupPath+"/any", "resources", "/configmaps", "onlyMetadata", "true", "labelSelector", own); s.Items[0].Kind != "ConfigMap" || s.Items[0].Data != nil {
			t.Errorf("of a collection: %+v", s.Items[0])
		}
	})
	t.Run("label selectors", func(t *testing.T) {
		finds(t, each(zones, "beta.one"), "n>1")
		finds(t, each(zones, "alpha-one"), "n<1")
		finds(t, each(zones, "alpha-one", "beta.one"), "n notin (1),n")
		finds(t, []string{}, "!n")
	})
	t.Run("field selectors", func(t *testing.T) {
		for selector, want := range map[string][]string{
			"data.weight in (8,10)":                      each(zones, "alpha-one", "beta.one"),
			"data.weight notin (8,10),data.zone":         each(zones, "alpha-two"),
			"data['zone']!=zone1,metadata.name=beta.one": each(zones[1:], "beta.one"),
			"!data.zone": {},
			`metadata.annotations['note.io/by']=beta.one`:         each(zones, "beta.one"),
			`.metadata.annotations."note.io/by" in ('alpha-two')`: each(zones, "alpha-two"),
		} {
			finds(t, want, "", "fieldSelector", selector)
		}
		for selector, want := range map[string]int{
			"spec.containers[].name in (app1),metadata.namespace=shop": len(searchFor(t, fleetPath+"/api/v1/pods", "ownerName", "app1", "ownerSeniority", "1", "namespaces", "shop").Items),
			"spec.containers[].name=no-such":                           0,
		} {
			if got := searchFor(t, fleetPath+"/api/v1/pods", "fieldSelector", selector).names(); len(got) != want {
				t.Errorf("%s: %v, want %d", selector, got, want)
			}
		}
		refuses(t, all, "Write FIELD=VALUE", "fieldSelector", "data.weight>3")
	})
	t.Run("raw SQL", func(t *testing.T) {
		for _, name := range []string{"whereSQL", "whereSQLStatement", "whereSQLParam", "whereSQLJSONParams"} {
			refuses(t, all, "Write the condition as q=", name, "namespace = 'kube-system'")
		}
	})
	t.Run("what is not known", func(t *testing.T) {
		refuses(t, all, `"nonsense" is not known`, "nonsense", "1")
		refuses(t, all, "is not known here", "labelSelector", searchKey+"cluster=zone1")
		refuses(t, all, "cannot be negated", "labelSelector", searchKey+"owner-name!=app1")
	})
	about := func(o searchedItem) map[string]any { // an event about it
		e := object("v1", "Event", o.Metadata.Name+".happened", map[string]any{"reason": "Happened", "message": "it happened", "type": "Normal",
			"firstTimestamp": time.Now().UTC().Format(time.RFC3339), "lastTimestamp": time.Now().UTC().Format(time.RFC3339)})
		e["involvedObject"] = map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "namespace": namespace, "name": o.Metadata.Name, "uid": o.Metadata.UID}
		return e
	}
	onEveryCluster(t, func(m *member) error {
		for _, o := range searchFor(t, all, "namespaces", namespace, "clusters", m.name, "names", "alpha-one,beta.one").Items {
			if err := m.create(t.Context(), "/api/v1/namespaces/"+namespace+"/events", about(o)); err != nil {
				return err
			}
		}
		return nil
	})
	t.Run("events of objects", func(t *testing.T) {
		const key = "shadow.clusterpedia.io/events"
		type event struct {
			APIVersion, Kind, Reason string
			InvolvedObject           struct{ UID string }
		}
		for _, parameters := range [][]string{{"injectEvents", "true"}, {"onlyMetadata", "true", "injectEvents", "true", "limit", "500"}, nil} {
			labels := own
			if parameters == nil {
				labels += "," + searchKey + "inject-events=true"
			}
			eventually(t, patience, fmt.Sprintf("events are seen by %q", parameters), func(ctx context.Context) error {
				code, s, err := searchAs(ctx, "application/json", all, append(parameters, "labelSelector", labels)...)
				if err != nil || code != http.StatusOK || len(s.Items) != 9 {
					return fmt.Errorf("%d %v %s", code, err, s.Message)
				}
				for _, o := range s.Items {
					text := o.Metadata.Annotations[key]
					if o.Metadata.Name == "alpha-two" {
						if text != "" {
							return fmt.Errorf("%s has %s, nothing happened to it", o.Metadata.Name, text)
						}
						continue
					}
					var events []event
					if err := json.Unmarshal([]byte(text), &events); err != nil {
						return fmt.Errorf("%s: %w in %q", o.Metadata.Name, err, text)
					}
					if len(events) != 1 || events[0].Kind != "Event" || events[0].APIVersion != "v1" || events[0].Reason != "Happened" || events[0].InvolvedObject.UID != o.Metadata.UID {
						return fmt.Errorf("%s has %+v", o.Metadata.Name, events)
					}
				}
				return nil
			})
		}
		for _, o := range finds(t, everything, "").Items {
			if o.Metadata.Annotations[key] != "" {
				t.Errorf("%s has events that nobody asked for", o.Metadata.Name)
			}
		}
		refuses(t, all, "a watch carries no events", "watch", "true", "injectEvents", "true")
	})
	t.Run("order of events", func(t *testing.T) {
		events := fleetPath + "/api/v1/namespaces/" + namespace + "/events"
		for order, want := range map[string][]string{
			"name desc,cluster":                 each(zones, "beta.one.happened", "alpha-one.happened"),
			"involvedObject.name,cluster desc":  each([]string{"zone3", "zone2", "zone1"}, "alpha-one.happened", "beta.one.happened"),
			"lastTimestamp,name desc,cluster":   nil,
			"firstTimestamp desc,name,cluster ": nil,
		} {
			s := searchFor(t, events, "orderby", order)
			if want == nil { // they are of about the same second
				want = s.names()
			}
			if diff := differ(want, s.names()); diff != "" || len(want) != 6 {
				t.Errorf("%s: %s", order, diff)
			}
			if diff := differ(want[2:5], searchFor(t, events, "orderby", order, "offset", "2", "limit", "3").names()); diff != "" {
				t.Errorf("%s: %s", order, diff)
			}
		}
	})
	t.Run("annotations", func(t *testing.T) {
		one := fleetPath + "/clusters/zone1/api/v1/namespaces/" + namespace + "/configmaps"
		if s := searchFor(t, one, "names", "beta.one"); len(s.Items) != 1 || s.Items[0].Metadata.Annotations[clusterKey] != "zone1" {
			t.Errorf("%+v", s.Items)
		}
		if s := searchFor(t, "/kube/clusters/zone1/api/v1/namespaces/"+namespace+"/configmaps", "names", "beta.one"); s.Items[0].Metadata.Annotations[clusterKey] != "" {
			t.Errorf("what a member does not have: %v", s.Items[0].Metadata.Annotations)
		}
	})
	t.Run("one object", func(t *testing.T) {
		get := func(path string) int {
			code, _, err := searchAs(t.Context(), "application/json", path)
			if err != nil {
				t.Error(err)
			}
			return code
		}
		if code := get(fleetPath + "/clusters/zone1/api/v1/namespaces/" + namespace + "/configmaps/beta.one"); code != http.StatusOK {
			t.Errorf("of one cluster: %d", code)
		}
		refuses(t, fleetPath+"/api/v1/namespaces/"+namespace+"/configmaps/beta.one", "is in 3 clusters: zone1, zone2, zone3")
		if code := get(fleetPath + "/api/v1/nodes/zone1-node-1"); code != http.StatusOK {
			t.Errorf("that one cluster alone has: %d", code)
		}
	})
	t.Run("collections", func(t *testing.T) {
		if s := searchFor(t, groupPath); len(s.Items) != 3 || s.Kind != "CollectionResourceList" {
			t.Errorf("%d of %s", len(s.Items), s.Kind)
		}
		kinds := func(path string, parameters ...string) []string {
			seen := map[string]bool{}
			for _, o := range searchFor(t, groupPath+path, parameters...).Items {
				seen[o.APIVersion+" "+o.Kind] = true
			}
			list := []string{}
			for k := range seen {
				list = append(list, k)
			}
			slices.Sort(list)
			return list
		}
		for _, x := range []struct {
			path       string
			parameters []string
			want       []string
		}{
			{"/workloads", []string{"namespaces", "shop,kube-system"}, []string{"apps/v1 DaemonSet", "apps/v1 Deployment", "apps/v1 StatefulSet"}},
			{"/any", []string{"resources", "apps/v1/deployments,/services", "namespaces", "shop"}, []string{"apps/v1 Deployment", "v1 Service"}},
			{"/any", []string{"groups", ",batch", "namespaces", namespace}, []string{"v1 ConfigMap", "v1 ServiceAccount"}},
			{"/any", []string{"groups", "*", "names", "app1", "namespaces", "shop", "resources", "/pods"}, kinds("/any", "groups", "*", "names", "app1", "namespaces", "shop")},
			{"/kuberesources", []string{"names", "beta.one"}, []string{"v1 ConfigMap"}},
		} {
			if diff := differ(x.want, kinds(x.path, x.parameters...)); diff != "" {
				t.Errorf("%s %q: %s", x.path, x.parameters, diff)
			}
		}
		s := searchFor(t, groupPath+"/any", "resources", "/configmaps", "labelSelector", own, "limit", "4", "withContinue", "true", "withRemainingCount", "true", "orderby", "name,cluster")
		if s.Continue == "" || s.RemainingItemCount == nil || *s.RemainingItemCount != 5 || !slices.Equal(s.names(), everything[:4]) {
			t.Errorf("a page: %q, %v, %v", s.Continue, s.RemainingItemCount, s.names())
		}
		s = searchFor(t, groupPath+"/any", "resources", "/configmaps", "labelSelector", own, "limit", "5", "withContinue", "true", "continue", s.Continue, "orderby", "name,cluster")
		if !slices.Equal(s.names(), everything[4:]) {
			t.Errorf("the next: %v", s.names())
		}
		refuses(t, groupPath+"/any", "groups=apps,batch/v1")
		refuses(t, groupPath+"/any", "no member has", "groups", "nonsense")
		refuses(t, groupPath+"/workloads", "are asked of the collection any", "groups", "batch")
		if code, s, err := searchAs(t.Context(), "application/json", groupPath+"/mine"); err != nil || code != http.StatusNotFound {
			t.Errorf("one that is not there: %d %v %s", code, err, s.Message)
		}
	})
	t.Run("saved searches as collections", func(t *testing.T) {
		var answer struct{ SaveSearch struct{ ID string } }
		ask(t, `mutation($input:SavedSearchInput!){saveSearch(input:$input){id}}`, map[string]any{"input": map[string]any{"name": "my searched", "page": "resources", "query": "ns:" + namespace + " label.searched=yes sort:name-desc"}}, &answer)
		defer ask(t, `mutation($id:ID!){deleteSavedSearch(id:$id)}`, map[string]any{"id": answer.SaveSearch.ID}, nil)
		s := searchFor(t, groupPath+"/"+url.PathEscape("my searched"), "clusters", "zone1")
		if diff := differ([]string{"zone1/beta.one", "zone1/alpha-two", "zone1/alpha-one"}, s.names()); diff != "" {
			t.Error(diff)
		}
		if s = searchFor(t, groupPath); len(s.Items) != 4 || s.Items[3].Metadata.Name != "my searched" || s.Items[3].Metadata.Annotations["foretop.io/query"] == "" {
			t.Errorf("%+v", s.Items)
		}
	})
	t.Run("collections in kubectl", func(t *testing.T) {
		root := func(args ...string) string {
			t.Helper()
			out, said, err := reader{path: stand.Fleet.KubectlPath(), cache: t.TempDir()}.ask(t.Context(), hubFlags(""), args...)
			if err != nil {
				t.Fatal(err, said)
			}
			return out
		}
		if out := root("get", "collectionresources"); !strings.Contains(out, "deployments.apps,daemonsets.apps,statefulsets.apps") {
			t.Error(out)
		}
		head := strings.Fields(strings.SplitN(root("get", "collectionresources", "workloads"), "\n", 2)[0])
		if diff := differ([]string{"CLUSTER", "GROUP", "VERSION", "KIND", "NAMESPACE", "NAME", "AGE"}, head); diff != "" {
			t.Error(diff)
		}
		out := root("get", "collectionresources", "--no-headers", "--field-selector", "metadata.name=kuberesources,data.zone=zone2", "-l", own)
		if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) != 3 || !strings.HasPrefix(lines[0], "zone2") {
			t.Error(out)
		}
	})
	t.Run("tables", func(t *testing.T) {
		_, s, err := searchAs(t.Context(), asTables, all, "labelSelector", own, "orderby", "cluster desc,name")
		if err != nil || s.ColumnDefinitions[0].Name != "Cluster" || len(s.Rows) != 9 || s.Rows[0].Cells[0] != "zone3" || s.Rows[0].Cells[1] != "alpha-one" {
			t.Errorf("%v %+v %+v", err, s.ColumnDefinitions, s.Rows)
		}
	})
	t.Run("resource versions", func(t *testing.T) {
		s := finds(t, everything, "")
		if s.Metadata.ResourceVersion == "" {
			t.Error("a list has none to watch from")
		}
	})
	t.Run("watch", func(t *testing.T) {
		f := reader{path: stand.Fleet.KubectlPath(), cache: t.TempDir()}.follow(t, hubFlags(fleetPath),
			"get", "configmaps", "-A", "-w", "-o", "name", "-l", own+","+searchKey+"clusters=zone2,"+searchKey+"orderby=name")
		eventually(t, patience, "what is there is printed", func(context.Context) error {
			if got := strings.Fields(f.printed()); !slices.Equal(got, []string{"configmap/alpha-one", "configmap/alpha-two", "configmap/beta.one"}) {
				return fmt.Errorf("%v: %s", got, f)
			}
			return nil
		})
		refuses(t, all, "a watch cannot follow owners", "watch", "true", "ownerName", "app1")
		refuses(t, all, "a watch is of what happens now", "watch", "true", "at", "-1h")
	})
	t.Run("a query", func(t *testing.T) {
		finds(t, each(zones[:1], "alpha-two", "beta.one"), "", "q", "cluster:zone1 data.weight>8")
		finds(t, each(zones, "alpha-one", "beta.one"), "", "q", "name:*one OR name:no-such")
		refuses(t, all, "group: counts objects", "q", "group:cluster")
		if s := searchFor(t, groupPath+"/any", "groups", "*", "q", "ns:"+namespace+" label.searched=yes"); len(s.Items) != 9 {
			t.Errorf("of a collection: %v", s.names())
		}
	})
	t.Run("a moment", func(t *testing.T) {
		finds(t, []string{}, "", "at", "-1h")
		before := time.Now()
		m := must(openMember("zone1"))
		path := "/api/v1/namespaces/" + namespace + "/configmaps/alpha-two"
		if err := m.delete(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		now := slices.DeleteFunc(slices.Clone(everything), func(s string) bool { return s == "zone1/alpha-two" })
		eventually(t, patience, "it is gone", func(ctx context.Context) error {
			if _, s, err := searchAs(ctx, "application/json", all, "labelSelector", own); err != nil || !slices.Equal(s.names(), now) {
				return fmt.Errorf("%v, %v", s.names(), err)
			}
			return nil
		})
		at := before.UTC().Format(time.RFC3339Nano)
		finds(t, everything, "", "at", at)
		finds(t, everything[3:6], "", "at", at, "limit", "3", "offset", "3")
		if s := searchFor(t, "/kube/clusters/zone1"+path, "at", at); s.Kind != "ConfigMap" {
			t.Errorf("one object: %+v", s)
		}
		refuses(t, all, "to come", "at", "2199-01-01T00:00:00Z")
	})
}
