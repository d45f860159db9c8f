package search

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/clickhouse"
	"github.com/foretop/foretop/internal/kube"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/ql"
)

// keyVersion is one version of one object.
type keyVersion struct {
	key
	ver uint64
}

// History answers every observed version of one object, newest first, also of an object that is gone.
func (s *Service) History(ctx context.Context, scope access.Scope, ref kube.Ref, first int, after string) (*records.Page[*records.Version], error) {
	defer s.metrics.observe("history")()
	first, err := pageSize(first)
	if err != nil {
		return nil, err
	}
	ref = s.resolve(ctx, ref)
	c, err := parseCursor(after)
	if err != nil {
		return nil, err
	}
	list := listID("history", ref.String())
	if err := c.of(list, 1); err != nil {
		return nil, err
	}
	f := s.fleet(scope)
	page := &records.Page[*records.Version]{Items: []*records.Version{}, Coverage: f.coverage(func(name string) bool { return name == ref.Cluster })}
	k, ok := f.key(ref)
	if !ok {
		return page, nil
	}
	p := new(clickhouse.Params)
	of := ` FROM ` + s.db.Table("resource_history") + ` WHERE ` + keySet(p, []key{k}) + ` AND ` + f.bounds(p)
	older := ""
	if c != nil {
		ver, err := strconv.ParseUint(c.Values[0], 10, 64)
		if err != nil {
			return nil, c.of("", 0)
		}
		older = ` AND ver < ` + p.Uint(ver)
	}
	var vers []keyVersion
	// The total counts all versions, whichever page this is.
	err = s.read(ctx, `SELECT ver, total FROM (SELECT DISTINCT ver`+of+older+` ORDER BY ver DESC LIMIT `+strconv.Itoa(first+1)+`) AS page CROSS JOIN (SELECT uniqExact(ver) AS total`+of+`) AS counted ORDER BY ver DESC`, p,
		func(rows driver.Rows) error {
			v := keyVersion{key: k}
			var total uint64
			err := rows.Scan(&v.ver, &total)
			page.Total = int(total)
			vers = append(vers, v)
			return err
		})
	if err != nil {
		return nil, err
	}
	if len(vers) > first {
		vers, page.More = vers[:first], true
	}
	if page.Items, err = s.readVersions(ctx, f, vers); err != nil {
		return nil, err
	}
	if n := len(vers); n > 0 {
		page.Cursor = cursor{List: list, Values: []string{strconv.FormatUint(vers[n-1].ver, 10)}}.String()
	}
	return page, nil
}

// Changes answers the versions that were observed from from until before to and match the query, newest first.
// A query that does not speak of meaningful: gets meaningful changes only. A zero to is the moment of the first page.
func (s *Service) Changes(ctx context.Context, scope access.Scope, query string, from, to time.Time, first int, after string) (*records.Page[*records.Version], error) {
	defer s.metrics.observe("changes")()
	first, err := pageSize(first)
	if err != nil {
		return nil, err
	}
	c, err := parseCursor(after)
	if err != nil {
		return nil, err
	}
	a, err := s.ask(ctx, scope, query, ql.Changes, c.now())
	if err != nil {
		return nil, err
	}
	p := new(clickhouse.Params)
	// The key too: the tombstones of one list share a version.
	o := append(order{{sql: "toUnixTimestamp64Milli(observed_at)", desc: true}, {sql: "toInt64(ver)", desc: true}}, keyOrder(a.f, p)...)
	list := listID("changes", a.q.Canonical(), from.UTC().String(), to.UTC().String())
	if to.IsZero() {
		to = a.now
	}
	if err := c.of(list, len(o)); err != nil {
		return nil, err
	}
	page := &records.Page[*records.Version]{Items: []*records.Version{}, Total: -1, Coverage: a.coverage(ctx)}
	if a.f.empty() {
		page.Total = 0
		return page, nil
	}
	where, err := a.condition(p, a.q)
	if err != nil {
		return nil, err
	}
	where += ` AND ` + a.f.bounds(p)
	where += ` AND observed_at >= ` + p.Time(from) + ` AND observed_at < ` + p.Time(to)
	if !mentions(a.q.Root(), "meaningful") {
		where += ` AND meaningful = 1`
	}
	behind, err := o.after(p, c)
	if err != nil {
		return nil, err
	}
	var vers []keyVersion
	var last []string
	err = s.read(ctx, `SELECT `+keyColumns+`, ver, `+o.remember()+` FROM `+s.db.Table("resource_history")+` WHERE `+where+` AND `+behind+
		` ORDER BY `+o.by()+` LIMIT 1 BY `+keyColumns+`, ver LIMIT `+strconv.Itoa(first+1), p,
		func(rows driver.Rows) error {
			var v keyVersion
			var values []string
			if err := rows.Scan(append(v.dest(), &v.ver, &values)...); err != nil {
				return err
			}
			if len(vers) == first {
				page.More = true
				return nil
			}
			vers, last = append(vers, v), values
			return nil
		})
	if err != nil || len(vers) == 0 {
		return page, err
	}
	page.Cursor = cursor{List: list, Values: last, Now: a.now.UnixMilli()}.String()
	page.Items, err = s.readVersions(ctx, a.f, vers)
	return page, err
}

