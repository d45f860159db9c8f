package search

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

// Object is nil, nil when there is no such object, when it is deleted, and when scope does not reach it.
func (s *Service) Object(ctx context.Context, scope access.Scope, ref kube.Ref, at time.Time) (*records.Object, error) {
	defer s.metrics.observe("object")()
	f := s.fleet(scope)
	k, ok := f.key(s.resolve(ctx, ref))
	switch {
	case !ok:
		return nil, nil
	case ref.GroupResource == eventKind && at.IsZero():
		return s.event(ctx, f, k)
	}
	if at.IsZero() {
		if found, ok, err := s.standing(ctx, f, []key{k}); ok || err != nil {
			if len(found) == 0 || err != nil {
				return nil, err
			}
			return found[0], nil
		}
	}
	p := new(clickhouse.Params)
	// History always has the current version, and is written first.
	where := keyIs(p, k) + ` AND ` + f.bounds(p)
	if !at.IsZero() {
		where += ` AND observed_at <= ` + p.Time(at)
	}
	var found *records.Object
	err := s.read(ctx, `SELECT `+statesOf(true)+` FROM `+s.db.Table("resource_history")+` WHERE `+where+` ORDER BY ver DESC LIMIT 1`, p,
		scanRows(f, true, func(o *records.Object) { found = o }))
	if err != nil || found == nil || !found.DeletedAt.IsZero() {
		return nil, err
	}
	return found, nil
}

// Objects loads many living objects with their JSON, in no particular order.
func (s *Service) Objects(ctx context.Context, scope access.Scope, refs []kube.Ref) ([]*records.Object, error) {
	defer s.metrics.observe("objects")()
	f := s.fleet(scope)
	var keys []key
	for _, r := range refs {
		if k, ok := f.key(s.resolve(ctx, r)); ok {
			keys = append(keys, k)
		}
	}
	return s.load(ctx, f, keys, true, false)
}

// standing reads objects with their JSON, by the versions that columns say are current. ok is false when columns
// cannot say.
func (s *Service) standing(ctx context.Context, f *fleet, keys []key) (found []*records.Object, ok bool, err error) {
	t := s.table.Load()
	if t == nil || !s.feed.caughtUp(ctx, presentWait) {
		return nil, false, nil
	}
	var standing []key
	var vers []uint64
	err = t.Read(func(v *columns.View) error {
		for _, k := range keys {
			if row, ok := v.Row(columns.Key{Cluster: k.cluster, Group: k.group, Resource: k.resource, Namespace: k.namespace, Name: k.name}); ok {
				_, ver := v.Version(row)
				standing, vers = append(standing, k), append(vers, ver)
			}
		}
		return nil
	})
	if err != nil || len(standing) == 0 {
		return nil, true, err
	}
	found, err = s.versions(ctx, f, standing, vers, true)
	return found, true, err
}

// load reads the current rows of keys. Tombstones are left out unless deleted.
func (s *Service) load(ctx context.Context, f *fleet, keys []key, withJSON, deleted bool) ([]*records.Object, error) {
	if withJSON && !deleted {
		if found, ok, err := s.standing(ctx, f, keys); ok || err != nil {
			return found, err
		}
	}
	var found []*records.Object
	for len(keys) > 0 {
		part := keys[:min(len(keys), loadAtOnce)]
		keys = keys[len(part):]
		p := new(clickhouse.Params)
		err := s.read(ctx, `SELECT `+rowColumns+` FROM `+s.db.Table("resources")+` FINAL WHERE `+keySet(p, part)+` AND `+f.bounds(p), p,
			scanRows(f, false, func(o *records.Object) {
				if deleted || o.DeletedAt.IsZero() {
					found = append(found, o)
				}
			}))
		if err != nil {
			return nil, err
		}
	}
	if withJSON {
		return s.withJSON(ctx, f, found)
	}
	return found, nil
}

// withJSON is the same versions of objects with their JSON.
func (s *Service) withJSON(ctx context.Context, f *fleet, objects []*records.Object) ([]*records.Object, error) {
	keys, vers := make([]key, len(objects)), make([]uint64, len(objects))
	for i, o := range objects {
		keys[i], vers[i] = keyOf(o), o.Ver
	}
	return s.versions(ctx, f, keys, vers, true)
}

// Owners answers the nearest owner that is known, per object.
func (s *Service) Owners(ctx context.Context, scope access.Scope, objects []*records.Object) (map[kube.Ref]*records.Object, error) {
	defer s.metrics.observe("owners")()
	owners := map[kube.Ref]*records.Object{}
	f := s.fleet(scope)
	var uids []string
	seen := map[string]bool{}
	for _, o := range objects {
		for _, uid := range o.OwnerUIDs {
			if !seen[uid] {
				seen[uid] = true
				uids = append(uids, uid)
			}
		}
	}
	known, err := s.byUID(ctx, f, uids)
	if err != nil {
		return nil, err
	}
	for _, o := range objects {
		for _, uid := range o.OwnerUIDs { // the controller comes first
			if owner := known[identity{o.ClusterUID, uid}]; owner != nil {
				owners[o.Ref] = owner
				break
			}
		}
	}
	return owners, nil
}

