package action

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/actions"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

const maxReplicas = 10000

func checkInput(in actions.Input) error {
	bad := func(message, fix string) error { return &access.Error{Code: "BAD_REQUEST", Message: message, Fix: fix} }
	switch in.Verb {
	case restart:
		if in.Params.Replicas != nil {
			return bad("A restart takes no number of replicas.", "Leave replicas out, or use SCALE.")
		}
	case scale:
		if in.Params.Replicas == nil {
			return bad("Scaling needs the wanted number of replicas.", "Give replicas.")
		}
		if *in.Params.Replicas < 0 || *in.Params.Replicas > maxReplicas {
			return bad(fmt.Sprintf("%d is not a number of replicas.", *in.Params.Replicas), fmt.Sprintf("Use 0 to %d.", maxReplicas))
		}
	default:
		return bad(fmt.Sprintf("There is no verb %q.", in.Verb), "Use RESTART or SCALE.")
	}
	if (len(in.Refs) == 0) == (in.Query == "") {
		return bad("A plan needs either refs or a query, not both and not neither.", "")
	}
	if len(in.Refs) > maxTargets {
		return bad(fmt.Sprintf("%d targets are too many for one action.", len(in.Refs)), fmt.Sprintf("Use at most %d.", maxTargets))
	}
	return nil
}

// find turns refs or a query into targets. What cannot be changed is a blocked target when it was named, and a
// warning when a query matched it.
func (s *Service) find(ctx context.Context, scope access.Scope, in actions.Input) (*frozen, error) {
	if in.Query != "" {
		return s.findByQuery(ctx, scope, in)
	}
	var refs []kube.Ref
	for _, text := range in.Refs {
		ref, err := kube.ParseRef(text)
		if err != nil {
			return nil, &access.Error{Code: "BAD_REQUEST", Message: err.Error() + "."}
		}
		if ref = plural(ref); !slices.Contains(refs, ref) {
			refs = append(refs, ref)
		}
	}
	objects, err := s.Finder.Objects(ctx, scope, refs)
	if err != nil {
		return nil, err
	}
	byRef := make(map[kube.Ref]*records.Object, len(objects))
	for _, o := range objects {
		byRef[o.Ref] = o
	}
	f := &frozen{kinds: map[string]int{}}
	for _, ref := range refs {
		t := &actions.Target{Ref: ref.String(), State: ready}
		f.targets = append(f.targets, t)
		o := byRef[ref]
		if o == nil || !o.DeletedAt.IsZero() {
			t.State, t.Message = blocked, s.absent(ref)
			continue
		}
		s.freeze(t, o, in.Verb)
		f.kinds[o.Kind]++
	}
	return f, nil
}

func (s *Service) findByQuery(ctx context.Context, scope access.Scope, in actions.Input) (*frozen, error) {
	r, err := s.Finder.Search(ctx, scope, records.Request{Query: in.Query, First: maxTargets, Bare: true})
	if err != nil {
		return nil, err
	}
	if r.Total > maxTargets {
		return nil, &access.Error{Code: "TOO_COMPLEX", Message: fmt.Sprintf("The query matches %d objects, and one action takes at most %d.", r.Total, maxTargets), Fix: "Narrow it, by cluster: or ns: for instance."}
	}
	f := &frozen{kinds: map[string]int{}}
	left := 0
	for _, o := range r.Objects {
		if why := unsupported(in.Verb, o); why != "" {
			left++
			continue
		}
		t := &actions.Target{Ref: o.Ref.String(), State: ready}
		s.freeze(t, o, in.Verb)
		f.targets = append(f.targets, t)
		f.kinds[o.Kind]++
	}
	if len(f.targets) == 0 {
		message := "The query matches nothing."
		if left > 0 {
			message = fmt.Sprintf("The query matches %s, none of which %s.", count(left, "object"), can[in.Verb])
		}
		return nil, &access.Error{Code: "NOT_FOUND", Message: message, Fix: "Try it in the search; kind:deployment narrows it to Deployments."}
	}
	if left > 0 {
		f.warnings = append(f.warnings, fmt.Sprintf("%s that match cannot be %s and are left out.", count(left, "object"), past[in.Verb]))
	}
	for _, c := range r.Coverage.Clusters {
		if c.State == records.Stale || c.State == records.Pending {
			f.warnings = append(f.warnings, fmt.Sprintf("Cluster %s is not in step (%s): matching objects there may be missing.", c.Cluster, strings.ToLower(string(c.State))))
		}
	}
	return f, nil
}

