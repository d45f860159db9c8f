package kube

import "slices"

// Aspect is what part of an object's life a change is about.
type Aspect string

// Aspects, in the order in which people suspect them.
const (
	Image         Aspect = "image"
	Configuration Aspect = "configuration" // data of a ConfigMap or Secret
	Environment   Aspect = "environment"
	Command       Aspect = "command"
	Network       Aspect = "network" // ports, selectors, routes, policies
	Webhooks      Aspect = "webhooks"
	Permissions   Aspect = "permissions" // RBAC, ServiceAccount, security context
	Probes        Aspect = "probes"
	Resources     Aspect = "resources" // requests and limits
	Scheduling    Aspect = "scheduling"
	Storage       Aspect = "storage"
	Replicas      Aspect = "replicas"
	Restart       Aspect = "restart"
	Deletion      Aspect = "deletion" // has begun, or the object is another of the same name
	OtherSpec     Aspect = "spec"
	Metadata      Aspect = "metadata"
)

// rank is the order of suspicion.
var rank = []Aspect{Image, Configuration, Environment, Command, Network, Webhooks, Permissions, Probes, Resources, Scheduling, Storage, Replicas, Restart, Deletion, OtherSpec, Metadata}

// Aspects is what the changed paths of a version are about, the most suspect first. Noise is about nothing.
func Aspects(paths []string) []Aspect {
	var found []Aspect
	for _, p := range paths {
		if Noise(p) {
			continue
		}
		if a := aspect(segments(p)); !slices.Contains(found, a) {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b Aspect) int { return slices.Index(rank, a) - slices.Index(rank, b) })
	return found
}

// aspectOfField is by the name of a field anywhere within a path: the outermost that is known counts.
var aspectOfField = map[string]Aspect{
	"image": Image, "env": Environment, "envFrom": Environment, "command": Command, "args": Command,
	"ports": Network, "port": Network, "selector": Network, "podSelector": Network, "ingress": Network, "egress": Network, "policyTypes": Network,
	"rules": Network, "tls": Network, "backend": Network, "defaultBackend": Network, "backendRefs": Network, "parentRefs": Network, "hostnames": Network,
	"listeners": Network, "hostNetwork": Network, "externalName": Network, "sessionAffinity": Network, "dnsPolicy": Network, "dnsConfig": Network,
	"serviceAccountName": Permissions, "serviceAccount": Permissions, "securityContext": Permissions, "imagePullSecrets": Permissions,
	"livenessProbe": Probes, "readinessProbe": Probes, "startupProbe": Probes, "lifecycle": Probes, "terminationGracePeriodSeconds": Probes,
	"resources": Resources, "hard": Resources, "limits": Resources,
	"nodeSelector": Scheduling, "affinity": Scheduling, "tolerations": Scheduling, "unschedulable": Scheduling, "taints": Scheduling, "nodeName": Scheduling,
	"topologySpreadConstraints": Scheduling, "priorityClassName": Scheduling, "schedulerName": Scheduling, "runtimeClassName": Scheduling,
	"volumes": Storage, "volumeMounts": Storage, "volumeClaimTemplates": Storage, "storageClassName": Storage, "volumeName": Storage,
	"replicas": Replicas, "minReplicas": Replicas, "maxReplicas": Replicas, "parallelism": Replicas, "minAvailable": Replicas, "maxUnavailable": Replicas,
	"paused": Replicas, "suspend": Replicas,
}

func aspect(segs []segment) Aspect {
	switch segs[0].name {
	case "data", "binaryData", "stringData", "immutable":
		return Configuration
	case "rules", "roleRef", "subjects", "aggregationRule", "secrets", "imagePullSecrets":
		return Permissions
	case "webhooks":
		return Webhooks
	case "metadata":
		if len(segs) > 1 {
			switch segs[1].name {
			case "deletionTimestamp", "deletionGracePeriodSeconds", "uid":
				return Deletion
			}
		}
		return Metadata
	}
	if len(segs) > 3 && has(segs, "metadata", "annotations") && segs[len(segs)-1].name == "kubectl.kubernetes.io/restartedAt" {
		return Restart
	}
	// A key of people's own may be called like a field: what stands in brackets says nothing.
	for _, s := range segs {
		if a, ok := aspectOfField[s.name]; ok && !s.bracket {
			return a
		}
	}
	if segs[len(segs)-1].bracket && len(segs) > 1 && containerList(segs[len(segs)-2].name) {
		return Image // a container came or went
	}
	if segs[0].name == "provisioner" || segs[0].name == "parameters" {
		return Storage
	}
	return OtherSpec
}