// identity is an object's UID within its cluster.
type identity struct{ cluster, uid string }

// byUID reads living objects.
func (s *Service) byUID(ctx context.Context, f *fleet, uids []string) (map[identity]*records.Object, error) {
	found := map[identity]*records.Object{}
	if len(uids) == 0 || f.empty() {
		return found, nil
	}
	owners, ok, err := s.picked(ctx, f, func(v *columns.View) columns.Set { return v.UIDs(v.Living(), uids) })
	for _, o := range owners {
		found[identity{o.ClusterUID, o.UID}] = o
	}
	if ok || err != nil {
		return found, err
	}
	p := new(clickhouse.Params)
	err = s.read(ctx, `SELECT `+rowColumns+` FROM `+s.db.Table("resources")+` FINAL WHERE uid IN `+p.Strings(uids)+` AND deleted = 0 AND `+f.bounds(p), p,
		scanRows(f, false, func(o *records.Object) { found[identity{o.ClusterUID, o.UID}] = o }))
	return found, err
}

// picked reads the objects of a set of rows, in the order of the tables. ok is false when columns cannot say.
func (s *Service) picked(ctx context.Context, f *fleet, find func(*columns.View) columns.Set) (found []*records.Object, ok bool, err error) {
	t := s.table.Load()
	if t == nil || !s.feed.caughtUp(ctx, presentWait) {
		return nil, false, nil
	}
	var keys []key
	var vers []uint64
	err = t.Read(func(v *columns.View) error {
		set := find(v)
		rows, err := v.Top(set, v.ByKey(), nil, set.Count())
		for _, row := range rows {
			if k, ver := v.Version(row); f.byUID[k.Cluster] != "" {
				keys, vers = append(keys, key{k.Cluster, k.Group, k.Resource, k.Namespace, k.Name}), append(vers, ver)
			}
		}
		return err
	})
	if err != nil || len(keys) == 0 {
		return nil, true, err
	}
	found, err = s.versions(ctx, f, keys, vers, true)
	return found, true, err
}

// Autoscalers answers the HPA that owns the replicas of each workload.
func (s *Service) Autoscalers(ctx context.Context, scope access.Scope, objects []*records.Object) (map[kube.Ref]*records.Object, error) {
	defer s.metrics.observe("autoscalers")()
	found := map[kube.Ref]*records.Object{}
	f := s.fleet(scope)
	if f.empty() || len(objects) == 0 {
		return found, nil
	}
	type target struct{ cluster, namespace, kind, name string }
	asked := map[target][]kube.Ref{}
	namespaces, clusters := map[string]bool{}, map[string]bool{}
	for _, o := range objects {
		t := target{o.ClusterUID, o.Ref.Namespace, o.Kind, o.Ref.Name}
		asked[t] = append(asked[t], o.Ref)
		namespaces[o.Ref.Namespace], clusters[o.ClusterUID] = true, true
	}
	told := func(o *records.Object) {
		var hpa struct {
			Spec struct {
				ScaleTargetRef struct{ Kind, Name string }
			}
		}
		if json.Unmarshal(o.JSON, &hpa) != nil {
			return // The member serves an HPA we cannot read: it can own nothing that we know of.
		}
		for _, ref := range asked[target{o.ClusterUID, o.Ref.Namespace, hpa.Spec.ScaleTargetRef.Kind, hpa.Spec.ScaleTargetRef.Name}] {
			found[ref] = o
		}
	}
	scalers, ok, err := s.picked(ctx, f, func(v *columns.View) columns.Set {
		set := v.Kinds(v.Living(), func(gr kube.GroupResource) bool { return gr == autoscalers })
		set, _ = v.Text(set, "cluster", func(uid string) bool { return clusters[uid] })
		set, _ = v.Text(set, "namespace", func(s string) bool { return namespaces[s] })
		return set
	})
	for _, o := range scalers {
		told(o)
	}
	if ok || err != nil {
		return found, err
	}
	p := new(clickhouse.Params)
	narrow := `api_group = 'autoscaling' AND resource = 'horizontalpodautoscalers' AND deleted = 0 AND namespace IN ` + p.Strings(slices.Collect(maps.Keys(namespaces))) + ` AND ` + f.bounds(p)
	err = s.read(ctx, `SELECT `+rowColumns+`, object FROM `+s.whole(narrow)+` ORDER BY `+keyColumns, p, scanRows(f, true, told))
	return found, err
}

var autoscalers = kube.GroupResource{Group: "autoscaling", Resource: "horizontalpodautoscalers"}
