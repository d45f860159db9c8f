package ql

import "strings"

type fieldType int

const (
	typWord    fieldType = iota // one text
	typWords                    // many texts, any of them matches
	typCluster                  // name of a member, resolved to identities
	typKind                     // resolved to (group, resource)
	typMap                      // label.K, annotation.K
	typStatus                   // status text, or health, or readiness
	typHealth                   // one of the buckets
	typReady                    // true, false, or nothing
	typBool                     //
	typImage                    // any form of an image reference
	typPart                     // a part of an image reference
	typOwner                    // KIND/NAME of owners, at any height
	typUses                     // KIND/NAME of what it names in its spec
	typIP                       // addresses: one, or a range of them
	typPlace                    // what a label of the cluster, or of the node, says
	typManager                  // SYSTEM or SYSTEM/NAME of who manages it
	typTrait                    // has it, or has it for CPU or memory
	typContent                  // text anywhere in the object
	typPath                     // path into an object, matches what is below it too
	typNumber                   // -1 is none
	typAge                      // duration since column
	typTime                     // moment, or duration since it
	typOp                       // what a change did
	typObject                   // what stands at a path in the object itself
)

// field is one entry of the registry. Identifiers in SQL come from here and nowhere else.
type field struct {
	name    string
	aliases []string
	typ     fieldType
	column  string // of resources and resource_history
	events  string // of events; "" asks the object the event is about
	lower   bool   // values are lower case by Kubernetes' own rules: compared as they are
	pages   []Page // nil: all
	detail  string // a line for completion
	steps   []step // of a path; such a field is not in the registry
	place   *place // of a typPlace
}