// mentions reports whether any condition is on field.
func mentions(e ql.Expr, field string) bool {
	switch e := e.(type) {
	case ql.And:
		for _, m := range e {
			if mentions(m, field) {
				return true
			}
		}
	case ql.Or:
		for _, m := range e {
			if mentions(m, field) {
				return true
			}
		}
	case ql.Not:
		return mentions(e.X, field)
	case *ql.Filter:
		return e.Field == field
	}
	return false
}

const (
	// versionsAtOnce are read by one statement, each with the version before: they are in memory twice meanwhile.
	versionsAtOnce = 50
	// versionBytes of JSON are answered at most, as many as one request may have written out.
	versionBytes = 64 << 20
)

// readVersions reads versions whole, each with the JSON of the one before, in the order given.
func (s *Service) readVersions(ctx context.Context, f *fleet, wanted []keyVersion) ([]*records.Version, error) {
	versions, size := make([]*records.Version, 0, len(wanted)), 0
	for some := range slices.Chunk(wanted, versionsAtOnce) {
		read, err := s.readSomeVersions(ctx, f, some)
		if err != nil {
			return nil, err
		}
		for _, v := range read {
			size += len(v.JSON) + len(v.Previous)
		}
		if size > versionBytes {
			return nil, &access.Error{
				Code: "TOO_COMPLEX", Message: fmt.Sprintf("The first %d of %d versions hold more than %d MiB.", len(versions)+len(read), len(wanted), versionBytes>>20),
				Fix: "Ask for fewer at once.",
			}
		}
		versions = append(versions, read...)
	}
	return versions, nil
}

func (s *Service) readSomeVersions(ctx context.Context, f *fleet, wanted []keyVersion) ([]*records.Version, error) {
	found := make(map[keyVersion]*records.Version, len(wanted))
	before := map[keyVersion][]byte{}
	var previous []keyVersion
	keys, vers := split(wanted)
	p := new(clickhouse.Params)
	err := s.read(ctx, `SELECT `+rowColumns+`, toString(op), meaningful, previous_ver, object FROM `+s.db.Table("resource_history")+` WHERE `+keySet(p, keys)+` AND ver IN `+p.Uints(vers)+` AND `+f.bounds(p), p,
		func(rows driver.Rows) error {
			r, v := &row{}, &records.Version{}
			var meaningful uint8
			if err := rows.Scan(append(r.dest(), &v.Op, &meaningful, &v.PreviousVer, &r.object.JSON)...); err != nil {
				return err
			}
			v.Object, v.Meaningful = *r.record(f), meaningful != 0
			found[keyVersion{r.key, v.Ver}] = v
			return nil
		})
	if err != nil {
		return nil, err
	}
	for _, k := range wanted {
		if v := found[k]; v != nil && v.PreviousVer != 0 {
			previous = append(previous, keyVersion{k.key, v.PreviousVer})
		}
	}
	if len(previous) > 0 {
		keys, vers := split(previous)
		p := new(clickhouse.Params)
		err := s.read(ctx, `SELECT `+keyColumns+`, ver, object FROM `+s.db.Table("resource_history")+` WHERE `+keySet(p, keys)+` AND ver IN `+p.Uints(vers)+` AND `+f.bounds(p), p,
			func(rows driver.Rows) error {
				var k keyVersion
				var object []byte
				err := rows.Scan(append(k.dest(), &k.ver, &object)...)
				before[k] = object
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	versions := make([]*records.Version, 0, len(wanted))
	for _, k := range wanted {
		v := found[k]
		if v == nil {
			continue
		}
		if v.PreviousVer != 0 {
			v.Previous = before[keyVersion{k.key, v.PreviousVer}]
		}
		v.Sentence = sentence(v)
		versions = append(versions, v)
	}
	return versions, nil
}

func split(wanted []keyVersion) (keys []key, vers []uint64) {
	seen := map[key]bool{}
	for _, k := range wanted {
		if !seen[k.key] {
			seen[k.key] = true
			keys = append(keys, k.key)
		}
		vers = append(vers, k.ver)
	}
	return keys, vers
}

// sentence says what a version changed. A version that cannot be decoded has none: its JSON is still shown.
func sentence(v *records.Version) string {
	current, err := kube.Decode(v.JSON)
	if err != nil {
		return ""
	}
	switch v.Op {
	case "delete":
		return kube.Sentence(current, nil, nil)
	case "add": // as opposed to first seen in a list
		return "created"
	}
	var previous map[string]any
	if v.Previous != nil {
		if previous, err = kube.Decode(v.Previous); err != nil {
			return ""
		}
	}
	return kube.Sentence(previous, current, v.ChangedPaths)
}
