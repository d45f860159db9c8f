package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/jsonpath"
)

// customColumns holds for kubectl's -o custom-columns=NAME:PATH,... and custom-columns-file=FILE.
func (f *outputFlags) customColumns() bool {
	kind, _, _ := strings.Cut(f.format, "=")
	return kind == "custom-columns" || kind == "custom-columns-file"
}

// customPaths reads the columns that -o names.
func (f *outputFlags) customPaths() (columns []column, paths []*jsonpath.JSONPath, err error) {
	kind, spec, _ := strings.Cut(f.format, "=")
	if spec == "" {
		return nil, nil, usageError{fmt.Errorf("-o %s needs columns: -o custom-columns=NAME:.metadata.name,IMAGE:.spec.containers[*].image", kind)}
	}
	if kind == "custom-columns-file" {
		raw, err := os.ReadFile(spec)
		if err != nil {
			return nil, nil, usageError{fmt.Errorf("read columns: %w", err)}
		}
		lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
		if len(lines) != 2 {
			return nil, nil, usageError{fmt.Errorf("%s must have two lines: names, and a path below each", spec)}
		}
		names, exprs := strings.Fields(lines[0]), strings.Fields(lines[1])
		if len(names) != len(exprs) {
			return nil, nil, usageError{fmt.Errorf("%s has %d names and %d paths", spec, len(names), len(exprs))}
		}
		parts := make([]string, len(names))
		for i := range names {
			parts[i] = names[i] + ":" + exprs[i]
		}
		spec = strings.Join(parts, ",")
	}
	for part := range strings.SplitSeq(spec, ",") {
		name, expr, ok := strings.Cut(part, ":")
		if !ok || name == "" || expr == "" {
			return nil, nil, usageError{fmt.Errorf("%q is no column: write NAME:PATH, as in NAME:.metadata.name", part)}
		}
		p, err := relaxedPath(expr)
		if err != nil {
			return nil, nil, err
		}
		columns, paths = append(columns, column{name: name}), append(paths, p)
	}
	return columns, paths, nil
}

// relaxedPath reads a JSONPath as kubectl does: braces and the first dot may be left out.
func relaxedPath(expr string) (*jsonpath.JSONPath, error) {
	inner := strings.TrimSuffix(strings.TrimPrefix(expr, "{"), "}")
	if !strings.HasPrefix(inner, ".") && !strings.HasPrefix(inner, "[") {
		inner = "." + inner
	}
	p := jsonpath.New("path").AllowMissingKeys(true)
	if err := p.Parse("{" + inner + "}"); err != nil {
		return nil, usageError{fmt.Errorf("%q is no path: %w", expr, err)}
	}
	return p, nil
}

func (f *outputFlags) printCustomColumns(out io.Writer, list []*unstructured.Unstructured) error {
	columns, paths, err := f.customPaths()
	if err != nil {
		return err
	}
	rows := make([][]string, len(list))
	for i, o := range list {
		for _, p := range paths {
			cell, err := textAt(p, o)
			if err != nil {
				return err
			}
			if cell == "" {
				cell = "<none>"
			}
			rows[i] = append(rows[i], cell)
		}
	}
	return f.grid(out, columns, rows)
}

// textAt is what stands at a path, several by comma; empty where there is nothing.
func textAt(p *jsonpath.JSONPath, o *unstructured.Unstructured) (string, error) {
	found, err := p.FindResults(o.Object)
	if err != nil {
		return "", fmt.Errorf("read %s: %w", o.GetName(), err)
	}
	var texts []string
	for _, list := range found {
		for _, v := range list {
			if v.IsValid() && v.CanInterface() && v.Interface() != nil {
				texts = append(texts, fmt.Sprint(v.Interface()))
			}
		}
	}
	return strings.Join(texts, ","), nil
}
