package ql

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

var testNow = time.Date(2026, 11, 21, 12, 30, 45, 0, time.UTC)

var testClusters = []Cluster{
	{Name: "zone1", UID: "uid-zone1", Labels: map[string]string{"env": "prod", "region": "eu"}},
	{Name: "zone2", UID: "uid-zone2", Labels: map[string]string{"env": "prod", "region": "us"}},
	{Name: "Lab-3", UID: "uid-lab3", Labels: map[string]string{"env": "test"}},
}

var testKinds = []records.Kind{
	{GroupResource: kube.GroupResource{Group: "example.com", Resource: "widgets"}, Version: "v1", Kind: "Widget", Namespaced: true, ShortNames: []string{"wd"}},
	{GroupResource: kube.GroupResource{Group: "events.k8s.io", Resource: "events"}, Version: "v1", Kind: "Event", Namespaced: true, ShortNames: []string{"ev"}},
}

func testOptions(page Page) Options {
	return Options{Now: testNow, Page: page, Kinds: testKinds, Clusters: testClusters}
}

// The vocabulary is small, so that queries match, and awkward, so that escapes matter.
var (
	someNames    = []string{"web", "web-1", "Web-1", "web-api", "checkout", "chekout", "app2", "a_b", "a%b", "back\\slash", "system:node", "straße", "x'y", "payments-7d9f8b", "new\nline"}
	someSpaces   = []string{"", "shop", "pay", "kube-system", "default"}
	someValues   = []string{"web", "WEB", "api", "", "a*b", "a?b", "1", "07", "12", "x/y", "v1.2.3", `q"q`, "a,b", "(p)", "Ω", "tab\there"}
	someKeys     = []string{"app", "tier", "app.kubernetes.io/name", "team"}
	someStatus   = []string{"", "Running", "CrashLoopBackOff", "Ready", "NotReady", "Ready,SchedulingDisabled", "Init:0/1", "Terminating"}
	someReasons  = []string{"OOMKilled", "BackOff", "oomkilled", "Unschedulable"}
	someImages   = []string{"nginx", "nginx:1.27", "docker.io/library/nginx:1.27", "ghcr.io/acme/web:v2@sha256:abcd", "localhost:5000/app2:broken", "localhost/x", "Registry.io:443/Team/app@sha256:ff", "a/b/c:latest", "web@sha256:0a"}
	somePaths    = []string{"spec.replicas", "spec.template.spec.containers[web].image", "metadata.labels.app", "spec", "Spec.Mixed"}
	someActors   = []string{"", "helm", "kubectl-edit", "kube-controller-manager", "Argo%CD"}
	someNodes    = []string{"", "node-1", "node-2"}
	someZones    = []string{"eu-west-1a", "eu-west-1b", "EU-West-1a", ""}
	someIPs      = []string{"10.0.0.7", "10.0.3.17", "192.168.1.1", "2001:db8::1", "fe80::1"}
	someUses     = []string{"Secret/db-creds", "ConfigMap/web", "ServiceAccount/default", "Service/a_b", "Rollout/x"}
	someManagers = []string{"argocd", "argocd/shop", "argocd/Shop", "helm/app2", "flux/apps", "controller", "kubectl", "none"}
	someTraits   = []string{"gitops", "helm", "drifted", "limits", "limits.memory", "requests", "requests.cpu"}
	someKindRows = []struct{ group, resource, kind string }{
		{"", "pods", "Pod"}, {"apps", "deployments", "Deployment"}, {"apps", "replicasets", "ReplicaSet"}, {"", "services", "Service"},
		{"", "nodes", "Node"}, {"example.com", "widgets", "Widget"}, {"", "events", "Event"}, {"events.k8s.io", "events", "Event"},
	}
)

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func some[T any](r *rand.Rand, list []T, most int) []T {
	var out []T
	for range r.IntN(most + 1) {
		out = append(out, pick(r, list))
	}
	return out
}

