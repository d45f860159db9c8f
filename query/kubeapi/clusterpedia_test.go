package kubeapi

import (
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// asks reads the parameters of a list of Pods.
func asks(t *testing.T, path, parameters string) (*asking, error) {
	t.Helper()
	r := httptest.NewRequest("GET", path+"/api/v1/pods?"+parameters, nil)
	s, ok := serverOf(r.URL.EscapedPath())
	if !ok {
		t.Fatal(path)
	}
	q := &question{Handler: New(Deps{}), server: s, r: r, members: []records.Member{{Name: "zone1"}, {Name: "zone2"}}}
	info, err := q.paths.NewRequestInfo(httptest.NewRequest("GET", "/api/v1/pods", nil))
	if err != nil {
		t.Fatal(err)
	}
	return q.find(served{Kind: records.Kind{GroupResource: kube.GroupResource{Resource: "pods"}}}, info)
}

func label(selector string) string { return "labelSelector=" + url.QueryEscape(selector) }

func TestParametersAreConditions(t *testing.T) {
	f := func(parameters, want string) {
		t.Helper()
		a, err := asks(t, "/kube", parameters)
		if err != nil {
			t.Errorf("%s: %v", parameters, err)
			return
		}
		if got, _ := strings.CutPrefix(a.request.Query, kindTerm(pods)); strings.TrimSpace(got) != want {
			t.Errorf("%s: %s, want %s", parameters, got, want)
		}
		if _, err := ql.Parse(a.request.Query, ql.Options{}); err != nil {
			t.Errorf("%s: %s: %v", parameters, a.request.Query, err)
		}
	}
	f("", "")
	f("clusters=zone1,zone2", `(cluster="zone1" OR cluster="zone2")`)
	f(label("search.clusterpedia.io/clusters=zone1"), `cluster="zone1"`)
	f(label("search.clusterpedia.io/clusters notin (zone1)"), `-cluster="zone1"`)
	f(label("search.clusterpedia.io/clusters!=zone1"), `-cluster="zone1"`)
	f("clusters=zone2&"+label("search.clusterpedia.io/clusters=zone1"), `cluster="zone2"`) // the URL wins
	f("clusters=&namespaces=", "")
	f("namespaces=a,b", `(ns="a" OR ns="b")`)
	f(label("search.clusterpedia.io/namespaces notin (a,b)"), `-(ns="a" OR ns="b")`)
	f("names=a", `name="a"`)
	f("names=a,b,c,d,e,f,g,h,i", `(name:"a","b","c","d","e","f","g","h","i" -name:/[A-Z]/)`)
	f(label("internalstorage.clusterpedia.io/fuzzy-name=a.b-c_d"), `name:*a\.b\-c\_d*`)
	f(label("internalstorage.clusterpedia.io/fuzzy-name in (x,y)"), `name:*x* name:*y*`)
	f("since=2026-11-20&before=2026-11-21", `created>=2026-11-20T00:00:00.000Z created<2026-11-21T00:00:00.000Z`)
	f(label("app=web,search.clusterpedia.io/names=a,n>3"), `selector:"app=web,n>3" name="a"`)
	f(label("clusterpedia.io/x=web"), `selector:"clusterpedia.io/x=web"`) // a label of people's own
	f("fieldSelector="+url.QueryEscape("spec.nodeName in (a,b)"), `(node="a" OR node="b")`)
	f("q="+url.QueryEscape("restarts>3 OR status:Error"), `(restarts>3 OR status:Error)`)
	f("q="+url.QueryEscape("sort:restarts-desc"), `sort:restarts-desc`)
	f("at=2026-11-20T09:10:00Z", `at:"2026-11-20T09:10:00Z"`)
	f(label("search.clusterpedia.io/orderby=name,search.clusterpedia.io/size=3,search.clusterpedia.io/with-continue"), "")
}

func TestTimesInEveryForm(t *testing.T) {
	f := func(text string, want time.Time) {
		t.Helper()
		if got, ok := momentOf(text); !ok || !got.Equal(want) {
			t.Errorf("%s: %s, %t, want %s", text, got, ok, want)
		}
	}
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	f("2026-11-20", day)
	f("2026-11-20 09:10:11", day.Add(9*time.Hour+10*time.Minute+11*time.Second))
	f("2026-11-20T09:10:11Z", day.Add(9*time.Hour+10*time.Minute+11*time.Second))
	f("2026-11-20T09:10:11+01:00", day.Add(8*time.Hour+10*time.Minute+11*time.Second))
	f("1795132800", time.Unix(1795132800, 0))
	f("1795132800123", time.UnixMilli(1795132800123))
	for _, bad := range []string{"", "17951328001", "yesterday", "2026-13-01", "-795132800", "2026-11-20T09:10"} {
		if got, ok := momentOf(bad); ok {
			t.Errorf("%q is %s", bad, got)
		}
	}
}

func TestOrderKeepsItsOrder(t *testing.T) {
	f := func(parameters string, want ...records.By) {
		t.Helper()
		a, err := asks(t, "/kube", parameters)
		if err != nil {
			t.Errorf("%s: %v", parameters, err)
		} else if diff := cmp.Diff(want, a.request.Order); diff != "" {
			t.Errorf("%s: %s", parameters, diff)
		}
	}
	f("orderby="+url.QueryEscape("name,cluster desc"), records.By{Field: "name"}, records.By{Field: "cluster", Desc: true})
	f("orderby=namespace,created_at_desc", records.By{Field: "namespace"}, records.By{Field: "created", Desc: true})
	f(label("search.clusterpedia.io/orderby in (name, cluster_desc)"), records.By{Field: "name"}, records.By{Field: "cluster", Desc: true})
	f(label("app=x,search.clusterpedia.io/orderby=resource_version_desc,search.clusterpedia.io/orderby=name"), records.By{Field: "resourceversion", Desc: true}, records.By{Field: "name"})
	f("orderby=spec.priority,metadata.name+asc,.status.startTime", records.By{Field: ".spec.priority"}, records.By{Field: "name"}, records.By{Field: ".status.startTime"})
	f(label("search.clusterpedia.io/orderby=lastTimestamp_desc"), records.By{Field: ".lastTimestamp", Desc: true})
	f("orderby=restarts", records.By{Field: "restarts"})
}

func TestPartsOfAList(t *testing.T) {
	f := func(path, parameters string, limit int64, offset int, goesOn bool) {
		t.Helper()
		a, err := asks(t, path, parameters)
		if err != nil {
			t.Errorf("%s: %v", parameters, err)
			return
		}
		if a.Limit != limit || a.request.Offset != offset || a.goesOn(path == clusterpedia) != goesOn {
			t.Errorf("%s %s: limit %d, offset %d, goes on %t", path, parameters, a.Limit, a.request.Offset, a.goesOn(path == clusterpedia))
		}
	}
	f("/kube", "limit=500", 500, 0, true)
	f(clusterpedia, "limit=500", 500, 0, false)
	f(clusterpedia, "limit=500&withContinue=true", 500, 0, true)
	f(clusterpedia, "limit=500&continue=1000", 500, 1000, false)
	f("/kube", "limit=500&"+label("search.clusterpedia.io/with-continue=false"), 500, 0, false)
	f("/kube", "limit=500&"+label("search.clusterpedia.io/size=3"), 3, 0, false) // kubectl's own limit is not what was asked
	f("/kube", "limit=500&"+label("search.clusterpedia.io/limit=1000,search.clusterpedia.io/offset=20"), 1000, 20, false)
	f("/kube", "offset=7", 0, 7, true)
}

func TestOwners(t *testing.T) {
	f := func(parameters string, want records.Owner) {
		t.Helper()
		a, err := asks(t, "/kube", parameters)
		if err != nil {
			t.Errorf("%s: %v", parameters, err)
		} else if diff := cmp.Diff(&want, a.request.Owner); diff != "" {
			t.Errorf("%s: %s", parameters, diff)
		}
	}
	f("ownerUID=u1&ownerSeniority=1", records.Owner{UIDs: []string{"u1"}, Levels: 1})
	f(label("search.clusterpedia.io/owner-uid in (u1,u2)"), records.Owner{UIDs: []string{"u1", "u2"}})
	f("ownerName=web&ownerGR=deployments.apps&clusters=zone1&namespaces=shop", records.Owner{Query: `name="web" kind:"deployments.apps" cluster="zone1" (ns="shop" OR no:ns)`})
	f(label("search.clusterpedia.io/owner-name=web,search.clusterpedia.io/owner-seniority=2"), records.Owner{Query: `name="web"`, Levels: 2})
}

func TestWhatIsNotUnderstoodIsRefusedWithTheRemedy(t *testing.T) {
	f := func(parameters, want string) {
		t.Helper()
		_, err := asks(t, "/kube", parameters)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", parameters, err, want)
		}
	}
	f("nonsense=1", `"nonsense" is not known`)
	f("whereSQL=1", "Write the condition as q=")
	f("whereSQLStatement=1", "Write the condition as q=")
	f("whereSQLParam=1", "Write the condition as q=")
	f("whereSQLJSONParams=1", "Write the condition as q=")
	f(label("search.clusterpedia.io/cluster=zone1"), "There are search.clusterpedia.io/clusters,")
	f(label("search.clusterpedia.io/clusters"), "write search.clusterpedia.io/clusters=VALUE")
	f(label("search.clusterpedia.io/clusters="), "has an empty value")
	f(label("!search.clusterpedia.io/clusters"), "does not know the operator")
	f(label("search.clusterpedia.io/since>3"), "does not know the operator")
	f(label("search.clusterpedia.io/owner-uid!=3"), "cannot be negated")
	f(label("search.clusterpedia.io/size=0"), "is a number from 1 to 10000")
	f(label("search.clusterpedia.io/size in (1,2)"), "takes one value")
	f(label("search.clusterpedia.io/size=1,search.clusterpedia.io/limit=2"), "given more than once")
	f("withContinue=maybe", "is true or false")
	f("since=soon", "is no time")
	f("since=2026-11-21&before=2026-11-20", "since is not before before")
	f("names=a&names=b", "given more than once")
	f("ownerSeniority=1", "need owner-name or owner-uid")
	f("ownerGR=deployments.apps", "need owner-name or owner-uid")
	f("ownerUID=a&ownerName=b", "leave owner-name and owner-gr out")
	f("ownerName=a&ownerSeniority=99", "is a number from 0 to 15")
	f("orderby=nonsense", "does not know the field")
	f("orderby="+url.QueryEscape("name;drop table resources"), "does not know the field")
	f("q="+url.QueryEscape("group:cluster"), "group: counts objects")
	f("q="+url.QueryEscape("kind:"), "kind has no value")
	f("fieldSelector="+url.QueryEscape("a>b"), "Write FIELD=VALUE")
	f("continue=5&limit=x", "invalid syntax")
}
