package aggregator

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unique"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/schemas/ingestpb"
)

// seqBits is the width of seq in ver = epoch<<seqBits | seq.
const seqBits = 40

// name is an object's place within its kind.
type name struct{ namespace, name string }

// object is what is remembered of each live object between versions; its JSON is among the texts or in the database.
type object struct {
	uid, resourceVersion string
	apiVersion           unique.Handle[string] // the few there are, of many objects
	digest               string
	derived              uint16 // what kube.Derivation was
	ver                  uint64
	changedAt            time.Time
	changedBy            string
	changedPaths         []string
}

// heldAs reports that the database holds what c says, in the same form: read in the same version of the API, with
// the same taken out of it, and the same derived from it.
func (o *object) heldAs(c *ingestpb.ObjectChange) bool {
	return o != nil && o.uid == c.Uid && o.resourceVersion == c.ResourceVersion && o.digest == c.RedactedDigest &&
		o.apiVersion == unique.Make(c.Resource.GetVersion()) && o.derived == kube.Derivation
}

// knownSet is what the database holds of one cluster's live objects.
type knownSet map[kube.GroupResource]map[name]*remembered

// get is an object, nil for none.
func (k knownSet) get(gr kube.GroupResource, at name) *object {
	if r := k[gr][at]; r != nil {
		return r.recall()
	}
	return nil
}

func (k knownSet) size() int {
	n := 0
	for _, objects := range k {
		n += len(objects)
	}
	return n
}

func (k knownSet) put(gr kube.GroupResource, at name, o *object) {
	objects := k[gr]
	if objects == nil {
		objects = map[name]*remembered{}
		k[gr] = objects
	}
	if objects[at] == nil { // the texts of a key may be pieces of something larger
		at = name{unique.Make(at.namespace).Value(), strings.Clone(at.name)}
	}
	objects[at] = remember(o)
}

// lastVer is the newest version the database holds of a cluster, 0 when it holds none.
func (s *Server) lastVer(ctx context.Context, cluster string) (uint64, error) {
	p := &clickhouse.Params{}
	c := p.String(cluster)
	sql := `SELECT max(v) FROM (
		SELECT max(ver) AS v FROM ` + s.db.Table("resource_history") + ` WHERE cluster = ` + c + `
		UNION ALL SELECT max(ver) FROM ` + s.db.Table("resources") + ` WHERE cluster = ` + c + `
		UNION ALL SELECT max(ver) FROM ` + s.db.Table("resource_states") + ` WHERE cluster = ` + c + `
		UNION ALL SELECT max(ver) FROM ` + s.db.Table("cluster_documents") + ` WHERE cluster = ` + c + `
		UNION ALL SELECT max(ver) FROM ` + s.db.Table("current_events") + ` WHERE cluster = ` + c + `
		UNION ALL SELECT max(ver) FROM ` + s.db.Table("events") + ` WHERE cluster = ` + c + `)`
	var ver uint64
	err := s.one(ctx, sql, p, &ver)
	if err != nil {
		return 0, fmt.Errorf("read the newest version: %w", err)
	}
	return ver, nil
}

// one runs a query of one row into dest.
func (s *Server) one(ctx context.Context, sql string, p *clickhouse.Params, dest ...any) error {
	rows, err := s.db.Query(ctx, sql, p)
	if err != nil {
		return err
	}
	defer rows.Close()
	if rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
	}
	return rows.Err()
}

