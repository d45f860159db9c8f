// Package mixed makes the objects of a large fleet: applications with everything that Kubernetes makes of them, over
// many clusters, with owners, relations, sizes and failures as they are found in real ones.
//
// Invariant: the same Config gives the same objects, byte for byte, in any order and any part.
package mixed

import (
	"fmt"
	"time"

	"github.com/foretop/foretop/schemas/ingestpb"
)

// Config says how large the fleet is. Zero fields take the default.
type Config struct {
	Objects  int    // over all clusters; 1,000,000
	Clusters int    // 100
	Seed     uint64 // 42
}

// Fleet is what is in which cluster. Its methods may be called from many goroutines.
type Fleet struct {
	Clusters []Cluster
	seed     uint64
}

// Cluster is one member.
type Cluster struct {
	Name, UID  string
	Labels     map[string]string
	Objects    int
	number     int
	nodes      int
	namespaces int
	apps       []int // numbers of the applications that run here
	filler     int   // ConfigMaps that make Objects exact
}

// Object is one object in one revision.
type Object struct {
	Resource        *ingestpb.Resource
	Namespace, Name string
	UID             string
	ResourceVersion string
	App             string // its label app, "" for what has none
	Status          string // of a Pod, as kubectl prints it; "" for others
	JSON            []byte
	Managers        []*ingestpb.Manager
}

const (
	perNode      = 200 // objects of a cluster to one of its nodes
	perNamespace = 150
	clustersEach = 5 // an application runs in that many
)

// newest is when the youngest object was created. It is fixed: the same fleet on every day.
var newest = time.Date(2026, 11, 15, 0, 0, 0, 0, time.UTC)

// New lays the fleet out.
func New(c Config) *Fleet {
	if c.Objects == 0 {
		c.Objects = 1_000_000
	}
	if c.Clusters == 0 {
		c.Clusters = 100
	}
	if c.Seed == 0 {
		c.Seed = 42
	}
	f := &Fleet{seed: c.Seed}
	room := make([]int, c.Clusters)
	for n := range c.Clusters {
		objects := c.Objects / c.Clusters
		if n < c.Objects%c.Clusters {
			objects++
		}
		region := regions[n%len(regions)]
		cluster := Cluster{
			Name: fmt.Sprintf("%s-%02d", region, n), UID: f.uuid("Cluster", n, 0, 0), Objects: objects, number: n,
			Labels: map[string]string{"region": region, "env": environments[n%len(environments)], "provider": providers[n%len(providers)]},
			nodes:  1 + objects/perNode, namespaces: min(len(domains), 1+objects/perNamespace),
		}
		room[n] = objects - cluster.nodes - cluster.namespaces
		f.Clusters = append(f.Clusters, cluster)
	}
	full := 0
	for number := 0; full < c.Clusters; number++ {
		size, first := f.app(number).size(), int(f.chance("clusters", number, 0, 0)%uint64(c.Clusters))
		for i := range min(clustersEach, c.Clusters) {
			n := (first + i) % c.Clusters
			cluster := &f.Clusters[n]
			switch {
			case room[n] < 0:
			case room[n] < size:
				cluster.filler, room[n] = room[n], -1
				full++
			default:
				cluster.apps, room[n] = append(cluster.apps, number), room[n]-size
			}
		}
	}
	return f
}

// Resources are the kinds that the fleet has, in the order in which they are made.
func (f *Fleet) Resources() []*ingestpb.Resource {
	all := make([]*ingestpb.Resource, len(kinds))
	for i := range kinds {
		all[i] = kinds[i].resource
	}
	return all
}

// Each makes the objects of one kind in one cluster, in a revision: 0 is as they were made, and each later one has
// changed since. It ends early when yield returns false.
func (f *Fleet) Each(cluster int, resource *ingestpb.Resource, revision int, yield func(*Object) bool) {
	f.Some(cluster, resource, revision, 1, yield)
}

// Some makes a share of them, another one in each revision.
func (f *Fleet) Some(cluster int, resource *ingestpb.Resource, revision int, share float64, yield func(*Object) bool) {
	c := &f.Clusters[cluster]
	each := func(m *maker, a app, many int) bool {
		for n := range many {
			if share < 1 && float64(f.chance(resource.Kind, cluster<<32|revision, a.number, n)>>11)/(1<<53) >= share {
				continue
			}
			if !yield(m.make(a, n)) {
				return false
			}
		}
		return true
	}
	m := maker{fleet: f, cluster: c, revision: revision, values: map[string]string{}}
	for i := range kinds {
		if m.kind = &kinds[i]; m.kind.resource != resource {
			continue
		}
		if m.kind.perCluster != nil && !each(&m, app{}, m.kind.perCluster(c)) || m.kind.perApp == nil {
			return
		}
		for _, number := range c.apps {
			if a := f.app(number); !each(&m, a, m.kind.perApp(a)) {
				return
			}
		}
		return
	}
}

// mix is splitmix64: every bit of the answer depends on every bit of x.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb
	return x ^ (x >> 31)
}

// chance is a number that looks random and is always the same for the same thing.
func (f *Fleet) chance(what string, a, b, c int) uint64 {
	h := f.seed
	for i := range len(what) {
		h = mix(h ^ uint64(what[i]))
	}
	return mix(mix(mix(h^uint64(a))^uint64(b)) ^ uint64(c))
}

const hexDigits = "0123456789abcdef"

func (f *Fleet) uuid(what string, a, b, c int) string {
	high := f.chance(what, a, b, c)
	low := mix(high)
	out := make([]byte, 36)
	for i, at := 0, 0; i < 32; i, at = i+1, at+1 {
		if i == 8 || i == 12 || i == 16 || i == 20 {
			out[at] = '-'
			at++
		}
		digit := high >> (i % 16 * 4)
		if i >= 16 {
			digit = low >> (i % 16 * 4)
		}
		switch i {
		case 12:
			digit = 4
		case 16:
			digit = 8 | digit&3
		}
		out[at] = hexDigits[digit&15]
	}
	return string(out)
}

// word is n letters and digits as Kubernetes appends them to names: without vowels.
func word(v uint64, n int) string {
	const letters = "bcdfghjklmnpqrstvwxz2456789"
	out := make([]byte, n)
	for i := range out {
		out[i] = letters[v%uint64(len(letters))]
		v /= uint64(len(letters))
	}
	return string(out)
}

func hex(v uint64, n int) string {
	out := make([]byte, n)
	for i := range out {
		if i%16 == 0 && i > 0 {
			v = mix(v)
		}
		out[i] = hexDigits[v>>(i%16*4)&15]
	}
	return string(out)
}
