package ql

import (
	"testing"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

func columnVersion() *records.Version {
	o := records.Object{
		Ref:       kube.Ref{Cluster: "prod-eu", Namespace: "shop", GroupResource: kube.GroupResource{Group: "apps", Resource: "deployments"}, Name: "web"},
		ChangedAt: time.Date(2026, 11, 20, 9, 10, 0, 5e6, time.UTC), ChangedBy: "helm",
		JSON: []byte(`{"spec":{"replicas":3,"containers":[{"name":"a","image":"x:1"},{"name":"b","image":"y:2"}],"strategy":{"type":"Recreate"}}}`),
	}
	o.Kind, o.Group, o.Version, o.Name, o.Namespace = "Deployment", "apps", "v1", "web", "shop"
	o.CreatedAt = time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC)
	o.Labels = map[string]string{"tier": "front", "app": "web", "empty": ""}
	o.Images, o.Ready, o.Replicas, o.Restarts = []string{"registry.example.com/web:1.27", "nginx:1.27"}, "false", 3, -1
	return &records.Version{Object: o, Op: "add", Meaningful: true, Sentence: "created"}
}

func TestColumnsAreFieldsOfTheLanguage(t *testing.T) {
	clusters := []Cluster{{Name: "prod-eu", Labels: map[string]string{"env": "prod"}}}
	v := columnVersion()
	f := func(name, want string) {
		t.Helper()
		c, err := ReadColumn(name, Options{Clusters: clusters, Page: Changes})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		if got := c.Text(v); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	f("cluster", "prod-eu")
	f("c", "prod-eu")
	f("cluster.env", "prod")
	f("cluster.none", "")
	f("KIND", "Deployment")
	f("namespace", "shop")
	f("ready", "false")
	f("restarts", "")
	f("replicas", "3")
	f("image.tag", "1.27")
	f("image", "registry.example.com/web:1.27,nginx:1.27")
	f("label.tier", "front")
	f("label.empty", "")
	f("labels", "app=web,empty=,tier=front")
	f("created", "2026-11-01T08:00:00Z")
	f("changed", "2026-11-20T09:10:00.005Z")
	f("deleted", "")
	f("actor", "helm")
	f("ref", "prod-eu:shop/deployments.apps/web")
	f(".spec.replicas", "3")
	f("spec.containers[*].image", "x:1,y:2")
	f("spec.containers.name", "a,b")
	f("spec.strategy", `{"type":"Recreate"}`)
	f("spec.none", "")
	f("type", "create")
	f("meaningful", "true")
	f("summary", "created")
}

// A field that is added to the language is a column at once, or says why it is none.
func TestEveryFieldIsAColumnOrSaysWhy(t *testing.T) {
	for _, page := range []Page{Resources, Changes} {
		for _, f := range registry {
			if !f.on(page) {
				continue
			}
			c, err := ReadColumn(f.name, Options{Page: page})
			if err != nil {
				if access.Code(err) != CodeUnsupported {
					t.Errorf("%s: %v", f.name, err)
				}
				continue
			}
			c.Text(columnVersion())
		}
	}
}

func TestWhatIsNoColumnIsRefused(t *testing.T) {
	f := func(name, code string) {
		t.Helper()
		if _, err := ReadColumn(name, Options{}); access.Code(err) != code {
			t.Errorf("%s answers %v, want %s", name, err, code)
		}
	}
	f("nothing", CodeUnknownField)
	f("", CodeUnknownField)
	f("summary", CodeUnknownField) // of changes
	f("name.x", CodeUnknownField)
	f("label.", CodeUnknownField)
	f("spec..x", CodeSyntax)
	f("spec.x y", CodeUnknownField)
}
