package aggregator

import (
	"strings"
	"time"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// version is one version of an object, as resource_history keeps it. The last of each object goes to resources too,
// without its text.
type version struct {
	gr         kube.GroupResource
	at         name
	apiVersion string
	kind       string
	ver        uint64
	op         string
	meaningful bool
	previous   uint64
	observedAt time.Time
	deletedAt  time.Time // zero while it lives
	now        object    // as remembered from this version on
	by         string    // of this version, while now.changedBy is of the last meaningful one
	paths      []string
	summary    kube.Summary
	text       string
	written    texts.Text // text, for when this version is durable
}

// epochStart stands for "never" in columns that cannot be NULL.
var epochStart = time.Unix(0, 0).UTC()

func moment(t time.Time) time.Time {
	if t.IsZero() {
		return epochStart
	}
	return t
}

func flag(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// some keeps nil out of columns of arrays and maps.
func some(s []string) []string {
	if s == nil {
		return []string{}
	}
	return s
}

func someMap(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return m
}

// versionColumns are the columns of resources, in the table's order; the history flag adds those of resource_history.
type versionColumns struct {
	history                                     bool
	cluster, group, resource, namespace, name   []string
	ver, previous                               []uint64
	op                                          []string
	meaningful, deleted                         []uint8
	apiVersion, kind, uid, resourceVersion      []string
	generation                                  []int64
	observedAt, createdAt, changedAt, deletedAt []time.Time
	labels, annotations                         []map[string]string
	app, status, health, ready                  []string
	reasons, images                             [][]string
	node                                        []string
	replicas, readyReplicas, restarts           []int64
	ownerUIDs, ownerRefs                        [][]string
	conditions                                  []map[string]string
	containers, ips                             [][]string
	serviceAccount                              []string
	uses, traits, tokens                        [][]string
	changedBy, lastChangedBy                    []string
	changedPaths, lastChangedPaths              [][]string
	digest, object                              []string
	derived                                     []uint16
}

func (c *versionColumns) add(cluster string, v *version) {
	s := &v.summary
	c.cluster = append(c.cluster, cluster)
	c.group = append(c.group, v.gr.Group)
	c.resource = append(c.resource, v.gr.Resource)
	c.namespace = append(c.namespace, v.at.namespace)
	c.name = append(c.name, v.at.name)
	c.ver = append(c.ver, v.ver)
	c.deleted = append(c.deleted, flag(!v.deletedAt.IsZero()))
	c.apiVersion = append(c.apiVersion, v.apiVersion)
	c.kind = append(c.kind, v.kind)
	c.uid = append(c.uid, v.now.uid)
	c.resourceVersion = append(c.resourceVersion, v.now.resourceVersion)
	c.generation = append(c.generation, s.Generation)
	c.observedAt = append(c.observedAt, v.observedAt)
	c.createdAt = append(c.createdAt, moment(s.CreatedAt))
	c.changedAt = append(c.changedAt, moment(v.now.changedAt))
	c.deletedAt = append(c.deletedAt, moment(v.deletedAt))
	c.labels = append(c.labels, someMap(s.Labels))
	c.annotations = append(c.annotations, someMap(s.Annotations))
	c.app = append(c.app, s.App)
	c.status = append(c.status, s.Status)
	c.health = append(c.health, string(s.Health))
	c.ready = append(c.ready, s.Ready)
	c.reasons = append(c.reasons, some(s.Reasons))
	c.images = append(c.images, some(s.Images))
	c.node = append(c.node, s.Node)
	c.replicas = append(c.replicas, s.Replicas)
	c.readyReplicas = append(c.readyReplicas, s.ReadyReplicas)
	c.restarts = append(c.restarts, s.Restarts)
	c.ownerUIDs = append(c.ownerUIDs, some(s.OwnerUIDs))
	c.ownerRefs = append(c.ownerRefs, some(s.OwnerRefs))
	c.conditions = append(c.conditions, someMap(s.Conditions))
	c.containers = append(c.containers, some(s.Containers))
	c.ips = append(c.ips, some(s.IPs))
	c.serviceAccount = append(c.serviceAccount, s.ServiceAccount)
	c.uses = append(c.uses, some(s.Uses))
	c.traits = append(c.traits, some(s.Traits))
	c.tokens = append(c.tokens, some(s.Tokens))
	c.digest = append(c.digest, v.now.digest)
	c.derived = append(c.derived, v.now.derived)
	if c.history {
		c.op = append(c.op, v.op)
		c.meaningful = append(c.meaningful, flag(v.meaningful))
		c.previous = append(c.previous, v.previous)
		c.changedBy = append(c.changedBy, v.by)
		c.changedPaths = append(c.changedPaths, some(v.paths))
		c.lastChangedBy = append(c.lastChangedBy, v.now.changedBy)
		c.lastChangedPaths = append(c.lastChangedPaths, some(v.now.changedPaths))
		c.object = append(c.object, v.text)
	} else {
		c.changedBy = append(c.changedBy, v.now.changedBy)
		c.changedPaths = append(c.changedPaths, some(v.now.changedPaths))
	}
}

func (c *versionColumns) columns() []clickhouse.Column {
	columns := []clickhouse.Column{
		{Name: "cluster", Values: c.cluster}, {Name: "api_group", Values: c.group}, {Name: "resource", Values: c.resource},
		{Name: "namespace", Values: c.namespace}, {Name: "name", Values: c.name}, {Name: "ver", Values: c.ver},
		{Name: "deleted", Values: c.deleted}, {Name: "api_version", Values: c.apiVersion}, {Name: "kind", Values: c.kind},
		{Name: "uid", Values: c.uid}, {Name: "resource_version", Values: c.resourceVersion}, {Name: "generation", Values: c.generation},
		{Name: "observed_at", Values: c.observedAt}, {Name: "created_at", Values: c.createdAt}, {Name: "changed_at", Values: c.changedAt},
		{Name: "deleted_at", Values: c.deletedAt}, {Name: "labels", Values: c.labels}, {Name: "annotations", Values: c.annotations},
		{Name: "app", Values: c.app}, {Name: "status", Values: c.status}, {Name: "health", Values: c.health}, {Name: "ready", Values: c.ready},
		{Name: "reasons", Values: c.reasons}, {Name: "images", Values: c.images}, {Name: "node", Values: c.node},
		{Name: "replicas", Values: c.replicas}, {Name: "ready_replicas", Values: c.readyReplicas}, {Name: "restarts", Values: c.restarts},
		{Name: "owner_uids", Values: c.ownerUIDs}, {Name: "owner_refs", Values: c.ownerRefs},
		{Name: "conditions", Values: c.conditions}, {Name: "containers", Values: c.containers}, {Name: "ips", Values: c.ips},
		{Name: "service_account", Values: c.serviceAccount}, {Name: "uses", Values: c.uses}, {Name: "traits", Values: c.traits},
		{Name: "tokens", Values: c.tokens}, {Name: "changed_by", Values: c.changedBy}, {Name: "changed_paths", Values: c.changedPaths},
		{Name: "digest", Values: c.digest}, {Name: "derived", Values: c.derived},
	}
	if c.history {
		columns = append(columns, clickhouse.Column{Name: "op", Values: c.op}, clickhouse.Column{Name: "meaningful", Values: c.meaningful},
			clickhouse.Column{Name: "previous_ver", Values: c.previous}, clickhouse.Column{Name: "last_changed_by", Values: c.lastChangedBy},
			clickhouse.Column{Name: "last_changed_paths", Values: c.lastChangedPaths}, clickhouse.Column{Name: "object", Values: c.object})
	}
	return columns
}

// resourceColumns lists the columns of resources, and what they are in resource_history.
var resourceColumns, asHistoryHasThem = func() (string, string) {
	var names, as []string
	for _, c := range (&versionColumns{}).columns() {
		names, as = append(names, c.Name), append(as, map[string]string{"changed_by": "last_changed_by", "changed_paths": "last_changed_paths"}[c.Name])
		if n := len(as) - 1; as[n] == "" {
			as[n] = c.Name
		}
	}
	return strings.Join(names, ", "), strings.Join(as, ", ")
}()

// event is one revision of an event.
type event struct {
	ver        uint64
	observedAt time.Time
	firstAt    time.Time
	lastAt     time.Time
	*ingestpb.Event
}

type eventColumns struct {
	cluster, namespace, name, uid, resourceVersion   []string
	ver                                              []uint64
	kind, reason, action, message, source            []string
	count                                            []uint32
	firstAt, lastAt, observedAt                      []time.Time
	forGroup, forKind, forNamespace, forName, forUID []string
	tokens                                           [][]string
}

func (c *eventColumns) add(cluster string, e *event) {
	c.cluster = append(c.cluster, cluster)
	c.namespace = append(c.namespace, e.Namespace)
	c.name = append(c.name, e.Name)
	c.uid = append(c.uid, e.Uid)
	c.resourceVersion = append(c.resourceVersion, e.ResourceVersion)
	c.ver = append(c.ver, e.ver)
	c.kind = append(c.kind, e.Type)
	c.reason = append(c.reason, e.Reason)
	c.action = append(c.action, e.Action)
	c.message = append(c.message, e.Message)
	c.source = append(c.source, e.Source)
	c.count = append(c.count, e.Count)
	c.firstAt = append(c.firstAt, e.firstAt)
	c.lastAt = append(c.lastAt, e.lastAt)
	c.observedAt = append(c.observedAt, e.observedAt)
	c.forGroup = append(c.forGroup, e.RegardingGroup)
	c.forKind = append(c.forKind, e.RegardingKind)
	c.forNamespace = append(c.forNamespace, e.RegardingNamespace)
	c.forName = append(c.forName, e.RegardingName)
	c.forUID = append(c.forUID, e.RegardingUid)
	c.tokens = append(c.tokens, some(kube.TokensOfText([]string{e.Namespace, e.RegardingName}, e.Message, e.Reason, e.Type, e.Source, e.RegardingKind)))
}

func (c *eventColumns) columns() []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "cluster", Values: c.cluster}, {Name: "namespace", Values: c.namespace}, {Name: "name", Values: c.name},
		{Name: "uid", Values: c.uid}, {Name: "resource_version", Values: c.resourceVersion}, {Name: "ver", Values: c.ver},
		{Name: "type", Values: c.kind}, {Name: "reason", Values: c.reason}, {Name: "action", Values: c.action},
		{Name: "message", Values: c.message}, {Name: "source", Values: c.source}, {Name: "count", Values: c.count},
		{Name: "first_at", Values: c.firstAt}, {Name: "last_at", Values: c.lastAt}, {Name: "observed_at", Values: c.observedAt},
		{Name: "regarding_group", Values: c.forGroup}, {Name: "regarding_kind", Values: c.forKind},
		{Name: "regarding_namespace", Values: c.forNamespace}, {Name: "regarding_name", Values: c.forName},
		{Name: "regarding_uid", Values: c.forUID}, {Name: "tokens", Values: c.tokens},
	}
}

