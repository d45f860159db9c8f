package kube

import (
	"slices"
	"strconv"
	"strings"
)

// maxPaths bounds how many changed paths one version is described by.
const maxPaths = 50

// ChangedPaths compares two versions of one object. Paths are sorted and written as people write them,
// spec.template.spec.containers[app].image: list elements by their merge key where one is known, map keys that
// hold a dot or a slash in brackets too. What was added or removed whole is one path.
// metadata.resourceVersion, generation and managedFields are left out: they follow from other changes.
//
// meaningful reports whether anyone would call it a change: anything outside status and the notes that
// controllers keep for themselves.
func ChangedPaths(old, new map[string]any) (paths []string, meaningful bool) {
	var d differ
	d.maps("", old, new)
	slices.Sort(d.paths)
	if len(d.paths) > maxPaths {
		d.paths = d.paths[:maxPaths]
	}
	return d.paths, d.meaningful
}

type differ struct {
	paths      []string
	meaningful bool
	all        bool // also what follows from other changes
}

func (d *differ) found(path string) {
	switch path {
	case "metadata.resourceVersion", "metadata.generation", "metadata.managedFields", "metadata.selfLink":
		if !d.all {
			return
		}
	}
	d.paths = append(d.paths, path)
	d.meaningful = d.meaningful || !Noise(path)
}

// notes are annotations that controllers keep for themselves, by prefix.
var notes = [...]string{
	"deployment.kubernetes.io/", "deprecated.daemonset.template.generation", "pv.kubernetes.io/", "volume.beta.kubernetes.io/",
	"volume.kubernetes.io/", "volumes.kubernetes.io/", "autoscaling.alpha.kubernetes.io/", "endpoints.kubernetes.io/",
	"control-plane.alpha.kubernetes.io/", "node.alpha.kubernetes.io/", "kubectl.kubernetes.io/last-applied-configuration",
	"argocd.argoproj.io/refresh", "batch.kubernetes.io/job-tracking", "leader.election.", "csi.volume.kubernetes.io/",
}

// Noise reports whether a change at path is no change to people: status, which EndpointSlices keep elsewhere, and notes
// of controllers to themselves.
func Noise(path string) bool {
	if path == "status" || strings.HasPrefix(path, "status.") || strings.HasPrefix(path, "status[") {
		return true
	}
	if strings.HasPrefix(path, "endpoints[") && strings.Contains(path, "].conditions") { // an EndpointSlice's status of Pods
		return true
	}
	if key, ok := strings.CutPrefix(path, "metadata.annotations"); ok {
		key = strings.TrimLeft(key, ".[")
		for _, n := range notes {
			if strings.HasPrefix(key, n) {
				return true
			}
		}
	}
	return false
}

func join(path, key string) string {
	switch {
	case key == "", strings.ContainsAny(key, "./[]"):
		return path + "[" + key + "]"
	case path == "":
		return key
	}
	return path + "." + key
}

func (d *differ) maps(path string, old, new map[string]any) {
	for key, o := range old {
		n, ok := new[key]
		if !ok {
			d.absent(join(path, key), o)
			continue
		}
		d.values(path, key, o, n)
	}
	for key, n := range new {
		if _, ok := old[key]; !ok {
			d.absent(join(path, key), n)
		}
	}
}

// absent records a value that one side lacks. Maps of people's own keys are opened, so that the first label
// of an object reads like the second.
func (d *differ) absent(path string, v any) {
	if m, ok := v.(map[string]any); ok && len(m) > 0 {
		switch path {
		case "metadata.annotations", "metadata.labels", "data", "binaryData", "spec.template.metadata", "spec.template.metadata.annotations":
			for key, child := range m {
				d.absent(join(path, key), child)
			}
			return
		}
	}
	d.found(path)
}

func (d *differ) values(parent, key string, old, new any) {
	switch o := old.(type) {
	case map[string]any:
		if n, ok := new.(map[string]any); ok {
			if !same(o, n) {
				d.maps(join(parent, key), o, n)
			}
			return
		}
	case []any:
		if n, ok := new.([]any); ok {
			if !same(o, n) {
				d.lists(join(parent, key), key, o, n)
			}
			return
		}
	}
	if !same(old, new) {
		d.found(join(parent, key))
	}
}

