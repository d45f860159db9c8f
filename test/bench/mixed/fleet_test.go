package mixed

import (
	"encoding/json"
	"hash/fnv"
	"testing"

	"github.com/foretop/foretop/internal/kube"
)

func TestAFleetIsAlwaysTheSame(t *testing.T) {
	f := func(c Config) (objects, clusters, bytes int, digest uint64) {
		fleet := New(c)
		h := fnv.New64a()
		for n := range fleet.Clusters {
			for _, r := range fleet.Resources() {
				fleet.Each(n, r, 0, func(o *Object) bool {
					objects++
					bytes += len(o.JSON)
					h.Write(o.JSON)
					return true
				})
			}
		}
		return objects, len(fleet.Clusters), bytes, h.Sum64()
	}
	objects, clusters, bytes, digest := f(Config{Objects: 20_000, Clusters: 7})
	if objects != 20_000 || clusters != 7 {
		t.Errorf("got %d objects in %d clusters", objects, clusters)
	}
	if _, _, _, again := f(Config{Objects: 20_000, Clusters: 7}); again != digest {
		t.Error("two fleets of one configuration differ")
	}
	if _, _, _, other := f(Config{Objects: 20_000, Clusters: 7, Seed: 7}); other == digest {
		t.Error("the seed changes nothing")
	}
	t.Logf("%d bytes an object", bytes/objects)
}

func TestObjectsAreWhatTheySay(t *testing.T) {
	fleet := New(Config{Objects: 5_000, Clusters: 2})
	uids, owners := map[string]string{}, map[string]string{}
	names := map[string]bool{}
	kinds := map[string][2]int{}
	for n := range fleet.Clusters {
		for _, r := range fleet.Resources() {
			for revision := range 2 {
				fleet.Each(n, r, revision, func(o *Object) bool {
					var decoded map[string]any
					if err := json.Unmarshal(o.JSON, &decoded); err != nil {
						t.Fatalf("%s %s: %v\n%s", o.Resource.Kind, o.Name, err, o.JSON)
					}
					s, err := kube.Summarize(decoded)
					if err != nil {
						t.Fatalf("%s %s: %v", o.Resource.Kind, o.Name, err)
					}
					if s.Kind != r.Kind || s.Name != o.Name || s.Namespace != o.Namespace || s.UID != o.UID || s.ResourceVersion != o.ResourceVersion || s.Labels["app"] != o.App {
						t.Fatalf("got %s %s/%s %s, want %s %s/%s %s of app %q", s.Kind, s.Namespace, s.Name, s.UID, r.Kind, o.Namespace, o.Name, o.UID, o.App)
					}
					if r.Kind == "Pod" && s.Status != o.Status {
						t.Fatalf("%s: got status %q, want %q", o.Name, s.Status, o.Status)
					}
					if revision > 0 {
						return true
					}
					key := fleet.Clusters[n].UID + " " + r.Resource + " " + o.Namespace + "/" + o.Name
					if names[key] || uids[o.UID] != "" {
						t.Fatalf("%s is there twice", key)
					}
					names[key], uids[o.UID] = true, key
					for _, owner := range s.OwnerUIDs {
						owners[owner] = key
					}
					k := kinds[r.Kind]
					kinds[r.Kind] = [2]int{k[0] + 1, k[1] + len(o.JSON)}
					return true
				})
			}
		}
	}
	for owner, of := range owners {
		if uids[owner] == "" {
			t.Fatalf("the owner of %s is not there", of)
		}
	}
	for _, r := range fleet.Resources() {
		k := kinds[r.Kind]
		if k[0] == 0 {
			t.Errorf("no %s", r.Kind)
			continue
		}
		t.Logf("%5d %s, %d bytes each", k[0], r.Kind, k[1]/k[0])
	}
}

func BenchmarkMake(b *testing.B) {
	fleet := New(Config{Objects: 20_000, Clusters: 2})
	done := 0
	for b.Loop() {
		fleet.Each(0, fleet.Resources()[12], 0, func(*Object) bool { done++; return true })
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(done), "ns/object")
}
