package search

import (
	"context"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/clusters"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// Clusters answers the members that have an object that matches, or all of them for an empty query, with what is
// stored of each.
func (s *Service) Clusters(ctx context.Context, scope access.Scope, query string) ([]*records.Cluster, error) {
	defer s.metrics.observe("clusters")()
	a, err := s.ask(ctx, scope, query, ql.Resources, time.Time{})
	if err != nil {
		return nil, err
	}
	f := a.f
	list := []*records.Cluster{}
	found := map[string]*records.Cluster{}
	wanted := func(clusters.Entry) bool { return true }
	if a.q.Root() != nil {
		if wanted, err = a.clusters(ctx); err != nil {
			return nil, err
		}
	}
	for _, e := range f.entries {
		if !wanted(e) {
			continue
		}
		c := &records.Cluster{Name: e.Name, UID: e.UID, Mode: e.Mode, State: e.State, Reason: e.Reason, AsOf: e.AsOf, KubernetesVersion: e.KubernetesVersion,
			Labels: e.Labels, AddedAt: e.AddedAt, Protection: e.Protection.String(), Resources: []records.ResourceState{}}
		list = append(list, c)
		if e.UID != "" {
			found[e.UID] = c
		}
	}
	return list, s.clusterCounts(ctx, f, found)
}

// clusters is the members that a query is about: those it names when it only names, those with a matching object
// otherwise, and those whose name the words are part of.
func (a *question) clusters(ctx context.Context) (func(clusters.Entry) bool, error) {
	with := map[string]bool{}
	if !a.f.empty() {
		p := new(clickhouse.Params)
		matching, err := a.matching(p, a.q)
		if err != nil {
			return nil, err
		}
		err = a.s.read(ctx, `SELECT DISTINCT cluster FROM `+matching, p, func(rows driver.Rows) error {
			var uid string
			err := rows.Scan(&uid)
			with[uid] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	text := strings.ToLower(strings.TrimSpace(a.text))
	named := a.named(ctx)
	_, onlyNames := a.q.Root().(*ql.Filter)
	return func(e clusters.Entry) bool {
		// A member without objects yet is found by its name too.
		return with[e.UID] || strings.Contains(strings.ToLower(e.Name), text) || (named != nil && onlyNames && named(e.Name))
	}, nil
}

// clusterCounts fills in what the tables know of each member.
func (s *Service) clusterCounts(ctx context.Context, f *fleet, found map[string]*records.Cluster) error {
	if f.empty() {
		return nil
	}
	p := new(clickhouse.Params)
	err := s.read(ctx, `SELECT cluster, count(), countIf(resource = 'nodes' AND api_group = ''), countIf(resource = 'pods' AND api_group = ''), countIf(resource = 'namespaces' AND api_group = '')
		FROM `+s.db.Table("resources")+` FINAL WHERE deleted = 0 AND `+f.bounds(p)+` GROUP BY cluster`, p,
		func(rows driver.Rows) error {
			var uid string
			var objects, nodes, pods, namespaces uint64
			if err := rows.Scan(&uid, &objects, &nodes, &pods, &namespaces); err != nil {
				return err
			}
			if c := found[uid]; c != nil {
				c.Objects, c.Nodes, c.Pods, c.Namespaces = int(objects), int(nodes), int(pods), int(namespaces)
			}
			return nil
		})
	if err != nil {
		return err
	}
	states, err := s.readStates(ctx, f)
	for _, st := range states {
		if c := found[st.cluster]; c != nil {
			c.Resources = append(c.Resources, st.ResourceState)
		}
	}
	return err
}

// clusterState is one member's state of one kind.
type clusterState struct {
	cluster string
	records.ResourceState
}

func (s *Service) readStates(ctx context.Context, f *fleet) ([]clusterState, error) {
	if f.empty() {
		return nil, nil
	}
	var states []clusterState
	p := new(clickhouse.Params)
	err := s.read(ctx, `SELECT cluster, api_group, resource, api_version, kind, namespaced, short_names, state, reason, objects
		FROM `+s.db.Table("resource_states")+` FINAL WHERE `+f.bounds(p)+` ORDER BY cluster, api_group, resource`, p,
		func(rows driver.Rows) error {
			var st clusterState
			var namespaced uint8
			var objects uint64
			if err := rows.Scan(&st.cluster, &st.Group, &st.Resource, &st.Version, &st.Kind, &namespaced, &st.ShortNames, &st.State, &st.Reason, &objects); err != nil {
				return err
			}
			st.Namespaced, st.Objects = namespaced != 0, int(objects)
			states = append(states, st)
			return nil
		})
	return states, err
}

// mergeKinds is the kinds of all members: one entry a group and resource.
func mergeKinds(states []clusterState) []records.Kind {
	at := map[kube.GroupResource]int{}
	merged := []records.Kind{}
	for _, st := range states {
		if st.State == "gone" {
			continue
		}
		i, ok := at[st.GroupResource]
		if !ok {
			i = len(merged)
			at[st.GroupResource] = i
			merged = append(merged, records.Kind{GroupResource: st.GroupResource, Version: st.Version, Kind: st.Kind, Namespaced: st.Namespaced, ShortNames: st.ShortNames})
		}
		merged[i].Clusters++
	}
	return merged
}
