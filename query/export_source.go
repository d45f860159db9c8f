package query

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/foretop/foretop/internal/access"
	"github.com/foretop/foretop/internal/records"
	"github.com/foretop/foretop/query/graph"
	"github.com/foretop/foretop/query/ql"
)

// source is a list that is read page by page.
type source interface {
	read(ctx context.Context, first int, after string) (*exportPageOf, error)
}

// exportPageOf is one page: its rows as the columns have them, or whole objects.
type exportPageOf struct {
	columns  []string
	rows     [][]any
	objects  []object
	bytes    int // of the objects that were read for it
	more     bool
	cursor   string
	total    int // -1: not counted
	coverage records.Coverage
}

type object struct {
	cluster string
	json    []byte
}

func badExport(fix, format string, args ...any) error {
	return &access.Error{Code: "BAD_REQUEST", Message: fmt.Sprintf(format, args...), Fix: fix}
}

// readExport reads what is asked for out of the address.
func (s *Server) readExport(ctx context.Context, scope access.Scope, r *http.Request) (*exporting, error) {
	if s.deps.Reader == nil {
		return nil, &access.Error{Code: "UNAVAILABLE", Message: "This hub answers no searches."}
	}
	known := []string{"query", "format", "columns", "page", "from", "to"}
	values := r.URL.Query()
	for name := range values {
		if !slices.Contains(known, name) {
			return nil, badExport("There are "+strings.Join(known, ", ")+".", "An export takes no %q.", name)
		}
	}
	e := &exporting{page: values.Get("page"), size: exportPage}
	if e.page == "" {
		e.page = "resources"
	}
	format := values.Get("format")
	if format == "" {
		format = "csv"
	}
	if e.format = formatNamed(format); e.format == nil {
		return nil, badExport("Use csv, ndjson, json or yaml.", "There is no format %q.", format)
	}
	var names []string
	if text := values.Get("columns"); text != "" {
		for name := range strings.SplitSeq(text, ",") {
			names = append(names, strings.TrimSpace(name))
		}
	}
	if len(names) > exportColumns {
		return nil, badExport("", "There are %d columns; at most %d are written.", len(names), exportColumns)
	}
	query := values.Get("query")
	if e.page == "resources" {
		if values.Has("from") || values.Has("to") {
			return nil, badExport("Write at: into the query for a past moment.", "Objects have no time range.")
		}
		src := &resourceSource{reader: s.deps.Reader, scope: scope, query: query, whole: names == nil && e.format.objects}
		if src.whole {
			e.size = exportFirst
		}
		var err error
		src.columns, err = s.columns(ctx, scope, orDefault(names, "cluster", "ns", "kind", "name", "status", "ready", "image", "created", "changed", "changed.by"), ql.Resources)
		for _, c := range src.columns {
			if c.Object {
				src.objects, e.size = true, exportFirst
			}
		}
		e.source = src
		return e, err
	}
	from, to, err := spanOf(values.Get("from"), values.Get("to"))
	if err != nil {
		return nil, err
	}
	switch e.page {
	case "changes":
		src := &changeSource{reader: s.deps.Reader, scope: scope, query: query, from: from, to: to}
		src.columns, err = s.columns(ctx, scope, orDefault(names, "seen", "cluster", "ns", "kind", "name", "type", "changed.by", "summary", "changed.field"), ql.Changes)
		e.size = exportFirst // versions carry their object
		e.source = src
	case "events":
		src := &eventSource{reader: s.deps.Reader, scope: scope, query: query, from: from, to: to}
		src.columns, err = eventColumns(orDefault(names, "seen", "cluster", "ns", "type", "reason", "kind", "name", "count", "message"))
		e.source = src
	default:
		return nil, badExport("Use resources, changes or events.", "There is no page %q.", e.page)
	}
	return e, err
}

func orDefault(names []string, usual ...string) []string {
	if names == nil {
		return usual
	}
	return names
}

// spanOf reads a stretch of time; without a beginning it is the last hour.
func spanOf(from, to string) (begin, end time.Time, err error) {
	end = time.Now()
	if to != "" {
		if end, err = time.Parse(time.RFC3339Nano, to); err != nil {
			return begin, end, badExport("Write it as 2026-11-20T09:10:00Z.", "to is no moment: %q.", to)
		}
	}
	begin = end.Add(-time.Hour)
	if from != "" {
		if begin, err = time.Parse(time.RFC3339Nano, from); err != nil {
			return begin, end, badExport("Write it as 2026-11-20T09:10:00Z.", "from is no moment: %q.", from)
		}
	}
	if !end.After(begin) {
		return begin, end, badExport("", "The end of the time range lies before its beginning.")
	}
	return begin, end, nil
}

func (s *Server) columns(ctx context.Context, scope access.Scope, names []string, page ql.Page) ([]*ql.Column, error) {
	o := ql.Options{Page: page}
	if slices.ContainsFunc(names, ofClusters) {
		clusters, err := s.deps.Reader.Clusters(ctx, scope, "")
		if err != nil {
			return nil, err
		}
		for _, c := range clusters {
			o.Clusters = append(o.Clusters, ql.Cluster{Name: c.Name, UID: c.UID, Labels: c.Labels})
		}
	}
	var list []*ql.Column
	for _, name := range names {
		c, err := ql.ReadColumn(name, o)
		if err != nil {
			return nil, err
		}
		list = append(list, c)
	}
	return list, nil
}

