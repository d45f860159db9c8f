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

// find turns refs, a query or a manifest into targets. What cannot be changed is a blocked target when it was named,
// and a warning when a query matched it.
func (s *Service) find(ctx context.Context, scope access.Scope, a *actions.Action, in actions.Input) (*frozen, error) {
	switch {
	case in.Verb == actions.Apply:
		return s.findManifest(ctx, scope, in)
	case in.Query != "":
		return s.findByQuery(ctx, scope, a, in)
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
		if err := s.freeze(ctx, scope, a, t, o); err != nil {
			return nil, err
		}
		f.kinds[o.Kind]++
	}
	return f, nil
}

func (s *Service) findByQuery(ctx context.Context, scope access.Scope, a *actions.Action, in actions.Input) (*frozen, error) {
	const page = 1000
	r, err := s.Finder.Search(ctx, scope, records.Request{Query: in.Query, First: page, Bare: true})
	if err != nil {
		return nil, err
	}
	if r.Total > maxTargets {
		return nil, &access.Error{Code: "TOO_COMPLEX", Message: fmt.Sprintf("The query matches %d objects, and one action takes at most %d.", r.Total, maxTargets), Fix: "Narrow it, by cluster: or ns: for instance."}
	}
	objects := r.Objects
	for next := r; next.More && len(objects) <= maxTargets; objects = append(objects, next.Objects...) {
		if next, err = s.Finder.Search(ctx, scope, records.Request{Query: in.Query, First: page, After: next.Cursor, Bare: true}); err != nil {
			return nil, err
		}
	}
	f := &frozen{kinds: map[string]int{}}
	left := 0
	for _, o := range objects {
		if why := unsupported(in.Verb, o); why != "" {
			left++
			continue
		}
		t := &actions.Target{Ref: o.Ref.String(), State: ready}
		if err := s.freeze(ctx, scope, a, t, o); err != nil {
			return nil, err
		}
		f.targets = append(f.targets, t)
		f.kinds[o.Kind]++
	}
	if len(f.targets) == 0 {
		message := "The query matches nothing."
		if left > 0 {
			message = fmt.Sprintf("The query matches %s, none of which %s.", count(left, "object"), verbs[in.Verb].can)
		}
		return nil, &access.Error{Code: "NOT_FOUND", Message: message, Fix: "Try it in the search; kind:deployment narrows it to Deployments."}
	}
	if left > 0 {
		f.warnings = append(f.warnings, fmt.Sprintf("%s that match cannot be %s and are left out.", count(left, "object"), verbs[in.Verb].past))
	}
	for _, c := range r.Coverage.Clusters {
		if c.State == records.Stale || c.State == records.Pending {
			f.warnings = append(f.warnings, fmt.Sprintf("Cluster %s is not in step (%s): matching objects there may be missing.", c.Cluster, strings.ToLower(string(c.State))))
		}
	}
	return f, nil
}

// freeze takes an object's identity into a target, and blocks it when it cannot be changed.
func (s *Service) freeze(ctx context.Context, scope access.Scope, a *actions.Action, t *actions.Target, o *records.Object) error {
	t.ClusterUID, t.Version, t.UID, t.ResourceVersion = o.ClusterUID, o.Version, o.UID, o.ResourceVersion
	if why := unsupported(a.Verb, o); why != "" {
		t.State, t.Message = blocked, why
		return nil
	}
	if why := s.unreachable(o.Ref.Cluster); why != "" {
		t.State, t.Message = blocked, why
		return nil
	}
	var err error
	switch {
	case a.Verb == actions.Rerun || a.Verb == actions.Trigger:
		t.Wanted, err = newJob(a, o.Ref.Name)
	case a.Verb == actions.Revert:
		err = s.revert(ctx, scope, a, t, o.Ref)
	case a.Verb == actions.RollBack && a.Params.Version != "":
		err = s.backTo(ctx, scope, a, t, o)
	case a.Verb == actions.Delete && len(o.OwnerRefs) > 0:
		t.Warnings = append(t.Warnings, fmt.Sprintf("%s belongs to %s, which may make another.", o.Ref.Name, o.OwnerRefs[0]))
	}
	return err
}

// unreachable says why a cluster cannot be asked, "" when it can.
func (s *Service) unreachable(cluster string) string {
	e, ok := s.Clusters.ByName(cluster)
	switch {
	case !ok:
		return fmt.Sprintf("There is no cluster %s.", cluster)
	case e.State == records.Stale, e.State == records.Pending:
		return fmt.Sprintf("Cluster %s is not connected. %s", cluster, e.Reason)
	}
	return ""
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

// unsupported says why a verb makes no sense for an object, "" when it may.
func unsupported(verb string, o *records.Object) string {
	kinds, _ := actions.KindsOf(verb)
	known := kinds == nil || slices.Contains(kinds, o.Ref.GroupResource.String())
	builtin := slices.ContainsFunc(kube.Builtins, func(b kube.Builtin) bool { return b.GroupResource == o.Ref.GroupResource })
	switch {
	case verb == actions.Scale && o.Kind == "DaemonSet":
		return "A DaemonSet cannot be scaled: it runs one pod on every node it selects."
	case verb == actions.Scale && known && len(o.OwnerRefs) > 0 && o.Kind == "ReplicaSet":
		return fmt.Sprintf("%s belongs to %s, which sets its replicas. Scale that instead.", o.Ref.Name, o.OwnerRefs[0])
	case known, verb == actions.Scale && !builtin: // custom kinds may have a scale subresource: the dry run tells
		return ""
	case verb == actions.Scale:
		return fmt.Sprintf("A %s cannot be scaled: only kinds with a number of replicas can.", o.Kind)
	}
	var names []string
	for _, k := range kinds {
		resource, group, _ := strings.Cut(k, ".")
		names = append(names, kindOf(kube.GroupResource{Group: group, Resource: resource})+"s")
	}
	can := verbs[verb].can
	only := strings.Join(names, ", ")
	if i := strings.LastIndex(only, ", "); i >= 0 {
		only = only[:i] + " and" + only[i+1:]
	}
	// "can be restarted" -> "cannot be restarted: only Deployments ... can."
	if rest, ok := strings.CutPrefix(can, "can "); ok {
		return fmt.Sprintf("A %s cannot %s: only %s can.", o.Kind, rest, only)
	}
	return fmt.Sprintf("A %s has nothing of that kind: only %s have.", o.Kind, only)
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
