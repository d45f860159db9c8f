package search

import (
	"context"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// Events answers the newest revision of each event that was last seen from from until before to and matches the
// query: its own fields and words, or those of the object it is about, also when that is gone. A zero to is the moment
// of the first page.
func (s *Service) Events(ctx context.Context, scope access.Scope, query string, from, to time.Time, first int, after string) (*records.Page[*records.Event], error) {
	defer s.metrics.observe("events")()
	first, err := pageSize(first)
	if err != nil {
		return nil, err
	}
	c, err := parseCursor(after)
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, scope, query, ql.Events, c.now())
	if err != nil {
		return nil, err
	}
	p := new(clickhouse.Params)
	o := order{{sql: "toUnixTimestamp64Milli(last_at)", desc: true}, {sql: a.f.clusterName(p), text: true}, {sql: "uid", text: true}}
	list := listID("events", a.q.Canonical(), from.UTC().String(), to.UTC().String())
	if to.IsZero() {
		to = a.now
	}
	if err := c.of(list, len(o)); err != nil {
		return nil, err
	}
	page := &records.Page[*records.Event]{Items: []*records.Event{}, Total: -1, Coverage: a.coverage(ctx)}
	if a.f.empty() {
		page.Total = 0
		return page, nil
	}
	where, err := a.condition(p, a.q)
	if err != nil {
		return nil, err
	}
	where += ` AND ` + a.f.bounds(p)
	behind, err := o.after(p, c)
	if err != nil {
		return nil, err
	}
	// The newest revision within the range is chosen first and judged then: an older one must not stand in for it.
	newest := `(SELECT * FROM ` + s.db.Table("events") + ` WHERE ` + a.f.bounds(p) + ` AND last_at >= ` + p.Time(from) + ` AND last_at < ` + p.Time(to) + ` ORDER BY ver DESC LIMIT 1 BY cluster, uid)`
	var last []string
	var regarding []identity
	err = s.read(ctx, `SELECT cluster, uid, namespace, type, reason, message, source, count, first_at, last_at, regarding_kind, regarding_name, regarding_uid, `+o.remember()+` FROM `+newest+
		` WHERE `+where+` AND `+behind+` ORDER BY `+o.by()+` LIMIT `+strconv.Itoa(first+1), p,
		func(rows driver.Rows) error {
			e := &records.Event{}
			var cluster, uid string
			var values []string
			if err := rows.Scan(&cluster, &e.UID, &e.Namespace, &e.Type, &e.Reason, &e.Message, &e.Source, &e.Count, &e.FirstAt, &e.LastAt, &e.RegardingKind, &e.RegardingName, &uid, &values); err != nil {
				return err
			}
			if len(page.Items) == first {
				page.More = true
				return nil
			}
			e.Cluster = a.f.byUID[cluster]
			page.Items, last, regarding = append(page.Items, e), values, append(regarding, identity{cluster, uid})
			return nil
		})
	if err != nil || len(page.Items) == 0 {
		return page, err
	}
	page.Cursor = cursor{List: list, Values: last, Now: a.now.UnixMilli()}.String()
	refs, err := s.refsOf(ctx, a.f, regarding)
	for i, e := range page.Items {
		if ref, ok := refs[regarding[i]]; ok {
			e.Regarding = &ref
		} else if e.RegardingKind == "Node" {
			// Kubelets put the node's name where its UID belongs.
			if ref, ok := refs[identity{regarding[i].cluster, "Node/" + e.RegardingName}]; ok {
				e.Regarding = &ref
			}
		}
	}
	return page, err
}

// refsOf names objects by identity, tombstones too. Nodes are also there as "Node/" and their name.
func (s *Service) refsOf(ctx context.Context, f *fleet, ids []identity) (map[identity]kube.Ref, error) {
	refs := map[identity]kube.Ref{}
	var uids []string
	for _, id := range ids {
		if id.uid != "" {
			uids = append(uids, id.uid)
		}
	}
	if len(uids) == 0 {
		return refs, nil
	}
	p := new(clickhouse.Params)
	in := p.Strings(uids)
	err := s.read(ctx, `SELECT `+keyColumns+`, uid FROM `+s.db.Table("resources")+` FINAL WHERE `+f.bounds(p)+` AND (uid IN `+in+` OR (api_group = '' AND resource = 'nodes' AND name IN `+in+`))`, p,
		func(rows driver.Rows) error {
			var k key
			var uid string
			if err := rows.Scan(append(k.dest(), &uid)...); err != nil {
				return err
			}
			refs[identity{k.cluster, uid}] = f.ref(k)
			if k.group == "" && k.resource == "nodes" {
				refs[identity{k.cluster, "Node/" + k.name}] = f.ref(k)
			}
			return nil
		})
	return refs, err
}
