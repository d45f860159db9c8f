package query

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

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

// marked is the object with its cluster in an annotation. Never a new top-level field: it must stay appliable.
func (o object) marked() ([]byte, error) {
	var whole map[string]any
	d := json.NewDecoder(bytes.NewReader(o.json))
	d.UseNumber()
	if err := d.Decode(&whole); err != nil {
		return nil, fmt.Errorf("read object: %w", err)
	}
	metadata, _ := whole["metadata"].(map[string]any)
	if metadata == nil {
		metadata = map[string]any{}
		whole["metadata"] = metadata
	}
	annotations, _ := metadata["annotations"].(map[string]any)
	if annotations == nil {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	annotations["foretop.io/cluster"] = o.cluster
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(whole); err != nil {
		return nil, fmt.Errorf("write object: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}

type ndjsonWriter struct {
	out     *bufio.Writer
	columns []string
}

func (w *ndjsonWriter) begin() error { return nil }
func (w *ndjsonWriter) end() error   { return nil }

func (w *ndjsonWriter) row(cells []any) error {
	b, err := rowJSON(w.columns, cells)
	return w.line(b, err)
}

func (w *ndjsonWriter) object(o object) error {
	b, err := o.marked()
	return w.line(b, err)
}

func (w *ndjsonWriter) line(b []byte, err error) error {
	if err != nil {
		return err
	}
	_, err = w.out.Write(append(b, '\n'))
	return err
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
	return w.item(b, err)
}

func (w *jsonWriter) object(o object) error {
	b, err := o.marked()
	return w.item(b, err)
}

func (w *jsonWriter) item(b []byte, err error) error {
	if err != nil {
		return err
	}
	separator := ",\n"
	if !w.some {
		w.some, separator = true, "\n"
	}
	if _, err := w.out.WriteString(separator); err != nil {
		return err
	}
	_, err = w.out.Write(b)
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
	return w.document(b, err)
}

func (w *yamlWriter) object(o object) error {
	b, err := o.marked()
	return w.document(b, err)
}

func (w *yamlWriter) document(b []byte, err error) error {
	if err == nil {
		b, err = yaml.JSONToYAML(b)
	}
	if err != nil {
		return err
	}
	if _, err := w.out.WriteString("---\n"); err != nil {
		return err
	}
	_, err = w.out.Write(b)
	return err
}
