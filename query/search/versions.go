package search

import (
	"context"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/columns"
)

const (
	// loadAtOnce keeps the parameters of one SQL text below 200 KB.
	loadAtOnce = 1000
	// loadsAtOnce is how many SQL texts one answer runs side by side.
	loadsAtOnce = 2
)

// versions reads exactly these versions, in the order asked: what is remembered, what columns know and only lacks its
// JSON, and the rest from history. A page of objects is what matched, even when newer versions arrive in between.
func (s *Service) versions(ctx context.Context, f *fleet, keys []key, vers []uint64, withJSON bool) ([]*records.Object, error) {
	objects := make([]*records.Object, len(keys))
	var unknown []int
	for i, k := range keys {
		if objects[i] = s.objects.get(f, k, vers[i], withJSON); objects[i] == nil {
			unknown = append(unknown, i)
		}
	}
	if len(unknown) == 0 {
		return objects, nil
	}
	wanting, rest := unknown[:0:0], unknown
	if withJSON {
		wanting, rest = s.standingRows(f, keys, vers, unknown, objects)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(loadsAtOnce)
	for part := range slices.Chunk(rest, loadAtOnce) {
		g.Go(func() error { return s.readWhole(ctx, f, keys, vers, part, withJSON, objects) })
	}
	for part := range slices.Chunk(wanting, loadAtOnce) {
		g.Go(func() error { return s.readTexts(ctx, f, keys, vers, part, objects) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for _, i := range unknown {
		if o := objects[i]; o != nil {
			s.objects.put(o, withJSON)
		}
	}
	return slices.DeleteFunc(objects, func(o *records.Object) bool { return o == nil }), nil
}

// standingRows fills in objects that columns have in the wanted version; only their annotations and JSON are wanting.
func (s *Service) standingRows(f *fleet, keys []key, vers []uint64, which []int, objects []*records.Object) (wanting, rest []int) {
	t := s.table.Load()
	if t == nil {
		return nil, which
	}
	_ = t.Read(func(v *columns.View) error {
		for _, i := range which {
			k := keys[i]
			row, ok := v.Row(columns.Key{Cluster: k.cluster, Group: k.group, Resource: k.resource, Namespace: k.namespace, Name: k.name})
			if ok {
				_, ver := v.Version(row)
				ok = ver == vers[i]
			}
			if !ok {
				rest = append(rest, i)
				continue
			}
			objects[i] = v.Object(row)
			objects[i].Ref.Cluster = f.byUID[k.cluster]
			wanting = append(wanting, i)
		}
		return nil
	})
	return wanting, rest
}

// readWhole reads whole rows.
func (s *Service) readWhole(ctx context.Context, f *fleet, keys []key, vers []uint64, which []int, withJSON bool, objects []*records.Object) error {
	p := new(clickhouse.Params)
	where, place := exactly(p, keys, vers, which)
	return s.read(ctx, `SELECT `+statesOf(withJSON)+` FROM `+s.db.Table("resource_history")+` WHERE `+where+` AND `+f.bounds(p), p,
		scanRows(f, withJSON, func(o *records.Object) {
			if i, ok := place[version{keyOf(o), o.Ver}]; ok {
				objects[i] = o
			}
		}))
}

// readTexts reads annotations and JSON of objects that are there otherwise. One whose row is not found is none.
func (s *Service) readTexts(ctx context.Context, f *fleet, keys []key, vers []uint64, which []int, objects []*records.Object) error {
	p := new(clickhouse.Params)
	where, place := exactly(p, keys, vers, which)
	err := s.read(ctx, `SELECT `+keyColumns+`, ver, annotations, object FROM `+s.db.Table("resource_history")+` WHERE `+where+` AND `+f.bounds(p), p,
		func(rows driver.Rows) error {
			var v version
			var annotations map[string]string
			var text []byte
			if err := rows.Scan(append(v.key.dest(), &v.ver, &annotations, &text)...); err != nil {
				return err
			}
			if i, ok := place[v]; ok {
				objects[i].Annotations, objects[i].JSON = annotations, text
			}
			return nil
		})
	for _, i := range which {
		if objects[i].JSON == nil {
			objects[i] = nil
		}
	}
	return err
}

// exactly is a condition that these versions satisfy, and hardly others, and where each stands. A set for each column
// is read sooner than a set of keys.
func exactly(p *clickhouse.Params, keys []key, vers []uint64, which []int) (where string, place map[version]int) {
	place = make(map[version]int, len(which))
	for _, i := range which {
		place[version{keys[i], vers[i]}] = i
	}
	if len(which) == 1 {
		return keyIs(p, keys[which[0]]) + ` AND ver = ` + p.Uint(vers[which[0]]), place
	}
	for n, column := range []string{`api_group`, `resource`, `cluster`, `namespace`, `name`} {
		seen, values := map[string]bool{}, []string{}
		for _, i := range which {
			k := keys[i]
			if s := [...]string{k.group, k.resource, k.cluster, k.namespace, k.name}[n]; !seen[s] {
				seen[s] = true
				values = append(values, s)
			}
		}
		where += column + ` IN ` + p.Strings(values) + ` AND `
	}
	wanted := make([]uint64, len(which))
	for n, i := range which {
		wanted[n] = vers[i]
	}
	return where + `ver IN ` + p.Uints(wanted), place
}

func keyOf(o *records.Object) key {
	return key{cluster: o.ClusterUID, group: o.Ref.Group, resource: o.Ref.Resource, namespace: o.Ref.Namespace, name: o.Ref.Name}
}