func someTime(r *rand.Rand) time.Time {
	spans := []time.Duration{time.Minute, time.Hour, 36 * time.Hour, 400 * 24 * time.Hour}
	t := testNow.Add(-time.Duration(r.Int64N(int64(pick(r, spans)))))
	if r.IntN(4) == 0 { // exactly on what queries ask for
		t = pick(r, []time.Time{testNow.Add(-15 * time.Minute), testNow.Add(-time.Hour), testNow, time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC), time.Date(2026, 11, 21, 9, 20, 59, 999e6, time.UTC)})
	}
	return t.Truncate(time.Millisecond)
}

// generateObjects makes n objects; some own later ones.
func generateObjects(r *rand.Rand, n int) []*records.Version {
	objects := make([]*records.Version, n)
	seen := map[kube.Ref]bool{}
	for i := range objects {
		k, c := pick(r, someKindRows), pick(r, testClusters)
		o := &records.Version{}
		o.Kind, o.Group, o.Version = k.kind, k.group, "v1"
		o.Namespace, o.Name, o.UID = pick(r, someSpaces), pick(r, someNames), fmt.Sprintf("%08x-0000-4000-8000-%012x", r.Uint32(), i)
		o.Ref = kube.Ref{Cluster: c.Name, Namespace: o.Namespace, GroupResource: kube.GroupResource{Group: k.group, Resource: k.resource}, Name: o.Name}
		if seen[o.Ref] { // one row per object, as the tables keep it
			o.Name += fmt.Sprintf("-%d", i)
			o.Ref.Name = o.Name
		}
		seen[o.Ref] = true
		o.ClusterUID = c.UID
		o.CreatedAt, o.ObservedAt, o.ChangedAt = someTime(r), someTime(r), someTime(r)
		if r.IntN(8) == 0 {
			o.ChangedAt = time.Time{}
		}
		if r.IntN(10) == 0 {
			o.DeletedAt = someTime(r)
		}
		o.Labels, o.Annotations = map[string]string{}, map[string]string{}
		for range r.IntN(4) {
			o.Labels[pick(r, someKeys)] = pick(r, someValues)
		}
		for range r.IntN(2) {
			o.Annotations[pick(r, someKeys)] = pick(r, someValues)
		}
		o.App = o.Labels["app"]
		o.Status, o.Ready = pick(r, someStatus), pick(r, []string{"", "true", "false"})
		o.Health = kube.Health(pick(r, healths))
		o.Reasons, o.Images = some(r, someReasons, 2), some(r, someImages, 2)
		o.Node = pick(r, someNodes)
		if k.kind == "Node" && r.IntN(2) == 0 {
			if node := pick(r, someNodes[1:]); !seen[kube.Ref{Cluster: c.Name, Namespace: o.Namespace, GroupResource: o.Ref.GroupResource, Name: node}] && o.Namespace == "" {
				o.Name, o.Ref.Name = node, node
				seen[o.Ref] = true
			}
		}
		if k.kind == "Node" || r.IntN(20) == 0 {
			for _, key := range append(placeZone.nodes, placeRegion.nodes...) {
				if r.IntN(2) == 0 {
					o.Labels[key] = pick(r, someZones)
				}
			}
		}
		o.Conditions = map[string]string{}
		for range r.IntN(3) {
			o.Conditions[pick(r, []string{"Ready", "Available", "example.com/odd"})] = pick(r, []string{"True", "False", "Unknown"})
		}
		o.ManagedBy = some(r, someManagers[:7], 2)
		o.Containers, o.IPs, o.Uses, o.Traits = some(r, someNames, 2), some(r, someIPs, 2), some(r, someUses, 2), some(r, someTraits, 3)
		o.ServiceAccount = pick(r, []string{"", "default", "web"})
		o.Replicas, o.ReadyReplicas, o.Restarts = int64(r.IntN(6)-1), int64(r.IntN(4)-1), int64(r.IntN(8)-1)
		o.ChangedBy, o.ChangedPaths = pick(r, someActors), some(r, somePaths, 2)
		o.Op, o.Meaningful = pick(r, []string{"snapshot", "add", "update", "delete"}), r.IntN(2) == 0
		if i > 0 && r.IntN(2) == 0 {
			for range 1 + r.IntN(2) {
				owner := objects[r.IntN(i)]
				o.OwnerUIDs, o.OwnerRefs = append(o.OwnerUIDs, owner.UID), append(o.OwnerRefs, owner.Kind+"/"+owner.Name)
			}
		}
		o.JSON = someObject(r, o)
		switch i % 5 { // others have none
		case 0, 1:
			s, err := kube.SummarizeJSON(o.JSON)
			if err != nil {
				panic(fmt.Sprintf("summarize %s: %v", o.JSON, err))
			}
			o.Words = append(s.Words, "settings.yaml")
		case 2: // of an older hub
			o.Words = o.Tokens()
		}
		objects[i] = o
	}
	return objects
}

