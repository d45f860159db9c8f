package action

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/patch"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// phrase is what a person must type to run a: the more it reaches, the more they must mean it. One object needs a
// click; deleting or draining one, scaling it to nothing, or one in a protected cluster, needs its name; much or many
// need verb and counts.
func (s *Service) phrase(a *actions.Action) string {
	clusters := map[string]bool{}
	careful := verbs[a.Verb].careful && a.Undoes == "" || a.Protection != ""
	zero := false
	var one *actions.Target
	n := 0
	for _, t := range a.Targets {
		if t.State != ready {
			continue
		}
		n++
		one = t
		clusters[t.ClusterUID] = true
		zero = zero || toZero(a, t)
	}
	switch {
	case n > phraseTargets || len(clusters) > 1 || (zero || careful) && n > 1:
		verb := strings.ReplaceAll(strings.ToLower(a.Verb), "_", " ")
		if a.Undoes != "" {
			verb = "undo"
		}
		what := fmt.Sprintf("%s %d", verb, n)
		if zero && a.Verb == actions.Scale && a.Undoes == "" {
			what += " to 0"
		}
		return what + " in " + count(len(clusters), "cluster")
	case n == 1 && (zero || careful):
		return nameOf(one)
	}
	return ""
}

// toZero reports whether nothing of a workload would be left.
func toZero(a *actions.Action, t *actions.Target) bool {
	if t.Wanted != nil {
		c, err := commandOf(t.Wanted)
		return err == nil && c.GetScale() != nil && c.GetScale().Replicas == 0
	}
	return a.Verb == actions.Scale && *a.Params.Replicas == 0
}

// title says in a sentence what a is: Scale Deployment app2 in zone1 to 5 replicas.
func title(a *actions.Action, kinds map[string]int) string {
	verb, to := verbs[a.Verb].does, with(a)
	if len(a.Targets) == 1 {
		ref, _ := kube.ParseRef(a.Targets[0].Ref) // written by us
		return fmt.Sprintf("%s %s %s in %s%s", verb, kindOf(ref.GroupResource), ref.Name, ref.Cluster, to)
	}
	var clusters []string
	for _, t := range a.Targets {
		name, _, _ := strings.Cut(t.Ref, ":")
		if !slices.Contains(clusters, name) {
			clusters = append(clusters, name)
		}
	}
	what := "objects"
	if len(kinds) == 1 {
		for kind := range kinds {
			what = kind + "s"
		}
	}
	where := count(len(clusters), "cluster")
	if len(clusters) == 1 {
		where = clusters[0]
	}
	return fmt.Sprintf("%s %d %s in %s%s", verb, len(a.Targets), what, where, to)
}

// with is what a title says of the parameters.
func with(a *actions.Action) string {
	p := &a.Params
	switch a.Verb {
	case actions.Scale:
		return " to " + replicas(*p.Replicas)
	case actions.Autoscale:
		var bounds []string
		if p.Min != nil {
			bounds = append(bounds, fmt.Sprintf("at least %d", *p.Min))
		}
		if p.Max != nil {
			bounds = append(bounds, fmt.Sprintf("at most %d", *p.Max))
		}
		return " to " + strings.Join(bounds, ", ")
	case actions.SetImage:
		return " to " + few(p.Set, func(c, image string) string {
			if c == "*" {
				return image
			}
			return c + "=" + image
		})
	case actions.SetEnv, actions.Label, actions.Annotate:
		said := few(p.Set, func(name, value string) string { return name + "=" + brief(value) })
		for _, name := range p.Remove {
			said = strings.TrimPrefix(said+", "+name+"-", ", ")
		}
		return ": " + said
	case actions.RollBack:
		switch {
		case p.Revision != nil && *p.Revision > 0:
			return fmt.Sprintf(" to revision %d", *p.Revision)
		case p.Version != "":
			return " to version " + p.Version
		}
		return " to the revision before"
	}
	return ""
}

