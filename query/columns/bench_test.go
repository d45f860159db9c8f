package columns

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// onePod is pod i of a fleet: 100 clusters, 200 namespaces, 3,000 applications.
func onePod(i int) Change {
	app, cluster := i%3000, i%100
	name := fmt.Sprintf("app-%d-%08x-%05x", app, app*2654435761%(1<<32), i)
	ns := fmt.Sprintf("ns-%03d", app%200)
	labels := map[string]string{"app": fmt.Sprintf("app-%d", app), "tier": []string{"web", "cache", "db"}[app%3], "pod-template-hash": fmt.Sprintf("%08x", app)}
	o := &records.Object{Ver: uint64(i + 1), ChangedBy: "kube-controller-manager", Ref: kube.Ref{Namespace: ns, GroupResource: kube.GroupResource{Resource: "pods"}, Name: name}}
	created := time.Date(2026, 11, 1, 0, 0, i%86400, 0, time.UTC)
	o.CreatedAt, o.ChangedAt, o.ObservedAt = created, created, created
	o.Summary = kube.Summary{Version: "v1", Kind: "Pod", Namespace: ns, Name: name, UID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i), ResourceVersion: strconv.Itoa(i), Labels: labels,
		App: labels["app"], Status: "Running", Health: kube.Healthy, Ready: "true", Images: []string{fmt.Sprintf("registry.example.com/team-%02d/app-%d:v1.%d.0", app%25, app, app%30)},
		Node: fmt.Sprintf("node-%02d-%03d", cluster, i%50), OwnerUIDs: []string{fmt.Sprintf("%08x-0000-4000-8000-00000000000a", app)}, OwnerRefs: []string{fmt.Sprintf("ReplicaSet/app-%d-%08x", app, app)},
		IPs: []string{fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)}, Containers: []string{"app", "sidecar"}, CreatedAt: created}
	if i%97 == 0 {
		o.Status, o.Health, o.Ready, o.Reasons = "CrashLoopBackOff", kube.Degraded, "false", []string{"CrashLoopBackOff"}
	}
	return Change{Key: Key{Cluster: fmt.Sprintf("%08x-0000-4000-8000-0000000000ff", cluster), Resource: "pods", Namespace: ns, Name: name}, Object: o}
}

// BenchmarkTable asks FORETOP_BENCH_PODS pods, 100,000 by default.
func BenchmarkTable(b *testing.B) {
	pods := 100_000
	if v := os.Getenv("FORETOP_BENCH_PODS"); v != "" {
		var err error
		if pods, err = strconv.Atoi(v); err != nil {
			b.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	table := New()
	began := time.Now()
	batch := make([]Change, 0, 1000)
	applied := time.Duration(0)
	for i := range pods {
		if batch = append(batch, onePod(i)); len(batch) == cap(batch) || i == pods-1 {
			t := time.Now()
			table.Apply(batch)
			applied += time.Since(t)
			clear(batch)
			batch = batch[:0]
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.Logf("%d pods in %s, of it %s applying; %.0f bytes a pod", pods, time.Since(began).Round(time.Millisecond), applied.Round(time.Millisecond), float64(after.HeapAlloc-before.HeapAlloc)/float64(pods))
	view := func(name string, f func(v *View)) {
		b.Run(name, func(b *testing.B) {
			for range b.N {
				_ = table.Read(func(v *View) error { f(v); return nil })
			}
		})
	}
	begins := func(s string) Match {
		return Match{Literal: s, Begins: true, Test: func(t string) bool { return strings.HasPrefix(t, s) }}
	}
	view("namespace", func(v *View) { v.Text(v.Living(), "namespace", func(s string) bool { return s == "ns-017" }) })
	view("label", func(v *View) {
		v.Entry(v.Living(), "labels", "app", func(s string) bool { return s == "app-17" })
	})
	view("name substring", func(v *View) {
		v.Text(v.Living(), "name", func(s string) bool { return strings.Contains(s, "017") })
	})
	view("a beginning of all", func(v *View) { v.Words(v.Living(), begins("app")) })
	view("a beginning of some", func(v *View) { v.Words(v.Living(), begins("app-77")) })
	whole := func(s string) Match {
		return Match{Literal: s, Whole: true, Test: func(t string) bool { return t == s }}
	}
	view("a rare word", func(v *View) { v.Words(v.Living(), whole("app-77")) })
	view("a common word", func(v *View) { v.Words(v.Living(), whole("cache")) })
	view("a mistake", func(v *View) {
		v.Words(v.Living(), Match{Like: "cachee", Test: func(t string) bool { return t == "cache" }, Words: []string{"cache"}, Listed: true})
	})
	view("a letter", func(v *View) { v.Words(v.Living(), begins("a")) })
	view("digits", func(v *View) { v.Words(v.Living(), begins("10")) })
	view("8 facets", func(v *View) {
		all := v.Living()
		for _, c := range []string{"cluster", "kind", "namespace", "status", "health", "app", "node", "images"} {
			by, _ := v.ByColumn(c, nil)
			v.Counts(all, by, 100)
		}
	})
	view("first 50 by key", func(v *View) {
		ns, _ := v.By("namespace", false)
		name, _ := v.By("name", false)
		_, _ = v.Top(v.Living(), []Term{v.ByGroup(), v.ByResource(), ns, name, v.ByCluster(false, func(s string) string { return s })}, nil, 51)
	})
	view("1000, half way down", func(v *View) {
		kind := v.WeighKinds(func(string, string) int64 { return 2 })
		ns, _ := v.By("namespace", false)
		name, _ := v.By("name", false)
		order := []Term{kind, v.ByGroup(), v.ByResource(), ns, name, v.ByCluster(false, func(s string) string { return s })}
		_, _ = v.Top(v.Living(), order, Remember(uint32(v.Alive()/2), order), 1001)
	})
	view("all, sorted", func(v *View) {
		ns, _ := v.By("namespace", false)
		name, _ := v.By("name", false)
		v.Sorted(v.Living(), []Term{v.WeighKinds(func(string, string) int64 { return 2 }), v.ByGroup(), v.ByResource(), ns, name, v.ByCluster(false, func(s string) string { return s })})
	})
	view("newest 50", func(v *View) {
		created, _ := v.By("created_at", true)
		name, _ := v.By("name", false)
		_, _ = v.Top(v.Living(), []Term{created, name}, nil, 51)
	})
	view("50 objects", func(v *View) {
		for row := range uint32(50) {
			v.Object(row)
		}
	})
}
