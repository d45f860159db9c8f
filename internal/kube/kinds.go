package kube

import "strings"

// Builtin is a kind that every Kubernetes cluster serves, as discovery names it.
type Builtin struct {
	GroupResource
	Version, Kind string
	Namespaced    bool
	ShortNames    []string
}

// Builtins lets people name kinds before any cluster has told what it serves. Discovery wins where it differs.
var Builtins = []Builtin{
	{GroupResource{"", "pods"}, "v1", "Pod", true, []string{"po"}},
	{GroupResource{"", "services"}, "v1", "Service", true, []string{"svc"}},
	{GroupResource{"", "nodes"}, "v1", "Node", false, []string{"no"}},
	{GroupResource{"", "namespaces"}, "v1", "Namespace", false, []string{"ns"}},
	{GroupResource{"", "configmaps"}, "v1", "ConfigMap", true, []string{"cm"}},
	{GroupResource{"", "secrets"}, "v1", "Secret", true, nil},
	{GroupResource{"", "events"}, "v1", "Event", true, []string{"ev"}},
	{GroupResource{"", "endpoints"}, "v1", "Endpoints", true, []string{"ep"}},
	{GroupResource{"", "serviceaccounts"}, "v1", "ServiceAccount", true, []string{"sa"}},
	{GroupResource{"", "persistentvolumes"}, "v1", "PersistentVolume", false, []string{"pv"}},
	{GroupResource{"", "persistentvolumeclaims"}, "v1", "PersistentVolumeClaim", true, []string{"pvc"}},
	{GroupResource{"", "replicationcontrollers"}, "v1", "ReplicationController", true, []string{"rc"}},
	{GroupResource{"", "resourcequotas"}, "v1", "ResourceQuota", true, []string{"quota"}},
	{GroupResource{"", "limitranges"}, "v1", "LimitRange", true, []string{"limits"}},
	{GroupResource{"", "podtemplates"}, "v1", "PodTemplate", true, nil},
	{GroupResource{"apps", "deployments"}, "v1", "Deployment", true, []string{"deploy"}},
	{GroupResource{"apps", "replicasets"}, "v1", "ReplicaSet", true, []string{"rs"}},
	{GroupResource{"apps", "statefulsets"}, "v1", "StatefulSet", true, []string{"sts"}},
	{GroupResource{"apps", "daemonsets"}, "v1", "DaemonSet", true, []string{"ds"}},
	{GroupResource{"apps", "controllerrevisions"}, "v1", "ControllerRevision", true, nil},
	{GroupResource{"batch", "jobs"}, "v1", "Job", true, nil},
	{GroupResource{"batch", "cronjobs"}, "v1", "CronJob", true, []string{"cj"}},
	{GroupResource{"autoscaling", "horizontalpodautoscalers"}, "v2", "HorizontalPodAutoscaler", true, []string{"hpa"}},
	{GroupResource{"policy", "poddisruptionbudgets"}, "v1", "PodDisruptionBudget", true, []string{"pdb"}},
	{GroupResource{"networking.k8s.io", "ingresses"}, "v1", "Ingress", true, []string{"ing"}},
	{GroupResource{"networking.k8s.io", "ingressclasses"}, "v1", "IngressClass", false, nil},
	{GroupResource{"networking.k8s.io", "networkpolicies"}, "v1", "NetworkPolicy", true, []string{"netpol"}},
	{GroupResource{"discovery.k8s.io", "endpointslices"}, "v1", "EndpointSlice", true, nil},
	{GroupResource{"storage.k8s.io", "storageclasses"}, "v1", "StorageClass", false, []string{"sc"}},
	{GroupResource{"storage.k8s.io", "volumeattachments"}, "v1", "VolumeAttachment", false, nil},
	{GroupResource{"rbac.authorization.k8s.io", "roles"}, "v1", "Role", true, nil},
	{GroupResource{"rbac.authorization.k8s.io", "rolebindings"}, "v1", "RoleBinding", true, nil},
	{GroupResource{"rbac.authorization.k8s.io", "clusterroles"}, "v1", "ClusterRole", false, nil},
	{GroupResource{"rbac.authorization.k8s.io", "clusterrolebindings"}, "v1", "ClusterRoleBinding", false, nil},
	{GroupResource{"scheduling.k8s.io", "priorityclasses"}, "v1", "PriorityClass", false, []string{"pc"}},
	{GroupResource{"coordination.k8s.io", "leases"}, "v1", "Lease", true, nil},
	{GroupResource{"apiextensions.k8s.io", "customresourcedefinitions"}, "v1", "CustomResourceDefinition", false, []string{"crd", "crds"}},
	{GroupResource{"apiregistration.k8s.io", "apiservices"}, "v1", "APIService", false, nil},
	{GroupResource{"admissionregistration.k8s.io", "mutatingwebhookconfigurations"}, "v1", "MutatingWebhookConfiguration", false, nil},
	{GroupResource{"admissionregistration.k8s.io", "validatingwebhookconfigurations"}, "v1", "ValidatingWebhookConfiguration", false, nil},
}

// Called reports whether people may mean b by word: plural, singular, kind, short name, or plural.group, in any case.
func (b *Builtin) Called(word string) bool {
	w := strings.ToLower(word)
	if w == b.Resource || w == strings.ToLower(b.Kind) || w == b.GroupResource.String() {
		return true
	}
	for _, s := range b.ShortNames {
		if w == s {
			return true
		}
	}
	return false
}

// Plural guesses the lower-case plural that API paths use for a kind, as Kubernetes' own tools do.
// Discovery knows better; TokensOf has no discovery.
func Plural(kind string) string {
	k := strings.ToLower(kind)
	switch {
	case k == "", k == "endpoints":
		return k
	case strings.HasSuffix(k, "s"), strings.HasSuffix(k, "x"), strings.HasSuffix(k, "ch"), strings.HasSuffix(k, "sh"):
		return k + "es"
	case strings.HasSuffix(k, "y") && len(k) > 1 && !strings.ContainsRune("aeiou", rune(k[len(k)-2])):
		return k[:len(k)-1] + "ies"
	}
	return k + "s"
}