// finishInterrupted carries into resources what a hub that died between two tables had written to history only.
// A commit writes history first and each table at once, so the newest version of resources says where it stopped.
// newest is the one that history has.
func (s *Server) finishInterrupted(ctx context.Context, cluster string) (newest uint64, err error) {
	p := &clickhouse.Params{}
	c := p.String(cluster)
	var current, history uint64
	if err := s.one(ctx, `SELECT (SELECT max(ver) FROM `+s.db.Table("resources")+` WHERE cluster = `+c+`),
		(SELECT max(ver) FROM `+s.db.Table("resource_history")+` WHERE cluster = `+c+`)`, p, &current, &history); err != nil {
		return 0, fmt.Errorf("compare history with the current state: %w", err)
	}
	if history <= current {
		return history, nil
	}
	s.log.Warn("finishing an interrupted commit", "cluster", cluster, "from", current, "to", history)
	p = &clickhouse.Params{}
	err = s.db.Exec(ctx, `INSERT INTO `+s.db.Table("resources")+` (`+resourceColumns+`)
		SELECT `+asHistoryHasThem+` FROM `+s.db.Table("resource_history")+`
		WHERE cluster = `+p.String(cluster)+` AND ver > `+p.Uint(current), p)
	if err != nil {
		return 0, fmt.Errorf("carry history into the current state: %w", err)
	}
	return history, nil
}

// loadKnown reads what the database holds of a cluster's live objects.
func (s *Server) loadKnown(ctx context.Context, cluster string) (knownSet, error) {
	p := &clickhouse.Params{}
	rows, err := s.db.Query(ctx, `SELECT api_group, resource, namespace, name, uid, resource_version, api_version, digest, derived, ver, changed_at, changed_by, changed_paths
		FROM `+s.db.Table("resources")+` FINAL WHERE cluster = `+p.String(cluster)+` AND deleted = 0`, p)
	if err != nil {
		return nil, fmt.Errorf("read known objects: %w", err)
	}
	defer rows.Close()
	known := knownSet{}
	for rows.Next() {
		var gr kube.GroupResource
		var at name
		o := &object{}
		var apiVersion string
		if err := rows.Scan(&gr.Group, &gr.Resource, &at.namespace, &at.name, &o.uid, &o.resourceVersion, &apiVersion, &o.digest, &o.derived, &o.ver,
			&o.changedAt, &o.changedBy, &o.changedPaths); err != nil {
			return nil, fmt.Errorf("read known objects: %w", err)
		}
		o.apiVersion = unique.Make(apiVersion)
		known.put(gr, at, o)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read known objects: %w", err)
	}
	return known, nil
}

// objectsAtOnce bounds one read of previous objects: the list of names travels in a URL of at most 1 MiB, and a
// name may be 253 bytes long.
const objectsAtOnce = 500

// held is an object and the version of it that the database holds.
type held struct {
	name
	ver uint64
}

// readObjects reads the JSON of versions of objects of one kind from the database.
func (s *Server) readObjects(ctx context.Context, cluster string, gr kube.GroupResource, at []held) (map[name]string, error) {
	out := make(map[name]string, len(at))
	for part := range slices.Chunk(at, objectsAtOnce) {
		namespaces, names, vers := make([]string, len(part)), make([]string, len(part)), make([]uint64, len(part))
		for i, h := range part {
			namespaces[i], names[i], vers[i] = h.namespace, h.name.name, h.ver
		}
		p := &clickhouse.Params{}
		rows, err := s.db.Query(ctx, `SELECT namespace, name, object FROM `+s.db.Table("resource_history")+`
			WHERE api_group = `+p.String(gr.Group)+` AND resource = `+p.String(gr.Resource)+` AND cluster = `+p.String(cluster)+`
			AND (namespace, name, ver) IN (SELECT t.1, t.2, t.3 FROM (SELECT arrayJoin(arrayZip(`+p.Strings(namespaces)+`, `+p.Strings(names)+`, `+p.Uints(vers)+`)) AS t))`, p)
		if err != nil {
			return nil, fmt.Errorf("read previous %s: %w", gr, err)
		}
		err = func() error {
			defer rows.Close()
			for rows.Next() {
				var n name
				var text string
				if err := rows.Scan(&n.namespace, &n.name, &text); err != nil {
					return err
				}
				out[n] = text
			}
			return rows.Err()
		}()
		if err != nil {
			return nil, fmt.Errorf("read previous %s: %w", gr, err)
		}
	}
	return out, nil
}
