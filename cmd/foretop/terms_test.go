package main

import (
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/query/ql"
)

// What flags and arguments become must be read as meant, whatever people put into them.
func TestFlagsAreTheQueryLanguage(t *testing.T) {
	clusters := []ql.Cluster{{Name: "zone1"}, {Name: "zone2"}, {Name: "prod-eu", Labels: map[string]string{"env": "prod", "region": "eu"}}, {Name: "lab", Labels: map[string]string{"env": "lab", "region": "us"}}}
	f := func(scope scopeFlags, words, want string) {
		t.Helper()
		terms, err := scope.terms()
		if err != nil {
			t.Error(err)
			return
		}
		q, err := ql.Parse(joinQuery(strings.Fields(words), terms), ql.Options{Clusters: clusters})
		if err != nil {
			t.Errorf("%+v %s: %v", scope, words, err)
			return
		}
		if got := q.Canonical(); got != want {
			t.Errorf("%+v %s: %s, want %s", scope, words, got, want)
		}
	}
	f(scopeFlags{clusters: "zone1"}, "", `cluster:zone1`)
	f(scopeFlags{clusters: "zone1, zone2", namespace: "shop"}, "app:app2", `app:app2 cluster:zone1,zone2 ns:shop`)
	f(scopeFlags{clusters: "prod-*"}, "kind:deploy name=\"app2\"", `kind:Deployment name=app2 cluster:prod-*`)
	f(scopeFlags{namespace: "shop"}, "app:a OR app:b", `(app:a OR app:b) ns:shop`)
	f(scopeFlags{selector: `app in (web,api),!legacy`}, "", `selector:"app in (api,web),!legacy"`)
	f(scopeFlags{namespace: `a"b`}, "", `ns:"a\"b"`)
	f(scopeFlags{clusters: "env=prod"}, "", `cluster.env=prod`)
	f(scopeFlags{clusters: "env=prod,zone1"}, "", `cluster.env=prod cluster:zone1`)
	f(scopeFlags{clusters: "env in (prod,lab),region!=us"}, "", `cluster.env:lab,prod cluster.region!=us`)
	f(scopeFlags{clusters: "env notin (prod), !region"}, "", `cluster.env:!prod cluster.region:!/.*/`)
	f(scopeFlags{}, `cluster="zone1" kind:`+value("deployments.apps")+` name=`+quoted("a.b"), `cluster=zone1 kind:Deployment name=a.b`)
	f(scopeFlags{}, `kind:pod at:`+value("-30m"), `kind:Pod at:-30m`)
	f(scopeFlags{}, `kind:pod at:`+value("2026-11-20T09:10Z"), `kind:Pod at:2026-11-20T09:10Z`)
	f(scopeFlags{}, `kind:pod changed<15m name:`+value("we*"), `kind:Pod changed<15m name:we*`)
}

// Whatever stands in a flag is one value of one field; it never becomes another term.
func TestFlagsAreValues(t *testing.T) {
	pieces := []string{"shop", "a", " ", "\n", "\t", `"`, `\`, "OR", "NOT", "-", "!", ",", "(", ")", "/", "..", ":", "=", "<", ">", "~", "*", "?", "“", "”", "\x00", "é",
		"at:-1h", "sort:name", "limit:1", "kind:pod", "[", "]", "{", "}", "|", "#", "'", "1", ".", "in", "notin"}
	random := rand.New(rand.NewPCG(1, 2))
	for range 5000 {
		s := ""
		for range 1 + random.IntN(5) {
			s += pieces[random.IntN(len(pieces))]
		}
		for field, term := range map[string]string{"name": "name:" + value(s), "app": "app=" + quoted(s), "node": "node!=" + quoted(s)} {
			q, err := ql.Parse(term, ql.Options{})
			if err != nil {
				if access.Code(err) == "INTERNAL" {
					t.Errorf("%s: %v", term, err)
				}
				continue
			}
			if x, ok := q.Root().(*ql.Filter); !ok || x.Field != field || q.Sort() != nil || q.Limit() != 0 || !q.At().IsZero() {
				t.Errorf("%q in %s is read as %s", s, term, q.Canonical())
			}
		}
		for _, flags := range []func() ([]string, error){
			func() ([]string, error) { return clusterTerms(s) },
			func() ([]string, error) { return fieldTerms("metadata.name=" + s) },
			func() ([]string, error) { return (&scopeFlags{namespace: s}).terms() },
		} {
			terms, err := flags()
			if err != nil {
				if !isUsage(err) {
					t.Errorf("%q: %v", s, err)
				}
				continue
			}
			if q, err := ql.Parse(joinQuery(nil, terms), ql.Options{}); err == nil && (q.Sort() != nil || q.Limit() != 0 || !q.At().IsZero()) {
				t.Errorf("%q becomes %s", s, q.Canonical())
			}
		}
	}
}
