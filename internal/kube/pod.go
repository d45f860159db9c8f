package kube

import (
	"strconv"
	"strings"
)

// assessPod prints the STATUS that kubectl get pods prints, with the same precedence: the last container that
// is not well wins over the phase, init containers win over containers.
func assessPod(s *Summary, obj map[string]any, deleting bool) {
	spec, status := object(obj, "spec"), object(obj, "status")
	phase := str(status, "phase")
	s.Node = str(spec, "nodeName")
	conditionReasons(s, status)

	text := phase
	if reason := str(status, "reason"); reason != "" {
		text = reason
		s.Reasons = append(s.Reasons, reason)
	}
	if c := condition(status, "PodScheduled"); str(c, "reason") == "SchedulingGated" {
		text = "SchedulingGated"
	}

	sidecars := map[string]bool{} // init containers that keep running
	inits := 0
	each(spec, "initContainers", func(c map[string]any) {
		inits++
		if str(c, "restartPolicy") == "Always" {
			sidecars[str(c, "name")] = true
		}
	})

	restarts, sidecarRestarts := int64(0), int64(0)
	initializing, stopped, i := false, false, -1
	each(status, "initContainerStatuses", func(c map[string]any) {
		i++
		n := count(c, "restartCount")
		restarts += n
		containerReasons(s, c)
		sidecar := sidecars[str(c, "name")]
		if sidecar {
			sidecarRestarts += n
		}
		if stopped {
			return
		}
		terminated, waiting := object(c, "state", "terminated"), object(c, "state", "waiting")
		switch {
		case terminated != nil && count(terminated, "exitCode") == 0:
			return
		case sidecar && boolean(c, "started"):
			return
		case terminated != nil:
			text = "Init:" + exitText(terminated)
		case waiting != nil && str(waiting, "reason") != "" && str(waiting, "reason") != "PodInitializing":
			text = "Init:" + str(waiting, "reason")
		default:
			text = "Init:" + strconv.Itoa(i) + "/" + strconv.Itoa(inits)
		}
		initializing, stopped = true, true
	})

	troubled := false // a container that is not ready has failed before
	containers := list(status, "containerStatuses")
	for _, v := range containers {
		c, _ := v.(map[string]any)
		containerReasons(s, c)
		if !boolean(c, "ready") && object(c, "lastState", "terminated") != nil {
			troubled = true
		}
	}
	ready := str(condition(status, "Ready"), "status") == "True"
	if !initializing || str(condition(status, "Initialized"), "status") == "True" {
		restarts = sidecarRestarts
		running := false
		for i := len(containers) - 1; i >= 0; i-- {
			c, _ := containers[i].(map[string]any)
			restarts += count(c, "restartCount")
			terminated, waiting := object(c, "state", "terminated"), object(c, "state", "waiting")
			switch {
			case str(waiting, "reason") != "":
				text = str(waiting, "reason")
			case terminated != nil:
				text = exitText(terminated)
			case boolean(c, "ready") && object(c, "state", "running") != nil:
				running = true
			}
		}
		if text == "Completed" && running {
			text = "NotReady"
			if ready {
				text = "Running"
			}
		}
	}
	over := phase == "Succeeded" || phase == "Failed"
	switch {
	case deleting && str(status, "reason") == "NodeLost":
		text = "Unknown"
	case deleting && !over:
		text = "Terminating"
	}
	s.Status, s.Restarts = text, restarts
	if phase != "Succeeded" { // it did what it was for: neither ready nor unready
		s.Ready = readiness(ready)
	}
	s.Health = podHealth(phase, text, ready, troubled, deleting, status)
}

// waitReasons are the container states that do not pass without somebody's help.
var waitReasons = map[string]bool{
	"CrashLoopBackOff": true, "ImagePullBackOff": true, "ErrImagePull": true, "InvalidImageName": true, "ErrImageNeverPull": true,
	"RegistryUnavailable": true, "ImageInspectError": true, "CreateContainerConfigError": true, "CreateContainerError": true,
	"RunContainerError": true, "PreCreateHookError": true, "PreStartHookError": true, "PostStartHookError": true,
	"OOMKilled": true, "Error": true, "ContainerCannotRun": true, "StartError": true, "DeadlineExceeded": true,
	"ContainerStatusUnknown": true, "UnexpectedAdmissionError": true, "NodeAffinity": true, "NodeLost": true,
}

func podHealth(phase, text string, ready, troubled, deleting bool, status map[string]any) Health {
	bare := text
	if len(bare) > 5 && bare[:5] == "Init:" {
		bare = bare[5:]
	}
	switch {
	case phase == "Failed":
		return Failed
	case phase == "Succeeded":
		return Healthy
	case deleting:
		return Terminating
	case waitReasons[bare] || strings.HasPrefix(bare, "ExitCode:") || strings.HasPrefix(bare, "Signal:"):
		return Degraded
	case phase == "Pending":
		if str(condition(status, "PodScheduled"), "reason") == "Unschedulable" {
			return Degraded
		}
		return Progressing
	case phase == "Running" && ready:
		return Healthy
	case phase == "Running" && troubled:
		return Degraded
	case phase == "Running":
		return Progressing
	}
	return Unknown
}

// exitText says how a container ended, as kubectl does.
func exitText(terminated map[string]any) string {
	if reason := str(terminated, "reason"); reason != "" {
		return reason
	}
	if signal := count(terminated, "signal"); signal != 0 {
		return "Signal:" + strconv.FormatInt(signal, 10)
	}
	return "ExitCode:" + strconv.FormatInt(count(terminated, "exitCode"), 10)
}

// containerReasons adds why a container waits, ended, or ended before.
func containerReasons(s *Summary, c map[string]any) {
	for _, r := range [...]string{
		str(object(c, "state", "waiting"), "reason"),
		str(object(c, "state", "terminated"), "reason"),
		str(object(c, "lastState", "terminated"), "reason"),
	} {
		if r != "" && r != "Completed" && r != "PodInitializing" && r != "ContainerCreating" {
			s.Reasons = append(s.Reasons, r)
		}
	}
}
