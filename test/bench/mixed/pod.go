package mixed

import "strconv"

func (m *maker) podName(a app, n int, chance uint64) string {
	switch a.runs {
	case "StatefulSet":
		return a.name + "-" + strconv.Itoa(n)
	case "CronJob":
		return a.name + "-" + strconv.Itoa(29383200+n*60) + "-" + word(chance, 5)
	}
	return a.name + "-" + word(m.fleet.chance("template", a.number, 0, 0), 10) + "-" + word(chance, 5)
}

// pod is in one of the states in which Pods are found: of a hundred, 93 are well.
func (m *maker) pod(a app, n int) {
	v := m.values
	v["name"] = m.podName(a, n, m.chance)
	v["ip"] = m.address(100, m.chance)
	v["container"] = "containerd://" + hex(m.chance, 64)
	v["flag"] = strconv.FormatBool(a.number%2 == 0)
	v["restarted"] = v["created"]
	v["claim"] = `{"emptyDir":{},"name":"scratch"}`
	switch a.runs {
	case "Deployment":
		v["ownerVersion"], v["ownerKind"], v["owner"], v["ownerUID"] = "apps/v1", "ReplicaSet", a.name+"-"+v["hash"], m.uid("ReplicaSet", a, 0)
	case "StatefulSet":
		v["ownerVersion"], v["ownerKind"], v["owner"], v["ownerUID"] = "apps/v1", "StatefulSet", a.name, m.uid("StatefulSet", a, 0)
		v["claim"] = `{"name":"data","persistentVolumeClaim":{"claimName":"data-` + v["name"] + `"}}`
	case "CronJob":
		v["ownerVersion"], v["ownerKind"], v["owner"], v["ownerUID"] = "batch/v1", "Job", a.name+"-"+strconv.Itoa(29383200+n*60), m.uid("Job", a, n)
	}
	restarts := int(m.chance >> 40 % 4)
	if restarts == 3 {
		restarts = int(m.chance >> 44 % 50)
	}
	if m.chance>>50%4 == 0 {
		restarts += m.revision
	}
	running := `{"running":{"startedAt":"` + v["changed"] + `"}}`
	phase, state, proxy := "Running", running, running
	terminated := func(reason string, code int) string {
		return `{"terminated":{"containerID":"` + v["container"] + `","exitCode":` + strconv.Itoa(code) + `,"finishedAt":"` + v["changed"] + `","reason":"` + reason + `","startedAt":"` + v["created"] + `"}}`
	}
	waiting := func(reason, message string) string {
		return `{"waiting":{"message":"` + message + `","reason":"` + reason + `"}}`
	}
	luck := m.chance >> 20 % 1000
	switch {
	case a.runs == "CronJob" && m.jobFailed(a, n):
		phase, m.status, state, proxy = "Failed", "Error", terminated("Error", 1), terminated("Error", 1)
	case a.runs == "CronJob":
		phase, m.status, state, proxy = "Succeeded", "Completed", terminated("Completed", 0), terminated("Completed", 0)
	case luck < 25:
		restarts += 5 + m.revision
		m.status, state = "CrashLoopBackOff", waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container=app pod="+v["name"])
	case luck < 40:
		phase, m.status, state = "Pending", "ImagePullBackOff", waiting("ImagePullBackOff", `Back-off pulling image \"`+v["image"]+`\"`)
	case luck < 50:
		phase, m.status, state, proxy = "Pending", "ContainerCreating", waiting("ContainerCreating", ""), waiting("ContainerCreating", "")
	case luck < 60:
		phase, m.status, state, proxy = "Failed", "OOMKilled", terminated("OOMKilled", 137), terminated("OOMKilled", 137)
	default:
		m.status = "Running"
	}
	v["isReady"], v["ready"] = "true", "True"
	if m.status != "Running" {
		v["isReady"], v["ready"] = "false", "False"
	}
	v["phase"], v["state"], v["proxyState"], v["restarts"] = phase, state, proxy, strconv.Itoa(restarts)
}
