package action

import (
	"fmt"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// phrase is what a person must type to run a: the more it reaches, the more they must mean it.
// One object needs a click; scaling one to nothing needs its name; much or many need verb and counts.
func phrase(a *actions.Action) string {
	clusters := map[string]bool{}
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
		if to := target(a, t); to != nil && *to == 0 {
			zero = true
		}
	}
	switch {
	case n > phraseTargets || len(clusters) > 1 || zero && n > 1:
		verb := strings.ToLower(a.Verb)
		if a.Undoes != "" {
			verb = "undo"
		}
		what := fmt.Sprintf("%s %d", verb, n)
		if zero && a.Verb == scale && a.Undoes == "" {
			what += " to 0"
		}
		return what + " in " + count(len(clusters), "cluster")
	case zero:
		return nameOf(one)
	}
	return ""
}

// target is the wanted number of replicas, nil for a restart.
func target(a *actions.Action, t *actions.Target) *int32 {
	if t.Wanted != nil {
		return t.Wanted.Replicas
	}
	if a.Verb == scale {
		return a.Params.Replicas
	}
	return nil
}

// title says in a sentence what a is: Scale Deployment app2 in zone1 to 5 replicas.
func title(a *actions.Action, kinds map[string]int) string {
	verb, to := "Restart", ""
	if a.Verb == scale {
		verb, to = "Scale", " to "+replicas(*a.Params.Replicas)
	}
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

// change says in a few words what a dry run would change.
func change(a *actions.Action, t *actions.Target, before, after live) string {
	switch {
	case a.Verb == scale:
		return fmt.Sprintf("replicas %d -> %d", before.Replicas, after.Replicas)
	case t.Wanted != nil:
		return "restart taken back"
	}
	return "restart"
}

// refusal is the sentence for a target that the member refused.
func refusal(t *actions.Target, r *ingestpb.CommandResult) string {
	if w := r.Workload; r.Code == ingestpb.CommandResult_CODE_REFUSED && w != nil && w.Autoscaler != "" {
		return fmt.Sprintf("HPA %s owns the replicas of %s (%d to %d); change the HPA instead.", w.Autoscaler, nameOf(t), w.AutoscalerMin, w.AutoscalerMax)
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
