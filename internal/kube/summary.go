package kube

import "time"

// Health is the bucket a person sorts objects into at a glance.
type Health string

// The buckets, worst last but one. Unknown is for kinds that say nothing of themselves.
const (
	Healthy     Health = "Healthy"
	Progressing Health = "Progressing"
	Degraded    Health = "Degraded"
	Failed      Health = "Failed"
	Suspended   Health = "Suspended"
	Terminating Health = "Terminating"
	Unknown     Health = "Unknown"
)

// Summary is what people filter and sort objects by: the typed columns of schemas/clickhouse.
// The aggregator writes it beside the object; query/ql's reference evaluator computes it again.
type Summary struct {
	Group, Version, Kind string
	Namespace, Name, UID string
	ResourceVersion      string
	Generation           int64
	CreatedAt            time.Time
	Labels, Annotations  map[string]string
	App                  string   // app.kubernetes.io/instance, else app.kubernetes.io/name, else app, else k8s-app
	Status               string   // the STATUS that kubectl prints, or the health in a word
	Health               Health   //
	Ready                string   // "true", "false", or "" for kinds that cannot be ready
	Reasons              []string // of conditions that are not as wanted, and of waiting or terminated containers; sorted, distinct
	Images               []string // of all containers, in order, distinct
	Node                 string
	Replicas             int64 // wanted; -1 for kinds without
	ReadyReplicas        int64 // -1 for kinds without
	Restarts             int64 // sum over containers; -1 for kinds without
	OwnerUIDs            []string
	OwnerRefs            []string          // Kind/name, controller first
	Controller           string            // the one of OwnerRefs that controls it; not stored
	ManagedBy            []string          // SYSTEM or SYSTEM/NAME, nearest first: see owners.Note, which fills it in
	Conditions           map[string]string // type -> status
	Containers           []string          // names of all containers, main ones first, distinct
	IPs                  []string          // of pods and their hosts, nodes, services, load balancers; sorted, distinct, as netip writes them
	ServiceAccount       string            // what its Pods run as; "" for objects without
	Uses                 []string          // Kind/name of what it names in its spec: see Uses
	Traits               []string          // short facts, sorted: see TraitLimits
	Words                []string          // what free text finds beside what the fields above tell: see Tokens
}
