package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"

	"github.com/foretop/foretop/schemas/ingestpb"
	"github.com/foretop/foretop/test/bench/mixed"
)

// member is a cluster to be filled.
type member struct {
	name, uid string
	labels    map[string]string
	objects   int
}

// source is where objects come from. Its methods may be called from many goroutines.
type source interface {
	setup() string
	members() []member
	resources() []*ingestpb.Resource
	// each makes a share of the objects of a kind in a cluster. Revision 0 is as they were made; later ones have changed.
	each(member int, r *ingestpb.Resource, revision int, share float64, yield func(*mixed.Object) bool) error
}

type mixedSource struct{ *mixed.Fleet }

func (s mixedSource) setup() string {
	n := 0
	for _, c := range s.Clusters {
		n += c.Objects
	}
	return fmt.Sprintf("%d objects of %d kinds in %d clusters", n, len(s.Resources()), len(s.Clusters))
}

func (s mixedSource) members() []member {
	all := make([]member, len(s.Clusters))
	for i, c := range s.Clusters {
		all[i] = member{c.Name, c.UID, c.Labels, c.Objects}
	}
	return all
}

func (s mixedSource) resources() []*ingestpb.Resource { return s.Resources() }

func (s mixedSource) each(m int, r *ingestpb.Resource, revision int, share float64, yield func(*mixed.Object) bool) error {
	s.Some(m, r, revision, share, yield)
	return nil
}

// podSource reads Pods from a file with a line {"cluster": NAME, "object": POD} each.
type podSource struct {
	file    *os.File
	entries []member
	pods    [][]pod // by member
}

// pod is where a Pod stands in the file, and what would be dear to read while the clock runs.
type pod struct {
	object mixed.Object
	from   int64
	size   int
}

var podResource = &ingestpb.Resource{Version: "v1", Resource: "pods", Kind: "Pod", Namespaced: true, ShortNames: []string{"po"}}

func openPods(ctx context.Context, path string) (*podSource, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	s := &podSource{file: f}
	places := map[string]int{}
	var at int64
	for in := bufio.NewReaderSize(f, 1<<20); ctx.Err() == nil; {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) && len(line) == 0 {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		var l struct {
			Cluster string
			Object  json.RawMessage
		}
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("read %s at byte %d: %w", path, at, err)
		}
		var o struct {
			Metadata struct {
				Name, Namespace, UID, ResourceVersion string
				Labels                                map[string]string
			}
			Status struct{ Phase string }
		}
		if err := json.Unmarshal(l.Object, &o); err != nil {
			return nil, fmt.Errorf("read %s at byte %d: %w", path, at, err)
		}
		n, known := places[l.Cluster]
		if !known {
			n = len(s.entries)
			places[l.Cluster] = n
			s.entries = append(s.entries, member{name: l.Cluster, uid: fmt.Sprintf("00000000-0000-4000-8000-%012d", n)})
			s.pods = append(s.pods, nil)
		}
		s.entries[n].objects++
		start := bytes.Index(line, l.Object)
		s.pods[n] = append(s.pods[n], pod{
			object: mixed.Object{
				Resource: podResource, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, UID: o.Metadata.UID, ResourceVersion: o.Metadata.ResourceVersion,
				App: o.Metadata.Labels["app"], Status: statuses[o.Status.Phase],
			},
			from: at + int64(start), size: len(l.Object),
		})
		at += int64(len(line))
	}
	return s, ctx.Err()
}

// statuses are what kubectl prints for the Pods of each phase, as the file has them.
var statuses = map[string]string{"Running": "Running", "Pending": "ImagePullBackOff", "Failed": "OOMKilled", "Succeeded": "Completed"}

func (s *podSource) setup() string {
	n := 0
	for _, m := range s.entries {
		n += m.objects
	}
	return fmt.Sprintf("%d Pods in %d clusters", n, len(s.entries))
}

func (s *podSource) members() []member               { return s.entries }
func (s *podSource) resources() []*ingestpb.Resource { return []*ingestpb.Resource{podResource} }

func (s *podSource) each(m int, _ *ingestpb.Resource, revision int, share float64, yield func(*mixed.Object) bool) error {
	die := rand.New(rand.NewPCG(uint64(m), uint64(revision)))
	for _, p := range s.pods[m] {
		if die.Float64() >= share {
			continue
		}
		o := p.object
		o.JSON = make([]byte, p.size)
		if _, err := s.file.ReadAt(o.JSON, p.from); err != nil {
			return fmt.Errorf("read a Pod: %w", err)
		}
		if revision > 0 {
			o.JSON, o.ResourceVersion = changed(o.JSON, o.ResourceVersion, revision)
		}
		if !yield(&o) {
			return nil
		}
	}
	return nil
}

// changed is a Pod whose containers were restarted since.
func changed(object []byte, resourceVersion string, revision int) ([]byte, string) {
	n, err := strconv.Atoi(resourceVersion)
	if err != nil {
		panic("resourceVersion " + resourceVersion) // the file's Pods have numbers
	}
	next := strconv.Itoa(n + revision*100_000_000)
	text := strings.Replace(string(object), `"resourceVersion":"`+resourceVersion+`"`, `"resourceVersion":"`+next+`"`, 1)
	const field = `"restartCount":`
	var out strings.Builder
	for {
		before, after, found := strings.Cut(text, field)
		out.WriteString(before)
		if !found {
			return []byte(out.String()), next
		}
		digits := 0
		for digits < len(after) && after[digits] >= '0' && after[digits] <= '9' {
			digits++
		}
		count, _ := strconv.Atoi(after[:digits])
		out.WriteString(field + strconv.Itoa(count+revision))
		text = after[digits:]
	}
}

// every walks all objects, cluster by cluster.
func every(ctx context.Context, s source, yield func(member int, o *mixed.Object)) error {
	for m := range s.members() {
		for _, r := range s.resources() {
			if err := s.each(m, r, 0, 1, func(o *mixed.Object) bool { yield(m, o); return ctx.Err() == nil }); err != nil {
				return err
			}
		}
	}
	return ctx.Err()
}

func total(s source) int {
	n := 0
	for _, m := range s.members() {
		n += m.objects
	}
	return n
}