// othersOf finds any of the objects. Tombstones own, but nothing runs on them.
func othersOf(objects []*records.Version) Others {
	byUID, nodes := make(map[string]*records.Object, len(objects)), map[[2]string]*records.Object{}
	for _, o := range objects {
		byUID[o.UID] = &o.Object
		if o.Ref.Group == "" && o.Ref.Resource == "nodes" && o.DeletedAt.IsZero() {
			nodes[[2]string{o.ClusterUID, o.Name}] = &o.Object
		}
	}
	return Others{
		ByUID: func(_, uid string) *records.Object { return byUID[uid] },
		Node:  func(cluster, name string) *records.Object { return nodes[[2]string{cluster, name}] },
	}
}

// asValue writes a text as people do: plain, quoted, with wildcards, as a regular expression.
func asValue(r *rand.Rand, s string) string {
	switch r.IntN(8) {
	case 0:
		return quote(s)
	case 1, 2: // a wildcard for some part
		runes := []rune(s)
		if len(runes) == 0 {
			return "*"
		}
		i := r.IntN(len(runes))
		j := i + r.IntN(len(runes)-i+1)
		mid := pick(r, []string{"*", "?", "*?"})
		return globText(globEscape(string(runes[:i])) + mid + globEscape(string(runes[j:])))
	case 3:
		if s == "" {
			return `/^$/`
		}
		re := pick(r, []string{"^", "", "(?:x|)", "[a-z]?"}) + regexpText(s[:len([]byte(string([]rune(s)[:1+r.IntN(len([]rune(s)))])))]) + pick(r, []string{"", "$", ".*", "."})
		v := Value{Kind: Regex, Text: re, NoCase: r.IntN(2) == 0}
		return v.write()
	case 4:
		return ValueText(strings.ToUpper(s))
	}
	return ValueText(s)
}

