package search

import (
	"context"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
)

// EventsAbout are the events that members have about objects now, by name, with their JSON.
func (s *Service) EventsAbout(ctx context.Context, scope access.Scope, objects []*records.Object) (map[kube.Ref][]*records.Object, error) {
	defer s.metrics.observe("events_about")()
	f := s.fleet(scope)
	about := map[identity][]kube.Ref{}
	var uids []string
	note := func(o *records.Object, uid string) {
		if uid != "" {
			id := identity{o.ClusterUID, uid}
			about[id], uids = append(about[id], o.Ref), append(uids, uid)
		}
	}
	for _, o := range objects {
		if note(o, o.UID); o.Kind == "Node" && o.Group == "" {
			note(o, o.Ref.Name) // kubelets put the node's name where its UID belongs
		}
	}
	found := map[kube.Ref][]*records.Object{}
	if len(uids) == 0 || f.empty() {
		return found, nil
	}
	p := new(clickhouse.Params)
	var at []eventAt
	regarding := map[eventAt]identity{}
	err := s.read(ctx, `SELECT cluster, namespace, revision, regarding_uid FROM `+s.db.Table("current_events")+` FINAL WHERE `+f.bounds(p)+` AND state = 'here' AND regarding_uid IN `+p.Strings(uids), p,
		func(rows driver.Rows) error {
			var e eventAt
			var uid string
			err := rows.Scan(&e.cluster, &e.namespace, &e.ver, &uid)
			at, regarding[e] = append(at, e), identity{e.cluster, uid}
			return err
		})
	if err != nil {
		return nil, err
	}
	for part := range slices.Chunk(at, eventsAtOnce) {
		events, err := s.revisions(ctx, f, part)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			for _, ref := range about[regarding[eventAt{e.ClusterUID, e.Namespace, e.Ver}]] {
				found[ref] = append(found[ref], e)
			}
		}
	}
	for _, events := range found {
		slices.SortFunc(events, func(a, b *records.Object) int { return strings.Compare(a.Name, b.Name) })
	}
	return found, nil
}
