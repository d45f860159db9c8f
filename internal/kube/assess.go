package kube

import "strings"

// assess fills Status, Health, Ready, Reasons, Node, Replicas, ReadyReplicas and Restarts.
func assess(s *Summary, obj map[string]any) {
	spec, status := object(obj, "spec"), object(obj, "status")
	deleting := str(object(obj, "metadata"), "deletionTimestamp") != ""
	if s.Kind != "Pod" || s.Group != "" {
		conditionReasons(s, status)
	}
	switch s.Group + "/" + s.Kind {
	case "/Pod":
		assessPod(s, obj, deleting)
		return
	case "apps/Deployment":
		assessDeployment(s, spec, status)
	case "apps/StatefulSet":
		assessStatefulSet(s, spec, status)
	case "apps/DaemonSet":
		assessDaemonSet(s, status)
	case "apps/ReplicaSet", "/ReplicationController":
		assessReplicaSet(s, spec, status)
	case "/Node":
		assessNode(s, spec, status)
	case "/PersistentVolumeClaim", "/PersistentVolume", "/Namespace":
		assessPhase(s, status)
	case "/Service":
		assessService(s, spec, status)
	case "batch/Job":
		assessJob(s, status, deleting)
	case "batch/CronJob":
		s.Health = Healthy
		if boolean(spec, "suspend") {
			s.Health = Suspended
		}
	case "policy/PodDisruptionBudget":
		s.Health = Healthy
		if count(status, "currentHealthy") < count(status, "desiredHealthy") {
			s.Health = Degraded
		}
	case "autoscaling/HorizontalPodAutoscaler":
		assessAutoscaler(s, status)
	default:
		assessGeneric(s, spec, status)
	}
	if deleting {
		s.Health = Terminating
		if !(s.Group == "batch" && s.Kind == "Job") {
			s.Status = "Terminating"
		}
	}
	if s.Health == "" {
		s.Health = Unknown
	}
	if s.Status == "" && s.Health != Unknown {
		s.Status = string(s.Health)
	}
}

// current reports whether the controller has seen the newest spec. A controller that never reports what it saw
// is taken at its word.
func current(s *Summary, status map[string]any) bool {
	observed, ok := number(status, "observedGeneration")
	return !ok || observed >= s.Generation
}

func readiness(ready bool) string {
	if ready {
		return "true"
	}
	return "false"
}

// replicas fills the counts. A workload that does not say how many it wants wants one.
func replicas(s *Summary, spec, status map[string]any) {
	wanted, ok := number(spec, "replicas")
	if !ok {
		wanted = 1
	}
	s.Replicas, s.ReadyReplicas = wanted, count(status, "readyReplicas")
	s.Ready = readiness(s.ReadyReplicas >= s.Replicas && current(s, status))
}

func assessDeployment(s *Summary, spec, status map[string]any) {
	replicas(s, spec, status)
	progressing, stuck := condition(status, "Progressing"), condition(status, "ReplicaFailure")
	switch {
	case boolean(spec, "paused"):
		s.Health = Suspended
	case s.Replicas == 0 && count(status, "replicas") == 0:
		s.Health = Suspended
	case str(progressing, "reason") == "ProgressDeadlineExceeded" || str(stuck, "status") == "True":
		s.Health = Degraded
	case !current(s, status), count(status, "updatedReplicas") < s.Replicas, count(status, "replicas") > count(status, "updatedReplicas"):
		s.Health = Progressing
	case s.ReadyReplicas >= s.Replicas:
		s.Health = Healthy
	case str(progressing, "status") == "True" && str(progressing, "reason") != "NewReplicaSetAvailable":
		s.Health = Progressing // the rollout has not yet had all its pods ready once
	default:
		s.Health = Degraded // the rollout had finished: pods were lost since
	}
}

func assessStatefulSet(s *Summary, spec, status map[string]any) {
	replicas(s, spec, status)
	rolling := str(status, "updateRevision") != str(status, "currentRevision") && str(object(spec, "updateStrategy"), "type") != "OnDelete"
	switch {
	case s.Replicas == 0 && count(status, "replicas") == 0:
		s.Health = Suspended
	case !current(s, status), rolling && count(status, "updatedReplicas") < s.Replicas-partition(spec), count(status, "replicas") != s.Replicas:
		s.Health = Progressing
	case s.ReadyReplicas >= s.Replicas:
		s.Health = Healthy
	default:
		s.Health = Degraded
	}
}

// partition is how many pods of a StatefulSet are kept at the old revision on purpose.
func partition(spec map[string]any) int64 {
	return count(object(spec, "updateStrategy", "rollingUpdate"), "partition")
}

