package kube

import (
	"fmt"
	"slices"
	"strings"
)

// Sentence says in a few words what paths, which ChangedPaths found between old and new, amount to:
// "image app2: 1.4.0 -> 1.5.0-broken", "replicas 3 -> 5", "restarted", "label tier added", and how much more there is.
// Meaningful changes speak first; a change of status alone says how status and health moved.
// old is nil for a version that is the first seen, new is nil for a deletion.
func Sentence(old, new map[string]any, paths []string) string {
	switch {
	case old == nil && new == nil:
		return ""
	case old == nil:
		return "first seen"
	case new == nil:
		return "deleted"
	}
	var said []string
	var other, noise []string
	for _, p := range paths {
		if Noise(p) {
			noise = append(noise, p)
			continue
		}
		segs := segments(p)
		if s := phrase(segs, lookup(old, segs), lookup(new, segs)); s != "" {
			said = append(said, s)
		} else {
			other = append(other, p)
		}
	}
	if len(said) == 0 && len(other) == 0 {
		return statusSentence(old, new, noise)
	}
	const most = 2
	rest := len(other)
	if len(said) == 0 {
		said, rest = []string{other[0] + " changed"}, rest-1
	}
	if len(said) > most {
		rest += len(said) - most
		said = said[:most]
	}
	s := strings.Join(said, ", ")
	if rest > 0 {
		s += fmt.Sprintf(" and %d more", rest)
	}
	return s
}

// statusSentence describes a version whose spec is the one before.
func statusSentence(old, new map[string]any, paths []string) string {
	o, errOld := Summarize(old)
	n, errNew := Summarize(new)
	switch {
	case errOld != nil || errNew != nil:
	case o.Status != n.Status:
		return fmt.Sprintf("status %s -> %s", word(o.Status), word(n.Status))
	case o.Health != n.Health:
		return fmt.Sprintf("health %s -> %s", o.Health, n.Health)
	case o.ReadyReplicas != n.ReadyReplicas:
		return fmt.Sprintf("ready replicas %d -> %d", o.ReadyReplicas, n.ReadyReplicas)
	case o.Restarts != n.Restarts:
		return fmt.Sprintf("restarts %d -> %d", o.Restarts, n.Restarts)
	case o.Ready != n.Ready:
		return fmt.Sprintf("ready %s -> %s", word(o.Ready), word(n.Ready))
	}
	switch len(paths) {
	case 0:
		return "nothing but its version changed"
	case 1:
		return paths[0] + " changed"
	}
	return fmt.Sprintf("%s changed and %d more", paths[0], len(paths)-1)
}

// phrase puts one change in words, "" when no words are known for it.
func phrase(segs []segment, old, new any) string {
	last := segs[len(segs)-1].name
	switch {
	case has(segs, "metadata", "annotations") && last == "kubectl.kubernetes.io/restartedAt":
		if new == nil {
			return "restart mark removed"
		}
		return "restarted"
	case has(segs, "metadata", "labels"):
		return keyed3("label", last, old, new)
	case has(segs, "metadata", "annotations"):
		return keyed3("annotation", last, old, new)
	case has(segs, "metadata", "finalizers"):
		return "finalizers changed"
	case len(segs) == 2 && segs[0].name == "metadata" && last == "deletionTimestamp":
		return "deletion began"
	case len(segs) == 2 && segs[0].name == "metadata" && last == "uid":
		return "replaced by a new object of the same name"
	case last == "image" && len(segs) >= 2:
		return imagePhrase(segs[len(segs)-2].name, old, new)
	case (last == "replicas" || last == "minReplicas" || last == "maxReplicas") && segs[0].name == "spec":
		return fmt.Sprintf("%s %s -> %s", last, value(old), value(new))
	case len(segs) == 2 && segs[0].name == "spec" && (last == "paused" || last == "suspend"):
		return switched(last, new)
	case len(segs) == 2 && segs[0].name == "spec" && last == "unschedulable":
		if on, _ := new.(bool); on {
			return "cordoned"
		}
		return "uncordoned"
	case len(segs) >= 2 && segs[0].name == "spec" && segs[1].name == "taints":
		return taintPhrase(old, new)
	case len(segs) >= 2 && segs[len(segs)-1].bracket && containerList(segs[len(segs)-2].name):
		return keyed3("container", last, old, new)
	case len(segs) >= 2 && segs[len(segs)-1].bracket && segs[len(segs)-2].name == "env":
		return keyed3("env", last, old, new)
	case len(segs) >= 3 && segs[len(segs)-2].bracket && segs[len(segs)-3].name == "env" && last == "value":
		return keyed3("env", segs[len(segs)-2].name, old, new)
	case (segs[0].name == "data" || segs[0].name == "binaryData" || segs[0].name == "stringData") && len(segs) == 2:
		return keyed3("key", last, nonSecret(old), nonSecret(new))
	case segs[0].name == "data" && len(segs) == 1:
		return "data changed"
	}
	path := pathOf(segs)
	o, oldIs := scalar(old)
	n, newIs := scalar(new)
	switch {
	case oldIs && newIs && len(o)+len(n) <= 60:
		return fmt.Sprintf("%s %s -> %s", path, word(o), word(n))
	case old == nil && new != nil:
		return path + " added"
	case old != nil && new == nil:
		return path + " removed"
	}
	return ""
}