func regexpText(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune(`\.+*?()|[]{}^$/`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}

func generateFilter(r *rand.Rand, page Page) string {
	list := func(field string, values []string) string {
		n := 1
		if r.IntN(4) == 0 {
			n = 1 + r.IntN(3)
		}
		parts := make([]string, n)
		for i := range parts {
			parts[i] = asValue(r, pick(r, values))
		}
		not := pick(r, []string{"", "", "", "!"})
		switch r.IntN(6) {
		case 0:
			return field + pick(r, []string{"=", "!=", "=="}) + pick(r, []string{quote(pick(r, values)), ValueText(pick(r, values))})
		case 1:
			return field + ":" + not + "(" + strings.Join(parts, " OR ") + ")"
		}
		return field + ":" + not + strings.Join(parts, ",")
	}
	number := func(field string) string {
		n := r.IntN(6)
		return pick(r, []string{
			fmt.Sprintf("%s%s%d", field, pick(r, []string{"<", "<=", ">", ">=", ":", "=", ":>", ":<="}), n),
			fmt.Sprintf("%s:%d..%d", field, n, n+r.IntN(3)), fmt.Sprintf("%s:*..%d", field, n), fmt.Sprintf("%s:%d..*", field, n), fmt.Sprintf("%s:%d,%d", field, n, n+2),
		})
	}
	moment := func(field string) string {
		return field + pick(r, []string{"<15m", ">15m", "<=1h", ">=1h", "<2d", ">1y", ">2026-11-20", "<2026-11-20", ":2026-11-20", ">=2026-11-20T10:00Z", ":9:00..9:20", ":-2h..*", ":15m..1h", ":2026-11-19..2026-11-20", "<=9:20", ":today", ">yesterday"})
	}
	fields := []func() string{
		func() string { return list("ns", someSpaces) },
		func() string { return list(pick(r, []string{"name", "name"}), someNames) },
		func() string { return list("app", someValues) },
		func() string { return list("status", someStatus) },
		func() string {
			return "health:" + pick(r, []string{"", "!"}) + pick(r, healths) + pick(r, []string{"", ",Failed"})
		},
		func() string { return "ready:" + pick(r, []string{"true", "false", "!true", "!false", "true,false"}) },
		func() string {
			return "status:" + pick(r, []string{"!Ready", "Ready", "NotReady", "!Ready,Running", "Degraded,Ready"})
		},
		func() string { return list("label."+pick(r, someKeys), someValues) },
		func() string { return list("annotation."+pick(r, someKeys), someValues) },
		func() string {
			return list("image", append([]string{"nginx", "library/nginx", "web", "app2", "team/app", "x@sha256"}, someImages...))
		},
		func() string { return list("image.tag", []string{"1.27", "latest", "v2", "broken", ""}) },
		func() string {
			return list("image.repo", []string{"nginx", "library/nginx", "acme/web", "Team/app", "x"})
		},
		func() string {
			return list("image.registry", []string{"docker.io", "ghcr.io", "localhost", "localhost:5000"})
		},
		func() string { return list("image.digest", []string{"sha256:abcd", "sha256:ff", ""}) },
		func() string { return list("reason", someReasons) },
		func() string { return list("container", someNames) },
		func() string { return list("trait", someTraits) },
		func() string { return list("managedby", someManagers) },
		func() string { return list("sa", []string{"", "default", "web"}) },
		func() string {
			return list("cond."+pick(r, []string{"Ready", "available", `"example.com/odd"`, "Missing"}), []string{"True", "False", "Unknown"})
		},
		func() string {
			return pick(r, []string{"ip:", "ip:!", "-ip:"}) + pick(r, []string{"10.0.0.7", "10.0.0.0/8", "10.0.*", "2001:DB8::0:1", "2001:db8::/32", "fe80::/10,192.168.1.1", "10.0.0.7,10.0.3.17", "0.0.0.0/0", "/^10/", "*"})
		},
		func() string { return pick(r, []string{"10.0.0.7", "fe80::1", "192.168.0.0/16", "ip=10.0.3.17"}) },
		func() string {
			return "uses:" + pick(r, []string{"", "!"}) + pick(r, []string{"Secret/db-creds", "secret/*", "cm/web,sa/default", "db-creds", "*/a_b", `/^Con/`, "svc/a?b", "*"})
		},
		func() string {
			return list(pick(r, []string{"zone", "region"}), append([]string{"eu", "us"}, someZones...))
		},
		func() string {
			return pick(r, []string{"env:prod", "env:!prod", "env:test,prod", "-env:/^p/", "region:eu*", "env:p*", "env=prod"})
		},
		func() string {
			return pick(r, []string{"has:", "no:"}) + pick(r, []string{"limits", "requests", "zone", "region", "env", "provider", "ip", "uses", "sa", "container", "cond.Ready", "trait"})
		},
		func() string {
			return pick(r, []string{"limits:cpu", "limits:memory", "requests:!cpu", "limits:cpu,memory", "requests=memory"})
		},
		func() string {
			return "content:" + pick(r, []string{"", "!"}) + pick(r, []string{`"q\"q"`, `"new\nline"`, "straße", "WEB", "a_b", "back\\\\slash", "2Gi", `"x'y"`, "True,False", `"a<b"`, "Deployment"})
		},
		func() string { return list("node", someNodes) },
		func() string { return list("changed.by", someActors) },
		func() string {
			return list("changed.field", append([]string{"spec.template", "spec.temp", "containers[web]", "image", "replicas", "metadata"}, somePaths...))
		},
		func() string {
			return "owner:" + pick(r, []string{"", "!"}) + pick(r, []string{"deploy/web", "deploy/*", "*/web", "web", "Web-1", "rs/web-?", "po/checkout,svc/web", `/^Node\/w/`, "widget/app2"})
		},
		func() string { return pick(r, []string{"owner=Deployment/web", "owner!=Pod/web-1"}) },
		func() string {
			return "kind:" + pick(r, []string{"", "!"}) + pick(r, []string{"po", "deploy", "Deployment,svc", "*set", "wd", "events", "events.events.k8s.io", "no", "/^P/", "gone.example.org"})
		},
		func() string {
			return "cluster:" + pick(r, []string{"", "!"}) + pick(r, []string{"zone1", "zone*", "lab-3", "zone1,zone2", "/zone[12]/", "*"})
		},
		func() string { return pick(r, []string{"cluster.env:prod", "cluster.region:eu", "cluster=zone1"}) },
		func() string { return number(pick(r, []string{"replicas", "readyreplicas", "restarts"})) },
		func() string { return moment(pick(r, []string{"created", "changed", "seen"})) },
		func() string { return "age" + pick(r, []string{"<15m", ">1h", "<=2d", ":15m..2h", ">=1h"}) },
		func() string {
			return "deleted" + pick(r, []string{":true", ":any", ":false", "<1h", ">15m", ":2026-11-20..2026-11-21"})
		},
		func() string {
			return pick(r, []string{"has:", "no:"}) + pick(r, []string{"owner", "label.app", "annotation.tier", "node", "image", "reason", "restarts", "replicas", "status", "ready", "changed", "app", "changed.by", "changed.field", "image.digest", "name", "cluster", "kind", "deleted"})
		},
		func() string {
			return "is:" + pick(r, []string{"gitops", "drifted", "helm", "unhealthy", "ready", "suspended", "deleting", "orphan", "system", "healthy", "latest"})
		},
		func() string {
			return "selector:" + quote(pick(r, []string{"app in (web,api)", "tier!=web", "!team", "app", "app=web,tier notin (api)", "team>5", "team<12"}))
		},
		func() string {
			return pick(r, []string{"web", "checkout", "checkuot~", "chekout~", "web*", "*out", "we?", "nginx", `"web api"`, "Deployment", "payments-7d9f8b", "zone1", "Lab-3", "1.27", "straße", "app2", "oomkilled", "a_b*", "v2", "docker~"})
		},
	}
	for range 4 { // as often as several fields together
		fields = append(fields, func() string { return generatePath(r, list) })
	}
	if page == Changes {
		fields = append(fields, func() string {
			return "type:" + pick(r, []string{"create", "!update", "delete,create", "snapshot", "*date", "/^d/"})
		}, func() string { return "meaningful:" + pick(r, []string{"true", "false"}) })
	}
	return pick(r, fields)()
}

// generateQuery writes a random query; nearly all can be read.
func generateQuery(r *rand.Rand, page Page, depth int) string {
	term := func() string {
		not := pick(r, []string{"", "", "", "-", "!", "NOT "})
		if depth < 2 && r.IntN(5) == 0 {
			return not + "(" + generateQuery(r, page, depth+1) + ")"
		}
		return not + generateFilter(r, page)
	}
	parts := []string{term()}
	for range r.IntN(3) {
		parts = append(parts, pick(r, []string{" ", " ", " AND ", " OR "}), term())
	}
	return strings.Join(parts, "")
}
