package kube

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// SummarizeJSON is Summarize of undecoded JSON.
func SummarizeJSON(object []byte) (Summary, error) {
	return SummarizeText(string(object))
}

// spares are of many goroutines.
var spares = sync.Pool{New: func() any { return &spare{} }}

// SummarizeText is Summarize of undecoded JSON whose pieces the summary's texts are: they keep all of it in memory.
func SummarizeText(object string) (Summary, error) {
	spare := spares.Get().(*spare)
	r := reader{text: valid(object), spare: spare, stack: spare.stack}
	obj, err := r.whole()
	var s Summary
	if err == nil {
		s, err = Summarize(obj)
	} else {
		err = fmt.Errorf("decode object: %w", err)
	}
	spare.stack = r.stack[:0]
	spare.giveBack()
	spares.Put(spare) // not deferred: a panic half way may have left it in any state
	return s, err
}

// Summarize says what an object says of itself. It is a pure function of obj: no clock, no other object.
func Summarize(obj map[string]any) (Summary, error) {
	meta := object(obj, "metadata")
	s := Summary{
		Kind:            str(obj, "kind"),
		Namespace:       str(meta, "namespace"),
		Name:            str(meta, "name"),
		UID:             str(meta, "uid"),
		ResourceVersion: str(meta, "resourceVersion"),
		Generation:      count(meta, "generation"),
		CreatedAt:       timestamp(meta, "creationTimestamp"),
		Labels:          stringMap(meta, "labels"),
		Annotations:     stringMap(meta, "annotations"),
		Replicas:        -1,
		ReadyReplicas:   -1,
		Restarts:        -1,
	}
	if s.Kind == "" || s.Name == "" {
		return Summary{}, errors.New("summarize: the object has no kind or no metadata.name")
	}
	s.Group, s.Version = splitAPIVersion(str(obj, "apiVersion"))
	s.App = appOf(s.Labels)
	s.OwnerUIDs, s.OwnerRefs, s.Controller = owners(meta)
	s.Images = images(obj)
	assess(&s, obj)
	s.Reasons = distinct(s.Reasons)
	s.Conditions = conditions(obj)
	s.Containers = containers(obj)
	s.IPs = ips(obj)
	s.ServiceAccount = serviceAccount(obj)
	s.Uses = Uses(obj)
	s.Traits = traits(&s, obj)
	s.Words = otherWords(&s, obj)
	return s, nil
}

func splitAPIVersion(apiVersion string) (group, version string) {
	if group, version, ok := strings.Cut(apiVersion, "/"); ok {
		return group, version
	}
	return "", apiVersion
}

func timestamp(m map[string]any, key string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, str(m, key))
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// appOf is the application an object belongs to; the order is the one people are told in the query language.
func appOf(labels map[string]string) string {
	for _, key := range [...]string{"app.kubernetes.io/instance", "app.kubernetes.io/name", "app", "k8s-app"} {
		if v := labels[key]; v != "" {
			return v
		}
	}
	return ""
}

// owners lists owner references, the controller first.
func owners(meta map[string]any) (uids, refs []string, controller string) {
	each(meta, "ownerReferences", func(o map[string]any) {
		uid, ref := str(o, "uid"), str(o, "kind")+"/"+str(o, "name")
		if boolean(o, "controller") {
			controller = ref
			uids, refs = slices.Insert(uids, 0, uid), slices.Insert(refs, 0, ref)
			return
		}
		uids, refs = append(uids, uid), append(refs, ref)
	})
	return uids, refs, controller
}

// podSpec is the pod spec an object has or makes pods from, whatever its kind.
func podSpec(obj map[string]any) map[string]any {
	spec := object(obj, "spec")
	if _, ok := spec["containers"].([]any); ok {
		return spec
	}
	if t := object(spec, "template", "spec"); t != nil {
		return t
	}
	return object(spec, "jobTemplate", "spec", "template", "spec")
}

var containerLists = [...]string{"containers", "initContainers", "ephemeralContainers"}

// images of all containers, main containers first.
func images(obj map[string]any) []string {
	spec := podSpec(obj)
	var out []string
	for _, l := range containerLists {
		each(spec, l, func(c map[string]any) {
			if image := str(c, "image"); image != "" && !slices.Contains(out, image) {
				out = append(out, image)
			}
		})
	}
	return out
}

func distinct(s []string) []string {
	slices.Sort(s)
	return slices.Compact(s)
}