func assessDaemonSet(s *Summary, status map[string]any) {
	s.Replicas, s.ReadyReplicas = count(status, "desiredNumberScheduled"), count(status, "numberReady")
	s.Ready = readiness(s.ReadyReplicas >= s.Replicas && current(s, status))
	switch {
	case !current(s, status), count(status, "updatedNumberScheduled") < s.Replicas, count(status, "currentNumberScheduled") < s.Replicas:
		s.Health = Progressing
	case s.Replicas == 0:
		s.Health = Suspended
	case s.ReadyReplicas >= s.Replicas:
		s.Health = Healthy
	default:
		s.Health = Degraded
	}
}

func assessReplicaSet(s *Summary, spec, status map[string]any) {
	replicas(s, spec, status)
	switch {
	case s.Replicas == 0 && count(status, "replicas") == 0:
		s.Health = Suspended
	case str(condition(status, "ReplicaFailure"), "status") == "True":
		s.Health = Degraded
	case !current(s, status), count(status, "replicas") != s.Replicas:
		s.Health = Progressing
	case s.ReadyReplicas >= s.Replicas:
		s.Health = Healthy
	default:
		s.Health = Degraded
	}
}

// assessNode prints what kubectl does: Ready, NotReady, Unknown, with SchedulingDisabled when cordoned.
func assessNode(s *Summary, spec, status map[string]any) {
	ready := str(condition(status, "Ready"), "status")
	cordoned := boolean(spec, "unschedulable")
	s.Ready = readiness(ready == "True")
	switch ready {
	case "True":
		s.Status, s.Health = "Ready", Healthy
	case "False":
		s.Status, s.Health = "NotReady", Degraded
	case "Unknown": // the kubelet is silent: kubectl says NotReady
		s.Status, s.Health = "NotReady", Degraded
	default:
		s.Status, s.Health = "Unknown", Unknown
	}
	if s.Health == Healthy {
		for _, t := range [...]string{"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"} {
			if str(condition(status, t), "status") == "True" {
				s.Health = Degraded
			}
		}
	}
	if cordoned {
		s.Status += ",SchedulingDisabled"
		if s.Health == Healthy {
			s.Health = Suspended
		}
	}
}

// phases sorts status.phase of built-in and many custom kinds; others are Unknown.
var phases = map[string]Health{
	"Active": Healthy, "Available": Healthy, "Bound": Healthy, "Released": Healthy, "Running": Healthy, "Ready": Healthy,
	"Succeeded": Healthy, "Completed": Healthy, "Complete": Healthy, "Deployed": Healthy, "Established": Healthy, "Provisioned": Healthy,
	"Healthy": Healthy, "Synced": Healthy, "Online": Healthy,
	"Pending": Progressing, "Progressing": Progressing, "Provisioning": Progressing, "Creating": Progressing,
	"Updating": Progressing, "Upgrading": Progressing, "Initializing": Progressing, "Reconciling": Progressing, "Installing": Progressing,
	"Degraded": Degraded, "Unhealthy": Degraded, "NotReady": Degraded, "Missing": Degraded, "Unavailable": Degraded, "Lost": Failed,
	"Failed": Failed, "Error": Failed, "Suspended": Suspended, "Paused": Suspended,
	"Terminating": Terminating, "Deleting": Terminating,
}

func assessPhase(s *Summary, status map[string]any) {
	s.Status = str(status, "phase")
	s.Health = phases[s.Status]
}

func assessService(s *Summary, spec, status map[string]any) {
	if str(spec, "type") != "LoadBalancer" {
		return
	}
	if len(list(object(status, "loadBalancer"), "ingress")) > 0 {
		s.Health, s.Ready = Healthy, "true"
		return
	}
	s.Status, s.Health, s.Ready = "Pending", Progressing, "false"
}

// assessJob prints what kubectl does.
func assessJob(s *Summary, status map[string]any, deleting bool) {
	is := func(t string) bool { return str(condition(status, t), "status") == "True" }
	switch {
	case is("Complete"):
		s.Status, s.Health = "Complete", Healthy
	case is("Failed"):
		s.Status, s.Health = "Failed", Failed
	case deleting:
		s.Status = "Terminating"
	case is("Suspended"):
		s.Status, s.Health = "Suspended", Suspended
	case is("FailureTarget"):
		s.Status, s.Health = "FailureTarget", Degraded
	case is("SuccessCriteriaMet"):
		s.Status, s.Health = "SuccessCriteriaMet", Progressing
	default:
		s.Status, s.Health = "Running", Progressing
		if count(status, "failed") > 0 && count(status, "active") == 0 {
			s.Health = Degraded // waiting to try again
		}
	}
}

func assessAutoscaler(s *Summary, status map[string]any) {
	s.Health = Progressing
	if str(condition(status, "ScalingActive"), "status") == "True" {
		s.Health = Healthy
	}
	for _, t := range [...]string{"ScalingActive", "AbleToScale"} {
		c := condition(status, t)
		if str(c, "status") != "False" {
			continue
		}
		s.Health = Degraded
		if str(c, "reason") == "ScalingDisabled" { // its target is scaled to 0
			s.Health = Suspended
		}
	}
}