// taintPhrase says which taints a Node got and lost. old and new are all of them, or one.
func taintPhrase(old, new any) string {
	read := func(v any) (taints []string) {
		if one, ok := v.(map[string]any); ok {
			v = []any{one}
		}
		l, _ := v.([]any)
		for _, t := range l {
			if t, ok := t.(map[string]any); ok {
				taints = append(taints, str(t, "key")+":"+str(t, "effect"))
			}
		}
		return taints
	}
	before, after := read(old), read(new)
	without := func(of, others []string) []string {
		return slices.DeleteFunc(slices.Clone(of), func(t string) bool { return slices.Contains(others, t) })
	}
	got, lost := without(after, before), without(before, after)
	var said []string
	if len(got) > 0 {
		said = append(said, "tainted "+strings.Join(got, " "))
	}
	if len(lost) > 0 {
		said = append(said, "no longer tainted "+strings.Join(lost, " "))
	}
	return strings.Join(said, ", ")
}

// nonSecret keeps whether a value is there, and not the value: a sentence is no place for data.
func nonSecret(v any) any {
	if v == nil {
		return nil
	}
	return []any{}
}

func containerList(name string) bool {
	for _, l := range containerLists {
		if l == name {
			return true
		}
	}
	return false
}

// has reports whether two neighbouring fields occur in a path, with a key below them.
func has(segs []segment, a, b string) bool {
	for i := range len(segs) - 1 {
		if segs[i].name == a && segs[i+1].name == b && i+2 <= len(segs) {
			return true
		}
	}
	return false
}

func keyed3(what, key string, old, new any) string {
	switch {
	case old == nil:
		return what + " " + key + " added"
	case new == nil:
		return what + " " + key + " removed"
	}
	o, oldIs := scalar(old)
	n, newIs := scalar(new)
	if oldIs && newIs && len(o)+len(n) <= 60 {
		return fmt.Sprintf("%s %s: %s -> %s", what, key, word(o), word(n))
	}
	return what + " " + key + " changed"
}

// imagePhrase leaves out of two images what they share: "image app2: 1.4.0 -> 1.5.0-broken".
func imagePhrase(container string, old, new any) string {
	o, n := value(old), value(new)
	repoO, tagO := splitImage(o)
	repoN, tagN := splitImage(n)
	if repoO == repoN && tagO != "" && tagN != "" {
		o, n = tagO, tagN
		if base := repoN[strings.LastIndexByte(repoN, '/')+1:]; base != container {
			container = base
		}
	}
	return fmt.Sprintf("image %s: %s -> %s", container, o, n)
}

// splitImage cuts an image reference into repository and tag or digest.
func splitImage(image string) (repo, tag string) {
	if repo, digest, ok := strings.Cut(image, "@"); ok {
		return repo, digest
	}
	if i := strings.LastIndexByte(image, ':'); i > strings.LastIndexByte(image, '/') {
		return image[:i], image[i+1:]
	}
	return image, ""
}

func switched(field string, new any) string {
	on, _ := new.(bool)
	switch {
	case on && field == "paused":
		return "paused"
	case on:
		return "suspended"
	}
	return "resumed"
}

// value writes a scalar, or says that there is none.
func value(v any) string {
	if s, ok := scalar(v); ok {
		return word(s)
	}
	if v == nil {
		return "none"
	}
	return "…"
}

func word(s string) string {
	if s == "" {
		return `""`
	}
	return s
}

func pathOf(segs []segment) string {
	var b strings.Builder
	for i, s := range segs {
		switch {
		case s.bracket:
			b.WriteString("[" + s.name + "]")
		case i > 0:
			b.WriteString("." + s.name)
		default:
			b.WriteString(s.name)
		}
	}
	return b.String()
}