// few says the first entries of m and how many more there are.
func few(m map[string]string, say func(k, v string) string) string {
	var said []string
	for i, k := range sortedKeys(m) {
		if i == 3 {
			said = append(said, fmt.Sprintf("%d more", len(m)-i))
			break
		}
		said = append(said, say(k, m[k]))
	}
	return strings.Join(said, ", ")
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// change says in a few words what a dry run would change.
func change(a *actions.Action, t *actions.Target, d tried, r *ingestpb.CommandResult) string {
	switch {
	case r.Evictions != nil:
		return fmt.Sprintf("evicts %s", count(int(r.Evictions.Left), "Pod"))
	case d.before.object == nil && d.after.object != nil:
		kind, _ := d.after.object["kind"].(string)
		if name := str(d.after.object, "metadata", "name"); name != nameOf(t) {
			return fmt.Sprintf("creates %s %s", kind, name)
		}
		return "creates it"
	case d.after.object == nil:
		return "deletes it"
	case a.Verb == actions.Rerun || a.Verb == actions.Trigger:
		return "creates Job " + str(d.after.object, "metadata", "name")
	case a.Verb == actions.Restart && a.Undoes == "":
		return "restart"
	case a.Verb == actions.Restart:
		return "restart taken back"
	case a.Verb == actions.Scale && d.before.Replicas != d.after.Replicas:
		return fmt.Sprintf("replicas %d -> %d", d.before.Replicas, d.after.Replicas)
	}
	ops, err := patch.Back(d.before.object, d.after.object)
	if err != nil {
		return ""
	}
	var said []string
	var before any // what the test before a removal or a replacement holds
	for _, c := range ops {
		switch c.Op {
		case "test":
			before = c.Value
		case "remove":
			said = append(said, named(c.Path, before)+" removed")
		case "replace":
			said = append(said, fmt.Sprintf("%s %s -> %s", field(c.Path), brief(before), brief(c.Value)))
		default:
			said = append(said, strings.TrimSpace(named(c.Path, c.Value)+" "+worth(c.Value)))
		}
	}
	if most := 3; len(said) > most {
		said = append(said[:most], fmt.Sprintf("%d more", len(said)-most))
	}
	return strings.Join(said, ", ")
}

// named is field for an item of a list, which is called by its own name.
func named(pointer string, item any) string {
	m, _ := item.(map[string]any)
	name, ok := m["name"].(string)
	if !ok || !isIndex(pointer) && !strings.HasSuffix(pointer, "/-") {
		return field(pointer)
	}
	steps := strings.Split(pointer, "/")
	return strings.TrimSuffix(steps[len(steps)-2], "s") + " " + name
}

// worth is what an added value says beyond its name.
func worth(v any) string {
	m, ok := v.(map[string]any)
	if !ok {
		return brief(v)
	}
	for _, key := range []string{"value", "image"} {
		if s, ok := m[key].(string); ok {
			return brief(s)
		}
	}
	if _, ok := m["name"]; ok {
		return ""
	}
	return brief(v)
}

func str(o map[string]any, path ...string) string {
	v, _ := patch.At(o, "/"+strings.Join(path, "/"))
	s, _ := v.(string)
	return s
}

// field is the end of a JSON pointer as people say it: image, label team, env 2.
func field(pointer string) string {
	steps := strings.Split(pointer, "/")
	for i, s := range steps {
		steps[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(s)
	}
	last := steps[len(steps)-1]
	if n := len(steps); n > 2 {
		switch parent := steps[n-2]; {
		case parent == "labels", parent == "annotations":
			return strings.TrimSuffix(parent, "s") + " " + last
		case isIndex(pointer), parent == "requests", parent == "limits":
			return parent + " " + last
		}
	}
	return last
}

func brief(v any) string {
	s, ok := v.(string)
	if !ok {
		raw, err := json.Marshal(v)
		if err != nil {
			return "..."
		}
		s = string(raw)
	}
	const most = 60
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "..."
	}
	return s
}

// refusal is the sentence for a target that the member refused.
func refusal(t *actions.Target, r *ingestpb.CommandResult) string {
	if w := r.Workload; r.Code == ingestpb.CommandResult_CODE_REFUSED && w != nil && w.Autoscaler != "" {
		return fmt.Sprintf("HPA %s owns the replicas of %s (%d to %d); change the HPA instead.", w.Autoscaler, nameOf(t), w.AutoscalerMin, w.AutoscalerMax)
	}
	if len(r.Conflicts) > 0 {
		var who []string
		for i, c := range r.Conflicts {
			if i == 5 {
				who = append(who, fmt.Sprintf("%d more", len(r.Conflicts)-i))
				break
			}
			who = append(who, fmt.Sprintf("%s (%s)", c.Field, c.Manager))
		}
		return fmt.Sprintf("Others own fields of %s that the manifest sets: %s. Leave them out of it, or take them over with force.", nameOf(t), strings.Join(who, ", "))
	}
	if r.Message != "" {
		return r.Message
	}
	return fmt.Sprintf("The cluster refused (%s).", strings.ToLower(strings.TrimPrefix(r.Code.String(), "CODE_")))
}

func nameOf(t *actions.Target) string { return t.Ref[strings.LastIndex(t.Ref, "/")+1:] }

func replicas(n int32) string { return count(int(n), "replica") }

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