// assessGeneric judges kinds whose meaning is not known by the conventions their controllers share:
// observedGeneration, the conditions Stalled, Reconciling, Ready and Available, status.phase, spec.suspend.
func assessGeneric(s *Summary, spec, status map[string]any) {
	if n, ok := number(spec, "replicas"); ok {
		if ready, ok := number(status, "readyReplicas"); ok {
			s.Replicas, s.ReadyReplicas = n, ready
		}
	}
	s.Status = shortWord(str(status, "phase"))
	if s.Status == "" {
		s.Status = shortWord(str(object(status, "health"), "status")) // Argo CD's Application
	}
	ready := condition(status, "Ready")
	for _, t := range [...]string{"Available", "Healthy", "Established", "Programmed", "Accepted"} {
		if ready != nil {
			break
		}
		ready = condition(status, t)
	}
	switch str(ready, "status") {
	case "True":
		s.Ready = "true"
	case "False", "Unknown":
		s.Ready = "false"
	}
	switch {
	case boolean(spec, "suspend"), boolean(spec, "suspended"), boolean(spec, "paused"):
		s.Health = Suspended
	case str(condition(status, "Stalled"), "status") == "True":
		s.Health = Degraded
	case str(condition(status, "Failed"), "status") == "True":
		s.Health = Failed
	case !current(s, status), str(condition(status, "Reconciling"), "status") == "True":
		s.Health = Progressing
	case str(condition(status, "Degraded"), "status") == "True":
		s.Health = Degraded
	case str(ready, "status") == "True":
		s.Health = Healthy
		if s.Replicas > 0 && s.ReadyReplicas < s.Replicas {
			s.Health = Progressing
		}
	case str(ready, "status") == "False":
		s.Health = Degraded
		if moving(str(ready, "reason")) {
			s.Health = Progressing
		}
	case str(ready, "status") == "Unknown":
		s.Health = Progressing
	default:
		s.Health = phases[s.Status]
	}
}

// moving reports whether the reason of a condition that does not hold says that it soon may.
func moving(reason string) bool {
	r := strings.ToLower(reason)
	for _, word := range [...]string{"progress", "pending", "creating", "provisioning", "reconcil", "waiting", "initializ", "installing", "starting"} {
		if strings.Contains(r, word) && !strings.Contains(r, "deadline") {
			return true
		}
	}
	return false
}

// shortWord keeps what can be a status word and drops free text.
func shortWord(s string) string {
	if len(s) > 40 || strings.ContainsAny(s, " \n\t") {
		return ""
	}
	return s
}

// condition is status.conditions[type], nil when absent.
func condition(status map[string]any, t string) map[string]any {
	for _, v := range list(status, "conditions") {
		if c, ok := v.(map[string]any); ok && str(c, "type") == t {
			return c
		}
	}
	return nil
}

// unwanted holds condition types that say something is wrong, or in the way, when True. All others should be True.
var unwanted = map[string]bool{
	"MemoryPressure": true, "DiskPressure": true, "PIDPressure": true, "NetworkUnavailable": true,
	"ReplicaFailure": true, "Failed": true, "FailureTarget": true, "Stalled": true, "Reconciling": true, "Degraded": true,
	"DisruptionTarget": true, "Suspended": true, "Paused": true, "Terminating": true, "NonStructuralSchema": true,
	"Conflicted": true, "OverlappingRoutes": true, "Error": true, "ErrorOccurred": true, "ComparisonError": true,
	"SyncError": true, "InvalidSpecError": true, "OrphanedResourceWarning": true,
	"NamespaceDeletionDiscoveryFailure": true, "NamespaceDeletionGroupVersionParsingFailure": true,
	"NamespaceDeletionContentFailure": true, "NamespaceContentRemaining": true, "NamespaceFinalizersRemaining": true,
	"FileSystemResizePending": true, "Resizing": true, "PodResizePending": true, "PodResizeInProgress": true,
}

// neutral holds condition types that are neither good nor bad.
var neutral = map[string]bool{"ScalingLimited": true, "SuccessCriteriaMet": true, "Complete": true}

// conditionReasons adds the reasons of conditions that are not as wanted.
func conditionReasons(s *Summary, status map[string]any) {
	each(status, "conditions", func(c map[string]any) {
		t, state, reason := str(c, "type"), str(c, "status"), str(c, "reason")
		if reason == "" || reason == "PodCompleted" || neutral[t] {
			return
		}
		wanted := "True"
		if unwanted[t] {
			wanted = "False"
		}
		if state != wanted && !(unwanted[t] && state == "Unknown" && s.Kind != "Node") {
			s.Reasons = append(s.Reasons, reason)
		}
	})
}
