package actions

import (
	"slices"

	"github.com/foretop/foretop/internal/kube"
)

// The verbs of an action.
const (
	Restart      = "RESTART"
	Evict        = "EVICT"
	Scale        = "SCALE"
	Autoscale    = "AUTOSCALE"
	SetImage     = "SET_IMAGE"
	SetEnv       = "SET_ENV"
	SetResources = "SET_RESOURCES"
	RollBack     = "ROLL_BACK"
	Revert       = "REVERT"
	Pause        = "PAUSE"
	Resume       = "RESUME"
	Cordon       = "CORDON"
	Uncordon     = "UNCORDON"
	Drain        = "DRAIN"
	Label        = "LABEL"
	Annotate     = "ANNOTATE"
	Delete       = "DELETE"
	Rerun        = "RERUN"
	Trigger      = "TRIGGER"
	Apply        = "APPLY"
)

// of names the kinds that a verb is for; nil is every kind.
var of = []struct {
	verb  string
	kinds []string // RESOURCE.GROUP
}{
	{Restart, []string{"deployments.apps", "statefulsets.apps", "daemonsets.apps"}},
	{Evict, []string{"deployments.apps", "statefulsets.apps", "replicasets.apps", "replicationcontrollers"}},
	{Scale, []string{"deployments.apps", "statefulsets.apps", "replicasets.apps", "replicationcontrollers"}},
	{Autoscale, []string{"horizontalpodautoscalers.autoscaling"}},
	{SetImage, templated},
	{SetEnv, templated},
	{SetResources, templated},
	{RollBack, []string{"deployments.apps", "statefulsets.apps", "daemonsets.apps"}},
	{Revert, nil},
	{Pause, []string{"deployments.apps", "jobs.batch", "cronjobs.batch"}},
	{Resume, []string{"deployments.apps", "jobs.batch", "cronjobs.batch"}},
	{Cordon, []string{"nodes"}},
	{Uncordon, []string{"nodes"}},
	{Drain, []string{"nodes"}},
	{Label, nil},
	{Annotate, nil},
	{Delete, nil},
	{Rerun, []string{"jobs.batch"}},
	{Trigger, []string{"cronjobs.batch"}},
}

// templated are the kinds whose pod template can be changed. A ReplicaSet's is its owner's, a Job's is fixed.
var templated = []string{"deployments.apps", "statefulsets.apps", "daemonsets.apps", "cronjobs.batch"}

// VerbsOf lists the verbs that make sense for a kind, those that people want most first. A kind with a scale
// subresource of its own can be scaled too; only its member knows.
func VerbsOf(gr kube.GroupResource) []string {
	var verbs []string
	for _, o := range of {
		if o.kinds == nil || slices.Contains(o.kinds, gr.String()) {
			verbs = append(verbs, o.verb)
		}
	}
	return verbs
}

// KindsOf lists the kinds that a verb is for; nil is every kind. ok is false when there is no such verb on objects.
func KindsOf(verb string) (kinds []string, ok bool) {
	for _, o := range of {
		if o.verb == verb {
			return o.kinds, true
		}
	}
	return nil, false
}