var registry = []*field{
	{name: "cluster", aliases: []string{"c"}, typ: typCluster, column: "cluster", events: "cluster", detail: "name of the cluster"},
	{name: "kind", aliases: []string{"k"}, typ: typKind, detail: "kind, plural or short name: deploy, Pod, deployments.apps"},
	{name: "ns", aliases: []string{"namespace", "n"}, typ: typWord, column: "namespace", events: "namespace", lower: true, detail: "namespace"},
	{name: "name", typ: typWord, column: "name", events: "regarding_name", detail: "name of the object"},
	{name: "app", typ: typWord, column: "app", detail: "application, from the app labels"},
	{name: "status", aliases: []string{"s"}, typ: typStatus, column: "status", detail: "STATUS as kubectl prints it, health, or Ready"},
	{name: "health", typ: typHealth, column: "health", detail: "Healthy, Progressing, Degraded, Failed, Suspended, Terminating, Unknown"},
	{name: "ready", typ: typReady, column: "ready", detail: "true or false; kinds that cannot be ready match neither"},
	{name: "label", aliases: []string{"l", "labels"}, typ: typMap, column: "labels", detail: "label.KEY:value"},
	{name: "annotation", aliases: []string{"a", "annotations"}, typ: typMap, column: "annotations", detail: "annotation.KEY:value"},
	{name: "image", typ: typImage, column: "images", detail: "nginx, library/nginx, nginx:1.27"},
	{name: "image.tag", typ: typPart, column: "images", detail: "tag of an image"},
	{name: "image.repo", typ: typPart, column: "images", detail: "repository of an image, without the registry"},
	{name: "image.registry", typ: typPart, column: "images", detail: "registry of an image"},
	{name: "image.digest", typ: typPart, column: "images", detail: "digest of an image"},
	{name: "owner", typ: typOwner, column: "owner_refs", detail: "KIND/NAME of an owner, or of an owner's owner"},
	{name: "managedby", aliases: []string{"managed", "manager"}, typ: typManager, column: "managed_by", detail: "who manages it: argocd, flux, helm/RELEASE, none"},
	{name: "uses", typ: typUses, column: "uses", detail: "KIND/NAME of what it refers to: uses:Secret/db"},
	{name: "node", typ: typWord, column: "node", lower: true, detail: "node the pod runs on"},
	{name: "ip", typ: typIP, column: "ips", detail: "address of a pod, node or service: ip:10.0.0.0/8"},
	{name: "container", aliases: []string{"containers"}, typ: typWords, column: "containers", detail: "name of a container"},
	{name: "sa", aliases: []string{"serviceaccount"}, typ: typWord, column: "service_account", lower: true, detail: "service account its pods run as"},
	{name: "cond", aliases: []string{"condition", "conditions"}, typ: typMap, column: "conditions", detail: "cond.Ready:False, the status of a condition"},
	{name: "env", aliases: []string{"environment"}, typ: typPlace, place: placeEnv, column: "cluster", events: "cluster", detail: "environment, from the label env of the cluster"},
	{name: "region", typ: typPlace, place: placeRegion, column: "cluster", detail: "region, from labels of the node or the cluster"},
	{name: "zone", typ: typPlace, place: placeZone, column: "cluster", detail: "zone, from labels of the node or the cluster"},
	{name: "provider", aliases: []string{"cloud"}, typ: typPlace, place: placeProvider, column: "cluster", events: "cluster", detail: "provider, from the label provider of the cluster"},
	{name: "limits", typ: typTrait, column: "traits", detail: "all containers have limits: no:limits, limits:memory"},
	{name: "requests", typ: typTrait, column: "traits", detail: "all containers have requests: no:requests, requests:cpu"},
	{name: "trait", aliases: []string{"traits"}, typ: typWords, column: "traits", detail: "short facts: gitops, helm, drifted, paused, limits.memory"},
	{name: "content", typ: typContent, column: objectColumn, detail: "text anywhere in the manifest: content:\"max_connections\""},
	{name: "reason", typ: typWords, column: "reasons", events: "reason", detail: "reason of a condition or container: OOMKilled, BackOff"},
	{name: "uid", typ: typWord, column: "uid", events: "regarding_uid", lower: true, detail: "UID of the object"},
	{name: "replicas", typ: typNumber, column: "replicas", detail: "replicas wanted"},
	{name: "readyreplicas", typ: typNumber, column: "ready_replicas", detail: "replicas ready"},
	{name: "restarts", typ: typNumber, column: "restarts", detail: "restarts of all containers"},
	{name: "age", typ: typAge, column: "created_at", events: "first_at", detail: "time since creation: age<1h"},
	{name: "created", typ: typTime, column: "created_at", events: "first_at", detail: "creation: created>2026-11-19"},
	{name: "changed", typ: typTime, column: "changed_at", detail: "last meaningful change: changed<15m, changed:9:00..9:20"},
	{name: "changed.by", aliases: []string{"actor"}, typ: typWord, column: "changed_by", detail: "who made the last change: helm, kubectl-edit"},
	{name: "changed.field", aliases: []string{"field"}, typ: typPath, column: "changed_paths", detail: "what changed: spec.replicas, image"},
	{name: "seen", typ: typTime, column: "observed_at", events: "last_at", detail: "when it was last observed"},
	{name: "deleted", typ: typTime, column: "deleted_at", detail: "deleted:true, deleted:any, deleted<1h"},
	{name: "type", typ: typOp, column: "op", pages: []Page{Changes}, detail: "create, update, delete, snapshot"},
	{name: "meaningful", typ: typBool, column: "meaningful", pages: []Page{Changes}, detail: "true leaves out changes of status alone"},
	{name: "type", typ: typWord, events: "type", pages: []Page{Events}, detail: "Normal or Warning"},
	{name: "source", typ: typWord, events: "source", pages: []Page{Events}, detail: "component that reported the event"},
	{name: "count", typ: typNumber, events: "count", pages: []Page{Events}, detail: "how often it happened"},
}

// later are fields of the language that this version does not answer yet, with the sentence that says when.
var later = map[string]string{
	"cpu": laterMetrics, "mem": laterMetrics, "memory": laterMetrics, "metric": laterMetrics,
	"level": laterLogs, "stream": laterLogs, "msg": laterLogs, "attr": laterLogs,
}

const (
	laterMetrics = "measured use comes with metrics"
	laterLogs    = "it is a field of log lines, which come with logs"
)

