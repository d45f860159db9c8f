package ql

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestExamples lists what people are told they can type, and how each is read.
func TestExamples(t *testing.T) {
	o := testOptions(Resources)
	o.Clusters = []Cluster{
		{Name: "prod-eu-1", UID: "u1", Labels: map[string]string{"env": "prod", "region": "eu"}},
		{Name: "prod-us-2", UID: "u2", Labels: map[string]string{"env": "prod", "region": "us"}},
		{Name: "lab", UID: "u3", Labels: map[string]string{"env": "lab"}},
	}
	f := func(text, canonical string, terms ...string) {
		t.Helper()
		q, err := Parse(text, o)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			return
		}
		if got := q.Canonical(); got != canonical {
			t.Errorf("%s\n got %s\nwant %s", text, got, canonical)
		}
		if got := strings.Join(q.Terms(), "\n"); got != strings.Join(terms, "\n") {
			t.Errorf("%s means\n%s\nwant\n%s", text, got, strings.Join(terms, "\n"))
		}
		if _, err := q.ClickHouse(inline{}, Env{}); err != nil {
			t.Errorf("%s: %v", text, err)
		}
	}
	f(`kind:Deployment cluster:prod-* ns:shop status:!Ready image:nginx label.app=web age<1h checkout`,
		`kind:Deployment cluster:prod-* ns:shop status:!Ready image:nginx label.app=web age<1h checkout`,
		"kind is deployments.apps", "cluster is prod-*", "ns is shop", "should be ready and is not", "image is nginx", "label.app is exactly web",
		"age is less than 1h (since 2026-11-21 11:30:45 UTC)", "has the words checkout")
	f(`deploy web`, `deploy web`, "has the words deploy", "has the words web") // a kind is offered, never silently taken
	f(`k:po status:CrashLoopBackOff,ImagePullBackOff group:cluster`, `kind:Pod status:CrashLoopBackOff,ImagePullBackOff group:cluster`,
		"kind is pods", "status is CrashLoopBackOff or ImagePullBackOff", "counted by cluster")
	f(`kind:Node ready:false`, `kind:Node ready:false`, "kind is nodes", "should be ready and is not")
	f(`no:limits kind:deploy -ns:kube-*`, `no:limits kind:Deployment ns:!kube-*`, "not all its containers have limits", "kind is deployments.apps", "ns is not kube-*")
	f(`uses:Secret/db-creds`, `uses:Secret/db-creds`, "uses Secret/db-creds")
	f(`app:payments k:deploy group:image.tag`, `app:payments kind:Deployment group:image.tag`, "app is payments", "kind is deployments.apps", "counted by image.tag")
	f(`changed<15m -changed.by:kube-controller-manager`, `changed<15m changed.by:!kube-controller-manager`,
		"changed is less than 15m (since 2026-11-21 12:15:45 UTC)", "changed.by is not kube-controller-manager")
	f(`at:-2h k:cm name:feature-flags`, `kind:ConfigMap name:feature-flags at:-2h`, "kind is configmaps", "name is feature-flags", "as of 2026-11-21 10:30:45 UTC")
	f(`(zone:eu-west-1a OR zone:eu-west-1b) is:unhealthy sort:restarts-desc`, `(zone:eu-west-1a OR zone:eu-west-1b) health:Degraded,Failed sort:restarts-desc`,
		"zone is eu-west-1a or zone is eu-west-1b", "health is Degraded or Failed", "sorted by restarts, descending")
	f(`deleted<1h ns:shop`, `deleted<1h ns:shop`, "deleted is less than 1h (since 2026-11-21 11:30:45 UTC)", "ns is shop")
	f(`image.tag:latest env:prod`, `image.tag:latest env:prod`, "image.tag is latest", "env is prod")
	f(`image.digest:sha256:ab*`, `image.digest:sha256\:ab*`, "image.digest is sha256\\:ab*")
	// The operators, one by one.
	f(`ns:(shop OR pay)`, `ns:shop,pay`, "ns is shop or pay")
	f(`name=web-1 name!=web-2`, `name=web-1 name!=web-2`, "name is exactly web-1", "name is not exactly web-2")
	f(`label."app.kubernetes.io/name"=web`, `label.app.kubernetes.io/name=web`, "label.app.kubernetes.io/name is exactly web")
	f(`has:label.x label.x!=v`, `has:label.x label.x!=v`, "label.x is present", "label.x is not exactly v")
	f(`name:/^web-\d+$/`, `name:/^web-\d+$/`, `name is /^web-\d+$/`)
	f(`created>2026-11-19 restarts>=5 replicas:0..3`, `created>2026-11-19 restarts>=5 replicas:0..3`,
		"created is more than 2026-11-19 (since 2026-11-20 00:00:00 UTC)", "restarts is at least 5", "replicas is 0..3")
	f(`has:label.team no:owner ns:*`, `has:label.team no:owner has:ns`, "label.team is present", "owner is absent", "ns is present")
	f(`paymnts~`, `paymnts~`, "a word is about paymnts")
	f(`is:gitops -is:drifted`, `trait:gitops trait:!drifted`, "trait is gitops", "trait is not drifted")
	f(`changed:9:00..9:20 changed.field:spec.replicas`, `changed:9:00..9:20 changed.field:spec.replicas`,
		"changed is 9:00..9:20 (2026-11-21 09:00:00 UTC to 2026-11-21 09:21:00 UTC)", "changed.field is spec.replicas")
	f(`deleted:true`, `deleted:true`, "deleted is true")
	f(`group:cluster,ns limit:500`, `group:cluster,ns limit:500`, "counted by cluster, ns", "at most 500")
	f(`-l "app in (web,api),tier!=db"`, `selector:"app in (api,web),tier!=db"`, "labels match app in (api,web),tier!=db")
	f(`10.0.0.7`, `ip:10.0.0.7`, "ip is 10.0.0.7")
	f(`0E6C1F3E-9A2B-4C3D-8E4F-0123456789AB`, `uid:0e6c1f3e-9a2b-4c3d-8e4f-0123456789ab`, "uid is 0e6c1f3e-9a2b-4c3d-8e4f-0123456789ab")
	f(`cond.ready:Unknown`, `cond.Ready:Unknown`, "cond.Ready is Unknown")
	f(`content:"max_connections = 5"`, `content:"max_connections = 5"`, `its manifest holds "max_connections = 5"`)
	f(`.spec.replicas>3`, `spec.replicas>3`, "spec.replicas is more than 3")
	f(`cluster.env:prod lab`, `cluster.env:prod lab`, "cluster.env is prod", "has the words lab, or is in the cluster lab")
}