// freeze takes an object's identity into a target, and blocks it when it cannot be changed.
func (s *Service) freeze(t *actions.Target, o *records.Object, verb string) {
	t.ClusterUID, t.Version, t.UID, t.ResourceVersion = o.ClusterUID, o.Version, o.UID, o.ResourceVersion
	if why := unsupported(verb, o); why != "" {
		t.State, t.Message = blocked, why
		return
	}
	e, ok := s.Clusters.ByName(o.Ref.Cluster)
	switch {
	case !ok:
		t.State, t.Message = blocked, fmt.Sprintf("There is no cluster %s.", o.Ref.Cluster)
	case e.State == records.Stale, e.State == records.Pending:
		t.State, t.Message = blocked, fmt.Sprintf("Cluster %s is not connected. %s", o.Ref.Cluster, e.Reason)
	}
}

func (s *Service) absent(ref kube.Ref) string {
	if _, ok := s.Clusters.ByName(ref.Cluster); !ok {
		return fmt.Sprintf("There is no cluster %s.", ref.Cluster)
	}
	where := "cluster " + ref.Cluster
	if ref.Namespace != "" {
		where = "namespace " + ref.Namespace + " of " + where
	}
	return fmt.Sprintf("There is no %s %s in %s.", kindOf(ref.GroupResource), ref.Name, where)
}

var (
	restartable = []string{"deployments.apps", "statefulsets.apps", "daemonsets.apps"}
	scalable    = []string{"deployments.apps", "statefulsets.apps", "replicasets.apps", "replicationcontrollers"}
	can         = map[string]string{restart: "can be restarted", scale: "can be scaled"}
	past        = map[string]string{restart: "restarted", scale: "scaled"}
)

// unsupported says why a verb makes no sense for an object, "" when it may. Custom kinds may have a scale subresource:
// the dry run tells.
func unsupported(verb string, o *records.Object) string {
	gr := o.Ref.GroupResource.String()
	switch {
	case verb == restart && slices.Contains(restartable, gr):
		return ""
	case verb == restart:
		return fmt.Sprintf("A %s cannot be restarted: only Deployments, StatefulSets and DaemonSets can.", o.Kind)
	case slices.Contains(scalable, gr):
		if len(o.OwnerRefs) > 0 && o.Kind == "ReplicaSet" {
			return fmt.Sprintf("%s belongs to %s, which sets its replicas. Scale that instead.", o.Ref.Name, o.OwnerRefs[0])
		}
		return ""
	case o.Kind == "DaemonSet":
		return "A DaemonSet cannot be scaled: it runs one pod on every node it selects."
	case slices.ContainsFunc(kube.Builtins, func(b kube.Builtin) bool { return b.GroupResource == o.Ref.GroupResource }):
		return fmt.Sprintf("A %s cannot be scaled: only kinds with a number of replicas can.", o.Kind)
	}
	return ""
}

// plural accepts kinds, singular and short names where a reference has the plural resource.
func plural(ref kube.Ref) kube.Ref {
	word := ref.GroupResource.String()
	for i := range kube.Builtins {
		b := &kube.Builtins[i]
		if b.Called(word) || (ref.Group == b.Group && ref.Group != "" && b.Called(ref.Resource)) {
			ref.GroupResource = b.GroupResource
			return ref
		}
	}
	return ref
}

func kindOf(gr kube.GroupResource) string {
	for i := range kube.Builtins {
		if kube.Builtins[i].GroupResource == gr {
			return kube.Builtins[i].Kind
		}
	}
	return gr.String()
}