// same is reflect.DeepEqual for what JSON decodes to, several times faster.
func same(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for k, v := range a {
			w, ok := b[k]
			if !ok || !same(v, w) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !same(a[i], b[i]) {
				return false
			}
		}
		return true
	case int64:
		if f, ok := b.(float64); ok {
			return float64(a) == f
		}
	case float64:
		if i, ok := b.(int64); ok {
			return a == float64(i)
		}
	}
	switch b.(type) {
	case map[string]any, []any:
		return false
	}
	return a == b
}

// mergeKeys are the fields that tell a list's elements apart, by the list's name, first match wins.
// Lists that are not named here try anyKey.
var mergeKeys = map[string][]string{
	"ports":                     {"name", "containerPort", "port"},
	"volumeMounts":              {"mountPath"},
	"volumeDevices":             {"devicePath"},
	"ownerReferences":           {"uid"},
	"conditions":                {"type"},
	"addresses":                 {"address"},
	"podIPs":                    {"ip"},
	"hostIPs":                   {"ip"},
	"hostAliases":               {"ip"},
	"topologySpreadConstraints": {"topologyKey"},
	"taints":                    {"key"},
	"rules":                     {"host"},
	"images":                    nil,
}

var anyKey = []string{"name", "type", "key", "id"}

func (d *differ) lists(path, name string, old, new []any) {
	keys, known := mergeKeys[name]
	if !known {
		keys = anyKey
	}
	for _, key := range keys {
		o, ok := index(old, key)
		if !ok {
			continue
		}
		n, ok := index(new, key)
		if !ok {
			continue
		}
		before := len(d.paths)
		for k, v := range o {
			w, ok := n[k]
			switch {
			case !ok:
				d.found(path + "[" + k + "]")
			case !same(v, w):
				d.maps(path+"["+k+"]", v, w)
			}
		}
		for k := range n {
			if _, ok := o[k]; !ok {
				d.found(path + "[" + k + "]")
			}
		}
		if len(d.paths) == before { // only the order differs, which some lists mean
			d.found(path)
		}
		return
	}
	if len(old) != len(new) || !allMaps(old) || !allMaps(new) {
		d.found(path)
		return
	}
	for i := range old {
		if !same(old[i], new[i]) {
			d.maps(path+"["+strconv.Itoa(i)+"]", old[i].(map[string]any), new[i].(map[string]any))
		}
	}
}

func allMaps(l []any) bool {
	for _, v := range l {
		if _, ok := v.(map[string]any); !ok {
			return false
		}
	}
	return true
}

// index finds a list's elements by key; false when an element has no key or shares it.
func index(l []any, key string) (map[string]map[string]any, bool) {
	out := make(map[string]map[string]any, len(l))
	for _, v := range l {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		k, ok := scalar(m[key])
		if _, taken := out[k]; !ok || taken {
			return nil, false
		}
		out[k] = m
	}
	return out, true
}

// scalar writes a string, number or boolean as people read it.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case int64:
		return strconv.FormatInt(v, 10), true
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64), true
	case bool:
		return strconv.FormatBool(v), true
	}
	return "", false
}

// segment is one step of a path: a field, or what stands in brackets.
type segment struct {
	name    string
	bracket bool
}

// segments cuts a path that ChangedPaths wrote.
func segments(path string) []segment {
	var out []segment
	for path != "" {
		switch {
		case path[0] == '.':
			path = path[1:]
		case path[0] == '[':
			end := strings.IndexByte(path, ']')
			if end < 0 {
				end = len(path)
			}
			out = append(out, segment{path[1:end], true})
			path = path[min(end+1, len(path)):]
		default:
			end := strings.IndexAny(path, ".[")
			if end < 0 {
				end = len(path)
			}
			out = append(out, segment{path[:end], false})
			path = path[end:]
		}
	}
	return out
}

// lookup is the value at a path that ChangedPaths wrote, nil when there is none.
func lookup(obj map[string]any, segs []segment) any {
	var v any = obj
	name := ""
	for _, s := range segs {
		switch at := v.(type) {
		case map[string]any:
			v = at[s.name]
		case []any:
			v = element(at, name, s.name)
		default:
			return nil
		}
		name = s.name
	}
	return v
}

func element(l []any, listName, key string) any {
	keys, known := mergeKeys[listName]
	if !known {
		keys = anyKey
	}
	for _, k := range keys {
		if m, ok := index(l, k); ok {
			if v, ok := m[key]; ok {
				return v
			}
			return nil
		}
	}
	if i, err := strconv.Atoi(key); err == nil && i >= 0 && i < len(l) {
		return l[i]
	}
	return nil
}