// TestWhatPeopleAreShownIsRead reads the examples of the documentation and of the page's sheet.
func TestWhatPeopleAreShownIsRead(t *testing.T) {
	o := testOptions(Resources)
	o.Clusters = append([]Cluster{{Name: "prod-eu-1", UID: "u1", Labels: map[string]string{"env": "prod"}}}, testClusters...)
	f := func(file string, queries []string) {
		t.Helper()
		if len(queries) < 10 {
			t.Errorf("%s: %d examples were found", file, len(queries))
		}
		for _, text := range queries {
			if _, err := Parse(text, o); err != nil {
				t.Errorf("%s: %s: %v", file, text, err)
			}
		}
	}
	read := func(file string) string {
		t.Helper()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	const page, sheet = "../../docs/query-language.md", "../../ui/src/components/SyntaxSheet.tsx"
	_, text, _ := strings.Cut(read(page), "## Examples")
	text, _, _ = strings.Cut(text, "##")
	var queries []string
	for _, m := range regexp.MustCompile("(?m)^\\| `([^`]+)`").FindAllStringSubmatch(text, -1) {
		queries = append(queries, m[1])
	}
	f(page, queries)
	queries = nil
	for _, m := range regexp.MustCompile(`query: (?:"((?:[^"\\]|\\.)*)"|'([^']*)')`).FindAllStringSubmatch(read(sheet), -1) {
		queries = append(queries, strings.ReplaceAll(m[1], `\\`, `\`)+m[2])
	}
	f(sheet, queries)
}
