package kube

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/pmezard/go-difflib/difflib"
	"sigs.k8s.io/yaml"
)

// Comparison is what differs between two objects, or between two versions of one.
type Comparison struct {
	Unified string // of the YAML, three lines of context; "" when nothing differs
	Lines   []Difference
	Hidden  int // differences that were noise
}

// Difference is one path at which two objects differ. Values are as JSON writes them, strings without quotes; "" is
// absence, and an empty string is "".
type Difference struct{ Path, From, To string }

// maxDifferences bounds the list of paths; the unified text has them all.
const maxDifferences = 1000

// Compare says in what from and to differ; nil is an object that was not there. Noise is left out and counted, unless
// it is asked for: what servers and controllers write for themselves and, for two objects that are apart, what no two
// objects or clusters ever share.
func Compare(from, to map[string]any, apart, noise bool) (Comparison, error) {
	var c Comparison
	a, b := from, to
	if !noise {
		a, b = quiet(from, apart), quiet(to, apart)
	}
	paths := differences(a, b)
	if !noise && from != nil && to != nil {
		c.Hidden = max(0, len(differences(from, to))-len(paths))
	}
	for _, path := range paths[:min(len(paths), maxDifferences)] {
		segs := segments(path)
		c.Lines = append(c.Lines, Difference{Path: path, From: written(lookup(a, segs)), To: written(lookup(b, segs))})
	}
	text := [2]string{}
	for i, o := range []map[string]any{a, b} {
		if o == nil {
			continue
		}
		y, err := yaml.Marshal(o)
		if err != nil {
			return c, fmt.Errorf("write %s %s as YAML: %w", str(o, "kind"), str(object(o, "metadata"), "name"), err)
		}
		text[i] = string(y)
	}
	if text[0] == text[1] {
		return c, nil
	}
	var err error
	c.Unified, err = difflib.GetUnifiedDiffString(difflib.UnifiedDiff{A: lines(text[0]), B: lines(text[1]), FromFile: "before", ToFile: "after", Context: 3})
	return c, err
}

// differences is every path at which the two differ, sorted.
func differences(a, b map[string]any) []string {
	d := differ{all: true}
	d.maps("", a, b)
	slices.Sort(d.paths)
	return d.paths
}

func written(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return word(v)
	}
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v) // Decode makes nothing that JSON cannot write
	}
	return string(text)
}

// quiet is a copy of o without noise.
func quiet(o map[string]any, apart bool) map[string]any {
	if o == nil {
		return nil
	}
	o = deepCopy(o).(map[string]any)
	delete(o, "status")
	meta := object(o, "metadata")
	for _, key := range [...]string{"resourceVersion", "generation", "managedFields", "selfLink"} {
		delete(meta, key)
	}
	dropKeys(meta, "annotations", func(key string) bool { return Noise(join("metadata.annotations", key)) })
	if apart {
		quietApart(o, meta)
	}
	return o
}

// labelsApart are labels that controllers and kubelets give each object a value of its own for.
var labelsApart = []string{
	"pod-template-hash", "controller-revision-hash", "pod-template-generation", "controller-uid", "batch.kubernetes.io/controller-uid", "job-name",
	"batch.kubernetes.io/job-name", "statefulset.kubernetes.io/pod-name", "apps.kubernetes.io/pod-index", "kubernetes.io/hostname", "kubernetes.io/metadata.name",
}

// annotationsApart are annotations of networks and schedulers, by prefix.
var annotationsApart = []string{
	"cni.projectcalico.org/", "k8s.v1.cni.cncf.io/", "k8s.ovn.org/", "projectcalico.org/", "flannel.alpha.coreos.com/", "kubernetes.io/config.", "node.alpha.kubernetes.io/",
	"csi.volume.kubernetes.io/", "foretop.io/",
}

// specApart are fields that a cluster fills in, by kind.
var specApart = map[GroupResource][]string{
	{"", "services"}:               {"clusterIP", "clusterIPs", "ipFamilies", "healthCheckNodePort"},
	{"", "pods"}:                   {"nodeName", "hostname"},
	{"", "persistentvolumeclaims"}: {"volumeName"},
	{"", "nodes"}:                  {"podCIDR", "podCIDRs", "providerID"},
	{"batch", "jobs"}:              {"selector"}, // by the Job's UID
}

// quietApart takes out what two objects that are not versions of one never share.
func quietApart(o, meta map[string]any) {
	for _, key := range [...]string{"name", "namespace", "uid", "creationTimestamp", "generateName", "deletionTimestamp"} {
		delete(meta, key)
	}
	each(meta, "ownerReferences", func(owner map[string]any) { delete(owner, "uid") })
	dropKeys(meta, "annotations", func(key string) bool {
		return slices.ContainsFunc(annotationsApart, func(prefix string) bool { return strings.HasPrefix(key, prefix) })
	})
	group, _ := splitAPIVersion(str(o, "apiVersion"))
	gr := GroupResource{group, Plural(str(o, "kind"))}
	spec := object(o, "spec")
	for _, key := range specApart[gr] {
		delete(spec, key)
	}
	switch gr {
	case services:
		each(spec, "ports", func(port map[string]any) { delete(port, "nodePort") })
	case accounts:
		delete(o, "secrets")
	case pods:
		quietPod(meta, spec)
	case GroupResource{"", "persistentvolumes"}:
		if claim := object(spec, "claimRef"); claim != nil {
			delete(claim, "uid")
			delete(claim, "resourceVersion")
		}
		delete(object(spec, "csi"), "volumeHandle")
	}
	quietWithin(o)
}

// quietPod takes out what the API server puts into each Pod: the token that it mounts, and the owner's hash.
func quietPod(meta, spec map[string]any) {
	each(meta, "ownerReferences", func(owner map[string]any) { delete(owner, "name") })
	token := func(name any) bool {
		text, _ := name.(string)
		return strings.HasPrefix(text, "kube-api-access-")
	}
	without := func(m map[string]any, name string) {
		if l, ok := m[name].([]any); ok {
			m[name] = slices.DeleteFunc(l, func(v any) bool {
				e, _ := v.(map[string]any)
				return token(e["name"])
			})
		}
	}
	without(spec, "volumes")
	for _, l := range containerLists {
		each(spec, l, func(c map[string]any) { without(c, "volumeMounts") })
	}
}

// quietWithin takes hashes out of labels and selectors anywhere, and certificates that each cluster makes for itself.
func quietWithin(v any) {
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			quietWithin(e)
		}
	case map[string]any:
		delete(v, "caBundle")
		for _, name := range [...]string{"labels", "matchLabels", "selector"} {
			dropKeys(v, name, func(key string) bool { return slices.Contains(labelsApart, key) })
		}
		for _, child := range v {
			quietWithin(child)
		}
	}
}

// dropKeys deletes keys of the map called name, and the map when nothing is left of it.
func dropKeys(m map[string]any, name string, drop func(string) bool) {
	of := object(m, name)
	before := len(of)
	for key := range of {
		if drop(key) {
			delete(of, key)
		}
	}
	if before > 0 && len(of) == 0 {
		delete(m, name)
	}
}

func deepCopy(v any) any {
	switch v := v.(type) {
	case map[string]any:
		c := make(map[string]any, len(v))
		for k, e := range v {
			c[k] = deepCopy(e)
		}
		return c
	case []any:
		c := make([]any, len(v))
		for i, e := range v {
			c[i] = deepCopy(e)
		}
		return c
	}
	return v
}