// state is how collection of one kind stands from ver on.
type state struct {
	ver       uint64
	changedAt time.Time
	*ingestpb.ResourceState
}

type stateColumns struct {
	cluster, group, resource []string
	ver                      []uint64
	apiVersion, kind         []string
	namespaced               []uint8
	shortNames               [][]string
	state, reason            []string
	objects                  []uint64
	changedAt                []time.Time
}

func (c *stateColumns) add(cluster string, s *state) {
	r := s.Resource
	c.cluster = append(c.cluster, cluster)
	c.group = append(c.group, r.GetGroup())
	c.resource = append(c.resource, r.GetResource())
	c.ver = append(c.ver, s.ver)
	c.apiVersion = append(c.apiVersion, r.GetVersion())
	c.kind = append(c.kind, r.GetKind())
	c.namespaced = append(c.namespaced, flag(r.GetNamespaced()))
	c.shortNames = append(c.shortNames, some(r.GetShortNames()))
	c.state = append(c.state, stateName(s.State))
	c.reason = append(c.reason, s.Reason)
	c.objects = append(c.objects, s.Objects)
	c.changedAt = append(c.changedAt, s.changedAt)
}

func (c *stateColumns) columns() []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "cluster", Values: c.cluster}, {Name: "api_group", Values: c.group}, {Name: "resource", Values: c.resource},
		{Name: "ver", Values: c.ver}, {Name: "api_version", Values: c.apiVersion}, {Name: "kind", Values: c.kind},
		{Name: "namespaced", Values: c.namespaced}, {Name: "short_names", Values: c.shortNames}, {Name: "state", Values: c.state},
		{Name: "reason", Values: c.reason}, {Name: "objects", Values: c.objects}, {Name: "changed_at", Values: c.changedAt},
	}
}

// stateName is the column's word for a state.
func stateName(s ingestpb.ResourceState_State) string {
	return strings.ToLower(strings.TrimPrefix(s.String(), "STATE_"))
}

type ledgerColumns struct {
	cluster, stream          []string
	epoch, batchSeq, lastSeq []uint64
	rows                     []uint32
	committedAt              []time.Time
}

func (c *ledgerColumns) columns() []clickhouse.Column {
	return []clickhouse.Column{
		{Name: "cluster", Values: c.cluster}, {Name: "stream", Values: c.stream}, {Name: "epoch", Values: c.epoch},
		{Name: "batch_seq", Values: c.batchSeq}, {Name: "last_seq", Values: c.lastSeq}, {Name: "rows", Values: c.rows},
		{Name: "committed_at", Values: c.committedAt},
	}
}
