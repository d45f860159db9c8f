package mixed

import "github.com/foretop/foretop/schemas/ingestpb"

// kind is how many objects of a kind there are, and what they are made from.
type kind struct {
	resource   *ingestpb.Resource
	template   *template
	perCluster func(*Cluster) int
	perApp     func(app) int
	fill       func(m *maker, a app, n int)
	managers   []*ingestpb.Manager
}

func of(group, version, resource, name string, short ...string) *ingestpb.Resource {
	return &ingestpb.Resource{Group: group, Version: version, Resource: resource, Kind: name, Namespaced: true, ShortNames: short}
}

func clusterScoped(r *ingestpb.Resource) *ingestpb.Resource {
	r.Namespaced = false
	return r
}

var kinds []kind

// The table refers to functions that refer to the table.
func init() {
	kinds = []kind{
		{resource: clusterScoped(of("", "v1", "nodes", "Node", "no")), template: parse("node"), perCluster: func(c *Cluster) int { return c.nodes }, fill: (*maker).node, managers: byKubelet},
		{resource: clusterScoped(of("", "v1", "namespaces", "Namespace", "ns")), template: parse("namespace"), perCluster: func(c *Cluster) int { return c.namespaces }, fill: (*maker).namespace, managers: byHelm},
		{resource: clusterScoped(of("", "v1", "persistentvolumes", "PersistentVolume", "pv")), template: parse("volume"), perApp: claims, fill: (*maker).volume, managers: byController},
		{resource: of("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "pvc"), template: parse("claim"), perApp: claims, fill: (*maker).claim, managers: byController},
		{resource: of("", "v1", "serviceaccounts", "ServiceAccount", "sa"), template: parse("serviceaccount"), perApp: one, fill: (*maker).named, managers: byHelm},
		{resource: of("", "v1", "secrets", "Secret"), template: parse("secret"), perApp: one, fill: (*maker).secret, managers: byHelm},
		{
			resource: of("", "v1", "configmaps", "ConfigMap", "cm"), template: parse("configmap"), perCluster: func(c *Cluster) int { return c.filler },
			perApp: func(a app) int { return 1 + a.number%2 }, fill: (*maker).configMap, managers: byHelm,
		},
		{resource: of("apps", "v1", "deployments", "Deployment", "deploy"), template: parse("deployment"), perApp: func(a app) int { return if1(a.runs == "Deployment") }, fill: (*maker).deployment, managers: byHelmAndController},
		{resource: of("apps", "v1", "replicasets", "ReplicaSet", "rs"), template: parse("replicaset"), perApp: app.replicaSets, fill: (*maker).replicaSet, managers: byController},
		{resource: of("apps", "v1", "statefulsets", "StatefulSet", "sts"), template: parse("statefulset"), perApp: func(a app) int { return if1(a.runs == "StatefulSet") }, fill: (*maker).statefulSet, managers: byHelmAndController},
		{resource: of("batch", "v1", "cronjobs", "CronJob", "cj"), template: parse("cronjob"), perApp: func(a app) int { return if1(a.runs == "CronJob") }, fill: (*maker).named, managers: byHelmAndController},
		{
			resource: of("batch", "v1", "jobs", "Job"), template: parse("job"),
			perApp: func(a app) int { return if1(a.runs == "CronJob") * jobsKept }, fill: (*maker).job, managers: byController,
		},
		{resource: of("", "v1", "pods", "Pod", "po"), template: parse("pod"), perApp: app.pods, fill: (*maker).pod, managers: byControllerAndKubelet},
		{resource: of("", "v1", "services", "Service", "svc"), template: parse("service"), perApp: func(a app) int { return if1(a.serves()) }, fill: (*maker).named, managers: byHelm},
		{resource: of("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"), template: parse("endpointslice"), perApp: func(a app) int { return if1(a.serves()) }, fill: (*maker).endpointSlice, managers: byController},
		{resource: of("networking.k8s.io", "v1", "ingresses", "Ingress", "ing"), template: parse("ingress"), perApp: func(a app) int { return if1(a.routed()) }, fill: (*maker).named, managers: byHelm},
		{resource: of("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "netpol"), template: parse("policy"), perApp: func(a app) int { return if1(a.number%5 == 0) }, fill: (*maker).named, managers: byHelm},
		{
			resource: of("autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler", "hpa"), template: parse("autoscaler"),
			perApp: func(a app) int { return if1(a.runs == "Deployment" && a.number%4 == 1) }, fill: (*maker).named, managers: byHelmAndController,
		},
		{resource: of("policy", "v1", "poddisruptionbudgets", "PodDisruptionBudget", "pdb"), template: parse("budget"), perApp: func(a app) int { return if1(a.serves() && a.number%4 == 2) }, fill: (*maker).named, managers: byHelmAndController},
		{resource: of("cert-manager.io", "v1", "certificates", "Certificate", "cert"), template: parse("certificate"), perApp: func(a app) int { return if1(a.routed() && a.number%2 == 0) }, fill: (*maker).certificate, managers: byController},
		{resource: of("argoproj.io", "v1alpha1", "applications", "Application"), template: parse("application"), perApp: func(a app) int { return if1(a.number%6 == 0) }, fill: (*maker).application, managers: byController},
	}
}

func one(app) int { return 1 }

func claims(a app) int { return if1(a.runs == "StatefulSet") * a.replicas }

func (a app) routed() bool { return a.serves() && a.number%3 == 0 }

// What managedFields say of the writers.
var (
	byHelm                 = []*ingestpb.Manager{helm}
	byController           = []*ingestpb.Manager{controllerStatus, controller}
	byKubelet              = []*ingestpb.Manager{kubelet}
	byHelmAndController    = []*ingestpb.Manager{controllerStatus, helm}
	byControllerAndKubelet = []*ingestpb.Manager{kubelet, controller}

	helm             = &ingestpb.Manager{Name: "helm", Operation: "Update", TimeUnix: newest.Unix(), FieldsV1: []byte(`{"f:metadata":{"f:annotations":{".":{},"f:meta.helm.sh/release-name":{},"f:meta.helm.sh/release-namespace":{}},"f:labels":{".":{},"f:app":{},"f:app.kubernetes.io/managed-by":{},"f:app.kubernetes.io/version":{},"f:team":{},"f:tier":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:strategy":{"f:rollingUpdate":{".":{},"f:maxSurge":{},"f:maxUnavailable":{}},"f:type":{}},"f:template":{"f:metadata":{"f:labels":{".":{},"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:env":{},"f:image":{},"f:resources":{}}}}}}}`)}
	controller       = &ingestpb.Manager{Name: "kube-controller-manager", Operation: "Update", TimeUnix: newest.Unix(), FieldsV1: []byte(`{"f:metadata":{"f:generateName":{},"f:labels":{".":{},"f:app":{},"f:pod-template-hash":{}},"f:ownerReferences":{".":{},"k:{\"uid\":\"446e96ca-8ec6-42e1-8f07-2cec6160c689\"}":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"app\"}":{".":{},"f:args":{},"f:env":{".":{},"k:{\"name\":\"LOG_LEVEL\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:imagePullPolicy":{},"f:name":{},"f:resources":{},"f:terminationMessagePath":{},"f:terminationMessagePolicy":{}}},"f:dnsPolicy":{},"f:enableServiceLinks":{},"f:restartPolicy":{},"f:schedulerName":{},"f:securityContext":{},"f:terminationGracePeriodSeconds":{}}}`)}
	controllerStatus = &ingestpb.Manager{Name: "kube-controller-manager", Operation: "Update", Subresource: "status", TimeUnix: newest.Unix(), FieldsV1: []byte(`{"f:status":{"f:availableReplicas":{},"f:conditions":{".":{},"k:{\"type\":\"Available\"}":{".":{},"f:lastTransitionTime":{},"f:message":{},"f:reason":{},"f:status":{},"f:type":{}}},"f:observedGeneration":{},"f:readyReplicas":{},"f:replicas":{},"f:updatedReplicas":{}}}`)}
	kubelet          = &ingestpb.Manager{Name: "kubelet", Operation: "Update", Subresource: "status", TimeUnix: newest.Unix(), FieldsV1: []byte(`{"f:status":{"f:conditions":{"k:{\"type\":\"ContainersReady\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}},"k:{\"type\":\"Ready\"}":{".":{},"f:lastProbeTime":{},"f:lastTransitionTime":{},"f:status":{},"f:type":{}}},"f:containerStatuses":{},"f:hostIP":{},"f:phase":{},"f:podIP":{},"f:podIPs":{".":{},"k:{\"ip\":\"10.1.2.3\"}":{".":{},"f:ip":{}}},"f:startTime":{}}}`)}
)