// instead names what answers a similar question today.
var instead = map[string]string{
	"cpu":    "Ask for what is declared: no:limits, requests:cpu, or spec.template.spec.containers[*].resources.limits.cpu>2.",
	"mem":    "Ask for what is declared: no:limits, limits:memory, or spec.template.spec.containers[*].resources.limits.memory>2Gi.",
	"memory": "Ask for what is declared: no:limits, limits:memory, or spec.template.spec.containers[*].resources.limits.memory>2Gi.",
}

// directives are written like fields and stand beside the tree.
var directives = []struct{ name, detail string }{
	{"at", "the fleet at a moment: at:-30m, at:2026-11-20T09:10Z"},
	{"sort", "order: sort:restarts-desc"},
	{"group", "counts by up to three fields: group:cluster,ns"},
	{"limit", "at most so many: limit:500"},
}

var prefixes = []struct{ name, detail string }{
	{"has", "the field is present: has:label.team"},
	{"no", "the field is absent or empty: no:owner"},
	{"is", "a flag: is:unhealthy"},
	{"selector", `a Kubernetes label selector: selector:"app in (web,api)"`},
}

// flags are what is: knows. Each is short for filters of its own.
var flags = []struct{ name, means, detail string }{
	{"unhealthy", "health:Degraded,Failed", "Degraded or Failed"},
	{"healthy", "health:Healthy", "Healthy"},
	{"ready", "ready:true", "is ready; -is:ready: should be and is not"},
	{"paused", "health:Suspended", "paused, suspended or scaled to zero"},
	{"suspended", "health:Suspended", "paused, suspended or scaled to zero"},
	{"deleting", "health:Terminating", "is being deleted"},
	{"orphan", "kind:Pod,ReplicaSet.apps no:owner", "a Pod or ReplicaSet that nothing owns"},
	{"system", "ns:kube-*", "in a namespace of Kubernetes itself"},
	{"latest", "image.tag:latest", "runs an image with the tag latest, or with none"},
	{"gitops", "trait:gitops", "kept by Argo CD, Flux, Fleet or Config Sync"},
	{"helm", "trait:helm", "came with a Helm release"},
	{"drifted", "trait:drifted", "a GitOps resource that says so: out of sync, or drift detected"},
}

// sorts are the columns that sort: knows. age runs against created_at.
var sorts = map[string]struct {
	column string
	minus  bool
}{
	"cluster": {column: "cluster"}, "kind": {column: "kind"}, "ns": {column: "namespace"}, "name": {column: "name"},
	"status": {column: "status"}, "health": {column: "health"}, "app": {column: "app"}, "node": {column: "node"},
	"replicas": {column: "replicas"}, "readyreplicas": {column: "ready_replicas"}, "restarts": {column: "restarts"},
	"age": {column: "created_at", minus: true}, "created": {column: "created_at"}, "changed": {column: "changed_at"},
	"deleted": {column: "deleted_at"}, "seen": {column: "observed_at"},
}

func (f *field) on(page Page) bool {
	if f.pages == nil {
		return true
	}
	for _, p := range f.pages {
		if p == page {
			return true
		}
	}
	return false
}

// lookup finds a field by name or alias; a field of this page wins over one of another.
func lookup(word string, page Page) *field {
	word = strings.ToLower(word)
	var other *field
	for _, f := range registry {
		if f.name != word && !contains(f.aliases, word) {
			continue
		}
		if f.on(page) {
			return f
		}
		other = f
	}
	return other
}

// split cuts the key from label.KEY and the like. It answers the field's name and the key, or the word itself.
func split(word string) (name, key string, keyed bool) {
	name, key, ok := strings.Cut(word, ".")
	switch n := strings.ToLower(name); n {
	case "label", "l", "labels":
		return "label", key, ok
	case "annotation", "a", "annotations":
		return "annotation", key, ok
	case "cond", "condition", "conditions":
		return "cond", conditionType(key), ok
	case "cluster", "c":
		if ok {
			return "cluster", key, true
		}
	}
	return word, "", false
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}
