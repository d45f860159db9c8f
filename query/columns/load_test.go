package columns

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
)

// blockOf is changes as ClickHouse has them: with dictionaries, or each text for itself.
func blockOf(changes []Change, low bool) *clickhouse.Block {
	c := map[string]*clickhouse.Values{}
	texts := func(t *clickhouse.Texts, s string) {
		at := slices.Index(t.Distinct, s)
		if !low || at < 0 {
			at = len(t.Distinct)
			t.Distinct = append(t.Distinct, s)
		}
		if low {
			t.Places = append(t.Places, uint32(at))
		}
	}
	column := func(name string) *clickhouse.Values {
		if c[name] == nil {
			c[name] = &clickhouse.Values{}
			if low {
				c[name].Places, c[name].Of.Places = []uint32{}, []uint32{}
			}
		}
		return c[name]
	}
	for _, ch := range changes {
		o := ch.Object
		for name, s := range map[string]string{"cluster": ch.Cluster, "api_group": ch.Group, "resource": ch.Resource, "namespace": ch.Namespace, "name": ch.Name, "uid": o.UID, "resource_version": o.ResourceVersion,
			"kind": o.Kind, "api_version": o.Version, "app": o.App, "status": o.Status, "health": string(o.Health), "ready": o.Ready, "node": o.Node, "changed_by": o.ChangedBy, "service_account": o.ServiceAccount} {
			texts(&column(name).Texts, s)
		}
		for name, list := range map[string][]string{"reasons": o.Reasons, "images": o.Images, "owner_refs": o.OwnerRefs, "owner_uids": o.OwnerUIDs, "changed_paths": o.ChangedPaths, "containers": o.Containers,
			"ips": o.IPs, "uses": o.Uses, "traits": o.Traits, "managed_by": o.ManagedBy, "words": o.Words} {
			v := column(name)
			for _, s := range list {
				texts(&v.Texts, s)
			}
			v.Ends = append(v.Ends, uint64(v.Len()))
		}
		for name, m := range map[string]map[string]string{"labels": o.Labels, "conditions": o.Conditions} {
			v := column(name)
			for k := range maps.Keys(m) {
				texts(&v.Texts, k)
				texts(&v.Of, m[k])
			}
			v.Ends = append(v.Ends, uint64(v.Len()))
		}
		for name, n := range map[string]int64{"ver": int64(o.Ver), "replicas": o.Replicas, "ready_replicas": o.ReadyReplicas, "restarts": o.Restarts, "generation": o.Generation,
			"created_at": millis(o.CreatedAt), "changed_at": millis(o.ChangedAt), "observed_at": millis(o.ObservedAt)} {
			column(name).Numbers = append(column(name).Numbers, n)
		}
	}
	return clickhouse.NewBlock(len(changes), c)
}

// describe is all that a table says.
func describe(t *Table) (all []string) {
	_ = t.Read(func(v *View) error {
		v.Living().Each(func(row uint32) {
			k, ver := v.Version(row)
			all = append(all, fmt.Sprintf("%v %d %+v %q", k, ver, v.Object(row), v.tokens(row)))
		})
		for _, owner := range []string{"ReplicaSet/app-3-95b8d2c3", "Deployment/web"} {
			all = append(all, fmt.Sprint(owner, v.Owned(v.Living(), 3, func(ref string) bool { return ref == owner }).Count()))
		}
		for _, word := range []string{"app-7", "crashloopbackoff", "extra", "pod", onePod(7).Object.UID} {
			all = append(all, fmt.Sprint(word, v.Words(v.Living(), Match{Literal: word, Whole: true, Test: func(s string) bool { return s == word }}).Count()))
		}
		return nil
	})
	slices.Sort(all)
	return all
}

func TestABlockIsLoadedAsItsRowsAreApplied(t *testing.T) {
	var changes []Change
	for i := range 700 {
		c := onePod(i)
		o := c.Object
		switch i % 7 {
		case 1:
			o.Conditions, o.Traits = map[string]string{"Ready": "True", "A": "", "PodScheduled": "True"}, []string{"a", "b"}
		case 2:
			o.ResourceVersion, o.UID, o.OwnerUIDs = fmt.Sprintf("0%d", i), fmt.Sprintf("pod-%d", i), []string{"x", "", "x"}
		case 3:
			c.Name, o.Name = fmt.Sprintf("Odd-Näme-%d", i), fmt.Sprintf("Odd-Näme-%d", i)
			o.Words = []string{"extra", "app"}
		case 4:
			o.Words = o.Tokens() // made by an older version
			o.Labels, o.CreatedAt, o.ResourceVersion = nil, time.Time{}, "18446744073709551616"
		case 5:
			c.Group, c.Resource, o.Group, o.Kind = "apps", "deployments", "apps", "Deployment"
			o.ResourceVersion = ""
		}
		changes = append(changes, c)
	}
	want := New()
	want.Apply(changes)
	for _, low := range []bool{true, false} {
		for _, rows := range []int{1, 64, 700} {
			got := New()
			for part := range slices.Chunk(changes, rows) {
				if err := got.Load(blockOf(part, low)); err != nil {
					t.Fatal(err)
				}
			}
			// Once more, with an older version among them and a newer one.
			older, newer := onePod(0), onePod(1)
			older.Object.Ver, older.Object.Status = 0, "Old"
			newer.Object.Ver, newer.Object.Status = 5000, "New"
			if err := got.Load(blockOf([]Change{older, newer}, low)); err != nil {
				t.Fatal(err)
			}
			expected := New()
			expected.Apply(changes)
			expected.Apply([]Change{older, newer})
			if x, y := describe(got), describe(expected); !slices.Equal(x, y) {
				for i := range x {
					if i >= len(y) || x[i] != y[i] {
						t.Fatalf("dictionaries %v, %d rows a block: loaded\n%s\napplied\n%s", low, rows, x[i], y[min(i, len(y)-1)])
					}
				}
			}
			update := onePod(2)
			update.Object.Ver, update.Object.Node = 9000, "elsewhere"
			got.Apply([]Change{update})
			expected.Apply([]Change{update})
			if !slices.Equal(describe(got), describe(expected)) {
				t.Error("changes after loading come out differently")
			}
		}
	}
	if err := New().Load(clickhouse.NewBlock(1, map[string]*clickhouse.Values{"cluster": {}})); err == nil {
		t.Error("a block without columns was taken")
	}
}