// ofClusters reports columns that are labels of clusters, whatever they are called.
func ofClusters(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "cluster.") || strings.HasPrefix(name, "c.") || slices.Contains([]string{"env", "region", "zone", "provider"}, name)
}

type resourceSource struct {
	reader  graph.Reader
	scope   access.Scope
	query   string
	columns []*ql.Column
	whole   bool // objects, not rows
	objects bool // rows that look into them
	listing records.Listing
}

func (s *resourceSource) read(ctx context.Context, first int, _ string) (*exportPageOf, error) {
	if s.listing == nil {
		var err error
		if s.listing, err = s.reader.List(ctx, s.scope, records.Request{Query: s.query, Bare: !s.whole && !s.objects}); err != nil {
			return nil, err
		}
	}
	found, more, err := s.listing.Next(ctx, first)
	if err != nil {
		return nil, err
	}
	p := &exportPageOf{more: more, total: s.listing.Total(), coverage: s.listing.Coverage()}
	if !s.whole {
		p.columns = namesOf(s.columns)
	}
	for _, o := range found {
		p.bytes += len(o.JSON)
		if s.whole {
			p.objects = append(p.objects, object{o.Ref.Cluster, o.JSON})
		} else {
			p.rows = append(p.rows, cells(s.columns, &records.Version{Object: *o}))
		}
	}
	return p, nil
}

type changeSource struct {
	reader   graph.Reader
	scope    access.Scope
	query    string
	from, to time.Time
	columns  []*ql.Column
}

func (s *changeSource) read(ctx context.Context, first int, after string) (*exportPageOf, error) {
	res, err := s.reader.Changes(ctx, s.scope, s.query, s.from, s.to, first, after)
	if err != nil {
		return nil, err
	}
	p := &exportPageOf{columns: namesOf(s.columns), more: res.More, cursor: res.Cursor, total: -1, coverage: res.Coverage}
	for _, v := range res.Items {
		p.bytes += len(v.JSON) + len(v.Previous)
		p.rows = append(p.rows, cells(s.columns, v))
	}
	return p, nil
}

func namesOf(columns []*ql.Column) []string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = c.Name
	}
	return names
}

func cells(columns []*ql.Column, v *records.Version) []any {
	row := make([]any, len(columns))
	for i, c := range columns {
		row[i] = c.Value(v)
	}
	return row
}

type eventColumn struct {
	name  string
	value func(*records.Event) any
}

// eventFields are the columns of events, as the language names them where it does.
var eventFields = []eventColumn{
	{"seen", func(e *records.Event) any { return e.LastAt.UTC() }},
	{"created", func(e *records.Event) any { return e.FirstAt.UTC() }},
	{"cluster", func(e *records.Event) any { return e.Cluster }},
	{"ns", func(e *records.Event) any { return e.Namespace }},
	{"type", func(e *records.Event) any { return e.Type }},
	{"reason", func(e *records.Event) any { return e.Reason }},
	{"kind", func(e *records.Event) any { return e.RegardingKind }},
	{"name", func(e *records.Event) any { return e.RegardingName }},
	{"count", func(e *records.Event) any { return int64(e.Count) }},
	{"message", func(e *records.Event) any { return e.Message }},
	{"source", func(e *records.Event) any { return e.Source }},
	{"ref", func(e *records.Event) any {
		if e.Regarding == nil {
			return nil
		}
		return e.Regarding.String()
	}},
}

func eventColumns(names []string) ([]eventColumn, error) {
	var list []eventColumn
	for _, name := range names {
		i := slices.IndexFunc(eventFields, func(c eventColumn) bool { return strings.EqualFold(c.name, name) })
		if i < 0 {
			var all []string
			for _, c := range eventFields {
				all = append(all, c.name)
			}
			return nil, &access.Error{Code: ql.CodeUnknownField, Message: fmt.Sprintf("Events have no column %q.", name), Fix: "There are " + strings.Join(all, ", ") + "."}
		}
		list = append(list, eventFields[i])
	}
	return list, nil
}

type eventSource struct {
	reader   graph.Reader
	scope    access.Scope
	query    string
	from, to time.Time
	columns  []eventColumn
}

func (s *eventSource) read(ctx context.Context, first int, after string) (*exportPageOf, error) {
	res, err := s.reader.Events(ctx, s.scope, s.query, s.from, s.to, first, after)
	if err != nil {
		return nil, err
	}
	p := &exportPageOf{more: res.More, cursor: res.Cursor, total: -1, coverage: res.Coverage}
	for _, c := range s.columns {
		p.columns = append(p.columns, c.name)
	}
	for _, e := range res.Items {
		row := make([]any, len(s.columns))
		for i, c := range s.columns {
			row[i] = c.value(e)
		}
		p.rows = append(p.rows, row)
	}
	return p, nil
}
