package query

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	goyaml "go.yaml.in/yaml/v2"
	"sigs.k8s.io/yaml"

	"github.com/foretop/foretop/query/ql"
)

// exportFormat is one way to write rows, or whole objects when it can.
type exportFormat struct {
	name, mediaType string
	objects         bool // without columns, it writes objects
	writer          func(out *bufio.Writer, columns []string) exportWriter
}

type exportWriter interface {
	begin() error
	row(cells []any) error
	object(o object) error
	end() error
}

var exportFormats = []*exportFormat{
	{"csv", "text/csv; charset=utf-8", false, func(out *bufio.Writer, columns []string) exportWriter {
		return &csvWriter{csv.NewWriter(out), columns}
	}},
	{"ndjson", "application/x-ndjson", true, func(out *bufio.Writer, columns []string) exportWriter {
		return &ndjsonWriter{out, columns}
	}},
	{"json", "application/json", true, func(out *bufio.Writer, columns []string) exportWriter {
		return &jsonWriter{out: out, columns: columns}
	}},
	{"yaml", "application/yaml", true, func(out *bufio.Writer, columns []string) exportWriter {
		return &yamlWriter{out, columns}
	}},
}

func formatNamed(name string) *exportFormat {
	i := slices.IndexFunc(exportFormats, func(f *exportFormat) bool { return f.name == name })
	if i < 0 {
		return nil
	}
	return exportFormats[i]
}

// csvWriter writes RFC 4180 with \n. What a spreadsheet would take for a formula gets a quote before it.
type csvWriter struct {
	out     *csv.Writer
	columns []string
}

func (w *csvWriter) begin() error { return w.out.Write(safe(w.columns)) }

func (w *csvWriter) row(cells []any) error {
	texts := make([]string, len(cells))
	for i, c := range cells {
		texts[i] = ql.ColumnText(c)
	}
	return w.out.Write(safe(texts))
}

func (w *csvWriter) object(object) error {
	return fmt.Errorf("write an object as CSV: it has rows only")
}

func (w *csvWriter) end() error {
	w.out.Flush()
	return w.out.Error()
}

// safe puts a quote before what begins like a formula, as spreadsheets read it.
func safe(texts []string) []string {
	for i, s := range texts {
		if s != "" && strings.IndexByte("=+-@\t\r\n", s[0]) >= 0 {
			texts[i] = "'" + s
		}
	}
	return texts
}

// rowJSON is a row as a JSON object, in the order of its columns.
func rowJSON(columns []string, cells []any) ([]byte, error) {
	b := []byte{'{'}
	for i, c := range cells {
		if i > 0 {
			b = append(b, ',')
		}
		name, err := json.Marshal(columns[i])
		if err != nil {
			return nil, fmt.Errorf("write column %s: %w", columns[i], err)
		}
		value, err := json.Marshal(c)
		if err != nil {
			return nil, fmt.Errorf("write column %s: %w", columns[i], err)
		}
		b = append(append(append(b, name...), ':'), value...)
	}
	return append(b, '}'), nil
}

type ndjsonWriter struct {
	out     *bufio.Writer
	columns []string
}

func (w *ndjsonWriter) begin() error { return nil }
func (w *ndjsonWriter) end() error   { return nil }

func (w *ndjsonWriter) row(cells []any) error {
	b, err := rowJSON(w.columns, cells)
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(b, '\n'))
	return err
}

func (w *ndjsonWriter) object(o object) error {
	if err := o.write(w.out); err != nil {
		return err
	}
	return w.out.WriteByte('\n')
}

// jsonWriter writes objects as a v1 List, as kubectl does, and rows as an array.
type jsonWriter struct {
	out     *bufio.Writer
	columns []string
	some    bool
}

func (w *jsonWriter) begin() error {
	start := "["
	if w.columns == nil {
		start = `{"apiVersion":"v1","kind":"List","metadata":{},"items":[`
	}
	_, err := w.out.WriteString(start)
	return err
}

func (w *jsonWriter) row(cells []any) error {
	b, err := rowJSON(w.columns, cells)
	if err != nil {
		return err
	}
	if err := w.separate(); err != nil {
		return err
	}
	_, err = w.out.Write(b)
	return err
}

func (w *jsonWriter) object(o object) error {
	if err := w.separate(); err != nil {
		return err
	}
	return o.write(w.out)
}

func (w *jsonWriter) separate() error {
	separator := ",\n"
	if !w.some {
		w.some, separator = true, "\n"
	}
	_, err := w.out.WriteString(separator)
	return err
}

func (w *jsonWriter) end() error {
	end := "\n]\n"
	if w.columns == nil {
		end = "\n]}\n"
	}
	_, err := w.out.WriteString(end)
	return err
}

// yamlWriter writes a document for each object or row, which kubectl applies as they come.
type yamlWriter struct {
	out     *bufio.Writer
	columns []string
}

func (w *yamlWriter) begin() error { return nil }
func (w *yamlWriter) end() error   { return nil }

func (w *yamlWriter) row(cells []any) error {
	b, err := rowJSON(w.columns, cells)
	if err == nil {
		b, err = yaml.JSONToYAML(b)
	}
	return w.document(b, err)
}

// object does not go by JSONToYAML, which reads JSON as YAML, at a quarter of the speed.
func (w *yamlWriter) object(o object) error {
	whole, err := o.decode()
	if err != nil {
		return err
	}
	b, err := goyaml.Marshal(plain(whole))
	return w.document(b, err)
}

// plain has numbers as numbers, in place: to YAML a json.Number is a text.
func plain(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, x := range v {
			v[k] = plain(x)
		}
	case []any:
		for i, x := range v {
			v[i] = plain(x)
		}
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		if f, err := v.Float64(); err == nil {
			return f
		}
		return v.String()
	}
	return v
}

func (w *yamlWriter) document(b []byte, err error) error {
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	if _, err := w.out.WriteString("---\n"); err != nil {
		return err
	}
	_, err = w.out.Write(b)
	return err
}
