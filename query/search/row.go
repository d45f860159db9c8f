package search

import (
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/cespare/xxhash/v2"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// key is the identity of an object in the tables: cluster is a UID, never a name.
type key struct {
	cluster, group, resource, namespace, name string
}

// keyColumns is key in SQL, in the order of the tables' primary key.
const keyColumns = `api_group, resource, cluster, namespace, name`

// digest is the key in eight bytes, for sets of many keys.
func (k key) digest() uint64 {
	return xxhash.Sum64String(k.group + "|" + k.resource + "|" + k.cluster + "|" + k.namespace + "|" + k.name)
}

func (k *key) dest() []any { return []any{&k.group, &k.resource, &k.cluster, &k.namespace, &k.name} }

// keySet is the keys as a set in SQL that the primary key can prune by.
func keySet(p *clickhouse.Params, keys []key) string {
	columns := [5][]string{}
	for _, k := range keys {
		for i, v := range []string{k.group, k.resource, k.cluster, k.namespace, k.name} {
			columns[i] = append(columns[i], v)
		}
	}
	var arrays []string
	for _, c := range columns {
		arrays = append(arrays, p.Strings(c))
	}
	return `(` + keyColumns + `) IN (SELECT k.1, k.2, k.3, k.4, k.5 FROM (SELECT arrayJoin(arrayZip(` + strings.Join(arrays, ", ") + `)) AS k))`
}

// keyIs is one key as the primary key reads it best.
func keyIs(p *clickhouse.Params, k key) string {
	return `api_group = ` + p.String(k.group) + ` AND resource = ` + p.String(k.resource) + ` AND cluster = ` + p.String(k.cluster) + ` AND namespace = ` + p.String(k.namespace) + ` AND name = ` + p.String(k.name)
}

// rowColumns is a row of resources or resource_history without its bulky parts: object, words and digest.
const rowColumns = keyColumns + `, ver, deleted, api_version, kind, uid, resource_version, generation, observed_at, created_at, changed_at, deleted_at,
	labels, annotations, app, status, health, ready, reasons, images, node, replicas, ready_replicas, restarts, owner_uids, owner_refs, changed_by, changed_paths,
	conditions, containers, ips, service_account, uses, traits, managed_by`

// stateColumns are rowColumns of an object's state, read from resource_history: what changed is there of the version
// itself, while of an object it is what changed last that means something.
var stateColumns = strings.Replace(rowColumns, `changed_by, changed_paths`, `last_changed_by, last_changed_paths`, 1)

// withoutAnnotations is a list of columns with none in place of annotations, which are bulky.
func withoutAnnotations(list string) string {
	return strings.Replace(list, "annotations", "CAST(map(), 'Map(LowCardinality(String), String)') AS none", 1)
}

// row receives rowColumns.
type row struct {
	key
	object    records.Object
	deleted   uint8
	health    string
	deletedAt time.Time
}

func (r *row) dest() []any {
	o := &r.object
	return append(r.key.dest(), &o.Ver, &r.deleted, &o.Version, &o.Kind, &o.UID, &o.ResourceVersion, &o.Generation, &o.ObservedAt, &o.CreatedAt, &o.ChangedAt, &r.deletedAt,
		&o.Labels, &o.Annotations, &o.App, &o.Status, &r.health, &o.Ready, &o.Reasons, &o.Images, &o.Node, &o.Replicas, &o.ReadyReplicas, &o.Restarts, &o.OwnerUIDs, &o.OwnerRefs, &o.ChangedBy, &o.ChangedPaths,
		&o.Conditions, &o.Containers, &o.IPs, &o.ServiceAccount, &o.Uses, &o.Traits, &o.ManagedBy)
}

// record completes the object from what was scanned beside it.
func (r *row) record(f *fleet) *records.Object {
	o := &r.object
	o.ClusterUID = r.cluster
	o.Ref = f.ref(r.key)
	o.Group, o.Namespace, o.Name = r.group, r.namespace, r.name
	o.Health = kube.Health(r.health)
	if r.deleted != 0 {
		o.DeletedAt = r.deletedAt
	}
	return o
}

// scanRows reads rowColumns, and object as the last column when withJSON.
func scanRows(f *fleet, withJSON bool, each func(*records.Object)) func(driver.Rows) error {
	return func(rows driver.Rows) error {
		r := &row{}
		dest := r.dest()
		if withJSON {
			dest = append(dest, &r.object.JSON)
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		each(r.record(f))
		return nil
	}
}

// statesOf is the column list for scanRows, of resource_history.
func statesOf(withJSON bool) string {
	if withJSON {
		return stateColumns + `, object`
	}
	return stateColumns
}

// states is rows of resource_history as those of resources are, with their JSON.
const states = `SELECT * REPLACE (last_changed_by AS changed_by, last_changed_paths AS changed_paths), tokens`

// whole is FROM of current objects with their JSON, which stands in history: narrow, a condition on columns that both
// tables have, names them. It should name their kind, since the primary key begins with it.
func (s *Service) whole(narrow string) string {
	return `(` + states + ` FROM ` + s.db.Table("resource_history") + ` PREWHERE ` + narrow + ` AND (` + keyHash + `, ver) IN (SELECT ` + keyHash + `, ver FROM ` +
		s.db.Table("resources") + ` FINAL WHERE ` + narrow + `) LIMIT 1 BY ` + keyColumns + `)`
}
