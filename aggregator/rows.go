package aggregator

import (
	"slices"
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

// columnOf makes a column of what f says of each version.
func columnOf[T any](name string, rows []versionOf, f func(v *version) T) clickhouse.Column {
	values := make([]T, len(rows))
	for i := range rows {
		values[i] = f(rows[i].version)
	}
	return clickhouse.Column{Name: name, Values: clickhouse.Share(values)}
}

// versionColumns are rows as resource_history and resources have them. Most columns are the same.
func versionColumns(rows []versionOf) (history, current []clickhouse.Column) {
	clusters := make([]string, len(rows))
	for i := range rows {
		clusters[i] = rows[i].cluster
	}
	both := []clickhouse.Column{
		{Name: "cluster", Values: clickhouse.Share(clusters)},
		columnOf("api_group", rows, func(v *version) string { return v.gr.Group }),
		columnOf("resource", rows, func(v *version) string { return v.gr.Resource }),
		columnOf("namespace", rows, func(v *version) string { return v.at.namespace }),
		columnOf("name", rows, func(v *version) string { return v.at.name }),
		columnOf("ver", rows, func(v *version) uint64 { return v.ver }),
		columnOf("deleted", rows, func(v *version) uint8 { return flag(!v.deletedAt.IsZero()) }),
		columnOf("api_version", rows, func(v *version) string { return v.apiVersion }),
		columnOf("kind", rows, func(v *version) string { return v.kind }),
		columnOf("uid", rows, func(v *version) string { return v.now.uid }),
		columnOf("resource_version", rows, func(v *version) string { return v.now.resourceVersion }),
		columnOf("generation", rows, func(v *version) int64 { return v.summary.Generation }),
		columnOf("observed_at", rows, func(v *version) time.Time { return v.observedAt }),
		columnOf("created_at", rows, func(v *version) time.Time { return moment(v.summary.CreatedAt) }),
		columnOf("changed_at", rows, func(v *version) time.Time { return moment(v.now.changedAt) }),
		columnOf("deleted_at", rows, func(v *version) time.Time { return moment(v.deletedAt) }),
		columnOf("labels", rows, func(v *version) map[string]string { return someMap(v.summary.Labels) }),
		columnOf("annotations", rows, func(v *version) map[string]string { return someMap(v.summary.Annotations) }),
		columnOf("app", rows, func(v *version) string { return v.summary.App }),
		columnOf("status", rows, func(v *version) string { return v.summary.Status }),
		columnOf("health", rows, func(v *version) string { return string(v.summary.Health) }),
		columnOf("ready", rows, func(v *version) string { return v.summary.Ready }),
		columnOf("reasons", rows, func(v *version) []string { return some(v.summary.Reasons) }),
		columnOf("images", rows, func(v *version) []string { return some(v.summary.Images) }),
		columnOf("node", rows, func(v *version) string { return v.summary.Node }),
		columnOf("replicas", rows, func(v *version) int64 { return v.summary.Replicas }),
		columnOf("ready_replicas", rows, func(v *version) int64 { return v.summary.ReadyReplicas }),
		columnOf("restarts", rows, func(v *version) int64 { return v.summary.Restarts }),
		columnOf("owner_uids", rows, func(v *version) []string { return some(v.summary.OwnerUIDs) }),
		columnOf("owner_refs", rows, func(v *version) []string { return some(v.summary.OwnerRefs) }),
		columnOf("conditions", rows, func(v *version) map[string]string { return someMap(v.summary.Conditions) }),
		columnOf("containers", rows, func(v *version) []string { return some(v.summary.Containers) }),
		columnOf("ips", rows, func(v *version) []string { return some(v.summary.IPs) }),
		columnOf("service_account", rows, func(v *version) string { return v.summary.ServiceAccount }),
		columnOf("uses", rows, func(v *version) []string { return some(v.summary.Uses) }),
		columnOf("traits", rows, func(v *version) []string { return some(v.summary.Traits) }),
		columnOf("managed_by", rows, func(v *version) []string { return some(v.summary.ManagedBy) }),
		columnOf("words", rows, func(v *version) []string { return some(v.summary.Words) }),
		columnOf("digest", rows, func(v *version) string { return v.now.digest }),
		columnOf("derived", rows, func(v *version) uint16 { return v.now.derived }),
	}
	by := columnOf("last_changed_by", rows, func(v *version) string { return v.now.changedBy })
	paths := columnOf("last_changed_paths", rows, func(v *version) []string { return some(v.now.changedPaths) })
	history = append(slices.Clip(both), by, paths,
		columnOf("op", rows, func(v *version) string { return v.op }),
		columnOf("meaningful", rows, func(v *version) uint8 { return flag(v.meaningful) }),
		columnOf("previous_ver", rows, func(v *version) uint64 { return v.previous }),
		columnOf("changed_by", rows, func(v *version) string { return v.by }),
		columnOf("changed_paths", rows, func(v *version) []string { return some(v.paths) }),
		columnOf("object", rows, func(v *version) string { return v.text }))
	by.Name, paths.Name = "changed_by", "changed_paths"
	return history, append(slices.Clip(both), by, paths)
}

// resourceColumns lists the columns of resources, and what they are in resource_history.
var resourceColumns, asHistoryHasThem = func() (string, string) {
	history, current := versionColumns(nil)
	var names, as []string
	for i, c := range current {
		names, as = append(names, c.Name), append(as, history[i].Name)
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
	object                                           []string
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
	c.object = append(c.object, string(e.Object))
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
		{Name: "regarding_uid", Values: c.forUID}, {Name: "tokens", Values: c.tokens}, {Name: "object", Values: c.object},
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
