package search

import (
	"context"
	"slices"
	"sync"
	"unsafe"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/internal/texts"
	"github.com/foretop/foretop/query/columns"
)

const (
	// loadAtOnce keeps the parameters of one SQL text below 200 KB.
	loadAtOnce = 1000
	// loadsAtOnce is how many SQL texts, or parts of textsAtOnce texts, one answer reads side by side.
	loadsAtOnce = 2
	textsAtOnce = 125
)

// versions reads exactly these versions, in the order asked: what columns know, with JSON out of texts, and the rest
// from history. A page of objects is what matched, even when newer versions arrive in between.
func (s *Service) versions(ctx context.Context, f *fleet, keys []key, vers []uint64, withJSON bool) ([]*records.Object, error) {
	objects := make([]*records.Object, len(keys))
	var rest []int
	if withJSON {
		rest = s.standingRows(f, keys, vers, objects)
	} else {
		for i := range keys {
			rest = append(rest, i)
		}
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(loadsAtOnce)
	for part := range slices.Chunk(rest, loadAtOnce) {
		g.Go(func() error { return s.readWhole(gctx, f, keys, vers, part, withJSON, objects) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	if withJSON {
		return s.complete(ctx, f, objects)
	}
	return slices.DeleteFunc(objects, func(o *records.Object) bool { return o == nil }), nil
}

// standingRows fills in objects that columns have in the wanted version; only their annotations and JSON are wanting.
func (s *Service) standingRows(f *fleet, keys []key, vers []uint64, objects []*records.Object) (rest []int) {
	t := s.table.Load()
	if t == nil {
		for i := range keys {
			rest = append(rest, i)
		}
		return rest
	}
	_ = t.Read(func(v *columns.View) error {
		for i, k := range keys {
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
		}
		return nil
	})
	return rest
}

// complete gives objects of columns their annotations and JSON. Those of which no text is found are left out, as are
// nil ones and those of clusters that are out of sight.
func (s *Service) complete(ctx context.Context, f *fleet, objects []*records.Object) ([]*records.Object, error) {
	for i, o := range objects {
		if o != nil && f.byUID[o.ClusterUID] == "" {
			objects[i] = nil
		}
	}
	var g errgroup.Group
	g.SetLimit(loadsAtOnce)
	for part := range slices.Chunk(s.fromTexts(objects), loadAtOnce) {
		g.Go(func() error { return s.readJSON(ctx, f, objects, part) })
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(objects, func(o *records.Object) bool { return o == nil || o.JSON == nil }), nil
}

// fromTexts completes what texts have of objects that have no JSON, and answers which they lack.
func (s *Service) fromTexts(objects []*records.Object) (missing []int) {
	var wanting []int
	for i, o := range objects {
		if o != nil && o.JSON == nil {
			wanting = append(wanting, i)
		}
	}
	if len(wanting) <= textsAtOnce {
		return s.readTexts(objects, wanting)
	}
	var mu sync.Mutex
	var g errgroup.Group
	g.SetLimit(loadsAtOnce)
	for part := range slices.Chunk(wanting, textsAtOnce) {
		g.Go(func() error {
			lacking := s.readTexts(objects, part)
			mu.Lock()
			defer mu.Unlock()
			missing = append(missing, lacking...)
			return nil
		})
	}
	_ = g.Wait() // none fails
	return missing
}

// textsRoom is for the texts of some objects: one piece of memory costs less than one each.
const textsRoom = 128 << 10

// readTexts is fromTexts of some.
func (s *Service) readTexts(objects []*records.Object, which []int) (missing []int) {
	var room []byte
	for _, i := range which {
		if len(which) > 1 && cap(room)-len(room) < textsRoom/8 {
			room = make([]byte, 0, textsRoom)
		}
		o := objects[i]
		text, ok := s.texts.Get(room[len(room):], textKey(o), o.Ver)
		if !ok || !setJSON(o, text[:len(text):len(text)]) {
			missing = append(missing, i)
			continue
		}
		if len(text) <= cap(room)-len(room) {
			room = room[:len(room)+len(text)]
		}
	}
	return missing
}

// setJSON gives an object its JSON and annotations, unless it is another version's: control state and database that were
// restored together give numbers again.
func setJSON(o *records.Object, text []byte) bool {
	annotations, resourceVersion, err := kube.AnnotationsOf(unsafe.String(unsafe.SliceData(text), len(text))) // nobody changes it
	if err != nil || resourceVersion != o.ResourceVersion {
		return false
	}
	o.JSON, o.Annotations = text, annotations
	return true
}

func textKey(o *records.Object) texts.Key {
	return texts.Key{Cluster: o.ClusterUID, Group: o.Ref.Group, Resource: o.Ref.Resource, Namespace: o.Ref.Namespace, Name: o.Ref.Name}
}

// keepText has the JSON of an object's current version among the texts.
func (s *Service) keepText(o *records.Object) {
	s.texts.Put(textKey(o), o.Ver, unsafe.String(unsafe.SliceData(o.JSON), len(o.JSON)))
}

// readWhole reads whole rows.
func (s *Service) readWhole(ctx context.Context, f *fleet, keys []key, vers []uint64, which []int, withJSON bool, objects []*records.Object) error {
	p := new(clickhouse.Params)
	where, place := exactly(p, keys, vers, which)
	return s.read(ctx, `SELECT `+statesOf(withJSON)+` FROM `+s.db.Table("resource_history")+` WHERE `+where+` AND `+f.bounds(p), p,
		scanRows(f, withJSON, func(o *records.Object) {
			if i, ok := place[keyVersion{keyOf(o), o.Ver}]; ok {
				objects[i] = o
			}
		}))
}

// readJSON reads annotations and JSON of objects that texts lack from history, which they have from then on.
func (s *Service) readJSON(ctx context.Context, f *fleet, objects []*records.Object, which []int) error {
	keys, vers := make([]key, len(objects)), make([]uint64, len(objects))
	for _, i := range which {
		keys[i], vers[i] = keyOf(objects[i]), objects[i].Ver
	}
	p := new(clickhouse.Params)
	where, place := exactly(p, keys, vers, which)
	return s.read(ctx, `SELECT `+keyColumns+`, ver, annotations, object FROM `+s.db.Table("resource_history")+` WHERE `+where+` AND `+f.bounds(p), p,
		func(rows driver.Rows) error {
			var v keyVersion
			var annotations map[string]string
			var text []byte
			if err := rows.Scan(append(v.key.dest(), &v.ver, &annotations, &text)...); err != nil {
				return err
			}
			if i, ok := place[v]; ok {
				objects[i].Annotations, objects[i].JSON = annotations, text
				s.keepText(objects[i])
			}
			return nil
		})
}

// exactly is a condition that these versions satisfy, and hardly others, and where each stands. A set for each column
// is read sooner than a set of keys.
func exactly(p *clickhouse.Params, keys []key, vers []uint64, which []int) (where string, place map[keyVersion]int) {
	place = make(map[keyVersion]int, len(which))
	for _, i := range which {
		place[keyVersion{keys[i], vers[i]}] = i
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
